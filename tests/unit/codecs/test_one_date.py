"""Columns that tell one date together, and orders in a ring."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest

import tidemill as tm
from tidemill.codecs.table import TableCodec
from tidemill.core.date_parts import part_keys
from tidemill.core.errors import DataError, SchemaError
from tidemill.core.lawful import obeys
from tidemill.core.schema import DATE_PARTS, Rule

FIRST = date(2019, 7, 1)


def hotel(n: int = 1500, seed: int = 0) -> pl.DataFrame:
    """Arrivals in five columns, more on weekends."""
    rng = np.random.default_rng(seed)
    offset = rng.integers(0, 800, n)
    offset = np.where(rng.random(n) < 0.3, offset // 7 * 7 + 5, offset)
    day = pl.Series([FIRST + timedelta(days=int(k)) for k in offset])
    return pl.DataFrame(
        {
            "arrival_year": day.dt.year(),
            "arrival_month": day.dt.strftime("%B"),
            "arrival_week": day.dt.week(),
            "arrival_day_of_month": day.dt.day(),
            "weekday": day.dt.strftime("%a"),
            "nights": rng.integers(1, 9, n),
        }
    )


def told(frame: pl.DataFrame) -> pl.Series:
    """The dates that new rows tell; missing where there is no such date."""
    text = pl.concat_str("arrival_year", "arrival_month", "arrival_day_of_month", separator=" ")
    return frame.select(text.str.to_date("%Y %B %d", strict=False)).to_series()


def test_parts_are_those_of_the_standard_library() -> None:
    days = [date(1999, 12, 25) + timedelta(days=k) for k in range(800)]
    number = np.array([(day - date(1970, 1, 1)).days for day in days])
    nothing = np.zeros(len(days), np.int64)
    for part, sign in {
        "year": "%Y",
        "month": "%m",
        "day": "%d",
        "week": "%V",
        "week from Monday": "%W",
        "week from Sunday": "%U",
        "day of the year": "%j",
    }.items():
        assert part in DATE_PARTS
        found = part_keys(part, number, nothing).tolist()  # type: ignore[arg-type]
        assert found == [int(day.strftime(sign)) for day in days], part
    assert part_keys("weekday", number, nothing).tolist() == [day.weekday() for day in days]
    weeks = part_keys("week with January 1", number, nothing)
    for day, week in zip(days, weeks.tolist(), strict=True):
        begins = date(day.year, 1, 1).isoweekday() % 7
        assert week == (day.timetuple().tm_yday - 1 + begins) // 7 + 1


@pytest.mark.parametrize("model", ["trees", "independent"])
def test_every_row_tells_a_date(model: str) -> None:
    rows = hotel()
    fitted = tm.fit(rows, model=model)
    [rule] = [rule for rule in fitted.schema.rules if rule.kind == "one date"]
    assert dict(zip(rule.columns, rule.parts, strict=True)) == {
        "arrival_year": "year",
        "arrival_month": "month",
        "arrival_day_of_month": "day",
        "arrival_week": "week",
        "weekday": "weekday",
    }
    made = fitted.sample(3000, seed=2)
    day = told(made)
    assert not day.null_count()
    assert (day.dt.week() == made["arrival_week"]).all()
    assert (day.dt.strftime("%a") == made["weekday"]).all()
    assert FIRST <= day.min() <= day.max() <= FIRST + timedelta(days=799)  # type: ignore[operator]
    assert obeys(rule, made, rows).all()
    real = (rows["weekday"] == "Sat").mean()
    assert abs(float((made["weekday"] == "Sat").mean()) - float(real)) < 0.05  # type: ignore[arg-type]


def test_what_is_asked_for_and_what_is_given_stays() -> None:
    fitted = tm.fit(hotel(), model="trees")
    made = fitted.sample(300, where=["arrival_month=February", "weekday=Sat"], seed=1)
    assert set(made["arrival_month"]) == {"February"}
    assert set(told(made).dt.strftime("%a")) == {"Sat"}
    given = pl.DataFrame({"arrival_month": ["February"] * 40, "arrival_day_of_month": [29] * 40})
    filled = fitted.infill(given)
    assert set(filled["arrival_day_of_month"]) == {29}
    assert set(told(filled)) == {date(2020, 2, 29)}


def test_a_model_that_another_begins_from_keeps_its_own_rules() -> None:
    begun = tm.fit(hotel(), model="vae", steps=3, no_rules=True)
    run = tm.Run(1, steps=3)
    gone_on = tm.fit(hotel(seed=1), model="vae", start=begun, run=run)
    assert not gone_on.schema.rules


def test_it_comes_back_from_a_file(tmp_path: Path) -> None:
    fitted = tm.fit(hotel(), model="independent")
    again = tm.Synthesizer.load(fitted.save(tmp_path / "m.tidemill"))
    assert again.sample(200, seed=4).equals(fitted.sample(200, seed=4))


def test_a_date_beside_its_parts() -> None:
    rng = np.random.default_rng(1)
    when = pl.Series([FIRST + timedelta(days=int(k)) for k in rng.integers(0, 700, 900)])
    rows = pl.DataFrame(
        {
            "sold": when,
            "quarter": "Q" + when.dt.quarter().cast(pl.String),
            "weekend": when.dt.weekday() > 5,
            "amount": rng.normal(50, 9, 900).round(2),
        }
    )
    fitted = tm.fit(rows, model="independent")
    assert [rule.parts for rule in fitted.schema.rules] == [("date", "quarter", "weekday")]
    made = fitted.sample(2000, seed=1)
    assert (made["quarter"] == "Q" + made["sold"].dt.quarter().cast(pl.String)).all()
    assert (made["weekend"] == (made["sold"].dt.weekday() > 5)).all()
    given = pl.DataFrame({"quarter": ["Q1", "Q4"] * 50, "weekend": [True, False] * 50})
    filled = fitted.infill(given)
    assert filled["quarter"].equals(given["quarter"])
    assert ("Q" + filled["sold"].dt.quarter().cast(pl.String)).equals(given["quarter"])
    assert (filled["sold"].dt.weekday() > 5).equals(given["weekend"])


def test_numbers_that_only_look_like_dates_are_none() -> None:
    rng = np.random.default_rng(3)
    rows = pl.DataFrame(
        {
            "year": rng.integers(2000, 2020, 400),
            "month": rng.integers(1, 13, 400),
            "day": rng.integers(1, 32, 400),  # February 30 is among them
            "floor": rng.integers(1, 8, 400),
        }
    )
    assert not tm.fit(rows, model="independent").schema.rules
    weekdays = rows.with_columns(day=pl.Series(rng.integers(1, 8, 400)))
    assert not tm.fit(weekdays, model="independent").schema.rules


def test_a_rule_is_declared_or_refused(tmp_path: Path) -> None:
    path = tmp_path / "rules.toml"
    names = '["arrival_year", "arrival_month", "arrival_day_of_month", "weekday"]'
    path.write_text(
        f'[[rules]]\nkind = "one date"\ncolumns = {names}\n'
        'parts = ["year", "month", "day", "weekday"]\n'
    )
    fitted = tm.fit(tm.read(hotel(), schema=path), model="independent")
    assert fitted.schema.rules[0].declared
    days = hotel()["weekday"].to_list()
    days[700] = "Mon" if days[700] != "Mon" else "Sun"
    wrong = hotel().with_columns(weekday=pl.Series(days))
    with pytest.raises(DataError, match=r"row 701: the rule that .* tell one date is broken"):
        tm.fit(tm.read(wrong, schema=path), model="independent")
    with pytest.raises(SchemaError, match="has no parts"):
        Rule("one date", ("a", "b"), parts=("month", "year"))


def test_orders_in_a_ring_are_kept_and_what_is_mostly_equal_stays_equal() -> None:
    rng = np.random.default_rng(0)
    n = 3000
    booked = rng.integers(0, 700, n)
    arrives = booked + rng.exponential(30, n).astype(int)
    leaves = arrives + rng.integers(1, 9, n)
    cancelled = rng.random(n) < 0.2
    status = np.where(
        cancelled, booked + (rng.random(n) * (arrives - booked + 1)).astype(int), leaves
    )
    rows = pl.DataFrame(
        {
            name: [FIRST + timedelta(days=int(k)) for k in days]
            for name, days in {
                "booked": booked,
                "arrives": arrives,
                "leaves": leaves,
                "status_date": status,
            }.items()
        }
    ).with_columns(status=pl.Series(np.where(cancelled, "cancelled", "out")))
    fitted = tm.fit(rows)
    orders = {rule.columns for rule in fitted.schema.rules if rule.kind == "a<=b"}
    assert ("arrives", "leaves") in orders  # they never come nearer than one night
    made = fitted.sample(4000, seed=1)
    for low, high in (
        ("booked", "arrives"),
        ("arrives", "leaves"),
        ("booked", "status_date"),
        ("status_date", "leaves"),
    ):
        assert (made[low] <= made[high]).all(), (low, high)
    for some in (["booked"], ["status_date"], ["booked", "arrives"], ["arrives", "leaves"]):
        filled = fitted.infill(rows.head(200).select(some))
        assert filled.select(some).equals(rows.head(200).select(some))
        assert (filled["booked"] <= filled["status_date"]).all(), some
        assert (filled["status_date"] <= filled["leaves"]).all(), some
    out = made.filter(pl.col("status") == "out")
    assert (out["status_date"] == out["leaves"]).mean() > 0.98  # type: ignore[operator]


def test_given_rows_that_break_a_ring_are_told_and_filled() -> None:
    rng = np.random.default_rng(2)
    rows = pl.DataFrame(
        {
            "booked": (booked := rng.integers(0, 300, 800)),
            "arrives": (arrives := booked + rng.integers(0, 60, 800)),
            "leaves": (leaves := arrives + rng.integers(1, 9, 800)),
            "changed": booked + (rng.random(800) * (leaves - booked + 1)).astype(int),
        }
    ).select(
        (pl.col(name).cast(pl.Int32) + 18_000).cast(pl.Date)
        for name in ("booked", "arrives", "leaves", "changed")
    )
    fitted = tm.fit(rows)
    assert len([rule for rule in fitted.schema.rules if rule.kind == "a<=b"]) == 4
    wrong = rows.head(30).with_columns(arrives=date(2010, 1, 1))
    run = tm.Run(1)
    filled = fitted.infill(wrong.select("booked", "arrives", "leaves"), run=run)
    assert (filled["changed"] >= wrong["booked"]).all()
    assert (filled["changed"] <= wrong["leaves"]).all()
    assert any("'booked' above 'arrives'" in warning for warning in run.warnings)
    codec = TableCodec().fit(tm.Dataset(rows, fitted.schema), tm.Run())
    broken = rows.with_columns(
        pl.when(pl.int_range(pl.len()) == 4)
        .then(date(2010, 1, 1))
        .otherwise("arrives")
        .alias("arrives")
    )
    with pytest.raises(DataError, match=r"row 5: the rule 'booked ≤ arrives' is broken"):
        codec.encode(tm.Dataset(broken, fitted.schema))
