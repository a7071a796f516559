"""The chapter on cleaning: what was changed, what was only reported, and what always holds."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import polars as pl

from tidemill.core.change import Issue
from tidemill.core.persons import surely_enough
from tidemill.core.schema import Rule
from tidemill.core.shown import RARE, persons_of_parts
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
            f"What to repair was learned from the training {unit}s only, then applied to all "
            f"{unit}s. The file changes.parquet lists every changed cell."
        )
    ]
    if applied:
        blocks += _issues("Repaired", "What was done", applied)
    else:
        blocks.append(Paragraph("Nothing had to be repaired."))
    if account.left_out:
        rows = plural(account.left_out, "row was", "rows were")
        blocks.append(Paragraph(f"{rows} left out before anything was learned, being no records."))
    blocks += _changes(account)
    if account.undecided:
        title = "For you to decide"
        blocks += _issues(title, "What you can do", account.undecided)
    blocks += _rules(account.rules)
    blocks += _loose_rules(account.loose_rules)
    return blocks


def _issues(title: str, action: str, issues: Sequence[Issue]) -> list[Block]:
    """Issues in a table, and the pictures of some; ``action`` is the title of that column."""
    rows = tuple(
        (issue.sentence, issue.example or None, as_sentence(issue.action) or None, issue.check)
        for issue in issues
    )
    pictures = [drawn(issue.picture) for issue in issues if issue.picture]
    return [
        Heading(title),
        *folded(("What was seen", "Example", action, "Check"), rows),
        *pictures,
    ]


def folded(
    columns: tuple[str, ...],
    rows: tuple[tuple[str | int | float | None, ...], ...],
    shown: int = SHOWN,
) -> list[Block]:
    """A table of which a long tail is folded away."""
    blocks: list[Block] = [TableBlock(columns, rows[:shown], stacked=True)]
    if rows[shown:]:
        rest = TableBlock(columns, rows[shown:], stacked=True)
        blocks.append(Details(f"{count(len(rest.rows))} more", (rest,)))
    return blocks


def _changes(account: ReportInput) -> list[Block]:
    """Equal changes of a column counted together; none of a column with personal data."""
    if account.changed is None or account.changed.is_empty():
        return []
    public = account.changed.filter(~pl.col("column").is_in(list(account.private_columns)))
    key = ["column", "before", "after", "reason"]
    # the log knows rows alone, which are numbered otherwise than those that are left
    parts = [data for data in (account.train, account.holdout) if data is not None]
    persons = persons_of_parts(parts) if parts else None
    rare = pl.len().over(key) < surely_enough(persons)
    groups = (
        public.with_columns(
            before=pl.when(rare).then(pl.lit(RARE)).otherwise(pl.col("before")),
            after=pl.when(rare & pl.col("after").is_not_null())
            .then(pl.lit(_MENDED))
            .otherwise(pl.col("after")),
        )
        .group_by(key)
        .len()
        .sort(["len", "column", "before", "after"], descending=[True, False, False, False])
    )
    if groups.is_empty():
        return []
    rows = []
    for group in groups.head(SHOWN).to_dicts():
        change = f"{_quoted(group['before'])} → {_quoted(group['after'])}"
        rows.append((group["column"], change, group["len"], group["reason"]))
    columns = ("Column", "Before → after", "Cells", "Reason")
    inside: list[Block] = [TableBlock(columns, tuple(rows), stacked=True)]
    if groups.height > SHOWN:
        rest = plural(groups.height - SHOWN, "other kind")
        inside.append(Paragraph(f"And {rest} of change.", "small"))
    return [Details("The most frequent changes, cell by cell", tuple(inside))]


_MENDED = "mended"


def _quoted(text: str | None) -> str:
    if text is None:
        return "missing"
    return text if text in (RARE, _MENDED) else f"“{text}”"


def _rules(rules: Iterable[Rule]) -> list[Block]:
    rows = tuple((str(rule), rule.support, rule.confirmed or None) for rule in rules)
    if not rows:
        return []
    text = "Seen in the training rows and confirmed on held-out rows; generated rows keep to them."
    if any(rule.kind == "a decides b" for rule in rules):
        text += (
            " “Decides” means: rows with the same value of the first have the same value of the "
            "second."
        )
    columns = ("Rule", "Training rows on which it held", "Held-out rows on which it held")
    return [Heading("What always holds"), Paragraph(text), *folded(columns, rows)]


def _loose_rules(rules: Iterable[Rule]) -> list[Block]:
    rows = tuple((str(rule), rule.support, rule.confirmed or None) for rule in rules)
    if not rows:
        return []
    text = (
        "These rules hold in the real rows, but the model could not be made to keep them: "
        "generated rows may break them."
    )
    columns = ("Rule", "Training rows on which it held", "Held-out rows on which it held")
    return [Heading("What generated rows may break"), Paragraph(text), *folded(columns, rows)]


def reread(account: ReportInput) -> str:
    """What was done where no cell was changed: columns of text were read as what they hold."""
    if account.changed is None or account.changed.height:
        return ""
    applied = [issue for issue in account.issues or () if issue.applied]
    columns = {name for issue in applied for name in issue.columns}
    return f"{plural(len(columns), 'column')} of text read as numbers or dates" if columns else ""
