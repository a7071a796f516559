"""Products, multiples and offsets compiled into the codec."""

from __future__ import annotations

import json
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np
import polars as pl
import pytest

from tests.unit.codecs.test_known import satisfied
from tests.unit.codecs.test_rules import arbitrary
from tidemill.codecs.table import TableCodec
from tidemill.core.condition import Condition, Test
from tidemill.core.dataset import Dataset
from tidemill.core.errors import DataError
from tidemill.core.grid import Batch
from tidemill.core.lawful import obeys
from tidemill.core.run import Run
from tidemill.core.schema import Column, Rule, Schema

ROWS = 400
RULES = (
    Rule("a*b=c", ("quantity", "price", "amount")),
    Rule("b=k*a+m", ("net", "gross"), factor="1.19"),
    Rule("b=k*a+m", ("celsius", "fahrenheit"), factor="1.8", offset="32"),
    Rule("b=k*a+m", ("invoiced", "due"), offset="30 days"),
    Rule("b=k*a+m", ("utc", "local"), offset="8 hours"),
    Rule("a*b=c", ("rate", "base", "tax")),
    Rule("a+b=c", ("amount", "freight", "total")),
    Rule("a+b=c", ("one", "two", "three", "all")),
)


def frame_of(seed: int) -> pl.DataFrame:
    rng = np.random.default_rng(seed)
    quantity, price = rng.integers(-2, 20, ROWS), rng.integers(50, 4000, ROWS)
    net, celsius = rng.integers(100, 90_000, ROWS), rng.integers(-100, 350, ROWS)
    days, minutes = rng.integers(0, 700, ROWS), rng.integers(0, 90_000, ROWS)
    rate, base = rng.choice([7, 19, 25], ROWS), rng.integers(1, 9000, ROWS)
    freight = rng.integers(0, 300, ROWS)
    parts = rng.integers(0, 9, (3, ROWS))
    return pl.DataFrame(
        {
            "amount": quantity * price / 100,
            "quantity": quantity,
            "price": price / 100,
            "net": net / 100,
            "gross": (net * 119 + 50) // 100 / 100,
            "celsius": celsius / 10,
            "fahrenheit": (celsius * 18 + 3200) / 100,
            "invoiced": [date(2024, 1, 1) + timedelta(days=int(d)) for d in days],
            "due": [date(2024, 1, 31) + timedelta(days=int(d)) for d in days],
            "utc": [datetime(2024, 1, 1) + timedelta(minutes=int(m)) for m in minutes],
            "local": [datetime(2024, 1, 1, 8) + timedelta(minutes=int(m)) for m in minutes],
            "rate": rate / 100,
            "base": base / 100,
            "tax": np.round(rate * base / 100) / 100,  # halves go to the even cent
            "freight": freight / 100,
            "total": (quantity * price + freight) / 100,
            "one": parts[0],
            "two": parts[1],
            "three": parts[2],
            "all": parts.sum(axis=0),
        }
    )


def table(seed: int, gaps: str = "none") -> Dataset:
    frame, rng = frame_of(seed), np.random.default_rng(seed + 7)
    gone = {
        "none": [],
        "after": ["amount", "gross", "due", "local", "tax", "fahrenheit"],
        "before": ["quantity", "net", "utc", "rate"],
    }[gaps]
    frame = frame.with_columns(
        pl.when(pl.Series(rng.random(ROWS) < 0.85)).then(pl.col(name)).alias(name) for name in gone
    )
    rules = RULES if gaps == "none" else RULES[:6]
    names = frame.columns if gaps == "none" else frame.columns[:14]
    frame = frame.select(names)
    columns = tuple(
        Column(
            s.name,
            "datetime" if s.dtype.is_temporal() else "number",
            nullable=s.has_nulls(),
        )
        for s in frame
    )
    return Dataset(frame, Schema(columns, rules))


@pytest.mark.parametrize("gaps", ["none", "after", "before"])
def test_arbitrary_channels_keep_the_rules(gaps: str) -> None:
    data = table(1, gaps)
    codec = TableCodec().fit(data, Run())
    assert not codec.refused
    made = codec.decode(arbitrary(codec, data, 5000, 1), np.random.default_rng(0)).frame
    for rule in data.schema.rules:
        assert obeys(rule, made, data.frame).all(), str(rule)


@pytest.mark.parametrize("gaps", ["none", "after", "before"])
@pytest.mark.parametrize("seed", range(3))
def test_rows_come_back_and_states_restore(gaps: str, seed: int) -> None:
    data = table(seed, gaps)
    codec = TableCodec().fit(data, Run())
    batch = codec.encode(data)
    assert codec.decode(batch, np.random.default_rng(0)).frame.equals(data.frame)
    again = TableCodec.from_state(json.loads(json.dumps(codec.to_state(), allow_nan=False)))
    assert again.spec == codec.spec
    assert again.decode(batch, np.random.default_rng(0)).frame.equals(data.frame)


@pytest.mark.parametrize(
    "test",
    [
        Test("gross", ">=", 500),
        Test("gross", "<", 100.5),
        Test("gross", "=", 119.0),
        Test("fahrenheit", "<=", 40.1),
        Test("due", ">=", date(2025, 1, 5)),
        Test("local", "<", datetime(2024, 1, 20, 7, 30)),
        Test("due", "missing"),
        Test("due", "present"),
    ],
    ids=str,
)
@pytest.mark.parametrize("gaps", ["none", "after"])
def test_conditions_on_multiples(test: Test, gaps: str) -> None:
    data = table(0, gaps)
    codec = TableCodec().fit(data, Run())
    condition = Condition((test,))
    assert not codec.checked(condition).tests
    if test.operator == "missing" and gaps == "none":
        return
    known = codec.constraints(condition)
    kept = satisfied(codec.spec, known, codec.encode(data))
    assert (kept == condition.mask(data.frame).to_numpy()).all()
    batch = arbitrary(codec, data, 2000, 0)
    made = codec.decode(batch, np.random.default_rng(0)).frame
    assert (condition.mask(made).to_numpy() | ~satisfied(codec.spec, known, batch)).all()


def test_products_and_what_is_reckoned_from_them_are_checked_on_rows() -> None:
    codec = TableCodec().fit(table(0), Run())
    for name, checked in (("amount", True), ("total", True), ("price", False), ("gross", False)):
        assert bool(codec.checked(Condition((Test(name, ">", 5),))).tests) is checked


@pytest.mark.parametrize(
    "names",
    [
        ["amount"],
        ["quantity", "amount"],
        ["price", "amount"],
        ["gross"],
        ["net", "gross"],
        ["due", "local"],
        ["base", "tax"],
        ["quantity", "price", "amount"],
    ],
)
def test_given_values_come_out_whatever_is_drawn_for_the_rest(names: list[str]) -> None:
    data = table(0)
    codec = TableCodec().fit(data, Run())
    rows = data.select(names)
    own = codec.encode(data)
    for index, known in codec.completions(rows):
        assert known.rows is not None
        tick, code = own.tick[index].copy(), own.code[index].copy()
        # what is bounded to one number is taken from there
        for bound in known.sums:
            if len(bound.channels) == 1 and isinstance(bound.low, np.ndarray):
                [channel] = bound.channels
                tick[:, channel] = np.clip(
                    tick[:, channel], np.asarray(bound.low), np.asarray(bound.high)
                )
        tick[known.rows.tick] = known.rows.batch.tick[known.rows.tick]
        code[known.rows.code] = known.rows.batch.code[known.rows.code]
        made = codec.decode(Batch(tick, code), np.random.default_rng(0)).frame
        kept = satisfied(codec.spec, known, Batch(tick, code))
        assert kept.mean() > 0.9
        for name in names:
            assert (made[name] == rows.frame[name][index]).to_numpy()[kept].all()


def test_given_values_that_break_a_product_are_told_with_their_row() -> None:
    data = table(0)
    codec = TableCodec().fit(data, Run())
    for names, change in (
        (["quantity", "price", "amount"], {"amount": 0.07}),
        (["net", "gross"], {"gross": 0.5}),
    ):
        frame = data.frame.select(names).with_columns(
            **{name: pl.lit(value) for name, value in change.items()}
        )
        with pytest.raises(DataError, match=r"row \d+"):
            codec.completions(data.select(names).with_frame(frame))


def test_a_declared_product_that_a_row_breaks_is_an_error_with_the_row() -> None:
    frame = frame_of(0).select("quantity", "price", "amount")
    frame = frame.with_columns(
        pl.when(pl.int_range(pl.len()) == 9).then(0.01).otherwise(pl.col("amount")).alias("amount")
    )
    columns = tuple(Column(name, "number") for name in frame.columns)
    rule = Rule("a*b=c", ("quantity", "price", "amount"), declared=True)
    with pytest.raises(DataError, match="row 10: the rule that 'quantity' × 'price' = 'amount'"):
        TableCodec().fit(Dataset(frame, Schema(columns, (rule,))), Run())


def test_floats_that_were_never_rounded_keep_their_product() -> None:
    rng = np.random.default_rng(0)
    quantity, price = rng.integers(1, 40, ROWS), rng.integers(1, 3000, ROWS) / 100
    frame = pl.DataFrame({"quantity": quantity, "price": price, "amount": quantity * price})
    columns = tuple(Column(name, "number") for name in frame.columns)
    rule = Rule("a*b=c", ("quantity", "price", "amount"))
    data = Dataset(frame, Schema(columns, (rule,)))
    codec = TableCodec().fit(data, Run())
    assert not codec.refused
    made = codec.decode(arbitrary(codec, data, 2000, 1), np.random.default_rng(0)).frame
    assert obeys(rule, made, frame).all()


def test_halves_that_go_either_way_come_back() -> None:
    a = np.arange(1, 400)
    b = (a + (a % 4 == 1)) // 2  # of 0.5, 1.5, ... every second one goes up
    frame = pl.DataFrame({"a": a, "b": b})
    columns: Any = (Column("a", "number"), Column("b", "number"))
    data = Dataset(frame, Schema(columns, (Rule("b=k*a+m", ("a", "b"), factor="0.5"),)))
    codec = TableCodec().fit(data, Run())
    assert not codec.refused
    assert codec.decode(codec.encode(data), np.random.default_rng(0)).frame.equals(frame)
