"""A synthpop-style CART: column after column, each drawn from the leaf of a tree of the columns
before it.

After Nowok, Raab and Dibben (2016), "synthpop: Bespoke creation of synthetic data in R", method
"cart" with its defaults: the first column is resampled; for each further one a tree with at least 5
rows a leaf is grown on the real columns before it, the synthetic rows are dropped down the tree,
and each takes the value of a real row of its leaf. A number that may be missing is drawn in two
steps, first whether it is there. No value is smoothed.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

MIN_LEAF = 5

Floats = NDArray[np.float64]


def synthesised(train: pd.DataFrame, discrete: list[str], n: int, seed: int) -> pd.DataFrame:
    """So many new rows.

    Args:
        train: The rows to learn from; discrete columns hold text or None, the others numbers.
        discrete: Names of columns of categories.
        n: How many rows to make.
        seed: Of trees and draws.
    """
    rng = np.random.default_rng(seed)
    made = pd.DataFrame(index=range(n))
    for name in train.columns:
        values = train[name]
        before = list(made.columns)
        if name in discrete:
            made[name] = _drawn(
                train[before], made, values.fillna("").astype(str), discrete, rng
            ).replace("", None)
            continue
        there = values.notna().to_numpy()
        keep = np.ones(n, bool)
        if not there.all():
            flag = pd.Series(np.where(there, "there", "missing"))
            keep = (_drawn(train[before], made, flag, discrete, rng) == "there").to_numpy()
        column = np.full(n, np.nan)
        column[keep] = _drawn(
            train.loc[there, before],
            made.loc[keep, before],
            values[there].reset_index(drop=True),
            discrete,
            rng,
        ).to_numpy(float)
        made[name] = column
    return made


def _drawn(
    train: pd.DataFrame,
    made: pd.DataFrame,
    target: pd.Series,
    discrete: list[str],
    rng: np.random.Generator,
) -> pd.Series:
    """One value of the target for each made row: that of a real row in the same leaf, or of any row
    where none is before."""
    if not len(train.columns):
        return pd.Series(target.to_numpy()[rng.integers(len(target), size=len(made))])
    text = target.dtype == object
    goal = pd.factorize(target)[0] if text else target.to_numpy(float)
    learned, asked = _predictors(train, made, goal, discrete, text)
    grower = DecisionTreeClassifier if text else DecisionTreeRegressor
    tree = grower(min_samples_leaf=MIN_LEAF, random_state=int(rng.integers(2**31))).fit(
        learned, goal
    )
    leaf_of_real, leaf_of_made = tree.apply(learned), tree.apply(asked)
    order = np.argsort(leaf_of_real, kind="stable")
    first = np.searchsorted(leaf_of_real[order], leaf_of_made, "left")
    size = np.searchsorted(leaf_of_real[order], leaf_of_made, "right") - first
    donors = order[first + (rng.random(len(made)) * size).astype(int)]
    return pd.Series(target.to_numpy()[donors])


def _predictors(
    train: pd.DataFrame, made: pd.DataFrame, goal: Floats, discrete: list[str], text: bool
) -> tuple[Floats, Floats]:
    """Both tables as numbers: levels of a category stand in the order that best separates the
    goal."""
    real, new = [], []
    for name in train.columns:
        if name not in discrete:
            real.append(train[name].to_numpy(float))
            new.append(made[name].to_numpy(float))
            continue
        place = _places(train[name].fillna("").to_numpy(str), goal, text)
        real.append(train[name].fillna("").map(place).to_numpy(float))
        new.append(made[name].fillna("").map(place).to_numpy(float))
    return np.column_stack(real), np.column_stack(new)


def _places(levels: NDArray[np.str_], goal: Floats, text: bool) -> dict[str, float]:
    """A number for each level: the goal's mean, or the first principal component of the shares of
    the goal's classes."""
    names, code = np.unique(levels, return_inverse=True)
    count = np.bincount(code)
    if not text:
        place = np.bincount(code, goal) / count
    else:
        shares = np.zeros((len(names), int(goal.max()) + 1))
        np.add.at(shares, (code, goal.astype(int)), 1.0)
        shares /= count[:, None]
        centred = (shares - np.average(shares, axis=0, weights=count)) * np.sqrt(count)[:, None]
        axis = np.linalg.svd(centred, full_matrices=False)[2][0]
        place = shares @ axis
    return dict(zip(names.tolist(), place.tolist(), strict=True))
