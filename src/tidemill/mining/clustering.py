"""Clusters of mixed rows, as many as come back when the rows are drawn again."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module

import numpy as np
from numpy.typing import NDArray

from tidemill.core.dataset import Dataset
from tidemill.core.one_thread import one_thread
from tidemill.core.run import Run
from tidemill.core.schema import Column
from tidemill.mining.embedding import Axis, embed, learn_axes
from tidemill.supervised.arrays import Floats

Labels = NDArray[np.int64]

MOST_CLUSTERS = 8
RESAMPLES = 6
SHUFFLES = 30
STABLE = 0.8
"""Least adjusted Rand index between clusterings of resamples; 1 is identical, 0 is chance."""
APART = 0.05
"""How far the silhouette must be above that of shuffled columns."""
NEAR_BEST = 0.9
"""Of the numbers of clusters whose gain in silhouette is this share of the best, the largest is
taken."""
_COMPARED = 1000


@dataclass(frozen=True, slots=True)
class ClusterTrial:
    """One number of clusters: how stable, how far apart, and how far apart where columns are
    shuffled."""

    clusters: int
    stability: float
    silhouette: float
    shuffled: float

    @property
    def gain(self) -> float:
        """Silhouette above that of shuffled columns."""
        return self.silhouette - self.shuffled


@dataclass(frozen=True)
class Space:
    """Principal axes of the embedding that carry more than those of independent columns.

    Attributes:
        axes: The embedding.
        mean: Its centre, (dimensions,).
        turn: (dimensions, kept).
    """

    axes: tuple[Axis, ...]
    mean: Floats
    turn: Floats

    def place(self, data: Dataset) -> Floats:
        """Rows as points, (n, kept)."""
        return (embed(data, self.axes) - self.mean) @ self.turn


@dataclass(frozen=True)
class Clustering:
    """Centres in a space, and what was tried before this number of them was chosen.

    Attributes:
        space: Where the centres are.
        centres: (clusters, kept).
        chosen: The figures of the chosen number.
        tried: The figures of all numbers.
        explained: Share of the held-out variance (of all columns alike) that lies between the
            clusters.
        by_chance: The same share where the held-out columns are shuffled.
        p_value: That shuffled columns would give such a share.
    """

    space: Space
    centres: Floats
    chosen: ClusterTrial
    tried: tuple[ClusterTrial, ...]
    explained: float
    by_chance: float
    p_value: float

    def labels(self, data: Dataset) -> Labels:
        """The cluster of each row, (n,)."""
        return nearest(self.space.place(data), self.centres)


def find_clusters(
    train: Dataset, holdout: Dataset, columns: tuple[Column, ...], run: Run
) -> Clustering | None:
    """k-means in the space of the principal axes, with the number of clusters chosen by stability
    and separation.

    The axes are those that parallel analysis (Horn 1965) keeps. A number of clusters counts only
    where bootstrap resamples give the same clusters again (Hennig 2007) and the held-out silhouette
    (Rousseeuw 1987) is above that of the same columns shuffled independently of each other, as in
    the gap statistic (Tibshirani et al. 2001). The chosen clustering must then split the held-out
    rows better than shuffled ones.

    Args:
        train, holdout: Rows, few enough to cluster.
        columns: What the rows are alike by.
        run: Seed.

    Returns:
        The clustering, or None where no number of clusters is stable and separate.
    """
    axes = learn_axes(train, columns)
    if not axes:
        return None
    import_module("sklearn.cluster")  # only libraries that are there already are limited
    # small matrices: threads would only wait for each other, and sum in another order
    with one_thread(openmp=True):
        return _clusters(train, holdout, axes, run)


def _clusters(
    train: Dataset, holdout: Dataset, axes: tuple[Axis, ...], run: Run
) -> Clustering | None:
    rng = run.rng("mining/segments/shuffle")
    seen = embed(train, axes)
    mean = seen.mean(axis=0)
    seen = seen - mean
    held = embed(holdout, axes) - mean
    widths = [axis.place(train[axis.column][:1]).shape[1] for axis in axes]
    turn = _principal(seen, [shuffled(seen, widths, rng) for _ in range(3)])
    mixed = shuffled(seen, widths, rng)
    mixed_held = shuffled(held, widths, rng)
    mixed_turn = _top(mixed, turn.shape[1])
    real = (seen @ turn, held @ turn)
    by_chance = (mixed @ mixed_turn, mixed_held @ mixed_turn)
    tried = []
    for clusters in range(2, min(MOST_CLUSTERS, len(train) // 20) + 1):
        run.check()
        tried.append(_try(clusters, real, by_chance, run))
    chosen = _choose(tried)
    if chosen is None:
        return None
    seed = run.seed_of("mining/segments/k-means", chosen.clusters)
    centres = _centres(seen @ turn, chosen.clusters, seed, 5)
    explained, chance, p_value = _held_out_test(held, turn, centres, widths, rng)
    return Clustering(
        space=Space(axes, mean, turn),
        centres=centres,
        chosen=chosen,
        tried=tuple(tried),
        explained=explained,
        by_chance=chance,
        p_value=p_value,
    )


def nearest(points: Floats, centres: Floats) -> Labels:
    """The nearest centre of each point, (n,)."""
    return np.asarray(((centres**2).sum(axis=1) - 2 * points @ centres.T).argmin(axis=1))


def shuffled(points: Floats, widths: list[int], rng: np.random.Generator) -> Floats:
    """The embedding of the same columns, each shuffled on its own; a column's axes stay
    together."""
    result = np.empty_like(points)
    start = 0
    for width in widths:
        order = rng.permutation(len(points))
        result[:, start : start + width] = points[order, start : start + width]
        start += width
    return result


def _principal(points: Floats, references: list[Floats]) -> Floats:
    """The axes whose variance is above the largest of any shuffled axis, two at least; all (at most
    30) where none is."""
    limit = max(np.linalg.eigvalsh(reference.T @ reference)[-1] for reference in references)
    above = int((np.linalg.eigvalsh(points.T @ points) > limit).sum())
    kept = max(above, 2) if above else 30
    return _top(points, min(kept, points.shape[1]))


def _top(points: Floats, kept: int) -> Floats:
    vectors = np.linalg.eigh(points.T @ points)[1][:, ::-1][:, :kept]
    # a direction's sign is arbitrary: with a positive largest weight pictures do not flip
    largest = vectors[np.abs(vectors).argmax(axis=0), np.arange(vectors.shape[1])]
    return np.asarray(vectors * np.sign(largest))


def _centres(points: Floats, clusters: int, seed: int, starts: int) -> Floats:
    from sklearn.cluster import KMeans

    distinct = np.unique(points, axis=0)
    if len(distinct) <= clusters:
        return distinct
    means = KMeans(clusters, n_init=starts, random_state=seed).fit(points)
    return np.asarray(means.cluster_centers_)


def _try(
    clusters: int, real: tuple[Floats, Floats], mixed: tuple[Floats, Floats], run: Run
) -> ClusterTrial:
    from sklearn.metrics import adjusted_rand_score

    seed = run.seed_of("mining/segments/k-means", clusters)
    rng = run.rng("mining/segments/resamples", clusters)
    seen, held = real
    labels = nearest(held, _centres(seen, clusters, seed, 5))
    agreements = []
    for at in range(RESAMPLES):
        resample = seen[rng.integers(len(seen), size=len(seen))]
        again = nearest(held, _centres(resample, clusters, seed + at, 2))
        agreements.append(adjusted_rand_score(labels, again))
    mixed_seen, mixed_held = mixed
    mixed_labels = nearest(mixed_held, _centres(mixed_seen, clusters, seed, 2))
    return ClusterTrial(
        clusters,
        stability=float(np.mean(agreements)),
        silhouette=_silhouette(held, labels),
        shuffled=_silhouette(mixed_held, mixed_labels),
    )


def _silhouette(points: Floats, labels: Labels) -> float:
    from sklearn.metrics import silhouette_score

    points = points[:_COMPARED]
    labels = labels[:_COMPARED]
    if not 1 < len(np.unique(labels)) < len(labels):
        return 0.0
    return float(silhouette_score(points, labels))


def _choose(tried: list[ClusterTrial]) -> ClusterTrial | None:
    stable = [trial for trial in tried if trial.stability >= STABLE]
    apart = [trial for trial in stable if trial.gain >= APART]
    if not apart:
        return None
    best = max(trial.gain for trial in apart)
    return [trial for trial in apart if trial.gain >= NEAR_BEST * best][-1]


def _held_out_test(
    held: Floats, turn: Floats, centres: Floats, widths: list[int], rng: np.random.Generator
) -> tuple[float, float, float]:
    """Share of variance between clusters, the same for shuffled columns, and the p-value (t of so
    many shuffles)."""
    from scipy.stats import t

    real = _between(held, nearest(held @ turn, centres), len(centres))
    chance = []
    for _ in range(SHUFFLES):
        mixed = shuffled(held, widths, rng)
        chance.append(_between(mixed, nearest(mixed @ turn, centres), len(centres)))
    spread = np.std(chance, ddof=1) * np.sqrt(1 + 1 / SHUFFLES)
    away = (real - np.mean(chance)) / max(float(spread), 1e-12)
    return real, float(np.mean(chance)), float(t.sf(away, SHUFFLES - 1))


def _between(points: Floats, labels: Labels, clusters: int) -> float:
    sizes = np.bincount(labels, minlength=clusters)
    sums = np.zeros((clusters, points.shape[1]))
    np.add.at(sums, labels, points)
    means = sums / np.maximum(sizes, 1)[:, None]
    centre = points.mean(axis=0)
    total = ((points - centre) ** 2).sum()
    if not total:
        return 0.0
    return float((sizes[:, None] * (means - centre) ** 2).sum() / total)
