"""Dates keep the rhythm of the column, in its own zone, between the first and the last."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable

import numpy as np
import polars as pl
import pytest

import tidemill as tm
from tidemill.codecs.columns.calendars import Calendar, calendar_of
from tidemill.codecs.columns.datetime import DatetimeCodec
from tidemill.codecs.table import TableCodec
from tidemill.core.condition import Test
from tidemill.core.dataset import Dataset
from tidemill.core.run import Run
from tidemill.core.schema import Column, Rule, Schema

DAY = dt.timedelta(days=1)
MONTHS = [(2020 + k // 12, k % 12 + 1) for k in range(36)]
FIRSTS = [dt.date(year, month, 1) for year, month in MONTHS]
LASTS = [dt.date(year + month // 12, month % 12 + 1, 1) - DAY for year, month in MONTHS]
DAYS = [dt.date(2022, 1, 3) + k * DAY for k in range(500)]


def before(day: dt.date) -> dt.date:
    """The working day before a weekend."""
    return day - max(day.weekday() - 4, 0) * DAY


def after(day: dt.date) -> dt.date:
    return day + (7 - day.weekday() if day.weekday() > 4 else 0) * DAY


def monday_of(first: dt.date) -> dt.date:
    return first + (-first.weekday() % 7) * DAY


RHYTHMS: dict[str, list[dt.date]] = {
    "first of the month": FIRSTS,
    "end of the month": LASTS,
    "15th": [day.replace(day=15) for day in FIRSTS],
    "1st and 15th": [day.replace(day=k) for day in FIRSTS for k in (1, 15)],
    "15th and end": sorted([day.replace(day=15) for day in FIRSTS] + LASTS),
    "30th or end": [min(first + 29 * DAY, last) for first, last in zip(FIRSTS, LASTS, strict=True)],
    "quarter": FIRSTS[::3],
    "end of the quarter": LASTS[2::3],
    "every other month": FIRSTS[1::2],
    "year": [dt.date(year, 1, 1) for year in range(1990, 2020)],
    "end of the fiscal year": [dt.date(year, 3, 31) for year in range(1990, 2020)],
    "Mondays": DAYS[::7],
    "every other Friday": DAYS[4::14],
    "working days": [day for day in DAYS if day.weekday() < 5],
    "weekends": [day for day in DAYS if day.weekday() > 4],
    "Tuesdays and Thursdays": [day for day in DAYS if day.weekday() in (1, 3)],
    "25th or the working day before": [before(day.replace(day=25)) for day in FIRSTS],
    "15th or the working day after": [after(day.replace(day=15)) for day in FIRSTS],
    "last working day": [before(day) for day in LASTS],
    "first working day": [after(day) for day in FIRSTS],
    "first Monday": [monday_of(day) for day in FIRSTS],
    "first and third Monday": sorted(
        [monday_of(day) for day in FIRSTS] + [monday_of(day) + 14 * DAY for day in FIRSTS]
    ),
    "last Friday": [day - (day.weekday() - 4) % 7 * DAY for day in LASTS],
    "three days of the year": [
        dt.date(year, month, day)
        for year in range(2010, 2022)
        for month, day in ((1, 6), (7, 4), (12, 24))
    ],
    "summers": [dt.date(year, 6, 1) + k * DAY for year in range(2018, 2024) for k in range(92)],
}


def since_1970(days: list[dt.date]) -> np.ndarray:
    return np.array(days, "datetime64[D]").astype(np.int64)


@pytest.mark.parametrize("name", RHYTHMS)
def test_a_calendar_holds_its_days_and_counts_them(name: str) -> None:
    days = since_1970(RHYTHMS[name])
    calendar = calendar_of(days)
    assert not calendar.daily
    number = calendar.numbers(days)
    assert (calendar.dates(number) == days).all()
    wide = np.arange(number.min() - 50, number.max() + 50)
    assert (calendar.numbers(calendar.dates(wide)) == wide).all()
    assert (np.diff(calendar.dates(wide)) > 0).all()
    every = np.arange(days.min(), days.max() + 1)
    assert (calendar.dates(calendar.numbers(every)) <= every).all()
    assert calendar.holds(every).sum() <= 1.3 * len(np.unique(days))
    assert Calendar.from_state(json.loads(json.dumps(calendar.to_state()))) == calendar


def test_days_without_a_rhythm_are_all_days() -> None:
    rng = np.random.default_rng(0)
    for n in (5, 30, 300, 3000):
        assert calendar_of(rng.integers(18_000, 19_500, n)).daily
    most = since_1970([*FIRSTS, dt.date(2021, 5, 17)])
    assert calendar_of(most).daily


@pytest.mark.parametrize("model", ["independent", "trees"])
@pytest.mark.parametrize("name", ["first of the month", "15th and end", "working days"])
def test_generated_dates_keep_the_rhythm(name: str, model: str) -> None:
    rng = np.random.default_rng(3)
    days = [RHYTHMS[name][k] for k in rng.integers(0, len(RHYTHMS[name]), 300)]
    frame = pl.DataFrame({"day": days, "x": rng.normal(size=300).round(2)})
    options = {"effort": "plain"} if model == "trees" else {}
    new = tm.fit(frame, seed=1, model=model, options=options).sample(600, seed=2)["day"]
    assert set(new.to_list()) <= set(RHYTHMS[name])
    assert_near_ends(new, pl.Series(days))
    assert new.n_unique() > 30


def drawn(codec: DatetimeCodec, column: Column, values: pl.Series, n: int = 4000) -> pl.Series:
    """Values whose parts are drawn apart, as the model `independent` does."""
    frame = pl.DataFrame({column.name: values})
    table = TableCodec().fit(Dataset(frame, Schema((column,))), Run())
    batch = table.encode(Dataset(frame, Schema((column,))))
    rng = np.random.default_rng(0)
    tick = np.stack([rng.choice(batch.tick[:, r], n) for r in range(batch.tick.shape[1])], axis=1)
    return table.decode(type(batch)(tick, batch.code[rng.integers(0, len(values), n)]), rng)[
        column.name
    ]


@pytest.mark.parametrize("name", RHYTHMS)
def test_parts_drawn_apart_make_days_of_the_rhythm(name: str) -> None:
    days = RHYTHMS[name]
    new = drawn(DatetimeCodec(), Column("day", "datetime"), pl.Series(days * 3))
    calendar = calendar_of(since_1970(days))
    assert calendar.holds(since_1970(new.to_list())).all()
    assert_near_ends(new, pl.Series(days))


def assert_near_ends(new: pl.Series, real: pl.Series) -> None:
    """Ends are rounded outward, by less than a month here."""
    assert real.min() - new.min() < 31 * DAY
    assert new.max() - real.max() < 31 * DAY


def test_no_day_before_the_first_or_behind_the_last() -> None:
    rng = np.random.default_rng(0)
    values = pl.Series([dt.date(2022, 1, 5) + int(k) * DAY for k in rng.integers(0, 400, 600)])
    new = drawn(DatetimeCodec(), Column("day", "datetime"), values)
    assert_near_ends(new, values)


OPENING: dict[str, Callable[[dt.datetime], bool]] = {
    "Europe/Berlin": lambda at: 9 <= at.hour < 17,
    "America/New_York": lambda at: 9 <= at.hour < 17,
    "Asia/Shanghai": lambda at: 9 <= at.hour < 17,
    "Australia/Lord_Howe": lambda at: 9 <= at.hour < 17,
}


@pytest.mark.parametrize("zone", OPENING)
def test_opening_hours_are_those_of_the_wall_clock(zone: str) -> None:
    rng = np.random.default_rng(1)
    local = [
        dt.datetime(2022, 1, 3, 9) + int(d) * DAY + dt.timedelta(minutes=15 * int(q))
        for d, q in zip(rng.integers(0, 700, 900), rng.integers(0, 32, 900), strict=True)
        if (dt.datetime(2022, 1, 3) + int(d) * DAY).weekday() < 5
    ]
    values = pl.Series(local).dt.replace_time_zone(zone)
    column = Column("at", "datetime")
    codec = DatetimeCodec().fit(column, values, Run())
    assert codec.decode(codec.encode(values), rng).equals(values)
    new = drawn(codec, column, values)
    assert all(OPENING[zone](at) and at.minute % 15 == 0 and at.weekday() < 5 for at in new)
    assert_near_ends(new, values)


def test_local_midnights_stay_midnights() -> None:
    values = pl.Series([dt.datetime(2022, 1, 1) + k * DAY for k in range(700)])
    zoned = values.dt.replace_time_zone("Europe/Berlin")
    new = drawn(DatetimeCodec(), Column("at", "datetime"), zoned)
    assert set(new.dt.hour()) == {0}


def test_an_hour_that_comes_twice_is_kept() -> None:
    hours = pl.datetime_range(
        dt.datetime(2023, 10, 28, tzinfo=dt.UTC),
        dt.datetime(2023, 10, 31, tzinfo=dt.UTC),
        "30m",
        eager=True,
    ).dt.convert_time_zone("Europe/Berlin")
    codec = DatetimeCodec().fit(Column("at", "datetime"), hours, Run())
    assert codec.decode(codec.encode(hours), np.random.default_rng(0)).equals(hours)


def test_no_time_is_made_that_clocks_skip() -> None:
    nights = [dt.datetime(2022, 1, 1, 2, 30) + k * DAY for k in range(700)]
    there = [at for at in nights if at.date() not in (dt.date(2022, 3, 27), dt.date(2023, 3, 26))]
    values = pl.Series(there).dt.replace_time_zone("Europe/Berlin", ambiguous="earliest")
    new = drawn(DatetimeCodec(), Column("at", "datetime"), values)
    assert not new.null_count()
    assert (new.dt.hour() == 2).mean() > 0.98


@pytest.mark.parametrize(
    ("operator", "value"),
    [
        (">=", dt.date(2021, 3, 1)),
        (">", dt.date(2021, 3, 1)),
        ("<=", dt.date(2021, 2, 20)),
        ("<", dt.date(2021, 3, 1)),
        ("=", dt.date(2021, 3, 1)),
        (">=", dt.datetime(2021, 3, 1, 12)),
    ],
)
def test_conditions_mean_the_same_in_a_rhythm(operator: str, value: dt.date) -> None:
    values = pl.Series(FIRSTS * 2)
    column = Column("day", "datetime")
    codec = DatetimeCodec().fit(column, values, Run())
    numbers = codec.allowed(column, [Test("day", operator, value)]).numbers
    assert numbers is not None
    ticks = codec.encode(values).tick[:, 0]
    passing = np.logical_or.reduce([(ticks >= low) & (ticks <= high) for low, high in numbers])
    compare = {
        ">=": values >= value,
        ">": values > value,
        "<=": values <= value,
        "<": values < value,
        "=": values == value,
    }
    assert passing.tolist() == compare[operator].to_list()


def test_conditions_hold_in_the_first_and_the_last_week() -> None:
    rng = np.random.default_rng(0)
    values = pl.Series([dt.date(2022, 1, 5) + int(k) * DAY for k in rng.integers(0, 100, 400)])
    frame = pl.DataFrame({"day": values, "x": rng.integers(0, 4, 400)})
    model = tm.fit(frame, seed=1, model="independent")
    first, last = values.min(), values.max()
    for test, low, high in (
        (f"day<={first + 2 * DAY}", first, first + 2 * DAY),
        (f"day>={last - 2 * DAY}", last - 2 * DAY, last),
    ):
        new = model.sample(50, where=test, seed=2)["day"]
        assert low <= new.min()
        assert new.max() <= high


def test_columns_that_a_rule_compares_have_one_calendar() -> None:
    rng = np.random.default_rng(0)
    working = [day for day in DAYS if day.weekday() < 5]
    start = rng.integers(0, 300, 400)
    frame = pl.DataFrame(
        {
            "ordered": [working[k] for k in start],
            "paid": [working[k] for k in start + rng.integers(0, 20, 400)],
            "seen": [DAYS[k] for k in rng.integers(0, 490, 400)],
        }
    )
    columns = tuple(Column(name, "datetime") for name in frame.columns)
    rule = Rule("a<=b", ("ordered", "paid"))
    codec = TableCodec().fit(Dataset(frame, Schema(columns, (rule,))), Run())
    assert not codec.refused
    batch = codec.encode(Dataset(frame, Schema(columns, (rule,))))
    tick = np.stack([rng.permutation(one) for one in batch.tick.T], axis=1)
    new = codec.decode(type(batch)(tick, batch.code), rng).frame
    assert (new["ordered"] <= new["paid"]).all()
    assert new["ordered"].dt.weekday().max() <= 5
    assert new["paid"].dt.weekday().max() <= 5
    other = Rule("a<=b", ("ordered", "seen"))
    kept = frame.filter(pl.col("ordered") <= pl.col("seen"))
    again = TableCodec().fit(Dataset(kept, Schema(columns, (other,))), Run())
    assert not again.refused
