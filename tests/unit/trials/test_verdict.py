from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import polars as pl
import pytest

from tests.conformance.results import fits_its_schema
from tests.unit.supervised.texts import reviews
from tests.unit.trials.tables import dataset
from tidemill.core.errors import DataError, OptionError
from tidemill.core.run import Run
from tidemill.core.verdict import Verdict
from tidemill.trials.verdict import verdict
from tidemill.trials.wording import told

QUICK: dict[str, Any] = {"learners": ["logistic"], "shares": (1.0,), "splits": 3, "repeats": 2}


@pytest.fixture(scope="module")
def honesty() -> ModuleType:
    """The benchmark, whose figures are in the docs; what it draws is what is tested."""
    path = Path(__file__).parents[3] / "benchmarks" / "honesty.py"
    spec = importlib.util.spec_from_file_location("honesty", path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules["honesty"] = module
    spec.loader.exec_module(module)
    return module


def test_what_is_said_is_what_was_measured() -> None:
    train = dataset(150)
    found = verdict(
        train,
        dataset(300, seed=3),
        Run(),
        learners=["logistic", "nearest"],
        shares=(1.0, 0.3),
        splits=3,
        repeats=1,
        cost={"fp": 1, "fn": 5},
        metric="average_precision",
        holdout=dataset(150, seed=4),
    )
    assert {(c.learner, c.measure, c.share) for c in found.contrasts} == {
        (learner, measure, share)
        for learner in ("logistic", "nearest")
        for share in (1.0, 0.3)
        for measure in ("average_precision", "balanced_accuracy", "cost")
    }
    for contrast in found.contrasts:
        gain = contrast.value - contrast.reference
        assert contrast.gain == pytest.approx(-gain if contrast.measure == "cost" else gain)
        assert contrast.low <= contrast.gain <= contrast.high
    main = next(
        c
        for c in found.contrasts
        if (c.learner, c.measure, c.share) == (found.learner, "average_precision", 1.0)
    )
    assert (found.gain, found.low, found.high, found.control) == (
        main.gain,
        main.low,
        main.high,
        main.control,
    )
    assert found.helps == (found.low > 0)
    assert found.reason.startswith("use them" if found.helps else "do not")
    assert found == Verdict.from_state(json.loads(json.dumps(found.to_state())))
    assert fits_its_schema("verdict", found)
    assert found.reason in told(found)
    assert "150 held-out rows" in str(found)


def test_rows_that_may_be_borrowed_are_never_said_to_help() -> None:
    train = dataset(100)
    found = verdict(train, dataset(2000, seed=3), Run(), **QUICK)
    assert not found.helps
    assert not found.reason.startswith("use")
    assert any("option 'holdout'" in caveat for caveat in found.caveats)


class More:
    """Adds true rows, or rows of a random target."""

    def __init__(self, good: bool) -> None:
        self.good = good

    def fit_resample(self, X: pl.DataFrame, y: pl.Series) -> tuple[pl.DataFrame, pl.Series]:
        more = dataset(1000, seed=5).frame
        label = more["y"] if self.good else more["y"].shuffle(seed=1)
        return pl.concat([X, more.select(X.columns)]), pl.concat([y, label])


def test_a_sampler_is_tested_once_on_untouched_rows() -> None:
    train, holdout = dataset(200), dataset(300, seed=4)
    good, bad = (
        verdict(train, More(kind), Run(), holdout=holdout, **QUICK) for kind in (True, False)
    )
    assert good.test is not None
    assert bad.test is not None
    assert good.test.gain > bad.test.gain
    assert not bad.helps
    assert bad.reason.startswith("do not")
    assert "untouched test rows" in bad.reason
    assert verdict(train, More(True), Run(), **QUICK).test is None


@pytest.mark.parametrize(("classes", "measure"), [(0, "R²"), (4, "balanced accuracy")])
def test_numbers_and_several_classes(classes: int, measure: str) -> None:
    train = dataset(150, classes)
    found = verdict(
        train, train.rows(np.arange(100)), Run(), holdout=dataset(100, classes, seed=1), **QUICK
    )
    assert found.metric == measure
    assert not found.helps


def test_costs_decide_and_are_told_as_money() -> None:
    train = dataset(150)
    found = verdict(
        train, train, Run(), cost={"fp": 5, "fn": 200}, holdout=dataset(100, seed=1), **QUICK
    )
    assert found.metric == "cost per 1,000 rows"
    assert "points" not in found.reason
    assert "of the saving" in found.reason


def test_what_cannot_be_judged_is_told() -> None:
    train = dataset(150)
    with pytest.raises(DataError, match="too few for a verdict"):
        verdict(train.rows(np.arange(30)), train, Run())
    with pytest.raises(OptionError, match="does not suit"):
        verdict(train, train, Run(), metric="r2")
    with pytest.raises(OptionError, match="two classes"):
        verdict(dataset(150, 0), dataset(150, 0), Run(), cost={"fp": 1, "fn": 2})
    with pytest.raises(OptionError, match="no learner"):
        verdict(train, train, Run(), learners=["forest"])
    from dataclasses import replace

    generated = replace(train, origin=pl.repeat(1, len(train), dtype=pl.Int16, eager=True))
    with pytest.raises(DataError, match="were generated"):
        verdict(generated, train, Run())


def test_large_tables_are_sampled_and_that_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tidemill.trials.verdict.MOST_ROWS", 100)
    train = dataset(150)
    found = verdict(train, dataset(300, seed=1), Run(), **QUICK)
    assert "Of 150 real rows, 100 drawn at random were used." in found.caveats
    assert any(caveat.startswith("Of 300 generated rows") for caveat in found.caveats)


def test_generated_rows_of_unknown_classes_are_left_out_and_that_is_said() -> None:
    train = dataset(150)
    made = train.with_frame(
        train.frame.with_columns(y=pl.Series(["?"] * 10 + train.frame["y"].to_list()[10:]))
    )
    found = verdict(train, made, Run(), **QUICK)
    assert any(
        caveat.startswith("10 generated rows have no value of the target")
        for caveat in found.caveats
    )


# --- honesty --------------------------------------------------------------------------------------


@pytest.mark.parametrize("sort", ["noise", "independent columns", "copies"])
def test_useless_rows_are_not_found_of_use(honesty: ModuleType, sort: str) -> None:
    for mode in ("holdout", "sampler"):
        found = honesty.measured("reader-survey", sort, mode, 4, 1)
        assert found["found"] <= honesty.highest(4)
        assert found["gain"] < 0.02


def test_true_rows_are_found_of_use(honesty: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(honesty, "LEARNERS", ("logistic",))
    found = honesty.measured("made-up", "true rows withheld", "holdout", 3, 1)
    assert found["found"] >= 2
    assert found["gain"] > 0.03


@pytest.mark.slow
@pytest.mark.parametrize("mode", ["holdout", "sampler"])
@pytest.mark.parametrize("sort", ["noise", "independent columns", "copies"])
def test_the_rate_of_wrong_verdicts_is_at_most_the_stated_one(
    honesty: ModuleType, sort: str, mode: str
) -> None:
    assert honesty.measured("reader-survey", sort, mode, 200, 1)["found"] <= honesty.highest(200)


@pytest.mark.slow
@pytest.mark.parametrize(("mode", "power"), [("holdout", 0.7), ("sampler", 0.45)])
def test_hidden_help_is_found(honesty: ModuleType, mode: str, power: float) -> None:
    assert honesty.measured("made-up", "true rows withheld", mode, 50, 1)["found"] >= power * 50


def test_texts_are_learned_from_and_copies_of_them_are_of_no_use() -> None:
    train, holdout = reviews(300, "a word"), reviews(150, "a word", seed=1)
    found = verdict(train, train, Run(), holdout=holdout, **QUICK)
    assert not found.helps
    assert found.contrasts[0].reference > 0.9
    apart = train.frame.with_columns(pl.col("review") + " w1")
    cheap = {**QUICK, "learners": ["boosting"]}
    borrowed = verdict(train, train.with_frame(apart), Run(), **cheap)
    assert not borrowed.helps
    assert borrowed.gain < 0.02


def test_texts_that_some_rows_have_not_are_left_out_and_that_is_said() -> None:
    train, holdout = reviews(150, "a word"), reviews(150, "a word", seed=1)
    bare = reviews(150, "a word", seed=2).select(["x", "label"])
    found = verdict(train, bare, Run(), holdout=holdout, **QUICK)
    assert any("Nothing was learned from 'review'" in caveat for caveat in found.caveats)
    assert found.contrasts[0].reference < 0.6
