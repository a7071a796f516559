"""How much of a client's money may be in the market, and whether any rule shares it out better than
1/N; for an adviser."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypedDict, Unpack

import numpy as np
import polars as pl

from tidemill.core.dataset import Dataset
from tidemill.core.errors import DataError, MissingExtra
from tidemill.core.run import Run
from tidemill.core.words import count, listing, plural
from tidemill.markets import ALLOCATORS
from tidemill.markets.allocation import Allocator
from tidemill.markets.historical import STRETCH
from tidemill.markets.history import History, history
from tidemill.markets.loss_bound import (
    FUTURES,
    REFITS,
    HeldBound,
    held_past,
    horizon_losses,
    made_outcomes,
    quarters_foretold,
    yearly_drift,
)
from tidemill.markets.profile import QUESTIONS, ClientAnswers
from tidemill.markets.timing import timed_rules
from tidemill.markets.walk_forward import (
    BENCHMARK,
    LEARNED_YEARS,
    Market,
    RuleWalk,
    against_first,
    decided,
    quarter_starts,
    walked,
)
from tidemill.recipes.advice_case import Advice, Allocation, Client
from tidemill.recipes.advice_page import TITLE, advice_page
from tidemill.recipes.base import (
    Assumption,
    Recipe,
    RecipeColumn,
    RecipeOutput,
    RecipePage,
    Refused,
)
from tidemill.recipes.price_lines import PRICE_COLUMNS, last_of_each, numbers_of, price_lines
from tidemill.supervised.arrays import Floats
from tidemill.supervised.resampling import drawn_times

SHOWN = (BENCHMARK, "minimum variance", "least shortfall")
"""Allocations that are scaled by cash until they keep to the bound."""
MOST_ASSETS = {"minimum variance": 400, "least shortfall": 120, "mean-variance": 400}
"""With more assets than these a rule takes minutes."""
FEWEST_QUARTERS = 4
"""Quarters without which rules cannot be compared."""

ASSUMPTIONS = (
    Assumption("horizon", None, QUESTIONS["horizon"], 0.25, 30),
    Assumption("loss", None, QUESTIONS["loss"], 0, 100),
    Assumption("income", None, QUESTIONS["income"], 0, 100),
    Assumption("experience", None, QUESTIONS["experience"], 0, 90),
    Assumption("debt", None, QUESTIONS["debt"], 0, 1000),
    Assumption("reserve", None, QUESTIONS["reserve"], 0, 1200),
    Assumption("rise", 0.0, "percent that prices are taken to rise a year, for losses", -20, 20),
    Assumption("cash", 0.0, "percent that cash brings a year", -5, 30),
    Assumption("fee", 0.1, "what it costs to buy or sell, in percent of it", 0, 10),
    Assumption("most", 25.0, "percent of what is in the market that one asset may be", 1, 100),
)


class AdviceOptions(TypedDict):
    """What the recipe is told."""

    columns: Mapping[str, tuple[str, ...]]
    assumed: Mapping[str, float | str]
    output: RecipeOutput


def advice(data: Dataset, run: Run, **options: Unpack[AdviceOptions]) -> RecipePage:
    """The page for an adviser."""
    assumed = {name: float(value) for name, value in options["assumed"].items()}
    past, classes = _past(data, options["columns"])
    a_year = past.unit.a_year
    learned = round(LEARNED_YEARS * a_year)
    starts = quarter_starts(past.days, learned)
    if len(starts) < FEWEST_QUARTERS:
        return _refused(data, past)
    market = Market(
        past,
        starts,
        learned,
        assumed["most"] / 100,
        assumed["fee"] / 100,
        (1 + assumed["cash"] / 100) ** (1 / a_year) - 1,
    )
    rules, untried = _rules(len(past.assets))
    walks = walked(market, rules, run)
    timed = timed_rules(market, walks[BENCHMARK], run)
    walks |= timed.walks
    against = against_first(
        {name: walk.returns for name, walk in walks.items()}, market, run.rng("advice", "against")
    )
    client = _client(assumed)
    rise = assumed["rise"] / 100
    shown = {name: rules[name] for name in SHOWN if name in rules}
    told = Advice(
        market=market,
        classes=classes,
        walks=walks,
        against=against,
        timed=timed,
        untried=untried,
        client=client,
        rise=rise,
        interest=(1 + assumed["cash"] / 100) ** client.years - 1,
        allocations=_allocations(market, shown, client.years, rise, run),
        held=_held(market, {name: walks[name] for name in shown}, rise, run),
    )
    return advice_page(told)


ADVICE = Recipe(
    advice,
    columns=(
        *PRICE_COLUMNS,
        RecipeColumn("cost", "what the asset costs a year, in percent", required=False),
        RecipeColumn("class", "which class the asset is of", required=False),
    ),
    assumptions=ASSUMPTIONS,
    tables=("weights", "walk"),
)


def _past(
    data: Dataset, columns: Mapping[str, tuple[str, ...]]
) -> tuple[History, Mapping[str, str]]:
    """What prices did, after what assets cost; and the class of each asset."""
    lines = price_lines(data, columns)
    past = history(lines, data.name)
    classes: dict[str, str] = {}
    if columns["class"]:
        kinds = data[columns["class"][0]].cast(pl.String).fill_null("unknown")
        classes = {asset: str(kind) for asset, kind in last_of_each(lines, kinds).items()}
    if not columns["cost"]:
        return past, classes
    [name] = columns["cost"]
    found = last_of_each(lines, numbers_of(data, name))
    costs = np.array([found[asset] for asset in past.assets], float)
    if not (np.isfinite(costs).all() and (costs >= 0).all() and (costs < 100).all()):
        raise DataError(
            "what an asset costs a year must be known, from 0 to below 100 percent",
            where=f"column '{name}'",
            hint="give each asset's yearly cost in percent, 0 for none",
        )
    paid = np.log1p(-costs / 100) / past.unit.a_year
    return History(past.days, past.assets, past.returns + paid, past.unit, past.notes), classes


def _rules(assets: int) -> tuple[dict[str, Allocator], tuple[str, ...]]:
    """The rules that are tried, and sentences on those that are not; of one asset there is nothing
    to share out."""
    if assets < 2:
        return {BENCHMARK: ALLOCATORS.load(BENCHMARK)}, ()
    rules, missing = {}, []
    for name in ALLOCATORS:
        try:
            rules[name] = ALLOCATORS.load(name)
        except MissingExtra:
            missing.append(name)
    slow = [name for name, most in MOST_ASSETS.items() if assets > most and name in rules]
    for name in slow:
        del rules[name]
    said = []
    if missing:
        said.append(
            f"Not tried, for a package is missing: {listing(missing)}. The extra 'finance' has it."
        )
    if slow:
        said.append(
            f"Not tried, for with {count(assets)} assets it takes too long: {listing(slow)}."
        )
    return rules, tuple(said)


def _client(assumed: Mapping[str, float]) -> Client:
    """The number that binds; where it does not follow, why."""
    asked = [name for name in QUESTIONS if name not in assumed]
    if asked:
        refusal = Refused(
            "How much may be in the market cannot be said yet.",
            f"{count(len(QUESTIONS) - len(asked))} of {count(len(QUESTIONS))} questions about the "
            "client are answered.",
            f"{listing(asked)}, each by option 'assume=NAME=NUMBER'.",
        )
        return Client(None, None, refusal)
    said = ClientAnswers.of(assumed)
    wrong = said.contradictions()
    if wrong:
        refusal = Refused(
            "How much may be in the market cannot be said: the client's answers contradict each "
            "other.",
            " ".join(wrong),
            "answers that can be true together.",
        )
        return Client(said, None, refusal)
    return Client(said, said.bound(), None)


def _allocations(
    market: Market, rules: Mapping[str, Allocator], years: float, rise: float, run: Run
) -> tuple[Allocation, ...]:
    """What is held today by each rule, and what it may lose."""
    past, a_year = market.past, market.past.unit.a_year
    known = past.returns[-market.learned :]
    now = {
        name: decided(rule, known, market, run.rng("advice", "now", name))
        for name, rule in rules.items()
    }
    ranges = _refitted(market, rules, run)
    own = held_past(past.returns, np.stack(list(now.values())))
    steps = max(round(years * a_year), 1)
    with run.stage("advice", f"drawing {count(FUTURES)} futures, and those of refitted generators"):
        losses = horizon_losses(own, steps, a_year, rise, run.rng("advice", "losses"))
        drift = yearly_drift(own, a_year, rise)
        fresh = made_outcomes(own, steps, a_year, drift, FUTURES, run.rng("advice", "check"))
    return tuple(
        Allocation(
            name,
            weights,
            ranges[name],
            float(losses.loss[k]),
            float(losses.beyond[k]),
            losses.refitted[:, k],
            float(losses.careful[k]),
            float(drift[k]),
            fresh[:, k],
            _worst(own[:, k], steps),
        )
        for k, (name, weights) in enumerate(now.items())
    )


def _refitted(market: Market, rules: Mapping[str, Allocator], run: Run) -> dict[str, Floats]:
    """Rule -> (REFITS, k) weights by pasts that might have been."""
    known = market.past.returns[-market.learned :]
    pasts = drawn_times(len(known), STRETCH, run.rng("advice", "refits"), REFITS)
    found: dict[str, list[Floats]] = {name: [] for name in rules}
    told = "deciding by pasts that might have been"
    for k, places in enumerate(run.track(list(pasts), "advice", told)):
        for name, rule in rules.items():
            rng = run.rng("advice", "refits", name, str(k))
            found[name].append(decided(rule, known[places], market, rng))
    return {name: np.stack(weights) for name, weights in found.items()}


def _worst(returns: Floats, steps: int) -> float | None:
    """The loss in the worst stretch of so many steps; None where the past is shorter."""
    if len(returns) < steps:
        return None
    total = np.concatenate([[0.0], np.cumsum(returns)])
    return float(-np.expm1((total[steps:] - total[:-steps]).min()))


def _held(market: Market, walks: Mapping[str, RuleWalk], rise: float, run: Run) -> HeldBound:
    """Whether the losses of quarters that were foretold were right."""
    past, quarters = market.past, market.quarters()
    weights = np.stack([walk.weights for walk in walks.values()], axis=1)
    foretold = quarters_foretold(past.returns, weights, quarters, past.unit.a_year, rise, run)
    first = market.first
    came = [
        [np.prod(1 + walk.returns[start - first : end - first]) - 1 for walk in walks.values()]
        for start, end in quarters
    ]
    return HeldBound(foretold, np.array(came))


def _refused(data: Dataset, past: History) -> RecipePage:
    steps = plural(len(past.returns), past.unit.one)
    needed = round((LEARNED_YEARS + 1.25) * past.unit.a_year)
    refusal = Refused(
        "How money is best shared out cannot be said.",
        f"{steps} are too few to see whether any rule would have been right.",
        f"prices of {count(needed)} {past.unit.many} or more.",
    )
    return RecipePage(
        TITLE,
        (refusal,),
        (f"Rules: {refusal.why}",),
        figures={"days": float(len(past.returns))},
        made=(("Rows", plural(len(data), "row")),),
    )
