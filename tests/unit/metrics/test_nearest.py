from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from tidemill.core.dataset import Dataset
from tidemill.core.run import Run
from tidemill.metrics.nearest import closeness, equal_rows

Table = Callable[..., Dataset]


def test_ties_count_half() -> None:
    rows = np.zeros((4, 2), "f4")
    assert closeness(rows, np.ones((3, 2), "f4"), np.ones((3, 2), "f4"), Run()).share == 0.5


def test_the_error_of_closeness_is_that_of_chance() -> None:
    rng = np.random.default_rng(1)
    found = [
        closeness(*(rng.normal(size=(n, 2)).astype("f4") for n in (400, 200, 200)), Run())
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
