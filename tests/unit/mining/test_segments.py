from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from tests.unit.mining.tables import customers, halves, table
from tidemill.core.run import Run
from tidemill.mining.segments import segments
from tidemill.mining.subgroups import candidate_tests


def test_planted_groups_are_found_named_and_measured() -> None:
    data = customers()
    train, holdout = halves(data)
    overview, *found = list(segments(train, holdout, Run()))
    assert overview.figures["segments"] == 3
    assert overview.figures["stability"] > 0.95
    assert "'leaves' left aside" in overview.sentence
    for finding in found:
        rows = finding.condition.mask(holdout.frame).to_numpy()
        left = (holdout["leaves"].to_numpy()[rows] == "Yes").mean()
        assert finding.support == rows.sum()
        assert finding.figures["target"] == pytest.approx(left)
        assert finding.figures["target_low"] < left < finding.figures["target_high"]
        assert min(finding.figures["precision"], finding.figures["recall"]) > 0.95
        assert len(finding.condition.tests) <= 3
        assert "leaves" not in finding.columns


def test_the_target_does_not_shape_the_segments() -> None:
    data = customers()
    other = data.with_frame(
        data.frame.with_columns(
            leaves=pl.Series(np.random.default_rng(1).permutation(data["leaves"].to_numpy()))
        )
    )
    ours, theirs = (list(segments(*halves(each), Run())) for each in (data, other))
    assert [f.condition for f in ours] == [f.condition for f in theirs]


def test_columns_that_go_together_without_groups_are_no_clear_segments() -> None:
    """Shuffled columns are the reference, so a mere correlation of a part of the columns must not
    look like clusters."""
    rng = np.random.default_rng(0)
    common = rng.normal(size=(2000, 1))
    frame = pl.DataFrame({f"x{k}": (0.3 * common[:, 0] + rng.normal(size=2000)) for k in range(6)})
    found = list(segments(*halves(table(frame, dict.fromkeys(frame.columns, "number"))), Run()))
    assert not found or "loosely apart" in found[0].sentence


def test_one_column_or_few_rows_give_nothing() -> None:
    data = customers(60)
    assert not list(segments(*halves(data), Run()))
    one = customers().select(["contract"])
    assert not list(segments(*halves(one), Run()))


def test_a_small_group_is_told_and_the_rest_is_not_described() -> None:
    rng = np.random.default_rng(0)
    small = rng.random(4000) < 0.05
    frame = pl.DataFrame({f"x{k}": rng.normal(size=4000) + 8 * small for k in range(4)})
    overview, *found = list(
        segments(*halves(table(frame, dict.fromkeys(frame.columns, "number"))), Run())
    )
    assert overview.figures["segments"] == 2
    assert len(found) == 1
    assert found[0].strength == pytest.approx(0.05, abs=0.02)
    assert overview.picture is not None
    assert any("all other rows" in name for name, _ in overview.picture.series)


def test_without_a_target_no_rate_is_told() -> None:
    data = customers()
    found = list(
        segments(*halves(replace(data, schema=data.schema.with_roles("ignore", ["leaves"]))), Run())
    )
    assert found
    assert not any("leaves" in finding.sentence for finding in found)


def test_a_bound_that_all_known_values_keep_says_only_that_there_is_one() -> None:
    rng = np.random.default_rng(0)
    score = pl.Series(rng.choice([1, 2, 3, 4, 5], 1000)).cast(pl.Float64)
    frame = pl.DataFrame({"score": score}).with_columns(
        pl.when(pl.Series(rng.random(1000) < 0.7)).then("score")
    )
    data = table(frame, {"score": "number"})
    tests = candidate_tests(data, data.schema.columns).tests
    assert {test.operator for test in tests} >= {"present", "missing"}
    assert not {("<=", 5), (">=", 1)} & {(test.operator, test.value) for test in tests}
