"""SMOTE and friends of imbalanced-learn on mixed tables: rivals that every generator must beat."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import polars as pl

from tidemill.core.dataset import Dataset
from tidemill.core.errors import DataError
from tidemill.core.run import Run
from tidemill.core.schema import Column
from tidemill.supervised.arrays import Floats, features

NEIGHBOURS = 5


def methods(data: Dataset) -> tuple[str, ...]:
    """The names of the methods that can work on this table: those for mixed columns, or for numbers
    only."""
    columns = _columns(data)
    if columns and all(column.kind in ("number", "datetime") for column in columns):
        return ("SMOTE", "borderline SMOTE", "ADASYN")
    return ("SMOTE",)


def interpolated(data: Dataset, method: str, run: Run) -> Dataset:
    """The rows that a method adds to the rarer classes until all classes have equally many; the
    target has no gaps.

    SMOTE (Chawla et al. 2002; SMOTE-NC for mixed columns), borderline SMOTE (Han et al. 2005),
    ADASYN (He et al. 2008), each by imbalanced-learn with five neighbours, fewer where a class has
    fewer rows. They know no missing values: numbers are filled in with the median and a missing
    level is a level, in the added rows too.

    Args:
        data: Rows with a category or boolean as target, at least two of each class.
        method: One of :func:`methods`.
        run: Seed.
    """
    layout, (rows,) = features((data,), _columns(data))
    target = data.schema.target
    if target is None:
        raise DataError(
            "there is no target whose classes could be balanced",
            where=data.name,
            hint="name one with target",
        )
    matrix = np.column_stack([_filled(rows.numbers), rows.codes])
    label = data[target.name].cast(pl.String).to_numpy()
    sampler = _sampler(method, len(layout.numbers), len(layout.levels), label, run)
    made, classes = sampler.fit_resample(matrix, label)
    made = made[len(data) :]
    series = {target.name: pl.Series(classes[len(data) :], dtype=pl.String)}
    for j, name in enumerate(layout.numbers):
        series[name] = pl.Series(_on_steps(data.schema[name], made[:, j]))
    codes = made[:, len(layout.numbers) :].round().astype(int)
    for j, name in enumerate(layout.categories):
        levels = pl.Series([None, *layout.levels[j]], dtype=pl.String)
        series[name] = levels.gather(codes[:, j])
    none = pl.Series([None] * len(made))
    columns = {}
    for name, dtype in data.frame.schema.items():
        columns[name] = _typed(series.get(name, none), dtype)
    return data.with_frame(pl.DataFrame(columns))


def _columns(data: Dataset) -> list[Column]:
    return [column for column in data.schema.modelled if column.role != "target"]


def _sampler(method: str, numbers: int, levels: int, label: np.ndarray, run: Run) -> Any:
    from imblearn.over_sampling import ADASYN, SMOTE, SMOTEN, SMOTENC, BorderlineSMOTE

    seed = run.seed_of("looping", "interpolated", method)
    _, counts = np.unique(label, return_counts=True)
    neighbours = max(1, min(NEIGHBOURS, int(counts.min()) - 1))
    if method == "SMOTE" and numbers and levels:
        return SMOTENC(
            list(range(numbers, numbers + levels)), k_neighbors=neighbours, random_state=seed
        )
    simple: dict[str, Callable[..., Any]] = {
        "SMOTE": SMOTE if numbers else SMOTEN,
        "borderline SMOTE": BorderlineSMOTE,
    }
    if method in simple:
        return simple[method](k_neighbors=neighbours, random_state=seed)
    return ADASYN(n_neighbors=neighbours, random_state=seed)


def _filled(numbers: Floats) -> Floats:
    """Medians in the place of missing numbers; 0 where a column has nothing else."""
    if not numbers.size:
        return numbers
    empty = np.isnan(numbers).all(axis=0)
    middle = np.nanmedian(np.where(empty, 0.0, numbers), axis=0)
    return np.where(np.isnan(numbers), middle, numbers)


def _on_steps(column: Column, values: Floats) -> Floats:
    step = float(column.step) if column.step and column.kind == "number" else 0.0
    return np.round(values / step) * step if step else values


def _typed(series: pl.Series, dtype: pl.DataType) -> pl.Series:
    if series.dtype.is_float() and dtype.is_temporal():
        return series.round().cast(pl.Int64).cast(pl.Datetime("us")).cast(dtype)
    if series.dtype.is_float() and dtype.is_integer():
        return series.round().cast(dtype)
    if series.dtype == pl.String and dtype == pl.Boolean:
        return series == "true"
    return series.cast(dtype)
