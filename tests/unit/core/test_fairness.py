"""Equal rates: what is asked, and how many rows of each sort that takes."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidemill.core.balance import largest_remainder
from tidemill.core.condition import Condition
from tidemill.core.errors import ConditionError, SchemaError
from tidemill.core.fairness import Evening, evened, groups_of, parse_fair
from tidemill.core.schema import Column, Schema

SCHEMA = Schema(
    (
        Column("sex", "category"),
        Column("race", "category", nullable=True),
        Column("age", "number"),
        Column("income", "category"),
        Column("churn", "boolean"),
        Column("note", "text"),
    )
)
LEVELS = {
    "sex": ["m", "f"],
    "race": ["a", "b", "c"],
    "income": ["low", "high"],
    "churn": ["false", "true"],
}


def asked(fair: Any, strength: Any = 1.0) -> Evening | None:
    return parse_fair(fair, strength, SCHEMA, lambda name: LEVELS.get(name, []))


@pytest.mark.parametrize("fair", [{"sex": "income"}, "sex=income", ["sex = income"]])
def test_one_column(fair: Any) -> None:
    assert asked(fair, 0.5) == Evening(("sex",), "income", 0.5)


def test_several_columns_have_one_outcome() -> None:
    assert asked({"sex": "churn", "age": "churn"}) == Evening(("sex", "age"), "churn", 1.0)
    assert asked(["sex=churn", "race=churn"]) == Evening(("sex", "race"), "churn", 1.0)
    assert asked(None) is None


@pytest.mark.parametrize(
    ("fair", "strength", "said"),
    [
        ({"sex": "age"}, 1.0, "the outcome is a number"),
        ({"sex": "sex"}, 1.0, "both the group and the outcome"),
        ({"sex": "income", "race": "churn"}, 1.0, "more than one outcome"),
        ({"note": "income"}, 1.0, "has no groups"),
        ("sex", 1.0, "does not name two columns"),
        ({"sex": ["income"]}, 1.0, "no column's name"),
        ({"sex": "income"}, 1.5, "no strength"),
        ({"sex": "income"}, "full", "no strength"),
        (None, -1, "no strength"),
    ],
)
def test_what_cannot_be_understood_is_refused(fair: Any, strength: Any, said: str) -> None:
    with pytest.raises(ConditionError, match=said):
        asked(fair, strength)


def test_a_column_that_is_not_there() -> None:
    with pytest.raises(SchemaError):
        asked({"gender": "income"})


@pytest.mark.parametrize(
    ("column", "values"),
    [
        (Column("age", "number", nullable=True), [None, 1, 2, 2, 3, 4, 5, 6, 6, 6, 7]),
        (Column("age", "number"), [3, 3, 3]),
        (Column("age", "number"), [0, 0, 0, 0, 0, 0, 1]),
        (Column("age", "number", nullable=True), [None, None]),
        (Column("born", "datetime"), [date(2000 + k, 1, 1) for k in range(9)]),
        (Column("sex", "category"), ["m", "f", "f"]),
    ],
)
def test_every_row_is_in_one_group(column: Column, values: list[Any]) -> None:
    frame = pl.DataFrame({column.name: values})
    groups = groups_of(column, frame[column.name], LEVELS.get(column.name, []))
    held = np.stack([Condition(group).mask(frame).to_numpy() for group in groups])
    assert (held.sum(axis=0) == 1).all()


counts = st.lists(st.integers(0, 60), min_size=12, max_size=12).filter(any)


@given(st.integers(0, 800), counts, st.floats(0, 1))
def test_margins_stay_and_rates_move_along_a_line(n: int, met: list[int], strength: float) -> None:
    table = np.array(met).reshape(4, 3)
    made, share = evened(n, table, strength), table / table.sum()
    assert made.sum() == n
    assert (made >= 0).all()
    assert made.sum(axis=1).tolist() == largest_remainder(n, share.sum(axis=1)).tolist()
    assert made.sum(axis=0).tolist() == largest_remainder(n, share.sum(axis=0)).tolist()
    wanted = (1 - strength) * share + strength * np.outer(share.sum(axis=1), share.sum(axis=0))
    assert np.abs(made - n * wanted).max() < 2


@given(counts)
def test_the_product_of_margins_is_the_nearest_of_all_fair_tables(met: list[int]) -> None:
    """Its divergence from what was met is the mutual information; any other margins of the outcome
    have more."""
    table = np.array(met).reshape(4, 3) + 1.0
    share = table / table.sum()
    groups, outcomes = share.sum(axis=1), share.sum(axis=0)
    other = outcomes + np.array([0.1, -0.05, -0.05]) * outcomes.min()

    def divergence(rates: np.ndarray) -> float:
        return float((share * np.log(share / np.outer(groups, rates))).sum())

    assert divergence(outcomes) < divergence(other)
