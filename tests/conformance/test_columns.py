"""Laws of every registered codec."""

from __future__ import annotations

import json
import math
from datetime import date, datetime

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.conformance.tables import business, dataset
from tidemill.codecs.columns import COLUMN_OF_KIND, COLUMNS, codec_of
from tidemill.codecs.columns.base import ColumnCodec
from tidemill.codecs.table import TableCodec
from tidemill.core.run import Run
from tidemill.core.schema import Column

VALUES = {
    "number": [
        st.lists(st.none() | st.integers(-(2**61), 2**61), min_size=1).map(
            lambda v: pl.Series("x", v, pl.Int64)
        ),
        st.lists(st.none() | st.decimals(-(10**9), 10**9, places=2).map(float), min_size=1).map(
            lambda v: pl.Series("x", v, pl.Float64)
        ),
        st.lists(
            st.none()
            | st.floats(-1e6, 1e6, allow_subnormal=False).map(lambda f: float(np.float32(f)))
            | st.just(math.inf)
            | st.just(-math.inf),
            min_size=1,
        ).map(lambda v: pl.Series("x", v, pl.Float64)),
    ],
    "category": [
        st.lists(st.sampled_from([None, "a", "b", "", "ü", "長"]), min_size=1).map(
            lambda v: pl.Series("x", v * 5, pl.String)
        ),
        st.lists(st.sampled_from([None, True, False]), min_size=1).map(
            lambda v: pl.Series("x", v * 5, pl.Boolean)
        ),
        st.lists(st.sampled_from([None, 1, 7, -3]), min_size=1).map(
            lambda v: pl.Series("x", v * 5, pl.Int64)
        ),
    ],
    "datetime": [
        st.lists(st.none() | st.dates(date(1, 1, 1), date(9999, 12, 31)), min_size=1).map(
            lambda v: pl.Series("x", v, pl.Date)
        ),
        st.lists(
            st.none() | st.datetimes(datetime(1, 1, 1), datetime(9999, 12, 31)), min_size=1
        ).map(lambda v: pl.Series("x", v, pl.Datetime("us"))),
        st.lists(
            st.none() | st.datetimes(datetime(1900, 1, 1), datetime(2100, 1, 1)), min_size=1
        ).map(
            lambda v: pl.Series("x", v, pl.Datetime("ms", "UTC")).dt.convert_time_zone(
                "Asia/Shanghai"
            )
        ),
        # enough for weeks
        st.lists(st.dates(date(1, 1, 1), date(9999, 12, 31)), min_size=50, max_size=60).map(
            lambda v: pl.Series("x", v, pl.Date)
        ),
        st.lists(
            st.none() | st.datetimes(datetime(1700, 1, 1), datetime(2200, 1, 1)),
            min_size=50,
            max_size=60,
        ).map(lambda v: pl.Series("x", v, pl.Datetime("ns"))),
    ],
    "id": [
        st.lists(st.none() | st.from_regex(r"[A-Z]{2}-[0-9]{4}", fullmatch=True), min_size=1).map(
            lambda v: pl.Series("x", v, pl.String)
        )
    ],
    "person": [
        st.lists(
            st.none() | st.sampled_from(["Ann Lee", "Bo Hill", "LEE, C.", "王小明", "x", "Ян Ли"]),
            min_size=1,
        ).map(lambda v: pl.Series("x", v, pl.String)),
        st.lists(st.none() | st.text(min_size=1, max_size=20), min_size=1).map(
            lambda v: pl.Series("x", v, pl.String)
        ),
    ],
    "text": [
        st.lists(st.none() | st.text(max_size=40), min_size=1).map(
            lambda v: pl.Series("x", v, pl.String)
        )
    ],
}


def column_for(name: str) -> Column:
    if name == "person":
        return Column("x", "id", personal="names of people")
    kind = next(kind for kind, codec in COLUMN_OF_KIND.items() if codec == name)
    return Column("x", kind)


def fitted(name: str, values: pl.Series) -> ColumnCodec:
    return COLUMNS.load(name)().fit(column_for(name), values, Run())


@pytest.mark.parametrize("name", COLUMNS)
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_round_trip(name: str, data: st.DataObject) -> None:
    values = data.draw(st.one_of(VALUES[name]))
    codec = fitted(name, values)
    batch = codec.encode(values)
    back = codec.decode(batch, np.random.default_rng(0))
    assert len(back) == len(values)
    assert back.dtype == values.dtype
    assert back.is_null().to_list() == values.is_null().to_list()
    if codec.exact or name == "category":  # every level here occurs five times or more
        assert back.to_list() == values.to_list()
    else:
        assert codec.inexact_because
    if name == "number" and not codec.exact:
        assert np.allclose(
            back.drop_nulls(), values.drop_nulls(), rtol=0, atol=codec.spec.reals[0].step
        )


@pytest.mark.parametrize("name", COLUMNS)
@settings(max_examples=30, deadline=None)
@given(data=st.data())
def test_channels_stay_within_the_spec(name: str, data: st.DataObject) -> None:
    values = data.draw(st.one_of(VALUES[name]))
    codec = fitted(name, values)
    batch = codec.encode(values)
    assert batch.tick.shape == (len(values), len(codec.spec.reals))
    assert batch.tick.dtype == np.int64
    assert batch.code.shape == (len(values), len(codec.spec.codes))
    for k, code in enumerate(codec.spec.codes):
        assert ((batch.code[:, k] >= 0) & (batch.code[:, k] < code.size)).all()
    for r, real in enumerate(codec.spec.reals):
        if real.presence is not None:
            assert (batch.tick[batch.code[:, real.presence] != 0, r] == 0).all()


@pytest.mark.parametrize("name", COLUMNS)
@settings(max_examples=30, deadline=None)
@given(data=st.data())
def test_state_is_json_and_restores(name: str, data: st.DataObject) -> None:
    values = data.draw(st.one_of(VALUES[name]))
    codec = fitted(name, values)
    state = json.loads(json.dumps(codec.to_state(), allow_nan=False))
    again = COLUMNS.load(name).from_state(column_for(name), state)
    assert again.spec == codec.spec
    batch = codec.encode(values)
    assert again.decode(batch, np.random.default_rng(1)).equals(
        codec.decode(batch, np.random.default_rng(1)), null_equal=True
    )


def test_every_modelled_kind_has_a_codec() -> None:
    assert {*COLUMN_OF_KIND.values(), codec_of(column_for("person"))} == set(COLUMNS)


def test_a_table_comes_back() -> None:
    data = dataset(business(), target="churn")
    codec = TableCodec().fit(data, Run())
    back = codec.decode(codec.encode(data), np.random.default_rng(0))
    assert back.schema.names == data.schema.names
    exact = [column.name for column in data.schema if column.kind not in ("id", "text")]
    assert back.frame.select(exact).equals(data.frame.select(exact))
    # fresh ids and texts: in form, and none that a real row has
    assert back["customer_id"].str.contains(r"^C-\d{5}$").all()
    assert back["customer_id"].n_unique() == len(data)


def test_integers_beyond_float_precision_are_exact() -> None:
    values = pl.Series("x", [2**53 + k for k in range(50)] + [2**60 + 1])
    codec = fitted("number", values)
    assert (
        codec.decode(codec.encode(values), np.random.default_rng(0)).to_list() == values.to_list()
    )


def test_a_number_is_exact_unless_it_says_why() -> None:
    assert fitted("number", pl.Series("x", [0.1, 0.2, 1e9])).exact
    wide = fitted("number", pl.Series("x", [1.0, 1.739585926597471e-39]))
    assert not wide.exact
    assert "62 binary digits" in wide.inexact_because


def test_money_is_exact_beyond_float32() -> None:
    values = pl.Series("x", [167_772.17, 167_772.18, 9_999_999.99, 0.01])
    codec = fitted("number", values)
    assert codec.spec.reals[0].step == 0.01
    assert (
        codec.decode(codec.encode(values), np.random.default_rng(0)).to_list() == values.to_list()
    )
