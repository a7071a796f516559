"""Tastes that were planted are found, and where there are none nothing is claimed."""

from __future__ import annotations

import datetime as dt

import numpy as np
import polars as pl
import pytest
from scipy import sparse

from tidemill.core.run import Run
from tidemill.recommending import RECOMMENDERS
from tidemill.recommending.base import Explains, Recommender
from tidemill.recommending.choosing import FLOOR, contest
from tidemill.recommending.measuring import best, quality
from tidemill.recommending.rehearsing import made_customers, rehearse_tastes
from tidemill.recommending.splitting import at_random, by_time
from tidemill.recommending.taken import Taken, held_out


def two_tastes(customers: int, seed: int, *, tastes: bool = True) -> tuple[pl.Series, pl.Series]:
    """Lines of customers who take from one half of the items only, or from all of them."""
    rng = np.random.default_rng(seed)
    who, what = [], []
    for k in range(customers):
        low, high = ((0, 20) if k % 2 else (20, 40)) if tastes else (0, 40)
        popular = 1 / (1 + np.arange(high - low))
        chosen = rng.choice(np.arange(low, high), 8, replace=False, p=popular / popular.sum())
        who += [f"c{k:03d}"] * 8
        what += [f"item {at:02d}" for at in chosen]
    return pl.Series("who", who), pl.Series("what", what)


def learned(name: str, pairs: sparse.csr_array) -> Recommender:
    made = RECOMMENDERS.load(name)
    found: Recommender = made.learned(pairs, Run(0), made.settings[0])
    return found


@pytest.mark.parametrize("name", list(RECOMMENDERS))
def test_a_recommender_ranks_all_items_for_anybody_without_learning_anew(name: str) -> None:
    taken = Taken.of(*two_tastes(120, 0))
    model = learned(name, taken.pairs[:100])
    scores = model.scores(taken.pairs)
    assert scores.shape == taken.shape
    assert not np.isnan(scores).any()
    assert np.allclose(scores, learned(name, taken.pairs[:100]).scores(taken.pairs))
    # a customer alone gets what the same customer gets among others
    assert np.allclose(model.scores(taken.pairs[[117]])[0], scores[117])
    proposed = best(scores, taken.pairs, 10)
    assert not any(
        set(row) & set(taken.pairs[[k]].indices.tolist()) for k, row in enumerate(proposed)
    )


@pytest.mark.parametrize("name", [name for name in RECOMMENDERS if name != FLOOR])
def test_tastes_are_found(name: str) -> None:
    taken = Taken.of(*two_tastes(200, 1))
    proposed = best(learned(name, taken.pairs).scores(taken.pairs), taken.pairs, 5)
    first_half = np.array([int(title[5:]) < 20 for title in taken.items])
    own = np.array([bool(int(customer[1:]) % 2) for customer in taken.customers])
    assert (first_half[proposed] == own[:, None]).mean() > 0.85


@pytest.mark.parametrize("name", list(RECOMMENDERS))
def test_reasons_add_up_to_the_score(name: str) -> None:
    taken = Taken.of(*two_tastes(80, 2))
    model = learned(name, taken.pairs)
    if isinstance(model, Explains):
        weights = model.weights(taken.pairs, 3)
        assert np.allclose(weights.sum(axis=1), model.scores(taken.pairs)[:, 3])
        assert not weights[taken.pairs.toarray() == 0].any()


def test_what_a_contest_says_is_what_a_few_lines_say() -> None:
    after = at_random(*two_tastes(150, 3), np.random.default_rng(0))
    found = contest(after.taken.pairs, after.held, after.validation, Run(0))
    own = found.quality[found.chosen]
    k = 7
    row = found.customers[k]
    held = set(after.held[[row]].indices.tolist())
    lists = own.proposed[k].tolist()
    gained = sum(1 / np.log2(place + 2) for place, at in enumerate(lists[:10]) if at in held)
    ideal = sum(1 / np.log2(place + 2) for place in range(min(len(held), 10)))
    assert own.ndcg[k] == pytest.approx(gained / ideal)
    assert own.recall[k] == pytest.approx(len(held & set(lists[:20])) / len(held))
    assert own.hits[k] == len(held & set(lists[:10]))


def test_without_tastes_the_best_sellers_are_as_good() -> None:
    after = at_random(*two_tastes(300, 4, tastes=False), np.random.default_rng(0))
    found = contest(after.taken.pairs, after.held, after.validation, Run(0))
    gain = found.quality[found.chosen].hits - found.quality[FLOOR].hits
    assert gain.mean() <= 2 * gain.std() / np.sqrt(len(gain))


def test_ials_solves_the_equations_of_its_paper() -> None:
    pairs = Taken.of(*two_tastes(30, 5)).pairs
    model = RECOMMENDERS.load("ials").learned(
        pairs, Run(0), {"factors": 3, "unseen": 0.2, "penalty": 0.05}
    )
    items = model._items
    took = pairs[[4]].toarray()[0]
    weight = took + 0.2
    square = (items * weight[:, None]).T @ items
    held = took.sum() + 0.2 * len(took)
    vector = np.linalg.solve(square + 0.05 * held * np.eye(3), items.T @ took)
    assert np.allclose(model.scores(pairs[[4]])[0], items @ vector)


def test_each_customer_keeps_an_item_and_no_pair_is_on_both_sides() -> None:
    pairs = Taken.of(pl.Series(["a", "b", "b", "c"]), pl.Series(["x", "x", "y", "z"])).pairs
    left, held = held_out(pairs, 0.9, np.random.default_rng(0))
    assert (np.diff(left.indptr) >= 1).all()
    assert (left.toarray() + held.toarray() == pairs.toarray()).all()


def test_time_cuts_what_is_known_from_what_came_afterwards() -> None:
    days = [dt.date(2025, 1, 1) + dt.timedelta(days=k) for k in range(0, 100, 5)]
    who = pl.Series(["a", "b"] * 10)
    what = pl.Series([f"i{k // 2}" for k in range(20)])
    found = by_time(who, what, pl.Series(days))
    assert found.since == dt.date(2025, 1, 1) + dt.timedelta(days=76)
    assert set(found.taken.items) == {f"i{k}" for k in range(8)}
    assert found.unknown == 1.0  # the last items had never been taken
    assert found.held.nnz == 0


def test_equal_scores_are_ranked_in_the_order_of_the_catalogue() -> None:
    nothing = sparse.csr_array((1, 4), dtype=np.float32)
    assert best(np.zeros((1, 4)), nothing, 3).tolist() == [[0, 1, 2]]
    held = sparse.csr_array(np.array([[0, 0, 1.0, 0]]))
    assert quality(np.pad([[0, 1, 2]], ((0, 0), (0, 17)), constant_values=-1), held).hits[0] == 1


def test_nothing_that_is_held_out_decides_the_order_of_items() -> None:
    after = at_random(*two_tastes(150, 6), np.random.default_rng(0))
    parts = [(after.taken.pairs, after.taken.items), (after.validation[0], None)]
    for pairs, items in parts:
        counts = np.asarray(pairs.sum(axis=0))
        assert (np.diff(counts) <= 0).all()
        if items is not None:
            tied = pl.DataFrame({"count": counts, "item": items})
            assert tied.equals(tied.sort("count", "item", descending=[True, False]))
    assert after.held.nnz + after.taken.pairs.nnz == 150 * 8


def shuffled(pairs: sparse.csr_array, rng: np.random.Generator) -> tuple[pl.Series, pl.Series]:
    """As many items a customer, and as many customers an item, at random."""
    row, item = made_customers(pairs, 1.0, rng).nonzero()
    return pl.Series(row), pl.Series(item)


def claims(who: pl.Series, what: pl.Series, seed: int, names: tuple[str, ...] | None) -> bool:
    after = at_random(who, what, np.random.default_rng(seed))
    more = contest(after.taken.pairs, after.held, after.validation, Run(seed), names).more_than(
        FLOOR
    )
    return bool(more.mean() > 1.96 * more.std(ddof=1) / np.sqrt(len(more)))


@pytest.mark.slow
def test_a_gain_is_found_where_it_is_and_claimed_nowhere_else() -> None:
    false, right = 0, 0
    for seed in range(20):
        tastes = Taken.of(*two_tastes(200, seed))
        false += claims(*shuffled(tastes.pairs, np.random.default_rng(seed)), seed, None)
        right += claims(*two_tastes(200, seed), seed, None)
    assert false <= 1
    assert right == 20


def test_a_rehearsal_tells_tastes_from_none() -> None:
    taken = Taken.of(*two_tastes(200, 8))
    found = rehearse_tastes(taken.pairs, (FLOOR, "neighbours", "ease"), Run(0), 8)
    assert found.times == 8
    assert found.strong >= 7
    assert found.strong >= found.weak
    assert found.claimed <= 1
    assert found == rehearse_tastes(taken.pairs, (FLOOR, "neighbours", "ease"), Run(0), 8)


def test_made_customers_take_as_many_items_of_the_same_popularity() -> None:
    taken = Taken.of(*two_tastes(300, 9))
    made = made_customers(taken.pairs, 1.0, np.random.default_rng(0))
    assert np.diff(made.indptr).tolist() == [8] * 300
    real, own = (np.asarray(pairs.sum(axis=0)) for pairs in (taken.pairs, made))
    assert np.corrcoef(real, own)[0, 1] > 0.9


def test_what_is_taken_is_never_proposed() -> None:
    rng = np.random.default_rng(0)
    for _ in range(300):
        took = rng.random(rng.integers(1, 9, 2)) < rng.random()
        length = int(rng.integers(1, 12))
        # few different scores, so that many are equal, and items that are never proposed
        scores = rng.choice([0.0, 1.0, 2.0, -np.inf], took.shape)
        lists = best(scores, sparse.csr_array(took.astype(np.float32)), length)
        for row, own, worth in zip(lists, took, scores, strict=True):
            there = row[row >= 0].tolist()
            open_items = ~own & np.isfinite(worth)
            assert open_items[there].all()
            assert len(set(there)) == len(there) == min(length, int(open_items.sum()))
