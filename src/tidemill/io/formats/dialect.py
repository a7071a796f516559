"""The dialect of a delimited text found out: the delimiter and the quotation mark under which its
records are steady."""

from __future__ import annotations

import csv
import io
import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice, pairwise
from typing import Any

from tidemill.core.errors import InputError
from tidemill.io.layout import Row, is_separator, kind_of, width_of

_DELIMITERS = (",", ";", "\t", "|", "^", "~", "\x01")
_RARE = frozenset("^~\x01")
_QUOTES = ('"', "'", None)
_PHRASE_ENDS = tuple(".,:;!?…—-。，：；！？、")
_RECORDS = 300
_MARKUP = re.compile(r"\s*<(?:\?xml|!doctype|html|table|div|body|head|[a-z]+:?[a-z]*[\s>])", re.I)
_AMOUNT = re.compile(r"[^\w,]{0,3}\d[\d.,]*,\d{2,3}(?:\.\d+)?[^\w,]{0,3}")
_KEY = re.compile(r"[^:：=\d]{1,40}\s?[:：=]\s?\S")


@dataclass(frozen=True)
class Dialect:
    """How fields are told apart; quote None where no field is quoted."""

    delimiter: str = ","
    quote: str | None = '"'

    def reader(self, text: str) -> Any:
        """A reader of the text's records, in which a blank line is an empty list."""
        return csv.reader(
            io.StringIO(text, newline=""),
            delimiter=self.delimiter,
            quotechar=self.quote or '"',
            quoting=csv.QUOTE_MINIMAL if self.quote else csv.QUOTE_NONE,
        )

    def rows(self, text: str, line: int = 1) -> Iterator[Row]:
        """The records with the line in which each begins; the first one begins in this line.

        Raises:
            csv.Error: A record cannot be read.
        """
        reader = self.reader(text)
        began = line
        for record in reader:
            yield Row(began, tuple(record) or ("",))
            began = line + reader.line_num


def first_rows(head: str, dialect: Dialect, line: int, *, whole: bool) -> list[Row]:
    """The first records, without one that may be cut off."""
    rows = list(islice(dialect.rows(head, line), _RECORDS))
    if not whole and len(rows) < _RECORDS:
        rows = rows[:-1]
    return rows


@dataclass(frozen=True)
class _Tried:
    """How well a dialect fits: the share of records of one width from the first such record on, and
    of all; how few cells look as if they were cut in the wrong place; the width."""

    steady: float
    score: float
    width: int
    first_width: int


def dialect_of(head: str, *, whole: bool, delimiter: str = "") -> Dialect:
    """The dialect under which most records are of one width and hold no other delimiters.

    Args:
        head: The beginning of the text.
        whole: Whether that is all of it.
        delimiter: The one that the file itself names; empty where it names none.
    """
    tried: dict[Dialect, _Tried] = {}
    for quote in _QUOTES:
        options = [Dialect(mark, quote) for mark in ([delimiter] if delimiter else _DELIMITERS)]
        for option in options:
            tried[option] = _tried(option, head, whole=whole)
        best = max(options, key=lambda one: (tried[one].score, tried[one].width))
        if tried[best].steady >= 0.9 and tried[best].first_width == tried[best].width:
            return best
    best = max(tried, key=lambda one: (tried[one].score, tried[one].width))
    if tried[best].steady >= 0.5 or tried[best].first_width > 1 or delimiter:
        return best
    return _of_one_column(head, whole=whole)


def _tried(dialect: Dialect, head: str, *, whole: bool) -> _Tried:
    try:
        rows = first_rows(head, dialect, 1, whole=whole)
    except csv.Error:
        return _Tried(0.0, 0.0, 0, 0)
    rows = [row for row in rows if row.filled and not is_separator(row)]
    width = width_of(rows)
    if not rows or width <= 1:
        return _Tried(0.0, 0.0, width, len(rows[0].cells) if rows else 0)
    alike = [len(row.cells) == width for row in rows]
    begin = alike.index(True)
    steady = sum(alike) / (len(rows) - begin)
    several = sum(len(row.cells) > 1 for row in rows[begin:])
    if sum(alike) > 1 and sum(alike) >= 0.8 * several and 4 * sum(alike) >= len(rows):
        steady = max(steady, 0.5)  # few rows among many lines around them
    clean = _clean([row for row in rows if len(row.cells) == width], dialect)
    # a header of another width than all rows below is worth more than one damaged row
    share = round(sum(alike[1:]) / max(1, len(rows) - 1), 1) if len(rows) > 1 else 1.0
    whole_share = (2 * share + sum(alike) / len(rows)) / 3
    first = len(rows[0].cells)
    if dialect.delimiter in _RARE and (first == 1 or steady < 1):
        return _Tried(0.0, 0.0, width, 1)
    if begin and dialect.delimiter == "," and first == 1 and _is_prose(rows, width):
        return _Tried(0.0, 0.0, width, first)
    if dialect.quote != '"' and _splits_quotes(rows):
        return _Tried(0.0, 0.0, width, 1)
    headed = 1.0 if len(rows) < 2 or first == width else 0.9
    return _Tried(steady, whole_share * (0.5 + 0.5 * clean) * headed, width, first)


def _clean(rows: list[Row], dialect: Dialect) -> float:
    """The share of cells without delimiters of other dialects in them."""
    others = [mark for mark in (";", "\t", "|", ",") if mark != dialect.delimiter]
    cells = [cell.strip() for row in rows[:100] for cell in row.cells]
    bad = 0
    for cell in cells:
        marks = [mark for mark in others if mark in cell]
        if not marks:
            continue
        if marks == [","] and (", " in cell or kind_of(cell) in ("number", "date")):
            continue
        bad += 1
    return 1 - bad / max(1, len(cells))


def _is_prose(rows: list[Row], width: int) -> bool:
    """Whether commas between fields are those of sentences and addresses, which blanks follow, or
    of numbers."""
    wide = [row for row in rows if len(row.cells) == width]
    amounts = sum(_AMOUNT.fullmatch(",".join(row.cells)) is not None for row in wide)
    if amounts >= 0.9 * len(wide):
        return all(len(row.cells) == 1 or row in wide for row in rows)
    cells = [cell for row in wide for cell in row.cells[1:]]
    spaced = sum(cell.startswith(" ") for cell in cells)
    typed = sum(kind_of(cell) in ("number", "date", "year") for cell in cells)
    return spaced >= 0.9 * len(cells) and typed < 0.5 * len(cells)


def _splits_quotes(rows: list[Row]) -> bool:
    """Whether fields begin or end in quotation marks that other fields close."""
    cells = [cell.strip() for row in rows for cell in row.cells]
    split = sum(cell.count('"') == 1 and (cell[0] == '"' or cell[-1] == '"') for cell in cells)
    return split > 0 and sum(cell.count('"') for cell in cells) % 2 == 0


def _of_one_column(head: str, *, whole: bool) -> Dialect:
    """One column: quotation marks count if texts stand in them as a whole."""
    lines = head.splitlines()[1:201]
    for delimiter in _DELIMITERS:
        dialect = Dialect(delimiter)
        try:
            rows = first_rows(head, dialect, 1, whole=whole)
        except csv.Error:
            continue
        if {len(row.cells) for row in rows[1:-1] if row.filled} <= {1} and lines:
            return dialect
    return Dialect("\x1f")


def check_is_table(head: str, where: str) -> None:
    """Refuse what is plainly another format.

    Raises:
        InputError: The text is JSON, markup, lines of keys and values, or prose.
    """
    begin = head.lstrip("\ufeff \t\r\n")
    if _MARKUP.match(begin) and begin.count("<") > 2 and "</" in head + "</"[:0]:
        raise _other("HTML or XML", where, "open it in a browser or spreadsheet and save it as CSV")
    if begin[:1] in "{[" and _is_json(begin):
        raise _other(
            "JSON", where, "give lines of JSON the ending .jsonl, and write other JSON as a table"
        )
    lines = [line.strip() for line in head.splitlines() if line.strip()][:_RECORDS]
    if len(lines) < 3 or any(mark in head for mark in "\t;|"):
        return
    keyed = sum(_KEY.match(line) is not None for line in lines)
    keys = Counter(re.split(r"[:：=]", line)[0] for line in lines)
    if keyed == len(lines) and head.count(",") < len(lines) and len(keys) > 0.5 * len(lines):
        raise _other("lines of keys and values", where, "write it as a table with a header")
    if _is_prose_in_lines(head, lines):
        hint = "give a table with a header line and rows, or running text the ending .txt"
        raise _other("running text", where, hint)


def is_running_text(head: str) -> bool:
    """Whether a text is sentences and no table: by what :func:`check_is_table` refuses, or by
    paragraphs between blank lines of which most lines end a phrase.

    Args:
        head: The beginning of the text.
    """
    every = [line.strip() for line in head.splitlines()]
    lines = [line for line in every if line]
    if len(lines) < 3 or not head.strip():
        return False
    if not any(mark in head for mark in "\t;|") and _is_prose_in_lines(head, lines[:_RECORDS]):
        return True
    gaps = sum(1 for line, after in pairwise(every) if after and not line)
    ended = sum(line.rstrip("\"'”’»」』）)")[-1:] in _PHRASE_ENDS for line in lines)
    letters = sum(letter.isalpha() for letter in head)
    marks = sum(not letter.isspace() for letter in head)
    if gaps < 3 or 3 * ended < len(lines) or letters < 0.7 * marks:
        return False
    dialect = dialect_of(head, whole=False)
    try:
        rows = [row for row in first_rows(head, dialect, 1, whole=False) if row.filled]
    except csv.Error:
        return True
    width = width_of(rows)
    return width <= 1 or sum(len(row.cells) == width for row in rows) < 0.6 * len(rows)


def _is_prose_in_lines(head: str, lines: list[str]) -> bool:
    """Whether lines, of which none is blank, are long and mostly whole sentences."""
    words = [len(line.split()) for line in lines]
    ended = sum(line[-1] in ".!?。！？" for line in lines)
    is_long = words[0] >= 8 and sum(words) > 8 * len(words)
    return '"' not in head and is_long and ended * 2 >= len(lines)


def _is_json(begin: str) -> bool:
    try:
        json.JSONDecoder().raw_decode(begin)
        return True
    except ValueError:
        return re.match(r"[\[{]\s*(?:[{\[]|\"[^\"\n]*\"\s*[:,\]])", begin) is not None


def _other(what: str, where: str, hint: str) -> InputError:
    return InputError(f"this looks like {what}, not like a table", where=where, hint=hint)
