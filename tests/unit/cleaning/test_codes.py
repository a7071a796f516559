"""Ids that stand for the names of things."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

import tidemill as tm
from tidemill.cleaning.codes import CHECK
from tidemill.core.run import Run

N = 1_500


@pytest.fixture
def sales(tmp_path):
    def make(code: str, name: str, names: list[str] | None = None) -> tm.Dataset:
        rng = np.random.default_rng(2)
        item = rng.integers(0, 100, N)
        ids = rng.permutation(np.arange(609_700, 610_400))[:100]
        frame = pl.DataFrame(
            {
                code: ids[item],
                name: np.array(names or [f"dish {k}" for k in range(100)])[item],
                "count": rng.integers(1, 5, N),
            }
        )
        frame.write_csv(tmp_path / "sales.csv")
        return tm.read(tmp_path / "sales.csv")

    return make


@pytest.mark.parametrize(
    ("code", "name"),
    [("dishes_id", "dishes_name"), ("ProductID", "title"), ("商品编号", "商品名称")],
)
def test_each_code_keeps_its_name(sales, code, name):
    data = sales(code, name)
    assert data.schema[code].kind == "id"
    cleaned = tm.clean(data).data
    assert cleaned.schema[code].kind == "category"
    assert {(code, name), (name, code)} & {
        rule.columns for rule in cleaned.schema.rules if rule.kind == "a decides b"
    }
    new = pl.DataFrame(tm.fit(cleaned, model="independent").sample(1_000, seed=1))
    assert new.select(code, name).unique().height <= 100
    assert new.schema[code] == cleaned.frame.schema[code]


@pytest.mark.parametrize("code", ["customer_id", "patientId", "EmployeeID", "用户编号"])
def test_ids_of_persons_stay_ids(sales, code):
    assert not CHECK.diagnose(sales(code, "town"), Run()).issues


def test_an_id_that_decides_the_name_of_a_person_is_one(sales):
    people = [f"{a} {b}" for a in ("Mary", "John", "Linda", "Peter", "Susan", "James", "Karen",
              "Robert", "Lisa", "Paul") for b in ("Smith", "Baker", "Clark", "Miller", "Jones",
              "Brown", "Davis", "Wilson", "Moore", "Taylor")]  # fmt: skip
    assert not CHECK.diagnose(sales("ref_id", "contact_name", people), Run()).issues
