"""The chapter on trust: scores between their floor and their ceiling, and their evidence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from tidemill.core.score import Score
from tidemill.core.words import plural
from tidemill.reporting.base import ReportInput
from tidemill.reporting.blocks import (
    Block,
    Details,
    Gauge,
    Gauges,
    Grid,
    Heading,
    Paragraph,
    PictureBlock,
    Series,
    SheetBlock,
    TableBlock,
    drawn,
)
from tidemill.reporting.generation import COLUMNS

MAX_HEAT = 24
FAIRNESS = "parity"
SERIES = "series"
TEXTS = "text_"
"""The metrics that have chapters of their own; of texts, how all begin."""


def trust(account: ReportInput) -> list[Block]:
    """Whether generated rows can stand for real ones."""
    if account.scores is None:
        return []
    scores = [score for score in account.scores if _belongs_here(score)]
    if not scores:
        return []
    unit, worthless = account.unit, account.data_words.worthless
    return [
        Paragraph(
            f"Left, the floor: {worthless}, which are worth nothing. Green: another real sample. "
            f"Dot: the generated {unit}s. Right is better. There is no bar where floor and real "
            f"{unit}s are too close to tell apart."
        ),
        *_main_and_others(scores),
        *evidence(scores),
    ]


def _main_and_others(scores: Sequence[Score]) -> list[Block]:
    """The first known score of each metric; the others are folded away."""
    first: dict[str, Score] = {}
    for score in scores:
        if score.value is not None:
            first.setdefault(score.metric, score)
    main = list(first.values())
    others = [score for score in scores if score not in main]
    blocks = gauges(main)
    if others:
        blocks.append(Details(plural(len(others), "more score"), tuple(gauges(others))))
    return blocks


def _belongs_here(score: Score) -> bool:
    """Whether no other chapter shows the score; those of single columns stand beside the columns'
    pictures."""
    if score.light is not None or score.metric in (FAIRNESS, SERIES):
        return False
    if score.metric.startswith(TEXTS):
        return False
    return score.column is None or score.metric != COLUMNS


def gauges(scores: Sequence[Score]) -> list[Block]:
    """One bar a score; those that could not be computed follow in a line, with the reason."""
    known = []
    unknown = []
    for score in scores:
        if score.value is None:
            unknown.append(f"{score.name} ({score.why})")
        else:
            known.append(_gauge(score))
    blocks: list[Block] = []
    if known:
        blocks.append(Gauges(tuple(known)))
    if unknown:
        blocks.append(Paragraph(f"Not computed: {'; '.join(unknown)}.", "small"))
    return blocks


def _gauge(score: Score) -> Gauge:
    return Gauge(
        score.name,
        score.value,
        score.floor,
        score.ceiling,
        score.better,
        score.sentence,
        score.why,
        score.interval,
    )


def evidence(scores: Sequence[Score]) -> list[Block]:
    """The scores' pictures, matrices and images first and large, and their tables, folded."""
    blocks: list[Block] = []
    plain: list[Block] = []
    for score in scores:
        if not score.picture:
            continue
        picture = drawn(score.picture)
        if isinstance(picture, SheetBlock):
            blocks += [Heading(picture.title), replace(picture, title="")]
        elif picture.kind == "heat":
            blocks += [Heading(picture.title), replace(largest(picture), title="")]
        else:
            plain.append(picture)
    if plain:
        blocks.append(Grid(tuple(plain), "large"))
    for score in scores:
        if score.table:
            table = replace(TableBlock.of(score.table), title="")
            blocks.append(Details(score.table.title or score.name, (table,)))
    return blocks


def largest(picture: PictureBlock) -> PictureBlock:
    """A matrix cut down to the names with the largest entries, so that it can be read."""
    names = [str(x) for x in picture.x]
    if len(names) <= MAX_HEAT or [s.name for s in picture.series] != names:
        return picture
    weights = [_weight(series) for series in picture.series]
    heaviest = sorted(range(len(names)), key=lambda i: -weights[i])
    kept = sorted(heaviest[:MAX_HEAT])
    series = []
    for i in kept:
        values = picture.series[i].values
        series.append(Series(names[i], tuple(values[j] for j in kept)))
    label = f"the {MAX_HEAT} of {len(names)} columns with the largest entries"
    if picture.x_label:
        label = f"{picture.x_label}; {label}"
    return replace(picture, x=tuple(names[i] for i in kept), series=tuple(series), x_label=label)


def _weight(series: Series) -> float:
    return sum(abs(value or 0.0) for value in series.values)
