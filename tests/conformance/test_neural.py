"""Laws of every family on the trainer, on toy grids of every number of site axes: a family knows
nothing of columns."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.conformance import grids
from tests.conformance.grids import ROWS, same, sequence
from tests.conformance.quick import NEURAL, quick
from tests.conformance.tables import business, dataset
from tests.conformance.test_grids import TINY, stays_within
from tidemill.codecs.table import TableCodec
from tidemill.core.errors import OptionError
from tidemill.core.grid import Batch, Code, Real, Spec
from tidemill.core.run import Run
from tidemill.models.base import Generator, unfitted

GRIDS = {name: grids.GRIDS[name] for name in ("table", "sequence", "image")}
LOSSES = ("nonsaturating", "wasserstein")


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


@pytest.mark.parametrize("grid", GRIDS)
@pytest.mark.parametrize("loss", LOSSES)
def test_each_loss_of_the_gan_learns_every_grid(loss: str, grid: str) -> None:
    stays_within(made(fitted("gan", grid, loss=loss), grid), *GRIDS[grid]())


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


@pytest.mark.parametrize("name", NEURAL)
def test_a_fit_on_two_threads_is_the_same_every_time(name: str) -> None:
    """On rows enough for torch to share its work out: sums must not depend on who is first."""
    data = dataset(business(400), target="churn")
    codec = TableCodec().fit(data, Run())
    batch = codec.encode(data)
    found = []
    for _ in range(4):
        model = unfitted(name, {"steps": 6, "cores": 2}).fit(codec.spec, batch, Run(1, threads=2))
        _, arrays = model.to_state()
        found.append({key: array.tobytes() for key, array in arrays.items()})
    assert all(one == found[0] for one in found)
