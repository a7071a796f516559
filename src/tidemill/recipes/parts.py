"""Parts that the pages of recipes share: who the cases are, whether generated rows help, and what
the page rests on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tidemill.core.condition import Condition
from tidemill.core.schema import Column
from tidemill.core.sensitive import may_be_sensitive
from tidemill.core.words import count, number, percent, plural
from tidemill.mining.subgroups import Masks, Quality, candidate_tests, describe
from tidemill.mining.wording import test_words
from tidemill.recipes.base import Assumption, RecipePage, Refused
from tidemill.recipes.binary import Case
from tidemill.reporting.blocks import (
    Block,
    Callout,
    Card,
    Grid,
    Heading,
    Listing,
    Pairs,
    Paragraph,
    PictureBlock,
    TableBlock,
)
from tidemill.reporting.findings import evidence
from tidemill.reporting.steps import score_new_rows
from tidemill.supervised.arrays import Bools, Floats
from tidemill.supervised.auc import auc
from tidemill.synthesis.synthesizer import Synthesizer

SEGMENTS = 4
LEAST_SHARE = 0.05
"""A segment has at least this share of the rows."""
SEEN_AGAIN = 1.15
"""Cases must be so many times as frequent in a segment's test rows as in all."""
TRYING = (
    "This page is made from real rows alone. Generated rows are being tried; a page that says "
    "whether they help will take its place."
)
FEW_CASES = 100
"""With fewer test rows of the class, the page says that its figures are rough."""


@dataclass(frozen=True)
class PageChapter:
    """A chapter of a page; one without blocks is left out."""

    anchor: str
    title: str
    blocks: Sequence[Block | Refused]


def chapter_blocks(chapters: Sequence[PageChapter]) -> list[Block | Refused]:
    """Chapters with their headings."""
    blocks: list[Block | Refused] = []
    for chapter in chapters:
        if chapter.blocks:
            blocks += [Heading(chapter.title, 2, chapter.anchor), *chapter.blocks]
    return blocks


def binary_page(
    case: Case,
    title: str,
    head: Sequence[Block],
    chapters: Sequence[PageChapter],
    text: tuple[str, ...],
    figures: Mapping[str, float],
    scored: pl.DataFrame,
    model: Synthesizer | None = None,
) -> RecipePage:
    """The page of a recipe about a target of two classes.

    Args:
        case: What it speaks of.
        title: The question.
        head: What stands before the chapters.
        chapters: From top to bottom.
        text: For the terminal.
        figures: Key figures.
        scored: The test rows with their chances.
        model: Learned from the training rows, to be stored.
    """
    blocks: list[Block | Refused] = [*head, *chapter_blocks(chapters)]
    if model is not None and case.folder:
        step = score_new_rows(case.folder)
        blocks += [Heading("New rows", 2, "next"), step, Paragraph(_ranks(case, model), "small")]
        text = (*text, f"Next: {step.command}")
    looped = case.looped
    rows = (
        f"{plural(len(looped.train), 'training row')}; "
        f"{plural(len(looped.test), 'test row')} that no model has learned from"
    )
    return RecipePage(
        title,
        tuple(blocks),
        text,
        subtitle=f"{case.target} = {case.positive}",
        figures=figures,
        tables={"scored": scored},
        made=(
            ("Rows", rows),
            ("Looked for", f"{case.target} = {case.positive}"),
            ("Strategy", case.best),
        ),
        looped=None if case.early else looped,
        model=model,
    )


def _ranks(case: Case, model: Synthesizer) -> str:
    """How well the stored model ranks the test rows."""
    said = "The model in this folder learned from the training rows alone."
    if model.outcome is None or model.outcome.classes is None:
        return said
    chances = model.outcome.chances(case.test)
    chance = chances[:, model.outcome.classes.index(case.positive)]
    return (
        f"{said} Of two test rows, one of either class, it ranks the right one higher in "
        f"{percent(auc_of_cases(case, chance))} of all pairs."
    )


def scored_rows(case: Case, chance: Floats, digits: int, **marks: Bools) -> pl.DataFrame:
    """The test rows, the highest chance first, with their rank, their chance and further marks.

    Args:
        case: The test rows.
        chance: (n,) of each of them.
        digits: To which chances are rounded.
        **marks: (n,) what else is said of each row, by the name of its column.
    """
    ranking = ranked(chance)
    rows = case.test.frame[ranking]
    added = {
        "rank": np.arange(1, len(ranking) + 1),
        "chance": chance[ranking].round(digits),
        **{name: mark[ranking] for name, mark in marks.items()},
    }
    return with_columns_before(rows, added)


def with_columns_before(rows: pl.DataFrame, added: Mapping[str, np.ndarray]) -> pl.DataFrame:
    """The rows behind further columns, under names of their own."""
    columns = []
    for name, values in added.items():
        free = name if name not in rows.columns else f"{name} (Tidemill)"
        columns.append(pl.Series(free, values))
    return rows.select(*columns, pl.all())


# --- who the cases are ----------------------------------------------------------------------------


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
    cases = case.trained
    left = np.ones(len(cases), bool)
    untested = np.ones(len(case.test), bool)
    found = []
    for condition, matched in _described(case):
        inside = matched & left
        tested = condition.mask(case.test.frame).to_numpy() & untested
        left &= ~inside
        untested &= ~tested
        weight = case.weight[tested]
        if weight.sum() == 0:
            continue
        confirmed = weight[case.truth[tested]].sum() / weight.sum()
        found.append(
            CaseSegment(
                words=test_words(condition.tests),
                rows=int(inside.sum()),
                cases=int(cases[inside].sum()),
                tested=int(tested.sum()),
                confirmed=float(confirmed),
            )
        )
    return found


def _described(case: Case) -> Iterator[tuple[Condition, Masks]]:
    """Segments one after the other; the rows of one count for nothing in the search for the
    next."""
    train = case.looped.train
    columns = open_columns(case)
    candidates = candidate_tests(train, columns)
    worth = case.trained - case.trained.mean()
    for _ in range(SEGMENTS):
        found = describe(candidates, worth, _surplus(len(train)))
        if found is None:
            return
        condition, inside = found
        yield condition, inside
        worth = np.where(inside, 0.0, worth)


def _surplus(rows: int) -> Quality:
    def quality(size: Floats, total: Floats) -> Floats:
        return np.where(size >= LEAST_SHARE * rows, total / np.sqrt(np.maximum(size, 1)), -np.inf)

    return quality


def open_columns(case: Case) -> list[Column]:
    """The columns to learn from that are not sensitive, nor may be by their names."""
    schema = case.looped.train.schema
    private = {*may_be_sensitive(schema)}
    private |= {column.name for column in schema.of_role("sensitive")}
    return [column for column in case.problem.columns if column.name not in private]


def segment_table(case: Case, found: Sequence[CaseSegment], rows: str, cases: str) -> TableBlock:
    """The segments with their counts and shares.

    Args:
        case: For the shares.
        found: The segments.
        rows, cases: What rows and cases are called ("customers", "leave").
    """
    columns = (
        "Segment",
        rows,
        f"Of them {cases}",
        f"Of other {rows.lower()} like them {cases}",
        "Times the average",
    )
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
    return TableBlock(columns, table, stacked=True)


def _beside(times: float) -> str:
    words = number(times, 2)
    return words if times >= SEEN_AGAIN else f"{words}: not seen again"


def drivers(case: Case) -> list[Block]:
    """What goes together with the target, in sentences of the findings, with their pictures
    folded."""
    known = case.looped.findings
    told = [
        finding
        for finding in known.of("drivers")
        if finding.name not in ("model", "calibration", "weak spot")
    ]
    rules = [rule for rule in known.of("rules", "rule") if case.target in rule.columns]
    blocks: list[Block] = []
    if told or rules:
        blocks.append(Paragraph("An association need not be a cause."))
    if told:
        cards = tuple(Card(tuple(evidence(finding))) for finding in told[:4])
        blocks.append(Grid(cards, "large"))
    if rules:
        blocks.append(Listing(tuple(rule.sentence for rule in rules[:5])))
    if not blocks:
        blocks.append(Paragraph(f"Nothing that stands out was found beside '{case.target}'."))
    return blocks


# --- whether generated rows help ------------------------------------------------------------------


def curve_name(case: Case, strategy: str) -> str:
    """A strategy in a legend: real rows in one colour of the page, generated ones in another."""
    if "generated" in strategy:
        name = "generated rows as well"
    elif strategy.startswith("real"):
        name = strategy
    else:
        name = f"real rows with {strategy}"
    return f"{name} (recommended)" if strategy == case.best else name


def proof(case: Case) -> list[Block]:
    """The loop's verdict, with the picture of how sure it is."""
    if case.early:
        return [Callout("note", "Not known yet.", TRYING)]
    report = case.looped.report
    if report is None:
        return [Paragraph(case.looped.verdict.reason)]
    verdict = next(block for block in report.blocks if isinstance(block, Callout))
    if case.cost is not None:
        verdict = replace(verdict, note=_cost_note(case, case.cost))
    blocks: list[Block] = [verdict]
    for block in report.blocks:
        if isinstance(block, PictureBlock) and block.kind == "intervals":
            blocks += [
                Paragraph(
                    "Each dot is the gain, the bar the interval in which the true gain lies. A bar "
                    "that crosses the line may be chance."
                ),
                block,
            ]
            break
    told = "The loop generated rows where the real ones are thin, and kept only what helped."
    if case.folder:
        told += " It is told round by round in loop/report.html, in the folder of this page."
    return [*blocks, Paragraph(told, "small")]


def _cost_note(case: Case, cost: Mapping[str, float]) -> str:
    """The loop reckons with costs that are weighed by how frequent cases really are; these are the
    ones that were given."""
    return (
        f"Cost is what the mistakes cost per 1,000 rows, in {unit(case)}, where "
        f"{percent(case.share)} of the rows are {case.target} = {case.positive}: "
        f"{number(cost['fp'], 4)} for a false alarm, {number(cost['fn'], 4)} for a "
        "missed case."
    )


# --- what the page rests on -----------------------------------------------------------------------


def assumptions(case: Case, listed: Sequence[Assumption]) -> list[Block]:
    """What the table does not say, with the values that were reckoned with."""
    items: list[tuple[str, str]] = []
    how = "Change them with option 'assume=NAME=NUMBER'"
    if case.cost is not None:
        items.append(("cost fp", f"{number(case.cost['fp'], 4)}: what a false alarm costs"))
        items.append(("cost fn", f"{number(case.cost['fn'], 4)}: what a missed case costs"))
        how += " and option 'cost'"
    for one in listed:
        if one.name in case.assumed:
            items.append((one.name, f"{number(case.assumed[one.name], 4)}: {one.words}"))
    if not items:
        return []
    told = (
        "These numbers are not in the table. They were assumed, and every figure of money rests "
        f"on them. {how}."
    )
    return [Paragraph(told), Pairs(tuple(items))]


def auc_of_cases(case: Case, chance: Floats) -> float:
    """How often of a case and another row the case is ranked higher; ties count half."""
    return auc(chance[case.truth], chance[~case.truth]).value


def ranked(chance: Floats) -> NDArray[np.int64]:
    """(n,) positions of the test rows, the highest chance first."""
    return np.argsort(-chance, kind="stable").astype(np.int64)


def few(case: Case) -> str:
    """A warning where the test rows hold few cases; "" otherwise."""
    cases = int(case.truth.sum())
    if cases >= FEW_CASES:
        return ""
    return (
        f"The test rows hold {count(cases)} cases only, so all figures of this page are rough; "
        "look at the intervals."
    )


def money(case: Case, amount: float) -> str:
    """An amount in words, with the currency that was given."""
    return in_currency(amount, case.currency)


def in_currency(amount: float, currency: str) -> str:
    """An amount in words: whole where it is large; a symbol stands before it, a name behind.

    Example:
        >>> in_currency(1234.5, "EUR"), in_currency(-0.5, "$"), in_currency(7, "")
        ('1,234 EUR', '-$0.50', '7')
    """
    digits = 0 if abs(amount) >= 10 or amount == round(amount) else 2
    figure = f"{abs(amount):,.{digits}f}"
    sign = "-" if round(amount, digits) < 0 else ""
    if currency.isalpha():
        return f"{sign}{figure} {currency}"
    return f"{sign}{currency}{figure}"


def unit(case: Case) -> str:
    """What amounts are in, as an axis says it."""
    return case.currency or "your currency"


def generated_words(case: Case) -> str:
    """Whether generated rows help, for the terminal."""
    return TRYING if case.early else case.looped.verdict.reason
