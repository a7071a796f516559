"""Values that lie far from all others of their column."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tidemill.core.condition import Condition, Test
from tidemill.core.dataset import Dataset
from tidemill.core.finding import Finding
from tidemill.core.picture import Table
from tidemill.core.schema import Column
from tidemill.core.shown import rounded_ends, separating, shown_columns
from tidemill.core.words import listing, plural
from tidemill.mining.binning import as_floats
from tidemill.mining.detectors import is_ordered
from tidemill.mining.sampling import named_rows
from tidemill.mining.wording import range_words
from tidemill.supervised.outlying import LEVEL, outlying

BULK = (0.005, 0.995)
SHOWN_ROWS = 20
SHOWN_COLUMNS = 5
TOLD_COLUMNS = 3
MOST_FOUND = 8
SAME_ROWS = 0.5
"""Columns whose far values share this many of the rows that either has are told together."""
TOLD_ROWS = 0.8
"""So is a column of whose rows so many are told already."""

Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class FarValues:
    """The values of a column that lie far from all others on one side.

    Attributes:
        column: Its name.
        high: Whether they lie above the others.
        rows: Which rows have them, (n,).
        bound: A round value between these and the others, so that it tells none of them.
        bulk: Between which 99 % of the others lie, in words.
    """

    column: str
    high: bool
    rows: Flags
    bound: object
    bulk: str

    @property
    def test(self) -> Test:
        """What these values fulfil."""
        return Test(self.column, ">=" if self.high else "<=", self.bound)

    @property
    def words(self) -> str:
        """How far out they are."""
        return f"{range_words([self.test])}, where 99 % of the others lie {self.bulk}"


def far_values(data: Dataset, columns: Sequence[Column]) -> list[FarValues]:
    """The far values of every column of numbers or dates, those of the most rows first.

    Args:
        data: All rows; few outliers are no fewer for having been held out.
        columns: The columns that are looked at.
    """
    ordered = [column for column in columns if is_ordered(column)]
    found: list[FarValues] = []
    for column in ordered:
        values = as_floats(data[column.name])
        at = np.flatnonzero(np.isfinite(values))
        for high in (True, False):
            sign = 1 if high else -1
            far = at[outlying(sign * values[at], len(ordered))]
            if len(far):
                found.append(_far(column.name, data, values, far, high=high))
    found.sort(key=lambda each: -int(each.rows.sum()))
    for rows in _different([each.rows for each in found]):
        found += _beyond_all(data, ordered, rows, found)
    return found


def _different(masks: Sequence[Flags]) -> list[Flags]:
    return list({mask.tobytes(): mask for mask in masks}.values())


def _beyond_all(
    data: Dataset, ordered: Sequence[Column], rows: Flags, found: Sequence[FarValues]
) -> Iterator[FarValues]:
    """Further columns in which all of these rows lie on one side of all others."""
    known = {each.column for each in found if (each.rows & rows).any()}
    for column in ordered:
        values = as_floats(data[column.name])
        there, others = values[rows], values[~rows & ~np.isnan(values)]
        if column.name in known or np.isnan(there).any() or not len(others):
            continue
        if there.min() > others.max() or there.max() < others.min():
            high = bool(there.min() > others.max())
            yield _far(column.name, data, values, np.flatnonzero(rows), high=high)


def _far(
    name: str, data: Dataset, values: NDArray[np.float64], far: NDArray[np.int64], *, high: bool
) -> FarValues:
    rows = np.zeros(len(data), dtype=bool)
    rows[far] = True
    others = np.flatnonzero(np.isfinite(values) & ~rows)
    others = others[np.argsort(values[others], kind="stable")]
    low, top = (others[round(share * (len(others) - 1))] for share in BULK)
    series = data[name]
    if high:
        bound = separating(series[int(others[-1])], series[int(far[np.argmin(values[far])])])
    else:
        bound = separating(series[int(far[np.argmax(values[far])])], series[int(others[0])])
    below, above = rounded_ends(series[int(low)], series[int(top)])
    bulk = f"in {below}" if below == above else f"between {below} and {above}"
    return FarValues(name, high, rows, bound, bulk)


def far_findings(data: Dataset, found: Sequence[FarValues]) -> Iterator[Finding]:
    """A finding for each set of rows, with all columns in which these rows are far out."""
    # a row may be far above in one column and far below in another, so both sides count together
    of_column: dict[str, Flags] = {}
    for each in found:
        of_column[each.column] = of_column.get(each.column, False) | each.rows
    groups: list[list[FarValues]] = []
    for each in sorted(found, key=lambda one: -int(of_column[one.column].sum())):
        rows = of_column[each.column]
        for group in groups:
            first = of_column[group[0].column]
            told = np.logical_or.reduce([other.rows for other in group])
            is_same = (first & rows).sum() >= SAME_ROWS * (first | rows).sum()
            if is_same or (told & rows).sum() >= TOLD_ROWS * rows.sum():
                group.append(each)
                break
        else:
            groups.append([each])
    for group in groups[:MOST_FOUND]:
        yield _finding(data, group)


def _finding(data: Dataset, group: Sequence[FarValues]) -> Finding:
    first = group[0]
    rows = np.flatnonzero(np.logical_or.reduce([each.rows for each in group]))
    columns = tuple(dict.fromkeys(each.column for each in group))
    lie = "lies" if len(rows) == 1 else "lie"
    if len(columns) == 1 and len(group) == 2:
        words = listing([each.words for each in group])
        what = (
            f"{len(rows):,} of {plural(len(data), 'value')} of {first.column} {lie} far above or "
            f"below all others: {words}"
        )
    elif len(group) == 1:
        side = "above" if first.high else "below"
        what = (
            f"{len(rows):,} of {plural(len(data), 'value')} of {first.column} {lie} far {side} all "
            f"others: {first.words}"
        )
    else:
        each_once = list({each.column: each for each in reversed(group)}.values())[::-1]
        told = [f"{each.column} ({each.words})" for each in each_once[:TOLD_COLUMNS]]
        if len(columns) > TOLD_COLUMNS:
            told.append(plural(len(columns) - TOLD_COLUMNS, "more column"))
        what = (
            f"{len(rows):,} of {plural(len(data), 'row')} {lie} far from all others in several "
            f"columns at once: {listing(told)}"
        )
    named = named_rows(data, [int(row) for row in rows])
    these = "these are errors or rare truths"
    if len(rows) == 1:
        these = "this is an error or a rare truth"
    support = int(first.rows.sum())
    return Finding(
        technique="anomalies",
        name="far values",
        sentence=(
            f"{what}. By chance there would be none. {named.capitalize()}: look whether {these}."
        ),
        strength=support / len(data),
        measure="share of rows",
        support=support,
        p_value=LEVEL,
        columns=columns,
        condition=Condition((first.test,)),
        table=_table(data, rows, columns[:SHOWN_COLUMNS]),
        figures={"rows": len(rows), "by_chance": 0.0},
    )


def _table(data: Dataset, rows: NDArray[np.int64], columns: Sequence[str]) -> Table:
    shown = []
    told = shown_columns(data, columns).values()
    for row in sorted(rows.tolist(), key=data.row_number)[:SHOWN_ROWS]:
        values = [each.said(each.values[row]) for each in told]
        shown.append((data.row_number(row), *values))
    return Table(("row", *columns), tuple(shown), "The rows with far values")
