"""Rows scored by what a model expects of its target."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest

import tidemill as tm
from tests.unit.supervised.texts import reviews
from tidemill.core.errors import DataError, OptionError
from tidemill.core.run import Run
from tidemill.core.schema import Column, Schema
from tidemill.synthesis.outcome import OutcomeModel


def members(rows: int, *, seed: int = 0) -> pl.DataFrame:
    """A table whose chance to leave is known: 0.8 on the basic plan above 50, else 0.1."""
    rng = np.random.default_rng(seed)
    plan = rng.choice(["basic", "team"], rows)
    age = rng.integers(18, 80, rows)
    chance = np.where((plan == "basic") & (age > 50), 0.8, 0.1)
    left = np.where(rng.random(rows) < chance, "yes", "no")
    worth = age * 10 + np.where(plan == "team", 200, 0) + rng.integers(-5, 6, rows)
    return pl.DataFrame(
        {"id": [f"M{k:04d}" for k in range(rows)], "plan": plan, "age": age, "worth": worth}
    ).with_columns(pl.Series("left", left))


@pytest.fixture(scope="module")
def model() -> tm.Synthesizer:
    table = members(1_200).drop("worth")
    return tm.fit(tm.read(table, target="left"), model="independent")


def test_rows_are_ranked_by_chances_that_are_true(model: tm.Synthesizer) -> None:
    rows = members(1_000, seed=1).drop("worth")
    found = tm.score(model, rows)
    frame = found.data.frame
    assert frame.columns == ["rank", "chance", "id", "plan", "age", "left"]
    assert frame["rank"].to_list() == list(range(1, 1_001))
    assert frame["chance"].is_sorted(descending=True)
    assert sorted(frame["id"]) == rows["id"].to_list()
    sure = (pl.col("plan") == "basic") & (pl.col("age") > 55)
    assert frame.filter(sure)["chance"].mean() == pytest.approx(0.8, abs=0.08)
    assert frame.filter(~sure & (pl.col("age") < 46))["chance"].mean() == pytest.approx(
        0.1, abs=0.05
    )
    assert found.proof is not None
    assert found.proof.auc is not None
    assert found.proof.low is not None
    assert found.proof.low < found.proof.auc
    assert found.proof.auc > 0.75
    assert "left = yes" in str(found)
    assert "higher in" in str(found)


def test_a_file_without_the_target_and_with_odd_cells_is_ranked(model: tm.Synthesizer) -> None:
    rows = pl.DataFrame(
        {
            "plan": ["gold", "basic ", None, "team"],
            "age": ["60", "abc", None, "200"],
            "chance": ["a", "b", "c", "d"],
        }
    )
    run = Run()
    found = tm.score(model, rows, run=run)
    frame = found.data.frame
    assert found.proof is None
    assert found.unscored == 1
    assert frame.columns == ["rank", "chance (Tidemill)", "plan", "age", "chance"]
    assert frame["chance (Tidemill)"].null_count() == 1
    assert frame["chance"][3] == "c"
    assert frame["rank"][3] is None
    assert frame.filter(pl.col("plan") == "gold")["age"].to_list() == ["60"]
    # the level of one row may point to a person, so its row is named in its place
    assert any(
        "row 1" in told and "level that the model does not know" in told for told in run.warnings
    )
    assert not any("gold" in told for told in run.warnings)


def test_numbers_are_expected_and_rows_stay_in_order() -> None:
    table = members(400)
    model = tm.fit(tm.read(table, target="worth"), model="independent")
    rows = members(60, seed=2)
    found = tm.score(model, rows)
    expected = found.data.frame["expected"]
    assert found.data.frame["id"].to_list() == rows["id"].to_list()
    assert (expected - rows["worth"]).abs().mean() < 12  # type: ignore[operator]
    assert found.proof is not None
    assert "off by" in found.proof.said


def test_each_of_several_classes_has_its_chance() -> None:
    table = members(400).with_columns(
        pl.when(pl.col("age") > 60).then(pl.lit("old")).otherwise("plan").alias("group")
    )
    model = tm.fit(tm.read(table.drop("left"), target="group"), model="independent")
    frame = tm.score(model, table.head(50)).data.frame
    chances = frame.select("chance of old", "chance of team", "chance of basic")
    assert chances.sum_horizontal().is_between(0.999, 1.001).all()
    assert frame.filter(pl.col("group") == "old")["chance of old"].mean() > 0.8  # type: ignore[operator]


def test_what_cannot_be_scored_is_refused(model: tm.Synthesizer) -> None:
    without = tm.fit(members(200), model="independent")
    with pytest.raises(OptionError, match="of a target"):
        tm.score(without, members(5))
    with pytest.raises(DataError, match="none of the columns"):
        tm.score(model, members(5).select("id", "left"))


@pytest.fixture(scope="module")
def of_reviews() -> tm.Synthesizer:
    return tm.fit(reviews(900, "a word and a number"), model="independent")


def test_texts_are_scored_from_and_stay_what_they_are_when_something_is_set(
    of_reviews: tm.Synthesizer,
) -> None:
    rows = reviews(500, "a word and a number", seed=1)
    aucs = {}
    for name, columns in (("both", ["review", "x"]), ("text", ["review"]), ("number", ["x"])):
        proof = tm.score(of_reviews, rows.select([*columns, "label"])).proof
        assert proof is not None
        aucs[name] = proof.auc or 0
    assert aucs["both"] > 0.88
    assert aucs["both"] > max(aucs["text"], aucs["number"]) + 0.04
    high = reviews(200, "a word and a number", seed=2)
    told = tm.what_if(of_reviews, high, {"x": "1.0"})
    assert "review" in told.kept
    [shift] = told.shifts
    assert shift.low < 0.35 - shift.before < shift.high


def test_a_stored_model_keeps_terms_of_five_persons_alone_and_answers_the_same(
    of_reviews: tm.Synthesizer, tmp_path: Path
) -> None:
    data = reviews(400, "a word")
    mark = (
        pl.when(pl.int_range(pl.len()) < 4).then(pl.lit(" zanzibar quartz")).otherwise(pl.lit(""))
    )
    marked = data.with_frame(data.frame.with_columns(pl.col("review") + mark))
    model = tm.fit(marked, model="independent")
    assert model.outcome is not None
    [text] = model.outcome.design.texts
    assert "never" in text.terms
    assert not any("zanzibar" in term or "quartz" in term for term in text.terms)
    rows = reviews(60, "a word and a number", seed=3)
    path = of_reviews.save(tmp_path / "model.tidemill")
    again = tm.Synthesizer.load(path)
    assert tm.score(again, rows).data.frame.equals(tm.score(of_reviews, rows).data.frame)


def test_terms_of_one_person_s_many_rows_are_not_kept() -> None:
    data = reviews(400, "a word")
    mark = pl.when(pl.int_range(pl.len()) < 30).then(pl.lit(" zanzibar")).otherwise(pl.lit(""))
    whose = [f"P{max(k - 29, 0) // 2:03d}" for k in range(400)]
    frame = data.frame.with_columns(pl.col("review") + mark, pl.Series("customer id", whose))
    owned = replace(
        data.with_frame(data.frame),
        frame=frame,
        schema=Schema((*data.schema.columns, Column("customer id", "id", "entity"))),
    )
    found = OutcomeModel.of_column(owned, owned.schema["label"], Run())
    assert found is not None
    assert not any("zanzibar" in term for term in found.design.texts[0].terms)


@pytest.mark.parametrize("missing", ["some", "all"])
def test_rows_without_texts_are_scored_all_the_same(missing: str) -> None:
    data = reviews(400, "a word")
    every = pl.int_range(pl.len()) % 3 == 0 if missing == "some" else pl.lit(True)
    gap = pl.when(every).then(None).otherwise("review").cast(pl.String).alias("review")
    gapped = data.with_frame(data.frame.with_columns(gap))
    model = OutcomeModel.of_column(gapped, data.schema["label"], Run())
    assert model is not None
    assert len(model.design.texts) == int(missing == "some")
    for rows in (reviews(100, "a word", seed=1), gapped):
        chances = model.chances(rows)
        assert np.isfinite(chances).all()
        assert chances.sum(axis=1) == pytest.approx(np.ones(len(rows)))


def test_scores_of_texts_come_from_models_that_have_not_seen_the_row() -> None:
    """Else a label that is drawn by chance would look as if texts told it."""
    data = reviews(600, "a word")
    chance = np.random.default_rng(0).permutation(data["label"].to_numpy())
    drawn = data.with_frame(data.frame.with_columns(label=pl.Series(chance)))
    proof = tm.score(tm.fit(drawn, model="independent"), reviews(600, "a word", seed=1)).data.frame
    assert proof["chance"].std() < 0.15
