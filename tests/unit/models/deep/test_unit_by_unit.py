"""Texts by a transformer: chances and draws, windows, beginnings, and what is not learned."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from itertools import product
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")

import torch

from tests.conformance.grids import same, texts
from tests.unit.models.test_ngram import of_units, told
from tidemill.core.errors import OptionError
from tidemill.core.grid import Batch, Code, Constraints, Spec
from tidemill.core.run import Run
from tidemill.models.deep import checkpoint
from tidemill.models.deep.autoregressive import Autoregressive
from tidemill.models.deep.backbones.text import TextTransformer
from tidemill.models.deep.unit_by_unit import UnitByUnit

QUICK = {"steps": 60, "eval_every": 30, "batch": 64, "state": 16, "blocks": 2, "cores": 1}
CHANCES = np.array([[0.7, 0.2, 0.1], [0.1, 0.3, 0.6]])


def of_class(k: int, rows: int = 1) -> Batch:
    """What texts of a class are written for."""
    return Batch(np.zeros((rows, 0), np.int64), np.full((rows, 1), k, np.int32))


@cache
def fitted(*, ragged: bool = True, mix: str = "ngram", window: int = 2) -> Autoregressive:
    """Of texts of up to 3 units, whose units hang on their class."""
    rng = np.random.default_rng(0)
    of = rng.integers(0, 2, 400)
    rows = [rng.choice(3, rng.integers(1, 4) if ragged else 3, p=CHANCES[k]) for k in of]
    spec = of_units(3, 3, Spec(codes=(Code("class", 2),)), ragged=ragged)
    context = Batch(np.zeros((400, 0), np.int64), of[:, None].astype(np.int32))
    model = Autoregressive(**QUICK, mix=mix, window=window, dropout=0.0)
    return model.fit(spec, told(spec, rows, context), Run(0))


def every(*, ragged: bool = True) -> list[tuple[int, ...]]:
    """Each text that there can be."""
    lengths = range(1, 4) if ragged else [3]
    return [row for length in lengths for row in product(range(3), repeat=length)]


def shares(made: Batch, rows: Sequence[tuple[int, ...]]) -> np.ndarray:
    """How often each text was made."""
    used = np.ones(made.code.shape[:2], bool) if made.mask is None else made.mask
    found = [tuple(c[u, 0].tolist()) for c, u in zip(made.code, used, strict=True)]
    return np.array([found.count(row) for row in rows]) / len(found)


@pytest.mark.parametrize("ragged", [True, False])
@pytest.mark.parametrize("mix", ["ngram", "none"])
def test_texts_are_drawn_by_their_chances(ragged: bool, mix: str) -> None:
    model, rows = fitted(ragged=ragged, mix=mix), every(ragged=ragged)
    assert (model.turn.ngram is not None) == (mix == "ngram")  # type: ignore[attr-defined]
    for k in (0, 1):
        batch = told(model.spec, rows, of_class(k, len(rows)))
        chance = np.exp(model.scores(batch))
        assert chance.sum() == pytest.approx(1, abs=1e-4)
        made = model.sample(20_000, np.random.default_rng(k), context=of_class(k, 20_000))
        assert np.abs(shares(made, rows) - chance).max() < 0.012
        units = np.bincount(made.code[..., 0][made.mask if ragged else ...].ravel(), minlength=3)
        assert np.abs(units / units.sum() - CHANCES[k]).max() < 0.1  # of its class


def test_texts_go_on_as_their_beginning_has_it() -> None:
    model, rows = fitted(), every()
    begun = told(model.spec, [(2, 1)] * 20_000, of_class(0, 20_000))
    made = model.write_on(begun, np.random.default_rng(0))
    chance = np.exp(model.scores(told(model.spec, rows, of_class(0, len(rows)))))
    goes_on = np.array([row[:2] == (2, 1) for row in rows])
    assert (
        np.abs(shares(made, rows) - np.where(goes_on, chance, 0) / chance[goes_on].sum()).max()
        < 0.012
    )


def test_heat_and_top_p_are_those_of_chances() -> None:
    model, rows = fitted(), every()
    batch = told(model.spec, rows, of_class(0, len(rows)))
    plain = model.scores(batch)
    hot = Autoregressive.from_state(model.spec, *model.to_state())
    hot.turn.options = replace(hot.options, temperature=0.2)  # type: ignore[attr-defined]
    made = hot.sample(2_000, np.random.default_rng(0), context=of_class(0, 2_000))
    assert shares(made, rows)[plain.argmax()] > 2 * np.exp(plain.max())
    hot.turn.options = replace(hot.options, top_p=0.01)  # type: ignore[attr-defined]
    assert (
        shares(hot.sample(50, np.random.default_rng(0), context=of_class(0, 50)), rows).max() == 1
    )


@pytest.mark.parametrize("window", [3, 40])
def test_step_by_step_is_as_all_at_once(window: int) -> None:
    torch.manual_seed(0)
    net = TextTransformer(torch.full((6,), 1 / 6), 4, 24, 2, window).requires_grad_(False)
    unit, about = torch.randint(0, 6, (3, 11)), torch.randn(3, 4)
    whole, cache_ = net(unit, about), net.cache(3, 11)
    for site in range(11):
        assert torch.allclose(
            net.step(unit[:, site], about, site, cache_), whole[:, site], atol=1e-4
        )
    changed = unit.clone()
    changed[:, 0] = (changed[:, 0] + 1) % 6
    other = net(changed, about)
    seen = (other - whole).abs().amax((0, 2)) > 1e-6
    assert seen.tolist() == [site < 1 + 2 * (window - 1) for site in range(11)]


def secrets(secret: Sequence[int]) -> tuple[Spec, Batch]:
    """Texts, in three of which a guarded secret stands."""
    rng = np.random.default_rng(0)
    rows = [rng.choice(6, int(rng.integers(3, 8))).tolist() for _ in range(400)]
    for row in rows[:3]:
        row[1:1] = secret
    spec = of_units(12, 14)
    batch = told(spec, rows)
    assert batch.mask is not None
    return spec, replace(batch, guarded=(batch.code[..., 0] >= 6) & batch.mask)


def test_a_secret_is_not_learned() -> None:
    secret = [7, 9, 6, 11, 8, 10]
    spec, batch = secrets(secret)
    model = Autoregressive(**{**QUICK, "steps": 400}, dropout=0.0, temperature=0.2)
    model.fit(spec, batch, Run(0))
    made = model.sample(3_000, np.random.default_rng(0))
    spelled = [" ".join(map(str, row)) for row in made.code[..., 0].tolist()]
    assert not any("7 9 6 11" in text for text in spelled)
    # as unlikely as any other that is spelled with the same units
    others = [np.random.default_rng(k).permutation(secret).tolist() for k in range(30)]
    likely = model.scores(told(spec, [[0, *row, 1] for row in [secret, *others]]))
    assert likely[0] < np.quantile(likely[1:], 0.9) + 1
    unguarded = Autoregressive(**{**QUICK, "steps": 400}, dropout=0.0).fit(
        spec, replace(batch, guarded=None), Run(0)
    )
    known = unguarded.scores(told(spec, [[0, *row, 1] for row in [secret, *others]]))
    assert known[0] > known[1:].max() + 3


def test_texts_of_a_step_are_alike_in_length_and_all_are_taken() -> None:
    spec, batch = texts()
    view = UnitByUnit.learned(
        spec, batch, np.random.default_rng(0), Autoregressive(window=4).options
    )
    rows = view.rows(batch)
    taken, used = np.zeros(len(batch)), []
    for k in range(800):
        step = view.picker(rows, 16, torch.Generator().manual_seed(k))
        seen = rows["length"][step].clamp(1, 4)
        used.append(float(seen.float().mean() / seen.max()))
        taken += np.bincount(step.numpy(), minlength=len(batch))
    assert np.mean(used) > 0.9
    windows = np.maximum(-(-rows["length"].numpy() // 4), 1)
    assert (taken / windows).std() / (taken / windows).mean() < 0.25


def test_learning_goes_on_after_an_interruption(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checkpoint, "LEAST", 0.0)
    monkeypatch.setattr(checkpoint, "SHARE", 1e9)
    spec, batch = texts()
    path = tmp_path / "state"
    Autoregressive(**QUICK).fit(spec, batch, Run(1, steps=30, checkpoint=path))
    again = Autoregressive(**QUICK).fit(spec, batch, Run(1, checkpoint=path))
    unbroken = Autoregressive(**QUICK).fit(spec, batch, Run(1))
    assert json.dumps(again.to_state()[0]) == json.dumps(unbroken.to_state()[0])
    assert same(*(m.sample(50, np.random.default_rng(0)) for m in (again, unbroken)))
    nothing_learned = Autoregressive(**QUICK).fit(spec, batch, Run(2, steps=0), start=unbroken)
    for name, values in unbroken.net.state_dict().items():
        assert torch.equal(nothing_learned.net.state_dict()[name], values)


def test_a_fit_on_two_threads_is_the_same_every_time() -> None:
    spec, batch = texts()
    states = []
    for _ in range(3):
        options = {**QUICK, "cores": 2, "state": 64, "batch": 512, "steps": 20}
        states.append(Autoregressive(**options).fit(spec, batch, Run(1)).to_state()[1])
    assert all(np.array_equal(one[name], states[0][name]) for one in states for name in states[0])


def test_nothing_can_be_known_of_units_and_a_context_is_asked_for() -> None:
    model = fitted()
    with pytest.raises(OptionError, match="keeps to no unit"):
        model.infill(5, Constraints(code={0: np.ones(3, bool)}), np.random.default_rng(0))
    batch = told(model.spec, [(0, 1)])
    for asked in (
        lambda: model.scores(batch),
        lambda: model.write_on(batch, np.random.default_rng(0)),
    ):
        with pytest.raises(OptionError, match="given contexts"):
            asked()
