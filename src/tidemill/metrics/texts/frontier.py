"""How two clouds of points are spread beside each other: the divergence frontier of Pillutla et al.
(2021), "MAUVE: Measuring the Gap Between Neural Text and Human Text using Divergence Frontiers"."""

from __future__ import annotations

import numpy as np

from tidemill.core.one_thread import one_thread
from tidemill.core.run import Run
from tidemill.supervised.arrays import Floats

POINTS_A_CLUSTER = 20
MOST_CLUSTERS = 100
SHARPNESS = 5.0
"""The paper's c, which scales divergences."""
MIXTURES = 49
SMOOTHED = 0.5
"""Points that each cluster has beside those that were seen."""


def frontier_area(real: Floats, made: Floats, run: Run) -> float:
    """The area under the frontier of what made points miss of real ones and what they add: 1 where
    both are spread alike over clusters of both, towards 0 where they share none.

    Args:
        real, made: (n, axes) and (m, axes).
        run: Its stream "metrics/texts/clusters" begins the clusters.

    Example:
        >>> rng = np.random.default_rng(0)
        >>> real, far = rng.normal(size=(400, 2)), rng.normal(9, size=(400, 2))
        >>> frontier_area(real, rng.normal(size=(400, 2)), Run()) > 0.9
        True
        >>> frontier_area(real, far, Run()) < 0.2
        True
    """
    from sklearn.cluster import MiniBatchKMeans

    points = np.concatenate([real, made])
    clusters = max(2, min(MOST_CLUSTERS, len(points) // POINTS_A_CLUSTER))
    seed = int(run.rng("metrics", "texts", "clusters").integers(1 << 31))
    with one_thread(openmp=True):
        labels = MiniBatchKMeans(clusters, n_init=3, random_state=seed).fit_predict(points)
    shares = []
    for part in (labels[: len(real)], labels[len(real) :]):
        counts = np.bincount(part, minlength=clusters) + SMOOTHED
        shares.append(counts / counts.sum())
    return _area(*shares)


def _area(p: Floats, q: Floats) -> float:
    """The area under exp(-c KL(q | r)) over exp(-c KL(p | r)) for all mixtures r of p and q."""
    weight = np.linspace(0, 1, MIXTURES + 2)[1:-1, None]
    mixed = weight * p + (1 - weight) * q
    across = np.exp(-SHARPNESS * (p * np.log(p / mixed)).sum(axis=1))
    up = np.exp(-SHARPNESS * (q * np.log(q / mixed)).sum(axis=1))
    across, up = np.r_[0.0, across, 1.0], np.r_[1.0, up, 0.0]
    order = np.lexsort((-up, across))
    return float(np.trapezoid(up[order], across[order]))
