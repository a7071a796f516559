"""JSON: nested lines by path, MongoDB's marks, lists of objects, and errors that name line and
key."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.io.opening import read
from tidemill.core.errors import InputError
from tidemill.core.run import Run
from tidemill.io.flattening import flattened
from tidemill.io.formats.extended_json import plain
from tidemill.io.writing import write


def lines(path: Path, *rows: Any) -> Path:
    path.write_text("\n".join(json.dumps(row) for row in rows), encoding="utf-8")
    return path


def test_nested_lines_are_taken_apart_by_path(tmp_path: Path, run: Run) -> None:
    path = lines(
        tmp_path / "t.jsonl",
        {"a": {"b": 1, "c": {"d": "x"}}, "tags": ["u", "v"], "grades": [{"g": 1}], "n": [1, 2, 3]},
        {"a": {"b": 2}, "tags": [], "grades": [{"g": 1}, {"g": 2}], "n": [4]},
        {"a": None, "tags": None, "grades": [], "n": []},
    )
    data = read(path, run)
    assert data.frame.to_dict(as_series=False) == {
        "a.b": [1, 2, None],
        "a.c.d": ["x", None, None],
        "tags": ["u;v", "", None],
        "tags.count": [2, 0, None],
        "grades.count": [1, 2, 0],
        "n.count": [3, 1, 0],
    }
    assert "became columns by path (a, tags, grades, n)" in run.warnings[0]
    assert "only the number of entries is kept: grades, n." in run.warnings[0]
    write(data, tmp_path / "again.jsonl")
    assert json.loads((tmp_path / "again.jsonl").read_text().splitlines()[0])["a.b"] == 1


def test_lists_of_few_texts_are_yes_no_columns(tmp_path: Path, run: Run) -> None:
    rng = np.random.default_rng(0)
    options = ["SQL", "Python", "R; S", "Go", "Java", "Rust"]
    rows = [{"tools": [o for o in options if rng.random() < 0.4]} for _ in range(300)]
    data = read(lines(tmp_path / "t.jsonl", *rows), run)
    assert [column.name for column in data.schema if column.choice] == [
        f"tools: {option}" for option in options
    ]
    assert data["tools: R; S"].to_list() == ["R; S" in row["tools"] for row in rows]
    assert data["tools.count"].to_list() == [len(row["tools"]) for row in rows]


def test_points_and_lookups(tmp_path: Path, run: Run) -> None:
    rows = [
        {"geo": {"type": "Point", "coordinates": [k, -k]}, "seen": {f"k{k}": k}} for k in range(250)
    ]
    data = read(lines(tmp_path / "t.jsonl", *rows), run)
    assert data.schema.names == ("geo.type", "geo.coordinates.1", "geo.coordinates.2", "seen.count")
    assert data["geo.coordinates.2"][7] == -7
    assert data["seen.count"].unique().to_list() == [1]


def test_a_name_that_is_taken(run: Run) -> None:
    frame = pl.DataFrame(
        {"a.b": [1], "a": [{"b": 2}], "e": [{}]}, schema_overrides={"e": pl.Struct({})}
    )
    assert flattened(frame, run).to_dicts() == [{"a.b": 1, "a.b_": 2, "e.count": 0}]


MONGO = {
    "_id": {"$oid": "5ca4bbcea2dd94ee58162a68"},
    "born": {"$date": {"$numberLong": "-1000"}},
    "since": {"$date": "2012-03-04T05:06:07Z"},
    "zoned": {"$date": "2012-03-04T05:06:07.25+02:00"},
    "n": {"$numberInt": "371138"},
    "limit": {"$numberLong": "9007199254740993"},
    "rate": {"$numberDecimal": "1.5"},
    "share": {"$numberDouble": "NaN"},
    "fine": {"$numberDecimal": "1.12345678901234567890"},
    "far": {"$date": {"$numberLong": "999999999999999"}},
}


def test_extended_json_is_understood(tmp_path: Path, run: Run) -> None:
    assert plain(MONGO) == {
        "_id": "5ca4bbcea2dd94ee58162a68",
        "born": "1969-12-31T23:59:59.000Z",
        "since": "2012-03-04T05:06:07.000Z",
        "zoned": "2012-03-04T03:06:07.250Z",
        "n": 371138,
        "limit": 9007199254740993,
        "rate": 1.5,
        "share": None,
        "fine": "1.12345678901234567890",
        "far": "999999999999999",
    }
    rows = [
        {
            "_id": {"$oid": f"5ca4bbcea2dd94ee58162a{k:02x}"},
            "at": {"$date": day},
            "a": {"n": {"$numberInt": str(k % 7)}},
        }
        for k, day in enumerate([{"$numberLong": "1000"}, "2012-03-04T05:06:07Z"] * 20)
    ]
    data = read(lines(tmp_path / "t.json", *rows), run)
    assert [column.kind for column in data.schema] == ["id", "datetime", "number"]
    assert data["a.n"].to_list() == [k % 7 for k in range(40)]
    assert str(data["at"][0]).startswith("1970-01-01 00:00:01")


ROWS = [{"a": 1, "b": "x"}, {"a": 2, "b": "y"}, {"a": 3, "b": None}]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (json.dumps(ROWS), False),
        (json.dumps(ROWS, indent=2), False),
        ("\n\n" + "\n\n".join(map(json.dumps, ROWS)) + "\n\n", False),
        (",\n".join(map(json.dumps, ROWS)) + ",\n", False),
        ("\r\n".join(map(json.dumps, ROWS)), False),
        ("\ufeff" + json.dumps(ROWS), False),
        (json.dumps({"count": 3, "results": ROWS}), True),
        (json.dumps({"count": 3, "results": ROWS}, indent=1), True),
        (json.dumps({"a": {"0": 1, "1": 2, "2": 3}, "b": {"0": "x", "1": "y", "2": None}}), True),
        (json.dumps({"a": [1, 2, 3], "b": ["x", "y", None]}, indent=1), True),
        (json.dumps({"columns": ["a", "b"], "data": [[1, "x"], [2, "y"], [3, None]]}), True),
    ],
)
def test_forms_of_json_files(text: str, told: bool, tmp_path: Path, run: Run) -> None:
    (tmp_path / "t.json").write_bytes(text.encode())
    data = read(tmp_path / "t.json", run)
    assert data.frame.to_dicts() == ROWS
    assert any("one JSON object" in warning for warning in run.warnings) is told


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ('{"a": 1}\n{"a": true}', "line 2, key 'a': true or false, but line 1 has a number there"),
        ('{"a": {"b": 1}}\n\n{"a": {"b": true}}', r"line 3, key 'a\.b': true or false"),
        ('{"a": 1}\n{"a": NaN}', "line 2, key 'a': nan is no number that JSON has"),
        ('{"a": [1, -Infinity]}', r"line 1, key 'a\[\]': -inf is no number"),
        ('{"a": {"b": 1}}\n{"a": 2}', "line 2, key 'a': a number, but line 1 has a record there"),
        ('{"a": [1]}\n{"a": "x"}', "line 2, key 'a': text, but line 1 has a list there"),
        ('{"a": "x"}\n{"a": {"b": 1}}', "line 2, key 'a': a record, but line 1 has text there"),
        ("[[1, 2], [3, 4]]", "neither a list of objects nor one object a line"),
        ('{"a": 1,\n"b": 2}', "neither a list of objects nor one object a line"),
        ('[{"a": 1}, {"a": ', "the file is no JSON"),
    ],
)
def test_errors_name_the_line_and_the_key(text: str, what: str, tmp_path: Path, run: Run) -> None:
    (tmp_path / "t.json").write_text(text)
    with pytest.raises(InputError, match=what) as caught:
        read(tmp_path / "t.json", run)
    assert caught.value.hint


leaves = st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=3)
records = st.dictionaries(st.text("abc", min_size=1, max_size=2), leaves, max_size=3)


@settings(deadline=None, max_examples=25)
@given(
    st.lists(st.fixed_dictionaries({"id": st.integers(0, 9), "r": records}), min_size=1, max_size=8)
)
def test_a_field_is_found_by_its_path(rows: list[dict[str, Any]]) -> None:
    rows = [{"id": row["id"], "r": {k: str(v) for k, v in row["r"].items()}} for row in rows]
    frame = flattened(pl.DataFrame(rows, infer_schema_length=None), Run())
    assert not any(dtype.is_nested() for dtype in frame.dtypes)
    for at, row in enumerate(rows):
        for key, value in row["r"].items():
            assert frame[f"r.{key}"][at] == value


def test_text_that_looks_like_a_list_is_text(tmp_path: Path, run: Run) -> None:
    rows = [{"a": "[1] see notes", "b": 1}, {"a": "{x}", "b": "?"}]
    assert read(lines(tmp_path / "t.jsonl", *rows), run)["a"].to_list() == ["[1] see notes", "{x}"]


def test_records_that_are_looked_up_by_key_are_counted(tmp_path: Path, run: Run) -> None:
    rows = [{"id": k, "by_id": {f"k{k}": {"tier": "Gold"}} if k % 3 else {}} for k in range(60)]
    data = read(lines(tmp_path / "t.jsonl", *rows), run)
    assert data.schema.names == ("id", "by_id.count")
    assert data["by_id.count"].to_list() == [int(k % 3 > 0) for k in range(60)]
    wide = [{"r": {f"f{j}": j if (j + k) % 2 else None for j in range(30)}} for k in range(9)]
    assert len(read(lines(tmp_path / "w.jsonl", *wide), run).schema) == 30
