"""The chapter on sharing: what generated rows, the stored model and this page give away about real
rows."""

from __future__ import annotations

from tidemill.reporting.base import ReportInput
from tidemill.reporting.blocks import Block, Callout, Heading, Listing, Paragraph
from tidemill.reporting.privacy import privacy_scores
from tidemill.reporting.trust import evidence, gauges


def share(account: ReportInput) -> list[Block]:
    """What would be given away with the generated rows and the model."""
    scores = privacy_scores(account)
    if account.synthetic is None or not (scores or account.privacy_note):
        return []
    blocks: list[Block] = []
    if scores:
        unit = account.unit
        blocks += [
            Paragraph(
                f"Unseen real {unit}s set the yardstick: generated {unit}s should be no nearer to "
                f"training {unit}s than to those."
            ),
            *gauges(scores),
            *evidence(scores),
        ]
    if account.privacy_note:
        first, *kept = account.privacy_note.splitlines()
        blocks += [Heading("What the stored model keeps"), Paragraph(first)]
        if kept:
            blocks.append(Listing(tuple(kept)))
    limit = account.scores.limit if account.scores is not None else ""
    advice = f"This page shows {account.data_words.shown}, so it is for those who may see them."
    blocks.append(Callout("warning", "Before you share", f"{limit} {advice}".strip()))
    return blocks
