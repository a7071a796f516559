"""Rows drawn under conditions: weighted candidates that are resampled on the way.

Sources: Doucet, de Freitas and Gordon (2001), "Sequential Monte Carlo Methods in Practice", for
drawing in order with weights and resampling; Kong (1992) for the effective number; Andrieu, Doucet
and Holenstein (2010), "Particle Markov chain Monte Carlo methods", for moving a finished row
without leaving the conditional distribution (particle Gibbs).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

import numpy as np

from tidemill.core.errors import ConditionError
from tidemill.core.grid import Batch, Channel, ConditionalSample, Constraints, PartialRows
from tidemill.core.run import Run
from tidemill.models.bins import Bins
from tidemill.models.particle_constraints import ParticleConstraints
from tidemill.models.particle_weights import ParticleWeights
from tidemill.models.variables import ABSENT, Variables

Job = TypeVar("Job")
Result = TypeVar("Result")

Correction = Callable[[np.ndarray], np.ndarray]
"""(m, variables) symbols -> (m,) the log of how much likelier a row is under the model than under
the distributions that it is drawn by."""

TOGETHER = 16_384
"""Candidates weighed together at a time."""
PARTICLES = 20
"""Candidates for every row that must keep to a condition."""
MIN_PARTICLES = 4096
"""At least so many for all rows together."""
MOVES = 6
"""Candidates of each row, itself among them, when it is moved at the end."""


class Distribution(Protocol):
    """The distribution of one variable given others before it;
    :class:`~tidemill.models.binary_forest.BinaryForest` is one.

    Attributes:
        count: (symbols,) training rows of each symbol.
        features: (f,) the variables that it is given.
    """

    count: np.ndarray
    features: np.ndarray

    def draw(self, x: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """(n, f) features -> (n,) symbols."""
        ...

    def chance_of(self, x: np.ndarray, symbols: np.ndarray) -> np.ndarray:
        """(n,) symbols -> (n,) the chance of each row's own."""
        ...

    def below(self, x: np.ndarray, place: np.ndarray, part: np.ndarray) -> np.ndarray:
        """(n,) the chance of the ordered symbols below ``place``, and of a part of that symbol."""
        ...

    def at(self, x: np.ndarray, u: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The inverse of :meth:`below`: (n,) chances -> (n,) symbols, and the part of each that
        lies below."""
        ...

    def within(
        self, x: np.ndarray, allowed: np.ndarray, rng: np.random.Generator
    ) -> tuple[np.ndarray, np.ndarray]:
        """(symbols,) bool -> (n,) the chance of the allowed symbols together, and (n,) one of them
        each."""
        ...


@dataclass(frozen=True, slots=True)
class Chain:
    """A model that draws one variable after the other.

    Attributes:
        variables: In drawing order.
        distributions: Of each variable given those before it.
        correction: Of finished rows; None where the distributions are the model's own.
    """

    variables: Variables
    distributions: Sequence[Distribution]
    correction: Correction | None = None


@dataclass(frozen=True, slots=True)
class RowBlock:
    """Rows that are drawn together.

    Attributes:
        start: How many rows there are before the first one.
        size: How many they are.
        known: What is known of them.
        context: (size, c) symbols of the first c variables, which are not drawn.
        rng: Source of chance.
    """

    start: int
    size: int
    known: Constraints
    context: np.ndarray
    rng: np.random.Generator

    @property
    def alike(self) -> bool:
        """Whether the same is known of all rows, so that they may share their candidates."""
        return self.known.rows is None and not self.context.shape[1]


@dataclass(frozen=True, slots=True)
class FinishedRows:
    """Rows of which all variables are drawn.

    Attributes:
        symbols: (n, variables).
        tick: (n, R).
        chance: (groups,) the probability of what was known.
        effective: Effective number of independent draws behind the rows.
    """

    symbols: np.ndarray
    tick: np.ndarray
    chance: np.ndarray
    effective: float


class Particles:
    """Candidates for rows, in groups of equally many, drawn variable by variable.

    A variable of which something is known is drawn within that, and the candidate weighs as much as
    that was likely; a group whose effective number falls under a half is resampled. With ``kept``,
    the first candidate of each group stays that row to the end (a particle-Gibbs move).

    Args:
        chain: The model.
        block: The rows; a group for each of them, or one for all.
        groups, each: Groups, and candidates in each.
        kept: A finished row for each group.
    """

    def __init__(
        self,
        chain: Chain,
        block: RowBlock,
        groups: int,
        each: int,
        kept: FinishedRows | None = None,
    ) -> None:
        self.chain, self.block, self.kept = chain, block, kept
        self.groups, self.each = groups, each
        variables, size = chain.variables, groups * each
        group = np.repeat(np.arange(groups), each)
        self.known = ParticleConstraints(variables, block.known, group)
        self.weights = ParticleWeights(groups, each)
        self.tick = np.zeros((size, len(variables.spec.reals)), np.int64)
        self.symbols = np.full((size, len(variables)), ABSENT, np.int32)
        self.features = np.full((size, len(variables)), np.nan)  # the symbols as numbers
        self.begin = block.context.shape[1]
        self.symbols[:, : self.begin] = block.context[group]
        self.features[:, : self.begin] = as_features(block.context)[group]

    def draw(self, n: int) -> FinishedRows:
        """Draw all variables, and choose n rows, as many of each group.

        Raises:
            ConditionError: What is known has no chance under the model.
        """
        last = len(self.chain.variables) - 1
        for v in range(self.begin, last + 1):
            self._draw_variable(v)
        if self.chain.correction is not None:
            self.weights.log += self.chain.correction(self.symbols).reshape(self.groups, self.each)
            self._resample(last)
        of_each = n // self.groups
        rows = self.weights.choose(of_each, self.block.rng)
        return FinishedRows(
            self.symbols[rows],
            self.tick[rows],
            self.weights.chance(),
            self.weights.effective(of_each),
        )

    def _draw_variable(self, v: int) -> None:
        kind, i = self.chain.variables.channels[v]
        rows = self._having(v)
        x = self.features[np.ix_(rows, self.chain.distributions[v].features)]
        if kind == "code":
            self._draw_levels(v, i, rows, x)
        elif self.known.bear_on("real", i):
            self._draw_bounded(v, i, rows, x)
        else:
            self._draw_numbers(v, i, rows, x)
        if self.kept is not None:
            first = slice(None, None, self.each)  # of each group
            self.symbols[first, v] = self.kept.symbols[:, v]
            if kind == "real":
                self.tick[first, i] = self.kept.tick[:, i]
        self.features[:, v] = as_features(self.symbols[:, v])
        if self.known.bear_on(kind, i):
            self._resample(v)

    def _having(self, v: int) -> np.ndarray:
        """The candidates that have a value of a variable."""
        presence = self.chain.variables.presence[v]
        if not len(self.chain.distributions[v].count):
            return np.arange(0)
        if presence is None:
            return np.arange(len(self.symbols))
        return np.flatnonzero(self.symbols[:, presence] == 0)

    def _draw_levels(self, v: int, i: int, rows: np.ndarray, x: np.ndarray) -> None:
        """Draw a code among the levels that are allowed; what is given is set."""
        distribution = self.chain.distributions[v]
        given = self.known.given.get(("code", i))
        fixed = np.zeros(len(rows), bool) if given is None else given.known[rows]
        free = rows[~fixed]
        if i in self.known.levels:
            chance, level = distribution.within(x[~fixed], self.known.levels[i], self.block.rng)
            self.symbols[free, v] = level
            self.weights.multiply(free, chance)
        else:
            self.symbols[free, v] = distribution.draw(x[~fixed], self.block.rng)
        if given is not None:
            level = given.value[rows[fixed]]
            self.symbols[rows[fixed], v] = level
            self.weights.multiply(rows[fixed], distribution.chance_of(x[fixed], level))

    def _draw_numbers(self, v: int, i: int, rows: np.ndarray, x: np.ndarray) -> None:
        """Draw numbers of which nothing is known."""
        rng = self.block.rng
        symbols = self.chain.distributions[v].draw(x, rng)
        self.symbols[rows, v] = symbols
        self.tick[rows, i] = self.chain.variables.pieces[i].draw(symbols, rng)

    def _draw_bounded(self, v: int, i: int, rows: np.ndarray, x: np.ndarray) -> None:
        """Draw numbers within the intervals that are allowed; a given one is an interval too."""
        distribution, pieces = self.chain.distributions[v], self.chain.variables.pieces[i]
        low, high = self.known.bounds(i, rows, self.tick)
        start, mass = _masses(distribution, pieces, x, low, high)
        total = mass.sum(axis=1)
        # a random place in all intervals together is one in one of them
        place = self.block.rng.random(len(rows)) * total
        end = np.cumsum(mass, axis=1)
        interval = np.minimum((end <= place[:, None]).sum(axis=1), mass.shape[1] - 1)
        at = np.arange(len(rows)), interval
        within = place - (end - mass)[at]
        symbols, part = distribution.at(x, np.clip(start[at] + within, 0, 1))
        tick = _tick_at(pieces, symbols, part)
        # rounding may lead just out of the interval
        tick = np.clip(tick, low[at], np.maximum(high[at], low[at]))
        self.tick[rows, i] = tick
        self.symbols[rows, v] = pieces.nearest(tick)
        self.weights.multiply(rows, total)

    def _resample(self, v: int) -> None:
        """Let the candidates that keep to what is known take the places of those that do not.

        Raises:
            ConditionError: No candidate of a group keeps to it.
        """
        hopeless = self.weights.hopeless()
        if hopeless.any():
            kind, i = self.chain.variables.channels[v]
            refused = hopeless & ~self.known.only_given(kind, i)[:: self.each]
            if refused.any():
                raise self._impossible(v, int(refused.argmax()))
            self.weights.revive(hopeless)
        replaced, successor = self.weights.resample(
            self.block.rng, keep_first=self.kept is not None
        )
        self.symbols[replaced, : v + 1] = self.symbols[successor, : v + 1]
        self.features[replaced, : v + 1] = self.features[successor, : v + 1]
        self.tick[replaced] = self.tick[successor]

    def _impossible(self, v: int, group: int) -> ConditionError:
        """No candidate of a group can keep to what is known."""
        where = f"column '{self.chain.variables.channel_name(v)}'"
        if not self.block.alike:
            where = f"row {self.block.start + group + 1:,}, {where}"
        return ConditionError(
            "no training row is like this, so the model gives it no chance",
            where=where,
            hint="ask for values that occur, or for less at a time",
        )


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
    moves: int = MOVES,
) -> ConditionalSample:
    """n rows that keep to what is known, by weighted candidates, each chosen row then moved once
    more.

    Converges to the model's conditional distribution as the candidates become many. Where only
    variables are known that are drawn from no other, nothing needs weighing and the draw is exact.

    Args:
        variables, distributions: The model.
        n: How many rows.
        known: What is known.
        rng: Source of chance.
        run: For threads and progress.
        correction: Where the distributions are those of another order than the model's own.
        context: (n, c) symbols of the first c variables, which are given with each row and not
            drawn; the chances are those of what is known given these.
        each, moves: Candidates for every row, and those of each chosen row when it is moved.

    Raises:
        ConditionError: What is known has no chance under the model.
    """
    if context is None:
        context = np.zeros((n, 0), np.int32)
    chain = Chain(variables, distributions, correction)
    exact = correction is None and _only_free(chain, known)
    if exact:
        each = 1
    blocks = _blocks(n, TOGETHER // each, known, context, rng)

    def draw(block: RowBlock) -> FinishedRows:
        if exact:
            return _first_draw(chain, block, each, 1)
        rows = _first_draw(chain, block, each, MIN_PARTICLES)
        moved = Particles(chain, block, block.size, moves, kept=rows).draw(block.size)
        return FinishedRows(moved.symbols, moved.tick, rows.chance, rows.effective)

    return _sample(variables, blocks, in_parallel(blocks, draw, run))


def _blocks(
    n: int, size: int, known: Constraints, context: np.ndarray, rng: np.random.Generator
) -> list[RowBlock]:
    """n rows in blocks of a size, each with a random stream of its own."""
    starts = range(0, n, size)
    blocks = []
    for start, stream in zip(starts, rng.spawn(len(starts)), strict=True):
        rows = slice(start, min(start + size, n))
        blocks.append(
            RowBlock(start, rows.stop - start, _of_rows(known, rows), context[rows], stream)
        )
    return blocks


def _first_draw(chain: Chain, block: RowBlock, each: int, least: int) -> FinishedRows:
    """The rows of a block, of so many candidates each; of at least so many in all where the
    candidates stand in one group."""
    groups = 1 if block.alike else block.size
    if groups == 1:
        each = max(each * block.size, least)
    return Particles(chain, block, groups, each).draw(block.size)


def _sample(
    variables: Variables, blocks: Sequence[RowBlock], parts: Sequence[FinishedRows]
) -> ConditionalSample:
    """The rows of all blocks, one behind the other."""
    symbols = [np.zeros((0, len(variables)), np.int32)]
    tick = [np.zeros((0, len(variables.spec.reals)), np.int64)]
    chance = [np.zeros(0)]
    for block, part in zip(blocks, parts, strict=True):
        symbols.append(part.symbols)
        tick.append(part.tick)
        chance.append(np.resize(part.chance, block.size))  # of each row, or the same of all
    chances = np.concatenate(chance)
    if blocks and blocks[0].alike:
        chances = np.full(len(chances), chances.mean())
    effective = min(sum(part.effective for part in parts), float(len(chances)))
    codes = variables.codes(np.concatenate(symbols))
    return ConditionalSample(Batch(np.concatenate(tick), codes), chances, effective)


def _masses(
    distribution: Distribution, pieces: Bins, x: np.ndarray, low: np.ndarray, high: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """(n, k) first and last ticks of intervals -> (n, k) the chance of what lies below each, and
    (n, k) that of what lies within."""
    starts = []
    ends = []
    for k in range(low.shape[1]):
        starts.append(_below(distribution, pieces, x, low[:, k] - 1))
        ends.append(_below(distribution, pieces, x, high[:, k]))
    start, end = np.stack(starts, axis=1), np.stack(ends, axis=1)
    return start, np.where(high >= low, np.maximum(end - start, 0), 0)


def _below(distribution: Distribution, pieces: Bins, x: np.ndarray, tick: np.ndarray) -> np.ndarray:
    """(n,) ticks -> (n,) the chance of a number up to each."""
    symbol = pieces.nearest(tick)
    width = pieces.high[symbol] - pieces.low[symbol] + 1.0
    part = np.clip((tick - pieces.low[symbol] + 1.0) / width, 0, 1)
    return distribution.below(x, symbol, part)


def _tick_at(pieces: Bins, symbols: np.ndarray, part: np.ndarray) -> np.ndarray:
    """(n,) pieces and the part of each that lies below -> (n,) ticks."""
    width = pieces.high[symbols] - pieces.low[symbols] + 1
    return np.asarray(pieces.low[symbols] + np.minimum((part * width).astype(np.int64), width - 1))


def as_features(symbols: np.ndarray) -> np.ndarray:
    """Symbols as numbers that variables are drawn from; not-a-number where there is none."""
    return np.where(symbols == ABSENT, np.nan, symbols)


def in_parallel(jobs: Sequence[Job], work: Callable[[Job], Result], run: Run) -> list[Result]:
    """The results of all jobs in their order, as a stage of the run."""
    results = []
    with run.stage("generate", "drawing new rows", total=max(len(jobs), 1)) as stage:
        for result in run.map(work, jobs):
            results.append(result)
            stage.advance()
    return results


def _only_free(chain: Chain, known: Constraints) -> bool:
    """Whether only variables are known that are drawn from no other."""
    if known.sums:
        return False
    channels: set[tuple[Channel, int]] = {("code", i) for i in known.code}
    channels |= {("real", i) for i in known.tick}
    if known.rows is not None:
        channels |= {("code", int(i)) for i in np.flatnonzero(known.rows.code.any(axis=0))}
        channels |= {("real", int(i)) for i in np.flatnonzero(known.rows.tick.any(axis=0))}
    for channel, distribution in zip(chain.variables.channels, chain.distributions, strict=True):
        if channel in channels and len(distribution.features):
            return False
    return True


def _of_rows(known: Constraints, rows: slice) -> Constraints:
    """What is known of some of the rows."""
    given = known.rows
    if given is None:
        return known
    batch = Batch(given.batch.tick[rows], given.batch.code[rows])
    part = PartialRows(batch, given.tick[rows], given.code[rows])
    sums = tuple(bound.of_rows(rows) for bound in known.sums)
    return Constraints(known.tick, known.code, sums, part)
