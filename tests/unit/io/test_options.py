"""What the user says about columns beats what was inferred, and is refused where it cannot be."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import polars as pl
import pytest

from tests.unit.io.opening import read
from tidemill.core.dataset import Dataset
from tidemill.core.errors import SchemaError
from tidemill.core.run import Run
from tidemill.core.schema import Rule
from tidemill.io.writing import write

CSV = (
    "code,day,age,flag,mess,note\n"
    "1.50,20240105,41,yes,7,ab\n"
    "2.25,20240206,52,no,n/a,cd\n"
    '2.25,20240307,41,yes," 8",ab\n'
)


def described(folder: Path, toml: str, **options: object) -> Dataset:
    (folder / "t.csv").write_text(CSV)
    (folder / "schema.toml").write_text(toml)
    return read(folder / "t.csv", Run(), schema=folder / "schema.toml", **options)  # type: ignore[arg-type]


def test_kinds_are_overridden_and_values_follow(tmp_path: Path) -> None:
    data = described(
        tmp_path,
        """
        [columns.code]
        kind = "category"
        role = "sensitive"
        [columns.day]
        kind = "datetime"
        [columns.mess]
        kind = "number"
        [columns.age]
        kind = "id"
    """,
    )
    assert data["code"].to_list() == ["1.50", "2.25", "2.25"]
    assert data.schema["code"].role == "sensitive"
    assert data["day"].to_list()[0] == dt.date(2024, 1, 5)
    assert data["mess"].to_list() == [7, None, 8]
    assert data.schema["age"].reason == "given by the user"
    write(data, tmp_path / "again.csv")
    assert (tmp_path / "again.csv").read_text() == CSV.replace("n/a", "").replace(
        '" 8"', "8"
    ).replace(" 8", "8")


def test_two_values_can_be_called_a_boolean(tmp_path: Path) -> None:
    assert described(tmp_path, "[columns.age]\nkind='boolean'").schema["age"].kind == "boolean"


def test_roles_by_option(tmp_path: Path) -> None:
    data = described(
        tmp_path,
        "[columns.code]\nrole = 'sensitive'\n",
        target="flag",
        ignore="note",
        id=["age"],
        time="day",
        entity="code",
    )
    assert [column.role for column in data.schema] == [
        "entity",
        "time",
        "feature",
        "target",
        "feature",
        "ignore",
    ]
    assert data.schema["age"].kind == "id"
    assert data.schema["flag"].role_reason == "given by the user"


@pytest.mark.parametrize(
    ("toml", "options", "what", "hint"),
    [
        ("[columns.aeg]\nkind='number'", {}, "no column 'aeg'", "did you mean 'age'"),
        ("[columns.age]\nkind='nubmer'", {}, "'nubmer' is no kind", "did you mean 'number'?"),
        ("[columns.age]\nrole='tagret'", {}, "'tagret' is no role", "did you mean 'target'?"),
        ("[columns.age]\nkind='picture'", {}, "'picture' is no kind", "kinds are"),
        ("[columns.age]\nkin='number'", {}, "'kin' is no setting", "kind, role, personal and keep"),
        ("[columns]\nage='number'", {}, "no table of kind and role", "kind ="),
        ("[column.age]\nkind='number'", {}, "'column' is unknown here", "[columns.NAME]"),
        ("columns", {}, "cannot be read", "TOML"),
        (
            "[columns.note]\nkind='number'",
            {},
            "cannot be read as number (such as 'xx')",
            "another kind",
        ),
        ("[columns.note]\nkind='datetime'", {}, "cannot be read as datetime", "another kind"),
        ("[columns.day]\nkind='boolean'", {}, "3 different values, not two", "another kind"),
        (
            "[columns.age]\nkind='number'",
            {"target": "chrn"},
            "no column 'chrn'",
            "the columns are: code",
        ),
        (
            "[columns.age]\nkind='number'",
            {"target": "age", "ignore": ["age"]},
            "both ignore and target",
            "one role",
        ),
        ("[columns.age]\nkind='number'", {"time": "note"}, "the time column holds", "another"),
    ],
)
def test_what_is_refused(
    tmp_path: Path, toml: str, options: dict[str, object], what: str, hint: str
) -> None:
    with pytest.raises(SchemaError) as caught:
        described(tmp_path, toml, **options)
    assert what in caught.value.what
    assert hint in str(caught.value.hint)


def test_rules_are_declared(tmp_path: Path) -> None:
    data = described(
        tmp_path,
        """
        [[rules]]
        kind = "range"
        columns = ["age"]
        low = 0
        high = 120
        [[rules]]
        kind = "range"
        columns = ["day"]
        low = 2024-01-01
        [[rules]]
        kind = "a decides b"
        columns = ["code", "flag"]
    """,
    )
    assert data.schema.rules == (
        Rule("range", ("age",), low=0, high=120, declared=True),
        Rule("range", ("day",), low="2024-01-01", declared=True),
        Rule("a decides b", ("code", "flag"), declared=True),
    )
    assert [str(rule) for rule in data.schema.rules] == [
        "'age' lies between 0 and 120",
        "'day' is at least 2024-01-01",
        "'code' decides 'flag'",
    ]


@pytest.mark.parametrize(
    ("toml", "what", "hint"),
    [
        ("kind='a<b'\ncolumns=['age', 'code']", "'a<b' is no kind of rule", "did you mean 'a<=b'?"),
        ("kind='a<=b'\ncolumns=['age', 'cod']", "no column 'cod'", "did you mean 'code'"),
        ("kind='a<=b'\ncolumns=['age']", "speaks of 2 columns, not of 1", "letters"),
        ("kind='a<=b'\ncolumns=['age', 'age']", "names a column twice", "different"),
        ("kind='a<=b'\ncolumns=['age', 'code']\nlow=1", "'low' is no setting", "[[rules]]"),
        ("kind='range'\ncolumns=['age']", "a range has no end", "low, high"),
        ("kind='range'\ncolumns=['age']\nlow=true", "no end of a range", "number"),
        ("columns=['age']", "this is no rule", "[[rules]]"),
    ],
)
def test_rules_that_cannot_be(tmp_path: Path, toml: str, what: str, hint: str) -> None:
    with pytest.raises(SchemaError) as caught:
        described(tmp_path, f"[[rules]]\n{toml}")
    assert what in caught.value.what
    assert hint in str(caught.value.hint)
    assert "[[rules]] number 1" in str(caught.value.where)


def test_a_schema_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(SchemaError, match="no such schema file"):
        read(pl.DataFrame({"a": [1]}), Run(), schema=tmp_path / "none.toml")
