"""The chapter about new customers, for whom nothing is learned anew."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from tidemill import verbs
from tidemill.core.errors import DataError
from tidemill.core.run import Run
from tidemill.core.words import count, listing, percent, plural
from tidemill.recipes.shop_case import Columns, LinesAsked, Shop, proposal_rows, taken_lines
from tidemill.recommending.taken import Taken
from tidemill.reporting.blocks import Block, Paragraph


@dataclass(frozen=True)
class NewCustomers:
    """Customers of another table.

    Attributes:
        lists: Proposals, a row each.
        customers: How many there are.
        unknown: How many of them took nothing that is known here.
        known: The share of what they took that is known here.
    """

    lists: pl.DataFrame
    customers: int
    unknown: int
    known: float


def new_customers(
    shop: Shop,
    source: verbs.Table,
    columns: Columns,
    asked: LinesAsked,
    top: int,
    run: Run,
) -> NewCustomers:
    """Lists for customers of another table, by what they took.

    Args:
        shop: The shop, learned.
        source: Their lines, with the same columns.
        columns: Those of the recipe.
        asked: Which lines count.
        top: Proposals for each.
        run: Progress.

    Raises:
        DataError: A column is missing, or no line says that a customer took something.
    """
    data = verbs.read(source, run=run)
    named = {
        name: columns[name] if name in ("entity", "item", "rating", "quantity") else ()
        for name in columns
    }
    missing = [name for each in named.values() for name in each if name not in data.schema]
    if missing:
        raise DataError(
            f"the new customers lack {listing(missing)}",
            where=data.name,
            hint="give their lines with the same columns as the table",
        )
    frame, _ = taken_lines(data, named, asked)
    customers = frame["customer"].unique().sort()
    given = Taken(customers, shop.everything.items, shop.everything.pairs).matrix(
        frame["customer"], frame["item"]
    )
    lists = shop.ranking.proposals(given, top, run)
    different = frame.select("customer", "item").n_unique()
    return NewCustomers(
        proposal_rows(customers, shop.everything.items, lists),
        len(customers),
        int((np.diff(given.indptr) == 0).sum()),
        given.nnz / different,
    )


def new_blocks(found: NewCustomers | None) -> list[Block]:
    """What the page says of them."""
    if found is None:
        return []
    said = (
        f"new_customers.csv has proposals for {plural(found.customers, 'customer')} of the other "
        f"table, by what they took there; nothing was learned anew. {percent(found.known)} of what "
        "they took is known here."
    )
    if found.unknown:
        said += f" {count(found.unknown)} took nothing that is known, and get the best-sellers."
    return [Paragraph(said)]
