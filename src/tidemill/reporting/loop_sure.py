"""How sure a loop's verdict is: gains with their intervals, learning curves, other measures."""

from __future__ import annotations

from tidemill.core.verdict import Contrast
from tidemill.core.words import percent, plural, sentence_case
from tidemill.reporting.blocks import (
    Block,
    Details,
    Grid,
    Heading,
    Paragraph,
    PictureBlock,
    Series,
    TableBlock,
)
from tidemill.reporting.loop_account import COST, LoopReportInput, forest, gain, value


def how_sure(account: LoopReportInput) -> list[Block]:
    """The gain with its interval: of the verdict, of other learners, with fewer rows, and by other
    measures."""
    if not account.tried or not account.verdict.contrasts:
        return []
    whose = "the best strategy" if account.verdict.helps else "the best candidate"
    return [
        Paragraph(
            f"Each dot is the gain of {whose}; the bar is the interval in which the true gain "
            "lies. Right of the line is better. A bar that crosses the line may be chance."
        ),
        _of_verdict(account),
        *_curves(account),
        *_others(account),
    ]


def _of_verdict(account: LoopReportInput) -> PictureBlock:
    main, *others = account.verdict.contrasts
    learner = account.words(main.learner)
    rows = [_row(f"The verdict: {learner}, cross-validation ({percent(main.level)})", main)]
    if account.verdict.test is not None:
        rows.append(_row("Untouched test rows, one look (95 %)", account.verdict.test))
    for other in others:
        if other.measure == main.measure and other.share == 1:
            learner = sentence_case(account.words(other.learner))
            rows.append(_row(f"{learner}, all real rows (95 %)", other))
    return forest(f"Gain over {main.control}", rows, account, main.measure)


def _row(name: str, contrast: Contrast) -> tuple[str, float, float, float]:
    return name, contrast.gain, contrast.low, contrast.high


def _curves(account: LoopReportInput) -> list[Block]:
    """With and without, for a tenth, a third and all of the real rows, a picture a learner."""
    contrasts = [c for c in account.verdict.contrasts[1:] if c.measure == account.measure]
    pictures = []
    for learner in dict.fromkeys(c.learner for c in contrasts):
        points = [c for c in contrasts if c.learner == learner]
        if len(points) > 1:
            points.sort(key=lambda c: c.share)
            pictures.append(_curve(account, learner, points))
    if not pictures:
        return []
    better = "Lower" if account.measure == COST else "Higher"
    return [
        Heading("With fewer real rows"),
        Paragraph(
            "What the same strategy does when only a part of the real rows is there to learn from. "
            f"{better} is better; {account.rows_added} most often help where real ones are few."
        ),
        Grid(tuple(pictures), "large"),
    ]


def _curve(account: LoopReportInput, learner: str, points: list[Contrast]) -> PictureBlock:
    without = tuple(round(point.reference, 4) for point in points)
    generated = tuple(round(point.value, 4) for point in points)
    return PictureBlock(
        "lines",
        sentence_case(account.words(learner)),
        tuple(round(100 * point.share) for point in points),
        (
            Series(f"real rows ({points[-1].control})", without),
            Series(f"{account.rows_added} as well", generated),
        ),
        "% of the real rows learned from",
        account.words(account.measure),
    )


def _others(account: LoopReportInput) -> list[Block]:
    contrasts = [c for c in account.verdict.contrasts[1:] if c.share == 1]
    if not contrasts:
        return []
    rows = tuple(
        (
            sentence_case(account.words(contrast.measure)),
            account.words(contrast.learner),
            value(contrast.measure, contrast.reference),
            value(contrast.measure, contrast.value),
            gain(contrast),
            _conclusion(contrast),
        )
        for contrast in contrasts
    )
    columns = ("Measure", "Learner", "Without", "With", "Gain (interval)", "So it is")
    return [
        Heading("Other measures and learners"),
        Paragraph(
            "All real rows; the gain is in points (hundredths), of a cost in your currency per "
            "1,000 rows. Intervals are at 95 % and allow for no other comparison, so one of twenty "
            "is wrong by chance."
        ),
        Details(
            f"All {plural(len(rows), 'comparison')}", (TableBlock(columns, rows, stacked=True),)
        ),
    ]


def _conclusion(contrast: Contrast) -> str:
    if contrast.low > 0:
        return "better"
    return "worse" if contrast.high < 0 else "may be chance"
