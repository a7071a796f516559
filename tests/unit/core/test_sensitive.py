"""Columns that may be sensitive are suggested by their names, and nothing more."""

from __future__ import annotations

import polars as pl
import pytest

from tidemill.core.run import Event, Run
from tidemill.core.schema import Column, Kind, Schema
from tidemill.core.sensitive import may_be_sensitive, suggest, suggestion
from tidemill.io.reading import read


@pytest.mark.parametrize(
    "name",
    [
        "sex",
        "Gender",
        "customer_gender",
        "Geschlecht",
        "sexe",
        "género",
        "性别",
        "race",
        "Ethnicity",
        "ethnic_group",
        "种族",
        "民族",
        "age",
        "AGE",
        "Alter",
        "edad",
        "age_cat",
        "Age at birth",
        "CustomerAge",
        "客户年龄",
        "birth_date",
        "Geburtsdatum",
        "religion",
        "Konfession",
        "宗教",
        "nationality",
        "Staatsangehörigkeit",
        "native_country",
        "Foreign_worker",
        "国籍",
        "disability",
        "Behinderung",
        "残疾",
        "marital_status",
        "MaritalStatus",
        "Familienstand",
        "État civil",
        "estado civil",
        "婚姻状况",
    ],
)
def test_suggested(name: str) -> None:
    assert list(may_be_sensitive(Schema((Column(name, "category"),)))) == [name]


@pytest.mark.parametrize(
    "name",
    [
        "account_age",
        "vehicle age",
        "average",
        "page",
        "stage",
        "sexagesimal",
        "genre",
        "Essex",
        "alternative",
        "country",
        "racing",
        "trace",
        "grace",
        "unionised",
        "plan",
        "disables",
        "status",
        "email",
        "message",
    ],
)
def test_not_suggested(name: str) -> None:
    assert not may_be_sensitive(Schema((Column(name, "category"),)))


@pytest.mark.parametrize("kind", ["text", "id"])
def test_texts_and_ids_have_no_groups(kind: Kind) -> None:
    assert not may_be_sensitive(Schema((Column("sex", kind),)))


def test_a_suggestion_is_a_note_and_changes_no_role() -> None:
    events: list[Event] = []
    data = read(
        pl.DataFrame(
            {"sex": ["f", "m"] * 20, "native country": ["a", "b"] * 20, "fee": [9.5, 12.0] * 20}
        ),
        Run(),
    )
    suggest(data.schema, Run(listener=events.append))
    assert [(event.kind, event.text) for event in events] == [("note", suggestion(data.schema))]
    assert suggestion(data.schema).startswith(
        "By their names, these columns may be sensitive: sex, native country."
    )
    assert {column.role for column in data.schema} == {"feature"}


def test_nothing_is_suggested_once_something_is_declared() -> None:
    assert not suggestion(
        Schema((Column("sex", "category"), Column("race", "category", "sensitive")))
    )
    assert not may_be_sensitive(Schema((Column("age", "number", "target"),)))
    assert not suggestion(Schema((Column("plan", "category"),)))
