"""Made customers keep to the tastes that were planted, show nothing of a few persons, and are not
sold where they are no better than drawing by popularity."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from scipy import sparse

from tests.unit.recommending.test_recommenders import two_tastes
from tidemill.core.run import Run
from tidemill.recipes.base import Refused
from tidemill.recipes.made_customers import MadeTrial, _verdict, made_customers
from tidemill.recommending.likeness import BasketLikeness, RealBaskets, nearest
from tidemill.recommending.making import (
    FEWEST_A_PART,
    CustomerMaker,
    LatentMixture,
    by_popularity,
    without_repeats,
)
from tidemill.recommending.taken import Taken


def first_half(titles: pl.Series) -> np.ndarray:
    return np.array([int(title[5:]) < 20 for title in titles])


def test_items_are_drawn_once_and_as_often_as_they_should() -> None:
    chance = np.array([0.3, 0.25, 0.2, 0.1, 0.08, 0.04, 0.02, 0.01])
    size = np.full(20_000, 3)
    drawn = without_repeats(np.tile(chance, (20_000, 1)), size, np.random.default_rng(0))
    assert (np.diff(drawn.indptr) == 3).all()
    assert drawn.max() == 1
    reached = np.asarray(drawn.mean(axis=0))
    assert np.abs(reached - 3 * chance).max() < 0.06
    assert without_repeats(chance[None], np.array([99]), np.random.default_rng(0)).sum() == 8


def test_a_mixture_lies_where_points_lie_and_no_part_is_of_a_few() -> None:
    rng = np.random.default_rng(0)
    points = np.concatenate([rng.normal(-3, 0.3, (300, 2)), rng.normal(3, 0.3, (100, 2))])
    found = LatentMixture.of(points, np.full(points.shape, 0.04), rng)
    drawn = found.drawn(4000, rng)
    assert (drawn[:, 0] > 1).mean() == pytest.approx(0.25, abs=0.05)
    near = np.minimum(np.abs(drawn - 3).max(axis=1), np.abs(drawn + 3).max(axis=1))
    assert (near < 1.5).mean() > 0.9
    points[:4] += 40.0  # four who are like nobody else
    found = LatentMixture.of(points, np.full(points.shape, 0.04), rng)
    assert (found.share * len(points) >= FEWEST_A_PART - 1).all()
    assert np.abs(found.middle).max() < 10


def test_made_customers_keep_to_one_taste_and_take_nothing_rare() -> None:
    taken = Taken.of(*two_tastes(240, 0))
    maker = CustomerMaker.learned(taken.pairs, Run(0))
    made = maker.made(300, np.random.default_rng(0))
    own = made @ first_half(taken.items).astype(float) / np.diff(made.indptr)
    assert (np.diff(made.indptr) == 8).all()
    assert ((own < 0.2) | (own > 0.8)).mean() > 0.8
    assert 0.35 < (own > 0.5).mean() < 0.65
    floor = by_popularity(taken.pairs, 300, np.random.default_rng(0))
    mixed = floor @ first_half(taken.items).astype(float) / np.diff(floor.indptr)
    assert ((mixed < 0.2) | (mixed > 0.8)).mean() < 0.2


def test_a_chapter_says_what_made_customers_are_good_for() -> None:
    who, what = two_tastes(280, 0)
    rare = pl.Series([f"c{k:03d}" for k in range(4)]), pl.Series(["a gift for Aunt Ida"] * 4)
    taken = Taken.of(pl.concat([who, rare[0]]), pl.concat([what, rare[1]]))
    found = made_customers(taken, 500, Run(0))
    assert found.figures["made_usable"] == 1
    assert found.figures["made_pairs"] < found.figures["popularity_pairs"]
    table = found.tables["customers"]
    assert table["customer"].n_unique() == 500
    assert table["origin"].unique().to_list() == ["synthetic"]
    assert "a gift for Aunt Ida" not in table["item"].to_list()
    assert not table.is_duplicated().any()
    assert table.equals(made_customers(taken, 500, Run(0)).tables["customers"])


def test_without_tastes_made_customers_are_not_sold() -> None:
    found = made_customers(Taken.of(*two_tastes(280, 0, tastes=False)), 500, Run(0))
    assert not found.tables
    assert "Do not use" in found.lines[0]


def test_copies_are_seen_and_not_given_out() -> None:
    pairs = Taken.of(*two_tastes(240, 0)).pairs
    learned, others = pairs[:180], pairs[180:]
    base = RealBaskets.of(learned, others)
    assert base.likeness(others).near <= 0.05
    copied = base.likeness(learned[:60])
    assert copied.near == 1.0
    honest = BasketLikeness(0.1, 1.2, 2.0, 0.0, 0.05)
    floor = BasketLikeness(0.1, 2.0, 1.0, 0.0, 0.0)
    for made, usable in ((copied, False), (honest, True), (floor, False)):
        trial = MadeTrial(180, 60, 50, (floor, floor), (made, made), (honest,), 2.0)
        assert _verdict(trial)[2] is usable


def test_the_nearest_customer_is_the_one_who_shares_most() -> None:
    rng = np.random.default_rng(0)
    one, other = (sparse.csr_array((rng.random((7, 12)) < 0.4).astype(float)) for _ in range(2))
    for row, found in zip(one.toarray(), nearest(one, other), strict=True):
        shared = [(row * each).sum() / np.maximum(row, each).sum() for each in other.toarray()]
        assert found == pytest.approx(max(shared))


def test_few_customers_are_refused() -> None:
    found = made_customers(Taken.of(*two_tastes(80, 0)), 500, Run(0))
    assert not found.tables
    [refusal] = found.blocks
    assert isinstance(refusal, Refused)
    assert "fewer than 200" in refusal.why
    assert made_customers(Taken.of(*two_tastes(80, 0)), 0, Run(0)).blocks == ()
