"""A row's channels keep what a condition says of them if and only if the row passes the
condition."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tidemill.codecs.columns.intervals import holds
from tidemill.codecs.table import TableCodec
from tidemill.core.condition import Condition, Test
from tidemill.core.dataset import Dataset
from tidemill.core.errors import ConditionError, DataError
from tidemill.core.grid import Batch, Constraints, Spec
from tidemill.core.run import Run
from tidemill.core.schema import Column, Schema

ROWS = 120
MOMENTS = st.integers(-300, 300).map(lambda hours: datetime(2024, 1, 1) + timedelta(hours=hours))


def satisfied(spec: Spec, known: Constraints, batch: Batch) -> np.ndarray:
    """(n,) whether each row keeps what is known; bounds of a real hold wherever it has a number."""
    fine = np.ones(len(batch), bool)
    for code, levels in known.code.items():
        fine &= levels[batch.code[:, code]]
    for real, numbers in known.tick.items():
        presence = spec.reals[real].presence
        here = np.ones(len(batch), bool) if presence is None else batch.code[:, presence] == 0
        fine &= ~here | holds(numbers, batch.tick[:, real])
    for bound in known.sums:
        total = sum(
            w * batch.tick[:, c] for c, w in zip(bound.channels, bound.weights, strict=True)
        )
        fine &= (total >= bound.low) & (total <= bound.high)
    return fine


def table(seed: int, gaps: bool) -> Dataset:
    """Every kind of column that can be asked for, some with missing and infinite values."""
    rng = np.random.default_rng(seed)
    at = datetime(2024, 1, 1)
    frame = pl.DataFrame(
        {
            "whole": rng.integers(-5, 6, ROWS),
            "fives": 5 * rng.integers(0, 30, ROWS),
            "cents": np.round(rng.normal(10, 5, ROWS), 2),
            "binary": rng.normal(0, 1, ROWS),
            "endless": np.where(rng.random(ROWS) < 0.1, np.inf, rng.integers(0, 9, ROWS)),
            "plan": rng.choice(["Solo", "team", "TEAM plus"], ROWS),
            "grade": rng.choice([1, 2, 10], ROWS),
            "active": rng.random(ROWS) < 0.5,
            "day": [(at + timedelta(days=int(d))).date() for d in rng.integers(-9, 9, ROWS)],
            "moment": [at + timedelta(hours=int(h)) for h in rng.integers(-200, 200, ROWS)],
            "zoned": pl.Series(
                [
                    (at + timedelta(hours=int(h))).replace(tzinfo=UTC)
                    for h in rng.integers(-200, 200, ROWS)
                ]
            ).dt.convert_time_zone("Asia/Shanghai"),
            "year": [(at + timedelta(days=int(d))).date() for d in rng.integers(-200, 200, ROWS)],
            "stamp": [at + timedelta(hours=int(h)) for h in rng.integers(-5000, 5000, ROWS)],
        }
    )
    if gaps:
        frame = frame.with_columns(
            pl.when(pl.Series(rng.random(ROWS) < 0.9)).then(pl.col(name)).alias(name)
            for name in frame.columns
        )
    kinds: dict[str, Any] = {
        "plan": "category",
        "grade": "category",
        "active": "boolean",
        "day": "datetime",
        "moment": "datetime",
        "zoned": "datetime",
        "year": "datetime",
        "stamp": "datetime",
    }
    return Dataset(
        frame,
        Schema(
            tuple(
                Column(
                    name,
                    kinds.get(name, "number"),
                    nullable=gaps,
                    step="5" if name == "fives" else None,
                )
                for name in frame.columns
            )
        ),
    )


OPERATORS = st.sampled_from(["=", "!=", "<", "<=", ">", ">=", "in", "missing", "present"])


@st.composite
def asked_of(draw: st.DrawFn, data: Dataset) -> Test:
    name = draw(st.sampled_from(data.schema.names))
    operator = draw(OPERATORS)
    if operator in ("missing", "present"):
        return Test(name, operator)
    present = data[name].drop_nulls().unique().sort()
    values = st.sampled_from(present.to_list())
    if name in ("plan", "active"):
        operator = operator if operator in ("=", "!=", "in") else "="
    elif operator not in ("=", "in"):
        values |= {
            "day": st.dates(date(2023, 12, 20), date(2024, 1, 12)),
            "moment": MOMENTS,
            "year": st.dates(date(2023, 6, 1), date(2024, 8, 1)),
            "stamp": MOMENTS,
            "zoned": MOMENTS.map(lambda m: m.replace(tzinfo=ZoneInfo("Asia/Shanghai"))),
            "grade": st.integers(0, 11) if operator != "!=" else values,
        }.get(
            name,
            st.floats(-20, 160) | st.integers(-20, 160) | st.sampled_from([np.inf, -np.inf, 1e300]),
        )
    if operator == "in":
        return Test(
            name, operator, tuple(draw(st.lists(values, min_size=1, max_size=4, unique=True)))
        )
    return Test(name, operator, draw(values))


@cache
def learned(seed: int, gaps: bool) -> tuple[Dataset, TableCodec, Batch]:
    data = table(seed, gaps)
    codec = TableCodec().fit(data, Run())
    return data, codec, codec.encode(data)


@settings(max_examples=400, deadline=None)
@given(drawn=st.data(), seed=st.integers(0, 5), gaps=st.booleans())
def test_channels_keep_what_is_known_just_where_rows_pass(
    drawn: st.DataObject, seed: int, gaps: bool
) -> None:
    data, codec, batch = learned(seed, gaps)
    condition = Condition(tuple(drawn.draw(st.lists(asked_of(data), min_size=1, max_size=3))))
    passing = condition.mask(data.frame).to_numpy()
    try:
        known = codec.constraints(condition)
    except ConditionError as error:
        refusal = str(error)
    else:
        refusal = ""
    if refusal:
        assert not passing.any() or "beside each other" in refusal
        return
    assert (satisfied(codec.spec, known, batch) == passing).all()


def refused(data: Dataset, *tests: Test) -> str:
    with pytest.raises(ConditionError) as raised:
        TableCodec().fit(data, Run()).constraints(Condition(tests))
    return str(raised.value)


def test_what_cannot_be_is_refused_in_words() -> None:
    data = table(0, gaps=False)
    assert "no value that the column can have" in refused(data, Test("whole", "=", 30.5))
    assert "no value that the column can have" in refused(data, Test("fives", "in", (5, 7)))
    assert "no value passes 'whole ≥ 3' and 'whole < 3'" in refused(
        data, Test("whole", ">=", 3), Test("whole", "<", 3)
    )
    assert "'gold' never occurs" in refused(data, Test("plan", "=", "gold"))
    assert "Solo" in refused(data, Test("plan", "!=", "gold"))
    assert "no value is missing" in refused(data, Test("plan", "missing"))
    assert "no value is missing" in refused(data, Test("cents", "missing"))
    assert "compares" in refused(data, Test("plan", "<", "team"))
    assert "no number" in refused(data, Test("whole", "=", "many"))
    assert "no date" in refused(data, Test("day", "=", 7))
    assert "time zone" in refused(data, Test("moment", ">", datetime(2024, 1, 1, tzinfo=UTC)))
    assert "beside each other" in refused(
        data, Test("moment", "in", (datetime(2024, 1, 1, 5), datetime(2024, 1, 2, 6)))
    )


def test_levels_match_whatever_their_case() -> None:
    data = table(0, gaps=False)
    codec = TableCodec().fit(data, Run())
    assert codec.levels("whole") == []
    known = codec.constraints(Condition((Test("plan", "=", "SOLO"),)))
    [levels] = known.code.values()
    assert [codec.levels("plan")[at] for at in np.flatnonzero(levels)] == ["Solo"]


def test_naive_moments_are_those_of_the_columns_zone() -> None:
    data = table(0, gaps=False)
    codec = TableCodec().fit(data, Run())
    known = codec.constraints(Condition((Test("zoned", ">=", datetime(2024, 1, 1, 8)),)))
    passing = (
        data["zoned"].dt.convert_time_zone("UTC") >= datetime(2024, 1, 1, tzinfo=UTC)
    ).to_numpy()
    assert (satisfied(codec.spec, known, codec.encode(data)) == passing).all()


def test_weeks_end_on_the_latest_day() -> None:
    data = table(0, gaps=False)
    codec = TableCodec().fit(data, Run())
    names = [real.name for real in codec.spec.reals]
    assert {
        "year week",
        "year day of the week",
        "stamp week",
        "stamp day of the week",
        "stamp time of day",
    } <= set(names)
    assert {"moment day", "moment time of day"} <= set(names)  # too few weeks
    batch = codec.encode(data)
    week, day = (batch.tick[:, names.index(f"year {part}")] for part in ("week", "day of the week"))
    assert (day[data["year"] == data["year"].max()] == day.max()).all()
    assert week[data["year"].arg_max()] == week.max()
    monday = codec.constraints(
        Condition((Test("year", ">", data["year"].max() - timedelta(days=7)),))
    )
    assert not monday.sums  # the last week is one interval of weeks


def test_an_id_can_be_missing_but_not_chosen() -> None:
    frame = pl.DataFrame(
        {"id": [None if k % 3 else f"C-{k:04d}" for k in range(60)], "x": range(60)}
    )
    data = Dataset(frame, Schema((Column("id", "id", nullable=True), Column("x", "number"))))
    codec = TableCodec().fit(data, Run())
    known = codec.constraints(Condition((Test("id", "missing"),)))
    assert (
        satisfied(codec.spec, known, codec.encode(data)) == data["id"].is_null().to_numpy()
    ).all()
    assert "made afresh" in refused(data, Test("id", "=", "C-0003"))


def test_rows_to_complete_are_given_where_they_have_values() -> None:
    data = table(1, gaps=True)
    codec = TableCodec().fit(data, Run())
    rows = data.select(["cents", "plan", "moment"])
    [(index, known)] = codec.completions(rows)
    assert index.tolist() == list(range(ROWS))
    assert known.rows is not None
    whole, partial = codec.encode(data), known.rows
    assert (partial.batch.tick == whole.tick)[partial.tick].all()
    assert (partial.batch.code == whole.code)[partial.code].all()
    assert (
        partial.tick[:, [real.name == "cents" for real in codec.spec.reals]].sum()
        == data["cents"].count()
    )
    # what is missing in these columns becomes known to be there; of the others nothing is said
    named = {codec.spec.codes[code].name: levels for code, levels in known.code.items()}
    assert set(named) == {"cents present", "plan", "moment present"}
    assert not any(levels[-1] for levels in named.values())
    assert not codec.completions(rows, keep_missing=True)[0][1].code


def test_a_value_that_no_row_had_is_told_with_its_row() -> None:
    data = table(1, gaps=True)
    codec = TableCodec().fit(data, Run())
    rows = Dataset(
        pl.DataFrame({"plan": [None, "Solo", "gold"]}),
        Schema((Column("plan", "category", nullable=True),)),
    )
    with pytest.raises(
        DataError, match="column 'plan', row 3: its value is none that the model knows"
    ):
        codec.completions(rows)
    rows = Dataset(
        pl.DataFrame({"fives": [5, None, 7]}), Schema((Column("fives", "number", nullable=True),))
    )
    with pytest.raises(DataError, match="column 'fives', row 3: its value is none"):
        codec.completions(rows)
