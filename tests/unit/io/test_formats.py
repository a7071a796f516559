"""Parquet, JSON lines, Excel, SQLite and frames: read as they are, and given back as they came."""

from __future__ import annotations

import datetime as dt
import sqlite3
from pathlib import Path

import polars as pl
import pytest

from tests.unit.io.opening import read
from tidemill.core.errors import InputError, OutputError, SchemaError
from tidemill.core.run import Run
from tidemill.io.dtypes import admitted, dtype_of, restored, text_of
from tidemill.io.frames import door_frame, to_native
from tidemill.io.writing import write, write_frame

NAN = float("nan")
FRAME = pl.DataFrame(
    {
        "tiny": pl.Series([1, 2, None], dtype=pl.Int8),
        "huge": pl.Series([2**63, 1, None], dtype=pl.UInt64),
        "single": pl.Series([0.1, 0.2, None], dtype=pl.Float32),
        "marked": [1.5, NAN, 2.5],
        "decimal": pl.Series(["1.10", "2.25", None], dtype=pl.String).cast(pl.Decimal(10, 2)),
        "level": pl.Series(["a", "b", None], dtype=pl.Categorical),
        "enum": pl.Series(["a", "b", None], dtype=pl.Enum(["b", "a", "c"])),
        "digits": pl.Series(["1", "2", None]).cast(pl.Categorical),
        "at": pl.Series([dt.time(9, 30), dt.time(23, 59, 59), None]),
        "fine": pl.Series([dt.time(9, 30, 0, 5), dt.time(1), None]),
        "long": pl.Series([dt.timedelta(hours=1), dt.timedelta(days=2), None]),
        "zoned": pl.Series(
            [dt.datetime(2024, 1, 5, 9), dt.datetime(1, 1, 1), None]
        ).dt.replace_time_zone("Europe/Berlin"),
        "ms": pl.Series(
            [dt.datetime(2024, 1, 5, 9), dt.datetime(9999, 12, 31), None], dtype=pl.Datetime("ms")
        ),
        "day": [dt.date(1, 1, 1), dt.date(9999, 12, 31), None],
        "numbers": [" ", "1.5", "20"],
        "dates": ["2024-01-05", None, "2024-02-29"],
        "both": ["", None, "7"],
        "flag": [True, False, None],
        "float_flag": [0.0, 1.0, None],
        "nothing": pl.Series([None, None, None], dtype=pl.Null),
        "infinite": [float("inf"), 1.0, float("-inf")],
        "exact": [2**53 + 1, -(2**63), None],
    }
)


def test_every_dtype_comes_back(run: Run) -> None:
    data = read(FRAME, run)
    assert not any(series.is_nan().any() for series in data.frame if series.dtype.is_float())
    again = door_frame(data)
    assert again.schema == FRAME.schema
    assert again.equals(FRAME)


@pytest.mark.parametrize(
    "name", ["t.parquet", "t.jsonl", "t.xlsx", "t.csv", "t.tsv", "t.csv.gz", "t.jsonl.gz"]
)
def test_every_format_keeps_values(tmp_path: Path, run: Run, name: str) -> None:
    frame = pl.DataFrame(
        {
            "n": [1, 2, None],
            "x": [0.5, None, 2.0],
            "s": ["a", None, "007"],
            "d": [dt.date(2024, 1, 5), None, dt.date(1899, 1, 1)],
            "t": [dt.datetime(2024, 1, 5, 10, 30, 15), None, dt.datetime(2024, 1, 5)],
            "b": [True, None, False],
            "big": [2**60 + 1, 2**53 + 1, 1],
            "formula": ["=1+1", "http://x.y", "z"],
        }
    )
    write(read(frame, run), tmp_path / name)
    again = read(tmp_path / name, run).frame
    assert again.drop("t").equals(frame.drop("t"))
    assert again["t"].cast(pl.Datetime("us")).equals(frame["t"])
    assert run.warnings == []


@pytest.mark.parametrize("name", ["t.parquet", "t.jsonl", "t.xlsx", "t.csv.gz"])
def test_the_same_rows_give_the_same_bytes(tmp_path: Path, run: Run, name: str) -> None:
    data = read(pl.DataFrame({"n": [1, 2], "s": ["a", "b"]}), run)
    write(data, tmp_path / name)
    first = (tmp_path / name).read_bytes()
    write(data, tmp_path / name, overwrite=True)
    assert (tmp_path / name).read_bytes() == first


def test_pandas_comes_back_as_pandas(run: Run) -> None:
    pandas = pytest.importorskip("pandas")
    pytest.importorskip("pyarrow")
    table = pandas.DataFrame(
        {
            "n": [1, 2, 3],
            "x": [0.5, None, 2.0],
            "s": ["a", None, "c"],
            "c": pandas.Categorical(["u", "v", "u"]),
            "t": pandas.to_datetime(["2024-01-05"] * 3),
        }
    )
    data = read(table, run)
    assert data.frame_library == "pandas"
    assert data["x"].null_count() == 1
    pandas.testing.assert_frame_equal(to_native(data), table, check_dtype=False)
    assert to_native(data)["c"].dtype == "category"
    read(table.set_index("s"), run)
    assert "index" in run.warnings[0]
    with pytest.raises(SchemaError, match="several types") as caught:
        read(pandas.DataFrame({"a": [1, "x", object()]}), run)
    assert "'a': it holds" in caught.value.what
    assert read(pandas.DataFrame([[1, 2]], columns=["a", "a"]), run).frame.columns == ["a", "a (2)"]
    assert "more than once" in run.warnings[-1]


def test_arrow_comes_back_as_arrow(run: Run) -> None:
    arrow = pytest.importorskip("pyarrow")
    table = arrow.table({"n": [1, 2], "s": ["a", "b"]})
    data = read(table, run)
    assert data.frame_library == "pyarrow"
    assert to_native(data).to_pydict() == table.to_pydict()


def test_lazy_frames_and_things_that_are_no_tables(run: Run) -> None:
    assert read(pl.LazyFrame({"a": [1]}), run).frame.height == 1
    with pytest.raises(InputError, match="a int is no table"):
        read(3, run)


def test_lists_are_refused_unless_ignored(tmp_path: Path, run: Run) -> None:
    frame = pl.DataFrame(
        {"a": [1, 2], "l": [[1], [2, 3]], "r": [{"x": 1}, {"x": 2}], "b": [b"x", b"y"]}
    )
    with pytest.raises(
        SchemaError, match="it holds lists; 'r': it holds records with fields; 'b': it holds b"
    ) as caught:
        read(frame, run)
    assert (
        caught.value.hint
        == "leave out what holds no plain values: option 'ignore=l' option 'ignore=r' "
        "option 'ignore=b'"
    )
    data = read(frame, run, ignore=["l", "r", "b"])
    assert data.schema["l"].role == "ignore"
    assert door_frame(data).equals(frame)
    write(data, tmp_path / "t.parquet")
    with pytest.raises(OutputError, match="'l' holds lists"):
        write(data, tmp_path / "t.csv")
    assert not (tmp_path / "t.csv").exists()


def test_both_ways_of_marking_missing_floats_are_told(run: Run) -> None:
    read(pl.DataFrame({"x": [1.0, None, NAN]}), run)
    assert "null and NaN" in run.warnings[0]


@pytest.mark.parametrize(
    "dtype",
    [
        pl.Int64(),
        pl.String(),
        pl.Datetime("ns"),
        pl.Datetime("us", "Etc/GMT-1"),
        pl.Time(),
        pl.Duration("ms"),
        pl.Decimal(12, 3),
        pl.Enum(['a"b', "]", ""]),
        pl.Categorical(),
    ],
)
def test_dtypes_as_text(dtype: pl.DataType) -> None:
    assert dtype_of(text_of(dtype)) == dtype


def test_generated_values_that_do_not_fit_stay_as_they_are() -> None:
    assert restored(pl.Series([1, 300]), "Int8").to_list() == [1, 300]
    assert restored(pl.Series([1.5]), "Int64").to_list() == [1.5]
    assert restored(pl.Series(["new"]), text_of(pl.Enum(["old"]))).to_list() == ["new"]
    assert restored(pl.Series([86_401]), admitted(pl.Series([dt.time(1)])).dtype).to_list() == [
        dt.time(0, 0, 1)
    ]


def base(path: Path, *statements: str) -> Path:
    with sqlite3.connect(path) as connection:
        for statement in statements:
            connection.execute(statement)
    connection.close()
    return path


def test_sqlite(tmp_path: Path, run: Run) -> None:
    table = '"Order ""Details"""'
    path = base(
        tmp_path / "a b?.sqlite",
        f"CREATE TABLE {table} (id INTEGER, price REAL, day TEXT, mixed)",
        f"INSERT INTO {table} VALUES (1, 2, '2024-01-05', 1), (2, 2.5, '2024-01-06', 'x')",
    )
    data = read(path, run)
    assert data.frame.rows() == [
        (1, 2.0, dt.date(2024, 1, 5), "1"),
        (2, 2.5, dt.date(2024, 1, 6), "x"),
    ]
    assert data.schema["day"].dtype == "String"
    base(path, "CREATE VIEW other AS SELECT 1 AS a")
    with pytest.raises(InputError, match="2 tables and views") as caught:
        read(path, run)
    assert caught.value.hint == "name one as FILE?table=NAME: 'Order \"Details\"', 'other'"
    assert read(f"{path}?table=other", run).name == "other"
    with pytest.raises(InputError, match="no table 'othr'") as caught:
        read(f"{path}?table=othr", run)
    assert caught.value.hint == "did you mean 'other'?"


def test_northwind(run: Run, real: Path) -> None:
    details = read(f"{real}/northwind/northwind.sqlite?table=Order Details", run)
    assert details.frame.height == 2155
    assert (
        read(f"{real}/northwind/northwind.sqlite?table=Employees", run).schema["Photo"].kind
        == "image"
    )
    with pytest.raises(SchemaError, match="'seal': it holds bytes"):
        read(pl.DataFrame({"seal": [b"\x00\x01", b"\x02"], "name": ["a", "b"]}), run)
    assert (
        read(
            f"{real}/northwind/northwind.sqlite?table=Employees", run, ignore=["Photo"]
        ).frame.height
        == 9
    )


def test_excel_sheets(tmp_path: Path, run: Run) -> None:
    from xlsxwriter import Workbook

    with Workbook(tmp_path / "b.xlsx") as book:
        for name, rows in {
            "empty": [],
            "May": [["a", ""], [1, "x"], [2.5, "y"]],
            "June": [["a"], [7]],
        }.items():
            sheet = book.add_worksheet(name)
            for at, row in enumerate(rows):
                sheet.write_row(at, 0, row)
    data = read(tmp_path / "b.xlsx", run)
    assert data.frame.rows() == [(1.0, "x"), (2.5, "y")]
    assert data.frame.columns == ["a", "column_2"]
    assert "'May' was read" in run.warnings[0]
    assert read(f"{tmp_path}/b.xlsx?sheet=June", run)["a"].to_list() == [7]
    with pytest.raises(InputError, match="no sheet 'July'"):
        read(f"{tmp_path}/b.xlsx?sheet=July", run)
    with pytest.raises(InputError, match="no rows below"):
        read(f"{tmp_path}/b.xlsx?sheet=empty", run)


def test_excel_has_limits(tmp_path: Path, run: Run) -> None:
    with pytest.raises(OutputError, match="too long for an Excel cell"):
        write(read(pl.DataFrame({"a": ["x" * 40_000]}), run), tmp_path / "t.xlsx")
    write(read(pl.DataFrame({"x": [float("inf"), 1.0]}), run), tmp_path / "t.xlsx")
    assert read(tmp_path / "t.xlsx", run)["x"].to_list() == [float("inf"), 1.0]


@pytest.mark.parametrize(
    ("content", "what"),
    [
        ('{"a": 1}\n{"a": \n', "line 2 is no JSON"),
        ("[1, 2]\n", "neither a list of objects"),
        ("hello\n", "line 1 is no JSON"),
        ("\n\n", "empty"),
    ],
)
def test_damaged_json_lines(tmp_path: Path, run: Run, content: str, what: str) -> None:
    (tmp_path / "t.jsonl").write_text(content)
    with pytest.raises(InputError, match=what):
        read(tmp_path / "t.jsonl", run)


def test_json_lines_keep_whole_numbers(tmp_path: Path, run: Run) -> None:
    (tmp_path / "t.jsonl").write_text('{"a": 9007199254740993, "b": "x"}\n{"b": "y", "c": 1.5}\n')
    assert read(tmp_path / "t.jsonl", run).frame.rows() == [
        (9007199254740993, "x", None),
        (None, "y", 1.5),
    ]


@pytest.mark.parametrize(
    "name", ["t.parquet", "t.xlsx", "t.sqlite", "t.csv.gz", "t.zip", "t.jsonl.gz"]
)
@pytest.mark.parametrize("damage", ["junk", "cut"])
def test_damaged_files_are_told(tmp_path: Path, run: Run, name: str, damage: str) -> None:
    path = tmp_path / name
    if name == "t.sqlite":
        base(path, "CREATE TABLE t (a)", *[f"INSERT INTO t VALUES ({i})" for i in range(3000)])
    elif name == "t.zip":
        path.write_bytes(b"PK\x03\x04" + bytes(200))
    else:
        write(read(pl.DataFrame({"a": range(3000)}), run), path)
    whole = path.read_bytes()
    path.write_bytes(b"\x07junk" * 200 if damage == "junk" else whole[: len(whole) // 2])
    with pytest.raises(InputError) as caught:
        read(path, run)
    assert caught.value.where
    assert caught.value.hint


def test_files_that_are_not_there(tmp_path: Path, run: Run) -> None:
    (tmp_path / "customers.csv").write_text("a\n1\n")
    with pytest.raises(InputError, match="no such file") as caught:
        read(tmp_path / "custmers.csv", run)
    assert "customers.csv" in str(caught.value.hint)
    with pytest.raises(InputError, match="a folder"):
        read(tmp_path, run)
    (tmp_path / "t.docx").write_text("x")
    with pytest.raises(InputError, match=r"no reader is known for the ending '\.docx'"):
        read(tmp_path / "t.docx", run)
    with pytest.raises(InputError, match=r"'\?table=' means nothing"):
        read(f"{tmp_path}/customers.csv?table=a", run)
    (tmp_path / "noending").write_text("x")
    with pytest.raises(InputError, match="no ending"):
        read(tmp_path / "noending", run)
    (tmp_path / "t.parquet").touch()
    with pytest.raises(InputError, match="empty"):
        read(tmp_path / "t.parquet", run)


def test_a_zip_of_several(tmp_path: Path, run: Run) -> None:
    import zipfile

    with zipfile.ZipFile(tmp_path / "t.zip", "w") as archive:
        archive.writestr("a.csv", "a\n1\n")
        archive.writestr("b.csv", "a\n1\n")
    with pytest.raises(InputError, match=r"2 files: a\.csv, b\.csv"):
        read(tmp_path / "t.zip", run)


def test_tables_without_rows_or_columns(run: Run) -> None:
    with pytest.raises(InputError, match="no rows"):
        read(pl.DataFrame({"a": []}), run)
    with pytest.raises(InputError, match="no columns"):
        read(pl.DataFrame(), run)


def test_one_row_and_one_column(run: Run) -> None:
    assert read(pl.DataFrame({"a": [1]}), run).frame.shape == (1, 1)
    assert read(pl.DataFrame({"a": ["x"]}), run).schema["a"].kind == "category"


def test_outputs(tmp_path: Path, run: Run) -> None:
    data = read(pl.DataFrame({"a": [1]}), run)
    write(data, tmp_path / "t.csv")
    with pytest.raises(OutputError, match="exists already"):
        write(data, tmp_path / "t.csv")
    for name in ("t.docx", "t", "t.parquet.gz", "t.xlsx.gz"):
        with pytest.raises(OutputError, match=r"unknown|no ending") as caught:
            write(data, tmp_path / name)
        assert ".parquet" in str(caught.value.hint)
    changes = pl.DataFrame(
        {"row": [1], "before": [" "], "when": [dt.datetime(2024, 1, 5)], "share": [0.5]}
    )
    for name in ("c.parquet", "c.csv", "c.xlsx", "c.jsonl"):
        write_frame(changes, tmp_path / name)
    assert (
        tmp_path / "c.csv"
    ).read_text() == "row,before,when,share\n1, ,2024-01-05 00:00:00,0.5\n"
    assert not list(tmp_path.glob(".*"))
