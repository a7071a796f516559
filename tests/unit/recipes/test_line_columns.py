"""Columns of sales lines."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

import tidemill as tm
from tidemill.core.errors import DataError
from tidemill.recipes.line_columns import (
    line_numbers,
    money_of_a_line,
    price_of_a_piece,
    promotion_marks,
    repeated_lines,
)

NONE: dict[str, tuple[str, ...]] = {"price": (), "money": (), "quantity": ()}


def lines(**columns: list[object]) -> tm.Dataset:
    return tm.read(pl.DataFrame({"k": list(range(6)), **columns}))


def test_a_price_is_money_over_pieces_and_money_a_price_times_pieces() -> None:
    data = lines(paid=[6.0, 9.5, 1.0, 4, 5, 7], pieces=[3, 2, 0, 4, 1, 2])
    pieces = line_numbers(data, "pieces")
    named = {**NONE, "money": ("paid",)}
    price = price_of_a_piece(data, named, pieces)
    assert price is not None
    assert price[:2].tolist() == [2.0, 4.75]
    assert np.isnan(price[2])
    assert price_of_a_piece(data, NONE, pieces) is None
    both = {**NONE, "price": ("paid",), "quantity": ("pieces",)}
    money = money_of_a_line(data, both)
    assert money is not None
    assert money.tolist() == [18.0, 19.0, 0.0, 16.0, 5.0, 14.0]
    with pytest.raises(DataError, match="both the price"):
        money_of_a_line(data, {**named, "price": ("paid",)})


@pytest.mark.parametrize(
    ("values", "marks"),
    [
        ([True, False, None, True, False, False], [1, 0, None, 1, 0, 0]),
        ([0.5, 0.0, None, 0.25, 0.0, 0.0], [1, 0, None, 1, 0, 0]),
        (["ja", "nein", None, "ja", "nein", "nein"], [1, 0, None, 1, 0, 0]),
    ],
)
def test_promotions(values: list[object], marks: list[float | None]) -> None:
    found, _ = promotion_marks(lines(count=values), "count")
    assert [None if np.isnan(mark) else mark for mark in found] == marks


def test_what_is_no_promotion_and_no_number() -> None:
    data = lines(promo=list("abcabc"), empty=[None] * 6)
    with pytest.raises(DataError, match="3 different texts"):
        promotion_marks(data, "promo")
    with pytest.raises(DataError, match="holds no numbers"):
        line_numbers(data, "promo")
    with pytest.raises(DataError, match="no value at all"):
        line_numbers(data, "empty")


def test_lines_that_stand_twice_are_told() -> None:
    frame = pl.DataFrame({"item": ["a", "b", "a"], "pieces": [1, 2, 1]})
    assert "33.3 % of the lines" in repeated_lines(tm.read(frame))[0]
    assert repeated_lines(tm.read(frame.unique())) == ()
