"""What classes are taken for by a classifier, by counts of (actual, said) on held-out data."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from tidemill.core.words import plural


def commonest_mistake(names: Sequence[str], matrix: NDArray[np.int64], noun: str) -> str:
    """The commonest confusion as a clause, "" where there is none.

    Args:
        names: (k,) of the classes, as they are to be read in a sentence.
        matrix: (k, k) how often each is said of each.
        noun: What is classified.

    Example:
        >>> commonest_mistake(["'cat'", "'dog'"], np.array([[8, 2], [0, 1]]), "image")
        "; it errs most in taking 'cat' for 'dog' (2 of 10 images)"
    """
    wrong = matrix - np.diag(np.diag(matrix))
    actual, said = (int(at) for at in np.unravel_index(int(wrong.argmax()), wrong.shape))
    count = int(wrong[actual, said])
    if not count:
        return ""
    return (
        f"; it errs most in taking {names[actual]} for {names[said]} "
        f"({count:,} of {plural(int(matrix[actual].sum()), noun)})"
    )


def recall_rows(
    names: Sequence[str], matrix: NDArray[np.int64]
) -> list[tuple[str, int, float | None, str]]:
    """For each class how many there are, the share that is recognised, and what the others are most
    often taken for; arguments as of :func:`commonest_mistake`.

    Example:
        >>> recall_rows(["cat", "dog"], np.array([[8, 2], [0, 0]]))
        [('cat', 10, 0.8, 'dog (2)'), ('dog', 0, None, '')]
    """
    rows = []
    for at, name in enumerate(names):
        total = int(matrix[at].sum())
        recall = round(int(matrix[at, at]) / total, 3) if total else None
        others = matrix[at].copy()
        others[at] = 0
        mistaken_for = ""
        if others.max():
            mistaken_for = f"{names[int(others.argmax())]} ({int(others.max()):,})"
        rows.append((name, total, recall, mistaken_for))
    return rows


def mean_recall_error(right: NDArray[np.int64], sizes: NDArray[np.int64]) -> float:
    """The standard error of the mean share of each class that is recognised; two successes and two
    failures more keep it from 0 (Agresti and Coull 1998).

    Args:
        right, sizes: (k,) how many of each class are recognised, and how many there are.
    """
    share = (right + 2) / (sizes + 4)
    return float(np.sqrt((share * (1 - share) / (sizes + 4)).sum()) / len(sizes))
