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

from tidemill.models.forest import Forest
from tidemill.supervised.log_odds import chances_of

SHRINKAGE = 1.0
"""What is added to the curvature in a leaf, which keeps the answers of few rows small."""


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
    """

    binned: lgb.Dataset
    rows: np.ndarray
    seen: np.ndarray
    right: np.ndarray
    odds: np.ndarray
    least: int


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
) -> Forest | None:
    """A forest of half as many trees from each side, each answered by the other one.

    Args:
        question: The rows.
        side: (n,) bool, which half each row belongs to.
        settings: LightGBM's.
        rounds: Of boosting.
        must_stop: Whether time has run out: then there is no forest.

    Where all rows are of one side, as those of one person are, nobody can answer, and the forest
    says nothing.
    """
    if side.all() or not side.any():
        return Forest.silent()
    forests = []
    for part in (side, ~side):
        booster = grown(question, part, settings, rounds, must_stop)
        if booster is None:
            return None
        forest = Forest.of(booster.model_to_string())
        other = ~part
        leaf = booster.predict(question.seen[other], pred_leaf=True, num_threads=1)
        leaf = np.asarray(leaf, np.int32).reshape(int(other.sum()), -1)
        answers = _answers(forest, leaf, question, other, settings)
        forests.append(replace(forest, value=(answers / 2).astype(np.float32)))
    both = Forest.joined(forests)
    return replace(both, trees=np.array([both.trees.sum()], np.int32))


def _answers(
    forest: Forest,
    leaf: np.ndarray,
    question: Question,
    part: np.ndarray,
    settings: Mapping[str, Any],
) -> np.ndarray:
    """(leaves of all trees,) log-odds, by Newton's step of each tree given those before it.

    Args:
        forest: Trees in which (rows of the part, trees) leaves are those that the rows reach.
        leaf: These.
        question, part: The rows.
        settings: The rate, and the longest step.
    """
    right, odds = question.right[part].astype(float), question.odds[part].copy()
    rate, longest = settings["learning_rate"], settings["max_delta_step"]
    answers = []
    for tree, leaves in enumerate(forest.leaves.tolist()):
        own = np.ascontiguousarray(leaf[:, tree])
        chance = chances_of(odds)
        missed = np.bincount(own, right - chance, leaves)
        curvature = np.bincount(own, chance * (1 - chance), leaves)
        step = np.clip(missed / (curvature + SHRINKAGE), -longest, longest)
        step[np.bincount(own, minlength=leaves) < question.least] = 0
        odds += rate * step[own]
        answers.append(rate * step)
    return np.concatenate(answers)
