"""What rules about whom to treat are worth."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tidemill.effects.estimates import Effect, mean_of
from tidemill.supervised.arrays import Floats


@dataclass(frozen=True)
class PolicyValue:
    """What a rule is worth.

    Attributes:
        name: In words.
        share: Of the rows that it treats.
        gain: A row, against treating nobody.
        against: Of other rules, by name: what this one gains more.
    """

    name: str
    share: float
    gain: Effect
    against: Mapping[str, Effect]

    def beats(self, *names: str) -> bool:
        """Whether it surely gains more than each of these rules."""
        return all(self.against[name].low > 0 for name in names)


def policy_values(
    rules: Mapping[str, Floats],
    score: Floats,
    whose: NDArray[np.int64],
    value: float = 1.0,
    cost: float = 0.0,
) -> list[PolicyValue]:
    """What each rule gains against treating nobody, and against the other rules on the same rows.

    Args:
        rules: Name -> (n,) the chance with which a row is treated by it, mostly 0 or 1; learned
            from other rows.
        score: (n,) doubly robust scores.
        whose: (n,) which person each row is of.
        value: Of one outcome.
        cost: Of one treatment.

    Example:
        >>> score = np.array([1.0, 1.0, -1.0, -1.0])
        >>> rules = {"all": np.ones(4), "first": (score > 0).astype(float)}
        >>> [one.gain.mean for one in policy_values(rules, score, np.arange(4))]
        [0.0, 0.5]
    """
    worth = value * score - cost
    each = {name: chance * worth for name, chance in rules.items()}
    found = []
    for name, parts in each.items():
        others = {
            other: mean_of(parts - own, whose) for other, own in each.items() if other != name
        }
        share = float(rules[name].mean())
        found.append(PolicyValue(name, share, mean_of(parts, whose), others))
    return found


def first_rows(order_by: Floats, share: float, ties: NDArray[np.int64]) -> Floats:
    """(n,) 1 for the share of the rows with the largest numbers, else 0.

    Args:
        order_by: (n,).
        share: 0 to 1.
        ties: (n,) an order of the rows, in which equal ones come.
    """
    order = ties[np.argsort(-order_by[ties], kind="stable")]
    chosen = np.zeros(len(order_by))
    chosen[order[: round(share * len(order))]] = 1.0
    return chosen
