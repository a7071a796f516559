"""Rows that follow each other in time: their times, what each has of the one before it, and what
all of them come to."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import tidemill as tm
from tidemill.core.errors import ArtifactError, DataError
from tidemill.relational.following import Following, MadeFor
from tidemill.relational.timing import Timing, is_dated, timing_of

BY = tm.Link("visits", ("guest",), "guests", ("id",))
GUESTS = 200


def guests(frame: pl.DataFrame, guests: int = GUESTS) -> tm.Database:
    """Guests and their visits."""
    rng = np.random.default_rng(1)
    above = pl.DataFrame(
        {"id": np.arange(guests) + 1, "town": rng.choice(["Rome", "Oslo", "Bonn"], guests)}
    )
    tables = {"guests": above, "visits": frame}
    read = {name: replace(tm.read(rows), name=name) for name, rows in tables.items()}
    keys = {
        "guests": tm.TableKey("guests", ("id",)),
        "visits": tm.TableKey("visits", ("visit",)),
    }
    return tm.Database(read, keys, (BY,))


def visits(seed: int = 0, *, working: bool = False) -> pl.DataFrame:
    """The first visit of a guest is to the desk, then the sauna and the pool take turns; some
    guests come often, others rarely, and nobody after 2022."""
    rng = np.random.default_rng(seed)
    rows, end = [], np.datetime64("2022-12-31")
    for guest in range(GUESTS):
        pace = rng.choice([2, 10])
        day = np.datetime64("2021-01-04") + int(rng.integers(0, 300))
        pool = rng.random() < 0.5
        for at in range(int(rng.integers(4, 25))):
            if working:
                day = np.busday_offset(day, 0, roll="forward")
            if day > end:
                break
            what = "desk" if at == 0 else ("pool" if pool == (at % 2) else "sauna")
            rows.append((guest + 1, day, what, round(float(rng.gamma(3, 5)), 2)))
            day += int(rng.integers(1, 2 * pace))
    names = ["guest", "day", "what", "paid"]
    frame = pl.DataFrame(rows, schema=names, orient="row")
    return frame.with_columns(
        day=pl.Series(np.array([row[1] for row in rows])), visit=pl.int_range(1, pl.len() + 1)
    )


@pytest.fixture(scope="module")
def model() -> tm.DatabaseModel:
    return tm.fit_database(guests(visits()))


@pytest.fixture(scope="module")
def made(model: tm.DatabaseModel) -> pl.DataFrame:
    return tm.sample_database(model, seed=3)["visits"].frame


def turns(frame: pl.DataFrame) -> float:
    """How often a visit is to the other of two places than the one before."""
    rows = frame.sort("guest", "day", "visit").filter(pl.col("what") != "desk")
    before = pl.col("what").shift().over("guest")
    return float(rows.select((pl.col("what") != before).mean()).item())


def test_visits_take_turns_as_the_real_ones_do(made: pl.DataFrame) -> None:
    assert turns(visits()) == 1.0
    assert turns(made) > 0.9


def test_the_first_row_is_as_first_rows_are(made: pl.DataFrame) -> None:
    ordered = made.sort("guest", "day", "visit").group_by("guest", maintain_order=True)
    told = ordered.agg(pl.col("what").first(), (pl.col("what") == "desk").sum().alias("desks"))
    assert (told["what"] == "desk").mean() > 0.97
    assert (told["desks"] == 1).mean() > 0.95


def test_who_comes_often_goes_on_so(made: pl.DataFrame) -> None:
    """The steps between visits are of one of two sorts in a guest, as the real ones are."""

    def spread(frame: pl.DataFrame) -> float:
        steps = frame.sort("guest", "day").select(
            "guest", step=pl.col("day").diff().over("guest").dt.total_days()
        )
        return float(steps.group_by("guest").agg(pl.col("step").mean())["step"].std())

    assert spread(made) == pytest.approx(spread(visits()), rel=0.15)


def test_no_time_is_later_than_the_last(made: pl.DataFrame) -> None:
    real = visits()
    assert made["day"].dtype == real["day"].dtype
    # the days of fewer than five guests are rounded outwards, to the month
    assert made["day"].max() <= pl.Series([real["day"].max()]).dt.month_end().item()
    assert made["day"].min() >= pl.Series([real["day"].min()]).dt.month_start().item()


def test_working_days_stay_working_days() -> None:
    base = guests(visits(working=True))
    made = tm.sample_database(tm.fit_database(base), seed=1)["visits"].frame
    assert base["visits"].frame["day"].dt.weekday().max() == 5
    assert made["day"].dt.weekday().max() == 5


def test_no_two_visits_of_a_guest_are_on_one_day(made: pl.DataFrame) -> None:
    assert not visits().select("guest", "day").is_duplicated().any()
    assert not made.select("guest", "day").is_duplicated().any()


def test_a_column_that_is_called_as_what_rows_are_told_is_refused() -> None:
    base = guests(visits())
    above = base["guests"].frame.with_columns(pl.col("id").alias("rows still to come") * 2 % 7)
    tables = {**base.tables, "guests": replace(tm.read(above), name="guests")}
    with pytest.raises(DataError, match="called 'rows still to come'"):
        tm.fit_database(replace(base, tables=tables))


def test_a_stored_model_makes_the_same(model: tm.DatabaseModel, tmp_path: Path) -> None:
    assert model.models["visits"].following is not None
    model.save(tmp_path / "model.tidemill")
    again = tm.DatabaseModel.load(tmp_path / "model.tidemill")
    one, two = (tm.sample_database(each, seed=5) for each in (model, again))
    assert one["visits"].frame.equals(two["visits"].frame)
    own = again.models["visits"].following
    assert own is not None
    schema = model.models["visits"].codec.schema
    state = own.to_state()
    assert Following.from_state(state, schema).columns == own.columns
    with pytest.raises(ValueError, match="is not there"):
        Following.from_state({**state, "columns": ["nobody"]}, schema)


def test_a_model_without_what_its_times_begin_with_is_refused(
    model: tm.DatabaseModel, tmp_path: Path
) -> None:
    following = model.models["visits"].following
    assert following is not None
    bent = replace(following, timing=replace(following.timing, label="no such rows"))
    table = model.models["visits"]
    table.following = bent
    try:
        model.save(tmp_path / "bent.tidemill")
    finally:
        table.following = following
    with pytest.raises(ArtifactError):
        tm.DatabaseModel.load(tmp_path / "bent.tidemill")


def test_rows_that_are_made_for_nothing_have_times_of_others() -> None:
    frame = visits().with_columns(
        guest=pl.when(pl.col("visit") % 9 == 0).then(None).otherwise(pl.col("guest"))
    )
    made = tm.sample_database(tm.fit_database(guests(frame)), seed=2)["visits"].frame
    loose = made.filter(pl.col("guest").is_null())
    assert len(loose) / len(made) == pytest.approx(1 / 9, abs=0.02)
    assert loose["day"].is_in(made.filter(pl.col("guest").is_not_null())["day"].implode()).all()


def test_times_that_others_tell_stay_with_these() -> None:
    """The number of the week goes with its day still."""
    frame = visits().with_columns(
        week=((pl.col("day") - pl.date(2021, 1, 1)).dt.total_days() // 7).cast(pl.Int64)
    )
    base = guests(frame)
    assert is_dated(base["visits"], "day")
    model = tm.fit_database(base)
    assert model.models["visits"].following is None
    made = tm.sample_database(model, seed=1)["visits"].frame
    off = (made["day"] - pl.Series([frame["day"].min()])).dt.total_days() / 7 - made["week"]
    assert (off - off.median()).abs().quantile(0.9) < 2


def test_a_day_that_follows_another_stays_behind_it() -> None:
    frame = visits()
    rng = np.random.default_rng(5)
    paid = frame["day"] + pl.Series(rng.integers(0, 30, len(frame))).cast(pl.Duration("us")) * (
        86_400_000_000
    )
    base = guests(frame.with_columns(settled=paid))
    made = tm.sample_database(tm.fit_database(base), seed=1)["visits"].frame
    assert (made["settled"] >= made["day"]).all()


def test_what_a_row_is_told_does_not_depend_on_how_rows_stand() -> None:
    """Of two visits on one day the earlier one comes first, however the file has them."""
    rng = np.random.default_rng(3)
    at = np.repeat(np.arange(40), 12)
    hours = np.concatenate([np.sort(rng.choice(60 * 24, 12, replace=False)) for _ in range(40)])
    when = pl.Series("when", hours * 3_600_000_000).cast(pl.Datetime("us"))
    frame = pl.DataFrame({"when": when, "n": np.tile(np.arange(12), 40)})
    told = []
    for order in (np.arange(len(at)), rng.permutation(len(at))):
        data, own = tm.read(frame[order]), at[order]
        found = timing_of(data, "when", own, "rows", own, tm.Run(0))
        assert found is not None
        assert found.has_clock
        times = data.frame["when"]
        rows = tm.read(pl.DataFrame([*found.of_rows(times, own), data.frame["n"]]))
        following = Following(found, (found.gap, "n"))
        above = tm.read(pl.DataFrame({"town": rng.choice(["Rome", "Oslo"], 40)}))
        ends = found.begun(pl.DataFrame(found.of_groups(times, own, 40)), rng)
        known = MadeFor(above, (), {}, ends)
        said = following.told(rows, times, own, known).frame.drop("town")
        told.append(said.hstack([pl.Series("row", order)]).sort("row"))
    assert told[0].equals(told[1])
    assert (
        told[0]
        .filter(pl.col("row") % 12 > 0)
        .select((pl.col("row before: n") == pl.col("row") % 12 - 1).all())
        .item()
    )


def test_times_before_1970_hold_their_pace() -> None:
    ends = np.array([[-9000, -8000], [-9000, -8990], [-9000, -8990]])
    found = Timing.paced(ends, np.array([10.0, 30.0, 90.0]), np.array([20, 20, 20]))
    assert found.tolist() == [[-9000, -8800], [-9000, -8400], [-9000, -8000]]
    base = guests(visits().with_columns(pl.col("day").dt.offset_by("-70y")))
    made = tm.sample_database(tm.fit_database(base), seed=1)["visits"].frame
    assert made["day"].max() <= pl.Series([base["visits"].frame["day"].max()]).dt.month_end().item()


def test_a_number_that_is_reckoned_does_not_hold_the_times() -> None:
    """The first visits of all are in one week, so that the number of a visit tells its day."""
    rng = np.random.default_rng(0)
    at = np.repeat(np.arange(60), 10)
    day = np.sort(np.arange(10) * 30 + rng.integers(0, 45, (60, 10)), axis=1).ravel()
    frame = pl.DataFrame(
        {
            "guest": at + 1,
            "day": np.datetime64("2021-01-04") + day,
            "number": np.tile(np.arange(10) + 1, 60),
            "visit": np.arange(600) + 1,
        }
    )
    model = tm.fit_database(guests(frame, 60))
    assert [rule.column for rule in model.links[BY].running] == ["number"]
    assert model.models["visits"].following is not None


@pytest.mark.parametrize("model", ["trees", "independent"])
def test_long_groups_are_drawn_in_their_order(model: str) -> None:
    rng = np.random.default_rng(0)
    at = np.repeat(np.arange(30), 250)
    day = np.concatenate([np.cumsum(rng.integers(0, 3, 250)) for _ in range(30)])
    frame = pl.DataFrame(
        {"guest": at + 1, "day": np.datetime64("2021-01-04") + day, "visit": np.arange(len(at)) + 1}
    )
    made = tm.sample_database(tm.fit_database(guests(frame, 30), model=model))["visits"].frame
    assert (made.group_by("guest").len()["len"] == 250).all()
    steps = made.select(pl.col("day").diff().over("guest").dt.total_days()).to_series().drop_nulls()
    assert steps.min() == 0
    assert steps.mean() == pytest.approx(1, abs=0.05)
    assert (steps <= 3).mean() > 0.95


@settings(deadline=None, max_examples=40)
@given(
    st.integers(0, 2**32 - 1),
    st.sampled_from([1, 60, 3_600, 86_400]),
    st.sampled_from([None, "Europe/Rome"]),
    st.booleans(),
)
def test_real_times_come_back(seed: int, step: int, zone: str | None, is_clocked: bool) -> None:
    """Times as steps since the row before, and their ends, are those times again."""
    rng = np.random.default_rng(seed)
    at = np.sort(rng.integers(0, 30, 300))
    seconds = rng.integers(0, 10 ** int(rng.integers(5, 10)), 300) // step * step
    moments = pl.Series("when", seconds * 1_000_000).cast(pl.Datetime("us"))
    if zone is not None:
        moments = moments.dt.replace_time_zone("UTC").dt.convert_time_zone(zone)
    moments = moments.gather(np.lexsort((seconds, at)))
    data = tm.read(pl.DataFrame({"when": moments, "n": np.arange(len(at)) % 7}))
    found = timing_of(data, "when", at, "rows", np.arange(len(at)), tm.Run(0))
    assume(found is not None)
    assert found is not None
    timing = Timing(found.column, found.label, found.codec, is_clocked, 0)
    rows = pl.DataFrame(timing.of_rows(moments, at))
    above = pl.DataFrame(timing.of_groups(moments, at, 31))
    back = timing.times(rows, at, timing.begun(above, rng), rng)
    assert back.dtype == moments.dtype
    assert back.to_list() == moments.to_list()
