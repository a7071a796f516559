"""What a check of the cleaning plan is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import polars as pl

from tidemill.core.change import Issue
from tidemill.core.dataset import Dataset
from tidemill.core.run import Run
from tidemill.core.schema import Column, Kind, Rule


@dataclass(frozen=True)
class Diagnosis:
    """What a check learned from the training rows.

    Attributes:
        issues: What it saw, to be shown.
        repair: Plain JSON values that say what :attr:`Check.repair` shall do to any rows; empty
            where it only reports.
        rules: Rules that hold on all training rows.
    """

    issues: tuple[Issue, ...] = ()
    repair: Mapping[str, Any] = field(default_factory=dict)
    rules: tuple[Rule, ...] = ()


@dataclass(frozen=True)
class Repaired:
    """What a repair made.

    Attributes:
        data: The rows and their schema after the repair.
        changes: One row a changed cell or a row that is left out, of the columns that
            ``changes.CELL`` names; its rows are those that came in.
        kept: Where the rows that are left stood among those that came in; None where all are left.
    """

    data: Dataset
    changes: pl.DataFrame
    kept: np.ndarray | None = None


@dataclass(frozen=True)
class Check:
    """One check, in one module, which names it ``CHECK``.

    Attributes:
        diagnose: Looks at the training rows only.
        repair: Applies what was learned to any rows; never adds or reorders rows, and says which it
            leaves out. None where it only reports.
        confirm: Weighs a diagnosis again on holdout rows, given as (diagnosis, train, holdout).
    """

    diagnose: Callable[[Dataset, Run], Diagnosis]
    repair: Callable[[Dataset, Mapping[str, Any]], Repaired] | None = None
    confirm: Callable[[Diagnosis, Dataset, Dataset], Diagnosis] | None = None


def considered(data: Dataset, *kinds: Kind) -> tuple[Column, ...]:
    """The columns of these kinds that the user has not told to ignore."""
    return tuple(column for column in data.schema.of_kind(*kinds) if column.role != "ignore")


def numeric(data: Dataset) -> tuple[Column, ...]:
    """The considered columns that hold numbers."""
    return tuple(
        column for column in considered(data, "number") if data[column.name].dtype.is_numeric()
    )


def finite(values: pl.Series) -> pl.Series:
    """The numbers without infinite ones and NaN."""
    return values.filter(values.is_finite()) if values.dtype.is_float() else values


def counted(values: pl.Series) -> pl.DataFrame:
    """How often each value that is not missing occurs: columns "value" and "count", the commonest
    first.

    Example:
        >>> counted(pl.Series(["b", "a", None, "a"])).rows()
        [('a', 2), ('b', 1)]
    """
    counts = values.drop_nulls().alias("value").value_counts()
    return counts.sort(["count", "value"], descending=[True, False])


def commonest(values: pl.Series) -> tuple[Any, int]:
    """The value that occurs most often, the least of several, and how often.

    Args:
        values: A series without missing values, not empty.

    Example:
        >>> commonest(pl.Series(["b", "a", "b", "a", "c"]))
        ('a', 2)
    """
    counts = values.alias("value").value_counts()
    often = counts.filter(pl.col("count") == counts["count"].max())
    return often["value"].min(), int(often["count"][0])


def has_more_levels(values: pl.Series, most: int) -> bool:
    """Whether there are more different values than that; of many rows the first tell it at
    once."""
    return values.head(5 * most).n_unique() > most or values.n_unique() > most


def sampled(data: Dataset, most: int, run: Run, *stream: str) -> tuple[Dataset, str]:
    """At most so many rows, drawn at random in their order, and a clause that says so ("" where all
    are taken)."""
    if len(data) <= most:
        return data, ""
    at = run.rng(*stream).choice(len(data), most, replace=False)
    at.sort()
    return data.rows(at), f", judged on {most:,} rows drawn at random"
