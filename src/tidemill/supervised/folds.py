"""Repeated cross-validation: which rows are learned from, and which ones are tested on."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tidemill.core.errors import DataError
from tidemill.core.run import Run
from tidemill.supervised.arrays import Floats

Positions = NDArray[np.int64]
BINS = 10
"""A number's rows are spread over the folds by so many bins of it."""


def folds(
    label: Floats,
    run: Run,
    *,
    splits: int = 5,
    repeats: int = 2,
    classes: int,
    groups: NDArray[np.int64] | None = None,
) -> list[tuple[Positions, Positions]]:
    """Repeated stratified K-fold.

    There are fewer splits than asked where the rarest class has fewer rows (or groups), so that
    each fold has one of it.

    Args:
        label: Class codes, or numbers where ``classes`` is 0, (n,); rows where it is NaN are in no
            fold.
        run: Its stream "proof/folds" draws them.
        splits: Folds of one repeat, at least 2.
        repeats: How often the rows are divided anew.
        classes: Number of classes; 0 for a number.
        groups: Rows of the same number are never on both sides, (n,).

    Returns:
        Positions of the rows to learn from and to test on, each sorted, ``splits * repeats`` of
        them.

    Raises:
        DataError: A class has one row (or group) only, or there are too few rows.

    Example:
        >>> parts = folds(np.array([0.0, 0, 0, 0, 1, 1]), Run(), splits=2, repeats=1, classes=2)
        >>> [(len(train), len(test)) for train, test in parts]
        [(3, 3), (3, 3)]
    """
    known = np.flatnonzero(~np.isnan(label))
    label = label[known]
    if groups is not None:
        groups = groups[known]
        if len(np.unique(groups)) == len(groups):
            groups = None
    splits = _possible(label, splits, classes, groups)
    strata = strata_of(label, classes, bins=min(BINS, len(known) // splits))
    found = []
    for repeat in range(repeats):
        rng = run.rng("proof", "folds", repeat)
        fold = _dealt(strata, splits, groups, rng)
        found += [(known[fold != k], known[fold == k]) for k in range(splits)]
    return found


def strata_of(label: Floats, classes: int, bins: int = BINS) -> NDArray[np.int64]:
    """The class of each row, or the bin of its number, (n,); nothing may be missing.

    Bins have equally many rows, but for one more or less.
    """
    if classes:
        return label.astype(np.int64)
    strata = np.empty(len(label), np.int64)
    strata[np.argsort(label, kind="stable")] = np.arange(len(label)) * bins // max(1, len(label))
    return strata


def subset(label: Floats, share: float, classes: int, rng: np.random.Generator) -> Positions:
    """A share of the rows, of each class (or bin of a number) its part but at least two rows;
    sorted positions.

    Args:
        label: Class codes or numbers, (n,), none missing.
        share: 0 to 1.
        classes: Number of classes; 0 for a number.
        rng: Draws them.
    """
    strata = strata_of(label, classes)
    shuffled = rng.permutation(len(strata))
    taken = []
    for stratum in np.unique(strata):
        rows = shuffled[strata[shuffled] == stratum]
        taken.append(rows[: max(2, round(share * len(rows)))])
    return np.sort(np.concatenate(taken))


def _possible(label: Floats, splits: int, classes: int, groups: NDArray[np.int64] | None) -> int:
    """How many splits the rarest class allows."""
    rows = np.arange(len(label)) if groups is None else groups
    parts = [rows[label == code] for code in np.unique(label)] if classes else [rows]
    fewest = min((len(np.unique(part)) for part in parts), default=0)
    if fewest < 2 or splits < 2:
        what = "row" if groups is None else "entity"
        raise DataError(
            f"a class of the target has {fewest} {what}; two are needed to learn from one and "
            "test on the other",
            hint="give more rows, or leave out the rarest class",
        )
    return min(splits, fewest)


def _dealt(
    strata: NDArray[np.int64],
    splits: int,
    groups: NDArray[np.int64] | None,
    rng: np.random.Generator,
) -> NDArray[np.int64]:
    """A fold for each row."""
    from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold

    kind = StratifiedKFold if groups is None else StratifiedGroupKFold
    dealer = kind(splits, shuffle=True, random_state=int(rng.integers(1 << 31)))
    fold = np.empty(len(strata), np.int64)
    for k, (_, test) in enumerate(dealer.split(np.zeros(len(strata)), strata, groups)):
        fold[test] = k
    return fold
