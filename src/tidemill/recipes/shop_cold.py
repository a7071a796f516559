"""The chapter about items that hardly anybody took yet, which their columns propose."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy import sparse

from tidemill.core.persons import FEWEST_PERSONS
from tidemill.core.run import Run
from tidemill.core.words import count, listing, number, plural
from tidemill.recipes.shop_case import Shop, proposal_rows
from tidemill.recommending.choosing import TOGETHER
from tidemill.recommending.cold import ByColumns, ColdGain, chosen_setting, cold_gain
from tidemill.recommending.measuring import best
from tidemill.recommending.own_columns import design_of
from tidemill.reporting.blocks import Block, Paragraph
from tidemill.supervised.arrays import Floats

HOW = (
    "Columns of the table that say the same of an item in all its lines are the item's; or name "
    "them with option 'column=about=COL'. A new item is a row of the table without a customer."
)


@dataclass(frozen=True)
class ColdItems:
    """Items that fewer than FEWEST_PERSONS customers took.

    Attributes:
        names: The columns that say what items are like.
        gain: What proposals by them bring; None where that cannot be measured.
        cold: How many such items there are of which a column is known, and which are surely goods.
        lists: Proposals, a row each; None where they are not proven to bring anything.
    """

    names: tuple[str, ...]
    gain: ColdGain | None
    cold: int
    lists: pl.DataFrame | None

    @property
    def is_proven(self) -> bool:
        """Whether proposals by columns are better than items in random order."""
        return self.gain is not None and self.gain.low > 0


class _Catalogue(NamedTuple):
    """All items, those that nobody took too.

    Attributes:
        items: (m,) their names.
        pairs: (n, m) who took which.
        design: (m, d) their columns.
        told: (m,) whether a column of them is known.
    """

    items: pl.Series
    pairs: sparse.csr_array
    design: Floats
    told: NDArray[np.bool_]


def cold_items(shop: Shop, top: int, run: Run) -> ColdItems:
    """Measure proposals by columns, and make them where they are proven to be better than none.

    Args:
        shop: The shop.
        top: Proposals for each customer.
        run: Draws the items that are hidden.
    """
    names = tuple(shop.lines.items.columns[1:])
    if not names:
        return ColdItems(names, None, 0, None)
    catalogue = _catalogue(shop)
    gain = cold_gain(catalogue.pairs, catalogue.design, run)
    cold = (np.asarray(catalogue.pairs.sum(axis=0)) < FEWEST_PERSONS) & catalogue.told
    cold &= ~catalogue.items.is_in(shop.lines.doubtful).to_numpy()
    found = ColdItems(names, gain, int(cold.sum()), None)
    if not found.is_proven or not cold.any():
        return found
    lists = _lists(catalogue, np.flatnonzero(cold), top, run)
    rows = proposal_rows(shop.everything.customers, catalogue.items, lists)
    return ColdItems(names, gain, found.cold, rows)


def _catalogue(shop: Shop) -> _Catalogue:
    table = shop.lines.items
    items = table.to_series()
    place = pl.DataFrame({"item": items, "place": np.arange(len(items))})
    known = shop.everything.items.to_frame("item").join(
        place, on="item", how="left", maintain_order="left"
    )
    row, column = shop.everything.pairs.nonzero()
    shape = (shop.everything.shape[0], len(items))
    column = known["place"].to_numpy()[column]
    pairs = sparse.csr_array((np.ones(len(row), np.float32), (row, column)), shape=shape)
    told = ~table[:, 1:].select(pl.all_horizontal(pl.all().is_null())).to_series().to_numpy()
    return _Catalogue(items, pairs, design_of(table), told)


def _lists(catalogue: _Catalogue, cold: NDArray[np.int64], top: int, run: Run) -> NDArray[np.int64]:
    """(n, top) the cold items whose columns suit each customer best, -1 where there are no more."""
    pairs, design = catalogue.pairs, catalogue.design
    warm = np.flatnonzero(np.asarray(pairs.sum(axis=0)) >= FEWEST_PERSONS)
    given = pairs[:, warm]
    setting = chosen_setting(given, design[warm], run)
    model = ByColumns(design[warm], given, setting)
    found = []
    for start in range(0, pairs.shape[0], TOGETHER):
        run.check()
        part = slice(start, start + TOGETHER)
        found.append(best(model.scores(given[part], design[cold]), pairs[part][:, cold], top))
    lists = np.concatenate(found)
    return np.where(lists >= 0, cold[lists], -1)


def cold_blocks(found: ColdItems) -> list[Block]:
    """What the page says of them."""
    few = f"fewer than {FEWEST_PERSONS} customers took"
    if not found.names:
        return [
            Paragraph(
                "No column says what an item is like, so items that nobody took yet are never "
                f"proposed. {HOW}"
            )
        ]
    if found.gain is None:
        return [
            Paragraph(
                "Whether columns tell whom a new item suits cannot be measured: there are too few "
                f"items, or customers, for a part of the items to be hidden. {HOW}"
            )
        ]
    if not found.is_proven:
        use = (
            f"Do not propose items by their columns ({_names(found)}): that is not proven better "
            "than new items in random order."
        )
    elif found.lists is None:
        use = (
            f"Columns ({_names(found)}) tell whom a new item suits. No item is one that {few}, so "
            "nothing is proposed by them now."
        )
    else:
        use = (
            f"Columns ({_names(found)}) tell whom a new item suits: new_items.csv has proposals "
            f"from the {plural(found.cold, 'item')} that {few}."
        )
    return [Paragraph(use), Paragraph(_measured(found.gain)), Paragraph(HOW, "small")]


def _names(found: ColdItems) -> str:
    return listing(found.names[:5]) + (" and others" if len(found.names) > 5 else "")


def _measured(gain: ColdGain) -> str:
    return (
        f"Of {gain.length} items that were hidden wholly from learning and proposed by their "
        f"columns, {number(gain.taken, 2)} had been taken; of {gain.length} in random order "
        f"{number(gain.by_chance, 2)}: {number(gain.gain, 2)} more (95 % interval "
        f"{number(gain.low, 2)} to {number(gain.high, 2)}, over customers and over items). "
        f"{count(gain.items)} items were hidden, a fifth at a time, and proposed to "
        f"{count(gain.customers)} customers who had taken some of them."
    )
