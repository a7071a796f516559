"""What strategies learn from, made out of one set of real rows; what two strategies share is made
once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, final

import numpy as np
import polars as pl

from tidemill.augmentation import AIMS
from tidemill.augmentation.aims import Studied, Want
from tidemill.augmentation.elsewhere import in_order
from tidemill.augmentation.gates import Gate, gates, through
from tidemill.augmentation.interpolated import interpolated
from tidemill.augmentation.strategy import ELSEWHERE, Step, Strategy
from tidemill.core.dataset import Dataset
from tidemill.core.errors import ConditionError, OptionError
from tidemill.core.run import Run
from tidemill.pipeline.feedback import joined
from tidemill.supervised.arrays import Floats
from tidemill.supervised.sampling import thinned
from tidemill.synthesis.synthesizer import Synthesizer
from tidemill.trials.controls import as_many
from tidemill.trials.problem import Problem, problem_of
from tidemill.trials.trial import TrialRows, predicted

TAUGHT = 0.3
"""Generated rows that the next generator learns from, at most, for each real row: none learns from
generated rows alone."""
MOST_ADDED = 20_000
"""Rows that one step may add."""
SPARE = 1.4
"""Rows are drawn in this multiple of what is wanted, as some will fall at the gates."""
MOST_AMOUNT = 4.0
PARTS = 3


@dataclass(frozen=True)
class GeneratorOptions:
    """How a workshop works.

    Attributes:
        model, options: The generator.
        learner: Whose errors say where rows are wanted.
        newer: Newer rows, for the aim "shifted".
        also: Rows of another source that are fit to stand beside the real ones.
        guarded: Whether every generator learns from the real rows and every row passes the gates.
            Without that, each learns from the rows of the one before alone: it is there to show
            what then happens, and for nothing else.
    """

    model: str = "trees"
    options: Mapping[str, Any] = field(default_factory=dict)
    learner: str = "boosting"
    newer: Dataset | None = None
    also: Dataset | None = None
    guarded: bool = True


@dataclass(frozen=True)
class Pool:
    """Rows that were generated for one aim and passed the gates, or those from elsewhere.

    Attributes:
        data: The rows; each want's stand together, in the order in which they may be taken.
        want: (n,) the position of each row's want.
        sizes: The natural number of rows of each want.
        whys: Each want in words.
        generated: Rows that were generated; 0 for those from elsewhere.
        dropped: Reason -> how many fell.
    """

    data: Dataset
    want: np.ndarray
    sizes: tuple[int, ...]
    whys: tuple[str, ...]
    generated: int
    dropped: Mapping[str, int]

    def take(self, amount: float) -> np.ndarray:
        """Positions of the rows that a step of this amount adds: of each want its natural number
        times the amount."""
        parts = [np.zeros(0, np.int64)]
        for k, size in enumerate(self.sizes):
            parts.append(np.flatnonzero(self.want == k)[: round(amount * size)])
        return np.concatenate(parts)


@final
class TrainingSets:
    """Makes what strategies learn from out of real rows.

    Args:
        real: The real rows, all with a target; a generator, its gates and its aims know no others.
        settings: How.
        run: Seed and threads; the same gives the same rows.
    """

    def __init__(self, real: Dataset, settings: GeneratorOptions, run: Run) -> None:
        self.real = real
        self.settings = settings
        self.problem = problem_of(real)
        self._run = run
        self._generators: dict[tuple[Step, ...], Synthesizer] = {}
        self._gates: dict[tuple[Step, ...], tuple[Gate, ...]] = {}
        self._studied: dict[tuple[Step, ...], Studied] = {}
        self._pools: dict[tuple[tuple[Step, ...], str], Pool] = {}

    def rows(self, strategy: Strategy) -> TrialRows:
        """What a learner learns from under this strategy."""
        data, weight = self.real, np.ones(len(self.real))
        if strategy.method:
            added = interpolated(self.real, strategy.method, self._run)
            data, weight = joined(data, added), np.concatenate([weight, np.ones(len(added))])
        for k, step in enumerate(strategy.steps):
            added = self.added(strategy.steps[:k], step)
            if strategy.copied:
                added = self._copies(added, self._run.rng("looping", "copied", k))
            data = joined(data, added)
            weight = np.concatenate([weight, np.full(len(added), step.weight)])
        if strategy.balanced:
            weight = weight * _class_weights(self.problem, data, weight)
        return TrialRows(data, weight)

    def _copies(self, added: Dataset, rng: np.random.Generator) -> Dataset:
        """As many real rows of each class."""
        label, asked = self.problem.label, self.problem.coded(added)
        return self.real.rows(as_many(label, asked, len(self.problem.classes), rng))

    def added(self, before: tuple[Step, ...], step: Step) -> Dataset:
        """The generated rows of one step."""
        pool = self.pool(before, step.aim)
        return pool.data.rows(pool.take(step.amount))

    def pool(self, before: tuple[Step, ...], aim: str) -> Pool:
        """Rows for an aim by the generator that follows these steps, past the gates."""
        if (before, aim) not in self._pools:
            self._pools[before, aim] = self._pooled(before, aim)
        return self._pools[before, aim]

    def taught(self, before: tuple[Step, ...]) -> Dataset:
        """What the generator that follows these steps learns from: all real rows, and at most
        TAUGHT as many generated."""
        data = self.real
        if before and not self.settings.guarded:
            return self.added(before[:-1], before[-1])
        for k, step in enumerate(before):
            most = round(TAUGHT * len(self.real) / len(before))
            added = self.added(before[:k], step)
            data = joined(data, thinned(added, most, self._run.rng("looping", "taught", k)))
        return data

    def generator(self, before: tuple[Step, ...]) -> Synthesizer:
        """The generator that follows these steps."""
        if before not in self._generators:
            run = self._run.child("proof", "looping", "generator", len(before))
            learned = replace(self.taught(before), origin=None)
            self._generators[before] = Synthesizer.fit(
                learned, run, self.settings.model, self.settings.options
            )
        return self._generators[before]

    def studied(self, before: tuple[Step, ...]) -> Studied:
        """The real rows, with cross-fitted predictions of a learner that has also learned these
        steps' rows."""
        if before not in self._studied:
            self._studied[before] = self._study(before)
        return self._studied[before]

    def forget(self, kept: Strategy) -> None:
        """Give memory back that only other strategies need."""
        steps = kept.steps
        pools = {(steps[:k], step.aim) for k, step in enumerate(steps)}
        self._pools = {key: pool for key, pool in self._pools.items() if key in pools}
        self._generators.clear()
        self._gates.clear()
        self._studied.clear()

    def _study(self, before: tuple[Step, ...]) -> Studied:
        part = self._run.rng("looping", "parts", len(before)).permutation(len(self.real)) % PARTS
        added = [(self.added(before[:k], step), step.weight) for k, step in enumerate(before)]
        classes = len(self.problem.classes)
        predictions = np.zeros((len(part), classes) if classes else len(part))
        for k in range(PARTS):
            inside = part != k
            data = self.real.rows(inside)
            weight = np.ones(len(data))
            for rows, each in added:
                data = joined(data, rows)
                weight = np.concatenate([weight, np.full(len(rows), each)])
            predictions[~inside] = predicted(
                TrialRows(data, weight),
                self.real.rows(~inside),
                self.settings.learner,
                self._run,
                problem=self.problem,
            )
        return Studied(self.real, self.problem, predictions, self.settings.newer)

    def _from_elsewhere(self, before: tuple[Step, ...]) -> Pool:
        """Rows of the other source, in the order in which they may be taken. They are real, so no
        gate judges them: how likely they are here has a say in which are taken."""
        also = self.settings.also
        if also is None:
            raise OptionError(
                "the strategy adds rows from elsewhere, and none are given",
                hint="give the other table with option 'also'",
            )
        run = self._run.child("proof", "looping", "elsewhere")
        at = in_order(also, self.real, self.problem, run)[:MOST_ADDED]
        origin = pl.repeat(len(before) + 1, len(at), dtype=pl.Int16, eager=True)
        why = f"rows of {also.name}, the sooner the more they are like the training rows"
        taken = replace(also.rows(at), origin=origin)
        return Pool(taken, np.zeros(len(at), np.int64), (len(self.real),), (why,), 0, {})

    def _pooled(self, before: tuple[Step, ...], aim: str) -> Pool:
        if aim == ELSEWHERE:
            return self._from_elsewhere(before)
        wants = [want for want in AIMS.load(aim)(self.studied(before)) if want.rows]
        run = self._run.child("proof", "looping", "pool", len(before), aim)
        most = MOST_AMOUNT if aim == "alike" else 1.0
        fits = min(1.0, MOST_ADDED / max(1, sum(want.rows for want in wants)))
        asked = 0
        met: list[Want] = []
        parts: list[Dataset] = []
        for want in wants:
            size = max(1, round(SPARE * min(most * want.rows, MOST_ADDED) * fits))
            asked += size
            rows = self._drawn(before, want, size, run)
            if rows is not None:
                met.append(want)
                parts.append(rows)
        made = self.real.rows(np.zeros(0, np.int64))
        if parts:
            made = parts[0].with_frame(pl.concat([part.frame for part in parts]))
        dropped = {"are unlike anything the generator has learned": asked - len(made)}
        kept, fell = through(made, self._gates_after(before) if len(made) else (), run)
        place = np.repeat(np.arange(len(parts)), [len(part) for part in parts])
        origin = pl.repeat(len(before) + 1, len(made), dtype=pl.Int16, eager=True)
        return Pool(
            replace(made, origin=origin).rows(kept),
            place[kept],
            tuple(round(want.rows * fits) for want in met),
            tuple(want.why for want in met),
            asked,
            {**dropped, **fell},
        )

    def _drawn(self, before: tuple[Step, ...], want: Want, size: int, run: Run) -> Dataset | None:
        """So many rows of a want; None where the generator has learned nothing of their like."""
        try:
            drawn = self.generator(before).draw(
                size, want.condition, run=run, round_number=len(before) + 1
            )
        except ConditionError:
            return None
        if any(odds.warning for odds in drawn.odds):
            return None
        return drawn.data

    def _gates_after(self, before: tuple[Step, ...]) -> tuple[Gate, ...]:
        if not self.settings.guarded:
            return ()
        if before not in self._gates:
            run = self._run.child("proof", "looping", "gates", len(before))
            size = min(len(self.real), MOST_ADDED // 2)
            reference = self.generator(before).sample_dataset(size, run=run)
            self._gates[before] = gates(self.real, reference, self.problem, run)
        return self._gates[before]


def apart(run: Run, *name: str | int) -> Run:
    """A run for one of many workshops: it stops when the run does, learns to the end whatever the
    deadline, and keeps what it would warn of to itself."""
    return run.child("looping", *name, quiet=True, to_end=True)


def _class_weights(problem: Problem, data: Dataset, weight: Floats) -> Floats:
    """(n,) factors by which all classes count the same together; ones for a number."""
    if not problem.classes:
        return np.ones(len(data))
    code = problem.coded(data).astype(int)
    total = np.bincount(code, weights=weight, minlength=len(problem.classes))
    return np.asarray(weight.sum() / (len(total) * np.maximum(total, 1e-9)))[code]
