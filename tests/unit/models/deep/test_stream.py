"""The stream view: rows as short codes and back."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("torch")

import torch

from tidemill.core.errors import ConditionError
from tidemill.core.grid import Batch, Code, Constraints, Real, Spec
from tidemill.models.deep.stream import COARSE, FINE, NONE, SINGLE, Digits, Stream

ROWS = 3000


def mixed() -> tuple[Spec, Batch]:
    """A wide number, one with a frequent value that may be missing, a code of many levels, and one
    of a single level."""
    rng = np.random.default_rng(0)
    spec = Spec(
        (Real("wide"), Real("often", presence=1)),
        (Code("many", 900), Code("often present", 2), Code("one", 1), Code("unseen", 4)),
    )
    code = np.column_stack(
        [
            rng.zipf(1.3, ROWS).clip(1, 900) - 1,
            rng.random(ROWS) < 0.2,
            np.zeros(ROWS),
            rng.integers(0, 3, ROWS),
        ]
    ).astype(np.int32)
    often = np.where(rng.random(ROWS) < 0.5, 40, rng.integers(0, 100_000, ROWS))
    tick = np.column_stack([rng.normal(0, 1e6, ROWS), np.where(code[:, 1] == 0, often, 0)]).astype(
        np.int64
    )
    return spec, Batch(tick, code)


def ragged() -> tuple[Spec, Batch]:
    rng = np.random.default_rng(1)
    mask = np.arange(6) < rng.integers(1, 7, 200)[:, None]
    tick = np.where(mask, rng.integers(0, 50, (200, 6)), 0)[..., None]
    code = np.where(mask, rng.integers(0, 3, (200, 6)), 0)[..., None].astype(np.int32)
    return Spec((Real("x"),), (Code("c", 3),), sites=(6,), ragged=True, topology="steps"), Batch(
        tick, code, mask
    )


@pytest.mark.parametrize("ordered", [True, False])
@pytest.mark.parametrize("size", [1, 5, SINGLE, SINGLE + 1, 700, 4096, 20_000])
def test_digits_say_which_symbol(size: int, ordered: bool) -> None:
    count = np.random.default_rng(size).zipf(1.5, size).clip(0, 10_000)
    own = Digits.of(count, ordered)
    symbols = np.arange(size)
    assert own.digits == (2 if size > SINGLE else int(size > 1))
    if own.digits:
        assert (own.joined(own.split(symbols)) == symbols).all()
        assert all(
            (part < most).all() for part, most in zip(own.split(symbols), own.sizes, strict=True)
        )
    if own.digits == 2:
        assert own.sizes[0] <= 2 * COARSE + size // FINE
        assert own.sizes[1] <= max(FINE, np.sqrt(size) + 1)
        alone = own.symbol[own.start[:-1][np.diff(own.start) == 1]]
        assert np.isin(
            np.flatnonzero(count >= 1.5 * count.sum() / COARSE), alone
        ).all()  # frequent symbols stand alone
    if ordered:
        assert (np.diff(own.place) == 1).all()


@pytest.mark.parametrize("size", [3, 300])
def test_shares_are_those_of_the_rows(size: int) -> None:
    count = np.random.default_rng(0).integers(0, 9, size)
    count[:3] = 1
    own = Digits.of(count, ordered=True)
    first, *rest = own.log_shares()
    parts = own.split(np.arange(size))
    found = first[0, parts[0]] + (rest[0][parts[0], parts[1]] if rest else 0)
    assert np.allclose(np.exp(found), count / count.sum())
    assert np.allclose(np.exp(first).sum(), 1)
    assert all(np.allclose(np.exp(inner).sum(1), 1) for inner in rest)


def test_rows_come_back_but_for_the_place_within_a_piece() -> None:
    spec, batch = mixed()
    stream = Stream.learned(spec, batch, np.random.default_rng(0))
    again = stream.batch(
        torch.from_numpy(stream.tokens(batch))[:, None].long(), np.random.default_rng(0)
    )
    assert np.array_equal(again.code, batch.code)
    for r, pieces in enumerate(stream.pieces):
        here = np.ones(ROWS, bool) if r == 0 else batch.code[:, 1] == 0
        assert np.array_equal(
            pieces.nearest(again.tick[here, r]), pieces.nearest(batch.tick[here, r])
        )
        assert not again.tick[~here, r].any()
    # but for the outermost values, which no model makes
    assert stream.impossible(batch, stream.symbols(batch)).sum() < 20


def test_sites_after_the_end_count_for_nothing() -> None:
    spec, batch = ragged()
    stream = Stream.learned(spec, batch, np.random.default_rng(0))
    token = stream.tokens(batch)
    length = batch.mask.sum(1)
    for row in range(200):
        assert (token[row, length[row] :, 1:] == NONE).all()
        assert (token[row, 1 : length[row], 0] == 1).all()
        assert token[row, 0, 0] == NONE  # a row has a site at least
        assert (
            token[row, length[row] :, 0] == [0, *[NONE] * 5][: 6 - length[row]]
        ).all()  # the end is told once
    again = stream.batch(torch.from_numpy(token).long(), np.random.default_rng(0))
    assert np.array_equal(again.mask, batch.mask)
    assert np.array_equal(again.tick, batch.tick)
    assert np.array_equal(again.code, batch.code)


def test_many_positions_see_the_most_related_ones() -> None:
    rng = np.random.default_rng(0)
    tick = rng.integers(0, 20, (400, 80))
    tick[:, 79] = tick[:, 3]
    spec = Spec(tuple(Real(f"x{k}") for k in range(80)))
    stream = Stream.learned(
        spec, Batch(tick, np.zeros((400, 0), np.int32)), np.random.default_rng(0)
    )
    assert stream.sources.shape[1] < 79
    assert 3 in stream.sources[79]
    assert 79 in stream.sources[3]
    assert all(p not in row and len(set(row)) == len(row) for p, row in enumerate(stream.sources))


def test_state_restores_and_is_checked() -> None:
    spec, batch = mixed()
    stream = Stream.learned(spec, batch, np.random.default_rng(0))
    arrays = stream.to_state()
    again = Stream.from_state(spec, arrays)
    assert np.array_equal(stream.tokens(batch), again.tokens(batch))
    for wrong in (
        {"sources": arrays["sources"] + 99},
        {"count.00000": np.ones(3, np.int64)},
        {"piece.00000": arrays["piece.00000"][[1, 0, 2]]},
    ):
        with pytest.raises(ValueError, match=r"fit|begin|shape"):
            Stream.from_state(spec, {**arrays, **wrong})


def test_what_never_occurs_is_told() -> None:
    spec, batch = mixed()
    stream = Stream.learned(spec, batch, np.random.default_rng(0))
    for known in (
        Constraints(code={3: np.array([False, False, False, True])}),
        Constraints({0: np.array([[1 << 40, 1 << 41]])}),
    ):
        with pytest.raises(ConditionError, match="no training row"):
            stream.check(known)
    stream.check(Constraints(code={3: np.array([True, False, False, True])}))
    odd = replace(batch, code=batch.code.copy())
    odd.code[0, 3] = 3
    before, after = (stream.impossible(one, stream.symbols(one)) for one in (batch, odd))
    assert np.flatnonzero(before != after).tolist() == [0]
