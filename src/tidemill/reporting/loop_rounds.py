"""The rounds of a loop: what was wanted, generated, dropped and tried, and whether anything was
lost on the way."""

from __future__ import annotations

from tidemill.core.verdict import Candidate, RoundRecord
from tidemill.core.words import as_sentence, percent
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
from tidemill.reporting.loop_account import LoopReportInput, forest, headed, interval, value

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
            "real rows in the place of the generated ones."
        )
    ]
    for turn in account.turns:
        blocks += _turn(account, turn)
    return blocks


def _turn(account: LoopReportInput, turn: RoundRecord) -> list[Block]:
    title = f"Round {turn.number}" if turn.number else "Before any round: what real rows can do"
    blocks: list[Block] = [Heading(title), Paragraph(as_sentence(turn.reason), "lead")]
    shown = [c for c in turn.candidates if c.gain is not None]
    if shown:
        beside = "the best so far" if turn.number else str(turn.candidates[0].strategy)
        blocks.append(
            forest(
                f"What competed: gain over {beside}",
                [
                    (
                        _short(c, " – accepted" if turn.number else " – to be beaten"),
                        c.gain,
                        c.low,
                        c.high,
                    )
                    for c in shown
                ],
                account,
                account.measure,
            )
        )
    if turn.generated:
        blocks.append(_gates(turn))
    if turn.aims:
        blocks.append(
            Details(
                "What was wanted, and why"
                if len(turn.aims) > 1
                else f"What was wanted: {turn.aims[0]}",
                (Listing(turn.aims),),
            )
        )
    if turn.candidates:
        blocks.append(Details("The figures", (_candidates(account, turn),)))
    return blocks


def _short(candidate: Candidate, accepted: str) -> str:
    """A strategy without what all of its rivals share, and what came of it."""
    return headed(candidate.strategy.removeprefix("generated ")) + accepted * candidate.accepted


def _gates(turn: RoundRecord) -> TableBlock:
    dropped = sum(turn.dropped.values())
    rows = (
        ("generated from all training rows, for all that was wanted", turn.generated),
        *(
            (f"dropped, because they {why}", number)
            for why, number in turn.dropped.items()
            if number
        ),
        ("passed the gates", turn.generated - dropped),
    )
    return TableBlock(("Rows", "Number"), rows)


def _candidates(account: LoopReportInput, turn: RoundRecord) -> TableBlock:
    rows = tuple(
        (
            c.strategy,
            c.rows,
            value(account.measure, c.value),
            "–" if c.gain is None else interval(account.measure, c.gain, c.low, c.high),
            "yes" if c.accepted else "no",
        )
        for c in turn.candidates
    )
    head = (
        "Strategy",
        "Rows added",
        headed(account.words(account.measure)),
        "Gain (interval)",
        "Accepted",
    )
    return TableBlock(head, rows, stacked=True)


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
    x = tuple(turn.number for turn in account.turns)
    last = account.turns[-1]
    kept = PictureBlock(
        "lines",
        "What is kept of the real rows' variety (1 is no loss)",
        x,
        (
            Series("rare values and tails", tuple(round(t.tails, 4) for t in account.turns)),
            Series("distinct rows", tuple(round(t.distinct, 4) for t in account.turns)),
        ),
        "round",
    )
    trends = PictureBlock(
        "lines",
        "How far trends between columns have moved (0 is none)",
        x,
        (
            Series(
                "mean difference of correlations", tuple(round(t.trends, 4) for t in account.turns)
            ),
        ),
        "round",
    )
    return [
        Paragraph(GUARD),
        Paragraph(
            f"After the last round: {percent(last.tails)} of the rare values and tails of the real "
            f"rows, {percent(last.distinct)} of their distinct rows, and trends between columns "
            f"that differ by {last.trends:.3f} on average."
        ),
        Grid((kept, trends), "large"),
    ]
