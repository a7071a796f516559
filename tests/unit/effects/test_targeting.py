"""Lists by effect: found where there is one to find, and not claimed where there is none."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.unit.effects.planted import study
from tidemill.core.run import Run
from tidemill.effects.lot import lot_of
from tidemill.effects.nuisances import nuisances
from tidemill.effects.qini import qini_curve
from tidemill.effects.targeting import CHANCE, EFFECT, RESPONSE, Prices, targeting
from tidemill.supervised.arrays import Floats


def in_a_segment(first: Floats, second: Floats) -> Floats:
    return np.where(second > 0.5, 0.3, 0.0)


def nothing(first: Floats, second: Floats) -> Floats:
    return np.zeros(len(first))


def claims(seed: int, effect: object, rows: int = 1200) -> tuple[bool, float, float]:
    """Whether a list is said to be better, and the interval of what it gains."""
    given, _ = study(rows, seed, effect, happens=True)  # type: ignore[arg-type]
    expected = nuisances(given, Run(seed))
    found = targeting(given, expected, Prices(), 0.3, Run(seed))
    gain = found.own.against[CHANCE]
    return found.is_better, gain.low, gain.high


def test_a_segment_is_found_and_what_the_list_gains_is_told_right() -> None:
    given, each = study(4000, 1, in_a_segment, happens=True)
    run = Run(1)
    found = targeting(given, nuisances(given, run), Prices(), 0.3, run)
    assert found.is_better
    second = found.halves[1]
    listed = np.argsort(-found.each[second], kind="stable")[: round(0.3 * len(second))]
    truth = each[second][listed].sum() / len(second) - 0.3 * each[second].mean()
    gain = found.own.against[CHANCE]
    assert gain.low < truth < gain.high
    assert found.curves[EFFECT].coefficient > found.curves[RESPONSE].coefficient


def test_where_nothing_was_planted_hardly_any_list_is_said_to_be_better() -> None:
    assert sum(claims(seed, nothing)[0] for seed in range(15)) <= 2


@pytest.mark.slow
def test_where_nothing_was_planted_at_most_5_of_100_lists_are_said_to_be_better() -> None:
    assert sum(claims(seed, nothing)[0] for seed in range(100)) <= 5


def test_prices_decide_who_is_contacted() -> None:
    given, _ = study(8000, 2, in_a_segment, happens=True)
    run = Run(2)
    expected = nuisances(given, run)
    dear = targeting(given, expected, Prices(10.0, 50.0, told=True), 0.3, run)
    assert dear.own.share == 0  # no outcome pays for a contact
    assert not dear.is_better
    cheap = targeting(given, expected, Prices(10.0, 1.0, told=True), 0.3, run)
    assert 0.1 < cheap.own.share < 0.6
    assert cheap.is_better


def test_a_perfect_order_has_the_largest_coefficient_and_chance_has_none() -> None:
    given, each = study(4000, 3, in_a_segment, happens=True)
    run = Run(3)
    ideal = np.where(given.treated, given.outcome, -given.outcome)
    assert qini_curve(ideal, given, run).coefficient == pytest.approx(1, abs=1e-9)
    chance = qini_curve(np.random.default_rng(0).random(len(given)), given, run)
    assert chance.least < 0 < chance.most
    truth = qini_curve(each, given, run)
    assert truth.least > 0
    assert truth.gained[-1] == pytest.approx(
        1000 * (given.outcome[given.treated].mean() - given.outcome[~given.treated].mean())
    )


def test_a_draw_by_lot_is_told_from_a_choice() -> None:
    by_lot, _ = study(1500, 4, nothing)
    assert lot_of(by_lot, Run(0)).drawn
    chosen, _ = study(1500, 4, nothing, chosen=0.5)
    found = lot_of(replace(chosen, assigned=None), Run(0))
    assert not found.drawn
    assert found.columns[0].name == "first"
    assert "first" in found.differ


def test_a_draw_by_lot_is_hardly_ever_doubted() -> None:
    doubted = 0
    for seed in range(20):
        given, _ = study(600, seed, nothing)
        doubted += not lot_of(given, Run(seed)).drawn
    assert doubted <= 2
