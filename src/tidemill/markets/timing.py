"""What a learned policy would have brought that moves money between the market and cash, beside a
threshold rule, and whether a start from other assets helps it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from tidemill.core.run import Run
from tidemill.markets.policy import (
    COLD,
    MadeYears,
    Pace,
    Rule,
    TimingPolicy,
    learned,
    threshold,
    timed,
)
from tidemill.markets.walk_forward import Against, Market, RuleWalk, against_first
from tidemill.supervised.arrays import Floats

POLICY, THRESHOLD = "learned policy", "volatility threshold"
FEW = 1
"""Years by which the policies of the second half of the assets are learned: little, so that a start
from other assets could help."""
FEWEST_ASSETS = 4
"""Without so many there are no halves."""

Learner = Callable[[int, np.random.Generator], Rule]
"""(step that is not known yet, random stream) -> what decides from it on."""


@dataclass(frozen=True)
class Transfer:
    """Whether a policy that begins with one of other assets does better.

    Attributes:
        others, assets: How many the first one was learned of, and how many it was tried on.
        cold, warm: Yearly Sharpe ratios after costs without and with such a start.
        gain: Warm minus cold, and its interval.
    """

    others: int
    assets: int
    cold: float
    warm: float
    gain: Against


@dataclass(frozen=True)
class Timed:
    """The rules that move money between the market and cash.

    Attributes:
        walks: Name -> what it would have brought.
        last: The policy of today.
        transfer: None with too few assets.
        beside: The policy beside the threshold rule.
    """

    walks: Mapping[str, RuleWalk]
    last: TimingPolicy
    transfer: Transfer | None
    beside: Against


def basket(returns: Floats) -> Floats:
    """(T, k) -> (T,) logarithmic returns of as much of each asset.

    Example:
        >>> basket(np.log([[1.1, 0.9]])).round(12).tolist()
        [0.0]
    """
    found: Floats = np.log(np.exp(returns).mean(axis=1))
    return found


def timed_rules(market: Market, equal: RuleWalk, run: Run) -> Timed:
    """Both rules over all quarters.

    Args:
        market: Where they are tried.
        equal: What as much of each asset would have brought.
        run: Progress, and random streams.
    """
    own = basket(market.past.returns)
    policies = _learner(own, market)
    walks = {
        POLICY: _walked(market, own, equal, policies, run, "policy"),
        THRESHOLD: _walked(market, own, equal, lambda start, rng: threshold, run, "threshold"),
    }
    last = _policy(own, market, run.rng("advice", "policy"))
    both = {name: walks[name].returns for name in (THRESHOLD, POLICY)}
    beside = against_first(both, market, run.rng("advice", "beside"))[POLICY]
    return Timed(walks, last, transferred(market, run), beside)


def _pace(market: Market) -> Pace:
    return Pace.of(market.past.unit.a_year)


def _policy(
    returns: Floats, market: Market, rng: np.random.Generator, begun: TimingPolicy = COLD
) -> TimingPolicy:
    return learned(MadeYears.of(returns, _pace(market), market.cost, rng), begun)


def _learner(own: Floats, market: Market, steps: int | None = None) -> Learner:
    """Learns anew before each quarter, from so many steps before it; None for all: what moves by
    itself and what by chance cannot be told apart in a few years."""

    def rule(start: int, rng: np.random.Generator) -> Rule:
        first = 0 if steps is None else start - steps
        return _policy(own[first:start], market, rng).exposure

    return rule


def _walked(
    market: Market, own: Floats, equal: RuleWalk, learner: Learner, run: Run, name: str
) -> RuleWalk:
    """A rule that decides how much of the benchmark is held."""
    pace, held = _pace(market), 1.0
    returns, turnover, first = [], [], []
    quarters = market.quarters()
    for k, (start, end) in enumerate(
        run.track(quarters, "advice", f"deciding how much is in the market: {name}")
    ):
        rule = learner(start, run.rng("advice", name, str(k)))
        places = np.arange(start, end, pace.decision)
        shares = np.array(timed(own, places, rule, held, pace))
        traded = np.abs(np.diff(np.concatenate([[held], shares])))
        each = np.repeat(shares, np.diff([*places, end]))
        came = equal.returns[start - market.first : end - market.first]
        part = each * came + (1 - each) * market.cash
        part[places - start] -= market.cost * traded
        returns.append(part)
        turnover.append(float(traded.sum()) + float(shares[0] * equal.turnover[k]))
        first.append(shares[0] * equal.weights[k])
        held = float(shares[-1])
    nothing = np.full(len(quarters), np.nan)
    return RuleWalk(np.concatenate(returns), np.array(turnover), nothing, np.stack(first))


def transferred(market: Market, run: Run) -> Transfer | None:
    """Policies of one half of the assets, with and without a start from those of the other."""
    assets = len(market.past.assets)
    if assets < FEWEST_ASSETS:
        return None
    order = run.rng("advice", "halves").permutation(assets)
    others, few = (basket(market.past.returns[:, half]) for half in np.array_split(order, 2))
    year = FEW * _pace(market).year

    def warm(start: int, rng: np.random.Generator) -> Rule:
        begun = _policy(others[:start], market, rng)
        return _policy(few[start - year : start], market, rng, begun).exposure

    came = np.expm1(few[market.first :])
    quarters = len(market.starts)
    equal = RuleWalk(came, np.zeros(quarters), np.full(quarters, np.nan), np.ones((quarters, 1)))
    walks = {
        "cold": _walked(market, few, equal, _learner(few, market, year), run, "cold start"),
        "warm": _walked(market, few, equal, warm, run, "warm start"),
    }
    both = {name: walk.returns for name, walk in walks.items()}
    gain = against_first(both, market, run.rng("advice", "transfer"))["warm"]
    cold, ahead = (market.sharpe(one) for one in both.values())
    half = len(order) - len(order) // 2
    return Transfer(half, assets - half, cold, ahead, gain)
