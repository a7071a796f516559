"""One step for columns of floats that rules compare or add, so that what holds of their ticks holds
of their values.

Ticks of one step are compared and added exactly. Floats of full precision have none: each column's
own step is a power of two as fine as 64 bits allow, which leaves no room for a sum and none for two
columns of different size. Here such columns get a common step, as fine as their sums allow.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from tidemill.codecs.columns.base import ColumnCodec
from tidemill.codecs.columns.number import NumberCodec, Scale
from tidemill.core.dataset import Dataset
from tidemill.core.lawful import FINEST, NOISE
from tidemill.core.schema import Column, Rule

_EXACT_BITS = 53
"""Of floats: ticks below 2**53 are values to the last bit, and so are their sums."""
_WHOLE_BITS = 59
"""Of sums of ticks, with room to spare in 64."""
_SMALLEST = -1074
"""2**-1074 is the smallest float."""
_DIGITS = 17
_ULPS = 2.0**-48
"""The error of a few sums and differences, relative to the largest number among them."""
_ROUNDED = 1e-12
"""The error of numbers that were reckoned from decimals, relative to their own size."""
_TELLING = 2.0**-36
"""A decimal step finer than so much of the largest number would let anything pass."""
_LOST = 0.01
"""Of the numbers of a column, so many may be too small for its step."""


def share_scales(
    codecs: dict[str, tuple[Column, ColumnCodec]], data: Dataset, rules: Sequence[Rule]
) -> set[str]:
    """Gives columns of floats that orders and sums tie together one step, and floats that are
    decimals but for the noise of reckoning their decimals.

    Args:
        codecs: Of all columns; changed.
        data: The training rows.
        rules: Of the schema.

    Returns:
        Columns that are tied together and span too many sizes for one step.
    """
    products = {rule.columns[-1]: rule for rule in rules if rule.kind == "a*b=c"}
    apart: set[str] = set()
    for names, kinds in _tied(codecs, rules):
        group = _Group.of(names, kinds, codecs, data, products)
        if group.is_exact():
            continue
        chosen = next(filter(group.keeps, group.candidates()), None)
        if chosen is None:
            apart |= set() if len(names) == 1 or group.is_alike() else {*names}
            continue
        for name in names:
            column, codec = codecs[name]
            assert isinstance(codec, NumberCodec)
            if not codec.integer and not _is_coarser(codec.scale, chosen):
                codecs[name] = column, codec.on_scale(column, chosen)
    return apart


def _tied(
    codecs: dict[str, tuple[Column, ColumnCodec]], rules: Sequence[Rule]
) -> Iterator[tuple[list[str], set[str]]]:
    """Groups of columns of numbers that orders and sums tie together, and the kinds of rules that
    speak of them; columns that others are multiplied to stand alone."""
    group: dict[str, set[str]] = {}
    kinds: dict[str, set[str]] = {}
    for rule in rules:
        if rule.kind not in ("a<=b", "a+b=c", "a*b=c", "b=k*a+m") or not all(
            isinstance(codecs[name][1], NumberCodec) for name in rule.columns
        ):
            continue
        for name in rule.columns:
            group.setdefault(name, {name})
            kinds.setdefault(name, set()).add(rule.kind)
        if rule.kind in ("a<=b", "a+b=c"):
            together = set().union(*(group[name] for name in rule.columns))
            group |= dict.fromkeys(together, together)
    done: set[str] = set()
    for name in codecs:
        if name in group and name not in done:
            done |= group[name]
            names = [other for other in codecs if other in group[name]]
            yield names, set().union(*(kinds[other] for other in names))


def _is_coarser(scale: Scale, other: Scale) -> bool:
    """Whether every value of a scale is one of another, decimal one."""
    return scale.binary is None and other.binary is None and scale.places <= other.places


@dataclass(frozen=True)
class _Group:
    """Columns that are to get one step.

    Attributes:
        kinds: Of the rules that speak of them.
        scales: Their own.
        floats: (n,) the different finite numbers of those that are no integers.
        reach: No sum of them is larger.
    """

    kinds: set[str]
    scales: list[Scale]
    floats: list[np.ndarray]
    reach: float

    @staticmethod
    def of(
        names: Sequence[str],
        kinds: set[str],
        codecs: dict[str, tuple[Column, ColumnCodec]],
        data: Dataset,
        products: Mapping[str, Rule],
    ) -> _Group:
        scales, floats, reach = [], [], 0.0
        for name in names:
            codec = codecs[name][1]
            assert isinstance(codec, NumberCodec)
            values = _finite(data, name)
            largest = _largest(values)
            if name in products:
                factors = products[name].columns[:2]
                largest = max(largest, math.prod(_largest(_finite(data, one)) for one in factors))
            reach += 2 * largest
            scales.append(codec.scale)
            if not codec.integer:
                floats.append(values)
        return _Group(kinds, scales, floats, reach)

    def is_exact(self) -> bool:
        """Whether the columns have decimals so short that their sums are exact as they are."""
        places = max(scale.places for scale in self.scales)
        is_decimal = all(scale.binary is None for scale in self.scales)
        return not self.floats or (is_decimal and self.reach * 10.0**places < 2.0**_EXACT_BITS)

    def is_alike(self) -> bool:
        """Whether larger decimals can stay as they are: those of one step are rounded alike, and of
        sums the last digit does not count."""
        if any(scale.binary is not None for scale in self.scales):
            return False
        return "a<=b" not in self.kinds or len(set(self.scales)) == 1

    def is_alone(self) -> bool:
        """Whether its one column is only multiplied."""
        return self.kinds.isdisjoint(("a<=b", "a+b=c"))

    def candidates(self) -> Iterator[Scale]:
        """Steps, the best first.

        Decimals come first, as they keep what is written in decimals; of floats that are added,
        powers of two, which make sums that are exact.
        """
        if not 0 < self.reach < math.inf:
            return
        room = (_EXACT_BITS - math.log2(self.reach)) / math.log2(10)
        finest = min(math.floor(room), _DIGITS)
        for places in range(finest + 1):
            if self._is_written_with(places):
                yield Scale(places)
                return
        largest = math.frexp(self.reach)[1]
        is_decimal = any(scale.binary is None and scale.places for scale in self.scales)
        if self.is_alone():
            yield Scale(binary=max(largest - _WHOLE_BITS, _SMALLEST))
            return
        if "a+b=c" in self.kinds and not is_decimal:
            yield Scale(binary=max(largest - _EXACT_BITS, _SMALLEST))
        if finest >= 0:
            yield Scale(finest)
        if not is_decimal:
            yield Scale(binary=max(largest - _WHOLE_BITS, _SMALLEST))

    def _is_written_with(self, places: int) -> bool:
        """Whether all numbers have so many decimals, but for the noise of reckoning."""
        if 10.0**-places < _TELLING * self.reach:
            return False
        for values in self.floats:
            written = np.rint(values * 10.0**places) / 10.0**places
            room = _ROUNDED * np.abs(values)
            if "a+b=c" in self.kinds:  # a difference has the noise of what it is the difference of
                room = np.maximum(room, _ULPS * self.reach)
            if (np.abs(values - written) > room).any():
                return False
        return True

    def keeps(self, scale: Scale) -> bool:
        """Whether hardly any number is so small that the step loses more of it than noise."""
        if scale.binary is None and self._is_written_with(scale.places):
            return True
        if self.is_alone():
            return scale.step <= FINEST * min(map(_largest, self.floats))
        least = scale.step / 2 / NOISE
        return all(
            ((values != 0) & (np.abs(values) < least)).mean() <= _LOST
            for values in self.floats
            if len(values)
        )


def _finite(data: Dataset, name: str) -> np.ndarray:
    """The different finite numbers of a column."""
    values = data[name].drop_nulls().unique().to_numpy()
    return values[np.isfinite(values)]


def _largest(values: np.ndarray) -> float:
    return float(np.abs(values.astype(float)).max(initial=0))
