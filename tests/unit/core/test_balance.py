"""Shares of levels."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidemill.core.balance import divided, largest_remainder, parse_balance
from tidemill.core.errors import ConditionError, SchemaError
from tidemill.core.schema import Column, Schema

SCHEMA = Schema(
    (
        Column("churn", "category"),
        Column("plan", "category", nullable=True),
        Column("age", "number"),
    )
)
LEVELS = {"churn": ["No", "Yes"], "plan": ["solo", "team", "a:b"]}


def sides(balance: Any) -> list[tuple[list[str], tuple[float, ...]]]:
    return [
        ([" and ".join(map(str, group)) for group in side.groups], side.shares)
        for side in parse_balance(balance, SCHEMA, lambda name: LEVELS.get(name, []))
    ]


@pytest.mark.parametrize(
    "balance", [{"churn": {"yes": 0.5}}, "churn=yes:0.5", ["churn = Yes : .5"]]
)
def test_one_level(balance: Any) -> None:
    assert sides(balance) == [(["churn = Yes", "churn ≠ Yes"], (0.5,))]


def test_several_columns_and_levels() -> None:
    assert sides(["plan=team:0.2,a:b:0.1", "plan=:0.3", "churn=equal"]) == [
        (
            ["plan = team", "plan = a:b", "plan is missing", "plan ≠ a:b and plan ≠ team"],
            (0.2, 0.1, 0.3),
        ),
        (["churn = No", "churn = Yes"], (0.5, 0.5)),
    ]
    assert sides({"plan": "equal"})[0][0][-1] == "plan is missing"


@pytest.mark.parametrize(
    ("balance", "said"),
    [
        ({"age": {30: 0.5}}, "not of a number"),
        ({"churn": {"maybe": 0.5}}, "none of its levels"),
        ({"churn": {"Yes": 50}}, "is no share"),
        ({"churn": {"Yes": 0.7, "No": 0.7}}, "add up to 1.4"),
        ({"churn": {"Yes": 0.2, "yes": 0.2}}, "named twice"),
        ({"churn": 0.5}, "does not name shares"),
        ("churn=Yes", "is no share"),
        ("churn=Yes:half", "is no share"),
        ("churn", "has no '='"),
        ({"churn": {}}, "does not name"),
    ],
)
def test_what_cannot_be_understood_is_refused(balance: Any, said: str) -> None:
    with pytest.raises(ConditionError, match=said):
        sides(balance)
    with pytest.raises(SchemaError):
        sides({"chrun": {"Yes": 0.5}})


@given(
    st.integers(0, 500),
    st.lists(st.integers(0, 50), min_size=12, max_size=12),
    st.floats(0, 1),
    st.floats(0, 0.5),
    st.floats(0, 0.5),
)
def test_margins_are_exact(n: int, met: list[int], yes: float, solo: float, team: float) -> None:
    asked = parse_balance(
        {"churn": {"Yes": yes, "No": 1 - yes}, "plan": {"solo": solo, "team": team, None: 0}},
        SCHEMA,
        LEVELS.__getitem__,
    )
    table = np.array(met).reshape(2, 6)[:, :4] + 1
    counts = divided(n, table, asked)
    assert counts.sum() == n
    assert (counts >= 0).all()
    assert counts.sum(axis=1).tolist() == largest_remainder(n, np.array([yes, 1 - yes])).tolist()
    assert np.abs(counts.sum(axis=0) - n * np.array([solo, team, 0, 1 - solo - team])).max() < 1


def test_what_goes_together_is_kept() -> None:
    asked = parse_balance({"churn": {"Yes": 0.5}}, SCHEMA, LEVELS.__getitem__)
    assert divided(1000, np.array([100, 900]), asked).tolist() == [500, 500]
    both = parse_balance(
        {"churn": {"Yes": 0.5}, "plan": {"solo": 0.5, "team": 0.5}}, SCHEMA, LEVELS.__getitem__
    )
    counts = divided(1000, np.array([[400, 100, 0, 0], [100, 400, 0, 0]]), both)
    odds = counts[0, 0] * counts[1, 1] / counts[0, 1] / counts[1, 0]
    assert odds == pytest.approx(16, rel=0.1)


def test_a_rest_that_is_not_there() -> None:
    asked = parse_balance({"churn": {"Yes": 0.2, "No": 0.3}}, SCHEMA, LEVELS.__getitem__)
    with pytest.raises(ConditionError, match="no other value is left"):
        divided(100, np.array([50, 50]), asked)
