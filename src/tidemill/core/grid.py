"""The waist: every dataset is a grid of sites carrying reals (as integer ticks) and codes."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Literal

import numpy as np

Channel = Literal["code", "real"]
Topology = Literal["row", "steps", "tokens", "pixels", "tiles", "calendar", "parts"]
Scale = Literal["rank", "linear", "bounded"]

AXES: Mapping[Topology, int] = {
    "row": 0,
    "steps": 1,
    "tokens": 1,
    "pixels": 2,
    "tiles": 2,
    "calendar": 1,
    "parts": 1,
}
"""How many axes the sites of a grid have."""

SILENT, GOES_ON, FIRST_LEVEL = 0, 1, 2
"""Levels of parts: that a part has nothing, that it goes on with what it had at the site before,
and the first one that can begin."""


@dataclass(frozen=True, slots=True)
class Real:
    """One number per site, stored as an integer count of ticks.

    Attributes:
        name: What it stands for; the column's name, with a part where a column gives several.
        step: What one tick is worth in the column's unit.
        presence: Index of the code that says whether there is a number: its level 0 means that
            there is one, other levels mean missing, +inf or -inf, and the tick is 0. None where
            there always is a number.
        scale: What is alike in its values: their rank among all values ("rank", as of a column of
            a table), their distance ("linear", as of what moves from step to step), or their
            place between two fixed ends ("bounded", as a pixel's brightness).
        most: The largest tick that there may be, the smallest being 0, as of the minutes of a day;
            None where nothing says so.
    """

    name: str
    step: float = 1.0
    presence: int | None = None
    scale: Scale = "rank"
    most: int | None = None


@dataclass(frozen=True, slots=True)
class Code:
    """One category per site: an integer in [0, size).

    Attributes:
        name: What it stands for.
        size: How many levels there are.
        ordered: Whether the order of the levels means something.
    """

    name: str
    size: int
    ordered: bool = False


@dataclass(frozen=True, slots=True)
class Spec:
    """What a grid carries.

    Attributes:
        reals: One entry per tick channel.
        codes: One entry per code channel.
        sites: Shape of the grid; () for a table row.
        ragged: Whether the number of sites in use varies by row (``Batch.mask``).
        order: The channels, ("code", i) or ("real", i), in the order in which a sequential model
            best draws them; a presence code stands before its reals. Codes first, then reals, where
            nothing is said.
        context: A table's spec of what is given with each row and not generated; None where nothing
            is.
        outcome: The channels of the target, in order: what is drawn again, given all other
            channels, where nothing else decides it. Empty where there is no target.
        voices: Of tokens: how many levels of the first code, the last ones, say who speaks from
            there on.
        extent: Of tiles whose rows differ in size: which reals of the context say, in ticks, how
            many sites a row has along each axis, -1 for an axis of which it has all. The sites
            beyond have the last level of the first code. Empty where every row has all sites.
        topology: What the sites are: "row" of a table, which is a single site; "steps" in time,
            whose numbers move from one to the next; "tokens" of a text; "pixels", which are alike
            where they are near; "tiles" of a plane, one code each; "calendar": the days that all
            entities share, with the numbers of all of them on each; "parts": steps at which each
            code is SILENT, GOES_ON, or begins a level, of which all codes have the same.
        cycles: Of parts: numbers of sites after which the place of a site counts anew.
        shifts: Of parts: how far the levels that begin may be moved down (below 0) and up, all by
            as much, so that a row stays as good as it was.

    Raises:
        ValueError: The sites have not as many axes as the topology.
    """

    reals: tuple[Real, ...] = ()
    codes: tuple[Code, ...] = ()
    sites: tuple[int, ...] = ()
    ragged: bool = False
    order: tuple[tuple[Channel, int], ...] = ()
    context: Spec | None = None
    topology: Topology = "row"
    outcome: tuple[tuple[Channel, int], ...] = ()
    voices: int = 0
    extent: tuple[int, ...] = ()
    cycles: tuple[int, ...] = ()
    shifts: tuple[int, int] = (0, 0)

    def __post_init__(self) -> None:
        if len(self.sites) != AXES[self.topology]:
            raise ValueError(f"a grid of {self.topology} has no sites of shape {self.sites}")
        if not self.order:
            codes = [("code", i) for i in range(len(self.codes))]
            reals = [("real", i) for i in range(len(self.reals))]
            object.__setattr__(self, "order", (*codes, *reals))

    def to_state(self) -> dict[str, Any]:
        """The spec as plain JSON values."""
        return asdict(self)

    @staticmethod
    def from_state(state: Mapping[str, Any]) -> Spec:
        """The spec that :meth:`to_state` wrote, also before there were topologies and scales."""
        sites = tuple(state["sites"])
        topology, scale = _BY_AXES[len(sites)]
        return Spec(
            tuple(Real(**{"scale": scale, **real}) for real in state["reals"]),
            tuple(Code(**code) for code in state["codes"]),
            sites,
            bool(state["ragged"]),
            tuple((sort, int(i)) for sort, i in state["order"]),
            None if state["context"] is None else Spec.from_state(state["context"]),
            state.get("topology", topology),
            tuple((sort, int(i)) for sort, i in state.get("outcome", ())),
            int(state.get("voices", 0)),
            tuple(int(i) for i in state.get("extent", ())),
            tuple(int(cycle) for cycle in state.get("cycles", ())),
            (int(state.get("shifts", (0, 0))[0]), int(state.get("shifts", (0, 0))[1])),
        )

    def within(self, n: int, context: Batch | None) -> np.ndarray:
        """(n, *sites) which sites lie within the size of each row, which its context says.

        Example:
            >>> size = Spec((Real("height"), Real("width")))
            >>> spec = Spec(codes=(Code("tile", 3),), sites=(2, 3), context=size,
            ...     topology="tiles", extent=(0, 1))
            >>> told = Batch(np.array([[1, 2]]), np.zeros((1, 0), np.int32))
            >>> spec.within(1, told).astype(int).tolist()
            [[[1, 1, 0], [0, 0, 0]]]
        """
        found = np.ones((n, *self.sites), bool)
        if not self.extent or context is None:
            return found
        for axis, real in enumerate(self.extent):
            if real < 0:
                continue
            place = np.arange(self.sites[axis]).reshape(-1, *[1] * (len(self.sites) - axis - 1))
            size = np.clip(context.tick[:, real], 1, self.sites[axis])
            found &= place < size.reshape(-1, *[1] * len(self.sites))
        return found

    @property
    def flat(self) -> Spec:
        """A table's spec with the channels of every site side by side; itself where there are no
        sites."""
        if not self.sites:
            return self
        reals: list[Real] = []
        codes: list[Code] = []
        for site in range(1, math.prod(self.sites) + 1):
            for real in self.reals:
                reals.append(replace(_shifted(real, len(codes)), name=f"{real.name} at {site}"))
            for code in self.codes:
                codes.append(replace(code, name=f"{code.name} at {site}"))
        return Spec(tuple(reals), tuple(codes))

    @property
    def joint(self) -> Spec:
        """A table's spec of what is given with each row, and behind it the row's own channels;
        itself where nothing is."""
        return self if self.context is None else Spec.joined([self.context.joint, self])

    @staticmethod
    def joined(parts: list[Spec]) -> Spec:
        """The channels of several specs of the same sites side by side."""
        reals: list[Real] = []
        codes: list[Code] = []
        order: list[tuple[Channel, int]] = []
        outcome: list[tuple[Channel, int]] = []
        for part in parts:
            shift = {"code": len(codes), "real": len(reals)}
            order += [(sort, i + shift[sort]) for sort, i in part.order]
            outcome += [(sort, i + shift[sort]) for sort, i in part.outcome]
            reals += [_shifted(real, len(codes)) for real in part.reals]
            codes += part.codes
        return Spec(tuple(reals), tuple(codes), order=tuple(order), outcome=tuple(outcome))


def _shifted(real: Real, codes: int) -> Real:
    """The same behind so many further codes."""
    if real.presence is None:
        return real
    return replace(real, presence=real.presence + codes)


_BY_AXES: tuple[tuple[Topology, Scale], ...] = (
    ("row", "rank"),
    ("steps", "linear"),
    ("pixels", "bounded"),
)
"""What a grid was taken to be by the number of its axes, before it was said."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Rows of a grid.

    Attributes:
        tick: (n, *sites, R) int64.
        code: (n, *sites, K) int32.
        mask: (n, *sites) bool, the sites in use, which are the first ones along the first axis, and
            may be none; None where all are.
        context: n rows of what is given with each row, which may have a context of their own; None
            where the spec has no context.
        person: (n, *sites) the number of the person that each is of, of training rows: floors
            count persons. None where each is a person of its own.
        guarded: (n, *sites) bool, of training rows: the sites of what only a few persons share,
            such as the letters of a rare name. A model keeps no run of sites with one of these
            among them unless enough persons share the run. None where there are no such sites.
    """

    tick: np.ndarray
    code: np.ndarray
    mask: np.ndarray | None = None
    context: Batch | None = None
    person: np.ndarray | None = None
    guarded: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.tick)

    def rows(self, index: np.ndarray) -> Batch:
        """The rows at these positions or under this mask."""
        return Batch(
            self.tick[index],
            self.code[index],
            None if self.mask is None else self.mask[index],
            None if self.context is None else self.context.rows(index),
            None if self.person is None else self.person[index],
            None if self.guarded is None else self.guarded[index],
        )

    def replaced(self, index: np.ndarray, rows: Batch) -> Batch:
        """The same with other rows at these positions; the context stays."""
        tick, code = self.tick.copy(), self.code.copy()
        tick[index], code[index] = rows.tick, rows.code
        mask = self.mask
        if mask is not None and rows.mask is not None:
            mask = mask.copy()
            mask[index] = rows.mask
        return Batch(tick, code, mask, self.context)

    @property
    def empty_rows(self) -> bool:
        """Whether some row has no site in use."""
        return self.mask is not None and bool((~self.mask[:, 0]).any())

    @property
    def flat(self) -> Batch:
        """The rows as those of the flat spec, without sites and context."""
        tick = self.tick.reshape(len(self), math.prod(self.tick.shape[1:]))
        code = self.code.reshape(len(self), math.prod(self.code.shape[1:]))
        whose = None if self.person is None or self.person.ndim > 1 else self.person
        return Batch(tick, code, person=whose)

    @property
    def joint(self) -> Batch:
        """The rows as those of the joint spec."""
        return self if self.context is None else Batch.joined([self.context.joint, self])

    def shaped(self, spec: Spec) -> Batch:
        """Rows of the flat spec as those of the spec."""
        return Batch(
            self.tick.reshape(len(self), *spec.sites, len(spec.reals)),
            self.code.reshape(len(self), *spec.sites, len(spec.codes)),
        )

    @staticmethod
    def blank(spec: Spec, n: int) -> Batch:
        """n rows of zeros, every site in use."""
        shape = (n, *spec.sites)
        return Batch(
            np.zeros((*shape, len(spec.reals)), np.int64),
            np.zeros((*shape, len(spec.codes)), np.int32),
            np.ones(shape, bool) if spec.ragged else None,
            None if spec.context is None else Batch.blank(spec.context, n),
        )

    @staticmethod
    def stacked(parts: Sequence[Batch]) -> Batch:
        """The rows of several batches of one spec, one after the other."""
        masks = [part.mask for part in parts if part.mask is not None]
        contexts = [part.context for part in parts if part.context is not None]
        return Batch(
            np.concatenate([part.tick for part in parts]),
            np.concatenate([part.code for part in parts]),
            np.concatenate(masks) if masks else None,
            Batch.stacked(contexts) if contexts else None,
        )

    @staticmethod
    def joined(parts: list[Batch]) -> Batch:
        """The channels of several table batches of the same rows side by side."""
        return Batch(
            np.concatenate([part.tick for part in parts], axis=-1),
            np.concatenate([part.code for part in parts], axis=-1),
            person=parts[-1].person if parts else None,
        )


@dataclass(frozen=True, slots=True)
class LinearBound:
    """``low <= sum of weights[k] * tick of channels[k] <= high``: what a condition on a derived
    column says of others.

    Attributes:
        channels: Real channels; all of them carry a number in every row that is made.
        weights: A whole number each, not 0.
        low, high: Inclusive bounds in ticks; (n,) int64 arrays of one bound a row where single rows
            are known.
    """

    channels: tuple[int, ...]
    weights: tuple[int, ...]
    low: int | np.ndarray
    high: int | np.ndarray

    def of_rows(self, index: np.ndarray | slice) -> LinearBound:
        """The same for the rows at these positions."""
        low = self.low[index] if isinstance(self.low, np.ndarray) else self.low
        high = self.high[index] if isinstance(self.high, np.ndarray) else self.high
        return replace(self, low=low, high=high)


@dataclass(frozen=True, slots=True)
class PartialRows:
    """Rows of which some channels are given, each row its own.

    Attributes:
        batch: n rows; what is not given is arbitrary.
        tick: (n, R) bool, the ticks that are given.
        code: (n, K) bool, the codes that are given.
    """

    batch: Batch
    tick: np.ndarray
    code: np.ndarray

    def __len__(self) -> int:
        return len(self.batch)


@dataclass(frozen=True, slots=True)
class Known:
    """Which codes of rows of parts are given, each row its own.

    Attributes:
        code: (n, sites, K) bool, the codes that are given; others are to be drawn.
        ends: (n,) bool, whether a row ends where its mask does, and does not go on.
    """

    code: np.ndarray
    ends: np.ndarray

    def rows(self, index: np.ndarray) -> Known:
        """The rows at these positions."""
        return Known(self.code[index], self.ends[index])


def levels_had(code: np.ndarray) -> np.ndarray:
    """What parts have at each site: that which they begin there, or began and go on with.

    Args:
        code: (n, sites, K) of parts.

    Example:
        >>> levels_had(np.array([[[5], [1], [0], [1], [7]]]))[0, :, 0].tolist()
        [5, 5, 0, 0, 7]
    """
    site = np.arange(code.shape[1])[None, :, None]
    began = np.maximum.accumulate(np.where(code == GOES_ON, 0, site), axis=1)
    had: np.ndarray = np.take_along_axis(code, began, axis=1)
    return np.where(had == GOES_ON, SILENT, had)


@dataclass(frozen=True, slots=True)
class Constraints:
    """What is known beforehand of the rows to be made; all of it holds together.

    Attributes:
        tick: Real channel -> (k, 2) int64 disjoint ascending inclusive intervals, one of which
            holds its tick in every row. Where the channel has a presence code, ``code`` says that
            there is a number.
        code: Code channel -> (size,) bool, the levels that every row may have.
        sums: Bounds on sums of ticks, in every row.
        rows: Values of single rows; as many rows are made.
    """

    tick: Mapping[int, np.ndarray] = field(default_factory=dict)
    code: Mapping[int, np.ndarray] = field(default_factory=dict)
    sums: tuple[LinearBound, ...] = ()
    rows: PartialRows | None = None

    @property
    def of_all(self) -> bool:
        """Whether something is known of all rows alike."""
        return bool(self.tick or self.code or self.sums)

    def behind(self, other: Spec) -> Constraints:
        """The same of rows whose channels stand behind those of another table."""
        reals, codes = len(other.reals), len(other.codes)
        sums = []
        for one in self.sums:
            sums.append(replace(one, channels=tuple(i + reals for i in one.channels)))
        rows = self.rows
        if rows is not None:
            rows = PartialRows(
                Batch.joined([Batch.blank(other, len(rows)), rows.batch]),
                np.pad(rows.tick, ((0, 0), (reals, 0))),
                np.pad(rows.code, ((0, 0), (codes, 0))),
            )
        return Constraints(
            {i + reals: intervals for i, intervals in self.tick.items()},
            {i + codes: levels for i, levels in self.code.items()},
            tuple(sums),
            rows,
        )

    def satisfied_by(self, batch: Batch) -> np.ndarray:
        """(n,) whether each row of a table's batch keeps to what is known of all rows."""
        passing = np.ones(len(batch), bool)
        for i, intervals in self.tick.items():
            tick = batch.tick[:, i, None]
            passing &= ((tick >= intervals[:, 0]) & (tick <= intervals[:, 1])).any(axis=1)
        for i, levels in self.code.items():
            passing &= levels[batch.code[:, i]]
        for one in self.sums:
            total = batch.tick[:, one.channels] @ np.array(one.weights, np.int64)
            passing &= (total >= one.low) & (total <= one.high)
        return passing


@dataclass(frozen=True, slots=True)
class ConditionalSample:
    """Rows drawn from a model's conditional distribution.

    Attributes:
        batch: n rows that keep to all that was known.
        chance: The model's probability of what was known, per row: (n,), all equal where nothing is
            said of single rows.
        effective: Effective number of independent draws behind the rows, at most n (Kong 1992).
    """

    batch: Batch
    chance: np.ndarray
    effective: float
