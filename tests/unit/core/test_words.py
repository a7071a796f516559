from __future__ import annotations

import datetime as dt
import math
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidemill.core.words import (
    format_value,
    listing,
    number,
    one_in,
    opening,
    percent,
    points,
    shorten,
    width,
)

SHARES = st.floats(0, 1, allow_subnormal=True) | st.floats(1, 16).map(lambda n: 1 - 10**-n)


@pytest.mark.parametrize(
    ("share", "text"),
    [
        (0.0, "0 %"),
        (1e-9, "under 0.01 %"),
        (0.0004, "0.04 %"),
        (0.00996, "1 %"),
        (0.2555, "25.6 %"),
        (0.4999, "50 %"),
        (0.985, "98.5 %"),
        (0.9962, "99.62 %"),
        (0.99961, "99.961 %"),
        (0.999999, "over 99.99 %"),
        (1.0, "100 %"),
        (1.5, "150 %"),
        (-0.5, "-50 %"),
        (math.nan, "–"),
    ],
)
def test_percent(share: float, text: str) -> None:
    assert percent(share) == text


@given(SHARES)
def test_all_and_none_are_said_of_nothing_else(share: float) -> None:
    text = percent(share)
    assert (text == "0 %") == (share == 0)
    assert (text == "100 %") == (share == 1)


@given(st.integers(0, 10**9), st.integers(1, 10**9))
def test_a_count_of_a_whole_is_all_only_where_it_is(part: int, whole: int) -> None:
    text = percent(min(part, whole), whole)
    assert (text == "0 %") == (part == 0)
    assert (text == "100 %") == (part >= whole)


@given(SHARES, SHARES)
def test_a_larger_share_never_reads_as_a_smaller_one(one: float, other: float) -> None:
    low, high = sorted((one, other))
    assert _read(percent(low)) <= _read(percent(high))


@given(SHARES)
def test_a_percentage_is_the_share_rounded(share: float) -> None:
    value = 100 * share
    left = min(value, 100 - value)
    off = abs(_read(percent(share)) - value)
    assert off <= 0.05 * min(left, 1) + 1e-9 or left < 0.01


def _read(text: str) -> float:
    value = float(re.sub(r"[^0-9.]", "", text))
    return {"under": 0.005, "over": 99.995}.get(text.partition(" ")[0], value)


def test_a_small_chance_is_one_in_so_many() -> None:
    assert one_in(0.0001) == "0.01 %"
    assert one_in(3e-9) == "1 in 330,000,000"
    assert one_in(5e-20) == "1 in 2e+19"


def test_points_keep_one_decimal() -> None:
    assert points(-0.1234) == "12.3 points"
    assert points(0.00001) == "under 0.1 points"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"),
        (-0.012345, "-0.0123"),
        (999.6, "1,000"),
        (1e9, "1,000,000,000"),
        (1234.5678, "1,235"),
        (3e-9, "3e-09"),
        (12.3456, "12.3"),
        (10**20, "100,000,000,000,000,000,000"),
        (2e15, "2e+15"),
        (-math.inf, "-infinity"),
        (math.nan, "–"),
    ],
)
def test_number(value: float, text: str) -> None:
    assert number(value) == text


@given(st.floats(-1e300, 1e300), st.integers(2, 6))
def test_a_number_is_read_back_to_its_digits(value: float, digits: int) -> None:
    read = float(number(value, digits).replace(",", ""))
    assert read == pytest.approx(value, rel=0.51 * 10.0 ** (1 - digits), abs=0)


def test_values_are_shortened_and_quoted() -> None:
    assert format_value("a  b\nc") == "'a b c'"
    assert len(format_value("x" * 200)) == 62


def test_a_year_has_no_comma() -> None:
    assert format_value(2011) == "2011"
    assert format_value(1998.5) == "1998.5"
    assert format_value(10_000) == "10,000"
    assert format_value(-9701140.5) == "-9,701,140"


def test_instants_are_as_exact_as_they_must_be() -> None:
    assert format_value(dt.datetime(2024, 1, 2)) == "2024-01-02"
    assert format_value(dt.datetime(2024, 1, 2, 13, 30)) == "2024-01-02 13:30"
    assert format_value(dt.datetime(2024, 1, 2, 13, 30, 5)) == "2024-01-02 13:30:05"


def test_one_part_is_a_listing() -> None:
    assert listing(["a"]) == "a"
    assert listing([]) == ""


@given(st.text(max_size=30), st.integers(3, 20))
def test_a_shortened_text_fits(text: str, most: int) -> None:
    assert width(shorten(text, most)) <= most


def test_an_opening_keeps_whole_sentences() -> None:
    assert opening("One is short. Two is a little longer.", 20) == "One is short."
