"""What was bought in a shop, and how well recommenders do on it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tidemill.core.columns import by_name
from tidemill.core.dataset import Dataset
from tidemill.core.errors import DataError
from tidemill.core.run import Run
from tidemill.core.schema import TABULAR_KINDS, Kind
from tidemill.core.words import count, listing, number
from tidemill.effects.estimates import Effect, mean_of
from tidemill.recommending.choosing import Contest, Ranking, contest
from tidemill.recommending.doubtful import unlike_codes, unlike_prices
from tidemill.recommending.measuring import ListQuality
from tidemill.recommending.own_columns import own_columns
from tidemill.recommending.splitting import FEWEST_TESTED, Afterwards, at_random, by_time
from tidemill.recommending.taken import Taken
from tidemill.supervised.arrays import Floats, as_floats

Columns = Mapping[str, tuple[str, ...]]
"""What the recipe asks for -> the columns that hold it."""


@dataclass(frozen=True)
class LinesAsked:
    """Which lines count.

    Attributes:
        least: The rating from which on an item counts as liked.
        without: Items that are left out.
    """

    least: float
    without: tuple[str, ...] = ()

    @staticmethod
    def of(assumed: Mapping[str, float | str]) -> LinesAsked:
        """As the user says."""
        names = str(assumed.get("without", "")).split(",")
        return LinesAsked(
            float(assumed["least"]), tuple(name.strip() for name in names if name.strip())
        )


@dataclass(frozen=True)
class ShopLines:
    """Who took what and when, a line each.

    Attributes:
        frame: "customer", "item" and, where it is told, "time".
        left_out: What lines were left out, as sentences.
        items: Items, also ones that nobody took, in the first column, and what else is theirs.
        customers: Customers in the first column, and what else is theirs.
        doubtful: Items that may be no goods.
    """

    frame: pl.DataFrame
    left_out: tuple[str, ...]
    items: pl.DataFrame
    customers: pl.DataFrame
    doubtful: tuple[str, ...]


@dataclass(frozen=True)
class Shop:
    """What was bought, and what recommenders make of it.

    Attributes:
        after: What is learned from, and what it is measured by.
        found: How well recommenders do.
        lines: What is known of items and customers.
        everything: What customers took in all.
        ranking: The chosen recommender, learned from all of it.
    """

    after: Afterwards
    found: Contest
    lines: ShopLines
    everything: Taken
    ranking: Ranking

    @property
    def chosen(self) -> ListQuality:
        """Of the recommender that did best on validation."""
        return self.found.quality[self.found.chosen]

    def gain(self, against: str) -> Effect:
        """How many more of ten proposals are taken than by another recommender."""
        more = self.found.more_than(against)
        return mean_of(more, np.arange(len(more)))


def shop_of(lines: ShopLines, run: Run) -> Shop | int:
    """The shop, measured; where too few customers can be tested, how many."""
    frame = lines.frame
    if "time" in frame.columns:
        after = by_time(frame["customer"], frame["item"], frame["time"])
    else:
        after = at_random(frame["customer"], frame["item"], run.rng("recommend", "held out"))
    tested = int((np.diff(after.held.indptr) > 0).sum())
    if tested < FEWEST_TESTED:
        return tested
    found = contest(after.taken.pairs, after.held, after.validation, run)
    everything = Taken.of(frame["customer"], frame["item"])
    ranking = found.rankings[found.chosen].again(everything.pairs, run)
    return Shop(after, found, lines, everything, ranking)


def taken_lines(
    data: Dataset, columns: Columns, asked: LinesAsked
) -> tuple[pl.DataFrame, tuple[str, ...]]:
    """The lines that say that a customer took an item, and which ones were left out.

    Args:
        data: The table.
        columns: Those of the recipe.
        asked: Which lines count.

    Raises:
        DataError: There are none.
    """
    [customer], [item] = columns["entity"], columns["item"]
    if customer == item:
        raise DataError(
            f"'{item}' cannot be both the customer and the item",
            where=data.name,
            hint="name another column with option 'column=item=COL'",
        )
    named = {"customer": data[customer].cast(pl.String), "item": data[item].cast(pl.String)}
    if columns["time"]:
        named["time"] = data[columns["time"][0]]
    frame = pl.DataFrame(named)
    kept = np.ones(len(data), bool)
    said = []
    for name in columns["rating"]:
        low = ~(_numbers(data, name) >= asked.least)
        said.append((low, f"are rated under {number(asked.least)}, or not at all"))
    for name in columns["quantity"]:
        said.append((~(_numbers(data, name) > 0), "are of nothing, or were sent back"))
    gone = frame.select(pl.any_horizontal(pl.all().is_null())).to_series().to_numpy()
    said.append((gone, f"lack {listing([customer, item, *columns['time']], 'or')}"))
    out = frame["item"].is_in(asked.without).fill_null(value=False).to_numpy()
    said.append((out, f"are of {listing(asked.without)}, as you said"))
    sentences = []
    for mask, words in said:
        own = int((mask & kept).sum())
        kept &= ~mask
        if own:
            sentences.append(f"lines that {words}: {count(own)}.")
    if not kept.any():
        raise DataError(
            "no line says that a customer took an item",
            where=data.name,
            hint="name the columns with option 'entity' and option 'column=item=COL'",
        )
    return frame.filter(pl.Series(kept)), tuple(sentences)


def lines_of(data: Dataset, columns: Columns, asked: LinesAsked) -> ShopLines:
    """The lines of a shop, and what other columns say of its items and of its customers.

    Args:
        data, columns, asked: As of :func:`taken_lines`.
    """
    frame, left_out = taken_lines(data, columns, asked)
    [customer], [item], about = columns["entity"], columns["item"], columns["about"]
    table = data.frame.with_columns(
        by_name(customer).cast(pl.String), by_name(item).cast(pl.String)
    )
    unknown = [name for name in asked.without if name not in table[item]]
    if unknown:
        raise DataError(
            f"no line is of {listing(unknown)}",
            where=data.name,
            hint=f"name items of {item} as option 'assume=without=ITEM,ITEM'",
        )
    named = about or _open_columns(data, columns, (*TABULAR_KINDS, "text"))
    items = own_columns(table, item, named, certain=bool(about))
    items = items.filter(~items.to_series().is_in(asked.without))
    others = [
        name
        for name in _open_columns(data, columns, ("number", "category", "boolean"))
        if name not in items.columns
    ]
    customers = own_columns(table, customer, others, certain=False)
    prices = columns["price"]
    doubtful = unlike_codes(items.to_series())
    if prices:
        doubtful += unlike_prices(table[item], pl.Series(_numbers(data, prices[0])).fill_nan(None))
    kept = [name for name in dict.fromkeys(doubtful) if name not in asked.without]
    return ShopLines(frame, left_out, items, customers, tuple(kept))


def _numbers(data: Dataset, name: str) -> Floats:
    """(n,) a column's numbers; NaN where one is missing."""
    if not data[name].dtype.is_numeric():
        raise DataError(
            f"'{name}' holds no numbers", where=data.name, hint="name a column that holds numbers"
        )
    return as_floats(data[name])


def _open_columns(data: Dataset, columns: Columns, kinds: Sequence[Kind]) -> list[str]:
    """Columns of some kinds that nothing else is told by, and that hold no personal data."""
    used = {name for each in columns.values() for name in each}
    return [
        column.name
        for column in data.schema
        if column.name not in used
        and column.kind in kinds
        and column.role in ("feature", "sensitive", "target", "context")
        and not column.personal
    ]


def proposal_rows(customers: pl.Series, items: pl.Series, lists: NDArray[np.int64]) -> pl.DataFrame:
    """A row for each customer and proposal.

    Args:
        customers: (n,).
        items: (m,).
        lists: (n, k) places of items, the best first; -1 where there are no more.
    """
    there = lists >= 0
    row, rank = np.nonzero(there)
    return pl.DataFrame(
        {
            "customer": customers.gather(row),
            "rank": rank + 1,
            "item": items.gather(lists[there]),
        }
    )
