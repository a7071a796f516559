"""Rows under conditions, against a joint distribution that is known cell by cell."""

from __future__ import annotations

import numpy as np
import pytest

from tidemill.core.errors import Cancelled
from tidemill.core.grid import Batch, Code, ConditionalSample, Constraints, PartialRows, Real, Spec
from tidemill.core.run import Event, Run
from tidemill.models.bins import Bins
from tidemill.models.conditional import infilled
from tidemill.models.variables import Variables

ROWS = 1500
SPEC = Spec(
    (Real("number"),),
    (Code("own", ROWS), Code("rare", 2), Code("other", 3), Code("last", 5)),
    order=(("code", 0), ("code", 1), ("real", 0), ("code", 2), ("code", 3)),
)
CODES = ("own", "rare", "other", "last")


class Table:
    """A distribution that is a table of chances: (symbols of the features, ..., own symbols); the
    features are the variables between the first one and its own."""

    def __init__(self, chance: np.ndarray) -> None:
        self.chance = chance
        self.features = np.arange(1, chance.ndim)
        self.count = np.ones(chance.shape[-1], int)

    def chances(self, x: np.ndarray) -> np.ndarray:
        return (
            self.chance[tuple(x.astype(int).T)] if x.shape[1] else np.tile(self.chance, (len(x), 1))
        )

    def chance_of(self, x: np.ndarray, symbols: np.ndarray) -> np.ndarray:
        return self.chances(x)[np.arange(len(x)), symbols]

    def below(self, x: np.ndarray, place: np.ndarray, part: np.ndarray) -> np.ndarray:
        chances, rows = self.chances(x), np.arange(len(x))
        return (chances.cumsum(1) - chances)[rows, place] + part * chances[rows, place]

    def at(self, x: np.ndarray, u: np.ndarray, row: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        end = self.chances(x).cumsum(1)[row]
        return np.minimum((end <= u[:, None]).sum(1), end.shape[1] - 1), np.full(len(u), 0.5)

    def within(
        self, x: np.ndarray, allowed: np.ndarray, rng: np.random.Generator
    ) -> tuple[np.ndarray, np.ndarray]:
        mass = self.chances(x) * allowed
        end = mass.cumsum(1)
        return end[:, -1], (end <= (rng.random(len(x)) * end[:, -1])[:, None]).sum(1)


def model() -> tuple[Variables, list[Table], np.ndarray]:
    """A rare level that makes later values likely, and a number that the last code tells of."""
    rng = np.random.default_rng(0)
    values = np.arange(60)
    number = np.stack([np.exp(-(((values - m) / s) ** 2) / 2) for m, s in ((25, 12), (40, 5))])
    other = rng.dirichlet([0.5] * 3, (2, 60))
    peaks = np.exp(-(((values[:, None] / 12 - np.arange(5)) / 0.4) ** 2) / 2) + 1e-3
    last = peaks[None, :, None] * np.array([1.0, 2.0])[:, None, None, None] ** np.arange(5)
    last = np.broadcast_to(last, (2, 60, 3, 5))
    chances = [np.array([0.98, 0.02]), number, other, last]
    tables = [Table(chance / chance.sum(-1, keepdims=True)) for chance in chances]
    pieces = Bins(values, values, np.ones(60, int))
    variables = Variables(SPEC, [pieces], [np.ones(code.size, int) for code in SPEC.codes])
    joint = np.ones(())
    for table in tables:
        joint = joint[..., None] * table.chance
    return variables, [Table(np.full(ROWS, 1 / ROWS)), *tables], joint


def completed(
    rows: int = ROWS, *, alike: bool = False, run: Run | None = None, **given: int
) -> ConditionalSample:
    """Rows of which the same values are given; unless they are alike, each has one of its own, too,
    that says nothing of the others."""
    variables, tables, _ = model()
    batch = Batch(np.zeros((rows, 1), np.int64), np.zeros((rows, 4), np.int32))
    tick, code = np.zeros((rows, 1), bool), np.zeros((rows, 4), bool)
    for name, value in given.items():
        if name == "number":
            batch.tick[:, 0], tick[:, 0] = value, True
        else:
            batch.code[:, CODES.index(name)], code[:, CODES.index(name)] = value, True
    if not alike:
        batch.code[:, 0], code[:, 0] = np.arange(rows), True
    known = Constraints(rows=PartialRows(batch, tick, code))
    return infilled(variables, tables, rows, known, np.random.default_rng(0), run or Run())


def test_a_rare_level_that_the_rest_speaks_for_comes_as_often_as_it_should() -> None:
    _, _, joint = model()
    cells = joint[:, 41, 1, 3]
    wanted = cells[1] / cells.sum()
    assert 0.1 < wanted < 0.9  # though it is one row in fifty
    made = completed(number=41, other=1, last=3)
    spread = np.sqrt(wanted * (1 - wanted) / ROWS)
    assert made.batch.code[:, 1].mean() == pytest.approx(wanted, abs=4 * spread)
    # of so few levels nothing is left to chance
    assert np.allclose(made.chance * ROWS, cells.sum())


def test_a_number_is_drawn_as_the_later_columns_tell() -> None:
    _, _, joint = model()
    cells = joint[0, :, 1, 4]
    wanted = cells / cells.sum()
    made = completed(rare=0, other=1, last=4)
    found = np.bincount(made.batch.tick[:, 0], minlength=60) / ROWS
    # as far from it as that many true draws are
    rng = np.random.default_rng(1)
    plain = [np.abs(rng.multinomial(ROWS, wanted) / ROWS - wanted).sum() for _ in range(200)]
    assert np.abs(found - wanted).sum() < np.quantile(plain, 0.99) + 0.05
    values = np.arange(60)
    mean = wanted @ values
    spread = np.sqrt(wanted @ (values - mean) ** 2 / ROWS)
    assert found @ values == pytest.approx(mean, abs=4 * spread)
    assert made.chance.mean() * ROWS == pytest.approx(cells.sum(), rel=0.05)


def test_rows_of_which_the_same_is_known_share_their_candidates() -> None:
    _, _, joint = model()
    cells = joint[:, :, 0, 2]
    made = completed(alike=True, other=0, last=2)
    found = np.zeros((2, 60))
    np.add.at(found, (made.batch.code[:, 1], made.batch.tick[:, 0]), 1 / ROWS)
    assert np.abs(found - cells / cells.sum()).sum() / 2 < 0.1
    assert made.chance[0] == pytest.approx(cells.sum(), rel=0.02)
    assert 500 < made.effective <= ROWS


def test_what_follows_is_drawn_plainly() -> None:
    _, _, joint = model()
    made = completed(rare=1, number=30)
    wanted = joint[1, 30] / joint[1, 30].sum()
    found = np.zeros((3, 5))
    np.add.at(found, (made.batch.code[:, 2], made.batch.code[:, 3]), 1 / ROWS)
    assert np.abs(found - wanted).sum() / 2 < 0.06
    assert made.effective == ROWS
    assert np.allclose(made.chance * ROWS, joint[1, 30].sum())


def test_progress_is_told_in_rows_and_a_cancelled_run_stops() -> None:
    events: list[Event] = []
    completed(run=Run(listener=events.append), other=1, last=3)
    told = [event for event in events if event.kind == "progress"]
    assert told[-1].done == told[-1].total == ROWS
    run = Run()
    run.cancel()
    with pytest.raises(Cancelled):
        completed(run=run, other=1, last=3)
