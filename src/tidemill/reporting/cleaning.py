"""The chapter on cleaning: what was changed, what was only reported, and what always holds."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import polars as pl

from tidemill.core.change import Issue
from tidemill.core.schema import Rule
from tidemill.core.words import as_sentence, count, plural
from tidemill.reporting.base import ReportInput
from tidemill.reporting.blocks import Block, Details, Heading, Paragraph, TableBlock, drawn

SHOWN = 12


def cleaned(account: ReportInput) -> list[Block]:
    """What cleaning did and saw."""
    if account.issues is None:
        return []
    unit = account.unit
    applied = [issue for issue in account.issues if issue.applied]
    blocks: list[Block] = [
        Paragraph(
            f"The cleaning plan was learned from the training {unit}s only and then applied to "
            f"all {unit}s. "
            "Nothing is changed without a line here, and every changed cell is in changes.parquet."
        )
    ]
    blocks += _issues("Changed", applied) if applied else [Paragraph("No cell had to be changed.")]
    blocks += _changes(account)
    blocks += (
        _issues("For you to decide: seen, but left as it is", account.undecided)
        if account.undecided
        else []
    )
    blocks += _rules(account.rules)
    return blocks


def _issues(title: str, issues: Sequence[Issue]) -> list[Block]:
    rows = tuple(
        (issue.sentence, issue.example or None, as_sentence(issue.action) or None, issue.check)
        for issue in issues
    )
    columns = (
        "What was seen",
        "Example",
        "What was done" if issues[0].applied else "What you can do",
        "Check",
    )
    return [
        Heading(title),
        *folded(columns, rows),
        *(drawn(issue.picture) for issue in issues if issue.picture),
    ]


def folded(
    columns: tuple[str, ...],
    rows: tuple[tuple[str | int | float | None, ...], ...],
    shown: int = SHOWN,
) -> list[Block]:
    """A table of which a long tail is folded away."""
    blocks: list[Block] = [TableBlock(columns, rows[:shown], stacked=True)]
    if rows[shown:]:
        blocks.append(
            Details(
                f"{count(len(rows) - shown)} more",
                (TableBlock(columns, rows[shown:], stacked=True),),
            )
        )
    return blocks


def _changes(account: ReportInput) -> list[Block]:
    """Equal changes of a column counted together; none of a column with personal data."""
    if account.changes is None or account.changes.is_empty():
        return []
    public = account.changes.filter(~pl.col("column").is_in(list(account.private_columns)))
    groups = (
        public.group_by("column", "before", "after", "reason")
        .len()
        .sort(["len", "column", "before", "after"], descending=[True, False, False, False])
    )
    rows = tuple(
        (g["column"], f"{_quoted(g['before'])} → {_quoted(g['after'])}", g["len"], g["reason"])
        for g in groups.head(SHOWN).to_dicts()
    )
    if not rows:
        return []
    blocks: list[Block] = [
        Details(
            "The most frequent changes, cell by cell",
            (
                TableBlock(("Column", "Before → after", "Cells", "Reason"), rows, stacked=True),
                *(
                    [
                        Paragraph(
                            f"And {plural(groups.height - SHOWN, 'other kind')} of change.", "small"
                        )
                    ]
                    if groups.height > SHOWN
                    else []
                ),
            ),
        )
    ]
    return blocks


def _quoted(text: str | None) -> str:
    return "missing" if text is None else f"“{text}”"


def _rules(rules: Iterable[Rule]) -> list[Block]:
    rows = tuple((str(rule), rule.support, rule.confirmed or None) for rule in rules)
    if not rows:
        return []
    decides = any(rule.kind == "a decides b" for rule in rules)
    note = (
        " “Decides” means: rows with the same value of the first have the same value of the second."
        * decides
    )
    columns = ("Rule", "Training rows on which it held", "Held-out rows on which it held")
    blocks = folded(columns, rows)
    return [
        Heading("What always holds"),
        Paragraph(
            f"Seen in the training rows, confirmed on held-out rows, and kept in the schema.{note}"
        ),
        *blocks,
    ]
