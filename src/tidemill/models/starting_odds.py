"""Log-odds of yes-no questions by what a straight line says of a variable, before trees are asked.

Trees add up steps, and what is smooth is flattened by them. Where a line's score tells a variable,
a logistic regression on it says most of what there is to say, and trees learn what is left.
"""

from __future__ import annotations

import numpy as np

from tidemill.models.binary_forest import BinaryForest
from tidemill.supervised.log_odds import chances_of, log_odds

RIDGE = 1.0
"""Weight of a slope's square, beside the rows' own log-likelihoods."""
NEWTON = 12
LONGEST = 4.0
"""Of a step."""
TINY = 1e-6
"""Keeps curvatures from being 0."""


def start_of(answers: BinaryForest) -> np.ndarray:
    """(q, 1 + scores) of questions of which nothing but their proportions is known."""
    assert answers.scores is not None
    start = np.zeros((len(answers.questions), 1 + answers.scores.size))
    start[:, 0] = log_odds(answers.share)
    return start


def logistic_line(scores: np.ndarray, right: np.ndarray, caution: float = 1.0) -> np.ndarray:
    """(n, s) scores, (n,) whether a row goes right -> (1 + s,) constant and weights, by Newton's
    method; RIDGE is taken so many times."""
    centre = scores.mean(axis=0)
    x = np.column_stack([np.ones(len(scores)), scores - centre])
    penalty = np.full(x.shape[1], RIDGE * caution)
    penalty[0] = TINY
    weight = np.zeros(x.shape[1])
    share = (right.sum() + 0.5) / (len(right) + 1)
    weight[0] = np.log(share / (1 - share))
    for _ in range(NEWTON):
        # sums whose order no number of threads changes, as it may that of a product of matrices
        odds = np.einsum("nk,k->n", x, weight)
        chance = chances_of(odds)
        gradient = np.einsum("nk,n->k", x, right - chance) - penalty * weight
        weighted = x * (chance * (1 - chance))[:, None]
        curvature = np.einsum("nk,nl->kl", weighted, x) + np.diag(penalty)
        step = np.clip(np.linalg.solve(curvature, gradient), -LONGEST, LONGEST)
        weight += step
        if np.abs(step).max() < 1e-4:
            break
    return np.r_[weight[0] - centre @ weight[1:], weight[1:]]


def common_slope(
    answers: BinaryForest,
    nodes: np.ndarray,
    of_node: np.ndarray,
    score: np.ndarray,
    right: np.ndarray,
    value: np.ndarray,
    fewest: int,
) -> np.ndarray:
    """(nodes, 2) constants and weights of the score, where the weights are as large as the halves
    of the nodes lie apart.

    If a variable is normal around its score, the log-odds of two narrow ranges of it are linear in
    the score, with a slope of the distance of the ranges in units of the variance.

    Args:
        answers: Whose questions they are.
        nodes: Which.
        of_node: (n,) one of them for each row.
        score: (n,) of the rows.
        right: (n,) whether they go right.
        value: (s + 1,) the standardised values of the variable's symbols.
        fewest: Nodes that fewer of the rows are at have no weight, but their proportion alone.
    """
    q, count = answers.questions, answers.count
    rows = np.r_[0, np.cumsum(count)]
    total = np.r_[0, np.cumsum(count * value[:-1])]
    middle = (total[q.stop] - total[q.start]) / np.maximum(rows[q.stop] - rows[q.start], 1)
    apart = np.zeros(len(q))
    apart[nodes] = middle[q.right[nodes]] - middle[q.left[nodes]]
    seen = np.bincount(of_node, minlength=len(q))
    centre = np.bincount(of_node, score, len(q)) / np.maximum(seen, 1)
    x = (score - centre[of_node]) * apart[of_node]
    before = log_odds(answers.share[of_node])
    slope = 0.0
    for _ in range(NEWTON):
        chance = chances_of(before + slope * x)
        curvature = float((x * x * chance * (1 - chance)).sum()) + TINY
        step = float((x * (right - chance)).sum()) / curvature
        slope += step
        if abs(step) < 1e-4 * (1 + abs(slope)):
            break
    weight = np.where(seen[nodes] >= fewest, slope * apart[nodes], 0.0)
    return np.column_stack([log_odds(answers.share[nodes]) - weight * centre[nodes], weight])
