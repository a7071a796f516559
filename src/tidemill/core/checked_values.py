"""Values of a stored state, each taken with what it must be: its type, and what it lies between.

Nothing is bent to fit: 1.0 and true are no whole numbers.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from tidemill.core.checked_arrays import LEAST, MOST

MOST_COUNTED = 2**40
"""More rows are never counted."""
FARTHEST = 1.7976931348623157e308


def whole(value: Any, low: int = LEAST, high: int = MOST) -> int:
    """A whole number.

    Raises:
        ValueError: It is another value.

    Example:
        >>> whole(3, 1, 5)
        3
    """
    if type(value) is int and low <= value <= high:
        return value
    raise ValueError(f"{_said(value)} stands where a whole number from {low} to {high} belongs")


def wholes(values: Iterable[Any], low: int = LEAST, high: int = MOST) -> list[int]:
    """Several whole numbers."""
    return [whole(value, low, high) for value in values]


def real(value: Any, low: float, high: float) -> float:
    """A number.

    Raises:
        ValueError: It is another value.
    """
    if type(value) in (int, float) and low <= value <= high:
        return float(value)
    raise ValueError(f"{_said(value)} stands where a number from {low} to {high} belongs")


def number(value: Any) -> float:
    """Any finite number."""
    return real(value, -FARTHEST, FARTHEST)


def text(value: Any, most: int | None = None) -> str:
    """A text of so many characters at most.

    Raises:
        ValueError: It is another value.
    """
    if type(value) is str and (most is None or len(value) <= most):
        return value
    raise ValueError(f"{_said(value)} stands where a text belongs")


def truth(value: Any) -> bool:
    """True or false.

    Raises:
        ValueError: It is another value.
    """
    if type(value) is bool:
        return value
    raise ValueError(f"{_said(value)} stands where true or false belongs")


def ends(value: Any, low: int = LEAST, high: int = MOST) -> tuple[int, int]:
    """The first and the last of a span of whole numbers.

    Raises:
        ValueError: It is another value.
    """
    first, last = wholes(value, low, high)
    if first > last:
        raise ValueError("a span ends before it begins")
    return first, last


def _said(value: Any) -> str:
    return f"{value!r:.40}" if isinstance(value, (int, float, str)) else f"a {type(value).__name__}"
