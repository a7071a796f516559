from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from tests.unit.trials.tables import dataset
from tidemill.core.dataset import Dataset
from tidemill.core.errors import Cancelled, DataError
from tidemill.core.run import Event, Run
from tidemill.supervised.measures import measures
from tidemill.trials.problem import problem_of
from tidemill.trials.trial import (
    Arm,
    FoldResult,
    TrialRows,
    Trials,
    entities,
    predicted,
    trial,
)

LEARNERS = ("logistic", "nearest")
REAL = Arm("real", "real", lambda data, run: TrialRows(data))


def shuffled(data: Dataset, run: Run) -> TrialRows:
    noise = data.frame["y"].gather(run.rng("noise").permutation(len(data)))
    return TrialRows(data.with_frame(data.frame.with_columns(noise)))


NOISE = Arm("noise", "generated", shuffled)


def tried(train: Dataset, run: Run | None = None, **options: object) -> Trials:
    suited = list(measures(2, problem_of(train).label, {"fp": 1, "fn": 4}).values())
    return trial(
        [REAL, NOISE], train, run or Run(), learners=LEARNERS, measures=suited, splits=3, **options
    )  # type: ignore[arg-type]


def test_real_rows_beat_noise_by_every_measure_and_learner() -> None:
    found = tried(dataset(), shares=(1.0, 0.3))
    assert found.folds == 6
    assert found.test_share == pytest.approx(0.5)
    assert found.shares == (1.0, 0.3)
    for learner in LEARNERS:
        for measure in found.measures:
            assert found.of("real", learner, measure).shape == (6,)
            gain = found.gain("real", "noise", learner, measure)
            assert gain.low > 0, (learner, measure)
            turned = found.gain("noise", "real", learner, measure)
            assert (turned.mean, turned.low, turned.high) == pytest.approx(
                (-gain.mean, -gain.high, -gain.low)
            )
    assert found.rows("real", 0.3) == pytest.approx(60, abs=1)


def test_it_can_be_gone_on_with_and_gives_the_same() -> None:
    train = dataset(120)
    written: list[str] = []
    whole = tried(train, finished=lambda unit: written.append(json.dumps(unit.to_state())))
    known = [FoldResult.from_state(json.loads(line)) for line in written[:7]]
    again: list[FoldResult] = []
    resumed = tried(train, known=known, finished=again.append)
    assert len(again) == len(written) - 7
    assert resumed.units == whole.units


def test_it_stops_when_asked_and_says_how_far_it_is() -> None:
    events: list[Event] = []
    run = Run(listener=events.append)

    def stop(unit: FoldResult) -> None:
        if unit.fold == 1:
            run.cancel()

    with pytest.raises(Cancelled):
        tried(dataset(60), run, finished=stop)
    assert any(
        event.stage == "prove" and event.total == 12 and event.left is not None for event in events
    )


def test_a_fold_passes_on_warnings_and_stopping() -> None:
    run = Run()
    own = run.child("proof", "fold", 1)
    own.warn("mind")
    assert run.warnings == ["mind"]
    assert own.seed == run.child("proof", "fold", 1).seed != run.child("proof", "fold", 2).seed
    run.cancel()
    with pytest.raises(Cancelled), own.stage("learn", total=1) as stage:
        stage.advance()


def test_other_test_rows_take_the_place_of_the_folds() -> None:
    train = dataset(120)
    upside_down = dataset(90, seed=1)
    turned = upside_down.frame.with_columns(pl.col("x") * -1)
    suited = list(measures(2, problem_of(train).label).values())
    found = [
        trial([REAL], train, Run(), learners=["logistic"], measures=suited, splits=3, test=test)
        for test in (upside_down, upside_down.with_frame(turned))
    ]
    right, wrong = (one.mean("real", "logistic", "roc_auc") for one in found)
    assert right > 0.8
    assert wrong < 0.5
    assert found[0].test_share == pytest.approx(0.5)


def test_there_are_as_many_folds_as_the_rarest_class_of_either_side_allows() -> None:
    train, test = dataset(120), dataset(90, seed=1)
    label = problem_of(train).coded(test)
    few = test.rows(
        np.sort(np.concatenate([np.flatnonzero(label == 0), np.flatnonzero(label == 1)[:2]]))
    )
    found = trial(
        [REAL],
        train,
        Run(),
        learners=["logistic"],
        measures=list(measures(2, label).values()),
        test=few,
    )
    assert found.folds == 4


def test_chances_are_those_of_the_real_class_shares_whatever_was_shown() -> None:
    train, test = dataset(2000), dataset(2000, seed=1)
    problem = problem_of(train)
    weight = np.where(problem.label == 1, 20.0, 1.0)
    rare = problem.prior[1]
    for rows in (
        TrialRows(train),
        TrialRows(train, weight),
        TrialRows(train.rows(np.repeat(np.arange(2000), weight.astype(int)))),
    ):
        says = predicted(rows, test, "logistic", Run(), problem=problem)
        assert says[:, 1].mean() == pytest.approx(rare, abs=0.02)


def test_entities_share_a_number_and_rows_without_one_do_not() -> None:
    data = dataset(6)
    names = pl.Series("who", ["a", "b", "a", None, None, "b"])
    schema = data.schema.select(["x", "z", "plan", "y"])
    frame = data.frame.drop("new").with_columns(names)
    who = replace(data.schema["plan"], name="who", role="entity")
    found = entities(Dataset(frame, type(schema)((*schema.columns, who))))
    assert found is not None
    assert found[0] == found[2]
    assert found[1] == found[5]
    assert len(set(found)) == 4
    assert entities(data) is None


def test_rows_without_any_target_are_told() -> None:
    train = dataset(60)
    blank = train.with_frame(train.frame.with_columns(y=pl.lit(None, pl.String)))
    with pytest.raises(DataError, match="no row to learn from"):
        predicted(TrialRows(blank), train, "logistic", Run(), problem=problem_of(train))


def test_many_levels_are_one_class_together_and_unknown_ones_are_missing() -> None:
    rng = np.random.default_rng(0)
    train = dataset(300).frame.with_columns(
        y=pl.Series([f"l{k}" for k in np.minimum(rng.geometric(0.2, 300), 15)])
    )
    from tidemill.io.reading import read

    data = read(train, Run(), target="y")
    problem = problem_of(data)
    assert problem.rest
    assert len(problem.classes) == 10
    assert np.array_equal(problem.coded(data), problem.label)
    two = dataset(60)
    odd = two.with_frame(
        two.frame.with_columns(y=pl.when(pl.col("x") > 0).then(pl.lit("?")).otherwise(pl.col("y")))
    )
    coded = problem_of(two).coded(odd)
    assert np.array_equal(np.isnan(coded), (two.frame["x"] > 0).to_numpy())
