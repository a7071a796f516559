from __future__ import annotations

import datetime

import numpy as np
import polars as pl
import pytest

from tidemill.core.schema import Column
from tidemill.reporting.compare import BINS, LEVELS, comparison


def test_whole_numbers_fall_into_bins_of_equally_many() -> None:
    values = pl.Series(np.arange(100).repeat(10))
    shown = comparison(Column("age", "number", step="1"), values, values)
    assert len(set(shown.real)) == 1
    assert shown.match == 1.0


@pytest.mark.parametrize("step", ["0.1", "0.05", "3", "1000"])
def test_no_value_lies_on_an_edge(step: str) -> None:
    ticks = np.arange(0, 300)
    values = pl.Series(ticks * float(step))
    shown = comparison(Column("x", "number", step=step), values, values)
    assert np.ptp(shown.real) == pytest.approx(0, abs=1e-5)
    assert len(shown.real) <= BINS + 1


def test_a_long_tail_does_not_flatten_the_bulk() -> None:
    rng = np.random.default_rng(0)
    values = pl.Series(np.append(rng.normal(size=10_000), 1e9))
    shown = comparison(Column("x", "number"), values, values.head(5000))
    assert shown.edges[-1] < 10
    assert "lie beyond the picture" in shown.note


def test_missing_and_infinite_values_are_told_apart() -> None:
    real = pl.Series([1.0, 2.0, 3.0, None, float("inf"), *np.arange(10, 25.0)])
    shown = comparison(Column("x", "number"), real, real.drop_nulls())
    assert shown.missing == (0.05, 0.0)
    assert sum(shown.real) == pytest.approx(0.9)
    assert shown.match == pytest.approx(0.95, abs=0.01)


def test_few_numbers_are_levels_in_their_order() -> None:
    shown = comparison(
        Column("children", "number"), pl.Series([10, 2, 2, 0] * 5), pl.Series([2, 10, 10, 0])
    )
    assert shown.labels == ("0", "2", "10")
    assert shown.real == (0.25, 0.5, 0.25)
    assert shown.match == 0.75


def test_rare_levels_are_added_up() -> None:
    real = pl.Series([f"level {i}" for i in range(40)] * 5)
    shown = comparison(Column("city", "category"), real, pl.Series(["level 0", None]))
    assert len(shown.labels) == LEVELS + 1
    assert shown.labels[-1] == "32 other levels"
    assert shown.real[-1] == pytest.approx(0.8)
    assert shown.missing == (0.0, 0.5)


def test_no_level_of_few_persons_is_named() -> None:
    real = pl.Series(["a"] * 9 + ["b"] * 5 + ["c"] * 4 + ["d"] * 6)
    persons = np.array([*range(18), *[99] * 6])
    column = Column("town", "category")
    shown = comparison(column, real, pl.Series(["a", "c", "e"]), persons=persons)
    assert shown.labels == ("a", "b", "3 other levels")
    assert "d" in comparison(column, real, pl.Series(["a"])).labels


@pytest.mark.parametrize(
    "values",
    [
        pl.Series([datetime.date(1, 1, 1), datetime.date(9999, 12, 31)]),
        pl.Series([datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC)] * 3),
        pl.Series(
            [datetime.datetime(2020, 1, 1), datetime.datetime(2020, 1, 1, 0, 5)],
            dtype=pl.Datetime("ns"),
        ),
        pl.Series([None, None], dtype=pl.Date),
    ],
)
def test_any_instants_can_be_drawn(values: pl.Series) -> None:
    shown = comparison(Column("when", "datetime"), values, values)
    assert shown.time
    assert sum(shown.real) == pytest.approx(1 - values.null_count() / len(values))
    assert len(shown.edges) <= BINS + 2


@pytest.mark.parametrize(
    "values",
    [
        [None, None],
        [5, 5],
        [2**60 + i for i in range(20)],
        [-1e308, 1e308] * 9,
        [1e-300 * i for i in range(20)],
    ],
)
def test_any_numbers_can_be_drawn(values: list[float | None]) -> None:
    shown = comparison(Column("x", "number"), pl.Series(values), pl.Series(values))
    assert shown.match == 1.0
