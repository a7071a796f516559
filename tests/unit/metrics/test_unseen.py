"""Held-out rows that were learned are recognised in any disguise; honest ones are not accused."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import polars as pl
import pytest

from tests.unit.auditing.leaky import halves, people
from tidemill.core.dataset import Dataset
from tidemill.core.run import Run
from tidemill.core.split import split
from tidemill.io.reading import read
from tidemill.metrics.unseen import learned, made_of_unseen

TRAIN, HOLDOUT = halves(2000)


def shuffled(data: Dataset) -> Dataset:
    return data.rows(np.random.default_rng(1).permutation(len(data)))


def changed(data: Dataset, change: Callable[[pl.Series], pl.Series]) -> Dataset:
    """The rows with their numbers changed."""
    numbers = [column.name for column in data.schema.of_kind("number")]
    columns = [change(data.frame[name].cast(pl.Float64)).alias(name) for name in numbers]
    return data.with_frame(data.frame.with_columns(columns))


def noised(data: Dataset) -> Dataset:
    rng = np.random.default_rng(2)
    return changed(data, lambda v: v + pl.Series(rng.normal(0, 0.01 * float(v.std()), len(v))))


def rounded(data: Dataset) -> Dataset:
    return changed(data, lambda values: values.round_sig_figs(2))


def respelt(data: Dataset) -> Dataset:
    texts = [name for name, dtype in data.frame.schema.items() if dtype == pl.String]
    written = [data.frame[name].str.to_uppercase() + " " for name in texts]
    return data.with_frame(data.frame.with_columns(written))


def other_words(data: Dataset) -> Dataset:
    """One column in another language."""
    words = data.frame["married"].replace_strict({"yes": "ja", "no": "nein", "was": "war"})
    return data.with_frame(data.frame.with_columns(words))


def together(*parts: Dataset) -> Dataset:
    return parts[0].with_frame(pl.concat([part.frame for part in parts], how="vertical_relaxed"))


def mixed(share: float, data: Dataset) -> Dataset:
    """Held-out rows, of which such a share are learned ones."""
    rows = int(share * len(HOLDOUT))
    return together(HOLDOUT.rows(np.arange(rows, len(HOLDOUT))), data.rows(np.arange(rows)))


@pytest.mark.parametrize(
    ("train", "holdout"),
    [
        pytest.param(TRAIN, TRAIN, id="the same"),
        pytest.param(TRAIN, shuffled(TRAIN), id="shuffled"),
        pytest.param(TRAIN, noised(TRAIN), id="noised"),
        pytest.param(TRAIN, rounded(TRAIN), id="rounded"),
        pytest.param(TRAIN, respelt(TRAIN), id="respelt"),
        pytest.param(TRAIN, other_words(TRAIN), id="other words"),
        pytest.param(TRAIN, together(TRAIN, TRAIN), id="written twice"),
        pytest.param(together(TRAIN, TRAIN), TRAIN, id="learned twice"),
        pytest.param(TRAIN, together(TRAIN, HOLDOUT), id="with unseen rows"),
        pytest.param(together(TRAIN, HOLDOUT), HOLDOUT, id="inside the training rows"),
        pytest.param(TRAIN, mixed(0.5, TRAIN), id="half of them"),
        pytest.param(TRAIN, mixed(0.1, TRAIN), id="a tenth of them"),
        pytest.param(TRAIN, mixed(0.1, noised(TRAIN)), id="a tenth, noised"),
        pytest.param(TRAIN, mixed(0.1, rounded(TRAIN)), id="a tenth, rounded"),
    ],
)
def test_learned_rows_are_recognised(train: Dataset, holdout: Dataset) -> None:
    assert learned(train, holdout, Run())


def test_honest_rows_are_not_accused() -> None:
    assert not [seed for seed in range(40) if learned(*halves(600, seed), Run(seed))]


@pytest.mark.parametrize("columns", [2, 5])
def test_rows_that_are_alike_by_chance_are_not_accused(columns: int) -> None:
    rng = np.random.default_rng(columns)
    frame = pl.DataFrame({f"c{k}": rng.choice(["x", "y"], 800) for k in range(columns)})
    assert not learned(*split(read(frame, Run()), Run()), Run())
    doubled = pl.concat([people(500), people(500)])  # each row twice, and so on both sides
    assert not learned(*split(read(doubled, Run()), Run()), Run())


def test_unseen_rows_of_a_table_without_repeats_are_not_accused() -> None:
    """Repeats were removed from the training rows only."""
    rng = np.random.default_rng(0)
    frame = pl.DataFrame({f"c{k}": rng.choice(["x", "y", "z"], 4000) for k in range(6)})
    train, holdout = split(read(frame, Run()), Run())
    once = train.with_frame(train.frame.unique(maintain_order=True))
    assert not learned(once, holdout, Run())


def test_rows_made_of_the_held_out_ones() -> None:
    assert made_of_unseen(TRAIN, HOLDOUT, HOLDOUT, Run())
    assert made_of_unseen(TRAIN, HOLDOUT, noised(HOLDOUT), Run())
    assert not made_of_unseen(TRAIN, HOLDOUT, TRAIN, Run())
    assert not made_of_unseen(TRAIN, HOLDOUT, halves(2000, seed=9)[0], Run())


@pytest.mark.slow
def test_small_samples_are_hardly_ever_accused() -> None:
    """1,000 pairs of independent samples of 200 and 300 rows."""
    accused = 0
    for seed in range(1000):
        rng = np.random.default_rng(seed)
        values = rng.normal(size=(500, 20)) @ rng.normal(size=(20, 20))
        data = read(pl.DataFrame(values, [f"x{k}" for k in range(20)]), Run())
        accused += learned(data.rows(np.arange(200)), data.rows(np.arange(200, 500)), Run(seed))
    assert accused <= 3
