"""Where the table is among the rows of a text or a sheet: its header, its first row, and what
stands around it.

The header is the first row from which on widths and types are steady. Rows are judged by three
things only: how many fields they have, how many of them are filled, and whether their cells are of
the kind (number, date, text) that their column has further below.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Literal

from tidemill.core.aside import Aside, AsideSort
from tidemill.core.errors import InputError
from tidemill.core.run import Run
from tidemill.core.spelling import is_marker
from tidemill.core.words import listing, plural, shorten

CellKind = Literal["", "text", "number", "year", "date"]

_MONTH = (
    r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec|mär|mai|okt|dez|fév|avr|juil|août|déc)"
)
_DATE = re.compile(
    r"\d{1,4}[-/.年]\s?\d{1,2}(?:[-/.月]\s?\d{1,4}日?|月)|(?:19|20)\d\d[-/ ]?(?:Q[1-4]|H[12]|W\d\d)"
    rf"|(?:19|20)\d\d[-/]\d\d?\b|\b\d{{1,2}}:\d\d|\d[ -]?{_MONTH}|^\W*(?:\w{{2,9}}\.?,? )?{_MONTH}"
    r"\w{0,6}\.?[ -]\d{1,4}|\bQ[1-4][- /]?(?:19|20)?\d\d",
    re.IGNORECASE,
)
_DATE_WORD = re.compile(
    rf"{_MONTH}\w{{0,6}}|(?:mon|tue|wed|thu|fri|sat|sun)\w{{0,6}}|uhr|[年月日时分秒上下午]",
    re.IGNORECASE,
)
_YEAR = re.compile(
    r"(?:FY|CY|GJ)?\s?(?:19|20)\d\d(?:[-/–](?:19|20)?\d\d)?(?:\s?年度?|\s?[A-Zp]|\s?\(\w{1,6}\))?"
)
_YEAR_AND_MONTH = re.compile(r"\d{4}[-/–](?:0\d|1[0-2])")
_RANGE = re.compile(r"\d{1,9}\s?(?:[-–~]|to|bis|至)\s?\d{1,9}")
_NUMBER = re.compile(
    r"[^\w\s]{0,2}\s?(?:(?:USD|EUR|GBP|CHF|CNY|RMB|JPY|INR|SEK|NOK|DKK|AUD|CAD|BRL|Rs|kr|Fr"
    r"|(?:US|CA|AU|HK|NZ|A|C|R)(?=\$))\.?\s?)?[^\w\s]{0,3}\s?\d(?:[\d\s.,'’·eE+-]*\d)?(?:[.,-](?!\w))?"
    r"(?:\s?[^\W\d_]{0,3}\.?|[%‰)\]$€£¥￥₹°*+-]{0,3}|\s?/\s?\d+){0,2}"
)
_COMMENT = re.compile(r"\s*(?:#|//|--|%|;|>)")
_LINE = re.compile(r"[\s|+=\-_*~─━═┼├┤:.]*")
_UNIT = re.compile(
    r"[(\[（【].{1,20}[)\]）】]|%|‰|[$€£¥￥₹]|(?:[mckµ]?[gmlsWVAJN]|[km]?(?:Wh|Pa|Hz)|[kMGT]i?B)"
    r"|(?:kg|km|cm|mm|ml|kWh|h|min|sec|days?|years?|pcs|units?|EUR|USD|GBP|CHF|CNY|JPY|RMB|TEUR"
    r"|Stk\.?|Stück|°[CF]|m[²³23]|km/h|m/s|hPa|元|万元|亿元|件|个|千克|公斤|人|天|岁|年|日|吨|米)"
    r"|(?:in )?(?:thousand|million|Tsd|Mio)\.?s?(?: \w{2,4})?"
)
_TOTAL = re.compile(
    r"(?:grand |sub|sub-|net |overall )?totals?\b.*|sum\b.*|average\b.*"
    r"|summen?\b.*|gesamt.*|zwischensumme|insgesamt|mittelwert|durchschnitt|somme"
    r"|total général|total general|moyenne|totale|media|promedio|suma|итого.*|всего.*"
    r"|总计.*|合计.*|小计.*|总和|总数|平均.*|合計.*|計|총계|합계"
    r"|totaal|totalt|totales|totaux|razem|soma|[Σ∑]|\*{1,3}",
    re.IGNORECASE,
)
_STATISTIC = re.compile(
    r"mean|count|min\.?|max\.?|minimum|maximum|median|最大值|最小值|均值", re.IGNORECASE
)
_NOTE = re.compile(
    r"\*|†|¹|\(?\s*[\d,. ]+\s?(?:rows?|records?|lines?|entries|Zeilen|lignes|filas|行|条|笔)\b.*"
    r"|(?:共|总计|合计)\s?\d|(?:rows?|records?|zeilen|lignes|filas)\s?[:：=]?\s?\d+\s*$|source|quelle|fuente|fonte|note|notes|anmerkung|hinweis|remark|nb:|n\.b\.|legend|disclaimer"
    r"|generated|created|printed|exported|erstellt|gedruckt|signed|signature|unterschrift|prepared"
    r"|end of|ende|eof|query|elapsed|time:|©|copyright|stand:|as of|注|备注|说明|来源|数据来源|制表"
    r"|审核|签字|打印|导出|资料来源|总笔数|\(\s*\d|\[\s*\d|#|//|--|confidential|page \d|seite \d",
    re.IGNORECASE,
)
_PHRASE = re.compile(r"\w\s+\w|[:：]|^[<*=(\[-]|[\u4e00-\u9fff]{4}|\d[\u4e00-\u9fff]")
_KEYED = re.compile(r"[^:：]{1,40}[:：]")
_TITLE = re.compile(
    r"report|export|print|generat|period|account|konto|statement|list\b|auszug|bericht|rapport"
    r"|relevé|extracto|informe|as of\b|stand\b|导出|账户|账号|账单|明细|流水|报表|制表|期间|\d{4}",
    re.IGNORECASE,
)
_STEADY = 0.8  # of a column's filled cells are of one kind
_NEXT = 5  # rows below the first one that must be rows, too, for the most part
_QUOTED = 40


@dataclass(frozen=True)
class Row:
    """A row of text cells.

    Attributes:
        line: Where it begins, counted from 1 as the file or the sheet is seen.
        cells: As they stand there.
    """

    line: int
    cells: tuple[str, ...]

    @property
    def filled(self) -> int:
        """How many cells are not blank."""
        return sum(1 for cell in self.cells if cell.strip())

    @property
    def text(self) -> str:
        """The cells that are not blank, as one text."""
        return " ".join(" ".join(cell.split()) for cell in self.cells if cell.strip())


@dataclass(frozen=True)
class Layout:
    """Where a table is.

    Attributes:
        names: Of the columns, as the header has them; the empty text where it has none.
        header: The row of the names; None where there is none.
        first: The position of the first row below it among the rows that were given.
        fields: How many fields a row has; more than names where the last ones are always blank.
        kinds: What the cells of each column are for the most part; "" where they are of several.
        fill: How many cells of a row are filled.
        aside: What stands above the first row.
    """

    names: tuple[str, ...]
    header: Row | None
    first: int
    fields: int
    kinds: tuple[CellKind, ...]
    fill: int
    aside: tuple[Aside, ...] = ()

    def looks_like_a_row(self, row: Row) -> bool:
        """Whether the cells are of the kinds of their columns."""
        alike, unlike, _ = _compared(row, self.kinds)
        return alike > 0 and 2 * unlike <= alike

    def fits(self, row: Row) -> bool:
        """Whether no cell is of another kind than its column, and at least one is of its kind."""
        alike, unlike, _ = _compared(row, self.kinds)
        return alike > 0 and not unlike

    def looks_like_names(self, row: Row) -> bool:
        """Whether no cell is of the kind of its column, though at least one column has a kind."""
        alike, unlike, neutral = _compared(row, self.kinds)
        return not alike and (unlike > 0 or neutral > 1) and _are_distinct(row)

    def repeats_header(self, row: Row) -> bool:
        """Whether the row is the header once more."""
        if self.header is None or row.filled < 2:
            return False
        return _stripped(row.cells) == _stripped(self.header.cells)


def kind_of(cell: str) -> CellKind:
    """What a cell looks like; markers of missing values are like blanks.

    Example:
        >>> [kind_of(cell) for cell in ("Region", "1,250.00 EUR", "5 Jan 2024", "2019", "n/a")]
        ['text', 'number', 'date', 'year', '']
    """
    text = cell.strip()
    if is_marker(text):
        return ""
    if not any(map(str.isdigit, text)) or len(text) > 40:
        return "text"
    if _YEAR.fullmatch(text) and not _YEAR_AND_MONTH.fullmatch(text):
        return "year"
    if _DATE.search(text) and sum(map(str.isalpha, _DATE_WORD.sub("", text))) <= 4:
        return "date"
    if _RANGE.fullmatch(text):
        return "text"
    return "number" if _NUMBER.fullmatch(text) else "text"


def is_separator(row: Row) -> bool:
    """Whether a row is a line of dashes, equal signs and the like."""
    is_long = any(len(cell.strip()) >= 3 for cell in row.cells)
    return is_long and all(_LINE.fullmatch(cell) for cell in row.cells)


def width_of(rows: Iterable[Row]) -> int:
    """The number of fields under which the most cells stand below others; the commonest where no
    two neighbours have equally many, and of equally common ones the greater.

    A few rows of many fields are rather the table than more lines of two above them.
    """
    widths = [len(row.cells) for row in rows if row.filled and not is_separator(row)]
    often = Counter(widths)
    below = Counter(own for over, own in pairwise(widths) if over == own)
    return max(
        often,
        key=lambda width: (below[width] * (width - 1), often[width] * (width > 1), width),
        default=0,
    )


def found_layout(rows: Sequence[Row], where: str, *, header: int | None = None) -> Layout:
    """The header and the first row of a table, from the first rows of a text or a sheet.

    Args:
        rows: The first rows, blank ones among them.
        where: The file, for messages.
        header: The line of the header where the user names it, 0 for none.

    Raises:
        InputError: It cannot be decided, or there is no such line.
    """
    if header is None:
        rows = _first_table(rows)
    fields = width_of(rows)
    if not fields:
        raise InputError(
            "there are no rows, only blank lines",
            where=where,
            hint="give a file with a header line and rows",
        )
    width = fields - _trailing(rows, fields)
    cut = [_cut(row, width) for row in rows]
    kinds, fill = _kinds(cut, width)
    base = Layout((), None, 0, fields, kinds, fill)
    if header is not None:
        return _as_given(cut, base, width, header, where)
    at = _header_at(cut, base, width, where)
    return _built(cut, base, at, width)


def _first_table(rows: Sequence[Row]) -> Sequence[Row]:
    """The rows up to the end of the first of several tables that blank rows part."""
    blank = [at for at, row in enumerate(rows) if not row.filled]
    begins = [0, *(at + 1 for at in blank)]
    ends = [*blank, len(rows)]
    tables = [end for begin, end in zip(begins, ends, strict=True) if _is_table(rows[begin:end])]
    return rows[: tables[0]] if len(tables) > 1 else rows


def _is_table(rows: Sequence[Row]) -> bool:
    """Whether rows, below titles, are a table that cannot be taken for lines around one: three
    names or more above three rows or more, numbers or dates below a name."""
    begin = next((at for at, row in enumerate(rows) if row.filled > 1), len(rows))
    if len(rows) < begin + 4:
        return False
    names = rows[begin]
    body = [row for row in rows[begin + 1 :] if len(row.cells) == len(names.cells)]
    if names.filled < 3 or any(kind_of(cell) not in ("", "text", "year") for cell in names.cells):
        return False
    if not _are_distinct(names) or len(body) < 3:
        return False
    kinds = [_kind(cells) for cells in zip(*(row.cells for row in body), strict=True)]
    return any(kind and cell.strip() for kind, cell in zip(kinds, names.cells, strict=True))


def _trailing(rows: Sequence[Row], width: int) -> int:
    """How many delimiters more than the header the rows end in."""
    wide = [row for row in rows if len(row.cells) == width and row.filled]
    used = max(len(_stripped(row.cells)) for row in wide)
    for row in rows:
        if row.line < wide[0].line and max(used, 2) <= len(row.cells) == row.filled < width:
            return width - len(row.cells)
    return 0


def _cut(row: Row, width: int) -> Row:
    """The row without blank fields beyond the table's width."""
    if len(row.cells) > width and not any(cell.strip() for cell in row.cells[width:]):
        return replace(row, cells=row.cells[:width])
    return row


def _kinds(rows: Sequence[Row], width: int) -> tuple[tuple[CellKind, ...], int]:
    """The kind of each column and how many cells of a row are filled, by the later rows."""
    wide = _longest_stretch(rows, width)
    if not wide:
        return tuple(_kind([]) for _ in range(width)), 0
    # titles and notes fill one cell, also where they are more than the rows
    several = [row for row in wide if row.filled > 1]
    wide = several if len(several) > 1 else wide
    fill = sorted(row.filled for row in wide)[3 * (len(wide) - 1) // 4]
    full = [row for row in wide if 2 * row.filled >= fill]
    later = full[len(full) // 2 :]
    return tuple(_kind([row.cells[at] for row in later]) for at in range(width)), fill


def _longest_stretch(rows: Sequence[Row], width: int) -> list[Row]:
    """Rows of this width that no blank row parts; all of them where every stretch is short."""
    stretches: list[list[Row]] = [[]]
    for row in rows:
        if not row.filled:
            stretches.append([])
        elif len(row.cells) == width and not _is_around(row):
            stretches[-1].append(row)
    longest = max(stretches, key=lambda stretch: sum(row.filled - 1 for row in stretch))
    if len(longest) >= 3 and (width == 1 or sum(row.filled > 1 for row in longest) > 1):
        return longest
    return [row for stretch in stretches for row in stretch]


def _is_around(row: Row) -> bool:
    return is_separator(row) or _is_total(row) or _COMMENT.match(row.cells[0]) is not None


def _kind(cells: Sequence[str]) -> CellKind:
    counts: Counter[CellKind] = Counter(kind for kind in map(kind_of, cells) if kind)
    total = sum(counts.values())
    if counts["number"]:
        counts["number"] += counts.pop("year", 0)
    kinds: tuple[CellKind, ...] = ("number", "date", "year")
    for kind in kinds:
        if counts[kind] and counts[kind] >= _STEADY * total:
            return kind
    return ""


def _compared(row: Row, kinds: Sequence[CellKind]) -> tuple[int, int, int]:
    """How many cells in columns of a kind are of that kind, are not, and could be years as names or
    as values."""
    alike = unlike = neutral = 0
    for cell, kind in zip(row.cells, kinds, strict=False):
        own = kind_of(cell)
        if not kind or not own:
            continue
        if own == "year" and kind != "year":
            neutral += 1
        elif own == kind or (kind == "year" and own == "number"):
            alike += 1
        else:
            unlike += 1
    return alike, unlike, neutral


def _are_distinct(row: Row) -> bool:
    names = [cell.strip() for cell in row.cells if cell.strip()]
    return len(set(names)) * 2 >= len(names)


def _stripped(cells: Iterable[str]) -> list[str]:
    texts = [" ".join(cell.split()) for cell in cells]
    while texts and not texts[-1]:
        texts.pop()
    return texts


def _is_complete(row: Row, fill: int, width: int) -> bool:
    """Whether a row has about as many cells filled as the rows below."""
    if len(row.cells) != width:
        return False
    enough = math.ceil(0.75 * fill)
    if not row.cells[0].strip() and width > 1:
        enough = min(enough, max(1, fill - 1))  # the names of rows need none themselves
    return row.filled >= max(1, enough)


def _is_total(row: Row) -> bool:
    label = next((cell.strip() for cell in row.cells if cell.strip()), "")
    return _TOTAL.fullmatch(label.rstrip(":：")) is not None


def _is_units(row: Row) -> bool:
    cells = [cell.strip() for cell in row.cells if cell.strip()]
    return bool(cells) and all(_UNIT.fullmatch(cell) for cell in cells)


def _header_at(rows: Sequence[Row], layout: Layout, width: int, where: str) -> int | None:
    """The position of the header; None where the first row that is as wide as the others is
    already one of the data."""
    complete = [at for at, row in enumerate(rows) if _is_complete(row, layout.fill, width)]
    plain = [at for at in complete if not _is_remark(rows[at])]
    first = (plain or complete or [_first_filled(rows)])[0]
    if first - 1 in complete and _are_commented_names(rows[first - 1], rows[first], layout):
        return first - 1
    if width == 1 and rows and _is_title(rows[first]):
        below = _next_row(rows, first + 1)
        raise undecided(rows, [first, first if below is None else below], where)
    named = _named_at(rows, layout, width)
    if named is None and rows and _is_lone(rows[first]):
        below = _next_row(rows, first + 1)
        raise undecided(rows, [first, first if below is None else below], where)
    if named is None or named == first:
        return _short_header(rows, layout, width, first, where)
    if named < first:
        return named
    between = [row for row in rows[first:named] if row.filled]
    below_blank = not any(cell.strip() for cell in rows[named - 1].cells)
    like_rows = [row for row in between if layout.looks_like_a_row(row)]
    kinds = sum(1 for kind in layout.kinds if kind)
    if not like_rows:
        return _of_several(rows, layout, first, named, where)
    if below_blank or all(_KEYED.match(row.text) for row in like_rows):
        return named
    if kinds < 2 or layout.looks_like_names(rows[first]) or len(like_rows) > 2:
        return first
    raise undecided(rows, [first, named], where)


def _is_lone(row: Row) -> bool:
    """Whether only the first of several cells is filled, with more than a word."""
    alone = len(row.cells) > 1 and row.filled == 1 and bool(row.cells[0].strip())
    return alone and (len(row.text.split()) > 1 or _is_title(row))


def _is_title(row: Row) -> bool:
    """Whether a text is rather a title than the name of the only column."""
    text = row.text
    several = len(text.split()) > 1 or re.search(r"[\u4e00-\u9fff]{4}", text) is not None
    return several and (_TITLE.search(text) or _KEYED.match(text)) is not None


def _first_filled(rows: Sequence[Row]) -> int:
    return next((at for at, row in enumerate(rows) if row.filled), 0)


def _are_commented_names(row: Row, below: Row, layout: Layout) -> bool:
    """Whether the names stand behind the mark of a comment, right above the first row."""
    if is_separator(row) or not _are_unique(row) or len(row.cells) < 2:
        return False
    return layout.looks_like_names(row) and layout.looks_like_a_row(below)


def _is_remark(row: Row) -> bool:
    """Whether a row begins like a comment, and is not the header of a format that marks it so."""
    begin = row.cells[0]
    if is_separator(row):
        return True
    marked = _COMMENT.match(begin)
    if marked is None:
        return False
    return row.filled == 1 or begin[marked.end() : marked.end() + 1].isspace()


def _named_at(rows: Sequence[Row], layout: Layout, width: int) -> int | None:
    """The first row whose cells are all unlike their columns and that has a row of data below."""
    for at, row in enumerate(rows):
        if len(row.cells) != width or not row.filled or _is_remark(row):
            continue
        if row.cells[0].strip() and (2 * row.filled < layout.fill or _is_lone(row)):
            continue
        if not layout.looks_like_names(row) or _is_units(row):
            continue
        below = _next_row(rows, at + 1)
        if below is not None and layout.looks_like_a_row(rows[below]):
            return at
    return None


def _next_row(rows: Sequence[Row], at: int) -> int | None:
    """The next row that is neither blank, nor a line, nor units."""
    for position in range(at, len(rows)):
        row = rows[position]
        if row.filled and not is_separator(row) and not _is_units(row):
            return position
    return None


def _short_header(
    rows: Sequence[Row], layout: Layout, width: int, first: int, where: str
) -> int | None:
    """The header where the first complete row seems to be it, but narrower lines stand above."""
    above = [at for at in range(first) if rows[at].filled and not _is_remark(rows[at])]
    row = rows[first] if first < len(rows) else None
    if not above or row is None or len(row.cells) != width:
        return first
    last = above[-1]
    if layout.looks_like_names(row):
        return first
    is_short = len(rows[last].cells) == width - 1 and rows[last].filled == width - 1
    if is_short and width > 2 and all(kind_of(c) in ("text", "year") for c in rows[last].cells):
        return last  # the column of row names has none itself
    if layout.looks_like_a_row(row) or (not any(layout.kinds) and not _is_apart(rows, last, first)):
        raise undecided(rows, [last, first], where)
    return first


def _is_apart(rows: Sequence[Row], last: int, first: int) -> bool:
    """Whether the line above a header is plainly a title: apart from it, or padded."""
    if first - last > 1 or _KEYED.match(rows[last].text) or is_separator(rows[last]):
        return True
    if len(rows[last].cells) == 1 and len(rows[first].cells) > 2 and " " in rows[last].text:
        return True
    return len(rows[last].cells) == len(rows[first].cells) or last > 0


def _of_several(rows: Sequence[Row], layout: Layout, first: int, named: int, where: str) -> int:
    """The header where rows of names, or a title and one, stand above each other."""
    kinds = sum(1 for kind in layout.kinds if kind)
    upper = rows[first]
    if _are_unique(upper) and not _are_unique(rows[named]) and len(layout.kinds) > 2:
        return first  # lines that tell of the columns leave some blank, their names do not
    if not all(map(_are_unique, rows[first:named])) or _KEYED.match(upper.text):
        return named
    if _is_cut_sentence(upper) and not any(map(_is_cut_sentence, rows[named:])):
        return named
    alike, _, _ = _compared(upper, layout.kinds)
    if alike:
        return named
    is_title = len(upper.text.split()) > 1 or any(map(str.isdigit, upper.text))
    if len(layout.kinds) == 1 and is_title:
        raise undecided(rows, [first, named], where)
    if len(layout.kinds) in (2, 3) and kinds == len(layout.kinds):
        raise undecided(rows, [first, named], where)
    return first


def _is_cut_sentence(row: Row) -> bool:
    """Whether a blank follows a delimiter, as the commas of a sentence have it."""
    return any(cell[:1].isspace() for cell in row.cells[1:])


def _are_unique(row: Row) -> bool:
    names = [cell.strip() for cell in row.cells]
    return all(names) and len(set(names)) == len(names)


def undecided(rows: Sequence[Row], candidates: Sequence[int], where: str) -> InputError:
    """The error of a file in which the header could be one line or another."""
    lines = [f"line {rows[at].line} ('{shorten(rows[at].text, _QUOTED)}')" for at in candidates]
    options = [f"?header={rows[at].line}" for at in candidates]
    return InputError(
        f"it cannot be told which line holds the names of the columns: {listing(lines, 'or')}",
        where=where,
        hint=f"say so behind the file's name, as {where}{options[-1]} (or {options[0]}; "
        "?header=0 if there are no names)",
    )


def _as_given(rows: Sequence[Row], layout: Layout, width: int, header: int, where: str) -> Layout:
    if header == 0:
        wide = (at for at, row in enumerate(rows) if len(row.cells) == width and row.filled)
        first = next(wide, 0)
        while first < len(rows) - 1 and (
            2 * rows[first].filled < layout.fill or _is_remark(rows[first])
        ):
            first += 1
        aside = _above(rows[:first])
        names = tuple(f"column_{number}" for number in range(1, width + 1))
        return replace(layout, names=names, first=first, aside=aside)
    for at, row in enumerate(rows):
        if row.line == header and row.filled:
            kinds, fill = _kinds(rows[at + 1 :], width)
            layout = replace(layout, kinds=kinds, fill=fill)
            return _built(rows, layout, at, width, joins=False)
    raise InputError(
        f"there is no line {header} that could hold the names of the columns",
        where=where,
        hint="?header=N counts lines from 1, blank ones too, and must stand near the beginning",
    )


def _above(rows: Iterable[Row]) -> tuple[Aside, ...]:
    found = []
    for row in rows:
        if row.filled:
            marked = is_separator(row) or _COMMENT.match(row.cells[0]) is not None
            sort: AsideSort = "comment" if marked else "title"
            found.append(Aside(row.line, row.text, sort))
    return tuple(found)


def _built(
    rows: Sequence[Row],
    layout: Layout,
    at: int | None,
    width: int,
    *,
    joins: bool = True,
) -> Layout:
    """The layout below a header that was found."""
    if at is None or at >= len(rows):
        return replace(layout, names=("",) * width)
    header = rows[at]
    if len(header.cells) == width - 1:
        header = replace(header, cells=("", *header.cells))
    names = [" ".join(cell.split()) for cell in header.cells]
    if _is_remark(header):
        names[0] = names[0].lstrip("#/-%;> ") or names[0]
    top = at
    while top and joins and _is_group(rows[top - 1], replace(header, cells=tuple(names)), width):
        top -= 1
        names = _joined(rows[top], names)
    above = [*_above(rows[:top])]
    above += [Aside(row.line, row.text, "group names") for row in rows[top:at]]
    below, first = _below(rows, layout, at)
    return replace(layout, names=tuple(names), header=header, first=first, aside=(*above, *below))


def _is_group(group: Row, header: Row, width: int) -> bool:
    """Whether a row above the header holds names that stand over several columns each."""
    if len(group.cells) != width or not group.filled or _KEYED.match(group.text):
        return False
    if group.filled == 1 and group.cells[0].strip():
        return False
    if _COMMENT.match(group.cells[0]) or is_separator(group):
        return False
    names = [cell.strip() for cell in header.cells]
    twice = len(set(filter(None, names))) < sum(map(bool, names))
    filled = any(not name and over.strip() for name, over in zip(names, group.cells, strict=True))
    return twice or filled


def _joined(group: Row, below: Sequence[str]) -> list[str]:
    """Names of two rows: the upper ones reach to the right until the next one."""
    names, reaching = [], ""
    for over, own in zip(group.cells, below, strict=True):
        over = " ".join(over.split())
        if over:
            reaching = over
        names.append(own if over == own else f"{reaching} {own}".strip())
        if over and not own:
            reaching = ""  # it stands for this column alone
    return names


def _below(rows: Sequence[Row], layout: Layout, at: int) -> tuple[list[Aside], int]:
    """Blank rows, lines, units and a second row of names right below the header."""
    found: list[Aside] = []
    first = at + 1
    kinds = sum(1 for kind in layout.kinds if kind)
    while first < len(rows) - 1:
        row = rows[first]
        if not row.filled:
            if len(row.cells) > 1 or len(layout.kinds) > 1:
                first += 1
                continue
            break
        unlike = len(row.cells) == len(layout.kinds) and layout.looks_like_names(row)
        if is_separator(row):
            found.append(Aside(row.line, row.text, "separator"))
        elif kinds and _is_units(row) and not layout.looks_like_a_row(row) and unlike:
            found.append(Aside(row.line, row.text, "units"))
        elif _is_about_columns(row, layout) or (unlike and _is_second_header(row, layout, kinds)):
            found.append(Aside(row.line, row.text, "second names"))
        else:
            break
        first += 1
    return found, first


def _is_about_columns(row: Row, layout: Layout) -> bool:
    """Whether a row right below the header tells of its columns: a word stands where all rows have
    a number or a date first, and no other cell is a value."""
    if len(row.cells) != len(layout.kinds) or len(row.cells) < 2:
        return False
    return _is_labelled(row, layout) and not _compared(row, layout.kinds)[0]


def _is_second_header(row: Row, layout: Layout, kinds: int) -> bool:
    """Whether a row below the header is unlike its columns in all that have a kind, and more than a
    row of data with words for missing values."""
    cells = [cell.strip() for cell, kind in zip(row.cells, layout.kinds, strict=True) if kind]
    _, unlike, _ = _compared(row, layout.kinds)
    is_full = unlike == kinds and len(set(cells)) == len(cells)
    return is_full and kinds > 1 and (kinds > 2 or kinds == len(layout.kinds))


def footer_of(rows: Sequence[Row], layout: Layout) -> list[tuple[int, AsideSort]]:
    """Positions, among the last rows of a table, of the lines below its end.

    Totals are not among them, as they need the whole columns. A narrow row counts only if it stands
    apart or reads like a note: else it is a damaged row.
    """
    found: list[tuple[int, AsideSort]] = []
    block: list[int] = []
    for at in range(len(rows) - 1, -1, -1):
        row = rows[at]
        if not row.filled:
            found += [(position, "note") for position in block]
            block = []
            continue
        if is_separator(row) and row.filled:
            found += [(position, "note") for position in block]
            found.append((at, "separator"))
            block = []
            continue
        if not _is_narrow(row, layout):
            break
        block.append(at)
    if len(block) > 1 and any(_has_alien(rows[position], layout) for position in block):
        return sorted([*found, *((position, "note") for position in block)])
    # from the first line of the block on that is no row
    for position in reversed(block):
        is_total = _is_total(rows[position]) and len(rows[position].cells) < layout.fields
        if is_total or is_note(rows[position], layout) or _is_below(rows[position], layout):
            found += [(other, "note") for other in block if other > position]
            found.append((position, "total" if is_total else "note"))
            break
    return sorted(found)


def _is_narrow(row: Row, layout: Layout) -> bool:
    """Whether a row has too few cells filled, and those are no values of the table."""
    if kind_of(next(cell for cell in row.cells if cell.strip())) in ("number", "year"):
        return False
    if layout.fields == 1:
        return any(layout.kinds)
    alike = _compared(row, layout.kinds)[0]
    if len(row.cells) < layout.fields and row.filled <= max(1, 0.5 * layout.fill):
        return not layout.looks_like_a_row(row) or row.filled == 1
    if len(row.cells) < layout.fields and _is_labelled(row, layout) and not alike:
        return True
    if _is_signed(row, layout):
        return True
    if row.filled <= max(1, 0.25 * layout.fill) and layout.fill > 1:
        return True
    return 2 * row.filled <= layout.fill and not alike


def _is_below(row: Row, layout: Layout) -> bool:
    """Whether a narrow row cannot be the rest of a damaged one: no value is in its place."""
    if layout.fields < 3 or _compared(row, layout.kinds)[0]:
        return False
    if _is_signed(row, layout):
        return True
    if len(row.cells) < layout.fields:
        return _is_labelled(row, layout) or (
            row.filled == 1 and _PHRASE.search(row.text) is not None
        )
    return row.filled == 1 and _has_alien(row, layout)


def _is_signed(row: Row, layout: Layout) -> bool:
    """Whether a row is of words with a colon and what belongs to them, as who made and who checked
    a sheet."""
    alike, unlike, _ = _compared(row, layout.kinds)
    return unlike > 0 and not alike and any(cell.rstrip()[-1:] in (":", "：") for cell in row.cells)


def _is_labelled(row: Row, layout: Layout) -> bool:
    """Whether words stand where all rows have a number or a date first."""
    return bool(layout.kinds[0]) and kind_of(row.cells[0]) == "text"


def _has_alien(row: Row, layout: Layout) -> bool:
    """Whether words stand in a column of numbers or dates, and nothing in the others of these."""
    alike, unlike, _ = _compared(row, layout.kinds)
    return unlike > 0 and not alike and sum(1 for kind in layout.kinds if kind) > 1


def is_note(row: Row, layout: Layout) -> bool:
    """Whether a row reads like a note, a source or a signature below a table."""
    text = row.text
    if len(text) >= 4 and _NOTE.match(text):
        return True
    # a sentence may be a cell of its column, too, unless the row is too short or others are numbers
    if len(row.cells) == layout.fields and not _has_alien(row, layout):
        return False
    is_long = len(text.split()) >= 5 or len(re.findall(r"[\u4e00-\u9fff]", text)) > 12
    return row.filled == 1 and is_long


def is_total_label(row: Row) -> bool:
    """Whether the first filled cell says that this is a row of totals."""
    return _is_total(row)


def is_statistic_label(row: Row) -> bool:
    """Whether the first filled cell names a statistic, as it may name a person or a thing, too."""
    label = next((cell.strip() for cell in row.cells if cell.strip()), "")
    return _STATISTIC.fullmatch(label.rstrip(":：")) is not None


def told(
    aside: Sequence[Aside], layout: Layout, where: str, run: Run, *, unit: str = "line"
) -> None:
    """Tell in one sentence what around the table is no row of it."""
    if not aside:
        return
    counts = Counter(one.sort for one in aside)
    parts = [plural(count, *_WORDS[sort]) for sort, count in counts.items()]
    first = min(aside, key=lambda one: one.line)
    header = ""
    if layout.header is not None:
        header = f"the names of the columns are in {unit} {layout.header.line}; "
    run.warn(
        f"{where}: {header}{listing(parts)} left out of the rows (the first is {unit} "
        f"{first.line}: '{shorten(first.text, _QUOTED)}'). If that is wrong, say so behind the "
        "file's name: ?header=N, ?skip=N, ?footer=N.",
        "read",
    )


_WORDS: dict[AsideSort, tuple[str, str]] = {
    "title": ("line above the header", "lines above the header"),
    "comment": ("comment", "comments"),
    "group names": ("line of group names", "lines of group names"),
    "units": ("line of units", "lines of units"),
    "second names": ("second line of names", "second lines of names"),
    "separator": ("separating line", "separating lines"),
    "note": ("line below the table", "lines below the table"),
    "total": ("line of totals", "lines of totals"),
    "repeated header": ("repeated header", "repeated headers"),
    "second table": ("line of a second table", "lines of a second table"),
}
