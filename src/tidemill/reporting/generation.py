"""The chapter on generating: each column real against synthetic, and a few generated rows."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tidemill.core.dataset import Dataset
from tidemill.core.modality import TABLES
from tidemill.core.schema import Column
from tidemill.core.shown import persons_of_parts
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
SHOWN = 12
FOLDED = 72
_SAMPLE_ROWS = 4
_SAMPLE_COLUMNS = 40


def generated(account: ReportInput) -> list[Block]:
    """What the generator made."""
    if account.synthetic is None:
        return []
    lead = _lead(account, len(account.synthetic))
    blocks: list[Block] = [Paragraph(f"{lead} {account.model_note}".strip())]
    if account.choice_note:
        blocks.append(Paragraph(account.choice_note))
    blocks += _compared(account)
    if account.modality in TABLES:  # of others, a chapter of its own shows some of them
        blocks += _sample(account)
    blocks += learning_blocks(account)
    return blocks


def _lead(account: ReportInput, rows: int) -> str:
    unit = account.unit
    if not account.model:
        return f"{plural(rows, f'generated {unit}')} were evaluated."
    learned = ""
    if account.train is not None:
        learned = f" learned {plural(len(account.train), f'training {unit}')} and"
    return f"The model '{account.model}'{learned} made {plural(rows, f'new {unit}')}."


def _compared(account: ReportInput) -> list[Block]:
    """Each column that may be shown, real against generated, the least alike first."""
    synthetic = account.synthetic
    parts = [data for data in (account.train, account.holdout) if data is not None]
    if synthetic is None or not len(synthetic) or not sum(map(len, parts)):
        return []
    columns = [c for c in synthetic.schema.modelled if c.name not in account.private_columns]
    if not columns:
        return []
    scores = column_scores(account)
    persons = persons_of_parts(parts)
    # only the first are computed, so these must be the ones to be shown
    columns.sort(key=lambda column: scores.get(column.name, float("inf")))
    pictures = [
        _picture(column, parts, synthetic, scores.get(column.name), persons)
        for column in columns[: SHOWN + FOLDED]
    ]
    # stable: ties, and columns without a score, keep the table's order or go by their picture
    pictures.sort(key=lambda picture: picture.match if picture.score is None else picture.score)
    rest = [(column.name, scores.get(column.name)) for column in columns[SHOWN + FOLDED :]]
    unit = account.unit
    real = f"real {unit}s (training and held-out)" if len(parts) > 1 else f"real {unit}s"
    return [
        Heading(account.data_words.columns),
        Paragraph(_how_to_read(account, len(columns), scored=bool(scores))),
        Key(real, f"generated {unit}s"),
        *_arranged(pictures, rest),
    ]


def _how_to_read(account: ReportInput, columns: int, *, scored: bool) -> str:
    """What the pictures of so many columns show."""
    text = f"Bars show shares of all {account.unit}s."
    if columns > 1:
        text = f"{plural(columns, 'column')}, the least similar first. {text}"
    figure = "the column's score" if scored else f"the share of {account.unit}s that agree"
    text += f" The figure beside a name is {figure}; 1 means identical."
    if account.private_columns:
        text += f" {plural(len(account.private_columns), 'column')} with personal data left out."
    return text


def _picture(
    column: Column,
    parts: list[Dataset],
    synthetic: Dataset,
    score: float | None,
    persons: NDArray[np.int64] | None,
) -> Comparison:
    real = pl.concat([comparable(column, part[column.name]) for part in parts])
    return comparison(column, real, synthetic[column.name], score, persons)


def _arranged(pictures: list[Comparison], rest: list[tuple[str, float | None]]) -> list[Block]:
    blocks: list[Block] = [Grid(tuple(pictures[:SHOWN]))]
    if pictures[SHOWN:]:
        folded = Grid(tuple(pictures[SHOWN:]))
        blocks.append(Details(plural(len(folded.blocks), "more column"), (folded,)))
    if rest:
        title = f"{plural(len(rest), 'further column')}, as a table"
        blocks.append(Details(title, (TableBlock(("Column", "Score"), tuple(rest)),)))
    return blocks


def column_scores(account: ReportInput) -> dict[str, float]:
    """Column -> how well its distribution agrees, 1 at best."""
    if account.scores is None:
        return {}
    values = {}
    for score in account.scores.of(COLUMNS):
        if score.column is not None and score.value is not None:
            values[score.column] = score.value
    return values


def _sample(account: ReportInput) -> list[Block]:
    """A few rows, one a column of the table, so that many columns need no wide page."""
    synthetic = account.synthetic
    if synthetic is None or not len(synthetic):
        return []
    hidden = account.private_columns.union(account.text_columns)  # texts have their own chapter
    names = [name for name in synthetic.schema.names if name not in hidden]
    head = synthetic.frame.head(_SAMPLE_ROWS)
    titles = [f"Row {number}" for number in range(1, head.height + 1)]
    rows = []
    for name in names[:_SAMPLE_COLUMNS]:
        values = [_cell(value) for value in head[name]]
        rows.append((name, *values))
    blocks: list[Block] = [TableBlock(("Column", *titles), tuple(rows))]
    if names[_SAMPLE_COLUMNS:]:
        more = count(len(names) - _SAMPLE_COLUMNS)
        blocks.append(Paragraph(f"And {more} more columns.", "small"))
    return [Details("The first generated rows", tuple(blocks))]


def _cell(value: Any) -> str:
    return "missing" if value is None else shorten(str(value), 60)
