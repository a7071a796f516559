"""Values extremely far from all others are reported; a long tail, as money and counts have it, is
none."""

from __future__ import annotations

import numpy as np
import polars as pl

from tidemill.cleaning.base import Check, Diagnosis, finite, numeric
from tidemill.core.change import Issue
from tidemill.core.dataset import Dataset
from tidemill.core.run import Run
from tidemill.core.shown import rounded, rounded_ends
from tidemill.core.words import plural
from tidemill.supervised.outlying import outlying

_SHOWN = 10


def diagnose(train: Dataset, run: Run) -> Diagnosis:
    """Report the columns that have few and extreme outliers, the most extreme first."""
    issues = []
    columns = numeric(train)
    for column in columns:
        values = finite(train[column.name].drop_nulls()).cast(pl.Float64).to_numpy()
        for sign in (1, -1):
            far = outlying(sign * values, len(columns))
            if far.any():
                issues.append(_issue(column.name, values, far, high=sign == 1))
    issues.sort(key=lambda issue: -issue.figures["distance"])
    return Diagnosis(tuple(issues[:_SHOWN]))


def _issue(name: str, values: np.ndarray, at: np.ndarray, high: bool) -> Issue:
    far, others = values[at], values[~at]
    count = len(far)
    if high:
        most, nearest, side = far.max(), others.max(), "above"
    else:
        most, nearest, side = far.min(), others.min(), "below"
    farthest = rounded(float(most))
    which = f": {farthest}" if count == 1 else f", up to {farthest}"
    lie = "lies" if count == 1 else "lie"
    low, top = np.quantile(others, [0.005, 0.995], method="nearest")
    bulk = " and ".join(rounded_ends(float(low), float(top)))
    said = (
        f"{plural(count, 'value')} of '{name}' {lie} extremely far {side} all others{which}. "
        f"99 % of the others lie between {bulk}."
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
