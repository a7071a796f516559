"""What a spreadsheet would run is written so that it does not, and read as it was."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tidemill as tm
from tidemill.core.errors import InputError, OutputError
from tidemill.io.formulas import freed, neutral

RUN = [
    *("=1+1", "=cmd|' /C calc'!A0", "@SUM(1+1)", "+1+1", "-1+1", "-2+3+cmd|' /C calc'!A0"),
    *("+A1", "-A1", " =1", "\u00a0=1", "\t=1", "\rx", "\nx", "\tx", '"=1', "'=1", "''=1"),
    *(
        '=HYPERLINK("http://x","y")',
        "＝1",
        "＠SUM(1)",
        "－A1",
        "\u200b=1",
        "- see file",
        "=",
        "@me",
    ),
]
KEPT = [
    *("-5", "+5", "-5.00", "-1,234.50", "-1 234,56 €", "-$5", "-5%", "-1.5e-3", "- 5", "−5"),
    *("+49 170 1234567", "+1 (555) 123-4567", "-", "--", "+", "team", "a=b", "'tis", "x@y.z", ""),
]


@pytest.mark.parametrize("text", RUN)
def test_what_runs_is_made_neutral(text: str) -> None:
    assert neutral(pl.Series([text])).to_list() == [f"'{text}"]
    assert freed(pl.Series([f"'{text}"])).to_list() == [text]


@pytest.mark.parametrize("text", KEPT)
def test_numbers_and_plain_texts_stay(text: str) -> None:
    assert neutral(pl.Series([text])).to_list() == [text]


@given(st.lists(st.text(alphabet="'\"=+-@ \t\r\n5a.＝", max_size=6) | st.none(), max_size=30))
@settings(max_examples=300, deadline=None)
def test_every_text_comes_back(texts: list[str | None]) -> None:
    series = pl.Series("x", texts, dtype=pl.String)
    assert freed(neutral(series)).to_list() == texts
    for cell in neutral(series).drop_nulls():
        assert not re.match(r"[=@\t\r\n]", cell)


@pytest.mark.parametrize("ending", ["csv", "tsv", "csv.gz"])
def test_a_file_holds_no_formula_and_gives_back_the_values(tmp_path: Path, ending: str) -> None:
    texts = [text for text in RUN if "\r" not in text] * 2
    rows = pl.DataFrame(
        {
            "=name": texts,
            "amount": [-1.5 + k for k in range(len(texts))],
            "'+b": ["x", "'=A1'"] * (len(texts) // 2),
        }
    )
    path = tmp_path / f"t.{ending}"
    tm.write(tm.read(rows), path)
    plain = pl.read_csv(path, separator="\t" if "tsv" in ending else ",", infer_schema=False)
    assert plain.columns == ["'=name", "amount", "''+b"]
    assert plain["amount"][0] == "-1.5"
    assert all(cell.startswith("'") for cell in plain["'=name"])
    again = tm.read(path)
    assert again.frame.equals(rows)
    tm.write(again, tmp_path / f"again.{ending}")
    assert (tmp_path / f"again.{ending}").read_bytes() == path.read_bytes()


def test_formulas_are_kept_where_that_is_asked_for(tmp_path: Path) -> None:
    source = tmp_path / "came.csv"
    source.write_text("a,b\n=1+1,5\n'=2,6\nx,7\n")
    data = tm.read(f"{source}?formulas=keep")
    tm.write(data, f"{tmp_path}/out.csv?formulas=keep")
    assert (tmp_path / "out.csv").read_bytes() == source.read_bytes()
    tm.write(data, tmp_path / "neutral.csv")
    assert (tmp_path / "neutral.csv").read_text() == "a,b\n'=1+1,5\n''=2,6\nx,7\n"
    for wrong in ("t.csv?formulas=run", "t.parquet?formulas=keep"):
        with pytest.raises(OutputError, match="makes no sense"):
            tm.write(data, tmp_path / wrong)
    with pytest.raises(InputError, match="makes no sense"):
        tm.read(f"{source}?formulas=run")


def test_excel_gets_texts_and_no_formulas(tmp_path: Path) -> None:
    texts = [text for text in RUN if text.isprintable()]
    tm.write(tm.read(pl.DataFrame({"=a": texts})), tmp_path / "t.xlsx")
    with zipfile.ZipFile(tmp_path / "t.xlsx") as book:
        sheet = book.read("xl/worksheets/sheet1.xml")
    assert sheet.count(b't="s"') == len(texts) + 1
    assert b"<f" not in sheet
    assert tm.read(tmp_path / "t.xlsx")["=a"].to_list() == texts


def test_the_log_of_changes_is_neutral_too(tmp_path: Path) -> None:
    from tidemill.io.writing import write_frame

    write_frame(pl.DataFrame({"before": ["=1", "-5"], "n": [-1, -2]}), tmp_path / "log.csv")
    assert (tmp_path / "log.csv").read_text() == "before,n\n'=1,-1\n-5,-2\n"
