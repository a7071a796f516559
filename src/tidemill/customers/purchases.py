"""Purchases from single lines."""

from __future__ import annotations

import numpy as np
import polars as pl

from tidemill.core.cancelled import cancelled_lines
from tidemill.core.errors import DataError
from tidemill.core.words import count, plural
from tidemill.customers.base import Purchases

LATEST = 90
"""Days within which a refund takes back a line of as much money."""


def purchases_of(lines: pl.DataFrame, name: str) -> Purchases:
    """Lines to purchases: all that a customer buys on a day is one.

    Args:
        lines: "customer" (text), "time" (dates or times) and, where it is known, "money" (NaN where
            missing; below 0 where it was given back).
        name: Of the table, for messages.

    Raises:
        DataError: Nobody bought anything, or times are no dates.
    """
    if lines["time"].dtype not in (pl.Date, pl.Datetime):
        raise DataError(
            "times are no dates",
            where=name,
            hint="name a column of dates with option 'time'",
        )
    there = pl.col("customer").is_not_null() & pl.col("time").is_not_null()
    with_money = "money" in lines.columns
    if with_money:
        there &= pl.col("money").is_finite().fill_null(value=False)
    known = lines.filter(there)
    notes = []
    if gone := len(lines) - len(known):
        what = "a customer, a time or money" if with_money else "a customer or a time"
        notes.append(f"Lines without {what} were left out: {count(gone)}.")
    day = known["time"].cast(pl.Date).to_physical().cast(pl.Int64)
    known = known.with_columns(day=day).sort("customer", "day", maintain_order=True)
    back = known.head(0)
    if with_money:
        known, back = _without_refunds(known, notes)
    if not len(known):
        raise DataError(
            "no line says that a customer bought something",
            where=name,
            hint="name the columns with option 'entity' and option 'column=money=COL'",
        )
    return _grouped(known, back, tuple(notes), with_money=with_money)


def _without_refunds(known: pl.DataFrame, notes: list[str]) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Lines that were paid, and refunds that belong to none of them."""
    paid = known.filter(pl.col("money") > 0)
    back = known.filter(pl.col("money") < 0)
    if free := len(known) - len(paid) - len(back):
        notes.append(f"Lines that cost nothing count as no purchase: {count(free)}.")
    if not len(back):
        return paid, back
    undone = cancelled_lines(paid, back, ["customer"], "money", LATEST)
    matched = int(undone.sum())
    notes.append(
        f"{plural(len(back), 'line')} gave money back: {count(matched)} that of a line of as much "
        f"in the {LATEST} days before, which is left out with it; what the others gave back is "
        "taken off the customer's money on its day."
    )
    kept = paid.filter(~pl.Series(undone))
    # of a customer who has bought nothing else, nothing is known but that
    open_back = _unmatched(paid.filter(pl.Series(undone)), back)
    return kept, open_back.join(kept.select("customer").unique(), on="customer", how="semi")


def _unmatched(undone: pl.DataFrame, back: pl.DataFrame) -> pl.DataFrame:
    """Refunds but for as many as lines were undone, of each customer and amount."""
    used = undone.group_by("customer", money=-pl.col("money")).agg(used=pl.len())
    ranked = back.with_columns(rank=pl.col("day").rank("ordinal").over("customer", "money"))
    joined = ranked.join(used, on=["customer", "money"], how="left", maintain_order="left")
    return joined.filter(pl.col("rank") > pl.col("used").fill_null(0)).drop("rank", "used")


def _grouped(
    known: pl.DataFrame, back: pl.DataFrame, notes: tuple[str, ...], *, with_money: bool
) -> Purchases:
    sums = [pl.col("money").sum()] if with_money else []
    days = known.group_by("customer", "day").agg(sums).sort("customer", "day")
    names = days["customer"].unique().sort()
    ends = [int(known["day"].to_numpy().max())]
    back_who, back_day, back_money = np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0)
    if len(back):
        back_who = names.search_sorted(back["customer"]).to_numpy().astype(np.int64)
        back_day = back["day"].to_numpy()
        back_money = -back["money"].to_numpy()
        ends.append(int(back_day.max()))
    return Purchases(
        names=tuple(names.to_list()),
        who=names.search_sorted(days["customer"]).to_numpy().astype(np.int64),
        day=days["day"].to_numpy(),
        money=days["money"].to_numpy() if with_money else None,
        back_who=back_who,
        back_day=back_day,
        back_money=back_money,
        end=max(ends) + 1,
        notes=notes,
    )
