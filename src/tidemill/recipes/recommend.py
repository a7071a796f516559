"""What customers will want next: which recommender to use, what it brings, and lists for all."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypedDict, Unpack

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tidemill.core.dataset import Dataset
from tidemill.core.errors import DataError
from tidemill.core.persons import FEWEST_PERSONS
from tidemill.core.run import Run
from tidemill.core.words import count, listing, number, percent, plural
from tidemill.effects.estimates import Effect, mean_of
from tidemill.recipes.base import (
    Assumption,
    Recipe,
    RecipeColumn,
    RecipeOutput,
    RecipePage,
    Refused,
)
from tidemill.recipes.made_customers import MadeCustomers, made_customers
from tidemill.recipes.parts import PageChapter, chapter_blocks
from tidemill.recommending import RECOMMENDERS
from tidemill.recommending.base import Explains
from tidemill.recommending.choosing import BLEND, FLOOR, Contest, Ranking, contest
from tidemill.recommending.measuring import LENGTH, LONGER, ListQuality
from tidemill.recommending.splitting import Afterwards, at_random, by_time
from tidemill.recommending.taken import Taken
from tidemill.reporting.blocks import (
    Block,
    Callout,
    Figures,
    Listing,
    Paragraph,
    PictureBlock,
    Series,
    TableBlock,
    Tile,
)
from tidemill.supervised.arrays import as_floats

FEWEST_TESTED = 50
"""Customers who took something afterwards, without whom nothing is measured."""
SHOWN = 10
"""Customers whose proposals the page shows."""
REASONS = 3
QUARTERS = 4

ASSUMPTIONS = (
    Assumption("least", 4.0, "the rating from which on an item counts as liked, with ratings"),
    Assumption("top", 10.0, "proposals for each customer in recommendations.csv", 1.0, 100.0),
    Assumption("made", 1000.0, "made customers in customers.csv; 0 for none", 0.0, 100_000.0),
)


class RecommendOptions(TypedDict, total=False):
    """What the recipe takes beside the data and the run."""

    columns: Mapping[str, tuple[str, ...]]
    assumed: Mapping[str, float | str]
    output: RecipeOutput


@dataclass(frozen=True)
class Shop:
    """What was bought, and what recommenders make of it.

    Attributes:
        after: What is learned from, and what it is measured by.
        found: How well recommenders do.
        left_out: What lines were left out, as sentences.
        everything: What customers took in all.
        ranking: The chosen recommender, learned from all of it.
    """

    after: Afterwards
    found: Contest
    left_out: tuple[str, ...]
    everything: Taken
    ranking: Ranking

    @property
    def chosen(self) -> ListQuality:
        """Of the recommender that did best on validation."""
        return self.found.quality[self.found.chosen]

    def gain(self, against: str) -> Effect:
        """How many more of ten proposals are taken than by another recommender."""
        others = self.found.quality[against]
        return mean_of(self.chosen.hits - others.hits, np.arange(len(others.hits)))


def recommend(data: Dataset, run: Run, **options: Unpack[RecommendOptions]) -> RecipePage:
    """The page for the head of a shop."""
    assumed = options["assumed"]
    columns = options["columns"]
    lines, left_out = _lines(data, columns, float(assumed["least"]))
    if columns["time"]:
        after = by_time(lines["customer"], lines["item"], lines["time"])
    else:
        after = at_random(lines["customer"], lines["item"], run.rng("recommend", "held out"))
    tested = int((np.diff(after.held.indptr) > 0).sum())
    if tested < FEWEST_TESTED:
        return _refused(data, tested)
    found = contest(after.taken.pairs, after.held, after.validation, run)
    everything = Taken.of(lines["customer"], lines["item"])
    ranking = found.rankings[found.chosen].again(everything.pairs, run)
    shop = Shop(after, found, left_out, everything, ranking)
    lists = ranking.proposals(everything.pairs, round(float(assumed["top"])), run)
    made = made_customers(everything, round(float(assumed["made"])), run)
    return _page(shop, lists, made, run)


RECOMMEND = Recipe(
    recommend,
    columns=(
        RecipeColumn("entity", "which customer a row is of"),
        RecipeColumn("item", "what was taken"),
        RecipeColumn("time", "when", required=False),
        RecipeColumn("rating", "how it was liked", required=False),
        RecipeColumn("quantity", "how much was taken: less than 0 is sent back", required=False),
    ),
    assumptions=ASSUMPTIONS,
    tables=("recommendations", "customers"),
)


def _lines(
    data: Dataset, columns: Mapping[str, tuple[str, ...]], least: float
) -> tuple[pl.DataFrame, tuple[str, ...]]:
    """Who took what and when, a line each; and what was left out."""
    [customer], [item] = columns["entity"], columns["item"]
    named = {"customer": data[customer].cast(pl.String), "item": data[item].cast(pl.String)}
    if columns["time"]:
        named["time"] = data[columns["time"][0]]
    frame = pl.DataFrame(named)
    kept = np.ones(len(data), bool)
    said = []
    for name in columns["rating"]:
        low = ~(as_floats(data[name]) >= least)
        said.append((low, f"are rated under {number(least)}, or not at all"))
    for name in columns["quantity"]:
        said.append((~(as_floats(data[name]) > 0), "are of nothing, or were sent back"))
    gone = frame.select(pl.any_horizontal(pl.all().is_null())).to_series().to_numpy()
    said.append((gone, f"lack {listing([customer, item, *columns['time']], 'or')}"))
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


def _refused(data: Dataset, tested: int) -> RecipePage:
    refusal = Refused(
        "What customers will want cannot be measured.",
        f"{plural(tested, 'customer')} took something afterwards that they had not taken before, "
        f"fewer than {FEWEST_TESTED}.",
        "a table with more customers who took several items each, or over a longer time.",
    )
    return RecipePage(
        "What will customers want next?",
        (refusal,),
        (f"Tested: {refusal.why}",),
        figures={"tested": float(tested)},
        made=(("Rows", plural(len(data), "row")),),
    )


# --- the page -------------------------------------------------------------------------------------


def _page(shop: Shop, lists: NDArray[np.int64], made: MadeCustomers, run: Run) -> RecipePage:
    answer = _answer(shop)
    chapters = (
        PageChapter("which", "Which recommender?", _which(shop)),
        PageChapter("catalogue", "How much of the catalogue is shown?", _catalogue(shop)),
        PageChapter("whom", "Who is served badly?", _served(shop)),
        PageChapter("examples", "What is proposed, and why?", _examples(shop, lists, run)),
        PageChapter("customers", "Made customers to test with", made.blocks),
        PageChapter("limits", "What this page cannot say", [Listing(_limits(shop))]),
    )
    blocks: list[Block] = [Callout("note", *answer), Figures(_tiles(shop))]
    customers, items = shop.everything.shape
    return RecipePage(
        "What will customers want next?",
        (*blocks, *chapter_blocks(chapters)),
        (f"Proposals: {answer[0]}", f"Use: {answer[1]}", *made.lines),
        figures={**_figures(shop), **made.figures},
        tables={"recommendations": _table(shop, lists), **made.tables},
        made=(
            ("Customers", count(customers)),
            ("Items", count(items)),
            ("Recommender", _names(shop)),
        ),
    )


def _names(shop: Shop) -> str:
    return listing([part.name for part in shop.ranking.parts])


def _when(shop: Shop) -> str:
    since = shop.after.since
    if since is None:
        return "of what was held out"
    return f"after {since:%Y-%m-%d}" if isinstance(since, dt.date) else f"after {since:g}"


def _answer(shop: Shop) -> tuple[str, str]:
    chosen, floor = shop.chosen, shop.found.quality[FLOOR]
    gain = shop.gain(FLOOR)
    tested = len(chosen.hits)
    lead = (
        f"Of ten items proposed to a customer, {number(float(chosen.hits.mean()), 2)} are taken "
        f"{_when(shop)}; of the ten best-sellers {number(float(floor.hits.mean()), 2)}."
    )
    ends = f"95 % interval {number(gain.low, 2)} to {number(gain.high, 2)}"
    if gain.low > 0:
        use = (
            f"Use it: {number(gain.mean, 2)} more of ten than best-sellers ({ends}), measured on "
            f"{plural(tested, 'customer')}."
        )
    else:
        use = (
            f"Do not: it is not proven better than the best-sellers ({number(gain.mean, 2)} more "
            f"of ten, {ends})."
        )
    return lead, use


def _tiles(shop: Shop) -> tuple[Tile, ...]:
    chosen, floor = shop.chosen, shop.found.quality[FLOOR]
    reached = float((chosen.hits > 0).mean())
    return (
        Tile(number(float(chosen.hits.mean()), 2), "of ten are taken", _names(shop)),
        Tile(number(float(floor.hits.mean()), 2), "of ten best-sellers", "the same for everybody"),
        Tile(percent(reached), "of customers take one or more", "of their ten"),
        Tile(percent(_shown(shop, chosen)), "of the catalogue", "is proposed to somebody"),
    )


def _which(shop: Shop) -> list[Block]:
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
                percent(_shown(shop, own)),
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
    if BLEND in shop.found.quality:
        lines.append(f"{BLEND}: the scores of {_names(shop)} together.")
    lines += [f"{name} is left out: {why}." for name, why in shop.found.left_out.items()]
    return [Paragraph(lead), TableBlock(heads, tuple(rows), stacked=True), Listing(tuple(lines))]


def _shown(shop: Shop, own: ListQuality) -> float:
    """The share of the items that are among the ten of anybody."""
    first = own.proposed[:, :LENGTH]
    return len(np.unique(first[first >= 0])) / shop.after.taken.shape[1]


def _catalogue(shop: Shop) -> list[Block]:
    """How often items of each rank of popularity are proposed."""
    items = shop.after.taken.shape[1]
    series = []
    for name in dict.fromkeys((shop.found.chosen, FLOOR)):
        first = shop.found.quality[name].proposed[:, :LENGTH]
        tenth = np.bincount(first[first >= 0] * 10 // items, minlength=10)[:10]
        series.append(Series(name, tuple(round(100 * float(k) / tenth.sum(), 2) for k in tenth)))
    lead = (
        f"{percent(_shown(shop, shop.chosen))} of {count(items)} items are among the ten of one "
        "customer or more. Items by how often they were taken, in tenths:"
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


def _served(shop: Shop) -> list[Block]:
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


def _examples(shop: Shop, lists: NDArray[np.int64], run: Run) -> list[Block]:
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


def _limits(shop: Shop) -> tuple[str, ...]:
    how = "What customers took afterwards is what they took without these proposals"
    return (
        f"{how}: what they would have taken had they been shown them is only known by showing them "
        "to some, drawn by lot.",
        "What was taken is no sign that it was liked, and what was not taken none that it was not.",
        "Items that nobody has taken yet are never proposed.",
        *(
            ()
            if shop.after.since is not None
            else (
                "No time is told, so what is held out may lie before what is learned from: figures "
                "are better than they would be in the shop.",
            )
        ),
        *(f"Left out: {words}" for words in shop.left_out),
    )


def _figures(shop: Shop) -> dict[str, float]:
    gain = shop.gain(FLOOR)
    figures = {
        "tested": float(len(shop.chosen.hits)),
        "taken_of_ten": float(shop.chosen.hits.mean()),
        "best_sellers_of_ten": float(shop.found.quality[FLOOR].hits.mean()),
        "gain": gain.mean,
        "gain_low": gain.low,
        "gain_high": gain.high,
        "is_better": float(gain.low > 0),
        "catalogue": _shown(shop, shop.chosen),
    }
    for name, own in shop.found.quality.items():
        figures[f"ndcg: {name}"] = float(own.ndcg.mean())
        figures[f"recall: {name}"] = float(own.recall.mean())
    return figures


def _table(shop: Shop, lists: NDArray[np.int64]) -> pl.DataFrame:
    """A row for each customer and proposal."""
    there = lists >= 0
    row, rank = np.nonzero(there)
    items = shop.everything.items.gather(lists[there])
    return pl.DataFrame(
        {
            "customer": shop.everything.customers.gather(row),
            "rank": rank + 1,
            "item": items,
        }
    )
