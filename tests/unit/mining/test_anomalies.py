from __future__ import annotations

import json
from collections.abc import Callable

import numpy as np
import polars as pl
import pytest

from tests.unit.mining.tables import customers, halves, table
from tidemill.core.condition import Condition, Test
from tidemill.core.dataset import Dataset
from tidemill.core.run import Run
from tidemill.core.schema import Kind
from tidemill.core.words import format_value
from tidemill.mining.anomalies import anomalies


def payments(rows: int = 4000, seed: int = 0) -> Dataset:
    """Rows of which 2 % are far out in three columns at once; most of those are marked."""
    rng = np.random.default_rng(seed)
    odd = rng.random(rows) < 0.02
    columns = {
        f"x{k}": rng.normal(size=rows) + odd * rng.normal(6, 1, rows) * (k < 3) for k in range(6)
    }
    frame = pl.DataFrame(
        {
            "card": [f"secret-{k}" for k in range(rows)],
            **columns,
            "shop": rng.choice(["a", "b"], rows),
            "fraud": (odd & (rng.random(rows) < 0.8)).astype(int),
        }
    )
    kinds: dict[str, Kind] = {
        "card": "id",
        **dict.fromkeys(columns, "number"),
        "shop": "category",
        "fraud": "boolean",
    }
    return table(frame, kinds, {"fraud": "target"})


def test_odd_rows_are_found_explained_and_checked_against_the_known_ones() -> None:
    train, holdout = halves(payments())
    found = list(anomalies(train, holdout, Run()))
    overview = next(f for f in found if f.name == "overview")
    assert 30 < overview.support < 100  # of 80
    assert {"x0", "x1", "x2"} <= {
        column for f in found if f.name == "anomaly" for column in f.columns
    }
    known = next(f for f in found if f.name == "known anomalies")
    assert known.strength > 0.5 > 0.05 > known.figures["base_rate"]
    assert known.figures["precision_at"] > 0.5
    everyone = payments().frame
    for finding in found:
        if finding.condition.tests:
            assert finding.support == finding.condition.mask(everyone).sum() >= 1


def test_rows_are_named_by_their_place_and_never_by_their_id() -> None:
    train, holdout = halves(payments())
    found = list(anomalies(train, holdout, Run()))
    assert "secret" not in json.dumps([finding.to_state() for finding in found])
    overview = next(f for f in found if f.name == "overview")
    assert overview.table is not None
    assert len(overview.table.columns) <= 2 + 5
    place = int(overview.table.rows[0][0]) - 1
    column = overview.table.columns[2]
    value = overview.table.rows[0][2]
    if isinstance(value, str) and " to " in value:
        low, high = (float(end.replace(",", "")) for end in value.split(" to "))
        assert low <= payments()[column][place] <= high
    else:
        assert value == format_value(payments()[column][place])


def test_a_combination_that_hardly_occurs_is_told() -> None:
    rng = np.random.default_rng(0)
    role = rng.choice(["husband", "wife", "child"], 6000)
    sex = np.where(
        role == "husband", "m", np.where(role == "wife", "f", rng.choice(["m", "f"], 6000))
    )
    sex[np.flatnonzero(role == "husband")[:4]] = "f"
    frame = pl.DataFrame({"role": role, "sex": sex, "x": rng.normal(size=6000)}).sample(
        fraction=1, shuffle=True, seed=1
    )
    train, holdout = halves(table(frame, {"role": "category", "sex": "category", "x": "number"}))
    found = [f for f in anomalies(train, holdout, Run()) if f.name == "combination"]
    assert any(set(f.columns) == {"role", "sex"} and "'husband'" in f.sentence for f in found)


def test_two_numbers_that_go_together_are_no_odd_combination() -> None:
    rng = np.random.default_rng(0)
    age = rng.choice([22, 27, 32, 37, 42], 6000)
    married = np.where(age <= 27, rng.choice([1.5, 2.5], 6000), rng.choice([7.5, 15.5], 6000))
    married[np.flatnonzero(age == 42)[:4]] = 2.5
    frame = pl.DataFrame({"age": age, "married": married, "x": rng.normal(size=6000)})
    train, holdout = halves(table(frame, {"age": "number", "married": "number", "x": "number"}))
    assert not [f for f in anomalies(train, holdout, Run()) if f.name == "combination"]


def test_a_column_that_repeats_another_does_not_make_rows_odd() -> None:
    rng = np.random.default_rng(0)
    item = rng.choice(50, 3000, p=np.arange(1, 51) / 1275)
    frame = pl.DataFrame(
        {
            "item": [f"i{k}" for k in item],
            "shelf": [f"s{k // 2}" for k in item],
            "x": rng.normal(size=3000),
        }
    )
    assert not list(
        anomalies(
            *halves(table(frame, {"item": "category", "shelf": "category", "x": "number"})), Run()
        )
    )


def plain(rows: int = 1000, seed: int = 0) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    return {f"a{k}": rng.normal(size=rows).round(3) for k in range(6)}


def numbers(columns: dict[str, np.ndarray]) -> Dataset:
    return table(pl.DataFrame(columns), dict.fromkeys(columns, "number"))


@pytest.mark.parametrize("count", [1, 3, 10, 20])
@pytest.mark.parametrize("shape", [lambda values: values, np.exp])
def test_few_rows_far_out_in_all_columns_are_told_and_numbered(
    count: int, shape: Callable[[np.ndarray], np.ndarray]
) -> None:
    columns = plain()
    odd = 50 * np.arange(count) + 3
    for values in columns.values():
        values[odd] = 8.0
    data = numbers({name: shape(values) for name, values in columns.items()})
    [finding] = list(anomalies(*halves(data), Run()))
    assert finding.support == count
    assert set(finding.columns) == set(columns)
    assert finding.table is not None
    assert [row[0] for row in finding.table.rows] == (odd + 1).tolist()
    assert "By chance there would be none. Row" in finding.sentence


@pytest.mark.parametrize("factor", [100.0, 0.01])
def test_a_wrong_unit_is_told(factor: float) -> None:
    columns = plain()
    columns["a2"] = 50 + 5 * columns["a2"]
    columns["a2"][:12] *= factor
    [finding] = list(anomalies(*halves(numbers(columns)), Run()))
    assert (finding.name, finding.columns, finding.support) == ("far values", ("a2",), 12)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("shape", ["normal", "lognormal", "uniform", "t", "together"])
def test_tails_without_outliers_give_nothing(shape: str, seed: int) -> None:
    rng = np.random.default_rng(seed)
    common = rng.normal(size=1000)
    draw: dict[str, Callable[[], np.ndarray]] = {
        "normal": lambda: rng.normal(size=1000),
        "lognormal": lambda: rng.lognormal(0, 1.5, 1000),
        "uniform": lambda: rng.random(1000),
        "t": lambda: rng.standard_t(3, 1000),
        "together": lambda: np.exp(0.9 * common + 0.4 * rng.normal(size=1000)),
    }
    data = numbers({f"x{k}": draw[shape]() for k in range(6)})
    assert not list(anomalies(*halves(data), Run(seed)))


def test_numbers_that_do_not_go_with_their_row_are_told() -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=1500)
    y = x + 0.2 * rng.normal(size=1500)
    x[:8], y[:8] = 1.8, -1.8  # each usual by itself
    found = list(anomalies(*halves(numbers({"x": x, "y": y, "z": rng.normal(size=1500)})), Run()))
    assert {finding.name for finding in found} == {"misfits"}
    assert {finding.columns[0] for finding in found} <= {"x", "y"}
    for finding in found:
        assert finding.table is not None
        assert {row[0] for row in finding.table.rows} <= set(range(1, 9))


def test_levels_that_never_meet_but_in_a_few_rows_are_told() -> None:
    rng = np.random.default_rng(0)
    country = rng.choice(["FR", "US", "UK"], 1500)
    money = pl.Series(country).replace_strict({"FR": "EUR", "US": "USD", "UK": "GBP"}).to_numpy()
    money[np.flatnonzero(country == "FR")[:3]] = "USD"
    frame = pl.DataFrame({"country": country, "money": money, "x": rng.normal(size=1500)})
    data = table(frame, {"country": "category", "money": "category", "x": "number"})
    [finding] = list(anomalies(*halves(data), Run()))
    assert finding.condition == Condition((Test("money", "=", "USD"), Test("country", "=", "FR")))
    assert finding.support == 3


def test_small_or_narrow_tables_give_nothing() -> None:
    assert not list(anomalies(*halves(customers(80)), Run()))
    assert not list(anomalies(*halves(customers().select(["fee"])), Run()))


def test_creditcard_fraud(real: Callable[[str], pl.DataFrame]) -> None:
    frame = real("creditcard_fraud/creditcard_fraud_original_precision.parquet")
    kinds: dict[str, Kind] = {**dict.fromkeys(frame.columns, "number"), "Class": "boolean"}
    found = list(anomalies(*halves(table(frame, kinds, {"Class": "target"})), Run()))
    known = next(f for f in found if f.name == "known anomalies")
    assert known.strength > 0.4
    assert known.figures["base_rate"] == pytest.approx(0.022, abs=0.005)
