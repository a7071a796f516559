"""Sounds that were recorded too loud, so that their peaks are cut off, are reported."""

from __future__ import annotations

import numpy as np

from tidemill.cleaning.base import Check, Diagnosis
from tidemill.cleaning.sounds.takes import takes
from tidemill.core.dataset import Dataset
from tidemill.core.run import Run

RUN = 3
"""Samples in a row at the same peak; a wave that is whole has hardly more than two."""
RUNS = 3
"""Of such cuts, so many in a sound."""
LOUD = 0.2
"""Peaks below this are none that were cut off."""


def diagnose(train: Dataset, run: Run) -> Diagnosis:
    """Find sounds that stay at their highest or lowest value again and again."""
    heard = takes(train, run, "clipped_sounds")
    at = [k for k, values in enumerate(heard.values) if cuts(values) >= RUNS]
    if not at:
        return Diagnosis()
    action = "kept; record them again, less loud, if that can be done: what was cut off is lost"
    found = heard.issue(
        "clipped_sounds",
        at,
        "is clipped: its peaks are cut off",
        "are clipped: their peaks are cut off",
        action,
        "Clipped sounds",
    )
    return Diagnosis((found,))


def cuts(values: np.ndarray) -> int:
    """How often a sound stays at its highest, or at its lowest, value for RUN samples.

    Example:
        >>> wave = np.sin(np.arange(1000) / 20)
        >>> cuts(wave), cuts(wave.clip(-0.8, 0.8))
        (0, 16)
    """
    found = 0
    for peak in (values.max(), values.min()):
        if abs(peak) < LOUD:
            continue
        there = np.concatenate([[False], values == peak, [False]])
        edges = np.flatnonzero(there[1:] != there[:-1])  # beginnings and ends in turn
        found += int((edges[1::2] - edges[::2] >= RUN).sum())
    return found


CHECK = Check(diagnose)
