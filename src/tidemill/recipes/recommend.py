"""What customers will want next: which recommender to use, what it brings, and lists for all."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypedDict, Unpack

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tidemill.core import options as stated
from tidemill.core.dataset import Dataset
from tidemill.core.run import Run
from tidemill.core.words import count, number, percent, plural
from tidemill.recipes.base import (
    Assumption,
    Recipe,
    RecipeColumn,
    RecipeOption,
    RecipeOutput,
    RecipePage,
    Refused,
)
from tidemill.recipes.made_customers import MadeCustomers, made_customers
from tidemill.recipes.parts import PageChapter, chapter_blocks
from tidemill.recipes.shop_case import LinesAsked, Shop, lines_of, proposal_rows, shop_of
from tidemill.recipes.shop_cold import ColdItems, cold_blocks, cold_items
from tidemill.recipes.shop_groups import groups_blocks
from tidemill.recipes.shop_lists import (
    catalogue_blocks,
    doubtful_blocks,
    example_blocks,
    known_blocks,
    names_of,
    shown_share,
    which_blocks,
)
from tidemill.recipes.shop_new import NewCustomers, new_blocks, new_customers
from tidemill.recipes.shop_rehearsal import TASTE_REHEARSALS, shop_rehearsal, taste_blocks
from tidemill.recipes.shop_rules import ShopRules, rules_blocks, rules_table, shop_rules
from tidemill.recommending.choosing import FLOOR
from tidemill.recommending.rehearsing import ShopRehearsal
from tidemill.recommending.splitting import FEWEST_TESTED
from tidemill.reporting.blocks import (
    Block,
    Callout,
    Figures,
    Listing,
    Tile,
)
from tidemill.verbs import Table

ASSUMPTIONS = (
    Assumption("least", 4.0, "the rating from which on an item counts as liked, with ratings"),
    Assumption("top", 10.0, "proposals for each customer in recommendations.csv", 1.0, 100.0),
    Assumption("made", 1000.0, "made customers in customers.csv; 0 for none", 0.0, 100_000.0),
    Assumption("without", None, "items that are no goods, as postage", form="ITEM,ITEM"),
    TASTE_REHEARSALS,
)


class RecommendOptions(TypedDict, total=False):
    """What the recipe takes beside the data and the run."""

    columns: Mapping[str, tuple[str, ...]]
    assumed: Mapping[str, float | str]
    output: RecipeOutput
    new: Table | None


@dataclass(frozen=True)
class ShopAnswers:
    """All that the page tells beside the shop itself.

    Attributes:
        lists: (n, k) what is proposed to each customer.
        cold: Items that hardly anybody took.
        rules: What goes together, for customers without a history.
        rehearsal: Customers with known tastes.
        made: Customers who do not exist.
        new: Customers of another table; None where there are none.
    """

    lists: NDArray[np.int64]
    cold: ColdItems
    rules: ShopRules
    rehearsal: ShopRehearsal
    made: MadeCustomers
    new: NewCustomers | None


def recommend(data: Dataset, run: Run, **options: Unpack[RecommendOptions]) -> RecipePage:
    """The page for the head of a shop."""
    assumed, columns = options["assumed"], options["columns"]
    asked, top = LinesAsked.of(assumed), round(float(assumed["top"]))
    shop = shop_of(lines_of(data, columns, asked), run)
    if isinstance(shop, int):
        return _refused(data, shop)
    source = options["new"]
    new = None if source is None else new_customers(shop, source, columns, asked, top, run)
    found = ShopAnswers(
        shop.ranking.proposals(shop.everything.pairs, top, run),
        cold_items(shop, top, run),
        shop_rules(shop, run),
        shop_rehearsal(shop, float(assumed[TASTE_REHEARSALS.name]), run),
        made_customers(shop.everything, round(float(assumed["made"])), run),
        new,
    )
    return _page(shop, found, run)


RECOMMEND = Recipe(
    recommend,
    columns=(
        RecipeColumn("entity", "which customer a row is of"),
        RecipeColumn("item", "what was taken"),
        RecipeColumn("time", "when", required=False),
        RecipeColumn("rating", "how it was liked", required=False),
        RecipeColumn("quantity", "how much was taken: less than 0 is sent back", required=False),
        RecipeColumn("price", "what a piece cost", required=False),
        RecipeColumn("about", "what an item is like", required=False, several=True),
    ),
    options=(RecipeOption("new", None, stated.NEW_CUSTOMERS),),
    assumptions=ASSUMPTIONS,
    tables=("recommendations", "new_customers", "new_items", "rules", "customers"),
)


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


def _page(shop: Shop, found: ShopAnswers, run: Run) -> RecipePage:
    answer = _answer(shop)
    why = [*example_blocks(shop, found.lists, run), *doubtful_blocks(shop, found.lists)]
    whom = [*known_blocks(shop), *groups_blocks(shop)]
    chapters = (
        PageChapter("which", "Which recommender?", which_blocks(shop)),
        PageChapter("catalogue", "How much of the catalogue is shown?", catalogue_blocks(shop)),
        PageChapter("whom", "Who is served badly?", whom),
        PageChapter("examples", "What is proposed, and why?", why),
        PageChapter("together", "What goes together?", rules_blocks(shop, found.rules)),
        PageChapter("cold", "What of items that nobody took yet?", cold_blocks(found.cold)),
        PageChapter("new", "New customers", new_blocks(found.new)),
        PageChapter("customers", "Made customers to test with", found.made.blocks),
        PageChapter("rehearsal", "Would this page have told?", taste_blocks(found.rehearsal)),
        PageChapter("limits", "What this page cannot say", [Listing(_limits(shop, found))]),
    )
    blocks: list[Block] = [Callout("note", *answer), Figures(_tiles(shop))]
    customers, items = shop.everything.shape
    return RecipePage(
        "What will customers want next?",
        (*blocks, *chapter_blocks(chapters)),
        (f"Proposals: {answer[0]}", f"Use: {answer[1]}", *found.made.lines),
        figures={**_figures(shop), **_other_figures(found)},
        tables=_tables(shop, found),
        made=(
            ("Customers", count(customers)),
            ("Items", count(items)),
            ("Recommender", names_of(shop)),
        ),
    )


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
        Tile(number(float(chosen.hits.mean()), 2), "of ten are taken", names_of(shop)),
        Tile(number(float(floor.hits.mean()), 2), "of ten best-sellers", "the same for everybody"),
        Tile(percent(reached), "of customers take one or more", "of their ten"),
        Tile(percent(shown_share(shop, chosen)), "of the catalogue", "is proposed to somebody"),
    )


def _limits(shop: Shop, found: ShopAnswers) -> tuple[str, ...]:
    how = "What customers took afterwards is what they took without these proposals"
    return (
        f"{how}: what they would have taken had they been shown them is only known by showing them "
        "to some, drawn by lot.",
        "What was taken is no sign that it was liked, and what was not taken none that it was not.",
        *(() if found.cold.is_proven else ("Items that nobody has taken yet are never proposed.",)),
        *(
            ()
            if shop.after.since is not None
            else (
                "No time is told, so what is held out may lie before what is learned from: figures "
                "are better than they would be in the shop.",
            )
        ),
        *(f"Left out: {words}" for words in shop.lines.left_out),
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
        "catalogue": shown_share(shop, shop.chosen),
    }
    for name, own in shop.found.quality.items():
        figures[f"ndcg: {name}"] = float(own.ndcg.mean())
        figures[f"recall: {name}"] = float(own.recall.mean())
    return figures


def _other_figures(found: ShopAnswers) -> dict[str, float]:
    figures = {
        "rules": float(found.rules.held),
        "cold_items": float(found.cold.cold),
        "rehearsals": float(found.rehearsal.times),
        "rehearsals_found": float(found.rehearsal.strong),
        "rehearsals_weak_found": float(found.rehearsal.weak),
        "rehearsals_falsely_claimed": float(found.rehearsal.claimed),
    }
    gain = found.cold.gain
    if gain is not None:
        figures |= {"cold_gain": gain.gain, "cold_gain_low": gain.low, "cold_gain_high": gain.high}
    if found.new is not None:
        figures |= {"new_customers": float(found.new.customers)}
    return figures | dict(found.made.figures)


def _tables(shop: Shop, found: ShopAnswers) -> dict[str, pl.DataFrame]:
    everything = shop.everything
    tables = {"recommendations": proposal_rows(everything.customers, everything.items, found.lists)}
    if found.new is not None:
        tables["new_customers"] = found.new.lists
    if found.cold.lists is not None:
        tables["new_items"] = found.cold.lists
    if found.rules.shown:
        tables["rules"] = rules_table(shop, found.rules)
    return tables | dict(found.made.tables)
