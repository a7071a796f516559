"""Levels with an evident order: numbers, bands that begin with numbers, and well-known scales of
words."""

from __future__ import annotations

import re
from collections.abc import Sequence

_SCALES = tuple(
    tuple(scale.split(", "))
    for scale in (
        "xxxs, xxs, xs, s, m, l, xl, xxl, xxxl, xxxxl",
        "extra small, small, medium, large, extra large",
        "tiny, small, medium, big, huge",
        "tiny, small, medium, large, huge",
        "none, very low, low, medium, high, very high",
        "none, very low, low, moderate, high, very high",
        "low, mid, high",
        "very low, low, average, high, very high",
        "minor, moderate, major, critical",
        "low, medium, high, critical, urgent",
        "mild, moderate, severe",
        "never, rarely, sometimes, often, always",
        "never, seldom, sometimes, usually, always",
        "very bad, bad, neutral, good, very good",
        "very poor, poor, fair, good, very good, excellent",
        "very poor, poor, average, good, excellent",
        "bad, ok, good",
        "ideal, premium, very good, good, fair",
        "very dissatisfied, dissatisfied, neutral, satisfied, very satisfied",
        "very unsatisfied, unsatisfied, neutral, satisfied, very satisfied",
        "strongly disagree, disagree, neutral, agree, strongly agree",
        "strongly disagree, disagree, neither agree nor disagree, agree, strongly agree",
        "bronze, silver, gold, platinum, diamond",
        "basic, standard, premium",
        "free, basic, pro, enterprise",
        "beginner, intermediate, advanced, expert",
        "novice, intermediate, expert",
        "junior, mid, senior, lead",
        "primary, secondary, tertiary",
        "first, second, third, fourth, fifth",
        "first, second, third, economy",
        "monday, tuesday, wednesday, thursday, friday, saturday, sunday",
        "mon, tue, wed, thu, fri, sat, sun",
        "january, february, march, april, may, june, july, august, september, october, november, "
        "december",
        "jan, feb, mar, apr, may, jun, jul, aug, sep, oct, nov, dec",
        "hourly, daily, weekly, biweekly, monthly, quarterly, yearly",
        "weekly, monthly, quarterly, annually",
        "month to month, one year, two year",
        "night, morning, afternoon, evening",
        "低, 中, 高",
        "差, 中, 良, 优",
    )
)
_BAND = re.compile(
    r"(?P<sign>[<>≤≥]=?|under|below|up to|less than|over|above|more than|from)?\s*[$€£¥]?"
    r"(?P<number>-?\d+(?:[ ,]\d{3})*(?:\.\d+)?)(?P<rest>.*)",
    re.IGNORECASE | re.DOTALL,
)
_BELOW = ("<", "<=", "≤", "under", "below", "up to", "less than")
_ABOVE = (">", ">=", "≥", "over", "above", "more than")
_FEWEST = 3


def evident_order(levels: Sequence[str]) -> list[int] | None:
    """The places of the levels from the lowest to the highest; None where no order is evident.

    Example:
        >>> levels = ["26-35", "65+", "<18", "18-25"]
        >>> [levels[at] for at in evident_order(levels)]
        ['<18', '18-25', '26-35', '65+']
        >>> evident_order(["high", "low", "medium"]), evident_order(["red", "blue", "green"])
        ([1, 2, 0], None)
    """
    if len(levels) < _FEWEST:
        return None
    keys = _on_a_scale(levels) or _of_bands(levels)
    if keys is None or len(set(keys)) < len(keys):
        return None
    return sorted(range(len(levels)), key=keys.__getitem__)


def _on_a_scale(levels: Sequence[str]) -> list[float] | None:
    words = [re.sub(r"[\s_-]+", " ", level.strip().lower()) for level in levels]
    for scale in _SCALES:
        if set(words) <= set(scale):
            return [float(scale.index(word)) for word in words]
    return None


def _of_bands(levels: Sequence[str]) -> list[float] | None:
    """Where bands begin; they are all written alike, but for the first and the last, which may be
    open."""
    keys: list[float] = []
    rests: set[str] = set()
    for level in levels:
        match = _BAND.fullmatch(level.strip())
        if match is None:
            return None
        sign = (match["sign"] or "").lower()
        begin = float(re.sub(r"[ ,]", "", match["number"]))
        if sign in _BELOW:
            begin -= 0.5
        elif sign in _ABOVE:
            begin += 0.5
        keys.append(begin)
        if not sign:
            rest = re.sub(r"\d+(?:[.,]\d+)*", "0", match["rest"].strip().lower())
            rests.add(rest.removesuffix("s"))
    return keys if len(rests - {"+", ""}) <= 1 else None
