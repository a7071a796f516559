"""Where the rows of a table end, and which of them are none: notes, totals, repeated headers, blank
rows at the end, a second table."""

from __future__ import annotations

import math
import re
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from tidemill.core.aside import Aside
from tidemill.io.layout import Layout, Row, footer_of, is_statistic_label, is_total_label, kind_of

_TAIL = 60
_MOST_GAPS = 2000
_MOST_SUMMED = 200_000


@dataclass(frozen=True)
class Body:
    """The rows below a header, as their cells' texts.

    Attributes:
        height: How many there are.
        row: The row at a position.
        column: The texts of a column.
        blank: Positions of rows without any filled cell, in order.
        repeated: Positions of rows that could be the header once more, in order.
    """

    height: int
    row: Callable[[int], Row]
    column: Callable[[int], Sequence[str]]
    blank: Sequence[int] = ()
    repeated: Sequence[int] = ()


@dataclass
class Extent:
    """What of a body is no row of the table.

    Attributes:
        stop: The position behind the last row.
        within: Positions before it that are no rows.
        aside: What was found.
        second: The names of a second table further below; empty where there is none.
    """

    stop: int
    within: list[int] = field(default_factory=list)
    aside: list[Aside] = field(default_factory=list)
    second: tuple[str, ...] = ()

    def leave(self, row: Row, at: int, sort: str) -> None:
        """Leave out the row at a position."""
        self.within.append(at)
        self.aside.append(Aside(row.line, row.text, sort))  # type: ignore[arg-type]


def extent_of(body: Body, layout: Layout) -> Extent:
    """The rows that belong to a table."""
    found, blank = Extent(body.height), set(body.blank)
    for at in body.repeated:
        row = body.row(at)
        if layout.repeats_header(row):
            found.leave(row, at, "repeated header")
            while at - 1 in blank:
                at -= 1
                found.within.append(at)
    _leave_sections(body, layout, found)
    _leave_footer(body, layout, found)
    return found


def second_table(rows: Sequence[Row], layout: Layout) -> int | None:
    """The position of the names of another table among rows that stand behind a gap; None where
    there is none.

    Below the names stands at least one row of as many cells, some of them values.
    """
    for at, row in enumerate(rows[:-1]):
        if not row.filled:
            continue
        below = rows[at + 1]
        if row.filled < 2:
            if at or below.filled < 2:
                return None
            continue  # a title
        is_table = all(kind_of(cell) in ("", "text", "year") for cell in row.cells)
        is_table = is_table and below.filled >= 2 and len(below.cells) == len(row.cells)
        has_values = any(kind_of(cell) in ("number", "date", "year") for cell in below.cells)
        return at if is_table and has_values and not layout.looks_like_a_row(row) else None
    return None


def _leave_sections(body: Body, layout: Layout, found: Extent) -> None:
    """Headers, titles and tables that follow blank rows."""
    blank = set(body.blank)
    gone = set(found.within)
    for gap in body.blank[:_MOST_GAPS]:
        at = gap + 1
        if at in blank or at >= body.height - 1:
            continue
        rows = [body.row(position) for position in range(at, min(at + 3, body.height))]
        if at in gone:
            continue
        if rows[0].filled == 1 and at + 1 in gone:
            found.leave(rows[0], at, "title")
            continue
        names = second_table(rows, layout)
        if names is None or not any(layout.kinds):
            continue
        row = rows[names]
        if layout.looks_like_names(row) and row.filled <= max(2 * layout.fill, 2):
            found.stop = gap
            found.second = tuple(cell for cell in row.cells if cell.strip())
            for position in range(at, body.height):
                if position not in blank:
                    one = body.row(position)
                    found.aside.append(Aside(one.line, one.text, "second table"))
            found.within = [position for position in found.within if position < gap]
            return


def _leave_footer(body: Body, layout: Layout, found: Extent) -> None:
    """Notes, totals and blank rows at the end."""
    gone = set(found.within)
    while found.stop:
        begin = max(0, found.stop - _TAIL)
        at = [position for position in range(begin, found.stop) if position not in gone]
        rows = [body.row(position) for position in at]
        stop = found.stop
        notes = dict(footer_of(rows, layout)) if len(rows) > 1 else {}
        for position, sort in notes.items():
            if at[position] > 0:
                found.aside.append(Aside(rows[position].line, rows[position].text, sort))
                found.stop = min(found.stop, at[position])
        while found.stop > 1 and not body.row(found.stop - 1).filled and len(layout.names) > 1:
            found.stop -= 1
        last = found.stop - 1
        if last > 0 and last not in gone:
            row = body.row(last)
            if _is_total(row, last, body, layout):
                found.aside.append(Aside(row.line, row.text, "total"))
                found.stop = last
        if found.stop == stop:
            break
    found.within = [position for position in found.within if position < found.stop]


def _is_total(row: Row, at: int, body: Body, layout: Layout) -> bool:
    """Whether a row holds totals: it says so and a cell is blank that never is, or figures are
    sums, means or counts of the rows above; where it doesn't say so, all figures are sums. The name
    of a statistic, which may be a person's, proves less."""
    above = [body.row(position) for position in range(max(0, at - _TAIL), at)]
    above = [other for other in above if other.filled and not _is_summary(other)]
    places = range(len(layout.names))
    figures = [place for place in places if kind_of(row.cells[place]) in ("number", "year")]
    if not above:
        return False
    label = next((place for place in places if row.cells[place].strip()), 0)
    is_bare = any(
        place != label and not row.cells[place].strip() and _is_never_blank(place, above)
        for place in places
    )
    odd = any(
        kind_of(row.cells[place]) == "text" and layout.kinds[place] not in ("", "number")
        for place in places
    )
    if is_total_label(row) and is_bare and (figures or len(places) > 2):
        return True
    if _is_summary(row):
        fits = [_fits(row, place, at, body, _is_figure_of) for place in figures]
        if is_total_label(row):
            return sum(fits) * 2 > len(fits)
        return (is_bare and odd) or (all(fits) and (len(fits) > 1 or odd))
    is_bare = is_bare or (not row.cells[0].strip() and _is_never_blank(0, above))
    figures = [place for place in figures if layout.kinds[place] in ("number", "year")]
    if not figures or len(above) < 3 or not (is_bare or odd):
        return False
    return all(_fits(row, place, at, body, _is_sum_of) for place in figures)


def _is_summary(row: Row) -> bool:
    return is_total_label(row) or is_statistic_label(row)


def _is_never_blank(place: int, rows: Sequence[Row]) -> bool:
    return all(len(row.cells) > place and row.cells[place].strip() for row in rows)


def _fits(
    row: Row, place: int, at: int, body: Body, test: Callable[[float, list[float]], bool]
) -> bool:
    """Whether a figure is what the test says of the numbers above it, with either decimal mark."""
    if at > _MOST_SUMMED:
        return False
    column = [text for text in body.column(place)[:at] if text.strip()]
    for decimal in (".", ","):
        value = amount(row.cells[place], decimal)
        values = [number for text in column if (number := amount(text, decimal)) is not None]
        are_numbers = bool(values) and len(values) >= 0.8 * len(column)
        if value is not None and are_numbers and test(value, values):
            return True
    return False


def _is_sum_of(value: float, values: list[float]) -> bool:
    total = math.fsum(values)
    tolerance = max(1e-6 * abs(total), 0.006 * len(values) ** 0.5, 1e-9)
    several = sum(1 for number in values if number) > 1
    return several and abs(value - total) <= tolerance


def _is_figure_of(value: float, values: list[float]) -> bool:
    """Whether a number is the sum, the mean, the count, an end or the middle of numbers."""
    mean = math.fsum(values) / len(values)
    if abs(value - mean) <= max(0.006, 0.005 * abs(mean)):
        return True
    if value in (len(values), min(values), max(values), statistics.median(values)):
        return True
    return _is_sum_of(value, values)


def amount(text: str, decimal: str = ".") -> float | None:
    """The number in a cell with marks and signs around it; None where there is none.

    Example:
        >>> amount("$1,250.50"), amount("1.250,50 EUR", ","), amount("(12)"), amount("x")
        (1250.5, 1250.5, -12.0, None)
    """
    digits = re.sub(rf"[^\d{re.escape(decimal)}eE]", "", text).strip("eE").replace(decimal, ".")
    try:
        value = float(digits)
    except ValueError:
        return None
    return -value if re.match(r"\W*[-(−]", text.strip()) or text.strip().endswith("-") else value
