"""The scale on which a number is predicted: its own, its logarithm, or its place in the order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from tidemill.core.words import number
from tidemill.supervised.arrays import Floats

_FEW = 0.01
_MOST_CARRIED = 0.5
"""Where a hundredth of the rows carries more of the variance than all others, a mean and its errors
speak of these rows only. Normal values carry 9 % there, exponential ones 22 %, lognormal ones
half where 98 % of them span two orders of magnitude."""
_WIDE = 20
"""Nor do they where 98 % of the rows span so many times what the middle half of them does: normal
values span 3 times as much, exponential ones 4 times, and 9 orders of magnitude 140 times."""
_POINTS = 1_001
_LOG_2 = float(np.log(2))


@dataclass(frozen=True)
class TargetScale:
    """How a number is looked at.

    Attributes:
        kind: "plain", "log" or "rank".
        quantiles: Of "rank", the training values in equal steps of the order, from the least to the
            largest.
        low, high: Between these lie 98 % of the training rows.
        middle: Their median.
    """

    kind: Literal["plain", "log", "rank"] = "plain"
    quantiles: tuple[float, ...] = ()
    low: float = 0.0
    high: float = 0.0
    middle: float = 0.0

    def of(self, values: Floats) -> Floats:
        """Values on this scale, (n,): natural logarithms (of the least training value where there
        is none), or places from 0 to 1."""
        if self.kind == "log":
            return np.log(np.maximum(values, self.quantiles[0]))
        if self.kind == "rank":
            steps = np.array(self.quantiles)
            below = np.searchsorted(steps, values, "left") + np.searchsorted(steps, values, "right")
            return np.where(np.isnan(values), np.nan, below / (2 * len(steps)))
        return values

    def back(self, places: Floats) -> Floats:
        """Values of places on this scale, (n,)."""
        if self.kind == "log":
            return np.asarray(np.exp(places))
        if self.kind == "rank":
            at = np.clip(places, 0, 1) * (len(self.quantiles) - 1)
            return np.array(self.quantiles)[np.round(at).astype(int)]
        return places

    @property
    def explained(self) -> str:
        """What R² is a share of: "its variance"."""
        return {
            "plain": "its variance",
            "log": "the variance of its logarithm",
            "rank": "the variance of its ranks",
        }[self.kind]

    def why(self, name: str) -> str:
        """Why the scale is not the plain one, as a sentence; "" where it is."""
        spread = f"98 % of the rows lie between {number(self.low)} and {number(self.high)}"
        if self.kind == "log":
            return (
                f" Few rows of {name} are far larger than the others ({spread}), so it is looked "
                "at on a log scale: differences are told as multiples, and medians in the place of "
                "means."
            )
        if self.kind == "rank":
            return (
                f" Few rows of {name} lie far out ({spread}), so its order is looked at: rows are "
                "placed from 0 for the lowest to 100 for the highest."
            )
        return ""

    def compared(self, difference: float) -> tuple[str, str]:
        """A difference on this scale in words, and the word that compares: "12.5 higher", "than";
        "3.4 times as high", "as"."""
        up = "higher" if difference > 0 else "lower"
        (size,) = self.ends(difference, difference)
        if self.kind == "log":
            if difference >= _LOG_2:
                return f"{brief(size)} times as high", "as"
            if difference <= -_LOG_2:
                return f"{brief(size)} times lower", "than"
            return f"{brief(size)} % {up}", "than"
        places = " places of 100" if self.kind == "rank" else ""
        return f"{brief(size)}{places} {up}", "than"

    def ends(self, difference: float, *ends: float) -> list[float]:
        """Ends of a difference's interval in the unit of its words, the lesser first."""
        far = np.array(ends)
        if self.kind == "log":
            if abs(difference) >= _LOG_2:
                sizes = np.exp(np.sign(difference) * far)
            else:
                sizes = 100 * np.abs(np.exp(far) - 1)
        else:
            sizes = np.abs(self.shown(far))
        return sorted(sizes.tolist())

    def off(self, *errors: float) -> str:
        """Distances between predictions and the truth in words: one, or one and its interval."""
        figures = [number(size) for size in self.shown(np.array(errors)).tolist()]
        words = {"plain": "", "log": "a factor of ", "rank": ""}[self.kind] + figures[0]
        if self.kind == "rank":
            words += " places of 100"
        if len(figures) > 1:
            words += f" (95 % interval {figures[1]} to {figures[2]})"
        return words

    def shown(self, differences: Floats) -> Floats:
        """Differences as figures of a table or picture: multiples, or places of 100."""
        if self.kind == "log":
            return np.asarray(np.exp(differences))
        return 100 * differences if self.kind == "rank" else differences

    def centre(self, values: Floats) -> float:
        """The mean, or the median where the scale is not the plain one."""
        return float(values.mean() if self.kind == "plain" else np.median(values))

    @property
    def centre_name(self) -> str:
        """What :meth:`centre` is called."""
        return "mean" if self.kind == "plain" else "median"


PLAIN = TargetScale()


def learn_scale(values: Floats) -> TargetScale:
    """The scale that fits: a number's own, unless a hundredth of the rows outweighs all others;
    or 98 % of the rows span far more than the middle half; then the logarithm of what is always
    above 0, where that is no longer so on it; else the order.

    Args:
        values: Of the training rows, all finite.

    Example:
        >>> learn_scale(np.arange(100.0)).kind, learn_scale(10.0 ** np.arange(9)).kind
        ('plain', 'log')
        >>> learn_scale(np.array([0.0] * 99 + [1e9])).kind
        'rank'
    """
    if not len(values) or _is_even(values):
        return PLAIN
    low, middle, high = (float(at) for at in np.quantile(values, [0.01, 0.5, 0.99]))
    is_log = values.min() > 0 and _is_even(np.log(values))
    steps = np.quantile(values, np.linspace(0, 1, _POINTS), method="lower")
    kind: Literal["log", "rank"] = "log" if is_log else "rank"
    return TargetScale(kind, tuple(steps.tolist()), low, high, middle)


def brief(size: float) -> str:
    """A size of a difference with three significant digits.

    Example:
        >>> brief(59_778_714.0), brief(3.4567)
        ('59,800,000', '3.46')
    """
    return number(float(f"{size:.3g}"))


def _is_even(values: Floats) -> bool:
    """Whether a mean and its errors speak of most rows."""
    scaled = values / max(float(np.abs(values).max()), 1e-300)  # so that no square overflows
    far = np.sort(np.square(scaled - scaled.mean()))
    few = max(1, round(_FEW * len(values)))
    if far[-few:].sum() > _MOST_CARRIED * far.sum():
        return False
    low, quarter, three_quarters, high = np.quantile(values, [0.01, 0.25, 0.75, 0.99])
    middle = three_quarters - quarter
    return bool(middle == 0 or high - low <= _WIDE * middle)
