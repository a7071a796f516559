"""Numbers as integer counts of their column's smallest step."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Self

import numpy as np
import polars as pl

from tidemill.codecs.base import ColumnCodec
from tidemill.codecs.presence import ABSENCES, Presence
from tidemill.core.grid import Batch, Real, Spec
from tidemill.core.run import Run
from tidemill.core.schema import Column

LARGEST_TICK = 2**62


@dataclass(frozen=True, slots=True)
class Scale:
    """What one tick is worth: ``multiple / 10**places``, or ``2**binary`` where no decimal step will do.

    Decimal ticks are exact while ``tick * multiple`` stays below 2**53: the quotient of two exact floats is the float
    nearest to the decimal number, which is how the text was read.
    """

    places: int = 0
    multiple: int = 1
    binary: int | None = None

    @property
    def step(self) -> float:
        """One tick in the column's unit."""
        return self.multiple / 10.0**self.places if self.binary is None else 2.0**self.binary

    def ticks(self, values: np.ndarray) -> np.ndarray:
        """(n,) finite float64 or int64 -> (n,) int64, to the nearest tick."""
        if values.dtype.kind == "i" and self.binary is None and self.places == 0:
            return (values + self.multiple // 2) // self.multiple if self.multiple > 1 else values
        if self.binary is not None:
            return np.rint(np.ldexp(values.astype(float), -self.binary)).astype(np.int64)
        return np.rint(np.rint(values * 10.0**self.places) / self.multiple).astype(np.int64)

    def values(self, ticks: np.ndarray, integer: bool) -> np.ndarray:
        """(n,) int64 ticks -> (n,) int64 or float64 values."""
        if integer:
            return ticks * np.int64(self.multiple)
        if self.binary is not None:
            return np.ldexp(ticks.astype(float), self.binary)
        return np.asarray(ticks * self.multiple / 10.0**self.places)

    @staticmethod
    def of(values: np.ndarray, step: str | None) -> Scale:
        """The coarsest scale that keeps (n,) finite values exactly; ``step`` is the column's own, as decimal text."""
        if values.dtype.kind == "i":
            multiple = int(Decimal(step)) if step and Decimal(step) == int(Decimal(step)) else 1
            return Scale(multiple=multiple) if not np.any(values % max(multiple, 1)) else Scale()
        if step is not None:
            sign, digits, exponent = Decimal(step).normalize().as_tuple()
            places = max(0, -int(exponent))
            scale = Scale(places, int(Decimal(step) * 10**places))
            if not sign and any(digits) and _keeps(scale, values):
                return scale
        return next((Scale(places) for places in range(18) if _keeps(Scale(places), values)), _binary(values))


def _keeps(scale: Scale, values: np.ndarray) -> bool:
    if np.abs(values).max(initial=0) * 10.0**scale.places >= 2**53:
        return False
    return bool(np.all(scale.values(scale.ticks(values), integer=False) == values))


def _binary(values: np.ndarray) -> Scale:
    """The power of two of which all values are multiples; where those would be too many ticks, the finest that fits."""
    mantissa, exponent = np.frexp(values[values != 0])
    if not len(mantissa):
        return Scale()
    finest = int(exponent.max()) - 62
    odd = np.rint(np.ldexp(mantissa, 53)).astype(np.int64)
    trailing = np.log2((odd & -odd).astype(float)).astype(int)
    return Scale(binary=max(int((exponent - 53 + trailing).min()), finest))


class NumberCodec(ColumnCodec):
    """One real per number; one code where some are missing or infinite.

    Integers and decimals come back bit for bit. Floats that are multiples of no decimal step are kept as multiples of a
    power of two, exactly unless they span more than 62 binary digits; other rows are taken to the nearest tick.
    """

    scale: Scale
    integer: bool
    presence: Presence

    def fit(self, column: Column, values: pl.Series, run: Run) -> Self:
        """Find the step and which absences occur."""
        self.integer = values.dtype.is_integer()
        finite = values.drop_nulls()
        finite = finite if self.integer else finite.filter(finite.is_finite())
        self.scale = Scale.of(finite.to_numpy(), column.step)
        numbers = finite.to_numpy()
        self.exact = bool(np.all(self.scale.values(self.scale.ticks(numbers), self.integer) == numbers))
        self.inexact_because = "" if self.exact else "its floats span more than 62 binary digits"
        self.presence = Presence.of(values)
        self.spec = self._spec(column)
        return self

    def _spec(self, column: Column) -> Spec:
        codes = self.presence.codes(column.name)
        return Spec((Real(column.name, self.scale.step, 0 if codes else None),), codes)

    def encode(self, values: pl.Series) -> Batch:
        """(n,) numbers -> one tick each, 0 where there is none."""
        code = self.presence.encode(values)
        here = np.ones(len(values), bool) if code.shape[1] == 0 else code[:, 0] == 0
        tick = np.zeros((len(values), 1), np.int64)
        tick[here, 0] = self.scale.ticks(values.filter(pl.Series(here)).to_numpy())
        return Batch(tick, code)

    def decode(self, batch: Batch, rng: np.random.Generator) -> pl.Series:
        """Ticks -> numbers of the typed dtype."""
        values = pl.Series(self.scale.values(batch.tick[:, 0], self.integer))
        return self.presence.decode(values, batch.code)

    def to_state(self) -> dict[str, Any]:
        """Step and absences."""
        return {"places": self.scale.places, "multiple": self.scale.multiple, "binary": self.scale.binary,
                "integer": self.integer, "absences": list(self.presence.absences)}

    @classmethod
    def from_state(cls, column: Column, state: Mapping[str, Any]) -> Self:
        """Restored from :meth:`to_state`."""
        codec = cls()
        binary = state["binary"]
        codec.scale = Scale(int(state["places"]), int(state["multiple"]), None if binary is None else int(binary))
        codec.integer = bool(state["integer"])
        codec.presence = Presence(tuple(ABSENCES[ABSENCES.index(name)] for name in state["absences"]))
        codec.spec = codec._spec(column)
        return codec
