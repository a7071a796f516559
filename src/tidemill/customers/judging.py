"""What was expected of customers beside what came."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from tidemill.core.run import Run
from tidemill.customers import AS_BEFORE, VALUE_MODELS
from tidemill.customers.base import ExpectedBuying, KnownCustomers, Purchases, ValueModel
from tidemill.customers.bgnbd import FittedValue
from tidemill.supervised.arrays import Bools, Floats
from tidemill.supervised.resampling import interval, totals_of_rows

TENTH = 0.1
"""The share of customers on a list of the best."""
FEWEST = 200
"""Customers who must be known before the day from which on it is judged."""
FEWEST_AGAIN = 50
"""Of them, those who bought more than once before, and those who bought afterwards."""
EACH = 8
"""Futures of each customer with each set of parameters."""
FLOOR = 0.01
"""What is expected of a customer at least, in parts of the mean, where models are compared."""
BAND = (0.05, 0.95)
CHUNK = 20_000


class OverCustomers(NamedTuple):
    """A figure with its 95 % interval over customers."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class JudgedValue:
    """How expectations did in a span.

    Attributes:
        known: The customers, at its first day.
        span: Its days.
        expected: Model -> what was expected.
        came: What came.
        money: Whether money is known; else purchases are what counts.
    """

    known: KnownCustomers
    span: int
    expected: Mapping[str, ExpectedBuying]
    came: ExpectedBuying
    money: bool

    @staticmethod
    def of(purchases: Purchases, at: int, span: int, run: Run) -> JudgedValue:
        """Every model in the span from a day on."""
        known = KnownCustomers.of(purchases, at, span)
        times, money = purchases.between(at, at + span)
        expected = {}
        for name in run.track(list(VALUE_MODELS), "customers", "expecting what was bought"):
            model: ValueModel = VALUE_MODELS.load(name)
            expected[name] = model.expect(purchases, at, span, run)
        came = ExpectedBuying(times[known.place], money[known.place])
        return JudgedValue(known, span, expected, came, purchases.money is not None)

    def worth(self, of: ExpectedBuying) -> Floats:
        """(n,) what counts."""
        return of.money if self.money else of.purchases

    def total(self, name: str, *, money: bool, rng: np.random.Generator) -> OverCustomers:
        """What was expected of all, in parts of what came."""
        said, came = self.expected[name], self.came
        pair = (said.money, came.money) if money else (said.purchases, came.purchases)
        drawn = totals_of_rows(np.column_stack(pair), rng)
        low, high = interval(drawn[:, 0] / np.maximum(drawn[:, 1], 1e-9))
        return OverCustomers(float(pair[0].sum() / max(pair[1].sum(), 1e-9)), low, high)

    def error(self, name: str, rng: np.random.Generator) -> OverCustomers:
        """How far off a customer's worth was in the mean, in parts of its mean."""
        off = np.abs(self.worth(self.expected[name]) - self.worth(self.came))
        drawn = totals_of_rows(np.column_stack([off, self.worth(self.came)]), rng)
        low, high = interval(drawn[:, 0] / np.maximum(drawn[:, 1], 1e-9))
        return OverCustomers(float(off.sum() / max(self.worth(self.came).sum(), 1e-9)), low, high)

    def best(self, name: str) -> Bools:
        """(n,) the tenth of customers of whom most was expected."""
        return best_tenth(self.worth(self.expected[name]))

    def share(self, name: str, rng: np.random.Generator) -> OverCustomers:
        """The share of what came that the expected best tenth brought."""
        worth = self.worth(self.came)
        drawn = totals_of_rows(np.column_stack([worth * self.best(name), worth]), rng)
        low, high = interval(drawn[:, 0] / np.maximum(drawn[:, 1], 1e-9))
        return OverCustomers(self.plain_share(name), low, high)

    def plain_share(self, name: str) -> float:
        """The same without an interval."""
        worth = self.worth(self.came)
        return float(worth[self.best(name)].sum() / max(worth.sum(), 1e-9))

    def deviance(self, name: str) -> float:
        """How far what was expected is from what came, so that the mean is what should be
        expected: the deviance of Poisson, in parts of what came."""
        came = np.maximum(self.worth(self.came), 0.0)
        said = np.maximum(self.worth(self.expected[name]), FLOOR * came.mean() + 1e-12)
        found = came * np.log(np.maximum(came, 1e-12) / said) - (came - said)
        return float(2 * found.sum() / max(came.sum(), 1e-12))

    @property
    def possible(self) -> float:
        """The share that the tenth who brought most did."""
        worth = self.worth(self.came)
        return float(worth[best_tenth(worth)].sum() / max(worth.sum(), 1e-9))

    def gain(self, name: str, against: str, rng: np.random.Generator) -> OverCustomers:
        """By how much the share of one model's best tenth is larger than another's, on the same
        customers."""
        worth = self.worth(self.came)
        parts = [worth * self.best(name), worth * self.best(against), worth]
        drawn = totals_of_rows(np.column_stack(parts), rng)
        low, high = interval((drawn[:, 0] - drawn[:, 1]) / np.maximum(drawn[:, 2], 1e-9))
        return OverCustomers(self.plain_share(name) - self.plain_share(against), low, high)

    def tenths(self, name: str) -> list[tuple[float, float, float, float]]:
        """Of each tenth of customers, by what was expected, least first: the expected mean, the
        mean that came, and its 95 % interval."""
        said, came = self.worth(self.expected[name]), self.worth(self.came)
        found = []
        for part in np.array_split(np.argsort(said, kind="stable"), 10):
            error = float(came[part].std(ddof=1)) / np.sqrt(len(part)) if len(part) > 1 else 0.0
            mean = float(came[part].mean())
            found.append((float(said[part].mean()), mean, mean - 1.96 * error, mean + 1.96 * error))
        return found


def best_tenth(worth: Floats) -> Bools:
    """(n,) the tenth of customers with the largest worth.

    Example:
        >>> best_tenth(np.arange(20.0)).nonzero()[0].tolist()
        [18, 19]
    """
    found = np.zeros(len(worth), bool)
    found[np.argsort(-worth, kind="stable")[: max(1, round(TENTH * len(worth)))]] = True
    return found


@dataclass(frozen=True)
class CustomerBacktest:
    """How expectations did, and which model is used.

    Attributes:
        judged: On the last span.
        chosen: The model that was nearest to what came in the span before, or "as before" where
            there was none.
        earlier: Model -> its deviance there; empty where there was no span before.
    """

    judged: JudgedValue
    chosen: str
    earlier: Mapping[str, float]


def backtested_value(purchases: Purchases, span: int, run: Run) -> CustomerBacktest | None:
    """Every model on the last span; None where too few customers were known before, or bought.

    Args:
        purchases: Of all customers.
        span: Its days.
        run: Progress and seed.
    """
    at = purchases.end - span
    if not _enough(purchases, at, span):
        return None
    judged = JudgedValue.of(purchases, at, span, run)
    if not _enough(purchases, at - span, span):
        return CustomerBacktest(judged, AS_BEFORE, {})
    before = JudgedValue.of(purchases, at - span, span, run)
    earlier = {name: before.deviance(name) for name in VALUE_MODELS}
    return CustomerBacktest(judged, min(earlier, key=lambda name: earlier[name]), earlier)


def _enough(purchases: Purchases, at: int, span: int) -> bool:
    if at - span <= purchases.begin:
        return False
    known = KnownCustomers.of(purchases, at, span)
    times, _ = purchases.between(at, at + span)
    bought = int((times[known.place] > 0).sum())
    return (
        len(known.place) >= FEWEST
        and int(known.bought_again.sum()) >= FEWEST_AGAIN
        and bought >= FEWEST_AGAIN
    )


@dataclass(frozen=True)
class ValueBands:
    """Between which ends nine of ten futures lie, by BG/NBD and gamma-gamma.

    Attributes:
        times, money: (2, n) of each customer.
        total_times, total_money: (draws,) of all together.
        buys: (n,) the chance to buy at all.
    """

    times: Floats
    money: Floats
    total_times: Floats
    total_money: Floats
    buys: Floats

    @staticmethod
    def of(fitted: FittedValue, weeks: float, rng: np.random.Generator) -> ValueBands:
        """For so many coming weeks."""
        n = len(fitted.known.place)
        sets = fitted.parameters(rng)
        times, money = np.empty((2, n)), np.empty((2, n))
        totals, buys = np.zeros((2, EACH * len(sets))), np.empty(n)
        for start in range(0, n, CHUNK):
            part = np.arange(start, min(start + CHUNK, n))
            bought, paid = fitted.of_customers(part).drawn(weeks, EACH, sets, rng)
            times[:, part] = np.quantile(bought, BAND, axis=0)
            money[:, part] = np.quantile(paid, BAND, axis=0)
            buys[part] = (bought > 0).mean(axis=0)
            totals += bought.sum(axis=1), paid.sum(axis=1)
        return ValueBands(times, money, totals[0], totals[1], buys)

    def held(self, came: ExpectedBuying) -> float:
        """The share of customers whose purchases lie between their ends."""
        inside = (came.purchases >= self.times[0]) & (came.purchases <= self.times[1])
        return float(inside.mean())
