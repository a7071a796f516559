"""Weeks forecast by those before them: which forecaster does best, and for which items that is
proven."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from tidemill.core.run import Run
from tidemill.demand import FORECASTERS, RULES_OF_THUMB
from tidemill.demand.base import SEASON, Asked, Forecaster, mean_known, scale_at
from tidemill.supervised.arrays import Bools, Floats, Ints
from tidemill.supervised.resampling import drawn_times, interval

HELD = 8
"""Weeks on which forecasts are judged."""
LEAST = 20
"""Weeks before them that an item must have existed, and that the first forecast learns from."""
FOLDS = 3
"""Stretches of as many weeks before them on which forecasters are compared, at most."""
ALIVE = 8
"""Weeks without a sale after which an item is taken to have ended."""
OFTEN = 0.5
"""The share of weeks in which an item must be sold."""
SURPRISING = 0.001
"""A stretch of weeks without a sale whose chance is below this looks like an empty shelf."""
AS_BEFORE = RULES_OF_THUMB[0]
WORTH = 0.99
"""The error of a forecaster that is taken in place of a rule of thumb, in parts of the rule's."""
FALSE = 0.05
"""The share of items that may be called forecastable by chance."""
BLOCK = 2.0
"""Mean weeks of a stretch where weeks are drawn again."""
DRAWS = 1000


class ErrorRatio(NamedTuple):
    """An error in parts of another one, with its 95 % interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Stretch:
    """Weeks that were forecast from what was known before.

    Attributes:
        asked: What was to be forecast.
        end: The week after the last one that counts.
        said: Forecaster -> (origins, k, horizon).
        truth: (origins, k, horizon) what was sold; NaN after the table's end.
        scale: (origins, k) what an item sold a week before an origin.
        usual: (k,) what it sells a week: the mean before the stretch or in it, whichever is larger,
            so that an item that woke up does not outweigh all others.
    """

    asked: Asked
    end: int
    said: Mapping[str, Floats]
    truth: Floats
    scale: Floats
    usual: Floats

    def errors(self, name: str) -> Floats:
        """(k, weeks) how far off forecasts were, in parts of what an item usually sells, the mean
        of those that were made of a week; NaN where the item was not there."""
        off = np.abs(self.said[name] - self.truth) / self.usual[None, :, None]
        weeks = self.end - self.asked.start
        found = np.full((off.shape[1], weeks, self.asked.horizon), np.nan)
        for k, origin in enumerate(self.asked.origins):
            for step in range(min(self.asked.horizon, self.end - origin)):
                found[:, origin + step - self.asked.start, step] = off[k, :, step]
        return mean_known(found)


@dataclass(frozen=True)
class DemandBacktest:
    """How forecasts did.

    Attributes:
        places: (k,) which items were judged, as places in the table's.
        held: The last weeks, on which they are judged.
        choice: The earliest stretches before, on which the forecaster was chosen.
        between: Stretches between these and the last weeks, on which nothing was chosen; single
            items are judged on them, too, as a few weeks say little of one item.
        chosen: The forecaster with the smallest error where it was chosen; a rule of thumb where
            others are hardly better.
        rival: The rule of thumb with the smallest error there.
        season: Whether there is a year of history to compare with.
        why_not: Place of an item that was not judged -> why.
        shelves: Stretches that look like an empty shelf, as (item, first, last) places.
        by_item: Rule of thumb -> how the chosen forecaster's errors of single items compare with
            its own.
    """

    places: Ints
    held: Stretch
    choice: tuple[Stretch, ...]
    between: tuple[Stretch, ...]
    chosen: str
    rival: str
    season: bool
    why_not: Mapping[int, str]
    shelves: tuple[tuple[int, int, int], ...]
    by_item: Mapping[str, ItemRatios]

    def mean_error(self, name: str) -> float:
        """In parts of what an item usually sells, on the last weeks."""
        return float(np.nanmean(self.held.errors(name)))

    def choice_error(self, name: str) -> float:
        """The same on the weeks on which the forecaster was chosen."""
        return _mean_error(self.choice, name)

    @property
    def proof_weeks(self) -> int:
        """Weeks on which single items are judged."""
        return sum(one.end - one.asked.start for one in (*self.between, self.held))

    def ratio(self, name: str, against: str, rng: np.random.Generator) -> ErrorRatio:
        """The error of all items together, in parts of another forecaster's; items and weeks are
        drawn again."""
        first, second = self.held.errors(name), self.held.errors(against)
        there = ~np.isnan(first)
        weeks = drawn_times(first.shape[1], BLOCK, rng, DRAWS)
        items = rng.multinomial(len(first), np.full(len(first), 1 / len(first)), size=DRAWS)
        sums = []
        for errors in (first, second):
            by_item = np.where(there, errors, 0.0)
            week_sums = items @ by_item  # (draws, weeks)
            sums.append(np.take_along_axis(week_sums, weeks, axis=1).sum(axis=1))
        low, high = interval(sums[0] / np.maximum(sums[1], 1e-12))
        value = np.nansum(first) / max(float(np.nansum(second)), 1e-12)
        return ErrorRatio(float(value), low, high)

    def better_than_before(self) -> Bools:
        """(k,) items that are forecast better than as before, so that at most one in twenty of
        them is there by chance, and with intervals below 1."""
        if self.chosen == AS_BEFORE:
            return np.zeros(len(self.places), bool)
        return self.by_item[AS_BEFORE].proven()

    def forecastable(self) -> Bools:
        """(k,) of these, the items that are forecast better than by each rule of thumb: more is
        foreseen than what is usual for them."""
        if self.chosen in RULES_OF_THUMB:
            return np.zeros(len(self.places), bool)
        worst = functools.reduce(ItemRatios.worse, self.by_item.values())
        return self.better_than_before() & worst.proven()


class ItemRatios(NamedTuple):
    """The errors of items in parts of another forecaster's.

    Attributes:
        ratios: Of each item.
        p: (k,) the chance of such a one where the true one is not below 1.
    """

    ratios: tuple[ErrorRatio, ...]
    p: Floats

    @staticmethod
    def of(stretches: Sequence[Stretch], chosen: str, against: str) -> ItemRatios:
        """Those of a forecaster's errors in all weeks of some stretches."""
        first, second = (
            np.concatenate([one.errors(name) for one in stretches], axis=1)
            for name in (chosen, against)
        )
        lag = stretches[0].asked.horizon - 1
        found = [fieller(a, b, lag) for a, b in zip(first, second, strict=True)]
        return ItemRatios(tuple(ratio for ratio, _ in found), np.array([p for _, p in found]))

    @staticmethod
    def worse(first: ItemRatios, second: ItemRatios) -> ItemRatios:
        """Of each item the comparison that says less: both hold where it does."""
        said = [
            max(pair, key=lambda one: one.high) for pair in zip(first[0], second[0], strict=True)
        ]
        return ItemRatios(tuple(said), np.maximum(first.p, second.p))

    def proven(self) -> Bools:
        """(k,) which are below 1, for sure even though so many items were looked at."""
        below = np.array([one.high < 1 for one in self.ratios])
        found: Bools = below & (false_discovery(self.p) <= FALSE)
        return found


def fieller(errors: Floats, others: Floats, lag: int = 0) -> tuple[ErrorRatio, float]:
    """The ratio of two means of the same weeks, its 95 % interval, and the one-sided p-value of a
    ratio below 1.

    Fieller (1954), "Some Problems in Interval Estimation": the interval holds every r of which a
    t-test cannot say that errors - r others is not 0 in the mean; so it excludes 1 exactly where
    the t-test of the differences does.

    Args:
        errors, others: (weeks,) NaN where not known.
        lag: Weeks over which they may hang together (Newey and West 1987).

    Example:
        >>> found, p = fieller(np.array([1.0, 2.0, 1.5, 1.2]), np.array([2.0, 4.1, 2.9, 2.5]))
        >>> round(found.value, 2), found.high < 1, p < 0.05
        (0.5, True, True)
    """
    from scipy.stats import t as student

    known = ~(np.isnan(errors) | np.isnan(others))
    pair = np.column_stack([errors[known], others[known]])
    n = len(pair)
    if n < 3 or pair[:, 1].mean() <= 0:
        return ErrorRatio(float("nan"), 0.0, float("inf")), 1.0
    (mean_a, mean_b), spread = pair.mean(axis=0).tolist(), _covariance_of_mean(pair, lag)
    (var_a, both), (_, var_b) = spread.tolist()
    apart = max(var_a - 2 * both + var_b, 0.0)
    # without a difference, or with the same one every week, there is nothing that a test could say
    p = 1.0
    if apart > 1e-18 * max(mean_b, 1.0) ** 2:
        p = float(student.cdf((mean_a - mean_b) / np.sqrt(apart), n - 1))
    # (mean_a - r mean_b)^2 <= t^2 var(mean of a - r b), a quadratic in r
    cut = float(student.ppf(0.975, n - 1)) ** 2
    square, half = mean_b**2 - cut * var_b, mean_a * mean_b - cut * both
    root = half**2 - square * (mean_a**2 - cut * var_a)
    if square <= 0 or root < 0:
        return ErrorRatio(mean_a / mean_b, 0.0, float("inf")), p
    reach = float(np.sqrt(root))
    low, high = max((half - reach) / square, 0.0), (half + reach) / square
    return ErrorRatio(mean_a / mean_b, low, high), p


def _covariance_of_mean(pair: Floats, lag: int) -> Floats:
    """(2, 2) of the means of (n, 2) series: as if weeks were independent, or by Newey and West,
    whichever says that the difference is less sure."""
    n = len(pair)
    off = pair - pair.mean(axis=0)
    plain = off.T @ off / (n - 1) / n
    long = plain.copy()
    for step in range(1, min(lag, n - 2) + 1):
        across = off[step:].T @ off[:-step] / (n - 1) / n
        long += (1 - step / (lag + 1)) * (across + across.T)
    contrast = np.array([1.0, -1.0])
    found: Floats = max((plain, long), key=lambda one: float(contrast @ one @ contrast))
    return found


def false_discovery(p: Floats) -> Floats:
    """P-values of many questions, such that of those called at most a level that share is called by
    chance.

    Benjamini and Hochberg (1995), "Controlling the False Discovery Rate".

    Example:
        >>> false_discovery(np.array([0.01, 0.04, 0.03, 0.5])).round(3).tolist()
        [0.04, 0.053, 0.053, 0.5]
    """
    order = np.argsort(p, kind="stable")
    scaled = p[order] * len(p) / np.arange(1, len(p) + 1)
    found = np.empty(len(p))
    found[order] = np.minimum.accumulate(scaled[::-1])[::-1].clip(max=1.0)
    return found


def backtested(sold: Floats, horizon: int, run: Run, held: int = HELD) -> DemandBacktest | None:
    """Every forecaster on the last weeks and on stretches before them; None where there are too few
    weeks, or no item that can be judged.

    Args:
        sold: (k, T), NaN before an item began.
        horizon: Weeks ahead.
        run: Progress and seed.
        held: How many last weeks.
    """
    start = sold.shape[1] - held
    if start < LEAST + held:
        return None
    why_not = unfit(sold, start)
    places = np.array([k for k in range(len(sold)) if k not in why_not], np.int64)
    if not len(places):
        return None
    own = sold[places]
    # two stretches must be left on which to choose and to judge items
    season = start - 2 * held >= SEASON
    season = season and _known_a_year_ago(own, start - 2 * held) >= OFTEN
    least = SEASON if season else LEAST
    folds = [start - held * k for k in range(1, FOLDS + 1) if start - held * k >= least]
    starts = [*reversed(folds), start]
    with run.stage("demand", "forecasting", total=len(FORECASTERS) * len(starts)) as stage:
        found = [
            stretch(own, Asked(one, range(one, one + held), horizon, season), run, stage.advance)
            for one in starts
        ]
    choice = tuple(found[: (len(folds) + 1) // 2])
    errors = {name: _mean_error(choice, name) for name in FORECASTERS}
    rival = min(RULES_OF_THUMB, key=lambda name: errors[name])
    chosen = min(errors, key=lambda name: errors[name])
    if errors[chosen] > WORTH * errors[rival]:
        chosen = rival
    shelves = tuple((int(places[k]), i, j) for k, i, j in empty_shelves(own))
    later = found[len(choice) :]
    return DemandBacktest(
        places=places,
        held=found[-1],
        choice=choice,
        between=tuple(later[:-1]),
        chosen=chosen,
        rival=rival,
        season=season,
        why_not=why_not,
        shelves=shelves,
        by_item={rule: ItemRatios.of(later, chosen, rule) for rule in RULES_OF_THUMB},
    )


def _known_a_year_ago(sold: Floats, week: int) -> float:
    """The share of items that were there a year before a week."""
    return float((~np.isnan(sold[:, week - SEASON : week - SEASON + 4])).any(axis=1).mean())


def _mean_error(stretches: Sequence[Stretch], name: str) -> float:
    return float(np.nanmean(np.concatenate([one.errors(name) for one in stretches], axis=1)))


def stretch(sold: Floats, asked: Asked, run: Run, told: Callable[[str], None]) -> Stretch:
    """One stretch of weeks, forecast by every forecaster, of which is told."""
    end = max(asked.origins) + 1
    seen = on_shelves(sold, asked.start)
    said = {}
    for name in FORECASTERS:
        forecaster: Forecaster = FORECASTERS.load(name)
        said[name] = forecaster.forecast(seen, asked, run)
        told(name)
    truth = np.full((len(asked.origins), len(sold), asked.horizon), np.nan)
    for k, origin in enumerate(asked.origins):
        ahead = min(asked.horizon, sold.shape[1] - origin)
        truth[k, :, :ahead] = sold[:, origin : origin + ahead]
    truth[:, list(unfit(sold, asked.start, LEAST // 2))] = np.nan  # what was not there yet
    scale = np.array([scale_at(seen, origin) for origin in asked.origins])
    weeks_before, weeks_of_it = sold[:, : asked.start], sold[:, asked.start : end]
    usual = np.fmax(mean_known(weeks_before), mean_known(weeks_of_it))
    usual = np.maximum(np.nan_to_num(usual), 1e-9)
    return Stretch(asked, end, said, truth, scale, usual)


def unfit(sold: Floats, start: int, least: int = LEAST) -> dict[int, str]:
    """Place of each item that cannot be forecast from a week on -> why, by what was known then.

    Args:
        sold: (k, T).
        start: The week.
        least: Weeks that an item must have existed before it.
    """
    found = {}
    before = sold[:, :start]
    life = (~np.isnan(before)).sum(axis=1)
    sales: Bools = np.nan_to_num(before) > 0
    recent = np.asarray(sales[:, -ALIVE:].any(axis=1))
    often = sales.sum(axis=1) / np.maximum(life, 1)
    for k in range(len(sold)):
        if life[k] < least:
            found[k] = "too new"
        elif not recent[k]:
            found[k] = "ended"
        elif often[k] < OFTEN:
            found[k] = "sold too rarely"
    return found


def empty_shelves(sold: Floats) -> list[tuple[int, int, int]]:
    """(item, first, last) stretches without a sale that hardly come by chance, as one week in so
    many has none, and after which the item was sold again."""
    found = []
    for k, row in enumerate(sold):
        none = row == 0
        life = int((~np.isnan(row)).sum())
        if not none.any() or life < 2:
            continue
        edges = np.diff(np.concatenate([[False], none, [False]]).astype(int))
        firsts, lasts = np.flatnonzero(edges == 1), np.flatnonzero(edges == -1) - 1
        for first, last in zip(firsts.tolist(), lasts.tolist(), strict=True):
            length = last - first + 1
            # how often others of its weeks have none, with one more so that it is never 0
            share = (none.sum() - length + 1) / (life - length + 2)
            resumed = last < len(row) - 1
            if length >= 3 and resumed and life * share**length < SURPRISING * life:
                found.append((k, first, last))
    return found


def on_shelves(sold: Floats, start: int) -> Floats:
    """Sales with weeks of an empty shelf as not known, by what was known at a week."""
    found = sold.copy()
    for item, first, last in empty_shelves(sold[:, :start]):
        found[item, first : last + 1] = np.nan
    return found
