"""Parts that the pages about treatments share: forest plots, and the rehearsal."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from tidemill import verbs
from tidemill.core.run import Run
from tidemill.core.words import listing, percent
from tidemill.effects.estimates import Effect
from tidemill.effects.nuisances import Nuisances
from tidemill.effects.rehearsal import Rehearsal, rehearse
from tidemill.effects.study import Study
from tidemill.recipes.base import Assumption
from tidemill.recipes.study_case import StudyCase
from tidemill.reporting.blocks import Block, Listing, Paragraph, PictureBlock, Series
from tidemill.supervised.arrays import Floats, features

MADE = 2000
"""Generated rows of a rehearsal."""
REHEARSALS = Assumption(
    "rehearsals", 50.0, "how many known effects are planted to see whether they are found", 3, 1000
)


def forest(title: str, rows: Sequence[tuple[str, Effect]], scale: float) -> PictureBlock:
    """Effects with their 95 % intervals, one under the other.

    Args:
        title: What they are, with their unit.
        rows: A name and an effect each.
        scale: By which effects are multiplied.
    """

    def scaled(values: Sequence[float]) -> tuple[float, ...]:
        return tuple(round(scale * value, 4) for value in values)

    effects = [effect for _, effect in rows]
    series = (
        Series("effect", scaled([one.mean for one in effects])),
        Series("low", scaled([one.low for one in effects])),
        Series("high", scaled([one.high for one in effects])),
    )
    return PictureBlock("intervals", title, tuple(name for name, _ in rows), series)


def rehearsed(
    case: StudyCase, study: Study, nuisance: Nuisances, effect: Effect, run: Run, times: float
) -> Rehearsal:
    """So many known effects planted into generated rows that look like the table's."""
    inner = run.child("rehearsal", quiet=True)
    rows = case.data.select([column.name for column in case.columns])
    model = verbs.fit(rows, options={"effort": "plain"}, run=inner)
    made = model.sample_dataset(MADE, run=inner)
    _, (_, generated) = features([case.data, made], case.columns)
    return rehearse(study, nuisance, generated, effect.mean, run, round(times))


def rehearsal_sentence(found: Rehearsal, said: Callable[[float], str]) -> str:
    """How often the truth was told.

    Args:
        found: The rehearsal.
        said: An effect in words.
    """
    side = "too high" if found.bias > 0 else "too low"
    return (
        f"Of {found.times} effects planted into generated rows, the 95 % interval held "
        f"{found.held}; on average they were told {said(abs(found.bias))} {side}."
    )


def rehearsal_blocks(found: Rehearsal, sentence: str, unit: str, scale: float) -> list[Block]:
    """What was planted and what was said of it."""
    lead = (
        "Rows like yours were generated, and effects of nothing, of half and of all of what was "
        "found were planted into what came of them; then this page's own estimate was made. "
    )
    order = np.argsort(found.truth, kind="stable")

    def scaled(values: Floats) -> tuple[float, ...]:
        return tuple(round(scale * float(value), 4) for value in values[order])

    picture = PictureBlock(
        "lines",
        "Planted effects and what was said of them",
        tuple(range(1, found.times + 1)),
        (
            Series("planted", scaled(found.truth)),
            Series("told", scaled(found.mean)),
            Series("lower end", scaled(found.low)),
            Series("upper end", scaled(found.high)),
        ),
        "rehearsal",
        unit,
    )
    return [Paragraph(lead + sentence), picture]


def unknown_words(case: StudyCase) -> str:
    """Of which arms outcomes are missing; "" where they are missing as often in all."""
    if not case.unknown:
        return ""
    arms = listing([f"{percent(share)} of '{arm}'" for arm, share in case.unknown.items()])
    return (
        f"What came of it is not known of {arms}: who is missing may hang on what was done, and on "
        "what came of it."
    )


def left_out_blocks(case: StudyCase) -> list[Block]:
    """The columns that are not reckoned with, and why."""
    if not case.left_out:
        return []
    items = tuple(f"{name}: {why}." for name, why in case.left_out.items())
    return [Paragraph("Columns that were left out:"), Listing(items)]
