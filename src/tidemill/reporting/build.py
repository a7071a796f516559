"""From what a run learned to its report: the chapters in the order in which a reader needs them."""

from __future__ import annotations

from tidemill.reporting.base import ReportInput
from tidemill.reporting.blocks import Block, Heading
from tidemill.reporting.cleaning import cleaned
from tidemill.reporting.fairness import fairness
from tidemill.reporting.findings import found
from tidemill.reporting.generation import generated
from tidemill.reporting.images import images
from tidemill.reporting.page import Report
from tidemill.reporting.provenance import made
from tidemill.reporting.rounds import rounds
from tidemill.reporting.series import series
from tidemill.reporting.share import share
from tidemill.reporting.summary import summary
from tidemill.reporting.trust import trust
from tidemill.reporting.verdict import verdict

CHAPTERS = (
    ("cleaned", "What was cleaned", cleaned),
    ("found", "What was found", found),
    ("generated", "What was generated", generated),
    ("images", "Real images and generated ones", images),
    ("series", "How series move", series),
    ("trust", "Can it be trusted?", trust),
    ("fairness", "Is it fair?", fairness),
    ("share", "Can it be shared?", share),
    ("rounds", "What another round changed", rounds),
    ("made", "How it was made", made),
)


def build(account: ReportInput) -> Report:
    """The report of a run; chapters of steps that did not run are left out.

    Example:
        >>> build(ReportInput("customers", rows=2, columns=1)).title
        'customers'
    """
    blocks: list[Block] = verdict(account)
    for anchor, title, chapter in CHAPTERS:
        inside = chapter(account)
        if inside:
            blocks += [Heading(title, 2, anchor), *inside]
    subtitle = f"Target: {account.target}" if account.target else ""
    return Report(account.name, subtitle, tuple(blocks), summary(account))
