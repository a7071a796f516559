"""Who leaves, whom to call first, and what a campaign to keep them would pay."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Unpack

import numpy as np
import polars as pl

from tidemill import verbs
from tidemill.core.dataset import Dataset
from tidemill.core.errors import Cancelled, TidemillError
from tidemill.core.run import Run
from tidemill.core.words import count, percent, plural
from tidemill.recipes.base import Assumption, Recipe, RecipeColumn, RecipePage, Refused
from tidemill.recipes.binary import (
    BINARY_OPTIONS,
    LEVER,
    PRIOR,
    BinaryOptions,
    Case,
    page_of_case,
)
from tidemill.recipes.lists import Reach, caught, longest, reach, totals
from tidemill.recipes.parts import (
    PageChapter,
    assumptions,
    auc_of_cases,
    binary_page,
    curve_name,
    drivers,
    few,
    generated_words,
    money,
    open_columns,
    proof,
    ranked,
    scored_rows,
    segment_table,
    segments,
    unit,
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
from tidemill.supervised.arrays import Bools, Floats
from tidemill.supervised.resampling import interval
from tidemill.synthesis.synthesizer import Synthesizer
from tidemill.synthesis.whatif_answer import WhatIf

SIZES = (0.05, 0.1, 0.2, 0.3, 0.5)
FINE = tuple(k / 20 for k in range(21))
GROUPS = 10
MOST_ASKED = 1000
"""Rows of which the what-if question is asked."""
FREQUENT = 0.05
"""A level that is proposed as a lever has at least this share of the rows."""

ASSUMPTIONS = (
    Assumption("list", 0.2, "the share of customers that you can call", 0.001, 1.0),
    Assumption("call", 10.0, "what one call costs, with the offer that is made", 0.0),
    Assumption("value", 300.0, "what a customer who stays is worth to you", 0.0),
    Assumption(
        "success", 0.15, "the share of those about to leave who stay when they are called", 0.0, 1.0
    ),
    Assumption(
        PRIOR,
        None,
        "the share of customers who really leave, where the table's is another",
        1e-6,
        1 - 1e-6,
    ),
    Assumption(LEVER, None, "what is set in the what-if question", form="COL=VALUE"),
)


def churn(data: Dataset, run: Run, **options: Unpack[BinaryOptions]) -> RecipePage:
    """The page for a manager of customers."""
    return page_of_case(data, run, _page, **options)


def _page(case: Case, run: Run) -> RecipePage:
    chance = case.chances[case.best]
    own = _reached(case, chance, [case.assumed["list"]], run)[0]
    campaign = _campaign(case, chance, run)
    model = _learned(case, run)
    chapters = (
        PageChapter("who", "Who leaves?", _who(case)),
        PageChapter("how", "How well can it be predicted?", _quality(case, chance)),
        PageChapter("list", "Whom to call first?", _lists(case, chance, run)),
        PageChapter("pay", "Would a campaign pay?", _pays(case, campaign)),
        PageChapter("proof", "Do generated rows help?", proof(case)),
        PageChapter("what-if", "What if?", [] if case.early else _what_if(case, model, run)),
        PageChapter("limits", "What this page cannot say", [Listing(_limits(case))]),
    )
    text = (
        f"Churn: {_share_words(case)}",
        f"Call: {_call_words(own)}",
        f"Campaign: {campaign.sentence}",
        f"Generated: {generated_words(case)}",
    )
    figures = {
        "share": case.share,
        "auc": auc_of_cases(case, chance),
        "list": own.size,
        "reached": own.caught,
        "reached_low": own.low,
        "reached_high": own.high,
        "gain_per_1000": campaign.best.gain,
        "gain_low": campaign.best.low,
        "gain_high": campaign.best.high,
        "least_chance": campaign.least,
    }
    return binary_page(
        case,
        "Who leaves, and whom to call first",
        _head(case, own, campaign),
        chapters,
        text,
        figures,
        scored_rows(case, chance, 4),
        model,
    )


def _learned(case: Case, run: Run) -> Synthesizer:
    """What is stored, and asked what would be; before generated rows are tried only what scores."""
    if case.early:
        return verbs.fit(case.looped.train, model="independent", run=run)
    return verbs.fit(case.looped.train, options={"effort": "plain"}, run=run)


CHURN = Recipe(
    churn,
    columns=(RecipeColumn("target", "who left"),),
    options=BINARY_OPTIONS,
    assumptions=ASSUMPTIONS,
    tables=("scored",),
)


# --- the head -------------------------------------------------------------------------------------


def _head(case: Case, own: Reach, campaign: Campaign) -> list[Block]:
    tiles = (
        Tile(percent(case.share), "leave", f"{case.target} = {case.positive}"),
        Tile(
            percent(own.caught),
            "of them reached",
            f"by calling {percent(own.size)} of all customers",
        ),
        Tile(
            f"{own.right / case.share:.1f} times", "as many as by chance", "among those on the list"
        ),
        Tile(
            money(case, campaign.best.gain),
            "gained per 1,000 customers",
            "by the best list, if the assumptions hold",
        ),
    )
    blocks: list[Block] = [
        Callout("note", f"{_share_words(case)} {_call_words(own)}", campaign.sentence),
        Figures(tiles),
    ]
    warning = few(case)
    if warning:
        blocks.append(Callout("warning", "Few cases", warning))
    return blocks


def _share_words(case: Case) -> str:
    if PRIOR in case.assumed:
        return (
            f"{percent(case.share)} of your customers leave (as you said; in the table "
            f"{percent(case.seen)})."
        )
    known = len(case.looped.train) + len(case.test)
    return f"{percent(case.share)} of {count(known)} customers leave."


def _call_words(own: Reach) -> str:
    return (
        f"Calling the {percent(own.size)} with the highest chances first reaches "
        f"{percent(own.caught)} of those who leave "
        f"(95 % interval {percent(own.low)} to {percent(own.high)})."
    )


# --- who, and how well ----------------------------------------------------------------------------


def _who(case: Case) -> list[Block]:
    intro = (
        "Segments in which more customers leave than elsewhere. They were found in "
        f"{count(len(case.looped.train))} rows and measured again on "
        f"{plural(len(case.test), 'other row')}; no customer is in two of them."
    )
    return [
        Paragraph(intro),
        segment_table(case, segments(case), "Customers", "left"),
        Heading("What leaving is associated with"),
        *drivers(case),
    ]


def _quality(case: Case, chance: Floats) -> list[Block]:
    said, came = [], []
    for group in np.array_split(ranked(chance)[::-1], GROUPS):
        if len(group):
            weight = case.weight[group]
            said.append(_percent(np.average(chance[group], weights=weight)))
            came.append(_percent(np.average(case.truth[group], weights=weight)))
    lead = (
        "Of two customers, one of whom leaves, the model ranks the one who leaves higher in "
        f"{percent(auc_of_cases(case, chance))} of all pairs; 50 % is guessing, 100 % is perfect. "
        f"Measured on {plural(len(case.truth), 'customer')} that it has not learned from."
    )
    picture = PictureBlock(
        "lines",
        "Can the chances be believed? Ten groups of customers, from the lowest chances to the "
        "highest",
        tuple(range(1, len(said) + 1)),
        (Series("said by the model", tuple(said)), Series("really left", tuple(came))),
        "group, a tenth of the customers each",
        "% who leave",
    )
    return [Paragraph(lead, "lead"), picture]


def _percent(part: float) -> float:
    return round(100 * float(part), 1)


# --- whom to call ---------------------------------------------------------------------------------


def _reached(case: Case, chance: Floats, sizes: Sequence[float], run: Run) -> list[Reach]:
    return reach(case, chance, [longest(chance, case.weight, size) for size in sizes], run)


def _lists(case: Case, chance: Floats, run: Run) -> list[Block]:
    rows = tuple(
        (
            f"{100 * one.size:.0f} % of customers",
            percent(one.caught),
            f"{percent(one.low)} to {percent(one.high)}",
            percent(one.right),
            percent(one.threshold),
        )
        for one in _reached(case, chance, SIZES, run)
    )
    columns = (
        "Called",
        "Of those who leave, reached",
        "95 % interval",
        "Right among those called",
        "Call from this chance up",
    )
    curves = [_reach_curve(case, name) for name in case.chances]
    curves.append(Series("calling at random", tuple(100 * size for size in FINE)))
    blocks: list[Block] = [
        Paragraph(
            "The longer the list, the more of those who leave are on it, and the more who would "
            "have stayed anyway."
        ),
        TableBlock(columns, rows, stacked=True),
        PictureBlock(
            "lines",
            "How many of those who leave a list reaches",
            tuple(round(100 * size) for size in FINE),
            tuple(curves),
            "% of customers called",
            "% of those who leave",
        ),
    ]
    if case.folder:
        where = (
            "Customers that no model has learned from are in scored.csv, the highest chance first."
        )
        blocks.append(Paragraph(where, "small"))
    return blocks


def _reach_curve(case: Case, strategy: str) -> Series:
    chance = case.chances[strategy]
    values = [0.0]
    for size in FINE[1:]:
        values.append(round(100 * caught(case, longest(chance, case.weight, size)), 6))
    return Series(curve_name(case, strategy), tuple(values))


# --- the campaign ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class CallPlan:
    """Whom to call, and what that gains.

    Attributes:
        name: In words.
        calls: Per 1,000 customers.
        gain: Per 1,000 customers; ``low`` and ``high`` are the 95 % interval.
    """

    name: str
    calls: float
    gain: float
    low: float
    high: float


@dataclass(frozen=True)
class Campaign:
    """What calling customers gains.

    Attributes:
        case: The customers.
        plans: Whom to call; the last one is the best under the assumptions.
        gains: (n,) what calling each test row gains.
        least: The chance from which a call pays.
    """

    case: Case
    plans: tuple[CallPlan, ...]
    gains: Floats
    least: float

    @property
    def best(self) -> CallPlan:
        """Calling all for whom a call pays."""
        return self.plans[-1]

    @property
    def sentence(self) -> str:
        """What the best plan gains."""
        best = self.best
        if self.least > 1:
            return "Under your assumptions no call pays: it costs more than it can bring."
        verb = "would gain" if best.gain >= 0 else "would lose"
        sure = ""
        if best.high > best.low:
            sure = f" (95 % interval {_between(self.case, best)})"
        return (
            f"Calling everyone with a chance of at least {percent(self.least)} {verb} "
            f"{money(self.case, abs(best.gain))} per 1,000 customers{sure}, under the "
            "assumptions below."
        )


def _kept_value(case: Case) -> float:
    """What calling a customer who is about to leave brings on average."""
    return case.assumed["success"] * case.assumed["value"]


def _campaign(case: Case, chance: Floats, run: Run) -> Campaign:
    call, kept = case.assumed["call"], _kept_value(case)
    least = call / kept if kept else float("inf")
    size = case.assumed["list"]
    called = {
        "nobody": np.zeros(len(chance), bool),
        "everybody": np.ones(len(chance), bool),
        f"the {percent(size)} with the highest chances": longest(chance, case.weight, size),
        f"all with a chance of at least {percent(min(least, 1.0))}": chance >= least,
    }
    gains = np.where(case.truth, kept, 0.0) - call
    return Campaign(case, _plans(case, called, gains, run), gains, least)


def _plans(
    case: Case, called: Mapping[str, Bools], gains: Floats, run: Run
) -> tuple[CallPlan, ...]:
    weight = case.weight
    gained = np.array([*called.values()], float).T * (weight * gains)[:, None]
    drawn = totals(case, np.column_stack([weight, gained]), run)
    resampled = 1000 * drawn[:, 1:] / drawn[:, :1]
    means = 1000 * gained.sum(axis=0) / weight.sum()
    plans = []
    for k, (name, mask) in enumerate(called.items()):
        low, high = interval(resampled[:, k])
        calls = float(1000 * weight[mask].sum() / weight.sum())
        plans.append(CallPlan(name, calls, float(means[k]), low, high))
    return tuple(plans)


def _pays(case: Case, campaign: Campaign) -> list[Block]:
    columns = (
        "Who is called",
        "Calls per 1,000 customers",
        "Gain per 1,000 customers",
        "95 % interval",
    )
    rows = tuple(
        (
            plan.name[:1].upper() + plan.name[1:],
            f"{plan.calls:,.0f}",
            money(case, plan.gain),
            _between(case, plan),
        )
        for plan in campaign.plans
    )
    return [
        Paragraph(campaign.sentence, "lead"),
        TableBlock(columns, rows, stacked=True),
        _gain_picture(case, campaign.gains),
        Heading("What was assumed"),
        *assumptions(case, ASSUMPTIONS),
    ]


def _between(case: Case, plan: CallPlan) -> str:
    """The interval of a plan's gain; none where all or none are called, for what that brings
    follows from the share of those who leave."""
    if plan.high <= plan.low:
        return "–"
    return f"{money(case, plan.low)} to {money(case, plan.high)}"


def _gain_picture(case: Case, gains: Floats) -> PictureBlock:
    chance = case.chances[case.best]
    each = 1000 * case.weight * gains / case.weight.sum()
    by_chance = case.share * _kept_value(case) - case.assumed["call"]
    listed, at_random = [0.0], [0.0]
    for size in FINE[1:]:
        called = longest(chance, case.weight, size)
        listed.append(round(float(each[called].sum()), 2))
        at_random.append(round(1000 * size * by_chance, 2))
    return PictureBlock(
        "lines",
        "Gain by the length of the list",
        tuple(round(100 * size) for size in FINE),
        (
            Series("by the model's list", tuple(listed)),
            Series("calling at random", tuple(at_random)),
        ),
        "% of customers called",
        f"per 1,000 customers, in {unit(case)}",
    )


# --- what if --------------------------------------------------------------------------------------


ASK_ANOTHER = "ask about another value, with option 'assume=lever=COL=VALUE'"


@dataclass(frozen=True)
class Lever:
    """A question what would be if a column were set.

    Attributes:
        column, value: What is set.
        asked: (n,) of which test rows.
        why: Why this question is asked, as a sentence.
    """

    column: str
    value: str
    asked: Bools
    why: str


def _what_if(case: Case, model: Synthesizer, run: Run) -> list[Block | Refused]:
    lever = _given_lever(case) if case.lever else _found_lever(case)
    if lever is None or not lever.asked.any():
        return []
    rows = case.test.rows(lever.asked)
    if len(rows) > MOST_ASKED:
        drawn = run.rng("recipes", "what-if").permutation(len(rows))[:MOST_ASKED]
        rows = rows.rows(np.sort(drawn))
    outcome = f"{case.target}={case.positive}"
    try:
        found = verbs.what_if(model, rows, {lever.column: lever.value}, outcome, run=run)
    except Cancelled:
        raise
    except TidemillError as error:
        what = f"What would be if {lever.column} were {lever.value} cannot be said."
        return [Refused(what, error.what, error.hint or "")]
    return _answered(found, lever)


def _answered(found: WhatIf, lever: Lever) -> list[Block | Refused]:
    if not found.shifts:
        what = f"What would be if {lever.column} were {lever.value} cannot be said."
        return [Paragraph(lever.why), Refused(what, found.refusal, ASK_ANOTHER)]
    shift = found.shifts[0]
    text = (
        f"A change of {100 * shift.shift:+.1f} points (95 % interval {100 * shift.low:+.1f} to "
        f"{100 * shift.high:+.1f}), all else as it is."
    )
    answer = Callout(
        "note",
        f"If {lever.column} were {lever.value}, {percent(shift.after)} instead of "
        f"{percent(shift.before)} of these {plural(found.answered, 'customer')} would be "
        "expected to leave.",
        " ".join(part for part in (found.refusal, text, shift.yardsticks()) if part),
        note="This is association, not proof: customers who chose "
        f"{lever.value} by themselves differ in ways that the table may not show. Try it with some "
        "customers, drawn at random, before you rely on it.",
    )
    return [Paragraph(lever.why), answer]


def _given_lever(case: Case) -> Lever:
    column, _, value = (part.strip() for part in case.lever.partition("="))
    others = case.test[column].cast(pl.String).ne_missing(value).to_numpy()
    why = f"You asked about {column} = {value}, for customers who have another one."
    return Lever(column, value, others, why)


def _found_lever(case: Case) -> Lever | None:
    """The column whose frequent values differ most in who leaves, set to the value of those who
    leave least, for those who have the value of those who leave most."""
    widest = 0.0
    best: tuple[str, str, str] | None = None
    for column in open_columns(case):
        if column.kind not in ("category", "boolean"):
            continue
        rates = _rates(case, column.name)
        if rates.height < 2:
            continue
        low, high = rates["rate"][0], rates["rate"][-1]
        if best is None or high - low > widest:
            widest = high - low
            best = (column.name, rates["level"][0], rates["level"][-1])
    if best is None:
        return None
    name, least, most = best
    asked = (case.test[name].cast(pl.String) == most).fill_null(value=False).to_numpy()
    why = (
        f"The column whose values differ most in who leaves is {name}. The question is asked of "
        f"customers with {name} = {most}; ask your own with option 'assume=lever=COL=VALUE'."
    )
    return Lever(name, least, asked, why)


def _rates(case: Case, name: str) -> pl.DataFrame:
    """The frequent levels of a column and the share of training rows with them who leave, the
    lowest first."""
    levels = case.looped.train[name].cast(pl.String).alias("level")
    table = pl.DataFrame([levels, pl.Series("case", case.trained)])
    by_level = (
        table.drop_nulls("level")
        .group_by("level")
        .agg(pl.col("case").mean().alias("rate"), pl.len().alias("rows"))
    )
    frequent = by_level.filter(pl.col("rows") >= FREQUENT * table.height)
    return frequent.sort("rate", "level")


# --- limits ---------------------------------------------------------------------------------------


def _limits(case: Case) -> tuple[str, ...]:
    limits = (
        "The table is a snapshot: it says who had left when it was made, not when, and customers "
        "change.",
        "Success rates, costs and values are assumptions. The surest way to know them is to call "
        "a part of the list and leave another part, drawn at random, alone.",
        "Some who are about to leave cannot be kept, and some are reminded of leaving by the "
        "call: the model ranks by the chance to leave, not by what a call changes.",
        "Intervals say how figures would differ on other customers of the same kind; "
        f"{plural(int(case.truth.sum()), 'test row')} with {case.target} = {case.positive} stand "
        "behind them.",
    )
    if PRIOR not in case.assumed:
        return limits
    by_hand = "The share of those who leave was set by hand; the table's share is another."
    return (*limits, by_hand)
