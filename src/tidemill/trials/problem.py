"""What is to be predicted, coded once for all rows that are compared."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import polars as pl

from tidemill.core.dataset import Dataset
from tidemill.core.errors import DataError
from tidemill.core.modality import Modality
from tidemill.core.schema import Column
from tidemill.supervised.arrays import Floats, as_floats
from tidemill.supervised.targets import targets


@dataclass(frozen=True, eq=False)
class Problem:
    """A target and what it is predicted from.

    Attributes:
        target: The column to be predicted.
        columns: The columns to learn from; of images or sounds, their column alone.
        classes: Class names by code, the most frequent first, so that of two classes the rarer one
            is 1; empty where the target is a number.
        rest: Whether the last class stands for all levels that are not named.
        prior: The real rows' share of each class, (classes,).
        label: The real rows' codes or numbers, (n,); NaN where missing.
        modality: Of the real rows; learners are chosen by it.
        texts: Columns of free text to learn from, too.
    """

    target: Column
    columns: tuple[Column, ...]
    classes: tuple[str, ...]
    rest: bool
    prior: Floats = field(repr=False)
    label: Floats = field(repr=False)
    modality: Modality = "rows"
    texts: tuple[Column, ...] = ()

    @property
    def inputs(self) -> tuple[Column, ...]:
        """All columns to learn from."""
        return self.columns + self.texts

    def coded(self, data: Dataset) -> Floats:
        """The target of other rows, (n,): NaN where it is missing, or a level that the real rows do
        not have."""
        values = data.frame[self.target.name]
        if not self.classes:
            return as_floats(values)
        named = list(self.classes[:-1] if self.rest else self.classes)
        levels = values.cast(pl.String)
        codes = levels.replace_strict(
            named,
            list(range(len(named))),
            default=len(named) if self.rest else None,
            return_dtype=pl.Float64,
        )
        # a missing value must not be taken for one of the other levels
        missing = levels.is_null().to_numpy()
        coded: Floats = np.where(missing, np.nan, codes.fill_null(float("nan")).to_numpy())
        return coded


def problem_of(train: Dataset) -> Problem:
    """What there is to predict in real rows.

    Raises:
        DataError: There is no target, it has one value only, or there is nothing to predict it
            from.
    """
    target = targets((train,))
    if isinstance(target, str):
        raise DataError(
            target, where=train.name, hint="name the column to be predicted with option 'target'"
        )
    column, label = train.schema[target.column], target.values[0]
    medium, modality = train.schema.medium, train.schema.modality
    columns = tuple(c for c in train.schema.modelled if c.name != column.name)
    texts = train.schema.texts
    if medium is not None:
        columns, texts = (medium,), ()
    if not columns and not texts:
        raise DataError(
            f"there is no column to predict '{column.name}' from",
            where=train.name,
            hint="give a kind to a column with option 'schema'",
        )
    if not target.classes:
        label = as_floats(train.frame[column.name])
        if np.isinf(label).any():
            raise DataError(
                f"the target '{column.name}' is infinite in {int(np.isinf(label).sum()):,} rows",
                where=train.name,
                hint="clean the table first: tidemill clean",
            )
        return Problem(column, columns, (), False, np.zeros(0), label, modality, texts)
    counts = np.bincount(label[~np.isnan(label)].astype(int), minlength=len(target.classes))
    rest = train.frame[column.name].drop_nulls().n_unique() > len(target.classes)
    prior = counts / counts.sum()
    return Problem(column, columns, target.classes, rest, prior, label, modality, texts)
