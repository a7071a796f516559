"""The waist: every dataset is a grid of sites carrying reals (as integer ticks) and codes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

import numpy as np

Channel = Literal["code", "real"]


@dataclass(frozen=True, slots=True)
class Real:
    """One number per site, stored as an integer count of ticks.

    Attributes:
        name: What it stands for; the column's name, with a part where a column gives several.
        step: What one tick is worth in the column's unit.
        presence: Index of the code that says whether there is a number: its level 0 means that there is one, other
            levels mean missing, +inf or -inf, and the tick is 0. None where there always is a number.
    """

    name: str
    step: float = 1.0
    presence: int | None = None


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
        order: The channels, ("code", i) or ("real", i), in the order in which a sequential model best draws them; a
            presence code stands before its reals. Codes first, then reals, where nothing is said.
    """

    reals: tuple[Real, ...] = ()
    codes: tuple[Code, ...] = ()
    sites: tuple[int, ...] = ()
    ragged: bool = False
    order: tuple[tuple[Channel, int], ...] = ()

    def __post_init__(self) -> None:
        if not self.order:
            object.__setattr__(self, "order", (*(("code", i) for i in range(len(self.codes))),
                                               *(("real", i) for i in range(len(self.reals)))))

    def to_state(self) -> dict[str, Any]:
        """The spec as plain JSON values."""
        return asdict(self)

    @staticmethod
    def from_state(state: Mapping[str, Any]) -> Spec:
        """The spec that :meth:`to_state` wrote."""
        return Spec(tuple(Real(**real) for real in state["reals"]), tuple(Code(**code) for code in state["codes"]),
                    tuple(state["sites"]), bool(state["ragged"]),
                    tuple((sort, int(i)) for sort, i in state["order"]))

    @staticmethod
    def joined(parts: list[Spec]) -> Spec:
        """The channels of several specs of the same sites side by side."""
        reals: list[Real] = []
        codes: list[Code] = []
        order: list[tuple[Channel, int]] = []
        for part in parts:
            shift = {"code": len(codes), "real": len(reals)}
            order += [(sort, i + shift[sort]) for sort, i in part.order]
            reals += [replace(r, presence=None if r.presence is None else r.presence + len(codes)) for r in part.reals]
            codes += part.codes
        return Spec(tuple(reals), tuple(codes), order=tuple(order))


@dataclass(frozen=True, slots=True)
class Batch:
    """Rows of a grid.

    Attributes:
        tick: (n, *sites, R) int64.
        code: (n, *sites, K) int32.
        mask: (n, *sites) bool, the sites in use; None where all are.
    """

    tick: np.ndarray
    code: np.ndarray
    mask: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.tick)

    def rows(self, index: np.ndarray) -> Batch:
        """The rows at these positions or under this mask."""
        return Batch(self.tick[index], self.code[index], None if self.mask is None else self.mask[index])

    @staticmethod
    def joined(parts: list[Batch]) -> Batch:
        """The channels of several table batches of the same rows side by side."""
        return Batch(np.concatenate([p.tick for p in parts], axis=-1), np.concatenate([p.code for p in parts], axis=-1))


@dataclass(frozen=True, slots=True)
class Known:
    """Channels of every row to be sampled that are given beforehand (a condition by equality).

    Attributes:
        tick: Real channel -> tick.
        code: Code channel -> level.
    """

    tick: Mapping[int, int]
    code: Mapping[int, int]
