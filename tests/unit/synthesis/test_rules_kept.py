"""Rules found in a file are kept by what is made of it: read, cleaned, learned, sampled."""

from __future__ import annotations

from datetime import date, timedelta
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import polars as pl
import pytest

import tidemill as tm
from tidemill.core.errors import ConditionError, SchemaError
from tidemill.core.lawful import obeys
from tidemill.synthesis.synthesizer import Synthesizer

ROWS = 1_200


def ledger() -> pl.DataFrame:
    rng = np.random.default_rng(5)
    item = rng.integers(0, 40, ROWS)
    cents = rng.integers(100, 9000, 40)[item]
    quantity = rng.choice([1, 1, 2, 3, 5, 8, 12, 20], ROWS)
    day = rng.integers(0, 700, ROWS)
    return pl.DataFrame(
        {
            "quantity": quantity,
            "price": cents / 100,
            "amount": quantity * cents / 100,
            "gross": (quantity * cents * 119 + 50) // 100 / 100,
            "invoiced": [date(2023, 1, 1) + timedelta(days=int(d)) for d in day],
            "due": [date(2023, 1, 31) + timedelta(days=int(d)) for d in day],
            "region": rng.choice(["north", "south", "west"], ROWS),
        }
    )


FOUND = {
    "'quantity' × 'price' = 'amount'",
    "'gross' = 1.19 × 'amount'",
    "'due' = 'invoiced' + 30 days",
}


@cache
def fitted(name: str) -> Synthesizer:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "ledger.csv"
        ledger().write_csv(path)
        cleaned = tm.clean(tm.read(path))
    assert {str(rule) for rule in cleaned.data.schema.rules} >= FOUND
    return tm.fit(cleaned.data, model=name)


@pytest.mark.parametrize("name", ["independent", "trees"])
def test_new_rows_keep_what_was_found(name: str) -> None:
    new = pl.DataFrame(fitted(name).sample(2_000, seed=1))
    for rule in fitted(name).schema.rules:
        assert obeys(rule, new, ledger()).all(), str(rule)
    assert new["quantity"].n_unique() > 3


@pytest.mark.parametrize("name", ["independent", "trees"])
def test_products_can_be_asked_for(name: str) -> None:
    new = pl.DataFrame(fitted(name).sample(300, where=["amount>=200", "region=west"], seed=2))
    assert new["amount"].min() >= 200
    assert set(new["region"]) == {"west"}
    for rule in fitted(name).schema.rules:
        assert obeys(rule, new, ledger()).all(), str(rule)


def test_a_product_that_never_occurs_is_refused_in_words() -> None:
    with pytest.raises(ConditionError, match="none or hardly any"):
        fitted("independent").sample(10, where=["amount>=100000000"])


def test_infill_keeps_products() -> None:
    frame = ledger().head(60)
    holed = frame.with_columns(
        price=pl.when(pl.int_range(60) % 2 == 0).then("price"),
        quantity=pl.when(pl.int_range(60) % 3 == 0).then("quantity"),
        due=pl.lit(None, pl.Date),
    )
    filled = pl.DataFrame(fitted("trees").infill(holed, seed=1))
    assert filled["amount"].equals(frame["amount"])
    for rule in fitted("trees").schema.rules:
        assert obeys(rule, filled, ledger()).all(), str(rule)


def bills() -> pl.DataFrame:
    rng = np.random.default_rng(8)
    cents = {name: rng.integers(0, 9_000, ROWS) for name in ("net", "discount", "tax", "freight")}
    total = cents["net"] - cents["discount"] + cents["tax"] + cents["freight"]
    arrival = [date(2023, 1, 1) + timedelta(days=int(d)) for d in rng.integers(0, 400, ROWS)]
    nights = rng.choice([1, 2, 3, 7, 14], ROWS).tolist()
    return pl.DataFrame(
        {
            **{name: values / 100 for name, values in cents.items()},
            "total": total / 100,
            "arrival": arrival,
            "nights": nights,
            "departure": [a + timedelta(days=n) for a, n in zip(arrival, nights, strict=True)],
        }
    )


@pytest.mark.parametrize("name", ["independent", "trees"])
def test_subtracted_parts_and_days_between_dates_are_kept(name: str, tmp_path: Path) -> None:
    data = tm.clean(tm.read(bills())).data
    found = {str(rule) for rule in data.schema.rules}
    assert found == {
        "'net' - 'discount' + 'tax' + 'freight' = 'total'",
        "'arrival' + 'nights' days = 'departure'",
    }
    tm.fit(data, model=name, seed=1).save(tmp_path / "model")
    model = Synthesizer.load(tmp_path / "model")
    asked = ["departure>=2023-07-01", "total>=50"]
    for new in (model.sample(1_000, seed=2), model.sample(200, where=asked, seed=2)):
        for rule in data.schema.rules:
            assert obeys(rule, new, bills()).all(), str(rule)
        assert set(new["nights"]) <= {1, 2, 3, 7, 14}
    assert new["departure"].min() >= date(2023, 7, 1)
    assert new["total"].min() >= 50
    gaps = bills().head(50).with_columns(departure=pl.lit(None, pl.Date), total=pl.lit(None, float))
    filled = tm.infill(model, gaps, seed=3)
    assert filled.select("departure", "total").equals(bills().head(50).select("departure", "total"))


def test_such_sums_can_be_declared(tmp_path: Path) -> None:
    (tmp_path / "rules.toml").write_text(
        '[[rules]]\nkind = "a+b=c"\ncolumns = ["net", "discount", "tax", "freight", "total"]\n'
        "signs = [1, -1, 1, 1]\n"
        '[[rules]]\nkind = "a+b=c"\ncolumns = ["arrival", "nights", "departure"]\n'
        'factor = "1 day"\n'
    )
    data = tm.read(bills(), schema=tmp_path / "rules.toml")
    new = tm.fit(data, model="independent").sample(300)
    for rule in data.schema.rules:
        assert obeys(rule, new, bills()).all()
    (tmp_path / "wrong.toml").write_text(
        '[[rules]]\nkind = "a+b=c"\ncolumns = ["net", "tax", "total"]\nsigns = [1]\n'
    )
    with pytest.raises(SchemaError, match="signs"):
        tm.read(bills(), schema=tmp_path / "wrong.toml")
