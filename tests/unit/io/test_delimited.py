"""Delimited text: dialects and encodings are found out, damaged rows are told with their line,
nothing is lost."""

from __future__ import annotations

import gzip
import zipfile
from pathlib import Path

import polars as pl
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from tests.unit.io.opening import read
from tidemill.core.errors import InputError
from tidemill.core.run import Run
from tidemill.io.writing import write

PLAIN = "name,city,price,day,ok\nAnn,Bonn,1.50,2024-01-05,yes\nBob,Köln,12.25,2024-02-29,no\n"


def saved(folder: Path, content: str | bytes, name: str = "table.csv") -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def frame_of(path: Path, run: Run) -> pl.DataFrame:
    return read(path, run).frame


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_delimiters(tmp_path: Path, run: Run, delimiter: str) -> None:
    frame = frame_of(saved(tmp_path, PLAIN.replace(",", delimiter)), run)
    assert frame.columns == ["name", "city", "price", "day", "ok"]
    assert frame["price"].to_list() == [1.5, 12.25]
    assert run.warnings == []


def test_decimal_commas_between_semicolons(tmp_path: Path, run: Run) -> None:
    data = read(saved(tmp_path, "a;b\n1,5;x, y\n2,25;z\n"), run)
    assert data["a"].to_list() == [1.5, 2.25]
    assert data.schema["a"].spelling.decimal == ","  # type: ignore[union-attr]
    assert data["b"].to_list() == ["x, y", "z"]


def test_quotes(tmp_path: Path, run: Run) -> None:
    text = 'a,"b, ""c"""\n"x,1","two\nlines"\n"say ""no""",5"\n'
    frame = frame_of(saved(tmp_path, text), run)
    assert frame.columns == ["a", 'b, "c"']
    assert frame.rows() == [("x,1", "two\nlines"), ('say "no"', '5"')]
    single = frame_of(saved(tmp_path, "a,b\n'x,1','2'\n'y,2','3'\n"), run)
    assert single.rows() == [("x,1", 2), ("y,2", 3)]
    unquoted = frame_of(saved(tmp_path, 'a\tb\n"x\t1\ny\t2\nz\t3\n'), run)
    assert unquoted.rows() == [('"x', 1), ("y", 2), ("z", 3)]


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        (PLAIN, "utf-8"),
        (PLAIN, "utf-8-sig"),
        (PLAIN, "utf-16"),
        (PLAIN, "utf-16-le"),
        (PLAIN, "utf-16-be"),
        (PLAIN, "utf-32"),
        (PLAIN, "cp1252"),
        (PLAIN, "latin-1"),
        ("t,n\nit’s “fine”,1\nok – yes,2\n", "cp1252"),
        ("姓名,城市,年龄\n张三,北京,23\n李四,上海,41\n", "gb18030"),
        ("姓名,城市\n張三,臺北\n李四,高雄市\n", "big5"),
        ("item,amount\ntea,12.50元\nmilk,3.00元\n", "gb18030"),
        ("имя,город\nИван,Москва\nМария,Казань\n", "cp1251"),
        ("名前,都市\n田中さん,東京\nすずき,大阪\n", "shift_jis"),
    ],
)
def test_encodings(tmp_path: Path, run: Run, text: str, encoding: str) -> None:
    frame = frame_of(saved(tmp_path, text.encode(encoding)), run)
    first = text.splitlines()[:2]
    assert frame.columns == first[0].split(",")
    assert (
        frame.row(0)[:2] == tuple(first[1].split(",")[:2])
        or frame.row(0)[0] == first[1].split(",")[0]
    )
    assert len(run.warnings) == (0 if encoding.startswith("utf") else 1)


def test_a_real_chinese_table_in_gb18030(tmp_path: Path, run: Run, real: Path) -> None:
    frame = pl.read_parquet(real / "dialogues_zh" / "crosswoz.parquet")
    path = saved(tmp_path, frame.write_csv().encode("gb18030"))
    data = read(path, run)
    assert data["utterance"].to_list() == frame["utterance"].to_list()
    assert "GB18030" in run.warnings[0]


def test_line_ends(tmp_path: Path, run: Run) -> None:
    for end in ("\r\n", "\r", "\n"):
        assert frame_of(saved(tmp_path, PLAIN.replace("\n", end)), run).height == 2
    assert frame_of(saved(tmp_path, "\n\n" + PLAIN.rstrip()), run).height == 2


def test_packed(tmp_path: Path, run: Run) -> None:
    saved(tmp_path, gzip.compress(PLAIN.encode()), "table.csv.gz")
    with zipfile.ZipFile(tmp_path / "table.zip", "w") as archive:
        archive.writestr("inner.csv", PLAIN)
        archive.writestr("__MACOSX/inner.csv", "x")
    assert frame_of(tmp_path / "table.csv.gz", run).equals(frame_of(tmp_path / "table.zip", run))


def test_blank_lines_are_left_out_and_told(tmp_path: Path, run: Run) -> None:
    assert frame_of(saved(tmp_path, "a,b\n1,2\n\n3,4\n\n\n"), run).rows() == [(1, 2), (3, 4)]
    assert "1 blank line" in run.warnings[0]


def test_a_single_column(tmp_path: Path, run: Run) -> None:
    assert frame_of(saved(tmp_path, "n\n1\n\n3\n"), run)["n"].to_list() == [1, None, 3]
    texts = frame_of(saved(tmp_path, "text\nHello, you\nI, for one, do\nno\n"), run)
    assert texts["text"].to_list() == ["Hello, you", "I, for one, do", "no"]


def test_a_long_header(tmp_path: Path, run: Run) -> None:
    names = [f"a column with {'quite ' * 25}a long name {i}" for i in range(1000)]
    frame = frame_of(
        saved(tmp_path, ",".join(names) + "\n" + ",".join(map(str, range(1000))) + "\n"), run
    )
    assert frame.columns == names


def test_names_that_are_missing_or_look_like_values(tmp_path: Path, run: Run) -> None:
    assert frame_of(saved(tmp_path, ",b,\n1,2,3\n"), run).columns == ["column_1", "b", "column_3"]
    frame_of(saved(tmp_path, "1,2024-01-05,3.5\n2,2024-01-06,4.5\n"), run)
    assert "no name" in run.warnings[0]
    assert "looks like values" in run.warnings[1]


@pytest.mark.parametrize(
    ("content", "what"),
    [
        ("a,b,c\n1,2,3\n1,2\n", r"line 3 has 2 fields, the header has 3"),
        ("a,b,c\n1,2,3\n\n1,2,3,4\n", r"line 4 has 4 fields, the header has 3"),
        ('a,b\n"x\ny",2\n3\n', r"line 4 has 1 field, the header has 2"),
        ('a,b,c\n"x,y",2,3\n"x","y,z"\n', r"line 3 has 2 fields"),
        ("a\n1,2\n3,4\n", r"cannot be told which line holds the names"),
        ("a,b\n", r"no rows, only a header of 2 columns"),
        ("a,b", r"no rows"),
        ("\n\n", r"the file is empty"),
        ("", r"the file is empty"),
        (b"\x00\x01\x02\x03" * 50, r"no text"),
        (bytes(range(1, 32)) * 9, r"no text"),
        (b"\x89PNG\r\n\x1a\n" + bytes(500), r"a picture"),
        (b"PK\x03\x04" + bytes(50), r"a zip or Excel file"),
        (("a,b\n" + "é,1\n" * 50).encode() + b"\xe9,2\n", r"line 52 is not valid UTF-8"),
    ],
)
def test_damaged_files(tmp_path: Path, run: Run, content: str | bytes, what: str) -> None:
    with pytest.raises(InputError, match=what) as caught:
        read(saved(tmp_path, content), run)
    assert caught.value.hint


def test_an_open_quotation_mark(tmp_path: Path, run: Run) -> None:
    rows = "".join(f'"x{i}",{i}\n' for i in range(300))
    with pytest.raises(InputError, match=r"line 252|quotation|cannot be read"):
        read(saved(tmp_path, "a,b\n" + rows.replace('"x250"', '"x250')), run)


def test_duplicate_names_are_numbered(tmp_path: Path, run: Run) -> None:
    frame = frame_of(saved(tmp_path, "a,b,a,b,c\n1,2,3,4,5\n"), run)
    assert frame.columns == ["a", "b", "a (2)", "b (2)", "c"]
    assert "'a' (2 times), 'b' (2 times)" in run.warnings[0]


@pytest.mark.parametrize(
    "text",
    [
        PLAIN,
        'id,amount,when,flag\n007,"$1,250.00",1/5/2024 9:05,TRUE\n008,-$3.50,12/31/2023 '
        "23:59,FALSE\n",
        "a,b,c\n1,?,NA\n2,?,0.5\n,x,1e-05\n",
        "zone,t\n2024-01-05T10:00:00Z,11:38:36\n2024-01-06T10:00:00Z,09:01:02\n",
        "big,code\n9007199254740993,12345678901234567890\n-9223372036854775808,1\n",
        'text\n"a ""b"", c"\n"two\nlines"\n',
    ],
)
def test_a_round_trip_gives_the_same_bytes(tmp_path: Path, run: Run, text: str) -> None:
    write(read(saved(tmp_path, text), run), tmp_path / "again.csv")
    assert (tmp_path / "again.csv").read_text() == text


CELL = st.one_of(
    st.text(
        st.characters(codec="utf-8", exclude_characters="\r\x00", exclude_categories=["Cc"]),
        max_size=8,
    ),
    st.integers().map(str),
    st.floats().map(str),
    st.dates().map(str),
    st.sampled_from(["", "NA", "?", "-"]),
)


@settings(
    deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(st.tuples(CELL, CELL, CELL), min_size=1, max_size=12))
def test_any_cells_come_back(tmp_path: Path, rows: list[tuple[str, str, str]]) -> None:
    assume(all(map(any, rows)))  # a blank row parts a table from what stands below it
    texts = pl.DataFrame(rows, schema=["a", "b", "c"], orient="row")
    path = saved(tmp_path, texts.write_csv())
    write(read(path, Run()), tmp_path / "again.csv", overwrite=True)
    again = pl.read_csv(tmp_path / "again.csv", infer_schema=False, empty_string_is_null=False)
    assert again.rows() == rows
