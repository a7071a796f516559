"""Counts may be any whole number, and limits stand in one place."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tidemill as tm
from tests.conformance.tables import business
from tidemill.core.errors import OptionError

ROWS = business(200)
MODEL = tm.fit(ROWS, model="independent")


@pytest.mark.parametrize("n", [30.0, np.int64(30), np.float32(30)])
def test_any_whole_number_is_a_count(n: Any) -> None:
    assert MODEL.sample(n).equals(MODEL.sample(30))
    draws = n / 15
    assert tm.infill(MODEL, ROWS, draws).equals(tm.infill(MODEL, ROWS, 2))
    found = tm.what_if(MODEL, ROWS, {"plan": "team"}, "churn", redraw=["fee"], draws=draws)
    assert found.draws == 2


@pytest.mark.parametrize("n", [30.5, float("nan"), float("inf"), "30", True])
def test_nothing_else_is(n: Any, tmp_path: Path) -> None:
    ways = {
        "rows": lambda: MODEL.sample(n),
        "draws": lambda: MODEL.infill(ROWS, n),
        "ways": lambda: MODEL.interpolate(n),
        "steps": lambda: tm.fit(ROWS, steps=n),
        "rounds": lambda: tm.loop(ROWS, target="churn", rounds=n),
        "canaries": lambda: tm.audit(MODEL, ROWS, business(200, seed=1), canaries=n),
    }
    for name, way in ways.items():
        with pytest.raises(OptionError, match="no whole number") as caught:
            way()
        assert caught.value.where == f"option '{name}'"
    for name in ("rows", "rounds"):
        with pytest.raises(OptionError, match="no whole number"):
            tm.run(ROWS, **{name: n})
    with pytest.raises(OptionError, match="no whole number"):
        tm.share(MODEL, ROWS, ROWS, tmp_path / "out", rows=n)


@pytest.mark.parametrize(("name", "value"), [("steps", 5), ("minutes", 1.0), ("device", "cpu")])
def test_limits_beside_a_run_are_refused(name: str, value: Any) -> None:
    doors: list[Any] = [tm.fit, tm.run]
    if name == "minutes":
        doors += [tm.loop, lambda rows, **limits: tm.recipe("churn", rows, **limits)]
    for door in doors:
        with pytest.raises(OptionError, match=f"option '{name}' is given beside a run"):
            door(ROWS, run=tm.Run(), **{name: value})
