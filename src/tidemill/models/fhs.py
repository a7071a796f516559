"""Series on one calendar, all entities together: stretches of past days by the measure of today's
volatility (filtered historical simulation)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np

from tidemill.core.checked_arrays import integers
from tidemill.core.errors import DataError, OptionError
from tidemill.core.grid import Batch, ConditionalSample, Constraints, Spec, Topology
from tidemill.core.options import Configuration, option
from tidemill.core.run import Run
from tidemill.models.base import State, check_learns
from tidemill.models.courses import LARGEST, OF_ITSELF, SLOW, Courses
from tidemill.models.volatility import TINY, Volatility, VolatilityModel
from tidemill.supervised.arrays import Floats
from tidemill.supervised.resampling import drawn_times

FEWEST = 20
"""Days that are needed to learn from."""
SETTLED = 250
"""Days before which what is foretold says little, so that their moves are not drawn from."""
CELLS = 4_000_000
"""Numbers that are made at a time."""


@dataclass(frozen=True)
class FhsOptions(Configuration):
    """Options of :class:`Fhs`."""

    block: int = option(
        100, "mean days of a stretch of the past that is drawn in one", low=1, high=100_000
    )


class Fhs:
    """Filtered historical simulation (Hull and White 1998; Barone-Adesi, Giannopoulos and Vosper
    1999): each day is a day of the past, all entities together, its moves divided by the volatility
    that was foretold for it and multiplied by that of the day in whose place it stands. Days come
    in stretches (the stationary bootstrap: Politis and Romano 1994), so that what hangs together in
    time does so in what is made.

    It knows what today is like, and so says what tomorrow may bring (:meth:`go_on`). A move larger
    than any before, by that measure, it never makes.

    Example:
        >>> from tidemill.core.grid import Real
        >>> rng = np.random.default_rng(0)
        >>> spec = Spec((Real("price"),), sites=(300,), topology="calendar")
        >>> tick = (10_000 * np.exp(rng.normal(0, 0.01, (1, 300, 1)).cumsum(1))).astype(np.int64)
        >>> batch = Batch(tick, np.zeros((1, 300, 0), np.int32))
        >>> Fhs().fit(spec, batch, Run()).go_on(batch, 5, 7, rng).tick.shape
        (7, 5, 1)
    """

    Options: ClassVar[type[FhsOptions]] = FhsOptions
    parameters: ClassVar[Mapping[str, Any]] = FhsOptions.parameters()
    learns: ClassVar[frozenset[Topology]] = frozenset({"calendar"})
    codec: ClassVar[str] = "calendar"
    steps_done = 1
    steps_planned = 1

    spec: Spec
    courses: Courses
    volatility: VolatilityModel

    def __init__(self, block: int = 100) -> None:
        self.options = FhsOptions(block)

    @property
    def name(self) -> str:
        """The model's name in the registry."""
        return type(self).__name__.lower()

    def fit(self, spec: Spec, batch: Batch, run: Run) -> Self:
        """Keep the days.

        Raises:
            DataError: They are too few.
            OptionError: The rows are on no calendar.
        """
        check_learns(self.name, self.learns, spec)
        self.spec = spec
        [tick] = batch.tick
        if len(tick) < FEWEST:
            raise DataError(
                f"{len(tick)} times that all entities share are too few to learn from",
                hint=f"give at least {FEWEST} of them",
            )
        self.courses = Courses.learned(tick)
        self._learn(run)
        return self

    def _learn(self, run: Run) -> None:
        """Learn how volatility moves."""
        self.volatility = Volatility()

    def sample(
        self, n: int, rng: np.random.Generator, run: Run | None = None, context: Batch | None = None
    ) -> Batch:
        """New courses as long as the learned one; each begins where that began, with the volatility
        of any day."""
        days = self.spec.sites[0]
        first = self.courses.tick[:1]

        def made(paths: int) -> np.ndarray:
            begin = rng.integers(len(self.courses.returns) + 1, size=paths)
            known = self.volatility.known(self.courses.returns).at(begin)
            rest = self._drawn(first, known, days - 1, paths, rng)
            return np.concatenate([np.broadcast_to(first, (paths, *first.shape)), rest], axis=1)

        return self._in_parts(n, days, made, run)

    def go_on(
        self,
        past: Batch,
        steps: int,
        paths: int,
        rng: np.random.Generator,
        run: Run | None = None,
    ) -> Batch:
        """What may follow on the past.

        Args:
            past: One row of any number of days.
            steps: Days that follow.
            paths: How many futures.
            rng: The random stream.
            run: For progress.

        Returns:
            (paths, steps) days.
        """
        [tick] = past.tick
        # a short past says little of how much things move: what was learned stands before it
        usual = np.square(self.courses.returns).mean(axis=0)
        known = self.volatility.known(self.courses.moves(tick), usual).at(-1)

        def made(paths: int) -> np.ndarray:
            return self._drawn(tick, known, steps, paths, rng)

        return self._in_parts(paths, steps, made, run)

    def _in_parts(self, n: int, days: int, made: Any, run: Run | None) -> Batch:
        """n courses, some at a time."""
        run = run or Run()
        reals = len(self.spec.reals)
        parts = [np.zeros((0, days, reals), np.int64)]
        size = max(CELLS // max(days * reals, 1), 1)
        with run.stage("generate", "drawing what may come", total=max(n, 1)) as stage:
            for start in range(0, n, size):
                run.check()
                parts.append(made(min(size, n - start)))
                stage.advance(units=len(parts[-1]))
        tick = np.concatenate(parts)
        return Batch(tick, np.zeros((*tick.shape[:2], 0), np.int32))

    def _drawn(
        self, tick: np.ndarray, known: Any, days: int, paths: int, rng: np.random.Generator
    ) -> np.ndarray:
        """(t, R) ticks of the past and what is known after it -> (paths, days, R) ticks."""
        courses, leader = self.courses, self.courses.leader
        foretold, shocks = self._shocks()
        distance, is_size = courses.distances()
        settled = min(SETTLED, len(shocks) // 2)
        places = settled + drawn_times(len(shocks) - settled, self.options.block, rng, paths, days)
        drift = courses.returns.mean(axis=0)
        level = np.repeat(courses.levels(tick)[-1:], paths, axis=0)
        slow = np.repeat(courses.slow(tick)[None], paths, axis=0)
        found = np.empty((paths, days, level.shape[1]), np.int64)
        wanders, itself = courses.wandering, np.flatnonzero(leader == OF_ITSELF)
        follows = np.flatnonzero(leader >= 0)
        place_of = np.full(len(leader), -1)
        place_of[wanders] = np.arange(len(wanders))
        led_by = place_of[leader[follows]]
        for day in range(days):
            place = places[:, day]
            volatility = np.maximum(known.volatility, TINY)
            moved = volatility * shocks[place]
            known = known.then(moved)
            level[:, wanders] += moved + drift
            grown = (np.broadcast_to(volatility, moved.shape) / foretold[place])[:, led_by]
            grown = np.where(is_size[follows], grown, 1.0)
            level[:, follows] = level[:, leader[follows]] + grown * distance[place][:, follows]
            level[:, itself] = slow[:, itself] + distance[place][:, itself]
            slow = SLOW * slow + (1 - SLOW) * level
            found[:, day] = courses.ticks(level)
        return found

    def _shocks(self) -> tuple[Floats, Floats]:
        """(T - 1, W) the volatility that was foretold for each day, and its moves by that
        measure."""
        returns = self.courses.returns
        foretold = np.maximum(self.volatility.known(returns).volatility[:-1], TINY)
        shocks = (returns - returns.mean(axis=0)) / foretold
        settled = min(SETTLED, len(shocks) // 2)
        return foretold, shocks - shocks[settled:].mean(axis=0)

    def infill(
        self, n: int, known: Constraints, rng: np.random.Generator, run: Run | None = None
    ) -> ConditionalSample:
        """Rows under conditions, which there are none of.

        Raises:
            OptionError: Always.
        """
        raise OptionError(
            f"the model '{self.name}' makes whole courses, of which nothing can be asked",
            hint="go on from a past with `tidemill extend`",
        )

    def to_state(self) -> State:
        """The days."""
        return {"options": self.options.to_state()}, {"tick": self.courses.tick}

    @classmethod
    def from_state(
        cls, spec: Spec, document: Mapping[str, Any], arrays: Mapping[str, np.ndarray]
    ) -> Self:
        """Restored from :meth:`to_state`.

        Raises:
            KeyError, OptionError, TypeError, ValueError: The days do not fit the spec.
        """
        model = cls(**document["options"])
        model.spec = spec
        shape = (spec.sites[0], len(spec.reals))
        tick = integers(arrays, "tick", np.int64, shape, -LARGEST, LARGEST)
        if len(tick) < FEWEST:
            raise ValueError("there are too few days")
        model.courses = Courses.learned(tick)
        model.volatility = Volatility()
        return model
