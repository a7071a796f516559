"""Sounds in which nothing is heard are reported."""

from __future__ import annotations

import numpy as np

from tidemill.cleaning.base import Check, Diagnosis
from tidemill.cleaning.sounds.takes import takes
from tidemill.core.dataset import Dataset
from tidemill.core.run import Run

SILENT = 10 ** (-60 / 20)
"""A peak of 60 decibels below full scale."""


def diagnose(train: Dataset, run: Run) -> Diagnosis:
    """Find sounds that are never louder than SILENT."""
    heard = takes(train, run, "silent_sounds")
    at = [k for k, values in enumerate(heard.values) if np.abs(values).max() < SILENT]
    if not at:
        return Diagnosis()
    action = "kept; drop them if silence is not one of the things to be learned"
    found = heard.issue("silent_sounds", at, "is silent", "are silent", action, "Silent sounds")
    return Diagnosis((found,))


CHECK = Check(diagnose)
