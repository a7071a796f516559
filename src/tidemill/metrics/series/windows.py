"""Series of several tables as arrays of windows that can be compared."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tidemill.core.dataset import Dataset
from tidemill.core.score import Evidence
from tidemill.core.series import SeriesLayout, layout
from tidemill.supervised.arrays import FeatureLayout, Features, Floats, as_floats, features

LONGEST = 24
"""Longer series are compared window by window."""
MOST_LEVELS = 8
"""Of a category, so many levels, the most frequent ones, are features; the rest are none."""
MOST = 2000
"""Windows of a set; where there are more, these are drawn at random."""
GAP, MISSING = "gap", "missing"


@dataclass(frozen=True)
class Windows:
    """Series as floats.

    Attributes:
        values: (n, steps, features), finite; 0 beyond a series' end.
        length: (n,) steps in use, at least 1.
    """

    values: NDArray[np.float64]
    length: NDArray[np.int64]

    @staticmethod
    def whole(values: np.ndarray) -> Windows:
        """(n, steps, features) series of equal length."""
        return Windows(
            np.asarray(values, np.float64), np.full(len(values), values.shape[1], np.int64)
        )

    def __len__(self) -> int:
        return len(self.values)

    def rows(self, index: NDArray[np.int64]) -> Windows:
        """The series at these positions."""
        return Windows(self.values[index], self.length[index])

    @property
    def used(self) -> NDArray[np.bool_]:
        """(n, steps) the steps in use."""
        return np.arange(self.values.shape[1]) < self.length[:, None]


@dataclass(frozen=True)
class Panel:
    """The windows of one table.

    Attributes:
        names: Of the features: gaps, flags of missing values and levels, then columns of numbers,
            the target's last.
        numbers: How many of them are columns of numbers.
        windows: (n, steps, features); a missing number is the mean of those there are, and flagged
            by a feature of its own.
    """

    names: tuple[str, ...]
    numbers: int
    windows: Windows

    def column(self, name: str) -> Floats:
        """(n, steps) values of a column of numbers, NaN where one is missing and beyond a series'
        end."""
        known = self.windows.used
        flag = f"{name} {MISSING}"
        if flag in self.names:
            known &= self.windows.values[..., self.names.index(flag)] == 0
        place = self.names.index(name, len(self.names) - self.numbers)
        return np.where(known, self.windows.values[..., place], np.nan)

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of numbers."""
        return self.names[len(self.names) - self.numbers :]


@dataclass(frozen=True)
class Panels:
    """Windows of held-out real series, and of the three sets that are compared with them."""

    real: Panel
    synthetic: Panel
    floor: Panel
    ceiling: Panel

    @property
    def compared(self) -> tuple[Panel, Panel, Panel]:
        """Synthetic, floor and ceiling."""
        return self.synthetic, self.floor, self.ceiling


def panels(evidence: Evidence, rng: np.random.Generator) -> Panels | None:
    """The windows of the sets; None where a set has no two steps of a series.

    The floor are the training series with all of their steps in random places: right in each step,
    wrong in time. The ceiling are the training series. Windows have as many steps as the longest
    synthetic series, at most LONGEST.
    """
    tables = (evidence.holdout, evidence.synthetic, evidence.train)
    layouts = [layout(data) for data in tables]
    steps = min(LONGEST, *(int(one.length.max()) for one in layouts))
    if steps < 2:
        return None
    names, numbers, rows = _rows(tables, layouts)
    parts = []
    for values, series in zip(rows, layouts, strict=True):
        windows = series.windows(steps, steps)
        index, used = windows.index(steps)
        chosen = np.sort(rng.permutation(np.flatnonzero(windows.length > 1))[:MOST])
        if len(chosen) < 1:
            return None
        in_use = values[index[chosen]] * used[chosen][..., None]
        parts.append(Windows(in_use, windows.length[chosen]))
    real, synthetic, ceiling = (Panel(names, numbers, part) for part in parts)
    floor = Panel(names, numbers, _mixed(ceiling.windows, rng))
    return Panels(real, synthetic, floor, ceiling)


def _rows(
    tables: Sequence[Dataset], layouts: Sequence[SeriesLayout]
) -> tuple[tuple[str, ...], int, list[Floats]]:
    """Names of features, how many are columns' numbers, and each table's (rows, features) in the
    order of its series."""
    schema = tables[0].schema
    found, parts = features(tables, [c for c in schema.modelled if c.role != "time"])
    target = None if schema.target is None else schema.target.name
    order = sorted(range(len(found.numbers)), key=lambda j: found.numbers[j] == target)
    means = {j: _mean(np.concatenate([part.numbers[:, j] for part in parts])) for j in order}
    gaps = [_gaps(data, one) for data, one in zip(tables, layouts, strict=True)]
    varied = len(np.unique(np.concatenate(gaps))) > 1
    rows = []
    for part, gap, one in zip(parts, gaps, layouts, strict=True):
        columns = [gap] if varied else []
        for column in _columns(found, part, order, means):
            columns.append(column[one.order].astype(float))
        rows.append(np.column_stack(columns))
    names = [GAP] if varied else []
    return (*names, *_names(found, order)), len(order), rows


def _names(found: FeatureLayout, order: Sequence[int]) -> list[str]:
    """Of missing values, levels and numbers, as :func:`_columns` gives them."""
    names = [f"{found.numbers[j]} {MISSING}" for j in order if found.gaps[j]]
    for category, levels in zip(found.categories, found.levels, strict=True):
        names += [f"{category}={level}" for level in levels[:MOST_LEVELS]]
    return names + [found.numbers[j] for j in order]


def _columns(
    found: FeatureLayout, part: Features, order: Sequence[int], means: Mapping[int, float]
) -> list[np.ndarray]:
    """(rows,) each: missing values, levels, and numbers with means in the place of missing ones."""
    columns: list[np.ndarray] = [np.isnan(part.numbers[:, j]) for j in order if found.gaps[j]]
    for j, levels in enumerate(found.levels):
        columns += [part.codes[:, j] == k + 1 for k in range(len(levels[:MOST_LEVELS]))]
    return columns + [np.nan_to_num(part.numbers[:, j], nan=means[j]) for j in order]


def _mean(values: Floats) -> float:
    known = values[~np.isnan(values)]
    return float(known.mean()) if len(known) else 0.0


def _gaps(data: Dataset, series: SeriesLayout) -> Floats:
    """(rows,) time since the step before, rows in the order of the series; at a first step the most
    frequent gap."""
    [time] = data.schema.of_role("time")
    gap = np.diff(as_floats(data[time.name][series.order]), prepend=0.0)
    values, counts = np.unique(np.delete(gap, series.start), return_counts=True)
    gap[series.start] = values[np.argmax(counts)] if len(values) else 0.0
    return np.asarray(gap)


def _mixed(windows: Windows, rng: np.random.Generator) -> Windows:
    """All steps in random places."""
    values = windows.values.copy()
    steps = values[windows.used]
    values[windows.used] = steps[rng.permutation(len(steps))]
    return Windows(values, windows.length)
