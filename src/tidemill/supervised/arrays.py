"""The columns of several tables as arrays that can be compared: numbers, codes of levels, and how
often each term is in a text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tidemill.acoustics.sounds import HEARD, is_sound, pictures
from tidemill.core.dataset import Dataset
from tidemill.core.schema import MEDIA, Column
from tidemill.imaging.pixels import pixels
from tidemill.levels.patterns import pattern_pictures
from tidemill.supervised.text_terms import TermReader

if TYPE_CHECKING:
    from scipy import sparse

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
Codes = NDArray[np.int32]
Pixels = NDArray[np.uint8]

COMMON_TERMS = 100
"""Terms of texts that trees may ask for by themselves."""
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
        terms: Per column of texts, how many terms it has in ``Features.texts``.
        scores: How many of the last numbers are no columns but what texts say of the target; see
            :func:`tidemill.supervised.text_scores.with_text_scores`.
    """

    numbers: tuple[str, ...]
    categories: tuple[str, ...]
    levels: tuple[tuple[str, ...], ...]
    gaps: tuple[bool, ...]
    terms: tuple[int, ...] = ()
    scores: int = 0

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
        pixels: (n, height, width, channels) of the column of images, or of pictures of the column
            of sounds, where there is one.
        texts: (n, terms) how often each term is in the texts, those of one column after those of
            another, each from the most frequent on; None where there are no columns of texts.
        common: (n, at most COMMON_TERMS) whether the texts have each of their most frequent terms;
            None where there are none.
    """

    numbers: Floats
    codes: Codes
    pixels: Pixels | None = None
    texts: sparse.csr_array | None = None
    common: NDArray[np.bool_] | None = None

    def __len__(self) -> int:
        return len(self.numbers)

    def rows(self, index: NDArray[np.int64] | NDArray[np.bool_]) -> Features:
        """The rows at these positions or under this mask."""
        return Features(
            self.numbers[index],
            self.codes[index],
            None if self.pixels is None else self.pixels[index],
            None if self.texts is None else self.texts[index],
            None if self.common is None else self.common[index],
        )

    def without_texts(self) -> Features:
        """The same rows without their texts."""
        return replace(self, texts=None, common=None)


def together(*parts: Features) -> Features:
    """The rows of several tables one below the other, without pixels and texts."""
    numbers = np.concatenate([part.numbers for part in parts])
    return Features(numbers, np.concatenate([part.codes for part in parts]))


def features(
    tables: Sequence[Dataset],
    columns: Sequence[Column] | None = None,
    reader: TermReader | None = None,
) -> tuple[FeatureLayout, tuple[Features, ...]]:
    """The tables as arrays of one layout.

    Levels are ordered by their frequency in all tables together, so that no table can be told by
    its codes. An infinite number stands one range beyond the largest (smallest) finite one; where
    numbers are so large that their squares would not be finite, all of the column are divided by
    the largest.

    Args:
        tables: With the same columns.
        columns: Those to take, those of texts among them; None for the modelled ones of the first
            table.
        reader: Reads texts, and knows those that it has read before; None for one of its own.
    """
    columns = tables[0].schema.modelled if columns is None else columns
    ends = np.cumsum([len(table) for table in tables])[:-1]
    numbers = [c for c in columns if c.kind in ("number", "datetime")]
    categories = [c for c in columns if c.kind not in ("number", "datetime", "text", *MEDIA)]
    rows = sum(len(table) for table in tables)
    matrix = np.zeros((rows, len(numbers)))
    codes = np.zeros((rows, len(categories)), np.int32)
    levels = []
    for j, column in enumerate(numbers):
        values = [as_floats(table.frame[column.name]) for table in tables]
        matrix[:, j] = _bounded(np.concatenate(values))
    for j, column in enumerate(categories):
        names, coded = _coded([table.frame[column.name] for table in tables])
        levels.append(names)
        codes[:, j] = coded
    gaps = np.concatenate([np.isnan(matrix).any(axis=0), (codes == 0).any(axis=0)])
    widths, texts = _counted(tables, [c.name for c in columns if c.kind == "text"], reader)
    common = _places_of_common(widths)
    layout = FeatureLayout(
        tuple(column.name for column in numbers),
        tuple(column.name for column in categories),
        tuple(levels),
        tuple(gaps.tolist()),
        widths,
    )
    medium = next((column for column in columns if column.kind in MEDIA), None)
    parts = []
    divided = zip(tables, np.split(matrix, ends), np.split(codes, ends), texts, strict=True)
    for table, own_numbers, own_codes, own_texts in divided:
        images = None if medium is None else _seen(table.frame[medium.name])
        has = None if own_texts is None else (own_texts[:, common] > 0).toarray()
        parts.append(Features(own_numbers, own_codes, images, own_texts, has))
    return layout, tuple(parts)


def _seen(values: pl.Series) -> Pixels:
    """The pixels of images, of pictures of sounds as large as they are heard by a judge, or of the
    patterns of levels."""
    if values.dtype == pl.String:
        return pattern_pictures(values)
    return pictures(values, *HEARD)[..., None] if is_sound(values.dtype) else pixels(values)


def _counted(
    tables: Sequence[Dataset], names: Sequence[str], reader: TermReader | None
) -> tuple[tuple[int, ...], Sequence[sparse.csr_array | None]]:
    """How many terms each column of texts has, and for each table their counts."""
    if not names:
        return (), [None] * len(tables)
    from scipy import sparse

    reader = TermReader() if reader is None else reader
    columns = [reader.counts([table.frame[name] for table in tables]) for name in names]
    texts = [
        sparse.csr_array(sparse.hstack(own, format="csr")) for own in zip(*columns, strict=True)
    ]
    return tuple(own[0].shape[1] for own in columns), texts


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
    scaled = values / scale if scale > 1 else values
    if not infinite.any():
        return scaled
    low = high = 0.0
    if len(finite):
        low, high = finite.min() / scale, finite.max() / scale
    reach = (high - low) or 1.0
    return np.where(infinite, np.where(values > 0, high + reach, low - reach), scaled)


def _coded(parts: list[pl.Series]) -> tuple[tuple[str, ...], Codes]:
    texts = pl.concat([part.cast(pl.String).alias("level") for part in parts])
    counts = texts.drop_nulls().value_counts().sort(["count", "level"], descending=[True, False])
    levels = counts["level"]
    codes = texts.cast(pl.Enum(levels)).to_physical().cast(pl.Int32) + 1
    return tuple(levels), codes.fill_null(0).to_numpy()


def _places_of_common(widths: Sequence[int]) -> NDArray[np.int64]:
    """Places of the most frequent terms, of each column of texts equally many."""
    ends = np.cumsum(widths)
    each = COMMON_TERMS // max(len(widths), 1)
    places = [
        np.arange(end - width, end - width + min(width, each))
        for width, end in zip(widths, ends, strict=True)
    ]
    return np.concatenate([np.empty(0, np.int64), *places])
