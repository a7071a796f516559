"""What asks for more than a machine has is refused before it gets it; what is large is read."""

from __future__ import annotations

import gzip
import io
import json
import sqlite3
import time
import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import tidemill as tm
from tidemill.core.errors import Cancelled, InputError, SchemaError
from tidemill.core.run import Run
from tidemill.io import bounds


def refused(path: Path | str, *words: str, error: type[Exception] = InputError) -> None:
    with pytest.raises(error) as caught:
        tm.read(path)
    assert caught.value.hint
    for word in words:
        assert word in str(caught.value)


def workbook(cells: str) -> io.BytesIO:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("xl/worksheets/sheet1.xml", f"<worksheet>{cells}</worksheet>")
    file.seek(0)
    return file


@pytest.mark.parametrize(
    "cells",
    [
        '<c r="A1"/><c r="XFD1048576"/>',
        "<c r='XFD1048576'/>",
        '<c\ts="1"\n r = "XFD1048576"/>',
        '<x:c r="A1"/><x:c r="XFD1048576"/>',
        '<c r="A1"/>' + " " * (3 << 20) + '<c r="XFD2"/><c r="A1048576"/>',
        '<c r="ZZZZZZ9999999999"/>',
        '<c r="A4294967297"/>',
        '<c r="A1"/><c r="ABC9999"/>',
    ],
)
def test_far_cells_are_refused(cells: str) -> None:
    with pytest.raises(InputError) as caught:
        bounds.check_sheets(workbook(cells), "data.xlsx")
    assert caught.value.hint


def test_a_long_sheet_is_none_too_large() -> None:
    rows = "".join(f'<row r="{at}"><c r="A{at}"/><c r="J{at}"/></row>' for at in range(1, 50_001))
    bounds.check_sheets(workbook(rows), "data.xlsx")


@pytest.mark.parametrize(
    ("rows", "columns", "value", "refuses"),
    [
        (1_048_576, 16_384, True, True),
        (1_048_576, 16_384, False, False),
        (1, 10**12, True, True),
        (300, 100, True, False),
    ],
)
def test_repeated_cells_count(rows: int, columns: int, value: bool, refuses: bool) -> None:
    kind = ' office:value-type="float"' if value else ""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as packed:
        packed.writestr(
            "content.xml",
            f'<table:table table:name="S"><table:table-row table:number-rows-repeated="{rows}">'
            f'<table:table-cell{kind} table:number-columns-repeated="{columns}"/>'
            "</table:table-row></table:table>",
        )
    file.seek(0)
    if not refuses:
        return bounds.check_sheets(file, "data.ods")
    with pytest.raises(InputError, match="cells"):
        bounds.check_sheets(file, "data.ods")
    return None


def test_packed_files_are_read_in_parts_and_no_further_than_they_may(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bounds, "PLAIN_BYTES", 1 << 20)
    good = b"a,b\n" + b"1,x\n2,y\n" * 500
    (tmp_path / "good.csv.gz").write_bytes(gzip.compress(good))
    assert len(tm.read(tmp_path / "good.csv.gz")) == 1000
    (tmp_path / "bomb.csv.gz").write_bytes(gzip.compress(b"0" * (bounds.PLAIN_BYTES + (1 << 21))))
    refused(tmp_path / "bomb.csv.gz", "unpacks")
    with zipfile.ZipFile(tmp_path / "bomb.xlsx", "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("xl/sharedStrings.xml", b"a" * (bounds.PLAIN_BYTES + (1 << 21)))
    refused(tmp_path / "bomb.xlsx", "unpacks")


def test_a_part_that_is_longer_than_it_says_is_found_out() -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("a.xml", b"0" * 5_000)
    lying = file.getvalue().replace((5_000).to_bytes(4, "little"), (5).to_bytes(4, "little"))
    with pytest.raises(InputError, match="damaged"):
        bounds.check_archive(io.BytesIO(lying), "data.npz")


def database(path: Path, *statements: str) -> Path:
    base = sqlite3.connect(path)
    for statement in statements:
        base.execute(statement)
    base.commit()
    base.close()
    return path


ENDLESS = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) "


@pytest.mark.parametrize(
    ("view", "word"),
    [
        (ENDLESS + "SELECT x, printf('%.*c', 50000, 'x') AS y FROM n", "more than a database"),
        ("SELECT zeroblob(1000000000) AS b", "too big"),
    ],
)
def test_views_without_an_end_are_refused(view: str, word: str, tmp_path: Path) -> None:
    path = database(tmp_path / "v.sqlite", "CREATE TABLE t (a)", f"CREATE VIEW v AS {view}")
    began = time.monotonic()
    refused(f"{path}?table=v", word)
    assert time.monotonic() - began < 30


def test_a_query_that_gives_nothing_for_long_can_be_stopped(tmp_path: Path) -> None:
    view = f"CREATE VIEW v AS {ENDLESS} SELECT count(*) AS k FROM n"
    path = database(tmp_path / "v.sqlite", "CREATE TABLE t (a)", view)
    run = Run()
    run.cancel()
    with pytest.raises(Cancelled, match="stopped"):
        tm.read(f"{path}?table=v", run=run)


def test_bytes_that_are_no_text_are_told(tmp_path: Path) -> None:
    path = database(
        tmp_path / "t.sqlite",
        "CREATE TABLE t (a TEXT, b INTEGER)",
        "INSERT INTO t VALUES (CAST(x'ff41' AS TEXT), 1), ('x', 2)",
    )
    run = Run()
    tm.read(path, run=run)
    assert any("no UTF-8" in warning for warning in run.warnings)


def test_halves_of_characters_in_json_are_told(tmp_path: Path) -> None:
    path = tmp_path / "t.jsonl"
    path.write_text('{"a": "\\ud800x \\ud83d\\ude00"}\n{"a": "\\\\ud800"}\n', encoding="utf-8")
    run = Run()
    tm.read(path, run=run)
    assert [warning for warning in run.warnings if "1 character of" in warning]


@pytest.mark.parametrize("value", ["9" * 5_000, "[" * 5_000 + "]" * 5_000])
def test_json_beyond_measure_is_refused(value: str, tmp_path: Path) -> None:
    (tmp_path / "t.jsonl").write_text(f'{{"a": 1}}\n{{"a": {value}}}\n')
    refused(tmp_path / "t.jsonl", "line 2")


def test_json_numbers_of_mongodb_stay_what_they_say(tmp_path: Path) -> None:
    rows = [{"a": {"$numberLong": "7"}}, {"a": {"$numberLong": "x" * 5}}]
    (tmp_path / "t.jsonl").write_text("\n".join(map(json.dumps, rows)))
    assert tm.read(tmp_path / "t.jsonl").frame["a"].to_list() == ["7", "xxxxx"]


def test_moments_with_an_offset_are_the_same_moments(tmp_path: Path) -> None:
    began = datetime(2024, 1, 1, tzinfo=UTC)
    moments = [began + timedelta(hours=hour) for hour in range(50)]
    column = pa.array(moments, pa.timestamp("us", "+05:30"))
    table = pa.table({"t": column, "n": np.arange(50)})
    pq.write_table(table, tmp_path / "t.parquet")
    for given in (tmp_path / "t.parquet", table):
        run = Run()
        assert tm.read(given, run=run).frame["t"].to_list() == moments
        assert any("+05:30" in warning for warning in run.warnings)


@pytest.mark.parametrize("unit", ["ms", "us"])
def test_moments_beyond_the_calendar_are_refused_by_name(unit: str, tmp_path: Path) -> None:
    ends = pa.array([2**63 - 1, -(2**63), 0]).view(pa.timestamp(unit))
    pq.write_table(pa.table({"t": ends, "n": [1, 2, 3]}), tmp_path / "t.parquet")
    refused(tmp_path / "t.parquet", "'t'", "2 moments", error=SchemaError)


def test_a_table_of_too_many_columns_is_refused_at_once(tmp_path: Path) -> None:
    width = bounds.MAX_WIDTH + 1
    path = tmp_path / "wide.csv"
    path.write_text(",".join(f"c{at}" for at in range(width)) + "\n" + ",".join("1" * width))
    refused(path, "columns")


def test_durations_are_written_as_text_that_is_read_as_the_same(tmp_path: Path) -> None:
    for spans in ([3_600, 60, 93_784], [1.5, -60, 0.25]):
        frame = pl.DataFrame({"d": [timedelta(seconds=one) for one in spans], "n": [1, 2, 3]})
        for ending in ("csv", "xlsx"):
            tm.write(tm.read(frame), tmp_path / f"d.{ending}", overwrite=True)
            again = tm.read(tmp_path / f"d.{ending}").frame["d"]
            assert again.cast(pl.Float64).to_list() == spans


@pytest.mark.parametrize("text", ["x = " + "[" * 3_000 + "]" * 3_000, "x = " + "9" * 5_000, "\x1b"])
def test_schema_files_beyond_measure_are_refused(text: str, tmp_path: Path) -> None:
    (tmp_path / "s.toml").write_text(text)
    with pytest.raises(SchemaError) as caught:
        tm.read(pl.DataFrame({"a": [1, 2]}), schema=tmp_path / "s.toml")
    assert caught.value.hint


def test_labels_that_do_not_fit_are_told(tmp_path: Path) -> None:
    images = np.zeros((10, 8, 8), np.uint8)
    np.savez(tmp_path / "t.npz", images=images, labels=np.arange(9))
    run = Run()
    tm.read(tmp_path / "t.npz", run=run)
    assert any("'labels'" in warning and "10 images" in warning for warning in run.warnings)
