"""Columns reckoned from others: ``b = a + d`` with d never negative, ``a = b - d``, ``c = a + b``,
``b = a``."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import gcd
from typing import Any

import numpy as np

from tidemill.codecs.columns.base import Allowed
from tidemill.codecs.columns.intervals import LARGEST, between, everything, meet, union
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
from tidemill.core.grid import Batch, Constraints, LinearBound, Real, Spec


@dataclass(frozen=True, slots=True)
class LinearLaw:
    """How a column's number follows from those of others: ``own * number = sum of weights * numbers
    + slack * d``.

    Attributes:
        column: The column that is reckoned.
        bases: The columns that it is reckoned from.
        weights: A whole number for each.
        own: What one of the column's number is worth on the scale of the sum.
        slack: 1 where the column lies d above the bases, -1 where it lies d below, 0 where it is
            their sum.
        noise: Where the sum holds in training rows but for so much of its numbers' size.
        loose: By so much the law may be broken where numbers were rounded to their steps.
    """

    column: str
    bases: tuple[str, ...]
    weights: tuple[int, ...]
    own: int
    slack: int
    noise: float = 0.0
    loose: int = 0

    @staticmethod
    def between(
        column: str,
        line: NumberLine,
        bases: Mapping[str, NumberLine],
        slack: int,
        signs: Sequence[int],
    ) -> LinearLaw:
        """On the finest scale on which all of them are whole numbers."""
        scale = line.step
        for base in bases.values():
            scale = common_step(scale, base.step)
        weights = [
            sign * int(base.step / scale) for base, sign in zip(bases.values(), signs, strict=True)
        ]
        return LinearLaw(column, tuple(bases), tuple(weights), int(line.step / scale), slack)

    def number(self, base: np.ndarray, d: np.ndarray) -> np.ndarray:
        """(n,) numbers of the column, from sums of its bases and free parts; between two, the one
        that keeps the rule."""
        total = base + self.slack * np.maximum(d, 0)
        if self.own == 1:
            return total
        if self.slack > 0:
            return np.asarray(-(-total // self.own))
        return np.asarray(total // self.own)

    def free(self, number: np.ndarray, base: np.ndarray) -> np.ndarray:
        """(n,) d; negative where the rule is broken, and for a sum 0 where it holds."""
        above = self.own * number - base
        return np.asarray(self.slack * above if self.slack else -np.abs(above))


class LinearRule(Block):
    """A column that is reckoned from others by a :class:`LinearLaw`; its channels say whether it is
    there, and d.

    Attributes:
        law: How.
        filled: Whether its number is made in every row, for others to be reckoned from.
        low, high: Bounds that its number is kept within.
        filled_bases: Bases whose numbers are there even where they themselves are missing.
        floors, ceilings: Columns of the same steps that it is never below or above of, besides
            what the law says: its number is moved to theirs.
    """

    filled_bases: frozenset[str] = frozenset()
    floors: tuple[str, ...] = ()
    ceilings: tuple[str, ...] = ()

    def __init__(
        self,
        law: LinearLaw,
        codecs: Codecs,
        filled: bool = False,
        low: int = -LARGEST,
        high: int = LARGEST,
    ) -> None:
        self.law = law
        self.filled = filled
        self.low, self.high = low, high
        self.columns, self.bases = (law.column,), law.bases
        self.column, self.codec = codecs[law.column]
        self._codecs = codecs
        codes = self.codec.spec.codes
        assert self.codec.line is not None
        if not law.slack:
            self.spec = Spec((), codes)
            return
        name = f"{law.bases[0]} - {law.column}"
        if law.slack > 0:
            name = f"{law.column} - {law.bases[0]}"
        presence = 0 if codes and not filled else None
        step = float(self.codec.line.step / law.own)
        self.spec = Spec((Real(name, step, presence),), codes)

    @property
    def guards(self) -> tuple[str, ...]:  # type: ignore[override]
        return (*self.floors, *self.ceilings)

    def encode(self, rows: BlockRows) -> Batch:
        _see_kept(self.formula, self.broken(rows))
        for low, high in self.orders:
            least, most = (rows.number(name, self._codecs[name][1]) for name in (low, high))
            _see_kept(ordered(low, high), least > most)
        part = rows.parts[self.law.column]
        if not self.law.slack:
            return Batch(part.tick[:, :0], part.code)
        here = rows.there(self.law.column, self.codec)
        missing = here & ~self.grounded(rows)
        if missing.any():
            raise DataError(
                f"there is a '{self.law.column}' without '{self.law.bases[0]}', "
                "as never in training",
                where=f"row {int(np.flatnonzero(missing)[0]) + 1}",
                hint="fit the model on data that hold such rows",
            )
        return Batch(np.where(here, self._free(rows), 0)[:, None], part.code)

    def broken(self, rows: BlockRows) -> np.ndarray:
        """(n,) whether the column and its bases all have numbers, and these break the rule."""
        return np.asarray(self.measured(rows) & (self._free(rows) < 0))

    @property
    def orders(self) -> tuple[tuple[str, str], ...]:
        """Pairs of columns of which the first is never above the second, besides what the law
        says."""
        column = self.law.column
        floors = tuple((name, column) for name in self.floors)
        return floors + tuple((column, name) for name in self.ceilings)

    def _guarded(self, number: np.ndarray, rows: BlockRows) -> np.ndarray:
        """(n,) numbers of the column, moved to those of floors and ceilings."""
        for names, moved in ((self.floors, np.maximum), (self.ceilings, np.minimum)):
            for name in names:
                number = moved(number, rows.number(name, self._codecs[name][1]))
        return number

    def _free(self, rows: BlockRows) -> np.ndarray:
        return self.free(rows.number(self.law.column, self.codec), rows)

    def free(self, number: np.ndarray, rows: BlockRows) -> np.ndarray:
        """(n,) d of numbers of the column beside those of its bases; negative where the rule is
        broken by more than noise."""
        law = self.law
        d = law.free(number, self.base(rows))
        if not (law.noise or law.loose) or not (d < 0).any():
            return d
        size = law.own * np.abs(number).astype(float)
        for name, weight in zip(law.bases, law.weights, strict=True):
            size += abs(weight) * np.abs(rows.number(name, self._codecs[name][1])).astype(float)
        return np.where((d < 0) & (-d <= law.loose + law.noise * size), 0, d)

    @property
    def formula(self) -> str:
        """The rule in signs."""
        sum_of_bases = ""
        for name, weight in zip(self.law.bases, self.law.weights, strict=True):
            if weight < 0:
                sum_of_bases += "- "
            elif sum_of_bases:
                sum_of_bases += "+ "
            sum_of_bases += f"{name} "
        sign = {1: "≤", -1: "≥", 0: "="}[self.law.slack]
        return f"'{sum_of_bases}{sign} {self.law.column}'"

    def base(self, rows: BlockRows) -> np.ndarray:
        """(n,) the sum of the bases."""
        return np.asarray(
            sum(
                weight * rows.number(name, self._codecs[name][1])
                for name, weight in zip(self.law.bases, self.law.weights, strict=True)
            )
        )

    def grounded(self, rows: BlockRows) -> np.ndarray:
        """(n,) whether every base has a number."""
        return np.logical_and.reduce(
            [rows.there(name, self._codecs[name][1]) for name in self.law.bases]
        )

    def measured(self, rows: BlockRows) -> np.ndarray:
        """(n,) whether the column and its bases all have numbers, so that the rule says
        something."""
        return rows.there(self.law.column, self.codec) & self.grounded(rows)

    def decode(self, batch: Batch, rows: BlockRows, rng: np.random.Generator) -> None:
        """Bases and d to a number; missing where a base is that was never missing beside it."""
        name, line = self.law.column, self.codec.line
        assert line is not None
        d = batch.tick[:, 0] if self.law.slack else np.zeros(len(batch), np.int64)
        number = np.clip(self.law.number(self.base(rows), d), self.low, self.high)
        if self.law.slack:
            number = self.codec.own_numbers(number, self.law.slack, self.low, self.high)
            number = self._guarded(number, rows)
        code = batch.code
        if not self.filled and not (grounded := self.grounded(rows)).all():
            code = np.where(grounded[:, None] | (code != 0), code, 1).astype(np.int32)
        if self.filled:
            rows.filled.add(name)
            rows.numbers[name] = number
        rows.parts[name] = without_absent(Batch(line.ticks(number), code), self.codec)
        if not self.filled:
            rows.numbers[name] = np.where(has_number(rows.parts[name], self.codec), number, 0)

    def known(self, name: str, allowed: Allowed, asked: BlockContext) -> Constraints:

        known = Constraints()
        if allowed.levels is not None and self.spec.codes:
            known = Constraints(code={asked.codes: allowed.levels})
        if allowed.levels is None or not allowed.levels[1:].any():
            for base in self.bases:
                codec = self._codecs[base][1]
                if codec.spec.codes and base not in self.filled_bases:
                    present = np.zeros(codec.spec.codes[0].size, bool)
                    present[0] = True
                    known = both(known, asked.known(base, Allowed(present)))
        if allowed.numbers is None:
            return known
        numbers = meet(allowed.numbers, between(self.low, self.high))
        return both(known, self._bounds(numbers, asked))

    def _bounds(self, numbers: np.ndarray, asked: BlockContext) -> Constraints:
        if not len(numbers):
            raise ConditionError(
                "no row can have such a value",
                where=f"column '{self.law.column}'",
                hint="ask for other values",
            )
        spans = union(self._totals(low, high) for low, high in numbers.tolist())
        if np.array_equal(spans, everything()):
            return Constraints()
        known = self.bounded(spans, asked.terms(self.law.column))
        for base in self.bases:
            known = both(known, asked.inside(base))
        if len(spans) > 1:
            return known
        return both(known, self._implied(int(spans[0, 0]), int(spans[0, 1]), asked))

    def bounded(self, spans: np.ndarray, terms: Mapping[int, int]) -> Constraints:
        """Bounds on the channels whose weighted sum shall lie in one of the spans.

        Raises:
            ConditionError: There are several spans, or no ticks of a single channel give them.
        """
        if len(terms) == 1:
            [(channel, weight)] = terms.items()
            exact = union(_divided(low, high, weight) for low, high in spans.tolist())
            if not len(exact):
                raise ConditionError(
                    "no row can have such a value",
                    where=f"column '{self.law.column}'",
                    hint="ask for other values",
                )
            return Constraints({channel: exact})
        if len(spans) > 1:
            raise ConditionError(
                f"values of '{self.law.column}', which is reckoned from other columns, can only "
                "be asked for as one span",
                where=f"column '{self.law.column}'",
                hint="ask for values from ... to ..., as COL>=FROM together with COL<=TO",
            )
        low, high = spans[0].tolist()
        return Constraints(sums=(LinearBound(tuple(terms), tuple(terms.values()), low, high),))

    def _totals(self, low: int, high: int) -> tuple[int, int]:
        """The sums of bases and d that give a number within a span, which is open where it ends at
        the column's own bounds."""
        own = self.law.own
        # a column above its bases is rounded up, every other one down
        below, above = (own - 1, 0) if self.law.slack > 0 else (0, own - 1)
        least = -LARGEST if low <= self.low else own * low - below
        most = LARGEST if high >= self.high else own * high + above
        return least, most

    def _implied(self, low: int, high: int, asked: BlockContext) -> Constraints:
        """What follows for a single base: it lies below the column, or above it."""
        if len(self.bases) > 1 or not self.law.slack:
            return Constraints()
        [weight] = self.law.weights
        if self.law.slack > 0 and high < LARGEST:
            numbers = between(-LARGEST, high // weight)
        elif self.law.slack < 0 and low > -LARGEST:
            numbers = between(-(-low // weight), LARGEST)
        else:
            return Constraints()
        return asked.known(self.bases[0], Allowed(numbers=numbers))

    def terms(self, channel: int, terms_of: Callable[[str], dict[int, int]]) -> dict[int, int]:
        """The channels that add up to the scaled sum, with weights.

        Args:
            channel: The unit's own.
            terms_of: The same of each base.
        """
        terms: dict[int, int] = {}
        if self.law.slack:
            terms[channel] = self.law.slack
        for base, weight in zip(self.law.bases, self.law.weights, strict=True):
            for other, inner in terms_of(base).items():
                terms[other] = terms.get(other, 0) + weight * inner
        return {channel: weight for channel, weight in terms.items() if weight}

    def to_state(self) -> dict[str, Any]:

        law = self.law
        return {
            "unit": "linear",
            "column": law.column,
            "bases": list(law.bases),
            "weights": list(law.weights),
            "own": law.own,
            "slack": law.slack,
            "noise": law.noise,
            "loose": law.loose,
            "filled": self.filled,
            "filled_bases": sorted(self.filled_bases),
            "floors": list(self.floors),
            "ceilings": list(self.ceilings),
            "low": self.low,
            "high": self.high,
        }

    @staticmethod
    def from_state(state: Mapping[str, Any], codecs: Codecs) -> LinearRule:

        law = LinearLaw(
            checked.text(state["column"]),
            tuple(map(checked.text, state["bases"])),
            tuple(checked.wholes(state["weights"])),
            checked.whole(state["own"], 1),
            checked.whole(state["slack"], -1, 1),
            checked.real(state.get("noise", 0.0), 0, 0.999),
            checked.whole(state.get("loose", 0), 0),
        )
        fits = len(law.bases) == len(law.weights) > 0 and all(law.weights)
        if not fits or any(codecs[name][1].line is None for name in (law.column, *law.bases)):
            raise ValueError("a column cannot be reckoned so")
        low, high = checked.ends((state["low"], state["high"]), -LARGEST, LARGEST)
        unit = LinearRule(law, codecs, checked.truth(state["filled"]), low, high)
        unit.filled_bases = frozenset(map(checked.text, state["filled_bases"]))
        if not unit.filled_bases.issubset(law.bases):
            raise ValueError("a column is filled that is no base")
        unit.floors = tuple(map(checked.text, state.get("floors", [])))
        unit.ceilings = tuple(map(checked.text, state.get("ceilings", [])))
        if any(not law.slack or not _alike(codecs, law.column, name) for name in unit.guards):
            raise ValueError("a column cannot be kept below or above another")
        return unit


def ordered(low: str, high: str) -> str:
    """An order in signs, as :attr:`LinearRule.formula` has its rule."""
    return f"'{low} ≤ {high}'"


def _see_kept(rule: str, broken: np.ndarray) -> None:
    """See that no row breaks a rule.

    Raises:
        DataError: One does.
    """
    if broken.any():
        raise DataError(
            f"the rule {rule} is broken",
            where=f"row {int(np.flatnonzero(broken)[0]) + 1}",
            hint="leave the row out, or mend it",
        )


def _alike(codecs: Codecs, one: str, other: str) -> bool:
    """Whether numbers of two columns can be compared as they are."""
    line, beside = codecs[one][1].line, codecs[other][1].line
    return line is not None and beside is not None and line.step == beside.step


def common_step(one: Fraction, other: Fraction) -> Fraction:
    """The largest step that both are multiples of."""
    return Fraction(
        gcd(one.numerator * other.denominator, other.numerator * one.denominator),
        one.denominator * other.denominator,
    )


def _divided(low: int, high: int, weight: int) -> tuple[int, int]:
    """The whole numbers whose product with the weight lies within both bounds."""
    if weight < 0:
        return _divided(-high, -low, -weight)
    least = low if low <= -LARGEST else -(-low // weight)
    most = high if high >= LARGEST else high // weight
    return least, most
