"""Sheets: where the table is, and what cells are that Excel keeps as shares of days."""

from __future__ import annotations

import datetime as dt
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from xlsxwriter import Workbook

from tests.unit.io.opening import read
from tidemill.core.errors import InputError
from tidemill.core.run import Run

NAMES = ["Date", "Region", "Quantity", "Amount"]
BODY = [
    [dt.datetime(2024, 1, day % 28 + 1), "NSEW"[day % 4], day % 7 + 1, (day % 7 + 1) * 9.5]
    for day in range(60)
]


class Book:
    """A workbook whose cells are written row by row; None leaves a cell empty."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "book.xlsx"
        self.book = Workbook(self.path)
        self.day = self.book.add_format({"num_format": "yyyy-mm-dd"})

    def sheet(self, name: str, rows: Sequence[Sequence[Any]], row: int = 0, column: int = 0) -> Any:
        sheet = self.book.get_worksheet_by_name(name) or self.book.add_worksheet(name)
        for at, cells in enumerate(rows):
            for place, cell in enumerate(cells):
                if cell is not None:
                    form = self.day if isinstance(cell, dt.datetime) else None
                    sheet.write(row + at, column + place, cell, form)
        return sheet

    def saved(self) -> Path:
        self.book.close()
        return self.path


def test_what_stands_around_a_table(tmp_path: Path, run: Run) -> None:
    book = Book(tmp_path)
    sheet = book.sheet("May", [NAMES, [None, None, "(pcs)", "(EUR)"], *BODY], 2)
    sheet.merge_range(0, 0, 0, 3, "Sales report 2024")
    total = ["Total", None, sum(row[2] for row in BODY), sum(row[3] for row in BODY)]
    book.sheet("May", [total, [], ["Source: the tills"]], 64)
    data = read(book.saved(), run)
    assert data.frame.columns == NAMES
    assert data.frame.rows() == [(row[0].date(), *row[1:]) for row in BODY]
    assert [(one.line, one.sort) for one in data.aside] == [
        (1, "title"),
        (4, "units"),
        (65, "total"),
        (67, "note"),
    ]
    assert "row 3" in run.warnings[0]


def test_a_table_anywhere_in_a_sheet(tmp_path: Path, run: Run) -> None:
    book = Book(tmp_path)
    book.sheet("May", [NAMES, *BODY], 3, 2)
    data = read(book.saved(), run)
    assert data.frame.columns == NAMES
    assert data.frame.height == 60
    assert run.warnings == []


def test_notes_that_look_like_a_table(tmp_path: Path, run: Run) -> None:
    names = ["Name", "Profession", "Age", "Has kids", "Born", "Died"]
    born, died = dt.datetime(1947, 1, 8), dt.datetime(2016, 1, 10)
    above = [["Lots of people"], ["write notes", *[None] * 4, "here"], ["at", None, "the", "top"]]
    below = [["This"], [None, "is fun, but"], [None, None, "we", None, "have"], ["bye", *"     "]]
    rows = [[f"A{at}", "singer", 60 + at, True, born, died] for at in range(10)]
    book = Book(tmp_path)
    book.sheet("arts", [*above, names, *rows, *below])
    frame = read(book.saved(), run).frame
    assert frame.columns == names
    assert frame["Age"].to_list() == list(range(60, 70))
    assert frame["Born"].unique().to_list() == [dt.date(1947, 1, 8)]


def test_a_statement_of_a_bank(tmp_path: Path, run: Run) -> None:
    above = [["活期账户交易明细"], ["卡号：6222", None, None, "姓名：张三"], ["起始：20210101"]]
    rows = [[at, "消费", f"2021010{at}", f"-12.5{at}"] for at in range(1, 9)]
    book = Book(tmp_path)
    below = [["以上数据仅供参考，内容与柜面不一致的以柜面为准"]]
    book.sheet("明细", [*above, ["序号", "摘要", "交易日期", "交易金额"], *rows, *below])
    frame = read(book.saved(), run).frame
    assert frame.columns == ["序号", "摘要", "交易日期", "交易金额"]
    assert frame.height == 8


def test_merged_cells(tmp_path: Path, run: Run) -> None:
    book = Book(tmp_path)
    sheet = book.sheet("A", [["Region", "City", "n"], *([None, f"c{at}", at] for at in range(9))])
    for part in range(3):
        sheet.merge_range(1 + 3 * part, 0, 3 + 3 * part, 0, f"R{part}")
    assert read(book.saved(), run)["Region"].to_list() == ["R0"] * 3 + ["R1"] * 3 + ["R2"] * 3
    assert "merged cells" in run.warnings[0]


def test_a_header_of_two_rows(tmp_path: Path, run: Run) -> None:
    book = Book(tmp_path)
    rows = [[f"R{at}", at, at + 1, 2 * at, 3 * at] for at in range(8)]
    sheet = book.sheet("A", [[None, "plan", "actual", "plan", "actual"], *rows], 1)
    sheet.merge_range(0, 0, 1, 0, "Region")
    sheet.merge_range(0, 1, 0, 2, "Sales")
    sheet.merge_range(0, 3, 0, 4, "Cost")
    names = ["Region", "Sales plan", "Sales actual", "Cost plan", "Cost actual"]
    assert read(book.saved(), run).frame.columns == names


def test_times_and_durations(tmp_path: Path, run: Run) -> None:
    book = Book(tmp_path)
    book.sheet("Orders", [["shop", "v"], *(["abc"[at % 3], at * 1.5] for at in range(60))])
    sheet = book.sheet("Shifts", [["who", "worked", "at"], *([at] for at in range(60))])
    worked = book.book.add_format({"num_format": "[h]:mm"})
    clock = book.book.add_format({"num_format": "hh:mm"})
    for at in range(60):
        sheet.write_number(at + 1, 1, at * 97 / 1440, worked)
        sheet.write_number(at + 1, 2, at * 13 % 1440 / 1440, clock)
    path = book.saved()
    assert read(path, run)["v"].to_list() == [at * 1.5 for at in range(60)]
    shifts = read(f"{path}?sheet=Shifts", run)
    assert shifts["worked"].to_list() == [at * 97 * 60 for at in range(60)]
    assert shifts["at"].to_list() == [at * 13 * 60 for at in range(60)]
    assert shifts.schema["at"].kind == "number"
    assert shifts.schema["worked"].reason.startswith("a duration, counted in seconds")
    assert shifts.schema["at"].reason.startswith("a time of day, counted in seconds")


def test_odd_cells(tmp_path: Path, run: Run, capfd: pytest.CaptureFixture[str]) -> None:
    book = Book(tmp_path)
    sheet = book.sheet("A", [["id", "code", "when", "early"]])
    for at in range(8):
        sheet.write(at + 1, 0, at)
        sheet.write(at + 1, 1, at * 1.5 if at % 2 else "x")
        sheet.write(at + 1, 2, "unknown" if at == 0 else dt.datetime(2024, 1, 1, 9, at), book.day)
        sheet.write(at + 1, 3, at * 20 + 1, book.day)
    sheet.write_formula(9, 0, "=1/0", None, "#DIV/0!")
    sheet.write(9, 1, "y")
    frame = read(book.saved(), run).frame
    assert frame["id"].to_list() == [*range(8), None]
    assert frame["code"].to_list()[:4] == ["x", "1.5", "x", "4.5"]
    assert frame["when"][:2].to_list() == ["unknown", "2024-01-01 09:01:00"]
    assert frame["early"][:4].to_list() == [
        dt.date(1900, 1, 1),
        dt.date(1900, 1, 21),
        dt.date(1900, 2, 10),
        dt.date(1900, 3, 1),
    ]
    assert capfd.readouterr().err == ""


def test_which_sheet(tmp_path: Path, run: Run) -> None:
    book = Book(tmp_path)
    book.sheet("Readme", [["This book"], ["is about"], ["shops"]])
    book.sheet("Hidden", [["a", "b"], [1, 2], [3, 4]]).hide()
    book.sheet("Data", [["c", "d"], [1, 2], [3, 4]])
    path = book.saved()
    assert read(path, run).frame.columns == ["c", "d"]
    assert "Readme, Hidden (hidden)" in run.warnings[0]
    assert read(f"{path}?sheet=Hidden", run).name == "Hidden"


@pytest.mark.parametrize(
    ("part", "names", "rows"),
    [
        ("", ["a", "b", "c"], 9),
        ("?header=13", ["who", "n"], 2),
        ("?skip=12", ["who", "n"], 2),
        ("?sheet=A&skip=12&footer=1", ["who", "n"], 1),
        ("?header=0&footer=5", ["column_1", "column_2", "column_3"], 10),
    ],
)
def test_two_tables(tmp_path: Path, part: str, names: list[str], rows: int) -> None:
    book = Book(tmp_path)
    book.sheet("A", [["a", "b", "c"], *([at, "x", at * 2] for at in range(9))])
    book.sheet("A", [["who", "n"], ["Bob", 2], ["Ann", 3]], 12)
    run = Run()
    frame = read(f"{book.saved()}{part}", run).frame
    assert (frame.columns, frame.height) == (names, rows)
    if not part:
        assert "'who' and 'n'" in run.warnings[0]


def test_wrong_places_are_refused(tmp_path: Path, run: Run) -> None:
    book = Book(tmp_path)
    book.sheet("A", [["a", "b"], [1, 2]])
    path = book.saved()
    for part in ("?header=x", "?header=40", "?skip=9", "?sheet=B"):
        with pytest.raises(InputError):
            read(f"{path}{part}", run)


def ods(path: Path, rows: Sequence[Sequence[str]]) -> Path:
    """An OpenDocument sheet of texts and, where a cell is digits, numbers."""
    office = "urn:oasis:names:tc:opendocument:xmlns:office:1.0"
    schemas = office.replace("office:1.0", "{}:1.0")
    lines = []
    for row in rows:
        cells = []
        for cell in row or [""]:
            kind = f'float" office:value="{cell}' if cell.isdigit() else "string"
            text = f'office:value-type="{kind}"><text:p>{cell}</text:p></table:table-cell>'
            cells.append(f"<table:table-cell {text}" if cell else "<table:table-cell/>")
        lines.append(f"<table:table-row>{''.join(cells)}</table:table-row>")
    content = (
        f'<office:document-content xmlns:office="{office}" '
        f'xmlns:table="{schemas.format("table")}" xmlns:text="{schemas.format("text")}">'
        '<office:body><office:spreadsheet><table:table table:name="S">'
        f"{''.join(lines)}"
        "</table:table></office:spreadsheet></office:body></office:document-content>"
    )
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("content.xml", content)
        archive.writestr("META-INF/manifest.xml", "<manifest/>")
    return path


def test_opendocument(tmp_path: Path, run: Run) -> None:
    rows = [[f"shop {at}", str(at), str(2 * at)] for at in range(1, 8)]
    above, below = [["Sales report"], []], [["Total", "28", "56"], ["Source: the tills"]]
    data = read(ods(tmp_path / "t.ods", [*above, ["shop", "n", "m"], *rows, *below]), run)
    assert data.frame.columns == ["shop", "n", "m"]
    assert data["m"].to_list() == [2 * at for at in range(1, 8)]
    assert [one.sort for one in data.aside] == ["title", "total", "note"]


SIDE = {
    "a longer table": ([["day", "n"], *([f"d{at}", at] for at in range(5))], 0, 4),
    "parameters": ([["p", "value"], ["alpha", 0.5], ["beta", 0.7]], 2, 4),
    "sums": ([["Total", 66], ["Mean", 6]], 1, 5),
    "notes": ([["Note: all is preliminary"], ["see sheet 2"]], 1, 4),
}


@pytest.mark.parametrize("name", list(SIDE))
def test_what_stands_beside_a_table_is_left_out(tmp_path: Path, run: Run, name: str) -> None:
    cells, row, column = SIDE[name]
    book = Book(tmp_path)
    book.sheet("A", [["a", "b", "c"], *([at, f"x{at}", at * 2] for at in range(12))])
    book.sheet("A", cells, row, column)
    frame = read(book.saved(), run).frame
    assert (frame.columns, frame.height) == (["a", "b", "c"], 12)
    assert "beside the table" in run.warnings[0]
    assert f"'{cells[0][0]}'" in run.warnings[0]


def test_a_blank_column_within_a_table(tmp_path: Path, run: Run) -> None:
    book = Book(tmp_path)
    rows = [[at, f"x{at}", None, at * 2, at % 3] for at in range(12)]
    book.sheet("A", [["a", "b", None, "c", "d"], *rows])
    remarks = [[at, f"x{at}", None, "late" if at in (3, 4) else None] for at in range(12)]
    book.sheet("B", [["a", "b", None, "remark"], *remarks])
    path = book.saved()
    frame = read(f"{path}?sheet=A", run).frame
    assert (frame.columns, frame.height) == (["a", "b", "c", "d"], 12)
    assert "read as one table" in run.warnings[0]
    assert read(f"{path}?sheet=B", run).frame.columns == ["a", "b", "remark"]


def test_names_of_three_rows_and_signatures(tmp_path: Path, run: Run) -> None:
    above = [["工资表"], [None, "城市", None, "农村"], [None, "2023", None, "2023", None]]
    names = ["序号", "基本", "奖金", "基本", "奖金"]
    rows = [[at + 1, *(at * 7 + of for of in range(4))] for at in range(9)]
    total = ["合计", *(sum(row[at] for row in rows) for at in range(1, 5))]
    book = Book(tmp_path)
    book.sheet("A", [*above, names, *rows, total, ["制表人：", "李四", "审核人：", "王五"]])
    frame = read(book.saved(), run).frame
    pairs = [f"{place} 2023 {name}" for place in ("城市", "农村") for name in names[1:3]]
    assert frame.columns == ["序号", *pairs]
    assert frame.height == 9
    assert all(dtype.is_integer() for dtype in frame.dtypes)


def test_an_old_sheet_with_all_around_it(run: Run) -> None:
    path = Path(__file__).parents[2] / "data" / "sheet-with-a-side-table.xls"
    data = read(path, run)
    assert data.frame.columns == ["Datum", "Region", "Menge", "Betrag"]
    assert data.frame.height == 12
    assert data.frame["Datum"][0] == dt.date(2024, 1, 1)
    assert [one.sort for one in data.aside] == ["title", "title", "total", "note"]
    assert len(run.warnings) == 2
    assert "'Code'" in run.warnings[0]
