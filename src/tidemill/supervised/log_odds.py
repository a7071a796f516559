"""Chances and their log-odds."""

from __future__ import annotations

import numpy as np

from tidemill.supervised.arrays import Floats

CERTAIN = 1e-6
"""Chances nearer to 0 or 1 are not taken for certain."""
FARTHEST = 50
"""Log-odds farther from 0 are as good as certain."""


def chances_of(odds: Floats) -> Floats:
    """Log-odds as chances."""
    return np.asarray(1 / (1 + np.exp(-np.clip(odds, -FARTHEST, FARTHEST))))


def log_odds(chance: Floats) -> Floats:
    """Of chances, that are not taken for certain."""
    inside = np.clip(chance, CERTAIN, 1 - CERTAIN)
    return np.asarray(np.log(inside / (1 - inside)))
