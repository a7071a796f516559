"""The smallest step between the numbers of a column: cents, tenths, fives."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import polars as pl

MIN_DISTINCT = 20  # fewer values may share a larger step by chance
_DIGITS = 15


def step_of(values: pl.Series) -> str | None:
    """The greatest step of which every finite value is a whole multiple, as decimal text; None
    where there is none.

    With fewer than 20 different values only powers of ten up to 1 are given. None means that the
    values need more than 15 significant digits, or that there are none.

    Args:
        values: An Int64 or Float64 series.

    Example:
        >>> (step_of(pl.Series([0.25, 1.5])), step_of(pl.Series(range(0, 500, 5))),
        ...     step_of(pl.Series([1 / 3])))
        ('0.01', '5', None)
    """
    unique = values.drop_nulls().unique()
    if values.dtype.is_float():
        unique = unique.filter(unique.is_finite())
    if unique.is_empty():
        return None
    numbers = unique.to_numpy()
    if values.dtype.is_integer():
        return str(_common(numbers))
    places = _places(numbers)
    if places is None:
        return None
    ticks = np.rint(numbers * 10.0**places).astype(np.int64)
    return format(Decimal(_common(ticks)).scaleb(-places), "f")


def _places(numbers: np.ndarray) -> int | None:
    """The decimals that all numbers need; None where some need more than 15 significant digits in
    all."""
    largest = float(np.abs(numbers).max())
    probe = numbers[:100]
    for places in range(_DIGITS + 1):
        if largest * 10.0**places >= 10.0**_DIGITS:
            return None
        if _holds(probe, places) and _holds(numbers, places):
            return places
    return None


def _holds(numbers: np.ndarray, places: int) -> bool:
    scale = 10.0**places  # exact, and so the quotient is the float nearest to the decimal
    return bool((np.rint(numbers * scale) / scale == numbers).all())


def _common(ticks: np.ndarray) -> int:
    """The greatest common divisor of whole numbers; 1 where they are too few to tell."""
    if len(ticks) < MIN_DISTINCT:
        return 1
    # the size of the smallest 64-bit number is right as unsigned only
    size = np.abs(ticks).view(np.uint64)
    return int(np.gcd.reduce(size)) or 1
