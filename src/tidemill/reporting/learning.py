"""How learning went: the losses side by side, the score that decided, and rows made on the way."""

from __future__ import annotations

from collections.abc import Sequence

from tidemill.core.modality import TABLES
from tidemill.core.words import count
from tidemill.reporting.base import Learning, ReportInput
from tidemill.reporting.blocks import (
    Block,
    Details,
    Grid,
    Heading,
    Key,
    Paragraph,
    PictureBlock,
    Series,
)
from tidemill.reporting.compare import comparison
from tidemill.reporting.images import snapshots

SCORE = "score"
"""The curve that is no loss: how well the model did on rows that it did not learn from; lower is
better."""
POINTS = 120
"""A curve is drawn with so many points at most."""
SHOWN = 3
"""Columns that are shown as learning went."""


def learning_blocks(account: ReportInput) -> list[Block]:
    """Curves and glimpses of a model that learned in steps; nothing for others."""
    learning = account.learning
    if learning is None or not learning.curves:
        return []
    losses = [name for name in learning.curves if name != SCORE and len(learning.curves[name]) > 1]
    pictures = [_curve(name, learning.curves[name], "mean loss") for name in losses]
    if len(learning.curves.get(SCORE, ())) > 1:
        pictures.append(
            _curve(
                f"score on {account.unit}s kept out of learning",
                learning.curves[SCORE],
                "lower is better",
            )
        )
    last = int(max(points[-1][0] for points in learning.curves.values()))
    text = (
        f"Learning took {count(last)} steps. The {account.unit}s are made by the weights of step "
        f"{count(learning.best_step)}, where the score on {account.unit}s kept out of learning "
        "was best."
    )
    if len(losses) > 1:
        text += (
            f" The losses of {' and '.join(losses)} are those of two opponents: they need not "
            "fall, and neither should run away."
        )
    drawn: list[Block] = [Grid(tuple(pictures), "large")] if pictures else []
    return [Heading("How learning went"), Paragraph(text), *drawn, *_glimpses(account, learning)]


def _curve(name: str, points: Sequence[Sequence[float]], label: str) -> PictureBlock:
    shown = points[:: max(-(-len(points) // POINTS), 1)]
    if shown[-1] != points[-1]:
        shown = [*shown, points[-1]]
    return PictureBlock(
        "lines",
        name[0].upper() + name[1:],
        tuple(int(step) for step, _ in shown),
        (Series(name, tuple(float(value) for _, value in shown)),),
        "step",
        label,
    )


def _glimpses(account: ReportInput, learning: Learning) -> list[Block]:
    """A few columns of rows that were made as learning went, beside the real ones."""
    if account.modality not in TABLES:
        return snapshots(account, learning)
    if account.train is None or not learning.snapshots:
        return []
    columns = [
        c
        for c in account.train.schema.modelled
        if c.name not in account.private_columns
        and all(c.name in made.schema for _, made in learning.snapshots)
    ]
    columns.sort(key=lambda c: (c.role != "target", c.kind not in ("number", "datetime")))
    rows: list[Block] = [Key("real training rows", "rows made on the way")]
    for step, made in learning.snapshots:
        pictures = [
            comparison(column, account.train[column.name], made[column.name])
            for column in columns[:SHOWN]
        ]
        rows += [Paragraph(f"After {count(step)} steps"), Grid(tuple(pictures))]
    return [Details("Rows made as learning went", tuple(rows))]
