from __future__ import annotations

import datetime as dt

import pytest

from tidemill.core.condition import Test
from tidemill.mining.wording import listing, number, percent, range_words, shown
from tidemill.mining.wording import test_words as words


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"),
        (-0.012345, "-0.0123"),
        (999.6, "1,000"),
        (1e9, "1,000,000,000"),
        (1234.5678, "1,235"),
        (3e-9, "3e-09"),
        (float("inf"), "infinity"),
        (12.3456, "12.3"),
    ],
)
def test_number(value: float, text: str) -> None:
    assert number(value) == text


@pytest.mark.parametrize(
    ("share", "text"),
    [
        (0.0, "0 %"),
        (1e-9, "under 0.001 %"),
        (0.2555, "26 %"),
        (0.99961, "99.96 %"),
        (0.999999, "nearly 100 %"),
        (0.985, "98 %"),
        (0.9951, "99.5 %"),
    ],
)
def test_percent(share: float, text: str) -> None:
    assert percent(share) == text


def test_ranges_read_as_a_person_would_write_them() -> None:
    assert range_words([Test("x", ">=", 12), Test("x", "<", 24)]) == "12 to 23"
    assert range_words([Test("x", ">", 40), Test("x", "<", 42)]) == "41"
    assert range_words([Test("x", ">", 0.0), Test("x", "<", 0.5)]) == "above 0 to below 0.5"
    assert range_words([Test("x", "<", dt.date(2011, 3, 1))]) == "before 2011-03-01"
    assert range_words([Test("x", ">=", 1), Test("x", ">=", 5)]) == "5 or more"
    assert range_words([Test("x", "missing")]) == "missing"
    assert range_words([Test("x", "in", ("a", "b"))]) == "one of 'a' or 'b'"


def test_a_condition_reads_as_one_phrase() -> None:
    assert (
        words([Test("plan", "!=", "solo"), Test("age", "<", 30)])
        == "plan is not 'solo' and age is below 30"
    )
    assert words([]) == "every row"


def test_values_are_shortened_and_quoted() -> None:
    assert shown("a  b\nc") == "'a b c'"
    assert len(shown("x" * 200)) == 62
    assert shown(dt.datetime(2024, 1, 2, 13, 30)) == "2024-01-02 13:30"
    assert shown(True) == "True"
    assert listing(["a"]) == "a"
