from __future__ import annotations

import polars as pl

from tidemill.core.dataset import Dataset
from tidemill.core.schema import Column, Schema
from tidemill.reporting.profile import shown


def test_columns_stand_below_each_other_whatever_their_names() -> None:
    names = ["年龄", "plan\x1b[31m", "x" * 60]
    data = Dataset(
        pl.DataFrame({name: ["a"] for name in names}),
        Schema(tuple(Column(n, "category") for n in names)),
    )
    about = pl.DataFrame(
        {
            "column": names,
            "kind": ["number", "category", "id"],
            "role": ["feature", "target", "key"],
            "missing": [0.0, 0.25, 0.0],
            "distinct": [40, 3, 1],
            "example": ["30", "team", None],
            "min": ["18", None, None],
            "median": ["40", None, None],
            "max": ["90", None, None],
            "reason": ["every value is a whole number", "", None],
            "role_reason": [None, "given by the user", None],
        }
    )
    lines = shown(data, about).splitlines()
    assert lines[0] == "data: 1 row, 3 columns"
    assert lines[2].endswith("number    18 to 90, median 40")
    assert lines[4].endswith("category  target; 3 values, such as 'team'; 25 % missing")
    assert lines[-1].endswith("id        key; 1 value")
    assert "\x1b" not in shown(data, about)
