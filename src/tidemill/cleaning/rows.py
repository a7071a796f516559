"""Rows that are no records are left out: empty rows, repeated headers, totals, notes, and rows
whose cells stand in the wrong columns.

Nothing else looks at the row of a cell that is not understood: a word "Total" among dates would be
made missing, and the sum beside it be learned as a sale.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import polars as pl

from tidemill.cleaning import changes
from tidemill.cleaning.base import Check, Diagnosis, Repaired
from tidemill.cleaning.cells import Cells
from tidemill.cleaning.markers import say_unknown
from tidemill.cleaning.shifted import shifted
from tidemill.cleaning.totals import totals
from tidemill.core.change import Issue
from tidemill.core.dataset import Dataset
from tidemill.core.run import Run
from tidemill.core.words import format_value, listing, plural

_FEWEST_ROWS = 5
_NOTE = re.compile(
    r"(notes?|remarks?|sources?|printed|exported|generated|created|prepared by|report|page|end of|"
    r"as of|n\.?b\.?|disclaimer|copyright|updated|total rows|rows|records|hinweis|anmerkung|quelle|"
    r"stand|erstellt|gedruckt|seite|remarque|édité|imprimé|fuente|nota|fonte|página|источник|"
    r"примечание|\W{3,}|[*©†‡])(\b|\W|$)|^(注|备注|說明|说明|来源|数据来源|资料来源|制表|导出|打印|第\d+页|出典)",
    re.IGNORECASE,
)
_WORDY = 4
_PROSE_SAMPLE = 5_000
# with more rows of a cell or two, a table is sparse
_FEW_NOTES, _NOTES = 20, 0.01
# columns that name the rows, where a blank cell is no chance
_FULL = 0.95
_SHOWN = 5
_REASONS = {
    "empty": "a row that holds no value",
    "header": "a row that repeats the names of the columns",
    "total": "a row of totals",
    "heading": "a heading of the rows below, and no record",
    "note": "a note, and no record",
    "words": "words in a row where all others hold numbers or dates",
    "summary": "a word in the place of a date or a number, and beside it numbers only",
    "shifted": "a row whose cells stand in the wrong columns",
}


_SAID = {
    "empty": ("row holds no value at all", "rows hold no value at all"),
    "header": ("row repeats the names of the columns", "rows repeat the names of the columns"),
    "total": ("row is a total of other rows", "rows are totals of other rows"),
    "heading": ("row is a heading and no record", "rows are headings and no records"),
    "note": ("row is a note and no record", "rows are notes and no records"),
    "words": (
        "row holds words where all others hold numbers or dates",
        "rows hold words where all others hold numbers or dates",
    ),
    "summary": (
        "row is a summary of others, with a word in the place of a date or a number",
        "rows are summaries of others, with a word in the place of a date or a number",
    ),
    "shifted": (
        "row has its cells in the wrong columns",
        "rows have their cells in the wrong columns",
    ),
}
_MAY = {
    "total": ("row may be a total of other rows", "rows may be totals of other rows"),
    "note": ("row may be a note and no record", "rows may be notes and no records"),
    "words": ("row may be a heading and no record", "rows may be headings and no records"),
    "summary": ("row may be a summary of others", "rows may be summaries of others"),
}


@dataclass(frozen=True, slots=True)
class _Found:
    """One row that is, or may be, no record.

    Attributes:
        row: Its position.
        what: What it is, a key of the reasons.
        sure: Whether it is left out.
        note: What more is known of it, for the sentence.
    """

    row: int
    what: str
    sure: bool = True
    note: str = ""


def diagnose(train: Dataset, run: Run) -> Diagnosis:
    """Name the rows that are no records, and those that may be none."""
    found = _found(train)
    issues = []
    for what in _REASONS:
        for sure in (True, False):
            rows = [one for one in found if one.what == what and one.sure == sure]
            if rows:
                issues.append(_issue(train, what, rows))
    sorts = sorted({one.what for one in found if one.sure})
    return Diagnosis(tuple(issues), {"leave_out": sorts} if sorts else {})


def _found(data: Dataset) -> list[_Found]:
    """The rows that are, or may be, no records, in their order; each once."""
    if data.schema.medium or len(data.schema) < 2 or len(data) < 2:
        return []
    cells = Cells(data)
    found: dict[int, _Found] = {}
    for row in np.flatnonzero(cells.blanks(list(data.schema.names))).tolist():
        found.setdefault(row, _Found(row, "empty"))
    if len(data) < _FEWEST_ROWS:
        return list(found.values())
    for look in (_headers, _totals, _headings, _notes, _shifts, _words, _summaries):
        for one in look(cells):
            found.setdefault(one.row, one)
    return [found[row] for row in sorted(found)]


def _headers(cells: Cells) -> Iterator[_Found]:
    """Rows in which most cells are the name of their column."""
    frame = cells.frame
    same = np.zeros(frame.height, np.int32)
    full = [name for name, share in cells.filled.items() if share == 1 and name not in cells.texts]
    if len(full) > 0.2 * frame.width:  # a header would have made texts of them
        return
    for name in cells.texts:
        wanted = [name.strip().lower(), re.sub(r"_\d+$", "", name.strip().lower())]
        plain = frame[name].str.strip_chars().str.to_lowercase()
        same += plain.is_in(wanted).fill_null(False).to_numpy()
    for row in np.flatnonzero((same >= 2) & (same >= 0.6 * cells.present)).tolist():
        yield _Found(row, "header")


def _totals(cells: Cells) -> Iterator[_Found]:
    for total in totals(cells):
        yield _Found(total.row, "total", total.sure)


def _shifts(cells: Cells) -> Iterator[_Found]:
    for shift in shifted(cells):
        side = "left" if shift.to_the_right else "right"
        yield _Found(shift.row, "shifted", note=f"too far to the {side} from '{shift.column}' on")


def _notes(cells: Cells) -> Iterator[_Found]:
    """Rows with a text in one cell, or a title and a value in two, in a table whose other rows are
    full."""
    usual = float(np.median(cells.present))
    rows = np.flatnonzero((cells.present <= 2) & (cells.present <= usual / 2))
    if usual < 3 or len(rows) > max(_FEW_NOTES, _NOTES * len(cells.present)):
        return
    first_column = next(iter(cells.named), "")
    for row in rows.tolist():
        held = cells.shown(row)
        (name, first), *more = held or [("", "")]
        if name not in cells.texts or not _stands_alone(cells, name, row):
            continue
        announced, prose = _NOTE.match(first) is not None, _is_prose(cells, name)
        if more:
            if announced or first.endswith((":", "：")):
                yield _Found(row, "note", not prose)
            continue
        heading = name == first_column and _among_levels(cells, name)
        long = len(first.split()) >= _WORDY
        if cells.is_alien(name, row) or (not prose and (announced or long or heading)):
            yield _Found(row, "note")
        elif announced:
            yield _Found(row, "note", sure=False)


def _headings(cells: Cells) -> Iterator[_Found]:
    """Rows of one text alone, in a column that is blank in all full rows: the groups of a
    report."""
    if float(np.median(cells.present)) < 3:
        return
    for name in cells.texts:
        held = cells.frame[name].is_not_null().to_numpy()
        if not held[cells.present > 2].any():
            for row in np.flatnonzero(held & (cells.present == 1)).tolist():
                yield _Found(row, "heading")


def _stands_alone(cells: Cells, name: str, row: int) -> bool:
    """Whether no other row of the column holds this text."""
    values = cells.frame[name]
    return int((values == values[row]).sum()) == 1


def _is_prose(cells: Cells, name: str) -> bool:
    """Whether sentences are usual in a column, so that one of them is no note."""
    texts = cells.frame[name].drop_nulls().head(_PROSE_SAMPLE)
    return int((texts.str.count_matches(r"\S+") >= _WORDY).sum()) >= 0.1 * len(texts)


def _among_levels(cells: Cells, name: str) -> bool:
    """Whether nearly all cells of a column hold what others hold, too."""
    values = cells.frame[name].drop_nulls()
    return int(values.is_duplicated().sum()) >= 0.9 * len(values)


def _words(cells: Cells) -> Iterator[_Found]:
    """Rows of different words alone in several columns that else hold numbers or dates."""
    readings = {name: cells.reading(name) for name in cells.texts}
    read = {name: reading for name, reading in readings.items() if reading is not None}
    if len(read) < 2:
        return
    odd = sum(reading.alien.cast(pl.Int32) for reading in read.values())
    rows = (odd >= 2).arg_true() if isinstance(odd, pl.Series) else pl.Series([], dtype=pl.Int64)
    others = [name for name in cells.frame.columns if cells.frame[name].dtype != pl.String]
    for row in rows.head(100).to_list():
        alien = [name for name in read if cells.is_alien(name, row)]
        rest = [name for name in (*others, *read) if name not in alien]
        if not all(cells.is_blank(name, row) for name in rest):
            continue
        texts = {cells.frame[name][row] for name in alien}
        single = sum(_stands_alone(cells, name, row) for name in alien)
        if len(texts) > 1:
            yield _Found(row, "words", sure=2 * single >= len(alien))


def _summaries(cells: Cells) -> Iterator[_Found]:
    """Rows of numbers beside a word such as "Max" or "b/f" in the place of a date or a number, with
    nothing where other rows are named."""
    for name in cells.texts:
        reading = cells.reading(name)
        if reading is None:
            continue
        words = cells.frame[name].set(~reading.alien, None)
        rows = (words.is_not_null() & ~say_unknown(words)).arg_true().to_list()
        if len(rows) > _FEW_NOTES:
            continue
        named = [other for other in cells.named if other != name]
        full = [other for other in named if cells.filled[other] >= _FULL]
        beside = {words[row] for row in rows if not _has_numbers_only(cells, row, named)}
        for row in rows:
            word = words[row]
            is_word = not any(map(str.isdigit, word))
            # without names, a word that comes again is a level ("n.b." among grades)
            is_plain = is_word and _stands_alone(cells, name, row)
            if word not in beside and (full or is_plain):
                yield _Found(row, "summary", sure=bool(full) and is_word)


def _has_numbers_only(cells: Cells, row: int, named: list[str]) -> bool:
    """Whether a row holds a number beside its word, and nothing in these columns."""
    return bool(cells.present[row] >= 2) and all(cells.is_blank(name, row) for name in named)


def _issue(data: Dataset, what: str, found: list[_Found]) -> Issue:
    """One issue on the rows of one sort."""
    first, sure = found[0], found[0].sure
    one, more = _SAID[what] if sure else _MAY[what]
    numbers = _numbered([one.row for one in found])
    said = f"{plural(len(found), one, more)} ({numbers})"
    if first.note:
        said += f", {first.note}"
    held = [] if what == "empty" else Cells(data).shown(first.row)
    return Issue(
        "rows",
        f"{said}.",
        tuple(name for name, _ in held),
        len(found),
        applied=sure,
        severity="note" if what == "empty" else "warning",
        action="left out"
        if sure
        else "kept; take such rows out of the file if they are no records",
    )


def _numbered(rows: list[int]) -> str:
    """The numbers of rows in words, counted from 1."""
    shown = [format_value(row + 1) for row in rows[:_SHOWN]]
    if len(rows) > _SHOWN:
        shown.append(f"{len(rows) - _SHOWN:,} more")
    return f"{'row' if len(rows) == 1 else 'rows'} {listing(shown)}"


def repair(data: Dataset, learned: Mapping[str, Any]) -> Repaired:
    """Leave out the rows of the sorts that were found where the plan was learned."""
    found = [one for one in _found(data) if one.sure and one.what in learned["leave_out"]]
    if not found:
        return Repaired(data, changes.none())
    out = np.array([one.row for one in found])
    kept = np.setdiff1d(np.arange(len(data)), out)
    reasons = [_REASONS[one.what] for one in found]
    return Repaired(_remaining(data, kept), changes.rows(data.frame[out], out, reasons), kept)


def _remaining(data: Dataset, kept: np.ndarray) -> Dataset:
    """The rows that are kept; what a word among numbers made a code of is looked at anew."""
    rows, cells = data.rows(kept), Cells(data)
    columns = []
    for column in data.schema:
        nullable = column.nullable and rows[column.name].has_nulls()
        kind = column.kind
        if kind == "id" and column.role == "feature" and column.name in cells.texts:
            before = cells.reading(column.name)
            if before is not None and before.alien.any():
                kind = "text"  # so that it is read as numbers or dates, if it holds some
        columns.append(replace(column, nullable=nullable, kind=kind))
    return replace(rows, schema=data.schema.replacing(*columns))


CHECK = Check(diagnose, repair)
