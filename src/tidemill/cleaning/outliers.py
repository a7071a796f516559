"""Single values extremely far from all others are reported; a long tail, as money and counts have
it, is none.

Each side of the distribution is measured by itself, in the distance between its median and its 99th
(1st) percentile, so that skewness and heavy tails widen the measure instead of filling the list
(the idea of the adjusted boxplot, Hubert & Vandervieren 2008, carried farther out). A value must be
extreme both as it is and on a logarithmic scale.
"""

from __future__ import annotations

import numpy as np
import polars as pl

from tidemill.cleaning.base import Check, Diagnosis, commonest, finite, numeric
from tidemill.core.change import Issue
from tidemill.core.dataset import Dataset
from tidemill.core.run import Run
from tidemill.core.words import format_value, plural

_FEWEST = 50
_LIMIT = 5.0  # in standard deviations of the normal distribution that has the same percentile
_GAP = 0.5  # between the outliers and the next value, in that value's distance from the median
_MOST = 0.001
_COMMON = 0.25
_SHOWN = 10


def diagnose(train: Dataset, run: Run) -> Diagnosis:
    """Report the columns that have few and extreme outliers, the most extreme first."""
    issues = []
    for column in numeric(train):
        known = _without_commonest(finite(train[column.name].drop_nulls()))
        if len(known) < _FEWEST or known.n_unique() < 5:
            continue
        values = known.cast(pl.Float64).to_numpy()
        for sign in (1, -1):
            at = outlying(sign * values)
            if 0 < at.sum() <= max(3, _MOST * len(values)):
                issues.append(_issue(column.name, values, at, high=sign == 1))
    issues.sort(key=lambda issue: -issue.figures["distance"])
    return Diagnosis(tuple(issues[:_SHOWN]))


def _without_commonest(known: pl.Series) -> pl.Series:
    """Without a very common value: "nothing was bought" is no part of how much is bought."""
    if not len(known) or known.n_unique() > (1 - _COMMON) * len(known):
        return known
    value, count = commonest(known)
    return known.filter(known != value) if count > _COMMON * len(known) else known


def outlying(values: np.ndarray) -> np.ndarray:
    """Which values lie extremely far above all others, on the plain and on the logarithmic scale,
    and behind a gap.

    Args:
        values: (n,) finite numbers.

    Example:
        >>> outlying(np.append(np.arange(100.0), 900.0)).sum()
        np.int64(1)
    """
    far = (_distance(values) > _LIMIT) & (_distance(_logged(values)) > _LIMIT)
    if not far.any():
        return np.asarray(far)
    middle = np.median(values)
    outward = np.append(values[~far].max(), np.sort(values[far]))
    gaps = np.flatnonzero(np.diff(outward) >= _GAP * (outward[:-1] - middle))
    if not len(gaps):
        return np.zeros(len(values), dtype=bool)
    return np.asarray(values >= outward[gaps[0] + 1])


def _distance(values: np.ndarray) -> np.ndarray:
    """(n,) Signed distance from the median in standard deviations of the upper side."""
    tail, normal = (0.01, 2.326) if len(values) >= 300 else (0.05, 1.645)
    middle, high = np.quantile(values, [0.5, 1 - tail])
    unit = (high - middle) / normal
    if not unit > 0:
        return np.zeros_like(values)
    return np.asarray((values - middle) / unit)


def _logged(values: np.ndarray) -> np.ndarray:
    """(n,) Logarithms; with zeros or negative values, logarithms of the distances from the
    median."""
    if values.min() > 0:
        return np.asarray(np.log(values))
    apart = values - np.median(values)
    unit = np.median(np.abs(apart)) or np.abs(apart).mean() or 1.0
    return np.asarray(np.arcsinh(apart / unit))


def _issue(name: str, values: np.ndarray, at: np.ndarray, high: bool) -> Issue:
    far, others = values[at], values[~at]
    count = len(far)
    if high:
        most, nearest = far.max(), others.max()
        side = "above"
        rest = f"the largest is {format_value(float(nearest))}"
        which = f", the highest is {format_value(float(most))}"
    else:
        most, nearest = far.min(), others.min()
        side = "below"
        rest = f"the smallest is {format_value(float(nearest))}"
        which = f", the lowest is {format_value(float(most))}"
    farthest = format_value(float(most))
    if count == 1:
        which = f": {farthest}"
    lie = "lies" if count == 1 else "lie"
    low, top = np.quantile(others, [0.005, 0.995], method="nearest")
    bulk = f"between {format_value(float(low))} and {format_value(float(top))}"
    said = (
        f"{plural(count, 'value')} of '{name}' {lie} extremely far {side} all others{which}. "
        f"99 % of the others lie {bulk}, {rest}."
    )
    distance = abs(most - nearest) / (abs(nearest - np.median(others)) or 1.0)
    return Issue(
        "outliers",
        said,
        (name,),
        count,
        farthest,
        action="kept; look whether it is an error or a rare truth",
        figures={"distance": float(distance)},
    )


CHECK = Check(diagnose)
