"""Sounds that are much longer, shorter, louder or duller than all others are reported."""

from __future__ import annotations

import numpy as np

from tidemill.acoustics.sounds import pictures, seconds
from tidemill.cleaning.base import Check, Diagnosis
from tidemill.cleaning.sounds.silent import SILENT
from tidemill.cleaning.sounds.takes import loudness, takes
from tidemill.core.dataset import Dataset
from tidemill.core.run import Run
from tidemill.core.words import plural

FEWEST = 50
FAR = 8.0
"""How many quartile distances on its side a sound lies from the median."""
LEAST = 0.05
"""Of the measures, which are logarithms: a distance of quartiles that is smaller counts as this."""


def diagnose(train: Dataset, run: Run) -> Diagnosis:
    """Find sounds that are far out in how long, how loud or how bright they are."""
    heard = takes(train, run, "odd_sounds")
    loud = np.array([loudness(values) for values in heard.values])
    shows = np.flatnonzero(loud > SILENT)  # another check shows silent ones
    if len(shows) < FEWEST:
        return Diagnosis()
    measures = {
        "longer": np.log(seconds(heard.data[heard.column])),
        "louder": np.log(np.maximum(loud, SILENT)),
        "brighter": _brightness(pictures(heard.data[heard.column])),
    }
    opposite = {"longer": "shorter", "louder": "quieter", "brighter": "duller"}
    groups: dict[str, list[int]] = {}
    for more, values in measures.items():
        away = _far(values[shows])
        groups[f"much {more}"] = shows[away > FAR].tolist()
        groups[f"much {opposite[more]}"] = shows[away < -FAR].tolist()
    at = sorted({place for places in groups.values() for place in places})
    if not at:
        return Diagnosis()
    told = [f"{len(places):,} {how}" for how, places in groups.items() if places]
    which = f"far from all others: {'; '.join(told)}"
    found = heard.issue(
        "odd_sounds",
        at,
        f"is {which}",
        f"are {which}",
        "kept; drop them if they are mistakes",
        plural(len(at), "sound far from all others", "sounds far from all others"),
    )
    return Diagnosis((found,))


def _brightness(seen: np.ndarray) -> np.ndarray:
    """The middle of the pitches of each picture (n, bands, columns), as a logarithm."""
    weight = seen.sum(axis=2, dtype=float) + 1e-9
    heights = np.arange(seen.shape[1], 0, -1)
    return np.asarray(np.log((weight * heights).sum(axis=1) / weight.sum(axis=1)))


def _far(values: np.ndarray) -> np.ndarray:
    """How far each is from the median, in distances of the quartile on its side."""
    low, middle, high = np.quantile(values, [0.25, 0.5, 0.75])
    side = np.where(values > middle, high - middle, middle - low)
    return np.asarray((values - middle) / np.maximum(side, LEAST))


CHECK = Check(diagnose)
