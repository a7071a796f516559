"""The chapter on series: real ones beside generated ones, autocorrelation, and the stylised facts
of how they move."""

from __future__ import annotations

import numpy as np

from tidemill.core.dataset import Dataset
from tidemill.core.schema import Column
from tidemill.core.series import layout
from tidemill.reporting.base import ReportInput
from tidemill.reporting.blocks import (
    Block,
    Grid,
    Heading,
    Paragraph,
    PictureBlock,
    Series,
    TableBlock,
    drawn,
)
from tidemill.reporting.trust import SERIES, gauges

SHEET = 6
"""Series shown of each sort."""
STEPS = 60
"""Steps shown of a series."""


def series(account: ReportInput) -> list[Block]:
    """How generated series move, where rows are the steps of such and were measured."""
    scores = (
        []
        if account.scores is None
        else [
            s
            for s in account.scores.of(SERIES)
            if s.column is None or s.column not in account.private_columns
        ]
    )
    if not scores:
        return []
    blocks: list[Block] = [
        Paragraph(
            "The floor is what the training series reach with all of their steps in random places, "
            "the green mark what the training series themselves reach, both beside held-out real "
            "series. The last figures are facts of returns: the nearest to real series is the best."
        ),
        *gauges([s for s in scores if s.column is None]),
        *_sheet(account),
    ]
    pictures = [drawn(score.picture) for score in scores if score.picture is not None]
    if pictures:
        blocks += [
            Heading("How steps hang together, and how large moves are"),
            Grid(tuple(pictures), "large"),
        ]
    tables = [score.table for score in scores if score.table is not None]
    return [*blocks, *(TableBlock.of(table) for table in tables)]


def _sheet(account: ReportInput) -> list[Block]:
    """Real series above as many generated ones: the target, or the last column of numbers."""
    real, made = account.holdout or account.train, account.synthetic
    if real is None or made is None:
        return []
    numbers = [
        c
        for c in made.schema.of_kind("number")
        if c.role in ("feature", "target", "sensitive") and c.name not in account.private_columns
    ]
    if not numbers:
        return []
    column = next((c for c in numbers if c.role == "target"), numbers[-1])
    return [
        Heading(f"Some series of '{column.name}'"),
        Paragraph(
            "None was chosen: they are spread evenly over all series in the order of the table.",
            "small",
        ),
        Grid(tuple(_drawn(real, column, "real series"))),
        Grid(tuple(_drawn(made, column, "generated series"))),
    ]


def _drawn(data: Dataset, column: Column, said: str) -> list[PictureBlock]:
    """A small picture for each of SHEET series."""
    found = layout(data)
    values = data[column.name].cast(float)
    pictures = []
    for at in (
        np.unique(np.linspace(0, len(found) - 1, SHEET).astype(int)).tolist() if len(found) else []
    ):
        rows = found.order[found.start[at] : found.start[at] + min(int(found.length[at]), STEPS)]
        shown = tuple(
            None if v is None or not np.isfinite(v) else float(v) for v in values[rows].to_list()
        )
        pictures.append(
            PictureBlock(
                "lines", said, tuple(range(1, len(shown) + 1)), (Series(said, shown),), "step"
            )
        )
    return pictures
