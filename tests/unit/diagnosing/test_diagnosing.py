"""Intervals, guarantees and sides of images, where the truth is known."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

import tidemill as tm
from tests.unit.diagnosing.planted_images import planted
from tidemill.core.errors import InputError, OptionError
from tidemill.core.run import Run
from tidemill.diagnosing.evidence import hidden, patches
from tidemill.diagnosing.groups import failing_groups
from tidemill.diagnosing.measuring import (
    answer_sets,
    area_of,
    least_chance,
    part_difference,
    share_of,
    unsureness,
)
from tidemill.diagnosing.sides import TEST, TRAIN, VALIDATION, apart, drawn_sides, told_sides


def test_a_share_s_interval_holds_the_truth_where_rows_of_a_person_go_together() -> None:
    rng = np.random.default_rng(0)
    whose = np.repeat(np.arange(40), 5)
    held = alone = 0
    for _ in range(300):
        hits = np.repeat(rng.random(40) < 0.8, 5)
        found = share_of(hits, whose)
        held += found.low <= 0.8 <= found.high
        naive = share_of(hits, np.arange(200))
        alone += naive.low <= 0.8 <= naive.high
    assert held >= 275
    assert alone < 250


def test_a_perfect_area_is_not_certain() -> None:
    score = np.linspace(0, 1, 20)
    found = area_of(score > 0.5, score, np.arange(20), Run(0))
    assert found.value == 1.0
    assert found.low < 0.8


def test_sets_of_answers_hold_what_they_promise() -> None:
    rng = np.random.default_rng(1)
    covered = []
    for _ in range(200):
        chances = rng.dirichlet([1, 1, 1], 120)
        truth = rng.integers(0, 3, 120)  # however bad the chances are
        least = least_chance(chances[:60], truth[:60])
        covered.append(answer_sets(chances[60:], least)[np.arange(60), truth[60:]].mean())
    assert 0.89 < np.mean(covered) < 0.93


def test_parts_that_are_alike_rarely_differ() -> None:
    rng = np.random.default_rng(2)
    p_values = []
    for _ in range(200):
        first, second = (np.repeat(rng.normal(size=size), 3) for size in (50, 80))
        whose = np.repeat(np.arange(80), 3)
        p_values.append(part_difference("it", first, whose[:150], second, whose).p_value)
    assert 1 <= np.sum(np.array(p_values) < 0.05) <= 20


def test_the_unsure_ones_are_near_the_point() -> None:
    chances = np.array([[0.9, 0.1], [0.7, 0.3], [0.1, 0.9]])
    assert unsureness(chances, 0.3).argmax() == 1
    assert unsureness(np.array([[0.4, 0.35, 0.25], [0.8, 0.1, 0.1]]), 0.5).argmax() == 0


def test_no_person_and_no_copy_is_on_two_sides() -> None:
    made = planted(300, a_patient=3)
    sides = drawn_sides(made.ill.astype(int), made.patient, Run(0))
    for side in (VALIDATION, TEST):
        others = sides.side != side
        assert not set(made.patient[sides.side == side]) & set(made.patient[others])
    assert 0.25 < (sides.side == TEST).mean() < 0.35
    told = told_sides(["Train"] * 100 + ["validation"] * 100 + ["test"] * 100, "part")
    pixels = made.pixels[..., None].copy()
    pixels[200:220] = pixels[:20]
    left = apart(told, pixels, np.arange(300))
    assert (left.side[200:220] == -1).all()
    assert (left.side[:100] == TRAIN).all()
    with pytest.raises(OptionError, match="never says 'test'"):
        told_sides(["train", "val"], "part")


def test_hiding_changes_a_patch_alone() -> None:
    pixels = np.zeros((2, 10, 10, 1), np.uint8)
    pixels[:, 2:5, 2:5] = 255
    inside = np.zeros((10, 10), bool)
    for patch in patches((10, 10)):
        shown = hidden(pixels, patch)
        inside[patch.inside] = True
        outside = np.ones((10, 10), bool)
        outside[patch.inside] = False
        assert (shown[:, outside] == pixels[:, outside]).all()
    assert inside.all()


def test_groups_are_rarely_called_failing_by_chance() -> None:
    rng = np.random.default_rng(3)
    false = 0
    for seed in range(40):
        made = planted(240, seed)
        site = rng.choice(["a", "b", "c"], 240)
        test = tm.read(made.frame(site=site), target="label")
        found = failing_groups(
            test.select(["site"]),
            made.pixels[..., None],
            np.where(made.ill, "ill", "healthy").tolist(),
            rng.random(240) < 0.15,
            np.arange(240),
        )
        false += any(one.proven for one in found)
    assert false <= 6


def test_several_arrays_and_further_ones_are_read(tmp_path: object) -> None:
    path = f"{tmp_path}/scans.npz"
    made = planted(30)
    both = {"train": slice(0, 20), "test": slice(20, 30)}
    arrays = {f"{name}_images": made.pixels[at] for name, at in both.items()}
    arrays |= {f"{name}_labels": made.ill[at].astype(int) for name, at in both.items()}
    np.savez(path, allow_pickle=False, **arrays)
    read = tm.read(f"{path}?images=train_images,test_images")
    assert read["split"].to_list() == ["train"] * 20 + ["test"] * 10
    assert read["label"].cast(pl.String).to_list() == made.ill.astype(int).astype(str).tolist()
    np.savez(path, images=made.pixels, patient=made.patient)
    assert tm.read(f"{path}?columns=patient")["patient"].to_list() == made.patient.tolist()
    with pytest.raises(InputError, match="there is no array of 30 values called 'site'"):
        tm.read(f"{path}?columns=site")
