"""The modelled columns of several tables as arrays that can be compared: numbers, and codes of
levels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tidemill.core.dataset import Dataset
from tidemill.core.schema import Column
from tidemill.imaging.pixels import pixels

Floats = NDArray[np.float64]
Codes = NDArray[np.int32]
Pixels = NDArray[np.uint8]

_LARGE = 1e100


@dataclass(frozen=True)
class FeatureLayout:
    """What the columns of the arrays are.

    Attributes:
        numbers: Names of the columns of ``Features.numbers``: numbers, and datetimes as
            microseconds since 1970.
        categories: Names of the columns of ``Features.codes``.
        levels: Per category its levels, the most frequent first; code k stands for ``levels[k -
            1]``.
        gaps: Per column (in the order of ``names``), whether values are missing in any of the
            tables.
    """

    numbers: tuple[str, ...]
    categories: tuple[str, ...]
    levels: tuple[tuple[str, ...], ...]
    gaps: tuple[bool, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """All columns: first the numbers, then the categories."""
        return self.numbers + self.categories


@dataclass(frozen=True)
class Features:
    """The rows of one table.

    Attributes:
        numbers: (n, number of numbers); NaN where missing, never infinite.
        codes: (n, number of categories); 0 where missing.
        pixels: (n, height, width, channels) of the column of images, where there is one.
    """

    numbers: Floats
    codes: Codes
    pixels: Pixels | None = None

    def __len__(self) -> int:
        return len(self.numbers)

    def rows(self, index: NDArray[np.int64] | NDArray[np.bool_]) -> Features:
        """The rows at these positions or under this mask."""
        return Features(
            self.numbers[index],
            self.codes[index],
            None if self.pixels is None else self.pixels[index],
        )


def together(*parts: Features) -> Features:
    """The rows of several tables one below the other."""
    return Features(
        np.concatenate([p.numbers for p in parts]), np.concatenate([p.codes for p in parts])
    )


def features(
    tables: Sequence[Dataset], columns: Sequence[Column] | None = None
) -> tuple[FeatureLayout, tuple[Features, ...]]:
    """The tables as arrays of one layout.

    Levels are ordered by their frequency in all tables together, so that no table can be told by
    its codes. An infinite number stands one range beyond the largest (smallest) finite one; where
    numbers are so large that their squares would not be finite, all of the column are divided by
    the largest.

    Args:
        tables: With the same columns.
        columns: Those to take; None for the modelled ones of the first table.
    """
    columns = tables[0].schema.modelled if columns is None else columns
    ends = np.cumsum([len(table) for table in tables])[:-1]
    numbers = [c for c in columns if c.kind in ("number", "datetime")]
    categories = [c for c in columns if c.kind not in ("number", "datetime", "image")]
    values = [
        _bounded(np.concatenate([as_floats(table.frame[c.name]) for table in tables]))
        for c in numbers
    ]
    coded = [_coded([table.frame[c.name] for table in tables]) for c in categories]
    rows = sum(len(table) for table in tables)
    matrix = np.column_stack(values) if values else np.zeros((rows, 0))
    codes = np.column_stack([c for _, c in coded]) if coded else np.zeros((rows, 0), np.int32)
    gaps = [bool(np.isnan(v).any()) for v in values] + [bool((c == 0).any()) for _, c in coded]
    layout = FeatureLayout(
        tuple(c.name for c in numbers),
        tuple(c.name for c in categories),
        tuple(levels for levels, _ in coded),
        tuple(gaps),
    )
    parts = zip(np.split(matrix, ends), np.split(codes, ends), strict=True)
    shown = next((c.name for c in columns if c.kind == "image"), None)
    return layout, tuple(
        Features(number, code, None if shown is None else pixels(table.frame[shown]))
        for table, (number, code) in zip(tables, parts, strict=True)
    )


def as_floats(series: pl.Series) -> Floats:
    """Numbers, or datetimes as microseconds since 1970; NaN where missing."""
    if series.dtype.is_temporal():
        series = series.dt.epoch("us")
    return series.cast(pl.Float64).fill_null(float("nan")).to_numpy()


def _bounded(values: Floats) -> Floats:
    infinite = np.isinf(values)
    finite = values[np.isfinite(values)]
    peak = np.abs(finite).max(initial=1.0)
    scale = peak if peak > _LARGE else 1.0
    if infinite.any():
        low, high = (finite.min() / scale, finite.max() / scale) if len(finite) else (0.0, 0.0)
        reach = (high - low) or 1.0
        return np.where(infinite, np.where(values > 0, high + reach, low - reach), values / scale)
    return values / scale if scale > 1 else values


def _coded(parts: list[pl.Series]) -> tuple[tuple[str, ...], Codes]:
    texts = pl.concat([part.cast(pl.String).alias("level") for part in parts])
    counts = texts.drop_nulls().value_counts().sort(["count", "level"], descending=[True, False])
    levels = counts["level"]
    codes = texts.cast(pl.Enum(levels)).to_physical().cast(pl.Int32) + 1
    return tuple(levels), codes.fill_null(0).to_numpy()
