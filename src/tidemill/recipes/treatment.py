"""Whether a treatment goes with a better outcome among rows that are alike, and for whom."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypedDict, Unpack

import numpy as np
from numpy.typing import NDArray

from tidemill.core import options as stated
from tidemill.core.dataset import Dataset
from tidemill.core.errors import OptionError
from tidemill.core.run import Run
from tidemill.core.words import count, number, percent, plural, quoted
from tidemill.effects.balance import ColumnBalance, balance
from tidemill.effects.differing import Differing, differing
from tidemill.effects.estimates import ESTIMATORS, Effect, raw_difference
from tidemill.effects.hidden_cause import HiddenCause, hidden_cause
from tidemill.effects.matching import matched
from tidemill.effects.nuisances import Nuisances, nuisances
from tidemill.effects.overlap import EDGE, comparable
from tidemill.effects.rehearsal import Rehearsal
from tidemill.effects.study import Study
from tidemill.recipes.base import (
    Assumption,
    Recipe,
    RecipeColumn,
    RecipeOption,
    RecipeOutput,
    RecipePage,
    Refused,
)
from tidemill.recipes.parts import PageChapter, chapter_blocks
from tidemill.recipes.study_case import AFTER, FEWEST, TREATMENT, StudyCase, study_case
from tidemill.recipes.study_parts import (
    REHEARSALS,
    forest,
    left_out_blocks,
    refused_page,
    rehearsal_blocks,
    rehearsal_sentence,
    rehearsed,
    rows_figures,
    unknown_words,
)
from tidemill.recipes.treatment_rule import TreatmentRule, treatment_rule
from tidemill.reporting.blocks import (
    Block,
    Callout,
    Figures,
    Heading,
    Listing,
    Paragraph,
    PictureBlock,
    Series,
    TableBlock,
    Tile,
)

TITLE = "Does the treatment go with a better outcome?"
CANNOT = "Whether the treatment goes with a better outcome cannot be said."
MATCHING = "matched pairs"
GROUPED = np.linspace(0.0, 1.0, 21)
LISTED = 12
"""Columns that the table of balance shows."""
BALANCED = 0.1
"""Standardised difference up to which groups are taken to be alike (Austin 2009)."""
SETTLED = 0.5
"""Of the rows, so many must have a counterpart for an answer about them to be worth a headline."""

ASSUMPTIONS = (
    Assumption("control", None, "which value of the treatment is no treatment", form="VALUE"),
    Assumption(
        "better", None, "whether more or less of the outcome is better, for rules", form="more/less"
    ),
    REHEARSALS,
)


class TreatmentOptions(TypedDict, total=False):
    """What the recipe takes beside the data and the run."""

    columns: Mapping[str, tuple[str, ...]]
    assumed: Mapping[str, float | str]
    output: RecipeOutput
    positive: str | None


@dataclass(frozen=True)
class Treatment:
    """What is known of a treatment.

    Attributes:
        case: The rows.
        study: Those with a counterpart; ``rows`` are their places among all.
        nuisance: What is expected of them.
        everyone: The chance of each row of the table to be treated.
        raw: The plain difference of all rows.
        by: Estimator -> the difference of comparable rows; the first one is the page's.
        hidden: What a hidden cause would do.
        differing: Whether it differs between rows.
        rule: Whom to treat; None where it was not said what is better.
    """

    case: StudyCase
    study: Study
    rows: NDArray[np.int64]
    nuisance: Nuisances
    everyone: Nuisances
    whole: Study
    raw: Effect
    by: Mapping[str, Effect]
    hidden: HiddenCause
    differing: Differing
    rule: TreatmentRule | None

    @property
    def effect(self) -> Effect:
        """The doubly robust one."""
        return next(iter(self.by.values()))

    @property
    def agree(self) -> bool:
        """Whether all estimators lie within the first one's interval."""
        low, high = self.effect.low, self.effect.high
        return all(low <= one.mean <= high for one in self.by.values())

    @property
    def scale(self) -> float:
        """100 for outcomes that happen, told in points, else 1."""
        return 100.0 if self.case.happens else 1.0

    @property
    def unit(self) -> str:
        """What effects are told in."""
        return f"points of {self.case.said}" if self.case.happens else self.case.said

    def said(self, effect: float) -> str:
        """A size in words."""
        size = number(self.scale * abs(effect), 2)
        if not self.case.happens:
            return size
        return f"{size} point" if size == "1" else f"{size} points"


def treatment(data: Dataset, run: Run, **options: Unpack[TreatmentOptions]) -> RecipePage:
    """The page for the head of a clinic."""
    assumed = options["assumed"]
    control = str(assumed["control"]) if "control" in assumed else None
    sign = _sign(assumed.get("better"))
    case = study_case(data, options["columns"], control, options.get("positive"), run)
    if case.cannot:
        return refused_page(case, TITLE, CANNOT)
    if len(case.arms) > 1:
        raise OptionError(
            f"'{case.treatment}' has {len(case.arms) + 1} values",
            hint="compare two at a time: leave the rows of the others out",
        )
    whole, _ = case.study(1, by_lot=False)
    everyone = nuisances(whole, run)
    rows = np.flatnonzero(comparable(everyone))
    study, nuisance = whole.part(rows), everyone.part(rows)
    raw = raw_difference(whole, everyone)
    if min(study.treated.sum(), (~study.treated).sum()) < FEWEST:
        return _refused(case, whole, everyone, raw, len(rows))
    by = {name: estimate(study, nuisance) for name, estimate in ESTIMATORS.items()}
    by[MATCHING] = matched(study, nuisance, run.rng("effects", "matching"))
    first = next(iter(by.values()))
    rule = None
    if sign:
        rule = treatment_rule(case, rows, study, nuisance, sign, run.child("rule"))
    told = Treatment(
        case,
        study,
        rows,
        nuisance,
        everyone,
        whole,
        raw,
        by,
        hidden_cause(study, first),
        differing(study, nuisance),
        rule,
    )
    times = float(assumed["rehearsals"])
    return _page(told, rehearsed(case, study, nuisance, first, run, times))


TREATMENT_RECIPE = Recipe(
    treatment,
    columns=(
        RecipeColumn("target", "what came of it"),
        RecipeColumn(TREATMENT, "who was treated"),
        RecipeColumn(AFTER, "what was known only after it", required=False, several=True),
        RecipeColumn("entity", "which patient a row is of, where one has several", required=False),
    ),
    options=(RecipeOption("positive", None, stated.POSITIVE),),
    assumptions=ASSUMPTIONS,
)


def _sign(better: float | str | None) -> float:
    """1 where more is better, -1 where less is, 0 where that was not said."""
    if better is None:
        return 0.0
    known = {"more": 1.0, "less": -1.0}
    if better not in known:
        raise OptionError(
            f"better is '{better}', which is neither more nor less",
            hint="write better=more or better=less",
        )
    return known[str(better)]


# --- the page -------------------------------------------------------------------------------------


def _page(told: Treatment, found: Rehearsal) -> RecipePage:
    answer, sure = _answer(told), rehearsal_sentence(found, told.said)
    chapters = (
        PageChapter(
            "who",
            "Who is comparable?",
            [*_overlap(told.whole, told.everyone, told.case), *left_out_blocks(told.case)],
        ),
        PageChapter("balance", "Are the groups alike?", [*_balance_blocks(told)]),
        PageChapter("difference", "How large is the difference?", [*_difference(told)]),
        PageChapter("hidden", "What could undo it?", [Paragraph(_hidden_sentence(told))]),
        PageChapter("differs", "Does it differ between patients?", [*_differing_blocks(told)]),
        PageChapter("rule", "Whom to treat?", _rule_blocks(told)),
        PageChapter(
            "sure",
            "Can the figures be trusted?",
            [*rehearsal_blocks(found, sure, told.unit, told.scale)],
        ),
        PageChapter("limits", "What this page cannot say", [Listing(_limits(told))]),
    )
    blocks: list[Block | Refused] = [
        Callout("note", answer, _comparable_sentence(told.case, len(told.rows))),
        Figures(_tiles(told)),
    ]
    return RecipePage(
        TITLE,
        (*blocks, *chapter_blocks(chapters)),
        (f"Difference: {answer}", f"Hidden: {_hidden_sentence(told)}", f"Sure: {sure}"),
        subtitle=f"{told.case.said} by {told.case.treatment}",
        figures=_figures(told, found),
        made=(("Rows", plural(len(told.case), "row")),),
    )


def _refused(
    case: StudyCase, whole: Study, everyone: Nuisances, raw: Effect, rows: int
) -> RecipePage:
    """A page that says that nothing can be compared."""
    refusal = Refused(
        CANNOT,
        f"{_comparable_sentence(case, rows)} What is known of a row all but decides whether it was "
        "treated, so there is nobody to compare it with.",
        "rows that are alike, of which some were treated and others not; or, if a column was "
        "written down with the treatment, the same table without it (option 'column=after=COL').",
    )
    return RecipePage(
        TITLE,
        (
            refusal,
            Heading("Who is comparable?", 2, "who"),
            *_overlap(whole, everyone, case),
            *left_out_blocks(case),
        ),
        (f"Comparable: {_comparable_sentence(case, rows)}",),
        subtitle=f"{case.said} by {case.treatment}",
        figures={
            "comparable": rows / len(case),
            "raw_difference": raw.mean,
            **rows_figures(case),
        },
        made=(("Rows", plural(len(case), "row")),),
    )


def _answer(told: Treatment) -> str:
    """The headline."""
    arm, means = told.case.arms[0], [one.mean for one in told.by.values()]
    effect = told.effect
    low, high = min(means), max(means)
    who = f"{told.case.treatment} = {arm}"
    ends = f"95 % interval {_signed(told, effect.low)} to {_signed(told, effect.high)}"
    if told.case.unknown:
        return f"Not settled: {unknown_words(told.case)} By what is known: {ends}."
    if len(told.rows) < SETTLED * len(told.case):
        return (
            f"Not settled: only {percent(len(told.rows), len(told.case))} of the rows are "
            f"comparable. Among them {_side(told, effect.mean, who)} ({ends})."
        )
    if low <= 0 <= high or not told.agree:
        return (
            f"Not settled: from {_signed(told, low)} to {_signed(told, high)} with {who}, "
            f"depending on the method ({ends} by the first one)."
        )
    if effect.low <= 0 <= effect.high:
        return (
            f"No difference is proven: from {_signed(told, low)} to {_signed(told, high)} with "
            f"{who}, depending on the method ({ends} by the first one)."
        )
    nearest, farthest = sorted((abs(low), abs(high)))
    between = f"by {number(told.scale * nearest, 2)} to {told.said(farthest)}"
    more, less = ("more frequent", "less frequent") if told.case.happens else ("higher", "lower")
    return (
        f"With {who}, {told.case.said} is {more if effect.mean > 0 else less} {between}, depending "
        f"on the method ({ends})."
    )


def _side(told: Treatment, effect: float, who: str) -> str:
    if told.case.happens:
        side = "more" if effect > 0 else "fewer"
        return f"{told.said(effect)} {side} of {told.case.said} with {who}"
    return (
        f"{told.case.said} is {told.said(effect)} {'higher' if effect > 0 else 'lower'} with {who}"
    )


def _signed(told: Treatment, effect: float) -> str:
    size = number(told.scale * abs(effect), 2)
    sign = "-" if effect < 0 and size != "0" else "+"
    return f"{sign}{size}"


def _tiles(told: Treatment) -> tuple[Tile, ...]:
    effect = told.effect
    tiles = [
        Tile(
            _signed(told, effect.mean),
            told.unit,
            f"{_signed(told, effect.low)} to {_signed(told, effect.high)}, adjusted",
        ),
        Tile(_signed(told, told.raw.mean), told.unit, "as seen, nothing adjusted"),
        Tile(percent(len(told.rows), len(told.case)), "have a counterpart", "of all rows"),
    ]
    if told.hidden.doubtful:
        unseen = "of what is unexplained, by a cause that no column shows"
        tiles.append(Tile(percent(told.hidden.needed), "would undo it", unseen))
    return tuple(tiles)


# --- who is comparable ----------------------------------------------------------------------------


def _comparable_sentence(case: StudyCase, rows: int) -> str:
    if not rows:
        return f"None of {plural(len(case), 'row')} has a counterpart in the other group."
    if rows == len(case):
        return f"All {plural(rows, 'row')} have a counterpart in the other group."
    return (
        f"{count(rows)} of {plural(len(case), 'row')} have a counterpart in the other group; of "
        "the others nothing is said."
    )


def _overlap(whole: Study, everyone: Nuisances, case: StudyCase) -> list[Block]:
    """How likely rows of either group were to be treated."""
    lead = (
        "Of each row it was told from its other columns how likely it was to be treated. Where "
        f"that is under {percent(EDGE)} or over {percent(1 - EDGE)}, there is hardly anybody like "
        "it in one of the groups, and no answer."
    )
    series = []
    for name, own in ((case.arms[0], whole.treated), (case.control, ~whole.treated)):
        counts, _ = np.histogram(everyone.propensity[own], GROUPED)
        shares = 100 * counts / max(own.sum(), 1)
        series.append(Series(name, tuple(round(float(share), 2) for share in shares)))
    middle = tuple(round(100 * float(one)) for one in GROUPED[:-1])
    picture = PictureBlock(
        "lines",
        "How likely each group was to be treated",
        middle,
        tuple(series),
        "% chance to be treated",
        "% of the group",
    )
    return [Paragraph(lead), picture]


def _balance_blocks(told: Treatment) -> list[Block]:
    columns = balance(told.study, told.nuisance)
    apart = [one for one in columns if one.after > BALANCED]
    lead = "After weighting by how likely each row was to be treated, no column is far apart."
    if apart:
        lead = (
            f"After weighting, {plural(len(apart), 'column')} of {len(columns)} "
            f"{'is' if len(apart) == 1 else 'are'} still more than {BALANCED} standard deviations "
            "apart; the doubly robust estimate adjusts for them once more."
        )
    rows = tuple(_balance_row(one) for one in columns[:LISTED])
    heads = ("Column", "Apart before", "Apart after", "Alike")
    return [Paragraph(lead), TableBlock(heads, rows)]


def _balance_row(one: ColumnBalance) -> tuple[str, str, str, str]:
    alike = "yes" if one.after <= BALANCED else "no"
    return one.name, f"{one.before:.2f}", f"{one.after:.2f}", alike


# --- how large ------------------------------------------------------------------------------------


def _difference(told: Treatment) -> list[Block]:
    lead = (
        "Each method adjusts in another way for what was known before: doubly robust by models of "
        "the outcome and of who was treated, weighting by the second alone, regression by the "
        "first alone, and matched pairs by putting each row of the smaller group beside its "
        "nearest. The last one speaks of rows such as the smaller group's."
    )
    rows = [("as seen", told.raw), *told.by.items()]
    blocks: list[Block] = [
        Paragraph(lead),
        forest(f"Difference in {told.unit}, with 95 % intervals", rows, told.scale),
    ]
    if not told.agree:
        blocks.append(
            Callout(
                "warning",
                "The methods do not agree",
                "One lies outside the interval of another, so how large the difference is hangs on "
                "how it is adjusted.",
            )
        )
    return blocks


def _hidden_sentence(told: Treatment) -> str:
    hidden = told.hidden
    if not hidden.doubtful:
        return (
            "There is no proven difference that could be undone; a cause that no column shows may "
            "hide one just as well."
        )
    said = (
        "A cause that no column shows would undo the difference if it explained "
        f"{percent(hidden.needed)} of what is left unexplained, both of who was treated and of "
        f"'{told.case.said}'; {percent(hidden.doubtful)} would leave it unproven."
    )
    if not hidden.strongest:
        return said
    return (
        f"{said} One as strong as the strongest known column, '{hidden.strongest}', would leave "
        f"a difference of {_signed(told, hidden.left)}{' points' if told.case.happens else ''}."
    )


def _differing_blocks(told: Treatment) -> list[Block]:
    found = told.differing
    if not found.differ:
        text = (
            "No difference between patients is proven: what models say of who gains more does not "
            "hold on rows that they have not seen. Reckon with one difference for all."
        )
        return [Paragraph(text, "lead")]
    share = percent(min(max(found.slope.mean, 0.0), 1.0))
    text = (
        f"Yes: {share} of the differences between patients that models expect are there on rows "
        "that they have not seen. Quarters of the rows, by what was expected of them:"
    )
    rows = [(f"quarter {k + 1}", one) for k, one in enumerate(found.groups)]
    title = f"Difference in {told.unit}, with 95 % intervals"
    return [Paragraph(text, "lead"), forest(title, rows, told.scale)]


def _rule_blocks(told: Treatment) -> list[Block | Refused]:
    rule = told.rule
    if rule is None:
        refusal = Refused(
            "Whom to treat is not said.",
            f"It is not known whether more or less of '{told.case.said}' is better.",
            "option 'assume=better=more' or option 'assume=better=less'.",
        )
        return [refusal]
    if not rule.words:
        return [
            Paragraph("No rule of two questions was found by which anything is gained.", "lead")
        ]
    if rule.is_better:
        lead = f"Treating where {rule.words} is better than treating everyone, nobody or as now."
    else:
        lead = (
            f"No rule is proven better than treating everyone, nobody and as now; the best of two "
            f"questions was: {rule.words}."
        )
    rows = [(one.name, one.gain) for one in rule.values]
    title = f"Gained against treating nobody, in {told.unit}, with 95 % intervals"
    return [Paragraph(lead, "lead"), forest(title, rows, told.scale)]


def _limits(told: Treatment) -> tuple[str, ...]:
    dates = [column.name for column in told.case.columns if column.kind == "datetime"]
    known = (f"Dates were adjusted for: {quoted(dates)}. Is each from before the treatment?",)
    return (
        *(known if dates else ()),
        "It is no trial: what was adjusted for is what the columns show, and nothing else.",
        "It is for protocols and for planning trials, not for one patient.",
        "Whether a column was known before the treatment cannot be seen in the table: name those "
        "that were not with option 'column=after=COL'. What comes after a treatment hides what it "
        "does.",
        "Missing values are taken as they are: where they mean 'not measured, as the patient was "
        "well', they say something of the patient, and are adjusted for.",
    )


def _figures(told: Treatment, found: Rehearsal) -> dict[str, float]:
    effect = told.effect
    figures = {
        "difference": effect.mean,
        "difference_low": effect.low,
        "difference_high": effect.high,
        "raw_difference": told.raw.mean,
        "comparable": len(told.rows) / len(told.case),
        "methods_agree": float(told.agree),
        "hidden_cause_needed": told.hidden.needed,
        "hidden_cause_doubtful": told.hidden.doubtful,
        "differs": float(told.differing.differ),
        "rehearsals": float(found.times),
        "rehearsals_held": float(found.held),
        **rows_figures(told.case),
    }
    for name, one in told.by.items():
        figures[f"difference: {name}"] = one.mean
    if told.rule is not None:
        figures["rule_is_better"] = float(told.rule.is_better)
        for value in told.rule.values:
            figures[f"gain: {value.name}"] = value.gain.mean
    return figures
