from __future__ import annotations

import datetime as dt

from tidemill.core.condition import Test
from tidemill.mining.wording import range_words
from tidemill.mining.wording import test_words as words


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
