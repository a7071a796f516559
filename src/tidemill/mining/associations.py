"""Association rules: candidates from training rows, confirmed one by one on held-out rows."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.stats import false_discovery_control

from tidemill.mining.itemsets import Bits, Ints, count, frequent_itemsets
from tidemill.mining.significance import ALPHA, excess_p
from tidemill.supervised.arrays import Floats

Flags = NDArray[np.bool_]

MOST_TESTED = 500
STRONGER = 1.5
"""Least odds ratio of a rule against all rows, and against the rows with only one premise of
two."""
APART = 0.01
"""How far the share of the conclusion under a rule must be above that among all rows."""


@dataclass(frozen=True)
class Items:
    """The items of a table or of baskets, as bit sets of training and of held-out rows.

    Attributes:
        train, holdout: Rows of each item, (items, words).
        train_rows, holdout_rows: Rows (or baskets) in all.
        group: Items of one group exclude each other, (items,).
        premise, conclusion: Which items may stand on either side, (items,).
        apart: Pairs of items that may not meet in a rule, (items, items), symmetric.
        stronger: Least odds ratio of a rule against all rows.
    """

    train: Bits
    holdout: Bits
    train_rows: int
    holdout_rows: int
    group: Ints
    premise: Flags
    conclusion: Flags
    apart: Flags
    stronger: float = STRONGER


@dataclass(frozen=True)
class RuleCandidates:
    """Rules as arrays of items: ``first`` (and ``second``, or -1) -> ``then``; all (rules,)."""

    first: Ints
    second: Ints
    then: Ints

    def __len__(self) -> int:
        return len(self.then)

    def take(self, at: Ints) -> RuleCandidates:
        """The rules at these positions."""
        return RuleCandidates(self.first[at], self.second[at], self.then[at])


@dataclass(frozen=True, slots=True)
class AssociationRule:
    """One confirmed rule, with its figures on held-out rows.

    Attributes:
        premise: One or two items.
        conclusion: One item.
        both, premised, concluded, rows: Held-out rows with all items, with the premise, with the
            conclusion, in all.
        p_value: Of the hardest of its comparisons, after control of the false discovery rate.
        weight: J-measure: what it tells about the conclusion, in bits per row.
    """

    premise: tuple[int, ...]
    conclusion: int
    both: int
    premised: int
    concluded: int
    rows: int
    p_value: float
    weight: float

    @property
    def confidence(self) -> float:
        """Share of the rows with the premise that have the conclusion."""
        return self.both / self.premised

    @property
    def base(self) -> float:
        """Share of all rows that have the conclusion."""
        return self.concluded / self.rows

    @property
    def lift(self) -> float:
        """How many times as often as among all rows."""
        return self.confidence / self.base


def turned(rule: AssociationRule, event: int) -> AssociationRule:
    """A rule about the other of two conclusions, told of the one that is spoken of (and then rarer
    than usual)."""
    return replace(
        rule, conclusion=event, both=rule.premised - rule.both, concluded=rule.rows - rule.concluded
    )


def candidate_rules(items: Items, least: int) -> RuleCandidates:
    """The most telling rules of the training rows: strong, and stronger than their own parts (Webb
    2007).

    Args:
        items: The items.
        least: Fewest training rows that hold a rule's items together.
    """
    _, pairs, triples = frequent_itemsets(items.train, least, 3, items.group)
    single = count(items.train)
    together = np.zeros((len(single), len(single)), np.int64)
    together[pairs[0][:, 0], pairs[0][:, 1]] = pairs[1]
    together += together.T
    two, three = pairs[0].astype(np.int64), triples[0].astype(np.int64)
    none = np.full(len(two), -1)
    rules = [(two[:, a], none, two[:, b], pairs[1]) for a, b in ((0, 1), (1, 0))]
    rules += [
        (three[:, a], three[:, b], three[:, c], triples[1])
        for a, b, c in ((0, 1, 2), (0, 2, 1), (1, 2, 0))
    ]
    first, second, then, both = (
        np.concatenate([rule[part] for rule in rules]) for part in range(4)
    )
    allowed = _allowed(items, first, second, then)
    found, both = RuleCandidates(first, second, then).take(allowed), both[allowed]
    premised = np.where(found.second < 0, single[found.first], together[found.first, found.second])
    kept = _strong(found, both, premised, single, together, items)
    weight = j_measure(both[kept], premised[kept], single[found.then[kept]], items.train_rows)
    best = kept[np.argsort(-weight, kind="stable")[:MOST_TESTED]]
    return found.take(best)


def confirmed_rules(items: Items, candidates: RuleCandidates) -> list[AssociationRule]:
    """The candidates that the held-out rows confirm, the most telling first.

    A rule's p-value is the largest of one-sided Fisher tests: of its conclusion under its premise
    against all rows, and against the rows that have only one of its premises (Webb 2007). The false
    discovery rate is held at 0.1 %.
    """
    if not len(candidates):
        return []
    first, then = items.holdout[candidates.first], items.holdout[candidates.then]
    has_second = candidates.second >= 0
    second = items.holdout[candidates.second]
    second[~has_second] = ~np.uint64(0)
    premise = first & second
    both, premised, concluded = count(premise & then), count(premise), count(then)
    p_values = excess_p(both, premised, concluded, items.holdout_rows)
    for part in (first, second):
        alone = excess_p(both, premised, count(part & then), count(part))
        p_values = np.where(has_second, np.maximum(p_values, alone), p_values)
    p_values = false_discovery_control(p_values)
    weight = j_measure(both, premised, concluded, items.holdout_rows)
    rules = []
    for at in np.argsort(-weight, kind="stable"):
        odds = odds_ratio(both[at], premised[at], concluded[at], items.holdout_rows)
        apart = both[at] / max(premised[at], 1) - concluded[at] / items.holdout_rows
        if p_values[at] <= ALPHA and odds >= items.stronger and apart >= APART:
            parts = (int(candidates.first[at]),) + (
                (int(candidates.second[at]),) if has_second[at] else ()
            )
            rules.append(
                AssociationRule(
                    parts,
                    int(candidates.then[at]),
                    int(both[at]),
                    int(premised[at]),
                    int(concluded[at]),
                    items.holdout_rows,
                    float(p_values[at]),
                    float(weight[at]),
                )
            )
    return rules


def j_measure(both: Ints, premised: Ints, concluded: Ints, rows: int) -> Floats:
    """What a rule tells about its conclusion, in bits per row (Smyth and Goodman 1992)."""
    confidence = np.clip(both / np.maximum(premised, 1), 1e-9, 1 - 1e-9)
    base = np.clip(concluded / rows, 1e-9, 1 - 1e-9)
    told = confidence * np.log2(confidence / base) + (1 - confidence) * np.log2(
        (1 - confidence) / (1 - base)
    )
    return np.asarray(premised / rows * told)


def odds_ratio(both: Ints, premised: Ints, concluded: Ints, rows: Ints | int) -> Floats:
    """Odds of the conclusion under the premise over its odds among all these rows, half a row added
    to each count."""
    there = (both + 0.5) / (premised - both + 0.5)
    return np.asarray(there * (rows - concluded + 0.5) / (concluded + 0.5))


def varied(rules: list[AssociationRule], items: Items, most: int) -> list[AssociationRule]:
    """At most so many rules, each counting less the more its rows are those of a rule chosen before
    it.

    Of rules with the same items, the most telling is kept.
    """
    rows = [
        np.bitwise_and.reduce(items.holdout[[*rule.premise, rule.conclusion]], axis=0)
        for rule in rules
    ]
    sizes = np.array([int(count(each)) for each in rows], dtype=np.float64)
    weight = np.array([rule.weight for rule in rules])
    chosen: list[int] = []
    while len(chosen) < most and len(weight) and weight.max() > 0:
        best = int(weight.argmax())
        chosen.append(best)
        weight[best] = 0
        shared = count(np.array(rows) & rows[best])
        union = sizes + sizes[best] - shared
        covered = shared / np.maximum(np.minimum(sizes, sizes[best]), 1)
        same = {*rules[best].premise, rules[best].conclusion}
        repeated = np.array([{*rule.premise, rule.conclusion} == same for rule in rules])
        weight *= np.where(repeated, 0.0, 1 - 0.5 * (shared / np.maximum(union, 1) + covered))
    return [rules[at] for at in chosen]


def _allowed(items: Items, first: Ints, second: Ints, then: Ints) -> Ints:
    has_second = second >= 0
    good = items.premise[first] & items.conclusion[then] & ~items.apart[first, then]
    good &= ~has_second | (
        items.premise[second] & ~items.apart[second, then] & ~items.apart[first, second]
    )
    return np.flatnonzero(good)


def _strong(
    found: RuleCandidates, both: Ints, premised: Ints, single: Ints, together: Ints, items: Items
) -> Ints:
    rows = items.train_rows
    strong = odds_ratio(both, premised, single[found.then], rows) >= items.stronger
    strong &= both / premised - single[found.then] / rows >= APART
    for part in (found.first, found.second):
        alone = odds_ratio(both, premised, together[part, found.then], single[part])
        strong &= (found.second < 0) | (alone >= STRONGER)
    return np.flatnonzero(strong)
