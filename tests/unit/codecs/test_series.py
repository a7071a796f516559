"""Series come back as they were: gaps, missing values, lengths, what is static, and every kind of
time."""

from __future__ import annotations

import json
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tidemill.codecs.columns.base import SurrogateStream
from tidemill.codecs.series import SERIES, SeriesCodec
from tidemill.core import series as cut
from tidemill.core.dataset import Dataset
from tidemill.core.errors import DataError
from tidemill.core.run import Event, Run
from tidemill.core.schema import Column, Rule, Schema
from tidemill.core.series import layout

CLOCKS = {
    "date": lambda k: date(2020, 1, 1) + timedelta(days=k),
    "datetime": lambda k: datetime(2020, 1, 1) + timedelta(minutes=15 * k),
    "whole": lambda k: k,
    "decimal": lambda k: k / 4,
}
DTYPES = {
    "date": pl.Date(),
    "datetime": pl.Datetime("us"),
    "whole": pl.Int64(),
    "decimal": pl.Float64(),
}


def table(
    columns: dict[str, pl.Series], roles: dict[str, str], rules: tuple[Rule, ...] = ()
) -> Dataset:
    def kind(values: pl.Series) -> Any:
        if values.dtype.is_temporal():
            return "datetime"
        return (
            "number"
            if values.dtype.is_numeric()
            else "boolean"
            if values.dtype == pl.Boolean
            else "category"
        )

    frame = pl.DataFrame([values.alias(name) for name, values in columns.items()])
    schema = Schema(
        tuple(
            Column(name, kind(frame[name]), roles.get(name, "feature"), frame[name].has_nulls())  # type: ignore[arg-type]
            for name in frame.columns
        ),
        rules,
    )
    return Dataset(frame, schema)


@st.composite
def panels(draw: st.DrawFn) -> Dataset:
    """Five series or more, ragged or not, with gaps, in any order of rows."""
    count = draw(st.integers(5, 8))
    lengths = draw(
        st.one_of(
            st.just([draw(st.integers(2, 6))] * count),
            st.lists(st.integers(1, 7), min_size=count, max_size=count).filter(
                lambda v: max(v) > 1
            ),
        )
    )
    clock = draw(st.sampled_from(sorted(CLOCKS)))
    far = draw(st.sampled_from([0, 1, 40]))
    shared = draw(st.booleans())
    rows: list[dict[str, Any]] = []
    for k, length in enumerate(lengths):
        at = 0 if shared else draw(st.integers(-500, 500))
        kind, size = draw(st.sampled_from(["a", "b", None])), draw(st.integers(0, 3))
        for step in range(length):
            rows.append(
                {
                    "who": f"T{k:02d}",
                    "when": CLOCKS[clock](at),
                    "kind": kind,
                    "size": size,
                    "step": step,
                    "x": draw(st.none() | st.integers(-(10**9), 10**9)),
                    "y": draw(st.decimals(-100, 100, places=2).map(float)),
                    "flag": draw(st.sampled_from([True, False, None])),
                }
            )
            at += draw(st.integers(0, far)) if far else 1
    rows = draw(st.permutations(rows))
    columns = {
        "who": pl.String(),
        "when": DTYPES[clock],
        "kind": pl.String(),
        "size": pl.Int64(),
        "step": pl.Int64(),
        "x": pl.Int64(),
        "y": pl.Float64(),
        "flag": pl.Boolean(),
    }
    # a level of fewer than five rows is not kept by name, so there are five of each row's
    frame = pl.DataFrame(rows, schema=columns)
    frame = pl.concat([frame.with_columns(pl.col("who") + f"-{k}") for k in range(5)])
    return table({name: frame[name] for name in columns}, {"who": "entity", "when": "time"})


def in_order(data: Dataset) -> Dataset:
    return data.rows(layout(data).order)


@settings(max_examples=60, deadline=None)
@given(data=panels())
def test_round_trip(data: Dataset) -> None:
    codec = SeriesCodec().fit(data, Run())
    back = codec.decode(codec.encode(data), np.random.default_rng(0))
    real = in_order(data)
    assert back.schema.names == data.schema.names
    names = [name for name in data.schema.names if name != "who"]
    assert back.frame.select(names).equals(real.frame.select(names), null_equal=True)
    assert back.frame.select(names).schema == real.frame.select(names).schema
    assert back["who"].rle_id().to_list() == real["who"].rle_id().to_list()
    assert back["who"].n_unique() == real["who"].n_unique()


@settings(max_examples=30, deadline=None)
@given(data=panels())
def test_channels_stay_within_the_spec(data: Dataset) -> None:
    codec = SeriesCodec().fit(data, Run())
    batch, spec = codec.encode(data), codec.spec
    n = data["who"].n_unique()
    [steps] = spec.sites
    assert batch.tick.shape == (n, steps, len(spec.reals))
    assert batch.tick.dtype == np.int64
    assert batch.code.shape == (n, steps, len(spec.codes))
    assert batch.code.dtype == np.int32
    assert spec.ragged == (batch.mask is not None) == (layout(data).length.min() < steps)
    if batch.mask is not None:
        assert (np.diff(batch.mask.astype(int), axis=1) <= 0).all()
        assert not batch.tick[~batch.mask].any()
        assert not batch.code[~batch.mask].any()
    for k, code in enumerate(spec.codes):
        assert ((batch.code[..., k] >= 0) & (batch.code[..., k] < code.size)).all()
    for r, real in enumerate(spec.reals):
        assert (
            real.presence is None
            or not batch.tick[..., r][batch.code[..., real.presence] != 0].any()
        )
    assert (spec.context is None) == (batch.context is None)
    if batch.context is not None and spec.context is not None:
        assert batch.context.tick.shape == (n, len(spec.context.reals))
        assert batch.context.code.shape == (n, len(spec.context.codes))


@settings(max_examples=30, deadline=None)
@given(data=panels())
def test_state_is_json_and_restores(data: Dataset) -> None:
    codec = SeriesCodec().fit(data, Run())
    again = SeriesCodec.from_state(json.loads(json.dumps(codec.to_state(), allow_nan=False)))
    assert again.spec == codec.spec
    batch = codec.encode(data)
    one, other = (c.decode(batch, np.random.default_rng(1)) for c in (codec, again))
    assert one.frame.equals(other.frame, null_equal=True)
    assert one.schema == other.schema


def long(steps: int = 100, entities: int = 2) -> Dataset:
    """Weekdays only, numbered as they come."""
    days = [
        day for k in range(2 * steps) if (day := date(2024, 1, 1) + timedelta(days=k)).weekday() < 5
    ][:steps]
    whose = [f"{name}{name}" for name in "ABCDEFGH"[:entities] for _ in days]
    count = pl.Series(list(range(steps)) * entities)
    return table(
        {"who": pl.Series(whose), "when": pl.Series(days * entities), "x": count},
        {"who": "entity", "when": "time"},
    )


def test_long_series_are_cut_into_windows_that_cover_them() -> None:
    said: list[Event] = []
    data = long()
    codec = SeriesCodec().fit(data, Run(listener=said.append))
    batch = codec.encode(data)
    assert codec.spec.sites == (24,)
    assert len(batch) == 2 * (100 - 24 + 1)
    assert "cut into 154 windows of up to 24 steps, one every step" in said[-1].text
    back = codec.decode(batch, np.random.default_rng(0))
    assert (back["x"].diff().filter(back["who"].rle_id().diff() == 0) == 1).all()
    assert (back["when"].dt.weekday() < 6).all()
    assert back["x"].to_list()[:24] == list(range(24))


def test_a_window_can_be_chosen_and_many_windows_overlap_less(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("tidemill.codecs.series.MOST_WINDOWS", 40)
    codec = SeriesCodec(10).fit(long(), Run())
    batch = codec.encode(long())
    assert codec.spec.sites == (10,)
    assert codec.stride > 1
    assert 20 < len(batch) <= 40
    assert set(codec.decode(batch, np.random.default_rng(0))["x"]) == set(range(100))


def test_working_days_follow_each_other_without_gaps_and_starts_are_context() -> None:
    codec = SeriesCodec().fit(long(), Run())
    assert not codec.spec.codes
    assert codec.spec.context is not None
    assert [real.name for real in codec.spec.context.reals] == ["when week", "when day of the week"]


def test_pauses_are_levels_of_the_gap() -> None:
    days = [date(2024, 1, 1) + timedelta(days=k + k // 4) for k in range(100)]  # every fifth is off
    data = table(
        {
            "who": pl.Series(["a"] * 100 + ["b"] * 100),
            "when": pl.Series(days * 2),
            "x": pl.Series(list(range(100)) * 2),
        },
        {"who": "entity", "when": "time"},
    )
    codec = SeriesCodec().fit(data, Run())
    assert [code.name for code in codec.spec.codes] == ["gap of when"]
    assert codec.spec.codes[0].size == 2


def test_the_paper_s_windows_have_neither_gaps_nor_context() -> None:
    rng = np.random.default_rng(0)
    data = table(
        {
            "window": pl.Series(np.repeat(np.arange(30), 24)),
            "step": pl.Series(np.tile(np.arange(24), 30)),
            "x": pl.Series(rng.normal(size=720).round(3)),
            "y": pl.Series(rng.normal(size=720).round(3)),
        },
        {"window": "entity", "step": "time"},
    )
    codec = SeriesCodec().fit(data, Run())
    assert codec.spec.sites == (24,)
    assert [real.name for real in codec.spec.reals] == ["x", "y"]
    assert (codec.spec.codes, codec.spec.context, codec.spec.ragged) == ((), None, False)
    back = codec.decode(codec.encode(data), np.random.default_rng(0))
    assert back.frame.drop("window").equals(data.frame.drop("window"))
    assert back["window"].to_list() == np.repeat(np.arange(30, 60), 24).tolist()


def test_without_an_entity_a_column_tells_windows_apart() -> None:
    data = long(entities=1)
    data = table({"when": data["when"], "x": data["x"]}, {"when": "time"})
    codec = SeriesCodec(20).fit(data, Run())
    back = codec.decode(
        codec.encode(data).rows(np.arange(3)),
        np.random.default_rng(0),
        surrogates=SurrogateStream(7),
    )
    assert back.schema.names == (SERIES, "when", "x")
    assert back[SERIES].to_list() == np.repeat([8, 9, 10], 20).tolist()


def test_rules_of_steps_and_of_series_hold_and_others_are_told() -> None:
    data = long(30, 8)
    x, who = data["x"], data["who"]
    sort = (who < "G").cast(pl.String)  # 6 series, and 2
    data = table(
        {
            "who": who,
            "when": data["when"],
            "x": x,
            "more": x + 5,
            "sort": sort,
            "land": sort == "true",
        },
        {"who": "entity", "when": "time"},
        (
            Rule("a<=b", ("x", "more")),
            Rule("a decides b", ("sort", "land")),
            Rule("a decides b", ("who", "sort")),
            Rule("a decides b", ("x", "sort")),
        ),
    )
    run = Run()
    codec = SeriesCodec().fit(data, run)
    assert [rule.columns for rule in codec.schema.rules] == [("x", "more"), ("sort", "land")]
    assert len([said for said in run.warnings if "from step to step" in said]) == 1
    batch = codec.encode(data)
    rng = np.random.default_rng(0)
    wild = batch.tick + rng.integers(-100, 100, batch.tick.shape)
    back = codec.decode(type(batch)(wild, batch.code, batch.mask, batch.context), rng)
    assert (back["x"] <= back["more"]).all()


def test_generated_times_go_forward_and_no_farther_than_real_ones() -> None:
    rng = np.random.default_rng(0)
    steps = np.cumsum(rng.integers(1, 60, (40, 6)), axis=1)
    data = table(
        {
            "who": pl.Series(np.repeat(np.arange(40), 6)),
            "when": pl.Series(steps.ravel()),
            "x": pl.Series(rng.normal(size=240).round(2)),
        },
        {"who": "entity", "when": "time"},
    )
    codec = SeriesCodec().fit(data, Run())
    batch = codec.encode(data)
    wild = batch.tick + rng.integers(-1000, 1000, batch.tick.shape)
    back = codec.decode(type(batch)(wild, batch.code, batch.mask, batch.context), rng)
    gaps = back["when"].diff().filter(back["who"].diff() == 0)
    assert gaps.min() >= 1
    assert gaps.max() <= 60  # rounded outward


def test_what_cannot_be_learned_is_refused() -> None:
    data = long(30, 8)
    missing = data.with_frame(
        data.frame.with_columns(pl.when(pl.col("x") > 3).then("when").alias("when"))
    )
    with pytest.raises(DataError, match="32 rows have no time"):
        SeriesCodec().fit(missing, Run())
    with pytest.raises(DataError, match="2 series are too few"):
        SeriesCodec().fit(long(30, 2), Run())
    regular = table(
        {"who": data["who"], "when": data["x"], "x": data["who"]}, {"who": "entity", "when": "time"}
    )
    with pytest.raises(DataError, match="nothing that can be learned changes"):
        SeriesCodec().fit(regular, Run())


def test_events_without_any_other_column_are_learned_by_their_gaps() -> None:
    data = long(30, 8)
    data = table({"who": data["who"], "when": data["when"]}, {"who": "entity", "when": "time"})
    codec = SeriesCodec().fit(data, Run())
    assert (
        codec.decode(codec.encode(data), np.random.default_rng(0))["when"].to_list()
        == data["when"].to_list()
    )


def test_a_hostile_state_is_refused() -> None:
    state = SeriesCodec().fit(long(), Run()).to_state()
    for change in ({"window": 0}, {"stride": 0}, {"mean_steps": 900.0}, {"entities": {}}):
        with pytest.raises(ValueError, match=r"fit together|not the schema's|belongs"):
            SeriesCodec.from_state({**state, **change})


@pytest.mark.parametrize("length", [[3, 10, 11], [1, 1], [25, 24, 23, 100]])
@pytest.mark.parametrize("stride", [1, 3, 10])
def test_windows_cover_every_step(length: list[int], stride: int) -> None:
    sizes = np.array(length)
    whole = cut.SeriesLayout(np.arange(sizes.sum()), np.cumsum(sizes) - sizes, sizes)
    windows = whole.windows(10, stride)
    index, used = windows.index(10)
    assert set(index[used].tolist()) == set(range(sizes.sum()))
    assert len(windows) == cut.window_counts(sizes, 10, stride).sum()
    assert (
        windows.length
        == np.minimum(sizes, 10)[
            np.repeat(np.arange(len(sizes)), cut.window_counts(sizes, 10, stride))
        ]
    ).all()
