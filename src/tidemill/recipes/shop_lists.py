"""The chapters about the lists of proposals: which recommender makes them, what of the catalogue
they show, whom they suit, and why."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tidemill.core.persons import FEWEST_PERSONS
from tidemill.core.run import Run
from tidemill.core.words import count, listing, number, percent, plural, shortlist
from tidemill.effects.estimates import mean_of
from tidemill.recipes.shop_case import Shop
from tidemill.recommending import RECOMMENDERS
from tidemill.recommending.base import Explains
from tidemill.recommending.choosing import BLEND, FLOOR
from tidemill.recommending.measuring import LENGTH, LONGER, ListQuality
from tidemill.reporting.blocks import (
    Block,
    Callout,
    Listing,
    Paragraph,
    PictureBlock,
    Series,
    TableBlock,
)

SHOWN = 10
"""Customers whose proposals the page shows."""
REASONS = 3
QUARTERS = 4


def names_of(shop: Shop) -> str:
    """The recommenders that make the lists."""
    return listing([part.name for part in shop.ranking.parts])


def which_blocks(shop: Shop) -> list[Block]:
    """How well each does."""
    customers = np.arange(len(shop.chosen.hits))
    rows = []
    for name, own in shop.found.quality.items():
        ndcg, recall, hits = (mean_of(each, customers) for each in (own.ndcg, own.recall, own.hits))
        gain = mean_of(own.hits - shop.found.quality[FLOOR].hits, customers)
        rows.append(
            (
                name,
                number(hits.mean, 2),
                f"{ndcg.mean:.3f} ({ndcg.low:.3f} to {ndcg.high:.3f})",
                f"{recall.mean:.3f} ({recall.low:.3f} to {recall.high:.3f})",
                percent(shown_share(shop, own)),
                "–" if name == FLOOR else f"{number(gain.low, 2)} to {number(gain.high, 2)}",
            )
        )
    heads = (
        "Recommender",
        "Taken of ten",
        f"nDCG@{LENGTH}",
        f"Recall@{LONGER}",
        "Of the catalogue",
        "More of ten than best-sellers",
    )
    lead = (
        "All learned from what was taken before, with settings chosen on a part of it, and ranked "
        f"all items that a customer had not taken. The one that did best on that part is used: "
        f"{shop.found.chosen}."
    )
    lines = [f"{name}: {RECOMMENDERS[name].line}." for name in shop.found.quality if name != BLEND]
    lines += [f"{name} is left out: {why}." for name, why in shop.found.left_out.items()]
    if BLEND in shop.found.quality:
        lines.append(f"{BLEND}: the scores of {names_of(shop)} together.")
    return [Paragraph(lead), TableBlock(heads, tuple(rows), stacked=True), Listing(tuple(lines))]


def shown_share(shop: Shop, own: ListQuality) -> float:
    """The share of the items that are among the ten of anybody."""
    first = own.proposed[:, :LENGTH]
    return len(np.unique(first[first >= 0])) / shop.after.taken.shape[1]


def catalogue_blocks(shop: Shop) -> list[Block]:
    """How often items of each rank of popularity are proposed."""
    items = shop.after.taken.shape[1]
    series = []
    for name in dict.fromkeys((shop.found.chosen, FLOOR)):
        first = shop.found.quality[name].proposed[:, :LENGTH]
        tenth = np.bincount(first[first >= 0] * 10 // items, minlength=10)[:10]
        series.append(Series(name, tuple(round(100 * float(k) / tenth.sum(), 2) for k in tenth)))
    lead = (
        f"{percent(shown_share(shop, shop.chosen))} of {count(items)} items are among the ten of "
        "one customer or more. Items by how often they were taken, in tenths:"
    )
    picture = PictureBlock(
        "bars",
        "What is proposed, by how popular it is",
        tuple(range(1, 11)),
        tuple(series),
        "tenth of the catalogue, the most popular first",
        "% of proposals",
    )
    blocks: list[Block] = [Paragraph(lead), picture]
    if shop.after.unknown:
        blocks.append(
            Paragraph(
                f"{percent(shop.after.unknown)} of what was taken afterwards had never been taken "
                "before: nobody can be told of it by what others took.",
                "small",
            )
        )
    return blocks


def known_blocks(shop: Shop) -> list[Block]:
    """How good lists are by how much is known of a customer."""
    known = np.diff(shop.after.taken.pairs.indptr)[shop.found.customers]
    order = np.argsort(known, kind="stable")
    rows = []
    for at in np.array_split(order, QUARTERS):
        own = mean_of(shop.chosen.hits[at], at)
        gain = mean_of(shop.chosen.hits[at] - shop.found.quality[FLOOR].hits[at], at)
        rows.append(
            (
                f"{count(int(known[at].min()))} to {count(int(known[at].max()))} items",
                count(len(at)),
                number(own.mean, 2),
                f"{number(gain.mean, 2)} ({number(gain.low, 2)} to {number(gain.high, 2)})",
            )
        )
    heads = ("Taken before", "Customers", "Taken of ten", "More than best-sellers")
    lead = (
        "Customers by how many items they had taken before. Who had taken nothing gets the "
        "best-sellers."
    )
    return [Paragraph(lead), TableBlock(heads, tuple(rows), stacked=True)]


def example_blocks(shop: Shop, lists: NDArray[np.int64], run: Run) -> list[Block]:
    """Customers drawn at random; items that fewer persons took are not named."""
    counts = np.asarray(shop.everything.pairs.sum(axis=0))
    named = counts >= FEWEST_PERSONS
    chosen = np.sort(
        run.rng("recommend", "examples").permutation(len(lists))[: min(SHOWN, len(lists))]
    )
    rows = []
    for k, row in enumerate(chosen):
        took = shop.everything.pairs[[row]].indices
        took = took[named[took]][:REASONS]
        proposed = [at for at in lists[row][:REASONS].tolist() if at >= 0 and named[at]]
        rows.append(
            (
                f"customer {k + 1}",
                _titles(shop, took.tolist()),
                _titles(shop, proposed),
                _titles(shop, _because(shop, int(row), proposed[:1], named)),
            )
        )
    heads = ("Drawn at random", "Took, among others", "Is proposed", "The first one because of")
    lead = (
        f"{plural(len(chosen), 'customer')}, none chosen. Items that fewer than {FEWEST_PERSONS} "
        "customers took are not named."
    )
    return [Paragraph(lead), TableBlock(heads, tuple(rows), stacked=True)]


def _titles(shop: Shop, items: list[int]) -> str:
    return "; ".join(str(shop.everything.items[at]) for at in items) or "–"


def _because(shop: Shop, row: int, proposed: list[int], named: NDArray[np.bool_]) -> list[int]:
    """What of a customer's own items speaks most for a proposal."""
    given = shop.everything.pairs[[row]]
    for part in shop.ranking.parts:
        if proposed and isinstance(part.learned, Explains):
            weights = part.learned.weights(given, proposed[0])[0]
            order = np.argsort(-weights, kind="stable")[:REASONS]
            return [int(at) for at in order if weights[at] > 0 and named[at]]
    return []


def doubtful_blocks(shop: Shop, lists: NDArray[np.int64]) -> list[Block]:
    """Items that may be no goods, and how much of what is proposed they are."""
    everything = shop.everything
    doubtful = everything.items.is_in(shop.lines.doubtful).to_numpy()
    persons = np.asarray(everything.pairs.sum(axis=0))
    named = [
        str(everything.items[int(at)])
        for at in np.flatnonzero(doubtful & (persons >= FEWEST_PERSONS))
    ]
    if not doubtful.any():
        return []
    proposed = lists[lists >= 0]
    share = float(doubtful[proposed].mean()) if len(proposed) else 0.0
    which = f": {shortlist(named, 12)}" if named else ""
    text = (
        "Their codes are unlike those of nearly all others, or their prices are all over the "
        f"place. They count in all figures, and are {percent(share)} of what is proposed. Leave "
        "out those that are no goods with option 'assume=without=ITEM,ITEM'."
    )
    title = f"{plural(int(doubtful.sum()), 'item')} may be no goods{which}."
    return [Callout("note", title, text)]
