"""The end of a run on the terminal: some twenty lines that a person can act on."""

from __future__ import annotations

import textwrap

from tidemill.core.words import opening, unprintable_removed
from tidemill.reporting.answers import FINDINGS, answers
from tidemill.reporting.base import ReportInput
from tidemill.reporting.blocks import Answer
from tidemill.reporting.fairness import gaps
from tidemill.reporting.highlights import highlights
from tidemill.reporting.rounds import outcome

WIDTH = 100
_LABEL = 11
_FINDINGS = 3


def summary(account: ReportInput) -> str:
    """The answers of the first page with the most telling findings, and what to do next, in plain
    text of at most WIDTH columns; commands are never cut."""
    lines = wrapped("Read", f"{account.read}.", 2) if account.rows is not None else []
    if account.unlearned:
        lines += wrapped("Warning", f"The model did not learn. {account.unlearned}", 3)
    for answer in answers(account):
        lines += _told(account, answer)
    for head, points in (("Fair", gaps(account)), ("Round", _rounds(account))):
        for place, point in enumerate(points):
            lines += wrapped("" if place else head, point, 2)
    return "\n".join(lines)


def _told(account: ReportInput, answer: Answer) -> list[str]:
    lines = wrapped(answer.label, answer.answer, 2)
    lines += wrapped("", answer.text, 5)
    points = list(answer.items)
    if answer.label == FINDINGS:
        shown = highlights(account.findings or ())[:_FINDINGS]
        said = [finding.sentence for finding in shown]
        points += [text for text in said if not text.startswith(answer.text or text)]
    for point in points:
        lines += wrapped("", point, 3)
    for step in answer.steps:
        lines += [
            *wrapped("", step.text, 1),
            " " * (_LABEL + 2) + unprintable_removed(step.command),
        ]
    return lines


def _rounds(account: ReportInput) -> list[str]:
    return [outcome(turn, account.target) for turn in account.rounds]


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
