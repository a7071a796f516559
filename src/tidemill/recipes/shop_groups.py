"""Which groups of customers are served worse than the others."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import sqrt

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.stats import norm

from tidemill.core.columns import by_name
from tidemill.core.words import cell, count, listing, number, percent, plural
from tidemill.recipes.shop_case import Shop
from tidemill.recommending.measuring import LONGER
from tidemill.reporting.blocks import Block, Paragraph, TableBlock
from tidemill.supervised.arrays import Floats, as_floats

FEWEST_OF_GROUP = 20
"""Tested customers of a group, and outside of it."""
MOST_GROUPS = 200
FEWEST_NUMBERS = 12
"""Different numbers from which on they are cut in quarters."""


@dataclass(frozen=True)
class ServedGroup:
    """Customers who have something in common.

    Attributes:
        words: What.
        customers: How many were tested.
        recall: Of what they took afterwards, the share among twenty proposals.
        less: How much less than that of the others.
        low, high: The interval of that, so wide that those of all groups together hold at 95 %.
    """

    words: str
    customers: int
    recall: float
    less: float
    low: float
    high: float


def served_groups(tested: pl.Series, table: pl.DataFrame, recall: Floats) -> list[ServedGroup]:
    """All groups by the customers' own columns, the worst served first.

    Args:
        tested: (k,) customers.
        table: Customers in the first column, and what else is theirs.
        recall: (k,) of what each took afterwards, the share that was proposed.
    """
    key = table.columns[0]
    rows = tested.to_frame(key).join(table, on=by_name(key), how="left", maintain_order="left")
    named = list(_groups(rows))[:MOST_GROUPS]
    reach = float(norm.ppf(1 - 0.025 / max(len(named), 1)))
    found = [_group(words, recall, inside, reach) for words, inside in named]
    return sorted(found, key=lambda one: -one.low)


def _groups(rows: pl.DataFrame) -> Iterator[tuple[str, NDArray[np.bool_]]]:
    """Each group that is large enough."""
    for name in rows.columns[1:]:
        values = rows[name]
        if values.dtype.is_numeric() and values.n_unique() > FEWEST_NUMBERS:
            values = _quarters(as_floats(values))
        for level in values.drop_nulls().unique(maintain_order=True):
            inside = (values == level).fill_null(value=False).to_numpy()
            if FEWEST_OF_GROUP <= inside.sum() <= len(inside) - FEWEST_OF_GROUP:
                yield f"{name}: {cell(level)}", inside


def _quarters(numbers: Floats) -> pl.Series:
    """In which of four parts of as many each number is, by where they are cut."""
    known = np.isfinite(numbers)
    cuts = np.unique(np.quantile(numbers[known], [0.25, 0.5, 0.75]))
    ends = [number(cut) for cut in cuts]
    words = [f"up to {ends[0]}", *(f"over {end}" for end in ends)]
    for at, end in enumerate(ends[1:], start=1):
        words[at] += f" up to {end}"
    part = np.searchsorted(cuts, numbers)
    said = [words[at] if there else None for at, there in zip(part, known, strict=True)]
    return pl.Series(said, dtype=pl.String)


def _group(words: str, recall: Floats, inside: NDArray[np.bool_], reach: float) -> ServedGroup:
    own, others = recall[inside], recall[~inside]
    less = float(others.mean() - own.mean())
    error = sqrt(own.var(ddof=1) / len(own) + others.var(ddof=1) / len(others))
    return ServedGroup(
        words, len(own), float(own.mean()), less, less - reach * error, less + reach * error
    )


def groups_blocks(shop: Shop) -> list[Block]:
    """What the page says of groups."""
    tested = shop.after.taken.customers.gather(shop.found.customers)
    found = served_groups(tested, shop.lines.customers, shop.chosen.recall)
    names = shop.lines.customers.columns[1:]
    if not names:
        return [
            Paragraph(
                "No column says anything of a customer, so who else is served badly is not known.",
                "small",
            )
        ]
    by = f"{plural(len(found), 'group')} of customers by {listing(names)}"
    worse = [one for one in found if one.low > 0]
    how = (
        f"Compared were {by}, each with all other customers; intervals are so wide that all of "
        "them together hold at 95 %. How much is known of a group may be why."
    )
    if not worse:
        return [Paragraph(f"No group is proven to be served worse than the others. {how}")]
    rows = tuple(
        (
            one.words,
            count(one.customers),
            percent(one.recall),
            f"{_points(one.less)} ({_points(one.low)} to {_points(one.high)})",
        )
        for one in worse
    )
    heads = (
        "Group",
        "Customers",
        f"Of what they took, among {LONGER}",
        "Points less than all others",
    )
    verb = "is" if len(worse) == 1 else "are"
    lead = f"{plural(len(worse), 'group')} {verb} served worse than the others. {how}"
    return [Paragraph(lead), TableBlock(heads, rows, stacked=True)]


def _points(share: float) -> str:
    return number(100 * share, 2)
