"""Mixed tables as arrays, as points, and the measures on them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import numpy as np
import pytest

from tidemill.core.dataset import Dataset
from tidemill.core.run import Run
from tidemill.metrics.nearest import closeness, equal_rows
from tidemill.supervised.arrays import features, together
from tidemill.supervised.auc import auc, mean_auc
from tidemill.supervised.points import learn_embedding, nearest, squared_distances

Table = Callable[..., Dataset]


def test_levels_have_the_same_code_in_every_table(table: Table) -> None:
    a = table({"x": "category"}, x=["p", "q", None, "q"])
    b = table({"x": "category"}, x=["r", "q"])
    layout, (first, second) = features((a, b))
    assert layout.levels == (("q", "p", "r"),)
    assert first.codes[:, 0].tolist() == [2, 1, 0, 1]
    assert second.codes[:, 0].tolist() == [3, 1]
    assert layout.gaps == (True,)


def test_booleans_dates_and_infinite_numbers(table: Table) -> None:
    data = table(
        {"b": "boolean", "d": "datetime", "n": "number"},
        b=[True, False, True],
        d=[dt.date(1970, 1, 2), None, dt.date(1, 1, 1)],
        n=[1.0, float("inf"), 3.0],
    )
    layout, (rows,) = features((data,))
    assert layout.names == ("d", "n", "b")
    assert rows.numbers[0, 0] == 86_400_000_000
    assert np.isnan(rows.numbers[1, 0])
    assert rows.numbers[:, 1].tolist() == [1.0, 5.0, 3.0]
    assert rows.codes[:, 0].tolist() == [1, 2, 1]


def test_a_category_that_differs_is_at_distance_one(table: Table, run: Run) -> None:
    data = table({"n": "number", "c": "category"}, n=[0.0, 1.0, None, 0.0], c=["a", "a", "a", "b"])
    layout, (rows,) = features((data,))
    points = learn_embedding(layout, rows, run)(rows)
    squared = squared_distances(points, points)
    assert squared[0, 3] == pytest.approx(1)
    assert squared[0, 0] == pytest.approx(0, abs=1e-6)
    assert squared[0, 2] >= 1  # a missing number and a present one
    assert squared[0, 1] == pytest.approx(
        (5 / 6 - 1 / 3) ** 2
    )  # ranks among the three that are present


def test_levels_beyond_the_axes_are_nearly_equally_far_apart(table: Table, run: Run) -> None:
    data = table({"c": "category"}, c=[str(k) for k in range(300)])
    layout, (rows,) = features((data,))
    points = learn_embedding(layout, rows, run)(rows)
    squared = squared_distances(points, points)[np.triu_indices(300, 1)]
    assert points.shape[1] == 32
    assert squared.mean() == pytest.approx(1, abs=0.02)
    assert squared.min() > 0.2


def test_the_nearest_is_found_exactly() -> None:
    rng = np.random.default_rng(0)
    points, queries = rng.random((500, 7)).astype("f4"), rng.random((300, 7)).astype("f4")
    queries[:10] = points[:10]
    found, squared = nearest(queries, points)
    brute = ((queries[:, None].astype(float) - points[None]) ** 2).sum(axis=2)
    assert (found == brute.argmin(axis=1)).all()
    assert squared == pytest.approx(brute.min(axis=1), abs=1e-6)
    assert (squared[:10] == 0).all()


def test_ties_count_half() -> None:
    rows = np.zeros((4, 2), "f4")
    assert closeness(rows, np.ones((3, 2), "f4"), np.ones((3, 2), "f4")).share == 0.5


def test_the_error_of_closeness_is_that_of_chance() -> None:
    rng = np.random.default_rng(1)
    found = [
        closeness(*(rng.normal(size=(n, 2)).astype("f4") for n in (400, 200, 200)))
        for _ in range(200)
    ]
    spread = np.std([each.share for each in found])
    assert np.mean([each.error for each in found]) == pytest.approx(spread, rel=0.2)
    assert np.mean([each.share for each in found]) == pytest.approx(0.5, abs=0.01)


def test_equal_rows_match_missing_values(table: Table) -> None:
    kinds = {"n": "number", "c": "category"}
    rows = table(kinds, n=[1, None, 2, 2], c=["a", None, "b", "a"])
    others = table(kinds, n=[2.0, 1.0, None], c=["b", "b", None])
    assert equal_rows(rows, others).tolist() == [False, True, True, False]


def test_auc_and_its_error() -> None:
    rng = np.random.default_rng(2)
    found = [auc(rng.normal(0.5, 1, 200), rng.normal(0, 1, 100)) for _ in range(300)]
    assert np.mean([each.error for each in found]) == pytest.approx(
        np.std([each.value for each in found]), rel=0.15
    )
    assert auc(np.ones(5), np.ones(3)).value == 0.5
    both = mean_auc(found[:2])
    assert both.value == pytest.approx((found[0].value + found[1].value) / 2)
    assert both.error < min(found[0].error, found[1].error)


def test_rows_of_several_tables_stand_one_below_the_other(table: Table) -> None:
    _, parts = features([table({"n": "number"}, n=[k]) for k in range(3)])
    assert together(*parts).numbers[:, 0].tolist() == [0, 1, 2]
