"""Known tables written as other programs write them: dialects, encodings, marks between digits,
forms of dates, and lines around the table."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

import xlsxwriter

Cell = str | int | Decimal | dt.date | dt.datetime | bool | None
"""A value as a person knows it; None where it is missing."""

REGIONS = ("North", "South", "East", "West")
REGIONS_ZH = ("华北", "华东", "华南", "西南")
ITEMS = ("tea, green", "coffee", 'cup "large"', "sugar; brown", "milk", "rice|long", "salt")
ITEMS_ZH = ("绿茶", "咖啡", "白糖", "牛奶", "大米")


@dataclass(frozen=True)
class Form:
    """How one sort of value is written.

    Attributes:
        name: For messages.
        write: A value that is not missing as text.
        excel: The number format of a cell that holds the value itself; "" where the text is stored.
    """

    name: str
    write: Callable[[Cell], str]
    excel: str = ""


@dataclass(frozen=True)
class Rendering:
    """A file as it was written, and what a person reads in it.

    Attributes:
        path: The file.
        columns: Name -> values.
        said: How it was written, for messages.
    """

    path: Path
    columns: dict[str, list[Cell]]
    said: dict[str, str] = field(default_factory=dict)


def _grouped(value: Decimal | int, thousands: str, decimal: str) -> str:
    text = f"{value:,}".replace(",", "\x00").replace(".", decimal)
    return text.replace("\x00", thousands)


def _money(
    thousands: str,
    decimal: str,
    negative: str = "-{}",
    dress: str = "{}",
) -> Callable[[Cell], str]:
    def write(value: Cell) -> str:
        assert isinstance(value, Decimal)
        body = dress.format(_grouped(abs(value), thousands, decimal))
        return negative.format(body) if value < 0 else body

    return write


WIDE = str.maketrans("0123456789.-", "０１２３４５６７８９．－")

MONEY = {
    ",.": (
        Form("plain", _money("", ".")),
        Form("grouped", _money(",", ".")),
        Form("in brackets", _money(",", ".", "({})")),
        Form("minus behind", _money(",", ".", "{}-")),
        Form("dollars", _money(",", ".", "-{}", "${}")),
        Form("dollars in brackets", _money(",", ".", "({})", "${}")),
        Form("pounds behind a minus", _money(",", ".", "-{}", "£{}")),
        Form("yuan before", _money(",", ".", "-{}", "¥{}")),
        Form("wide yuan before", _money("", ".", "-{}", "￥{}")),
        Form("yuan behind", _money("", ".", "-{}", "{}元")),
        Form("code behind", _money(",", ".", "-{}", "{} USD")),
        Form("full width", lambda value: str(value).translate(WIDE)),
        Form("apostrophes", _money("'", ".")),
    ),
    ".,": (
        Form("comma", _money("", ",")),
        Form("grouped by points", _money(".", ",")),
        Form("euros behind", _money(".", ",", "-{}", "{} €")),
        Form("grouped by blanks", _money(" ", ",")),
        Form("grouped by narrow blanks", _money("\u202f", ",")),
        Form("minus behind a comma", _money(".", ",", "{}-")),
    ),
}


def _dated(pattern: str, *, upper: bool = False) -> Callable[[Cell], str]:
    def write(value: Cell) -> str:
        assert isinstance(value, dt.date)
        text = value.strftime(pattern)
        return text.upper() if upper else text

    return write


DATES = (
    Form("ISO", _dated("%Y-%m-%d"), "yyyy-mm-dd"),
    Form("slashes", _dated("%Y/%m/%d"), "yyyy/m/d"),
    Form("short slashes", _dated("%Y/%-m/%-d"), "d/m/yy"),
    Form("day first", _dated("%d/%m/%Y"), "dd/mm/yyyy"),
    Form("month first", _dated("%m/%d/%Y"), "mm/dd/yyyy"),
    Form("short, month first", _dated("%-m/%-d/%Y")),
    Form("points", _dated("%d.%m.%Y"), "dd.mm.yyyy"),
    Form("points, short year", _dated("%d.%m.%y")),
    Form("month's name", _dated("%d-%b-%Y"), "d-mmm-yyyy"),
    Form("Oracle", _dated("%d-%b-%y", upper=True)),
    Form("English", _dated("%b %-d, %Y")),
    Form("weekday", _dated("%a, %d %b %Y")),
    Form("Chinese", _dated("%Y年%-m月%-d日")),
    Form("digits", _dated("%Y%m%d")),
)

MOMENTS = (
    Form("ISO moment", _dated("%Y-%m-%d %H:%M:%S"), "yyyy-mm-dd hh:mm:ss"),
    Form("T", _dated("%Y-%m-%dT%H:%M:%S")),
    Form("no seconds", _dated("%Y-%m-%d %H:%M")),
    Form("day first, time", _dated("%d/%m/%Y %H:%M")),
    Form("month first, half days", _dated("%m/%d/%Y %I:%M %p")),
    Form("SQL Server", _dated("%Y-%m-%d %H:%M:%S.0000000")),
    Form("points and time", _dated("%d.%m.%Y %H:%M")),
    Form("slashes and time", _dated("%Y/%-m/%-d %H:%M")),
)


def _text(value: Cell) -> str:
    return str(value)


def _words(yes: str, no: str) -> Form:
    return Form(f"{yes}/{no}", lambda value: yes if value else no)


BOOLEANS = (_words("yes", "no"), _words("Y", "N"), _words("TRUE", "FALSE"), _words("是", "否"))
SHARES = {
    ",.": (Form("per cent", lambda value: f"{value}%"), Form("share", _text)),
    ".,": (
        Form("per cent, comma", lambda value: f"{value}%".replace(".", ",")),
        Form("share, comma", lambda value: str(value).replace(".", ",")),
    ),
}


@dataclass(frozen=True)
class _Column:
    name: str
    values: list[Cell]
    form: Form


def rendered(seed: int, folder: Path) -> Rendering:
    """The table of a seed, written to the folder."""
    rng = random.Random(seed)
    excel = rng.random() < 0.25
    chinese = rng.random() < 0.3
    marks = rng.choice((",.", ",.", ".,"))
    rows = rng.randint(24, 70)
    columns = _columns(rng, rows, marks, chinese)
    above = _above(rng, chinese)
    below = _below(rng, chinese, columns)
    write = _write_sheet if excel else _write_text
    path, dialect = write(rng, folder / f"table_{seed}", columns, above, below, marks)
    said = {column.name: column.form.name for column in columns}
    said |= {"above": repr(above), "below": repr(below), "dialect": dialect}
    return Rendering(path, {column.name: column.values for column in columns}, said)


def _columns(rng: random.Random, rows: int, marks: str, chinese: bool) -> list[_Column]:
    """Three to seven columns of different sorts, in any order; at least one amount, as a table of
    business has."""
    makers = [_days, _moments, _regions, _codes, _items, _counts, _shares, _answers, _ids]
    chosen = [_amounts, *rng.sample(makers, rng.randint(2, 6))]
    rng.shuffle(chosen)
    columns = []
    for make in chosen:
        column = make(rng, rows, marks, chinese)
        if rng.random() < 0.15 and column.name not in ("id", "编号"):
            gaps = [None if rng.random() < 0.08 else value for value in column.values]
            column = _Column(column.name, gaps, column.form)
        columns.append(column)
    return columns


def _amounts(rng: random.Random, rows: int, marks: str, chinese: bool) -> _Column:
    scale = rng.choice((1, 100, 10_000))
    values: list[Cell] = []
    for _ in range(rows):
        sign = -1 if rng.random() < 0.15 else 1
        cents = sign * (rng.randint(101, 9999) * scale + rng.randint(0, 99))
        values.append(Decimal(cents).scaleb(-2))
    return _Column("金额" if chinese else "amount", values, rng.choice(MONEY[marks]))


def _days(rng: random.Random, rows: int, marks: str, chinese: bool) -> _Column:
    first = dt.date(2021, 1, 1) + dt.timedelta(days=rng.randint(0, 900))
    values: list[Cell] = [first + dt.timedelta(days=rng.randint(0, 400)) for _ in range(rows)]
    return _Column("日期" if chinese else "date", values, rng.choice(DATES))


def _moments(rng: random.Random, rows: int, marks: str, chinese: bool) -> _Column:
    first = dt.datetime(2022, 3, 1)
    values: list[Cell] = [
        first + dt.timedelta(minutes=rng.randint(0, 400 * 24 * 60)) for _ in range(rows)
    ]
    return _Column("交易时间" if chinese else "booked at", values, rng.choice(MOMENTS))


def _regions(rng: random.Random, rows: int, marks: str, chinese: bool) -> _Column:
    levels = REGIONS_ZH if chinese else REGIONS
    values: list[Cell] = [rng.choice(levels) for _ in range(rows)]
    return _Column("地区" if chinese else "region", values, Form("words", _text))


def _items(rng: random.Random, rows: int, marks: str, chinese: bool) -> _Column:
    levels = ITEMS_ZH if chinese else ITEMS
    values: list[Cell] = [rng.choice(levels) for _ in range(rows)]
    return _Column("商品" if chinese else "item", values, Form("texts with marks", _text))


def _codes(rng: random.Random, rows: int, marks: str, chinese: bool) -> _Column:
    values: list[Cell] = [f"{rng.randint(1, 99_999):05d}" for _ in range(rows)]
    values[rng.randrange(rows)] = "00017"
    return _Column("网点" if chinese else "branch", values, Form("codes", _text))


def _ids(rng: random.Random, rows: int, marks: str, chinese: bool) -> _Column:
    first = rng.randint(1, 5000)
    values: list[Cell] = [f"C-{first + 7 * row:06d}" for row in range(rows)]
    return _Column("编号" if chinese else "id", values, Form("ids", _text))


def _counts(rng: random.Random, rows: int, marks: str, chinese: bool) -> _Column:
    values: list[Cell] = [rng.randint(0, 400) for _ in range(rows)]
    return _Column("数量" if chinese else "quantity", values, Form("counts", _text, "0"))


def _shares(rng: random.Random, rows: int, marks: str, chinese: bool) -> _Column:
    values: list[Cell] = [Decimal(rng.randint(0, 1000)).scaleb(-1) for _ in range(rows)]
    return _Column("占比" if chinese else "share", values, rng.choice(SHARES[marks]))


def _answers(rng: random.Random, rows: int, marks: str, chinese: bool) -> _Column:
    values: list[Cell] = [rng.random() < 0.4 for _ in range(rows)]
    return _Column("有效" if chinese else "active", values, rng.choice(BOOLEANS))


def _above(rng: random.Random, chinese: bool) -> list[list[str]]:
    """Lines above the header, as cells."""
    if chinese:
        options: list[list[list[str]]] = [
            [["交易流水明细"]],
            [
                ["导出信息："],
                ["账号：", "6222020200012345678"],
                ["起止日期：", "2021-01-01 至 2023-12-31"],
                [],
            ],
            [["----------------------账单明细----------------------"]],
            [["销售报表"], ["单位：元"], []],
        ]
    else:
        options = [
            [["Sales report 2024"]],
            [["Sales report 2024"], ["printed 2024-10-01"], []],
            [["# export of 1 May"], ["# by the ledger"]],
            [["Account:", "DE89 3704 0044 0532 0130 00"], ["Holder:", "Example Ltd"], []],
            [["Monthly list"], [], []],
            [["Company", "Example Ltd"], ["Period", "2021 to 2023"], ["Currency", "EUR"], []],
        ]
    if rng.random() < 0.45:
        return []
    return rng.choice(options)


def _below(rng: random.Random, chinese: bool, columns: Sequence[_Column]) -> list[list[str]]:
    """Lines below the last row, as cells."""
    chance = rng.random()
    if chance < 0.5:
        return []
    if chance < 0.7:
        return [[], ["资料来源：内部系统" if chinese else "Source: internal system, not audited"]]
    if chance < 0.8:
        rows = len(columns[0].values)
        return [[f"共 {rows} 条记录" if chinese else f"({rows} rows)"]]
    return _totals(chinese, columns)


def _totals(chinese: bool, columns: Sequence[_Column]) -> list[list[str]]:
    """A row of totals; none where no column has room for the word."""
    line = [""] * len(columns)
    for at, column in enumerate(columns):
        present = [value for value in column.values if value is not None]
        if column.name in ("amount", "金额", "quantity", "数量"):
            total = sum(present)  # type: ignore[arg-type]
            line[at] = column.form.write(total)
    room = [at for at, cell in enumerate(line) if not cell]
    if not room:
        return []
    line[room[0]] = "合计" if chinese else "Total"
    return [line]


def _write_text(
    rng: random.Random,
    path: Path,
    columns: Sequence[_Column],
    above: list[list[str]],
    below: list[list[str]],
    marks: str,
) -> tuple[Path, str]:
    delimiter = rng.choice((";", "\t") if marks == ".," else (",", ";", "\t", "|"))
    line_end = rng.choice(("\n", "\r\n"))
    quote_all = rng.random() < 0.2
    padded = rng.random() < 0.4
    closed = rng.random() < 0.08  # one delimiter more at the end of each line
    width = len(columns)

    def field_of(text: str) -> str:
        special = any(mark in text for mark in (delimiter, '"', "\n"))
        if quote_all or special:
            return '"' + text.replace('"', '""') + '"'
        return text

    def line_of(cells: Sequence[str]) -> str:
        text = delimiter.join(map(field_of, cells))
        return text + delimiter if closed else text

    def around(cells: list[str]) -> str:
        if padded:
            cells = cells + [""] * (width - len(cells))
        return delimiter.join(map(field_of, cells))

    lines = [around(cells) for cells in above]
    names = [column.name for column in columns]
    if rng.random() < 0.1:
        names = [f" {name} " for name in names]
    if not above and rng.random() < 0.1:
        lines.append(f"sep={delimiter}")
    lines.append(line_of(names))
    missing = rng.choice(("", "", "NA", "-"))
    for row in range(len(columns[0].values)):
        lines.append(line_of([_cell(column, row, missing) for column in columns]))
    lines += [around(cells) for cells in below]
    encoding = _encoding(rng, "".join(lines))
    file = path.with_suffix(".csv")
    file.write_bytes((line_end.join(lines) + line_end).encode(encoding))
    return (
        file,
        f"{delimiter!r} {line_end!r} {encoding} quoted={quote_all} {missing=} {closed=} {padded=}",
    )


def _encoding(rng: random.Random, text: str) -> str:
    options = ["utf-8", "utf-8-sig", "utf-16"]
    for other in ("gb18030", "cp1252"):
        try:
            text.encode(other)
        except UnicodeEncodeError:
            continue
        if other == "cp1252" or not text.isascii():
            options.append(other)
    if any("\u4e00" <= letter <= "\u9fff" for letter in text):
        options = ["utf-8", "utf-8-sig", "gb18030", "utf-16"]
    return rng.choice(options)


def _cell(column: _Column, row: int, missing: str) -> str:
    value = column.values[row]
    return missing if value is None else column.form.write(value)


def _write_sheet(
    rng: random.Random,
    path: Path,
    columns: Sequence[_Column],
    above: list[list[str]],
    below: list[list[str]],
    marks: str,
) -> tuple[Path, str]:
    file = path.with_suffix(".xlsx")
    native = rng.random() < 0.7
    left, gap = (1, 1) if rng.random() < 0.1 else (0, 0)
    with xlsxwriter.Workbook(file) as book:
        sheet = book.add_worksheet("Data")
        line = gap
        for cells in above:
            sheet.write_row(line, left, cells)
            line += 1
        sheet.write_row(line, left, [column.name for column in columns])
        for row in range(len(columns[0].values)):
            line += 1
            for at, column in enumerate(columns):
                _write_cell(book, sheet, line, left + at, column, row, native)
        for cells in below:
            line += 1
            sheet.write_row(line, left, cells)
    return file, f"xlsx {native=} {left=}"


def _write_cell(
    book: xlsxwriter.Workbook,
    sheet: xlsxwriter.worksheet.Worksheet,
    line: int,
    at: int,
    column: _Column,
    row: int,
    native: bool,
) -> None:
    value = column.values[row]
    if value is None:
        return
    pattern = column.form.excel
    if native and isinstance(value, dt.datetime):
        sheet.write_datetime(line, at, value, _format(book, pattern or "yyyy-mm-dd hh:mm"))
    elif native and isinstance(value, dt.date):
        sheet.write_datetime(line, at, value, _format(book, pattern or "yyyy-mm-dd"))
    elif native and isinstance(value, Decimal | int) and not isinstance(value, bool):
        sheet.write_number(line, at, float(value))
    else:
        sheet.write_string(line, at, column.form.write(value))


def _format(book: xlsxwriter.Workbook, pattern: str) -> xlsxwriter.format.Format:
    return book.add_format({"num_format": pattern})
