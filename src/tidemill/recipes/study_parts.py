"""Parts that the pages about treatments share: forest plots, and the rehearsal."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from tidemill import verbs
from tidemill.core.run import Run
from tidemill.core.words import count, listing, percent, plural
from tidemill.effects.estimates import Effect
from tidemill.effects.nuisances import Nuisances
from tidemill.effects.rehearsal import Rehearsal, rehearse
from tidemill.effects.study import Study
from tidemill.recipes.base import Assumption, RecipePage, Refused
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
            Series("told, with its 95 % intervals", scaled(found.mean)),
            Series("planted", scaled(found.truth)),
        ),
        "rehearsal",
        unit,
        band=(Series("lower end", scaled(found.low)), Series("upper end", scaled(found.high))),
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
    """The rows and columns that are not reckoned with, and why; and whose rows count as one."""
    blocks: list[Block] = []
    if case.rows_out:
        said = listing([f"{count(rows)} {why}" for why, rows in case.rows_out.items()])
        blocks.append(
            Paragraph(f"Rows that were left out: {said}. {plural(len(case), 'row')} are left.")
        )
    if case.person:
        witnesses = len(np.unique(case.whose))
        blocks.append(
            Paragraph(
                f"Rows of one '{case.person}' count as one witness: there are {count(witnesses)}."
            )
        )
    if case.left_out:
        items = tuple(f"{name}: {why}." for name, why in case.left_out.items())
        blocks += [Paragraph("Columns that were left out:"), Listing(items)]
    return blocks


def rows_figures(case: StudyCase) -> dict[str, float]:
    """How many rows there are, and how many were left out."""
    return {"rows": float(len(case)), "rows_left_out": float(sum(case.rows_out.values()))}


def refused_page(case: StudyCase, title: str, what: str) -> RecipePage:
    """A page that says that nothing can be compared.

    Args:
        case: The rows, which cannot be.
        title: The question.
        what: That it is not answered, as a sentence.
    """
    needs = (
        "more rows, of more persons, with more that is known of each from before; or a target that "
        "happens more often."
    )
    refusal = Refused(what, case.cannot, needs)
    return RecipePage(
        title,
        (refusal, *left_out_blocks(case)),
        (f"Rows: {case.cannot}",),
        subtitle=f"{case.said} by {case.treatment}",
        figures=rows_figures(case),
        made=(("Rows", plural(len(case), "row")),),
    )
