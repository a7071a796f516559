"""When a call is made again, and after how long."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import numpy as np

AGAIN = frozenset({0, 200, 408, 409, 425, 429, 500, 502, 503, 504, 529})
"""Statuses after which the same call may be answered: 0 for none, 200 for an answer that was cut
off or is no answer."""
_FIRST, _MOST = 0.5, 30.0
"""Seconds of the first pause, and of the longest that the server did not ask for."""


def pause(attempt: int, asked: float | None, rng: np.random.Generator) -> float:
    """Seconds until the next try: what the server asked for, or twice as long each time; with up to
    half as much again or less, so that many callers do not come back at once.

    Args:
        attempt: Tries made before the last one.
        asked: Seconds that the server asked for; None where it did not.
        rng: For the part that is left to chance.

    Example:
        >>> rng = np.random.default_rng(0)
        >>> 2.0 <= pause(0, 2.0, rng) <= 2.5, 0.25 <= pause(0, None, rng) <= 0.75
        (True, True)
    """
    if asked is not None:
        return asked + float(rng.uniform(0, _FIRST))
    return float(min(_FIRST * 2**attempt, _MOST) * rng.uniform(0.5, 1.5))


def seconds_asked(header: str | None) -> float | None:
    """The seconds that a header Retry-After asks for, as a number or a date; None for none.

    Example:
        >>> seconds_asked("7"), seconds_asked("soon"), seconds_asked(None)
        (7.0, None, None)
    """
    if header is None:
        return None
    text = header.strip()
    if text.isascii() and text.isdigit():
        return float(text)
    try:
        when = parsedate_to_datetime(text)
    except ValueError:
        return None
    if when.tzinfo is None:
        when = when.replace(tzinfo=UTC)
    return max((when - datetime.now(UTC)).total_seconds(), 0.0)
