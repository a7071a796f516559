"""Rows of mixed columns as points whose squared distance adds up one share per column, as Gower's
does."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tidemill.core.one_thread import one_thread
from tidemill.core.run import Run
from tidemill.supervised.arrays import FeatureLayout, Features, Floats
from tidemill.supervised.text_weights import TermWeights

Points = NDArray[np.float32]

MOST_AXES = 64
"""Categories of more levels do not get an axis for each."""
TEXT_AXES = 256
"""Axes of a column of texts, whose terms lie in random directions: those of texts that share no
term are nearly (±0.06) at distance 1."""
HASHED_AXES = 32
"""Axes of such a category: its levels lie in random directions, nearly (±0.2) as far apart as any
two levels are."""
_BLOCK = 1 << 23  # entries of a block of distances: 32 MB


@dataclass(frozen=True)
class Embedding:
    """Maps rows to points.

    A number lies at its rank among the reference rows (0 to 1, the middle rank for ties), so two
    numbers are as far apart as rows lie between them; two levels, and a missing and a present
    number, are at distance 1.

    Attributes:
        knots: Per number the distinct reference values and their ranks.
        gaps: Per number, whether it has a second axis for missing values.
        axes: Per category the position of each code, (levels + 1, axes).
        texts: How much the terms of texts weigh, and the direction of each, (terms, TEXT_AXES);
            None where there are no texts.
    """

    knots: tuple[tuple[Floats, Floats], ...]
    gaps: tuple[bool, ...]
    axes: tuple[Points, ...]
    texts: tuple[TermWeights, Points] | None = None

    def __call__(self, rows: Features) -> Points:
        """The rows as points, (n, axes)."""
        parts: list[Points] = []
        for j, (values, ranks) in enumerate(self.knots):
            column = rows.numbers[:, j]
            missing = np.isnan(column)
            ranked = np.interp(np.where(missing, values[0], column), values, ranks)
            parts.append(np.where(missing, 0.5, ranked).astype(np.float32)[:, None])
            if self.gaps[j]:
                parts.append(missing.astype(np.float32)[:, None])
        parts += [axes[rows.codes[:, j]] for j, axes in enumerate(self.axes)]
        if self.texts is not None and rows.texts is not None:
            weigh, directions = self.texts
            parts += [own @ directions[own_terms] for own, own_terms in weigh.each(rows.texts)]
        return np.concatenate([np.zeros((len(rows), 0), np.float32), *parts], axis=1)


def learn_embedding(layout: FeatureLayout, reference: Features, run: Run) -> Embedding:
    """The embedding that ranks numbers among the reference rows."""
    numbers = len(layout.numbers)
    return Embedding(
        tuple(_ranks(reference.numbers[:, j]) for j in range(numbers)),
        layout.gaps[:numbers],
        tuple(
            _positions(name, len(levels), run)
            for name, levels in zip(layout.categories, layout.levels, strict=True)
        ),
        _directions(layout, reference, run),
    )


def axes_of(layout: FeatureLayout) -> int:
    """How many axes the points have."""
    numbers = len(layout.numbers)
    return (
        numbers + sum(layout.gaps[:numbers]) + sum(_axes(len(levels)) for levels in layout.levels)
    )


def _axes(levels: int) -> int:
    return levels + 1 if levels < MOST_AXES else HASHED_AXES


def _ranks(values: Floats) -> tuple[Floats, Floats]:
    present = values[~np.isnan(values)]
    if not len(present):
        return np.zeros(1), np.full(1, 0.5)
    knots, counts = np.unique(present, return_counts=True)
    return knots, (np.cumsum(counts) - counts / 2) / len(present)


def _positions(name: str, levels: int, run: Run) -> Points:
    if levels < MOST_AXES:
        return np.diag(np.full(levels + 1, np.sqrt(0.5), np.float32))
    directions = run.rng("metrics", "embedding", name).standard_normal((levels + 1, HASHED_AXES))
    return (directions / np.linalg.norm(directions, axis=1, keepdims=True) / np.sqrt(2)).astype(
        np.float32
    )


def _directions(
    layout: FeatureLayout, reference: Features, run: Run
) -> tuple[TermWeights, Points] | None:
    """What points are made of texts by: random projections (Johnson and Lindenstrauss 1984) of
    TF-IDF, by which a text with a few other words still is the nearest to what it was made from."""
    if reference.texts is None:
        return None
    rng = run.rng("metrics", "embedding", "texts")
    directions = rng.standard_normal((reference.texts.shape[1], TEXT_AXES), np.float32)
    return TermWeights.learned(layout.terms, reference.texts), directions / np.sqrt(2 * TEXT_AXES)


def nearest(queries: Points, points: Points, run: Run) -> tuple[NDArray[np.int64], Floats]:
    """For each query the nearest point and the squared distance to it, by brute force on all pairs.

    Pairs are compared in blocks of matrix products in float32; the distance to the one found is
    then computed exactly, so that equal rows have distance 0.

    Args:
        queries: (n, axes).
        points: (m, axes), m > 0.
        run: Its threads, on which the result does not depend, and its cancelling.

    Returns:
        Positions (n,) among the points, and squared distances (n,).
    """
    # |q - p|² = |q|² + (|p|² - 2 q·p): the bracket is one product of [q, 1] with [-2 p, |p|²]
    table = np.concatenate([-2 * points, _squares(points)], axis=1).T
    found = np.empty(len(queries), np.int64)
    step = max(1, _BLOCK // len(points))

    def search(start: int) -> None:
        distances = _with_one(queries[start : start + step]) @ table
        found[start : start + step] = distances.argmin(axis=1)

    # threads of our own, each with a product of its own, as those inside one product wait for each
    # other when it is busy
    with one_thread():
        for _ in run.map(search, range(0, len(queries), step)):
            pass
    return found, _exact(queries, points[found])


def two_nearest(
    queries: Points, points: Points, run: Run, *, own: bool = False
) -> tuple[Floats, Floats]:
    """For each query the distances to the nearest and to the second nearest point.

    Args:
        queries: (n, axes).
        points: (m, axes), m > 2.
        run: Its threads and cancelling.
        own: Whether the queries are the first of the points, so that none is to find itself.
    """
    table = np.concatenate([-2 * points, _squares(points)], axis=1).T
    found = np.empty((2, len(queries)), np.int64)
    step = max(1, _BLOCK // len(points))

    def search(start: int) -> None:
        distances = _with_one(queries[start : start + step]) @ table
        row = np.arange(len(distances))
        if own:
            distances[row, start + row] = np.inf
        for place in range(2):
            at = distances.argmin(axis=1)
            found[place, start : start + step] = at
            distances[row, at] = np.inf

    with one_thread():
        for _ in run.map(search, range(0, len(queries), step)):
            pass
    first, second = (np.sqrt(_exact(queries, points[at])) for at in found)
    return first, second


def squared_distances(queries: Points, points: Points) -> Points:
    """All squared distances, (n, m), in float32."""
    product = _with_one(queries) @ np.concatenate([-2 * points, _squares(points)], axis=1).T
    distances: Points = np.maximum(product + _squares(queries), 0, out=product)
    return distances


def _exact(a: Points, b: Points) -> Floats:
    difference = a - b
    squared: Floats = np.einsum("ij,ij->i", difference, difference, dtype=np.float64)
    return squared


def _squares(points: Points) -> Points:
    squares: Points = np.einsum("ij,ij->i", points, points)[:, None]
    return squares


def _with_one(points: Points) -> Points:
    return np.concatenate([points, np.ones((len(points), 1), np.float32)], axis=1)
