"""The page of an audit."""

from __future__ import annotations

import re

import pytest

from tidemill.core.leak import Leak
from tidemill.core.score import Score
from tidemill.core.words import percent
from tidemill.reporting.audit import Audited, audited


def leak_of(size: float) -> Leak:
    figures = {"could_have_missed": size, "limit": 0.5}
    score = Score("one", "one", size, 0.0, 1.0, "low", interval=(0.0, size), figures=figures)
    return Leak("one", score, "green", "Nothing was found.", 0.5)


@pytest.mark.parametrize("size", [0.03151, 0.03149, 0.0625, 0.0634999])
def test_a_leak_is_the_same_number_in_the_table_and_in_the_picture(size: float) -> None:
    leaks = (leak_of(size), leak_of(0.437))
    about = Audited("t", {"source": "a table"}, {}, leaks, "green", "", "", "", 0)
    drawn = set(re.findall(r">(\d+\.\d) \(", audited(about).html()))
    assert {f"{number} %" for number in drawn} == {percent(size), percent(0.437)}
