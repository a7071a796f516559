"""The dense view: what goes in comes out again, exactly where a value occurs often."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from tidemill.core.errors import ConditionError, DataError
from tidemill.core.grid import Batch, Code, Constraints, Real, Spec
from tidemill.models.deep.dense import Dense

NO_CODES = np.zeros((2000, 0), np.int32)


def stream(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def through(dense: Dense, batch: Batch) -> Batch:
    rows = dense.rows(batch)
    return dense.batch(
        dense.numbers(rows, stream()), rows["code"], np.random.default_rng(0), batch.context
    )


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    scale=st.sampled_from([1, 30, 10_000, 2**40]),
    atoms=st.floats(0, 1),
)
def test_a_number_comes_back_in_its_piece_and_a_frequent_one_exactly(
    seed: int, scale: int, atoms: float
) -> None:
    rng = np.random.default_rng(seed)
    n = 500
    tick = np.where(
        rng.random(n) < atoms, rng.choice([0, 7, 9_999], n), np.rint(rng.normal(0, scale, n))
    ).astype(np.int64)
    missing = (rng.random(n) < 0.2).astype(np.int32)
    batch = Batch(np.where(missing == 0, tick, 0)[:, None], missing[:, None])
    spec = Spec((Real("x", presence=0),), (Code("x present", 2),))
    dense = Dense.learned(spec, batch)
    again = through(dense, batch)
    assert np.array_equal(again.code, batch.code)
    pieces, here = dense.pieces[0], missing == 0
    if not len(pieces):
        return
    before, after = (pieces.nearest(b.tick[here, 0]) for b in (batch, again))
    assert np.abs(before - after).max() <= 1  # float32 may lead over an edge
    frequent = np.isin(before, dense.levels[0]) & (pieces.low == pieces.high)[before]
    frequent &= batch.tick[here, 0] == pieces.low[before]  # a rare one far off goes to the nearest
    assert np.array_equal(again.tick[here, 0][frequent], batch.tick[here, 0][frequent])


def test_numbers_are_standard_normal_and_frequent_values_stand_apart() -> None:
    rng = np.random.default_rng(0)
    zero = rng.random(2000) < 0.6
    tick = np.where(zero, 0, rng.exponential(5000, 2000)).astype(np.int64)[:, None]
    dense = Dense.learned(Spec((Real("gain"),)), Batch(tick, NO_CODES))
    assert dense.sizes == (2,)  # elsewhere, or 0
    rows = dense.rows(Batch(tick, NO_CODES))
    z = dense.numbers(rows, stream())[:, 0][rows["weight"][:, 0] > 0]
    assert stats.kstest(z.numpy(), "norm").pvalue > 0.01


def test_few_values_are_levels_altogether() -> None:
    tick = np.random.default_rng(0).integers(0, 12, (2000, 1))
    dense = Dense.learned(Spec((Real("rooms"),)), Batch(tick, NO_CODES))
    assert dense.reals == []
    assert dense.sizes == (12,)
    assert np.array_equal(through(dense, Batch(tick, NO_CODES)).tick, tick)


def test_a_series_ends_where_it_says_and_context_is_a_vector() -> None:
    rng = np.random.default_rng(0)
    about = Spec((Real("size"),), (Code("group", 3),))
    context = Batch(rng.integers(0, 10**6, (50, 1)), rng.integers(0, 3, (50, 1)).astype(np.int32))
    mask = np.arange(5) < rng.integers(1, 6, 50)[:, None]
    batch = Batch(
        np.where(mask, rng.integers(0, 9, (50, 5)), 0)[..., None],
        np.zeros((50, 5, 0), np.int32),
        mask,
        context,
    )
    dense = Dense.learned(
        Spec(
            (Real("x", scale="linear"),), sites=(5,), ragged=True, context=about, topology="steps"
        ),
        batch,
    )
    rows = dense.rows(batch)
    assert rows["context"].shape == (50, dense.context) == (50, 1 + 3)
    again = through(dense, batch)
    assert np.array_equal(again.mask, mask)
    assert np.array_equal(again.tick, batch.tick)


def test_too_many_levels_are_refused_and_the_way_out_named() -> None:
    spec = Spec(codes=(Code("word", 100_000),))
    with pytest.raises(DataError, match="100,000 levels are too many") as refused:
        Dense.learned(spec, Batch(np.zeros((9, 0), np.int64), np.zeros((9, 1), np.int32)))
    assert "option 'model=trees'" in str(refused.value)


def test_levels_that_never_occur_are_never_drawn() -> None:
    spec = Spec(codes=(Code("c", 4),))
    batch = Batch(
        np.zeros((90, 0), np.int64),
        np.random.default_rng(0).choice([0, 3], (90, 1)).astype(np.int32),
    )
    dense = Dense.learned(spec, batch)
    drawn = dense.levels_of(torch.tensor([[0.0, 9.0, 9.0, 0.0]]).expand(500, 4), stream())
    assert set(drawn.flatten().tolist()) == {0, 3}
    with pytest.raises(ConditionError, match="no training row"):
        dense.check(Constraints(code={0: np.array([False, True, True, False])}))


def test_draws_follow_their_logits() -> None:
    spec = Spec(codes=(Code("c", 3),))
    batch = Batch(np.zeros((90, 0), np.int64), (np.arange(90) % 3).astype(np.int32)[:, None])
    logits = torch.tensor([0.2, 0.3, 0.5]).log().expand(20_000, 3)
    drawn = Dense.learned(spec, batch).levels_of(logits, stream())
    assert np.bincount(drawn[:, 0]) / 20_000 == pytest.approx([0.2, 0.3, 0.5], abs=0.02)


def test_levels_of_steps_tell_those_after_them_where_they_stand() -> None:
    """A rain of 0 on most days is a level of its own, and no gap in what is known."""
    rng = np.random.default_rng(0)
    rain = np.maximum(rng.normal(-2e3, 4e3, (400, 10)).cumsum(1), 0).astype(np.int64)[..., None]
    spec = Spec((Real("rain", scale="linear"),), sites=(10,), topology="steps")
    batch = Batch(rain, np.zeros((400, 10, 0), np.int32))
    dense = Dense.learned(spec, batch)
    rows = dense.rows(batch)
    dry = torch.from_numpy(rain == 0)
    assert 0.3 < dry.double().mean() < 0.9
    assert torch.equal(rows["placed"] > 0, dry)
    assert np.abs(through(dense, batch).tick - rain).max() <= 1
    _, arrays = dense.to_state()
    again = Dense.from_state(spec, arrays)
    assert again.to_state()[1].keys() == arrays.keys()
    drawn = torch.from_numpy(rng.normal(size=(400, 10, 1)))
    made = [one.batch(drawn, rows["code"], np.random.default_rng(0)) for one in (dense, again)]
    assert np.array_equal(made[0].tick, made[1].tick)
    after = (rain[:, 1:] > 0) & (rain[:, :-1] == 0)
    del arrays["new.placed"]  # as earlier versions stored it
    forgets = Dense.from_state(spec, arrays).batch(drawn, rows["code"], np.random.default_rng(0))
    assert not np.array_equal(forgets.tick[:, 1:][after], made[0].tick[:, 1:][after])
