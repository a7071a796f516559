"""Conditions as people write them."""

from __future__ import annotations

import contextlib
from datetime import UTC, date, datetime
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidemill.core.condition import Condition, Test, parse_where, split_values
from tidemill.core.errors import ConditionError, SchemaError
from tidemill.core.schema import Column, Schema, Spelling

SCHEMA = Schema(
    (
        Column("age", "number"),
        Column("age>3", "number"),
        Column("capital-gain", "number"),
        Column("Product Name", "category"),
        Column("income", "category"),
        Column("plan", "category"),
        Column("since", "datetime", dtype="Date"),
        Column("seen", "datetime", dtype="Datetime(us, UTC)"),
        Column("opens", "number", spelling=Spelling(datetime="%H:%M")),
        Column("fee", "number", spelling=Spelling(decimal=",", thousands=".")),
        Column("born", "datetime", spelling=Spelling(datetime="%d.%m.%Y")),
        Column("active", "boolean"),
    )
)
LEVELS = {
    "income": ["<=50K", ">50K"],
    "plan": ["team", "solo", "in transit", "=x", "So, lo"],
    "active": ["true", "false"],
}


def parsed(where: Any) -> list[tuple[str, str, Any]]:
    condition = parse_where(where, SCHEMA, lambda name: LEVELS.get(name, []))
    return [(test.column, test.operator, test.value) for test in condition.tests]


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("age>=30", [("age", ">=", 30)]),
        (" age ≤ 30.5 ", [("age", "<=", 30.5)]),
        ("age <> 30", [("age", "!=", 30)]),
        ("age==30.0", [("age", "=", 30)]),
        ("age>3=4", [("age>3", "=", 4)]),
        ("capital-gain>=1,000", [("capital-gain", ">=", 1000)]),
        ("Product Name = a=b", [("Product Name", "=", "a=b")]),
        ("age between 3 and 5.5", [("age", ">=", 3), ("age", "<=", 5.5)]),
        ("age in 3, 5", [("age", "in", (3, 5))]),
        ("age not in 3,5", [("age", "!=", 3), ("age", "!=", 5)]),
        ("income=>50K", [("income", "=", ">50K")]),
        ("income=<=50k", [("income", "=", "<=50K")]),
        ("income in >50K,<=50K", [("income", "in", (">50K", "<=50K"))]),
        ("plan==x", [("plan", "=", "=x")]),
        ("plan==team", [("plan", "=", "team")]),
        ("plan=in transit", [("plan", "=", "in transit")]),
        ("plan='team'", [("plan", "=", "team")]),
        ('plan in "So, lo",TEAM', [("plan", "in", ("So, lo", "team"))]),
        ("plan=", [("plan", "missing", None)]),
        ("plan!=", [("plan", "present", None)]),
        ("plan missing", [("plan", "missing", None)]),
        ("plan IS PRESENT", [("plan", "present", None)]),
        ("fee>=1.200,5", [("fee", ">=", 1200.5)]),
        ("opens>=17:30", [("opens", ">=", 63_000)]),
        ("since>=2020-01-05", [("since", ">=", date(2020, 1, 5))]),
        ("born<31.12.1999", [("born", "<", date(1999, 12, 31))]),
        ("seen<2020-01-01T10:00", [("seen", "<", datetime(2020, 1, 1, 10, tzinfo=UTC))]),
        ("active=True", [("active", "=", "true")]),
    ],
)
def test_texts(text: str, meant: list[tuple[str, str, Any]]) -> None:
    assert parsed([text]) == meant
    assert parsed(text) == meant


@pytest.mark.parametrize(
    ("where", "meant"),
    [
        (
            {"age": ">=30", "plan": ["team", "solo"], "fee": None},
            [("age", ">=", 30), ("plan", "in", ("team", "solo")), ("fee", "missing", None)],
        ),
        ({"income": ">50K"}, [("income", "=", ">50K")]),
        ({"plan": "in transit"}, [("plan", "=", "in transit")]),
        ({"plan": "in team,solo"}, [("plan", "in", ("team", "solo"))]),
        ({"plan": "!=team"}, [("plan", "!=", "team")]),
        ({"plan": "present"}, [("plan", "present", None)]),
        ({"age": "between 3 and 4"}, [("age", ">=", 3), ("age", "<=", 4)]),
        ({"age": [30, 30.0]}, [("age", "in", (30,))]),
        ({"age": pl.Series([30])}, [("age", "in", (30,))]),
        ({"active": True}, [("active", "=", "true")]),
        ({"since": date(2020, 1, 1)}, [("since", "=", date(2020, 1, 1))]),
        ({}, []),
        (None, []),
        ([], []),
    ],
)
def test_mappings(where: Any, meant: list[tuple[str, str, Any]]) -> None:
    assert parsed(where) == meant


@pytest.mark.parametrize(
    ("where", "error", "said"),
    [
        ("age=>30", ConditionError, "age>=..."),
        ("income>50K", ConditionError, 'write "income=>50K"'),
        ("age>=30 and plan=team", ConditionError, "one by one"),
        ("age>", ConditionError, "nothing stands behind"),
        ("age~30", ConditionError, "is not a condition"),
        ("", ConditionError, "is not a condition"),
        ("plann=team", SchemaError, "did you mean 'plan'"),
        ("planet=3", SchemaError, "there is no column 'planet'"),
        ({"plann": 1}, SchemaError, "did you mean"),
        ("age between 3", ConditionError, "does not name two values"),
        ("plan in team,", ConditionError, "holds an empty one"),
        ({"plan": []}, ConditionError, "is empty"),
        ({"age": True}, ConditionError, "is no number"),
        ({"age": float("nan")}, ConditionError, "is no number"),
        ({"age": "many"}, ConditionError, "is no number"),
        ({"since": 5}, ConditionError, "is no date"),
        ("since>=2020", ConditionError, "is no date"),
        ({"since": datetime(2020, 1, 1, tzinfo=UTC)}, ConditionError, "the column has none"),
        (5, ConditionError, "is no condition"),
        ([5], ConditionError, "is not a condition"),
    ],
)
def test_what_cannot_be_understood_is_refused(
    where: Any, error: type[Exception], said: str
) -> None:
    with pytest.raises(error) as refused:
        parsed(where)
    assert said in str(refused.value)


def test_a_condition_is_given_back() -> None:
    condition = Condition((Test("age", ">=", 30),))
    assert parse_where(condition, SCHEMA) is condition
    with pytest.raises(SchemaError):
        parse_where(Condition((Test("agee", ">=", 30),)), SCHEMA)


def test_texts_are_compared_as_text() -> None:
    frame = pl.DataFrame({"a": [True, False, None], "b": [1, 2, 3]})
    assert Condition((Test("a", "=", "true"),)).mask(frame).to_list() == [True, False, False]
    assert Condition((Test("b", "in", ("1", "3")),)).mask(frame).to_list() == [True, False, True]


@given(st.text(st.characters(exclude_characters="\0")), st.lists(st.text()))
def test_any_text_is_understood_or_refused(text: str, values: list[str]) -> None:
    for where in (
        text,
        f"age {text}",
        f"plan={text}",
        f"plan in {text}",
        {"plan": text, "age": values},
    ):
        with contextlib.suppress(ConditionError, SchemaError):
            parsed(where)
    assert split_values(
        ",".join("'" + value.replace("'", "''") + "'" for value in values or [""])
    ) == (values or [""])


def test_a_level_is_found_whatever_the_blanks_around_it() -> None:
    schema = Schema((Column("team", "category"),))
    levels = {"team": ("Production       ", "IT\n")}
    found = parse_where(["team=Production"], schema, levels.__getitem__)
    assert found.tests[0].value == "Production       "
    assert parse_where({"team": "it"}, schema, levels.__getitem__).tests[0].value == "IT\n"
