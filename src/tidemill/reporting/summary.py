"""The end of a run on the terminal: about fifteen lines that a person can act on."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator

from tidemill.core.change import Issue
from tidemill.core.modality import TABLES
from tidemill.core.words import as_sentence, number, opening, shorten, unprintable_removed
from tidemill.reporting.base import ReportInput
from tidemill.reporting.fairness import gaps
from tidemill.reporting.generation import column_scores
from tidemill.reporting.rounds import outcome
from tidemill.reporting.verdict import digest, privacy_scores

WIDTH = 100
_LABEL = 11
_MOST_LINES = {"Trusted": 6, "Shared": 3}
"""Of one point; of others two."""


def summary(account: ReportInput) -> str:
    """What was cleaned, found and generated, and what that is worth, in plain text of at most WIDTH
    columns."""
    lines: list[str] = []
    for head, points in _parts(account):
        label = head
        for point in points:
            lines += wrapped(label, point, most=_MOST_LINES.get(head, 2))
            label = ""
    return "\n".join(lines)


def _parts(account: ReportInput) -> Iterator[tuple[str, list[str]]]:
    lines = dict(digest(account))
    if account.rows is not None:
        yield "Read", [f"{account.read}."]
    yield "Careful", [issue.sentence for issue in account.personal[:2]]
    if "Cleaned" in lines:
        yield "Cleaned", [lines["Cleaned"], *_sentences(account.undecided, 2)]
    if "Found" in lines:
        yield "Found", list(_best(account)) or [lines["Found"]]
    if "Generated" in lines:
        yield "Generated", [lines["Generated"], *_weakest(account)]
    if account.scores is not None:
        yield "Trusted", [account.scores.verdict]
    yield "Fair", gaps(account)
    yield "Shared", [score.sentence for score in privacy_scores(account)[:1]]
    yield "Round", [outcome(turn, account.target) for turn in account.rounds]


def _sentences(issues: Iterable[Issue], most: int) -> list[str]:
    """The issues that ask for a decision, warnings first."""
    others = [issue for issue in issues if issue.severity != "personal data"]
    others.sort(key=lambda issue: issue.severity != "warning")
    return [f"{issue.sentence} {as_sentence(issue.action)}".strip() for issue in others[:most]]


def _best(account: ReportInput) -> Iterator[str]:
    """The first finding of each technique."""
    findings = account.findings or ()
    seen: set[str] = set()
    for finding in findings:
        if finding.technique not in seen:
            seen.add(finding.technique)
            yield finding.sentence


def _weakest(account: ReportInput) -> list[str]:
    weakest = sorted(column_scores(account).items(), key=lambda item: item[1])[:3]
    if not weakest or account.modality not in TABLES:
        return []
    named = ", ".join(f"{shorten(name, 30)} ({number(score)})" for name, score in weakest)
    return [f"Least like the real ones, column by column (1 is the best): {named}."]


def wrapped(head: str, text: str, most: int) -> list[str]:
    """At most so many lines; a first sentence that is longer gets twice as many before it is
    cut."""
    whole = unprintable_removed(" ".join(text.split()))
    room = most * (WIDTH - _LABEL - 8)
    cut = opening(whole, room)
    if cut.endswith("…"):
        cut = opening(whole, 2 * room)
    # a figure and its per cent sign stay on one line
    together = cut.replace(" %", "\N{NO-BREAK SPACE}%")
    lines = []
    for line in textwrap.wrap(together, WIDTH - _LABEL, break_on_hyphens=False):
        lines.append(f"{head:<{_LABEL}}{line}".replace("\N{NO-BREAK SPACE}", " "))
        head = ""
    return lines
