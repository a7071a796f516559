"""Trees that are answered by other rows than those that found their questions."""

from __future__ import annotations

from dataclasses import replace

import lightgbm as lgb
import numpy as np

from tidemill.models.forest import Forest
from tidemill.models.honest_forest import Question, grown, honest, of_enough_persons

N, WIDTH, ROUNDS = 2000, 10, 40
SETTINGS = {
    "objective": "binary",
    "num_leaves": 8,
    "learning_rate": 0.15,
    "max_delta_step": 2.0,
    "lambda_l2": 2.0,
    "num_threads": 1,
    "deterministic": True,
    "force_col_wise": True,
    "verbosity": -1,
    "feature_pre_filter": False,
}


def never() -> bool:
    return False


def question(right: np.ndarray, seen: np.ndarray, least: int = 10) -> Question:
    binned = lgb.Dataset(seen, params=SETTINGS).construct()
    rows = np.arange(len(seen), dtype=np.int32)
    odds = np.full(len(seen), np.log(right.mean() / (1 - right.mean())))
    return Question(binned, rows, seen, right, odds, least)


def log_loss(forest: Forest, asked: Question, seen: np.ndarray, right: np.ndarray) -> float:
    odds = asked.odds[0] + forest.boosters(WIDTH)[0].predict(seen, raw_score=True)
    return float(np.log1p(np.exp(np.where(right, -odds, odds))).mean())


def tossed(rng: np.random.Generator, strength: float) -> tuple[np.ndarray, np.ndarray]:
    """Numbers, and a side that the first of them tells with a strength."""
    seen = rng.normal(size=(N, WIDTH)).astype(np.float32)
    return seen, rng.random(N) < 1 / (1 + np.exp(-strength * seen[:, 0]))


def test_rows_that_were_learned_are_hardly_flattered() -> None:
    """Of tosses that nothing tells, trees learn their own rows by heart, and honest ones do not."""
    rng = np.random.default_rng(0)
    seen, right = tossed(rng, 0)
    unseen, other = tossed(rng, 0)
    asked = question(right, seen)
    booster = grown(asked, slice(None), SETTINGS, ROUNDS, never)
    assert booster is not None
    by_heart = Forest.of(booster.model_to_string())
    fair = honest(asked, rng.random(N) < 0.5, SETTINGS, ROUNDS, never)
    assert fair is not None
    gaps = [
        log_loss(forest, asked, unseen, other) - log_loss(forest, asked, seen, right)
        for forest in (by_heart, fair)
    ]
    assert gaps[0] > 0.03
    assert gaps[1] < gaps[0] / 4


def test_what_is_there_is_learned() -> None:
    rng = np.random.default_rng(1)
    seen, right = tossed(rng, 2)
    unseen, other = tossed(rng, 2)
    asked = question(right, seen)
    fair = honest(asked, rng.random(N) < 0.5, SETTINGS, ROUNDS, never)
    assert fair is not None
    odds = 2 * unseen[:, 0]
    best = float(np.log1p(np.exp(np.where(other, -odds, odds))).mean())
    assert best < log_loss(fair, asked, unseen, other) < best + 0.03


def test_a_leaf_that_too_few_rows_answer_says_nothing() -> None:
    rng = np.random.default_rng(2)
    seen, right = tossed(rng, 2)
    side = np.zeros(N, bool)
    side[:300] = True  # of these, hardly any leaf of the others' trees has 50
    fair = honest(question(right, seen, least=50), side, SETTINGS, ROUNDS, never)
    assert fair is not None
    mine = fair.leaves[:ROUNDS].sum()
    assert (fair.value[:mine] != 0).any()
    assert (fair.value[mine:] == 0).mean() > 0.3


def test_time_that_runs_out_leaves_no_forest() -> None:
    rng = np.random.default_rng(3)
    seen, right = tossed(rng, 1)
    assert honest(question(right, seen), rng.random(N) < 0.5, SETTINGS, 5, lambda: True) is None


def test_where_all_rows_are_of_one_side_nobody_answers() -> None:
    rng = np.random.default_rng(4)
    seen, right = tossed(rng, 2)
    for side in (np.ones(N, bool), np.zeros(N, bool)):
        fair = honest(question(right, seen), side, SETTINGS, 5, never)
        assert fair is not None
        fair.check(WIDTH)
        assert np.all(fair.boosters(WIDTH)[0].predict(seen, raw_score=True) == 0)


def test_leaves_of_fewer_than_five_persons_say_nothing() -> None:
    """What tells the sides apart in the rows of three or four persons, however many rows they have,
    is not learned; of many persons it is."""
    rng = np.random.default_rng(5)
    seen, right = tossed(rng, 0)
    person = rng.integers(10, 400, N)
    loud = seen[:, 0] > 1.1
    right = np.where(loud, True, right)
    of_many = replace(question(right, seen), person=person)
    of_few = replace(of_many, person=np.where(loud, rng.integers(0, 4, N), person))
    for asked, learned in ((of_many, True), (of_few, False)):
        side = (asked.person % 2).astype(bool)
        fair = honest(asked, side, SETTINGS, ROUNDS, never)
        booster = grown(asked, slice(None), SETTINGS, ROUNDS, never)
        assert fair is not None
        assert booster is not None
        for forest in (fair, of_enough_persons(booster, asked)):
            odds = forest.boosters(WIDTH)[0].predict(seen[loud], raw_score=True)
            assert (odds.mean() > 1) == learned
