"""Columns that are reckoned from others of their row, some of which are known by other tables."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl

from tidemill.core.schema import Column, Rule, Schema, exact_number

KINDS = ("a+b=c", "a*b=c", "b=k*a+m")


def is_derived(rule: Rule, schema: Schema) -> bool:
    """Whether the last column of a rule can be reckoned from the others: all are numbers, and none
    is missing in any row, as nothing says where the last one is."""
    own = [schema[name] for name in rule.columns]
    return rule.kind in KINDS and all(c.kind == "number" and not c.nullable for c in own)


def derived(rule: Rule, parts: Sequence[pl.Series], column: Column) -> pl.Series:
    """The last column of a rule; null where one of the others is.

    Args:
        rule: The rule.
        parts: The others.
        column: The last column.

    Example:
        >>> rule = Rule("a*b=c", ("price", "pieces", "total"))
        >>> total = Column("total", "number", step="0.01", dtype="Float64")
        >>> derived(rule, [pl.Series([1.25, 3.3]), pl.Series([3, 2])], total).to_list()
        [3.75, 6.6]
    """
    values = [one.cast(pl.Float64).fill_null(float("nan")).to_numpy() for one in parts]
    if rule.kind == "a*b=c":
        found = values[0] * values[1]
    elif rule.kind == "b=k*a+m":
        found = float(rule.scale) * values[0] + float(rule.shift)
    else:
        found = np.zeros(len(values[0]))
        for one, sign in zip(values, rule.signed(), strict=True):
            found = found + sign * one
    return in_steps(found, column)


def in_steps(values: np.ndarray, column: Column) -> pl.Series:
    """Numbers in the steps of a column, NaN for none."""
    if column.step is not None:
        step = float(exact_number(column.step))
        values = np.round(np.round(np.round(values / step, 6)) * step, 9)
    whole = column.dtype.startswith(("Int", "UInt"))
    series = pl.Series(column.name, values, pl.Float64, nan_to_null=True)
    return series.cast(pl.Int64) if whole else series
