"""The chapter on trust: scores between their floor and their ceiling, and their evidence."""

from __future__ import annotations

from dataclasses import replace

from tidemill.core.score import Score
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
from tidemill.reporting.verdict import of_privacy

MAX_HEAT = 24
FAIRNESS = "parity"
SERIES = "series"
"""The metrics that have chapters of their own."""


def trust(account: ReportInput) -> list[Block]:
    """Whether generated rows can stand for real ones."""
    if account.scores is None:
        return []
    # scores of single columns stand beside the columns' pictures; those of other metrics have no
    # other place
    scores = [
        s
        for s in account.scores
        if not of_privacy(s)
        and s.metric not in (FAIRNESS, SERIES)
        and (s.column is None or s.metric != COLUMNS)
    ]
    if not scores:
        return []
    unit, worthless = account.unit, account.said.worthless
    return [
        Paragraph(
            f"Each bar runs from worthless to real. The floor is what {worthless} reach, the green "
            "mark is what a real sample of the same size reaches; the dot is what the generated "
            f"{unit}s reach. The right end is always the better one. Where the floor is nearly as "
            f"good as real {unit}s, there is no bar: compare the figures."
        ),
        *gauges(scores),
        *evidence(scores),
    ]


def gauges(scores: list[Score] | tuple[Score, ...]) -> list[Block]:
    """One bar a score; those that could not be computed follow in a line, with the reason."""
    known = tuple(
        Gauge(s.name, s.value, s.floor, s.ceiling, s.better, s.sentence, s.why, s.interval)
        for s in scores
        if s.value is not None
    )
    unknown = "; ".join(f"{s.name} ({s.why})" for s in scores if s.value is None)
    blocks: list[Block] = [Gauges(known)] if known else []
    return [*blocks, Paragraph(f"Not computed: {unknown}.", "small")] if unknown else blocks


def evidence(scores: list[Score] | tuple[Score, ...]) -> list[Block]:
    """The scores' pictures, matrices and images first and large, and their tables, folded."""
    blocks: list[Block] = []
    plain: list[Block] = []
    for picture in (drawn(score.picture) for score in scores if score.picture):
        if isinstance(picture, SheetBlock):
            blocks += [Heading(picture.title), replace(picture, title="")]
        elif picture.kind == "heat":
            blocks += [Heading(picture.title), replace(largest(picture), title="")]
        else:
            plain.append(picture)
    if plain:
        blocks.append(Grid(tuple(plain), "large"))
    tables = [(score.name, score.table) for score in scores if score.table]
    blocks += [
        Details(table.title or name, (replace(TableBlock.of(table), title=""),))
        for name, table in tables
    ]
    return blocks


def largest(picture: PictureBlock) -> PictureBlock:
    """A matrix cut down to the names with the largest entries, so that it can be read."""
    names = [str(x) for x in picture.x]
    if len(names) <= MAX_HEAT or [s.name for s in picture.series] != names:
        return picture
    weight = [sum(abs(value or 0.0) for value in series.values) for series in picture.series]
    kept = sorted(sorted(range(len(names)), key=lambda i: -weight[i])[:MAX_HEAT])
    series = tuple(Series(names[i], tuple(picture.series[i].values[j] for j in kept)) for i in kept)
    label = f"the {MAX_HEAT} of {len(names)} columns with the largest entries"
    label = f"{picture.x_label}; {label}" if picture.x_label else label
    return replace(picture, x=tuple(names[i] for i in kept), series=series, x_label=label)
