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
FEWEST_COLUMNS, MOST_COLUMNS = 3, 8
"""Columns of a predicate of several columns."""


def column(rows: Features, place: int) -> Floats:
    """One column: a number's values, NaN where missing, or a category's codes."""
    numbers = rows.numbers.shape[1]
    return (
        rows.numbers[:, place] if place < numbers else rows.codes[:, place - numbers].astype(float)
    )


def true_of(predicate: Predicate, rows: Features) -> NDArray[np.int64]:
    """Positions of the rows that a predicate is true of.

    Example:
        >>> rows = Features(np.array([[1.0], [2.0], [3.0]]), np.array([[1], [1], [2]], np.int32))
        >>> true_of(((0, ">=", 2.0), (1, "==", 1)), rows).tolist()
        [1]
    """
    at = np.arange(len(rows))
    for place, sign, value in predicate:
        values = column(rows, place)[at]
        if np.isnan(value):
            holds = np.isnan(values)
        else:
            holds = (
                values == value
                if sign == "=="
                else values <= value
                if sign == "<="
                else values >= value
            )
        at = at[holds]
        if not len(at):
            break
    return at


def of_one_column(rows: Features, most: int, rng: np.random.Generator) -> list[Predicate]:
    """Predicates of one column that are true of one row: values that occur once, and the smallest
    and largest number."""
    found: list[Predicate] = []
    numbers = rows.numbers.shape[1]
    for place in range(numbers + rows.codes.shape[1]):
        values, counts = np.unique(column(rows, place), return_counts=True)
        found += [((place, "==", float(value)),) for value in values[counts == 1]]
        if place < numbers and len(values) > 1:
            known = ~np.isnan(values)
            ends = values[known][[0, -1]], counts[known][[0, -1]]
            found += [
                ((place, sign, float(end)),)
                for sign, end, count in zip(("<=", ">="), *ends, strict=True)
                if count == 1
            ]
    return [found[k] for k in rng.permutation(len(found))[:most]]


def of_several_columns(
    rows: Features, most: int, drawn: int, rng: np.random.Generator
) -> list[Predicate]:
    """Predicates put together from the values of one row each, that are true of that row only."""
    places = rows.numbers.shape[1] + rows.codes.shape[1]
    medians = np.array(
        [
            np.median(known) if len(known := values[~np.isnan(values)]) else np.nan
            for values in rows.numbers.T
        ]
    )
    found: list[Predicate] = []
    for row in rng.integers(0, len(rows), drawn):
        if len(found) == most:
            break
        width = int(rng.integers(min(FEWEST_COLUMNS, places), min(MOST_COLUMNS, places) + 1))
        predicate = tuple(
            _test(rows, int(row), int(place), medians) for place in rng.permutation(places)[:width]
        )
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
        yield tuple(tests[place][int(rng.integers(len(tests[place])))] for place, _, _ in predicate)


def _test(rows: Features, row: int, place: int, medians: Floats) -> Test:
    if place >= rows.numbers.shape[1]:
        return place, "==", float(rows.codes[row, place - rows.numbers.shape[1]])
    value = float(rows.numbers[row, place])
    return place, ">=" if value > medians[place] else "<=", value
