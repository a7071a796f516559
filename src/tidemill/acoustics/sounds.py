"""A column of sounds: each value the samples of one sound, and how many of them a second has."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl

from tidemill.acoustics.spectrogram import Spectrogram

SOUND = pl.Struct({"samples": pl.List(pl.Int16), "rate": pl.Int32})
"""Of one channel; files of other depths and of more channels become this when they are read."""
HEARD = (40, 44)
"""Bands and columns of the pictures by which sounds are told apart."""
FULL = 32_768
"""What a sample of 16 bits counts as 1."""


def is_sound(dtype: pl.DataType) -> bool:
    """Whether a column of this dtype holds sounds."""
    return dtype == SOUND


def sounds(name: str, takes: Sequence[np.ndarray], rate: int) -> pl.Series:
    """Sounds, each (samples,) int16, of one rate -> a column of sounds.

    Example:
        >>> seconds(sounds("take", [np.zeros(4000, np.int16)], 8000)).tolist()
        [0.5]
    """
    lists = pl.Series("samples", [pl.Series(take) for take in takes], pl.List(pl.Int16))
    rates = pl.Series("rate", [rate], pl.Int32).new_from_index(0, len(takes))
    return pl.DataFrame([lists, rates]).to_struct(name)


def samples(values: pl.Series) -> list[np.ndarray]:
    """A column of sounds -> the samples of each, int16."""
    lists = values.struct.field("samples")
    ends = np.cumsum(lists.list.len().to_numpy())
    flat = lists.explode(empty_as_null=False).to_numpy()
    return np.split(flat, ends[:-1]) if len(ends) else []


def floats(values: pl.Series) -> list[np.ndarray]:
    """A column of sounds -> the samples of each, from -1 to 1."""
    return [take / FULL for take in samples(values)]


def rate_of(values: pl.Series) -> int:
    """Samples a second of a column's first sound; reading brings all to one rate."""
    return int(values.struct.field("rate")[0])


def rates(values: pl.Series) -> list[int]:
    """The rates that sounds of a column have, in order."""
    return sorted(int(rate) for rate in values.struct.field("rate").unique())


def seconds(values: pl.Series) -> np.ndarray:
    """How long each sound of a column is, (n,)."""
    lengths = values.struct.field("samples").list.len().to_numpy()
    return np.asarray(lengths / values.struct.field("rate").to_numpy())


def pictures(values: pl.Series, bands: int = 32, columns: int = 32) -> np.ndarray:
    """What is heard when in each sound of a column, (n, bands, columns) uint8; see
    :class:`tidemill.acoustics.spectrogram.Spectrogram`."""
    if not len(values):
        return np.zeros((0, bands, columns), np.uint8)
    return Spectrogram(rate_of(values), bands, columns).pictures(floats(values))
