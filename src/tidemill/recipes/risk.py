"""How much holdings may lose, whether that would have been right, and what futures look like."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypedDict, Unpack

import numpy as np
import polars as pl

from tidemill.core.dataset import Dataset
from tidemill.core.errors import DataError
from tidemill.core.run import Run
from tidemill.core.words import count, listing, number, percent, plural
from tidemill.markets import FORETELLERS
from tidemill.markets.backtests import Backtest
from tidemill.markets.base import Foreteller, Futures
from tidemill.markets.history import History, history
from tidemill.markets.likeness import MarketFact, market_facts
from tidemill.markets.walking import (
    SECOND_LEVEL,
    SPAN,
    Examined,
    Horizon,
    examined,
    horizon_tests,
    portfolio,
)
from tidemill.recipes.base import (
    Assumption,
    Recipe,
    RecipeColumn,
    RecipeOutput,
    RecipePage,
    Refused,
)
from tidemill.recipes.parts import PageChapter, chapter_blocks
from tidemill.recipes.price_lines import PRICE_COLUMNS, last_of_each, numbers_of, price_lines
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
from tidemill.supervised.arrays import Floats

FUTURES = 1000
"""Futures that are drawn."""
TOLD = 5
"""Worst futures that are told."""
FELL = 3
"""Assets that are named as those that fell most."""
FEWEST_DAYS = 2 * SPAN
"""Days without which two spans cannot be judged."""
FACT_PATHS = 5
STRESS = 20
"""Days of the worst stretch that is replayed."""
REJECTED = 0.05
"""A p-value below this says that what was promised did not hold."""
SPAN_NAMES = {"last": "the last", "worst": "the worst"}

ASSUMPTIONS = (
    Assumption("level", 1.0, "on how many days in a hundred more is lost", 0.5, 10.0),
    Assumption("horizon", 10.0, "the days of the longer view", 2, 60),
)


class RiskOptions(TypedDict):
    """What the recipe is told."""

    columns: Mapping[str, tuple[str, ...]]
    assumed: Mapping[str, float | str]
    output: RecipeOutput


@dataclass(frozen=True)
class Outlook:
    """What is known of holdings, and what may come.

    Attributes:
        past: What prices did.
        weights: Of each asset.
        seen: How foretellers did on the holdings.
        now, beyond: (3,) tomorrow's value at risk and expected shortfall, with their intervals.
        futures: Of the holdings.
        later: How losses over several days were foretold, at the level and at 5 %.
        facts: Of the real and of the made market.
        days: Of the longer view.
    """

    past: History
    weights: Floats
    seen: Examined
    now: Floats
    beyond: Floats
    futures: Futures
    later: tuple[Horizon, ...]
    facts: tuple[MarketFact, ...]
    days: int

    @property
    def level(self) -> float:
        """How often the value at risk is to be undercut."""
        return self.seen.level

    @property
    def unit(self) -> str:
        """A step of time."""
        return self.past.unit.one

    def over(self) -> Floats:
        """(paths,) what the holdings gain or lose over the longer view, as a share."""
        found: Floats = np.expm1(self.futures.returns[..., 0].sum(axis=1))
        return found


def risk(data: Dataset, run: Run, **options: Unpack[RiskOptions]) -> RecipePage:
    """The page for a risk officer."""
    columns, assumed = options["columns"], options["assumed"]
    level, days = float(assumed["level"]) / 100, round(float(assumed["horizon"]))
    past, weights, notes = _holdings(data, columns)
    if len(past.returns) < FEWEST_DAYS:
        return _refused(data, past)
    own = portfolio(past.returns, weights.tolist())
    seen = examined(own, level, run)
    foreteller: Foreteller = FORETELLERS.load(seen.chosen)
    now, beyond = seen.tomorrow(run.rng("risk", "tomorrow"))
    futures = foreteller.futures(own[:, None], days, FUTURES, run.rng("risk", "futures"))
    levels = tuple(dict.fromkeys((level, SECOND_LEVEL)))
    later = horizon_tests(foreteller, own, days, levels, run)
    made = foreteller.futures(past.returns, len(own), FACT_PATHS, run.rng("risk", "facts"))
    facts = market_facts(past.returns, made.returns, run.rng("risk", "shuffled"))
    outlook = Outlook(past, weights, seen, now, beyond, futures, later, facts, days)
    tables = {
        "foretold": _foretold_table(outlook),
        "futures": _futures_table(outlook, foreteller, run),
    }
    return _page(outlook, tables, notes)


RISK = Recipe(
    risk,
    columns=(
        *PRICE_COLUMNS,
        RecipeColumn("holding", "what is held of the asset, in money", required=False),
    ),
    assumptions=ASSUMPTIONS,
    tables=("foretold", "futures"),
)


def _holdings(
    data: Dataset, columns: Mapping[str, tuple[str, ...]]
) -> tuple[History, Floats, tuple[str, ...]]:
    """What prices did, and the weight of each asset: as much of each where nothing says so."""
    lines = price_lines(data, columns)
    past = history(lines, data.name)
    if not columns["holding"]:
        weights = np.full(len(past.assets), 1 / len(past.assets))
        return past, weights, past.notes
    last = last_of_each(lines, numbers_of(data, columns["holding"][0]))
    money = np.array([last[asset] for asset in past.assets], float)
    if not (np.isfinite(money).all() and (money >= 0).all() and money.sum() > 0):
        raise DataError(
            "what is held of an asset must be known, and not below 0",
            where=f"column '{columns['holding'][0]}'",
            hint="give what is held of each asset in money, 0 for none",
        )
    return past, money / money.sum(), past.notes


def _refused(data: Dataset, past: History) -> RecipePage:
    steps = plural(len(past.returns), past.unit.one)
    refusal = Refused(
        "How much may be lost cannot be said.",
        f"{steps} are too few to see whether it would have been right.",
        f"prices of {count(FEWEST_DAYS)} {past.unit.many} or more.",
    )
    return RecipePage(
        "How much may be lost?",
        (refusal,),
        (f"Loss: {refusal.why}",),
        figures={"days": float(len(past.returns))},
        made=(("Rows", plural(len(data), "row")),),
    )


# --- the page -------------------------------------------------------------------------------------


def _page(
    outlook: Outlook, tables: Mapping[str, pl.DataFrame], notes: tuple[str, ...]
) -> RecipePage:
    answer = _answer(outlook)
    chapters = (
        PageChapter("right", "Would it have been right?", _right(outlook)),
        PageChapter("which", "What foretells best?", _which(outlook)),
        PageChapter(
            "later", f"What may {outlook.days} {outlook.past.unit.many} bring?", _later(outlook)
        ),
        PageChapter("worst", "The worst futures", _worst(outlook)),
        PageChapter("stress", "If the worst came again", _stress(outlook)),
        PageChapter("like", "Is the made market like the real one?", _like(outlook)),
        PageChapter("limits", "What this page cannot say", [Listing((*notes, *_limits(outlook)))]),
    )
    blocks: list[Block] = [Callout("note", *answer), Figures(_tiles(outlook))]
    first, last = outlook.past.days[0], outlook.past.days[-1]
    return RecipePage(
        "How much may be lost?",
        (*blocks, *chapter_blocks(chapters)),
        (f"Loss: {answer[0]}", f"Trust: {answer[1]}"),
        figures=_figures(outlook),
        tables=tables,
        made=(
            ("Assets", count(len(outlook.past.assets))),
            (
                outlook.past.unit.many.capitalize(),
                f"{count(len(outlook.past.returns))}, {first:%Y-%m-%d} to {last:%Y-%m-%d}",
            ),
            ("Foretold by", outlook.seen.chosen),
        ),
    )


def lost(log_return: float) -> str:
    """A logarithmic return as a loss in percent.

    Example:
        >>> lost(-0.02), lost(0.01)
        ('1.98 %', '-1.01 %')
    """
    return f"{number(-100 * float(np.expm1(log_return)), 3)} %"


def _often(level: float, unit: str) -> str:
    """How often more is lost, in words."""
    return f"On one {unit} in {number(1 / level, 2)}"


def _answer(outlook: Outlook) -> tuple[str, str]:
    at_risk, beyond = outlook.now, outlook.beyond
    lead = (
        f"{_often(outlook.level, outlook.unit)} the holdings lose more than {lost(at_risk[0])} "
        f"(95 % interval {lost(at_risk[2])} to {lost(at_risk[1])}), and then {lost(beyond[0])} in "
        "the mean."
    )
    tests = {
        name: outlook.seen.test(outlook.seen.chosen, days)
        for name, days in outlook.seen.spans.items()
    }
    said = [
        f"{number(one.hits)} of {count(one.days)} {outlook.past.unit.many} in {SPAN_NAMES[name]} "
        f"ones lost more (promised: {number(one.expected, 2)})"
        for name, one in tests.items()
    ]
    broken = [name for name, one in tests.items() if one.kupiec < REJECTED]
    sure = "It would have been right"
    if broken:
        when = listing([SPAN_NAMES[name] for name in broken])
        sure = f"Do not rely on it: in {when} {outlook.past.unit.many} it was wrong"
    return lead, f"{sure}: {listing(said)}."


def _tiles(outlook: Outlook) -> tuple[Tile, ...]:
    over = outlook.over()
    worst = np.quantile(over, outlook.level)
    test = outlook.seen.test(outlook.seen.chosen, outlook.seen.spans["worst"])
    return (
        Tile(
            lost(outlook.now[0]),
            f"value at risk, one {outlook.unit}",
            f"{number(100 * outlook.level)} % level",
        ),
        Tile(lost(outlook.beyond[0]), "expected shortfall", "mean loss beyond it"),
        Tile(
            lost(float(np.log1p(worst))),
            f"value at risk, {outlook.days} {outlook.past.unit.many}",
            f"of {count(FUTURES)} futures",
        ),
        Tile(
            f"{test.hits} of {test.days}",
            f"{outlook.past.unit.many} beyond it",
            f"in the worst time; {number(test.expected, 2)} promised",
        ),
    )


def _span_words(outlook: Outlook, name: str) -> str:
    days = outlook.seen.spans[name]
    first, last = outlook.past.days[int(days[0]) + 1], outlook.past.days[int(days[-1]) + 1]
    steps = f"{SPAN_NAMES[name]} {count(len(days))} {outlook.past.unit.many}"
    return f"{steps}, {first:%Y-%m-%d} to {last:%Y-%m-%d}"


def _held(one: Backtest) -> str:
    """Whether the number of hits is what was promised."""
    if one.kupiec >= REJECTED:
        return "as promised"
    return "too often" if one.hits > one.expected else "too seldom: too careful"


def _clusters(one: Backtest) -> str:
    if np.isnan(one.independence):
        return "too few to say"
    return "in clusters" if one.independence < REJECTED else "not in clusters"


def _right(outlook: Outlook) -> list[Block]:
    seen = outlook.seen
    rows = []
    for span, days in seen.spans.items():
        for name in seen.walks:
            one = seen.test(name, days)
            rows.append(
                (
                    SPAN_NAMES[span],
                    name,
                    f"{one.hits} ({number(one.expected, 2)})",
                    _held(one),
                    _clusters(one),
                    one.light,
                    number(one.shortfall, 2),
                    number(one.score, 4),
                )
            )
    heads = (
        outlook.past.unit.many.capitalize(),
        "Foretold by",
        "Beyond (promised)",
        "How often",
        "They come",
        "Traffic light",
        "Acerbi–Szekely",
        "FZ0",
    )
    lead = (
        f"Each {outlook.unit} was foretold by those before it alone: "
        f"{_span_words(outlook, 'last')}, and {_span_words(outlook, 'worst')}. A calm time proves "
        "nothing: what errs on the careful side looks right in it."
    )
    note = (
        "How often: the test of Kupiec. Clusters: that of Christoffersen. Acerbi–Szekely is 0 "
        "where losses beyond were as large as foretold, and below 0 where they were larger or more "
        "frequent. FZ0 judges both figures together; lower is better."
    )
    return [
        Paragraph(lead),
        TableBlock(heads, tuple(rows), stacked=True),
        Paragraph(note, "small"),
        _timeline(outlook, "worst"),
        _timeline(outlook, "last"),
    ]


def _timeline(outlook: Outlook, span: str) -> PictureBlock:
    days = outlook.seen.spans[span]
    at = days - outlook.seen.first
    came = 100 * np.expm1(outlook.seen.returns[days])
    foretold = 100 * np.expm1(outlook.seen.walks[outlook.seen.chosen].at_risk[at])
    beyond = np.where(came < foretold, came, np.nan)
    return PictureBlock(
        "lines",
        f"What came and what was foretold, {SPAN_NAMES[span]} {outlook.past.unit.many}",
        tuple(f"{outlook.past.days[int(day) + 1]:%Y-%m-%d}" for day in days),
        (
            Series("return", _rounded(came)),
            Series("value at risk", _rounded(foretold)),
            Series("beyond it", _rounded(beyond)),
        ),
        outlook.unit,
        "% of the holdings",
    )


def _rounded(values: Floats) -> tuple[float | None, ...]:
    return tuple(None if np.isnan(value) else round(float(value), 3) for value in values)


def _which(outlook: Outlook) -> list[Block]:
    seen = outlook.seen
    order = sorted(seen.scores, key=lambda name: seen.scores[name])
    rows = tuple((name, FORETELLERS[name].line, number(seen.scores[name], 4)) for name in order)
    lead = (
        f"{seen.chosen} is used: it has the lowest score on the {outlook.past.unit.many} outside "
        f"the two spans, at {number(100 * outlook.level)} % and at 5 %. It was not chosen by its "
        "looks, nor by the spans on which it is judged above."
    )
    blocks: list[Block] = [
        Paragraph(lead),
        TableBlock(("Foretold by", "How", "FZ0, lower is better"), rows, stacked=True),
    ]
    if seen.missing:
        blocks.append(
            Paragraph(
                f"Not tried, for a package is missing: {listing(seen.missing)}. The extra "
                "'finance' has it.",
                "small",
            )
        )
    return blocks


def _later(outlook: Outlook) -> list[Block]:
    over = outlook.over()
    paths = 100 * np.expm1(np.cumsum(outlook.futures.returns[..., 0], axis=1))
    shares = (0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99)
    fan = np.quantile(paths, shares, axis=0)
    picture = PictureBlock(
        "lines",
        f"{count(FUTURES)} futures: between which lines how many lie",
        tuple(range(outlook.days + 1)),
        tuple(
            Series(percent(share), (0.0, *_rounded(line)))
            for share, line in zip(shares, fan, strict=True)
        ),
        outlook.past.unit.many,
        "% of the holdings",
    )
    cut = float(np.quantile(over, outlook.level))
    beyond = float(over[over <= cut].mean())
    lead = (
        f"Over {outlook.days} {outlook.past.unit.many}, one future in "
        f"{number(1 / outlook.level, 2)} loses more than {number(-100 * cut)} %, and then "
        f"{number(-100 * beyond)} % in the mean."
    )
    tests = [
        f"Of {count(one.windows)} stretches of {one.days} {outlook.past.unit.many}, each foretold "
        f"by what was before, {one.hits} lost more than the {number(100 * one.level)} % figure; "
        f"promised were {number(one.level * one.windows, 2)} "
        f"({'as promised' if one.p >= REJECTED else 'not as promised'}, p = {number(one.p, 2)})."
        for one in outlook.later
    ]
    return [Paragraph(lead, "lead"), picture, Listing(tuple(tests))]


def _worst(outlook: Outlook) -> list[Block]:
    """The worst futures, by the days of the past that they are made of."""
    over = outlook.over()
    rows: list[tuple[str, ...]] = []
    for path in np.argsort(over, kind="stable")[:TOLD]:
        places = outlook.futures.places[path]
        returns = outlook.futures.returns[path, :, 0]
        begins = int(places[0]) + 1
        hardest = int(np.argmin(returns))
        past = outlook.past.returns[places].sum(axis=0)
        rows.append(
            (
                f"{number(-100 * float(over[path]))} %",
                f"{outlook.past.days[begins]:%Y-%m-%d}",
                f"{lost(float(returns[hardest]))} on {outlook.unit} {hardest + 1}",
                _fell_most(outlook, past),
            )
        )
    heads: tuple[str, ...] = (
        "Lost",
        "Made of the time from",
        f"Hardest {outlook.unit}",
        "What fell most then",
    )
    lead = (
        f"The worst {TOLD} of {count(FUTURES)}. Each begins as a time of the past went on, made "
        "larger or smaller by how much prices move today."
    )
    if len(outlook.past.assets) == 1:
        heads, rows = heads[:-1], [row[:-1] for row in rows]
    return [Paragraph(lead), TableBlock(heads, tuple(rows), stacked=True)]


def _fell_most(outlook: Outlook, returns: Floats) -> str:
    """The assets with the lowest of (k,) returns."""
    order = np.argsort(returns, kind="stable")[:FELL]
    names = [outlook.past.assets[k] for k in order]
    return listing(
        [
            f"{name} {number(100 * float(np.expm1(returns[k])), 2)} %"
            for name, k in zip(names, order, strict=True)
        ]
    )


def _stress(outlook: Outlook) -> list[Block]:
    own = outlook.seen.returns
    sums = np.convolve(own, np.ones(STRESS), "valid")
    start = int(np.argmin(sums))
    walk = outlook.seen.walks[outlook.seen.chosen]
    wild = float(np.quantile(walk.at_risk, 0.01))
    days = outlook.past.days
    each = outlook.past.returns[start : start + STRESS].sum(axis=0)
    fell = f" What fell most: {_fell_most(outlook, each)}." if len(each) > 1 else ""
    return [
        Listing(
            (
                f"The {STRESS} {outlook.past.unit.many} from {days[start + 1]:%Y-%m-%d} to "
                f"{days[start + STRESS]:%Y-%m-%d} again, with these holdings: "
                f"{number(100 * float(np.expm1(sums[start])))} %.{fell}",
                f"Prices that move as much as on the wildest {outlook.unit} in a hundred: "
                f"{_often(outlook.level, outlook.unit).lower()} more than {lost(wild)} is lost, "
                f"not {lost(outlook.now[0])}.",
            )
        )
    ]


def _like(outlook: Outlook) -> list[Block]:
    rows = tuple(
        (
            one.name,
            number(one.real),
            number(one.made),
            number(one.floor),
            f"{number(one.half)} and {number(one.ceiling)}",
        )
        for one in outlook.facts
        if np.isfinite(one.real)  # a single asset moves together with none
    )
    heads = (
        "Fact",
        "Real",
        "Made",
        f"Shuffled {outlook.past.unit.many}",
        "Each half of the real ones",
    )
    lead = (
        f"{FACT_PATHS} markets of {count(len(outlook.seen.returns))} {outlook.past.unit.many} were "
        f"made by {outlook.seen.chosen}. Looking alike and foretelling well are two things: what "
        "draws from the past alone does the one and fails the other."
    )
    return [Paragraph(lead), TableBlock(heads, rows, stacked=True)]


def _limits(outlook: Outlook) -> tuple[str, ...]:
    return (
        f"Nothing that lies outside of these {count(len(outlook.seen.returns))} "
        f"{outlook.past.unit.many} is foreseen: a loss that no asset had cannot be in a future.",
        "Weights are taken to be the same every time, and holdings to be sold at these prices: in "
        "turmoil they may not be.",
        "Assets that are in the table because they survived make the past look better than it was.",
        "Past and made prices are no promise.",
    )


def _figures(outlook: Outlook) -> dict[str, float]:
    seen = outlook.seen
    figures = {
        "days": float(len(seen.returns)),
        "value_at_risk": float(-np.expm1(outlook.now[0])),
        "value_at_risk_low": float(-np.expm1(outlook.now[2])),
        "value_at_risk_high": float(-np.expm1(outlook.now[1])),
        "expected_shortfall": float(-np.expm1(outlook.beyond[0])),
        "value_at_risk_later": float(-np.quantile(outlook.over(), outlook.level)),
    }
    for span, days in seen.spans.items():
        for name in seen.walks:
            one = seen.test(name, days)
            figures[f"{span}: hits: {name}"] = float(one.hits)
            figures[f"{span}: kupiec: {name}"] = one.kupiec
            figures[f"{span}: fz0: {name}"] = one.score
    return figures


def _foretold_table(outlook: Outlook) -> pl.DataFrame:
    """A row for each day that was foretold."""
    seen = outlook.seen
    walk = seen.walks[seen.chosen]
    came = np.expm1(seen.returns[seen.first :])
    at_risk = np.expm1(walk.at_risk[:-1])
    return pl.DataFrame(
        {
            outlook.unit: outlook.past.days[seen.first + 1 :],
            "return": came,
            "value at risk": at_risk,
            "expected shortfall": np.expm1(walk.shortfall[:-1]),
            "beyond": came < at_risk,
        }
    )


def _futures_table(outlook: Outlook, foreteller: Foreteller, run: Run) -> pl.DataFrame:
    """Prices of all assets together, as parts of today's, a row for each future, day and asset."""
    past = outlook.past
    made = foreteller.futures(past.returns, outlook.days, _paths(past), run.rng("risk", "assets"))
    paths, days, assets = made.returns.shape
    prices = np.exp(np.cumsum(made.returns, axis=1))
    return pl.DataFrame(
        {
            "future": np.repeat(np.arange(1, paths + 1), days * assets),
            outlook.unit: np.tile(np.repeat(np.arange(1, days + 1), assets), paths),
            "asset": np.tile(np.array(past.assets), paths * days),
            "price": prices.ravel().round(6),
        }
    )


def _paths(past: History) -> int:
    """As many futures as a table of a moderate size holds."""
    return max(min(FUTURES, 50_000 // max(len(past.assets), 1)), 20)
