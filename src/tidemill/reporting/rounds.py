"""The chapter on further rounds: what came back in at the top, and what it changed."""

from __future__ import annotations

from tidemill.core.words import aligned, count, plural
from tidemill.reporting.base import ReportInput, Round
from tidemill.reporting.blocks import Block, Details, Heading, Listing, Paragraph, TableBlock

SHOWN = 6


def rounds(account: ReportInput) -> list[Block]:
    """What each further round changed."""
    blocks: list[Block] = []
    for turn in account.rounds:
        blocks += [
            Heading(f"Round {turn.number}"),
            Paragraph(outcome(turn, account.target), "lead"),
            _passed(turn),
        ]
        for title, items in (
            ("Found only with the generated rows", turn.gained),
            ("No longer found", turn.lost),
        ):
            if items:
                blocks += [Paragraph(f"{title}:"), Listing(items[:SHOWN])]
            if items[SHOWN:]:
                more = f"{count(len(items) - SHOWN)} more"
                blocks.append(Details(more, (Listing(items[SHOWN:]),)))
    if not blocks:
        return []
    return [
        Paragraph(
            "Generated rows passed the same cleaning and rules, near-copies of real rows were "
            "dropped, and "
            "the rest was put beside the real training rows. The held-out rows stay real."
        ),
        *blocks,
    ]


def outcome(turn: Round, target: str | None) -> str:
    """What a round did to the target's model, in one sentence."""
    if not turn.kept:
        return "No generated row passed the gates, so nothing changed."
    if turn.before is None or turn.after is None:
        went = f"{plural(turn.kept, 'generated row')} went in beside the real ones"
        return f"{went}; there was no target to judge them by."
    model = f"The model of {target}" if target else "The target's model"
    before, after = aligned([turn.before, turn.after])
    return (
        f"{model} went from {turn.measure} {before} to {after} on the real held-out rows"
        f"{_significance(turn)}."
    )


def _significance(turn: Round) -> str:
    if turn.interval is None:
        return ""
    low, high = turn.interval
    word = "no clear difference" if low <= 0 <= high else "a clear difference"
    interval = " to ".join(aligned([low, high]))
    return f": {word} (95 % interval of the change: {interval})"


def _passed(turn: Round) -> TableBlock:
    rows = [("generated", turn.generated)]
    for why, number in turn.dropped.items():
        rows.append((f"dropped, because they {why}", number))
    rows.append(("put beside the real rows", turn.kept))
    return TableBlock(("Rows", "Number"), tuple(rows))
