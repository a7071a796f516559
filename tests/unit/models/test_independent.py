"""Conditions on independent channels, against sampling and throwing away."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from tidemill.core.errors import ConditionError, OptionError
from tidemill.core.grid import Batch, Code, Constraints, LinearBound, PartialRows, Real, Spec
from tidemill.core.run import Run
from tidemill.models.independent import Independent

SPEC = Spec((Real("a"), Real("b", presence=1), Real("c")), (Code("p", 3), Code("b present", 2)))
PRESENT = np.array([True, False])
Holds = Callable[[np.ndarray, np.ndarray], np.ndarray]


def model() -> Independent:
    rng, n = np.random.default_rng(0), 2000
    code = np.stack(
        [rng.choice(3, n, p=[0.6, 0.3, 0.1]), rng.choice(2, n, p=[0.8, 0.2])], 1
    ).astype(np.int32)
    tick = np.stack(
        [rng.integers(0, 50, n), rng.poisson(20, n), rng.integers(-1000, 100_000, n)], 1
    )
    tick[code[:, 1] == 1, 1] = 0
    return Independent().fit(SPEC, Batch(tick, code), Run())


@pytest.mark.parametrize(
    ("known", "holds"),
    [
        (
            Constraints({0: np.array([[3, 9], [40, 45]])}, {0: np.array([False, True, True])}),
            lambda t, c: (
                (((t[:, 0] >= 3) & (t[:, 0] <= 9)) | ((t[:, 0] >= 40) & (t[:, 0] <= 45)))
                & (c[:, 0] > 0)
            ),
        ),
        (
            Constraints(code={1: PRESENT}, sums=(LinearBound((0, 1), (1, -1), 5, 10),)),
            lambda t, c: (c[:, 1] == 0) & (t[:, 0] - t[:, 1] >= 5) & (t[:, 0] - t[:, 1] <= 10),
        ),
        (
            Constraints(
                {1: np.array([[10, 25]])},
                {1: PRESENT},
                (
                    LinearBound((0, 1), (2, 3), -(2**62), 70),
                    LinearBound((0, 2), (-1, -1), -9000, 2**62),
                ),
            ),
            lambda t, c: (
                (c[:, 1] == 0)
                & (t[:, 1] >= 10)
                & (t[:, 1] <= 25)
                & (2 * t[:, 0] + 3 * t[:, 1] <= 70)
                & (-t[:, 0] - t[:, 2] >= -9000)
            ),
        ),
    ],
    ids=["intervals", "sum", "two sums"],
)
def test_against_throwing_away(known: Constraints, holds: Holds) -> None:
    every = model().sample(1_000_000, np.random.default_rng(1))
    kept = every.rows(holds(every.tick, every.code))
    made = model().infill(20_000, known, np.random.default_rng(2))
    assert holds(made.batch.tick, made.batch.code).all()
    assert made.chance[0] == pytest.approx(
        len(kept) / len(every), rel=5 / np.sqrt(len(kept)) + 0.02
    )
    assert made.effective > 10_000
    for r in range(3):
        for level in (0.1, 0.5, 0.9):
            cut = np.quantile(kept.tick[:, r], level)
            below = [(batch.tick[:, r] <= cut).mean() for batch in (kept, made.batch)]
            assert abs(below[0] - below[1]) < 5 / np.sqrt(len(kept)) + 0.02
    shares = [
        np.bincount(batch.code[:, 0], minlength=3) / len(batch) for batch in (kept, made.batch)
    ]
    assert np.abs(shares[0] - shares[1]).max() < 3 / np.sqrt(len(kept)) + 0.02


def test_single_rows() -> None:
    rows = Batch(np.tile([[7, 20, 5]], (3, 1)), np.tile([[2, 0]], (3, 1)).astype(np.int32))
    partial = PartialRows(
        rows,
        np.array([[1, 0, 0], [0, 1, 0], [0, 0, 0]], bool),
        np.array([[1, 0], [0, 1], [0, 0]], bool),
    )
    made = model().infill(3, Constraints(rows=partial), np.random.default_rng(0))
    assert (made.batch.tick[0, 0], made.batch.code[0, 0], made.batch.tick[1, 1]) == (7, 2, 20)
    assert made.chance[2] == 1.0
    assert 0 < made.chance[0] < made.chance[1] < 0.2
    bounded = Constraints(
        code={1: PRESENT}, sums=(LinearBound((0, 1), (1, 1), 40, 45),), rows=partial
    )
    made = model().infill(3, bounded, np.random.default_rng(0))
    total = made.batch.tick[:, 0] + made.batch.tick[:, 1]
    assert ((total >= 40) & (total <= 45)).all()


@pytest.mark.parametrize(
    "known",
    [
        Constraints({0: np.array([[60, 70]])}),
        Constraints(code={0: np.zeros(3, bool)}),
        Constraints(code={1: PRESENT}, sums=(LinearBound((0, 1), (1, 1), 500, 600),)),
    ],
    ids=["interval", "levels", "sum"],
)
def test_what_never_occurs(known: Constraints) -> None:
    with pytest.raises(ConditionError, match="no training row"):
        model().infill(10, known, np.random.default_rng(0))


def test_what_is_known_of_a_token_is_refused_and_not_forgotten() -> None:
    spec = Spec(codes=(Code("letter", 3),), sites=(4,), ragged=True, topology="tokens")
    batch = Batch.blank(spec, 20)
    known = Constraints(code={0: np.array([True, False, False])})
    with pytest.raises(OptionError, match="keeps to nothing"):
        Independent().fit(spec, batch, Run()).infill(5, known, np.random.default_rng(0))
