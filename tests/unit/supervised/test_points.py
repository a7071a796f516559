from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from tidemill.core.dataset import Dataset
from tidemill.core.run import Run
from tidemill.supervised.arrays import features
from tidemill.supervised.points import learn_embedding, nearest, squared_distances

Table = Callable[..., Dataset]


def test_a_category_that_differs_is_at_distance_one(table: Table) -> None:
    data = table({"n": "number", "c": "category"}, n=[0.0, 1.0, None, 0.0], c=["a", "a", "a", "b"])
    layout, (rows,) = features((data,))
    points = learn_embedding(layout, rows, Run(7))(rows)
    squared = squared_distances(points, points)
    assert squared[0, 3] == pytest.approx(1)
    assert squared[0, 0] == pytest.approx(0, abs=1e-6)
    assert squared[0, 2] >= 1  # a missing number and a present one
    assert squared[0, 1] == pytest.approx(
        (5 / 6 - 1 / 3) ** 2
    )  # ranks among the three that are present


def test_levels_beyond_the_axes_are_nearly_equally_far_apart(table: Table) -> None:
    data = table({"c": "category"}, c=[str(k) for k in range(300)])
    layout, (rows,) = features((data,))
    points = learn_embedding(layout, rows, Run(7))(rows)
    squared = squared_distances(points, points)[np.triu_indices(300, 1)]
    assert points.shape[1] == 32
    assert squared.mean() == pytest.approx(1, abs=0.02)
    assert squared.min() > 0.2


def test_the_nearest_is_found_exactly() -> None:
    rng = np.random.default_rng(0)
    points, queries = rng.random((500, 7)).astype("f4"), rng.random((300, 7)).astype("f4")
    queries[:10] = points[:10]
    found, squared = nearest(queries, points, Run())
    brute = ((queries[:, None].astype(float) - points[None]) ** 2).sum(axis=2)
    assert (found == brute.argmin(axis=1)).all()
    assert squared == pytest.approx(brute.min(axis=1), abs=1e-6)
    assert (squared[:10] == 0).all()
