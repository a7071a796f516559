"""Who leaves, whom to call first, and what a campaign to keep them would pay."""

from __future__ import annotations

import numpy as np
import polars as pl

from tidemill import verbs
from tidemill.core.errors import TidemillError
from tidemill.core.run import Run
from tidemill.core.sensitive import may_be_sensitive
from tidemill.core.words import count, percent, plural
from tidemill.recipes.base import Assumption, Case, Recipe, RecipePage
from tidemill.recipes.lists import Reach, interval, longest, reach, totals
from tidemill.recipes.parts import (
    assumptions,
    auc_of_cases,
    curve_name,
    drivers,
    few,
    proof,
    ranked,
    segment_table,
    segments,
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
from tidemill.synthesis.whatif import WhatIf

SIZES = (0.05, 0.1, 0.2, 0.3, 0.5)
FINE = tuple(k / 20 for k in range(21))
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
        "prior",
        None,
        "the share of customers who really leave, where the table's is another",
        1e-6,
        1 - 1e-6,
    ),
)


def churn(case: Case, run: Run) -> RecipePage:
    """The page for a manager of customers."""
    chance = case.chances[case.best]
    lists = reach(case, chance, [longest(chance, case.weight, size) for size in SIZES], run)
    own = reach(case, chance, [longest(chance, case.weight, case.assumed["list"])], run)[0]
    paid = _campaign(case, chance, run)
    where = segments(case)
    asked = _what_if(case, run)
    blocks: list[Block] = [*_head(case, own, paid, chance)]
    chapters: tuple[tuple[str, str, list[Block]], ...] = (
        (
            "who",
            "Who leaves?",
            [
                Paragraph(
                    "Segments in which more customers leave than elsewhere. They were found in "
                    f"{count(len(case.looped.train))} rows and measured again on "
                    f"{plural(len(case.test), 'other row')}; "
                    "no customer is in two of them."
                ),
                segment_table(case, where, "Customers", "left"),
                Heading("What goes together with leaving"),
                Paragraph("What goes together need not be the cause."),
                *drivers(case),
            ],
        ),
        ("how", "How well can it be predicted?", _quality(case, chance)),
        ("list", "Whom to call first?", _lists(case, lists)),
        ("pay", "Would a campaign pay?", paid.blocks),
        ("proof", "Do generated rows help?", proof(case)),
        ("what-if", "What if?", asked),
        ("limits", "What this page cannot say", [Listing(_limits(case))]),
    )
    for anchor, title, inside in chapters:
        if inside:
            blocks += [Heading(title, 2, anchor), *inside]
    verdict = case.looped.verdict
    text = (
        f"Churn: {_share_words(case)}",
        f"Call: {_call_words(case, own)}",
        f"Campaign: {paid.sentence}",
        f"Generated: {verdict.reason}",
    )
    figures = {
        "share": case.share,
        "auc": auc_of_cases(case, chance),
        "list": own.size,
        "reached": own.caught,
        "reached_low": own.low,
        "reached_high": own.high,
        **paid.figures,
    }
    return RecipePage(
        "Who leaves, and whom to call first", tuple(blocks), text, figures, _scored(case, chance)
    )


CHURN = Recipe(ASSUMPTIONS, churn, lever=True)


# --- the head -------------------------------------------------------------------------------------


def _head(case: Case, own: Reach, paid: _Paid, chance: Floats) -> list[Block]:
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
            _money(paid.best),
            "gained per 1,000 customers",
            "by the best list, if the assumptions hold",
        ),
    )
    warned = few(case)
    return [
        Callout("note", f"{_share_words(case)} {_call_words(case, own)}", paid.sentence),
        Figures(tiles),
        *([Callout("warning", "Few cases", warned)] if warned else []),
    ]


def _share_words(case: Case) -> str:
    known = len(case.looped.train) + len(case.test)
    return (
        f"{percent(case.share)} of {count(known)} customers leave."
        if "prior" not in case.assumed
        else (
            f"{percent(case.share)} of your customers leave (as you said; in the table "
            f"{percent(_seen(case))})."
        )
    )


def _seen(case: Case) -> float:
    return float((case.problem.label == case.code).mean())


def _call_words(case: Case, own: Reach) -> str:
    return (
        f"Calling the {percent(own.size)} with the highest chances first reaches "
        f"{percent(own.caught)} of those who leave "
        f"(95 % interval {percent(own.low)} to {percent(own.high)})."
    )


# --- how well -------------------------------------------------------------------------------------


def _quality(case: Case, chance: Floats) -> list[Block]:
    ranking = ranked(chance)
    groups = np.array_split(ranking[::-1], 10)
    weight, truth = case.weight, case.truth
    said = tuple(
        round(100 * float(np.average(chance[g], weights=weight[g])), 1) for g in groups if len(g)
    )
    came = tuple(
        round(100 * float(np.average(truth[g], weights=weight[g])), 1) for g in groups if len(g)
    )
    return [
        Paragraph(
            "Of two customers, one of whom leaves, the model ranks the one who leaves higher in "
            f"{percent(auc_of_cases(case, chance))} of all pairs; 50 % is guessing, 100 % is "
            "perfect. Measured on "
            f"{plural(len(truth), 'customer')} that it has not learned from.",
            "lead",
        ),
        PictureBlock(
            "lines",
            "Can the chances be believed? Ten groups of customers, from the lowest chances to the "
            "highest",
            tuple(range(1, len(said) + 1)),
            (Series("said by the model", said), Series("really left", came)),
            "group, a tenth of the customers each",
            "% who leave",
        ),
    ]


# --- whom to call ---------------------------------------------------------------------------------


def _lists(case: Case, lists: list[Reach]) -> list[Block]:
    rows = tuple(
        (
            f"{100 * one.size:.0f} % of customers",
            percent(one.caught),
            f"{percent(one.low)} to {percent(one.high)}",
            percent(one.right),
            percent(one.threshold),
        )
        for one in lists
    )
    weight = case.weight
    curves = [
        Series(
            curve_name(case, name),
            tuple(
                round(100 * float(weight[mask & case.truth].sum() / weight[case.truth].sum()), 2)
                if size
                else 0.0
                for size in FINE
                for mask in [longest(chance, case.weight, size)]
            ),
        )
        for name, chance in case.chances.items()
    ]
    curves.append(Series("calling at random", tuple(100 * size for size in FINE)))
    return [
        Paragraph(
            "The longer the list, the more of those who leave are on it, and the more who would "
            "have stayed "
            "anyway."
        ),
        TableBlock(
            (
                "Called",
                "Of those who leave, reached",
                "95 % interval",
                "Of those called, leave",
                "Called from a chance of",
            ),
            rows,
            stacked=True,
        ),
        PictureBlock(
            "lines",
            "How many of those who leave a list reaches",
            tuple(round(100 * size) for size in FINE),
            tuple(curves),
            "% of customers called",
            "% of those who leave",
        ),
        *(
            [
                Paragraph(
                    "Customers that no model has learned from are in scored.csv, the highest "
                    "chance first.",
                    "small",
                )
            ]
            if case.folder
            else []
        ),
    ]


def _scored(case: Case, chance: Floats) -> pl.DataFrame:
    ranking = ranked(chance)
    frame = case.test.frame[ranking]
    taken = {*frame.columns}
    names = [name if name not in taken else f"{name} (Tidemill)" for name in ("rank", "chance")]
    return frame.select(
        pl.Series(names[0], np.arange(1, len(ranking) + 1)),
        pl.Series(names[1], chance[ranking].round(4)),
        pl.all(),
    )


# --- the campaign ---------------------------------------------------------------------------------


class _Paid:
    """What a campaign pays."""

    def __init__(
        self, best: float, sentence: str, blocks: list[Block], figures: dict[str, float]
    ) -> None:
        self.best, self.sentence, self.blocks, self.figures = best, sentence, blocks, figures


def _campaign(case: Case, chance: Floats, run: Run) -> _Paid:
    call, value, success = (case.assumed[name] for name in ("call", "value", "success"))
    least = call / (success * value) if success * value else float("inf")
    gains = np.where(case.truth, success * value, 0.0) - call
    own = case.assumed["list"]
    called = {
        "nobody": np.zeros(len(chance), bool),
        "everybody": np.ones(len(chance), bool),
        f"the {percent(own)} with the highest chances": longest(chance, case.weight, own),
        f"all with a chance of at least {percent(min(least, 1.0))}": chance >= least,
    }
    masks = np.array([*called.values()], float).T
    drawn = totals(
        case, np.column_stack([case.weight, masks * (case.weight * gains)[:, None]]), run
    )
    per = 1000 * drawn[:, 1:] / drawn[:, :1]
    means = 1000 * (masks * (case.weight * gains)[:, None]).sum(axis=0) / case.weight.sum()
    ends = [interval(per[:, k]) for k in range(len(called))]
    rows = tuple(
        (
            name[:1].upper() + name[1:],
            f"{1000 * case.weight[mask].sum() / case.weight.sum():,.0f}",
            _money(mean),
            f"{_money(low)} to {_money(high)}" if high > low else "–",
        )
        for (name, mask), mean, (low, high) in zip(called.items(), means, ends, strict=True)
    )
    best, (low, high) = float(means[-1]), ends[-1]
    if least > 1:
        sentence = "Under your assumptions no call pays: it costs more than it can bring."
    else:
        verb = "would gain" if best >= 0 else "would lose"
        sentence = (
            f"Calling everyone with a chance of at least {percent(least)} {verb} "
            f"{_money(abs(best))} per 1,000 "
            f"customers (95 % interval {_money(low)} to {_money(high)}), under the assumptions "
            "below."
        )
    each = 1000 * case.weight * gains / case.weight.sum()
    profit = tuple(
        round(float(each[longest(chance, case.weight, size)].sum()), 2) if size else 0.0
        for size in FINE
    )
    random = tuple(round(1000 * size * (case.share * success * value - call), 2) for size in FINE)
    blocks = [
        Paragraph(sentence, "lead"),
        TableBlock(
            (
                "Who is called",
                "Calls per 1,000 customers",
                "Gain per 1,000 customers",
                "95 % interval",
            ),
            rows,
            stacked=True,
        ),
        PictureBlock(
            "lines",
            "Gain by the length of the list",
            tuple(round(100 * size) for size in FINE),
            (Series("by the model's list", profit), Series("calling at random", random)),
            "% of customers called",
            "per 1,000 customers, in your currency",
        ),
        Heading("What was assumed"),
        *assumptions(case, ASSUMPTIONS),
    ]
    return _Paid(
        best,
        sentence,
        blocks,
        {"gain_per_1000": best, "gain_low": low, "gain_high": high, "least_chance": least},
    )


def _money(amount: float) -> str:
    return (
        f"{amount + 0.0:,.0f}" if abs(amount) >= 10 or amount == round(amount) else f"{amount:,.2f}"
    )


# --- what if --------------------------------------------------------------------------------------


def _what_if(case: Case, run: Run) -> list[Block]:
    lever = _lever(case)
    if lever is None:
        return []
    column, value, asked, why = lever
    rows = case.test.rows(asked)
    if len(rows) > MOST_ASKED:
        rows = rows.rows(np.sort(run.rng("recipes", "what-if").permutation(len(rows))[:MOST_ASKED]))
    model = verbs.fit(case.looped.train, options={"effort": "plain"}, run=run)
    try:
        found = verbs.what_if(
            model, rows, {column: value}, f"{case.target}={case.positive}", run=run
        )
    except TidemillError as error:
        return [Paragraph(f"The question could not be answered: {error}")]
    return _answered(found, column, value, why)


def _answered(found: WhatIf, column: str, value: str, why: str) -> list[Block]:
    shift = found.shifts[0]
    few_like = (
        f" For {percent(found.unlikely)} of them the model has hardly seen the like, so it guesses."
        if found.unlikely > 0
        else ""
    )
    return [
        Paragraph(why),
        Callout(
            "note",
            f"If {column} were {value}, {percent(shift.after)} instead of "
            f"{percent(shift.before)} of these {plural(found.rows, 'customer')} would be "
            "expected to leave.",
            f"A change of {100 * shift.shift:+.1f} points (95 % interval {100 * shift.low:+.1f} to "
            f"{100 * shift.high:+.1f}), all else as it is.{few_like}",
            note="This is what goes together in the data, not what would cause it: customers who "
            f"chose {value} by themselves differ in ways that the table may not show. Try it "
            "with some customers, drawn at random, before you rely on it.",
        ),
    ]


def _lever(case: Case) -> tuple[str, str, np.ndarray, str] | None:
    """(column, value, which test rows to ask of, why) of the question."""
    if case.lever:
        column, _, value = (part.strip() for part in case.lever.partition("="))
        others = case.test[column].cast(pl.String).ne_missing(value).to_numpy()
        return (
            (
                column,
                value,
                others,
                f"You asked about {column} = {value}, for customers who have another one.",
            )
            if others.any()
            else None
        )
    private = {
        *may_be_sensitive(case.looped.train.schema),
        *(c.name for c in case.looped.train.schema.of_role("sensitive")),
    }
    truth = pl.Series("case", case.problem.label == case.code)
    best: tuple[float, str, str, str] | None = None
    for each in case.problem.columns:
        if each.kind not in ("category", "boolean") or each.name in private:
            continue
        rates = (
            pl.DataFrame({"level": case.looped.train[each.name].cast(pl.String), "case": truth})
            .drop_nulls("level")
            .group_by("level")
            .agg(pl.col("case").mean().alias("rate"), pl.len().alias("rows"))
            .filter(pl.col("rows") >= FREQUENT * len(truth))
            .sort("rate", "level")
        )
        if rates.height < 2:
            continue
        low, high = rates.row(0), rates.row(-1)
        if best is None or high[1] - low[1] > best[0]:
            best = (high[1] - low[1], each.name, low[0], high[0])
    if best is None:
        return None
    _, name, low_level, high_level = best
    asked = (case.test[name].cast(pl.String) == high_level).fill_null(value=False).to_numpy()
    why = (
        f"The column whose values differ most in who leaves is {name}. The question is asked of "
        f"customers with {name} = "
        f'{high_level}; ask your own with --assume lever="COL=VALUE".'
    )
    return (name, low_level, asked, why) if asked.any() else None


def _limits(case: Case) -> tuple[str, ...]:
    table = (
        "The table is a snapshot: it says who had left when it was made, not when, and customers "
        "change.",
        "Success rates, costs and values are assumptions. The surest way to know them is to call "
        "a part of the list "
        "and leave another part, drawn at random, alone.",
        "Some who are about to leave cannot be kept, and some are reminded of leaving by the "
        "call: the model ranks "
        "by the chance to leave, not by what a call changes.",
        "Intervals say how figures would differ on other customers of the same kind; "
        f"{plural(int(case.truth.sum()), 'test row')} with {case.target} = {case.positive} stand "
        "behind them.",
    )
    if "prior" not in case.assumed:
        return table
    return (*table, "The share of those who leave was set by hand; the table's share is another.")
