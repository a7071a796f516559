"""Candidates for rows under conditions, weighed and drawn variable by variable.

Sources: Doucet, de Freitas and Gordon (2001), "Sequential Monte Carlo Methods in Practice", for
drawing in order with weights and resampling; Fearnhead and Clifford (2003), "On-line inference for
hidden Markov models via particle filters", for weighing each value of a variable of few once, in
the place of drawing it again and again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from typing import Protocol

import numpy as np

from tidemill.models.bins import Bins
from tidemill.models.particle_constraints import ParticleConstraints
from tidemill.models.particle_weights import ParticleWeights
from tidemill.models.variables import ABSENT, Variables

Correction = Callable[[np.ndarray], np.ndarray]
"""(m, variables) symbols -> (m,) the log of how much likelier a row is under the model than under
the distributions that it is drawn by."""

ENUMERATED = 16
"""A code of so many levels is weighed level by level, where there is room for that many candidates.
"""

MOST_APART = 10.0
"""Chances of a variable count as this far apart at most, in logs."""


class Distribution(Protocol):
    """The distribution of one variable given others before it;
    :class:`~tidemill.models.binary_forest.BinaryForest` is one.

    Attributes:
        count: (symbols,) training rows of each symbol.
        features: (f,) the variables that it is given.
    """

    count: np.ndarray
    features: np.ndarray

    def chance_of(self, x: np.ndarray, symbols: np.ndarray) -> np.ndarray:
        """(n, f) features, (n,) symbols -> (n,) the chance of each row's own."""
        ...

    def chances(self, x: np.ndarray) -> np.ndarray:
        """(n, f) features -> (n, symbols) the chance of each."""
        ...

    def below(self, x: np.ndarray, place: np.ndarray, part: np.ndarray) -> np.ndarray:
        """(n,) the chance of the ordered symbols below ``place``, and of a part of that symbol."""
        ...

    def at(self, x: np.ndarray, u: np.ndarray, row: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The inverse of :meth:`below`: (m,) chances -> (m,) symbols, and the part of each that
        lies below; ``row`` says which row of features each is of, ascending."""
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
class LevelsLeft:
    """The levels that are left to a code.

    Attributes:
        chance: (n,) how likely they are.
        levels: (n, levels) the chance of each, together 1; None where there are many.
    """

    chance: np.ndarray
    levels: np.ndarray | None

    def of(self, index: np.ndarray) -> LevelsLeft:
        """The same of some of the candidates."""
        levels = None if self.levels is None else self.levels[index]
        return LevelsLeft(self.chance[index], levels)


@dataclass(frozen=True, slots=True)
class IntervalsLeft:
    """The intervals that are left to a number.

    Attributes:
        low, high: (n, k) first and last tick of each.
        start, mass: (n, k) the chance of what lies below each, and of what lies within.
    """

    low: np.ndarray
    high: np.ndarray
    start: np.ndarray
    mass: np.ndarray

    @property
    def chance(self) -> np.ndarray:
        """(n,) how likely they are together."""
        return np.asarray(self.mass.sum(axis=1))

    def of(self, index: np.ndarray) -> IntervalsLeft:
        """The same of some of the candidates."""
        return IntervalsLeft(*(getattr(self, own.name)[index] for own in fields(self)))

    def at(self, u: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """(n,) parts of the intervals together -> (n,) the interval of each, and the chance of all
        numbers below it."""
        # a random place in all intervals together is one in one of them
        place, end = u * self.chance, np.cumsum(self.mass, axis=1)
        interval = np.minimum((end <= place[:, None]).sum(axis=1), end.shape[1] - 1)
        at = np.arange(len(u)), interval
        return interval, np.clip(self.start[at] + place - (end - self.mass)[at], 0, 1)


Room = LevelsLeft | IntervalsLeft


class Particles:
    """Candidates for rows, in groups.

    Candidates weigh as much as what is known of a variable was likely. Where nothing is, each
    is followed by one for every value, as long as a group has room for so many; else as many as it
    has room for are drawn, each of them once and with its share of the weight.

    Args:
        chain: The model.
        known: What is known of the rows that candidates are for.
        row: (groups,) the row that the candidates of each group are for.
        symbols: (groups, variables) of one candidate each; those not yet drawn are ABSENT.
        tick: (groups, R) of these.
        room: (groups,) candidates that a group has room for; None where each is to stay alone, so
            that it is drawn plainly.
        rng: Source of chance.

    Attributes:
        refused: (groups,) the first variable that can keep to what is known in no candidate; -1
            where all can.
        impossible: (groups,) whether a row is given a value that has no chance; it is kept.
    """

    def __init__(
        self,
        chain: Chain,
        known: ParticleConstraints,
        row: np.ndarray,
        symbols: np.ndarray,
        tick: np.ndarray,
        room: np.ndarray | None,
        rng: np.random.Generator,
    ) -> None:
        self.chain, self.known, self.row, self.rng = chain, known, row, rng
        self.symbols, self.tick = symbols, tick
        self.alone = room is None
        self.weights = ParticleWeights(np.ones(len(row), int) if room is None else room)
        self.refused = np.full(len(row), -1)
        self.impossible = np.zeros(len(row), bool)

    def __len__(self) -> int:
        return len(self.symbols)

    def advance(self, v: int) -> None:
        """Weigh a variable where something is known of it, and draw it where it is not given."""
        kind, i = self.chain.variables.channels[v]
        fixed, free = self._split(v)
        was = self.weights.log.copy(), self.weights.since.copy()
        if len(fixed):
            self._give(v, fixed)
            self.weights.multiply(fixed, self._chance(v, fixed))
        room = None
        if len(free) and self.known.limited(kind, i):
            room = self._room(v, free)
            self.weights.multiply(free, room.chance)
        if self.known.bear_on(kind, i):
            alive = self._alive(v, *was)
            if not self.alone and not alive.all():
                if room is not None:
                    room = room.of(alive[free])
                free = (np.cumsum(alive) - 1)[free[alive[free]]]
                kept = np.flatnonzero(alive)
                self._follow(kept, self.weights.log[kept], self.weights.since[kept])
        if len(free) and self.alone:
            self._fill(v, free, *self._at(v, free, self.rng.random(len(free)), room))
        elif len(free):
            self._draw(v, free, room)
        elif not self.alone:
            few = 2 * self.weights.effective() < self.weights.count()
            self.thin(self.weights.room, few & (2 * self.weights.count() > self.weights.room))

    def give(self, variables: np.ndarray) -> None:
        """Set variables that are given in all rows, before they are weighed."""
        for v in variables.tolist():
            fixed, _ = self._split(v)
            self._give(v, fixed)

    def weigh(self, v: int) -> None:
        """Weigh a variable that is given."""
        fixed, _ = self._split(v)
        was = self.weights.log.copy(), self.weights.since.copy()
        self.weights.multiply(fixed, self._chance(v, fixed))
        kept = np.flatnonzero(self._alive(v, *was))
        if len(kept) < len(self):
            self._follow(kept, self.weights.log[kept], self.weights.since[kept])

    def spread(self, v: int) -> float:
        """How much the log of the chance of a variable that is given differs among the candidates
        of a row: the mean of its variances."""
        fixed, _ = self._split(v)
        if not len(fixed):
            return 0.0
        log = np.zeros(len(self))
        with np.errstate(divide="ignore"):
            log[fixed] = np.log(self._chance(v, fixed))
        share = np.exp(self.weights.log - self.weights.totals()[self.weights.group])
        group, groups = self.weights.group, len(self.row)
        top = np.full(groups, -np.inf)
        np.maximum.at(top, group, log)
        log = np.maximum(log - np.where(np.isfinite(top), top, 0.0)[group], -MOST_APART)
        mean = np.bincount(group, share * log, groups)
        return float(np.bincount(group, share * (log - mean[group]) ** 2, groups).mean())

    def correct(self) -> None:
        """Weigh finished candidates by how much likelier they are under the model."""
        assert self.chain.correction is not None
        log = self.chain.correction(self.symbols)
        self.weights.log += log
        self.weights.since += log
        self.weights.weighed()

    def thin(self, number: np.ndarray, groups: np.ndarray | None = None) -> None:
        """Keep so many candidates of each group, drawn by weight; in some of the groups, or in
        those that have more."""
        weights = self.weights
        if groups is None:
            groups = weights.count() > number
        if not groups.any():
            return
        draw, _ = weights.drawn(groups, number, self.rng)
        first, times = _runs(draw)
        draw = draw[first]
        stay = np.flatnonzero(~groups[weights.group])
        sources = np.r_[stay, draw]
        order = np.argsort(sources, kind="stable")
        self._follow(
            sources[order],
            np.r_[weights.log[stay], weights.share(draw, number, times)][order],
            np.r_[weights.since[stay], np.zeros(len(draw))][order],
        )
        weights.sampled |= groups

    def chosen(self, number: np.ndarray, *, stratified: bool) -> np.ndarray:
        """(groups,) how many -> as many candidates of each group, in proportion to their weights
        and in random order.

        Args:
            number: How many.
            stratified: Whether those of a group keep closer to the proportions than independent
                draws would.
        """
        every = np.ones(len(number), bool)
        drawn, _ = self.weights.drawn(every, number, self.rng, stratified=stratified)
        return drawn[np.lexsort((self.rng.random(len(drawn)), self.weights.group[drawn]))]

    # --- what is known ----------------------------------------------------------------------------

    def _split(self, v: int) -> tuple[np.ndarray, np.ndarray]:
        """The candidates whose value of a variable is given, and those that it is drawn for."""
        variables = self.chain.variables
        presence = variables.presence[v]
        having = np.full(len(self), len(self.chain.distributions[v].count) > 0)
        if presence is not None:
            having &= self.symbols[:, presence] == 0
        given = self.known.given.get(variables.channels[v])
        if given is None:
            return np.arange(0), np.flatnonzero(having)
        fixed = having & given.known[self.row[self.weights.group]]
        return np.flatnonzero(fixed), np.flatnonzero(having & ~fixed)

    def _features(self, v: int, particles: np.ndarray) -> np.ndarray:
        return as_features(self.symbols[np.ix_(particles, self.chain.distributions[v].features)])

    def _fill(
        self, v: int, particles: np.ndarray, symbols: np.ndarray, tick: np.ndarray | None
    ) -> None:
        self.symbols[particles, v] = symbols
        if tick is not None:
            self.tick[particles, self.chain.variables.channels[v][1]] = tick

    def _give(self, v: int, fixed: np.ndarray) -> None:
        """Set a variable where it is given."""
        kind, i = self.chain.variables.channels[v]
        if not len(fixed):
            return
        value = self.known.given[kind, i].value[self.row[self.weights.group[fixed]]]
        if kind == "code":
            self._fill(v, fixed, value, None)
        else:
            self._fill(v, fixed, self.chain.variables.pieces[i].nearest(value), value)

    def _chance(self, v: int, fixed: np.ndarray) -> np.ndarray:
        """The chance of a variable where it is given."""
        kind, i = self.chain.variables.channels[v]
        symbols = self.symbols[fixed, v]
        chance = self.chain.distributions[v].chance_of(self._features(v, fixed), symbols)
        if kind == "code":
            return chance
        pieces, tick = self.chain.variables.pieces[i], self.tick[fixed]
        low, high = pieces.low[symbols], pieces.high[symbols]
        fits = self.known.fits(i, self.row[self.weights.group[fixed]], tick)
        fits &= (tick[:, i] >= low) & (tick[:, i] <= high)
        return np.asarray(chance / (high - low + 1.0) * fits)

    def _room(self, v: int, free: np.ndarray) -> Room:
        """What is left to a variable that is not given."""
        kind, i = self.chain.variables.channels[v]
        distribution, x = self.chain.distributions[v], self._features(v, free)
        if kind == "real":
            row = self.row[self.weights.group[free]]
            low, high = self.known.bounds(i, row, self.tick[free])
            pieces = self.chain.variables.pieces[i]
            return IntervalsLeft(low, high, *_masses(distribution, pieces, x, low, high))
        allowed = self.known.levels[i]
        if len(allowed) > ENUMERATED:
            return LevelsLeft(distribution.within(x, allowed, self.rng)[0], None)
        levels = distribution.chances(x) * allowed
        chance = levels.sum(axis=1)
        # where there is none, any will do: the row has no chance
        levels = np.where(chance[:, None] > 0, levels, allowed if allowed.any() else 1.0)
        return LevelsLeft(chance, levels / levels.sum(axis=1, keepdims=True))

    def _alive(self, v: int, log: np.ndarray, since: np.ndarray) -> np.ndarray:
        """(n,) the candidates that keep to what is known so far; in a group without any, all go on
        with the weights that they had."""
        kind, i = self.chain.variables.channels[v]
        hopeless = ~np.isfinite(self.weights.totals())
        if hopeless.any():
            stays = hopeless & self.known.only_given(kind, i, self.row)
            if kind == "real" and i in self.known.sums and stays.any():
                group = self.weights.group
                fits = self.known.fits(i, self.row[group], self.tick) & np.isfinite(log)
                stays &= np.bincount(group, fits, minlength=len(stays)) > 0
                log = np.where(stays[group] & ~fits, -np.inf, log)
            refused = hopeless & ~stays
            self.refused[refused & (self.refused < 0)] = v
            self.impossible |= hopeless
            again = hopeless[self.weights.group]
            self.weights.log[again], self.weights.since[again] = log[again], since[again]
        if not self.alone:
            self.weights.weighed()
        return np.isfinite(self.weights.log)

    # --- what is drawn ----------------------------------------------------------------------------

    def _draw(self, v: int, free: np.ndarray, room: Room | None) -> None:
        """Let candidates with values of a variable follow on those that have none yet."""
        kind, i = self.chain.variables.channels[v]
        distribution, weights = self.chain.distributions[v], self.weights
        levels = len(distribution.count)
        of_free = weights.count(free)
        whole = weights.count() + of_free * (levels - 1) <= weights.room
        whole &= kind == "code" and levels <= ENUMERATED
        drawn = (of_free > 0) & ~whole
        is_free = np.zeros(len(self), bool)
        is_free[free] = True
        stay = np.flatnonzero(~drawn[weights.group] & ~(is_free & whole[weights.group]))
        # of groups with room for all levels, each level that can be
        parent, level, log = self._each_level(v, free, whole[weights.group[free]], room)
        # of the others, as many draws as they have room for; equal ones stand together
        draw, u = weights.drawn(drawn, weights.room, self.rng)
        symbols, tick = self.symbols[draw, v], self.tick[draw]
        here = is_free[draw]
        if here.any():
            place = np.cumsum(is_free) - 1  # among the free ones
            own = None if room is None else room.of(place[draw[here]])
            symbols[here], ticks = self._at(v, draw[here], u[here], own)
            if ticks is not None:
                tick[here, i] = ticks
        first, times = _runs(draw, symbols, *tick.T)
        draw, symbols, tick = draw[first], symbols[first], tick[first]

        sources = np.r_[stay, parent, draw]
        order = np.argsort(sources, kind="stable")
        symbols = np.r_[self.symbols[stay, v], level, symbols][order]
        tick = np.concatenate([self.tick[stay], self.tick[parent], tick])[order]
        self._follow(
            sources[order],
            np.r_[weights.log[stay], log, weights.share(draw, weights.room, times)][order],
            np.r_[weights.since[stay], weights.since[parent], np.zeros(len(draw))][order],
        )
        self.symbols[:, v], self.tick = symbols, tick
        weights.sampled |= drawn

    def _each_level(
        self, v: int, free: np.ndarray, whole: np.ndarray, room: Room | None
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """A candidate for each level of a code that can be: on which of the free ones it follows,
        the level, and the log of its weight."""
        free = free[whole]
        if isinstance(room, LevelsLeft) and room.levels is not None:
            chances = room.levels[whole]
        elif len(free):
            chances = self.chain.distributions[v].chances(self._features(v, free))
        else:
            chances = np.ones((0, 1))
        at, level = np.nonzero(chances)
        return free[at], level, self.weights.log[free[at]] + np.log(chances[at, level])

    def _at(
        self, v: int, particles: np.ndarray, u: np.ndarray, room: Room | None
    ) -> tuple[np.ndarray, np.ndarray | None]:
        """The symbols of ascending candidates at parts of what is left to a variable, and its ticks
        where it is a number within bounds."""
        distribution, i = self.chain.distributions[v], self.chain.variables.channels[v][1]
        first, _ = _runs(particles)
        x = self._features(v, particles[first])
        row = np.searchsorted(particles[first], particles)
        if room is None:
            return distribution.at(x, u, row)[0], None
        if isinstance(room, LevelsLeft):
            return distribution.within(x[row], self.known.levels[i], self.rng)[1], None
        interval, below = room.at(u)
        pieces = self.chain.variables.pieces[i]
        tick = _tick_at(pieces, *distribution.at(x, below, row))
        # rounding may lead just out of the interval
        at = np.arange(len(u)), interval
        tick = np.clip(tick, room.low[at], np.maximum(room.high[at], room.low[at]))
        return pieces.nearest(tick), tick

    def _follow(self, parent: np.ndarray, log: np.ndarray, since: np.ndarray) -> None:
        """Let candidates that follow on others, in ascending order, take the places of all."""
        weights = self.weights
        weights.group, weights.log, weights.since = weights.group[parent], log, since
        self.symbols, self.tick = self.symbols[parent], self.tick[parent]


def _runs(*columns: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The places at which any of the columns changes, the first among them, and how often the same
    follows."""
    if not len(columns[0]):
        return np.arange(0), np.arange(0)
    changes = np.zeros(len(columns[0]) - 1, bool)
    for column in columns:
        changes |= column[1:] != column[:-1]
    first = np.flatnonzero(np.r_[True, changes])
    return first, np.diff(np.r_[first, len(columns[0])])


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
