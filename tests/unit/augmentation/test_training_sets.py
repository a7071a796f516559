"""What strategies are made of: gates, weights, copies, and the guard."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

import tidemill as tm
from tests.conformance.test_aims import table
from tidemill.augmentation.diversity import diversity
from tidemill.augmentation.gates import gates, through
from tidemill.augmentation.interpolated import interpolated, methods
from tidemill.augmentation.strategy import Step, Strategy
from tidemill.augmentation.training_sets import MOST_AMOUNT, TAUGHT, GeneratorOptions, TrainingSets
from tidemill.core.dataset import Dataset
from tidemill.core.run import Run
from tidemill.trials.problem import problem_of

SETTINGS = GeneratorOptions(options={"effort": "plain"})


@pytest.fixture(scope="module")
def shop() -> TrainingSets:
    return TrainingSets(table("classes", 400), SETTINGS, Run(4))


def test_strategies_state_themselves() -> None:
    for strategy in (
        Strategy(),
        Strategy(balanced=True),
        Strategy(method="SMOTE"),
        Strategy(steps=(Step("alike", 4, 0.5), Step("rare"))),
        Strategy(steps=(Step("rare"),), copied=True),
    ):
        assert Strategy.from_state(strategy.to_state()) == strategy
        assert str(strategy)


def test_generated_rows_are_marked_and_real_ones_stand_first(shop: TrainingSets) -> None:
    made = shop.rows(Strategy(steps=(Step("alike", 1, 1 / 3),)))
    assert made.weight is not None
    real = len(shop.real)
    assert made.data.frame.head(real).equals(shop.real.frame)
    assert made.data.origin is not None
    assert made.data.origin.to_list() == [0] * real + [1] * (len(made.data) - real)
    assert set(made.weight[real:].round(6)) == {round(1 / 3, 6)}
    assert 0.8 * real < len(made.data) - real <= real


def test_class_weights_make_classes_equal(shop: TrainingSets) -> None:
    made = shop.rows(Strategy(balanced=True))
    assert made.weight is not None
    label = problem_of(shop.real).label
    assert made.weight[label == 1].sum() == pytest.approx(made.weight[label == 0].sum())


def test_copies_are_real_rows_of_the_same_classes(shop: TrainingSets) -> None:
    steps = (Step("rare"),)
    added, copied = shop.rows(Strategy(steps=steps)), shop.rows(Strategy(steps=steps, copied=True))
    names = shop.real.schema.names
    assert (
        copied.data.frame["churn"]
        .value_counts()
        .sort("churn")
        .equals(added.data.frame["churn"].value_counts().sort("churn"))
    )
    assert copied.data.frame.join(shop.real.frame, on=list(names), how="anti").height == 0


def test_a_generator_never_learns_from_generated_rows_alone(shop: TrainingSets) -> None:
    taught = shop.taught((Step("alike", MOST_AMOUNT), Step("rare")))
    assert taught.frame.head(len(shop.real)).equals(shop.real.frame)
    assert len(taught) <= (1 + TAUGHT) * len(shop.real) + 1
    unguarded = TrainingSets(
        shop.real, GeneratorOptions(options={"effort": "plain"}, guarded=False), Run(4)
    )
    alone = unguarded.taught((Step("alike"),)).origin
    assert alone is not None
    assert alone.min() == 1


def test_the_same_seed_gives_the_same_rows(shop: TrainingSets) -> None:
    again = TrainingSets(shop.real, SETTINGS, Run(4))
    for strategy in (Strategy(method="SMOTE"), Strategy(steps=(Step("weak spots"),))):
        assert again.rows(strategy).data.frame.equals(shop.rows(strategy).data.frame)


def test_gates_let_real_rows_pass_and_hold_bad_ones_back() -> None:
    rng = np.random.default_rng(2)
    x = rng.normal(size=(900, 3))
    label = np.where(x[:, 0] + x[:, 1] > 0, "yes", "no")
    data = tm.read(pl.DataFrame({f"x{j}": x[:, j] for j in range(3)} | {"y": label}), target="y")
    real, fresh = data.rows(np.arange(600)), data.rows(np.arange(600, 900))
    reference = tm.fit(real, options={"effort": "plain"}).sample_dataset(600, run=Run(1))
    passing = gates(real, reference, problem_of(real), Run(1))
    assert through(fresh, passing, Run())[0].mean() > 0.85
    flipped = fresh.with_frame(
        fresh.frame.with_columns(
            y=pl.when(pl.col("y") == "yes").then(pl.lit("no")).otherwise(pl.lit("yes"))
        )
    )
    kept, dropped = through(flipped, passing, Run())
    assert kept.mean() < 0.3
    assert dropped["have a label that a committee of models contradicts"] > 150


def test_copies_of_real_rows_are_held_back() -> None:
    rng = np.random.default_rng(0)
    frame = pl.DataFrame({f"x{j}": rng.normal(size=500) for j in range(4)}).with_columns(
        y=pl.Series(rng.choice(["a", "b"], 500))
    )
    real = tm.read(frame, target="y")
    reference = tm.fit(real, model="independent").sample_dataset(500, run=Run(1))
    copies = next(
        gate for gate in gates(real, reference, problem_of(real), Run(1)) if "copies" in gate.fails
    )
    assert not copies.passed(real).any()
    assert copies.passed(reference).mean() > 0.9


@pytest.mark.parametrize("kind", ["classes", "boolean", "codes", "three"])
def test_interpolated_rows_fit_the_schema_and_balance_the_classes(kind: str) -> None:
    data = table(kind)
    holes = data.frame.with_columns(
        age=pl.when(pl.col("age") > 75).then(None).otherwise(pl.col("age")),
        plan=pl.when(pl.col("plan") == "firm").then(None).otherwise(pl.col("plan")),
    )
    data = tm.read(holes, target="churn")
    for method in methods(data):
        added = interpolated(data, method, Run(1))
        assert added.frame.schema == data.frame.schema
        counts = pl.concat([data.frame, added.frame])["churn"].value_counts()["count"]
        assert counts.max() - counts.min() <= 0.1 * counts.max()  # type: ignore[operator]


def test_all_methods_work_on_numbers() -> None:
    rng = np.random.default_rng(1)
    x = rng.normal(size=(300, 2))
    label = np.where(x[:, 0] + rng.normal(size=300) > 1.2, "fraud", "fine")
    data = tm.read(pl.DataFrame({"a": x[:, 0].round(1), "b": x[:, 1], "y": label}), target="y")
    assert len(methods(data)) == 3
    for method in methods(data):
        added = interpolated(data, method, Run(1))
        assert len(added) > 50
        assert added.frame["a"].is_between(-5, 5).all()
        assert ((added.frame["a"] * 10).round(6) % 1 == 0).all()


def test_diversity_sees_what_is_lost() -> None:
    data: Dataset = table("number", 1000)
    same = diversity(data, data)
    assert (same.tails, same.trends, same.distinct) == (1.0, 0.0, 1.0)
    usual = pl.col("age").is_between(25, 70) & (pl.col("plan") != "firm")
    middle = data.rows(data.frame.select(usual).to_series().to_numpy())
    assert diversity(data, middle).tails < 0.7
    shuffled = data.with_frame(data.frame.with_columns(pl.col("churn").shuffle(seed=1)))
    assert diversity(data, shuffled).trends > 0.05
    assert diversity(data, data.rows(np.zeros(500, np.int64))).distinct < 0.01
