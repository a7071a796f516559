"""From what an attack gains to a traffic light: the one rule of all verbs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from tidemill.core.light import Light
from tidemill.core.privacy import SCALE
from tidemill.core.words import percent
from tidemill.supervised.auc import NORMAL_95
from tidemill.supervised.excess import Excess

SURE = 3.3
"""Standard errors by which a leak must stand out: by chance one figure in 2,000 does, and an audit
has about ten."""
LIMIT = 0.15
"""A leak that is surely of this size is red, where all rows are judged together."""
FEW_LIMIT = 0.05
"""The same where a few exposed rows are looked for."""
PLANTED_LIMIT = 0.25
"""The same for canaries, which are made to be remembered."""
TRACE = 0.2
"""A leak that is surely there, but below this part of the limit, is a trace that leaves the light
green."""
LEAST_POWER = 0.1
"""An attack works if it surely gains at least this much where the training rows themselves are
published."""


class MeasuredLeak(NamedTuple):
    """A leak on the scale from 0 (chance) to 1 (the training rows themselves published).

    Attributes:
        value, low, high: The leak and its 95 % interval.
        light, reason: What it means, and why.
        figures: For machines.
    """

    value: float
    low: float
    high: float
    light: Light
    reason: str
    figures: Mapping[str, float]


def measured(mine: Excess, ceiling: Excess, limit: float = LIMIT) -> MeasuredLeak | str:
    """The leak and its light, or why this attack can see none.

    Red: the whole interval is at the limit or above, and the leak stands out from chance. Amber:
    surely a leak, but perhaps a smaller one. Green: none was found, or a trace of one, and one of
    the size of the limit can be ruled out at 95 %. Otherwise it is not known, and also where unseen
    rows stand out as training rows should.

    Args:
        mine, ceiling: What the attack gains with the synthetic rows, and with the training rows.
        limit: From where on it is red.

    Example:
        >>> whole = Excess(1.0, 0.0)
        >>> [measured(Excess(leak, 0.02), whole).light for leak in (0.01, 0.1, 0.16, 0.3, -0.5)]
        ['green', 'amber', 'amber', 'red', 'not known']
        >>> measured(Excess(0.1, 0.1), whole).light
        'not known'
    """
    if ceiling.end(-NORMAL_95) < LEAST_POWER:
        return (
            "this attack could see nothing here: it would hardly gain anything even if the "
            f"training rows themselves were published ({percent(max(0.0, ceiling.value))} of what "
            "it could gain)"
        )
    scale = ceiling.value
    value, low, high = (float(mine.end(errors) / scale) for errors in (0.0, -NORMAL_95, NORMAL_95))
    if mine.end(SURE) < 0 and value <= -limit:
        light: Light = "not known"
        reason = (
            "The synthetic rows lie nearer to the held-out rows than to those said to be learned "
            "from: were the two files mixed up, or the held-out rows learned, too?"
        )
    else:
        light, reason = _light(value, low, high, mine.end(-SURE) > 0, limit)
    figures = {"could_have_missed": max(0.0, high), "limit": limit}
    return MeasuredLeak(value, low, high, light, reason, figures)


def _light(value: float, low: float, high: float, sure: bool, limit: float) -> tuple[Light, str]:
    said, red_from = percent(min(value, 1.0)), percent(limit)
    if sure and low >= limit:
        return "red", f"This is a leak: {said} {SCALE}, and surely more than {red_from}."
    if sure and value >= TRACE * limit:
        return "amber", (
            f"This is a lean, and not chance: {said} {SCALE}; it is red where it surely is "
            f"{red_from} or more."
        )
    if high >= limit:
        return "not known", (
            f"No leak is proven, but one of up to {percent(min(1.0, high))} {SCALE} could have "
            f"been missed, and {red_from} would be red: there are too few rows to tell."
        )
    ruled_out = percent(max(0.0, high))
    if sure:
        return "green", (
            f"There is a trace of a leak ({said} {SCALE}); one above {ruled_out} is ruled out "
            "(95 %)."
        )
    return "green", f"No leak was found; one above {ruled_out} {SCALE} is ruled out (95 %)."
