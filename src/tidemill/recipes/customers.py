"""Which customers will be worth most, which have gone quiet, and whether that can be said."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TypedDict, Unpack

import numpy as np
import polars as pl

from tidemill.core import options as stated
from tidemill.core.dataset import Dataset
from tidemill.core.run import Run
from tidemill.core.words import count, number, percent, plural, points, share_interval
from tidemill.customers import AS_BEFORE, VALUE_MODELS
from tidemill.customers.base import (
    WEEK,
    ExpectedBuying,
    KnownCustomers,
    Purchases,
    ValueModel,
)
from tidemill.customers.bgnbd import FittedValue
from tidemill.customers.judging import (
    BAND,
    FEWEST,
    FEWEST_AGAIN,
    CustomerBacktest,
    OverCustomers,
    ValueBands,
    backtested_value,
    best_tenth,
)
from tidemill.customers.purchases import purchases_of
from tidemill.customers.rehearsing import CustomerRehearsal, rehearsed_customers
from tidemill.customers.segments import SEGMENTS, rfm_scores, segment_of
from tidemill.recipes.base import (
    Assumption,
    Recipe,
    RecipeColumn,
    RecipeOption,
    RecipeOutput,
    RecipePage,
    Refused,
)
from tidemill.recipes.line_columns import line_numbers, money_of_a_line, repeated_lines
from tidemill.recipes.parts import PageChapter, chapter_blocks, in_currency
from tidemill.reporting.blocks import (
    Block,
    Callout,
    Figures,
    Listing,
    Paragraph,
    PictureBlock,
    Series,
    TableBlock,
    Tile,
)
from tidemill.supervised.arrays import Bools, Floats

HELD = 0.25
"""The share of the table's time that is the last span, where nothing else is said."""
APART = 0.1
"""How far what was expected of all may be from what came before the page warns of the sum."""
DEPENDENT = 0.2
"""A rank correlation from which on how much is spent depends on how often."""
TIMES = 3.0
"""From how many times on a part of a whole is told as so many times it."""
FEWEST_DAYS = 28
LARGE = 0.2
"""The share of all money in a single purchase from which on the page asks whether it is right."""

ASSUMPTIONS = (
    Assumption(
        "weeks",
        None,
        "coming weeks, and last ones on which it is judged; a quarter of the table's by default",
        2,
        260,
    ),
    Assumption(
        "rehearsals", 10.0, "how many times customers are made, to see what is found", 0, 100
    ),
)


class CustomersOptions(TypedDict):
    """What the recipe is told."""

    columns: Mapping[str, tuple[str, ...]]
    assumed: Mapping[str, float | str]
    output: RecipeOutput
    currency: str


@dataclass(frozen=True)
class CustomerOutlook:
    """What is known of customers, and what they may buy.

    Attributes:
        purchases: Of all.
        seen: How expectations did on the last span.
        then: BG/NBD as fitted before the last span, and its bands for it.
        now: The same at the table's end, for the coming weeks.
        expected: By the chosen model, of the coming weeks.
        rehearsal: Made customers; None where none were asked for.
        span: Days.
        currency: What amounts are in.
    """

    purchases: Purchases
    seen: CustomerBacktest
    then: tuple[FittedValue, ValueBands]
    now: tuple[FittedValue, ValueBands]
    expected: ExpectedBuying
    rehearsal: CustomerRehearsal | None
    span: int
    currency: str

    @property
    def money(self) -> bool:
        """Whether anything is known of money."""
        return self.purchases.money is not None

    @property
    def known(self) -> KnownCustomers:
        """All customers at the table's end."""
        return self.now[0].known

    @property
    def weeks(self) -> str:
        """The span in words."""
        return plural(round(self.span / WEEK), "week")

    @property
    def what(self) -> str:
        """What counts."""
        return "money" if self.money else "purchases"

    def worth(self, value: float) -> str:
        """An amount of what counts."""
        return in_currency(value, self.currency) if self.money else number(value)


def customers(data: Dataset, run: Run, **options: Unpack[CustomersOptions]) -> RecipePage:
    """The page for a head of e-commerce."""
    columns, assumed = options["columns"], options["assumed"]
    purchases = purchases_of(_lines(data, columns), data.name)
    purchases = replace(purchases, notes=(*purchases.notes, *repeated_lines(data)))
    reach = purchases.end - purchases.begin
    weeks = assumed.get("weeks")
    span = round(HELD * reach) if weeks is None else round(WEEK * float(weeks))
    seen = backtested_value(purchases, span, run) if reach >= FEWEST_DAYS else None
    if seen is None:
        return _refused(purchases, span)
    outlook = _outlook(purchases, seen, span, round(float(assumed["rehearsals"])), options, run)
    chapters = (
        PageChapter("worth", "Who will be worth most?", _which(outlook, run)),
        PageChapter("believed", "Are the amounts to be believed?", _believed(outlook, run)),
        PageChapter("segments", "Who are they?", _segments(outlook)),
        PageChapter("rehearsal", "Would the model find what it should?", _rehearsal(outlook)),
        PageChapter("limits", "What this page cannot say", [Listing(_limits(outlook))]),
    )
    answer = _answer(outlook, run)
    blocks: list[Block] = [Callout("note", *answer), Figures(_tiles(outlook))]
    first, last = (_day(one) for one in (purchases.begin, purchases.end - 1))
    return RecipePage(
        "What are customers worth?",
        (*blocks, *chapter_blocks(chapters)),
        (f"Customers: {answer[0]}", f"Trust: {answer[1]}"),
        figures=_figures(outlook, run),
        tables={"customers": _table(outlook)},
        made=(
            ("Customers", count(len(purchases.names))),
            ("Purchases", f"{count(len(purchases.who))}, {first} to {last}"),
            ("Expected by", seen.chosen),
        ),
    )


CUSTOMERS = Recipe(
    customers,
    columns=(
        RecipeColumn("entity", "which customer a line is of"),
        RecipeColumn("time", "the day"),
        RecipeColumn("money", "what a line cost: less than 0 is given back", required=False),
        RecipeColumn("price", "what a piece cost, in place of money", required=False),
        RecipeColumn("quantity", "how many pieces, with a price", required=False),
    ),
    options=(RecipeOption("currency", "", stated.CURRENCY),),
    assumptions=ASSUMPTIONS,
    tables=("customers",),
)


def _lines(data: Dataset, columns: Mapping[str, tuple[str, ...]]) -> pl.DataFrame:
    [customer], [time] = columns["entity"], columns["time"]
    named = {"customer": data[customer].cast(pl.String), "time": data[time]}
    money = money_of_a_line(data, columns)
    if money is not None:
        named["money"] = pl.Series(money)
    frame = pl.DataFrame(named)
    if money is None and columns["quantity"]:
        return frame.filter(pl.Series(line_numbers(data, columns["quantity"][0]) > 0))
    return frame


def _outlook(
    purchases: Purchases,
    seen: CustomerBacktest,
    span: int,
    rehearsals: int,
    options: CustomersOptions,
    run: Run,
) -> CustomerOutlook:
    weeks = span / WEEK
    then = FittedValue.of(purchases, purchases.end - span, span)
    now = FittedValue.of(purchases, purchases.end, span)
    model: ValueModel = VALUE_MODELS.load(seen.chosen)
    rehearsal = None
    if rehearsals:
        rehearsal = rehearsed_customers(now.buying, now.known.age, weeks, rehearsals, run)
    return CustomerOutlook(
        purchases,
        seen,
        (then, ValueBands.of(then, weeks, run.rng("customers", "bands then"))),
        (now, ValueBands.of(now, weeks, run.rng("customers", "bands now"))),
        model.expect(purchases, purchases.end, span, run),
        rehearsal,
        span,
        options["currency"],
    )


def _refused(purchases: Purchases, span: int) -> RecipePage:
    known = KnownCustomers.of(purchases, max(purchases.end - span, purchases.begin + 1), span)
    refusal = Refused(
        "What customers will be worth cannot be said.",
        f"Before the last {plural(round(span / WEEK), 'week')}, "
        f"{plural(len(known.place), 'customer')} had bought, and "
        f"{count(int(known.bought_again.sum()))} of them more than once: too few to "
        "learn from and to be judged by.",
        f"{count(FEWEST)} customers or more, {count(FEWEST_AGAIN)} of them with more than one "
        "purchase, over at least twice as long as the weeks that are to be said.",
    )
    reach = purchases.end - purchases.begin
    if reach < FEWEST_DAYS:
        few = f"The table tells of {plural(reach, 'day')}: too few to see who comes back."
        refusal = replace(refusal, why=few)
    return RecipePage(
        "What are customers worth?",
        (refusal,),
        (f"Customers: {refusal.why}",),
        figures={"customers": float(len(purchases.names))},
        made=(("Purchases", count(len(purchases.who))),),
    )


# --- the page -------------------------------------------------------------------------------------


def _day(day: int) -> str:
    return str(np.datetime64(day, "D"))


def _answer(outlook: CustomerOutlook, run: Run) -> tuple[str, str]:
    """Who counts, how much better that is known than before, and whether sums can be believed."""
    seen, judged = outlook.seen, outlook.seen.judged
    share = judged.share(seen.chosen, run.rng("customers", "drawn again"))
    lead = (
        f"The tenth of customers of whom most was expected brought {percent(share.value)} of the "
        f"{outlook.what} of the last {outlook.weeks} ({share_interval(share.low, share.high)})"
    )
    if seen.chosen == AS_BEFORE:
        return f"{lead}: those who brought most before.", _sum_told(outlook)
    gain = judged.gain(seen.chosen, AS_BEFORE, run.rng("customers", "drawn again"))
    if gain.low > 0:
        lead += (
            f"; {points(gain.value)} more than the tenth that brought most before (95 % interval "
            f"{number(100 * gain.low, 2)} to {number(100 * gain.high, 2)})."
        )
    else:
        lead += (
            ". That is no better, for sure, than to take those who brought most before "
            f"({percent(judged.plain_share(AS_BEFORE))})."
        )
    return lead, _sum_told(outlook)


def _in_parts(ratio: float) -> str:
    """A ratio as a percentage, or as so many times where it is large."""
    return percent(ratio) if ratio < TIMES else f"{number(ratio)} times"


def _part(ratio: float, name: str) -> str:
    between = "of the" if ratio < TIMES else "the"
    return f"{_in_parts(ratio)} {between} {name}"


def _sum_told(outlook: CustomerOutlook) -> str:
    judged, chosen = outlook.seen.judged, outlook.seen.chosen
    said, came = judged.expected[chosen], judged.came
    pairs = [("purchases", said.purchases.sum(), came.purchases.sum())]
    if outlook.money:
        pairs.append(("money", said.money.sum(), came.money.sum()))
    told = " and ".join(_part(a / max(b, 1e-9), name) for name, a, b in pairs)
    worst = max(abs(a / max(b, 1e-9) - 1) for _, a, b in pairs)
    if worst > APART:
        return (
            f"Do not rely on the sums: {told} that came were expected. A season, or customers who "
            "change, would explain it."
        )
    return f"The sums were right within {percent(APART)}: {told} that came were expected."


def _tiles(outlook: CustomerOutlook) -> tuple[Tile, ...]:
    judged, chosen = outlook.seen.judged, outlook.seen.chosen
    worth = judged.worth(outlook.expected)
    best = best_tenth(worth)
    buys = outlook.now[1].buys
    return (
        Tile(
            outlook.worth(float(worth.sum())),
            f"{outlook.what} expected in {outlook.weeks}",
            f"of {plural(len(worth), 'customer')} known today; by {chosen}",
        ),
        Tile(
            percent(float(worth[best].sum() / max(worth.sum(), 1e-9))),
            "of it from a tenth of them",
            "listed first in customers.csv",
        ),
        Tile(
            f"{count(round(float(buys.sum())))} of {count(len(worth))}",
            "will buy again",
            f"in {outlook.weeks}, by BG/NBD; the chance of each is in customers.csv",
        ),
        Tile(
            _in_parts(_expected_share(outlook)),
            f"of the {outlook.what} that came",
            f"was expected of the last {outlook.weeks}",
        ),
    )


def _expected_share(outlook: CustomerOutlook) -> float:
    """What was expected of the last span in parts of what came."""
    judged = outlook.seen.judged
    said, came = judged.worth(judged.expected[outlook.seen.chosen]), judged.worth(judged.came)
    return float(said.sum() / max(came.sum(), 1e-9))


def _measured(one: OverCustomers) -> str:
    return f"{percent(one.value)} ({percent(one.low).removesuffix(' %')} to {percent(one.high)})"


def _which(outlook: CustomerOutlook, run: Run) -> list[Block]:
    seen, judged = outlook.seen, outlook.seen.judged
    rows = []
    for name, entry in VALUE_MODELS.items():
        row = [name, entry.line, _measured(judged.share(name, run.rng("customers", "drawn again")))]
        for money in (False, True) if outlook.money else (False,):
            row.append(
                _measured(judged.total(name, money=money, rng=run.rng("customers", "drawn")))
            )
        row.append(percent(judged.error(name, run.rng("customers", "drawn")).value))
        rows.append(tuple(row))
    heads = ["Expected by", "How", f"{outlook.what.capitalize()} from its best tenth"]
    heads += ["Purchases expected of those that came"]
    if outlook.money:
        heads.append("Money expected of that which came")
    heads.append("Mean error of a customer")
    at = judged.known.at
    lead = (
        f"{plural(len(judged.known.place), 'customer')} who had bought before {_day(at)} were "
        f"judged on the {outlook.weeks} from then on, by what was known then alone; nobody could "
        f"have found a tenth that brought more than {percent(judged.possible)}. Errors are in "
        "parts of what a customer brought in the mean."
    )
    if seen.earlier:
        how = (
            f"{seen.chosen} is used: on the {outlook.weeks} before those, what it expected was "
            "nearest to what came (by the deviance of Poisson, which the mean makes least)."
        )
    else:
        how = (
            "'As before' is used: the table is too short to choose among the others on other weeks "
            "than those on which they are judged."
        )
    table = TableBlock(tuple(heads), tuple(rows), stacked=True)
    return [Paragraph(lead), table, Paragraph(how, "small")]


def _believed(outlook: CustomerOutlook, run: Run) -> list[Block | Refused]:
    judged, chosen = outlook.seen.judged, outlook.seen.chosen
    tenths = judged.tenths(chosen)
    picture = PictureBlock(
        "lines",
        f"{outlook.what.capitalize()} of a customer in {outlook.weeks}, by tenths of what was "
        "expected",
        tuple(range(1, 11)),
        (
            Series("came, with 95 % interval", tuple(round(one[1], 2) for one in tenths)),
            Series("expected", tuple(round(one[0], 2) for one in tenths)),
        ),
        "tenth of customers",
        outlook.currency or outlook.what,
        band=(
            Series("low", tuple(round(max(one[2], 0.0), 2) for one in tenths)),
            Series("high", tuple(round(one[3], 2) for one in tenths)),
        ),
    )
    fitted, bands = outlook.then
    low, high = np.quantile(bands.total_times, BAND)
    came = float(judged.came.purchases.sum())
    inside = "held" if low <= came <= high else "did not hold"
    likely = bands.buys >= 0.5
    bought = judged.came.purchases > 0
    told = [
        f"Of {count(int(likely.sum()))} customers with a chance of a half or more to buy, by "
        f"BG/NBD, {percent(_mean(bought[likely]))} did; of the other "
        f"{count(int((~likely).sum()))}, {percent(_mean(bought[~likely]))}.",
        f"Bands of 90 % by BG/NBD held the purchases of {percent(bands.held(judged.came))} of "
        f"customers; that of all together, {number(float(low))} to {number(float(high))}, {inside} "
        f"the {number(came)} that came.",
    ]
    if outlook.money:
        told.append(_dependence(fitted.known))
        if fitted.known.refunded:
            told.append(
                f"{percent(fitted.known.refunded)} of the money was given back later than with the "
                "line that it belonged to; as much is taken off."
            )
    blocks: list[Block | Refused] = [picture, Listing(tuple(told))]
    if not outlook.money:
        blocks.append(
            Refused(
                "What customers will spend cannot be said.",
                "The table says when they bought, and not what it cost.",
                "a column of money, or of prices and quantities.",
            )
        )
    return blocks


def _mean(flags: Bools) -> float | None:
    """The share of them that are true; None of none."""
    return float(flags.mean()) if len(flags) else None


def _dependence(known: KnownCustomers) -> str:
    """Whether how much is spent depends on how often, which gamma-gamma takes not to be so."""
    from scipy.stats import spearmanr

    again = known.bought_again
    found = float(spearmanr(known.repeats[again], known.spent[again]).statistic)
    if np.isnan(found):
        return "All spend the same, or buy equally often, so nothing is known of what they share."
    told = (
        "Gamma-gamma takes what is spent each time to have nothing to do with how often somebody "
        f"buys. Their rank correlation is {number(found, 2)}"
    )
    if abs(found) > DEPENDENT:
        more = "more" if found > 0 else "less"
        return (
            f"{told}: who buys often spends {more} each time, so the money of customers who are "
            "new or have bought rarely is off."
        )
    return f"{told}: it hardly does."


def _segments(outlook: CustomerOutlook) -> list[Block]:
    judged = outlook.seen.judged
    now, then = np.array(segment_of(outlook.known)), np.array(segment_of(judged.known))
    came = judged.came
    worth = judged.worth(came)
    expected = judged.worth(outlook.expected)
    rows = []
    for name, words in SEGMENTS.items():
        own, before = now == name, then == name
        if not own.any():
            continue
        later = "–", "–"
        if before.any():
            again = float((came.purchases[before] > 0).mean())
            later = (
                f"{percent(again)} of {count(int(before.sum()))}",
                percent(float(worth[before].sum() / max(worth.sum(), 1e-9))),
            )
        rows.append(
            (
                name,
                words,
                count(int(own.sum())),
                percent(float(expected[own].sum() / max(expected.sum(), 1e-9))),
                *later,
            )
        )
    heads = (
        "Segment",
        "They",
        "Customers",
        f"Of the {outlook.what} expected",
        "Those who were so then: bought afterwards",
        f"brought of the {outlook.what}",
    )
    lead = (
        "By fifths of how lately and how often customers bought (RFM). The last two columns are "
        f"measured: customers who were in the segment at {_day(judged.known.at)}, and what they "
        f"did in the {outlook.weeks} from then on."
    )
    return [Paragraph(lead), TableBlock(heads, tuple(rows), stacked=True)]


def _rehearsal(outlook: CustomerOutlook) -> list[Block]:
    found = outlook.rehearsal
    if found is None:
        return []
    off = 100 * (found.off - 1)
    return [
        Paragraph(
            f"In {plural(found.times, 'rehearsal')}, customers were made who behave just as BG/NBD "
            "says, with these parameters, and it was fitted to what was seen of them. What it "
            f"expected of all together was {number(float(off.mean()), 2)} % off in the mean "
            f"({number(float(off.min()), 2)} to {number(float(off.max()), 2)} %); bands of 90 % "
            f"held the purchases of {percent(found.held)} of customers, and in "
            f"{count(found.totals_held)} of {count(found.times)} those of all. What is worse than "
            "that above is not bad luck: customers do not behave as the model says."
        )
    ]


def _largest(purchases: Purchases) -> tuple[str, ...]:
    """A sentence where one purchase makes up much of all money."""
    if purchases.money is None:
        return ()
    share = float(purchases.money.max() / purchases.money.sum())
    if share < LARGE:
        return ()
    return (f"One purchase makes up {percent(share)} of all the money: see whether it is right.",)


def _limits(outlook: CustomerOutlook) -> tuple[str, ...]:
    return (
        *_largest(outlook.purchases),
        *outlook.purchases.notes,
        "All that a customer buys on a day is one purchase.",
        "BG/NBD takes everybody who bought once to be a customer still: one can leave after "
        "another purchase only.",
        "Customers who come for the first time in the coming weeks are in no figure.",
        "Seasons, prices and campaigns are not known: what is expected is as if the coming weeks "
        "were like those of the past in the mean.",
        "The money is what is paid, not what is earned: costs are not in the table.",
    )


def _figures(outlook: CustomerOutlook, run: Run) -> dict[str, float]:
    judged, chosen = outlook.seen.judged, outlook.seen.chosen
    buying = outlook.now[0].buying
    found = {
        "customers": float(len(outlook.purchases.names)),
        "weeks": outlook.span / WEEK,
        "expected": float(judged.worth(outlook.expected).sum()),
        "possible_share": judged.possible,
        "bands_held": outlook.then[1].held(judged.came),
        "r": buying.r,
        "alpha": buying.alpha,
        "a": buying.a,
        "b": buying.b,
    }
    for name in VALUE_MODELS:
        share = judged.share(name, run.rng("customers", "drawn again"))
        found |= {
            f"share: {name}": share.value,
            f"share_low: {name}": share.low,
            f"share_high: {name}": share.high,
        }
        for money in (False, True) if outlook.money else (False,):
            total = judged.total(name, money=money, rng=run.rng("customers", "drawn"))
            what = "money" if money else "purchases"
            found[f"{what} expected of that which came: {name}"] = total.value
    gain = judged.gain(chosen, AS_BEFORE, run.rng("customers", "drawn again"))
    return found | {"gain": gain.value, "gain_low": gain.low, "gain_high": gain.high}


def _table(outlook: CustomerOutlook) -> pl.DataFrame:
    """A row for each customer, of whom most is expected first."""
    known, (fitted, bands) = outlook.known, outlook.now
    scores = rfm_scores(known)
    columns: dict[str, object] = {
        "customer": [outlook.purchases.names[k] for k in known.place],
        "segment": segment_of(known),
        "recency": scores[:, 0],
        "frequency": scores[:, 1],
        "monetary": scores[:, 2],
        "purchases": (known.repeats + 1).astype(int),
        "weeks since the last": (known.age - known.recency).round(1),
        "chance to be active": fitted.buying.chance_active(
            known.repeats, known.recency, known.age
        ).round(4),
        "chance to buy": bands.buys,
        "expected purchases": outlook.expected.purchases.round(3),
        "purchases low": bands.times[0],
        "purchases high": bands.times[1],
    }
    order: Floats = -outlook.expected.purchases
    if outlook.money:
        columns |= {
            "mean spent": known.spent.round(2),
            "expected money": outlook.expected.money.round(2),
            "money low": bands.money[0].round(2),
            "money high": bands.money[1].round(2),
        }
        order = -outlook.expected.money
    else:
        del columns["monetary"]
    return pl.DataFrame(columns)[np.argsort(order, kind="stable").tolist()]
