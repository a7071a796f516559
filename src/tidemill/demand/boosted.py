"""Boosted trees over the last weeks of all items together."""

from __future__ import annotations

import numpy as np

from tidemill.core.run import Run
from tidemill.demand.base import LEVEL, SEASON, Asked, level_at, mean_known
from tidemill.demand.smoothing import SMOOTHING
from tidemill.supervised.arrays import Floats
from tidemill.supervised.boosting import REPEATABLE, predictions

LAGS = 6
FIRST = 9
"""Weeks that are known before the first one that is learned from."""
ROWS = 150_000
"""Rows that are learned from at most, about, drawn at random."""
TREES = 120
CAP = 50.0
"""Times its level that an item is taken to sell at most, in what trees are shown."""


class Boosted:
    """One model for all items and all weeks ahead. Sales are told as parts of what an item sells
    just now, so items of any size teach each other; the median is what is learned, as errors count
    by their size and not by its square."""

    def forecast(self, sold: Floats, asked: Asked, run: Run) -> Floats:
        """See :class:`tidemill.demand.base.Forecaster`."""
        import lightgbm as lgb

        # several origins see each week that is learned from: as many weeks ahead as are asked for
        origins = range(min(FIRST, asked.start - 1), asked.start)
        share = ROWS / (len(sold) * len(origins) * asked.horizon)
        rng = run.rng("demand", "rows")
        rows, target = [], []
        for origin in origins:
            ahead = min(asked.horizon, asked.start - origin)
            seen = features(sold, origin, asked)[:, :ahead]
            came = sold[:, origin : origin + ahead] / level_at(sold, origin)[:, None]
            used = ~np.isnan(came)
            if share < 1:
                used &= rng.random(came.shape) < share
            rows.append(seen[used])
            target.append(np.minimum(came[used], CAP))
        matrix, label = np.concatenate(rows), np.concatenate(target)
        settings = {
            **REPEATABLE,
            "objective": "regression_l1",
            "learning_rate": 0.05,
            "num_leaves": 15,
            "min_data_in_leaf": 100,
            "seed": run.seed_of("demand", "boosting"),
        }
        data = lgb.Dataset(matrix, label, params={"verbosity": -1})
        model = lgb.train(settings, data, TREES)
        found = []
        for origin in asked.origins:
            seen = features(sold, origin, asked)
            said = predictions(model, seen.reshape(-1, seen.shape[-1])).reshape(seen.shape[:2])
            found.append(np.maximum(said, 0) * level_at(sold, origin)[:, None])
        return np.array(found)


def features(sold: Floats, origin: int, asked: Asked) -> Floats:
    """(k, horizon, features) of what is known before an origin."""
    level = level_at(sold, origin)[:, None]
    before = np.full((len(sold), max(26, LAGS)), np.nan)
    kept = sold[:, max(origin - before.shape[1], 0) : origin]
    before[:, before.shape[1] - kept.shape[1] :] = kept
    parts = np.minimum(before / level, CAP)
    means = [mean_known(parts[:, -weeks:]) for weeks in (2, 4, 13, 26)]
    spread = mean_known(np.abs(parts[:, -LEVEL:] - 1))
    none = mean_known(np.where(np.isnan(before), np.nan, before == 0)[:, -13:])
    all_items = mean_known(np.minimum(parts, 5), axis=0)  # how all of them do, week by week
    shared = np.tile(all_items[-4:], (len(sold), 1))
    own = np.column_stack([parts[:, -LAGS:], *means, spread, none, np.log(level[:, 0]), shared])
    ahead = [
        np.column_stack([own, np.full(len(sold), step), a_year_ago(sold, origin, step, asked)])
        for step in range(asked.horizon)
    ]
    return np.stack(ahead, axis=1)


def a_year_ago(sold: Floats, origin: int, step: int, asked: Asked) -> Floats:
    """(k,) the same week a year ago as part of the level then; NaN where there was none."""
    week, then = origin + step - SEASON, origin - SEASON
    if not asked.season or then < 1:
        return np.full(len(sold), np.nan)
    found: Floats = np.minimum(sold[:, week] / level_at(sold, then), CAP)
    return found


class Blend:
    """Half smoothing, half boosting: means of forecasts err less than most of their parts (Bates
    and Granger 1969)."""

    def forecast(self, sold: Floats, asked: Asked, run: Run) -> Floats:
        """See :class:`tidemill.demand.base.Forecaster`."""
        found: Floats = 0.5 * (
            SMOOTHING.forecast(sold, asked, run) + BOOSTED.forecast(sold, asked, run)
        )
        return found


BOOSTED = Boosted()
BLEND = Blend()
