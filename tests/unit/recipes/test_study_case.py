"""What is made of a table of treated rows, as people write such tables."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pytest

import tidemill as tm
from tidemill.core.errors import DataError
from tidemill.recipes.study_case import StudyCase, study_case


def rows(count: int = 400, **columns: Any) -> pl.DataFrame:
    """Mails drawn by lot, and who bought."""
    rng = np.random.default_rng(0)
    frame = {
        "mail": rng.choice(["yes", "no"], count),
        "age": rng.integers(18, 80, count),
        "bought": rng.choice(["y", "n"], count, p=[0.4, 0.6]),
    }
    return pl.DataFrame({**frame, **columns})


def case_of(frame: pl.DataFrame, target: str = "bought", **roles: Any) -> StudyCase:
    data = tm.read(frame, target=target, **roles)
    return study_case(data, {"treatment": (frame.columns[0],)}, None, None, tm.Run(0))


@pytest.mark.parametrize(
    ("levels", "control"),
    [
        (["ja", "nein"], "nein"),
        (["是", "否"], "否"),
        ([1, 0], "0"),
        ([1.0, 0.0, None], "0"),
        ([True, False], "false"),
        (["Letter", "No letter"], "No letter"),
    ],
)
def test_the_control_is_known_as_people_write_it(levels: list[Any], control: str) -> None:
    drawn = np.random.default_rng(1).integers(0, len(levels), 400)
    found = case_of(rows(mail=pl.Series([levels[k] for k in drawn])))
    assert found.control == control
    assert len(found.arms) == 1
    assert len(found) == 400 - sum(found.rows_out.values())


def test_rows_without_treatment_or_outcome_are_counted_by_reason() -> None:
    """Also those that are known to be unknown only once the table is cleaned."""
    frame = rows()
    mail, bought = frame["mail"].to_list(), frame["bought"].to_list()
    mail[:20], bought[10:40] = [None] * 20, ["?"] * 30
    mail[60:66] = ["perhaps"] * 6
    found = case_of(rows(mail=mail, bought=bought))
    assert found.rows_out == {
        "lack 'mail'": 20,
        "lack 'bought'": 20,
        "have a rare value of 'mail'": 6,
    }
    assert len(found) == 400 - 46
    assert not np.isnan(found.outcome).any()


def test_too_little_is_said_to_be_too_little() -> None:
    assert "100 rows" in case_of(rows(150)).cannot
    assert not case_of(rows(400)).cannot
    rarely = ["y"] * 30 + ["n"] * 370
    assert "30 rows only have bought = y" in case_of(rows(bought=rarely)).cannot
    assert "No column" in case_of(rows().drop("age")).cannot
    with pytest.raises(DataError, match="fewer than two values"):
        case_of(rows(bought=["y"] * 400))


def test_rows_of_one_person_are_one_witness_whoever_forgot_to_say_so() -> None:
    person = np.repeat(np.arange(100), 4)
    found = case_of(rows(patient_id=[f"P{k:04d}" for k in person]))
    assert found.person == "patient_id"
    assert len(np.unique(found.whose)) == 100
    assert not found.cannot
    few = case_of(rows(clinic=person // 4), entity="clinic")
    assert "of 2" in few.cannot
    assert case_of(rows()).person == ""
