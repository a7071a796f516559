"""Rows that `trees` makes for given contexts: children of a parent, in the first place."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tidemill.core.grid import Batch, Code, Constraints, Real, Spec
from tidemill.core.run import Run
from tidemill.models import trees
from tidemill.models.trees import Trees

N = 8000
OTHERS = 5
"""Numbers of a parent that say nothing, but tell it from the others."""
PARENT = Spec((Real("income"), *(Real(f"other {i}") for i in range(OTHERS))), (Code("region", 4),))
CHILD = Spec((Real("spent"),), (Code("late", 2), Code("express", 2)), context=PARENT)
SLOPE, NOISE = 3, 300
LATE = np.array([0.15, 0.5, 0.8])
EXPRESS = np.array([[0.2, 0.7], [0.5, 0.5], [0.9, 0.3]])  # by region and whether it was late


def told(income: np.ndarray, region: np.ndarray, rng: np.random.Generator) -> Batch:
    """Parents of (n,) these incomes and regions."""
    tick = np.column_stack([income, rng.integers(0, 1000, (len(income), OTHERS))])
    return Batch(tick.astype(np.int64), region[:, None].astype(np.int32))


def incomes(n: int, rng: np.random.Generator) -> np.ndarray:
    return np.rint(1000 * rng.normal(size=n))


def parents(n: int, rng: np.random.Generator) -> Batch:
    """Of regions 0 to 2 of four."""
    return told(incomes(n, rng), rng.integers(0, 3, n), rng)


def of_region_1(n: int) -> Batch:
    rng = np.random.default_rng(8)
    return told(incomes(n, rng), np.ones(n), rng)


def orders(given: Batch, rng: np.random.Generator) -> Batch:
    """An order for each parent: what is spent follows the income, and whether it was late the
    region; whether it was express, both of region and lateness."""
    n, region = len(given), given.code[:, 0]
    late = (rng.random(n) < LATE[region]).astype(np.int32)
    express = (rng.random(n) < EXPRESS[region, late]).astype(np.int32)
    spent = np.rint(SLOPE * given.tick[:, 0] + NOISE * rng.normal(size=n)).astype(np.int64)
    return Batch(spent[:, None], np.column_stack([late, express]), context=given)


def learned() -> Batch:
    rng = np.random.default_rng(3)
    return orders(parents(N, rng), rng)


@pytest.fixture(scope="module")
def model() -> Trees:
    return Trees().fit(CHILD, learned(), Run())


def repeated(given: Batch, times: int) -> Batch:
    return given.rows(np.repeat(np.arange(len(given)), times))


def binomial_error(chance: np.ndarray | float, *counts: float) -> np.ndarray | float:
    """The standard error of a share that was learned from so many rows and is seen in as many."""
    return np.sqrt(chance * (1 - chance) * sum(1 / count for count in counts))


def test_nothing_is_learned_of_the_context(model: Trees) -> None:
    given = model.given
    assert given == 2 + OTHERS
    assert all(a.forest is None and not len(a.features) for a in model.learned[:given])
    assert all(a.forest is not None for a in model.learned[given:])
    whole = Trees().fit(CHILD.joint, learned().joint, Run(steps=0))
    assert model.steps_planned < whole.steps_planned


@pytest.mark.parametrize("income", [-1500, 0, 1500])
def test_a_number_has_the_mean_and_the_spread_that_its_context_gives(
    model: Trees, income: int
) -> None:
    given = told(np.full(4000, income), np.ones(4000), np.random.default_rng(4))
    spent = model.sample(4000, np.random.default_rng(5), context=given).tick[:, 0]
    assert spent.mean() == pytest.approx(SLOPE * income, abs=NOISE / 3)
    assert spent.std() == pytest.approx(NOISE, rel=0.25)


def test_the_chances_of_a_code_are_those_of_its_context(model: Trees) -> None:
    given = parents(6000, np.random.default_rng(4))
    made = model.sample(6000, np.random.default_rng(5), context=given)
    real = learned()
    for region, chance in enumerate(LATE):
        own = given.code[:, 0] == region
        rows = (real.context.code[:, 0] == region).sum()
        error = binomial_error(chance, own.sum(), rows)
        assert made.code[own, 0].mean() == pytest.approx(chance, abs=3 * error)


def test_two_columns_depend_on_each_other_as_the_context_says(model: Trees) -> None:
    given = parents(6000, np.random.default_rng(6))
    made = model.sample(6000, np.random.default_rng(7), context=given)
    real = learned()
    for region in range(3):
        for late in (0, 1):
            own = (given.code[:, 0] == region) & (made.code[:, 0] == late)
            rows = (real.context.code[:, 0] == region) & (real.code[:, 0] == late)
            chance = EXPRESS[region, late]
            error = binomial_error(chance, own.sum(), rows.sum())
            assert made.code[own, 1].mean() == pytest.approx(chance, abs=3 * error)


@pytest.mark.parametrize("children", [2, 4, 50])
def test_children_of_one_parent_are_independent(model: Trees, children: int) -> None:
    """How many orders of a parent are late is spread as the law says: a balanced sample of all
    rows, of which those of one parent are neighbours, would make it half of the orders of each."""
    n = 10_000 // children
    given = of_region_1(n)
    rows = repeated(given, children)
    made = model.sample(len(rows), np.random.default_rng(9), context=rows)
    late = made.code[:, 0].reshape(n, children)
    spread = late.sum(axis=1).var() / (children * LATE[1] * (1 - LATE[1]))
    # the chances that were learned differ a little from parent to parent
    assert 1 - 4 / np.sqrt(n) < spread < 1.15 + 4 / np.sqrt(n)
    beyond = made.tick[:, 0].reshape(n, children) - SLOPE * given.tick[:, :1]
    assert beyond.mean(axis=1).var() > 0.75 * NOISE**2 / children
    within = beyond.var(axis=1).mean() * children / (children - 1)
    assert within == pytest.approx(NOISE**2, rel=0.3)


def test_all_rows_for_one_parent_differ_as_the_law_says(model: Trees) -> None:
    given = repeated(told(np.array([700]), np.array([2]), np.random.default_rng(8)), 50)
    made = [model.sample(50, np.random.default_rng(seed), context=given) for seed in range(40)]
    late = np.array([rows.code[:, 0].mean() for rows in made])
    assert late.std() == pytest.approx(binomial_error(LATE[2], 50), rel=0.4)
    assert all(len(np.unique(rows.tick)) > 30 for rows in made)


def test_rows_of_different_parents_are_a_balanced_sample(model: Trees) -> None:
    given = of_region_1(1000)
    for rows in (given, repeated(given, 2)):
        shares = []
        for seed in range(30):
            made = model.sample(len(rows), np.random.default_rng(seed), context=rows)
            shares.append(made.code[:, 0].mean())
        assert np.std(shares) < 0.5 * binomial_error(LATE[1], len(rows))


def test_children_that_keep_to_a_condition_are_independent_too(model: Trees) -> None:
    n, children = 500, 4
    given = of_region_1(n)
    rows = repeated(given, children)
    known = Constraints(code={1: np.array([False, True])})
    made = model.infill(len(rows), known, np.random.default_rng(9), context=rows).batch
    assert (made.code[:, 1] == 1).all()
    sums = made.code[:, 0].reshape(n, children).sum(axis=1)
    chance = made.code[:, 0].mean()
    spread = sums.var() / (children * chance * (1 - chance))
    assert spread == pytest.approx(1, abs=4 * np.sqrt(2 / n))


def test_contexts_beyond_all_that_was_learned_are_those_at_its_ends(model: Trees) -> None:
    income = np.array([-(10**12), 10**12, 0]).repeat(100)
    region = np.array([0, 1, 3]).repeat(100)  # nobody was of region 3
    given = told(income, region, np.random.default_rng(8))
    made = model.sample(300, np.random.default_rng(1), context=given)
    spent = made.tick[:, 0].reshape(3, 100).mean(axis=1)
    assert spent[0] < -5000
    assert spent[1] > 5000
    assert abs(spent[2]) < 1000
    real = learned().tick
    assert real.min() <= made.tick.min()
    assert made.tick.max() <= real.max()


def test_a_context_that_says_nothing_is_none() -> None:
    """No channels, or one of a single value."""
    real = learned()
    empty = Batch(np.zeros((N, 0), np.int64), np.zeros((N, 0), np.int32))
    one = Batch(np.full((N, 1), 7), np.zeros((N, 0), np.int32))
    for spec, given in ((Spec(), empty), (Spec((Real("constant"),)), one)):
        batch = Batch(real.tick, real.code, context=given)
        plain = Trees().fit(replace(CHILD, context=spec), batch, Run(steps=5))
        made = plain.sample(2000, np.random.default_rng(1), context=given.rows(np.arange(2000)))
        assert made.code[:, 0].mean() == pytest.approx(real.code[:, 0].mean(), abs=0.04)


def test_the_same_seed_gives_the_same_rows_on_any_number_of_threads(
    model: Trees, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trees, "CHUNK", 500)
    rows = repeated(parents(600, np.random.default_rng(8)), 3)
    again = Trees().fit(CHILD, learned(), Run(threads=3))
    made = [
        one.sample(len(rows), np.random.default_rng(2), Run(threads=threads), rows)
        for one, threads in ((model, 1), (again, 3))
    ]
    assert np.array_equal(made[0].tick, made[1].tick)
    assert np.array_equal(made[0].code, made[1].code)


def test_no_row_for_no_context(model: Trees) -> None:
    none = parents(0, np.random.default_rng(8))
    assert len(model.sample(0, np.random.default_rng(2), context=none)) == 0
