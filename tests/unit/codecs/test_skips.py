"""Columns that are known only beside some values of another."""

from __future__ import annotations

import json
from datetime import date, timedelta
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
from tidemill.core.lawful import obeys
from tidemill.core.run import Run
from tidemill.core.schema import Column, Rule, Schema

ROWS = 400
RULES = (
    Rule("a<=b", ("hired", "gone")),
    Rule("b only if a", ("status", "gone")),
    Rule("b only if a", ("children", "school")),
    Rule("b only if a", ("first", "second")),
)
KINDS: dict[str, Any] = {"hired": "datetime", "gone": "datetime", "status": "category"}


def table(seed: int) -> Dataset:
    rng = np.random.default_rng(seed)
    status = rng.choice(["active", "left", "retired"], ROWS)
    hired = rng.integers(0, 900, ROWS)
    children = rng.integers(0, 4, ROWS)
    first = [None if k < 0.4 else round(k, 2) for k in rng.random(ROWS).tolist()]
    frame = pl.DataFrame(
        {
            "gone": [
                None if s == "active" else date(2020, 1, 1) + timedelta(days=int(d))
                for s, d in zip(status, hired + rng.integers(0, 500, ROWS), strict=True)
            ],
            "hired": [date(2020, 1, 1) + timedelta(days=int(d)) for d in hired],
            "status": status,
            "children": children,
            "school": [
                str(rng.choice(["near", "far"])) if c and rng.random() < 0.8 else None
                for c in children
            ],
            "first": first,
            "second": [None if k is None or rng.random() < 0.2 else k + 1 for k in first],
        }
    )
    kinds = {"school": "category", **KINDS}
    columns = tuple(
        Column(s.name, kinds.get(s.name, "number"), nullable=s.has_nulls()) for s in frame
    )
    return Dataset(frame, Schema(columns, RULES))


def test_arbitrary_channels_keep_the_rules() -> None:
    data = table(0)
    codec = TableCodec().fit(data, Run())
    assert not codec.refused
    made = codec.decode(arbitrary(codec, data, 5000, 1), np.random.default_rng(0)).frame
    for rule in RULES:
        assert obeys(rule, made, data.frame).all(), str(rule)
    assert made.filter(status="active")["gone"].null_count() == made.filter(status="active").height
    assert made.filter(children=0)["school"].is_null().all()


@pytest.mark.parametrize("seed", range(3))
def test_rows_come_back_and_states_restore(seed: int) -> None:
    data = table(seed)
    codec = TableCodec().fit(data, Run())
    batch = codec.encode(data)
    assert codec.decode(batch, np.random.default_rng(0)).frame.equals(data.frame)
    state = json.loads(json.dumps(codec.to_state(), allow_nan=False))
    again = TableCodec.from_state(state)
    assert again.decode(batch, np.random.default_rng(0)).frame.equals(data.frame)
    made = arbitrary(codec, data, 500, seed)
    one, other = (c.decode(made, np.random.default_rng(0)).frame for c in (codec, again))
    assert one.equals(other)


@pytest.mark.parametrize(
    "tests",
    [
        [Test("gone", "present")],
        [Test("gone", "missing")],
        [Test("gone", ">=", date(2021, 1, 1))],
        [Test("school", "=", "far"), Test("children", "<", 3)],
        [Test("second", "present")],
        [Test("status", "=", "active")],
    ],
    ids=str,
)
def test_conditions(tests: list[Test]) -> None:
    data = table(0)
    codec = TableCodec().fit(data, Run())
    condition = Condition(tuple(tests))
    known = codec.constraints(condition)
    kept = satisfied(codec.spec, known, codec.encode(data))
    assert (kept == condition.mask(data.frame).to_numpy()).all()
    batch = arbitrary(codec, data, 2000, 0)
    made = codec.decode(batch, np.random.default_rng(0)).frame
    assert (condition.mask(made).to_numpy() | ~satisfied(codec.spec, known, batch)).all()


def test_given_values_say_what_they_may_be_beside() -> None:
    data = table(0)
    codec = TableCodec().fit(data, Run())
    rows = data.select(["gone"])
    groups = codec.completions(rows)
    assert sorted(np.concatenate([index for index, _ in groups]).tolist()) == list(range(ROWS))
    wrong = data.select(["status", "gone"])
    wrong = wrong.with_frame(wrong.frame.with_columns(status=pl.lit("active")))
    with pytest.raises(DataError, match=r"row \d+.*there is a 'gone' beside a 'status'"):
        codec.completions(wrong)


def test_what_is_skipped_within_combinations_stays_skipped() -> None:
    rng = np.random.default_rng(0)
    country = rng.choice(["US", "DE", "FR"], ROWS)
    state = [str(rng.choice(["CA", "TX"])) if c == "US" else None for c in country]
    frame = pl.DataFrame({"country": country, "state": state})
    rules = (
        Rule("allowed combinations", ("country", "state")),
        Rule("b only if a", ("country", "state")),
    )
    columns = (Column("country", "category"), Column("state", "category", nullable=True))
    data = Dataset(frame, Schema(columns, rules))
    codec = TableCodec().fit(data, Run())
    assert not codec.refused
    made = codec.decode(arbitrary(codec, data, 2000, 0), np.random.default_rng(0)).frame
    assert obeys(rules[1], made, frame).all()


def test_what_is_always_known_beside_a_value_is_known_in_new_rows() -> None:
    rng = np.random.default_rng(4)
    job = rng.choice(["yes", "no"], ROWS)
    children = rng.integers(0, 4, ROWS)
    one = [None if k % 9 == 0 else float(k) for k in range(ROWS)]
    frame = pl.DataFrame(
        {
            "job": job,
            "hours": [int(rng.choice([20, 30, 40])) if j == "yes" else None for j in job],
            "sector": [str(rng.choice(["a", "b"])) if j == "yes" else None for j in job],
            "looking": [str(rng.choice(["a", "b"])) if j == "no" else None for j in job],
            "children": children,
            "youngest": [int(rng.integers(0, 17)) if c else None for c in children.tolist()],
            "one": one,
            "other": [None if v is None else v + 0.5 for v in one],
        }
    )
    pairs = [("job", "hours"), ("job", "sector"), ("job", "looking"), ("children", "youngest")]
    rules = tuple(Rule("b only if a", pair) for pair in [*pairs, ("one", "other")])
    kinds = {"job": "category", "sector": "category", "looking": "category"}
    columns = tuple(Column(name, kinds.get(name, "number")) for name in frame.columns)  # type: ignore[arg-type]
    data = Dataset(frame, Schema(columns, rules))
    codec = TableCodec().fit(data, Run())
    assert codec.decode(codec.encode(data), np.random.default_rng(0)).frame.equals(frame)
    state = json.loads(json.dumps(codec.to_state(), allow_nan=False))
    for one_codec in (codec, TableCodec.from_state(state)):
        for n in (1, 2, 500):
            batch = arbitrary(one_codec, data, n, 1)
            made = one_codec.decode(batch, np.random.default_rng(0)).frame
            for name, there in (
                ("hours", pl.col("job") == "yes"),
                ("sector", pl.col("job") == "yes"),
                ("looking", pl.col("job") == "no"),
                ("youngest", pl.col("children") > 0),
                ("other", pl.col("one").is_not_null()),
            ):
                assert made.select((there == pl.col(name).is_not_null()).all()).item(), name
    known = codec.constraints(Condition((Test("hours", "missing"),)))
    kept = satisfied(codec.spec, known, codec.encode(data))
    assert (kept == (job == "no")).all()
