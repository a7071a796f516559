"""From what a run learned to its report: the chapters in the order in which a reader needs them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tidemill.core.modality import Modality
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


@dataclass(frozen=True)
class Chapter:
    """A part of the report under a heading; left out where it has nothing to tell.

    Attributes:
        anchor, title: Of the heading.
        blocks: What it tells.
        sees: The modalities that it is about; None for all.
    """

    anchor: str
    title: str
    blocks: Callable[[ReportInput], list[Block]]
    sees: tuple[Modality, ...] | None = None


CHAPTERS = (
    Chapter("cleaned", "What was cleaned", cleaned),
    Chapter("found", "What was found", found),
    Chapter("generated", "What was generated", generated),
    Chapter("images", "Real images and generated ones", images, sees=("images",)),
    Chapter("series", "How series move", series, sees=("series",)),
    Chapter("trust", "Can it be trusted?", trust),
    Chapter("fairness", "Is it fair?", fairness),
    Chapter("share", "Can it be shared?", share),
    Chapter("rounds", "What another round changed", rounds),
    Chapter("made", "How it was made", made),
)


def build(account: ReportInput) -> Report:
    """The report of a run; chapters of steps that did not run are left out.

    Example:
        >>> build(ReportInput("customers", rows=2, columns=1)).title
        'customers'
    """
    blocks: list[Block] = verdict(account)
    for chapter in CHAPTERS:
        if chapter.sees is not None and account.modality not in chapter.sees:
            continue
        inside = chapter.blocks(account)
        if inside:
            blocks += [Heading(chapter.title, 2, chapter.anchor), *inside]
    subtitle = f"Target: {account.target}" if account.target else ""
    return Report(account.name, subtitle, tuple(blocks), summary(account))
