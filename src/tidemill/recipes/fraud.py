"""What fraud costs now and with a model, how many alarms that takes, and whether generating more
frauds pays."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from tidemill.core.run import Run
from tidemill.core.words import count, number, percent, plural
from tidemill.mining.subgroups import candidate_tests, describe
from tidemill.mining.wording import test_words
from tidemill.recipes.base import Assumption, Bools, Case, Recipe, RecipePage
from tidemill.recipes.binary import shifted
from tidemill.recipes.lists import interval, longest, reach, totals
from tidemill.recipes.parts import assumptions, curve_name, few, proof, ranked
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
from tidemill.supervised.arrays import Floats

USUAL_SHARE = 0.01
"""Of more frauds than this share of all transactions the page asks whether that is so in
reality."""
BUDGETS = (0.1, 0.25, 0.5, 1.0, 2.0, 4.0)
"""Alarms a day that are shown, as multiples of the capacity."""
KINDS = 5
FEWEST = 5
THIN = 30
"""Frauds of a kind of which the training rows hold fewer are called few."""

ASSUMPTIONS = (
    Assumption("volume", 10_000.0, "transactions a day", 1.0),
    Assumption("capacity", 50.0, "alarms that your people can look at in a day", 0.01),
    Assumption("prior", None, "the share of transactions that really are frauds", 1e-7, 1 - 1e-7),
)


@dataclass(frozen=True)
class Policy:
    """A way to decide which transactions raise an alarm, and what it costs.

    Attributes:
        name: In words.
        alarm: (n,) which test rows raise one.
        cost: Per 1,000 transactions; ``low`` and ``high`` are the 95 % interval.
        alarms: Per 1,000 transactions.
        caught: The share of frauds that raise one.
        right: The share of alarms that are frauds; None without alarms.
    """

    name: str
    alarm: Bools
    cost: float
    low: float
    high: float
    alarms: float
    caught: float
    right: float | None


def fraud(case: Case, run: Run) -> RecipePage:
    """The page for whoever answers for losses by fraud."""
    assert case.cost is not None
    chance = case.chances[case.best]
    threshold = case.cost["fp"] / sum(case.cost.values())
    policies, drawn = _policies(case, chance, threshold, run)
    none, at_best = policies[0], policies[-1]
    saving = drawn[:, 0] - drawn[:, -1]
    saved = (none.cost - at_best.cost, *interval(saving))
    blocks: list[Block] = [*_head(case, none, at_best, saved, threshold)]
    for anchor, title, inside in (
        (
            "cost",
            "What does fraud cost, now and with a model?",
            _costs(case, policies, threshold, run),
        ),
        ("alarms", "How many frauds does a day's alarms catch?", _alarms(case, chance, run)),
        ("proof", "Does generating more frauds pay?", _pays(case, threshold, run)),
        ("kinds", "Which kinds of fraud are missed, or few?", _kinds(case)),
        ("limits", "What this page cannot say", [Listing(_limits(case))]),
    ):
        if inside:
            blocks += [Heading(title, 2, anchor), *inside]
    text = (
        f"Fraud: {_cost_words(none, at_best, saved)}",
        f"Alarms: {_alarm_words(case, at_best)}",
        f"Generated: {case.looped.verdict.reason}",
    )
    figures = {
        "share": case.share,
        "threshold": threshold,
        "cost_without": none.cost,
        "cost_with": at_best.cost,
        "cost_with_low": at_best.low,
        "cost_with_high": at_best.high,
        "saving": saved[0],
        "saving_low": saved[1],
        "saving_high": saved[2],
        "caught": at_best.caught,
        "alarms_per_1000": at_best.alarms,
    }
    return RecipePage(
        "What fraud costs, and what a model saves",
        tuple(blocks),
        text,
        figures,
        _scored(case, chance, threshold),
    )


FRAUD = Recipe(ASSUMPTIONS, fraud, cost={"fp": 5.0, "fn": 200.0})


def _policies(
    case: Case, chance: Floats, threshold: float, run: Run
) -> tuple[list[Policy], Floats]:
    """What may be done, and what each would cost on resampled test rows, (draws, policies)."""
    capacity, volume = case.assumed["capacity"], case.assumed["volume"]
    named = {
        "Nothing is stopped": np.zeros(len(chance), bool),
        "Everything is looked at": np.ones(len(chance), bool),
        "Alarm where fraud is more likely than not (chance of 50 % or more)": chance >= 0.5,
    }
    if (
        1 / len(chance) <= capacity / volume < 1
    ):  # a list shorter than one test row cannot be measured
        named[f"The {count(round(capacity))} alarms a day that your people can look at"] = longest(
            chance, case.weight, capacity / volume
        )
    named[f"Alarm from the best threshold on (chance of {percent(threshold)} or more)"] = (
        chance >= threshold
    )
    return _priced(case, named, run)


def _priced(case: Case, named: dict[str, Bools], run: Run) -> tuple[list[Policy], Floats]:
    assert case.cost is not None
    weight, truth = case.weight, case.truth
    masks = np.array([*named.values()])
    paid = np.where(masks, case.cost["fp"] * ~truth, case.cost["fn"] * truth) * weight
    drawn = totals(case, np.column_stack([weight, paid.T]), run)
    per = 1000 * drawn[:, 1:] / drawn[:, :1]
    found = []
    for k, (name, mask) in enumerate(named.items()):
        low, high = interval(per[:, k])
        alarms, hits = weight[mask].sum(), weight[mask & truth].sum()
        found.append(
            Policy(
                name,
                mask,
                float(1000 * paid[k].sum() / weight.sum()),
                low,
                high,
                float(1000 * alarms / weight.sum()),
                float(hits / weight[truth].sum()),
                float(hits / alarms) if alarms else None,
            )
        )
    return found, per


# --- the head -------------------------------------------------------------------------------------


def _head(
    case: Case, none: Policy, best: Policy, saved: tuple[float, float, float], threshold: float
) -> list[Block]:
    tiles = (
        Tile(_money(none.cost), "cost per 1,000 transactions now", "nothing is stopped"),
        Tile(
            _money(best.cost), "with the model", f"alarm from a chance of {percent(threshold)} on"
        ),
        Tile(
            percent(best.caught),
            "of frauds caught",
            f"{number(best.alarms)} alarms per 1,000 transactions",
        ),
        Tile(
            percent(best.right),
            "of alarms are frauds",
            f"{count(round(best.alarms * case.assumed['volume'] / 1000))} "
            f"alarms a day of {count(round(case.assumed['volume']))} "
            "transactions",
        ),
    )
    blocks: list[Block] = [
        Callout(
            "good" if saved[1] > 0 else "note",
            _cost_words(none, best, saved),
            _alarm_words(case, best),
        ),
        Figures(tiles),
    ]
    warned = [few(case), _share_warning(case)]
    if any(warned):
        blocks.append(
            Callout("warning", "Before you rely on the figures", items=tuple(filter(None, warned)))
        )
    return blocks


def _cost_words(none: Policy, best: Policy, saved: tuple[float, float, float]) -> str:
    middle, low, high = saved
    return (
        f"Mistakes cost {_money(best.cost)} per 1,000 transactions with the model, "
        f"{_money(none.cost)} if nothing is "
        f"stopped: {_money(abs(middle))} {'less' if middle >= 0 else 'more'} (95 % interval of "
        "the saving "
        f"{_money(low)} to {_money(high)})."
    )


def _alarm_words(case: Case, best: Policy) -> str:
    daily = best.alarms * case.assumed["volume"] / 1000
    room = case.assumed["capacity"]
    fits = (
        "so there is room"
        if daily <= room
        else "so there is not room for all: see the table of alarms"
    )
    return (
        f"That takes {count(round(daily))} alarms a day, of which {percent(best.right)} are "
        f"frauds; {percent(best.caught)} of the frauds are caught. With "
        f"{count(round(case.assumed['volume']))} transactions a day, your people can look at "
        f"{count(round(room))}, {fits}."
    )


def _share_warning(case: Case) -> str:
    if "prior" in case.assumed:
        seen = float((case.problem.label == case.code).mean())
        return (
            f"In the table {percent(seen)} are frauds; all figures are reckoned for "
            f"{percent(case.share)}, as you said."
            if abs(seen / case.share - 1) > 0.05
            else ""
        )
    if case.share > USUAL_SHARE:
        return (
            f"{percent(case.share)} of the table's transactions are frauds. Tables like this are "
            "often made of all "
            "frauds and a part of the rest; if fewer are frauds in reality, false alarms are far "
            "more frequent than "
            "shown, and costs are wrong. Give the real share, as in --assume prior=0.0017."
        )
    return ""


# --- costs and alarms -----------------------------------------------------------------------------


def _costs(case: Case, policies: list[Policy], threshold: float, run: Run) -> list[Block]:
    rows = tuple(
        (p.name, _money(p.cost), _between(p), number(p.alarms), percent(p.caught), percent(p.right))
        for p in policies
    )
    points = sorted(
        {
            *(round(float(t), 4) for t in np.geomspace(max(threshold / 30, 1e-4), 0.9, 20)),
            round(threshold, 4),
        }
    )
    chance = case.chances[case.best]
    priced, _ = _priced(case, {str(t): chance >= t for t in points}, run)
    return [
        Paragraph(
            "The best threshold follows from the costs alone: an alarm pays where the chance of "
            "fraud is at "
            f"least {percent(threshold)} (a false alarm's cost divided by both costs together). It "
            "was not tuned "
            "on these rows."
        ),
        TableBlock(
            (
                "What is done",
                "Cost per 1,000 transactions",
                "95 % interval",
                "Alarms per 1,000",
                "Frauds caught",
                "Alarms that are frauds",
            ),
            rows,
            stacked=True,
        ),
        PictureBlock(
            "lines",
            "Cost by the threshold from which an alarm is raised",
            tuple(f"{100 * t:.2g}" for t in points),
            (
                Series("with the model", tuple(round(p.cost, 2) for p in priced)),
                Series("nothing is stopped", (round(policies[0].cost, 2),) * len(points)),
            ),
            "chance of fraud from which an alarm is raised, in %",
            "per 1,000 transactions, in your currency",
        ),
        Heading("What was assumed"),
        *assumptions(case, ASSUMPTIONS),
    ]


def _alarms(case: Case, chance: Floats, run: Run) -> list[Block]:
    volume, capacity = case.assumed["volume"], case.assumed["capacity"]
    budgets = [b * capacity for b in BUDGETS if b * capacity <= volume]
    if not budgets:
        return []
    lists = reach(case, chance, [longest(chance, case.weight, b / volume) for b in budgets], run)
    # a list shorter than one test row cannot be measured
    rows = tuple(
        (
            f"{number(b)} alarms a day{' (your capacity)' if b == capacity else ''}",
            percent(one.caught),
            f"{percent(one.low)} to {percent(one.high)}",
            percent(one.right),
            percent(one.threshold),
        )
        for b, one in zip(budgets, lists, strict=True)
        if b / volume * len(case.truth) >= 1
    )
    fine = np.unique(np.geomspace(max(1.0, volume / len(chance)), max(budgets), 30))
    curves = []
    for name, one in case.chances.items():
        reached = [longest(one, case.weight, float(b) / volume) for b in fine]
        curves.append(
            Series(
                curve_name(case, name),
                tuple(
                    round(
                        100
                        * float(case.weight[m & case.truth].sum() / case.weight[case.truth].sum()),
                        2,
                    )
                    for m in reached
                ),
            )
        )
    return [
        Paragraph(
            "Your people look at the transactions with the highest chances first; "
            f"{count(round(volume))} "
            f"transactions a day are assumed, of which {count(round(capacity))} can be looked at."
        ),
        TableBlock(
            (
                "What is looked at",
                "Frauds caught",
                "95 % interval",
                "Alarms that are frauds",
                "From a chance of",
            ),
            rows,
            stacked=True,
        ),
        *(
            [
                Paragraph(
                    "Smaller budgets are left out: the test rows are too few to measure them.",
                    "small",
                )
            ]
            if len(rows) < len(budgets)
            else []
        ),
        PictureBlock(
            "lines",
            "Frauds caught by the number of alarms",
            tuple(round(float(b), 1) for b in fine),
            tuple(curves),
            "alarms a day",
            "% of frauds caught",
        ),
    ]


# --- generated rows, and kinds of fraud -----------------------------------------------------------


def _pays(case: Case, threshold: float, run: Run) -> list[Block]:
    priced, _ = _priced(
        case, {name: chance >= threshold for name, chance in case.chances.items()}, run
    )
    rows = tuple(
        (
            f"{p.name[:1].upper()}{p.name[1:]}{' (recommended)' if p.name == case.best else ''}",
            _money(p.cost),
            _between(p),
            percent(p.caught),
        )
        for p in priced
    )
    table = TableBlock(
        ("The model learns from", "Cost per 1,000 transactions", "95 % interval", "Frauds caught"),
        rows,
        stacked=True,
    )
    return [
        *proof(case),
        Heading("In money, on the test rows"),
        table,
        Paragraph(
            f"Recommended: {case.best}. The two intervals overlap where the difference may be "
            "chance; the "
            "verdict above compares them pair by pair, which is sharper."
        ),
    ]


def _kinds(case: Case) -> list[Block]:
    """Segments of the frauds in the training rows, by how well a model that has not seen them finds
    them."""
    train = case.looped.train
    studied = case.workshop.studied(())
    frauds = case.problem.label == case.code
    seen = frauds.mean()
    prior = case.assumed.get("prior", float(seen))
    chance = shifted(np.asarray(studied.predicted[:, case.code]), float(seen), prior)
    assert case.cost is not None
    caught = chance >= case.cost["fp"] / sum(case.cost.values())
    only = train.rows(frauds)
    hit = caught[frauds]
    if len(only) < 4 * FEWEST:
        return [
            Paragraph(
                f"The training rows hold {plural(len(only), 'fraud')} only: too few to tell kinds."
            )
        ]
    candidates = candidate_tests(only, case.problem.columns, parts=4)
    worth = (~hit).astype(float) - (~hit).mean()
    rows = []
    for _ in range(KINDS):
        found = describe(candidates, worth, _missed, depth=2)
        if found is None:
            break
        condition, inside = found
        rows.append(
            (
                test_words(condition.tests),
                int(inside.sum()),
                percent(float(hit[inside].mean())),
                "few" if inside.sum() < THIN else "",
            )
        )
        worth = np.where(inside, 0.0, worth)
    aims = case.looped.turns[1].aims if len(case.looped.turns) > 1 else ()
    wanted: list[Block] = (
        [
            Paragraph(
                "Examples of these kinds are what a model needs most: keep every fraud that your "
                "people confirm."
            ),
            Details("Where the loop generated rows", (Listing(aims[:8]),)),
        ]
        if aims
        else []
    )
    return [
        Paragraph(
            f"Of {plural(len(only), 'fraud')} in the training rows, {percent(float(hit.mean()))} "
            "are caught at the "
            "best threshold by a model that has not learned them. These kinds are caught least "
            "often:"
        ),
        TableBlock(
            ("Kind of fraud", "Frauds in the training rows", "Caught", f"Fewer than {THIN}"),
            tuple(rows),
            stacked=True,
        )
        if rows
        else Paragraph("No kind stands out."),
        *wanted,
    ]


def _missed(size: Floats, total: Floats) -> Floats:
    return np.where(size >= FEWEST, total / np.sqrt(np.maximum(size, 1)), -np.inf)


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
        "date, give it with "
        "--time: the latest rows are then tested on, which is nearer to use.",
        f"{plural(int(case.truth.sum()), 'fraud')} among {plural(len(case.truth), 'test row')} "
        "stand behind the "
        "figures of cost.",
    )


def _scored(case: Case, chance: Floats, threshold: float) -> pl.DataFrame:
    ranking = ranked(chance)
    frame = case.test.frame[ranking]
    taken = {*frame.columns}
    names = [
        name if name not in taken else f"{name} (Tidemill)" for name in ("rank", "chance", "alarm")
    ]
    return frame.select(
        pl.Series(names[0], np.arange(1, len(ranking) + 1)),
        pl.Series(names[1], chance[ranking].round(6)),
        pl.Series(names[2], chance[ranking] >= threshold),
        pl.all(),
    )


def _money(amount: float) -> str:
    return (
        f"{amount + 0.0:,.0f}" if abs(amount) >= 10 or amount == round(amount) else f"{amount:,.2f}"
    )


def _between(policy: Policy) -> str:
    """The interval; where it follows from the share of frauds alone there is none."""
    return (
        f"{_money(policy.low)} to {_money(policy.high)}"
        if policy.high > policy.low * (1 + 1e-9)
        else "–"
    )
