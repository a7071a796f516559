"""Fairness as a user meets it, on a real table of credit decisions."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest

from tests.e2e.conftest import Tidemill


@pytest.fixture
def credit(real: Path, tmp_path: Path, tidemill: Tidemill) -> Path:
    """A folder with train.csv, holdout.csv and their model."""
    frame = pl.read_parquet(real / "german_credit" / "german_credit.parquet").sample(
        fraction=1.0, shuffle=True, seed=1
    )
    frame[:700].write_csv(tmp_path / "train.csv")
    frame[700:].write_csv(tmp_path / "holdout.csv")
    done = tidemill(
        "fit",
        tmp_path / "train.csv",
        "--target",
        "Credit_risk",
        "--option",
        "effort=plain",
        "--threads",
        1,
        "--out",
        tmp_path / "m.tidemill",
    )
    assert done.code == 0, done.err
    return tmp_path


def test_columns_are_suggested_rates_made_equal_and_groups_compared(
    credit: Path, tidemill: Tidemill
) -> None:
    said = tidemill("read", credit / "train.csv", "--target", "Credit_risk")
    assert "may be sensitive: Age, Foreign_worker, Gender. Add --sensitive Age" in said.err
    model, out = credit / "m.tidemill", credit / "fair.parquet"
    assert (
        tidemill(
            "sample",
            model,
            "--rows",
            1000,
            "--fair",
            "Gender=Credit_risk",
            "--fair",
            "Foreign_worker=Credit_risk",
            "--out",
            out,
        ).code
        == 0
    )
    made = pl.read_parquet(out)
    whole = (made["Credit_risk"] == "BAD").mean()
    for _, rows in made.group_by("Gender", "Foreign_worker"):
        assert abs((rows["Credit_risk"] == "BAD").mean() - whole) * len(rows) < 2
    done = tidemill(
        "fairness",
        model,
        "--train",
        credit / "train.csv",
        "--holdout",
        credit / "holdout.csv",
        "--sensitive",
        "Gender",
        "--out",
        credit / "fairness.json",
    )
    assert done.code == 0, done.err
    scores = json.loads((credit / "fairness.json").read_text())["scores"]
    assert len(scores) == 7
    assert all(score["value"] is not None for score in scores)
    assert (
        "rows generated with equal rates of 'Credit_risk' = 'BAD' in all groups of 'Gender'"
        in done.out
    )


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--fair", "Gender=Age"], "the outcome is a number"),
        (["--fair", "Gender"], "does not name two columns"),
        (["--fair", "Sex=Credit_risk"], "there is no column 'Sex'"),
        (["--fair-strength", "2"], "Invalid value"),
        (["--fair", "Gender=Credit_risk", "--balance", "Credit_risk=equal"], "not both at once"),
        (["--fair", "Gender=Credit_risk", "--where", "Gender=Male"], "nothing to make equal"),
    ],
)
def test_what_cannot_be_is_refused_in_words(
    credit: Path, tidemill: Tidemill, words: list[str], said: str
) -> None:
    done = tidemill(
        "sample", credit / "m.tidemill", "--rows", 100, "--out", credit / "o.csv", *words
    )
    assert done.code == 2
    assert said in done.err
    assert not (credit / "o.csv").exists()


def test_no_sensitive_column(credit: Path, tidemill: Tidemill) -> None:
    done = tidemill(
        "fairness",
        credit / "m.tidemill",
        "--train",
        credit / "train.csv",
        "--holdout",
        credit / "holdout.csv",
    )
    assert done.code == 2
    assert "no column is sensitive" in done.err
    assert "may be sensitive" in done.err
