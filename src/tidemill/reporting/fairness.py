"""The chapter on fairness: groups of sensitive columns, in real and generated rows and by models
that learn from them."""

from __future__ import annotations

import json

from tidemill.core.score import Score
from tidemill.core.sensitive import suggestion
from tidemill.reporting.base import ReportInput
from tidemill.reporting.blocks import (
    Block,
    Callout,
    Card,
    CodeBlock,
    Details,
    Heading,
    Paragraph,
    TableBlock,
    drawn,
)
from tidemill.reporting.trust import FAIRNESS, gauges

_ORDER = ("outcome gap", "decisions", "errors", "outcomes", "representation", "quality")
"""What the names of scores begin with, in the order in which a reader needs them."""


def fairness(account: ReportInput) -> list[Block]:
    """Whether groups are treated alike; where no column was declared sensitive, which ones may
    be."""
    data = account.train or account.synthetic
    if data is None:
        return []
    names = [column.name for column in data.schema if column.role == "sensitive"]
    scores = [] if account.scores is None else list(account.scores.of(FAIRNESS))
    if not names or not scores:
        text = suggestion(data.schema)
        return [Paragraph(text)] if text and account.scores is not None else []
    blocks: list[Block] = [
        Paragraph(
            "A gap between groups that is in the data is in generated rows and in models, too. "
            "What follows shows how wide it is in real rows, in generated rows, and in what models "
            "decide about held-out real rows after learning from either. A bar runs from columns "
            "that have nothing to do with each other to real rows: at its right end the gap is as "
            "wide as it really is. Groups of fewer than 50 held-out rows are not judged."
        ),
        *_example(account, names),
    ]
    for name in names:
        mine = [score for score in scores if f"'{name}'" in score.name]
        blocks += [Heading(f"Groups of '{name}'"), *_of_column(mine)]
    blocks.append(
        Callout(
            "warning",
            "What this cannot say",
            "Equal rates are one idea of fairness among several, and they exclude each other: "
            "where outcomes differ between groups, a model with equal rates has unequal errors. No "
            "figure here says why groups differ, or what would be just.",
        )
    )
    return blocks


def gaps(account: ReportInput) -> list[str]:
    """What is to be said of fairness in a few lines: the outcome gap of each sensitive column."""
    scores = () if account.scores is None else account.scores.of(FAIRNESS)
    about_gaps = [score for score in scores if score.name.startswith(_ORDER[0])]
    return [score.sentence for score in about_gaps if score.sentence][:3]


def _example(account: ReportInput, names: list[str]) -> list[Block]:
    target = account.target
    data = account.train or account.synthetic
    if target is None or data is None or data.schema[target].kind not in ("category", "boolean"):
        return []
    option = f"option 'fair={names[0]}={target}'"
    fair = json.dumps({names[0]: target}, ensure_ascii=False)
    return [
        Paragraph(f"A sample with {option} has equal rates in all groups. In Python:"),
        CodeBlock(f'tidemill.sample("model.tidemill", 1000, fair={fair})'),
    ]


def _of_column(scores: list[Score]) -> list[Block]:
    curves = [score for score in scores if "after fair generation" in score.name]
    others = sorted((score for score in scores if score not in curves), key=_place)
    blocks: list[Block] = list(gauges(others))
    for score in curves:
        text = score.sentence or f"What equal rates would cost is not known: {score.why}."
        if score.picture is None:
            blocks.append(Paragraph(text))
        else:
            blocks.append(Card((Paragraph(text), drawn(score.picture))))
    for score in (*curves, *others):
        if score.table is not None:
            blocks.append(Details(score.table.title, (TableBlock.of(score.table),)))
    return blocks


def _place(score: Score) -> int:
    """Where a score stands, by what its name begins with."""
    for place, start in enumerate(_ORDER):
        if score.name.startswith(start):
            return place
    return len(_ORDER)
