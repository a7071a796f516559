"""What is said of how a number moves in time: autocorrelation, and the stylised facts of returns
(Cont 2001)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tidemill.supervised.arrays import Floats

LAGS = 10
NEAR = 5
"""Volatility clustering and leverage are means over the first so many lags."""
LEVEL = 0.7
"""A number whose neighbours correlate by more moves from a level: its changes are looked at."""


@dataclass(frozen=True)
class Facts:
    """The stylised facts of a column's changes.

    Attributes:
        kurtosis: Excess kurtosis: 0 for normal changes, larger for fat tails.
        clustering: Mean autocorrelation of absolute changes: large changes follow large ones.
        leverage: Mean correlation of a change with later absolute ones: negative where falls are
            followed by turmoil.
    """

    kurtosis: float
    clustering: float
    leverage: float


def facts(changes: Floats) -> Facts:
    """Of (n, steps) changes, NaN where there is none."""
    known = changes[~np.isnan(changes)]
    spread = float(known.std()) if len(known) else 0.0
    kurtosis = float((((known - known.mean()) / spread) ** 4).mean()) - 3 if spread > 0 else 0.0
    size = np.abs(changes)
    lags = range(1, min(NEAR, changes.shape[1] - 1) + 1)
    clustering = [correlation(size, size, lag) for lag in lags]
    leverage = [correlation(changes, size, lag) for lag in lags]
    return Facts(kurtosis, _mean(clustering), _mean(leverage))


def autocorrelation(values: Floats) -> list[float]:
    """Of (n, steps) values at lags 1, 2, ..., LAGS at most, over all series together."""
    lags = range(1, min(LAGS, values.shape[1] - 1) + 1)
    return [correlation(values, values, lag) for lag in lags]


def correlation(one: Floats, other: Floats, lag: int = 0) -> float:
    """Pearson's, of values with those of another column so many steps later in the same series; 0
    where one is constant."""
    a, b = one[:, : one.shape[1] - lag].ravel(), other[:, lag:].ravel()
    both = ~(np.isnan(a) | np.isnan(b))
    a, b = a[both], b[both]
    if len(a) < 2:
        return 0.0
    # of a constant only rounding is left
    rounding = max(1e-20 * len(a) * float(np.square(one[~np.isnan(one)]).max()), 1e-300)
    a, b = a - a.mean(), b - b.mean()
    scale = float(np.sqrt((a @ a) * (b @ b)))
    return float(a @ b) / scale if scale > rounding else 0.0


def change_of(real: Floats) -> str:
    """How changes of a column are taken: "log" of prices and the like, "difference" of other
    levels, "none" of changes."""
    if correlation(real, real, 1) < LEVEL:
        return "none"
    return "log" if float(np.nanmin(real)) > 0 else "difference"


def changes(values: Floats, how: str) -> Floats:
    """(n, steps) values -> (n, steps - 1) changes; steps stay as they are where the values are
    changes already."""
    if how == "none":
        return values
    if how == "log":  # a made price may be none
        values = np.log(np.where(values > 0, values, np.nan))
    return np.diff(values, axis=1)


def _mean(values: list[float]) -> float:
    return float(np.mean(values)) if values else 0.0
