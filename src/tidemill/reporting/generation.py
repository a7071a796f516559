"""The chapter on generating: each column real against synthetic, and a few generated rows."""

from __future__ import annotations

from typing import Any

import polars as pl

from tidemill.core.dataset import Dataset
from tidemill.core.modality import TABLES
from tidemill.core.schema import Column
from tidemill.core.words import count, plural, shorten
from tidemill.reporting.base import ReportInput
from tidemill.reporting.blocks import (
    Block,
    Comparison,
    Details,
    Grid,
    Heading,
    Key,
    Paragraph,
    TableBlock,
)
from tidemill.reporting.compare import comparable, comparison
from tidemill.reporting.learning import learning_blocks

COLUMNS = "marginals"
"""The metric that scores each column on its own."""
SHOWN = 24
FOLDED = 60
_SAMPLE_ROWS = 4
_SAMPLE_COLUMNS = 40


def generated(account: ReportInput) -> list[Block]:
    """What the generator made."""
    if account.synthetic is None:
        return []
    learned = (
        f" learned {plural(len(account.train), f'training {account.unit}')} and"
        if account.train is not None
        else ""
    )
    lead = f"The model '{account.model}'{learned} drew" if account.model else "Evaluated were"
    drawn = plural(
        len(account.synthetic),
        f"new {account.unit}" if account.model else f"synthetic {account.unit}",
    )
    blocks: list[Block] = [Paragraph(f"{lead} {drawn}. {account.model_note}".strip())]
    blocks += _compared(account)
    if account.modality in TABLES:  # of others, a chapter of its own shows some of them
        blocks += _sample(account)
    blocks += learning_blocks(account)
    return blocks


def _compared(account: ReportInput) -> list[Block]:
    synthetic, parts = (
        account.synthetic,
        [d for d in (account.train, account.holdout) if d is not None],
    )
    if synthetic is None or not len(synthetic) or not sum(map(len, parts)):
        return []
    columns = [c for c in synthetic.schema.modelled if c.name not in account.private_columns]
    scores = column_scores(account)
    columns.sort(
        key=lambda c: scores.get(c.name, float("inf"))
    )  # what is computed is what is shown first
    pictures = [
        _picture(column, parts, synthetic, scores.get(column.name))
        for column in columns[: SHOWN + FOLDED]
    ]
    # stable: ties, and columns without a score, keep the table's order or go by their picture
    pictures.sort(key=lambda p: p.match if p.score is None else p.score)
    if not columns:
        return []
    hidden = len(account.private_columns)
    scored = (
        "The figure beside a name is the column's score; 1 is the best."
        if scores
        else (
            f"The figure beside a name is the share of {account.unit}s that agree; 1 is the best."
        )
    )
    first = f"{plural(len(columns), 'column')}, the least alike first. " if len(columns) > 1 else ""
    text = f"{first}Bars show shares of all {account.unit}s. {scored}"
    text += f" {plural(hidden, 'column')} with personal data left out." if hidden else ""
    unit = account.unit
    return [
        Heading(account.said.columns),
        Paragraph(text),
        Key(
            f"real {unit}s (training and held-out)" if len(parts) > 1 else f"real {unit}s",
            f"generated {unit}s",
        ),
        *_arranged(pictures, [(c.name, scores.get(c.name)) for c in columns[SHOWN + FOLDED :]]),
    ]


def _picture(
    column: Column, parts: list[Dataset], synthetic: Dataset, score: float | None
) -> Comparison:
    real = pl.concat([comparable(column, part[column.name]) for part in parts])
    return comparison(column, real, synthetic[column.name], score)


def _arranged(pictures: list[Comparison], rest: list[tuple[str, float | None]]) -> list[Block]:
    blocks: list[Block] = [Grid(tuple(pictures[:SHOWN]))]
    if pictures[SHOWN:]:
        blocks.append(
            Details(
                f"{plural(len(pictures) - SHOWN, 'more column')}", (Grid(tuple(pictures[SHOWN:])),)
            )
        )
    if rest:
        rows = tuple(rest)
        blocks.append(
            Details(
                f"{plural(len(rest), 'further column')}, as a table",
                (TableBlock(("Column", "Score"), rows),),
            )
        )
    return blocks


def column_scores(account: ReportInput) -> dict[str, float]:
    """Column -> how well its distribution agrees, 1 at best."""
    scores = account.scores.of(COLUMNS) if account.scores is not None else ()
    return {
        score.column: score.value
        for score in scores
        if score.column is not None and score.value is not None
    }


def _sample(account: ReportInput) -> list[Block]:
    """A few rows, one a column of the table, so that many columns need no wide page."""
    synthetic = account.synthetic
    if synthetic is None or not len(synthetic):
        return []
    names = [n for n in synthetic.schema.names if n not in account.private_columns]
    head = synthetic.frame.head(_SAMPLE_ROWS)
    rows = tuple(
        (name, *(_cell(value) for value in head[name])) for name in names[:_SAMPLE_COLUMNS]
    )
    blocks: list[Block] = [
        TableBlock(("Column", *(f"Row {i + 1}" for i in range(head.height))), rows)
    ]
    if names[_SAMPLE_COLUMNS:]:
        blocks.append(
            Paragraph(f"And {count(len(names) - _SAMPLE_COLUMNS)} more columns.", "small")
        )
    return [Details("The first generated rows", tuple(blocks))]


def _cell(value: Any) -> str:
    return "missing" if value is None else shorten(str(value), 60)
