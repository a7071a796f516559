"""Days foretold one after the other by what was known before, and which foreteller does best."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from tidemill.core.errors import MissingExtra
from tidemill.core.run import Run
from tidemill.markets import FORETELLERS
from tidemill.markets.backtests import Backtest, backtest, fz0
from tidemill.markets.base import FEWEST, Foreteller
from tidemill.supervised.arrays import Floats
from tidemill.supervised.resampling import drawn_times, interval

SPAN = 500
"""Days of each of the two spans on which foresight is judged."""
SECOND_LEVEL = 0.05
"""Foretellers are also compared at this level, where there are hits enough."""
PATHS = 1000
"""Futures that a loss over several days is read from, in each window."""
LEAST = 1e-9
"""A loss that is foretold at least."""
BLOCK = 20.0
"""Mean days of a stretch where what was foretold is drawn again."""


@dataclass(frozen=True)
class Walk:
    """What one foreteller said of a single series of returns.

    Attributes:
        at_risk, shortfall: (T + 1 - first,) for each day from the first that is foretold, the last
            of the day after the end.
    """

    at_risk: Floats
    shortfall: Floats


@dataclass(frozen=True)
class Examined:
    """How foretellers did.

    Attributes:
        returns: (T,) what came.
        first: The first day that was foretold.
        level: How often the value at risk is to be undercut.
        walks: Name -> what it said.
        missing: Names of foretellers whose package is not there.
        spans: Name -> the days of each span, as places in ``returns``.
        chosen: The foreteller with the lowest score on the days outside the spans, at both levels.
        scores: Name -> that score.
    """

    returns: Floats
    first: int
    level: float
    walks: Mapping[str, Walk]
    missing: tuple[str, ...]
    spans: Mapping[str, NDArray[np.int64]]
    chosen: str
    scores: Mapping[str, float]

    def test(self, name: str, days: NDArray[np.int64]) -> Backtest:
        """How a foreteller did on some days."""
        walk, at = self.walks[name], days - self.first
        return backtest(self.returns[days], walk.at_risk[at], walk.shortfall[at], self.level)

    def tomorrow(self, rng: np.random.Generator) -> tuple[Floats, Floats]:
        """(3,) each: the value at risk and the expected shortfall of the day after the end, and
        the 95 % intervals: what came, in parts of what was foretold, is drawn again in stretches.
        """
        walk = self.walks[self.chosen]
        parts = self.returns[self.first :] / walk.at_risk[:-1]
        places = drawn_times(len(parts), BLOCK, rng)
        drawn = -parts[places]
        cut = np.quantile(drawn, self.level, axis=1)
        below = drawn <= cut[:, None]
        beyond = (drawn * below).sum(axis=1) / below.sum(axis=1)
        found = []
        for factors, said in ((-cut, walk.at_risk[-1]), (-beyond, walk.at_risk[-1])):
            low, high = interval(factors * said)
            found.append((low, high))
        return (
            np.array([walk.at_risk[-1], *found[0]]),
            np.array([walk.shortfall[-1], *found[1]]),
        )


def examined(returns: Floats, level: float, run: Run) -> Examined:
    """Every foreteller on a single series, day by day.

    Args:
        returns: (T,), at least 2 SPAN.
        level: How often the value at risk is to be undercut.
        run: Progress.
    """
    first = FEWEST
    spans = _spans(returns, first)
    others = np.setdiff1d(np.arange(first, len(returns)), np.concatenate(list(spans.values())))
    walks, scores, missing = {}, {}, []
    for name in run.track(list(FORETELLERS), "risk", "foretelling each day by those before"):
        try:
            foreteller: Foreteller = FORETELLERS.load(name)
        except MissingExtra:
            missing.append(name)
            continue
        walks[name] = _walk(foreteller, returns, first, level)
        second = _walk(foreteller, returns, first, SECOND_LEVEL)
        scores[name] = _score(walks[name], returns, others, first, level) + _score(
            second, returns, others, first, SECOND_LEVEL
        )
    chosen = min(scores, key=lambda name: scores[name])
    return Examined(returns, first, level, walks, tuple(missing), spans, chosen, scores)


def _walk(foreteller: Foreteller, returns: Floats, first: int, level: float) -> Walk:
    at_risk, shortfall = foreteller.foretell(returns[:, None], first, level)
    # what never fell has no loss to foretell, and the score needs one
    return Walk(np.minimum(at_risk[:, 0], -LEAST), np.minimum(shortfall[:, 0], -LEAST))


def _score(walk: Walk, returns: Floats, days: NDArray[np.int64], first: int, level: float) -> float:
    at = days - first
    return float(
        fz0(100 * returns[days], 100 * walk.at_risk[at], 100 * walk.shortfall[at], level).mean()
    )


def _spans(returns: Floats, first: int) -> dict[str, NDArray[np.int64]]:
    """The last days, and those that moved most among the ones before."""
    size = min(SPAN, (len(returns) - first) // 3)
    last = np.arange(len(returns) - size, len(returns))
    moved = np.convolve(np.square(returns[first : len(returns) - size]), np.ones(size), "valid")
    worst = first + int(np.argmax(moved)) + np.arange(size)
    return {"last": last, "worst": worst}


@dataclass(frozen=True)
class Horizon:
    """A loss over several days.

    Attributes:
        days: How many.
        windows: How many such stretches, one after the other, were foretold.
        hits: In how many of them more was lost than was foretold.
        p: Of as many hits as promised, by an exact binomial test.
        level: How often more is to be lost.
    """

    days: int
    windows: int
    hits: int
    p: float
    level: float


def horizon_tests(
    foreteller: Foreteller, returns: Floats, days: int, levels: Sequence[float], run: Run
) -> tuple[Horizon, ...]:
    """Stretches of days that do not overlap, each foretold by what was before.

    Args:
        foreteller: What foretells.
        returns: (T,).
        days: Of a stretch.
        levels: How often more is to be lost than was foretold.
        run: Progress, and the random stream.

    Returns:
        How that was at each level.
    """
    starts = range(FEWEST, len(returns) - days + 1, days)
    hits = np.zeros(len(levels), np.int64)
    for k, start in enumerate(
        run.track(list(starts), "risk", f"foretelling {days} days at a time")
    ):
        rng = run.rng("horizon", str(k))
        made = foreteller.futures(returns[:start, None], days, PATHS, rng).returns[..., 0]
        hits += returns[start : start + days].sum() < np.quantile(made.sum(axis=1), levels)
    windows = len(starts)
    return tuple(
        Horizon(days, windows, own, float(stats.binomtest(own, windows, level).pvalue), level)
        for own, level in zip(hits.tolist(), levels, strict=True)
    )


def portfolio(returns: Floats, weights: Sequence[float]) -> Floats:
    """(T, k) logarithmic returns -> (T,) those of holdings whose weights are the same every day.

    Example:
        >>> float(portfolio(np.log([[1.1, 0.9]]), [0.5, 0.5])[0].round(12))
        0.0
    """
    found: Floats = np.log1p(np.expm1(returns) @ np.asarray(weights))
    return found
