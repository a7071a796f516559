"""`tidemill verdict` as users run it."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest

import tidemill as tm
from tests.conformance.tables import business
from tests.e2e.conftest import Tidemill
from tidemill.core.verdict import Verdict

FAST = ("--learner", "logistic", "--learner", "boosting", "--quiet")


@pytest.fixture
def files(tmp_path: Path) -> Path:
    business(250, seed=1).write_csv(tmp_path / "train.csv")
    business(200, seed=2).write_csv(tmp_path / "holdout.csv")
    business(400, seed=3).drop("customer_id").sample(fraction=1, shuffle=True, seed=1).write_csv(
        tmp_path / "made.csv"
    )
    return tmp_path


def test_it_tells_and_writes_the_verdict(tidemill: Tidemill, files: Path) -> None:
    told = tidemill(
        "verdict",
        "--train",
        files / "train.csv",
        "--synthetic",
        files / "made.csv",
        "--target",
        "churn",
        "--holdout",
        files / "holdout.csv",
        "--cost",
        "fp=5,fn=200",
        "--metric",
        "average_precision",
        "--out",
        files / "verdict.json",
        *FAST[:-1],
    )
    assert told.code == 0, told.err
    state = json.loads((files / "verdict.json").read_text(encoding="utf-8"))
    verdict = Verdict.from_state(state)
    assert verdict.metric == "average precision"
    assert told.out.startswith(verdict.reason)
    assert "held-out rows" in told.out
    assert {c.measure for c in verdict.contrasts} == {
        "average_precision",
        "balanced_accuracy",
        "cost",
    }
    again = tm.verdict(
        files / "train.csv",
        files / "made.csv",
        target="churn",
        holdout=files / "holdout.csv",
        cost={"fp": 5, "fn": 200},
        metric="average_precision",
        learners=["logistic", "boosting"],
    )
    assert again == verdict


def test_without_a_holdout_nothing_is_said_to_help(tidemill: Tidemill, files: Path) -> None:
    told = tidemill(
        "verdict",
        "--train",
        files / "train.csv",
        "--synthetic",
        files / "made.csv",
        "--target",
        "churn",
        *FAST[:-1],
        "--json",
    )
    assert told.code == 0, told.err
    lines = [json.loads(line) for line in told.out.splitlines()]
    assert not lines[-1]["verdict"]["helps"]
    assert "--holdout" in lines[-1]["text"]
    assert any(line["kind"] == "progress" and line["stage"] == "prove" for line in lines)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (("--target", "nothing"), "there is no column 'nothing'"),
        ((), "no target column was named"),
        (("--target", "churn", "--cost", "fp=5"), "not for fp and fn"),
        (("--target", "fee", "--cost", "fp=5,fn=2"), "needs a target of two classes"),
        (("--target", "churn", "--metric", "r2"), "does not suit the target"),
        (("--target", "churn", "--learner", "forest"), "there is no learner called 'forest'"),
    ],
)
def test_what_cannot_be_done_is_told(
    tidemill: Tidemill, files: Path, options: tuple[str, ...], says: str
) -> None:
    told = tidemill(
        "verdict", "--train", files / "train.csv", "--synthetic", files / "made.csv", *options
    )
    assert told.code == 2
    assert says in told.err
    assert "Next:" in told.err


def test_rows_with_other_columns_are_told(tidemill: Tidemill, files: Path) -> None:
    pl.read_csv(files / "made.csv").drop("age").write_csv(files / "less.csv")
    told = tidemill(
        "verdict",
        "--train",
        files / "train.csv",
        "--synthetic",
        files / "less.csv",
        "--target",
        "churn",
    )
    assert told.code == 2
    assert "age" in told.err


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "target"), [("german_credit", "Credit_risk"), ("telco_churn", "Churn")]
)
def test_real_sets_get_a_verdict_with_an_interval(real: Path, name: str, target: str) -> None:
    frame = pl.read_parquet(real / name / f"{name}.parquet").sample(1000, shuffle=True, seed=1)
    train, holdout = frame[:700], frame[700:]
    made = tm.fit(train, target=target).sample(700)
    verdict = tm.verdict(train, made, target=target, holdout=holdout)
    assert verdict.low < verdict.gain < verdict.high
    assert len(verdict.contrasts) == 4 * 2 * 3
    assert not tm.verdict(train, train, target=target, holdout=holdout).helps
