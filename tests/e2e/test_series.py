"""Series through the public functions and the command line."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest

import tidemill as tm
from tests.conformance.results import fits_its_schema
from tests.conformance.tables import business
from tests.e2e.conftest import Tidemill
from tidemill.core.errors import ConditionError, DataError, OptionError
from tidemill.core.registry import Entry
from tidemill.core.run import Event, Run
from tidemill.metrics import METRICS
from tidemill.metrics.series import judges, series
from tidemill.metrics.series.judges import SeriesClassifier
from tidemill.models import MODELS
from tidemill.synthesis.synthesizer import Synthesizer


@pytest.fixture(autouse=True)
def _replay(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(
        MODELS._own, "replay", Entry("tests.e2e.replay:Replay", "gives rows that it saw")
    )


def prices(shares: int = 40, seed: int = 0) -> pl.DataFrame:
    """Shares of two sectors on weekdays, 5 to 30 of them, some closes missing."""
    rng = np.random.default_rng(seed)
    rows = []
    for k in range(shares):
        day, close, sector = (
            date(2024, 1, 1) + timedelta(days=int(rng.integers(200))),
            100.0,
            ["bank", "tech"][k % 2],
        )
        for _ in range(int(rng.integers(5, 30))):
            while day.weekday() > 4:
                day += timedelta(days=1)
            close *= float(np.exp(rng.normal() / 50))
            rows.append(
                (
                    f"AB{k:03d}",
                    day,
                    sector,
                    None if rng.random() < 0.05 else round(close, 2),
                    int(rng.integers(1000, 9000)),
                )
            )
            day += timedelta(days=1)
    names = ["ticker", "date", "sector", "close", "volume"]
    return pl.DataFrame(rows, schema=names, orient="row").sample(fraction=1, shuffle=True, seed=1)


def learned(frame: pl.DataFrame | None = None, **options: object) -> Synthesizer:
    data = tm.read(prices() if frame is None else frame, entity="ticker", time="date")
    return tm.fit(data, model="replay", **options)  # type: ignore[arg-type]


def test_series_in_series_out(tmp_path: Path) -> None:
    model = learned()
    real = prices()
    assert model.modality == "series"
    assert "40 series" in repr(model)
    made = model.sample(100)
    assert made.columns == real.columns
    assert made.schema == real.schema
    assert made["ticker"].n_unique() == 100
    assert not set(made["ticker"]) & set(real["ticker"])
    assert made["ticker"].str.contains(r"^AB\d+$").all()
    assert made.group_by("ticker").agg(pl.col("sector").n_unique())["sector"].max() == 1
    assert set(made["sector"]) == {"bank", "tech"}
    assert made["close"].null_count()
    per = made.with_columns(gap=pl.col("date").diff().dt.total_days().over("ticker"))
    assert set(per["gap"].drop_nulls()) <= {1, 2, 3}
    path = model.save(tmp_path / "prices.tidemill")
    again = tm.Synthesizer.load(path)
    assert again.sample(100).equals(made)
    again.save(tmp_path / "again.tidemill")
    assert (tmp_path / "again.tidemill").read_bytes() == path.read_bytes()


def test_commands(tidemill: Tidemill, tmp_path: Path) -> None:
    table, model, out = tmp_path / "prices.csv", tmp_path / "prices.tidemill", tmp_path / "new.csv"
    prices().write_csv(table)
    done = tidemill(
        "fit",
        table,
        "--entity",
        "ticker",
        "--time",
        "date",
        "--model",
        "replay",
        "--window",
        10,
        "--out",
        model,
    )
    assert done.code == 0, done.err
    assert "windows of up to 10 steps" in done.err
    done = tidemill("sample", model, "--rows", 12, "--out", out)
    assert done.code == 0, done.err
    made = pl.read_csv(out)
    assert f"Made 12 series of {made.height} rows" in done.out
    assert made["ticker"].n_unique() == 12
    assert made.group_by("ticker").len()["len"].max() <= 10
    done = tidemill(
        "sample", model, "--rows", 5, "--out", tmp_path / "no.csv", "--fair", "sector=close"
    )
    assert done.code == 2
    assert "model of series" in done.err
    done = tidemill(
        "sample", model, "--rows", 5, "--out", tmp_path / "no.csv", "--where", "date>2020-01-01"
    )
    assert done.code == 2
    assert "not the same throughout a series" in done.err
    assert "ask for sector" in done.err
    done = tidemill(
        "sample", model, "--rows", 5, "--out", tmp_path / "no.csv", "--balance", "close=equal"
    )
    assert done.code == 2
    assert "column 'close'" in done.err
    done = tidemill("infill", model, table, "--out", tmp_path / "no.csv")
    assert (done.code, "model of series" in done.err) == (2, True), done.err
    done = tidemill("what-if", model, table, "--set", "sector=bank", "--outcome", "close")
    assert (done.code, "model of series" in done.err) == (2, True)
    done = tidemill("audit", model, "--train", table, "--holdout", table)
    assert (done.code, "model of series" in done.err) == (2, True)


@pytest.mark.parametrize("model", ["autoregressive", "gan"])
def test_what_never_changes_in_a_series_can_be_asked_for(model: str) -> None:
    data = tm.read(prices(60), entity="ticker", time="date")
    learned = tm.fit(data, model=model, window=6, steps=5, options={"cores": 1, "width": 16})
    made = learned.sample(30, where="sector=bank")
    assert made["ticker"].n_unique() == 30
    assert made["sector"].unique().to_list() == ["bank"]
    even = learned.sample(40, balance={"sector": {"tech": 0.75}})
    sectors = even.group_by("ticker").agg(pl.col("sector").first())["sector"]
    assert (sectors == "tech").sum() == 30


def learned_of(frame: pl.DataFrame) -> Synthesizer:
    data = tm.read(frame, entity="ticker", time="date")
    options = {"cores": 1, "width": 16}
    return tm.fit(data, model="autoregressive", window=6, steps=5, options=options)


def test_what_is_asked_of_steps_holds_at_every_one() -> None:
    learned, said = learned_of(prices(60)), list[Event]()
    middle = learned.sample(200)["close"].median()
    run = Run(1, listener=said.append)
    made = learned.sample(30, where=[f"close>{middle}", "sector=bank"], run=run)
    assert made["ticker"].n_unique() == 30
    assert made["close"].min() > middle
    assert made["sector"].unique().to_list() == ["bank"]
    assert any("at every step" in event.text and "series" in event.text for event in said)
    with pytest.raises(ConditionError, match=r"hardly any of [\d,]+ new series is like this"):
        learned.sample(3, where="close<0")
    with pytest.raises(ConditionError, match="not the same throughout a series"):
        learned.sample(3, where="ticker=AB01")


def test_new_series_are_near_to_given_ones() -> None:
    """Of shares at two levels, each given one has its own level and sector."""
    level = (
        pl.when(pl.col("ticker").str.slice(-1).is_in(["0", "1", "2", "3", "4"]))
        .then(1)
        .otherwise(9)
    )
    table = prices(60).with_columns(close=(pl.col("close") * level).round(2)).drop_nulls()
    learned, said = learned_of(table), list[Event]()
    given = table.filter(pl.col("ticker").is_in(["AB001", "AB008"])).sort("ticker", "date")
    made = learned.sample(20, like=given, run=Run(1, listener=said.append))
    assert made["ticker"].n_unique() == 20
    turns = made.group_by("ticker", maintain_order=True).agg(
        pl.col("close").mean(), pl.col("sector").first()
    )
    dear, cheap = turns.gather_every(2, 1), turns.gather_every(2)
    assert cheap["close"].mean() < 400 < dear["close"].mean()
    assert cheap["sector"].unique().to_list() == ["tech"]
    assert dear["sector"].unique().to_list() == ["bank"]
    assert any("times as far from the given ones" in event.text for event in said)
    assert made.equals(learned.sample(20, like=given, seed=1))
    assert learned.sample(like=table)["ticker"].n_unique() == 60
    with pytest.raises(OptionError, match="like or with where"):
        learned.sample(2, like=given, where="sector=bank")


def test_one_long_series_needs_a_window() -> None:
    frame = prices(1).with_columns(pl.Series("date", range(prices(1).height))).drop("ticker")
    said: list[Event] = []
    data = tm.read(frame, time="date")
    alone = tm.fit(data, model="replay", run=Run(listener=said.append))
    assert alone.modality == "rows"
    assert any("option 'window=N'" in event.text for event in said)
    model = tm.fit(data, model="replay", window=6)
    made = model.sample(4)
    assert made.columns == ["series", *frame.columns]
    assert made["series"].to_list() == np.repeat([1, 2, 3, 4], 6).tolist()


def test_windows_that_make_no_sense() -> None:
    data = tm.read(prices(), entity="ticker", time="date")
    with pytest.raises(OptionError, match="the model 'trees' cannot learn series"):
        tm.fit(data, model="trees", window=5)
    with pytest.raises(OptionError, match="needs the order"):
        tm.fit(tm.read(prices(), entity="ticker"), model="replay", window=5)
    with pytest.raises(OptionError, match="makes no sense"):
        tm.fit(data, model="replay", window=0)
    with pytest.raises(DataError, match="too few"):
        tm.fit(tm.read(prices(4), entity="ticker", time="date"), model="replay")
    assert tm.fit(data, model="replay", window=1).modality == "rows"


def test_table_models_learn_rows_as_ever() -> None:
    data = tm.read(prices(), entity="ticker", time="date")
    model = tm.fit(data, model="independent")
    assert model.modality == "rows"
    assert len(model.sample(70)) == 70


def test_few_series_have_contexts_drawn_column_by_column() -> None:
    model = learned(prices(10))
    assert [stage.model for stage in model._stages.stages] == ["independent", "replay"]
    assert learned(prices(30))._stages.stages[0].model == "trees"
    assert model.sample(3)["ticker"].n_unique() == 3


def test_a_whole_run_reports_series(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(judges, "PAPER", SeriesClassifier(steps=100))
    monkeypatch.setattr(judges, "SHARP", SeriesClassifier(steps=100, hidden=8, changes=True))
    monkeypatch.setattr(series, "FORECAST_STEPS", 100)
    frame = prices(120)
    turned = tm.run(
        frame,
        entity="ticker",
        time="date",
        target="close",
        model="replay",
        out=tmp_path / "out",
        seed=1,
    )
    assert 0.5 < len(turned.synthetic) / len(turned.train) < 2
    scores = {score.name: score for score in turned.scores.of("series")}
    assert {"discriminative score", "predictive score (error)", "volatility clustering"} <= set(
        scores
    )
    page = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    for said in (
        "How series move",
        "Autocorrelation of &#39;close&#39;",
        "Stylised facts",
        "generated series",
    ):
        assert said in page, said


def test_tables_have_no_chapter_on_series(tmp_path: Path) -> None:
    turned = tm.run(business(200), model="independent", out=tmp_path / "out")
    assert "series" in METRICS
    assert not turned.scores.of("series")
    assert fits_its_schema("run", turned)
    assert "How series move" not in (tmp_path / "out" / "report.html").read_text(encoding="utf-8")


@pytest.mark.slow
def test_flow_learns_series(tmp_path: Path) -> None:
    pytest.importorskip("torch")
    data = tm.read(prices(), entity="ticker", time="date")
    options = {"width": 16, "depth": 1, "sampling_steps": 4, "cores": 1}
    model = tm.fit(data, model="flow", steps=3, options=options)
    made = tm.Synthesizer.load(model.save(tmp_path / "m.tidemill")).sample(7)
    assert made.equals(model.sample(7))
    assert made["ticker"].n_unique() == 7
