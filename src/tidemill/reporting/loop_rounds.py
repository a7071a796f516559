"""The rounds of a loop: what was wanted, generated, dropped and tried, and whether anything was
lost on the way."""

from __future__ import annotations

from tidemill.core.verdict import Candidate, RoundRecord
from tidemill.core.words import as_sentence, percent, sentence_case
from tidemill.reporting.blocks import (
    Block,
    Details,
    Grid,
    Heading,
    Listing,
    Paragraph,
    PictureBlock,
    Series,
    TableBlock,
)
from tidemill.reporting.loop_account import LoopReportInput, forest, interval, value

GUARD = (
    "Every generator learns from all real rows, and from at most 3 generated rows for every 10 "
    "real ones. What it "
    "learns from is watched: a generator that feeds on its own rows loses rare values first."
)


def rounds(account: LoopReportInput) -> list[Block]:
    """Each round: what was wanted, what passed the gates, what competed, and what came of it."""
    if not account.turns:
        return []
    blocks: list[Block] = [
        Paragraph(
            "Each round looks for places where the real rows are thin, generates for them, drops "
            "rows that do not pass the gates, and lets strategies compete on the same folds. The "
            "best one is accepted only if its whole interval lies above 0 and it beats copies of "
            f"real rows in the place of the {account.rows_added.removesuffix(' rows')} ones."
        )
    ]
    for turn in account.turns:
        blocks += _turn(account, turn)
    return blocks


def _turn(account: LoopReportInput, turn: RoundRecord) -> list[Block]:
    title = f"Round {turn.number}" if turn.number else "Before any round: what real rows can do"
    blocks: list[Block] = [Heading(title), Paragraph(as_sentence(turn.reason), "lead")]
    blocks += _competition(account, turn)
    if turn.generated:
        blocks.append(_gates(turn))
    if len(turn.aims) == 1:
        blocks.append(Details(f"What was wanted: {turn.aims[0]}", (Listing(turn.aims),)))
    elif turn.aims:
        blocks.append(Details("What was wanted, and why", (Listing(turn.aims),)))
    if turn.candidates:
        blocks.append(Details("The figures", (_candidates(account, turn),)))
    return blocks


def _competition(account: LoopReportInput, turn: RoundRecord) -> list[Block]:
    """The gains of the candidates that were compared with the best so far."""
    accepted = " – accepted" if turn.number else " – to be beaten"
    rows = []
    for candidate in turn.candidates:
        if candidate.gain is not None:
            name = _short(candidate, accepted)
            rows.append((name, candidate.gain, candidate.low, candidate.high))
    if not rows:
        return []
    beside = "the best so far" if turn.number else str(turn.candidates[0].strategy)
    return [forest(f"What competed: gain over {beside}", rows, account, account.measure)]


def _short(candidate: Candidate, accepted: str) -> str:
    """A strategy without what all of its rivals share, and what came of it."""
    name = sentence_case(candidate.strategy.removeprefix("generated "))
    return name + accepted if candidate.accepted else name


def _gates(turn: RoundRecord) -> TableBlock:
    rows = [("generated from all training rows, for all that was wanted", turn.generated)]
    for why, number in turn.dropped.items():
        if number:
            rows.append((f"dropped, because they {why}", number))
    rows.append(("passed the gates", turn.generated - sum(turn.dropped.values())))
    return TableBlock(("Rows", "Number"), tuple(rows))


def _candidates(account: LoopReportInput, turn: RoundRecord) -> TableBlock:
    measure = account.measure
    head = (
        "Strategy",
        "Rows added",
        sentence_case(account.words(measure)),
        "Gain (interval)",
        "Accepted",
    )
    rows = []
    for candidate in turn.candidates:
        gain = "–"
        if candidate.gain is not None:
            gain = interval(measure, candidate.gain, candidate.low, candidate.high)
        reached = value(measure, candidate.value)
        accepted = "yes" if candidate.accepted else "no"
        rows.append((candidate.strategy, candidate.rows, reached, gain, accepted))
    return TableBlock(head, tuple(rows), stacked=True)


def guard(account: LoopReportInput) -> list[Block]:
    """Tails, trends and distinct rows of what each generator learned from."""
    if len(account.turns) < 2:
        return []
    if not any(turn.number and turn.accepted for turn in account.turns):
        return [
            Paragraph(GUARD),
            Paragraph(
                "No round was accepted, so no generator has learned from generated rows: "
                "nothing can have been lost."
            ),
        ]
    turns = account.turns
    numbers = tuple(turn.number for turn in turns)
    variety = (
        Series("rare values and tails", tuple(round(turn.tails, 4) for turn in turns)),
        Series("distinct rows", tuple(round(turn.distinct, 4) for turn in turns)),
    )
    moved = tuple(round(turn.trends, 4) for turn in turns)
    kept = PictureBlock(
        "lines", "What is kept of the real rows' variety (1 is no loss)", numbers, variety, "round"
    )
    trends = PictureBlock(
        "lines",
        "How far trends between columns have moved (0 is none)",
        numbers,
        (Series("mean difference of correlations", moved),),
        "round",
    )
    last = turns[-1]
    return [
        Paragraph(GUARD),
        Paragraph(
            f"After the last round: {percent(last.tails)} of the rare values and tails of the real "
            f"rows, {percent(last.distinct)} of their distinct rows, and trends between columns "
            f"that differ by {last.trends:.3f} on average."
        ),
        Grid((kept, trends), "large"),
    ]
