"""Strategies measured on the same folds of the real rows, each made anew from a fold's training
rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import final

import numpy as np
from numpy.typing import NDArray

from tidemill.augmentation.checkpoint import LoopCheckpoint
from tidemill.augmentation.strategy import Strategy
from tidemill.augmentation.training_sets import GeneratorOptions, TrainingSets, apart
from tidemill.core.dataset import Dataset
from tidemill.core.run import Run
from tidemill.supervised.arrays import Floats
from tidemill.supervised.intervals import Interval, corrected
from tidemill.supervised.measures import Measure
from tidemill.trials.problem import problem_of
from tidemill.trials.trial import score

SPLITS = 5
Fold = tuple[NDArray[np.int64], NDArray[np.int64]]


@dataclass(frozen=True)
class Result:
    """One strategy's figures.

    Attributes:
        strategy: The strategy.
        values: (folds,) the measure, turned so that more is better.
        rows: Rows added to the training rows, on average over the folds.
    """

    strategy: Strategy
    values: Floats
    rows: float

    @property
    def mean(self) -> float:
        """The mean over the folds."""
        return float(self.values.mean())


@final
class Scoring:
    """Folds of the real rows, and a workshop in each, kept from round to round.

    Args:
        train: The real rows, all with a target.
        folds: (training positions, test positions) of each.
        measure: What decides.
        settings: How rows are made.
        journal: Where figures are kept.
        run: Seed, progress and cancelling.
    """

    def __init__(
        self,
        train: Dataset,
        folds: Sequence[Fold],
        measure: Measure,
        settings: GeneratorOptions,
        journal: LoopCheckpoint,
        run: Run,
    ) -> None:
        self._train = train
        self._folds = folds
        self._measure = measure
        self._run = run
        self._journal = journal
        self.settings = settings
        self._problem = problem_of(train)
        self._workshops = [
            TrainingSets(train.rows(learned), settings, apart(run, "fold", k))
            for k, (learned, _) in enumerate(folds)
        ]

    @property
    def test_share(self) -> float:
        """Test rows for each training row of a fold."""
        return len(self._folds[0][1]) / len(self._folds[0][0])

    def results(self, strategies: Sequence[Strategy], learner: str, words: str) -> list[Result]:
        """The figures of strategies with one learner, or that which a strategy has of its own.

        Raises:
            Cancelled: The user stopped the run; the journal keeps what was measured.
        """
        figures = np.zeros((len(strategies), len(self._folds), 2))
        with self._run.stage("loop", words, total=figures.shape[0] * figures.shape[1]) as stage:
            for k in range(len(self._folds)):
                for i, strategy in enumerate(strategies):
                    figures[i, k] = self._journal.figures(
                        f"{k}/{learner}/{strategy}", partial(self._measured, k, strategy, learner)
                    )
                    stage.advance()
        return [
            Result(strategy, figures[i, :, 0], float(figures[i, :, 1].mean()))
            for i, strategy in enumerate(strategies)
        ]

    def gain(self, result: Result, reference: Result, level: float = 0.95) -> Interval:
        """How much better a strategy is, with the interval of its gain."""
        return corrected(result.values - reference.values, self.test_share, level)

    def forget(self, kept: Strategy) -> None:
        """Give memory back that only strategies other than this one need."""
        for workshop in self._workshops:
            workshop.forget(kept)

    def _measured(self, fold: int, strategy: Strategy, learner: str) -> list[float]:
        workshop, test = self._workshops[fold], self._train.rows(self._folds[fold][1])
        rows = workshop.rows(strategy)
        learner = strategy.learner or learner
        figures = score(rows, test, [learner], [self._measure], self._run, problem=self._problem)
        value = figures[learner][self._measure.name]
        sign = 1 if self._measure.better_high else -1
        return [sign * value, float(len(rows.data) - len(workshop.real))]
