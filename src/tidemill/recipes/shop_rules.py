"""The chapter about customers of whom one item is known: what goes together with it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from tidemill.core.persons import FEWEST_PERSONS
from tidemill.core.run import Run
from tidemill.core.words import count, number, percent, plural
from tidemill.mining.taken_together import MOST_TESTED, TakenTogether, taken_together
from tidemill.recipes.shop_case import Shop
from tidemill.reporting.blocks import Block, Paragraph, TableBlock

MOST_RULES = 10


@dataclass(frozen=True)
class ShopRules:
    """Items that go together.

    Attributes:
        shown: The clearest rules.
        held: How many were confirmed.
    """

    shown: tuple[TakenTogether, ...]
    held: int


def shop_rules(shop: Shop, run: Run) -> ShopRules:
    """The rules among all lines."""
    found, held = taken_together(shop.everything.pairs, run, MOST_RULES)
    persons = np.asarray(shop.everything.pairs.sum(axis=0))
    named = [
        rule for rule in found if min(persons[rule.first], persons[rule.then]) >= FEWEST_PERSONS
    ]
    return ShopRules(tuple(named), held)


def rules_table(shop: Shop, found: ShopRules) -> pl.DataFrame:
    """The rules, a row each."""
    items = shop.everything.items
    return pl.DataFrame(
        {
            "took": [items[rule.first] for rule in found.shown],
            "propose": [items[rule.then] for rule in found.shown],
            "both": [rule.both for rule in found.shown],
            "share": [round(rule.share, 4) for rule in found.shown],
            "share_of_all": [round(rule.others / rule.customers, 4) for rule in found.shown],
            "times_expected": [round(rule.times, 3) for rule in found.shown],
            "low": [round(rule.times_interval[0], 3) for rule in found.shown],
            "high": [round(rule.times_interval[1], 3) for rule in found.shown],
        }
    )


def rules_blocks(shop: Shop, found: ShopRules) -> list[Block]:
    """What the page says of them."""
    if not found.shown:
        return [
            Paragraph(
                "No two items are proven to be taken by the same customers more often than by "
                "chance, so a customer of whom nothing is known gets the best-sellers."
            )
        ]
    customers = found.shown[0].customers
    lead = (
        "Of a customer without a history a single item may be known, such as the one in hand. "
        f"{plural(found.held, 'pair')} of items, of {count(MOST_TESTED)} tried at most, were taken "
        "by the same customers more often than by chance among seven tenths of them, and again "
        f"among the other {count(customers)}, whom these figures are of. By chance means: as "
        "often as would be if nobody had a taste and everybody took as many items as they did; who "
        "takes much takes any two items together. At most one such pair in a thousand is expected "
        "to be false."
    )
    heads = (
        "Who took",
        "also took",
        "Customers who took both",
        "Of those who took the first",
        "Of all",
        "Times as many as by chance",
    )
    return [
        Paragraph(lead),
        TableBlock(heads, tuple(_row(shop, one) for one in found.shown), stacked=True),
    ]


def _row(shop: Shop, rule: TakenTogether) -> tuple[str, ...]:
    low, high = rule.share_interval
    least, most = rule.times_interval
    return (
        str(shop.everything.items[rule.first]),
        str(shop.everything.items[rule.then]),
        count(rule.both),
        f"{percent(rule.share)} ({percent(low)} to {percent(high)})",
        percent(rule.others / rule.customers),
        f"{number(rule.times, 2)} ({number(least, 2)} to {number(most, 2)})",
    )
