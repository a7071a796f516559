from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from tests.unit.mining.tables import customers, halves, independent, table
from tests.unit.supervised.texts import reviews
from tidemill.core.dataset import Dataset
from tidemill.core.finding import Finding
from tidemill.core.run import Run
from tidemill.mining.calibration import reliability
from tidemill.mining.drivers import drivers
from tidemill.mining.features import learn_features, matrix


def named(found: list[Finding], name: str) -> list[Finding]:
    return [finding for finding in found if finding.name == name]


def test_drivers_in_direction_and_size() -> None:
    found = list(drivers(*halves(customers()), Run()))
    model = named(found, "model")[0]
    low, high = model.interval or (0, 0)
    assert 0.7 < low < model.strength < high < 0.9
    assert "leaves = Yes" in model.sentence
    assert "cross-validation" in model.sentence
    assert "logistic regression" in model.sentence
    main = named(found, "driver")[0]
    assert main.columns == ("contract",)
    assert main.sentence.startswith("Where contract is 'monthly', leaves = Yes is ")
    assert " points more likely than on average, other columns alike" in main.sentence
    assert not any("noise" in finding.columns for finding in named(found, "driver"))
    assert not any("id" in finding.columns for finding in found)


def test_a_number_as_target_is_told_in_its_unit() -> None:
    data = customers()
    data = replace(
        data, schema=data.schema.with_roles("feature", ["leaves"]).with_roles("target", ["fee"])
    )
    found = list(drivers(*halves(data), Run()))
    model = named(found, "model")[0]
    assert model.measure == "R²"
    assert model.strength > 0.9
    assert "always answering the mean" in model.sentence
    assert " higher than on average" in named(found, "driver")[0].sentence


def test_several_classes() -> None:
    data = customers()
    data = replace(
        data,
        schema=data.schema.with_roles("feature", ["leaves"]).with_roles("target", ["contract"]),
    )
    found = list(drivers(*halves(data), Run()))
    assert named(found, "model")[0].strength > 0.95
    assert "contract = " in named(found, "driver")[0].sentence


@pytest.mark.parametrize("target", ["yes or no", "classes", "number"])
def test_unpredictable_targets_give_a_warning_and_no_drivers(target: str) -> None:
    run = Run()
    assert not list(drivers(*independent(1500, 1, target), run))
    assert "No other column predicts 'target'" in run.warnings[0]


@pytest.mark.parametrize(
    ("values", "why"),
    [
        (["a"] * 500, "the same in every training row"),
        ([None] * 500, "known in 0 training rows"),
        ([f"v{k}" for k in range(500)], "fewer than two of its levels"),
    ],
)
def test_targets_that_cannot_be_learned_say_why(values: list[str | None], why: str) -> None:
    frame = pl.DataFrame({"x": np.arange(500.0), "t": pl.Series(values, dtype=pl.String)})
    run = Run()
    assert not list(
        drivers(*halves(table(frame, {"x": "number", "t": "category"}, {"t": "target"})), run)
    )
    assert why in run.warnings[0]


def test_rows_without_a_target_are_left_out_and_said() -> None:
    data = customers()
    gone = pl.Series(np.random.default_rng(0).random(len(data)) < 0.1)
    frame = data.frame.with_columns(pl.when(~gone).then(pl.col("leaves")).alias("leaves"))
    model = named(list(drivers(*halves(data.with_frame(frame)), Run())), "model")[0]
    assert f"{int(gone.sum())} rows without a usable leaves are left out" in model.sentence


def test_the_same_findings_whatever_the_threads() -> None:
    train, holdout = halves(customers(800))
    one, two = (list(drivers(train, holdout, Run(3, threads=threads))) for threads in (1, 2))
    assert [finding.to_state() for finding in one] == [finding.to_state() for finding in two]


def test_the_model_errs_most_where_noise_was_put() -> None:
    rng = np.random.default_rng(0)
    x, place = rng.normal(size=6000), rng.choice(["north", "south", "east"], 6000)
    noisy = (place == "south") & (rng.random(6000) < 0.5)
    yes = np.where(noisy, rng.random(6000) < 0.5, x > 0)
    frame = pl.DataFrame({"x": x, "place": place, "t": np.where(yes, "yes", "no")})
    data = table(frame, {"x": "number", "place": "category", "t": "boolean"}, {"t": "target"})
    spot = named(list(drivers(*halves(data), Run())), "weak spot")[0]
    assert spot.columns == ("place",)
    assert str(spot.condition) == "place = south"


def test_parts_of_a_date_are_features() -> None:
    rng = np.random.default_rng(0)
    days = pl.date_range(pl.date(2022, 1, 1), pl.date(2026, 1, 1), eager=True).sample(
        3000, with_replacement=True, seed=0
    )
    busy = (days.dt.weekday() > 5).to_numpy()
    frame = pl.DataFrame({"day": days, "sales": np.where(busy, 20, 10) + rng.normal(size=3000)})
    data = table(frame, {"day": "datetime", "sales": "number"}, {"sales": "target"})
    found = named(list(drivers(*halves(data), Run())), "driver")
    assert found[0].sentence.startswith("Where day (day of the week) is S")


def test_unseen_levels_and_missing_values_have_places_of_their_own() -> None:
    train = table(pl.DataFrame({"c": [*"abababababa", None]}), {"c": "category"})
    other = table(pl.DataFrame({"c": ["b", "z", None]}), {"c": "category"})
    found = matrix(other, learn_features(train, train.schema.columns))[:, 0]
    assert found[:2].tolist() == [1, 2]
    assert np.isnan(found[2])


def test_a_calibrated_model_passes_and_an_overconfident_one_does_not() -> None:
    rng = np.random.default_rng(1)
    chance = rng.random(3000)
    happened = rng.random(3000) < chance
    assert reliability(chance, happened, rng).p_value > 0.05
    assert reliability(np.where(chance > 0.5, 0.98, 0.02), happened, rng).p_value < 0.01


def test_drivers_need_a_target() -> None:
    data: Dataset = customers(200)
    assert not list(
        drivers(*halves(replace(data, schema=data.schema.with_roles("feature", ["leaves"]))), Run())
    )


@pytest.mark.parametrize("columns", [["review", "x", "label"], ["review", "label"]])
def test_texts_tell_how_well_the_target_can_be_predicted(columns: list[str]) -> None:
    train = reviews(600, "a word and a number").select(columns)
    holdout = reviews(400, "a word and a number", seed=1).select(columns)
    found = list(drivers(train, holdout, Run()))
    [model] = named(found, "model")
    assert model.strength > (0.88 if "x" in columns else 0.78)
    assert "the words of 'review' among them" in model.sentence
    assert "a plain logistic regression reaches" in model.sentence
    assert [finding.columns for finding in named(found, "driver")] == [("x",)] * ("x" in columns)


def test_texts_that_say_nothing_predict_nothing() -> None:
    data = reviews(600, "a word").select(["review", "label"])
    chance = np.random.default_rng(0).permutation(data["label"].to_numpy())
    drawn = data.with_frame(data.frame.with_columns(label=pl.Series(chance)))
    run = Run()
    assert not list(drivers(drawn.rows(np.arange(400)), drawn.rows(np.arange(400, 600)), run))
    assert any("better than chance would" in said for said in run.warnings)
