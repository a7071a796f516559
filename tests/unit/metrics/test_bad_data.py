"""Tables on which something cannot be measured: a reason instead of a figure, never an error."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from tidemill.auditing.attacking import attack
from tidemill.core.dataset import Dataset
from tidemill.core.errors import DataError, OptionError
from tidemill.core.run import Event, Run
from tidemill.core.score import Evidence, Scores
from tidemill.metrics import METRICS, OF_TEXTS
from tidemill.metrics.detection import BY_TREES
from tidemill.metrics.evaluate import evaluate
from tidemill.metrics.pairs import TRENDS
from tidemill.metrics.utility import MEAN

Make = Callable[..., Evidence]


def with_column(data: Dataset, name: str, values: object) -> Dataset:
    series = (
        pl.Series(name, values)
        if isinstance(values, list)
        else pl.Series(name, [values] * len(data))
    )
    return data.with_frame(data.frame.with_columns(series.cast(data.frame[name].dtype).alias(name)))


def everywhere(mine: Evidence, change: Callable[[Dataset], Dataset]) -> Evidence:
    return replace(
        mine,
        train=change(mine.train),
        holdout=change(mine.holdout),
        synthetic=change(mine.synthetic),
        floor=change(mine.floor),
    )


def why(scores: Scores, name: str) -> str:
    assert scores[name].value is None
    return scores[name].why


@pytest.mark.parametrize("rows", [1, 5, 30])
def test_tiny_tables(evidence: Make, run: Run, rows: int) -> None:
    scores = evaluate(evidence("real", train=rows, holdout=rows), run)
    assert "100 are needed" in why(scores, BY_TREES)
    assert "was not measured" in scores.verdict


def test_a_constant_column(evidence: Make, run: Run) -> None:
    scores = evaluate(everywhere(evidence(), lambda data: with_column(data, "age", 40)), run)
    assert [s.value for s in scores.of("marginals") if s.column == "age"] == [1.0]


@pytest.mark.parametrize("name", ["fee", "plan"])
def test_a_column_without_values(evidence: Make, run: Run, name: str) -> None:
    scores = evaluate(everywhere(evidence(), lambda data: with_column(data, name, None)), run)
    assert [s.why for s in scores.of("marginals") if s.column == name] == [
        "the column has no values in the held-out rows"
    ]


@pytest.mark.parametrize("name", ["fee", "plan"])
def test_a_column_without_synthetic_values(evidence: Make, run: Run, name: str) -> None:
    mine = evidence()
    scores = evaluate(replace(mine, synthetic=with_column(mine.synthetic, name, None)), run)
    assert [s.value for s in scores.of("marginals") if s.column == name] == [0.0]
    assert (scores[BY_TREES].value or 0) > 0.95


def test_levels_that_only_one_set_has(evidence: Make, run: Run) -> None:
    mine = evidence()
    scores = evaluate(replace(mine, synthetic=with_column(mine.synthetic, "plan", "new")), run)
    assert (scores["category levels covered"].value or 0) < 0.7
    assert (scores[TRENDS].value or 0) > (scores[TRENDS].floor or 1)


def test_no_target(evidence: Make, run: Run) -> None:
    scores = evaluate(
        everywhere(evidence(), lambda data: data.select(["age", "fee", "plan", "sex"])), run
    )
    assert why(scores, MEAN) == "no target column was named"


def test_a_target_that_is_constant_in_synthetic_rows(evidence: Make, run: Run) -> None:
    mine = evidence()
    scores = evaluate(replace(mine, synthetic=with_column(mine.synthetic, "churn", True)), run)
    assert why(scores, MEAN) == "the target 'churn' has one value only in the generated rows"


def test_a_target_without_values(evidence: Make, run: Run) -> None:
    scores = evaluate(everywhere(evidence(), lambda data: with_column(data, "churn", None)), run)
    assert "fewer than two values" in why(scores, MEAN)


@pytest.mark.parametrize("number", [np.inf, -np.inf, 1e307])
def test_numbers_that_are_infinite_or_huge(evidence: Make, run: Run, number: float) -> None:
    def spoilt(data: Dataset) -> Dataset:
        fee = data.frame["fee"].to_list()
        fee[::7] = [number] * len(fee[::7])
        return with_column(data, "fee", fee)

    scores = evaluate(everywhere(evidence(), spoilt), run)
    assert (scores[TRENDS].value or 1) < 0.15


@pytest.mark.parametrize("kind", ["number", "datetime"])
def test_a_target_that_is_no_class(evidence: Make, run: Run, kind: str) -> None:
    name = {"number": "fee", "datetime": "since"}[kind]

    def retarget(data: Dataset) -> Dataset:
        schema = data.schema.with_roles("feature", ["churn"]).with_roles("target", [name])
        return replace(data, schema=schema)

    scores = evaluate(everywhere(evidence(), retarget), run, ["utility", "parity"])
    if kind == "number":
        assert (scores[MEAN].value or 0) > 0.7  # R²
        assert "standard deviations" in scores["outcomes by 'sex' (error)"].sentence
    else:
        assert "datetime" in why(scores, MEAN)


def test_many_classes(table: Callable[..., Dataset], run: Run) -> None:
    def draw(seed: int) -> Dataset:
        rng = np.random.default_rng(seed)
        x = rng.normal(size=800)
        return table(
            {"x": "number", "shop": "category"},
            {"shop": "target"},
            x=x,
            shop=[f"s{int(k)}" for k in np.clip(x * 8 + rng.normal(size=800), -15, 15)],
        )

    scores = evaluate(Evidence(*(draw(seed) for seed in range(4))), run, ["utility"])
    assert (scores[MEAN].value or 0) == pytest.approx(scores[MEAN].ceiling, abs=0.05)
    assert scores[MEAN].figures["classes"] == 10


def test_nothing_to_compare(table: Callable[..., Dataset], run: Run) -> None:
    mine = Evidence(*(table({"note": "text"}, note=["a", "b"]) for _ in range(4)))
    scores = evaluate(mine, run)
    assert {score.metric for score in scores} == set(METRICS)
    assert all(
        "needed" in score.why if score.metric in OF_TEXTS else "no column" in score.why
        for score in scores
    )


def test_one_column(table: Callable[..., Dataset], run: Run) -> None:
    mine = Evidence(
        *(table({"x": "number"}, x=np.random.default_rng(k).normal(size=300)) for k in range(4))
    )
    scores = evaluate(mine, run)
    assert why(scores, TRENDS) == "there are fewer than two columns"


def test_a_table_of_few_distinct_rows_has_copies_by_chance(
    table: Callable[..., Dataset], run: Run
) -> None:
    def draw(seed: int) -> Dataset:
        return table(
            {"x": "category"}, x=[str(k) for k in np.random.default_rng(seed).integers(0, 5, 200)]
        )

    what = Evidence(*(draw(seed) for seed in range(4)), attack=attack)
    scores = evaluate(what, run, ["nearest"])
    assert scores.light == "not known"
    assert "could see nothing here" in scores["exact and near copies"].why


def test_a_category_of_thousands_of_levels(table: Callable[..., Dataset], run: Run) -> None:
    def draw(seed: int) -> Dataset:
        rng = np.random.default_rng(seed)
        return table(
            {"x": "number", "code": "category"},
            x=rng.normal(size=1500),
            code=[f"c{k}" for k in rng.integers(0, 5000, 1500)],
        )

    scores = evaluate(Evidence(*(draw(seed) for seed in range(4))), run)
    assert "pass for real" in scores.verdict


def test_a_column_is_missing_from_a_set(evidence: Make, run: Run) -> None:
    mine = evidence()
    with pytest.raises(DataError, match="the synthetic rows have no column 'fee'"):
        evaluate(
            replace(
                mine, synthetic=mine.synthetic.select(["age", "plan", "sex", "since", "churn"])
            ),
            run,
        )


def test_a_column_is_of_another_kind(evidence: Make, run: Run) -> None:
    mine = evidence()
    text = replace(
        mine.synthetic, frame=mine.synthetic.frame.with_columns(pl.col("fee").cast(pl.String))
    )
    with pytest.raises(DataError, match="'fee' as String, which is no number"):
        evaluate(replace(mine, synthetic=text), run)


def test_a_set_is_empty(evidence: Make, run: Run) -> None:
    mine = evidence()
    with pytest.raises(DataError, match="no synthetic rows"):
        evaluate(replace(mine, synthetic=mine.synthetic.rows(np.arange(0))), run)


def test_an_unknown_metric(evidence: Make, run: Run) -> None:
    with pytest.raises(OptionError, match="there is no metric called 'pear'"):
        evaluate(evidence(), run, ["pear"])


def test_progress_is_told(evidence: Make) -> None:
    events: list[Event] = []
    evaluate(evidence(train=60, holdout=40), Run(listener=events.append), ["marginals", "pairs"])
    assert [e.kind for e in events if e.kind in ("start", "end")] == ["start", "end"]
    assert any("measuring the shape of each column" in e.text for e in events)
