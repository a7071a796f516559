"""Effects that were planted are found, and those that no method can find are not claimed."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.unit.effects.planted import study
from tidemill.core.run import Run
from tidemill.effects.differing import differing
from tidemill.effects.estimates import (
    ESTIMATORS,
    Effect,
    doubly_robust,
    mean_of,
    raw_difference,
)
from tidemill.effects.hidden_cause import hidden_cause
from tidemill.effects.matching import matched
from tidemill.effects.nuisances import Nuisances, nuisances
from tidemill.effects.study import Study


def nuisances_of_nothing(rows: int) -> Nuisances:
    """For estimates that look at none."""
    none = np.zeros(rows)
    return Nuisances(none, none, none, none.astype(np.int64), none)


def test_what_was_drawn_by_lot_is_found_by_every_estimator() -> None:
    given, each = study(1500, 1, lambda a, b: 1 + 0 * a)
    expected = nuisances(given, Run(0))
    for name, estimate in ESTIMATORS.items():
        found = estimate(given, expected)
        assert found.low < each.mean() < found.high, name
        assert found.mean == pytest.approx(1.0, abs=0.15)


def test_what_a_column_decides_is_adjusted_for() -> None:
    given, each = study(2000, 2, lambda a, b: 1 + 0.5 * b, chosen=1.0)
    expected = nuisances(given, Run(0))
    raw = raw_difference(given, expected)
    assert raw.low > each.mean() + 0.3  # the fault that is mended
    for name, estimate in ESTIMATORS.items():
        found = estimate(given, expected)
        assert abs(found.mean - each.mean()) < 0.2, name
    found = doubly_robust(given, expected)
    assert found.low < each.mean() < found.high


def test_what_no_column_shows_is_not_adjusted_for() -> None:
    given, _ = study(2000, 3, lambda a, b: 0 * a, hidden=1.0)
    found = doubly_robust(given, nuisances(given, Run(0)))
    assert (
        found.low > 0.3
    )  # as it must be: the page says how strong a hidden cause would have to be


def test_the_interval_holds_the_truth_as_often_as_it_says() -> None:
    held = 0
    for seed in range(40):
        given, each = study(500, seed, lambda a, b: 0.4 + 0.3 * a, chosen=0.5)
        found = doubly_robust(given, nuisances(given, Run(seed)))
        held += found.low <= each.mean() <= found.high
    assert held >= 34


def test_rows_of_one_person_are_no_independent_witnesses() -> None:
    parts = np.repeat(np.random.default_rng(0).normal(size=50), 20)
    alone = mean_of(parts, np.arange(1000))
    together = mean_of(parts, np.repeat(np.arange(50), 20))
    assert together.error == pytest.approx(alone.error * np.sqrt(20), rel=0.05)


def test_each_row_is_seen_by_models_that_have_not_seen_its_person() -> None:
    given, _ = study(300, 4, lambda a, b: 0 * a)
    whose = np.repeat(np.arange(100), 3)
    grouped = Study(given.layout, given.rows, given.treated, given.outcome, whose, 0.5)
    fold = nuisances(grouped, Run(0)).fold
    for person in range(100):
        assert len(set(fold[whose == person])) == 1


def test_the_same_seed_gives_the_same_figures() -> None:
    given, _ = study(400, 5, lambda a, b: 0.2 + 0 * a, chosen=0.5, happens=True)
    first, second = (nuisances(given, Run(7)) for _ in range(2))
    assert np.array_equal(first.propensity, second.propensity)
    assert np.array_equal(first.effect, second.effect)


def test_effects_that_differ_are_told_from_those_that_do_not() -> None:
    given, _ = study(2000, 7, lambda a, b: 1 + 0.8 * b)
    found = differing(given, nuisances(given, Run(0)))
    assert found.differ
    assert found.groups[-1].low > found.groups[0].high
    claimed = 0
    for seed in range(12):
        alike, _ = study(600, seed, lambda a, b: 1 + 0 * a)
        claimed += differing(alike, nuisances(alike, Run(seed))).differ
    assert claimed <= 2


def test_pairs_are_near_and_of_either_group_once() -> None:
    given, each = study(1500, 8, lambda a, b: 1 + 0 * a, chosen=1.0)
    expected = nuisances(given, Run(0))
    found = matched(given, expected, np.random.default_rng(0))
    assert found.low < each.mean() < found.high
    assert len(found.parts) <= min(given.treated.sum(), (~given.treated).sum())
    assert np.array_equal(found.parts, matched(given, expected, np.random.default_rng(0)).parts)


def test_the_best_of_several_that_did_nothing_is_hardly_ever_said_to_have_done_something() -> None:
    given, _ = study(700, 8, lambda a, b: 0 * a)
    rng = np.random.default_rng(8)
    alone = together = 0
    for _ in range(200):
        arm, outcome = rng.integers(0, 7, 700), rng.normal(size=700)
        found = []
        for k in range(1, 7):
            part = (arm == 0) | (arm == k)
            one = replace(
                given.part(part), treated=arm[part] == k, outcome=outcome[part], assigned=0.5
            )
            found.append(raw_difference(one, nuisances_of_nothing(len(one))))
        best = max(found, key=lambda effect: effect.mean)
        alone += best.low > 0
        together += best.of_several(6).low > 0
    assert alone > 12  # chance alone: more than the 2.5 % that an interval promises
    assert together <= 10


def test_the_strength_of_a_hidden_cause_grows_with_the_effect() -> None:
    given, _ = study(1500, 9, lambda a, b: 0.3 + 0 * a, chosen=0.7)
    weak = hidden_cause(given, Effect(0.3, 0.06, np.zeros(1500)))
    strong = hidden_cause(given, Effect(1.2, 0.06, np.zeros(1500)))
    assert weak.needed < strong.needed < 1
    assert 0 < weak.doubtful < weak.needed
    assert hidden_cause(given, Effect(0.1, 0.06, np.zeros(1500))).doubtful == 0
    assert weak.strongest == "first"
    assert 0 < weak.explains[0] < 1
    assert weak.left < 0.3
