"""Numbers that are usual by themselves but not with the other columns of their row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tidemill.core.dataset import Dataset
from tidemill.core.finding import Finding
from tidemill.core.picture import Table
from tidemill.core.run import Run
from tidemill.core.schema import Column
from tidemill.core.shown import ShownColumn, shown_columns
from tidemill.core.words import format_value
from tidemill.mining.binning import as_floats
from tidemill.mining.features import learn_features, matrix
from tidemill.mining.sampling import named_rows
from tidemill.supervised.arrays import Floats
from tidemill.supervised.boosting import REPEATABLE
from tidemill.supervised.outlying import LEVEL, outlying

MOST_LEARNED = 5_000
MOST_COLUMNS = 12
FEWEST_DISTINCT = 20
FEWEST_ROWS = 100
FOLDS = 2
TREES = 80
TIED = 0.4
"""How far another column must at least give a number, or the number is not looked at."""
FITS = 0.3
"""Least share by which knowing the other columns must narrow the usual error, or no value can be
told not to fit them."""
USUAL = (0.01, 0.99)
"""Between which quantiles a value is usual by itself."""
FAR = 1.0
"""Least distance from what is expected, in standard deviations (from quartiles) of the column."""
ALIKE = 0.5
"""Of the rows of one level, at most this share can be misfits: of more, the trees are at fault."""
LOCAL = 60
LIKE = 25
SHOWN_ROWS = 20


@dataclass(frozen=True)
class Misfits:
    """Values of a column that do not go with their rows.

    Attributes:
        column: Its name.
        rows: Which rows, the farthest first.
        expected: What the other columns lead to expect there.
    """

    column: str
    rows: NDArray[np.int64]
    expected: Floats


def misfits(data: Dataset, columns: Sequence[Column], tied: Floats, run: Run) -> list[Misfits]:
    """Usual numbers that lie far from what boosted trees, which had not seen their row, predict
    from its other columns.

    Args:
        data: The rows, without those that are far out already.
        columns: The columns that are looked at.
        tied: How far each gives each other, as :func:`tidemill.mining.ties.ties` has it.
        run: Seed.
    """
    strongest = tied.max(axis=1)
    numbers = []
    for at in np.argsort(-strongest, kind="stable"):
        column = columns[at]
        if column.kind == "number" and data[column.name].n_unique() >= FEWEST_DISTINCT:
            numbers.append(int(at))
    numbers = [at for at in numbers if strongest[at] >= TIED][:MOST_COLUMNS]
    found = []
    for at in numbers:
        run.check()
        others = [other for other in range(len(columns)) if other != at]
        weights = {columns[other].name: float(tied[at, other]) for other in others}
        each = _misfits(
            data, columns[at], [columns[other] for other in others], weights, run, len(numbers)
        )
        if each is not None:
            found.append(each)
    return found


def _misfits(
    data: Dataset,
    column: Column,
    others: Sequence[Column],
    weights: Mapping[str, float],
    run: Run,
    tests: int,
) -> Misfits | None:
    values = as_floats(data[column.name])
    known = np.flatnonzero(np.isfinite(values))
    features = learn_features(data, tuple(others))
    if len(known) < FEWEST_ROWS or not features:
        return None
    values = values[known]
    low, high = np.quantile(values, USUAL)
    logged = low > 0 and np.log(high / np.median(values)) < 2 * np.log(np.median(values) / low)
    scaled = np.clip(values, low, high)
    if logged:
        scaled = np.log(scaled)
    rows = matrix(data, features)[known]
    coded = [at for at, feature in enumerate(features) if feature.levels]
    predicted = _predicted(rows, scaled, coded, run)
    left = scaled - predicted
    usual = np.flatnonzero((values > low) & (values < high))
    if len(usual) < FEWEST_ROWS:
        return None
    error = float(np.median(np.abs(left[usual])))
    if error > (1 - FITS) * np.median(np.abs(scaled - np.median(scaled))):
        return None
    spread = np.subtract(*np.quantile(scaled, [0.75, 0.25])) / 1.349
    beside = left[usual] / _local_error(left[usual], predicted[usual])
    far = outlying(beside, 2 * tests) | outlying(-beside, 2 * tests)
    at = usual[far & (np.abs(left[usual]) >= FAR * spread)]
    at = at[~_of_one_level(rows[:, coded], at)]
    if not len(at):
        return None
    weight = np.array([weights[feature.column] for feature in features])
    beside_like = scaled[at] - _among_like(rows, scaled, coded, weight, at)
    # trees err at the edges of what they have seen; the rows most like these have the last word
    at = at[beside_like * np.sign(left[at]) >= FAR * spread]
    if not len(at):
        return None
    at = at[np.argsort(-np.abs(left[at]), kind="stable")]
    expected = np.exp(predicted[at]) if logged else predicted[at]
    return Misfits(column.name, known[at], expected)


def _among_like(
    rows: Floats, values: Floats, coded: list[int], weight: Floats, at: NDArray[np.int64]
) -> Floats:
    """The median value of the rows most like each of those at these positions."""
    from scipy.stats import rankdata

    ranks = rankdata(np.nan_to_num(rows, nan=-1), axis=0) / len(rows)
    expected = np.empty(len(at))
    for place, row in enumerate(at):
        apart = np.abs(ranks - ranks[row])
        apart[:, coded] = apart[:, coded] > 0
        distance = apart @ weight
        distance[row] = np.inf
        nearest = np.argpartition(distance, LIKE)[:LIKE]
        expected[place] = np.median(values[nearest])
    return expected


def _local_error(left: Floats, predicted: Floats) -> Floats:
    """The usual error of rows of which much the same is expected, (n,)."""
    order = np.argsort(predicted, kind="stable")
    size = np.abs(left[order])
    window = max(LOCAL, len(left) // 20)
    starts = np.arange(0, max(len(left) - window, 0) + 1, max(window // 4, 1))
    errors = [float(np.median(size[start : start + window])) for start in starts]
    local = np.interp(np.arange(len(left)), starts + window / 2, errors)
    result = np.empty(len(left))
    result[order] = np.maximum(local, np.median(size) / 4)
    return np.maximum(result, 1e-12)


def _of_one_level(codes: Floats, at: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Which of the rows at these positions have a level of which most rows are among them."""
    alike = np.zeros(len(at), dtype=bool)
    for column in codes.T:
        levels = np.nan_to_num(column, nan=-1).astype(np.int64) + 1
        rows = np.maximum(np.bincount(levels), 1)
        share = np.bincount(levels[at], minlength=len(rows)) / rows
        alike |= share[levels[at]] >= ALIKE
    return alike


def _predicted(rows: Floats, target: Floats, categorical: list[int], run: Run) -> Floats:
    """Each row's prediction by trees that have not seen it."""
    import lightgbm

    settings = {
        "objective": "regression_l1",
        "learning_rate": 0.15,
        "num_leaves": 15,
        "min_data_in_leaf": 10,
        "max_bin": 127,
        "cat_smooth": 1,
        "seed": run.seed_of("mining/anomalies/trees"),
        **REPEATABLE,
    }
    order = run.rng("mining/anomalies/folds").permutation(len(rows))
    folds = np.array_split(order, FOLDS)

    def fit(held: int) -> Floats:
        used = np.concatenate([part for at, part in enumerate(folds) if at != held])
        used = used[:MOST_LEARNED]
        table = lightgbm.Dataset(
            rows[used], target[used], categorical_feature=categorical, params=settings
        )
        trees = lightgbm.train(settings, table, TREES)
        return np.asarray(trees.predict(rows[folds[held]], num_threads=1))

    predicted = np.empty(len(rows))
    for held, part in enumerate(run.map(fit, range(FOLDS))):
        predicted[folds[held]] = part
    return predicted


def misfit_finding(data: Dataset, each: Misfits, rows_words: str) -> Finding:
    """The values of one column that do not go with the other columns."""
    count = len(each.rows)
    first = int(each.rows[0])
    column = shown_columns(data, [each.column])[each.column]
    value = column.said(column.values[first])
    has = "has" if count == 1 else "have"
    expected = format_value(float(f"{each.expected[0]:.3g}"))
    such = (
        f"the other columns lead to expect about {expected} in row {data.row_number(first):,}, "
        f"which has {value}"
    )
    return Finding(
        technique="anomalies",
        name="misfits",
        sentence=(
            f"{count:,} of {rows_words} {has} a {each.column} that is usual by itself but not with "
            f"the rest of the row: {such}. By chance there would be none "
            f"({named_rows(data, [int(row) for row in each.rows])})."
        ),
        strength=count / len(data),
        measure="share of rows",
        support=count,
        p_value=LEVEL,
        columns=(each.column,),
        table=_table(data, each, column),
    )


def _table(data: Dataset, each: Misfits, column: ShownColumn) -> Table:
    shown = []
    for row, expected in zip(each.rows[:SHOWN_ROWS], each.expected, strict=False):
        value = column.said(column.values[int(row)])
        shown.append((data.row_number(int(row)), value, format_value(float(f"{expected:.3g}"))))
    return Table(
        ("row", each.column, "expected about"), tuple(shown), "Values that do not go with their row"
    )
