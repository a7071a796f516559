from __future__ import annotations

import re
import shlex
from dataclasses import replace

import polars as pl

from tidemill.core.condition import Condition, Test, parse_where
from tidemill.core.dataset import Dataset
from tidemill.core.finding import Finding, Findings
from tidemill.core.picture import Table
from tidemill.core.schema import Column, Schema
from tidemill.core.score import Score, Scores
from tidemill.reporting.answers import answers
from tidemill.reporting.base import ReportInput
from tidemill.reporting.blocks import Answer, Answers, Callout, Card, NextStep, PictureBlock, walk
from tidemill.reporting.build import build
from tidemill.reporting.highlights import highlights
from tidemill.reporting.steps import about_findings, like_these, what_if


def written(account: ReportInput) -> ReportInput:
    return replace(account, source="my tips.csv", out="out put")


def answer(account: ReportInput, label: str) -> Answer:
    return next(one for one in answers(account) if one.label == label)


def rule(name: str, tests: tuple[Test, ...], technique: str = "rules") -> Finding:
    figures = {"confidence": 0.6, "conclusion_support": 0.2}
    return Finding(
        technique, name, f"{tests}", 3.0, "lift", 9, condition=Condition(tests), figures=figures
    )


def test_the_page_and_the_terminal_begin_with_the_same_three_answers(account: ReportInput) -> None:
    page = build(written(account))
    [given] = [block for block in walk(page.blocks) if isinstance(block, Answers)]
    assert page.blocks[0] is given
    assert [one.label for one in given.items] == ["Data", "Findings", "Rows"]
    spoken = " ".join(page.summary().split())
    for one in given.items:
        assert one.answer in spoken
        assert all(step.command in page.summary() for step in one.steps)


def test_a_model_that_had_no_time_to_learn_is_told_before_all_else(account: ReportInput) -> None:
    page = build(replace(account, unlearned="It made 40 of 30,000 steps."))
    first = page.blocks[0]
    assert isinstance(first, Callout)
    assert (first.level, first.title) == ("danger", "The model did not learn.")
    said = page.summary()
    assert said.index("Warning") < said.index("It made 40 of 30,000 steps.") < said.index("Data ")


def test_personal_data_come_first_and_lead_to_a_run_without_them(account: ReportInput) -> None:
    given = answer(written(account), "Data")
    assert given.level == "danger"
    assert given.answer.startswith("Personal data in 1 column: ")
    assert "guest" in given.items[0]
    [step] = given.steps
    assert step.command == "tidemill run tips.csv --target tip --ignore guest --overwrite"


def test_clean_data_are_called_clean(account: ReportInput) -> None:
    changes = None if account.changes is None else account.changes.clear()
    clean = replace(account, issues=(), changes=changes)
    given = answer(clean, "Data")
    assert given.level == "good"
    assert given.answer == "Nothing had to be repaired; nothing is left for you to decide."


def test_how_well_the_target_is_predicted_stands_with_its_interval(account: ReportInput) -> None:
    given = answer(account, "Findings")
    assert "42 %" in given.text
    assert "31 % to 53 %" in given.text


def test_that_a_target_cannot_be_predicted_is_said(account: ReportInput) -> None:
    assert account.findings is not None
    others = Findings(one for one in account.findings if one.technique != "drivers")
    given = answer(replace(account, findings=others), "Findings")
    assert "Nothing shows that tip can be predicted." in given.answer
    heard = Finding("sounds", "classifier", "A small classifier tells tip.", 0.9, "AUC", 9)
    told = answer(replace(account, findings=Findings([*others, heard])), "Findings")
    assert "Nothing shows" not in told.answer
    none = answer(replace(account, findings=Findings()), "Findings")
    assert none.answer.startswith("Nothing that holds up")


def test_rows_that_teach_nothing_are_not_recommended(account: ReportInput) -> None:
    def given(value: float) -> Answer:
        score = Score("utility", "utility", value, 0.5, 0.8)
        return answer(replace(account, scores=Scores((score,))), "Rows")

    assert given(0.795).answer.startswith("Use them: yes.")
    assert "as well as one trained on real rows (score 0.795 and 0.800)" in given(0.795).text
    assert "nearly as well as" in given(0.78).text
    assert given(0.7).answer.startswith("Use them: with care.")
    assert given(0.55).answer.startswith("Use them: no.")
    assert "less well than" in given(0.55).text


def test_one_poor_score_is_not_averaged_away(account: ReportInput) -> None:
    def given(auc: float, real: float = 0.5) -> str:
        utility = Score("utility", "utility", 0.8, 0.5, 0.8)
        spotted = Score("detection", "by trees", auc, 1.0, real, "low")
        return answer(replace(account, scores=Scores((utility, spotted))), "Rows").answer

    assert given(0.55).startswith("Use them: yes.")
    assert given(0.85).startswith("Use them: with care.")
    assert given(0.95).startswith("Use them: no.")
    assert given(0.95, real=0.94).startswith("Use them: yes."), "real rows are told apart, too"


def test_rows_whose_texts_are_told_apart_are_used_with_care(account: ReportInput) -> None:
    rows = Score("detection", "by trees", 0.5, 1.0, 0.5, "low")
    words = Score("text_detection", "by words", 0.6, 1.0, 0.5, "low")
    order = Score("text_detection", "by order", 0.85, 1.0, 0.5, "low")
    given = answer(replace(account, scores=Scores((rows, words, order))), "Rows")
    assert given.answer.startswith("Use them: with care.")
    assert "spot their texts" in given.text


def test_highlights_are_of_different_kinds_and_about_different_rows() -> None:
    lunch, size = Test("time", "=", "Lunch"), Test("size", ">", 3)
    found = [
        rule("overview", ()),
        rule("rule", (lunch,)),
        rule("rule", (lunch, size)),
        rule("segment", (lunch,), "segments"),
        rule("segment", (size,), "segments"),
        rule("model", (), "drivers"),
    ]
    shown = highlights(found)
    assert [(one.technique, one.tests) for one in shown] == [
        ("rules", (lunch,)),
        ("rules", (lunch, size)),
        ("segments", (size,)),
        ("rules", ()),
    ]


def test_a_rule_without_a_picture_gets_one_against_all_rows(account: ReportInput) -> None:
    finding = rule("rule", (Test("time", "=", "Lunch"),))
    page = build(replace(account, findings=Findings([finding])))
    cards = [block for block in walk(page.blocks) if isinstance(block, Card)]
    [picture] = [block for block in cards[0].blocks if isinstance(block, PictureBlock)]
    assert picture.series[0].values == (60.0, 20.0)


def test_commands_are_copied_as_they_are(account: ReportInput) -> None:
    tests = (
        Test("total_bill", ">=", 1234.5678),
        Test("day", "in", ('a "b", c', "d %")),
        Test("size", "present"),
    )
    [step] = like_these(written(account), rule("rule", tests))
    parts = shlex.split(step.command)
    assert parts[:3] == ["tidemill", "sample", "out put/model.tidemill"]
    asked = [parts[at + 1] for at, part in enumerate(parts) if part == "--where"]
    columns = ("total_bill", "number"), ("day", "category"), ("size", "number")
    schema = Schema(tuple(Column(name, kind) for name, kind in columns))  # type: ignore[arg-type]
    assert parse_where(asked, schema).tests == tests
    page = build(written(replace(account, findings=Findings([rule("rule", tests)])))).html()
    shown = re.findall(r"<code>(.*?)</code>", page, re.DOTALL)
    assert any("d %" in code for code in shown), "a blank before % must stay a blank"


def test_rows_of_personal_data_are_not_asked_for(account: ReportInput) -> None:
    assert not like_these(written(account), rule("rule", (Test("guest", "=", "a@b.org"),)))
    assert not like_these(account, rule("rule", (Test("day", "=", "Sun"),))), "there is no model"


def test_a_driver_asks_what_would_be(account: ReportInput) -> None:
    def driver(column: str, levels: tuple[str, ...]) -> Finding:
        rows = tuple((level, 9, 0.1, -float(at)) for at, level in enumerate(levels))
        table = Table(("level", "rows", "share", "effect"), rows)
        return Finding("drivers", "driver", "s", 1.0, "m", 9, columns=(column,), table=table)

    days = driver("day", ("Sun", "Sat"))
    [step] = what_if(written(account), days)
    assert shlex.split(step.command)[-2:] == ["--set", "day=Sat"]
    assert not what_if(written(account), driver("day", ("Sun", "12 other levels")))
    assert not what_if(written(account), driver("size", ("1", "2"))), "a number has no level"
    assert not what_if(account, days), "there is no model"
    assert about_findings(written(replace(account, findings=Findings([days])))) == (step,)


def test_churn_is_a_question_that_a_recipe_answers(account: ReportInput) -> None:
    frame = pl.DataFrame({"Churned": ["yes", "no"]})
    data = Dataset(frame, Schema((Column("Churned", "boolean", role="target"),)))
    asked = replace(written(account), train=data)
    assert about_findings(asked) == (
        NextStep("Whom to call first:", "tidemill recipe churn 'my tips.csv' --target Churned"),
    )
