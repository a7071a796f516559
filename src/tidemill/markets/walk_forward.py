"""What rules would have brought: quarter after quarter, each decided by the days before it alone,
after costs, beside as much of each asset."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tidemill.core.run import Run
from tidemill.markets.allocation import Allocator, undominated
from tidemill.markets.history import History
from tidemill.supervised.arrays import Floats
from tidemill.supervised.resampling import drawn_times, interval

LEARNED_YEARS = 3
"""By so many years weights are decided."""
BLOCK = 21.0
"""Mean steps of a stretch in which what came is drawn again."""
DRAWS = 2000
LEVEL = 0.05
LEAST = 1e-12
BENCHMARK = "1/N"


@dataclass(frozen=True)
class Market:
    """Where rules are tried.

    Attributes:
        past: What prices did.
        starts: (Q,) the first step of each quarter, as places in the returns.
        learned: Steps by which weights are decided.
        most: The largest weight of an asset.
        cost: Of what is bought or sold, as a share.
        cash: What cash brings in a step, as a share.
    """

    past: History
    starts: NDArray[np.int64]
    learned: int
    most: float
    cost: float
    cash: float

    @property
    def first(self) -> int:
        """The first step of the first quarter."""
        return int(self.starts[0])

    def quarters(self) -> list[tuple[int, int]]:
        """The first step of each quarter, and the one after its last."""
        ends = [*self.starts[1:].tolist(), len(self.past.returns)]
        return list(zip(self.starts.tolist(), ends, strict=True))

    def sharpe(self, returns: Floats) -> float:
        """The yearly Sharpe ratio of (n,) simple returns of single steps; 0 of what never moves."""
        spread = float(returns.std())
        if spread <= LEAST:
            return 0.0
        return float((returns.mean() - self.cash) / spread * np.sqrt(self.past.unit.a_year))


@dataclass(frozen=True)
class RuleWalk:
    """What a rule would have brought.

    Attributes:
        returns: (D,) simple returns of each step, after costs.
        turnover: (Q,) what was bought and sold at the start of each quarter, as a share.
        promised: (Q,) the Sharpe ratio that its weights had on the years they were decided by; NaN
            where nothing is promised.
        weights: (Q, k).
    """

    returns: Floats
    turnover: Floats
    promised: Floats
    weights: Floats


@dataclass(frozen=True)
class Performance:
    """How a rule did: yearly return, volatility and Sharpe ratio, the worst fall from a peak, each
    as a share."""

    brought: float
    volatility: float
    sharpe: float
    fall: float


@dataclass(frozen=True)
class Against:
    """A rule beside the benchmark.

    Attributes:
        sharpe, volatility: (3,) its figure minus the benchmark's, and the 95 % interval.
        better, worse, calmer, wilder: Whether that is proven of its Sharpe ratio and of its
            volatility, with all rules looked at together.
    """

    sharpe: Floats
    volatility: Floats
    better: bool
    worse: bool
    calmer: bool
    wilder: bool


def quarter_starts(days: pl.Series, learned: int) -> NDArray[np.int64]:
    """(Q,) places, among returns, of the first one of each calendar quarter that has so many before
    it.

    Args:
        days: (T + 1,) times of the prices.
        learned: Returns that must be known.

    Example:
        >>> import datetime as dt
        >>> days = pl.date_range(dt.date(2024, 1, 1), dt.date(2024, 12, 31), eager=True)
        >>> quarter_starts(days, 100).tolist()
        [181, 273]
    """
    quarter = (days.dt.year().cast(pl.Int64) * 4 + days.dt.quarter().cast(pl.Int64)).to_numpy()
    # a return is of the time of the price that ends it
    begins = np.flatnonzero(np.diff(quarter) > 0)
    return begins[begins >= learned].astype(np.int64)


def walked(market: Market, rules: Mapping[str, Allocator], run: Run) -> dict[str, RuleWalk]:
    """Every rule, quarter after quarter.

    Args:
        market: Where they are tried.
        rules: By name.
        run: Progress, and random streams.
    """
    quarters = market.quarters()
    weights: dict[str, list[Floats]] = {name: [] for name in rules}
    promised: dict[str, list[float]] = {name: [] for name in rules}
    for k, (start, _) in enumerate(
        run.track(quarters, "advice", "deciding each quarter by the years before")
    ):
        known = market.past.returns[start - market.learned : start]
        for name, rule in rules.items():
            own = decided(rule, known, market, run.rng("advice", "walk", name, str(k)))
            weights[name].append(own)
            promised[name].append(market.sharpe(np.expm1(known) @ own))
    return {
        name: _held(market, np.stack(weights[name]), np.array(promised[name])) for name in rules
    }


def decided(rule: Allocator, known: Floats, market: Market, rng: np.random.Generator) -> Floats:
    """(k,) the weights of a rule that knows (t, k) returns; what is dominated is not held."""
    kept = undominated(known)
    assets = int(kept.sum())
    weights = kept / assets
    if market.most * assets > 1:  # else there is nothing to choose
        steps = max(round(market.past.unit.a_year / 4), 1)
        weights[kept] = rule.weights(known[:, kept], market.most, steps, rng)
    return weights


def _held(market: Market, weights: Floats, promised: Floats) -> RuleWalk:
    """What (Q, k) weights bring that drift with prices until the next quarter."""
    returns, turnover = [], []
    drifted = weights[0]  # the first purchase is every rule's, and costs each as much
    for own, (start, end) in zip(weights, market.quarters(), strict=True):
        grown = own * np.exp(np.cumsum(market.past.returns[start:end], axis=0))
        worth = grown.sum(axis=1)
        traded = float(np.abs(own - drifted).sum())
        factors = worth / np.concatenate([[1.0], worth[:-1]])
        factors[0] *= 1 - market.cost * traded
        returns.append(factors - 1)
        turnover.append(traded)
        drifted = grown[-1] / worth[-1]
    return RuleWalk(np.concatenate(returns), np.array(turnover), promised, weights)


def performance(returns: Floats, market: Market) -> Performance:
    """How (D,) simple returns of single steps did."""
    a_year = market.past.unit.a_year
    worth = np.cumprod(1 + returns)
    peak = np.maximum.accumulate(np.concatenate([[1.0], worth]))[1:]
    return Performance(
        float(returns.mean()) * a_year,
        float(returns.std() * np.sqrt(a_year)),
        market.sharpe(returns),
        float((worth / peak - 1).min()),
    )


def against_first(
    walks: Mapping[str, Floats], market: Market, rng: np.random.Generator
) -> dict[str, Against]:
    """Every rule beside the first one, by drawing stretches of what came again and again, the same
    ones of all rules (Politis and Romano 1994; for Sharpe ratios Ledoit and Wolf 2008).

    Intervals are of one rule each. What is called proven holds for all rules at once: the largest
    difference, in parts of its standard error, is drawn again (Romano and Wolf 2005).

    Args:
        walks: Rule -> (D,) simple returns, the one that others are compared with first.
        market: Of which they are.
        rng: Draws the stretches.
    """
    every = np.stack(list(walks.values()))
    places = drawn_times(every.shape[1], BLOCK, rng, DRAWS)
    drawn = _both(every, _times_drawn(places), market)
    figures = _both(every, np.ones((1, every.shape[1])), market)[0]
    apart, seen = drawn[..., 1:] - drawn[..., :1], figures[:, 1:] - figures[:, :1]
    found = {}
    for k, name in enumerate(list(walks)[1:]):
        sharpe, volatility = (np.array([seen[j, k], *interval(apart[:, j, k])]) for j in range(2))
        better, wilder = (_proven(seen[j], apart[:, j])[k] for j in range(2))
        found[name] = Against(
            sharpe, volatility, better > 0, better < 0, calmer=wilder < 0, wilder=wilder > 0
        )
    return found


def _times_drawn(places: NDArray[np.int64]) -> Floats:
    """(draws, D) places -> how often each step was drawn."""
    draws, steps = places.shape
    flat = (places + steps * np.arange(draws)[:, None]).ravel()
    return np.bincount(flat, minlength=draws * steps).reshape(draws, steps).astype(np.float64)


def _both(returns: Floats, drawn: Floats, market: Market) -> Floats:
    """(r, D) returns, (b, D) how often each counts -> (b, 2, r) yearly Sharpe ratios and
    volatilities."""
    steps = returns.shape[1]
    centre = returns.mean(axis=1, keepdims=True)
    apart = (returns - centre).T
    mean = drawn @ apart / steps
    spread = np.sqrt(np.maximum(drawn @ np.square(apart) / steps - np.square(mean), 0.0))
    ratio = (mean + centre[:, 0] - market.cash) / np.where(spread > LEAST, spread, np.inf)
    return np.stack([ratio, spread], axis=1) * np.sqrt(market.past.unit.a_year)


def _proven(seen: Floats, drawn: Floats) -> list[int]:
    """The sign of each of (r,) differences that is beyond chance with all of them looked at, by
    (DRAWS, r) draws; else 0."""
    error = drawn.std(axis=0)
    known = error > LEAST
    scale = np.where(known, error, 1.0)
    largest = np.where(known, np.abs(drawn - seen) / scale, 0.0).max(axis=1)
    beyond = known & (np.abs(seen) > np.quantile(largest, 1 - LEVEL) * scale)
    return [int(sign) for sign in np.where(beyond, np.sign(seen), 0)]
