"""Pairs of columns of which one is a fixed multiple of the other, or lies a fixed amount above
it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from tidemill.cleaning.products import SLIPS
from tidemill.core.lawful import NOISE, agrees, step_of

_SCREENED = 200
_LEVELS = 5
_FEWEST = 25
_BROKEN = 15.0
_DIGITS = 4  # of a factor, before a fraction is tried
_DENOMINATOR = 1_000
_MOST_DIGITS = 12


@dataclass(frozen=True, slots=True)
class MultipleRule:
    """``derived`` = ``factor`` * ``base`` + ``offset``, rounded to the step of what is derived.

    Attributes:
        base, derived: Positions of the columns.
        factor, offset: Exact.
        support: Rows in which both are known.
        broken: Rows in which it does not hold: none, or so few that they look like errors.
        exact: Whether nothing is lost by rounding.
        coarse: Whether several numbers of the base make one: then new ones of it would be finer
            than real ones are, if these can be reckoned from what is derived.
    """

    base: int
    derived: int
    factor: Fraction
    offset: Fraction
    support: int
    broken: int = 0
    exact: bool = False
    coarse: bool = False


def multiples(
    values: np.ndarray, rng: np.random.Generator, *, only_offsets: bool = False
) -> list[MultipleRule]:
    """Every b = k * a + m that (nearly) always holds, of which none follows from others.

    Of a pair that can be read both ways the one with the simpler factor counts, else the earlier
    column is the base.

    Args:
        values: (n, m) Numbers, or microseconds; NaN where missing.
        rng: Draws the rows on which most pairs are ruled out.
        only_offsets: Whether k must be 1, as between dates.
    """
    many = values[rng.permutation(len(values))[:2_000]]
    steps = np.array([step_of(column) for column in many.T])
    levels = np.array([len(np.unique(column[~np.isnan(column)])) for column in many.T])
    rows = np.argsort(np.isnan(many).sum(axis=1), kind="stable")[:_SCREENED]
    few = many[rows]
    found: dict[tuple[int, int], MultipleRule] = {}
    for base, derived in _possible(few, steps, levels >= _LEVELS, only_offsets):
        rule = _judged(values, base, derived, only_offsets)
        if rule is not None:
            found[base, derived] = rule
    return _reduced(list(found.values()), found)


def _possible(
    few: np.ndarray, steps: np.ndarray, varied: np.ndarray, only_offsets: bool
) -> Iterator[tuple[int, int]]:
    """Pairs that nearly keep one ratio, one difference, or one line in the screened rows."""
    width = few.shape[1]
    centred = few - np.nanmedian(few, axis=0) if len(few) else few
    for base in np.flatnonzero(varied).tolist():
        column = few[:, [base]]
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            near = _near(few - column, np.ones_like(column), steps)
            if not only_offsets:
                near |= _near(few / column, np.abs(column), steps)
                near |= _near_line(few, centred, base, steps)
        near &= varied
        near[base] = False
        yield from ((base, derived) for derived in range(width) if near[derived])


def _near(quotient: np.ndarray, weight: np.ndarray, steps: np.ndarray) -> np.ndarray:
    """(m,) whether nearly all rows agree with the middle ratio or difference."""
    known = np.isfinite(quotient)
    count = known.sum(axis=0)
    middle = np.full(quotient.shape[1], np.nan)
    some = count >= 10
    middle[some] = np.nanmedian(np.where(known, quotient, np.nan)[:, some], axis=0)
    off = np.abs(quotient - middle) * weight
    room = 2 * steps + 1e-6 * np.abs(middle) * weight
    right = (off <= room) & known
    return np.asarray(some & (right.sum(axis=0) >= 0.9 * count))


def _near_line(few: np.ndarray, centred: np.ndarray, base: int, steps: np.ndarray) -> np.ndarray:
    """(m,) whether rows lie on the line through the two outermost ones."""
    column = few[:, base]
    if np.isnan(column).all():
        return np.zeros(few.shape[1], bool)
    low, high = int(np.nanargmin(column)), int(np.nanargmax(column))
    slope = (few[high] - few[low]) / (column[high] - column[low])
    made = few[low] + (column - column[low])[:, None] * slope
    known = ~np.isnan(made) & ~np.isnan(few)
    right = np.abs(made - few) <= 3 * steps + 1e-6 * np.abs(few)
    spread = np.nanmax(np.abs(centred), axis=0, initial=0, where=~np.isnan(centred))
    telling = spread > 20 * steps
    return np.asarray(telling & (known.sum(axis=0) >= 10) & (right | ~known).all(axis=0))


def _judged(values: np.ndarray, base: int, derived: int, only_offsets: bool) -> MultipleRule | None:
    known = ~np.isnan(values[:, base]) & ~np.isnan(values[:, derived])
    a, b = values[known, base], values[known, derived]
    if len(a) < _FEWEST:
        return None
    step = step_of(b)
    room = step
    if only_offsets or (step and (step_of(a) / step).is_integer()):
        room = 0.0  # sums of such numbers need not be rounded
    for factor, offset in _candidates(a, b, step, room, only_offsets):
        if factor == 0 or (factor == 1 and offset == 0):
            continue
        made = a * float(factor) + float(offset)
        wrong = made != b if only_offsets else ~agrees(made, b, step)
        broken = int(wrong.sum())
        if broken <= SLIPS * len(a) and _is_telling(b, step):
            exact = bool(agrees(made, b, 0.0)[~wrong].all())
            coarse = not only_offsets and step > abs(float(factor)) * step_of(a) * (1 + 1e-9)
            return MultipleRule(base, derived, factor, offset, len(a), broken, exact, coarse)
    return None


def _is_telling(derived: np.ndarray, step: float) -> bool:
    """Whether the column differs by many of its steps, and shuffling would often break a rule."""
    spread = float(np.quantile(derived, 0.95) - np.quantile(derived, 0.05))
    _, counts = np.unique(derived, return_counts=True)
    differing = 1 - float(np.square(counts / len(derived)).sum())
    return spread > 4 * step and len(derived) * differing >= _BROKEN


def _candidates(
    a: np.ndarray, b: np.ndarray, step: float, room: float, only_offsets: bool
) -> Iterator[tuple[Fraction, Fraction]]:
    """Factors and offsets that fit all rows, or all but a few; the simplest first.

    Args:
        a, b: (n,) Both columns.
        step: To which the second is rounded.
        room: The same for a mere offset.
        only_offsets: Whether the factor must be 1.
    """
    apart = b - a
    if only_offsets:
        yield Fraction(1), Fraction(float(np.median(apart)))
        return
    noise = NOISE * float(np.median(np.abs(b)))
    near = room / 2 + noise
    yield from ((Fraction(1), m) for m in _within(apart - near, apart + near))
    half = step / 2 + noise
    large = np.abs(a) > 0
    if large.sum() >= _FEWEST / 2:
        ends = np.stack([(b - half)[large] / a[large], (b + half)[large] / a[large]])
        yield from ((k, Fraction(0)) for k in _within(ends.min(axis=0), ends.max(axis=0)))
    low, high = int(np.argmin(a)), int(np.argmax(a))
    wide = a[high] - a[low]
    if wide <= 0 or abs(b[high] - b[low]) < 20 * step:
        return
    slope, room = (b[high] - b[low]) / wide, 2 * half / wide
    k = simplest(slope - room, slope + room)
    left = b - float(k) * a
    yield from ((k, m) for m in _within(left - half, left + half))


def _within(low: np.ndarray, high: np.ndarray) -> Iterator[Fraction]:
    """The simplest number within all intervals, and that within all but a few."""
    least, most = float(low.max()), float(high.min())
    if least <= most:
        yield simplest(least, most)
        return
    part = SLIPS / 2
    least, most = float(np.quantile(low, 1 - part)), float(np.quantile(high, part))
    if least <= most:
        yield simplest(least, most)


def simplest(low: float, high: float) -> Fraction:
    """The number between two others with the fewest decimals; a fraction of small numbers where
    that would be long.

    Example:
        >>> simplest(1.1899, 1.1901), simplest(0.3333333, 0.3333334), simplest(-3.2, 2.9)
        (Fraction(119, 100), Fraction(1, 3), Fraction(0, 1))
    """
    if low <= 0 <= high:
        return Fraction(0)
    middle = Fraction((low + high) / 2)
    decimal = middle
    digits = -6
    while digits <= _MOST_DIGITS:
        decimal = Fraction(round(middle * Fraction(10) ** digits)) / Fraction(10) ** digits
        if low <= decimal <= high:
            break
        digits += 1
    close = middle.limit_denominator(_DENOMINATOR)
    is_shorter = digits > _DIGITS and len(str(close)) <= digits
    return close if is_shorter and low <= close <= high else decimal


def _reduced(
    rules: list[MultipleRule], found: dict[tuple[int, int], MultipleRule]
) -> list[MultipleRule]:
    """One rule for each pair, and no more pairs than join the columns."""
    group: dict[int, int] = {}

    def root(at: int) -> int:
        while at in group:
            at = group[at]
        return at

    kept = []
    for rule in sorted(rules, key=_clumsiness):
        one, other = root(rule.base), root(rule.derived)
        if rule.broken:
            back = found.get((rule.derived, rule.base))
            if back is None or _clumsiness(rule) <= _clumsiness(back):
                kept.append(rule)
        elif one != other:
            group[other] = one
            kept.append(rule)
    return sorted(kept, key=lambda rule: (rule.base, rule.derived))


def _clumsiness(rule: MultipleRule) -> tuple[int, bool, bool, int, int, int]:
    """Rules without slips and rounding and with short numbers first, then those of earlier
    columns."""
    return (
        rule.broken,
        rule.coarse,
        not rule.exact,
        len(str(abs(rule.factor))) + len(str(abs(rule.offset))),
        rule.base,
        rule.derived,
    )
