"""The chapter on sharing: what generated rows, the stored model and this page give away about real
rows."""

from __future__ import annotations

from collections.abc import Sequence

from tidemill.core.privacy import privacy_of
from tidemill.core.score import Score
from tidemill.core.words import as_sentence, sentence_case
from tidemill.reporting.audit import HOW_TO_READ, LEVELS, TITLES, leaks_table
from tidemill.reporting.base import ReportInput
from tidemill.reporting.blocks import Block, Callout, Details, Heading, Listing, Paragraph
from tidemill.reporting.privacy import privacy_scores
from tidemill.reporting.trust import evidence

NOT_LOOKED_AT = (
    "Not looked at: rows planted to be remembered, and which training rows are at risk. "
    "`tidemill audit` looks at both."
)


def share(account: ReportInput) -> list[Block]:
    """What would be given away with the generated rows and the model."""
    scores = privacy_scores(account)
    found = privacy_of(scores)
    if account.synthetic is None or not (found or account.privacy_note):
        return []
    blocks: list[Block] = []
    if found is not None:
        unit = account.unit
        of_rows = unit == "row"
        yardstick = (
            f"Unseen real {unit}s set the yardstick: generated {unit}s should be no nearer to "
            f"training {unit}s than to those. 0 % is chance, 100 % copying."
        )
        note = NOT_LOOKED_AT if of_rows else ""
        blocks += [
            Callout(LEVELS[found.light], TITLES[found.light], str(found), note=note),
            Paragraph(HOW_TO_READ if of_rows else yardstick),
            leaks_table(scores),
            *evidence(scores),
            *_sentences(scores),
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


def _sentences(scores: Sequence[Score]) -> list[Block]:
    items = []
    for score in scores:
        items.append(f"{sentence_case(score.name)}: {score.sentence or as_sentence(score.why)}")
    return [Details("Each attack in words", (Listing(tuple(items)),))]
