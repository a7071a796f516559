"""What is known of a client and of rules, for the page of the recipe `advice`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy import stats

from tidemill.markets.loss_bound import LEVEL, HeldBound, share_in_market
from tidemill.markets.profile import ClientAnswers, LossBound
from tidemill.markets.timing import Timed
from tidemill.markets.walk_forward import Against, Market, RuleWalk
from tidemill.recipes.base import Refused
from tidemill.supervised.arrays import Floats

REJECTED = 0.05
"""A p-value below this says that what was promised did not hold."""
UNSAID_YEARS = 1.0
"""Years over which losses are told where the client's answers give no horizon."""


@dataclass(frozen=True)
class Client:
    """What binds.

    Attributes:
        said: The answers; None where some are missing.
        bound: The number; None where it does not follow from the answers.
        refusal: Why it does not.
    """

    said: ClientAnswers | None
    bound: LossBound | None
    refusal: Refused | None

    @property
    def years(self) -> float:
        """Over which losses count."""
        return UNSAID_YEARS if self.bound is None else self.bound.years


@dataclass(frozen=True)
class Allocation:
    """What a rule holds today, and what that may lose over the horizon, wholly in the market.

    Attributes:
        name: The rule.
        weights: (k,).
        refitted_weights: (REFITS, k) by pasts that might have been.
        loss: More is lost with 5 % chance, as a share.
        beyond: And then so much in the mean.
        refitted_losses: (REFITS,) the loss by each refitted generator.
        careful: The loss at the careful end of them.
        drift: By how much it is taken to rise a year, as a share.
        fresh: (FUTURES,) what other futures bring than those that the loss is read from.
        worst: The loss in the worst such time of the past; None where the past is shorter.
    """

    name: str
    weights: Floats
    refitted_weights: Floats
    loss: float
    beyond: float
    refitted_losses: Floats
    careful: float
    drift: float
    fresh: Floats
    worst: float | None


@dataclass(frozen=True)
class Advice:
    """All that the page tells.

    Attributes:
        market: Where rules were tried.
        classes: Asset -> its class; empty where none is known.
        walks: Rule -> what it would have brought, the benchmark first.
        against: Rule -> it beside the benchmark.
        timed: The rules that move money into cash, with what was learned.
        untried: Which rules were not tried and why, as sentences.
        client: What binds.
        rise: What prices are taken to rise a year, as a share.
        interest: What cash brings over the horizon, as a share.
        allocations: What is held today, of each that is shown.
        held: Whether foretold losses of quarters were right, in the same order.
    """

    market: Market
    classes: Mapping[str, str]
    walks: Mapping[str, RuleWalk]
    against: Mapping[str, Against]
    timed: Timed
    untried: tuple[str, ...]
    client: Client
    rise: float
    interest: float
    allocations: tuple[Allocation, ...]
    held: HeldBound

    @property
    def broken(self) -> dict[str, int]:
        """Allocations that lost more than was foretold in more quarters than by chance, with
        their number."""
        quarters = len(self.market.starts)
        return {
            one.name: int(hits)
            for one, hits in zip(self.allocations, self.held.exceeded, strict=True)
            if stats.binomtest(int(hits), quarters, LEVEL, "greater").pvalue < REJECTED
        }

    @property
    def assets(self) -> tuple[str, ...]:
        """Names."""
        return self.market.past.assets

    def share(self, of: Allocation, bound: LossBound, rise: float = 0.0) -> float:
        """The share of the money that may be held so.

        Args:
            of: What is held.
            bound: What may be lost.
            rise: By how much more prices rise in a year than was taken.
        """
        lost = 1 - (1 - of.careful) * (1 + rise) ** bound.years
        return share_in_market(bound.loss, lost, self.interest)

    def lose_more(self, of: Allocation, bound: LossBound) -> float:
        """The share of other futures in which more than the bound is lost."""
        share = self.share(of, bound)
        brought = share * of.fresh + (1 - share) * self.interest
        return float(np.mean(brought < -bound.loss - 1e-12))
