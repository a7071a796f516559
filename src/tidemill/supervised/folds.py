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
    if groups is not None and len(np.unique(groups[known])) == len(known):
        groups = None
    strata = strata_of(label[known], classes)
    splits = _possible(strata, splits, classes, None if groups is None else groups[known])
    found = []
    for repeat in range(repeats):
        rng = run.rng("proof", "folds", repeat)
        fold = (
            _dealt(strata, splits, rng)
            if groups is None
            else _dealt_groups(strata, splits, groups[known], rng)
        )
        found += [(known[fold != k], known[fold == k]) for k in range(splits)]
    return found


def strata_of(label: Floats, classes: int) -> NDArray[np.int64]:
    """The class of each row, or the bin of its number, (n,); nothing may be missing."""
    if classes or not len(label):
        return label.astype(np.int64)
    edges = np.unique(np.quantile(label, np.linspace(0, 1, BINS + 1)[1:-1]))
    return np.searchsorted(edges, label, "right").astype(np.int64)


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


def _possible(
    strata: NDArray[np.int64], splits: int, classes: int, groups: NDArray[np.int64] | None
) -> int:
    """How many splits the rarest class allows."""
    if groups is None:
        counts = np.bincount(strata)[np.unique(strata)] if len(strata) else np.zeros(1, int)
    else:
        counts = np.array(
            [len(np.unique(groups[strata == stratum])) for stratum in np.unique(strata)]
        )
    fewest = int(counts.min()) if classes else int(counts.sum())
    if fewest < 2 or splits < 2:
        what = "row" if groups is None else "entity"
        raise DataError(
            f"a class of the target has {fewest} {what}; two are needed to learn from one and "
            "test on the other",
            hint="give more rows, or leave out the rarest class",
        )
    return min(splits, fewest)


def _dealt(strata: NDArray[np.int64], splits: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """A fold for each row: each class is dealt out in turn, and the next class goes on where it
    ended."""
    order = rng.permutation(len(strata))
    order = order[np.argsort(strata[order], kind="stable")]
    fold = np.empty(len(strata), np.int64)
    fold[order] = np.arange(len(strata)) % splits
    return rng.permutation(splits)[fold]


def _dealt_groups(
    strata: NDArray[np.int64], splits: int, groups: NDArray[np.int64], rng: np.random.Generator
) -> NDArray[np.int64]:
    from sklearn.model_selection import StratifiedGroupKFold

    dealer = StratifiedGroupKFold(splits, shuffle=True, random_state=int(rng.integers(1 << 31)))
    fold = np.empty(len(strata), np.int64)
    for k, (_, test) in enumerate(dealer.split(np.zeros(len(strata)), strata, groups)):
        fold[test] = k
    return fold
