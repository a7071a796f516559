"""What stands beside the table of a sheet: another table, parameters, remarks, parted from it by
columns without any cell."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tidemill.core.run import Run
from tidemill.core.words import plural, quoted
from tidemill.io.layout import Row

_ROWS = 3
"""A table has at least so many, its names among them."""


@dataclass(frozen=True)
class _Part:
    """Columns without a blank one between them, and the rows that fill more than half of them; the
    last row that has a cell."""

    columns: range
    rows: tuple[int, ...]
    last: int
    cells: int
    text: str

    @property
    def is_whole(self) -> bool:
        """Whether nearly no row between the first and the last is missing."""
        return len(self.rows) >= 0.8 * (self.rows[-1] - self.rows[0] + 1)

    def belongs_to(self, table: _Part) -> bool:
        """Whether these may be further columns of a table, behind one left blank: they begin in the
        same row, and end in the same, up to a total, or hold remarks here and there."""
        if self.rows[0] != table.rows[0]:
            return False
        ends_alike = abs(self.last - table.rows[-1]) < 2
        return ends_alike or len(self.columns) == 1 or not self.is_whole


def has_blank_columns(rows: Sequence[Row]) -> bool:
    """Whether a column without any cell stands between others, as far as these rows tell."""
    blank = _blank(rows)
    return True in blank and len(list(_runs(blank))) > 1


def table_columns(rows: Sequence[Row], where: str, run: Run) -> list[int] | None:
    """The columns of the largest table among rows of equal length; None where there are no others.

    What is left out is told.
    """
    parts = [part for run_of in _runs(_blank(rows)) if (part := _part(rows, run_of)) is not None]
    tables = [part for part in parts if len(part.rows) >= _ROWS and len(part.columns) > 1]
    if not tables:
        return None
    table = max(tables, key=lambda part: part.cells)
    others = [part for part in parts if part is not table and not part.belongs_to(table)]
    if not others:
        if len(tables) > 1:
            run.warn(
                f"what stands on both sides of a blank column of {where} was read as one table.",
                "read",
            )
        return None
    many = plural(sum(len(part.columns) for part in others), "column")
    run.warn(
        f"{many} beside the table of {where} (with {quoted([part.text for part in others])}) "
        "stand apart from it, so they were not read; save them as a file of their own to read "
        "them.",
        "read",
    )
    kept = [part.columns for part in parts if part not in others]
    gone = {column for part in others for column in part.columns}
    return [at for at in range(kept[0].start, kept[-1].stop) if at not in gone]


def _width(rows: Sequence[Row]) -> int:
    return max((len(row.cells) for row in rows), default=0)


def _blank(rows: Sequence[Row]) -> list[bool]:
    """Whether each column has no cell."""
    blank = [True] * _width(rows)
    for row in rows:
        for at, cell in enumerate(row.cells):
            if blank[at] and cell.strip():
                blank[at] = False
    return blank


def _runs(blank: Sequence[bool]) -> Iterator[range]:
    begin = None
    for at, is_blank in enumerate([*blank, True]):
        if is_blank and begin is not None:
            yield range(begin, at)
            begin = None
        elif not is_blank and begin is None:
            begin = at


def _part(rows: Sequence[Row], columns: range) -> _Part | None:
    """The part of these columns; None where no row of theirs is filled for the most."""
    dense, last, cells, text = [], 0, 0, ""
    for at, row in enumerate(rows):
        own = [cell.strip() for cell in row.cells[columns.start : columns.stop] if cell.strip()]
        cells += len(own)
        last = at if own else last
        text = text or next(iter(own), "")
        if 2 * len(own) > len(columns):
            dense.append(at)
    return _Part(columns, tuple(dense), last, cells, text) if dense else None
