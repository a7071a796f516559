"""Planted truths: what drives the target, by how much, and what is no driver."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pytest

import tidemill as tm
from tidemill.core.dataset import Dataset
from tidemill.core.finding import Finding, Findings
from tidemill.core.run import Run
from tidemill.mining.outcome import learn_outcome
from tidemill.mining.scale import learn_scale
from tidemill.mining.significance import mean_interval, median_interval

ROWS = 1500


def planted(target: str, **columns: Any) -> Dataset:
    """A table with these columns and a few of pure noise."""
    rng = np.random.default_rng(1)
    noise = {f"noise {k}": rng.normal(size=ROWS) for k in range(3)}
    letter = rng.choice(list("abcd"), ROWS)
    return tm.read(pl.DataFrame({**columns, **noise, "letter": letter}), target=target)


def drivers_of(data: Dataset, technique: str = "drivers") -> tuple[Findings, Run]:
    run = Run(0)
    return tm.mine(data, techniques=[technique], run=run), run


def the_driver(findings: Findings) -> Finding:
    (driver,) = findings.of("drivers", "driver")
    return driver


def yes(happened: np.ndarray) -> np.ndarray:
    return np.where(happened, "yes", "no")


def days(rng: np.random.Generator) -> pl.Series:
    return pl.Series(rng.integers(19_000, 19_700, ROWS)).cast(pl.Int32).cast(pl.Date)


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(0)


@pytest.mark.parametrize("tail", ["none", "ten rows times 1e9"])
def test_a_target_of_nine_orders_of_magnitude(rng: np.random.Generator, tail: str) -> None:
    p = rng.uniform(0, 9, ROWS).round(2)
    value = 10 ** (9 - p) * np.exp(rng.normal(0, 0.5, ROWS))
    if tail != "none":
        value[rng.choice(ROWS, 10, replace=False)] *= 1e9
    findings, _ = drivers_of(planted("value", p=p, value=value))
    (model,) = findings.of("drivers", "model")
    assert model.strength > 0.85
    assert "log scale" in model.sentence
    driver = the_driver(findings)
    assert driver.columns == ("p",)
    assert " times as high as on average" in driver.sentence
    assert "value falls steadily as p grows." in driver.sentence
    assert driver.interval is not None
    assert 0 < driver.interval[0] < driver.strength < driver.interval[1]


@pytest.mark.parametrize("kind", ["zeros", "negatives", "heavy tail"])
def test_other_targets_with_few_rows_far_out(rng: np.random.Generator, kind: str) -> None:
    x = rng.uniform(0, 9, ROWS)
    value = {
        "zeros": np.where(rng.random(ROWS) < 0.3, 0.0, 10 ** (9 - x)),
        "negatives": 10 ** (9 - x) - 1e4,
        "heavy tail": 3 * x + rng.standard_cauchy(ROWS),
    }[kind] * np.exp(rng.normal(0, 0.5, ROWS))
    findings, _ = drivers_of(planted("value", x=x, value=value))
    (model,) = findings.of("drivers", "model")
    assert "placed from 0 for the lowest to 100 for the highest" in model.sentence
    assert model.strength > 0.15
    driver = the_driver(findings)
    assert driver.columns == ("x",)
    assert "places of 100" in driver.sentence


def test_everyday_amounts_stay_as_they_are(rng: np.random.Generator) -> None:
    for values in (rng.normal(size=500), rng.exponential(size=500), rng.lognormal(3, 0.5, 500)):
        assert learn_scale(values).kind == "plain"


@pytest.mark.parametrize("kind", ["date", "number", "category"])
def test_a_driver_by_missingness_says_so(rng: np.random.Generator, kind: str) -> None:
    gone = rng.random(ROWS) < 0.35
    left = rng.random(ROWS) < np.where(gone, 0.7, 0.2)
    values = {
        "date": days(rng),
        "number": pl.Series(rng.normal(size=ROWS)),
        "category": pl.Series(rng.choice(list("xyz"), ROWS)),
    }[kind]
    findings, _ = drivers_of(
        planted("left", asked=values.set(pl.Series(gone), None), left=yes(left))
    )
    driver = the_driver(findings)
    assert driver.sentence.startswith("Where asked is missing, left = yes is 3")
    assert "Where asked is filled in, it is 1" in driver.sentence
    assert str(driver.condition) == "asked is missing"
    assert driver.strength == pytest.approx(100 * 0.65 * 0.5, abs=6)


def test_columns_that_are_missing_together_are_one_driver(rng: np.random.Generator) -> None:
    gone = pl.Series(rng.random(ROWS) < 0.35)
    left = rng.random(ROWS) < np.where(gone, 0.7, 0.2)
    findings, _ = drivers_of(
        planted(
            "left",
            day=days(rng).set(gone, None),
            size=pl.Series(rng.normal(size=ROWS)).set(gone, None),
            town=pl.Series(rng.choice(list("xyz"), ROWS)).set(gone, None),
            left=yes(left),
        )
    )
    sentence = the_driver(findings).sentence
    assert " is missing, left = yes is 3" in sentence
    assert "are missing in the same rows" in sentence
    assert all(name in sentence for name in ("day", "size", "town"))


def test_the_size_of_an_effect_is_the_planted_one(rng: np.random.Generator) -> None:
    plan = rng.choice(["a", "b"], ROWS)
    data = planted("y", plan=plan, y=yes(rng.random(ROWS) < np.where(plan == "a", 0.5, 0.2)))
    driver = the_driver(drivers_of(data)[0])
    assert driver.interval is not None
    low, high = sorted(map(abs, driver.interval))
    assert low < 15 < high
    assert high - low < 12


def test_an_effect_against_the_observed_shares_is_explained(rng: np.random.Generator) -> None:
    """A treatment that is given to those who are worse off, and helps."""
    severe = rng.random(ROWS) < 0.5
    treated = rng.random(ROWS) < np.where(severe, 0.8, 0.2)
    died = rng.random(ROWS) < np.where(severe, 0.85, 0.35) - 0.3 * treated
    findings, _ = drivers_of(
        planted("died", treated=yes(treated), severe=yes(severe), died=yes(died))
    )
    of_treated = findings.of("drivers", "driver")[-1]
    assert of_treated.columns == ("treated",)
    assert of_treated.sentence.startswith("Where treated is 'no', died = yes is ")
    assert "the gap between the two goes with severe" in of_treated.sentence
    assert of_treated.figures["lowest"] < 0 < of_treated.figures["highest"]


def test_a_column_that_all_but_decides_is_told_in_tens_of_points(rng: np.random.Generator) -> None:
    """As the smell of mushrooms: eight of nine smells are of one class."""
    odor = rng.choice(["none", "foul", "spicy", "almond"], ROWS, p=[0.45, 0.3, 0.15, 0.1])
    poisonous = np.isin(odor, ["foul", "spicy"]) | ((odor == "none") & (rng.random(ROWS) < 0.04))
    spore = np.where(poisonous, rng.choice(["white", "black"], ROWS), "brown")
    spore = np.where(rng.random(ROWS) < 0.4, "black", spore)
    data = planted("kind", odor=odor, spore=spore, kind=np.where(poisonous, "poisonous", "edible"))
    findings, _ = drivers_of(data)
    assert not findings.of("drivers", "answer")
    first = findings.of("drivers", "driver")[0]
    assert first.columns == ("odor",)
    assert first.strength > 20
    for finding in findings.of("drivers", "driver"):
        assert abs(finding.strength) > 5


@pytest.mark.parametrize("kind", ["number", "classes"])
def test_of_two_columns_that_say_the_same_neither_is_weak(
    rng: np.random.Generator, kind: str
) -> None:
    celsius = rng.normal(size=ROWS)
    fahrenheit = 1.8 * celsius + 32 + rng.normal(0, 0.2, ROWS)
    y: Any = 2 * celsius + rng.normal(size=ROWS)
    if kind == "classes":
        y = yes(rng.random(ROWS) < 1 / (1 + np.exp(-1.5 * celsius)))
    data = planted("y", celsius=celsius, fahrenheit=fahrenheit, y=y)
    driver = the_driver(drivers_of(data)[0])
    assert driver.strength > (1.5 if kind == "number" else 25)
    assert "says nearly the same" in driver.sentence
    assert "celsius" in driver.sentence
    assert "fahrenheit" in driver.sentence


def leavers(rng: np.random.Generator) -> dict[str, Any]:
    age = rng.normal(40, 10, ROWS)
    left = rng.random(ROWS) < 1 / (1 + np.exp(-(age - 45) / 6))
    stayed = pl.Series(~left)
    return {
        "end": days(rng).set(stayed, None),
        "status": pl.Series(np.where(left, "terminated", "active")),
        "reason": pl.Series(rng.choice(["pay", "move", "other"], ROWS)).set(stayed, None),
        "score": pl.Series(np.where(left, rng.uniform(60, 90, ROWS), rng.uniform(0, 50, ROWS))),
        "age": pl.Series(age),
        "left": pl.Series(yes(left)),
    }


def test_columns_that_are_the_answer_are_told_once_and_left_out(rng: np.random.Generator) -> None:
    data = planted("left", **leavers(rng))
    findings, _ = drivers_of(data)
    (answer,) = findings.of("drivers", "answer")
    assert answer.columns == ("end", "status", "reason", "score")
    assert "'end' is filled in exactly where left = yes" in answer.sentence
    for name in answer.columns:
        assert f"option 'ignore={name}'" in answer.sentence
    (model,) = findings.of("drivers", "model")
    assert 0.7 < model.strength < 0.9
    assert "'end', 'status', 'reason' and 'score' left out" in model.sentence
    assert the_driver(findings).columns == ("age",)
    for technique in ("rules", "segments"):
        for finding in drivers_of(data, technique)[0]:
            assert not set(answer.columns) & {test.column for test in finding.tests}


def test_a_column_that_the_user_calls_a_feature_is_kept(rng: np.random.Generator) -> None:
    data = planted("left", **leavers(rng))
    kept = Dataset(data.frame, data.schema.with_roles("feature", ["score"]))
    findings, _ = drivers_of(kept)
    (answer,) = findings.of("drivers", "answer")
    assert "score" not in answer.columns
    assert findings.of("drivers", "driver")[0].columns == ("score",)


@pytest.mark.parametrize("recoded", ["another unit", "ranges", "rounded"])
def test_a_number_in_other_words(rng: np.random.Generator, recoded: str) -> None:
    price, rooms = rng.lognormal(3, 0.5, ROWS), rng.integers(1, 6, ROWS)
    price = (price + 5 * rooms).round(2)
    other: Any = {
        "another unit": (price * 1.19).round(2),
        "ranges": np.where(price < 25, "low", np.where(price < 40, "middle", "high")),
        "rounded": price.round(0),
    }[recoded]
    findings, _ = drivers_of(planted("price", other=other, rooms=rooms, price=price))
    (answer,) = findings.of("drivers", "answer")
    assert answer.columns == ("other",)
    assert the_driver(findings).columns == ("rooms",)


def test_strong_predictors_are_no_answer(rng: np.random.Generator) -> None:
    hidden = rng.normal(size=ROWS)
    strong = hidden + rng.normal(0, 0.1, ROWS)
    data = planted("y", strong=strong, y=yes(hidden > 0))
    findings, _ = drivers_of(data)
    assert not findings.of("drivers", "answer")
    assert the_driver(findings).columns == ("strong",)
    data = planted("y", strong=strong, y=hidden)
    findings, _ = drivers_of(data)
    assert not findings.of("drivers", "answer")
    assert the_driver(findings).columns == ("strong",)


@pytest.mark.parametrize("kind", ["yes or no", "number", "skewed number"])
def test_noise_gives_nothing(kind: str) -> None:
    for seed in range(3):
        rng = np.random.default_rng(seed)
        frame = pl.DataFrame({f"x{k}": rng.normal(size=600) for k in range(20)})
        target: Any = {
            "yes or no": yes(rng.random(600) < 0.3),
            "number": rng.normal(size=600),
            "skewed number": rng.lognormal(0, 3, 600),
        }[kind]
        data = tm.read(frame.with_columns(y=pl.Series(target)), target="y")
        assert not drivers_of(data)[0]


def test_intervals_of_means_stay_where_values_can_be(rng: np.random.Generator) -> None:
    low, high = mean_interval(np.array([1.0, 2.0, 5000.0]))
    assert 0 < low < 1667.7 < high
    low, _ = mean_interval(np.array([-1.0, 2.0, 500.0]))
    assert low < 0
    held = 0
    for _ in range(200):
        values = rng.lognormal(0, 1, 60)
        low, high = mean_interval(values)
        held += low < np.exp(0.5) < high
    assert held > 172


def test_the_interval_of_a_median_holds_it(rng: np.random.Generator) -> None:
    held = 0
    for _ in range(300):
        low, high = median_interval(rng.lognormal(0, 3, 40))
        held += low < 1 < high
    assert held > 276
    assert median_interval(np.arange(4.0)) == (float("-inf"), float("inf"))


def test_segments_tell_the_median_of_a_target_over_orders_of_magnitude(
    rng: np.random.Generator,
) -> None:
    site = rng.choice(["near", "far"], ROWS)
    value = rng.lognormal(np.where(site == "far", 8, 2), 2)
    near = np.where(site == "far", rng.normal(9, 1, ROWS), rng.normal(0, 1, ROWS))
    twice = near * 2 + rng.normal(0, 1, ROWS)
    data = planted("value", site=site, near=near, twice=twice, value=value)
    outcome = learn_outcome(data, Run())
    assert outcome is not None
    assert outcome.scale.kind == "log"
    told = [
        finding.sentence for finding in drivers_of(data, "segments")[0].of("segments", "segment")
    ]
    assert told
    assert all("the median of value is" in sentence for sentence in told)
