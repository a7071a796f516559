"""Series: judges that learn rightly, tell what moves wrongly, and leave tables alone."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import cache

import numpy as np
import polars as pl
import pytest
import torch

from tidemill.core.dataset import Dataset
from tidemill.core.run import Run
from tidemill.core.schema import Column, Schema
from tidemill.core.score import Evidence, Score
from tidemill.core.torch_threads import torch_threads
from tidemill.metrics.series import judges
from tidemill.metrics.series import series as metric
from tidemill.metrics.series.facts import autocorrelation, change_of, changes, correlation, facts
from tidemill.metrics.series.judges import (
    SHARP,
    SeriesClassifier,
    discriminative,
    predictive,
)
from tidemill.metrics.series.series import series
from tidemill.metrics.series.windows import Windows

SCHEMA = Schema(
    (
        Column("who", "id", "entity"),
        Column("day", "number", "time"),
        Column("state", "category"),
        Column("x", "number"),
        Column("y", "number", nullable=True),
    )
)


def walks(count: int, seed: int, *, ragged: bool = True) -> Dataset:
    """Prices with clustered changes; a state that follows them; a second column with gaps."""
    rng = np.random.default_rng(seed)
    rows = []
    for k in range(count):
        steps, size, x = (
            int(rng.integers(6, 13)) if ragged else 12,
            1.0,
            float(rng.uniform(80, 120)),
        )
        for day in range(steps):
            size = 0.8 * size + 0.4 * float(rng.exponential())
            move = size * float(rng.standard_normal()) / 100
            x *= float(np.exp(move))
            rows.append(
                (
                    f"w{seed}-{k}",
                    day,
                    "up" if move > 0 else "down",
                    x,
                    None if rng.random() < 0.1 else 2 * x,
                )
            )
    return Dataset(pl.DataFrame(rows, schema=list(SCHEMA.names), orient="row"), SCHEMA)


def disordered(data: Dataset, seed: int = 0) -> Dataset:
    """All steps in random places."""
    rng = np.random.default_rng(seed)
    steps = data.frame.select("state", "x", "y")[rng.permutation(len(data))]
    return data.with_frame(pl.concat([data.frame.select("who", "day"), steps], how="horizontal"))


@cache
def real(seed: int) -> Dataset:
    return walks(150, seed)


def scores(synthetic: Dataset) -> list[Score]:
    return list(series(Evidence(real(1), real(2), synthetic, synthetic), Run(3)))


def named(found: list[Score]) -> dict[str, Score]:
    return {score.name: score for score in found if score.column is None}


def quick_scores(synthetic: Dataset) -> list[Score]:
    """By judges that learn in a few steps."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(metric, "FORECAST_STEPS", 300)
        patched.setattr(judges, "PAPER", SeriesClassifier(steps=300))
        patched.setattr(judges, "SHARP", SeriesClassifier(steps=300, hidden=8, changes=True))
        return scores(synthetic)


@pytest.fixture(scope="module")
def of_real() -> list[Score]:
    return quick_scores(real(3))


def test_real_series_pass_and_disordered_ones_do_not(of_real: list[Score]) -> None:
    good, bad = named(of_real), named(quick_scores(disordered(real(3))))
    assert (
        set(good)
        == set(bad)
        == {
            metric.BY_PAPER,
            metric.BY_SHARP,
            metric.FORECAST,
            metric.AUTO,
            metric.CROSS,
            metric.TAILS,
            metric.CLUSTERS,
            metric.LEVERAGE,
        }
    )
    for name in (metric.BY_SHARP, metric.AUTO, metric.CROSS):
        assert bad[name].value == pytest.approx(bad[name].floor, abs=0.12), name
        assert good[name].reach > 0.7, name
        assert bad[name].reach < 0.3, name
    assert good[metric.TAILS].table is not None
    assert good[metric.TAILS].picture is not None


def test_the_same_every_time(of_real: list[Score]) -> None:
    again = quick_scores(real(3))
    assert [score.to_state() for score in of_real] == [score.to_state() for score in again]


def test_tables_have_no_such_scores(evidence: Callable[..., Evidence]) -> None:
    assert list(series(evidence(), Run())) == []


def test_few_series_say_so() -> None:
    few = Evidence(walks(5, 1), walks(5, 2), walks(5, 3), walks(5, 4))
    found = {score.name: score for score in series(few, Run())}
    assert "5 windows of a sort" in found[metric.BY_PAPER].why
    assert found[metric.AUTO].value is not None
    single = Evidence(
        *(data.rows((data["day"] == 0).to_numpy()) for data in (real(1), real(2), real(3), real(3)))
    )
    assert all(score.value is None and score.why for score in series(single, Run()))


def test_without_torch_the_facts_are_still_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "tidemill.metrics.series.judges", None)
    monkeypatch.delattr("tidemill.metrics.series.judges")
    found = named(scores(real(3)))
    for name in (metric.BY_PAPER, metric.BY_SHARP, metric.FORECAST):
        assert "pip install 'tidemill[deep]'" in found[name].why
    assert found[metric.AUTO].value is not None


def test_judges_side_by_side_know_nothing_of_each_other() -> None:
    rng = np.random.default_rng(0)
    both = judges._Judges(rng.normal(size=(20, 5, 3)), 2, 4, rng)
    for _ in range(20):
        both.learn(both(rng.integers(20, size=(2, 8))).square().mean())
    rows = rng.integers(20, size=(2, 8))
    others = np.stack([rows[0], rng.integers(20, size=8)])
    shown, again = both.outputs(rows), both.outputs(others)
    assert torch.equal(shown[0], again[0])
    assert not torch.equal(shown[1], again[1])


def test_threads_change_nothing() -> None:
    rng = np.random.default_rng(0)
    real, made = rng.normal(size=(2, 300, 10, 4))
    found = []
    for threads in (1, 2):
        with torch_threads(threads):
            found.append(predictive(real, made, steps=30))
    assert found[0] == found[1]


def test_only_the_sharp_judge_sees_how_slow_series_move() -> None:
    """Windows of prices whose steps are shuffled pass the paper's classifier."""
    rng = np.random.default_rng(0)
    prices = 10 + 90 * rng.random((600, 1, 2)) + rng.normal(size=(600, 16, 2)).cumsum(axis=1) / 4
    one, other = prices[:300], prices[300:]
    shuffled = np.stack([window[rng.permutation(16)] for window in other])
    quick = SeriesClassifier(steps=400)
    sharp = SeriesClassifier(steps=400, hidden=8, changes=True)
    assert discriminative(one, other, classifier=sharp) < 0.12
    assert discriminative(one, shuffled, classifier=quick) < 0.15
    assert discriminative(one, shuffled, classifier=sharp) > 0.35


def test_a_forecaster_learns_from_what_it_is_shown() -> None:
    rng = np.random.default_rng(0)
    x = rng.random((400, 8))
    right = np.stack(
        [x, np.roll(x, 1, axis=1)], axis=2
    )  # the second is the first of the step before
    wrong = np.stack([x, 1 - np.roll(x, 1, axis=1)], axis=2)
    assert predictive(right[:200], right[200:], steps=1500) < 0.75 * predictive(
        right[:200], wrong[200:], steps=1500
    )


def test_a_single_feature_and_lengths_are_coped_with() -> None:
    rng = np.random.default_rng(0)
    values = rng.random((60, 6, 1))
    windows = Windows(values, rng.integers(1, 7, 60))
    assert 0 <= discriminative(windows, windows, classifier=SeriesClassifier(steps=5)) <= 0.5
    assert predictive(windows, windows, steps=5) < 1
    assert SHARP.changes


def test_facts_are_those_of_the_textbook() -> None:
    rng = np.random.default_rng(0)
    noise = rng.normal(size=(200, 50))
    plain = facts(noise)
    assert abs(plain.kurtosis) < 0.2
    assert abs(plain.clustering) < 0.03
    assert abs(plain.leverage) < 0.03
    calm = np.repeat(rng.choice([0.2, 2.0], (200, 1)), 50, axis=1)
    fat = facts(noise * calm)
    assert fat.kurtosis > 1.5
    assert fat.clustering > 0.2
    after = noise.copy()
    after[:, 1:] *= np.where(noise[:, :-1] < 0, 3, 1)
    assert facts(after).leverage < -0.03
    assert facts(np.zeros((3, 5))).kurtosis == 0


def test_changes_are_taken_of_levels() -> None:
    rng = np.random.default_rng(0)
    moves = rng.normal(size=(50, 40))
    level = moves.cumsum(axis=1)
    price = np.exp(level / 10)
    assert [change_of(part) for part in (moves, level, price)] == ["none", "difference", "log"]
    assert np.allclose(changes(price, "log"), moves[:, 1:] / 10)
    assert np.allclose(changes(level, "difference"), moves[:, 1:])
    assert autocorrelation(level)[0] > 0.8
    assert abs(autocorrelation(moves)[0]) < 0.1
    assert correlation(moves, np.roll(moves, 1, axis=1), 1) == pytest.approx(1)
    assert correlation(np.ones((3, 4)), np.ones((3, 4)), 1) == 0
