"""Levels with an evident order get one, and others do not."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from tidemill.codecs.columns.category import CategoryCodec
from tidemill.codecs.columns.scales import evident_order
from tidemill.core.run import Run
from tidemill.core.schema import Column


@pytest.mark.parametrize(
    "levels",
    [
        ["S", "M", "L", "XL"],
        ["low", "medium", "high"],
        ["1 star", "2 stars", "5 stars"],
        ["18-25", "26-35", "36-50", "51+"],
        ["<18", "18-64", "65+"],
        ["1", "2", "10"],
        ["-1", "0", "2.5"],
        ["Strongly disagree", "neutral", "Agree"],
        ["Month-to-month", "One year", "Two year"],
        ["< 1,000", "1,000 - 5,000", "> 5,000"],
        ["$0-$50", "$50-$100", "$100+"],
        ["Jan", "Mar", "Dec"],
        ["2023-Q1", "2024-Q1", "2025-Q1"],
        ["1st", "2nd", "3rd"][:0] or ["0-9", "10-19", "20-29"],
    ],
)
def test_an_evident_order_is_seen_however_the_levels_stand(levels: list[str]) -> None:
    mixed = sorted(levels, key=lambda level: level[::-1])
    order = evident_order(mixed)
    assert order is not None
    assert [mixed[at] for at in order] == levels


@pytest.mark.parametrize(
    "levels",
    [
        ["red", "blue", "green"],
        ["low", "high"],
        ["S", "M", "blue"],
        ["3 Main Street", "7 Park Road", "9 Elm Lane"],
        ["18-25", "unknown", "26-35"],
        ["1", "1.0", "2"],
        [],
        ["a1", "a2", "a3"],
    ],
)
def test_no_order_is_made_up(levels: list[str]) -> None:
    assert evident_order(levels) is None


def test_ordered_levels_are_kept_in_their_order() -> None:
    values = pl.Series("size", ["XL", "S", "M", "M", None] * 20)
    codec = CategoryCodec().fit(Column("size", "category", nullable=True), values, Run())
    assert codec.levels == ["S", "M", "XL"]
    assert codec.by_frequency == ["M", "S", "XL"]
    assert codec.spec.codes[0].ordered
    assert (
        codec.decode(codec.encode(values), np.random.default_rng(0)).to_list() == values.to_list()
    )


def test_an_enumeration_has_the_order_that_it_declares() -> None:
    column = Column("state", "category", dtype='Enum["new", "open", "done"]')
    codec = CategoryCodec().fit(column, pl.Series(["done", "done", "new", "open"] * 5), Run())
    assert codec.levels == ["new", "open", "done"]
    assert codec.spec.codes[0].ordered
