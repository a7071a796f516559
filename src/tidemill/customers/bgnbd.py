"""Customers who buy at a rate of their own until they stop, unseen: BG/NBD, with what they spend by
gamma-gamma.

Fader, Hardie and Lee (2005), "Counting Your Customers the Easy Way: An Alternative to the
Pareto/NBD Model"; Fader and Hardie (2013), "The Gamma-Gamma Model of Monetary Value".
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from tidemill.core.run import Run
from tidemill.customers.base import WEEK, ExpectedBuying, KnownCustomers, Purchases
from tidemill.supervised.arrays import Floats, Ints

STARTS = ((1.0, 10.0, 1.0, 3.0), (0.3, 4.0, 0.5, 1.0), (3.0, 50.0, 0.2, 5.0))
"""Of r, alpha, a and b, from which the likelihood is climbed."""
BOUND = 12.0
"""Of the logarithm of a parameter."""
STEP = 0.02
"""Of a logarithm, for differences."""
OTHERS = 25
"""Sets of parameters that futures are drawn with, for they are not known for sure."""
SHRINK = 0.01
"""How much large logarithms cost, which a likelihood that hardly knows them leaves free."""


@dataclass(frozen=True)
class BgNbd:
    """While active, a customer buys at a rate drawn from a gamma distribution (shape r, rate alpha,
    in weeks); after each purchase they stop with a chance drawn from a beta distribution (a, b).
    """

    r: float
    alpha: float
    a: float
    b: float

    @staticmethod
    def fitted(repeats: Floats, recency: Floats, age: Floats) -> BgNbd:
        """The parameters that make purchases most likely (eq. 6 of the paper).

        Args:
            repeats: (n,) purchases after the first one.
            recency: (n,) weeks from the first to the last one.
            age: (n,) weeks from the first one to now.
        """
        from scipy.optimize import minimize

        loss = _loss(repeats, recency, age)
        found = [minimize(loss, np.log(start), method="L-BFGS-B") for start in STARTS]
        best = min(found, key=lambda one: float(one.fun))
        return BgNbd.of_logs(best.x)

    @staticmethod
    def of_logs(logs: Floats) -> BgNbd:
        """By logarithms of the parameters."""
        return BgNbd(*np.exp(np.clip(logs, -BOUND, BOUND)).tolist())

    def others(
        self, known: tuple[Floats, Floats, Floats], many: int, rng: np.random.Generator
    ) -> list[BgNbd]:
        """Parameters that would explain the same purchases nearly as well: drawn from a normal
        distribution of their logarithms about these, by the curvature of the likelihood.

        Args:
            known: (n,) each: repeats, recency and age of the customers that these were fitted to.
            many: How many.
            rng: Draws them.
        """
        loss = _loss(*known)
        logs = np.log([self.r, self.alpha, self.a, self.b])
        sizes, axes = np.linalg.eigh(len(known[0]) * _curvature(loss, logs))
        # a direction in which nothing is known is left at a spread of 1, a factor of 2.7
        spread = 1 / np.sqrt(np.maximum(sizes, 1.0))
        return [BgNbd.of_logs(logs + axes @ (spread * rng.normal(size=4))) for _ in range(many)]

    def log_likelihood(self, repeats: Floats, recency: Floats, age: Floats) -> Floats:
        """(n,) of each customer."""
        from scipy.special import gammaln

        r, alpha, a, b = self.r, self.alpha, self.a, self.b
        first = gammaln(r + repeats) - gammaln(r) + r * np.log(alpha)
        second = gammaln(a + b) + gammaln(b + repeats) - gammaln(b) - gammaln(a + b + repeats)
        active = -(r + repeats) * np.log(alpha + age)
        stopped = np.where(
            repeats > 0,
            np.log(a)
            - np.log(np.maximum(b + repeats - 1, 1e-12))
            - (r + repeats) * np.log(alpha + recency),
            -np.inf,
        )
        found: Floats = first + second + np.logaddexp(active, stopped)
        return found

    def chance_active(self, repeats: Floats, recency: Floats, age: Floats) -> Floats:
        """(n,) the chance that each customer has not stopped; 1 for those who bought once, as one
        can stop after another purchase only."""
        odds = np.log(self.a) - np.log(np.maximum(self.b + repeats - 1, 1e-12))
        odds = odds + (self.r + repeats) * (np.log(self.alpha + age) - np.log(self.alpha + recency))
        found: Floats = np.where(repeats > 0, 1 / (1 + np.exp(np.minimum(odds, 700))), 1.0)
        return found

    def expected(self, repeats: Floats, recency: Floats, age: Floats, weeks: float) -> Floats:
        """(n,) purchases in the coming weeks (eq. 10 of the paper)."""
        from scipy.special import hyp2f1

        # the formula has a hole at a = 1, which nothing in the model has
        a = self.a if abs(self.a - 1) > 1e-6 else 1 + 1e-6
        r, alpha, b = self.r, self.alpha, self.b
        later = alpha + age + weeks
        hyper = hyp2f1(r + repeats, b + repeats, a + b + repeats - 1, weeks / later)
        gone = ((alpha + age) / later) ** (r + repeats) * hyper
        found: Floats = (a + b + repeats - 1) / (a - 1) * (1 - gone)
        return np.maximum(found, 0) * self.chance_active(repeats, recency, age)

    def drawn(
        self,
        repeats: Floats,
        recency: Floats,
        age: Floats,
        weeks: float,
        draws: int,
        rng: np.random.Generator,
    ) -> Floats:
        """(draws, n) purchases that may come in so many weeks, given what each customer did.

        Of one who is active, the rate is gamma distributed (r + x, alpha + T) and the chance to
        stop beta distributed (a, b + x); purchases end with the first stop.
        """
        shape = (draws, len(repeats))
        active = rng.random(shape) < self.chance_active(repeats, recency, age)
        rate = rng.gamma(self.r + repeats, 1 / (self.alpha + age), shape)
        stop = np.clip(rng.beta(self.a, self.b + repeats, shape), 1e-9, 1.0)
        times = np.minimum(rng.poisson(rate * weeks), rng.geometric(stop))
        return np.where(active, times, 0).astype(float)

    def customers(
        self, age: Floats, rng: np.random.Generator
    ) -> tuple[Floats, Floats, Floats, Floats]:
        """Made customers, each known for so many weeks: (n,) repeats and recency, the rate at which
        they buy, and the chance with which they stop; a rate of 0 of those who have stopped."""
        n = len(age)
        rate = np.maximum(rng.gamma(self.r, 1 / self.alpha, n), 1e-12)
        stop = np.clip(rng.beta(self.a, self.b, n), 1e-9, 1.0)
        repeats, recency, clock = np.zeros(n), np.zeros(n), np.zeros(n)
        active = np.ones(n, bool)
        while active.any():
            clock[active] += rng.exponential(1 / rate[active])
            bought = active & (clock <= age)
            repeats[bought] += 1
            recency[bought] = clock[bought]
            active = bought.copy()
            stopped = bought & (rng.random(n) < stop)
            active &= ~stopped
            rate = np.where(stopped, 0.0, rate)
        return repeats, recency, rate, stop


def _loss(repeats: Floats, recency: Floats, age: Floats) -> Callable[[Floats], float]:
    """Logarithms of the parameters -> minus the mean log-likelihood of a customer."""
    table, counts = np.unique(np.column_stack([repeats, recency, age]), axis=0, return_counts=True)

    def loss(logs: Floats) -> float:
        likely = BgNbd.of_logs(logs).log_likelihood(table[:, 0], table[:, 1], table[:, 2])
        return float(-(counts @ likely) + SHRINK * (logs @ logs)) / len(repeats)

    return loss


def _curvature(loss: Callable[[Floats], float], at: Floats) -> Floats:
    """(k, k) second derivatives, by differences."""
    k = len(at)
    steps = STEP * np.eye(k)
    found = np.empty((k, k))
    for i in range(k):
        for j in range(k):
            ends = [
                loss(at + p * steps[i] + q * steps[j]) * p * q for p in (1, -1) for q in (1, -1)
            ]
            found[i, j] = sum(ends) / (4 * STEP**2)
    return (found + found.T) / 2


@dataclass(frozen=True)
class GammaGamma:
    """What a purchase costs varies about a customer's own mean (gamma, shape p), and these means
    from customer to customer (q, gamma); both are taken to have nothing to do with how often
    somebody buys."""

    p: float
    q: float
    gamma: float

    @staticmethod
    def fitted(times: Floats, spent: Floats) -> GammaGamma:
        """The parameters that make what was spent most likely (eq. 1a of the note).

        Args:
            times: (n,) purchases of each customer, more than one.
            spent: (n,) their mean money, above 0.
        """
        from scipy.optimize import minimize
        from scipy.special import gammaln

        scale = float(np.median(spent))
        z = spent / scale

        def loss(logs: Floats) -> float:
            p, q, gamma = np.exp(np.clip(logs, -BOUND, BOUND))
            px = p * times
            likely = gammaln(px + q) - gammaln(px) - gammaln(q) + q * np.log(gamma)
            likely = likely + (px - 1) * np.log(z) + px * np.log(times)
            likely = likely - (px + q) * np.log(gamma + z * times)
            return float(-likely.mean() + SHRINK * (logs @ logs) / len(times))

        found = [
            minimize(loss, np.log(start), method="L-BFGS-B")
            for start in ((2.0, 4.0, 3.0), (6.0, 2.0, 1.0))
        ]
        best = min(found, key=lambda one: float(one.fun))
        p, q, gamma = np.exp(np.clip(best.x, -BOUND, BOUND))
        return GammaGamma(float(p), float(q), float(gamma * scale))

    def expected(self, times: Floats, spent: Floats) -> Floats:
        """(n,) what a purchase will cost: between a customer's own mean and that of all, the nearer
        to their own the more often they bought (eq. 5)."""
        # means of all exist where q > 1
        q = max(self.q, 1.0 + 1e-6)
        found: Floats = self.p * (self.gamma + spent * times) / (self.p * times + q - 1)
        return found

    def drawn(
        self, times: Floats, spent: Floats, bought: Floats, rng: np.random.Generator
    ) -> Floats:
        """(draws, n) what so many purchases (draws, n) may cost together."""
        rate = rng.gamma(self.q + self.p * times, 1 / (self.gamma + spent * times), bought.shape)
        paid = rng.gamma(np.maximum(self.p * bought, 1e-12)) / np.maximum(rate, 1e-300)
        return np.where(bought > 0, paid, 0.0)


@dataclass(frozen=True)
class FittedValue:
    """Both models, fitted to what was known at a day."""

    known: KnownCustomers
    buying: BgNbd
    spending: GammaGamma | None

    def parameters(self, rng: np.random.Generator) -> list[BgNbd]:
        """Sets that would do nearly as well, to draw futures with."""
        known = self.known
        return self.buying.others((known.repeats, known.recency, known.age), OTHERS, rng)

    @staticmethod
    def of(purchases: Purchases, at: int, span: int) -> FittedValue:
        """From purchases before a day."""
        known = KnownCustomers.of(purchases, at, span)
        buying = BgNbd.fitted(known.repeats, known.recency, known.age)
        again = known.bought_again & (known.spent > 0)
        spending = None
        if purchases.money is not None and again.sum() >= 10:
            spending = GammaGamma.fitted(known.repeats[again] + 1, known.spent[again])
        return FittedValue(known, buying, spending)

    def of_customers(self, part: Ints) -> FittedValue:
        """The same models, of some customers."""
        return replace(self, known=self.known.of_customers(part))

    def expected(self, weeks: float) -> ExpectedBuying:
        """Purchases, and money with refunds as frequent as before."""
        known = self.known
        times = self.buying.expected(known.repeats, known.recency, known.age, weeks)
        if self.spending is None:
            return ExpectedBuying(times, np.zeros(len(times)))
        each = self.spending.expected(known.repeats + 1, known.spent)
        return ExpectedBuying(times, times * each * (1 - known.refunded))

    def drawn(
        self, weeks: float, each: int, sets: Sequence[BgNbd], rng: np.random.Generator
    ) -> tuple[Floats, Floats]:
        """(sets times each, n) purchases and money that may come, in order of the sets.

        Args:
            weeks: How many are to come.
            each: Draws with each set of parameters.
            sets: As of :meth:`parameters`.
            rng: Draws them.
        """
        known = self.known
        times = np.concatenate(
            [one.drawn(known.repeats, known.recency, known.age, weeks, each, rng) for one in sets]
        )
        if self.spending is None:
            return times, np.zeros(times.shape)
        paid = self.spending.drawn(known.repeats + 1, known.spent, times, rng)
        return times, paid * (1 - known.refunded)


class BgNbdValue:
    """Purchases by BG/NBD, money by gamma-gamma."""

    def expect(self, purchases: Purchases, at: int, span: int, run: Run) -> ExpectedBuying:
        """See :class:`tidemill.customers.base.ValueModel`."""
        return FittedValue.of(purchases, at, span).expected(span / WEEK)


BGNBD_VALUE = BgNbdValue()
