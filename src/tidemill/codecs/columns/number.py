"""Numbers as integer counts of their column's smallest step."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any, Literal, Self

import numpy as np
import polars as pl

from tidemill.codecs.columns.base import FIRST, Allowed, ColumnCodec, SurrogateStream
from tidemill.codecs.columns.intervals import LARGEST, between, union
from tidemill.codecs.columns.line import NumberLine
from tidemill.codecs.columns.presence import Presence
from tidemill.core import checked_values as checked
from tidemill.core.condition import Test
from tidemill.core.errors import ConditionError
from tidemill.core.grid import Batch, Real, Spec
from tidemill.core.lawful import NOISE
from tidemill.core.persons import FEWEST_PERSONS, ends_of, sharing
from tidemill.core.run import Run
from tidemill.core.schema import Column

MOST_PLACES = 300
"""Decimals of a step, at most: 10 to the power of more is no float."""
BINARY = -1200, 1100
"""Powers of two that may be a step."""
MOST_FEW = 60
"""Different numbers of a column of few, at most."""


@dataclass(frozen=True, slots=True)
class Scale:
    """What one tick is worth: ``multiple / 10**places``, or ``2**binary`` where no decimal step
    will do.

    Decimal ticks are exact while ``tick * multiple`` stays below 2**53: the quotient of two exact
    floats is the float nearest to the decimal number, which is how the text was read.
    """

    places: int = 0
    multiple: int = 1
    binary: int | None = None

    @property
    def step(self) -> float:
        """One tick in the column's unit."""
        if self.binary is not None:
            return 2.0**self.binary
        return self.multiple / 10.0**self.places

    @property
    def exact_step(self) -> Fraction:
        """One tick in the column's unit, as a fraction."""
        if self.binary is not None:
            return Fraction(2) ** self.binary
        return Fraction(self.multiple, 10**self.places)

    def value(self, tick: int, integer: bool) -> int | float:
        """The value of one tick."""
        return self.values(np.array([tick], np.int64), integer)[0].item()

    def from_value(self, value: float, integer: bool, *, above: bool = False) -> int:
        """The smallest tick whose value is at least (or, if asked, above) a value; one past the
        last where none is."""
        if integer and abs(value) > 2**63:  # where int64 wraps round
            return LARGEST + 1 if value > 0 else -LARGEST
        if math.isinf(value) or abs(position := Fraction(value) / self.exact_step) > LARGEST:
            return LARGEST + 1 if value > 0 else -LARGEST
        # floats are compared as floats: the value of a tick may be rounded
        tick = max(math.ceil(position) - 1, -LARGEST)
        while tick <= LARGEST:
            reached = self.value(tick, integer)
            if reached > value or (reached == value and not above):
                break
            tick += 1
        return tick

    def ticks(self, values: np.ndarray) -> np.ndarray:
        """(n,) finite float64 or int64 -> (n,) int64, to the nearest tick."""
        if self.binary is not None:
            return np.rint(np.ldexp(values.astype(float), -self.binary)).astype(np.int64)
        if values.dtype.kind == "i" and self.places == 0:
            if self.multiple == 1:
                return values
            return (values + self.multiple // 2) // self.multiple
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
        """The coarsest scale that keeps (n,) finite values exactly; ``step`` is the column's own,
        as decimal text."""
        declared = None if step is None else Decimal(step)
        if values.dtype.kind == "i":
            if declared is None or declared <= 0 or declared != int(declared):
                return Scale()
            multiple = int(declared)
            return Scale() if np.any(values % multiple) else Scale(multiple=multiple)
        if declared is not None and declared > 0:
            places = max(0, -int(declared.normalize().as_tuple().exponent))
            scale = Scale(places, int(declared * 10**places))
            if _keeps(scale, values):
                return scale
        for places in range(18):
            if _keeps(Scale(places), values):
                return Scale(places)
        return _binary(values)


def _decimal_scale(step: Fraction) -> Scale | None:
    """The scale of a decimal step; None where a float does not keep it."""
    for places in range(18):
        if (step * 10**places).denominator == 1:
            return Scale(places, int(step * 10**places))
    return None


def _keeps(scale: Scale, values: np.ndarray) -> bool:
    if np.abs(values).max(initial=0) * 10.0**scale.places >= 2**53:
        return False
    return bool(np.all(scale.values(scale.ticks(values), integer=False) == values))


def _binary(values: np.ndarray) -> Scale:
    """The power of two of which all values are multiples; where those would be too many ticks, the
    finest that fits."""
    mantissa, exponent = np.frexp(values[values != 0])
    if not len(mantissa):
        return Scale()
    finest = int(exponent.max()) - 62
    odd = np.rint(np.ldexp(mantissa, 53)).astype(np.int64)
    trailing = np.log2((odd & -odd).astype(float)).astype(int)
    return Scale(binary=max(int((exponent - 53 + trailing).min()), finest))


class NumberCodec(ColumnCodec):
    """One real per number; one code where some are missing or infinite.

    Integers and decimals come back bit for bit. Floats that are multiples of no decimal step are
    kept as multiples of a power of two, exactly unless they span more than 62 binary digits; other
    rows are taken to the nearest tick.
    """

    scale: Scale
    integer: bool
    presence: Presence
    few: np.ndarray | None = None
    """(v,) the ticks, ascending, where there are few, each of FEWEST_PERSONS or more."""
    ends: tuple[int, int] | None = None
    """The smallest and the largest tick in training, rounded outward; None where they are not
    known."""

    def fit(
        self, column: Column, values: pl.Series, run: Run, persons: np.ndarray | None = None
    ) -> Self:
        """Find the step and which absences occur."""
        self.integer = values.dtype.is_integer()
        here = values.is_not_null()
        if not self.integer:
            here &= values.is_finite().fill_null(False)
        numbers = values.filter(here).to_numpy()
        if persons is not None:
            persons = persons[here.to_numpy()]
        self.scale = Scale.of(numbers, column.step)
        ticks = self.scale.ticks(numbers)
        self.few = _few(ticks, persons)
        self.ends = ends_of(ticks, persons) if len(ticks) else None
        decoded = self.scale.values(ticks, self.integer)
        self.exact = bool(np.all(decoded == numbers))
        self.inexact_because = "" if self.exact else "its floats span more than 62 binary digits"
        self.presence = Presence.of(values)
        self.spec = self._spec(column)
        return self

    def _spec(self, column: Column) -> Spec:
        codes = self.presence.codes(column.name)
        self.line = NumberLine((1,), self.scale.exact_step, "number")
        return Spec((Real(column.name, self.scale.step, 0 if codes else None),), codes)

    def refined(self, column: Column, parts: int) -> NumberCodec | None:
        """The same with so many ticks for each of its own; None where they are no decimal ticks
        that a float keeps."""
        if self.scale.binary is not None:
            return None
        scale = _decimal_scale(self.scale.exact_step / parts)
        if scale is None or (self.integer and scale.places > 0):
            return None
        return self._rescaled(column, scale)

    def coarsened(self, column: Column, step: Fraction) -> NumberCodec | None:
        """The same with such a step, for floats whose last digits are noise; None where that is no
        decimal step."""
        scale = _decimal_scale(step)
        if scale is None or self.integer:
            return None
        codec = self._rescaled(column, scale)
        codec.exact, codec.inexact_because = False, "the last digits of its floats are noise"
        return codec

    def on_scale(self, column: Column, scale: Scale) -> NumberCodec:
        """The same with another step, for floats that rules compare with others or add."""
        codec = self._rescaled(column, scale)
        codec.exact, codec.inexact_because = False, "its floats have the step of those beside them"
        return codec

    def _rescaled(self, column: Column, scale: Scale) -> NumberCodec:
        codec = NumberCodec()
        codec.scale = scale
        codec.integer = self.integer
        codec.presence = self.presence
        if self.few is not None:
            codec.few = scale.ticks(self.scale.values(self.few, self.integer))
        if self.ends is not None:
            first, last = scale.ticks(self.scale.values(np.array(self.ends), self.integer))
            codec.ends = int(first), int(last)
        codec.exact = self.exact
        codec.inexact_because = self.inexact_because
        codec.spec = codec._spec(column)
        return codec

    def unknown(self, values: pl.Series) -> np.ndarray:
        """(n,) whether a value is none that the codec can give back, but for the noise of
        floats."""
        decoded = self.decode(self.encode(values), np.random.default_rng(0))
        off = (decoded - values).abs() > NOISE * values.abs()
        return (off & (decoded != values)).to_numpy()

    def nearest(self, values: pl.Series) -> pl.Series:
        """(n,) numbers at the nearest tick between the smallest and the largest in training; null
        for NaN, and where none of these is known for those that no tick gives back."""
        if values.dtype.is_float():
            known = [float(name) for name in self.presence.absences if name != "missing"]
            held = values.is_in(known) if known else pl.repeat(False, len(values), eager=True)
            values = values.set(values.is_nan(), None)
        else:
            held = pl.repeat(False, len(values), eager=True)
        if self.ends is None:
            return values.set(pl.Series(self.unknown(values.fill_null(0))) & ~held, None)
        low, high = self.scale.values(np.array(self.ends), self.integer).tolist()
        inside = values.fill_null(low).set(held, low).clip(low, high)
        near = pl.Series(
            self.scale.values(self.scale.ticks(inside.to_numpy()), self.integer), dtype=self.dtype
        )
        return near.zip_with(~held, values).set(values.is_null(), None)

    @property
    def dtype(self) -> pl.DataType:

        return pl.Int64() if self.integer else pl.Float64()

    @property
    def moves_reckoned(self) -> bool:
        return self.few is not None

    def own_numbers(self, number: np.ndarray, towards: int, low: int, high: int) -> np.ndarray:
        """Ticks -> the nearest of the few that there are in that direction."""
        if self.few is None or not towards:
            return number
        side: Literal["left", "right"] = "left" if towards > 0 else "right"
        at = np.searchsorted(self.few, number, side) - (towards < 0)
        moved = self.few[np.clip(at, 0, len(self.few) - 1)]
        reached = (moved - number) * towards >= 0
        return np.where(reached & (moved >= low) & (moved <= high), moved, number)

    def encode(self, values: pl.Series) -> Batch:
        """(n,) numbers -> one tick each, 0 where there is none."""
        code = self.presence.encode(values)
        here = (code == 0).all(axis=1)
        tick = np.zeros((len(values), 1), np.int64)
        tick[here, 0] = self.scale.ticks(values.filter(pl.Series(here)).to_numpy())
        return Batch(tick, code)

    def decode(
        self, batch: Batch, rng: np.random.Generator, fresh: SurrogateStream = FIRST
    ) -> pl.Series:
        """Ticks -> numbers of the typed dtype."""
        values = pl.Series(self.scale.values(batch.tick[:, 0], self.integer))
        return self.presence.decode(values, batch.code)

    @property
    def missing_level(self) -> int | None:

        return self.presence.missing_level

    def allowed(self, column: Column, tests: Sequence[Test]) -> Allowed:
        """Intervals of ticks, compared as the values are; infinite ones pass what they pass as
        numbers."""
        return self.presence.allowed(column, tests, self._numbers)

    def _numbers(self, column: Column, test: Test) -> np.ndarray:
        """The ticks that pass a comparison."""
        if test.operator == "in":
            return union(self._of_value(column, value) for value in test.value)
        if test.operator == "=":
            return union([self._of_value(column, test.value)])
        first, last = self._span(_number(column, test.value))
        return {
            "<": between(-LARGEST, first - 1),
            "<=": between(-LARGEST, last),
            ">": between(last + 1, LARGEST),
            ">=": between(first, LARGEST),
            "!=": union([(-LARGEST, first - 1), (last + 1, LARGEST)]),
        }[test.operator]

    def _span(self, value: float) -> tuple[int, int]:
        """The first and the last tick of a value: one, several where ticks are finer than floats,
        or first > last."""
        first = self.scale.from_value(value, self.integer)
        behind = self.scale.from_value(value, self.integer, above=True)
        return first, behind - 1

    def _of_value(self, column: Column, asked: Any) -> tuple[int, int]:
        """The ticks of a value; none for an infinite one that occurs.

        Raises:
            ConditionError: The column cannot have it.
        """
        value = _number(column, asked)
        first, last = self._span(value)
        occurs = math.isinf(value) and str(float(value)) in self.presence.absences
        if first > last and not occurs:
            raise ConditionError(
                f"'{asked}' is no value that the column can have",
                where=f"column '{column.name}'",
                hint=f"its values are whole multiples of {self.scale.step:g}",
            )
        return first, last

    def to_state(self) -> dict[str, Any]:

        return {
            "places": self.scale.places,
            "multiple": self.scale.multiple,
            "binary": self.scale.binary,
            "integer": self.integer,
            "absences": list(self.presence.absences),
            "few": None if self.few is None else self.few.tolist(),
            "ends": self.ends,
        }

    @classmethod
    def from_state(cls, column: Column, state: Mapping[str, Any]) -> Self:

        codec = cls()
        codec.integer = checked.truth(state["integer"])
        binary = state["binary"]
        codec.scale = Scale(
            checked.whole(state["places"], 0, 0 if codec.integer else MOST_PLACES),
            checked.whole(state["multiple"], 1),
            None if binary is None else checked.whole(binary, *BINARY),
        )
        if codec.integer and binary is not None:
            raise ValueError("whole numbers have no binary step")
        codec.presence = Presence.from_state(state["absences"])
        if state.get("few"):
            codec.few = np.array(checked.wholes(state["few"]), np.int64)
            if len(codec.few) > MOST_FEW or np.any(codec.few[1:] <= codec.few[:-1]):
                raise ValueError("few numbers are many, or in no order")
        if state.get("ends"):
            codec.ends = checked.ends(state["ends"])
        codec.spec = codec._spec(column)
        return codec


def _few(ticks: np.ndarray, persons: np.ndarray | None) -> np.ndarray | None:
    values = np.unique(ticks)
    if not 1 < len(values) <= MOST_FEW:
        return None
    place = np.searchsorted(values, ticks)
    if sharing(place, len(values), persons).min() < FEWEST_PERSONS:
        return None
    return values if values[-1] - values[0] >= len(values) else None


def _number(column: Column, value: Any) -> int | float:
    is_number = isinstance(value, (int, float, np.integer, np.floating))
    if not is_number or isinstance(value, bool) or value != value:
        raise ConditionError(
            f"'{value}' is no number",
            where=f"column '{column.name}'",
            hint="write the value as the column does",
        )
    number: int | float = value.item() if isinstance(value, np.generic) else value
    return number
