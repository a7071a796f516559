"""The law of models and grids: a model learns a grid, or refuses it with a sentence."""

from __future__ import annotations

import json

import numpy as np
import pytest

from tests.conformance.grids import GRIDS, same, texts
from tests.conformance.quick import quick
from tidemill.core.errors import OptionError, TidemillError
from tidemill.core.extremes import outward
from tidemill.core.grid import Batch, Code, Real, Spec, Topology
from tidemill.core.run import Run
from tidemill.models import MODELS
from tidemill.models.base import Generator, GoesOn, WritesOn, unfitted
from tidemill.models.deep.dense import Dense
from tidemill.models.deep.stream import Stream

TINY = {"steps": 12, "eval_every": 6, "width": 16, "depth": 1, "sampling_steps": 3, "batch": 16}


def made(model: Generator, batch: Batch, n: int = 40, seed: int = 0) -> Batch:
    told = {}
    if batch.context is not None:
        told = {"context": batch.context.rows(np.arange(n) % len(batch))}
    return model.sample(n, np.random.default_rng(seed), **told)


@pytest.mark.parametrize("grid", GRIDS)
@pytest.mark.parametrize("name", MODELS)
def test_a_model_learns_a_grid_or_refuses_it_with_a_sentence(name: str, grid: str) -> None:
    spec, batch = GRIDS[grid]()
    model = unfitted(name, quick(name, **TINY))
    if spec.topology not in MODELS.load(name).learns:
        with pytest.raises(TidemillError, match=f"the model '{name}' cannot learn") as refused:
            model.fit(spec, batch, Run(1))
        assert "autoregressive" in str(refused.value.hint)
        return
    model.fit(spec, batch, Run(1))
    drawn = made(model, batch)
    stays_within(drawn, spec, batch)
    document, arrays = model.to_state()
    again = MODELS.load(name).from_state(spec, json.loads(json.dumps(document)), arrays)
    assert same(drawn, made(again, batch))
    assert not same(drawn, made(model, batch, seed=1))


def stays_within(drawn: Batch, spec: Spec, batch: Batch) -> None:
    """Shapes are the spec's, sites in use the first ones, and values such as occurred."""
    assert drawn.tick.shape == (len(drawn), *spec.sites, len(spec.reals))
    assert drawn.code.shape == (len(drawn), *spec.sites, len(spec.codes))
    assert (drawn.mask is not None) == spec.ragged
    used = np.ones(drawn.tick.shape[:-1], bool) if drawn.mask is None else drawn.mask
    if drawn.mask is not None:
        assert (np.diff(drawn.mask.astype(int), axis=1) <= 0).all()
        assert drawn.empty_rows == batch.empty_rows
    for k in range(len(spec.codes)):
        assert set(np.unique(drawn.code[..., k][used])) <= set(np.unique(batch.code[..., k]))
        assert not drawn.code[..., k][~used].any()
    for r, real in enumerate(spec.reals):
        here = used if real.presence is None else used & (drawn.code[..., real.presence] == 0)
        assert not drawn.tick[..., r][~here].any()
        if spec.topology == "calendar":
            continue  # prices may rise above all that was seen
        low, high = outward(int(batch.tick[..., r].min()), int(batch.tick[..., r].max()))
        assert drawn.tick[..., r].min() >= low
        assert drawn.tick[..., r].max() <= high


def test_texts_are_learned() -> None:
    """Words are followed by letters of words, and a sixth is empty."""
    spec, batch = texts()
    options = {"steps": 300, "width": 32, "state": 32, "batch": 128, "cores": 1, "rate": 4e-3}
    model = unfitted("autoregressive", options).fit(spec, batch, Run(1))
    drawn = model.sample(600, np.random.default_rng(0))
    assert (~drawn.mask).all(1).mean() == pytest.approx((~batch.mask).all(1).mean(), abs=0.05)
    pairs = [_pairs(part) for part in (batch, drawn)]
    assert np.abs(pairs[0] - pairs[1]).sum() / 2 < 0.2


def _pairs(batch: Batch) -> np.ndarray:
    """(11, 11) how often a letter follows another."""
    found = np.zeros((11, 11))
    both = batch.mask[:, 1:]
    np.add.at(found, (batch.code[:, :-1, 0][both], batch.code[:, 1:, 0][both]), 1)
    return found / found.sum()


@pytest.mark.parametrize("name", ["trees", "autoregressive", "vae"])
def test_rows_follow_what_their_context_was_given_too(name: str) -> None:
    """A code is that of the context's own context, which the context itself does not show."""
    rng = np.random.default_rng(0)
    first, second = (rng.integers(0, 2, (400, 1)).astype(np.int32) for _ in range(2))
    empty = np.zeros((400, 0), np.int64)
    about = Batch(empty, second, context=Batch(empty, first))
    spec = Spec(codes=(Code("second", 2),), context=Spec(codes=(Code("first", 2),)))
    spec = Spec(codes=(Code("copy", 2),), context=spec)
    options = quick(name, steps=200, eval_every=100)
    model = unfitted(name, options).fit(spec, Batch(empty, first, context=about), Run(1))
    drawn = model.sample(400, rng, context=about)
    assert (drawn.code == first).mean() > 0.9


@pytest.mark.parametrize("name", ["trees", "independent", "autoregressive", "vae"])
def test_rows_of_the_same_context_are_independent_of_each_other(name: str) -> None:
    """A coin for each of two children of a parent: both fall alike as often as not."""
    rng = np.random.default_rng(0)
    code = rng.integers(0, 2, (800, 2)).astype(np.int32)
    about = Batch(rng.integers(0, 1000, (800, 5)), code[:, :1])
    numbers = tuple(Real(f"number {i}") for i in range(5))
    spec = Spec(codes=(Code("coin", 2),), context=Spec(numbers, (Code("sort", 2),)))
    batch = Batch(np.zeros((800, 0), np.int64), code[:, 1:], context=about)
    model = unfitted(name, quick(name, steps=200, eval_every=100)).fit(spec, batch, Run(1))
    twice = about.rows(np.repeat(np.arange(800), 2))
    first, second = model.sample(1600, rng, context=twice).code[:, 0].reshape(800, 2).T
    assert np.corrcoef(first, second)[0, 1] == pytest.approx(0, abs=4 / np.sqrt(800))


def test_an_empty_row_comes_back_empty_from_both_views() -> None:
    spec, batch = texts()
    stream = Stream.learned(spec, batch, np.random.default_rng(0))
    rows = stream.rows(batch)["token"].long()
    assert same(stream.batch(rows, np.random.default_rng(0)), batch)
    dense = Dense.learned(spec, batch)
    rows = dense.rows(batch)
    assert same(dense.batch(rows["low"], rows["code"], np.random.default_rng(0)), batch)


@pytest.mark.parametrize("name", ["tile_ngram", "autoregressive"])
def test_known_tiles_stay_and_others_follow_them(name: str) -> None:
    """A stripe goes on where it was begun, also to what is before it."""
    spec, batch = GRIDS["tiles"]()
    options = quick(name, steps=150, eval_every=50, width=32, batch=128, rate=4e-3, dropout=0.1)
    model = unfitted(name, options).fit(spec, batch, Run(1))
    assert isinstance(model, WritesOn)
    known = np.zeros(batch.code.shape[:3], bool)
    known[:, 1:3, 1:3] = True
    blank = np.where(known[..., None], batch.code, 0).astype(np.int32)
    begun = Batch(batch.tick, blank, known, batch.context)
    made = model.write_on(begun, np.random.default_rng(0))
    assert (made.code[known] == batch.code[known]).all()
    within = spec.within(len(batch), batch.context)
    assert (made.code[~within] == 4).all()
    assert (made.code[within] == batch.code[within]).mean() > 0.8
    scores = model.scores(batch)
    assert scores.shape == (len(batch),)
    shuffled = np.random.default_rng(1).permuted(batch.code, axis=1)
    worse = model.scores(
        Batch(batch.tick, np.where(within[..., None], shuffled % 3, 4), context=batch.context)
    )
    assert scores.sum() > worse.sum()


def test_rows_are_never_empty_where_none_was() -> None:
    spec, batch = texts()
    batch = batch.rows(np.flatnonzero(batch.mask[:, 0]))
    for name in ("autoregressive", "ngram"):
        model = unfitted(name, quick(name, **TINY)).fit(spec, batch, Run(1))
        assert not made(model, batch, 200).empty_rows


@pytest.mark.parametrize(
    ("axes", "topology", "scale"),
    [(0, "row", "rank"), (1, "steps", "linear"), (2, "pixels", "bounded")],
)
def test_specs_without_a_topology_are_read(axes: int, topology: Topology, scale: str) -> None:
    state = {
        "reals": [{"name": "x", "step": 1.0, "presence": None}],
        "codes": [],
        "sites": [4] * axes,
        "ragged": False,
        "order": [["real", 0]],
        "context": None,
    }
    spec = Spec.from_state(state)
    assert (spec.topology, spec.reals[0].scale) == (topology, scale)
    assert Spec.from_state(json.loads(json.dumps(spec.to_state()))) == spec


def test_sites_fit_their_topology() -> None:
    with pytest.raises(ValueError, match="tokens"):
        Spec(sites=(3, 4), topology="tokens")


@pytest.mark.parametrize("grid", ["steps", "sequence", "calendar"])
@pytest.mark.parametrize("name", MODELS)
def test_every_model_of_series_goes_on_from_a_past(name: str, grid: str) -> None:
    spec, batch = GRIDS[grid]()
    if spec.topology not in MODELS.load(name).learns:
        return
    model = unfitted(name, quick(name, **TINY)).fit(spec, batch, Run(1))
    assert isinstance(model, GoesOn)
    long = np.ones(len(batch), bool) if batch.mask is None else batch.mask[:, 2]
    known = 150 if spec.topology == "calendar" else 3
    past = batch.rows(long).rows(np.arange(min(int(long.sum()), 4)))
    past = Batch(past.tick[:, :known], past.code[:, :known], None, past.context)

    def futures(seed: int) -> Batch:
        return model.go_on(past, 2, 5, np.random.default_rng(seed))

    first = futures(0)
    assert first.tick.shape == (5 * len(past), 2, len(spec.reals))
    assert first.code.shape == (5 * len(past), 2, len(spec.codes))
    assert same(first, futures(0))
    assert not same(first, futures(1))
    document, arrays = model.to_state()
    again = MODELS.load(name).from_state(spec, json.loads(json.dumps(document)), arrays)
    assert same(first, again.go_on(past, 2, 5, np.random.default_rng(0)))


@pytest.mark.parametrize("name", ["autoregressive", "flow"])
def test_what_has_learned_no_series_cannot_go_on(name: str) -> None:
    spec, batch = GRIDS["table"]()
    model = unfitted(name, quick(name, **TINY)).fit(spec, batch, Run(1))
    with pytest.raises(OptionError, match="no series"):
        model.go_on(batch, 2, 5, np.random.default_rng(0))
