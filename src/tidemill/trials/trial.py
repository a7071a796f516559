"""Strategies side by side: the same learners, the same folds of real rows, the same measures."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from importlib import import_module
from typing import Any, Literal

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tidemill.core.columns import by_name
from tidemill.core.dataset import Dataset
from tidemill.core.errors import DataError
from tidemill.core.one_thread import one_thread
from tidemill.core.run import Run
from tidemill.core.words import plural
from tidemill.supervised.arrays import FeatureLayout, Features, Floats, features
from tidemill.supervised.folds import Positions, folds, subset
from tidemill.supervised.intervals import Interval, corrected
from tidemill.supervised.learners import LEARNERS, Learner
from tidemill.supervised.measures import Measure
from tidemill.supervised.text_scores import with_text_scores
from tidemill.supervised.text_terms import TermReader
from tidemill.trials.problem import Problem, problem_of


@dataclass(frozen=True)
class TrialRows:
    """What a learner learns from.

    Attributes:
        data: The rows.
        weight: How much each counts, (n,); None for all alike.
    """

    data: Dataset
    weight: Floats | None = field(default=None, repr=False)


@dataclass(frozen=True)
class Arm:
    """A strategy that competes.

    Attributes:
        name: In words, and its name in the results.
        kind: "real" (real rows only), "interpolated" (SMOTE and friends), "generated" or
            "elsewhere" (rows of another source).
        make: From the real rows of a fold to what is learned from. The run is the same for all arms
            of a fold.
    """

    name: str
    kind: Literal["real", "interpolated", "generated", "elsewhere"]
    make: Callable[[Dataset, Run], TrialRows]


@dataclass(frozen=True)
class FoldResult:
    """What one arm reached in one fold.

    Attributes:
        arm: Its name.
        share: The part of the fold's real rows that was learned from.
        fold: Its number.
        rows: Rows that were learned from.
        values: Learner -> measure -> figure.
    """

    arm: str
    share: float
    fold: int
    rows: int
    values: Mapping[str, Mapping[str, float]]

    def to_state(self) -> dict[str, Any]:
        """As plain JSON values."""
        return asdict(self)

    @staticmethod
    def from_state(state: Mapping[str, Any]) -> FoldResult:
        """The unit that :meth:`to_state` wrote."""
        values: dict[str, dict[str, float]] = {}
        for learner, figures in state["values"].items():
            values[learner] = {}
            for measure, figure in figures.items():
                values[learner][measure] = float("nan") if figure is None else figure
        return FoldResult(**{**state, "values": values})


@dataclass(frozen=True)
class Trials:
    """What all arms reached.

    Attributes:
        units: One for each arm, share and fold.
        measures: By name.
        test_share: Rows tested on, divided by rows learned from, in a fold of all real rows.
        folds: How many there are.
        real: Mean number of real rows that a fold learns from.
    """

    units: tuple[FoldResult, ...]
    measures: Mapping[str, Measure]
    test_share: float
    folds: int
    real: float

    def of(self, arm: str, learner: str, measure: str, share: float = 1.0) -> Floats:
        """The figure in each fold, in their order, (folds,)."""
        units = sorted(self._units(arm, share), key=lambda unit: unit.fold)
        return np.array([unit.values[learner][measure] for unit in units])

    def mean(self, arm: str, learner: str, measure: str, share: float = 1.0) -> float:
        """The mean figure over the folds in which it is defined."""
        values = self.of(arm, learner, measure, share)
        return float(np.nanmean(values)) if not np.isnan(values).all() else float("nan")

    def gain(
        self,
        arm: str,
        control: str,
        learner: str,
        measure: str,
        share: float = 1.0,
        level: float = 0.95,
    ) -> Interval:
        """How much better an arm is than another, above 0 for better whatever the measure; see
        :func:`corrected`.

        Also for a share of the real rows the overlap is taken to be that of whole folds, of which
        the share is drawn.
        """
        reached = self.of(arm, learner, measure, share)
        reference = self.of(control, learner, measure, share)
        gains = self.measures[measure].gain(reached, reference)
        return corrected(gains, self.test_share, level)

    def rows(self, arm: str, share: float = 1.0) -> float:
        """Mean number of rows that were learned from."""
        return float(np.mean([unit.rows for unit in self._units(arm, share)]))

    @property
    def shares(self) -> tuple[float, ...]:
        """The parts of the real rows, the largest first."""
        return tuple(sorted({unit.share for unit in self.units}, reverse=True))

    def _units(self, arm: str, share: float) -> list[FoldResult]:
        return [unit for unit in self.units if unit.arm == arm and unit.share == share]


def predicted(
    rows: TrialRows, test: Dataset, learner: str, run: Run, *, problem: Problem | None = None
) -> Floats:
    """What a learner that was shown these rows says of others.

    Probabilities are stated for the real rows' class shares, by weighing the classes' odds (Saerens
    et al. 2002, "Adjusting the Outputs of a Classifier to New a Priori Probabilities", eq. 2.4): a
    strategy that shows more of a rare class is neither rewarded nor punished for it.

    Args:
        rows: To learn from; rows without a target are left out.
        test: To say it of.
        learner: A registered name.
        run: Its seed.
        problem: What is predicted, and the class shares; by default as in ``rows``.

    Returns:
        (n, classes), or (n,) for a number.
    """
    problem = problem or problem_of(rows.data)
    return _Bench([learner]).predicted(learner, rows, test, problem, run)


def score(
    rows: TrialRows,
    test: Dataset,
    learners: Sequence[str],
    measures: Iterable[Measure],
    run: Run,
    *,
    problem: Problem | None = None,
) -> dict[str, dict[str, float]]:
    """Learner -> measure -> figure on the test rows that have a target; arguments as of
    :func:`predicted`."""
    return _Bench(learners).scored(
        rows, test, tuple(measures), run, problem or problem_of(rows.data)
    )


def trial(
    arms: Sequence[Arm],
    train: Dataset,
    run: Run,
    *,
    learners: Sequence[str],
    measures: Sequence[Measure],
    shares: Sequence[float] = (1.0,),
    splits: int = 5,
    repeats: int = 2,
    problem: Problem | None = None,
    test: Dataset | None = None,
    known: Iterable[FoldResult] = (),
    finished: Callable[[FoldResult], None] | None = None,
) -> Trials:
    """Compare strategies by repeated stratified cross-validation.

    Args:
        arms: With different names.
        train: Real rows; those of one entity are never on both sides.
        run: Seed, progress and cancelling. Each fold has a run of its own, the same for all arms.
        learners: Registered names.
        measures: That suit the target.
        shares: Parts of each fold's real rows that are learned from.
        splits, repeats: As of :func:`tidemill.supervised.folds.folds`.
        problem: What is predicted; by default as in ``train``.
        test: Other real rows, to be tested on in the place of those of the fold: each fold has its
            part of them.
        known: Units that are finished already and are not done again.
        finished: Is handed each unit that was done now.

    Raises:
        DataError: There are too few rows of a class.
    """
    problem = problem or problem_of(train)
    sides = divided(train, run, splits=splits, repeats=repeats, problem=problem, test=test)
    done = _finished(known, learners, measures)
    bench = _Bench(learners)
    units = []
    title = f"comparing {len(arms)} ways to learn in {plural(len(sides), 'fold')}"
    with run.stage("prove", title, len(sides) * len(shares) * len(arms)) as stage:
        for fold, (inside, other, asked) in enumerate(sides):
            for share in shares:
                own = run.child("proof", "fold", fold, str(share))
                real = train.rows(_part(inside, share, problem, own))
                for arm in arms:
                    unit = done.get((arm.name, share, fold))
                    if unit is None:
                        rows = arm.make(real, own)
                        values = bench.scored(rows, other.rows(asked), measures, own, problem)
                        unit = FoldResult(arm.name, share, fold, len(rows.data), values)
                        if finished:
                            finished(unit)
                    units.append(unit)
                    stage.advance()
    # of rows tested on to rows learned from; so too where the test rows are others
    ratio = 1 / (len(sides) // repeats - 1)
    learned_from = [len(inside) for inside, _, _ in sides]
    by_name = {measure.name: measure for measure in measures}
    return Trials(tuple(units), by_name, ratio, len(sides), float(np.mean(learned_from)))


def _finished(
    known: Iterable[FoldResult], learners: Sequence[str], measures: Sequence[Measure]
) -> dict[tuple[str, float, int], FoldResult]:
    """Those units that have all figures, by arm, share and fold."""
    complete = {}
    for unit in known:
        if _whole(unit, learners, measures):
            complete[unit.arm, unit.share, unit.fold] = unit
    return complete


def divided(
    train: Dataset,
    run: Run,
    *,
    splits: int,
    repeats: int,
    problem: Problem,
    test: Dataset | None = None,
) -> list[tuple[Positions, Dataset, Positions]]:
    """The folds of a trial: positions to learn from, and the table and positions to test on."""
    inside = folds(
        problem.label,
        run,
        splits=splits,
        repeats=repeats,
        classes=len(problem.classes),
        groups=entities(train),
    )
    if test is None:
        return [(learn, train, asked) for learn, asked in inside]
    splits = len(inside) // repeats
    outside = folds(
        problem.coded(test),
        run.child("proof", "holdout"),
        splits=splits,
        repeats=repeats,
        classes=len(problem.classes),
        groups=entities(test),
    )
    if len(outside) < len(inside):
        return divided(
            train, run, splits=len(outside) // repeats, repeats=repeats, problem=problem, test=test
        )
    return [(learn, test, asked) for (learn, _), (_, asked) in zip(inside, outside, strict=True)]


def entities(data: Dataset) -> NDArray[np.int64] | None:
    """(n,) the number of each row's entity, a row without one being one of its own; None where no
    column has that role."""
    columns = [column.name for column in data.schema.of_role("entity")]
    if not columns:
        return None
    entity = data.frame.select(
        known=pl.any_horizontal(by_name(*columns).is_not_null()),
        number=pl.struct(by_name(*columns)).rank("dense"),
    )
    known = entity["known"].to_numpy()
    number = entity["number"].to_numpy().astype(np.int64)
    return np.where(known, number, len(data) + 1 + np.arange(len(data)))


@dataclass(frozen=True)
class _Encoded:
    """Rows to learn from and rows to test on, as arrays of one layout."""

    layout: FeatureLayout
    rows: Features
    label: Floats
    weight: Floats | None
    test: Features


def _encoded(
    rows: TrialRows, test: Dataset, problem: Problem, reader: TermReader, run: Run
) -> _Encoded:
    label = problem.coded(rows.data)
    known = ~np.isnan(label)
    if not known.any():
        raise DataError(
            f"no row to learn from has a value of the target '{problem.target.name}'",
            where=rows.data.name,
            hint="give rows that have the same target",
        )
    layout, (learned, tested) = features((rows.data, test), problem.inputs, reader)
    label, learned = label[known], learned.rows(known)
    weight = None if rows.weight is None else rows.weight[known]
    present, code = np.unique(label, return_inverse=True)
    classes = len(present) if problem.classes else 0
    numbers = code.astype(float) if classes else label
    scored = with_text_scores(layout, learned, numbers, weight, tested, classes, run)
    return _Encoded(scored[0], scored[1], label, weight, scored[2])


class _Bench:
    """Learners, loaded once: that looks through all installed packages. They work on one thread:
    their products are small, and threads that wait for each other on a busy machine cost most."""

    def __init__(self, learners: Sequence[str]) -> None:
        self._learn: dict[str, Learner] = {name: LEARNERS.load(name) for name in learners}
        import_module("scipy.linalg")  # only libraries that are there already are limited
        self._reader = TermReader()

    def predicted(
        self, name: str, rows: TrialRows, test: Dataset, problem: Problem, run: Run
    ) -> Floats:
        return self.says(name, self._encoded(rows, test, problem, run), problem, run)

    def _encoded(self, rows: TrialRows, test: Dataset, problem: Problem, run: Run) -> _Encoded:
        with one_thread():
            return _encoded(rows, test, problem, self._reader, run)

    def scored(
        self,
        rows: TrialRows,
        test: Dataset,
        measures: Sequence[Measure],
        run: Run,
        problem: Problem,
    ) -> dict[str, dict[str, float]]:
        truth = problem.coded(test)
        known = ~np.isnan(truth)
        encoded = self._encoded(rows, test.rows(known), problem, run)
        figures = {}
        for name in self._learn:
            run.check()
            says = self.says(name, encoded, problem, run)
            figures[name] = {measure.name: measure.of(truth[known], says) for measure in measures}
        return figures

    def says(self, name: str, encoded: _Encoded, problem: Problem, run: Run) -> Floats:
        with one_thread():
            if not problem.classes:
                return self._learn[name](
                    encoded.layout,
                    encoded.rows,
                    encoded.label,
                    encoded.weight,
                    encoded.test,
                    0,
                    run,
                )
            present, code = np.unique(encoded.label.astype(int), return_inverse=True)
            # a class that was never shown keeps 0
            chances = np.zeros((len(encoded.test), len(problem.classes)))
            if len(present) == 1:
                chances[:, present[0]] = 1.0
                return chances
            says = self._learn[name](
                encoded.layout,
                encoded.rows,
                code.astype(float),
                encoded.weight,
                encoded.test,
                len(present),
                run,
            )
        shares = np.bincount(code, encoded.weight)
        weighed = says * (problem.prior[present] / (shares / shares.sum()))
        chances[:, present] = weighed / np.maximum(weighed.sum(axis=1, keepdims=True), 1e-300)
        return chances


def _part(learn: Positions, share: float, problem: Problem, run: Run) -> Positions:
    if share >= 1:
        return learn
    return learn[subset(problem.label[learn], share, len(problem.classes), run.rng("share"))]


def _whole(unit: FoldResult, learners: Sequence[str], measures: Sequence[Measure]) -> bool:
    asked = {measure.name for measure in measures}
    return all(asked <= unit.values.get(learner, {}).keys() for learner in learners)
