"""How strong a cause that no column shows would have to be to undo an effect."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import sqrt

import numpy as np

from tidemill.effects.estimates import Effect
from tidemill.effects.study import Study
from tidemill.supervised.arrays import Floats
from tidemill.supervised.design import Design, learn_design

RAISED = 1e-8


@dataclass(frozen=True)
class HiddenCause:
    """What a hidden cause would do.

    Attributes:
        needed: The share of what is left unexplained, of who was treated and of the outcome, that
            it must explain to bring the effect to nothing.
        doubtful: The same to bring nothing into the 95 % interval; 0 where it is there already.
        strongest: The column that explains most of both; "" where there is none.
        explains: What that column explains of what others leave, of who was treated and of the
            outcome.
        left: The effect that would be left if a hidden cause were as strong as that column.
    """

    needed: float
    doubtful: float
    strongest: str
    explains: tuple[float, float]
    left: float


def hidden_cause(study: Study, effect: Effect) -> HiddenCause:
    """Cinelli and Hazlett (2020), "Making Sense of Sensitivity: Extending Omitted Variable Bias",
    eq. (17) for what is needed, and (9) with a column in the place of the hidden cause.

    Args:
        study: The rows that the effect is of.
        effect: It, not of 0 error.
    """
    design = learn_design(study.layout, study.rows)
    matrix = np.column_stack([design(study.rows), np.ones(len(study))])
    free = max(len(study) - matrix.shape[1] - 1, 1)
    t = abs(effect.mean / effect.error)
    needed, doubtful = (strength_needed(max(one, 0.0), free) for one in (t, t - effect.width))
    columns = _columns(study, design)
    treated = study.treated.astype(float)
    of_treated = _explained(matrix, columns, treated)
    of_outcome = _explained(np.column_stack([matrix, treated]), columns, study.outcome)
    if not columns:
        return HiddenCause(needed, doubtful, "", (0.0, 0.0), effect.mean)
    name = max(columns, key=lambda column: of_treated[column] * of_outcome[column])
    own, other = of_treated[name], of_outcome[name]
    moved = effect.error * sqrt(free * other * own / max(1 - own, 1e-9))
    left = effect.mean - float(np.sign(effect.mean)) * moved
    return HiddenCause(needed, doubtful, name, (own, other), left)


def strength_needed(t: float, free: int) -> float:
    """The share of what is left that a hidden cause must explain to bring an estimate of this
    t-value to nothing (Cinelli and Hazlett 2020, equation 17)."""
    f = abs(t) / sqrt(max(free, 1))
    return 0.5 * (sqrt(f**4 + 4 * f**2) - f**2)


def _columns(study: Study, design: Design) -> dict[str, list[int]]:
    """Each column with its places in the design."""
    found = {name: [j] for j, name in enumerate(study.layout.numbers)}
    start = len(study.layout.numbers)
    for k, j in enumerate(design.flags):
        found[study.layout.numbers[j]].append(start + k)
    start += len(design.flags)
    for name, size in zip(study.layout.categories, design.sizes, strict=True):
        found[name] = list(range(start, start + size))
        start += size
    return found


def _explained(
    matrix: Floats, columns: Mapping[str, Sequence[int]], values: Floats
) -> dict[str, float]:
    """Column -> its partial R²: what it explains of what all others leave.

    By the inverse of the normal equations, whose diagonal is raised a little, as the levels of a
    category and the constant say the same twice.
    """
    square = matrix.T @ matrix
    square[np.diag_indices_from(square)] += RAISED * len(matrix)
    inverse = np.linalg.inv(square)
    weight = inverse @ (matrix.T @ values)
    left = float(((values - matrix @ weight) ** 2).sum())
    found = {}
    for name, own in columns.items():
        at = list(own)
        more = float(weight[at] @ np.linalg.solve(inverse[np.ix_(at, at)], weight[at]))
        found[name] = more / (left + more) if left + more > 0 else 0.0
    return found
