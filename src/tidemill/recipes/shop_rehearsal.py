"""The chapter about customers whose tastes are known: would this page have told?"""

from __future__ import annotations

from tidemill.core.run import Run
from tidemill.core.words import count, listing
from tidemill.recipes.base import Assumption
from tidemill.recipes.shop_case import Shop
from tidemill.recommending.choosing import FLOOR
from tidemill.recommending.rehearsing import STRONG, TASTES, WEAK, ShopRehearsal, rehearse_tastes
from tidemill.reporting.blocks import Block, Paragraph

REHEARSED = (FLOOR, "neighbours", "ease")
"""Recommenders that are learned in no time."""
OFTEN = 0.8
"""Of the rehearsals in which there was something, the share in which it has to be found."""
TASTE_REHEARSALS = Assumption(
    "rehearsals",
    20.0,
    "how many times customers with known tastes are made, to see whether they are found",
    0.0,
    1000.0,
)


def shop_rehearsal(shop: Shop, times: float, run: Run) -> ShopRehearsal:
    """Customers in the shape of the shop's, so many times with tastes and without."""
    return rehearse_tastes(shop.everything.pairs, REHEARSED, run, round(times))


def taste_sentence(found: ShopRehearsal) -> str:
    """How often the truth was told."""
    said = (
        f"Strong tastes were found in {found.strong} of {found.times} rehearsals, weak ones in "
        f"{found.weak} of {found.times}, and tastes were claimed where there were none in "
        f"{found.claimed} of {found.times}."
    )
    if found.strong < OFTEN * found.times:
        said += " In a shop like this one tastes are often missed, so 'do not' is no proof of none."
    return said


def taste_blocks(found: ShopRehearsal) -> list[Block]:
    """What was planted, and what was said of it."""
    if not found.times:
        return []
    how = (
        f"{count(found.customers)} customers were made who take as many of your {found.items} most "
        f"popular items as yours do, and each of these items as often as yours; {TASTES} groups of "
        f"items were drawn by lot, and each customer takes those of one group {STRONG:g} times as "
        f"readily as others (strong tastes), {WEAK:g} times (weak) or as readily (none). Then "
        f"{listing(REHEARSED)} competed as above. A gain over best-sellers should be told where "
        "there are tastes, and nowhere else."
    )
    return [Paragraph(taste_sentence(found)), Paragraph(how, "small")]
