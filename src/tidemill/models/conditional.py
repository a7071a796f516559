"""Rows that keep to what is known of them, from a model that draws one variable after the other.

Rows that lack the same are drawn together. What is given behind the last variable that a row lacks
may be weighed in any order: what tells the candidates apart comes first, and the rest is weighed
for the few that are left.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from tidemill.core.errors import ConditionError
from tidemill.core.grid import Batch, ConditionalSample, Constraints
from tidemill.core.run import Run
from tidemill.models.particle_constraints import ParticleConstraints
from tidemill.models.particles import Chain, Correction, Distribution, Particles
from tidemill.models.variables import ABSENT, Variables

Job = TypeVar("Job")
Result = TypeVar("Result")

TOGETHER = 32_768
"""Candidates weighed together at a time."""
FEW_TOGETHER = 8192
"""Fewer are weighed together with those of rows that lack other values."""
PARTICLES = 16
"""Candidates for a row that must keep to a condition, where not all that can be are weighed."""
FURTHER = 4
"""So many times fewer for each further row of which the same is known."""
MIN_PARTICLES = 4096
"""At least so many where the same is known of all rows."""
TRIED = 32
"""Groups of rows that are tried to see which of the given variables tell candidates apart."""
NEEDED = 6
"""Candidates that are kept where what is still to be weighed tells them hardly apart; so many times
exp(variance) where the log of its chance varies."""
WEAK, AGAIN = 4, 2
"""Where their effective number falls under that part of them, so many times as many are drawn
besides."""


@dataclass(frozen=True, slots=True)
class RowGroups:
    """Rows in groups of which the same is known.

    Attributes:
        rows: (n,) the rows, group by group.
        size: (groups,) how many rows each group has.
        last: (groups,) the last variable that candidates are weighed by; -1 where there is none, so
            that rows are drawn plainly.
        tail: (groups,) the variable from which on, up to the last one, all are given.
    """

    rows: np.ndarray
    size: np.ndarray
    last: np.ndarray
    tail: np.ndarray

    @property
    def row(self) -> np.ndarray:
        """(groups,) one row of each."""
        return self.rows[np.cumsum(self.size) - self.size]

    def of(self, groups: np.ndarray) -> RowGroups:
        """Some of the groups."""
        start = (np.cumsum(self.size) - self.size)[groups]
        size = self.size[groups]
        within = np.arange(size.sum()) - np.repeat(np.cumsum(size) - size, size)
        return RowGroups(
            self.rows[np.repeat(start, size) + within], size, self.last[groups], self.tail[groups]
        )


@dataclass(frozen=True, slots=True)
class ChosenCandidates:
    """Candidates chosen for rows, up to some variable.

    Attributes:
        symbols, tick: (n, variables) and (n, R) of the rows, group by group.
        log_chance: (groups,) the log of the probability of what was known.
        effective: (groups,) effective number of candidates.
        refused: (groups,) the first variable that cannot keep to what is known; -1 for none.
    """

    symbols: np.ndarray
    tick: np.ndarray
    log_chance: np.ndarray
    effective: np.ndarray
    refused: np.ndarray


@dataclass(frozen=True, slots=True)
class Tail:
    """How given variables are weighed behind the last one that is not given.

    Attributes:
        order: (t,) the variables.
        needed: (t,) how many candidates those that are left when each is weighed call for.
    """

    order: np.ndarray
    needed: np.ndarray


@dataclass(frozen=True, slots=True)
class FinishedRows:
    """Rows of which all variables are drawn.

    Attributes:
        rows: (n,) which they are.
        symbols, tick: (n, variables) and (n, R).
        chance: (n,) the probability of what was known.
        effective: Effective number of independent draws behind them.
    """

    rows: np.ndarray
    symbols: np.ndarray
    tick: np.ndarray
    chance: np.ndarray
    effective: float


def infilled(
    variables: Variables,
    distributions: Sequence[Distribution],
    n: int,
    known: Constraints,
    rng: np.random.Generator,
    run: Run,
    *,
    correction: Correction | None = None,
    context: np.ndarray | None = None,
    each: int = PARTICLES,
) -> ConditionalSample:
    """n rows that keep to what is known, by weighted candidates.

    Exact where there is room for every combination of what is not known, and where what is known
    follows from nothing that is not; else it converges to the model's conditional distribution as
    the candidates become many. Rows of which the same is known share their candidates.

    The chances are exact where the rows are, as of rows that lack one code of few levels and of
    rows that lack nothing; else they are right on average.

    Args:
        variables, distributions: The model.
        n: How many rows.
        known: What is known.
        rng: Source of chance.
        run: For threads and progress.
        correction: Where the distributions are those of another order than the model's own.
        context: (n, c) symbols of the first c variables, which are given with each row and not
            drawn; the chances are those of what is known given these. Rows of the same context are
            chosen independently of each other.
        each: Candidates for a row.

    Raises:
        ConditionError: What is known has no chance under the model.
    """
    if context is None:
        context = np.zeros((n, 0), np.int32)
    drawing = _Drawing(Chain(variables, distributions, correction), known, context, each, run)
    groups = drawing.grouped(n)
    blocks = drawing.blocks(groups)
    jobs = list(zip(blocks, rng.spawn(len(blocks)), strict=True))
    symbols = np.full((n, len(variables)), ABSENT, np.int32)
    tick = np.zeros((n, len(variables.spec.reals)), np.int64)
    chance, effective = np.zeros(n), 0.0
    with run.stage("generate", "drawing new rows", total=max(n, 1)) as stage:
        for part in run.map(lambda job: drawing.drawn(*job), jobs):
            symbols[part.rows], tick[part.rows] = part.symbols, part.tick
            chance[part.rows] = part.chance
            effective += part.effective
            stage.advance(units=len(part.rows))
    if drawing.alike and n:
        chance[:] = chance.mean()
    return ConditionalSample(
        Batch(tick, variables.codes(symbols)), chance, min(effective, float(n))
    )


class _Drawing:
    """Draws rows under conditions, block by block.

    Args:
        chain: The model.
        known: What is known of the rows.
        context: (n, c) symbols of the first c variables.
        each: Candidates for a row.
        run: May be cancelled.
    """

    def __init__(
        self, chain: Chain, known: Constraints, context: np.ndarray, each: int, run: Run
    ) -> None:
        self.chain, self.known, self.context = chain, known, context
        self.each, self.run = each, run
        self.constraints = ParticleConstraints(chain.variables, known)
        self.begin = context.shape[1]
        self.alike = known.rows is None and not self.begin

    def grouped(self, n: int) -> RowGroups:
        """All rows, those of which the same is known together."""
        most = MIN_PARTICLES
        columns = [*self.context.T]
        if self.known.rows is not None:
            given = self.known.rows
            for is_given, value in ((given.tick, given.batch.tick), (given.code, given.batch.code)):
                columns += [*is_given.T, *np.where(is_given, value, 0).T]
        for bound in self.known.sums:
            columns += [end for end in (bound.low, bound.high) if isinstance(end, np.ndarray)]
        differing = [column for column in columns if n and (column != column[0]).any()]
        same = np.zeros(n, np.int64)
        if differing:
            table = np.stack(differing, axis=1).astype(np.int64)
            same = np.unique(table, axis=0, return_inverse=True)[1].reshape(n)
        rows = np.argsort(same, kind="stable")
        turn = np.arange(n) - np.searchsorted(same[rows], same[rows])
        starts = np.flatnonzero(turn % most == 0)
        size = np.diff(np.r_[starts, n])
        return RowGroups(rows, size, *self._last(rows[starts]))

    @property
    def _further(self) -> int:
        """Candidates for each further row of which the same is known."""
        return max(self.each // FURTHER, 1)

    def _last(self, row: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """(groups,) the last variable that candidates differ by in how likely it is, and the one
        from which on all up to it are given."""
        variables = self.chain.variables
        if self.chain.correction is not None:
            return np.full(len(row), len(variables) - 1), np.full(len(row), len(variables))
        size = len(variables)
        if not size:
            return np.full(len(row), -1), np.full(len(row), 0)
        given, weighed = np.zeros((2, len(row), size), bool)
        given[:, : self.begin] = True
        feeds = np.zeros((size, size), np.float32)  # the first is drawn from the second
        summed = np.zeros(size, bool)
        for v, (kind, i) in enumerate(variables.channels):
            feeds[v, self.chain.distributions[v].features] = 1
            own = self.constraints.given.get((kind, i))
            if own is not None:
                given[:, v] |= own.known[row]
                weighed[:, v] = own.known[row]
            weighed[:, v] |= self.constraints.limited(kind, i)
            summed[v] = kind == "real" and i in self.constraints.sums
            presence = variables.presence[v]
            if presence is not None:
                feeds[v, presence] = 1
                absent = self.constraints.given.get(variables.channels[presence])
                if absent is not None:
                    given[:, v] |= absent.known[row] & (absent.value[row] != 0)
        moved = (~given).astype(np.float32) @ feeds.T > 0
        weighed &= moved | summed
        last = np.where(weighed.any(axis=1), size - 1 - weighed[:, ::-1].argmax(axis=1), -1)
        open_ = (~given | summed) & (np.arange(size) <= last[:, None])
        return last, np.where(open_.any(axis=1), size - open_[:, ::-1].argmax(axis=1), 0)

    def blocks(self, groups: RowGroups) -> list[RowGroups]:
        """The groups in blocks that are drawn together: those drawn plainly, then the others by the
        last variable that weighs, since behind it each draws what it lacks; of these, those that
        lack the same variable last together, as far as they are many enough."""
        plain = groups.last < 0
        order = np.lexsort((np.where(plain, 0, groups.tail), groups.last, ~plain))
        cost = np.where(plain, groups.size, self.room(groups))[order]
        sort = np.where(plain, -1, groups.tail)[order]
        last = np.where(plain, -1, groups.last)[order]
        found, start, total = [], 0, 0
        for g in range(len(order)):
            other = sort[g] != sort[g - 1] and (total >= FEW_TOGETHER or sort[g - 1] < 0)
            other |= last[g] != last[g - 1]
            if g > start and (other or total + cost[g] > TOGETHER):
                found.append(groups.of(order[start:g]))
                start, total = g, 0
            total += int(cost[g])
        if len(order):
            found.append(groups.of(order[start:]))
        return found

    def room(self, groups: RowGroups) -> np.ndarray:
        """(groups,) how many candidates there are for each group."""
        room = self.each + (groups.size - 1) * self._further
        return np.maximum(room, MIN_PARTICLES) if self.alike else room

    def drawn(self, block: RowGroups, rng: np.random.Generator) -> FinishedRows:
        """The rows of a block.

        Raises:
            ConditionError: What is known has no chance under the model.
        """
        size, last = block.size, int(block.last.max())
        if last < 0:
            none = np.zeros(len(size))
            symbols, tick = self._blank(block.rows)
            choice = ChosenCandidates(symbols, tick, none, none + np.inf, np.full(len(size), -1))
        else:
            choice = self._chosen(block, last, rng)
        self._see_possible(choice.refused, block.row)
        group = np.repeat(np.arange(len(size)), size)
        rest = Particles(
            self.chain, self.constraints, block.rows, choice.symbols, choice.tick, None, rng
        )
        for v in range(max(last + 1, self.begin), len(self.chain.variables)):
            self.run.check()
            rest.advance(v)
        self._see_possible(rest.refused, block.rows)
        log = np.where(rest.impossible, -np.inf, choice.log_chance[group] + rest.weights.log)
        self._draw_ticks(rest, rng)
        effective = float(np.minimum(choice.effective, size).sum())
        return FinishedRows(block.rows, rest.symbols, rest.tick, np.exp(log), effective)

    def _blank(self, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Symbols and ticks of rows of which only the context is there."""
        variables = self.chain.variables
        symbols = np.full((len(rows), len(variables)), ABSENT, np.int32)
        symbols[:, : self.begin] = self.context[rows]
        return symbols, np.zeros((len(rows), len(variables.spec.reals)), np.int64)

    def _chosen(self, block: RowGroups, last: int, rng: np.random.Generator) -> ChosenCandidates:
        """Candidates for the rows of a block, weighed up to the last variable that weighs.

        Where few of the candidates count, more are drawn besides, and the rows are chosen among all
        of them.
        """
        tail = self._tail(block, last, rng)
        room = self.room(block)
        choice, sampled = self._candidates(block, room, last, tail, rng)
        weak = sampled & ((WEAK * choice.effective < room) | (choice.refused >= 0))
        if not weak.any():
            return choice
        few = np.flatnonzero(weak)
        again, _ = self._candidates(block.of(few), AGAIN * room[few], last, tail, rng)
        with np.errstate(invalid="ignore"):
            odds = AGAIN * np.exp(again.log_chance - choice.log_chance[few])
            share = np.where(np.isfinite(odds), odds / (1 + odds), np.isposinf(odds))
        better = rng.random(int(block.size[few].sum())) < np.repeat(share, block.size[few])
        rows = np.flatnonzero(np.repeat(weak, block.size))[better]
        choice.symbols[rows], choice.tick[rows] = again.symbols[better], again.tick[better]
        both = np.logaddexp(choice.log_chance[few], np.log(AGAIN) + again.log_chance)
        choice.log_chance[few] = both - np.log(1 + AGAIN)
        choice.effective[few] = again.effective
        choice.refused[few] = np.where(choice.refused[few] >= 0, again.refused, -1)
        return choice

    def _candidates(
        self, block: RowGroups, room: np.ndarray, last: int, tail: Tail, rng: np.random.Generator
    ) -> tuple[ChosenCandidates, np.ndarray]:
        """As many candidates of each group as it has rows, chosen by weight; and whether those of a
        group are not all that can be."""
        particles = self._started(block, room, rng)
        for v in range(self.begin, last + 1 - len(tail.order)):
            self.run.check()
            particles.advance(v)
        particles.give(np.sort(tail.order))
        for v, needed in zip(tail.order.tolist(), tail.needed.tolist(), strict=True):
            self.run.check()
            particles.weigh(v)
            times = self.room(block) / self.each
            particles.thin(np.minimum(np.ceil(times * needed), room).astype(int))
        if self.chain.correction is not None:
            particles.correct()
        weights = particles.weights
        log = np.where(particles.impossible, -np.inf, weights.totals())
        # rows for the same context are the children of one parent, say, and independent
        chosen = particles.chosen(block.size, stratified=not self.begin)
        symbols, tick = particles.symbols[chosen], particles.tick[chosen]
        found = ChosenCandidates(symbols, tick, log, weights.fewest, particles.refused)
        return found, weights.sampled

    def _started(self, block: RowGroups, room: np.ndarray, rng: np.random.Generator) -> Particles:
        return Particles(
            self.chain, self.constraints, block.row, *self._blank(block.row), room, rng
        )

    def _tail(self, block: RowGroups, last: int, rng: np.random.Generator) -> Tail:
        """In which order what is given behind the last variable that is not is weighed.

        Some of the rows are tried first. What tells most candidates apart for its cost comes first,
        so that the others are weighed for few of them.
        """
        tail = np.arange(int(block.tail.max()), last + 1)
        if len(tail) < 2:
            return Tail(tail, np.full(len(tail), float(self.each)))
        some = block.of(np.unique(np.linspace(0, len(block.size) - 1, TRIED).astype(int)))
        particles = self._started(some, self.room(some), rng)
        for v in range(self.begin, int(tail[0])):
            particles.advance(v)
        particles.give(tail)
        spread = np.array([particles.spread(v) for v in tail.tolist()])
        levels = np.array([len(self.chain.distributions[v].count) for v in tail.tolist()])
        order = np.argsort(-spread / (1 + np.log2(np.clip(levels, 2, 256))), kind="stable")
        left = spread.sum() - np.cumsum(spread[order])
        return Tail(tail[order], NEEDED * np.exp(np.minimum(left, 10.0)))

    def _draw_ticks(self, particles: Particles, rng: np.random.Generator) -> None:
        """Draw the numbers of which only the pieces are drawn yet."""
        variables = self.chain.variables
        for v, (kind, i) in enumerate(variables.channels):
            if kind == "code" or v < self.begin or self.constraints.limited(kind, i):
                continue
            open_ = particles.symbols[:, v] != ABSENT
            given = self.constraints.given.get((kind, i))
            if given is not None:
                open_ &= ~given.known[particles.row]
            rows = np.flatnonzero(open_)
            particles.tick[rows, i] = variables.pieces[i].draw(particles.symbols[rows, v], rng)

    def _see_possible(self, refused: np.ndarray, row: np.ndarray) -> None:
        """See that some candidate of every row keeps to what is known.

        Raises:
            ConditionError: None does.
        """
        if not (refused >= 0).any():
            return
        first = int((refused >= 0).argmax())
        where = f"column '{self.chain.variables.channel_name(int(refused[first]))}'"
        if not self.alike:
            where = f"row {row[first] + 1:,}, {where}"
        raise ConditionError(
            "no training row is like this, so the model gives it no chance",
            where=where,
            hint="ask for values that occur, or for less at a time",
        )


def in_parallel(jobs: Sequence[Job], work: Callable[[Job], Result], run: Run) -> list[Result]:
    """The results of all jobs in their order, as a stage of the run."""
    results = []
    with run.stage("generate", "drawing new rows", total=max(len(jobs), 1)) as stage:
        for result in run.map(work, jobs):
            results.append(result)
            stage.advance()
    return results
