"""From what a run learned to its report: the chapters in the order in which a reader needs them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tidemill.core.modality import TABLES, Modality
from tidemill.core.words import plural
from tidemill.reporting.base import ReportInput
from tidemill.reporting.blocks import Block, Heading
from tidemill.reporting.cleaning import cleaned
from tidemill.reporting.fairness import fairness
from tidemill.reporting.findings import found
from tidemill.reporting.first_page import first_page
from tidemill.reporting.generation import generated
from tidemill.reporting.images import images
from tidemill.reporting.music import music
from tidemill.reporting.page import Report
from tidemill.reporting.provenance import made
from tidemill.reporting.rounds import rounds
from tidemill.reporting.series import series
from tidemill.reporting.share import share
from tidemill.reporting.sounds import sounds
from tidemill.reporting.summary import summary
from tidemill.reporting.texts import texts
from tidemill.reporting.trust import trust


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
    Chapter("music", "Real pieces and generated ones", music, sees=("music",)),
    Chapter("sounds", "Real sounds and generated ones", sounds, sees=("sounds",)),
    Chapter("texts", "Generated texts", texts, sees=TABLES),
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
    blocks: list[Block] = first_page(account)
    for chapter in CHAPTERS:
        if chapter.sees is not None and account.modality not in chapter.sees:
            continue
        inside = chapter.blocks(account)
        if inside:
            blocks += [Heading(chapter.title, 2, chapter.anchor), *inside]
    return Report(account.name, _subtitle(account), tuple(blocks), summary(account))


def _subtitle(account: ReportInput) -> str:
    """What was read, what is to be predicted, and how many rows were generated."""
    parts = []
    if account.rows is not None:
        parts.append(f"{plural(account.rows, account.unit)}, {account.extent}")
    if account.target:
        parts.append(f"target: {account.target}")
    if account.synthetic is not None:
        model = f" by the model '{account.model}'" if account.model else ""
        parts.append(f"{plural(len(account.synthetic), f'generated {account.unit}')}{model}")
    return " · ".join(parts)
