"""Stored arrays, each taken with what it must be: its dtype, its shape, and what its values lie
between. Nothing is reckoned with an array before that is known.

A shape is one entry an axis: its length, or None for any.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

Shape = tuple[int | None, ...]
Arrays = Mapping[str, np.ndarray]
LEAST, MOST = -(2**63), 2**63 - 1
"""What an int64 holds."""


def integers(
    arrays: Arrays, name: str, dtype: Any, shape: Shape, low: int = LEAST, high: int = MOST
) -> np.ndarray:
    """An array of whole numbers from low to high.

    Raises:
        KeyError: There is none of this name.
        ValueError: It is another array.
    """
    array = _shaped(arrays, name, dtype, shape)
    # as Python's numbers, which never wrap round
    if array.size and (int(array.min()) < low or int(array.max()) > high):
        raise ValueError(f"the array '{name}' has values beyond {low:,} to {high:,}")
    return array


def reals(
    arrays: Arrays,
    name: str,
    dtype: Any,
    shape: Shape,
    *,
    missing: bool = False,
    infinite: bool = False,
) -> np.ndarray:
    """An array of numbers.

    Args:
        arrays, name, dtype, shape: Which, and what it must be.
        missing: Whether not-a-number may stand for a number that is missing.
        infinite: Whether numbers may be infinite.

    Raises:
        KeyError: There is none of this name.
        ValueError: It is another array, or holds what is no number.
    """
    array = _shaped(arrays, name, dtype, shape)
    fits = np.isfinite(array)
    if missing:
        fits |= np.isnan(array)
    if infinite:
        fits |= np.isinf(array)
    if not fits.all():
        raise ValueError(f"the array '{name}' has values that are no numbers")
    return array


def _shaped(arrays: Arrays, name: str, dtype: Any, shape: Shape) -> np.ndarray:
    array = arrays[name]
    if array.dtype != np.dtype(dtype):
        raise ValueError(f"the array '{name}' is of {array.dtype} and not of {np.dtype(dtype)}")
    fits = len(array.shape) == len(shape) and all(
        wanted in (None, found) for found, wanted in zip(array.shape, shape, strict=True)
    )
    if not fits:
        raise ValueError(f"the array '{name}' has the shape {array.shape}")
    return array
