"""From what a run learned to its report: the chapters in the order in which a reader needs them."""

from __future__ import annotations

from tidemill.report.base import Account
from tidemill.report.blocks import Block, Heading
from tidemill.report.cleaned import cleaned
from tidemill.report.found import found
from tidemill.report.generated import generated
from tidemill.report.made import made
from tidemill.report.page import Report
from tidemill.report.rounds import rounds
from tidemill.report.share import share
from tidemill.report.summary import summary
from tidemill.report.trust import trust
from tidemill.report.verdict import verdict

CHAPTERS = (
    ("cleaned", "What was cleaned", cleaned),
    ("found", "What was found", found),
    ("generated", "What was generated", generated),
    ("trust", "Can it be trusted?", trust),
    ("share", "Can it be shared?", share),
    ("rounds", "What another round changed", rounds),
    ("made", "How it was made", made),
)


def build(account: Account) -> Report:
    """The report of a run; chapters of steps that did not run are left out.

    Example:
        >>> build(Account("customers", rows=2, columns=1)).title
        'customers'
    """
    blocks: list[Block] = verdict(account)
    for anchor, title, chapter in CHAPTERS:
        inside = chapter(account)
        if inside:
            blocks += [Heading(title, 2, anchor), *inside]
    subtitle = f"Target: {account.target}" if account.target else ""
    return Report(account.name, subtitle, tuple(blocks), summary(account))
