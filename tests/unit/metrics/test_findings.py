"""Findings are found again by the rows and columns that they speak of."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from tidemill.core.condition import Condition, Test
from tidemill.core.dataset import Dataset
from tidemill.core.finding import Finding, Findings
from tidemill.core.run import Run
from tidemill.core.score import Evidence
from tidemill.metrics.evaluate import evaluate
from tidemill.metrics.findings import AGAIN, STRENGTH, matched


def driver(column: str, operator: str, value: object, strength: float = 1.0) -> Finding:
    return Finding(
        "drivers",
        "driver",
        f"{column} drives churn.",
        strength,
        "shift",
        100,
        columns=(column,),
        condition=Condition((Test(column, operator, value),)),
    )  # type: ignore[arg-type]


OLD, OLDER, YOUNG = driver("age", ">=", 50), driver("age", ">=", 60, 0.5), driver("age", "<", 50)
TEAM = driver("plan", "=", "plan 2")
MODEL = Finding("drivers", "model", "It can be predicted.", 0.9, "AUC", 100, columns=("churn",))


@pytest.fixture
def rows(evidence: Callable[..., Evidence]) -> Dataset:
    return evidence().holdout


def test_the_same_rows_are_the_same_finding(rows: Dataset) -> None:
    found = matched([OLD, TEAM], [OLDER, TEAM], rows)
    assert [match.again for match in found] == [OLDER, TEAM]
    assert [match.agreement for match in found] == [0.5, 1.0]


def test_the_other_direction_is_not(rows: Dataset) -> None:
    assert [match.again for match in matched([OLD], [YOUNG, TEAM], rows)] == [None]


def test_each_is_matched_once(rows: Dataset) -> None:
    assert [match.again for match in matched([OLDER, OLD], [OLD], rows)] == [None, OLD]


def test_without_a_condition_columns_decide(rows: Dataset) -> None:
    elsewhere = replace(MODEL, columns=("plan",))
    assert matched([MODEL], [MODEL], rows)[0].again is MODEL
    assert matched([MODEL], [elsewhere, OLD], rows)[0].again is None


def test_a_change_of_sign_is_another_finding(rows: Dataset) -> None:
    assert matched([MODEL], [replace(MODEL, strength=-0.9)], rows)[0].again is None


def test_rules_about_the_same_rows_must_conclude_the_same(rows: Dataset) -> None:
    rule = replace(
        OLD, technique="rules", name="rule", measure="lift", strength=2.0, columns=("age", "churn")
    )
    assert matched([rule], [replace(rule, strength=1.5)], rows)[0].again is not None
    assert matched([rule], [replace(rule, strength=0.5)], rows)[0].again is None
    assert matched([rule], [replace(rule, columns=("age", "plan"))], rows)[0].again is None


def test_the_same_column_and_direction_is_enough(rows: Dataset) -> None:
    assert matched([driver("age", ">=", 75)], [driver("age", ">=", 40)], rows)[0].again is not None


def test_scores(evidence: Callable[..., Evidence], run: Run) -> None:
    mine = evidence("real", train=100, holdout=60)
    answers = {
        id(mine.synthetic): Findings([OLDER, MODEL]),
        id(mine.floor): Findings([YOUNG]),
        id(mine.holdout): Findings([OLD, TEAM, MODEL]),
    }
    calls: list[int] = []

    def mining(learned: Dataset, confirmed: Dataset) -> Findings:
        calls.append(len(confirmed))
        return answers[id(learned)]

    scores = evaluate(
        replace(mine, found=Findings([OLD, TEAM, MODEL]), mine=mining), run, ["findings"]
    )
    again, strength = scores[AGAIN], scores[STRENGTH]
    assert calls == [60, 60, 60]
    assert (again.value, again.floor, again.ceiling) == (2 / 3, 0, 1)
    assert (strength.value, strength.floor, strength.ceiling) == (0.75, None, 1)
    assert again.table is not None
    assert [row[1] for row in again.table.rows] == ["yes", "no", "yes"]
    assert "2 of the 3 findings" in again.sentence


def test_nothing_mined_or_found(evidence: Callable[..., Evidence], run: Run) -> None:
    mine = evidence("real", train=30, holdout=30)
    assert evaluate(mine, run, ["findings"])[AGAIN].why == "nothing was mined in the real rows"
    nothing = replace(mine, found=Findings(), mine=lambda *_: Findings())
    assert "that could be found again" in evaluate(nothing, run, ["findings"])[AGAIN].why
    single = replace(mine, found=Findings([driver("age", ">", 1000)]), mine=lambda *_: Findings())
    assert "that could be found again" in evaluate(single, run, ["findings"])[AGAIN].why
