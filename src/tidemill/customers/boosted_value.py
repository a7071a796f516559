"""Boosted trees, learned from what came after an earlier day."""

from __future__ import annotations

import numpy as np

from tidemill.core.run import Run
from tidemill.customers.base import ExpectedBuying, KnownCustomers, Purchases
from tidemill.supervised.arrays import Floats
from tidemill.supervised.boosting import REPEATABLE, predictions

TREES = 150


class BoostedValue:
    """What customers bought in the last span is learned from what was known before it, and told of
    the next one. Purchases are counts (Poisson), money is often none (Tweedie)."""

    def expect(self, purchases: Purchases, at: int, span: int, run: Run) -> ExpectedBuying:
        """See :class:`tidemill.customers.base.ValueModel`."""
        import lightgbm as lgb

        earlier = KnownCustomers.of(purchases, at - span, span)
        times, money = purchases.between(at - span, at)
        seen = value_features(earlier)
        now = value_features(KnownCustomers.of(purchases, at, span))
        settings = {
            **REPEATABLE,
            "learning_rate": 0.03,
            "num_leaves": 8,
            "min_data_in_leaf": max(20, len(seen) // 100),
            "seed": run.seed_of("customers", "boosting"),
        }
        said = []
        for label, objective in ((times, "poisson"), (np.maximum(money, 0), "tweedie")):
            target = label[earlier.place]
            if not target.any():
                said.append(np.zeros(len(now)))
                continue
            scale = float(target.mean())
            data = lgb.Dataset(seen, target / scale, params={"verbosity": -1})
            model = lgb.train({**settings, "objective": objective}, data, TREES)
            said.append(scale * predictions(model, now))
        return ExpectedBuying(*said)


def value_features(known: KnownCustomers) -> Floats:
    """(n, features)."""
    return np.column_stack(
        [
            known.repeats,
            known.recency,
            known.age,
            known.age - known.recency,
            known.repeats / np.maximum(known.age, 1.0),
            known.spent,
            known.last,
            known.last_money,
        ]
    )


BOOSTED_VALUE = BoostedValue()
