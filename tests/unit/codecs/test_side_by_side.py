"""Entities of one calendar beside one another, in windows."""

from __future__ import annotations

import json
from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest

import tidemill as tm
from tidemill.codecs import side_by_side
from tidemill.codecs.side_by_side import SideBySideCodec
from tidemill.core.dataset import Dataset
from tidemill.core.errors import DataError, OptionError
from tidemill.core.run import Run
from tidemill.io.reading import read
from tidemill.synthesis.synthesizer import Synthesizer


def walks(days: int = 300, shares: int = 3, who: str = "asset") -> pl.DataFrame:
    """Prices whose moves on the same day are correlated by .8, of two sectors."""
    rng = np.random.default_rng(0)
    moves = np.sqrt(0.8) * rng.normal(size=(days, 1)) + np.sqrt(0.2) * rng.normal(
        size=(days, shares)
    )
    prices = (100 * np.exp(0.01 * moves.cumsum(axis=0))).round(2)
    times = [date(2023, 1, 2) + timedelta(days=7 * (d // 5) + d % 5) for d in range(days)]
    return pl.concat(
        pl.DataFrame(
            {who: f"S{k}", "day": times, "sector": ["bank", "tech"][k % 2], "price": prices[:, k]}
        )
        for k in range(shares)
    )


def dataset(frame: pl.DataFrame) -> Dataset:
    return read(frame, Run(), entity=frame.columns[0], time="day")


def together(values: pl.DataFrame, path: str) -> float:
    """The least correlation of two entities' moves at the same time."""
    wide = values.pivot(on="asset", index=[path, "day"], values="price").sort(path, "day")
    names = wide.columns[2:]
    moves = wide.select(pl.col(names).log().diff().over(wide[path])).drop_nulls().to_numpy()
    return float(np.corrcoef(moves.T).min())


def test_windows_come_back_entity_by_entity() -> None:
    table = walks(40)
    codec = SideBySideCodec(10).fit(dataset(table.sample(fraction=1, shuffle=True, seed=1)), Run())
    batch = codec.encode(dataset(table))
    assert batch.tick.shape == (31, 10, 3)
    back = codec.decode(batch, np.random.default_rng(0)).frame
    days = table["day"].unique().sort()
    for first in (0, 30):
        window = back.filter(pl.col("series") == first + 1).drop("series").sort("asset", "day")
        assert window.equals(table.filter(pl.col("day").is_in(days[first : first + 10].implode())))
    again = SideBySideCodec.from_state(json.loads(json.dumps(codec.to_state())))
    assert again.to_state() == codec.to_state()
    assert codec.decode(batch.rows(slice(0)), np.random.default_rng(0)).schema == codec.schema


def test_times_that_not_all_share_are_left_out_and_told() -> None:
    run = Run()
    gaps = walks(60).filter(pl.int_range(pl.len()) % 60 != pl.col("asset").str.slice(1).cast(int))
    codec = SideBySideCodec().fit(dataset(gaps), run)
    assert any("3 times at which not every entity" in one for one in run.warnings)
    assert len(codec.widened(dataset(gaps))) == 57


def test_persons_and_what_is_too_wide_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(side_by_side, "WIDEST", 2)
    with pytest.raises(DataError, match="these are persons"):
        SideBySideCodec().fit(dataset(walks(40, who="patient")), Run())
    with pytest.raises(DataError, match="are 3 numbers at a time"):
        SideBySideCodec().fit(dataset(walks(10)), Run())
    rows = read(pl.DataFrame({"a": np.arange(50) % 7, "b": ["x", "y"] * 25}), Run())
    with pytest.raises(OptionError, match="learns no windows of 1 step"):
        tm.fit(dataset(walks(10)), model="flow", options={"together": "yes"}, window=1)
    with pytest.raises(OptionError, match="learns series, which these data are not"):
        tm.fit(rows, model="flow", options={"together": "yes"})


def test_what_moves_together_is_made_together() -> None:
    table = walks()
    options = {"together": "yes", "cores": 1, "width": 32, "sampling_steps": 8}
    learned = tm.fit(dataset(table), model="flow", options=options, window=8, steps=60, seed=1)
    made = learned.sample(60, seed=1)
    assert made.columns == ["series", *table.columns]
    assert together(made, "series") >= 0.6
    assert made.group_by("asset").agg(pl.col("sector").unique())["sector"].list.len().max() == 1
    run = Run(1)
    futures = learned.extend(table, steps=6, paths=20, run=run)
    assert futures.columns == [*table.columns, "path"]
    assert futures["asset"].to_list() == [f"S{k}" for k in range(3) for _ in range(120)]
    assert futures["day"].min() > table["day"].max()
    assert together(futures, "path") > 0.3
    far = learned.extend(table.with_columns(pl.col("price") * 10), steps=2, paths=2, run=run)
    assert far["price"].min() > 700
    assert any("beyond what the model knows" in one for one in run.warnings)


def test_a_stored_model_makes_the_same(tmp_path) -> None:  # type: ignore[no-untyped-def]
    options = {"together": "yes", "cores": 1, "width": 16}
    learned = tm.fit(dataset(walks(60)), model="autoregressive", options=options, window=4, steps=5)
    again = Synthesizer.load(learned.save(tmp_path / "m.tidemill"))
    assert again.sample(3, seed=2).equals(learned.sample(3, seed=2))
    assert "3 entities together, in windows of 4 times" in repr(again)
    with pytest.raises(OptionError):
        again.sample(3, ["price>5"])
