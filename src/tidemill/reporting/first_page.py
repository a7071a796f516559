"""The first page: three answers, the most telling findings, and what must not be missed."""

from __future__ import annotations

from tidemill.reporting.answers import answers
from tidemill.reporting.base import ReportInput
from tidemill.reporting.blocks import Answers, Block, Callout, Paragraph
from tidemill.reporting.highlights import cards


def first_page(account: ReportInput) -> list[Block]:
    """What was wrong, what it says, what can be done with the generated rows; then the findings
    that say most."""
    blocks: list[Block] = []
    if account.unlearned:
        blocks.append(Callout("danger", "The model did not learn.", account.unlearned))
    given = answers(account)
    if given:
        blocks.append(Answers(given))
    if account.scores is not None and account.scores.limit:
        blocks.append(Paragraph(account.scores.limit, "small"))
    note = account.data_words.note
    if note and account.train is not None:
        blocks.append(Paragraph(note, "small"))
    if account.warnings:
        blocks.append(Callout("warning", "Warnings of the run", items=account.warnings))
    return [*blocks, *cards(account)]
