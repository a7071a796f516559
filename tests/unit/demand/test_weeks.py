"""Lines to weeks: what counts as demand."""

from __future__ import annotations

import datetime as dt

import numpy as np
import polars as pl
import pytest

from tests.unit.demand.shop import FIRST, sales_lines
from tidemill.core.errors import DataError
from tidemill.demand.weeks import item_weeks

NINE = np.full((1, 9), 5.0)


def day(week: int, weekday: int) -> dt.date:
    return FIRST + dt.timedelta(days=7 * week + weekday)


def test_lines_of_a_week_are_summed_and_weeks_without_are_none() -> None:
    sold = np.tile([[4.0], [6.0]], 10)
    sold[0, :2] = 0  # begins later
    sold[1, 4] = 0
    lines = pl.concat([sales_lines(sold), sales_lines(sold)])
    found = item_weeks(lines.sample(fraction=1, shuffle=True, seed=1), "shop")
    assert found.items == ("item 000", "item 001")
    assert np.isnan(found.sold[0, :2]).all()
    assert found.sold[0, 2:].tolist() == [8.0] * 8
    assert found.sold[1].tolist() == [12.0] * 4 + [0.0] + [12.0] * 5
    assert found.weeks[0] == FIRST
    assert found.monday(10) == (FIRST + dt.timedelta(weeks=10)).isoformat()


def test_a_cancelled_order_goes_with_what_cancels_it_and_a_return_undoes_no_demand() -> None:
    more = pl.DataFrame(
        {
            "item": ["item 000"] * 4,
            "time": [day(3, 3), day(3, 4), day(5, 4), day(1, 0)],
            "quantity": [1000.0, -1000.0, -2.0, -1000.0],
        }
    )
    found = item_weeks(pl.concat([sales_lines(NINE), more]), "shop")
    # the order of 1,000 was taken back a day later; the one before it cannot have been this one
    assert found.sold[0].tolist() == [5.0] * 9
    assert "3 lines took something back: 1 an order" in found.notes[0]


def test_weeks_that_are_not_whole_are_left_out() -> None:
    every_day = pl.DataFrame(
        {
            "item": ["tea"] * 75,
            "time": [FIRST + dt.timedelta(days=k) for k in range(4, 79)],
            "quantity": [1.0] * 75,
        }
    )
    found = item_weeks(every_day, "shop")
    assert found.sold.tolist() == [[7.0] * 10]
    assert [note.split(" was")[0] for note in found.notes] == [
        "The first week is not whole, and",
        "The last week is not whole, and",
    ]


def test_numbers_count_weeks() -> None:
    lines = sales_lines(NINE).with_columns(time=pl.Series(range(3, 12)))
    found = item_weeks(lines, "shop")
    assert found.weeks.to_list() == list(range(3, 12))
    assert found.monday(9) == "12"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"time": pl.Series([20210104 + 100 * k for k in range(9)])}, "cannot be weeks"),
        ({"time": pl.Series([0.5 * k for k in range(9)])}, "cannot be weeks"),
        ({"quantity": pl.Series([-1.0] * 9)}, "no line says that a piece was sold"),
        ({"quantity": pl.Series([float("nan")] * 9)}, "no line says that a piece was sold"),
        ({"time": pl.Series([dt.date(2000 + k, 1, 1) for k in range(9)])}, "365 days apart"),
        ({"time": pl.Series([dt.time(k) for k in range(9)])}, "no time that weeks"),
    ],
)
def test_what_weeks_cannot_be_told_from(change: dict[str, pl.Series], words: str) -> None:
    with pytest.raises(DataError, match=words):
        item_weeks(sales_lines(NINE).with_columns(**change), "shop")


def test_lines_that_lack_something_are_told() -> None:
    lines = pl.concat(
        [
            sales_lines(NINE),
            pl.DataFrame({"item": [None, "x"], "time": [FIRST, None], "quantity": [1.0, 1.0]}),
        ]
    )
    assert item_weeks(lines, "shop").notes == (
        "Lines without an item, a time or a quantity were left out: 2.",
    )


def test_weeks_without_any_sale_are_not_known_and_a_long_gap_begins_anew() -> None:
    sold = np.full((6, 40), 3.0)
    sold[:, 30] = 0
    sold[:, 5:20] = 0
    sold[5, 25] = 0
    found = item_weeks(sales_lines(sold), "shop")
    assert found.sold.shape == (6, 20)
    assert np.isnan(found.sold[:, 10]).all()
    assert found.sold[5, 5] == 0
    assert found.notes == (
        "Nothing at all was sold in 15 weeks on end; 30 lines from before that were left out.",
        "In 1 week nothing at all was sold: they are taken as not known, not as no demand.",
    )
    alone = item_weeks(sales_lines(sold[:1]), "shop")
    assert alone.sold[0, 10] == 0


def test_an_end_with_few_lines_is_told_and_kept() -> None:
    sold = np.full((9, 20), 3.0)
    sold[2:, 19] = 0
    found = item_weeks(sales_lines(sold), "shop")
    assert found.sold.shape == (9, 20)
    assert found.notes == (
        "The last week has 2 lines, where 9 are usual: if it is not whole, leave it out of the "
        "table.",
    )
