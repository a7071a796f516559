"""How two clouds of points lie in each other: neighbourhoods of the points of one that hold points
of the other."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tidemill.supervised.arrays import Floats
from tidemill.supervised.points import Points, squared_distances

NEIGHBOURS = 5
_ROUNDING = 1e-5  # of squared distances in float32, of points about 1 apart
_BLOCK = 1000


class Manifolds(NamedTuple):
    """Precision and recall, density and coverage."""

    precision: float
    recall: float
    density: float
    coverage: float


class Inside(NamedTuple):
    """Which points lie in any neighbourhood (m,), which neighbourhoods hold any (n,), and how many
    each point lies in."""

    points: NDArray[np.bool_]
    hold: NDArray[np.bool_]
    mean: float


def precision_recall_density_coverage(
    real: np.ndarray, made: np.ndarray, neighbours: int = NEIGHBOURS
) -> Manifolds:
    """How much of what is made is real, and how much of what is real is made.

    A point's neighbourhood reaches to its k-th nearest point of its own set. Precision: the share
    of made points in the neighbourhood of a real one; recall: of real points in that of a made one
    (Kynkäänniemi et al. 2019, "Improved Precision and Recall Metric for Assessing Generative
    Models"). Density: in how many neighbourhoods of real points a made point lies, divided by k;
    coverage: the share of real points whose neighbourhood holds a made one (Naeem et al. 2020,
    "Reliable Fidelity and Diversity Metrics for Generative Models").

    Args:
        real, made: (n, features) and (m, features), each of more than ``neighbours`` rows.
        neighbours: k.

    Example:
        >>> a, b = np.random.default_rng(0).normal(size=(2, 300, 2))
        >>> precision_recall_density_coverage(a, b + 100)
        Manifolds(precision=0.0, recall=0.0, density=0.0, coverage=0.0)
    """
    centre = real.mean(axis=0)
    # for the rounding of float32
    scale = float(np.sqrt(np.square(real - centre).sum(axis=1).mean())) or 1.0
    a, b = (np.asarray((part - centre) / scale, dtype=np.float32) for part in (real, made))
    of_real = inside(a, radii(a, neighbours), b)
    of_made = inside(b, radii(b, neighbours), a)
    return Manifolds(
        float(of_real.points.mean()),
        float(of_made.points.mean()),
        of_real.mean / neighbours,
        float(of_real.hold.mean()),
    )


def radii(points: Points, neighbours: int = NEIGHBOURS) -> Floats:
    """Squared distance of each point to its k-th nearest other, (n,)."""
    radii_of_blocks = []
    for start in range(0, len(points), _BLOCK):
        distances = squared_distances(points[start : start + _BLOCK], points)
        # each point finds itself too, so position k is the k-th other
        radii_of_blocks.append(np.partition(distances, neighbours, axis=1)[:, neighbours])
    return np.concatenate(radii_of_blocks).astype(float) + _ROUNDING


def inside(centres: Points, radius: Floats, points: Points) -> Inside:
    """How points lie in the neighbourhoods of others.

    Args:
        centres: (n, axes).
        radius: Squared, (n,).
        points: (m, axes).
    """
    hold = np.zeros(len(centres), bool)
    lie = []
    total = 0
    for start in range(0, len(points), _BLOCK):
        within = squared_distances(points[start : start + _BLOCK], centres) <= radius
        hold |= within.any(axis=0)
        lie.append(within.any(axis=1))
        total += int(within.sum())
    return Inside(np.concatenate(lie), hold, total / len(points))
