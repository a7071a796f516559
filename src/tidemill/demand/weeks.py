"""Sales by item and week, from single lines."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np
import polars as pl

from tidemill.core.cancelled import cancelled_lines
from tidemill.core.errors import DataError
from tidemill.core.words import count, plural
from tidemill.supervised.arrays import Floats

MONDAY = 3
"""Days from a Monday to the first of January 1970."""
LATEST = 14
"""Days within which a negative quantity takes back an order of as many pieces."""
FEWEST_WEEKS_SOLD = 8
"""Weeks in which an item was sold, without which it is not looked at."""
GAP = 13
"""Weeks without any sale after which a table begins anew."""
FEWEST_TOGETHER = 5
"""Items that do not sell nothing in the same week by chance: there, a week without any sale is not
known."""
THIN = 1 / 3
"""Of the usual lines of a week, those with fewer of which it may not be whole."""
MOST_WEEKS = 2000
FILLED = 0.8
"""The share of numbers of weeks, from the first to the last, that must occur."""
MOST_CELLS = 20_000_000
"""Items times weeks that are held at once."""


@dataclass(frozen=True)
class ItemWeeks:
    """Sales by item and week.

    Attributes:
        weeks: (T,) Mondays, or numbers of weeks where the table has such.
        items: (k,) names, in order.
        sold: (k, T) pieces; 0 where none were sold, NaN before an item began.
        price: (k, T) the price of a piece (the median of its lines), NaN where nothing was sold or
            none is known; None where the table has no prices.
        spread: (k, T) how far prices of an item differ within a week: the standard deviation of
            their logarithm, NaN where there are not two; None without prices.
        promoted: (k, T) the share of lines that were on promotion, NaN where nothing was sold; None
            where the table says nothing of promotions.
        others: Items that were sold in too few weeks to be looked at.
        pieces: Of all items together, sold in all weeks.
        notes: What was left out, as sentences.
    """

    weeks: pl.Series
    items: tuple[str, ...]
    sold: Floats
    price: Floats | None
    spread: Floats | None
    promoted: Floats | None
    others: int
    pieces: float
    notes: tuple[str, ...]

    def monday(self, week: int) -> str:
        """How a week is called, also one after the end."""
        last = self.weeks[-1]
        if week < len(self.weeks):
            value = self.weeks[week]
        elif isinstance(last, dt.date):
            value = last + dt.timedelta(weeks=week - len(self.weeks) + 1)
        else:
            value = last + week - len(self.weeks) + 1
        return value.isoformat() if isinstance(value, dt.date) else str(value)


def item_weeks(lines: pl.DataFrame, name: str) -> ItemWeeks:
    """Lines to items and weeks.

    Args:
        lines: "item" (text), "time" (dates, times, or whole numbers of weeks), "quantity" (NaN
            where missing), and "price" of a piece and "promoted" (0 to 1) where they are known.
        name: Of the table, for messages.

    Raises:
        DataError: Nothing was sold, or times are no days or weeks.
    """
    notes: list[str] = []
    known = lines.filter(
        pl.col("item").is_not_null()
        & pl.col("time").is_not_null()
        & pl.col("quantity").is_finite().fill_null(value=False)
    )
    if gone := len(lines) - len(known):
        notes.append(f"Lines without an item, a time or a quantity were left out: {count(gone)}.")
    known = known.with_columns(day=_days(known["time"], name))
    known = _without_returns(known, notes)
    if not len(known):
        raise DataError(
            "no line says that a piece was sold",
            where=name,
            hint="name the columns with option 'column=item=COL' and option 'column=quantity=COL'",
        )
    weekly = not known["time"].dtype.is_temporal()
    known = known.with_columns(week=_weeks_of(known["day"], weekly=weekly, name=name))
    known = _whole_weeks(known, notes, weekly=weekly)
    known = _after_gaps(known, notes)
    _thin_ends(known, notes)
    return _as_arrays(known, notes, name, weekly=weekly)


def _days(time: pl.Series, name: str) -> pl.Series:
    """Days since 1970; of numbers, 7 a week."""
    if time.dtype.is_temporal():
        if time.dtype not in (pl.Date, pl.Datetime):
            raise DataError(
                f"'{time.dtype}' is no time that weeks can be told from",
                where=name,
                hint="name a column of dates with option 'time'",
            )
        return time.cast(pl.Date).to_physical().cast(pl.Int64)
    values = time.cast(pl.Float64)
    whole = bool((values == values.floor()).all())
    reach = float(np.ptp(values.to_numpy())) if len(values) else 0.0
    gaps = values.n_unique() < FILLED * (reach + 1)  # as of 202152 and 202201
    if not whole or gaps or reach > MOST_WEEKS:
        raise DataError(
            "times are numbers that cannot be weeks one after the other",
            where=name,
            hint="give dates, or whole numbers that count weeks",
        )
    return (values * 7).cast(pl.Int64)


def _without_returns(known: pl.DataFrame, notes: list[str]) -> pl.DataFrame:
    """Lines that sold something. What was taken back is no demand, nor is the order that it takes
    back; a return long after was demand all the same."""
    back = known.filter(pl.col("quantity") < 0)
    sold = known.filter(pl.col("quantity") > 0).sort("day", maintain_order=True)
    if not len(back):
        return sold
    cancelled = cancelled_lines(sold, back, ["item"], "quantity", LATEST)
    undone = int(cancelled.sum())
    notes.append(
        f"{plural(len(back), 'line')} took something back: {count(undone)} an order of as many "
        f"pieces of the {LATEST} days before, which is left out with it; "
        f"{count(len(back) - undone)} were returns, which do not undo that there was "
        "demand."
    )
    return sold.filter(~pl.Series(cancelled))


def _weeks_of(day: pl.Series, *, weekly: bool, name: str) -> pl.Series:
    """The week of each day, counted from 1970."""
    if weekly:
        return day // 7
    gaps = day.unique().sort().diff().drop_nulls()
    between = gaps.median()
    if isinstance(between, (int, float)) and between > 7:
        raise DataError(
            f"sales are mostly {between:g} days apart, so nothing can be said of weeks",
            where=name,
            hint="give a line for each sale, day or week",
        )
    week = (day + MONDAY) // 7
    if np.ptp(week.to_numpy()) > MOST_WEEKS:
        raise DataError(
            f"times reach over more than {count(MOST_WEEKS)} weeks",
            where=name,
            hint="mend times that are wrong, or give the last years only",
        )
    return week


def _whole_weeks(known: pl.DataFrame, notes: list[str], *, weekly: bool) -> pl.DataFrame:
    """Without a first and a last week that sales do not fill as they do others."""
    if weekly:
        return known
    days = known.select("week", weekday=pl.col("day") + MONDAY - 7 * pl.col("week"))
    ends = (
        days.group_by("week")
        .agg(first=pl.col("weekday").min(), last=pl.col("weekday").max())
        .sort("week")
    )
    if len(ends) < 3:
        return known
    inner = ends[1:-1]
    begins, stops = inner["first"].median(), inner["last"].median()
    cut = []
    if ends["first"][0] > begins:
        cut.append(("first", ends["week"][0]))
    if ends["last"][-1] < stops:
        cut.append(("last", ends["week"][-1]))
    for place, week in cut:
        lost = int((known["week"] == week).sum())
        notes.append(
            f"The {place} week is not whole, and was left out with its {plural(lost, 'line')}."
        )
    return known.filter(~pl.col("week").is_in([week for _, week in cut]))


def _after_gaps(known: pl.DataFrame, notes: list[str]) -> pl.DataFrame:
    """What comes after the last long time in which nothing at all was sold."""
    weeks = known["week"].unique().sort().to_numpy()
    gaps = np.flatnonzero(np.diff(weeks) > GAP)
    if not len(gaps):
        return known
    begins = int(weeks[gaps[-1] + 1])
    kept = known.filter(pl.col("week") >= begins)
    empty = begins - int(weeks[gaps[-1]]) - 1
    notes.append(
        f"Nothing at all was sold in {plural(empty, 'week')} on end; "
        f"{plural(len(known) - len(kept), 'line')} from before that were left out."
    )
    return kept


def _thin_ends(known: pl.DataFrame, notes: list[str]) -> None:
    """Says so where the first or the last week has so few lines that it may not be whole; a shop
    that collapses looks the same, so it is not left out."""
    lines = known.group_by("week").len().sort("week")["len"].to_numpy()
    if len(lines) < 3:
        return
    usual = float(np.median(lines))
    for place, many in (("first", lines[0]), ("last", lines[-1])):
        if many < THIN * usual:
            notes.append(
                f"The {place} week has {plural(int(many), 'line')}, where {count(round(usual))} "
                "are usual: if it is not whole, leave it out of the table."
            )


def _as_arrays(known: pl.DataFrame, notes: list[str], name: str, *, weekly: bool) -> ItemWeeks:
    numbered = known["week"].to_numpy()
    first, last = int(numbered.min()), int(numbered.max())
    told = [column for column in ("price", "promoted") if column in known.columns]
    sums = [pl.col("quantity").sum()]
    if "price" in told:
        price = pl.col("price").filter(pl.col("price").is_finite() & (pl.col("price") > 0))
        sums += [price.median().alias("price"), price.log().std().alias("spread")]
    if "promoted" in told:
        sums.append(pl.col("promoted").fill_nan(None).mean())
    cells = known.group_by("item", "week").agg(sums).sort("item", "week")
    often = cells.group_by("item").len().filter(pl.col("len") >= FEWEST_WEEKS_SOLD)["item"].sort()
    different = cells["item"].n_unique()
    weeks = last - first + 1
    if len(often) * weeks > MOST_CELLS:
        raise DataError(
            f"{count(len(often))} items in {count(weeks)} weeks are too many to be held at once",
            where=name,
            hint="give the items of one department, or groups of items",
        )
    cells = cells.filter(pl.col("item").is_in(often.implode()))
    at = often.search_sorted(cells["item"]).to_numpy(), (cells["week"] - first).to_numpy()
    sold = np.zeros((len(often), weeks))
    sold[at] = cells["quantity"].to_numpy()
    begun = np.maximum.accumulate(sold > 0, axis=1)
    if len(often) >= FEWEST_TOGETHER:
        closed = ~np.isin(np.arange(first, last + 1), numbered)
        begun[:, closed] = False
        if closed.any():
            notes.append(
                f"In {plural(int(closed.sum()), 'week')} nothing at all was sold: they are taken "
                "as not known, not as no demand."
            )
    found = {
        column: _placed(cells[column], at, sold.shape)
        for column in ("price", "spread", "promoted")
        if column in cells.columns
    }
    numbers = pl.Series(range(first, last + 1), dtype=pl.Int64)
    return ItemWeeks(
        weeks=numbers if weekly else (7 * numbers - MONDAY).cast(pl.Int32).cast(pl.Date),
        items=tuple(often.to_list()),
        sold=np.where(begun, sold, np.nan),
        price=found.get("price"),
        spread=found.get("spread"),
        promoted=found.get("promoted"),
        others=different - len(often),
        pieces=float(known["quantity"].sum()),
        notes=tuple(notes),
    )


def _placed(column: pl.Series, at: tuple[np.ndarray, np.ndarray], shape: tuple[int, ...]) -> Floats:
    found = np.full(shape, np.nan)
    found[at] = column.cast(pl.Float64).fill_null(float("nan")).to_numpy()
    return found
