"""What prices and promotions go with, on the page of demand."""

from __future__ import annotations

import numpy as np

from tidemill.core.words import count, number, percent, plural
from tidemill.demand.prices import (
    FEWEST_ITEMS,
    FEWEST_MOVED,
    NotWithin,
    WithinItems,
    price_within,
    promotion_within,
    short_cuts,
)
from tidemill.demand.weeks import ItemWeeks
from tidemill.recipes.base import Refused
from tidemill.reporting.blocks import Block, Paragraph

CUTS = 0.8
"""The share of cheap weeks in short stretches from which on the page says so."""
NO_PRICE = "What goes with a price cannot be said."
NO_PROMOTION = "What goes with a promotion cannot be said."


def price_blocks(past: ItemWeeks, worked_out: bool) -> list[Block | Refused]:
    """What a higher price goes with; nothing where the table has no prices.

    Args:
        past: Sales.
        worked_out: Whether prices are money over pieces.
    """
    if past.price is None:
        return []
    found = price_within(past)
    if isinstance(found, NotWithin):
        return [_no_price(found)]
    low, high = -found.high, -found.low
    proven = low > 0 or high < 0
    way = "fewer" if found.value <= 0 else "more"
    ends = (low, high) if found.value <= 0 else (found.low, found.high)
    lead = (
        f"In weeks in which an item's price is 1 % higher than usual for it, "
        f"{number(abs(found.value), 2)} % {way} pieces are sold (95 % interval "
        f"{number(ends[0], 2)} to {number(ends[1], 2)} %)"
    )
    lead += "." if proven else ": that is not proven, for the interval holds 0."
    of = (
        f"From {plural(found.items, 'item')} whose price moved, in {count(found.weeks)} of their "
        "weeks: within each item over time, what all items have in common in a week apart; the "
        "interval is over items. Weeks without a sale have no price, and are not in it."
    )
    caution = (
        "It goes with it, and need not come from it: prices are set by people who may foresee "
        "demand. A price that is changed by lot, in some shops or weeks, would tell."
    )
    blocks: list[Block | Refused] = [Paragraph(lead, "lead"), Paragraph(of), Paragraph(caution)]
    cuts = short_cuts(past)
    if cuts > CUTS and past.promoted is None:
        blocks.append(
            Paragraph(
                f"{percent(cuts)} of the weeks with a low price lie in stretches of at most four "
                "weeks, as promotions do: a price that stays may go with something else."
            )
        )
    if worked_out:
        blocks.append(
            Paragraph(
                "Prices were worked out as money over pieces, so an error in the pieces looks like "
                "a price and pulls the figure towards -1.",
                "small",
            )
        )
    return blocks


def _no_price(found: NotWithin) -> Refused:
    if not found.items:
        why = "No item that is sold in most weeks has prices above 0 in 20 weeks or more."
        return Refused(NO_PRICE, why, "prices of items that are sold in most weeks.")
    if found.sort == "several":
        why = (
            f"Of {plural(found.items, 'item')} that are sold in most weeks, {count(found.moved)} "
            "have several prices in the same week, which differ about as much as those of "
            "different weeks do: what is paid depends on who buys, where, or how much."
        )
        needs = "the list price of each item and week, or sales of one shop and kind of customer."
    elif found.sort == "promotions":
        why = (
            "Prices move with promotions only: apart from weeks on promotion, the price of "
            f"{plural(found.moved, 'item')} moved."
        )
        needs = "weeks in which a price was changed without a promotion."
    else:
        why = (
            f"Of {plural(found.items, 'item')} that are sold in most weeks, the price of "
            f"{count(found.moved)} moved: by 5 % in {FEWEST_MOVED} weeks or more; "
            f"{FEWEST_ITEMS} are needed."
        )
        needs = "items that are sold in most weeks and whose prices were changed."
    return Refused(NO_PRICE, why, needs)


def promotion_blocks(past: ItemWeeks) -> list[Block | Refused]:
    """What a promotion goes with; nothing where the table does not know of any."""
    if past.promoted is None:
        return []
    found = promotion_within(past)
    if isinstance(found, NotWithin):
        why = (
            f"Of {plural(found.items, 'item')} that are sold in most weeks, {count(found.moved)} "
            f"were on promotion in {FEWEST_MOVED} weeks or more and in as many not; {FEWEST_ITEMS} "
            "are needed."
        )
        needs = "items that are sold in most weeks, some of them on promotion."
        return [Refused(NO_PROMOTION, why, needs)]
    value, low, high = (float(np.expm1(one)) for one in (found.value, found.low, found.high))
    way = "more" if value >= 0 else "fewer"
    ends = (low, high) if value >= 0 else (-high, -low)
    lead = (
        f"In weeks on promotion, {percent(abs(value))} {way} pieces of an item are sold than is "
        f"usual for it (95 % interval {percent(ends[0]).removesuffix(' %')} to {percent(ends[1])})"
    )
    lead += "." if found.low > 0 or found.high < 0 else ": that is not proven."
    of = (
        f"From {plural(found.items, 'item')} in {count(found.weeks)} of their weeks, within each "
        "item over time. A week is on promotion where most of its lines are, so a week in which "
        "those who look for promotions buy more counts as one more easily. What is bought ahead "
        "and not bought later is not taken off, nor what is bought in place of another item."
    )
    return [Paragraph(lead, "lead"), Paragraph(of)]


def within_figures(past: ItemWeeks) -> dict[str, float]:
    """What was found within items, for machines."""
    found: dict[str, float] = {}
    for name, known, within in (
        ("price", past.price, price_within),
        ("promotion", past.promoted, promotion_within),
    ):
        if known is None:
            continue
        one = within(past)
        if isinstance(one, WithinItems):
            found |= {name: one.value, f"{name}_low": one.low, f"{name}_high": one.high}
    return found
