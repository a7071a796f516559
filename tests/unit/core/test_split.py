"""Splitting: nothing in common, nobody on both sides, the latest rows held out."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from tidemill.core.dataset import Dataset
from tidemill.core.errors import DataError, OptionError
from tidemill.core.run import Run
from tidemill.core.schema import Column, Schema
from tidemill.core.split import split


def dataset(**roles: str) -> Dataset:
    rng = np.random.default_rng(5)
    n = 1000
    frame = pl.DataFrame(
        {
            "row": np.arange(n),
            "person": rng.integers(0, 150, n),
            "day": rng.integers(0, 40, n),
            "churn": rng.choice(["yes", "no", "maybe"], n, p=[0.1, 0.89, 0.01]),
        }
    )
    kinds = {"row": "number", "person": "id", "day": "number", "churn": "category"}
    columns = (Column(name, kinds[name], roles.get(name, "feature")) for name in frame.columns)
    return Dataset(frame, Schema(tuple(columns)))


def test_rows_are_shared_out_and_levels_keep_their_share() -> None:
    data = dataset(churn="target")
    train, holdout = split(data, Run(3))
    assert sorted([*train["row"], *holdout["row"]]) == list(range(1000))
    assert len(holdout) == 300
    for level in ("yes", "no", "maybe"):
        whole, part = (int((d["churn"] == level).sum()) for d in (data, holdout))
        assert abs(part - 0.3 * whole) <= 1
    assert train["row"].is_sorted()


def test_the_same_seed_gives_the_same_rows() -> None:
    data = dataset()
    rows = [split(data, Run(seed))[1]["row"].to_list() for seed in (3, 3, 4)]
    assert rows[0] == rows[1] != rows[2]


def test_nobody_is_on_both_sides() -> None:
    data = dataset(person="entity")
    train, holdout = split(data, Run(3))
    assert not set(train["person"]) & set(holdout["person"])
    assert 0.25 <= len(holdout) / len(data) <= 0.35


def test_rows_without_an_entity_are_shared_out_one_by_one() -> None:
    data = dataset(person="entity")
    known = pl.when(pl.col("row") < 600).then(None).otherwise("person").alias("person")
    data = data.with_frame(data.frame.with_columns(known))
    train, holdout = split(data, Run(3))
    assert train["person"].null_count() > 300
    assert holdout["person"].null_count() > 100


def test_the_latest_are_held_out_and_ties_stay_together() -> None:
    train, holdout = split(dataset(day="time"), Run(3))
    assert train["day"].max() < holdout["day"].min()
    assert 0.25 <= len(holdout) / 1000 <= 0.35


def test_with_entities_and_times_training_sees_nothing_later() -> None:
    data = dataset(day="time", person="entity")
    day = pl.col("person") // 10 + pl.col("day") % 3
    train, holdout = split(data.with_frame(data.frame.with_columns(day.alias("day"))), Run(3))
    assert not set(train["person"]) & set(holdout["person"])
    assert train["day"].max() < holdout["day"].max()
    assert 0.2 <= len(holdout) / 1000 <= 0.4


def test_entities_that_end_together_are_drawn() -> None:
    data = dataset(day="time", person="entity")
    run = Run(3)
    train, holdout = split(data.with_frame(data.frame.with_columns(pl.lit(1).alias("day"))), run)
    assert not set(train["person"]) & set(holdout["person"])
    assert 0.25 <= len(holdout) / 1000 <= 0.35
    assert "end together" in run.warnings[0]


def test_of_few_entities_the_latest_rows_are_held_out() -> None:
    data = dataset(day="time", person="entity")
    few = data.with_frame(data.frame.with_columns(pl.col("person") % 3))
    run = Run(3)
    train, holdout = split(few, run)
    assert train["day"].max() < holdout["day"].min()
    assert set(train["person"]) == {0, 1, 2}
    assert "There are 3 entities only" in run.warnings[0]


@pytest.mark.parametrize(("column", "role"), [("day", "time"), ("person", "entity")])
def test_what_cannot_be_split_is_refused(column: str, role: str) -> None:
    data = dataset(**{column: role})
    data = data.with_frame(data.frame.with_columns(pl.lit(1).alias(column)))
    with pytest.raises(DataError, match="cannot be split"):
        split(data, Run())


def test_too_few_rows_and_a_wrong_share_are_refused() -> None:
    with pytest.raises(DataError, match="19 rows are too few"):
        split(dataset().rows(np.arange(19)), Run())
    with pytest.raises(OptionError, match=r"share is 1\.5"):
        split(dataset(), Run(), 1.5)
