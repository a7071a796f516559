"""The chapter on series: real ones beside generated ones, autocorrelation, and the stylised facts
of how they move."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import replace

import numpy as np
import polars as pl

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
GRID = 100
"""Heights that a picture of a series tells apart."""
STEPS = 60
"""Steps shown of a series."""


def series(account: ReportInput) -> list[Block]:
    """How generated series move, where rows are the steps of such and were measured."""
    if account.scores is None:
        return []
    hidden = account.private_columns
    scores = [score for score in account.scores.of(SERIES) if score.column not in hidden]
    if not scores:
        return []
    blocks: list[Block] = [
        Paragraph(
            "The floor is what the training series reach with all of their steps in random places, "
            "the green mark what the training series themselves reach, both beside held-out real "
            "series. The last figures are facts of returns: the nearest to real series is the best."
        ),
        *gauges([score for score in scores if score.column is None]),
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
    column = _example(made, account.private_columns)
    if column is None:
        return []
    shown = _drawn(real, column, "real series")
    pictures = _on_one_axis([*shown, *_drawn(made, column, "generated series")])
    return [
        Heading(f"Some series of '{column.name}'"),
        Paragraph(
            "None was chosen: they are spread evenly over all series in the order of the table.",
            "small",
        ),
        Grid(pictures[: len(shown)]),
        Grid(pictures[len(shown) :]),
    ]


def _example(data: Dataset, hidden: Container[str]) -> Column | None:
    """The target, or else the last of the columns of numbers, of those that may be shown."""
    chosen = None
    for column in data.schema.of_kind("number"):
        if column.name in hidden or column.role not in ("feature", "target", "sensitive"):
            continue
        if column.role == "target":
            return column
        chosen = column
    return chosen


def _drawn(data: Dataset, column: Column, title: str) -> list[PictureBlock]:
    """A small picture for each of SHEET series."""
    series = layout(data)
    if not len(series):
        return []
    values = _rounded(data[column.name].cast(float))
    pictures = []
    for at in np.unique(np.linspace(0, len(series) - 1, SHEET).astype(int)):
        start = series.start[at]
        rows = series.order[start : start + min(int(series.length[at]), STEPS)]
        steps = tuple(range(1, len(rows) + 1))
        line = Series(title, _finite(values[rows]))
        pictures.append(PictureBlock("lines", title, steps, (line,), "step"))
    return pictures


def _rounded(values: pl.Series) -> pl.Series:
    """Values as exactly as a picture shows them, so that its data tell none of them."""
    known = values.filter(values.is_finite())
    least, most = known.quantile(0.005) or 0.0, known.quantile(0.995) or 0.0
    if most <= least:
        return values.clip(least, most)
    unit = (most - least) / GRID
    return (values.clip(least, most) / unit).round() * unit


def _on_one_axis(pictures: list[PictureBlock]) -> tuple[PictureBlock, ...]:
    """The pictures with one y axis, so that real and generated series can be compared."""
    values = []
    for picture in pictures:
        values += [value for value in picture.series[0].values if value is not None]
    if not values:
        return tuple(pictures)
    ends = (min(values), max(values))
    return tuple(replace(picture, ends=ends) for picture in pictures)


def _finite(values: pl.Series) -> tuple[float | None, ...]:
    known = values.is_finite().fill_null(False)
    return tuple(values.set(~known, None).to_list())
