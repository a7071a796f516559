"""What a campaign brought, and whom to contact next."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypedDict, Unpack

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tidemill.core import options as stated
from tidemill.core.condition import Condition
from tidemill.core.dataset import Dataset
from tidemill.core.run import Run
from tidemill.core.words import count, listing, number, percent, plural, quoted
from tidemill.effects.by_effect import ONE_FOR_ALL
from tidemill.effects.estimates import Effect, doubly_robust, mean_of, raw_difference
from tidemill.effects.lot import Lot, lot_of
from tidemill.effects.nuisances import Nuisances, nuisances
from tidemill.effects.policies import PolicyValue
from tidemill.effects.qini import SHARES
from tidemill.effects.rehearsal import Rehearsal
from tidemill.effects.study import Study
from tidemill.effects.targeting import (
    CHANCE,
    EFFECT,
    EVERYONE,
    RESPONSE,
    Prices,
    Targeting,
    targeting,
)
from tidemill.mining.subgroups import candidate_tests, describe
from tidemill.mining.wording import test_words
from tidemill.recipes.base import (
    Assumption,
    Recipe,
    RecipeColumn,
    RecipeOption,
    RecipeOutput,
    RecipePage,
    Refused,
)
from tidemill.recipes.parts import (
    PageChapter,
    chapter_blocks,
    in_currency,
    with_columns_before,
)
from tidemill.recipes.study_case import AFTER, TREATMENT, StudyCase, study_case
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
from tidemill.supervised.arrays import Floats

TITLE = "What the campaign brought, and whom to contact next"
SEGMENTS = 3
LEAST_SHARE = 0.05
"""A segment has at least this share of the rows."""
EVENTS = 100
"""Outcomes that must have happened in a segment for anything to be said of it."""
LISTED = 8
"""Columns that a table of balance shows."""

ASSUMPTIONS = (
    Assumption("control", None, "which value of the treatment is no contact", form="VALUE"),
    Assumption("value", None, "what one outcome is worth to you", 0.0),
    Assumption("cost", None, "what one contact costs", 0.0),
    Assumption(
        "list", 0.3, "the share of customers that you can contact, without prices", 0.001, 1.0
    ),
    REHEARSALS,
)


class CampaignOptions(TypedDict, total=False):
    """What the recipe takes beside the data and the run."""

    columns: Mapping[str, tuple[str, ...]]
    assumed: Mapping[str, float | str]
    output: RecipeOutput
    positive: str | None
    currency: str


def campaign(data: Dataset, run: Run, **options: Unpack[CampaignOptions]) -> RecipePage:
    """The page for a manager of campaigns."""
    assumed = options["assumed"]
    control = str(assumed["control"]) if "control" in assumed else None
    case = study_case(data, options["columns"], control, options.get("positive"), run)
    if case.cannot:
        return refused_page(case, TITLE, "What the campaign brought cannot be said.")
    lots = tuple(
        lot_of(case.study(k + 1, by_lot=True)[0], run.child("lot", k))
        for k in range(len(case.arms))
    )
    currency = options.get("currency") or ""
    if case.unknown or not all(lot.drawn for lot in lots):
        return _refused(case, lots)
    share = float(assumed["list"])
    prices = Prices()
    if "value" in assumed and "cost" in assumed:
        prices = Prices(float(assumed["value"]), float(assumed["cost"]), told=True)
    arms = tuple(_measured(case, k + 1, run) for k in range(len(case.arms)))
    best = max(arms, key=lambda one: one.effect.mean)
    whom = targeting(best.study, best.nuisance, prices, share, run.child("whom"))
    told = MeasuredCampaign(case, lots, arms, best, whom, prices, currency)
    times = float(assumed["rehearsals"])
    found = rehearsed(case, best.study, best.nuisance, best.effect, run, times)
    return _page(told, _segments(told), found)


CAMPAIGN = Recipe(
    campaign,
    columns=(
        RecipeColumn("target", "what came of it: who bought or visited, or what was spent"),
        RecipeColumn(TREATMENT, "who was contacted, and how"),
        RecipeColumn(AFTER, "what was known only after the campaign", required=False, several=True),
        RecipeColumn("entity", "which customer a row is of, where one has several", required=False),
    ),
    options=(
        RecipeOption("positive", None, stated.POSITIVE),
        RecipeOption("currency", "", stated.CURRENCY),
    ),
    assumptions=ASSUMPTIONS,
    tables=("customers",),
)


@dataclass(frozen=True)
class ArmEffect:
    """What one arm brought.

    Attributes:
        arm: Its place among the levels, from 1 on.
        name: It.
        rows: Places of its rows and those of the control in the table.
        study: These rows.
        nuisance: What is expected of them.
        effect: The outcomes that it brought a customer.
        raw: The plain difference of the means.
    """

    arm: int
    name: str
    rows: NDArray[np.int64]
    study: Study
    nuisance: Nuisances
    effect: Effect
    raw: Effect


@dataclass(frozen=True)
class MeasuredCampaign:
    """What is known of a campaign.

    Attributes:
        case: The customers.
        lots: Whether each arm was drawn by lot.
        arms: What each brought; ``best`` is the one that brought most.
        whom: Whom to contact by the best one.
        prices: What outcomes and contacts are worth.
        currency: What prices are in.
    """

    case: StudyCase
    lots: tuple[Lot, ...]
    arms: tuple[ArmEffect, ...]
    best: ArmEffect
    whom: Targeting
    prices: Prices
    currency: str

    def per_1000(self, effect: float) -> str:
        """So many outcomes of a customer, of 1,000 customers."""
        return number(1000 * effect)

    def gain(self, gain: float) -> str:
        """What a customer gains, of 1,000 customers: money where prices are told."""
        if self.prices.told:
            return in_currency(1000 * gain, self.currency)
        return number(1000 * gain)

    def between(self, effect: Effect) -> str:
        """The interval of a gain of 1,000 customers."""
        return f"{self.gain(effect.low)} to {self.gain(effect.high)}"

    @property
    def outcomes(self) -> str:
        """What is counted, per 1,000 customers."""
        return f"{self.case.said} per 1,000 customers"


def _measured(case: StudyCase, arm: int, run: Run) -> ArmEffect:
    study, rows = case.study(arm, by_lot=True)
    nuisance = nuisances(study, run.child("arm", arm))
    effect = doubly_robust(study, nuisance).of_several(len(case.arms))
    return ArmEffect(
        arm, case.arms[arm - 1], rows, study, nuisance, effect, raw_difference(study, nuisance)
    )


# --- the page -------------------------------------------------------------------------------------


def _page(
    told: MeasuredCampaign, segments: Sequence[CampaignSegment], found: Rehearsal
) -> RecipePage:
    sure = rehearsal_sentence(found, lambda bias: f"{told.per_1000(bias)} per 1,000 customers")
    brought, whom = _brought_sentence(told), _whom_sentence(told)
    chapters = (
        PageChapter("brought", "What did it bring?", _brought(told)),
        PageChapter("whom", "Whom to contact next?", _whom(told)),
        PageChapter("segments", "Where did it bring most?", _segment_blocks(told, segments)),
        PageChapter("lot", "Was it drawn by lot?", _lot_blocks(told.case, told.lots)),
        PageChapter(
            "sure",
            "Can the figures be trusted?",
            rehearsal_blocks(found, sure, told.outcomes, 1000),
        ),
        PageChapter("limits", "What this page cannot say", [Listing(_limits(told))]),
    )
    blocks: list[Block] = [
        Callout("note", brought, whom, note=_if_by_lot(told.case)),
        Figures(_tiles(told)),
    ]
    return RecipePage(
        TITLE,
        (*blocks, *chapter_blocks(chapters)),
        (f"Effect: {brought}", f"Whom: {whom}", f"Sure: {sure}"),
        subtitle=f"{told.case.said} by {told.case.treatment}",
        figures=_figures(told, found),
        tables={"customers": _customers(told)},
        made=(("Rows", plural(len(told.case), "row")), ("Effects by", told.whom.by)),
    )


def _refused(case: StudyCase, lots: Sequence[Lot]) -> RecipePage:
    """A page that says why nothing is said of what the campaign brought."""
    worst = max(lots, key=lambda lot: lot.told.value)
    names = sorted({name for lot in lots for name in lot.differ})
    said = (
        f"Who was contacted can be told from other columns: of a contacted customer and another, "
        f"in {percent(worst.told.value)} of pairs (50 % is a draw by lot)."
    )
    if names:
        said += f" {quoted(names)} {'differs' if len(names) == 1 else 'differ'} between the arms."
    if case.unknown:
        said = unknown_words(case)
    after = listing([f"option 'column=after={name}'" for name in names or ["COL"]], "or")
    needs = (
        "a campaign whose recipients are drawn by lot; or, if all that decided who was contacted "
        "is in the table, the recipe 'treatment'. If a column that differs was known only after "
        f"the campaign, name it with {after}."
    )
    if case.unknown:
        needs = "the outcomes of all customers, of whichever arm."
    refusal = Refused(
        "What the campaign brought cannot be said by comparing the arms.",
        said,
        needs,
    )
    blocks = (
        refusal,
        Heading("Was it drawn by lot?", 2, "lot"),
        *_lot_blocks(case, lots),
    )
    return RecipePage(
        TITLE,
        blocks,
        (f"Lot: {said}",),
        subtitle=f"{case.said} by {case.treatment}",
        figures={"told_by_columns": worst.told.value, **rows_figures(case)},
        made=(("Rows", plural(len(case), "row")),),
    )


def _tiles(told: MeasuredCampaign) -> tuple[Tile, ...]:
    best, own = told.best, told.whom.own
    control = float(best.study.outcome[~best.study.treated].mean())
    tiles = [
        Tile(
            told.per_1000(best.effect.mean),
            "more per 1,000 customers",
            f"{told.case.said}, {best.name} against {told.case.control}",
        ),
        Tile(told.per_1000(control), "per 1,000 without it", told.case.said),
    ]
    if told.whom.is_better:
        tiles.append(Tile(percent(own.share), "of customers to contact", EFFECT))
    if told.whom.is_better and told.prices.told:
        tiles.append(Tile(told.gain(own.gain.mean), "gained per 1,000 customers", "by that list"))
    return tuple(tiles)


def _brought_sentence(told: MeasuredCampaign) -> str:
    """The effect of the best arm."""
    case, effect = told.case, told.best.effect
    side = "fewer" if effect.mean < 0 else "more"
    size = told.per_1000(abs(effect.mean))
    if case.happens:
        said = f"{size} {side} of 1,000 customers to {case.said}"
    else:
        said = f"{size} {side.replace('fewer', 'less')} of '{case.said}' per 1,000 customers"
    ends = f"95 % interval {told.per_1000(effect.low)} to {told.per_1000(effect.high)}"
    who = f"{case.treatment} = {told.best.name}"
    if effect.low <= 0 <= effect.high:
        return f"{who} is not proven to have brought anything: {said} ({ends})."
    return f"{who} brought {said} ({ends})."


def _whom_sentence(told: MeasuredCampaign) -> str:
    whom, own = told.whom, told.whom.own
    if whom.is_better:
        chance = own.against[CHANCE]
        return (
            f"Contact the {percent(own.share)} whom it moves most: per 1,000 customers "
            f"that gains {told.gain(own.gain.mean)} ({told.between(own.gain)}), "
            f"{told.gain(chance.mean)} more than as many by chance ({told.between(chance)})."
        )
    if not told.prices.told:
        return "No list is proven better than contacting as many by chance."
    everyone = _rule(whom, EVERYONE)
    if everyone.gain.low > 0:
        ends = told.between(everyone.gain)
        return f"No list is proven better: contact everyone, which gains {ends} per 1,000."
    if everyone.gain.high < 0:
        return (
            "No list is proven better than contacting nobody, and contacting everyone loses money."
        )
    return "No list, nor contacting everyone, is proven to gain anything."


def _if_by_lot(case: StudyCase) -> str:
    """On what all of it stands."""
    if len(case.columns) == 1:
        return "This holds if contact was drawn by lot; one column does not speak against it."
    return (
        f"This holds if contact was drawn by lot; {count(len(case.columns))} columns do not speak "
        "against it."
    )


def _rule(whom: Targeting, name: str) -> PolicyValue:
    return next(one for one in whom.values if one.name == name)


def _brought(told: MeasuredCampaign) -> list[Block]:
    arms = told.arms
    rows = tuple(
        (
            one.name,
            count(int(one.study.treated.sum())),
            told.per_1000(float(one.study.outcome[one.study.treated].mean())),
            told.per_1000(float(one.study.outcome[~one.study.treated].mean())),
            told.per_1000(one.effect.mean),
            f"{told.per_1000(one.effect.low)} to {told.per_1000(one.effect.high)}",
            told.per_1000(one.raw.mean),
        )
        for one in arms
    )
    heads = (
        "Contact",
        "Customers",
        f"{told.case.said} per 1,000",
        f"with {told.case.control}",
        "Brought",
        "95 % interval",
        "Plain difference",
    )
    lead = (
        "What it brought is the difference to customers who were not contacted, set right for how "
        "their other columns happened to fall; the plain difference stands beside."
    )
    if len(arms) > 1:
        lead += f" The intervals hold for all {len(arms)} kinds of contact at once."
    blocks: list[Block] = [Paragraph(lead), TableBlock(heads, rows, stacked=True)]
    if len(arms) > 1:
        blocks.append(_forest(told, "Brought", [(one.name, one.effect) for one in arms]))
    return blocks


def _forest(told: MeasuredCampaign, title: str, rows: Sequence[tuple[str, Effect]]) -> PictureBlock:
    return forest(f"{title}: {told.outcomes}, with 95 % intervals", rows, 1000)


def _whom(told: MeasuredCampaign) -> list[Block]:
    whom = told.whom
    rows = tuple(
        (
            one.name[:1].upper() + one.name[1:],
            percent(one.share),
            told.gain(one.gain.mean),
            told.between(one.gain),
            _against(told, one),
        )
        for one in whom.values
    )
    what = "Gain" if told.prices.told else told.case.said
    heads = (
        "Contacted",
        "Of all customers",
        f"{what} per 1,000 customers",
        "95 % interval",
        f"More than {CHANCE}",
    )
    lead = (
        f"Lists were made from {plural(len(whom.halves[0]), 'customer')} and measured on "
        f"{count(len(whom.halves[1]))} others. Who responds is mostly who would have come anyway: "
        "a list by response is not one by effect."
    )
    if whom.by == ONE_FOR_ALL:
        lead += (
            " Customers do not surely differ in what it does to them, so the list by effect is in "
            "a random order."
        )
    return [
        Paragraph(_whom_sentence(told), "lead"),
        Paragraph(lead),
        TableBlock(heads, rows, stacked=True),
        _qini_picture(told),
        Paragraph(_qini_words(told), "small"),
    ]


def _against(told: MeasuredCampaign, one: PolicyValue) -> str:
    if CHANCE not in one.against:
        return "–"
    found = one.against[CHANCE]
    return f"{told.gain(found.mean)} ({told.between(found)})"


def _qini_picture(told: MeasuredCampaign) -> PictureBlock:
    curves = told.whom.curves
    own, response = curves[EFFECT], curves[RESPONSE]
    straight = own.gained[-1] * SHARES

    def rounded(values: Floats) -> tuple[float, ...]:
        return tuple(round(float(value), 3) for value in values)

    series = (
        Series("by effect, with a 95 % band", rounded(own.gained)),
        Series("by response", rounded(response.gained)),
        Series("by chance", rounded(straight)),
    )
    return PictureBlock(
        "lines",
        "What a list brings, by its length",
        tuple(round(100 * share) for share in SHARES),
        series,
        "% of customers contacted",
        told.outcomes,
        band=(Series("lower end", rounded(own.low)), Series("upper end", rounded(own.high))),
    )


def _qini_words(told: MeasuredCampaign) -> str:
    own, response = told.whom.curves[EFFECT], told.whom.curves[RESPONSE]
    return (
        f"Qini coefficient of the list by effect {own.coefficient:.3f} ({own.least:.3f} to "
        f"{own.most:.3f}), by response {response.coefficient:.3f} ({response.least:.3f} to "
        f"{response.most:.3f}); 0 is chance."
    )


# --- segments -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class CampaignSegment:
    """Customers that are alike.

    Attributes:
        words: What they are like.
        share: Of the customers it was measured on.
        effect: What the campaign brought among them, measured where it was not looked for; None
            where too little happened.
    """

    words: str
    share: float
    effect: Effect | None


def _segments(told: MeasuredCampaign) -> list[CampaignSegment]:
    """Where the best arm brought most: found in one half, measured in the other."""
    best, whom = told.best, told.whom
    at = best.rows
    first, second = whom.halves
    left = np.ones(len(second), bool)
    found = []
    for condition in _described(told, at[first], whom.score[first]):
        inside = condition.mask(told.case.data.rows(at[second]).frame).to_numpy() & left
        left &= ~inside
        own = second[inside]
        events = best.study.outcome[own].sum() if best.study.happens else len(own)
        effect = None
        if events >= EVENTS:
            effect = mean_of(whom.score[own], best.study.whose[own])
        words = test_words(condition.tests)
        found.append(CampaignSegment(words, float(inside.mean()), effect))
    return found


def _described(told: MeasuredCampaign, rows: np.ndarray, score: Floats) -> Iterator[Condition]:
    """Segments one after the other; the rows of one count for nothing in the search for the
    next."""
    part = told.case.data.rows(rows)
    candidates = candidate_tests(part, list(told.case.columns))
    worth = score - score.mean()
    error = float(score.std())

    def quality(size: Floats, total: Floats) -> Floats:
        sure = total / (np.sqrt(np.maximum(size, 1)) * error)
        return np.where((size >= LEAST_SHARE * len(part)) & (sure > 2), sure, -np.inf)

    for _ in range(SEGMENTS):
        found = describe(candidates, worth, quality, depth=2)
        if found is None:
            return
        condition, inside = found
        yield condition
        worth = np.where(inside, 0.0, worth)


def _segment_blocks(told: MeasuredCampaign, segments: Sequence[CampaignSegment]) -> list[Block]:
    if not segments:
        return [
            Paragraph(
                "No segment stands out: that it does more for some than for others is not proven."
            )
        ]
    intro = (
        "Segments in which it seemed to bring more in one half of the customers, measured again in "
        "the other half: what counts is whether they do so there, too."
    )
    known = [(one.words, one.effect) for one in segments if one.effect is not None]
    few = [one.words for one in segments if one.effect is None]
    blocks: list[Block] = [Paragraph(intro)]
    if known:
        blocks.append(_forest(told, "Segments", [*known, ("all customers", told.best.effect)]))
    if few:
        blocks.append(
            Paragraph(
                f"Too little happened to say anything of {listing(few)}: under {EVENTS} outcomes.",
                "small",
            )
        )
    return blocks


# --- whether it can be trusted --------------------------------------------------------------------


def _lot_blocks(case: StudyCase, lots: Sequence[Lot]) -> list[Block]:
    blocks: list[Block] = []
    for name, lot in zip(case.arms, lots, strict=True):
        low, high = lot.told.interval
        said = (
            f"{case.treatment} = {name}: of a contacted customer and another, the columns tell who "
            f"was contacted in {percent(lot.told.value)} of pairs (95 % interval {percent(low)} to "
            f"{percent(high)}; 50 % is a draw by lot)."
        )
        blocks.append(Paragraph(said))
        rows = tuple(
            (one.name, f"{one.before:.2f}", "yes" if one.name in lot.differ else "no")
            for one in lot.columns[:LISTED]
        )
        heads = ("Column", "Widest standardised difference", "More than chance")
        blocks.append(TableBlock(heads, rows))
    return blocks + left_out_blocks(case)


def _limits(told: MeasuredCampaign) -> tuple[str, ...]:
    return (
        "It speaks of customers like those of the table, of a campaign like this one, and of a "
        "time like that.",
        "Of no single customer it is known what a contact would do: lists are right on average.",
        "Whether contacting one customer moves another (a friend who is told) is not seen.",
        f"Only '{told.case.said}' is counted; what comes later, or costs elsewhere, is not.",
    )


def _figures(told: MeasuredCampaign, found: Rehearsal) -> dict[str, float]:
    best, own = told.best.effect, told.whom.own
    curve = told.whom.curves[EFFECT]
    figures = {
        "effect_per_1000": 1000 * best.mean,
        "effect_low": 1000 * best.low,
        "effect_high": 1000 * best.high,
        "list": own.share,
        "gain_per_1000": 1000 * own.gain.mean,
        "gain_low": 1000 * own.gain.low,
        "gain_high": 1000 * own.gain.high,
        "more_than_chance_per_1000": 1000 * own.against[CHANCE].mean,
        "more_than_chance_low": 1000 * own.against[CHANCE].low,
        "more_than_chance_high": 1000 * own.against[CHANCE].high,
        "list_is_better": float(told.whom.is_better),
        "qini": curve.coefficient,
        "qini_low": curve.least,
        "qini_high": curve.most,
        "qini_by_response": told.whom.curves[RESPONSE].coefficient,
        "rehearsals": float(found.times),
        "rehearsals_held": float(found.held),
        **rows_figures(told.case),
    }
    for one in told.arms:
        figures[f"effect_per_1000: {one.name}"] = 1000 * one.effect.mean
    return figures


def _customers(told: MeasuredCampaign) -> pl.DataFrame:
    """The customers of the best arm and the control, those whom it is expected to move most
    first."""
    order = np.argsort(-told.whom.each, kind="stable")
    rows = told.case.data.rows(told.best.rows[order]).frame
    added = {"rank": np.arange(1, len(order) + 1), "effect": told.whom.each[order].round(5)}
    return with_columns_before(rows, added)
