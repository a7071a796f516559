"""Kinds, roles and steps, each with a reason that holds its figures."""

from __future__ import annotations

import datetime as dt
import time
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from tests.unit.io.opening import read
from tidemill.core.run import Run
from tidemill.core.schema import Column
from tidemill.io.profile import profile
from tidemill.io.steps import step_of

RNG = np.random.default_rng(3)
N = 400
CODES = [
    f"{a}-{b}" for a, b in zip(RNG.integers(1000, 9999, N), RNG.integers(0, 99, N), strict=True)
]


def column(name: str, values: object, **options: object) -> Column:
    data = read(pl.DataFrame({name: values}, strict=False), Run(), **options)  # type: ignore[arg-type]
    return data.schema[name]


@pytest.mark.parametrize(
    ("name", "values", "kind", "reason"),
    [
        ("age", RNG.integers(18, 90, N), "number", "whole numbers from 15 to 90"),
        ("amount", RNG.permutation(N) + 7, "number", "whole numbers from 0 to 420, 400 different"),
        ("price", RNG.random(N), "number", "numbers from 0 to 1"),
        ("year", list(range(1900, 2000)), "number", "100 different"),
        ("day", list(range(1, 101)), "number", ""),
        ("rating", [1, 2, 3, 4, 5] * 20, "number", ""),
        ("nr.employed", [5191.0, 5228.1] * 20, "number", ""),
        ("education_num", RNG.integers(1, 17, N), "number", ""),
        ("churn", ["yes", "no", None] * 9, "boolean", "2 different values, no and yes"),
        ("SeniorCitizen", [0, 1] * 9, "boolean", "2 different values, 0 and 1"),
        ("flag", [1.0, 0.0, None], "boolean", "2 different values, 0 and 1"),
        ("flag", ["T", "F"] * 3, "boolean", "2 different values, F and T"),
        ("flag", ["on", "off"] * 3, "boolean", "2 different values, off and on"),
        ("flag", ["有", "无"] * 3, "boolean", "2 different values"),
        ("flag", [True, False], "boolean", "2 different values, false and true"),
        ("flag", [True, True], "boolean", "true or false (true in these rows)"),
        ("sex", ["M", "F"] * 9, "category", "2 different values in 18 rows"),
        (
            "city",
            [f"City {i}" for i in range(5000)] * 3,
            "category",
            "5,000 different values in 15,000 rows",
        ),
        ("Description", [f"RED MUG no {i}" for i in range(900)] * 4, "category", ""),
        ("StockCode", [f"{i}A" for i in range(2000)] * 4, "category", ""),
        (
            "region_id",
            RNG.integers(1, 9, N),
            "category",
            "8 different numbers that by their name stand for something",
        ),
        ("zip", RNG.integers(10000, 10100, N), "category", ""),
        ("zip_code", ["Rural", "Urban"] * 9, "category", ""),
        ("phone", RNG.permutation(N) + 5550000, "id", "its name says so"),
        ("customer_id", RNG.integers(1, 90, N), "id", "its name says so, and there are"),
        ("CustomerID", [*map(float, RNG.integers(1, 90, N)), None], "id", "its name says so"),
        (
            "InvoiceNo",
            [f"C{i}" if i % 50 == 0 else str(i) for i in range(2000)] * 2,
            "id",
            "codes of the form X0",
        ),
        ("patient", list(range(1, N + 1)), "id", "a running number, in the order"),
        ("ref", CODES, "id", "codes of the form"),
        ("reference", CODES, "id", "and its name says so"),
        ("客户编号", CODES, "id", "its name says so"),
        ("流水号", [9 * i for i in range(N)], "id", "its name says so"),
        ("型号", [9 * i for i in range(N)], "number", "whole numbers"),
        ("哈希", [f"0x{i * 0x9E3779B97F4A7C15:064x}" for i in range(1, N)], "id", "codes"),
        (
            "size",
            [*(f"{i % 90}.5M" for i in range(N)), *["Varies with device"] * 60],
            "text",
            "87 % of the values read as numbers",
        ),
        ("price", [*(f"${i}.50" for i in range(N)), *["on request"] * 100], "text", "on request"),
        (
            "note",
            [
                f"The customer number {i} called us again about the broken delivery of Monday"
                for i in range(N)
            ],
            "text",
            "free text of 7",
        ),
        (
            "utterance",
            [f"你好，我想找一家人均消费在一百元左右的餐馆吃饭，请荐第{i}家" for i in range(N)],
            "text",
            "free text",
        ),
        (
            "name",
            [f"{a} {b}" for a in "ABCDEFGHIJ" for b in "KLMNOPQRST"],
            "text",
            "hardly any value comes twice",
        ),
        (
            "mixed",
            [*map(str, range(N)), "n/a", "?", " 7"],
            "text",
            "100 % of the values read as numbers",
        ),
        ("when", [dt.date(2024, 1, 5)] * 2, "datetime", "dates of 2024-01"),
        ("when", ["2024-01-05", None], "datetime", "stored as text"),
        (
            "when",
            ["05/02/2024", "03/04/2024"],
            "datetime",
            "day before month (in every row they could be exchanged",
        ),
        (
            "when",
            ["11:38:36", "09:01:02"],
            "number",
            "a time of day, counted in seconds since midnight; stored as text",
        ),
        (
            "paid",
            ["$1,200.50", "$3.00", "-"],
            "number",
            "; stored as text; written as in '$1,234.50'; '-' stands for a missing",
        ),
        ("empty", [None, None], "category", "no value at all"),
    ],
)
def test_kinds(name: str, values: object, kind: str, reason: str) -> None:
    found = column(name, values)
    assert found.kind == kind
    assert reason in found.reason


def test_numbers_beside_a_word_are_no_ids(run: Run) -> None:
    cells = [f"{i}.5" if i % 9 else "ND" for i in range(90)]
    data = read(pl.DataFrame({"x": cells}), run)
    assert data.schema["x"].kind == "text"
    assert "88.9 % of the values read as numbers" in data.schema["x"].reason
    assert any(
        "such as 'ND'; with these it is taken as words" in warning for warning in run.warnings
    )


def test_unique_ids_are_keys_and_repeated_ones_are_not() -> None:
    assert column("id", [f"x{i}" for i in range(N)]).role == "key"
    assert (
        column("id", [f"x{i}" for i in range(N)]).role_reason
        == "each of the 400 values occurs once"
    )
    assert column("id", [f"x{i}" for i in range(N)] * 2).role == "feature"
    assert column("id", [*(f"x{i}" for i in range(N)), None]).role == "feature"


def test_a_target_is_something_that_can_be_predicted() -> None:
    assert column("order_no", RNG.permutation(N), target="order_no").kind == "number"
    assert (
        column("customer_id", [f"x{i}" for i in range(60)] * 9, target="customer_id").kind
        == "category"
    )
    assert column("churn", [0, 1] * 9, target="churn").kind == "boolean"
    assert column("grade", [1, 2, 3] * 9, target="grade").kind == "number"


def test_an_empty_column_is_told(run: Run) -> None:
    read(pl.DataFrame({"a": [1], "b": [None], "c": [None]}), run)
    assert run.warnings == ["2 columns have no value at all: b, c."]


@pytest.mark.parametrize(
    ("values", "step"),
    [
        ([1, 2, 5], "1"),
        (list(range(0, 500, 5)), "5"),
        ([5, 10, 15], "1"),
        ([0.1, 0.25], "0.01"),
        ([1.0, 2.0], "1"),
        ([x / 20 for x in range(100)], "0.05"),
        ([1 / 3], None),
        ([1e-5, 1.0], "0.00001"),
        ([1e20, 1.0], None),
        ([float("inf"), 1.5], "0.1"),
        ([None, None], None),
        ([0, 0], "1"),
        ([-(2**63), 2**63 - 1], "1"),
        (list(range(-(2**63), -(2**63) + 400, 4)), "4"),
        ([16777217.01, 0.01], "0.01"),
        (list(range(0, 5000, 50)), "50"),
    ],
)
def test_steps(values: list[float | None], step: str | None) -> None:
    series = pl.Series(
        values, dtype=pl.Float64 if not all(isinstance(v, int) for v in values) else pl.Int64
    )
    assert step_of(series) == step


def test_a_wide_table_is_read_fast(tmp_path: Path, run: Run) -> None:
    frame = pl.DataFrame(
        {f"c{i}": RNG.random(50) if i % 2 else RNG.integers(0, 9, 50) for i in range(2000)}
    )
    frame.write_csv(tmp_path / "wide.csv")
    began = time.monotonic()
    data = read(tmp_path / "wide.csv", run)
    assert len(data.schema) == 2000
    assert time.monotonic() - began < 20


def test_the_profile_has_a_line_for_each_column(run: Run) -> None:
    data = read(
        pl.DataFrame(
            {
                "n": [1, None, 30000],
                "s": ["a", "b", "a"],
                "d": [dt.date(2024, 1, 5)] * 3,
                "e": [None] * 3,
                "l": [[1], [2], [3]],
            }
        ),
        run,
        ignore=["l"],
    )
    lines = {line["column"]: line for line in profile(data).iter_rows(named=True)}
    assert [lines["n"][key] for key in ("distinct", "min", "max", "step")] == [
        2,
        "0",
        "32,000",
        "1",
    ]
    assert lines["n"]["missing"] == pytest.approx(1 / 3)
    assert lines["s"]["example"] is None  # no level is of enough rows
    assert lines["d"]["median"] == "2024-01-05"
    assert lines["e"]["reason"] == "no value at all"
    assert lines["l"]["role"] == "ignore"


KNOWN = {
    "adult/adult.parquet": {
        "age": "number",
        "fnlwgt": "number",
        "education_num": "number",
        "income": "category",
    },
    "telco_churn/telco_churn.parquet": {
        "customerID": "id",
        "TotalCharges": "number",
        "SeniorCitizen": "boolean",
        "PhoneService": "boolean",
        "Churn": "boolean",
        "Contract": "category",
    },
    "online_retail/online_retail.parquet": {
        "InvoiceNo": "id",
        "CustomerID": "id",
        "StockCode": "category",
        "Description": "category",
        "Quantity": "number",
        "InvoiceDate": "datetime",
    },
    "hillstrom/hillstrom.parquet": {"zip_code": "category", "recency": "number", "mens": "boolean"},
    "rhc/rhc.parquet": {
        "patient": "id",
        "ptid": "id",
        "age": "number",
        "sadmdte": "number",
        "rhc": "boolean",
    },
    "dialogues_zh/crosswoz.parquet": {"dialogue_id": "id", "utterance": "text", "turn": "number"},
    "ts_benchmarks/ETTh1.parquet": {"date": "datetime", "OT": "number"},
    "pizzaplace/pizzaplace.parquet": {
        "id": "id",
        "date": "datetime",
        "time": "number",
        "name": "category",
    },
    "groceries/groceries.parquet": {"transaction_id": "id", "item": "category"},
    "creditcard_fraud/creditcard_fraud_original_precision.parquet": {
        "Class": "boolean",
        "V1": "number",
    },
    "bank_marketing/bank_additional_full.parquet": {
        "y": "boolean",
        "month": "category",
        "nr.employed": "number",
    },
}


@pytest.mark.parametrize("name", KNOWN)
def test_real_sets(tmp_path: Path, run: Run, real: Path, name: str) -> None:
    from tidemill.io.frames import door_frame
    from tidemill.io.writing import write

    data = read(real / name, run)
    assert {key: data.schema[key].kind for key in KNOWN[name]} == KNOWN[name]
    assert door_frame(data).equals(pl.read_parquet(real / name))
    head = data.rows(np.arange(20_000)) if len(data) > 20_000 else data
    write(head, tmp_path / "t.csv")
    again = read(tmp_path / "t.csv", run)
    if len(head) == len(data):
        kinds = [
            [(c.name, c.kind, c.role, c.step) for c in table.schema] for table in (data, again)
        ]
        assert kinds[0] == kinds[1]
    write(again, tmp_path / "again.csv")
    assert (tmp_path / "again.csv").read_bytes() == (tmp_path / "t.csv").read_bytes()
