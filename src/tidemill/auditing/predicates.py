"""Conditions on rows that single one out, and the rows that they are true of."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from tidemill.supervised.arrays import Features, Floats

Test = tuple[int, str, float]
"""Position of a column, "==", "<=" or ">=", and a number or a code; NaN and code 0 are what is
missing."""
Predicate = tuple[Test, ...]
FEWEST_COLUMNS = 3
MOST_COLUMNS = 8
"""Columns of a predicate of several columns."""


def column(rows: Features, place: int) -> Floats:
    """One column: a number's values, NaN where missing, or a category's codes."""
    numbers = rows.numbers.shape[1]
    if place < numbers:
        return rows.numbers[:, place]
    return rows.codes[:, place - numbers].astype(float)


def true_of(predicate: Predicate, rows: Features) -> NDArray[np.int64]:
    """Positions of the rows that a predicate is true of.

    Example:
        >>> rows = Features(np.array([[1.0], [2.0], [3.0]]), np.array([[1], [1], [2]], np.int32))
        >>> true_of(((0, ">=", 2.0), (1, "==", 1)), rows).tolist()
        [1]
    """
    at = np.arange(len(rows))
    for test in predicate:
        at = at[_passed(test, column(rows, test[0])[at])]
        if not len(at):
            break
    return at


def _passed(test: Test, values: Floats) -> NDArray[np.bool_]:
    _, sign, value = test
    if np.isnan(value):
        return np.isnan(values)
    if sign == "==":
        return values == value
    if sign == "<=":
        return values <= value
    return values >= value


def of_one_column(rows: Features, most: int, rng: np.random.Generator) -> list[Predicate]:
    """Predicates of one column that are true of one row: values that occur once, and the smallest
    and largest number."""
    found: list[Predicate] = []
    numbers = rows.numbers.shape[1]
    for place in range(numbers + rows.codes.shape[1]):
        values, counts = np.unique(column(rows, place), return_counts=True)
        found += [((place, "==", float(value)),) for value in values[counts == 1]]
        if place < numbers and len(values) > 1:
            known = np.flatnonzero(~np.isnan(values))
            for sign, end in (("<=", known[0]), (">=", known[-1])):
                if counts[end] == 1:
                    found.append(((place, sign, float(values[end])),))
    return [found[k] for k in rng.permutation(len(found))[:most]]


def of_several_columns(
    rows: Features, most: int, drawn: int, rng: np.random.Generator
) -> list[Predicate]:
    """Predicates put together from the values of one row each, that are true of that row only."""
    places = rows.numbers.shape[1] + rows.codes.shape[1]
    medians = np.full(rows.numbers.shape[1], np.nan)
    for place, values in enumerate(rows.numbers.T):
        known = values[~np.isnan(values)]
        if len(known):
            medians[place] = np.median(known)
    found: list[Predicate] = []
    for row in rng.integers(0, len(rows), drawn):
        if len(found) == most:
            break
        width = int(rng.integers(min(FEWEST_COLUMNS, places), min(MOST_COLUMNS, places) + 1))
        chosen = rng.permutation(places)[:width]
        predicate = tuple(_test(rows, int(row), int(place), medians) for place in chosen)
        if len(true_of(predicate, rows)) == 1:
            found.append(predicate)
    return found


def shuffled(predicates: Sequence[Predicate], rng: np.random.Generator) -> Iterator[Predicate]:
    """As many predicates of the same columns, each test taken from another predicate: guesses that
    know no person."""
    tests: dict[int, list[Test]] = {}
    for predicate in predicates:
        for test in predicate:
            tests.setdefault(test[0], []).append(test)
    for predicate in predicates:
        guess = []
        for place, _, _ in predicate:
            guess.append(tests[place][int(rng.integers(len(tests[place])))])
        yield tuple(guess)


def _test(rows: Features, row: int, place: int, medians: Floats) -> Test:
    numbers = rows.numbers.shape[1]
    if place >= numbers:
        return place, "==", float(rows.codes[row, place - numbers])
    value = float(rows.numbers[row, place])
    sign = ">=" if value > medians[place] else "<="
    return place, sign, value
