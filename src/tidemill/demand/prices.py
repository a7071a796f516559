"""What a change of an item's price, or a promotion, goes with: within an item over time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tidemill.demand.base import mean_known
from tidemill.demand.weeks import ItemWeeks
from tidemill.supervised.arrays import Bools, Floats, Ints

OFTEN_SOLD = 0.8
"""The share of its weeks in which an item must be sold: weeks without a sale have no price."""
FEWEST_PAIRED = 20
"""Weeks of an item with a price."""
MOVED = 0.05
"""A price has moved in a week in which it is so far from the item's usual one."""
FEWEST_MOVED = 4
"""Weeks in which it has, and has not, without which nothing is said of an item."""
FEWEST_ITEMS = 8
"""Items whose price moved, without which an interval over items means nothing."""
TIERS = 0.5
"""How far prices of an item may differ within a week, in parts of how far they do between weeks:
where it is more, they depend on something else than the week."""
CENTS = 0.02
"""What they may differ within a week in any case."""


@dataclass(frozen=True)
class WithinItems:
    """A coefficient of logarithms of pieces, within items and weeks.

    Attributes:
        value, low, high: It, with its 95 % interval over items.
        items, weeks: Of how many items, and how many of their weeks.
    """

    value: float
    low: float
    high: float
    items: int
    weeks: int


@dataclass(frozen=True)
class NotWithin:
    """Why no coefficient can be told.

    Attributes:
        sort: "several", "still" or "promotions".
        items: Items that were looked at.
        moved: Those of them that could be used.
    """

    sort: str
    items: int
    moved: int


def price_within(of: ItemWeeks) -> WithinItems | NotWithin:
    """By how many percent more pieces are sold where the price is 1 % higher than is usual for the
    item, other items' same weeks apart. Weeks on promotion are left out, and do not count as moves.

    Raises:
        ValueError: The table has no prices.
    """
    if of.price is None or of.spread is None:
        raise ValueError("there are no prices")
    sold, usable = _sold_items(of)
    usable &= ~np.isnan(of.price)
    looked = np.flatnonzero(usable.sum(axis=1) >= FEWEST_PAIRED)
    if not len(looked):
        return NotWithin("still", 0, 0)
    price = np.full(of.price.shape, np.nan)
    known = np.where(usable, of.price, np.nan)[looked]
    price[looked] = np.log(known / np.nanmedian(known, axis=1, keepdims=True))
    within = np.nan_to_num(mean_known(of.spread[looked]))
    several = within > np.maximum(CENTS, TIERS * np.nanstd(price[looked], axis=1))
    if several.mean() > 0.5:
        return NotWithin("several", len(looked), int(several.sum()))
    usable[looked[several]] = False
    moves = (np.abs(price) > MOVED) & usable
    steady = usable & ~moves
    calm = usable if of.promoted is None else usable & ~(np.nan_to_num(of.promoted) > 0)
    enough = _both(moves & calm, steady & calm)
    if enough.sum() < FEWEST_ITEMS:
        with_promotions = int(_both(moves, steady).sum())
        sort = "promotions" if with_promotions >= FEWEST_ITEMS else "still"
        return NotWithin(sort, len(looked), int(enough.sum()))
    return _within(sold, price, calm & enough[:, None])


def promotion_within(of: ItemWeeks) -> WithinItems | NotWithin:
    """By how much the logarithm of pieces is higher in weeks on promotion than is usual for the
    item, other items' same weeks apart.

    Raises:
        ValueError: The table says nothing of promotions.
    """
    if of.promoted is None:
        raise ValueError("nothing is said of promotions")
    sold, usable = _sold_items(of)
    looked = int((usable.sum(axis=1) >= FEWEST_PAIRED).sum())
    on, off = of.promoted > 0.5, of.promoted <= 0.5
    enough = _both(on & usable, off & usable)
    if enough.sum() < FEWEST_ITEMS:
        return NotWithin("still", looked, int(enough.sum()))
    return _within(sold, on.astype(float), usable & enough[:, None])


def short_cuts(of: ItemWeeks) -> float:
    """Of the weeks in which a price is clearly below the item's usual one, the share that lies in
    stretches of at most four weeks: as a promotion does, and a new price does not."""
    if of.price is None:
        return 0.0
    short = cut = 0
    for row in of.price:
        known = row[~np.isnan(row)]
        if len(known) < FEWEST_PAIRED:
            continue
        low = known < (1 - MOVED) * np.median(known)
        edges = np.diff(np.concatenate([[False], low, [False]]).astype(int))
        lengths = np.flatnonzero(edges == -1) - np.flatnonzero(edges == 1)
        cut += int(lengths.sum())
        short += int(lengths[lengths <= 4].sum())
    return short / cut if cut else 0.0


def _sold_items(of: ItemWeeks) -> tuple[Floats, Bools]:
    """Logarithms of pieces, and which item-weeks count: those of items that are sold in most of
    their weeks."""
    sales = np.nan_to_num(of.sold) > 0
    life = (~np.isnan(of.sold)).sum(axis=1)
    often = sales.sum(axis=1) >= OFTEN_SOLD * np.maximum(life, 1)
    usable = sales & often[:, None]
    return np.log(np.where(sales, of.sold, 1.0)), usable


def _both(moved: Bools, steady: Bools) -> Bools:
    """(k,) items with weeks enough of either kind."""
    found: Bools = (moved.sum(axis=1) >= FEWEST_MOVED) & (steady.sum(axis=1) >= FEWEST_MOVED)
    return found


def _within(outcome: Floats, cause: Floats, used: Bools) -> WithinItems:
    """Least squares with an effect of each item and of each week; errors by item (Cameron and
    Miller 2015, "A Practitioner's Guide to Cluster-Robust Inference", eq. 11)."""
    from scipy.stats import t as student

    item, week = np.nonzero(used)
    y = _without_effects(outcome[used], item, week)
    x = _without_effects(cause[used], item, week)
    value = float(x @ y / (x @ x))
    sums = np.bincount(item, x * (y - value * x))
    items = len(np.unique(item))
    error = float(np.sqrt((sums**2).sum() * items / (items - 1))) / float(x @ x)
    reach = float(student.ppf(0.975, items - 1)) * error
    return WithinItems(value, value - reach, value + reach, items, len(y))


def _without_effects(values: Floats, item: Ints, week: Ints) -> Floats:
    """What is left when means of items and of weeks are taken away, again and again until none is
    left (von Neumann's alternating projections)."""
    left = values.copy()
    for _ in range(500):
        before = left
        for group in (item, week):
            counts = np.maximum(np.bincount(group), 1)
            left = left - (np.bincount(group, left) / counts)[group]
        if np.abs(left - before).max() < 1e-10:
            break
    return left
