"""Planted effects: kept, halved, hidden behind what must not fool the score."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

import tidemill as tm
from tidemill.core.run import Run
from tidemill.core.score import Evidence, Score
from tidemill.metrics.effects import DISTANCE, KEPT, effects

N = 2000


def rows(seed: int, n: int = N, effect: float = 1.0) -> pl.DataFrame:
    """y = 2 x + 0.5 z + 0.5 [group = a] + effect * treated + N(0, 0.5)."""
    rng = np.random.default_rng(seed)
    x, z = rng.normal(size=(2, n))
    group = rng.choice(["a", "b", "c"], n)
    treated = rng.random(n) < 0.5
    y = 2 * x + 0.5 * z + 0.5 * (group == "a") + effect * treated + rng.normal(0, 0.5, n)
    return pl.DataFrame(
        {"x": x, "z": z, "group": group, "treated": np.where(treated, "yes", "no"), "y": y}
    )


def unrelated(frame: pl.DataFrame) -> pl.DataFrame:
    return pl.DataFrame([column.shuffle(seed=k) for k, column in enumerate(frame)])


def scored(train: pl.DataFrame, holdout: pl.DataFrame, synthetic: pl.DataFrame) -> list[Score]:
    sets = (tm.read(f, target="y") for f in (train, holdout, synthetic, unrelated(train)))
    return list(effects(Evidence(*sets), Run()))


def kept(score: Score) -> float:
    assert score.value is not None, score.why
    return score.value


def test_a_real_sample_scores_as_the_ceiling() -> None:
    share, distance = scored(rows(1), rows(2), rows(3))
    assert share.name == KEPT
    assert share.interval is not None
    assert share.interval[0] < 1 < share.interval[1] < 1.1
    assert share.ceiling == pytest.approx(1, abs=0.06)
    assert share.floor == pytest.approx(0, abs=0.2)
    assert share.figures["columns"] == 4
    assert "Furthest" not in share.sentence
    assert distance.name == DISTANCE
    assert kept(distance) < 0.05 < (distance.floor or 0)


def test_one_effect_that_is_halved_is_seen_and_named() -> None:
    [share, _] = scored(rows(1), rows(2), rows(3, effect=0.5))
    assert share.interval is not None
    assert share.interval[1] < 0.95
    assert share.table is not None
    column, _, real, made, learned = share.table.rows[0]
    assert column == "treated"
    assert [abs(real), abs(made), abs(learned)] == pytest.approx([1, 0.5, 1], abs=0.1)
    assert "Furthest off is 'treated'" in share.sentence


def test_all_effects_halved_are_half_kept() -> None:
    made = rows(3).with_columns(pl.col("y") / 2)
    assert kept(scored(rows(1), rows(2), made)[0]) == pytest.approx(0.5, abs=0.05)


def as_class(frame: pl.DataFrame, seed: int, slope: float = 1.0) -> pl.DataFrame:
    chance = 1 / (1 + np.exp(-slope * frame["y"].to_numpy()))
    bought = np.random.default_rng(seed).random(len(frame)) < chance
    return frame.with_columns(pl.Series("y", np.where(bought, "yes", "no")))


def test_effects_on_the_chance_of_a_class_that_are_flattened_are_seen() -> None:
    train, holdout, real = (as_class(rows(seed, 4000), seed) for seed in (1, 2, 3))
    same = scored(train, holdout, real)[0]
    assert same.interval is not None
    assert same.interval[0] < 1 < same.interval[1]
    flat = scored(train, holdout, as_class(rows(3, 4000), 3, slope=0.4))[0]
    assert kept(flat) < 0.75
    assert "points" in flat.sentence


def doubled(frame: pl.DataFrame, seed: int) -> pl.DataFrame:
    """A column beside x that says the same."""
    noise = np.random.default_rng(seed + 50).normal(0, 0.01, len(frame))
    return frame.with_columns((pl.col("x") * 1.8 + 32 + pl.Series(noise)).alias("x in other units"))


def test_columns_that_say_the_same_do_not_hide_what_they_say() -> None:
    train, holdout = (doubled(rows(seed), seed) for seed in (1, 2))
    same = scored(train, holdout, doubled(rows(3), 3))[0]
    assert same.interval is not None
    assert same.interval[0] < 1 < same.interval[1]
    half = doubled(rows(3), 3).with_columns(pl.col("y") - pl.col("x"))
    assert kept(scored(train, holdout, half)[0]) < 0.93


def test_the_target_in_other_words_is_left_out_and_said() -> None:
    def told(frame: pl.DataFrame) -> pl.DataFrame:
        return frame.with_columns(pl.col("y").exp().alias("e to the y"))

    share = scored(told(rows(1)), told(rows(2)), told(rows(3, effect=0.5)))[0]
    assert kept(share) < 0.95
    assert "'e to the y'" in share.sentence


def test_gaps_rare_levels_and_constant_columns_change_nothing() -> None:
    def poorer(frame: pl.DataFrame, seed: int) -> pl.DataFrame:
        rng = np.random.default_rng(seed + 90)
        rare = np.where(rng.random(len(frame)) < 0.003, "odd", frame["group"].to_numpy())
        return frame.with_columns(
            pl.Series("group", rare),
            pl.when(pl.Series(rng.random(len(frame)) < 0.1))
            .then(None)
            .otherwise(pl.col("z"))
            .alias("z"),
            pl.lit(7).alias("seven"),
        )

    train, holdout = poorer(rows(1), 1), poorer(rows(2), 2)
    share = scored(train, holdout, poorer(rows(3), 3))[0]
    assert share.interval is not None
    assert share.interval[0] < 1 < share.interval[1]


def test_a_level_that_is_not_made_keeps_nothing() -> None:
    made = rows(3).with_columns(pl.lit("no").alias("treated"))
    share = scored(rows(1), rows(2), made)[0]
    assert kept(share) == pytest.approx(0.75, abs=0.07)


def test_little_or_nothing_to_compare_is_said_to_be_unknown() -> None:
    few = scored(rows(1, 60), rows(2, 60), rows(3, 60))[0]
    assert few.value is None
    assert "are needed" in few.why
    noise = rows(1).with_columns(pl.col("y").shuffle(seed=1))
    other = rows(2).with_columns(pl.col("y").shuffle(seed=2))
    nothing = scored(noise, other, rows(3))[0]
    assert nothing.value is None
    assert "no other column goes clearly with 'y'" in nothing.why
