"""How learning went: the losses side by side, the score that decided, and rows made on the way."""

from __future__ import annotations

from collections.abc import Sequence

from tidemill.core.modality import TABLES
from tidemill.core.persons import persons_of
from tidemill.core.words import count, sentence_case
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
    """Curves and snapshots of a model that learned in steps; nothing for others."""
    learning = account.learning
    if learning is None or not learning.curves:
        return []
    curves = {name: points for name, points in learning.curves.items() if len(points) > 1}
    losses = [name for name in curves if name != SCORE]
    pictures = [_curve(name, curves[name], "mean loss") for name in losses]
    if SCORE in curves:
        name = f"score on {account.unit}s kept out of learning"
        pictures.append(_curve(name, curves[SCORE], "lower is better"))
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
    blocks: list[Block] = [Heading("How learning went"), Paragraph(text)]
    if pictures:
        blocks.append(Grid(tuple(pictures), "large"))
    return blocks + _snapshots(account, learning)


def _curve(name: str, points: Sequence[Sequence[float]], label: str) -> PictureBlock:
    every = max(-(-len(points) // POINTS), 1)
    drawn = list(points[::every])
    if drawn[-1] != points[-1]:
        drawn.append(points[-1])
    return PictureBlock(
        "lines",
        sentence_case(name),
        tuple(int(step) for step, _ in drawn),
        (Series(name, tuple(float(value) for _, value in drawn)),),
        "step",
        label,
    )


def _snapshots(account: ReportInput, learning: Learning) -> list[Block]:
    """A few columns of rows that were made as learning went, beside the real ones."""
    if account.modality not in TABLES:
        return snapshots(account, learning)
    if account.train is None or not learning.snapshots:
        return []
    hidden = account.private_columns
    columns = [column for column in account.train.schema.modelled if column.name not in hidden]
    for _, made in learning.snapshots:
        columns = [column for column in columns if column.name in made.schema]
    columns.sort(key=lambda c: (c.role != "target", c.kind not in ("number", "datetime")))
    persons = persons_of(account.train)
    rows: list[Block] = [Key("real training rows", "rows made on the way")]
    for step, made in learning.snapshots:
        pictures = [
            comparison(column, account.train[column.name], made[column.name], persons=persons)
            for column in columns[:SHOWN]
        ]
        rows += [Paragraph(f"After {count(step)} steps"), Grid(tuple(pictures))]
    return [Details("Rows made as learning went", tuple(rows))]
