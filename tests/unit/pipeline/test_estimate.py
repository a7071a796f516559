"""What is said before a long job, and that it grows with the job."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from tidemill.core.cost import Cost
from tidemill.core.dataset import Dataset
from tidemill.core.run import Event, Run
from tidemill.core.schema import Column, Schema
from tidemill.imaging.pixels import images
from tidemill.models.trees import Trees
from tidemill.pipeline import estimate


def table(rows: int, columns: int = 10) -> Dataset:
    values, names = pl.Series(np.arange(rows)), [f"x{k}" for k in range(columns)]
    return Dataset(
        pl.DataFrame(dict.fromkeys(names, values)),
        Schema(tuple(Column(name, "number") for name in names)),
    )


def test_more_of_anything_costs_more() -> None:
    few = estimate.of_run(table(1000), table(500))
    for more in (
        estimate.of_run(table(50_000), table(500)),
        estimate.of_run(table(1000), table(5000)),
        estimate.of_run(table(1000, 30), table(500, 30)),
        estimate.of_run(table(1000), table(500), rows=10**6),
        estimate.of_run(table(1000), table(500), rounds=3),
    ):
        assert more.seconds > few.seconds
        assert more.bytes >= few.bytes


def test_larger_images_and_labels_cost_more() -> None:
    def album(side: int, *, labelled: bool) -> Dataset:
        columns = [
            images("image", np.zeros((20, side, side), np.uint8)),
            pl.Series("label", ["a", "b"] * 10),
        ]
        kinds = (
            Column("image", "image"),
            Column("label", "category", role="target" if labelled else "ignore"),
        )
        return Dataset(pl.DataFrame(columns), Schema(kinds))

    small, large, small_labelled, large_labelled = (
        estimate.of_run(data, data).seconds
        for data in (
            album(28, labelled=False),
            album(64, labelled=False),
            album(28, labelled=True),
            album(64, labelled=True),
        )
    )
    assert small < large < large_labelled
    assert small < small_labelled < large_labelled


@pytest.mark.parametrize(("seconds", "told"), [(1.0, False), (3600.0, True)])
def test_only_long_jobs_are_foretold(seconds: float, told: bool) -> None:
    """Also on a machine that is ten times slower than the one where costs were measured."""
    heard: list[Event] = []
    beside = Cost(seconds, 3 << 30)
    estimate.announce("independent", {}, table(1000), Run(listener=heard.append), beside)
    assert bool(heard) == told
    if told:
        assert heard[0].text.startswith("This will take about ")
        assert "GiB" in heard[0].text
        assert "option 'minutes'" in heard[0].text


def test_the_default_model_says_what_learning_costs() -> None:
    full, plain, more = (
        estimate.learning(table(rows), Trees(effort=effort))
        for rows, effort in ((10**5, "full"), (10**5, "plain"), (10**6, "full"))
    )
    assert full is not None
    assert plain is not None
    assert more is not None
    assert plain.seconds < full.seconds < more.seconds < 20 * full.seconds
