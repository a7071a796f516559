"""The floor: every channel drawn by itself, as if the columns had nothing to do with each other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Self

import numpy as np

from tidemill.core.errors import ConditionError
from tidemill.core.grid import Batch, Infilled, Known, Partial, Spec, Sum
from tidemill.core.run import Run
from tidemill.models.base import State
from tidemill.models.pieces import Pieces
from tidemill.models.variables import Variables

PARTICLES = 16
"""Rows drawn for each that is kept, where a bound on a sum ties channels together."""
MIN_PARTICLES = 20_000
"""At least so many for all rows together."""
CHUNK = 16_384
"""Rows made at a time where particles are needed."""


class Independent:
    """Right in each column, wrong between them: what every other generator must beat.

    Conditions are exact: a channel is drawn from its own values within what is asked. Only bounds on sums of channels need
    particles: the last channel of a sum is drawn within what the others leave, and each draw weighs as much as that was
    likely.

    Example:
        >>> from tidemill.core.grid import Code
        >>> spec = Spec(codes=(Code("plan", 2),))
        >>> batch = Batch(np.zeros((4, 0), np.int64), np.array([[0], [1], [1], [1]], np.int32))
        >>> model = Independent().fit(spec, batch, Run())
        >>> len(model.sample(10, np.random.default_rng(0)))
        10
        >>> made = model.infill(10, Known(code={0: np.array([False, True])}), np.random.default_rng(0))
        >>> float(made.chance[0]), made.effective
        (0.75, 10.0)
    """

    parameters: ClassVar[Mapping[str, Any]] = {}
    steps_done = 1
    steps_planned = 1

    variables: Variables

    def fit(self, spec: Spec, batch: Batch, run: Run) -> Self:
        """Count each channel's values; instant."""
        self.variables = Variables.learned(spec, batch)
        return self

    def sample(self, n: int, rng: np.random.Generator, run: Run | None = None) -> Batch:
        """New rows."""
        return self.infill(n, Known(), rng, run).batch

    def infill(self, n: int, known: Known, rng: np.random.Generator, run: Run | None = None) -> Infilled:
        """n new rows that keep to what is known.

        Raises:
            ConditionError: A value that is asked for never occurs, or bounds on sums are never met.
        """
        parts = []
        for start in range(0, max(n, 1), CHUNK if known.sums else max(n, 1)):
            rows = min(CHUNK, n - start) if known.sums else n
            groups = 1 if known.rows is None else rows
            each = -(-max(PARTICLES * rows, MIN_PARTICLES) // max(groups, 1)) if known.sums else rows // max(groups, 1)
            drawing = _Drawing(self.variables, _part(known, slice(start, start + rows)), groups, each, rng)
            for v in range(len(self.variables)):
                drawing.draw(v)
            parts.append(drawing.chosen(rows))
        chance = np.concatenate([part.chance for part in parts])
        return Infilled(Batch(np.concatenate([part.batch.tick for part in parts]),
                              np.concatenate([part.batch.code for part in parts])),
                        chance if known.rows is not None or not n else np.full(n, chance.mean()),
                        sum(part.effective for part in parts))

    def to_state(self) -> State:
        """The counts."""
        return self.variables.to_state()

    @classmethod
    def from_state(cls, spec: Spec, document: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> Self:
        """Restored from :meth:`to_state`."""
        model = cls()
        model.variables = Variables.from_state(spec, arrays)
        return model


class _Drawing:
    """Rows in the making, channel by channel: for each of so many groups equally many candidates, each with its weight.

    Attributes:
        tick, code: (groups * each, channels) what is drawn so far.
        weight: (groups * each,) log of the probability of what was known of the channels drawn so far.
    """

    def __init__(self, variables: Variables, known: Known, groups: int, each: int, rng: np.random.Generator) -> None:
        self.variables, self.known, self.groups, self.each, self.rng = variables, known, groups, each, rng
        size = groups * each
        self.tick = np.zeros((size, len(variables.spec.reals)), np.int64)
        self.code = np.zeros((size, len(variables.spec.codes)), np.int32)
        self.weight = np.zeros(size)
        self.given = _repeated(known.rows, each)
        place = {i: v for v, (sort, i) in enumerate(variables.channels) if sort == "real"}
        self.sums: dict[int, list[Sum]] = {}
        for one in (s.of_rows(np.repeat(np.arange(groups), each)) for s in known.sums):
            self.sums.setdefault(max(one.channels, key=place.__getitem__), []).append(one)

    def draw(self, v: int) -> None:
        """Draw a variable, and weigh what is known of it."""
        sort, i = self.variables.channels[v]
        with np.errstate(divide="ignore"):
            self.weight += np.log(self._code(v, i) if sort == "code" else self._real(v, i))

    def _code(self, v: int, i: int) -> np.ndarray | float:
        count = self.variables.count[v].astype(float)
        share = count / max(count.sum(), 1.0)
        allowed = np.where(self.known.code[i], share, 0.0) if i in self.known.code else share
        here = np.zeros(len(self.code), bool) if self.given is None else self.given.code[:, i]
        total = float(allowed.sum())
        if total > 0:
            self.code[:, i] = self.rng.choice(len(share), len(self.code), p=allowed / total)
        elif not here.all():
            raise self._never(v)
        if self.given is None:
            return total if i in self.known.code else 1.0
        self.code[here, i] = self.given.batch.code[here, i]
        return np.where(here, share[self.code[:, i]], total if i in self.known.code else 1.0)

    def _real(self, v: int, i: int) -> np.ndarray:
        presence = self.variables.spec.reals[i].presence
        here = np.ones(len(self.tick), bool) if presence is None else self.code[:, presence] == 0
        given = here & (False if self.given is None else self.given.tick[:, i])
        weight = np.ones(len(self.tick))
        law = _Law.of(self.variables.pieces[i], self.known.tick.get(i))
        if given.any() and self.given is not None:
            self.tick[given, i] = self.given.batch.tick[given, i]
            weight[given] = _Law.of(self.variables.pieces[i], None).density(self.tick[given, i])
        free = np.flatnonzero(here & ~given)
        if len(free) and not law.mass.sum() > 0:
            raise self._never(v)
        if i not in self.sums:
            self.tick[free, i] = law.draw(len(free), self.rng)
            weight[free] = law.mass.sum() if i in self.known.tick else 1.0
            return weight
        low, high = self._bounds(i)
        self.tick[free, i], weight[free] = law.draw_between(low[free], high[free], self.rng)
        within = (self.tick[:, i] >= low) & (self.tick[:, i] <= high)
        return np.where(within, weight, 0.0)

    def _bounds(self, i: int) -> tuple[np.ndarray, np.ndarray]:
        """What the sums that end in a real channel leave to it: two (size,) int64, both included."""
        low = np.full(len(self.tick), np.iinfo(np.int64).min)
        high = np.full(len(self.tick), np.iinfo(np.int64).max)
        for one in self.sums[i]:
            others = sum((w * self.tick[:, c] for c, w in zip(one.channels, one.weights, strict=True) if c != i),
                         np.zeros(len(self.tick), np.int64))
            weight = one.weights[one.channels.index(i)]
            first, last = (one.low, one.high) if weight > 0 else (one.high, one.low)
            low = np.maximum(low, -((others - first) // weight))  # rounds up
            high = np.minimum(high, (last - others) // weight)
        return low, high

    def chosen(self, n: int) -> Infilled:
        """n rows, as many of each group, chosen by their weights.

        Raises:
            ConditionError: All weights are zero.
        """
        if not n:
            return Infilled(Batch(self.tick[:0], self.code[:0]), np.zeros(0), 0.0)
        weight = self.weight.reshape(self.groups, self.each)
        top = weight.max(axis=1, keepdims=True)
        lost = ~np.isfinite(top[:, 0])
        if lost.any() and (self.given is None or self.known.sums):
            raise ConditionError("no training row is like this, so the model gives it no chance",
                                 hint="ask for less at a time")
        scaled = np.exp(weight - np.where(np.isfinite(top), top, 0.0))
        chance = np.exp(np.where(lost, -np.inf, top[:, 0])) * scaled.mean(axis=1)
        if self.each == 1 or (self.groups == 1 and self.each == n and np.ptp(weight) == 0):
            return Infilled(Batch(self.tick, self.code), np.resize(chance, n), float(n))
        effective = scaled.sum(axis=1) ** 2 / (scaled ** 2).sum(axis=1)
        take = n // self.groups
        at = np.concatenate([g * self.each + _resampled(scaled[g], take, self.rng) for g in range(self.groups)])
        return Infilled(Batch(self.tick[at], self.code[at]), np.resize(chance, n),
                        float(np.minimum(effective, take).sum()))

    def _never(self, v: int) -> ConditionError:
        return ConditionError("no training row has such a value, so the model gives it no chance",
                              where=f"column '{self.variables.channel_name(v)}'",
                              hint="choose a value that occurs; `tidemill read` shows the columns")


@dataclass(frozen=True, slots=True)
class _Law:
    """The distribution of a real channel: ascending parts, uniform within each.

    Attributes:
        low, high: (m,) int64, first and last tick of each part.
        mass: (m,) share of training rows in each; they add up to less than 1 where parts were cut off.
    """

    low: np.ndarray
    high: np.ndarray
    mass: np.ndarray

    @staticmethod
    def of(pieces: Pieces, intervals: np.ndarray | None) -> _Law:
        """The parts of pieces that lie in (k, 2) intervals; all of them where there is none."""
        share = pieces.count / max(pieces.count.sum(), 1)
        if intervals is None:
            return _Law(pieces.low, pieces.high, share)
        low = np.maximum(pieces.low[:, None], intervals[None, :, 0])
        high = np.minimum(pieces.high[:, None], intervals[None, :, 1])
        piece, interval = np.nonzero((low <= high) & (share > 0)[:, None])
        low, high = low[piece, interval], high[piece, interval]
        return _Law(low, high, share[piece] * ((high - low + 1.0) / (pieces.high - pieces.low + 1.0)[piece]))

    def density(self, ticks: np.ndarray) -> np.ndarray:
        """(n,) ticks -> (n,) the probability of each."""
        if not len(self.low):
            return np.zeros(len(ticks))
        part = np.maximum(np.searchsorted(self.low, ticks, side="right") - 1, 0)
        inside = (ticks >= self.low[part]) & (ticks <= self.high[part])
        return np.where(inside, self.mass[part] / (self.high[part] - self.low[part] + 1.0), 0.0)

    def draw(self, n: int, rng: np.random.Generator) -> np.ndarray:
        """(n,) ticks."""
        if not n:
            return np.zeros(0, np.int64)
        part = rng.choice(len(self.mass), n, p=self.mass / self.mass.sum())
        return rng.integers(self.low[part], self.high[part], endpoint=True)

    def draw_between(self, low: np.ndarray, high: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """(n,) ticks from low[i] to high[i], and (n,) how likely it was to fall there; any tick where it was not."""
        if not len(low):
            return np.zeros(0, np.int64), np.zeros(0)
        begin, end = self._below(low), self._below(high, including=True)
        first = np.minimum(np.searchsorted(self.high, low), len(self.low) - 1)
        last = np.maximum(np.searchsorted(self.low, high, side="right") - 1, first)
        at = begin + rng.random(len(low)) * (end - begin)
        part = np.clip(np.searchsorted(np.cumsum(self.mass), at, side="right"), first, last)
        least = np.maximum(self.low[part], low)
        return rng.integers(least, np.maximum(np.minimum(self.high[part], high), least), endpoint=True), (
            np.maximum(end - begin, 0.0))

    def _below(self, ticks: np.ndarray, including: bool = False) -> np.ndarray:
        """(n,) ticks -> (n,) the probability of those below each, or up to each."""
        part = np.searchsorted(self.low, ticks, side="right") - 1
        held = np.maximum(part, 0)
        width = self.high[held] - self.low[held] + 1.0
        own = int(including)
        into = np.clip(ticks, self.low[held] - own, self.high[held] + 1 - own) - self.low[held] + own
        before = np.cumsum(self.mass) - self.mass
        return np.where(part < 0, 0.0, before[held] + self.mass[held] * into / width)


def _part(known: Known, rows: slice) -> Known:
    """What is known of some of the rows."""
    if known.rows is None:
        return known
    batch, tick, code = known.rows.batch, known.rows.tick, known.rows.code
    return replace(known, rows=Partial(Batch(batch.tick[rows], batch.code[rows]), tick[rows], code[rows]),
                   sums=tuple(one.of_rows(rows) for one in known.sums))


def _repeated(rows: Partial | None, each: int) -> Partial | None:
    """Every row so many times."""
    if rows is None or each == 1:
        return rows
    at = np.repeat(np.arange(len(rows)), each)
    return Partial(rows.batch.rows(at), rows.tick[at], rows.code[at])


def _resampled(weight: np.ndarray, n: int, rng: np.random.Generator) -> np.ndarray:
    """n positions drawn in proportion to (m,) weights, systematically (Kitagawa 1996) and in random order."""
    edges = np.cumsum(weight)
    at = (np.arange(n) + rng.random()) / n * edges[-1]
    return rng.permutation(np.minimum(np.searchsorted(edges, at, side="right"), len(weight) - 1))
