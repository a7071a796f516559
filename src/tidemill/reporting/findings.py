"""The chapter on mining: findings by technique, as pictures, tables and sentences."""

from __future__ import annotations

from typing import Literal

from tidemill.core.finding import Finding, Findings
from tidemill.core.picture import Sheet
from tidemill.core.words import aligned, count
from tidemill.reporting.base import ReportInput
from tidemill.reporting.blocks import (
    Block,
    Card,
    Details,
    Grid,
    Heading,
    Paragraph,
    TableBlock,
    drawn,
)

SHOWN = 10
_CARDS = 8
_FEW = 2
_FOLDED = 200

_TITLES = {
    "drivers": (
        "What drives {target}",
        "How well {target} can be predicted from the other columns, and which of them say most "
        "about it. A driver goes together with {target}; that it is the cause is not shown.",
    ),
    "segments": (
        "Groups of similar rows",
        "Rows that resemble each other, each group named by what sets it apart.",
    ),
    "rules": (
        "What goes together",
        "Values that occur together more often, or more seldom, than chance allows. Lift "
        "is how many times as often as if they had nothing to do with each other; 1 is chance.",
    ),
    "anomalies": (
        "Unusual rows",
        "Rows that several detectors call odd, with the columns that make them so.",
    ),
    "images": (
        "What the images show",
        "Seen through a small classifier, whose features say which images are alike.",
    ),
    "profile": ("The columns", ""),
}


def found(account: ReportInput) -> list[Block]:
    """What mining found, by technique in the order of the findings."""
    if account.findings is None:
        return []
    if not account.findings:
        return [
            Paragraph(
                f"Nothing was found that holds up on held-out {account.unit}s. On a table whose "
                "columns have nothing to do with each other, this is the right answer."
            )
        ]
    blocks: list[Block] = [
        Paragraph(
            f"Learned from the training {account.unit}s; every figure below is measured on "
            f"held-out {account.unit}s, unless it says otherwise."
        )
    ]
    for technique in dict.fromkeys(finding.technique for finding in account.findings):
        blocks += _technique(
            technique, account.findings.of(technique), account.target or "the target"
        )
    return blocks


def _technique(technique: str, findings: Findings, target: str) -> list[Block]:
    title, text = _TITLES.get(technique, (technique.capitalize(), ""))
    blocks: list[Block] = [Heading(title.format(target=target))]
    blocks += [Paragraph(text.format(target=target))] if text else []
    for i, name in enumerate(dict.fromkeys(finding.name for finding in findings)):
        blocks += _group(tuple(findings.of(technique, name)), "lead" if i == 0 else "plain")
    return blocks


def _group(findings: tuple[Finding, ...], style: Literal["lead", "plain"]) -> list[Block]:
    """Findings of one name: one stands alone, those with pictures become cards, many without become
    a table."""
    if len(findings) == 1:
        return evidence(findings[0], style)
    if all(
        isinstance(finding.picture, Sheet) for finding in findings
    ):  # too wide to stand side by side
        return [block for finding in findings[:_CARDS] for block in evidence(finding, style)]
    few = len(findings) <= _FEW and any(finding.table for finding in findings)
    if few or any(finding.picture for finding in findings):
        cards = tuple(Card(tuple(evidence(finding))) for finding in findings)
        blocks: list[Block] = [Grid(cards[:_CARDS], "large")]
        if cards[_CARDS:]:
            blocks.append(
                Details(f"{count(len(cards) - _CARDS)} more", (Grid(cards[_CARDS:50], "large"),))
            )
        return blocks
    return _table(findings)


def evidence(finding: Finding, style: Literal["lead", "plain"] = "plain") -> list[Block]:
    """A finding's sentence, its picture, and its table, which is folded away where there is a
    picture."""
    blocks: list[Block] = [Paragraph(finding.sentence, style)]
    if finding.picture:
        blocks.append(drawn(finding.picture))
    if finding.table:
        table = TableBlock.of(finding.table)
        blocks.append(Details("The figures", (table,)) if finding.picture else table)
    return blocks


def _table(findings: tuple[Finding, ...]) -> list[Block]:
    measures = list(dict.fromkeys(finding.measure for finding in findings))
    measure = measures[0] if len(measures) == 1 else "strength"
    intervals = any(finding.interval for finding in findings)
    rows = tuple(
        (f.sentence, f.strength, *((_between(f),) if intervals else ()), f.support)
        for f in findings
    )
    columns = (
        "What was found",
        measure[:1].upper() + measure[1:],
        *(("95 % interval",) if intervals else ()),
        "Held-out cases",
    )
    blocks: list[Block] = [TableBlock(columns, rows[:SHOWN], stacked=True)]
    if rows[SHOWN:]:
        more = TableBlock(columns, rows[SHOWN:_FOLDED], stacked=True)
        blocks.append(Details(f"{count(len(rows) - SHOWN)} more", (more,)))
    if rows[_FOLDED:]:
        blocks.append(
            Paragraph(f"And {count(len(rows) - _FOLDED)} more in findings.json.", "small")
        )
    return blocks


def _between(finding: Finding) -> str:
    # no-break spaces, or a narrow column would cut the interval in two
    return (
        "\N{NO-BREAK SPACE}to\N{NO-BREAK SPACE}".join(aligned(finding.interval))
        if finding.interval
        else ""
    )
