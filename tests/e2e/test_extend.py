"""What may come next, through the public functions and the command line."""

from __future__ import annotations

import json
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest

import tidemill as tm
from tests.conformance.tables import business
from tests.e2e.conftest import Tidemill
from tests.unit.markets.market import garch_returns, price_lines
from tidemill.core.errors import DataError, OptionError
from tidemill.core.run import Event, Run
from tidemill.synthesis.synthesizer import Synthesizer


def market(days: int = 800, assets: int = 3) -> pl.DataFrame:
    returns, _ = garch_returns(days, assets, np.random.default_rng(0))
    return price_lines(returns).with_columns(pl.col("price").round(2))


def of_market(model: str = "fhs", run: Run | None = None) -> Synthesizer:
    data = tm.read(market(), entity="asset", time="time")
    return tm.fit(data, model=model, run=run)


def machines(lines: int = 60, seed: int = 0) -> pl.DataFrame:
    """Readings every two hours: a state that mostly stays, and a temperature that follows it."""
    rng, rows = np.random.default_rng(seed), []
    for who in range(lines):
        hot, at, heat = bool(who % 2), date(2024, 1, 1), 20.0
        for step in range(30):
            hot = hot if rng.random() < 0.9 else not hot
            heat += 0.5 * ((80.0 if hot else 20.0) - heat) + rng.normal()
            day = at + timedelta(days=step)
            rows.append(
                (
                    f"M{who:03d}",
                    day,
                    ["north", "south"][who % 2],
                    "hot" if hot else "cold",
                    round(heat, 1),
                )
            )
    names = ["machine", "day", "site", "state", "heat"]
    return pl.DataFrame(rows, schema=names, orient="row")


def test_futures_go_on_from_the_last_day_and_all_entities_together() -> None:
    model = of_market()
    past = market()
    found = model.extend(past, steps=4, paths=300, seed=1)
    assert found.columns == ["asset", "time", "price", "path"]
    assert len(found) == 3 * 4 * 300
    last = past["time"].max()
    times = found["time"].unique().sort().to_list()
    assert len(times) == 4
    assert all(day.weekday() < 5 and day > last for day in times)
    ends = past.sort("time").group_by("asset").last()
    moves = found.filter(pl.col("time") == times[0]).join(ends, on="asset", suffix=" last")
    moves = moves.with_columns(move=(pl.col("price") / pl.col("price last")).log())
    assert moves["move"].abs().max() < 0.2
    wide = moves.pivot(on="asset", index="path", values="move").drop("path").to_numpy()
    assert np.corrcoef(wide.T)[0, 1] > 0.15  # on the same day the same shock
    assert found.equals(model.extend(past, steps=4, paths=300, seed=1))
    assert not found.equals(model.extend(past, steps=4, paths=300, seed=2))


def test_what_a_model_of_a_calendar_keeps_is_told() -> None:
    said: list[Event] = []
    of_market(run=Run(listener=said.append))
    texts = [event.text for event in said]
    assert any("the model holds every number" in text for text in texts)
    assert not any("5 rows share" in text for text in texts)


def test_rows_in_any_order_give_the_same_futures() -> None:
    model, past = of_market(), market()
    shuffled = past.sample(fraction=1, shuffle=True, seed=3)
    one = model.extend(past, 2, 20).sort("asset", "path", "time")
    other = model.extend(shuffled, 2, 20).sort("asset", "path", "time")
    assert one.equals(other)


def test_bands_hold_what_comes() -> None:
    """Of days that the model did not learn, 90 % lie within its bands."""
    returns, _ = garch_returns(1300, 4, np.random.default_rng(9))
    lines = price_lines(returns)
    days = lines["time"].unique().sort()
    train = lines.filter(pl.col("time") < days[1000])
    model = tm.fit(tm.read(train, entity="asset", time="time"), model="fhs")
    inside = []
    for at in range(1000, 1290, 10):
        past = lines.filter(pl.col("time") <= days[at])
        made = model.extend(past, 5, 200, seed=at)
        came = lines.filter(pl.col("time") > days[at]).group_by("asset").head(5)
        bands = made.group_by("asset", "time").agg(
            low=pl.col("price").quantile(0.05), high=pl.col("price").quantile(0.95)
        )
        both = came.join(bands, on=["asset", "time"])
        assert len(both) == 20
        inside += both.select(pl.col("price").is_between("low", "high"))["price"].to_list()
    assert np.mean(inside) == pytest.approx(0.9, abs=0.05)


def test_entities_in_another_order_are_compared_with_themselves() -> None:
    levels = pl.DataFrame({"asset": ["A0", "A1", "A2"], "times": [1.0, 50.0, 3000.0]})
    lines = market().join(levels, on="asset").with_columns(pl.col("price") * pl.col("times"))
    lines = lines.drop("times")
    model = tm.fit(tm.read(lines, entity="asset", time="time"), model="fhs")
    one = model.extension(lines, 5, 50, run=Run())
    turned = model.extension(
        lines.sort("asset", "time", descending=[True, False]), 5, 50, run=Run()
    )
    assert turned.columns == one.columns
    assert turned.data.frame["asset"].unique(maintain_order=True).to_list() == ["A2", "A1", "A0"]
    assert one.columns[0].high < 0.5


def test_a_day_that_one_entity_lacks_moves_no_other_day() -> None:
    model, past, run = of_market(), market(), Run()
    days = past["time"].unique().sort()
    holey = past.filter(~((pl.col("asset") == "A1") & pl.col("time").is_in([days[-1], days[-8]])))
    whole = past.filter(~pl.col("time").is_in([days[-1], days[-8]]))
    found = model.extension(holey, 5, 50, run=run)
    assert found.columns == model.extension(whole, 5, 50, run=Run()).columns
    assert any("2 times at which not every entity has a row" in one for one in run.warnings)
    assert found.data.frame["time"].min() == days[-1]


def test_how_many_bands_held_is_told() -> None:
    model = of_market()
    told = model.extension(market(), 5, 50, run=Run())
    [price] = told.columns
    assert price.relative
    assert price.low < price.middle < price.high
    assert (price.times, price.known) == (5, 75)
    assert 0.75 <= price.inside / price.known <= 1


@pytest.mark.parametrize(
    ("model", "own"), [("autoregressive", {}), ("flow", {"sampling_steps": 3}), ("gan", {})]
)
def test_networks_go_on_from_windows(model: str, own: dict[str, int]) -> None:
    table = machines(20)
    data = tm.read(table, entity="machine", time="day")
    options = {"cores": 1, "width": 16, **own}
    learned = tm.fit(data, model=model, options=options, steps=20, window=16)
    found = learned.extend(table, steps=8, paths=3, seed=1)
    assert found.columns == [*table.columns, "path"]
    assert len(found) == 20 * 8 * 3
    first = table.group_by("machine", maintain_order=True).first()
    sites = found.group_by("machine", maintain_order=True).agg(pl.col("site").unique())
    assert sites["site"].list.len().max() == 1
    assert sites.select(pl.col("machine"), pl.col("site").list.first()).equals(
        first.select("machine", "site")
    )
    days = found.filter(pl.col("machine") == "M000", pl.col("path") == 2)["day"]
    assert days.to_list() == [date(2024, 1, 31) + timedelta(days=k) for k in range(8)]
    assert set(found["state"].unique()) <= {"hot", "cold"}
    assert found.equals(learned.extend(table, steps=8, paths=3, seed=1))


@pytest.mark.slow
def test_the_autoregressive_model_knows_the_state_it_goes_on_from() -> None:
    table = machines(200)
    data = tm.read(table, entity="machine", time="day")
    learned = tm.fit(data, model="autoregressive", window=12, steps=120)
    found = learned.extend(table, steps=1, paths=50)
    last = table.group_by("machine", maintain_order=True).last().select("machine", was="state")
    stays = found.join(last, on="machine").select((pl.col("state") == pl.col("was")).mean())
    assert stays.item() == pytest.approx(0.9, abs=0.06)


def test_a_past_beyond_what_was_learned_goes_on_from_where_it_is() -> None:
    table = machines(20)
    learned = tm.fit(
        tm.read(table, entity="machine", time="day"),
        model="autoregressive",
        options={"cores": 1, "width": 16},
        steps=20,
        window=12,
    )
    raised = table.with_columns(pl.col("heat") + 1000)
    run = Run()
    found = learned.extend(raised, steps=2, paths=5, run=run)
    assert any("above" in one for one in run.warnings)
    assert found["heat"].min() > 900


def test_gaps_in_the_past_are_told_and_filled() -> None:
    model, past, run = of_market(), market(), Run()
    last = past["time"].max()
    gone = past.with_columns(
        price=pl.when((pl.col("asset") == "A1") & (pl.col("time") == last))
        .then(None)
        .otherwise("price")
    )
    found = model.extend(gone, 2, 30, run=run)
    assert any("1 cell of 'price' is missing" in one for one in run.warnings)
    assert found["time"].min() > last


@pytest.mark.parametrize(
    ("change", "what"),
    [
        (lambda past: past.drop("price"), "no column 'price'"),
        (lambda past: past.drop("time"), "no column 'time'"),
        (lambda past: past.filter(pl.col("asset") != "A1"), "A1 has no row"),
        (lambda past: past.with_columns(pl.lit("B").alias("asset")), "B was not learned|time of"),
        (lambda past: pl.concat([past, past]), "time of another row"),
        (lambda past: past.with_columns(time=None), "have no time|no column 'time'"),
    ],
)
def test_a_past_that_cannot_go_on_is_refused_with_a_sentence(change, what) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(DataError, match=what):
        of_market().extend(change(market()), 2, 30)


def test_what_is_no_model_of_series_says_so() -> None:
    model = tm.fit(business(200))
    with pytest.raises(OptionError, match="no past to go on from"):
        model.extend(business(20))
    with pytest.raises(OptionError, match="0 steps"):
        of_market().extend(market(), 0)
    with pytest.raises(OptionError, match="more than 20,000,000"):
        of_market().extend(market(), 5000, 5000)


def test_gaps_are_filled_so_that_they_lead_to_what_is_behind(
    tidemill: Tidemill, tmp_path: Path
) -> None:
    whole = machines(8)
    rng = np.random.default_rng(5)
    lacks = {
        name: pl.Series(rng.random(len(whole)) < share)
        for name, share in (("heat", 0.2), ("state", 0.1))
    }
    gaps = whole.with_columns(
        pl.when(gone).then(None).otherwise(whole[name]).alias(name) for name, gone in lacks.items()
    )
    begun = (~(lacks["heat"] | lacks["state"])).alias("begun").to_frame()
    first = ~begun.with_columns(whole["machine"]).select(pl.col("begun").cum_max().over("machine"))[
        "begun"
    ]
    options = {"cores": 1, "width": 16}
    data = tm.read(whole, entity="machine", time="day")
    model = tm.fit(data, model="autoregressive", options=options, steps=20, window=12)
    run = Run(1)
    filled = model.infill(gaps, run=run)
    assert filled.columns == gaps.columns
    for name, gone in lacks.items():
        assert filled.filter(~gone)[name].equals(gaps.filter(~gone)[name])
        assert not filled.filter(~first)[name].has_nulls()
    assert filled.filter(first)["heat"].null_count() == int((lacks["heat"] & first).sum())
    assert any("at the beginning of series stay missing" in one for one in run.warnings)
    assert filled.equals(model.infill(gaps, seed=1))
    model.save(tmp_path / "m.tidemill")
    gaps.write_csv(tmp_path / "gaps.csv")
    out = tmp_path / "filled.csv"
    done = tidemill(
        "infill", tmp_path / "m.tidemill", tmp_path / "gaps.csv", "--draws", 2, "--out", out
    )
    assert done.code == 0, done.err
    draws = pl.read_csv(out).partition_by("draw", maintain_order=True, include_key=False)
    assert [len(draw) for draw in draws] == [len(gaps)] * 2
    assert not draws[0].equals(draws[1])


@pytest.mark.slow
def test_gaps_are_filled_nearer_than_by_what_was_there_before() -> None:
    whole = machines(150)
    gone = pl.Series(np.random.default_rng(5).random(len(whole)) < 0.2)
    gaps = whole.with_columns(heat=pl.when(gone).then(None).otherwise("heat"))
    data = tm.read(whole, entity="machine", time="day")
    model = tm.fit(data, model="autoregressive", window=12, steps=120)
    draws = model.infill(gaps, draws=8).group_by("machine", "day", maintain_order=True)
    filled = draws.agg(pl.col("heat").mean())
    before = gaps.select(pl.col("heat").forward_fill().over("machine"))["heat"]
    off = [
        (one - whole["heat"]).filter(gone & before.is_not_null()).abs().mean()
        for one in (filled["heat"], before)
    ]
    assert off[0] < 0.7 * off[1]


def test_a_calendar_fills_no_gaps() -> None:
    gaps = market().with_columns(
        price=pl.when(pl.int_range(pl.len()) == 9).then(None).otherwise("price")
    )
    with pytest.raises(OptionError, match="fills no gaps"):
        of_market().infill(gaps)


def test_persons_are_not_kept_by_name() -> None:
    names = ["Anna Berg", "John Smith", "Maria Rossi", "Wei Zhang"]
    rows = [
        (names[k % 4], date(2024, 1, 1) + timedelta(days=k // 4), 100.0 + k % 7) for k in range(400)
    ]
    table = pl.DataFrame(rows, schema=["patient name", "day", "weight"], orient="row")
    data = tm.read(table, entity="patient name", time="day")
    with pytest.raises(DataError, match="these are persons"):
        tm.fit(data, model="fhs")


def test_the_command(tidemill: Tidemill, tmp_path: Path) -> None:
    past = market()
    past.write_csv(tmp_path / "past.csv")
    of_market().save(tmp_path / "m.tidemill")
    out = tmp_path / "futures.csv"
    done = tidemill(
        "extend", tmp_path / "m.tidemill", "--past", tmp_path / "past.csv", "--steps", 3,
        "--paths", 40, "--out", out, "--json",
    )  # fmt: skip
    assert done.code == 0, done.err
    told = json.loads(done.out.splitlines()[-1])
    assert told["rows"] == 360
    assert told["columns"][0]["column"] == "price"
    assert "in 9 of 10 futures" in told["text"]
    assert pl.read_csv(out)["path"].max() == 40
    again = tidemill("extend", tmp_path / "m.tidemill", "--past", out, "--out", out)
    assert again.code == 2


def test_a_market_is_learned_by_the_model_that_foretells_it(tmp_path: Path) -> None:
    model = tm.fit(tm.read(market(400), entity="asset", time="time"))
    choice = model.manifest["choice"]
    assert model.manifest["model"] == choice["model"]
    assert {one["model"] for one in choice["scores"]} >= {"fhs"}
    stored = model.save(tmp_path / "m.tidemill")
    assert Synthesizer.load(stored).manifest["choice"] == choice
    assert "choice" not in of_market().manifest  # nothing competed


def test_a_run_lets_models_compete_on_its_training_part(tmp_path: Path) -> None:
    said: list[Event] = []
    table = market(400).rename({"time": "day"})
    done = tm.run(table, entity="asset", time="day", out=tmp_path, run=Run(1, listener=said.append))
    choice = done.model.manifest["choice"]
    assert done.model.manifest["model"] == choice["model"] == "fhs"
    assert choice["stretches"] == len(done.train) // 3 // 5 // 5  # of the last fifth, not held out
    told = next(event.text for event in said if event.text.startswith("Chosen: 'fhs'"))
    assert told in (tmp_path / "report.html").read_text().replace("&#39;", "'")
    assert Synthesizer.load(tmp_path / "model.tidemill").manifest["choice"] == choice
