"""What fraud costs now and with a model, how many alarms that takes, and whether generating more
frauds pays."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Unpack

import numpy as np

from tidemill import verbs
from tidemill.core.dataset import Dataset
from tidemill.core.options import COST
from tidemill.core.run import Run
from tidemill.core.words import count, number, percent, plural
from tidemill.mining.subgroups import candidate_tests, describe
from tidemill.mining.wording import test_words
from tidemill.recipes.base import (
    Assumption,
    Recipe,
    RecipeColumn,
    RecipeOption,
    RecipePage,
    Refused,
)
from tidemill.recipes.binary import (
    BINARY_OPTIONS,
    PRIOR,
    BinaryOptions,
    Case,
    page_of_case,
    shifted,
)
from tidemill.recipes.lists import caught, longest, reach, totals
from tidemill.recipes.parts import (
    PageChapter,
    assumptions,
    binary_page,
    curve_name,
    few,
    generated_words,
    money,
    proof,
    scored_rows,
    unit,
)
from tidemill.reporting.blocks import (
    Block,
    Callout,
    Details,
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

USUAL_SHARE = 0.01
"""Of more frauds than this share of all transactions the page asks whether that is so in
reality."""
BUDGETS = (0.1, 0.25, 0.5, 1.0, 2.0, 4.0)
"""Alarms a day that are shown, as multiples of the capacity."""
POINTS = 20
"""Thresholds of the picture of costs."""
CURVE = 30
"""Numbers of alarms of the picture of frauds caught."""
KINDS = 5
FEWEST = 5
"""A kind of fraud has at least so many training rows."""
THIN = 30
"""Frauds of a kind of which the training rows hold fewer are called few."""

ASSUMPTIONS = (
    Assumption("volume", 10_000.0, "transactions a day", 1.0),
    Assumption("capacity", 50.0, "alarms that your people can look at in a day", 0.01),
    Assumption(PRIOR, None, "the share of transactions that really are frauds", 1e-7, 1 - 1e-7),
)


@dataclass(frozen=True)
class Policy:
    """A way to decide which transactions raise an alarm, and what it costs.

    Attributes:
        name: In words.
        cost: Per 1,000 transactions; ``low`` and ``high`` are the 95 % interval.
        alarms: Per 1,000 transactions.
        caught: The share of frauds that raise one.
        right: The share of alarms that are frauds; None without alarms.
    """

    name: str
    cost: float
    low: float
    high: float
    alarms: float
    caught: float
    right: float | None


@dataclass(frozen=True)
class Saving:
    """What alarms from the best threshold on save.

    Attributes:
        none: Nothing is stopped.
        best: Alarms from the best threshold on.
        amount: Per 1,000 transactions; ``low`` and ``high`` are the 95 % interval.
    """

    none: Policy
    best: Policy
    amount: float
    low: float
    high: float


def fraud(data: Dataset, run: Run, **options: Unpack[BinaryOptions]) -> RecipePage:
    """The page for whoever answers for losses by fraud."""
    return page_of_case(data, run, _page, **options)


def _page(case: Case, run: Run) -> RecipePage:
    chance = case.chances[case.best]
    threshold = _threshold(case)
    policies, drawn = _policies(case, chance, run)
    saving = _saving(policies, drawn)
    chapters = (
        PageChapter(
            "cost", "What does fraud cost, now and with a model?", _costs(case, policies, run)
        ),
        PageChapter(
            "alarms", "How many frauds does a day's alarms catch?", _alarms(case, chance, run)
        ),
        PageChapter("proof", "Does generating more frauds pay?", _pays(case, run)),
        PageChapter("kinds", "Which kinds of fraud are missed, or few?", _kinds(case)),
        PageChapter("limits", "What this page cannot say", [Listing(_limits(case))]),
    )
    text = (
        f"Fraud: {_cost_words(case, saving)}",
        f"Alarms: {_alarm_words(case, saving.best)}",
        f"Generated: {generated_words(case)}",
    )
    figures = {
        "share": case.share,
        "threshold": threshold,
        "cost_without": saving.none.cost,
        "cost_with": saving.best.cost,
        "cost_with_low": saving.best.low,
        "cost_with_high": saving.best.high,
        "saving": saving.amount,
        "saving_low": saving.low,
        "saving_high": saving.high,
        "caught": saving.best.caught,
        "alarms_per_1000": saving.best.alarms,
    }
    return binary_page(
        case,
        "What fraud costs, and what a model saves",
        _head(case, saving),
        chapters,
        text,
        figures,
        scored_rows(case, chance, 6, alarm=chance >= threshold),
        # what it expects is learned of the target directly, whatever makes the rows
        verbs.fit(case.looped.train, model="independent", run=run),
    )


FRAUD = Recipe(
    fraud,
    columns=(RecipeColumn("target", "what was a fraud"),),
    options=(RecipeOption("cost", {"fp": 5.0, "fn": 200.0}, COST), *BINARY_OPTIONS),
    assumptions=ASSUMPTIONS,
    tables=("scored",),
)


# --- what may be done -----------------------------------------------------------------------------


def _cost(case: Case) -> Mapping[str, float]:
    assert case.cost is not None, "this recipe takes costs"
    return case.cost


def _threshold(case: Case) -> float:
    """The chance of fraud from which an alarm pays."""
    cost = _cost(case)
    return cost["fp"] / sum(cost.values())


def _policies(case: Case, chance: Floats, run: Run) -> tuple[list[Policy], Floats]:
    """What may be done, and what each would cost on resampled test rows, (draws, policies)."""
    threshold = _threshold(case)
    capacity = case.assumed["capacity"]
    part = capacity / case.assumed["volume"]
    named = {
        "Nothing is stopped": np.zeros(len(chance), bool),
        "Everything is looked at": np.ones(len(chance), bool),
        "Alarm where fraud is more likely than not (chance of 50 % or more)": chance >= 0.5,
    }
    # a list shorter than one test row cannot be measured
    if 1 / len(chance) <= part < 1:
        name = f"The {count(round(capacity))} alarms a day that your people can look at"
        named[name] = longest(chance, case.weight, part)
    name = f"Alarm from the best threshold on (chance of {percent(threshold)} or more)"
    named[name] = chance >= threshold
    return _priced(case, named, run)


def _priced(case: Case, named: Mapping[str, Bools], run: Run) -> tuple[list[Policy], Floats]:
    cost = _cost(case)
    weight, truth = case.weight, case.truth
    masks = np.array([*named.values()])
    paid = np.where(masks, cost["fp"] * ~truth, cost["fn"] * truth) * weight
    drawn = totals(case, np.column_stack([weight, paid.T]), run)
    resampled = 1000 * drawn[:, 1:] / drawn[:, :1]
    found = []
    for k, (name, mask) in enumerate(named.items()):
        low, high = interval(resampled[:, k])
        alarms = weight[mask].sum()
        hits = weight[mask & truth].sum()
        found.append(
            Policy(
                name=name,
                cost=float(1000 * paid[k].sum() / weight.sum()),
                low=low,
                high=high,
                alarms=float(1000 * alarms / weight.sum()),
                caught=caught(case, mask),
                right=float(hits / alarms) if alarms else None,
            )
        )
    return found, resampled


def _saving(policies: list[Policy], drawn: Floats) -> Saving:
    none, best = policies[0], policies[-1]
    low, high = interval(drawn[:, 0] - drawn[:, -1])
    return Saving(none, best, none.cost - best.cost, low, high)


# --- the head -------------------------------------------------------------------------------------


def _head(case: Case, saving: Saving) -> list[Block]:
    none, best = saving.none, saving.best
    volume = case.assumed["volume"]
    tiles = (
        Tile(money(case, none.cost), "cost per 1,000 transactions now", "nothing is stopped"),
        Tile(
            money(case, best.cost),
            "with the model",
            f"alarm from a chance of {percent(_threshold(case))} on",
        ),
        Tile(
            percent(best.caught),
            "of frauds caught",
            f"{number(best.alarms)} alarms per 1,000 transactions",
        ),
        Tile(
            percent(best.right),
            "of alarms are frauds",
            f"{count(round(_daily(case, best)))} alarms a day of {count(round(volume))} "
            "transactions",
        ),
    )
    blocks: list[Block] = [
        Callout(
            "good" if saving.low > 0 else "note",
            _cost_words(case, saving),
            _alarm_words(case, best),
        ),
        Figures(tiles),
    ]
    warnings = tuple(text for text in (few(case), _share_warning(case)) if text)
    if warnings:
        blocks.append(Callout("warning", "Before you rely on the figures", items=warnings))
    return blocks


def _daily(case: Case, policy: Policy) -> float:
    return policy.alarms * case.assumed["volume"] / 1000


def _cost_words(case: Case, saving: Saving) -> str:
    direction = "less" if saving.amount >= 0 else "more"
    amounts = (saving.best.cost, saving.none.cost, abs(saving.amount), saving.low, saving.high)
    best, none, saved, low, high = (money(case, amount) for amount in amounts)
    return (
        f"Mistakes cost {best} per 1,000 transactions with the model, {none} if nothing is "
        f"stopped: {saved} {direction} (95 % interval of the saving {low} to {high})."
    )


def _alarm_words(case: Case, best: Policy) -> str:
    daily = _daily(case, best)
    room = case.assumed["capacity"]
    fits = "so there is room"
    if daily > room:
        fits = "so there is not room for all: see the table of alarms"
    return (
        f"That takes {count(round(daily))} alarms a day, of which {percent(best.right)} are "
        f"frauds; {percent(best.caught)} of the frauds are caught. With "
        f"{count(round(case.assumed['volume']))} transactions a day, your people "
        f"can look at {count(round(room))}, {fits}."
    )


def _share_warning(case: Case) -> str:
    if PRIOR in case.assumed:
        if abs(case.seen / case.share - 1) <= 0.05:
            return ""
        return (
            f"In the table {percent(case.seen)} are frauds; all figures are reckoned for "
            f"{percent(case.share)}, as you said."
        )
    if case.share <= USUAL_SHARE:
        return ""
    return (
        f"{percent(case.share)} of the table's transactions are frauds. Tables like this are often "
        "made of all frauds and a part of the rest; if fewer are frauds in reality, false alarms "
        "are far more frequent than shown, and costs are wrong. Give the real share, as in "
        "option 'assume=prior=0.0017'."
    )


# --- costs ----------------------------------------------------------------------------------------


def _costs(case: Case, policies: list[Policy], run: Run) -> list[Block]:
    columns = (
        "What is done",
        "Cost per 1,000 transactions",
        "95 % interval",
        "Alarms per 1,000",
        "Frauds caught",
        "Alarms that are frauds",
    )
    rows = tuple(
        (
            policy.name,
            money(case, policy.cost),
            _between(case, policy),
            number(policy.alarms),
            percent(policy.caught),
            percent(policy.right),
        )
        for policy in policies
    )
    lead = (
        "The best threshold follows from the costs alone: an alarm pays where the chance of "
        f"fraud is at least {percent(_threshold(case))} (a false alarm's cost divided by both "
        "costs together). It was not tuned on these rows."
    )
    return [
        Paragraph(lead),
        TableBlock(columns, rows, stacked=True),
        _cost_picture(case, policies[0], run),
        Heading("What was assumed"),
        *assumptions(case, ASSUMPTIONS),
    ]


def _cost_picture(case: Case, none: Policy, run: Run) -> PictureBlock:
    threshold = _threshold(case)
    spread = np.geomspace(max(threshold / 30, 1e-4), 0.9, POINTS)
    points = sorted({round(threshold, 4), *(round(float(point), 4) for point in spread)})
    chance = case.chances[case.best]
    priced, _ = _priced(case, {str(point): chance >= point for point in points}, run)
    return PictureBlock(
        "lines",
        "Cost by the threshold from which an alarm is raised",
        tuple(f"{100 * point:.2g}" for point in points),
        (
            Series("with the model", tuple(round(policy.cost, 2) for policy in priced)),
            Series("nothing is stopped", (round(none.cost, 2),) * len(points)),
        ),
        "chance of fraud from which an alarm is raised, in %",
        f"per 1,000 transactions, in {unit(case)}",
    )


# --- alarms ---------------------------------------------------------------------------------------


def _alarms(case: Case, chance: Floats, run: Run) -> list[Block]:
    volume, capacity = case.assumed["volume"], case.assumed["capacity"]
    budgets = [times * capacity for times in BUDGETS if times * capacity <= volume]
    if not budgets:
        return []
    rows = _budget_rows(case, chance, budgets, run)
    intro = (
        "Your people look at the transactions with the highest chances first; "
        f"{count(round(volume))} transactions a day are assumed, of which "
        f"{count(round(capacity))} can be looked at."
    )
    columns = (
        "What is looked at",
        "Frauds caught",
        "95 % interval",
        "Alarms that are frauds",
        "From this chance up",
    )
    blocks: list[Block] = [Paragraph(intro), TableBlock(columns, rows, stacked=True)]
    if len(rows) < len(budgets):
        left_out = "Smaller budgets are left out: the test rows are too few to measure them."
        blocks.append(Paragraph(left_out, "small"))
    return [*blocks, _alarm_picture(case, max(budgets))]


def _budget_rows(
    case: Case, chance: Floats, budgets: list[float], run: Run
) -> tuple[tuple[str, ...], ...]:
    volume = case.assumed["volume"]
    masks = [longest(chance, case.weight, budget / volume) for budget in budgets]
    rows = []
    for budget, one in zip(budgets, reach(case, chance, masks, run), strict=True):
        # a list shorter than one test row cannot be measured
        if budget / volume * len(case.truth) < 1:
            continue
        mark = " (your capacity)" if budget == case.assumed["capacity"] else ""
        rows.append(
            (
                f"{number(budget)} alarms a day{mark}",
                percent(one.caught),
                f"{percent(one.low)} to {percent(one.high)}",
                percent(one.right),
                percent(one.threshold),
            )
        )
    return tuple(rows)


def _alarm_picture(case: Case, most: float) -> PictureBlock:
    volume = case.assumed["volume"]
    fewest = max(1.0, volume / len(case.truth))
    alarms = [float(daily) for daily in np.unique(np.geomspace(fewest, most, CURVE))]
    curves = []
    for name, chance in case.chances.items():
        masks = [longest(chance, case.weight, daily / volume) for daily in alarms]
        values = tuple(round(100 * caught(case, mask), 6) for mask in masks)
        curves.append(Series(curve_name(case, name), values))
    return PictureBlock(
        "lines",
        "Frauds caught by the number of alarms a day",
        tuple(round(daily, 1) for daily in alarms),
        tuple(curves),
        "alarms a day",
        "% of frauds caught",
    )


# --- generated rows, and kinds of fraud -----------------------------------------------------------


def _pays(case: Case, run: Run) -> list[Block]:
    if case.early:
        return proof(case)
    threshold = _threshold(case)
    named = {name: chance >= threshold for name, chance in case.chances.items()}
    priced, _ = _priced(case, named, run)
    rows = []
    for policy in priced:
        mark = " (recommended)" if policy.name == case.best else ""
        name = f"{policy.name[:1].upper()}{policy.name[1:]}{mark}"
        rows.append(
            (name, money(case, policy.cost), _between(case, policy), percent(policy.caught))
        )
    columns = (
        "The model learns from",
        "Cost per 1,000 transactions",
        "95 % interval",
        "Frauds caught",
    )
    recommended = (
        f"Recommended: {case.best}. The two intervals overlap where the difference may be chance; "
        "the verdict above compares them pair by pair, which is sharper."
    )
    return [
        *proof(case),
        Heading("In money, on the test rows"),
        TableBlock(columns, tuple(rows), stacked=True),
        Paragraph(recommended),
    ]


def _kinds(case: Case) -> list[Block | Refused]:
    """Segments of the frauds in the training rows, by how well a model that has not seen them finds
    them."""
    hit = _found(case)[case.trained]
    if len(hit) < 4 * FEWEST:
        return [
            Refused(
                "Kinds of fraud cannot be told apart.",
                f"The training rows hold {plural(len(hit), 'fraud')} only.",
                f"a table with at least {4 * FEWEST} frauds among its training rows.",
            )
        ]
    lead = (
        f"Of {plural(len(hit), 'fraud')} in the training rows, {percent(float(hit.mean()))} are "
        "caught at the best threshold by a model that has not learned them. These kinds are caught "
        "least often:"
    )
    blocks: list[Block | Refused] = [Paragraph(lead)]
    rows = _kind_rows(case, hit)
    columns = ("Kind of fraud", "Frauds in the training rows", "Caught", f"Fewer than {THIN}")
    if rows:
        blocks.append(TableBlock(columns, rows, stacked=True))
    else:
        blocks.append(Paragraph("No kind stands out."))
    turns = case.looped.turns
    aims = turns[1].aims if len(turns) > 1 else ()
    if aims:
        advice = (
            "Examples of these kinds are what a model needs most: keep every fraud that your "
            "people confirm."
        )
        blocks += [
            Paragraph(advice),
            Details("Where the loop generated rows", (Listing(aims[:8]),)),
        ]
    return blocks


def _found(case: Case) -> Bools:
    """Which training rows raise an alarm by a model that has not learned them, (n,)."""
    studied = case.workshop.studied(())
    said = np.asarray(studied.predicted[:, case.code])
    chance = shifted(said, case.seen, case.assumed.get(PRIOR, case.seen))
    return chance >= _threshold(case)


def _kind_rows(case: Case, hit: Bools) -> tuple[tuple[str | int, ...], ...]:
    frauds = case.looped.train.rows(case.trained)
    candidates = candidate_tests(frauds, case.problem.columns, parts=4)
    worth = (~hit).astype(float) - (~hit).mean()
    rows: list[tuple[str | int, ...]] = []
    for _ in range(KINDS):
        found = describe(candidates, worth, _missed, depth=2)
        if found is None:
            break
        condition, inside = found
        size = int(inside.sum())
        caught_part = percent(float(hit[inside].mean()))
        rows.append((test_words(condition.tests), size, caught_part, "few" if size < THIN else ""))
        worth = np.where(inside, 0.0, worth)
    return tuple(rows)


def _missed(size: Floats, total: Floats) -> Floats:
    return np.where(size >= FEWEST, total / np.sqrt(np.maximum(size, 1)), -np.inf)


# --- limits, and words ----------------------------------------------------------------------------


def _limits(case: Case) -> tuple[str, ...]:
    return (
        "Now is taken to mean that nothing is stopped, as the table does not say what your "
        "present rules catch.",
        "Fraudsters change their ways: a model of past frauds catches the like of them. Measure "
        "it again each month.",
        "Frauds that nobody noticed stand in the table as honest transactions, so the true share "
        "caught is lower.",
        "One cost for every missed fraud is assumed; in truth it depends on the amount.",
        "Test rows are drawn at random from the same time as the training rows. Where rows have a "
        "date, give it with option 'time': the latest rows are then tested on, which is nearer to "
        "use.",
        f"{plural(int(case.truth.sum()), 'fraud')} among {plural(len(case.truth), 'test row')} "
        "stand behind the figures of cost.",
    )


def _between(case: Case, policy: Policy) -> str:
    """The interval; where it follows from the share of frauds alone there is none."""
    if policy.high <= policy.low * (1 + 1e-9):
        return "–"
    return f"{money(case, policy.low)} to {money(case, policy.high)}"
