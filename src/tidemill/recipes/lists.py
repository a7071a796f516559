"""Lists of the rows with the highest chances: how many cases they reach, with intervals from
resampled test rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tidemill.core.run import Run
from tidemill.recipes.binary import Case
from tidemill.supervised.arrays import Bools, Floats
from tidemill.supervised.resampling import interval, totals_of_rows


@dataclass(frozen=True)
class Reach:
    """What a list of rows reaches.

    Attributes:
        size: Its share of all rows.
        caught: The share of all cases that are on it; ``low`` and ``high`` are the 95 % interval.
        right: The share of its rows that are cases.
        threshold: The least chance on it.
    """

    size: float
    caught: float
    low: float
    high: float
    right: float
    threshold: float


def longest(chance: Floats, weight: Floats, size: float) -> Bools:
    """(n,) the rows with the highest chances that make up this share of all rows, but at least one
    row.

    Example:
        >>> longest(np.array([0.1, 0.9, 0.5, 0.5]), np.ones(4), 0.5).tolist()
        [False, True, True, False]
    """
    order = np.argsort(-chance, kind="stable")
    filled = np.cumsum(weight[order]) / weight.sum() - 1e-12
    rows = max(1, int(np.searchsorted(filled, size, side="right")))
    chosen = np.zeros(len(chance), bool)
    chosen[order[:rows]] = True
    return chosen


def caught(case: Case, mask: Bools) -> float:
    """The share of all cases that are on a list."""
    weight = case.weight
    return float(weight[mask & case.truth].sum() / weight[case.truth].sum())


def reach(case: Case, chance: Floats, masks: Sequence[Bools], run: Run) -> list[Reach]:
    """What lists reach.

    Args:
        case: The test rows.
        chance: (n,) of each of them.
        masks: (n,) which rows are on each list.
        run: Its seed.
    """
    weight = case.weight
    cases = case.truth * weight
    flags = np.array(masks, float).T
    drawn = totals(case, np.column_stack([cases, flags * cases[:, None]]), run)
    shares = drawn[:, 1:] / drawn[:, :1]
    found = []
    for k, mask in enumerate(masks):
        low, high = interval(shares[:, k])
        listed = weight[mask].sum()
        hits = weight[mask & case.truth].sum()
        found.append(
            Reach(
                size=float(listed / weight.sum()),
                caught=caught(case, mask),
                low=low,
                high=high,
                right=float(hits / listed) if listed else 0.0,
                threshold=float(chance[mask].min()) if mask.any() else 1.0,
            )
        )
    return found


def totals(case: Case, columns: Floats, run: Run) -> Floats:
    """Sums over test rows that are drawn again and again, within each class.

    Args:
        case: The test rows.
        columns: (n, k) what is summed.
        run: Its seed; the same rows are drawn at every call, so that differences are of the same
            rows.

    Returns:
        (draws, k).
    """
    rng = run.rng("recipes", "resampling")
    return totals_of_rows(columns, rng, strata=(case.truth, ~case.truth))
