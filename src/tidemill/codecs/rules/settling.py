"""Rows of a user that break a rule: the value that follows from others is taken as not known."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import polars as pl

from tidemill.codecs.rules.decided import Lookup
from tidemill.codecs.rules.joint import JointCode
from tidemill.codecs.rules.linear import LinearRule
from tidemill.codecs.rules.reckoned import Reckoned
from tidemill.codecs.rules.skips import Skip
from tidemill.codecs.rules.units import Block, BlockRows, Codecs
from tidemill.core.columns import by_name
from tidemill.core.dataset import Dataset


def kept_to(
    rows: Dataset, units: Sequence[Block], codecs: Codecs, skips: Mapping[str, Skip]
) -> tuple[Dataset, dict[str, int]]:
    """The rows without the values that break rules, and each broken rule in words with the number
    of its rows.

    Args:
        rows: Some of the columns, null where a value is not known; the codecs can encode the
            others.
        units, codecs, skips: Of the table.
    """
    frame = rows.frame
    told: dict[str, int] = {}

    def forget(name: str, where: np.ndarray, said: str) -> None:
        nonlocal frame
        if where.any():
            frame = frame.with_columns(frame[name].set(pl.Series(where), None))
            told[said] = told.get(said, 0) + int(where.sum())

    for skip in skips.values():
        at, parts = _whole(frame, (skip.column, skip.key), codecs)
        if len(at):
            said = f"'{skip.column}' beside a '{skip.key}' that never has one"
            forget(skip.column, _among(len(rows), at[skip.broken(parts, codecs)]), said)
    for unit in units:
        for found in _broken(unit, frame, codecs):
            forget(*found)
    for unit in units:
        if isinstance(unit, LinearRule):
            for found in _beyond(unit, frame, codecs):
                forget(*found)
    return rows.with_frame(frame), told


def _broken(
    unit: Block, frame: pl.DataFrame, codecs: Codecs
) -> Iterator[tuple[str, np.ndarray, str]]:
    """Columns whose values break the unit's rule, (rows,) where, and that in words."""
    if isinstance(unit, JointCode):
        for name, where in _unseen(unit, frame, codecs).items():
            others = ", ".join(f"'{other}'" for other in unit.columns if other != name)
            yield name, where, f"'{name}' beside {others} as it never was"
    elif isinstance(unit, (LinearRule, Lookup, Reckoned)):
        at, parts = _whole(frame, (*unit.columns, *unit.bases), codecs)
        if len(at):
            yield unit.columns[0], _among(len(frame), at[unit.broken(parts)]), _rule(unit)


def _beyond(
    unit: LinearRule, frame: pl.DataFrame, codecs: Codecs
) -> Iterator[tuple[str, np.ndarray, str]]:
    """As :func:`_broken`, of what the column is kept below or above of: between its other
    neighbours there is room for another value, whatever the column holds."""
    for low, high in unit.orders:
        at, parts = _whole(frame, (low, high), codecs)
        if len(at):
            guard = high if low == unit.law.column else low
            beyond = parts.number(low, codecs[low][1]) > parts.number(high, codecs[high][1])
            yield guard, _among(len(frame), at[beyond]), f"'{low}' above '{high}'"


def _whole(
    frame: pl.DataFrame, names: Sequence[str], codecs: Codecs
) -> tuple[np.ndarray, BlockRows]:
    """The positions of the rows that have all of these columns, and their channels."""
    if not set(names) <= set(frame.columns):
        return np.zeros(0, np.int64), BlockRows()
    known = pl.all_horizontal(by_name(*names).is_not_null()).alias("known")
    at = np.flatnonzero(frame.select(known)["known"].to_numpy())
    return at, BlockRows({name: codecs[name][1].encode(frame[name][at]) for name in names})


def _unseen(unit: JointCode, frame: pl.DataFrame, codecs: Codecs) -> dict[str, np.ndarray]:
    """Column -> (rows,) whether its level never came beside those of the columns before it."""
    level = np.full((frame.height, len(unit.columns)), -1)
    for k, name in enumerate(unit.columns):
        if name in frame.columns:
            known = frame[name].is_not_null()
            level[known.to_numpy(), k] = (
                codecs[name][1].encode(frame[name].filter(known)).code[:, 0]
            )
    different, place = np.unique(level, axis=0, return_inverse=True)
    odd = np.zeros(different.shape, bool)
    for at, row in enumerate(different.tolist()):
        seen = np.ones(len(unit.table), bool)
        for k, wanted in enumerate(row):
            alike = seen & (unit.table[:, k] == wanted)
            if wanted >= 0:
                odd[at, k] = not alike.any()
                seen = alike if alike.any() else seen
    return {name: odd[place.ravel(), k] for k, name in enumerate(unit.columns)}


def _among(rows: int, at: np.ndarray) -> np.ndarray:
    """(rows,) whether a row stands at one of these positions."""
    where = np.zeros(rows, bool)
    where[at] = True
    return where


def _rule(unit: Block) -> str:
    name = unit.columns[0]
    if isinstance(unit, LinearRule):
        return f"'{name}' against the rule {unit.formula}"
    if isinstance(unit, Reckoned):
        return f"'{name}' other than {unit.said} makes"
    return f"'{name}' other than '{unit.bases[0]}' decides"
