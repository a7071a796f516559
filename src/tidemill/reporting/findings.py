"""The chapter on mining: findings by technique, as pictures, tables and sentences."""

from __future__ import annotations

from typing import Literal

from tidemill.core.finding import Finding, Findings
from tidemill.core.picture import Sheet
from tidemill.core.words import aligned, count, sentence_case
from tidemill.reporting.base import ReportInput
from tidemill.reporting.blocks import (
    Block,
    Card,
    Cell,
    Details,
    Grid,
    Heading,
    Paragraph,
    TableBlock,
    drawn,
)

SHOWN = 5
_CARDS = 8
_MOST_CARDS = 50
_FEW = 2
_FOLDED = 200

_TITLES = {
    "drivers": (
        "What {target} is associated with",
        "How well {target} can be predicted from the other columns, and which of them say most "
        "about it. Drivers are associated with {target}; they need not cause it.",
    ),
    "segments": (
        "Groups of similar rows",
        "Groups of rows that are alike, each named by what sets it apart.",
    ),
    "rules": (
        "What occurs together",
        "Values that occur together more often, or less often, than chance allows. Lift says how "
        "many times as often as by chance; 1 is chance.",
    ),
    "anomalies": (
        "Unusual rows",
        "Rows that stand out, and the columns that make them so.",
    ),
    "sounds": (
        "What the sounds say",
        "Seen as pictures of what is heard when, with high tones above; these say which sounds are "
        "alike.",
    ),
    "images": (
        "What the images show",
        "Seen through a small classifier, whose features say which images are alike.",
    ),
    "profile": ("The columns", ""),
}
_GROUPS = {
    "answer": "Columns that are the answer in other words",
    "calibration": "Whether the predicted chances can be trusted",
    "importance": "The main drivers",
    "driver": "Driver by driver",
    "weak spot": "Where the model is wrong most often",
    "segment": "Segment by segment",
    "rule": "Rule by rule",
    "overview": "All beside each other",
    "anomaly": "Row by row",
}
"""What a group of findings is called while it is folded away."""


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
            f"Every figure below is measured on {account.unit}s that were held out, unless it says "
            "otherwise."
        )
    ]
    for technique in dict.fromkeys(finding.technique for finding in account.findings):
        of_technique = account.findings.of(technique)
        blocks += _technique(technique, of_technique, account.target or "the target")
    return blocks


def _technique(technique: str, findings: Findings, target: str) -> list[Block]:
    title, text = _TITLES.get(technique, (technique.capitalize(), ""))
    blocks: list[Block] = [Heading(title.format(target=target))]
    if text:
        blocks.append(Paragraph(text.format(target=target)))
    first, *others = dict.fromkeys(finding.name for finding in findings)
    blocks += _group(tuple(findings.of(technique, first)), "lead")
    for name in others:  # only the first name's stand open, or the chapter would be endless
        group = tuple(findings.of(technique, name))
        title = _GROUPS.get(name, sentence_case(name))
        if len(group) > 1:
            title += f" ({count(len(group))})"
        blocks.append(Details(title, tuple(_group(group, "plain"))))
    return blocks


def _group(findings: tuple[Finding, ...], style: Literal["lead", "plain"]) -> list[Block]:
    """Findings of one name: one stands alone, those with pictures become cards, many without become
    a table."""
    if len(findings) == 1:
        return evidence(findings[0], style)
    if all(isinstance(finding.picture, Sheet) for finding in findings):
        blocks: list[Block] = []  # too wide to stand side by side
        for finding in findings[:_CARDS]:
            blocks += evidence(finding, style)
        return blocks
    few = len(findings) <= _FEW and any(finding.table for finding in findings)
    if few or any(finding.picture for finding in findings):
        return _cards(findings)
    return _table(findings)


def _cards(findings: tuple[Finding, ...]) -> list[Block]:
    cards = tuple(Card(tuple(evidence(finding))) for finding in findings)
    blocks: list[Block] = [Grid(cards[:_CARDS], "large")]
    if cards[_CARDS:]:
        rest = Grid(cards[_CARDS:_MOST_CARDS], "large")
        blocks.append(Details(f"{count(len(cards) - _CARDS)} more", (rest,)))
    return blocks


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
    columns = ["What was found", sentence_case(measure), "Held-out cases"]
    intervals = any(finding.interval for finding in findings)
    if intervals:
        columns.insert(2, "95 % interval")
    rows = []
    for finding in findings:
        row: list[Cell] = [finding.sentence, finding.strength, finding.support]
        if intervals:
            row.insert(2, _between(finding))
        rows.append(tuple(row))
    blocks: list[Block] = [_figures(columns, rows[:SHOWN])]
    if rows[SHOWN:]:
        more = f"{count(len(rows) - SHOWN)} more"
        blocks.append(Details(more, (_figures(columns, rows[SHOWN:_FOLDED]),)))
    if rows[_FOLDED:]:
        text = f"And {count(len(rows) - _FOLDED)} more in findings.json."
        blocks.append(Paragraph(text, "small"))
    return blocks


def _figures(columns: list[str], rows: list[tuple[Cell, ...]]) -> TableBlock:
    return TableBlock(tuple(columns), tuple(rows), stacked=True)


def _between(finding: Finding) -> str:
    if not finding.interval:
        return ""
    # no-break spaces, or a narrow column would cut the interval in two
    return "\N{NO-BREAK SPACE}to\N{NO-BREAK SPACE}".join(aligned(finding.interval))
