"""Rules between floats: every generated row keeps them as plain arithmetic says, or fit refuses."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tidemill as tm
from tidemill.core.errors import DataError, SchemaError, TidemillError
from tidemill.core.lawful import NOISE
from tidemill.core.run import Run
from tidemill.core.schema import Rule, Schema
from tidemill.synthesis.synthesizer import Synthesizer

ROWS = 300
MODELS = ("independent", "trees")
SORTS = {
    "normal": lambda rng, n: rng.normal(size=n),
    "cents": lambda rng, n: rng.integers(0, 10_000, n) / 100,
    "prices with tax": lambda rng, n: rng.integers(100, 10_000, n) / 100 * 1.19,
    "thirds": lambda rng, n: rng.integers(1, 300, n) / 3,
    "tiny": lambda rng, n: rng.random(n) * 1e-12,
    "denormal": lambda rng, n: rng.random(n) * 1e-310,
    "huge": lambda rng, n: rng.random(n) * 1e15,
    "negative": lambda rng, n: -rng.gamma(2, 20, n),
    "whole": lambda rng, n: rng.integers(0, 50, n),
    "often the same": lambda rng, n: np.where(rng.random(n) < 0.4, 0.1, rng.normal(size=n)),
    "minus zero": lambda rng, n: np.where(rng.random(n) < 0.4, -0.0, rng.normal(size=n)),
    "seven decades": lambda rng, n: 10 ** rng.uniform(-3, 4, n),
}
STEPS = {
    "of any size": lambda rng, low: rng.exponential(np.abs(low).mean() or 1, len(low)),
    "of its size": lambda rng, low: np.abs(low) * rng.random(len(low)),
    "often none": lambda rng, low: np.where(rng.random(len(low)) < 0.5, 0, np.abs(low) / 3),
}


def table(first: str, second: str, step: str, seed: int) -> pl.DataFrame:
    """``a``, ``b``; ``c`` = a + b; ``d`` never below c; ``e`` = a * b; ``f`` = 1.19 * a + 3."""
    rng = np.random.default_rng(seed)
    a, b = SORTS[first](rng, ROWS), SORTS[second](rng, ROWS)
    c = a + b
    frame = {"a": a, "b": b, "c": c, "d": c + STEPS[step](rng, c), "e": a * b, "f": a * 1.19 + 3}
    return pl.DataFrame({**frame, "sort": rng.choice(["x", "y"], ROWS)})


RULES = {
    "order": Rule("a<=b", ("c", "d"), declared=True),
    "sum": Rule("a+b=c", ("a", "b", "c"), declared=True),
    "product": Rule("a*b=c", ("a", "b", "e"), declared=True),
    "multiple": Rule("b=k*a+m", ("a", "f"), factor="1.19", offset="3", declared=True),
}


def broken(kind: str, rows: pl.DataFrame, real: pl.DataFrame) -> int:
    """Rows that break a rule in plain arithmetic of floats."""
    a, b, c, d, e, f = (rows[name].cast(pl.Float64).to_numpy() for name in "abcdef")
    if kind == "order":
        return int((c > d).sum())
    if kind == "sum":
        return int((np.abs(a + b - c) > NOISE * (np.abs(a) + np.abs(b) + np.abs(c))).sum())
    made, seen, name = (a * b, e, "e") if kind == "product" else (1.19 * a + 3, f, "f")
    largest = float(real[name].abs().max())  # type: ignore[arg-type]
    return int((np.abs(made - seen) > NOISE * np.abs(seen) + 1e-12 * largest).sum())


def fitted(frame: pl.DataFrame, kinds: Sequence[str], model: str) -> Synthesizer:
    data = tm.read(frame)
    rules = tuple(RULES[kind] for kind in kinds)
    schema = Schema(data.schema.columns, rules, data.schema.conventions)
    return tm.fit(type(data)(data.frame, schema), model=model, no_rules=True, seed=1)


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("sort", SORTS)
def test_every_row_keeps_them(sort: str, model: str) -> None:
    frame = table(sort, sort, "of any size", 0)
    if sort == "often the same":
        frame = table(sort, "normal", "often none", 0)
    kinds = ["order", "sum"]
    made = fitted(frame, kinds, model)
    for rows in (made.sample(2_000, seed=2), made.sample(200, where=["sort=x"], seed=3)):
        assert [broken(kind, pl.DataFrame(rows), frame) for kind in kinds] == [0, 0]


@settings(max_examples=12, deadline=None)
@given(
    first=st.sampled_from(sorted(SORTS)),
    second=st.sampled_from(sorted(SORTS)),
    step=st.sampled_from(sorted(STEPS)),
    kinds=st.lists(st.sampled_from(sorted(RULES)), min_size=1, max_size=2, unique=True),
    model=st.sampled_from(MODELS),
    seed=st.integers(0, 1_000),
)
def test_any_of_them_hold_or_are_refused(
    first: str, second: str, step: str, kinds: list[str], model: str, seed: int
) -> None:
    frame = table(first, second, step, seed)
    try:
        made = fitted(frame, kinds, model)
    except TidemillError as error:
        assert "the rule that" in str(error)  # noqa: PT017 - some are refused, and told
        return
    rows = pl.DataFrame(made.sample(1_000, seed=seed))
    assert [kind for kind in kinds if broken(kind, rows, frame)] == []
    assert made.schema.rules == tuple(RULES[kind] for kind in kinds)


@pytest.mark.slow
@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("sort", ["normal", "cents", "prices with tax", "seven decades"])
def test_of_a_million_rows_none_breaks_them(sort: str, model: str) -> None:
    frame = table(sort, sort, "often none", 0)
    kinds = list(RULES)
    made = fitted(frame, kinds, model)
    rows = pl.DataFrame(made.sample(1_000_000, seed=2))
    assert {kind: broken(kind, rows, frame) for kind in kinds} == dict.fromkeys(kinds, 0)


def test_sums_of_floats_are_exact_where_they_were() -> None:
    frame = table("normal", "normal", "of any size", 0)
    assert (frame["a"] + frame["b"] == frame["c"]).all()
    rows = pl.DataFrame(fitted(frame, ["sum", "order"], "trees").sample(5_000, seed=1))
    assert (rows["a"] + rows["b"] == rows["c"]).all()


def test_decimals_stay_decimals_beside_reckoned_floats() -> None:
    frame = table("cents", "cents", "often none", 0)
    noisy = frame.with_columns(c=pl.col("a") + pl.col("b"))
    rows = pl.DataFrame(fitted(noisy, ["sum"], "independent").sample(1_000, seed=1))
    for name in ("a", "b", "c"):
        assert (rows[name] == rows[name].round(2)).all()


def test_what_fills_rows_keeps_orders_beside_the_users_own_numbers() -> None:
    frame = table("normal", "thirds", "often none", 0)
    made = fitted(frame, ["order"], "trees")
    holed = frame.select("c", "d", "sort").head(100)
    holed = holed.with_columns(d=pl.when(pl.int_range(100) % 2 == 0).then("d"))
    filled = pl.DataFrame(made.infill(holed, draws=5, seed=1))
    assert (filled["c"] <= filled["d"]).all()
    assert filled.head(100)["c"].equals(holed["c"])


def test_a_found_rule_that_cannot_be_kept_is_promised_nowhere() -> None:
    rng = np.random.default_rng(0)
    low = 10 ** rng.uniform(-9, 9, 400)
    frame = pl.DataFrame({"a": low, "b": low * (1 + rng.random(400)), "z": rng.normal(size=400)})
    data = tm.clean(tm.read(frame)).data
    [rule] = data.schema.rules
    run = Run(1)
    made = tm.fit(data, model="independent", run=run)
    assert made.schema.rules == ()
    assert any(f"may break the rule that {rule}" in warning for warning in run.warnings)


@pytest.mark.parametrize(
    ("columns", "rule", "error", "said"),
    [
        (
            {"a": [1.5, 2.5] * 20, "b": [2.5] * 39 + [0.5]},
            'kind = "a<=b"\ncolumns = ["a", "b"]',
            DataError,
            "row 40: the rule that 'a' is never above 'b' is broken: 'a' is 2.5, 'b' is 0.5",
        ),
        (
            {"a": [0.5, 0.1, 0.30000000000000004, 8000.0] * 10},
            'kind = "range"\ncolumns = ["a"]\nlow = 0.2',
            DataError,
            "row 2: the rule that 'a' is at least 0.2 is broken",
        ),
        (
            {"a": [1e-9, 1e9] * 20, "b": [2e-9, 2e9] * 20},
            'kind = "a<=b"\ncolumns = ["a", "b"]',
            DataError,
            "row 2: the rule that 'a' is never above 'b' cannot be kept",
        ),
        (
            {"a": [1.5, float("inf")] * 20, "b": [2.5, float("inf")] * 20},
            'kind = "a<=b"\ncolumns = ["a", "b"]',
            DataError,
            "row 2: the rule that 'a' is never above 'b' cannot be kept: 'a' holds infinite values",
        ),
        (
            {
                "a": [2**61 + 2**50 * k + k % 2 for k in range(40)],
                "b": [2**61 + 2**51 * k + 1 for k in range(40)],
            },
            'kind = "a<=b"\ncolumns = ["a", "b"]',
            DataError,
            "row 40: the rule that 'a' is never above 'b' cannot be kept: its numbers are too",
        ),
        (
            {"a": [1.5, 2.5] * 20, "b": ["basic", "dear"] * 20},
            'kind = "a<=b"\ncolumns = ["a", "b"]',
            SchemaError,
            "'a' holds numbers, 'b' holds categories",
        ),
        (
            {"a": [1.5, 2.5] * 20},
            'kind = "range"\ncolumns = ["a"]\nhigh = 2024-01-01',
            SchemaError,
            "a rule 'range' cannot be kept",
        ),
    ],
)
def test_what_prevents_a_declared_rule_is_told(
    columns: dict[str, list[object]], rule: str, error: type[Exception], said: str, tmp_path: Path
) -> None:
    (tmp_path / "rules.toml").write_text(f"[[rules]]\n{rule}\n[columns.a]\nkind = 'number'\n")
    with pytest.raises(error) as caught:
        tm.fit(tm.read(pl.DataFrame(columns), schema=tmp_path / "rules.toml"), model="independent")
    assert said in str(caught.value)


def test_ends_of_ranges_need_be_no_step_of_the_column(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    frame = pl.DataFrame({"a": [0.1, 0.1 + 0.2, 8000.0, *(rng.random(300) * 7_000 + 0.1)]})
    (tmp_path / "rules.toml").write_text(
        '[[rules]]\nkind = "range"\ncolumns = ["a"]\nlow = 0.1\nhigh = 8000.0'
    )
    made = tm.fit(tm.read(frame, schema=tmp_path / "rules.toml"), model="independent")
    rows = pl.DataFrame(made.sample(5_000, seed=1))
    assert rows["a"].is_between(0.1, 8000.0).all()


def test_rows_with_a_columns_smallest_number_are_filled_in_beside_others() -> None:
    frame = table("normal", "often the same", "often none", 0)
    made = fitted(frame, ["sum"], "independent")
    at = pl.int_range(ROWS)
    holed = frame.with_columns(
        a=pl.when(at % 3 == 0).then("a"),
        c=pl.when(at % 2 == 0).then("c"),
        d=None,
    )
    filled = pl.DataFrame(made.infill(holed, seed=1))
    assert broken("sum", filled, frame) == 0
