from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import numpy as np

from tidemill.core.dataset import Dataset
from tidemill.supervised.arrays import features, together

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


def test_rows_of_several_tables_stand_one_below_the_other(table: Table) -> None:
    _, parts = features([table({"n": "number"}, n=[k]) for k in range(3)])
    assert together(*parts).numbers[:, 0].tolist() == [0, 1, 2]
