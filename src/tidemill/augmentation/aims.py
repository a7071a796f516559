"""What rows are to be generated for: places in which the real rows are too few for what is to be
learned from them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tidemill.core.columns import by_name
from tidemill.core.condition import Condition, Test
from tidemill.core.dataset import Dataset
from tidemill.core.schema import Column
from tidemill.core.words import percent
from tidemill.mining.subgroups import Masks, Quality, candidate_tests, describe
from tidemill.mining.wording import test_words
from tidemill.supervised.arrays import Floats
from tidemill.trials.problem import Problem

SPOTS = 3
"""Segments that one aim names."""
LEAST_SHARE = 0.03
"""Of the real rows, a weak or uncertain segment has at least this share."""
THIN = 0.05
"""A rule is thin where at most this share of the real rows supports it ..."""
THIN_ROWS = 8
"""... but at least so many rows."""
CLEAR = 3.0
"""Standard errors by which a thin rule's outcome must be more frequent than elsewhere."""


@dataclass(frozen=True)
class Want:
    """Rows that are wanted.

    Attributes:
        condition: What they shall be like.
        rows: How many are the natural number of them.
        why: The condition and its reason, in words.
    """

    condition: Condition
    rows: int
    why: str


@dataclass(frozen=True)
class Studied:
    """Real rows, and how a model of the target that has not seen them predicts them.

    Attributes:
        data: The real rows, all with a target.
        problem: The target's classes, and its value in each row.
        predicted: (n, classes) chances, or (n,) numbers.
        newer: Newer rows whose target need not be known; None where there are none.
    """

    data: Dataset
    problem: Problem
    predicted: Floats
    newer: Dataset | None = None

    @property
    def value(self) -> Floats:
        """(n,) the class codes, or numbers."""
        return self.problem.label

    @property
    def errors(self) -> Floats:
        """(n,) how wrong the predictions are: 1 less the chance of the true class, or the
        distance."""
        if not self.problem.classes:
            return np.abs(self.predicted - self.value)
        return 1 - self.predicted[np.arange(len(self.value)), self.value.astype(int)]

    def counts(self) -> NDArray[np.int64]:
        """(classes,) rows of each class."""
        return np.bincount(self.value.astype(int), minlength=len(self.problem.classes))


def alike(studied: Studied) -> list[Want]:
    """As many rows as there are real ones, of all sorts."""
    return [Want(Condition(), len(studied.data), "every kind of row, as the real ones are")]


def rare(studied: Studied) -> list[Want]:
    """As many rows of each class as it lacks beside the most frequent one; nothing for numbers."""
    if not studied.problem.classes:
        return []
    counts = studied.counts()
    column = studied.problem.target.name
    return [
        Want(
            _of_class(studied, code),
            int(counts.max() - count),
            f"{column} is {studied.problem.classes[code]}: {count:,} real rows beside "
            f"{counts.max():,} of the most frequent class",
        )
        for code, count in enumerate(counts)
        if 0 < count < counts.max() and _nameable(studied, code)
    ]


def weak_spots(studied: Studied) -> list[Want]:
    """As many rows as there are real ones in each segment in which the model of the target errs
    most."""
    errors = studied.errors
    return _segments(
        studied,
        errors,
        lambda inside: (
            f"the model errs by {errors[inside].mean():.2g} on average there, by "
            f"{errors.mean():.2g} in all rows"
        ),
    )


def uncertain(studied: Studied) -> list[Want]:
    """As many rows as there are real ones in each segment in which the predicted chances are most
    even."""
    if not studied.problem.classes:
        return []
    chances = np.clip(studied.predicted, 1e-9, 1)
    entropy = -(chances * np.log2(chances)).sum(axis=1)
    return _segments(
        studied,
        entropy,
        lambda inside: (
            f"the model's answers hold {entropy[inside].mean():.2f} bits of doubt "
            f"there on average, {entropy.mean():.2f} in all rows"
        ),
    )


def thin_rules(studied: Studied) -> list[Want]:
    """Rows in small segments in which one class is far more frequent than elsewhere, until each has
    THIN of the rows."""
    if not studied.problem.classes:
        return []
    candidates = candidate_tests(studied.data, studied.problem.columns)
    wants: list[Want] = []
    for code in np.argsort(studied.counts(), kind="stable").tolist():
        there = (studied.value == code).astype(float)
        prior = there.mean()
        if not _nameable(studied, code) or not 0 < prior < 0.5:
            continue
        found = describe(candidates, there - prior, _thin(len(there), float(prior)), depth=2)
        if found is None:
            continue
        condition, inside = found
        wants.append(
            Want(
                condition,
                max(0, int(THIN * len(there)) - int(inside.sum())),
                f"{test_words(condition.tests)}: {studied.problem.target.name} is "
                f"{studied.problem.classes[code]} in {percent(there[inside].mean())} of only "
                f"{inside.sum():,} rows, in {percent(prior)} of all",
            )
        )
    return [want for want in wants if want.rows][:SPOTS]


def shifted(studied: Studied) -> list[Want]:
    """As many rows as each segment lacks that has grown in the newer rows."""
    if studied.newer is None:
        return []
    columns = studied.problem.columns
    names = [column.name for column in columns]
    both = pl.concat(
        [one.frame.select(by_name(*names)) for one in (studied.data, studied.newer)],
        how="vertical_relaxed",
    )
    old, new = len(studied.data), len(studied.newer)
    is_new = np.repeat([0.0, 1.0], [old, new])
    worth = np.where(is_new == 1, 1 / new, -1 / old)
    table = studied.data.select(names).with_frame(both)
    wants = []
    for condition, inside in _described(table, columns, worth, lambda rows, total: total):
        before, after = inside[:old].mean(), inside[old:].mean()
        # of old + wanted rows the segment shall have its newer share
        lacking = int((after * old - before * old) / max(1e-9, 1 - after))
        if after - before > 0.02 and lacking > 0:
            wants.append(
                Want(
                    condition,
                    min(lacking, old),
                    f"{test_words(condition.tests)}: {percent(after)} of the newer rows, "
                    f"{percent(before)} of the training rows",
                )
            )
    return wants


def _of_class(studied: Studied, code: int) -> Condition:
    return Condition((Test(studied.problem.target.name, "=", studied.problem.classes[code]),))


def _nameable(studied: Studied, code: int) -> bool:
    """Whether the class is one level, not what is left of many."""
    return not studied.problem.rest or code < len(studied.problem.classes) - 1


def _segments(studied: Studied, worth: Floats, why: Callable[[Masks], str]) -> list[Want]:
    least = LEAST_SHARE * len(worth)

    def quality(rows: Floats, total: Floats) -> Floats:
        return np.where(rows >= least, total / np.sqrt(np.maximum(rows, 1)), -np.inf)

    return [
        Want(condition, int(inside.sum()), f"{test_words(condition.tests)}: {why(inside)}")
        for condition, inside in _described(
            studied.data, studied.problem.columns, worth - worth.mean(), quality
        )
    ]


def _described(
    data: Dataset, columns: Sequence[Column], worth: Floats, quality: Quality
) -> Iterator[tuple[Condition, Masks]]:
    """Segments one after the other; the rows of one count for nothing in the search for the
    next."""
    candidates = candidate_tests(data, columns)
    for _ in range(SPOTS):
        found = describe(candidates, worth, quality)
        if found is None:
            return
        yield found
        worth = np.where(found[1], 0.0, worth)


def _thin(rows: int, prior: float) -> Quality:
    """How surely the outcome is more frequent, in standard errors, among segments that are thin."""

    def quality(count: Floats, total: Floats) -> Floats:
        clear = total / np.sqrt(np.maximum(count, 1) * prior * (1 - prior))
        return np.where(
            (count >= THIN_ROWS) & (count <= THIN * rows) & (clear >= CLEAR), clear, -np.inf
        )

    return quality
