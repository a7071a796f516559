"""How well each column alone tells the target, and whether it decides it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tidemill.core.schema import Column
from tidemill.core.text_tokens import text_words
from tidemill.core.words import listing
from tidemill.supervised.arrays import Floats
from tidemill.supervised.auc import auc_of_draws
from tidemill.supervised.levels import level_codes

Codes = NDArray[np.int64]

FOLDS = 5
RIGHT = 0.98
"""A column decides the class where it is right on at least this share of what always guessing the
commonest class gets wrong. What is known before an outcome leaves exceptions: the smell of a
mushroom, the strongest honest predictor that we know of, reaches 0.97."""
RIGHT_BY_MISSING = 0.9
"""The same of knowing only whether there is a value: what is filled in beside one class alone was
written down after the outcome."""
DISORDER = 0.004
"""A column decides a number where, of two rows that it tells apart, it puts at most so many in the
wrong order: two normal variables would need a correlation of 0.9999."""
LEAST_STRENGTH = 0.8
"""Of ranges of a number, those that tell it less are no other words for it: three of them may be,
two are not."""
_BINS = 64
_ROWS_A_BIN = 8
_MOST_PAIRED = 1_000
_WORTH_A_LOOK = 0.8


class Told(NamedTuple):
    """What one column alone tells of the target.

    Attributes:
        strength: 0 for guessing, 1 for perfect: of classes the mean of 2 AUC - 1, of a number the
            R² of its ranks; from folds that it was not learned from.
        decides: Whether it is the answer in other words.
        by_missing: Whether that follows from a value being there or not.
    """

    strength: float
    decides: bool = False
    by_missing: bool = False


@dataclass(frozen=True)
class Grouping:
    """Values as groups: ranges of equal counts of numbers and dates, single levels of the others;
    the first is that of missing values.

    Attributes:
        edges: The last value of each range but the last; empty for levels.
        levels: The levels, as text; those that are not among them share the last group.
    """

    edges: Floats
    levels: tuple[str, ...] = ()

    @property
    def size(self) -> int:
        """How many groups there are."""
        return len(self.levels) + 2 if self.levels else len(self.edges) + 2

    def codes(self, values: pl.Series) -> Codes:
        """(n,) The group of each row."""
        if not self.levels:
            numbers = _numbers(values)
            found = np.searchsorted(self.edges, numbers, side="left") + 1
            return np.where(np.isnan(numbers), 0, found)
        levels = level_codes(values, self.levels, other=len(self.levels), missing=-1)
        return levels.astype(np.int64) + 1


def grouping(column: Column, values: pl.Series, *, fine: bool = False) -> Grouping:
    """Groups of a column's values.

    Args:
        column: What the schema says of it.
        values: The training values.
        fine: Ranges of about eight rows instead of 64 ranges, and no level of fewer rows.
    """
    if column.kind in ("number", "datetime"):
        numbers = _numbers(values)
        known = numbers[~np.isnan(numbers)]
        if not len(known):
            return Grouping(np.empty(0))
        parts = max(_BINS, len(known) // _ROWS_A_BIN) if fine else _BINS
        cuts = np.linspace(0, 1, parts + 1)[1:-1]
        return Grouping(np.unique(np.quantile(known, cuts, method="lower")))
    counts = values.cast(pl.String).drop_nulls().alias("level").value_counts().sort("level")
    if fine:
        counts = counts.filter(pl.col("count") >= _ROWS_A_BIN)
    return Grouping(np.empty(0), tuple(counts["level"]) or ("",))


def told_alone(
    columns: Sequence[Column], rows: pl.DataFrame, answer: Floats, classes: int, folds: Codes
) -> list[Told]:
    """What each column alone tells of the target.

    Args:
        columns: The columns.
        rows: Their values, all of rows with a target.
        answer: Class codes or numbers, (n,).
        classes: How many classes; 0 for a number.
        folds: (n,) The fold of each row, below FOLDS.
    """
    if classes:
        wanted = [1] if classes == 2 else range(classes)
        answers = np.stack([answer == code for code in wanted], axis=1).astype(float)
    else:
        answers = (pl.Series(answer).rank("average").to_numpy() / len(answer))[:, None]
    found = []
    for column in columns:
        values = rows[column.name]
        reached = strength(grouping(column, values).codes(values), answers, folds)
        least = _WORTH_A_LOOK if classes else LEAST_STRENGTH
        if reached < least or _is_wanted(column):
            found.append(Told(reached))
            continue
        codes = grouping(column, values, fine=True).codes(values)
        if not classes:
            found.append(Told(reached, _disorder(codes, answers[:, 0]) <= DISORDER))
            continue
        missing = values.is_null().to_numpy().astype(np.int64)
        by_missing = right_share(missing, answer, folds) >= RIGHT_BY_MISSING
        decides = by_missing or right_share(codes, answer, folds) >= RIGHT
        found.append(Told(reached, decides, by_missing))
    return _with_flags(columns, rows, found, folds)


def _with_flags(
    columns: Sequence[Column], rows: pl.DataFrame, found: list[Told], folds: Codes
) -> list[Told]:
    """The same; what tells where a column is filled in after the outcome was written after it
    too."""
    filled = [
        rows[column.name].is_null().to_numpy().astype(np.float64)
        for column, told in zip(columns, found, strict=True)
        if told.by_missing
    ]
    result = []
    for column, told in zip(columns, found, strict=True):
        if filled and told.strength >= _WORTH_A_LOOK and not _is_wanted(column):
            values = rows[column.name]
            codes = grouping(column, values, fine=True).codes(values)
            same = any(right_share(codes, each, folds) >= RIGHT for each in filled)
            told = told._replace(decides=told.decides or same)
        result.append(told)
    return result


def _is_wanted(column: Column) -> bool:
    """Whether the user has said that it is a feature: known beforehand, however much it tells."""
    return column.role == "feature" and bool(column.role_reason)


def ignoring(names: Sequence[str]) -> str:
    """The options that leave columns out.

    Example:
        >>> ignoring(["end", "status"])
        "option 'ignore=end' and option 'ignore=status'"
    """
    return listing([f"option 'ignore={name}'" for name in names])


def strength(codes: Codes, answers: Floats, folds: Codes) -> float:
    """How well one column alone tells the answers: 0 for guessing, 1 for perfect.

    Each row is predicted by the mean answer of its group in the other folds (smoothed to the
    overall mean).

    Args:
        codes: (n,) The column's group in each row.
        answers: (n, K) Classes as 0 and 1, or one column of ranks.
        folds: (n,) The fold of each row.

    Returns:
        The mean over classes of 2 AUC - 1, or the R² of the ranks; at least 0.
    """
    width = int(codes.max()) + 1
    cells = folds * width + codes
    counts = np.bincount(cells, minlength=FOLDS * width).reshape(FOLDS, width)
    strengths = []
    for answer in answers.T:
        sums = np.bincount(cells, weights=answer, minlength=FOLDS * width).reshape(FOLDS, width)
        mean = answer.mean()
        others = (sums.sum(0) - sums + 5 * mean) / (counts.sum(0) - counts + 5)
        predicted = others[folds, codes]
        if ((answer == 0) | (answer == 1)).all():
            once = np.ones((1, len(answer)))
            auc = float(auc_of_draws(answer == 1, predicted)(once)[0])
            strengths.append(2 * auc - 1)
        else:
            strengths.append(1 - np.square(answer - predicted).mean() / answer.var())
    return max(0.0, float(np.mean(strengths)))


def right_share(codes: Codes, answer: Floats, folds: Codes) -> float:
    """Of the rows that are not of the commonest class, and so are guessed wrong, how many more are
    told right by the commonest class of the group in the other folds; 1 for all of them."""
    classes, labels = np.unique(answer, return_inverse=True)
    width, depth = int(codes.max()) + 1, len(classes)
    cells = (folds * width + codes) * depth + labels
    counts = np.bincount(cells, minlength=FOLDS * width * depth).reshape(FOLDS, width, depth)
    others = counts.sum(axis=0) - counts
    overall = np.bincount(labels, minlength=depth)
    # a share of the whole decides between classes that are equally frequent in the group
    said = (others + overall / (len(answer) + 1)).argmax(axis=2)
    wrong = float((said[folds, codes] != labels).mean())
    guessed_wrong = 1 - overall.max() / len(answer)
    return 1 - wrong / guessed_wrong if guessed_wrong else 0.0


def named_levels(texts: pl.Series, levels: Sequence[str]) -> Codes:
    """(n,) 1 + the place of the one level whose words stand in a text; 0 where none or several do.

    Example:
        >>> named_levels(pl.Series(["Sort: lost card!", "lost", None]), ["lost card", "found"])
        array([1, 0, 0])
    """
    named = [f" {' '.join(words)} " for words in map(text_words, levels)]
    codes = np.zeros(len(texts), np.int64)
    for row, text in enumerate(texts.cast(pl.String).fill_null("")):
        said = f" {' '.join(text_words(text))} "
        found = [at for at, name in enumerate(named) if name.strip() and name in said]
        if len(found) == 1:
            codes[row] = found[0] + 1
    return codes


def _disorder(codes: Codes, ranks: Floats) -> float:
    """Of two rows of different groups and different ranks, how many pairs are in the wrong order,
    groups being ordered by their mean rank (the discordant share of Goodman and Kruskal 1954)."""
    counts = np.maximum(np.bincount(codes), 1)
    mean = (np.bincount(codes, ranks) / counts)[codes]
    few = np.linspace(0, len(codes) - 1, min(len(codes), _MOST_PAIRED)).astype(int)
    by_group, by_rank = mean[few], ranks[few]
    order = np.sign(by_group[:, None] - by_group) * np.sign(by_rank[:, None] - by_rank)
    told_apart = np.count_nonzero(order)
    return float((order < 0).sum() / told_apart) if told_apart else 1.0


def _numbers(values: pl.Series) -> Floats:
    numbers = values.to_physical().cast(pl.Float64)
    return numbers.fill_null(np.nan).to_numpy()
