"""Laws of every family on the trainer, on toy grids of every number of site axes: a family knows
nothing of columns."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.conformance.quick import NEURAL, quick
from tidemill.core.errors import OptionError
from tidemill.core.grid import Batch, Code, Real, Spec
from tidemill.core.run import Run
from tidemill.models import MODELS
from tidemill.models.base import Generator, unfitted

TINY = {"steps": 12, "eval_every": 6, "width": 16, "depth": 1, "sampling_steps": 3, "batch": 16}
ROWS = 60


def table() -> tuple[Spec, Batch]:
    """Numbers, one of which may be missing, and codes, one level of which never occurs."""
    rng = np.random.default_rng(0)
    spec = Spec((Real("x"), Real("y", presence=1)), (Code("c", 4), Code("y present", 2)))
    code = np.column_stack([rng.integers(0, 3, ROWS), rng.random(ROWS) < 0.3]).astype(np.int32)
    tick = np.column_stack(
        [rng.integers(0, 900, ROWS), np.where(code[:, 1] == 0, rng.integers(5, 9, ROWS), 0)]
    )
    return spec, Batch(tick.astype(np.int64), code)


def sequence() -> tuple[Spec, Batch]:
    """Series of 1 to 7 steps with a number and a code, for a context of both."""
    rng = np.random.default_rng(1)
    about, given = table()
    spec = Spec(
        (Real("price", scale="linear"),),
        (Code("side", 2),),
        sites=(7,),
        ragged=True,
        context=about,
        topology="steps",
    )
    mask = np.arange(7) < rng.integers(1, 8, ROWS)[:, None]
    tick = np.where(mask, rng.normal(0, 40, (ROWS, 7)).cumsum(1).astype(np.int64), 0)
    return spec, Batch(
        tick[..., None],
        (rng.integers(0, 2, (ROWS, 7)) * mask)[..., None].astype(np.int32),
        mask,
        given,
    )


def image() -> tuple[Spec, Batch]:
    """Pictures of 6 by 5 pixels: a grey square on black."""
    rng = np.random.default_rng(2)
    tick = np.zeros((ROWS, 6, 5, 1), np.int64)
    for row in tick:
        i, j = rng.integers(0, 4), rng.integers(0, 3)
        row[i : i + 2, j : j + 2] = rng.integers(60, 256, (2, 2, 1))
    return Spec((Real("grey", scale="bounded"),), sites=(6, 5), topology="pixels"), Batch(
        tick, np.zeros((ROWS, 6, 5, 0), np.int32)
    )


GRIDS = {"table": table, "sequence": sequence, "image": image}
LOSSES = ("nonsaturating", "wasserstein", "relativistic")
VARIANTS = [(name, {}) for name in NEURAL] + [("gan", {"loss": loss}) for loss in LOSSES]


def fitted(
    name: str, grid: str, run: Run | None = None, start: Generator | None = None, **options: object
) -> Generator:
    spec, batch = GRIDS[grid]()
    model = unfitted(name, quick(name, **{**TINY, **options}))
    return (
        model.fit(spec, batch, run or Run(1))
        if start is None
        else model.fit(spec, batch, run or Run(1), start=start)
    )


def made(model: Generator, grid: str, n: int = 40, seed: int = 0) -> Batch:
    context = GRIDS[grid]()[1].context
    told = {} if context is None else {"context": context.rows(np.arange(n) % ROWS)}
    return model.sample(n, np.random.default_rng(seed), **told)


def same(a: Batch, b: Batch) -> bool:
    masks = a.mask is b.mask is None or np.array_equal(a.mask, b.mask)
    return np.array_equal(a.tick, b.tick) and np.array_equal(a.code, b.code) and masks


@pytest.mark.parametrize("grid", GRIDS)
@pytest.mark.parametrize(("name", "options"), VARIANTS, ids=str)
def test_every_family_learns_every_grid(name: str, options: dict[str, str], grid: str) -> None:
    spec, batch = GRIDS[grid]()
    drawn = made(fitted(name, grid, **options), grid)
    assert drawn.tick.shape == (40, *spec.sites, len(spec.reals))
    assert drawn.code.shape == (40, *spec.sites, len(spec.codes))
    used = np.ones(drawn.tick.shape[:-1], bool) if drawn.mask is None else drawn.mask
    assert (drawn.mask is not None) == spec.ragged
    if drawn.mask is not None:
        assert drawn.mask[:, 0].all()
        assert (
            np.diff(drawn.mask.astype(int), axis=1) <= 0
        ).all()  # the sites in use are the first ones
    for k in range(len(spec.codes)):
        assert set(np.unique(drawn.code[..., k][used])) <= set(np.unique(batch.code[..., k]))
        assert not drawn.code[..., k][~used].any()
    for r, real in enumerate(spec.reals):
        here = used if real.presence is None else used & (drawn.code[..., real.presence] == 0)
        assert not drawn.tick[..., r][~here].any()
        assert drawn.tick[..., r].min() >= batch.tick[..., r].min()
        assert drawn.tick[..., r].max() <= batch.tick[..., r].max()


@pytest.mark.parametrize("grid", GRIDS)
@pytest.mark.parametrize("name", NEURAL)
def test_learning_goes_on_after_an_interruption_as_if_there_had_been_none(
    name: str, grid: str, tmp_path: Path
) -> None:
    from tidemill.models.deep import checkpoint

    unbroken = fitted(name, grid)
    path = tmp_path / "state"
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(checkpoint, "LEAST", 0.0)
        patched.setattr(checkpoint, "SHARE", 1e9)
        fitted(name, grid, Run(1, steps=6, checkpoint=path))
        assert path.exists()
        notes: list[str] = []
        again = fitted(
            name, grid, Run(1, checkpoint=path, listener=lambda event: notes.append(event.text))
        )
    assert any("going on after step 6" in note for note in notes)
    document, arrays = unbroken.to_state()
    others = again.to_state()
    assert json.dumps(document) == json.dumps(others[0])
    assert all(np.array_equal(arrays[key], others[1][key]) for key in arrays)


@pytest.mark.parametrize("grid", GRIDS)
@pytest.mark.parametrize("name", NEURAL)
def test_state_restores(name: str, grid: str) -> None:
    model = fitted(name, grid)
    document, arrays = model.to_state()
    again = MODELS.load(name).from_state(GRIDS[grid]()[0], json.loads(json.dumps(document)), arrays)
    assert same(made(model, grid), made(again, grid))
    assert not same(made(model, grid), made(model, grid, seed=1))


@pytest.mark.parametrize("name", NEURAL)
def test_learning_can_begin_from_another_model(name: str) -> None:
    first = fitted(name, "table")
    nothing_learned = fitted(name, "table", Run(2, steps=0), start=first)
    assert same(made(first, "table"), made(nothing_learned, "table"))
    with pytest.raises(OptionError, match="of other columns"):
        fitted(name, "image", start=first)


@pytest.mark.parametrize("name", NEURAL)
def test_a_diverging_loss_is_told_and_the_last_good_state_kept(name: str) -> None:
    run = Run(1)
    model = fitted(name, "table", run, rate=1.0, clip=1e30, warmup=0, steps=400)
    drawn = made(model, "table")
    assert len(drawn) == 40
    if model.steps_done < 400 and run.warnings:
        assert "diverged" in run.warnings[0]


@pytest.mark.parametrize("name", NEURAL)
def test_nothing_random_is_global(name: str) -> None:
    import torch

    before = torch.random.get_rng_state()
    made(fitted(name, "table"), "table")
    assert torch.equal(before, torch.random.get_rng_state())


@pytest.mark.parametrize("name", NEURAL)
def test_a_context_is_asked_for(name: str) -> None:
    model = fitted(name, "sequence")
    with pytest.raises(OptionError, match="given contexts"):
        model.sample(3, np.random.default_rng(0))


@pytest.mark.parametrize("name", NEURAL)
def test_rows_follow_their_context(name: str) -> None:
    """A code that is its context's code is learned from it."""
    rng = np.random.default_rng(0)
    about = Spec(codes=(Code("group", 2),))
    group = rng.integers(0, 2, (400, 1)).astype(np.int32)
    given = Batch(np.zeros((400, 0), np.int64), group)
    spec = Spec((Real("x"),), (Code("copy", 2),), context=about)
    batch = Batch(
        (rng.integers(0, 50, (400, 1)) + 100 * group).astype(np.int64), group, context=given
    )
    model = unfitted(name, quick(name, steps=300, eval_every=100)).fit(spec, batch, Run(1))
    drawn = model.sample(400, np.random.default_rng(0), context=given)
    assert (drawn.code == group).mean() > 0.85
    assert ((drawn.tick >= 75) == group).mean() > 0.85


def test_specs_keep_their_context_in_json() -> None:
    spec, _ = sequence()
    assert Spec.from_state(json.loads(json.dumps(spec.to_state()))) == spec
    assert replace(spec, context=None) != spec
