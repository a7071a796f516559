"""One column, real against synthetic: a histogram, or bars per level."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tidemill.core.schema import Column
from tidemill.core.shown import shared_values
from tidemill.core.words import number, percent, plural
from tidemill.reporting.blocks import Comparison

LEVELS = 8
BINS = 30
_TAIL = 0.005
_WIDTHS = (
    60.0,
    300.0,
    900.0,
    3600.0,
    10_800.0,
    43_200.0,
    86_400.0,
    7 * 86_400.0,
    28 * 86_400.0,
    91 * 86_400.0,
    365.25 * 86_400,
    5 * 365.25 * 86_400,
    25 * 365.25 * 86_400,
    100 * 365.25 * 86_400,
)


def comparison(
    column: Column,
    real: pl.Series,
    synthetic: pl.Series,
    score: float | None = None,
    persons: NDArray[np.int64] | None = None,
) -> Comparison:
    """The column's picture, in which no level is named that fewer than FEWEST_PERSONS persons have.

    Args:
        column: What it is.
        real, synthetic: Its values, typed as in a Dataset, or made :func:`comparable`; neither
            empty.
        score: What evaluation gave the column.
        persons: Whose the real rows are; None where each is a person of its own.

    Example:
        >>> shown = comparison(Column("plan", "category"), pl.Series(["a"] * 6 + ["b"] * 6),
        ...     pl.Series(["a", "b"]))
        >>> shown.labels, shown.real, shown.match
        (('a', 'b'), (0.5, 0.5), 1.0)
    """
    real, synthetic = comparable(column, real), comparable(column, synthetic)
    missing = (_missing(real), _missing(synthetic))
    if real.dtype == pl.String:
        return _levels(column, real, synthetic, missing, score, persons, ordered=False)
    numbers = real.drop_nulls().to_numpy(), synthetic.drop_nulls().to_numpy()
    # a handful of values, such as 0, 1 and 2 children, say more as levels than as a histogram
    if column.kind == "number" and len(np.union1d(*numbers)) <= LEVELS:
        texts = _as_text(real), _as_text(synthetic)
        return _levels(column, *texts, missing, score, persons, ordered=True)
    return _histogram(column, *numbers, (len(real), len(synthetic)), missing, score)


def _missing(values: pl.Series) -> float:
    return _rounded(values.null_count() / len(values))


def comparable(column: Column, values: pl.Series) -> pl.Series:
    """The values as Float64 (seconds since 1970 for instants) or as the names of levels
    (String)."""
    if column.kind == "datetime" and values.dtype != pl.Float64:
        return values.cast(pl.Datetime("us")).to_physical().cast(pl.Float64) / 1e6
    return values.cast(pl.Float64 if column.kind in ("number", "datetime") else pl.String)


def _as_text(values: pl.Series) -> pl.Series:
    texts = [None if value is None else number(float(value), 4) for value in values]
    return pl.Series(values.name, texts, dtype=pl.String)


def _levels(
    column: Column,
    real: pl.Series,
    synthetic: pl.Series,
    missing: tuple[float, float],
    score: float | None,
    persons: NDArray[np.int64] | None,
    *,
    ordered: bool,
) -> Comparison:
    of_real, of_synthetic = _shares(real), _shares(synthetic)
    names = sorted(
        of_real.keys() | of_synthetic.keys(),
        key=lambda name: (-of_real.get(name, 0), -of_synthetic.get(name, 0), name),
    )
    told = set(names)
    if column.kind != "boolean":
        told = set(shared_values(real, persons))
    named = [name for name in names if name in told]
    # one level alone is shown rather than called "1 other level"
    most = LEVELS if len(named) > LEVELS + 1 else len(named)
    levels = named[:most]
    rest = [name for name in names if name not in levels]
    if ordered:
        levels.sort(key=lambda name: float(name.replace(",", "")))
    labels = [name if name.strip() else "(empty)" for name in levels]
    if rest:
        labels.append(plural(len(rest), "other level"))
    # over all levels, not only over those shown
    apart = sum(abs(of_real.get(name, 0) - of_synthetic.get(name, 0)) for name in names)
    distance = apart + abs(missing[0] - missing[1])
    return Comparison(
        column.name,
        tuple(labels),
        (),
        _heights(of_real, levels, rest),
        _heights(of_synthetic, levels, rest),
        missing,
        _rounded(1 - distance / 2),
        score,
    )


def _heights(
    shares: Mapping[str, float], levels: Sequence[str], rest: Sequence[str]
) -> tuple[float, ...]:
    """The share of each level, and that of all others together where there are any."""
    heights = [_rounded(shares.get(level, 0.0)) for level in levels]
    if rest:
        heights.append(_rounded(sum(shares.get(level, 0.0) for level in rest)))
    return tuple(heights)


def _shares(values: pl.Series) -> dict[str, float]:
    counts = values.drop_nulls().value_counts()
    return {level: number / len(values) for level, number in counts.iter_rows()}


def _histogram(
    column: Column,
    real: np.ndarray,
    synthetic: np.ndarray,
    rows: tuple[int, int],
    missing: tuple[float, float],
    score: float | None,
) -> Comparison:
    # beyond 1e300 the difference of two numbers is no number any more
    finite = [numbers[np.abs(numbers) < 1e300] for numbers in (real, synthetic)]
    edges = _edges(finite, column)
    of_real = np.histogram(finite[0], edges)[0] / rows[0]
    of_synthetic = np.histogram(finite[1], edges)[0] / rows[1]
    beyond = (
        1 - missing[0] - float(of_real.sum()),
        1 - missing[1] - float(of_synthetic.sum()),
    )
    apart = float(np.abs(of_real - of_synthetic).sum())
    distance = apart + abs(beyond[0] - beyond[1]) + abs(missing[0] - missing[1])
    note = ""
    if max(beyond) > 1e-4:
        note = (
            f"{percent(beyond[0])} of real and {percent(beyond[1])} of generated rows lie beyond "
            "the picture."
        )
    return Comparison(
        column.name,
        (),
        tuple(map(float, edges)),
        tuple(map(_rounded, of_real)),
        tuple(map(_rounded, of_synthetic)),
        missing,
        _rounded(1 - distance / 2),
        score,
        column.kind == "datetime",
        note,
    )


def _edges(numbers: Sequence[np.ndarray], column: Column) -> np.ndarray:
    """(bins + 1,) round edges over the bulk of both; a whole number of steps wide, or bins would
    hold unequal many."""
    present = [values for values in numbers if len(values)]
    if not present:
        return np.array([0.0, 1.0])
    low, high = _ends(present, 0.0)
    bulk_low, bulk_high = _ends(present, _TAIL)
    if bulk_high > bulk_low and high - low > 1.5 * (bulk_high - bulk_low):
        low, high = bulk_low, bulk_high
    step = float(column.step or 0) if column.kind == "number" else 0.0
    if column.kind == "datetime":
        width = _day_width(high - low)
    else:
        width = _round_width((high - low) / BINS, step)
    first = math.floor((low + step / 2) / width)
    bins = max(1, math.floor((high + step / 2) / width) - first + 1)
    # half a step to the left, so that no value lies on an edge
    return (first + np.arange(bins + 1)) * width - step / 2


def _ends(present: Sequence[np.ndarray], tail: float) -> tuple[float, float]:
    """The lowest and the highest value of any, without such a share at either end of each."""
    low = min(float(np.quantile(values, tail)) for values in present)
    high = max(float(np.quantile(values, 1 - tail)) for values in present)
    return low, high


def _day_width(span: float) -> float:
    """Seconds: the smallest usual length of time that makes no more than BINS bins."""
    least = span / BINS
    return next((width for width in _WIDTHS if width >= least), least)


def _round_width(least: float, step: float) -> float:
    """1, 2 or 5 times a power of ten, counted in steps where there are any; not below ``least`` nor
    a step."""
    unit = step or 1.0
    wanted = max(least / unit, 1.0) if step else least
    if not wanted:
        return 1.0
    power = 10.0 ** math.floor(math.log10(wanted))
    enough = wanted * (1 - 1e-9)
    return unit * next(factor * power for factor in (1, 2, 5, 10) if factor * power >= enough)


def _rounded(part: float) -> float:
    return round(float(part), 5) + 0.0
