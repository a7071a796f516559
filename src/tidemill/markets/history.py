"""What prices did: the returns of several assets on the days that they share."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np
import polars as pl

from tidemill.core.columns import by_name
from tidemill.core.errors import DataError
from tidemill.core.words import count, listing, number, percent, plural
from tidemill.supervised.arrays import Floats
from tidemill.supervised.price_splits import like_splits

THERE = 0.9
"""An asset is looked at if it has a price on so large a share of the days."""
LATE = 0.25
"""Two assets that correlate by so much with a day in between do not close at the same hour."""


@dataclass(frozen=True)
class Unit:
    """What a step of time is.

    Attributes:
        one, many: Its name.
        a_year: How many there are in a year.
    """

    one: str
    many: str
    a_year: float


_UNITS = (
    (1.0, Unit("day", "days", 252.0)),
    (6.0, Unit("week", "weeks", 52.0)),
    (27.0, Unit("month", "months", 12.0)),
)
"""By how many days are between two steps, at least."""
_EVERY_DAY = Unit("day", "days", 365.0)
WEEKENDS = 0.1
"""Where so large a share of the days are Saturdays and Sundays, prices are of every day of the
year, as those of currencies are that never close."""


@dataclass(frozen=True)
class History:
    """Returns.

    Attributes:
        days: (T + 1,) times of the prices, ascending.
        assets: Names, (k,).
        returns: (T, k) logarithms of a price over the one before.
        unit: What a step of time is.
        notes: What was left out, and what is doubtful, as sentences.
    """

    days: pl.Series
    assets: tuple[str, ...]
    returns: Floats
    unit: Unit
    notes: tuple[str, ...]


def history(lines: pl.DataFrame, name: str) -> History:
    """The returns of a table's lines.

    Args:
        lines: Columns "asset" (text), "time" (dates or times) and "price" (numbers).
        name: Of the table, for messages.

    Raises:
        DataError: An asset has two prices at the same time, prices are of less than a day, or
            nothing is left.
    """
    notes = []
    known = lines.filter(
        pl.col("asset").is_not_null()
        & pl.col("time").is_not_null()
        & pl.col("price").is_finite().fill_null(value=False)
        & (pl.col("price") > 0)
    )
    gone = len(lines) - len(known)
    if gone:
        notes.append(f"Lines without an asset, a time or a price above 0 were left out: {gone:,}.")
    known = known.unique(["asset", "time", "price"]).sort("time", "asset")
    _no_two_prices(known, name)
    wide = known.pivot(on="asset", index="time", values="price").sort("time")
    unit = _unit(wide["time"], name)
    wide = _shared(wide, unit, notes, name)
    assets = tuple(column for column in wide.columns if column != "time")
    prices = wide.select(by_name(*assets)).to_numpy().astype(np.float64)
    found = History(wide["time"], assets, np.diff(np.log(prices), axis=0), unit, ())
    notes += [*_splits(found), *_late(found)]
    return History(found.days, assets, found.returns, unit, tuple(notes))


def _no_two_prices(known: pl.DataFrame, name: str) -> None:
    twice = known.group_by("asset", "time", maintain_order=True).agg(by_name("price"))
    twice = twice.filter(pl.col("price").list.len() > 1)
    if not len(twice):
        return
    first = twice.row(0, named=True)
    prices = listing([number(price, 4) for price in first["price"][:3]])
    raise DataError(
        f"'{first['asset']}' has {plural(len(first['price']), 'price')} on {first['time']}: "
        f"{prices}; so has {plural(len(twice), 'pair')} of asset and time",
        where=name,
        hint="keep one price for each asset and time, such as the last one",
    )


def _unit(times: pl.Series, name: str) -> Unit:
    """Days, weeks or months, by the gap that is in the middle of all."""
    gap = times.diff().drop_nulls().median()
    days = gap.total_seconds() / 86_400 if isinstance(gap, dt.timedelta) else 1.0
    found = [unit for least, unit in _UNITS if days >= least]
    if not found:
        raise DataError(
            f"prices are {days * 24:.2g} hours apart",
            where=name,
            hint="give one price a day, such as the last one",
        )
    ends_of_weeks = (times.dt.weekday() > 5).mean() if times.dtype.is_temporal() else None
    if len(found) == 1 and isinstance(ends_of_weeks, float) and ends_of_weeks > WEEKENDS:
        return _EVERY_DAY
    return found[-1]


def _shared(wide: pl.DataFrame, unit: Unit, notes: list[str], name: str) -> pl.DataFrame:
    """The assets with a price on most days, which moves, and the days that they share."""
    share = {
        asset: 1 - wide[asset].null_count() / len(wide) for asset in wide.columns if asset != "time"
    }
    rare = sorted(asset for asset, there in share.items() if there < THERE)
    still = sorted(
        asset for asset in share if asset not in rare and wide[asset].drop_nulls().n_unique() < 2
    )
    if rare:
        notes.append(
            f"{_some(rare)} had a price on fewer than {percent(THERE)} of the {unit.many}, and "
            f"{_was(rare)} left out."
        )
    if still:
        notes.append(
            f"The price of {_some(still)} never moves: nothing can be said of its risk, and "
            f"{_was(still)} left out."
        )
    kept = sorted(set(share) - {*rare, *still})
    if not kept:
        raise DataError(
            "no asset has a price that moves and that is known on most of the "
            f"{count(len(wide))} {unit.many}",
            where=name,
            hint="name the column of prices with option 'column=price=COL', and the asset's with "
            "option 'entity'",
        )
    whole = wide.select(by_name("time", *kept)).drop_nulls()
    lost = len(wide) - len(whole)
    if lost:
        notes.append(
            f"On {plural(lost, unit.one)} not every asset has a price; what happened then counts "
            f"to the {unit.one} after."
        )
    return whole


def _splits(of: History) -> list[str]:
    """What looks as if shares were split, which is no loss."""
    found = like_splits(of.returns)
    if not len(found):
        return []
    where = [
        f"{of.assets[asset]} on {of.days[day + 1]:%Y-%m-%d} "
        f"({np.exp(of.returns[day, asset]):.2f} times)"
        for day, asset in found[:3].tolist()
    ]
    more = f", and {count(len(found) - 3)} more" if len(found) > 3 else ""
    return [
        f"Prices change by what a split of shares makes, of {listing(where)}{more}: if it was one, "
        "use prices that are adjusted for it, for it counts as a loss or a gain here."
    ]


def _late(of: History) -> list[str]:
    """Assets that follow the others by a day: their exchanges close at other hours."""
    if len(of.assets) < 2 or len(of.returns) < 3:
        return []
    z = of.returns - of.returns.mean(axis=0)
    z = z / np.maximum(z.std(axis=0), 1e-300)
    late = z[1:].T @ z[:-1] / (len(z) - 1)
    np.fill_diagonal(late, 0.0)
    follow = [of.assets[k] for k in np.flatnonzero(late.max(axis=1) > LATE)]
    if not follow:
        return []
    return [
        f"{_some(follow)} {'follows' if len(follow) == 1 else 'follow'} others by a {of.unit.one}, "
        "as prices from exchanges that close at other hours do: losses of them together are "
        "understated. Prices of the same hour, or of weeks, would tell."
    ]


def _some(names: list[str]) -> str:
    if len(names) <= 5:
        return listing(names)
    return f"{', '.join(names[:4])} and {count(len(names) - 4)} more"


def _was(names: list[str]) -> str:
    return "was" if len(names) == 1 else "were"
