"""What the coming weeks may bring, of all items together, and whether such bands held."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tidemill.core.run import Run
from tidemill.demand import FORECASTERS
from tidemill.demand.backtest import DemandBacktest, Stretch, on_shelves
from tidemill.demand.base import Asked, Forecaster, scale_at
from tidemill.supervised.arrays import Floats

PATHS, FEWEST_PATHS = 500, 100
"""Futures that are drawn."""
CELLS = 20_000_000
"""Futures times items times weeks that are held at once, unless that makes them too few."""
STAY = 0.75
"""The chance that a future goes on with the same stretch of the past in its next week."""
BAND = (0.05, 0.95)
"""The ends of bands, as shares of futures below them."""


WIDER = (1.0, 1.25, 1.5, 1.75, 2.0, 2.5, 3.0)


@dataclass(frozen=True)
class DemandFutures:
    """Made weeks.

    Attributes:
        sold: (paths, k, horizon) pieces.
        said: (k, horizon) what is forecast, about which they lie.
    """

    sold: Floats
    said: Floats

    def band(self, widened: float = 1.0) -> Floats:
        """(2, k, horizon) between which pieces nine of ten futures of an item lie; made wider by a
        factor about the middle one."""
        low, middle, high = np.quantile(self.sold, (BAND[0], 0.5, BAND[1]), axis=0)
        wide = [middle + widened * (end - middle) for end in (low, high)]
        return np.maximum(np.array(wide), 0.0)

    def totals(self) -> Floats:
        """(paths, horizon) pieces of all items together."""
        found: Floats = self.sold.sum(axis=1)
        return found


def surprises(
    stretches: Sequence[Stretch], name: str, until: int, scale: Floats, rng: np.random.Generator
) -> Floats:
    """By how many pieces forecasts were off.

    An item's own of earlier weeks are made larger or smaller as the square root of what it sells
    now over what it sold then, as spreads of sales do. Where it was not there, it is as surprising
    for its size as another item in that week.

    Args:
        stretches: Weeks that were forecast.
        name: The forecaster.
        until: Weeks before it are known, and no later ones.
        scale: (k,) what each item sells a week now.
        rng: Draws these other items.

    Returns:
        (origins, k, horizon); an origin's are kept together, for what surprises one item surprises
        others in the same week.
    """
    found = []
    for one in stretches:
        for k, origin in enumerate(one.asked.origins):
            if origin + one.asked.horizon > until:
                continue
            off, then = one.truth[k] - one.said[name][k], one.scale[k]
            own = off * np.sqrt(scale / then)[:, None]
            gone = np.isnan(off).any(axis=1)
            there = np.flatnonzero(~gone)
            if not len(there):
                continue  # weeks of which nothing is known
            lent = rng.choice(there, int(gone.sum()))
            own[gone] = off[lent] * (scale[gone] / then[lent])[:, None]
            found.append(own)
    return np.array(found)


def made_weeks(said: Floats, surprise: Floats, rng: np.random.Generator) -> DemandFutures:
    """Weeks that may come, all items together: PATHS, or fewer of very many items.

    Args:
        said: (k, horizon) what is forecast.
        surprise: (origins, k, horizon) in pieces.
        rng: Draws the surprises.
    """
    origins, _, horizon = surprise.shape
    paths = min(PATHS, max(CELLS // max(said.size, 1), FEWEST_PATHS))
    place = rng.integers(origins, size=(paths, horizon))
    for step in range(1, horizon):
        stays = rng.random(paths) < STAY
        place[:, step] = np.where(stays, place[:, step - 1], place[:, step])
    sold = np.empty((paths, *said.shape))
    for step in range(horizon):
        sold[:, :, step] = np.maximum(said[:, step] + surprise[place[:, step], :, step], 0)
    return DemandFutures(sold, said)


@dataclass(frozen=True)
class BandCoverage:
    """How often what came lay in bands of 90 %.

    Attributes:
        items: The share of items' weeks.
        total: Weeks in which that of all items together did, of ``weeks``, each foretold a week
            ahead.
        weeks: How many of them are known.
        widened: By how much bands of items were made wider, so that they held in the weeks before.
    """

    items: float
    total: int
    weeks: int
    widened: float


def band_coverage(seen: DemandBacktest, rng: np.random.Generator) -> BandCoverage:
    """How bands held on the last weeks, made from surprises before them alone."""
    before = (*seen.choice, *seen.between)
    widened = 1.0
    if len(before) > 1:
        # a few past weeks hold too little surprise: by how much is seen on the latest of them
        tried = {
            factor: _held(before[:-1], before[-1], seen.chosen, factor, rng) for factor in WIDER
        }
        enough = [factor for factor, (share, _) in tried.items() if share >= BAND[1] - BAND[0]]
        widened = min(enough, default=max(WIDER))
    items, totals = _held(before, seen.held, seen.chosen, widened, rng)
    return BandCoverage(items, sum(totals), len(totals), widened)


def _held(
    before: Sequence[Stretch],
    after: Stretch,
    name: str,
    widened: float,
    rng: np.random.Generator,
) -> tuple[float, list[bool]]:
    """The share of items' weeks inside their bands, and of each week whether the total is."""
    inside, totals = [], []
    for k, origin in enumerate(after.asked.origins):
        drawn = surprises(before, name, after.asked.start, after.scale[k], rng)
        made = made_weeks(after.said[name][k], drawn, rng)
        low, high = made.band(widened)
        came = after.truth[k]
        known = ~np.isnan(came)
        known[:, after.end - origin :] = False
        inside.append(((came >= low) & (came <= high))[known])
        there = known[:, 0]
        if not there.any():
            continue
        least, most = np.quantile(made.sold[:, there, 0].sum(axis=1), BAND)
        totals.append(bool(least <= came[there, 0].sum() <= most))
    return float(np.concatenate(inside).mean()), totals


def coming(sold: Floats, seen: DemandBacktest, run: Run) -> DemandFutures:
    """The weeks after the table's end.

    Args:
        sold: (k, T) of the items that were judged.
        seen: How forecasts did; its items are the same.
        run: Seed.
    """
    end = sold.shape[1]
    asked = Asked(end, [end], seen.held.asked.horizon, seen.season)
    known = on_shelves(sold, end)
    forecaster: Forecaster = FORECASTERS.load(seen.chosen)
    said = forecaster.forecast(known, asked, run)[0]
    rng = run.rng("demand", "futures")
    stretches = (*seen.choice, *seen.between, seen.held)
    drawn = surprises(stretches, seen.chosen, end, scale_at(known, end), rng)
    return made_weeks(said, drawn, rng)
