"""Which values of a column lie far from all others, whatever the shape of its tail.

The test asks how wide the gap is between a few values and the
next, against the gaps farther in: for the tail of a power law the logarithms of these, each times
its rank, are independent draws of one exponential distribution (Rényi 1953), so a gap has an exact
p-value, and a lighter tail only makes the test stricter. Where the tail thins out faster than that
of an exponential distribution, the same holds for the gaps themselves, which sees single values. As
gaps are compared, outliers do not widen the measure that they are held against.

A less strict level is enough for values that are also extreme in the distance between the median
and the 99th percentile (the idea of the adjusted boxplot, Hubert and Vandervieren 2008).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tidemill.supervised.arrays import Floats

FEWEST = 50
FEWEST_DISTINCT = 5
FEWEST_ABOVE = 20
MOST = 0.05
"""More of the values than this that lie apart are a group, no outliers."""
MOST_BESIDE_COMMONEST = 0.1
"""The same of the values beside a very common one, which are fewer."""
LEVEL = 0.001
"""Chance that a column without outliers shows one, over both tests of the gap."""
LEVEL_OF_EXTREMES = 0.02
"""The same for values that are also extreme by a second measure."""
_LIMIT = 5.0  # in standard deviations of the normal distribution that has the same percentile
_FARTHER = 1.5  # than the next value, in distance from the median
_GAPS = 30  # that a gap is at least compared with
_DISTINCT_GAPS = 5  # among these: equal values leave none
_INNER_GAPS = 100  # farther in, that show whether the tail thins out
_THINS = 0.75  # gaps far out against those farther in
_LOCAL = 10  # values, behind which the tail's shape matters little
_STRICTER = 20  # the level there
_LAYERS = 3

Flags = NDArray[np.bool_]


def outlying(values: Floats, columns: int = 1) -> Flags:
    """Which values lie far above all others, (n,); turn the sign for those below.

    Args:
        values: (n,) finite numbers.
        columns: How many columns are looked at, which the level of the tests is shared by.

    Example:
        >>> outlying(np.append(np.arange(100.0), [900.0, 901.0])).sum()
        np.int64(2)
    """
    kept = np.flatnonzero(_without_commonest(values))
    result = np.zeros(len(values), dtype=bool)
    if len(kept) >= FEWEST and len(np.unique(values[kept])) >= FEWEST_DISTINCT:
        most = min(MOST * len(values), MOST_BESIDE_COMMONEST * len(kept))
        result[kept] = _outlying(values[kept], LEVEL / (2 * columns), int(most))
    return result


def _outlying(values: Floats, level: float, most: int) -> Flags:
    far = np.zeros(len(values), dtype=bool)
    for _ in range(_LAYERS):
        # what lies farthest is taken out, and the others are looked at anew
        others = np.flatnonzero(~far)
        more = _behind_a_gap(values[others], level, most)
        if not more.any() or far.sum() + more.sum() > most:
            break
        far[others[more]] = True
    if not far.any():
        far = _behind_a_gap(values, max(level, LEVEL_OF_EXTREMES), most) & _extreme(values)
    return far


def _without_commonest(values: Floats, share: float = 0.25) -> Flags:
    """Which values are not a very common one, (n,): "nothing was bought" is no part of how much is
    bought."""
    distinct, counts = np.unique(values, return_counts=True)
    if not len(values) or counts.max() <= share * len(values):
        return np.ones(len(values), dtype=bool)
    return np.asarray(values != distinct[counts.argmax()])


def _behind_a_gap(values: Floats, level: float, most: int) -> Flags:
    """Which values lie behind a gap that chance would not leave."""
    distance = values - np.median(values)
    ordered = np.sort(distance[distance > 0])[::-1]
    starts = [
        start
        for start in (
            _first_behind(ordered, np.log(ordered), most, level, thins=False),
            _first_behind(ordered, ordered, most, level, thins=True),
        )
        if start is not None
    ]
    if not starts:
        return np.zeros(len(values), dtype=bool)
    return np.asarray(distance >= min(starts))


def _first_behind(
    distance: Floats, scaled: Floats, most: int, level: float, *, thins: bool
) -> float | None:
    """The distance from which on values are behind a gap; None where there is no such gap.

    Args:
        distance: From the median, the farthest first, (k,).
        scaled: The same on the scale of the test, (k,).
        most: Values that may lie behind it.
        level: Of the test.
        thins: Whether the gaps must be narrower far out than farther in, as they are where the
            tail is lighter than an exponential one.
    """
    if len(distance) < FEWEST_ABOVE:
        return None
    ranked = np.arange(1, len(scaled)) * (scaled[:-1] - scaled[1:])
    total = np.append(0.0, np.cumsum(ranked))
    distinct = np.append(0, np.cumsum(ranked > 0))  # equal values tell nothing new
    most = min(max(3, most), len(distance) // 2)
    first = np.arange(1, most + 1)
    end = np.maximum(first + np.maximum(_GAPS, 2 * first), _with_gaps(distinct, first))
    end = np.minimum(end, len(ranked))
    compared = distinct[end] - distinct[first]
    usual = (total[end] - total[first]) / (end - first)
    with np.errstate(over="ignore"):  # a gap that is infinitely wider is one
        how_wide = ranked[first - 1] / np.maximum(usual, 1e-300)
    # the p-value of F(2, 2 * compared), shared over the places that a gap may be at
    log_p = -compared * np.log1p(how_wide / np.maximum(compared, 1))
    strict = np.log(level * 6 / (np.pi * first) ** 2)
    wide = log_p <= strict
    wide &= (compared >= _DISTINCT_GAPS) & (distance[first - 1] >= _FARTHER * distance[first])
    if thins:
        inner = np.minimum(np.maximum(end + _INNER_GAPS, 2 * len(distance) // 3), len(ranked))
        inside = (total[inner] - total[end]) / np.maximum(inner - end, 1)
        thinner = (usual <= _THINS * inside) & (inner - end >= _INNER_GAPS)
        # behind many values the gaps of any tail look exponential, or nearly so
        wide &= thinner | ((first >= _LOCAL) & (log_p <= strict - np.log(_STRICTER)))
    if not wide.any():
        return None
    return float(distance[np.where(wide, log_p, 0.0).argmin()])


def _with_gaps(distinct: NDArray[np.int64], first: NDArray[np.int64]) -> NDArray[np.int64]:
    """Where each window ends that begins at ``first`` and has as many gaps as are compared at
    least."""
    return np.searchsorted(distinct, distinct[first] + _DISTINCT_GAPS)


def _extreme(values: Floats) -> Flags:
    """Which values are extremely far out on the plain and on the logarithmic scale, (n,)."""
    return np.asarray((_distance(values) > _LIMIT) & (_distance(_logged(values)) > _LIMIT))


def _distance(values: Floats) -> Floats:
    """(n,) Signed distance from the median in standard deviations of the upper side."""
    tail, normal = (0.01, 2.326) if len(values) >= 300 else (0.05, 1.645)
    middle, high = np.quantile(values, [0.5, 1 - tail])
    unit = (high - middle) / normal
    if not unit > 0:
        return np.zeros_like(values)
    return np.asarray((values - middle) / unit)


def _logged(values: Floats) -> Floats:
    """(n,) Logarithms; with zeros or negative values, logarithms of the distances from the
    median."""
    if values.min() > 0:
        return np.asarray(np.log(values))
    apart = values - np.median(values)
    unit = np.median(np.abs(apart)) or np.abs(apart).mean() or 1.0
    return np.asarray(np.arcsinh(apart / unit))
