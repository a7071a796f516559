"""A throw-away recipe, for tests: no target, an item, no loop, and a part that it may refuse."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tidemill.core.dataset import Dataset
from tidemill.core.run import Run
from tidemill.recipes.base import Assumption, Recipe, RecipeColumn, RecipePage, Refused
from tidemill.reporting.blocks import Block, Heading, Listing, Paragraph, TableBlock


def baskets(
    data: Dataset,
    run: Run,
    *,
    columns: Mapping[str, tuple[str, ...]],
    assumed: Mapping[str, float | str],
    **_: Any,
) -> RecipePage:
    [item] = columns["item"]
    bought = data[item].value_counts(sort=True).head(int(assumed["most"]))
    later: Block | Refused = Paragraph("Nothing else.")
    if not columns["time"]:
        later = Refused("What is bought next cannot be said.", "There is no time.", "a date.")
    blocks = (
        Heading("What is bought most?", 2, "most"),
        TableBlock((item, "times"), tuple(bought.iter_rows())),
        Heading("What is bought next?", 2, "next"),
        later,
        Heading("What this page cannot say", 2, "limits"),
        Listing(tuple(f"It knows nothing of {name}." for name in columns["hidden"])),
    )
    return RecipePage(
        "What is bought",
        blocks,
        (f"Bought: {bought.height} items most often.",),
        figures={"items": bought.height},
        tables={"best": bought},
        made=(("Item", item),),
    )


BASKETS = Recipe(
    baskets,
    columns=(
        RecipeColumn("item", "what is bought"),
        RecipeColumn("hidden", "what the page cannot know", required=False, several=True),
        RecipeColumn("time", "when", required=False),
    ),
    assumptions=(Assumption("most", 3, "how many items are shown", 1, 100),),
    tables=("best",),
)
