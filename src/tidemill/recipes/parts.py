"""Parts that the pages of recipes share: who the cases are, whether generated rows help, and what
the page rests on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from tidemill.core.condition import Condition
from tidemill.core.sensitive import may_be_sensitive
from tidemill.core.words import count, number, percent, plural, seconds
from tidemill.mining.subgroups import Masks, Quality, candidate_tests, describe
from tidemill.mining.wording import test_words
from tidemill.recipes.base import Assumption, Case
from tidemill.reporting.blocks import (
    Block,
    Callout,
    Card,
    Grid,
    Listing,
    Pairs,
    Paragraph,
    PictureBlock,
    TableBlock,
)
from tidemill.reporting.findings import evidence
from tidemill.supervised.arrays import Floats
from tidemill.supervised.auc import auc
from tidemill.synthesis.synthesizer import versions

SEGMENTS = 4
LEAST_SHARE = 0.05
"""A segment has at least this share of the rows."""
SEEN_AGAIN = 1.15
"""Cases must be so many times as frequent in a segment's test rows as in all."""


@dataclass(frozen=True)
class CaseSegment:
    """Rows that are alike, and how many of them are cases.

    Attributes:
        words: What they are like.
        rows, cases: In the training rows, by which they were found.
        tested, confirmed: Test rows that are like that, and the weighted share of cases among them.
    """

    words: str
    rows: int
    cases: int
    tested: int
    confirmed: float


def segments(case: Case) -> list[CaseSegment]:
    """Where cases are most frequent: disjoint segments, found in the training rows and measured on
    the test rows."""
    train, truth = case.looped.train, case.problem.label == case.code
    left, tested = np.ones(len(train), bool), np.ones(len(case.test), bool)
    found = []
    for condition, inside in _described(case, truth - truth.mean(), _surplus(len(train))):
        there = condition.mask(case.test.frame).to_numpy() & tested
        inside &= left
        weight = case.weight[there]
        if weight.sum() > 0:
            found.append(
                CaseSegment(
                    test_words(condition.tests),
                    int(inside.sum()),
                    int(truth[inside].sum()),
                    int(there.sum()),
                    float(weight[case.truth[there]].sum() / weight.sum()),
                )
            )
        left &= ~inside
        tested &= ~there
    return found


def segment_table(case: Case, found: Sequence[CaseSegment], rows: str, cases: str) -> TableBlock:
    """The segments with their counts and shares.

    Args:
        case: For the shares.
        found: The segments.
        rows, cases: What rows and cases are called ("customers", "leave").
    """
    table = tuple(
        (
            one.words,
            one.rows,
            one.cases,
            f"{percent(one.confirmed)} of {one.tested:,}",
            _beside(one.confirmed / case.share),
        )
        for one in found
    )
    return TableBlock(
        (
            "Segment",
            rows,
            f"Of them {cases}",
            f"Of other {rows.lower()} like them {cases}",
            "Beside the average",
        ),
        table,
        stacked=True,
    )


def _beside(times: float) -> str:
    return (
        f"{number(times, 2)} times"
        if times >= SEEN_AGAIN
        else f"{number(times, 2)} times: not seen again"
    )


def drivers(case: Case) -> list[Block]:
    """What goes together with the target, in sentences of the findings, with their pictures
    folded."""
    known = case.looped.findings
    told = [f for f in known.of("drivers") if f.name not in ("model", "calibration", "weak spot")]
    rules = [f for f in known.of("rules", "rule") if case.target in f.columns]
    blocks: list[Block] = [Card(tuple(evidence(one))) for one in told[:4]]
    blocks = [Grid(tuple(blocks), "large")] if blocks else []
    return [*blocks, *([Listing(tuple(one.sentence for one in rules[:5]))] if rules else [])]


def curve_name(case: Case, strategy: str) -> str:
    """A strategy in a legend: real rows in one colour of the page, generated ones in another."""
    if "generated" in strategy:
        name = "generated rows as well"
    else:
        name = strategy if strategy.startswith("real") else f"real rows with {strategy}"
    return name + " (recommended)" * (strategy == case.best)


def proof(case: Case) -> list[Block]:
    """The loop's verdict, with the picture of how sure it is."""
    report = case.looped.report
    if report is None:
        return [Paragraph(case.looped.verdict.reason)]
    said = next(block for block in report.blocks if isinstance(block, Callout))
    if (
        case.cost is not None
    ):  # the loop reckons with costs that are weighed by how frequent cases really are
        said = replace(
            said,
            note="Cost is what the mistakes cost per 1,000 rows, in your currency, where "
            f"{percent(case.share)} of the rows are {case.target} = {case.positive}: "
            f"{number(case.cost['fp'], 4)} for a false alarm, {number(case.cost['fn'], 4)} for a "
            "missed case.",
        )
    picture = next(
        (
            block
            for block in report.blocks
            if isinstance(block, PictureBlock) and block.kind == "intervals"
        ),
        None,
    )
    blocks: list[Block] = [said]
    if picture is not None:
        blocks += [
            Paragraph(
                "Each dot is the gain, the bar the interval in which the true gain lies. A bar "
                "that crosses "
                "the line may be chance."
            ),
            picture,
        ]
    where = (
        " It is told round by round in loop/report.html, in the folder of this page."
        if case.folder
        else ""
    )
    told = "The loop generated rows where the real ones are thin, and kept only what helped."
    return [*blocks, Paragraph(told + where, "small")]


def assumptions(case: Case, listed: Sequence[Assumption]) -> list[Block]:
    """What the table does not say, with the values that were reckoned with."""
    items = [
        (one.name, f"{number(case.assumed[one.name], 4)}: {one.words}")
        for one in listed
        if one.name in case.assumed
    ]
    if case.cost is not None:
        items = [
            ("cost fp", f"{number(case.cost['fp'], 4)}: what a false alarm costs"),
            ("cost fn", f"{number(case.cost['fn'], 4)}: what a missed case costs"),
            *items,
        ]
    how = f"Change them with --assume NAME=NUMBER{' and --cost' if case.cost is not None else ''}."
    return (
        [
            Paragraph(
                "These numbers are not in the table. They were assumed, and every figure of money "
                "rests on them. "
                f"{how}"
            ),
            Pairs(tuple(items)),
        ]
        if items
        else []
    )


def making(case: Case, command: str, seed: int) -> list[Block]:
    """What is needed to make the page again."""
    looped = case.looped
    items = (
        ("Command", command),
        (
            "Rows",
            f"{plural(len(looped.train), 'training row')}; "
            f"{plural(len(looped.test), 'test row')} that no model has learned from",
        ),
        ("Looked for", f"{case.target} = {case.positive}"),
        ("Strategy", case.best),
        ("Seed", str(seed)),
        (
            "Loop",
            f"{looped.stopped}; {seconds(sum(looped.seconds.values()))}"
            if looped.seconds
            else looped.stopped,
        ),
        ("Versions", ", ".join(f"{name} {version}" for name, version in versions().items())),
    )
    return [Pairs(tuple((name, text) for name, text in items if text))]


def auc_of_cases(case: Case, chance: Floats) -> float:
    """How often of a case and another row the case is ranked higher; ties count half."""
    return auc(chance[case.truth], chance[~case.truth]).value


def ranked(chance: Floats) -> NDArray[np.int64]:
    """(n,) positions of the test rows, the highest chance first."""
    return np.argsort(-chance, kind="stable").astype(np.int64)


def few(case: Case) -> str:
    """A warning where the test rows hold few cases; "" otherwise."""
    cases = int(case.truth.sum())
    return (
        f"The test rows hold {count(cases)} cases only, so all figures of this page are rough; "
        "look at the intervals."
        if cases < 100
        else ""
    )


def _surplus(rows: int) -> Quality:
    def quality(size: Floats, total: Floats) -> Floats:
        return np.where(size >= LEAST_SHARE * rows, total / np.sqrt(np.maximum(size, 1)), -np.inf)

    return quality


def _described(case: Case, worth: Floats, quality: Quality) -> Iterator[tuple[Condition, Masks]]:
    """Segments one after the other; the rows of one count for nothing in the search for the
    next."""
    train = case.looped.train
    private = {
        *may_be_sensitive(train.schema),
        *(column.name for column in train.schema.of_role("sensitive")),
    }
    candidates = candidate_tests(
        train, [column for column in case.problem.columns if column.name not in private]
    )
    for _ in range(SEGMENTS):
        found = describe(candidates, worth, quality)
        if found is None:
            return
        yield found[0], found[1].copy()
        worth = np.where(found[1], 0.0, worth)
