"""How sure a loop's verdict is: gains with their intervals, learning curves, other measures."""

from __future__ import annotations

from tidemill.core.words import percent, plural
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
from tidemill.reporting.loop_account import COST, LoopReportInput, forest, gain, headed, value


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
    main, tested = account.verdict.contrasts[0], account.verdict.test
    rows = [
        (
            f"The verdict: {account.words(main.learner)}, cross-validation ({percent(main.level)})",
            main,
        )
    ]
    rows += [("Untouched test rows, one look (95 %)", tested)] if tested is not None else []
    rows += [
        (f"{headed(account.words(c.learner))}, all real rows (95 %)", c)
        for c in account.verdict.contrasts[1:]
        if c.measure == main.measure and c.share == 1
    ]
    return forest(
        f"Gain over {main.control}",
        [(name, c.gain, c.low, c.high) for name, c in rows],
        account,
        main.measure,
    )


def _curves(account: LoopReportInput) -> list[Block]:
    """With and without, for a tenth, a third and all of the real rows, a picture a learner."""
    contrasts = [c for c in account.verdict.contrasts[1:] if c.measure == account.measure]
    pictures = []
    for learner in dict.fromkeys(c.learner for c in contrasts):
        points = sorted((c for c in contrasts if c.learner == learner), key=lambda c: c.share)
        if len(points) > 1:
            pictures.append(
                PictureBlock(
                    "lines",
                    headed(account.words(learner)),
                    tuple(round(100 * c.share) for c in points),
                    (
                        Series(
                            f"real rows ({points[-1].control})",
                            tuple(round(c.reference, 4) for c in points),
                        ),
                        Series("generated rows as well", tuple(round(c.value, 4) for c in points)),
                    ),
                    "% of the real rows learned from",
                    account.words(account.measure),
                )
            )
    if not pictures:
        return []
    better = "Lower" if account.measure == COST else "Higher"
    return [
        Heading("With fewer real rows"),
        Paragraph(
            "What the same strategy does when only a part of the real rows is there to learn from. "
            f"{better} is better; generated rows most often help where real ones are few."
        ),
        Grid(tuple(pictures), "large"),
    ]


def _others(account: LoopReportInput) -> list[Block]:
    contrasts = [c for c in account.verdict.contrasts[1:] if c.share == 1]
    if not contrasts:
        return []
    rows = tuple(
        (
            headed(account.words(c.measure)),
            account.words(c.learner),
            value(c.measure, c.reference),
            value(c.measure, c.value),
            gain(c),
            "better" if c.low > 0 else "worse" if c.high < 0 else "may be chance",
        )
        for c in contrasts
    )
    return [
        Heading("Other measures and learners"),
        Paragraph(
            "All real rows; the gain is in points (hundredths), of a cost in your currency per "
            "1,000 rows. Intervals are at 95 % and allow for no other comparison, so one of twenty "
            "is wrong by chance."
        ),
        Details(
            f"All {plural(len(rows), 'comparison')}",
            (
                TableBlock(
                    ("Measure", "Learner", "Without", "With", "Gain (interval)", "So it is"),
                    rows,
                    stacked=True,
                ),
            ),
        ),
    ]
