"""Boosted trees whose structure is learned from one half of the rows, and their answers from the
other.

A tree that asks what suits its rows best and answers by the same rows flatters these: what is drawn
from it lies nearer to them than to other people. Here each half of the rows answers the questions
that the other half found, and of the two forests the log-odds are averaged, so that every row has
its part in both (Athey and Imbens, "Recursive partitioning for heterogeneous causal effects", PNAS
2016, for honest trees; the answers of boosted trees are learned one tree after the other).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import lightgbm as lgb
import numpy as np

from tidemill.core.persons import FEWEST_PERSONS
from tidemill.models.forest import Forest
from tidemill.supervised.log_odds import chances_of

SHRINKAGE = 1.0
"""What is added to the curvature in a leaf, which keeps the answers of few rows small."""
SILENCE = 5.0
"""Curvature that speaks for a forest that says nothing, where its weight is found."""
NEWTON = 8


@dataclass(frozen=True, slots=True)
class Question:
    """Rows that are to be told apart.

    Attributes:
        binned: The rows among others, as LightGBM sees them.
        rows: (n,) int32, which they are.
        seen: (n, width) float32, what the trees see of each.
        right: (n,) whether each goes right.
        odds: (n,) log-odds of it that are known beforehand.
        least: Rows in a leaf, and that answer there.
        person: (n,) from 0 on, whose each row is: where rows of fewer than five persons found a
            leaf, or answer there, it says nothing. None where each is of its own.
    """

    binned: lgb.Dataset
    rows: np.ndarray
    seen: np.ndarray
    right: np.ndarray
    odds: np.ndarray
    least: int
    person: np.ndarray | None = None

    def silent(self, forest: Forest, leaf: np.ndarray, part: np.ndarray | slice) -> np.ndarray:
        """(leaves of all trees,) whether fewer than FEWEST_PERSONS persons have rows in a leaf,
        where persons have several rows.

        Args:
            forest: Trees in which (rows of the part, trees) leaves are those that the rows reach.
            leaf: These.
            part: The rows.
        """
        if self.person is None:
            return np.zeros(forest.leaves.sum(), bool)
        person, found = self.person[part], []
        for tree, leaves in enumerate(forest.leaves.tolist()):
            seen = np.zeros((int(person.max(initial=-1)) + 1, leaves), bool)
            seen[person, leaf[:, tree]] = True
            found.append(seen.sum(axis=0) < FEWEST_PERSONS)
        return np.concatenate(found)


def grown(
    question: Question,
    part: np.ndarray | slice,
    settings: Mapping[str, Any],
    rounds: int,
    must_stop: Callable[[], bool],
) -> lgb.Booster | None:
    """Trees of a part of the rows, beyond the odds that are known; None where time ran out."""
    own = {**settings, "min_child_samples": question.least}
    data = question.binned.subset([0], params=own)
    # handed to subset() they would be sorted as a list, which takes longer than learning
    data.used_indices = question.rows[part]
    data.construct().set_label(question.right[part].astype(np.float32))
    data.set_init_score(question.odds[part])
    booster = lgb.Booster(own, data)
    for _ in range(rounds):
        if must_stop():
            return None
        if booster.update():
            break
    return booster


def honest(
    question: Question,
    side: np.ndarray,
    settings: Mapping[str, Any],
    rounds: int,
    must_stop: Callable[[], bool],
    caution: float = 0.0,
) -> Forest | None:
    """A forest of half as many trees from each side, each answered by the other one.

    Either side has given no answers to its own trees, so it can say how far these answers hold: by
    a logistic regression all of them get one weight, between 0 and 1.

    Args:
        question: The rows.
        side: (n,) bool, which half each row belongs to.
        settings: LightGBM's.
        rounds: Of boosting.
        must_stop: Whether time has run out: then there is no forest.
        caution: 0 takes the answers at their word; above it, how strongly the weight is drawn
            towards 0, and beyond 1 also each answer.

    Where all rows are of one side, as those of one person are, nobody can answer, and the forest
    says nothing.
    """
    if side.all() or not side.any():
        return Forest.silent()
    forests = []
    foretold = np.zeros(len(side))
    for part in (side, ~side):
        booster = grown(question, part, settings, rounds, must_stop)
        if booster is None:
            return None
        forest = Forest.of(booster.model_to_string())
        other = ~part
        leaf = _reached(booster, question.seen[other])
        silent = question.silent(forest, leaf, other)
        if caution or question.person is not None:
            grew = _reached(booster, question.seen[part])
            silent |= question.silent(forest, grew, part)
        answers = _answers(forest, leaf, question, other, settings, max(1.0, caution), silent)
        if caution:
            first = np.cumsum(forest.leaves) - forest.leaves
            foretold[part] = answers[first + grew].sum(axis=1)
        forests.append(replace(forest, value=answers))
    weight = _weight(question, foretold, SILENCE * caution) if caution else 1.0
    both = Forest.joined(
        [replace(own, value=(weight * own.value / 2).astype(np.float32)) for own in forests]
    )
    return replace(both, trees=np.array([both.trees.sum()], np.int32))


def of_enough_persons(booster: lgb.Booster, question: Question) -> Forest:
    """The trees of all rows, of which the leaves of fewer than FEWEST_PERSONS persons say
    nothing."""
    forest = Forest.of(booster.model_to_string())
    if question.person is None:
        return forest
    silent = question.silent(forest, _reached(booster, question.seen), slice(None))
    return replace(forest, value=np.where(silent, np.float32(0), forest.value))


def _reached(booster: lgb.Booster, seen: np.ndarray) -> np.ndarray:
    """(n, width) what the trees see of rows -> (n, trees) int32, the leaves that they reach."""
    leaf = booster.predict(seen, pred_leaf=True, num_threads=1)
    return np.asarray(leaf, np.int32).reshape(len(seen), -1)


def _answers(
    forest: Forest,
    leaf: np.ndarray,
    question: Question,
    part: np.ndarray,
    settings: Mapping[str, Any],
    shrinkage: float,
    silent: np.ndarray,
) -> np.ndarray:
    """(leaves of all trees,) log-odds, by Newton's step of each tree given those before it.

    Args:
        forest: Trees in which (rows of the part, trees) leaves are those that the rows reach.
        leaf: These.
        question, part: The rows.
        settings: The rate, and the longest step.
        shrinkage: How many times SHRINKAGE.
        silent: (leaves of all trees,) those that say nothing in any case.
    """
    right, odds = question.right[part].astype(float), question.odds[part].copy()
    rate, longest = settings["learning_rate"], settings["max_delta_step"]
    answers, first = [], 0
    for tree, leaves in enumerate(forest.leaves.tolist()):
        own = np.ascontiguousarray(leaf[:, tree])
        chance = chances_of(odds)
        missed = np.bincount(own, right - chance, leaves)
        curvature = np.bincount(own, chance * (1 - chance), leaves)
        step = np.clip(missed / (curvature + shrinkage * SHRINKAGE), -longest, longest)
        step[np.bincount(own, minlength=leaves) < question.least] = 0
        step[silent[first : first + leaves]] = 0
        first += leaves
        odds += rate * step[own]
        answers.append(rate * step)
    return np.concatenate(answers)


def _weight(question: Question, foretold: np.ndarray, silence: float) -> float:
    """What log-odds are to be multiplied by, from 0 to 1, by Newton's method.

    Args:
        question: The rows.
        foretold: (n,) the log-odds beyond those that are known beforehand.
        silence: Curvature that speaks for 0.
    """
    weight = 1.0
    for _ in range(NEWTON):
        chance = chances_of(question.odds + weight * foretold)
        slope = float((foretold * (question.right - chance)).sum()) - silence * weight
        curvature = float((foretold**2 * chance * (1 - chance)).sum()) + silence
        weight = min(max(weight + slope / curvature, 0.0), 1.0)
    return weight
