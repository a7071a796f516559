"""The data card that goes with shared rows: what they are, what they are worth, what was checked,
what they are not for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tidemill.core.leak import Leak
from tidemill.core.light import Light
from tidemill.core.score import Score
from tidemill.core.words import count, plural, sentence_case
from tidemill.reporting.audit import (
    HOW_TO_READ,
    LEVELS,
    MEANINGS,
    TITLES,
    leaks_table,
    made,
)
from tidemill.reporting.blocks import (
    Block,
    Callout,
    Figures,
    Heading,
    Listing,
    Pairs,
    Paragraph,
    TableBlock,
    Tile,
)
from tidemill.reporting.page import Report

NOT_FOR = (
    "Do not use these rows to learn, or to decide, anything about a single person: they are made "
    "for the patterns of many.",
    "Do not try to find out who was in the training data.",
    "Do not pass them off as real data, and do not mix them with real data without marking them.",
    "Do not use them alone for decisions on people, such as on credit, health or work: check "
    "every result on real data.",
    "Do not rely on figures of groups that are small in the training data: a model knows little "
    "of them.",
)
NOBODY = ", and no row stands for a person."
TO_FILL_IN = "to be filled in by whoever passes the rows on"
NO_LICENCE = "none given: nobody but the owner of the data may use these rows"


@dataclass(frozen=True)
class DataCard:
    """What goes with shared rows.

    Attributes:
        name: What the training rows are called.
        rows, columns: Of the shared table.
        dropped: Rows that were drawn and dropped as copies or near copies of training rows.
        made: Model, options, seed and rows learned from.
        audited: Rows of each sort in the audit.
        scores: What the rows are worth, each between its floor and its ceiling.
        leaks, light, verdict, limit: What the audit found.
        licence: As its owner gave it; empty for none.
        made_up: Columns of personal data, with what they hold, whose values are all made up.
        despite: Why the rows are shared although the light is red; empty where it is not.
        seed, versions: What is needed to make it again.
    """

    name: str
    rows: int
    columns: tuple[str, ...]
    dropped: int
    made: Mapping[str, Any]
    audited: Mapping[str, int]
    scores: tuple[Score, ...]
    leaks: tuple[Leak, ...]
    light: Light
    verdict: str
    limit: str
    licence: str = ""
    made_up: tuple[str, ...] = ()
    despite: str = ""
    seed: int = 0
    versions: Mapping[str, str] = field(default_factory=dict)

    def to_state(self) -> dict[str, Any]:
        """The card as plain JSON values."""
        return {
            "name": self.name,
            "synthetic": True,
            "rows": self.rows,
            "columns": list(self.columns),
            "made_up": list(self.made_up),
            "dropped_as_copies": self.dropped,
            "made": dict(self.made),
            "scores": [_score_state(score) for score in self.scores],
            "audit": {
                "light": self.light,
                "verdict": self.verdict,
                "rows": dict(self.audited),
                "leaks": [leak.to_state() for leak in self.leaks],
            },
            "shared_despite_audit": self.despite or None,
            "limit": self.limit,
            "not_for": list(NOT_FOR),
            "licence": self.licence or None,
            "seed": self.seed,
            "versions": dict(self.versions),
        }


def _score_state(score: Score) -> dict[str, Any]:
    names = ("metric", "name", "value", "floor", "ceiling", "better", "why")
    return {name: getattr(score, name) for name in names}


def data_card(card: DataCard) -> Report:
    """The card as a page."""
    but = ", but they give some of them away." if card.light == "red" else NOBODY
    blocks: list[Block] = [
        Paragraph(
            "These rows are synthetic. A model learned from real rows and made them up; they "
            f"follow the real rows in their patterns{but}",
            "lead",
        ),
        Callout(
            LEVELS[card.light],
            f"Privacy audit. {TITLES[card.light]}",
            card.verdict,
            note=card.limit,
        ),
    ]
    if card.despite:
        blocks.append(
            Callout("danger", "Shared in spite of the audit", f"The reason given: {card.despite}")
        )
    if card.made_up:
        text = (
            "The values of these columns are made up, and none was learned: "
            f"{', '.join(card.made_up)}. Where one is a real person's, that is chance."
        )
        blocks.append(Callout("note", "Personal data", text))
    blocks += [
        _tiles(card),
        Heading("Licence and contact", 2, "licence"),
        Paragraph(card.licence or f"{sentence_case(NO_LICENCE)}."),
        Pairs((("Date", TO_FILL_IN), ("Contact", TO_FILL_IN))),
        Heading("What they must not be used for", 2, "not-for"),
        Listing(NOT_FOR),
        Heading("What they are worth", 2, "worth"),
        *_worth(card),
        Heading("What was attacked, and what leaked", 2, "audit"),
        Paragraph(HOW_TO_READ),
        leaks_table([leak.score for leak in card.leaks]),
        Pairs(MEANINGS),
        *_sentences(card),
        Heading("How they were made", 2, "made"),
        Pairs(made(card.made, card.audited, card.seed, card.versions)),
        Paragraph(f"Columns: {', '.join(card.columns)}.", "small"),
    ]
    text = f"{card.rows:,} synthetic rows. {TITLES[card.light]}. {card.verdict}"
    return Report(f"Data card: {card.name}", "Synthetic data", tuple(blocks), text)


def _tiles(card: DataCard) -> Figures:
    model = f"by the model '{card.made['model']}'"
    near = "as copies or near copies of training rows"
    return Figures(
        (
            Tile(count(card.rows), "synthetic rows", plural(len(card.columns), "column")),
            Tile(count(card.made["rows"]), "real rows learned from", model),
            Tile(count(card.dropped), "rows dropped", near),
        )
    )


def _worth(card: DataCard) -> list[Block]:
    known = [score for score in card.scores if score.value is not None]
    if not known:
        return [Paragraph("Nothing was measured.")]
    better = {"high": "higher", "low": "lower", "ceiling": "like real rows"}
    rows = []
    for score in known:
        name = sentence_case(score.name)
        rows.append((name, score.floor, score.value, score.ceiling, better[score.better]))
    return [
        Paragraph(
            "Each figure stands between that of columns which have nothing to do with each other, "
            "and that of real rows in the same place."
        ),
        TableBlock(
            ("Measure", "Independent columns", "These rows", "Real rows", "Better"),
            tuple(rows),
            stacked=True,
        ),
    ]


def _sentences(card: DataCard) -> list[Block]:
    items = []
    for leak in card.leaks:
        text = leak.score.sentence or f"{leak.score.why}."
        items.append(f"{sentence_case(leak.score.name)}: {text} {leak.reason}".strip())
    return [Heading("Each attack in words"), Listing(tuple(items))]
