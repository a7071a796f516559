"""Columns reckoned from others by multiplying: ``c = a * b`` and ``b = k * a + m``, rounded to the
column's own step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from math import lcm
from typing import Any, Literal, get_args

import numpy as np

from tidemill.codecs.columns.base import Allowed
from tidemill.codecs.columns.intervals import LARGEST, union
from tidemill.codecs.columns.line import NumberLine
from tidemill.codecs.rules.units import (
    Block,
    BlockContext,
    BlockRows,
    Codecs,
    both,
    has_number,
    without_absent,
)
from tidemill.core import checked_values as checked
from tidemill.core.errors import ConditionError, DataError
from tidemill.core.grid import Batch, Code, Constraints, Spec
from tidemill.core.lawful import FINEST, NOISE

Rounding = Literal["away", "even", "up", "down", "either", "near"]
"""Where what lies midway between two steps goes: away from zero, to the even one, up, down, to
either, as each row says; or "near" of floats, which are multiplied as floats and nearly agree."""
MOST_USUAL = 64
"""Numbers of a factor that are kept."""


@dataclass(frozen=True, slots=True)
class ProductLaw:
    """How a column's number follows from the product of those of others: ``number = (times *
    product of bases + plus) / parts``, rounded.

    Attributes:
        column: The column that is reckoned.
        bases: One column or two.
        times, plus, parts: Whole numbers; ``parts`` is positive.
        rounding: What becomes of halves.
        loose: Of floats, by so much a number may differ from what is reckoned, beside NOISE.
    """

    column: str
    bases: tuple[str, ...]
    times: int
    plus: int
    parts: int
    rounding: Rounding = "away"
    loose: int = 0

    @staticmethod
    def between(
        column: str,
        line: NumberLine,
        bases: Mapping[str, NumberLine],
        scale: Fraction,
        shift: Fraction,
    ) -> ProductLaw:
        """On the steps of the columns' lines."""
        factor = scale / line.step
        for base in bases.values():
            factor *= base.step
        added = shift / line.step
        parts = lcm(factor.denominator, added.denominator)
        return ProductLaw(column, tuple(bases), int(factor * parts), int(added * parts), parts)

    def wide(self, numbers: Sequence[np.ndarray]) -> bool:
        """Whether numbers so large leave room in 64 bits."""
        reach = float(abs(self.times))
        for number in numbers:
            reach *= float(np.abs(number).max(initial=0))
        return (reach + abs(self.plus)) * 8 < LARGEST

    def raw(self, numbers: Sequence[np.ndarray]) -> np.ndarray:
        """(n,) what is to be divided by the parts and rounded."""
        if self.rounding == "near":
            made = np.full(len(numbers[0]), self.times / self.parts)
            for number in numbers:
                made = made * number
            return made + self.plus / self.parts
        product = np.asarray(numbers[0] * self.times)
        for number in numbers[1:]:
            product = product * number
        return np.asarray(product + self.plus)

    def number(self, raw: np.ndarray, up: np.ndarray) -> np.ndarray:
        """(n,) the column's numbers.

        Args:
            raw: What is to be divided and rounded.
            up: (n,) for "either", whether halves go up.
        """
        if self.rounding == "near":
            return np.rint(np.clip(raw, -LARGEST, LARGEST)).astype(np.int64)
        floor = raw // self.parts
        left = 2 * (raw - floor * self.parts)
        halves = {
            "away": raw > 0,
            "even": floor % 2 != 0,
            "up": np.ones(len(raw), bool),
            "down": np.zeros(len(raw), bool),
            "either": up,
        }[self.rounding]
        return np.asarray(floor + ((left > self.parts) | ((left == self.parts) & halves)))

    def halves(self, raw: np.ndarray) -> np.ndarray:
        """(n,) whether what is to be rounded lies midway."""
        return np.asarray(2 * (raw % self.parts) == self.parts)

    def span(self, low: int, high: int) -> tuple[int, int]:
        """The numbers of the one base whose column lies from low to high; from > to where none
        can."""
        ends = (low, high) if self.times > 0 else (high, low)
        return self._outermost(ends[0], -1), self._outermost(ends[1], 1)

    def _outermost(self, end: int, outward: int) -> int:
        """The largest (outward 1) or smallest (-1) number of the base whose column does not lie
        beyond an end."""
        if abs(end) >= LARGEST:
            return outward * LARGEST
        middle = Fraction(end * self.parts - self.plus, self.times)
        room = Fraction(self.parts, 2 * abs(self.times)) + 2
        at = int(middle + outward * room)
        below = outward * self.times > 0  # the column grows outward: it must not lie above the end
        while True:
            raw = np.array([self.times * at + self.plus], object)
            made = int(self.number(raw, np.zeros(1, bool))[0])
            if made <= end if below else made >= end:
                return max(-LARGEST, min(at, LARGEST))
            at -= outward

    def factor_spans(self, number: np.ndarray, other: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """(n,) the smallest and the largest number of a base with which the others make the
        column's number; the first above the second where none does.

        Args:
            number: (n,) of the column.
            other: (n,) the product of the other bases; not 0.
        """
        if self.rounding == "near":
            weight = other * (self.times / self.parts)
            made = (number - self.plus / self.parts) / weight
            room = NOISE / 4 * np.abs(number / weight)
            outer = np.rint(np.clip([made - room, made + room], -LARGEST, LARGEST))
            return outer[0].astype(np.int64), outer[1].astype(np.int64)
        weight = self.times * other
        sign = np.sign(weight)
        ends = [2 * (self.parts * number - self.plus) + side * self.parts for side in (-1, 1)]
        low = -(-(sign * np.where(sign > 0, ends[0], ends[1])) // (2 * np.abs(weight)))
        high = (sign * np.where(sign > 0, ends[1], ends[0])) // (2 * np.abs(weight))
        # halves may go the other way
        up = np.zeros(len(number), bool)
        low = np.where(self.number(weight * low + self.plus, up) == number, low, low + 1)
        high = np.where(self.number(weight * high + self.plus, up) == number, high, high - 1)
        return low, high


class Reckoned(Block):
    """A column that is reckoned by a :class:`ProductLaw`; its channels say whether it is there.

    Rows in which a base is missing have nothing to reckon from; only where such rows had values
    does the column keep channels of its own, which then count in these rows.

    Attributes:
        law: How.
        keeps: Whether the column has channels of its own.
        usual: For each base some numbers, the commonest first: tried where a product is given, and
            neither of its factors.
    """

    def __init__(
        self, law: ProductLaw, codecs: Codecs, keeps: bool, usual: Sequence[Sequence[int]] = ()
    ) -> None:
        self.law, self.keeps = law, keeps
        self.usual = tuple(tuple(numbers) for numbers in usual)
        self.columns, self.bases = (law.column,), law.bases
        self.column, self.codec = codecs[law.column]
        self._codecs = codecs
        codes = self.codec.spec.codes
        halves = (Code(f"{law.column} rounded up", 2),) if law.rounding == "either" else ()
        own = self.codec.spec if keeps else Spec((), codes)
        self.spec = Spec.joined([own, Spec((), halves)])

    @staticmethod
    def learned(
        law: ProductLaw, codecs: Codecs, rows: BlockRows, usual: Sequence[Sequence[int]]
    ) -> Reckoned | str:
        """The way of rounding of the training rows, or why there is none."""
        unit = Reckoned(law, codecs, False)
        there = has_number(rows.parts[law.column], unit.codec)
        grounded = unit.grounded(rows)
        numbers = [number[grounded & there] for number in unit.numbers(rows)]
        if not law.wide(numbers):
            return "its numbers are too large"
        raw = law.raw(numbers)
        seen = rows.number(law.column, unit.codec)[grounded & there]
        keeps = bool((there & ~grounded).any())
        for rounding in get_args(Rounding):
            if rounding == "either":
                break
            tried = replace(law, rounding=rounding)
            if (tried.number(raw, np.zeros(len(raw), bool)) == seen).all():
                return Reckoned(tried, codecs, keeps, usual)
        unit = Reckoned(replace(law, rounding="either"), codecs, keeps, usual)
        return "it does not hold to the last step" if unit.broken(rows).any() else unit

    @staticmethod
    def of_floats(
        law: ProductLaw, codecs: Codecs, rows: BlockRows, usual: Sequence[Sequence[int]] = ()
    ) -> Reckoned | str:
        """The same by multiplying floats, or why training rows do not allow it."""
        line = codecs[law.column][1].line
        assert line is not None
        reach = abs(law.times) / law.parts
        for base in law.bases:
            reach *= float(np.abs(rows.number(base, codecs[base][1])).max(initial=0))
        if reach + abs(law.plus) / law.parts >= LARGEST:
            return "its numbers are too large"
        seen = rows.number(law.column, codecs[law.column][1])
        loose = int(FINEST / 2 * float(np.abs(seen).max(initial=0))) + 1
        near = replace(law, rounding="near", loose=loose)
        unit = Reckoned(near, codecs, False, usual)
        there = has_number(rows.parts[law.column], unit.codec)
        unit = Reckoned(near, codecs, bool((there & ~unit.grounded(rows)).any()), usual)
        return "it does not hold to the last step" if unit.broken(rows).any() else unit

    def numbers(self, rows: BlockRows) -> list[np.ndarray]:
        """The bases' numbers."""
        return [rows.number(base, self._codecs[base][1]) for base in self.bases]

    def grounded(self, rows: BlockRows) -> np.ndarray:
        """(n,) whether every base is there."""
        return np.logical_and.reduce(
            [has_number(rows.parts[base], self._codecs[base][1]) for base in self.bases]
        )

    def broken(self, rows: BlockRows) -> np.ndarray:
        """(n,) whether the column and its bases are all there, and it is another number."""
        seen = rows.number(self.law.column, self.codec)
        raw = self.law.raw(self.numbers(rows))
        if self.law.rounding == "near":
            checked = self.grounded(rows) & has_number(rows.parts[self.law.column], self.codec)
            room = self.law.loose + NOISE * np.abs(seen)
            return np.asarray(checked & (np.abs(raw - seen) > room))
        low, high = (self.law.number(raw, np.full(len(raw), up)) for up in (False, True))
        checked = self.grounded(rows) & has_number(rows.parts[self.law.column], self.codec)
        return np.asarray(checked & (seen != low) & (seen != high))

    def encode(self, rows: BlockRows) -> Batch:
        name = self.law.column
        broken = self.broken(rows)
        if broken.any():
            raise DataError(
                f"'{name}' is not what {self.said} makes",
                where=f"row {int(np.flatnonzero(broken)[0]) + 1}",
                hint="leave the row out, or mend it",
            )
        part = rows.parts[name]
        alone = has_number(part, self.codec) & ~self.grounded(rows)
        if alone.any() and not self.keeps:
            raise DataError(
                f"there is a '{name}' without {self.said}, as never in training",
                where=f"row {int(np.flatnonzero(alone)[0]) + 1}",
                hint="fit the model on data that hold such rows",
            )
        tick = part.tick if self.keeps else part.tick[:, :0]
        code = part.code
        if self.law.rounding == "either":
            raw = self.law.raw(self.numbers(rows))
            up = self.law.halves(raw) & (rows.number(name, self.codec) > raw // self.law.parts)
            code = np.concatenate([code, up.astype(np.int32)[:, None]], axis=1)
        return Batch(tick, code)

    def decode(self, batch: Batch, rows: BlockRows, rng: np.random.Generator) -> None:
        """The product, missing where the code says so or a base is missing."""
        name, line = self.law.column, self.codec.line
        assert line is not None
        codes = len(self.codec.spec.codes)
        up = np.zeros(len(batch), bool)
        if self.law.rounding == "either":
            up = batch.code[:, codes] == 1
        grounded = self.grounded(rows)
        raw = self.law.raw([np.where(grounded, number, 0) for number in self.numbers(rows)])
        tick = line.ticks(np.clip(self.law.number(raw, up), -LARGEST, LARGEST))
        code = batch.code[:, :codes]
        missing = self.codec.missing_level
        if self.keeps:
            tick = np.where(grounded[:, None], tick, batch.tick)
        elif missing is not None:
            code = np.where(grounded[:, None], code, missing).astype(np.int32)
        rows.parts[name] = without_absent(Batch(tick, code), self.codec)

    def usual_factor(self, number: np.ndarray) -> np.ndarray:
        """(n,) of each number of a product a first factor: the commonest one that goes with a
        common second factor, or else with any; 0 where none of the usual ones fits."""
        chosen = np.zeros(len(number), np.int64)
        firsts, seconds = self.usual[0], np.sort(np.array(self.usual[1], np.int64))
        if self.law.rounding == "near":
            return self._factor_between(number)
        for is_common in (True, False):
            for tried in firsts:
                if not tried:
                    continue
                low, high = self.law.factor_spans(number, np.full(len(number), tried))
                fits = (chosen == 0) & (low <= high)
                if is_common:
                    fits &= np.searchsorted(seconds, low) < np.searchsorted(seconds, high, "right")
                chosen = np.where(fits, tried, chosen)
        return chosen

    def _factor_between(self, number: np.ndarray) -> np.ndarray:
        """The same of floats: one of the usual ones, or one that goes with a usual second factor,
        where both lie between the ends of their columns; else 0."""
        chosen = np.zeros(len(number), np.int64)
        first_ends, second_ends = (
            getattr(self._codecs[base][1], "ends", None) or (-LARGEST, LARGEST)
            for base in self.bases
        )
        tried = [np.full(len(number), factor) for factor in self.usual[0] if factor]
        for factor in self.usual[1]:
            if factor:
                tried.append(self.law.factor_spans(number, np.full(len(number), factor))[0])
        for first in tried:
            other = self.law.factor_spans(number, np.where(first == 0, 1, first))
            fits = (chosen == 0) & (first >= first_ends[0]) & (first <= first_ends[1])
            fits &= (other[0] >= second_ends[0]) & (other[1] <= second_ends[1])
            chosen = np.where(fits, first, chosen)
        return chosen

    @property
    def said(self) -> str:
        """What it is reckoned from."""
        return " and ".join(f"'{base}'" for base in self.bases)

    @property
    def is_exact(self) -> bool:
        """Whether values of the column can be said as bounds of its one base."""
        return (
            len(self.bases) == 1 and not self.keeps and self.law.rounding not in ("either", "near")
        )

    def known(self, name: str, allowed: Allowed, asked: BlockContext) -> Constraints:
        """Bounds on whether it is there, and on its base.

        Raises:
            ConditionError: Bounds of a product are no bounds of its factors.
        """
        known = Constraints()
        if allowed.levels is not None and self.codec.spec.codes:
            known = Constraints(code={asked.codes: allowed.levels})
        if allowed.levels is None or not allowed.levels[1:].any():
            for base in () if self.keeps else self.bases:
                codec = self._codecs[base][1]
                if codec.spec.codes:
                    present = np.zeros(codec.spec.codes[0].size, bool)
                    present[0] = True
                    known = both(known, asked.known(base, Allowed(present)))
        if allowed.numbers is None:
            return known
        if not self.is_exact:
            raise ConditionError(
                f"'{name}' is reckoned from {self.said}, and cannot be asked for here",
                where=f"column '{name}'",
                hint=f"ask for values of {self.said}",
            )
        spans = union(self.law.span(low, high) for low, high in allowed.numbers.tolist())
        if not len(spans):
            raise ConditionError(
                "no row can have such a value",
                where=f"column '{name}'",
                hint="ask for other values",
            )
        return both(known, asked.known(self.bases[0], Allowed(numbers=spans)))

    def to_state(self) -> dict[str, Any]:

        law = self.law
        return {
            "unit": "reckoned",
            "column": law.column,
            "bases": list(law.bases),
            "times": law.times,
            "plus": law.plus,
            "parts": law.parts,
            "rounding": law.rounding,
            "loose": law.loose,
            "keeps": self.keeps,
            "usual": [list(numbers) for numbers in self.usual],
        }

    @staticmethod
    def from_state(state: Mapping[str, Any], codecs: Codecs) -> Reckoned:

        law = ProductLaw(
            checked.text(state["column"]),
            tuple(map(checked.text, state["bases"])),
            checked.whole(state["times"]),
            checked.whole(state["plus"]),
            checked.whole(state["parts"], 1),
            state["rounding"],
            checked.whole(state.get("loose", 0), 0),
        )
        fits = law.rounding in get_args(Rounding) and law.times != 0
        fits &= len(law.bases) in (1, 2)
        if not fits or any(codecs[name][1].line is None for name in (law.column, *law.bases)):
            raise ValueError("a column cannot be reckoned so")
        usual = [checked.wholes(numbers) for numbers in state["usual"]]
        if len(usual) > len(law.bases) or any(len(numbers) > MOST_USUAL for numbers in usual):
            raise ValueError("usual numbers are of no base, or too many")
        return Reckoned(law, codecs, checked.truth(state["keeps"]), usual)
