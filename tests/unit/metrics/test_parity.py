"""Rates agree with fairlearn's, groups are told apart, and models that learn from fair rows become
fairer."""

from __future__ import annotations

import warnings
from collections.abc import Callable

import numpy as np
import polars as pl
import pytest
from statsmodels.stats.proportion import confint_proportions_2indep

from tidemill.core.dataset import Dataset
from tidemill.core.errors import ConditionError
from tidemill.core.run import Run
from tidemill.core.schema import Column, Kind, Schema
from tidemill.core.score import Evidence, Score
from tidemill.metrics.parity.curve import resampled
from tidemill.metrics.parity.groups import ColumnGroups, Group, grouping
from tidemill.metrics.parity.parity import parity
from tidemill.metrics.parity.rates import (
    Share,
    demographic_parity,
    equalized_odds,
    gap,
    rates,
)

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from fairlearn import metrics as fairlearn


def judged(seed: int, groups: int = 3) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    group = rng.integers(0, groups, 400)
    truth = rng.random(400) < 0.3 + 0.1 * group
    return truth, rng.random(400) < np.where(truth, 0.7, 0.2) + 0.05 * group, group


@pytest.mark.parametrize("seed", range(5))
def test_rates_are_those_of_fairlearn(seed: int) -> None:
    truth, decided, group = judged(seed)
    found = rates(truth, decided, [group == k for k in range(3)])
    theirs = fairlearn.MetricFrame(
        metrics={
            "selected": fairlearn.selection_rate,
            "caught": fairlearn.true_positive_rate,
            "wrongly": fairlearn.false_positive_rate,
            "right": lambda t, d: float((t == d).mean()),
        },
        y_true=truth,
        y_pred=decided,
        sensitive_features=group,
    ).by_group
    for k, mine in enumerate(found):
        for name in ("selected", "caught", "wrongly", "right"):
            assert getattr(mine, name).value == pytest.approx(theirs[name][k])
    parities = demographic_parity(found, least=1)
    odds = equalized_odds(found, least=1)
    assert parities is not None
    assert odds is not None
    told = {"y_true": truth, "y_pred": decided, "sensitive_features": group}
    assert parities.value == pytest.approx(fairlearn.demographic_parity_difference(**told))
    assert parities.ratio == pytest.approx(fairlearn.demographic_parity_ratio(**told))
    assert odds.value == pytest.approx(fairlearn.equalized_odds_difference(**told))


@pytest.mark.parametrize(
    ("one", "other"), [((45, 90), (10, 60)), ((3, 20), (0, 25)), ((20, 20), (1, 40))]
)
def test_intervals_are_those_of_statsmodels(one: tuple[int, int], other: tuple[int, int]) -> None:
    wide = gap([Share(one[0] / one[1], one[1]), Share(other[0] / other[1], other[1])])
    assert wide is not None
    theirs = confint_proportions_2indep(*one, *other, method="newcomb", compare="diff")
    assert (wide.low, wide.high) == pytest.approx(theirs)


def test_intervals_hold_what_they_promise() -> None:
    rng = np.random.default_rng(0)
    held = [
        wide.low <= 0.2 <= wide.high
        for _ in range(500)
        if (
            wide := gap(
                [Share(rng.binomial(80, 0.5) / 80, 80), Share(rng.binomial(60, 0.3) / 60, 60)]
            )
        )
        and wide.most == 0
    ]
    assert np.mean(held) > 0.93


def test_groups_that_are_equal_or_too_few() -> None:
    same = gap([Share(0.5, 40), Share(0.5, 40)])
    assert same is not None
    assert (same.value, same.most, same.least) == (0.0, 0, 1)
    assert gap([Share(0.5, 40), Share(0.9, 3)], least=20) is None
    none = gap([Share(0.0, 40), Share(0.0, 40)])
    assert none is not None
    assert none.ratio == 1.0


# --- groups ---------------------------------------------------------------------------------------


def table(kind: Kind, values: list[object]) -> Dataset:
    return Dataset(
        pl.DataFrame({"x": values}),
        Schema((Column("x", kind, "sensitive", any(v is None for v in values)),)),
    )


def test_small_groups_are_told_not_judged() -> None:
    data = table("category", ["a"] * 90 + ["b"] * 60 + ["c"] * 7 + [None] * 50)
    found = grouping(data.schema["x"], [data, data])
    assert [(group.name, group.rows) for group in found.groups] == [
        ("a", 90),
        ("b", 60),
        ("missing", 50),
    ]
    assert (
        found.note
        == "Left out: too small to be judged, with fewer than 50 held-out rows: 'c' (7 rows)."
    )
    assert found.rest(1).sum() == 7
    assert not found.why
    assert grouping(data.schema["x"], [data.rows(np.arange(90))]).why


def test_numbers_and_dates_are_grouped_by_quarters() -> None:
    data = table("number", list(range(400)))
    found = grouping(data.schema["x"], [data])
    assert sorted((group.name, group.rows) for group in found.groups) == [
        ("x > 199 and x ≤ 299", 100),
        ("x > 299", 100),
        ("x > 99 and x ≤ 199", 100),
        ("x ≤ 99", 100),
    ]
    many = table("category", [f"level {k}" for k in range(12) for _ in range(60)])
    assert "the 4 smaller ones of 12" in grouping(many.schema["x"], [many]).note


# --- the metric -----------------------------------------------------------------------------------

SCHEMA = Schema(
    (
        Column("skill", "number"),
        Column("badge", "category"),
        Column("sex", "category", "sensitive"),
        Column("hired", "category", "target"),
    )
)


def jobs(rows: int, seed: int, *, tied: float = 1.0) -> Dataset:
    """Men are hired more often at the same skill; a badge tells the sex in nine of ten rows."""
    rng = np.random.default_rng(seed)
    man = rng.random(rows) < 0.6
    skill = rng.normal(size=rows)
    hired = rng.random(rows) < 1 / (1 + np.exp(-(1.5 * skill - 1 + tied * 2 * (man - 0.6))))
    return Dataset(
        pl.DataFrame(
            {
                "skill": skill.round(3),
                "badge": np.where(man == (rng.random(rows) < 0.9), "m", "f"),
                "sex": np.where(man, "m", "f"),
                "hired": np.where(hired, "yes", "no"),
            }
        ),
        SCHEMA,
    )


def shuffled(data: Dataset) -> Dataset:
    return data.with_frame(
        pl.DataFrame([column.shuffle(seed=k) for k, column in enumerate(data.frame)])
    )


def even(data: Dataset, asked: dict[str, str], n: int) -> Dataset:
    """Rows of a large table of the same sort, picked so that rates are equal."""
    [(group, outcome)] = asked.items()
    frame = data.frame.with_row_index("at")
    levels = sorted(frame[group].unique()), sorted(frame[outcome].unique())
    label = np.searchsorted(levels[1], frame[outcome].to_numpy()).astype(float)
    masks = tuple(Group(level, ((frame[group] == level).to_numpy(),)) for level in levels[0])
    at = resampled(ColumnGroups(group, masks, ()), label, len(levels[1]), Run(1))
    assert at is not None
    return data.rows(np.random.default_rng(0).permutation(at)[:n])


@pytest.fixture(scope="module")
def evidence() -> Evidence:
    train, more = jobs(3000, 1), jobs(8000, 9)
    return Evidence(
        train,
        jobs(3000, 2),
        jobs(3000, 3),
        shuffled(train),
        fair=lambda asked, n: even(more, dict(asked), n),
    )


@pytest.fixture(scope="module")
def scored(evidence: Evidence) -> dict[str, Score]:
    return {score.name: score for score in parity(evidence, Run())}


DECISIONS, ERRORS = (
    "decisions by 'sex' (demographic parity difference)",
    "errors by 'sex' (equalized odds difference)",
)
AFTER = "decisions by 'sex' after fair generation (demographic parity difference)"
OUTCOMES = "outcome gap by 'sex' (difference of rates)"


@pytest.mark.parametrize("name", [DECISIONS, ERRORS, OUTCOMES])
def test_real_rows_have_the_gap_and_unrelated_columns_have_none(
    scored: dict[str, Score], name: str
) -> None:
    score = scored[name]
    assert score.value is not None
    assert score.floor is not None
    assert score.ceiling is not None
    assert score.ceiling > 0.15
    assert score.floor < 0.12
    assert score.value == pytest.approx(score.ceiling, abs=0.12)
    assert score.interval is not None
    assert score.interval[0] < score.value < score.interval[1]
    assert "95 % interval" in score.sentence
    assert score.sentence.endswith(".")


def test_unfair_synthetic_rows_are_seen(evidence: Evidence) -> None:
    worse = Evidence(evidence.train, evidence.holdout, jobs(3000, 4, tied=2.5), evidence.floor)
    found = {score.name: score for score in parity(worse, Run())}
    for name in (DECISIONS, OUTCOMES):
        value, ceiling = found[name].value, found[name].ceiling
        assert value is not None
        assert ceiling is not None
        assert value > ceiling + 0.1


def test_representation_is_seen(evidence: Evidence) -> None:
    name = "representation of the groups of 'sex' (error)"
    men = evidence.synthetic.rows((evidence.synthetic.frame["sex"] == "m").to_numpy())
    found = {
        score.name: score
        for score in parity(Evidence(evidence.train, evidence.holdout, men, evidence.floor), Run())
    }
    assert found[name].value == pytest.approx(0.4, abs=0.03)
    assert "'m' has 100 % of the synthetic" in found[name].sentence


def test_equal_rates_bring_decisions_nearer_and_cost_little(scored: dict[str, Score]) -> None:
    score = scored[AFTER]
    assert score.value is not None
    assert score.value < score.figures["plain"] / 2
    assert 0 < score.figures["auc_plain"] - score.figures["auc"] < 0.1
    assert score.picture is not None
    assert score.table is not None
    learned = [row[0] for row in score.table.rows]
    assert learned == [
        *(f"generated rows, strength {s}" for s in ("0", "0.25", "0.5", "0.75", "1")),
        "real rows",
        "resampled real rows",
        "without 'sex', real rows",
    ]
    apart = [float(row[1].split()[0]) for row in score.table.rows]
    assert apart[0] > apart[2] > apart[4]
    assert apart[7] > apart[4]  # the badge tells the sex all the same


def test_rows_that_cannot_be_made_are_no_crash(evidence: Evidence) -> None:
    def refuse(asked: object, n: int) -> Dataset:
        raise ConditionError("these values never occur together")

    found = {
        score.name: score
        for score in parity(
            Evidence(
                evidence.train, evidence.holdout, evidence.synthetic, evidence.floor, fair=refuse
            ),
            Run(),
        )
    }
    assert found[AFTER].value is None
    assert found[AFTER].why == "these values never occur together"


@pytest.mark.parametrize("classes", [2, 4])
def test_resampled_rows_have_equal_rates(classes: int) -> None:
    rng = np.random.default_rng(classes)
    group = rng.integers(0, 3, 900)
    label = ((rng.random(900) * (1 + group)).astype(int) % classes).astype(float)
    label[(group == 0) & (np.arange(900) % 7 == 0)] = classes - 1
    label[:5] = np.nan
    masks = tuple(Group(str(k), (group == k,)) for k in range(2))
    at = resampled(ColumnGroups("g", masks, ()), label, classes, Run())
    if at is None:  # a class that a group never has cannot be drawn
        assert any(
            not ((group == k) & (label == c)).any() for k in range(3) for c in range(classes)
        )
        return
    shares = np.array(
        [[(label[at][group[at] == k] == c).mean() for c in range(classes)] for k in range(3)]
    )
    assert np.ptp(shares, axis=0).max() < 0.02


def test_more_than_two_classes_and_numbers(evidence: Evidence) -> None:
    def third(data: Dataset) -> Dataset:
        low = pl.when(pl.col("skill") < -1).then(pl.lit("never")).otherwise(pl.col("hired"))
        return data.with_frame(data.frame.with_columns(low.alias("hired")))

    four = Evidence(
        *map(third, (evidence.train, evidence.holdout, evidence.synthetic, evidence.floor))
    )
    found = {score.name: score for score in parity(four, Run())}
    assert "'hired' = " in found[DECISIONS].sentence
    assert found[DECISIONS].value is not None
    number = Schema(
        (Column("skill", "number", "target"), *SCHEMA.columns[1:3], Column("hired", "category"))
    )
    plain = [
        Dataset(data.frame, number)
        for data in (four.train, four.holdout, four.synthetic, four.floor)
    ]
    names = [score.name for score in parity(Evidence(*plain), Run())]
    assert "outcomes by 'sex' (error)" in names
    assert DECISIONS not in names


def test_numbers_as_groups(real: Callable[[str], pl.DataFrame]) -> None:
    frame = real("german_credit/german_credit.parquet")
    columns = tuple(
        Column(
            name,
            "number" if frame[name].dtype.is_numeric() else "category",
            {"Age": "sensitive", "Credit_risk": "target"}.get(name, "feature"),
        )
        for name in frame.columns
    )  # type: ignore[arg-type]
    parts = [Dataset(frame[k : k + 333], Schema(columns)) for k in (0, 333, 666)]
    found = [
        score
        for score in parity(Evidence(*parts, shuffled(parts[0])), Run())
        if score.value is not None
    ]
    assert len(found) == 6
    assert any("Age ≤ " in score.sentence for score in found)
