"""Rows from elsewhere: matched, without the records that both tables have, and the sooner the more
they are like one's own."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

import tidemill as tm
from tests.conformance.test_aims import table
from tidemill.augmentation.elsewhere import in_order, matched, prepared, same_record
from tidemill.augmentation.menu import candidates
from tidemill.augmentation.strategy import ELSEWHERE, Step, Strategy
from tidemill.augmentation.training_sets import GeneratorOptions, TrainingSets
from tidemill.core.dataset import Dataset
from tidemill.core.errors import DataError, OptionError, SchemaError
from tidemill.core.run import Run
from tidemill.trials.problem import problem_of


def people(rows: int, seed: int, middle: float = 0.0) -> pl.DataFrame:
    rng = np.random.default_rng(seed)
    income = rng.normal(middle, 1, rows).round(4)
    age = rng.integers(18, 80, rows)
    answer = rng.random(rows) < 1 / (1 + np.exp(-2 * income))
    return pl.DataFrame(
        {
            "customer": [f"C{seed}-{k:05}" for k in range(rows)],
            "income": income,
            "age": age,
            "town": rng.choice(["Rome", "Oslo", "Graz", "Lyon"], rows),
            "bought": np.where(answer, "yes", "no"),
        }
    )


def read(frame: pl.DataFrame, name: str = "own") -> Dataset:
    return replace(tm.read(frame, target="bought", id="customer"), name=name)


def order(own: Dataset, other: Dataset) -> np.ndarray:
    found = in_order(other, own, problem_of(own), Run(1))
    assert sorted(found.tolist()) == list(range(len(other)))
    return found


def test_rows_that_are_more_alike_are_taken_sooner() -> None:
    own = read(people(400, 1))
    other = read(pl.concat([people(3000, 2), people(3000, 3, middle=4.0)]))
    alike = order(own, other) < 3000
    assert alike[:1600].mean() > 0.95
    assert alike[:3000].mean() > 0.85


def test_rows_that_are_answered_otherwise_are_taken_later() -> None:
    turned = people(3000, 3).with_columns(
        pl.col("bought").replace_strict({"yes": "no", "no": "yes"})
    )
    same = order(read(people(400, 1)), read(pl.concat([people(3000, 2), turned]))) < 3000
    assert same[:1600].mean() > 0.57  # 400 rows do not show it better


def test_a_column_that_says_where_a_row_is_from_does_not_matter() -> None:
    own, near, far = people(400, 1), people(3000, 2), people(3000, 3, middle=3.0)
    here, there = pl.lit("here").alias("shop"), pl.lit("there").alias("shop")
    other = pl.concat([near, far]).with_columns(there)
    alike = order(read(own.with_columns(here)), read(other)) < 3000
    assert alike[:1600].mean() > 0.9


@pytest.mark.parametrize("changed", [(), ("age",), ("town",)])
def test_records_of_both_tables_are_left_out(changed: tuple[str, ...]) -> None:
    own, other = people(500, 1), people(5000, 2)
    both = (
        own[:100]
        .with_columns(
            pl.col(name).shuffle(seed=1) if name != "bought" else pl.col(name) for name in changed
        )
        .with_columns(customer="X" + pl.col("customer"), bought=pl.lit("no"))
    )
    same = same_record(read(pl.concat([other, both])), read(own), Run(1))
    assert same[5000:].mean() >= (0.95 if not changed else 0.0)
    assert same[:5000].mean() < 0.01


def test_records_that_differ_in_one_of_many_columns_are_left_out() -> None:
    rng = np.random.default_rng(1)
    wide = pl.DataFrame({f"c{j}": rng.integers(0, 30, 5500) for j in range(12)})
    frame = wide.with_columns(bought=pl.Series(rng.choice(["yes", "no"], 5500)))
    own, other = frame[:500], frame[500:]
    both = own[:200].with_columns(c3=pl.lit(7, pl.Int64), c5=pl.lit(1, pl.Int64))
    data = tm.read(pl.concat([other, both]), target="bought")
    same = same_record(data, tm.read(own, target="bought"), Run(1))
    assert same[5000:].all()
    assert same[:5000].mean() < 0.005


def test_of_a_coarse_table_nothing_is_left_out() -> None:
    own, other = (
        people(n, seed).select("town", "bought", age=pl.col("age") // 20)
        for n, seed in ((400, 1), (4000, 2))
    )
    data, known = (tm.read(one, target="bought") for one in (other, own))
    assert not same_record(data, known, Run(1)).any()


def test_the_same_id_is_the_same_record_and_no_id_comes_along() -> None:
    own, other = people(400, 1), people(900, 2)
    other = other.with_columns(customer=pl.concat([own["customer"][:300], other["customer"][300:]]))
    mine, theirs = read(own), read(other, "other")
    found = prepared(
        matched(theirs, mine, Run(1)),
        mine.rows(np.arange(200)),
        mine.rows(np.arange(200, 400)),
        Run(1),
    )
    assert len(found) == 600
    assert found.frame["customer"].null_count() == 600
    assert found.name == "other"


def test_columns_are_matched_by_name_and_what_is_lacking_is_empty() -> None:
    own, other = people(400, 1), people(900, 2)
    mine = read(own)
    run = Run(1)
    turned = other.select("bought", "age", "income", more=pl.lit(1)).with_columns(
        pl.col("age").cast(pl.Float64)
    )
    found = prepared(matched(tm.read(turned, target="bought"), mine, run), mine, None, run)
    assert found.frame.columns == own.columns
    assert found.frame["town"].null_count() == len(found)
    assert found.frame.schema == mine.frame.schema
    assert any("town" in text for text in run.warnings)
    assert len(order(mine, found)) == len(found)


def test_what_cannot_stand_beside_the_rows_is_refused() -> None:
    own, other = people(400, 1), people(900, 2)
    mine = read(own)
    with pytest.raises(DataError, match="no column 'bought'"):
        matched(tm.read(other.drop("bought")), mine, Run(1))
    with pytest.raises(DataError, match="2 of the 3 columns"):
        matched(tm.read(other.select("age", "bought"), target="bought"), mine, Run(1))
    bad = other.with_columns(age=pl.concat_str(pl.lit("age "), "age"))
    with pytest.raises(SchemaError, match="age"):
        matched(tm.read(bad, target="bought"), mine, Run(1))
    strange = other.with_columns(pl.col("bought").replace({"yes": "1", "no": "0"}))
    with pytest.raises(DataError, match="no row has a value of 'bought' that your rows have"):
        prepared(matched(tm.read(strange, target="bought"), mine, Run(1)), mine, None, Run(1))
    with pytest.raises(DataError, match="records that your own table has"):
        prepared(matched(mine, mine, Run(1)), mine, None, Run(1))


def test_a_source_that_holds_ones_own_rows_gives_none_of_them() -> None:
    whole = people(3000, 1)
    own, rest = whole[:300], whole[300:]
    mine = read(own.with_columns(customer="new " + pl.col("customer")))
    other = matched(read(whole, "other"), mine, Run(1))
    found = prepared(other, mine.rows(np.arange(200)), mine.rows(np.arange(200, 300)), Run(1))
    same = found.frame.join(mine.frame, on=["income", "age", "town"], how="semi")
    assert same.is_empty()
    assert len(found) > 0.95 * len(rest)


def test_a_number_that_is_no_number_is_no_answer() -> None:
    own, other = (
        people(n, seed).with_columns(bought=pl.col("age") * 1.5) for n, seed in ((300, 1), (900, 2))
    )
    other = other.with_columns(
        bought=pl.when(pl.col("age") < 30).then(float("inf")).otherwise("bought")
    )
    mine = read(own)
    found = prepared(matched(read(other, "other"), mine, Run(1)), mine, None, Run(1))
    assert found.frame["bought"].is_finite().all()
    assert 500 < len(found) < 900


def test_free_text_does_not_come_along_and_that_is_told() -> None:
    words = ["kind staff and a warm room", "slow lift, cold soup and noise", "near the old town"]
    own, other = (
        people(n, seed).with_columns(
            said=pl.Series([f"{words[k % 3]} number {k}, and {words[k % 2]}" for k in range(n)])
        )
        for n, seed in ((300, 1), (900, 2))
    )
    mine, run = read(own), Run(1)
    assert [column.name for column in mine.schema.texts] == ["said"]
    found = matched(read(other, "other"), mine, run)
    assert found.frame["said"].null_count() == len(found)
    assert any("Free text of 'other'" in text for text in run.warnings)


def test_a_step_adds_rows_of_the_other_source_and_no_generator_learns() -> None:
    own, other = read(people(300, 1)), read(people(3000, 2))
    sets = TrainingSets(own, GeneratorOptions(also=other), Run(1))
    made = sets.rows(Strategy(steps=(Step(ELSEWHERE, 4, 1 / 3),)))
    assert len(made.data) == 1500
    assert made.weight is not None
    assert made.weight[300:].round(6).tolist() == [round(1 / 3, 6)] * 1200
    assert made.data.frame[300:]["income"].is_in(other.frame["income"].implode()).all()
    assert not sets._generators
    copied = sets.rows(Strategy(steps=(Step(ELSEWHERE, 4),), copied=True))
    assert copied.data.frame["income"].is_in(own.frame["income"].implode()).all()


def test_without_the_other_source_such_a_step_is_refused() -> None:
    sets = TrainingSets(table("classes", 200), GeneratorOptions(), Run(1))
    with pytest.raises(OptionError, match="rows from elsewhere"):
        sets.rows(Strategy(steps=(Step(ELSEWHERE, 4),)))


@pytest.mark.parametrize(("also", "most"), [(100_000, 16), (1000, 2.5), (30, 0.075)])
def test_so_many_are_tried_as_there_are(also: int, most: float) -> None:
    data = table("classes", 400)
    problem = problem_of(data)
    tried = candidates(Strategy(), data, problem, newer=False, also=also)
    steps = [one.steps[0] for one in tried if one.kind == "elsewhere"]
    assert [step.amount for step in steps] == [most, pytest.approx(most / 4, rel=0.05), most]
    [by_trees] = [
        one
        for one in candidates(Strategy(), data, problem, newer=False, also=also, learner="logistic")
        if one.learner
    ]
    assert str(by_trees).endswith("for each real one, learned by boosted trees")
    assert Strategy.from_state(by_trees.to_state()) == by_trees
    again = candidates(tried[-1], data, problem, newer=False, also=also)
    assert not any(one.steps[-1].aim == ELSEWHERE for one in again)
