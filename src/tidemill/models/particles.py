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
from tidemill.core.grid import Batch, ConditionalSample, Constraints, LinearBound, PartialRows
from tidemill.core.run import Run
from tidemill.models.variables import ABSENT, Variables

Job = TypeVar("Job")
Result = TypeVar("Result")

Correction = Callable[[np.ndarray], np.ndarray]

FAR = 1 << 62
"""Beyond every tick."""
TOGETHER = 16_384
"""Candidates weighed together at a time."""
PARTICLES = 20
"""Candidates for every row that must keep to a condition."""
MIN_PARTICLES = 4096
"""At least so many for all rows together."""
MOVES = 6
"""Candidates of each row, itself among them, when it is moved at the end."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """Finished rows.

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


class Particles:
    """Candidates for rows: in each of several groups equally many, drawn variable by variable.

    A variable of which something is known is drawn within that, and the candidate weighs as much as
    that was likely; a group whose effective number falls under a half is resampled. With ``kept``,
    the first candidate of each group stays that row to the end (a particle-Gibbs move).

    Args:
        variables, answers: The model.
        known: What is known; ``known.rows`` has one row a group.
        groups, each: Groups, and candidates in each.
        rng: Source of chance.
        kept: A finished row for each group.
        first: Position of the first group's row among all, for messages.
        correction, context: See :func:`infilled`; the context has one row a group.
    """

    def __init__(
        self,
        variables: Variables,
        answers: Sequence[Distribution],
        known: Constraints,
        groups: int,
        each: int,
        rng: np.random.Generator,
        kept: Chosen | None = None,
        first: int = 0,
        correction: Correction | None = None,
        context: np.ndarray | None = None,
    ) -> None:
        self.variables, self.answers, self.known, self.rng = variables, answers, known, rng
        self.correction = correction
        self.kept, self.first = kept, first
        self.groups, self.each = groups, each
        size = groups * each
        self.symbols = np.full((size, len(variables)), ABSENT, np.int32)
        self.matrix = np.full((size, len(variables)), np.nan)
        self.tick = np.zeros((size, len(variables.spec.reals)), np.int64)
        self.weight = np.zeros(size)  # log of each candidate's weight in its group
        self.chance = np.zeros(
            groups
        )  # log of the chance of all that was known up to the last resampling
        self.fewest = np.full(groups, float(each))
        self.owner = np.repeat(np.arange(groups), each)
        self.begin = 0 if context is None else context.shape[1]
        if context is not None:
            self.symbols[:, : self.begin] = context[self.owner]
            self.matrix[:, : self.begin] = as_features(context)[self.owner]
        self.place = {i: v for v, (sort, i) in enumerate(variables.channels) if sort == "real"}
        self.sums: dict[int, list[LinearBound]] = {}
        for one in (s.of_rows(self.owner) for s in known.sums):
            for channel in one.channels:
                self.sums.setdefault(self.place[channel], []).append(one)

    def drawn(self, n: int) -> Chosen:
        """Draw all variables, and choose n rows, as many of each group.

        Raises:
            ConditionError: What is known has no chance under the model.
        """
        for v in range(self.begin, len(self.variables)):
            self._draw(v)
        if self.correction is not None:
            self.weight += self.correction(self.symbols)
            self._resample(len(self.variables) - 1)
        return self._chosen(n)

    def _draw(self, v: int) -> None:
        sort, i = self.variables.channels[v]
        presence = self.variables.presence[v]
        here = (
            np.ones(len(self.symbols), bool) if presence is None else self.symbols[:, presence] == 0
        )
        rows = np.flatnonzero(here) if len(self.answers[v].count) else np.arange(0)
        x = self.matrix[np.ix_(rows, self.answers[v].features)]
        weighed = (self._code if sort == "code" else self._real)(v, i, rows, x)
        if self.kept is not None:  # the first candidate of each group
            first = slice(None, None, self.each)
            self.symbols[first, v] = self.kept.symbols[:, v]
            if sort == "real":
                self.tick[first, i] = self.kept.tick[:, i]
        self.matrix[:, v] = as_features(self.symbols[:, v])
        if weighed:
            self._resample(v)

    def _code(self, v: int, i: int, rows: np.ndarray, x: np.ndarray) -> bool:
        """Draw or set the levels; whether anything was known of them."""
        answers, given = self.answers[v], self._given(i, "code")
        free = np.ones(len(rows), bool) if given is None else ~given
        if i in self.known.code:
            chance, self.symbols[rows[free], v] = answers.within(
                x[free], self.known.code[i], self.rng
            )
            self._weigh(rows[free], chance)
        else:
            self.symbols[rows[free], v] = answers.draw(x[free], self.rng)
        if given is not None and self.known.rows is not None:
            level = self.known.rows.batch.code[self.owner, i]
            self.symbols[given, v] = level[given]
            self._weigh(rows[given], answers.chance_of(x[given], level[given]))
        return i in self.known.code or given is not None

    def _real(self, v: int, i: int, rows: np.ndarray, x: np.ndarray) -> bool:
        """Draw or set the numbers; whether anything was known of them."""
        pieces, answers, given = self.variables.pieces[i], self.answers[v], self._given(i, "tick")
        if (
            i not in self.known.tick
            and i not in self.known.code
            and v not in self.sums
            and given is None
        ):
            self.symbols[rows, v] = answers.draw(x, self.rng)
            self.tick[rows, i] = pieces.draw(self.symbols[rows, v], self.rng)
            return False
        low, high = self._intervals(v, i, rows, given)
        starts = np.stack([self._below(v, x, low[:, k] - 1) for k in range(low.shape[1])], axis=1)
        ends = np.stack([self._below(v, x, high[:, k]) for k in range(low.shape[1])], axis=1)
        mass = np.where(high >= low, np.maximum(ends - starts, 0), 0)
        total = mass.sum(axis=1)
        u = self.rng.random(len(rows)) * total
        which = np.minimum((np.cumsum(mass, axis=1) <= u[:, None]).sum(axis=1), mass.shape[1] - 1)
        at = np.arange(len(rows)), which
        symbols, part = answers.at(
            x, np.clip(starts[at] + (u - (np.cumsum(mass, axis=1) - mass)[at]), 0, 1)
        )
        width = pieces.high[symbols] - pieces.low[symbols] + 1
        tick = pieces.low[symbols] + np.minimum((part * width).astype(np.int64), width - 1)
        # rounding may lead just out of the interval
        self.tick[rows, i] = np.clip(tick, low[at], np.maximum(high[at], low[at]))
        self.symbols[rows, v] = pieces.nearest(self.tick[rows, i])
        self._weigh(rows, total)
        return True

    def _given(self, i: int, sort: str) -> np.ndarray | None:
        """(size,) whose value of a channel is given; None where no row's is."""
        if self.known.rows is None:
            return None
        given = (self.known.rows.code if sort == "code" else self.known.rows.tick)[:, i]
        return given[self.owner] if given.any() else None

    def _intervals(
        self, v: int, i: int, rows: np.ndarray, given: np.ndarray | None
    ) -> tuple[np.ndarray, np.ndarray]:
        """(rows, k) first and last ticks of what is known of a real channel."""
        bounds = self.known.tick.get(i, np.array([[-FAR, FAR]]))
        low, high = (
            np.broadcast_to(bounds[:, side], (len(rows), len(bounds))).copy() for side in (0, 1)
        )
        if given is not None and self.known.rows is not None:
            fixed = given[rows]
            tick = self.known.rows.batch.tick[self.owner[rows[fixed]], i]
            low[fixed], high[fixed] = tick[:, None], tick[:, None]
            high[np.ix_(fixed, range(1, len(bounds)))] = -FAR - 1  # one interval is enough
        for one in self.sums.get(v, ()):
            first, last = self._left_over(one, i)
            low, high = np.maximum(low, first[rows, None]), np.minimum(high, last[rows, None])
        return low, high

    def _left_over(self, one: LinearBound, i: int) -> tuple[np.ndarray, np.ndarray]:
        """(size,) first and last tick that the other channels of a sum leave to one: what is drawn
        of them, else all."""
        least, most = np.zeros((2, len(self.tick)), np.int64)
        for channel, weight in zip(one.channels, one.weights, strict=True):
            if channel == i:
                own = weight
                continue
            drawn = self.place[channel] < self.place[i]
            first, last = (
                (self.tick[:, channel], self.tick[:, channel]) if drawn else self._reach(channel)
            )
            least = least + np.minimum(weight * first, weight * last)
            most = most + np.maximum(weight * first, weight * last)
        low, high = one.low - most, one.high - least
        first, last = (low, high) if own > 0 else (high, low)
        return -(-first // own), last // own  # the first is rounded up

    def _reach(self, i: int) -> tuple[np.ndarray | int, np.ndarray | int]:
        """First and last tick that a real channel can still get, in each row where single rows are
        known."""
        pieces, bounds = self.variables.pieces[i], self.known.tick.get(i)
        low, high = (int(pieces.low[0]), int(pieces.high[-1])) if len(pieces) else (0, 0)
        if bounds is not None and len(bounds):
            low, high = max(low, int(bounds[0, 0])), min(high, int(bounds[-1, 1]))
        given = self._given(i, "tick")
        if given is None or self.known.rows is None:
            return low, high
        tick = self.known.rows.batch.tick[self.owner, i]
        return np.where(given, tick, low), np.where(given, tick, high)

    def _below(self, v: int, x: np.ndarray, tick: np.ndarray) -> np.ndarray:
        """(n,) ticks -> (n,) the chance of a number up to each."""
        pieces = self.variables.pieces[self.variables.channels[v][1]]
        symbol = pieces.nearest(tick)
        width = pieces.high[symbol] - pieces.low[symbol] + 1.0
        part = np.clip((tick - pieces.low[symbol] + 1.0) / width, 0, 1)
        return self.answers[v].below(x, symbol, part)

    def _weigh(self, rows: np.ndarray, chance: np.ndarray) -> None:
        with np.errstate(divide="ignore"):
            self.weight[rows] += np.log(chance)

    def _resample(self, v: int) -> None:
        """Resample the groups whose effective number has fallen under a half of their
        candidates."""
        weight, total = self._scaled()
        lost = ~(total > 0)
        if lost.any():
            refused = lost & ~self._unheard_of(v)
            if refused.any():
                raise self._never(v, int(refused.argmax()))
            self.weight.reshape(self.groups, self.each)[lost] = 0.0
            self.chance[lost] = -np.inf
            weight, total = self._scaled()
        effective = total**2 / (weight**2).sum(axis=1)
        self.fewest = np.minimum(self.fewest, effective)
        few = np.flatnonzero(effective < self.each / 2)
        if not len(few):
            return
        taken = _systematic(weight[few], self.each, self.rng) + few[:, None] * self.each
        if self.kept is not None:
            taken[:, 0] = few * self.each
        into = (few[:, None] * self.each + np.arange(self.each)).ravel()
        taken = taken.ravel()
        logs = self.weight.reshape(self.groups, self.each)[few]
        self.chance[few] += logs.max(axis=1) + np.log(weight[few].mean(axis=1))
        self.weight[into] = 0.0
        self.symbols[into, : v + 1], self.matrix[into, : v + 1] = (
            self.symbols[taken, : v + 1],
            self.matrix[taken, : v + 1],
        )
        self.tick[into] = self.tick[taken]

    def _unheard_of(self, v: int) -> np.ndarray:
        """(groups,) whether a variable is given in the group's own row, and nothing else is asked
        of it.

        Such a value stays, however unlikely it is; the row's chance is 0.
        """
        sort, i = self.variables.channels[v]
        given = self._given(i, sort)
        if given is None or self.known.rows is None or v in self.sums:
            return np.zeros(self.groups, bool)
        own = given[:: self.each]
        if sort == "code":
            return (
                own & self.known.code[i][self.known.rows.batch.code[:, i]]
                if i in self.known.code
                else own
            )
        return own & (i not in self.known.tick)

    def _scaled(self) -> tuple[np.ndarray, np.ndarray]:
        """(groups, each) weights with 1 as the largest of each group, and (groups,) their sums."""
        logs = self.weight.reshape(self.groups, self.each)
        top = logs.max(axis=1, keepdims=True)
        weight = np.exp(logs - np.where(np.isfinite(top), top, 0.0))
        return weight, weight.sum(axis=1)

    def _chosen(self, n: int) -> Chosen:
        weight, total = self._scaled()
        take = n // self.groups
        top = self.weight.reshape(self.groups, self.each).max(axis=1)
        chance = np.exp(self.chance + top + np.log(total / self.each))
        if (
            np.ptp(self.weight) == 0 and self.each == take
        ):  # nothing weighs: all are as they should be
            return Chosen(self.symbols, self.tick, chance, float(n))
        at = _systematic(weight, take, self.rng)
        at = (self.rng.permuted(at, axis=1) + np.arange(self.groups)[:, None] * self.each).ravel()
        effective = float(np.minimum(self.fewest, take).sum())
        return Chosen(self.symbols[at], self.tick[at], chance, effective)

    def _never(self, v: int, group: int) -> ConditionError:
        """No candidate of a group can keep to what is known."""
        where = f"column '{self.variables.channel_name(v)}'"
        if self.known.rows is not None or self.begin:
            where = f"row {self.first + group + 1:,}, {where}"
        return ConditionError(
            "no training row is like this, so the model gives it no chance",
            where=where,
            hint="ask for values that occur, or for less at a time",
        )


def _systematic(weight: np.ndarray, n: int, rng: np.random.Generator) -> np.ndarray:
    """(groups, m) weights -> (groups, n) positions in proportion to them, one random start a group
    (Kitagawa 1996)."""
    groups, m = weight.shape
    edges = np.cumsum(weight, axis=1)
    edges = edges / edges[:, -1:] + np.arange(groups)[:, None]
    at = (np.arange(n) + rng.random((groups, 1))) / n + np.arange(groups)[:, None]
    found = (
        np.searchsorted(edges.ravel(), at.ravel(), side="right").reshape(groups, n)
        - np.arange(groups)[:, None] * m
    )
    return np.clip(found, 0, m - 1)


def infilled(
    variables: Variables,
    answers: Sequence[Distribution],
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
        variables, answers: The model.
        n: How many rows.
        known: What is known.
        rng: Source of chance.
        run: For threads and progress.
        correction: (m, variables) symbols -> (m,) the log of how much likelier a row is under the
            model than under the answers, where these are those of another order than the model's
            own.
        context: (n, c) symbols of the first c variables, which are given with each row and not
            drawn; the chances are those of what is known given these.
        each, moves: Candidates for every row, and those of each chosen row when it is moved.

    Raises:
        ConditionError: What is known has no chance under the model.
    """
    exact = correction is None and _only_free(variables, answers, known)
    each = 1 if exact else each
    shared = known.rows is None and context is None  # all rows are candidates of one another
    size = TOGETHER // each
    starts = range(0, n, size)
    jobs = [
        (start, min(size, n - start), stream)
        for start, stream in zip(starts, rng.spawn(len(starts)), strict=True)
    ]

    def block(job: tuple[int, int, np.random.Generator]) -> Chosen:
        start, rows, stream = job
        part = _of_rows(known, slice(start, start + rows))
        beside = None if context is None else context[start : start + rows]
        groups = 1 if shared else rows
        many = max(each * rows, 1 if exact else MIN_PARTICLES) // groups if groups == 1 else each
        chosen = Particles(
            variables, answers, part, groups, many, stream, None, start, correction, beside
        ).drawn(rows)
        if exact:
            return chosen
        moved = Particles(
            variables, answers, part, rows, moves, stream, chosen, start, correction, beside
        ).drawn(rows)
        return Chosen(moved.symbols, moved.tick, chosen.chance, chosen.effective)

    parts = in_parallel(jobs, block, run)
    chance = np.concatenate(
        [np.zeros(0), *(np.resize(part.chance, len(part.symbols)) for part in parts)]
    )
    symbols = np.concatenate(
        [np.zeros((0, len(variables)), np.int32), *(part.symbols for part in parts)]
    )
    tick = np.concatenate(
        [np.zeros((0, len(variables.spec.reals)), np.int64), *(part.tick for part in parts)]
    )
    return ConditionalSample(
        Batch(tick, variables.codes(symbols)),
        np.full(n, chance.mean()) if shared and n else chance,
        min(sum(part.effective for part in parts), float(n)),
    )


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


def _only_free(variables: Variables, answers: Sequence[Distribution], known: Constraints) -> bool:
    """Whether only variables are known that are drawn from no other."""
    free = {
        channel
        for channel, a in zip(variables.channels, answers, strict=True)
        if not len(a.features)
    }
    channels = {("code", i) for i in known.code} | {("real", i) for i in known.tick}
    if known.rows is not None:
        channels |= {("code", int(i)) for i in np.flatnonzero(known.rows.code.any(axis=0))}
        channels |= {("real", int(i)) for i in np.flatnonzero(known.rows.tick.any(axis=0))}
    return not known.sums and free.issuperset(channels)


def _of_rows(known: Constraints, rows: slice) -> Constraints:
    """What is known of some of the rows."""
    if known.rows is None:
        return known
    given = known.rows
    part = PartialRows(
        Batch(given.batch.tick[rows], given.batch.code[rows]), given.tick[rows], given.code[rows]
    )
    return Constraints(known.tick, known.code, tuple(one.of_rows(rows) for one in known.sums), part)
