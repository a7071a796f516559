"""Association rules: candidates from training rows, confirmed one by one on held-out rows."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.stats import false_discovery_control

from tidemill.mining.itemsets import Bits, count, frequent_itemsets
from tidemill.mining.significance import ALPHA, excess_p
from tidemill.supervised.arrays import Floats, Ints

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

    def premise(self, at: int) -> tuple[int, ...]:
        """The one or two items of a rule's premise."""
        if self.second[at] < 0:
            return (int(self.first[at]),)
        return (int(self.first[at]), int(self.second[at]))


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

    @property
    def figures(self) -> dict[str, float]:
        """The figures that a finding names."""
        return {
            "support": self.both / self.rows,
            "confidence": self.confidence,
            "lift": self.lift,
            "premise_support": self.premised / self.rows,
            "conclusion_support": self.base,
        }


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
    _, (pairs, pair_rows), (triples, triple_rows) = frequent_itemsets(
        items.train, least, 3, items.group
    )
    single = count(items.train)
    together = np.zeros((len(single), len(single)), np.int64)
    together[pairs[:, 0], pairs[:, 1]] = pair_rows
    together += together.T
    rules, both = _rules(pairs.astype(np.int64), triples.astype(np.int64), pair_rows, triple_rows)
    allowed = _allowed(items, rules)
    rules, both = rules.take(allowed), both[allowed]
    premised = np.where(rules.second < 0, single[rules.first], together[rules.first, rules.second])
    kept = _strong(rules, both, premised, single, together, items)
    weight = j_measure(both[kept], premised[kept], single[rules.then[kept]], items.train_rows)
    return rules.take(kept[np.argsort(-weight, kind="stable")[:MOST_TESTED]])


def _rules(
    pairs: Ints, triples: Ints, pair_rows: Ints, triple_rows: Ints
) -> tuple[RuleCandidates, Ints]:
    """Every rule that the itemsets allow, with the rows that hold its items together."""
    none = np.full(len(pairs), -1)
    rules = []
    both = []
    for one, other in ((0, 1), (1, 0)):
        rules.append((pairs[:, one], none, pairs[:, other]))
        both.append(pair_rows)
    for one, other, last in ((0, 1, 2), (0, 2, 1), (1, 2, 0)):
        rules.append((triples[:, one], triples[:, other], triples[:, last]))
        both.append(triple_rows)
    first, second, then = np.hstack(rules)
    return RuleCandidates(first, second, then), np.concatenate(both)


def confirmed_rules(items: Items, candidates: RuleCandidates) -> list[AssociationRule]:
    """The candidates that the held-out rows confirm, the most telling first.

    A rule's p-value is the largest of one-sided Fisher tests: of its conclusion under its premise
    against all rows, and against the rows that have only one of its premises (Webb 2007). The false
    discovery rate is held at 0.1 %.
    """
    if not len(candidates):
        return []
    first = items.holdout[candidates.first]
    then = items.holdout[candidates.then]
    has_second = candidates.second >= 0
    second = items.holdout[candidates.second]
    second[~has_second] = ~np.uint64(0)
    premise = first & second
    both = count(premise & then)
    premised = count(premise)
    concluded = count(then)
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
        if p_values[at] > ALPHA or odds < items.stronger or apart < APART:
            continue
        rules.append(
            AssociationRule(
                premise=candidates.premise(at),
                conclusion=int(candidates.then[at]),
                both=int(both[at]),
                premised=int(premised[at]),
                concluded=int(concluded[at]),
                rows=items.holdout_rows,
                p_value=float(p_values[at]),
                weight=float(weight[at]),
            )
        )
    return rules


def j_measure(both: Ints, premised: Ints, concluded: Ints, rows: int) -> Floats:
    """What a rule tells about its conclusion, in bits per row (Smyth and Goodman 1992)."""
    confidence = np.clip(both / np.maximum(premised, 1), 1e-9, 1 - 1e-9)
    base = np.clip(concluded / rows, 1e-9, 1 - 1e-9)
    holds = confidence * np.log2(confidence / base)
    fails = (1 - confidence) * np.log2((1 - confidence) / (1 - base))
    return np.asarray(premised / rows * (holds + fails))


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
    members = [{*rule.premise, rule.conclusion} for rule in rules]
    rows = [np.bitwise_and.reduce(items.holdout[sorted(each)], axis=0) for each in members]
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
        repeated = np.array([each == members[best] for each in members])
        weight *= np.where(repeated, 0.0, 1 - 0.5 * (shared / np.maximum(union, 1) + covered))
    return [rules[at] for at in chosen]


def _allowed(items: Items, rules: RuleCandidates) -> Ints:
    allowed = items.premise[rules.first] & items.conclusion[rules.then]
    allowed &= ~items.apart[rules.first, rules.then]
    second_allowed = items.premise[rules.second] & ~items.apart[rules.second, rules.then]
    second_allowed &= ~items.apart[rules.first, rules.second]
    return np.flatnonzero(allowed & ((rules.second < 0) | second_allowed))


def _strong(
    rules: RuleCandidates, both: Ints, premised: Ints, single: Ints, together: Ints, items: Items
) -> Ints:
    rows = items.train_rows
    strong = odds_ratio(both, premised, single[rules.then], rows) >= items.stronger
    strong &= both / premised - single[rules.then] / rows >= APART
    for part in (rules.first, rules.second):
        alone = odds_ratio(both, premised, together[part, rules.then], single[part])
        strong &= (rules.second < 0) | (alone >= STRONGER)
    return np.flatnonzero(strong)
