"""Shares that levels shall have among generated rows: read, fitted to each other, and turned into
whole rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tidemill.core.condition import Levels, Test, column_of, parse_where, split_values
from tidemill.core.errors import ConditionError
from tidemill.core.schema import Column, Schema
from tidemill.core.words import shortlist

EQUAL = "equal"
FITTING_ROUNDS = 200
UNSEEN = 1e-6
"""Weight of a combination that was not met, beside the independent product of its parts."""

Balance = Mapping[str, Mapping[Any, float] | str] | Sequence[str] | None
"""What :func:`parse_balance` takes."""


@dataclass(frozen=True, slots=True)
class Side:
    """One column's part of a balance: groups of its values that no row is in two of.

    Attributes:
        column: The column's name.
        groups: The tests of each group; the groups that were named come first.
        shares: The share of each named group.
    """

    column: str
    groups: tuple[tuple[Test, ...], ...]
    shares: tuple[float, ...]


def parse_balance(balance: Balance, schema: Schema, levels: Levels) -> list[Side]:
    """One side for each column that shares are asked of.

    Args:
        balance: ``{"churn": {"Yes": 0.5}, "plan": "equal"}``, or texts ``["churn=Yes:0.5",
            "plan=equal"]``; a text may name several levels with commas, and None (in a text
            nothing) stands for a missing value.
        schema: The columns.
        levels: The levels of each column.

    Raises:
        ConditionError: A text cannot be understood, a column has no levels, a level never occurs,
            or shares are none.
        SchemaError: A column does not exist.

    Example:
        >>> schema = Schema((Column("churn", "category"),))
        >>> side = parse_balance({"churn": {"Yes": 0.5}}, schema, lambda name: ("No", "Yes"))[0]
        >>> [" and ".join(map(str, group)) for group in side.groups], side.shares
        (['churn = Yes', 'churn ≠ Yes'], (0.5,))
    """
    if not balance:
        return []
    if isinstance(balance, Mapping):
        asked = {schema[name].name: shares for name, shares in balance.items()}
    else:
        asked = _of_texts([balance] if isinstance(balance, str) else balance, schema)
    return [_side(schema[name], shares, schema, levels) for name, shares in asked.items()]


def largest_remainder(n: int, shares: np.ndarray) -> np.ndarray:
    """n things divided by shares that add up to 1, in whole numbers (Hamilton's method).

    Example:
        >>> largest_remainder(10, np.array([0.5, 0.26, 0.24])).tolist()
        [5, 3, 2]
    """
    whole = np.floor(n * shares + 1e-9).astype(int)
    order = np.argsort(-(n * shares - whole), kind="stable")
    whole[order[: n - whole.sum()]] += 1
    return whole


def divided(n: int, met: np.ndarray, sides: Sequence[Side]) -> np.ndarray:
    """How many of n rows each combination of groups gets.

    The named groups have exactly their shares, to the nearest whole row; groups of a column that
    are not named keep their proportions, and so does, as far as the shares allow, what goes
    together (iterative proportional fitting).

    Args:
        n: Rows to be made.
        met: An axis for each side: how often each combination is met among rows of the model.
        sides: The columns with their groups.

    Returns:
        Whole numbers in the shape of ``met`` that add up to n.
    """
    margins = [_margin(met, axis, side) for axis, side in enumerate(sides)]
    table = met + UNSEEN
    for _ in range(FITTING_ROUNDS):
        for axis, margin in enumerate(margins):
            now = _along(table, axis)
            factor = np.divide(margin, now, out=np.zeros_like(margin), where=now > 0)
            table = table * _facing(factor, axis, table.ndim)
    share = table / table.sum()
    counts = largest_remainder(n, share.ravel()).reshape(share.shape)
    for axis, margin in enumerate(margins):
        meet_margin(counts, n * share, axis, largest_remainder(n, margin))
    return counts


def _margin(met: np.ndarray, axis: int, side: Side) -> np.ndarray:
    """The share of each group of one column."""
    named, now = len(side.shares), _along(met, axis)
    rest = 1.0 - sum(side.shares)
    margin = np.zeros(len(now))
    margin[:named] = side.shares
    if rest > 1e-9:
        if not now[named:].sum() > 0:
            raise ConditionError(
                f"the shares of '{side.column}' add up to {1 - rest:.3g}, and no other value is "
                "left",
                hint="let them add up to 1",
            )
        margin[named:] = rest * now[named:] / now[named:].sum()
    return margin / margin.sum()


def meet_margin(counts: np.ndarray, wanted: np.ndarray, axis: int, margin: np.ndarray) -> None:
    """Move single rows along one axis until its margin is met; the other margins stay as they are.

    Args:
        counts: Whole rows of each cell, changed in place.
        wanted: How many each cell should have, in the shape of ``counts``; the nearest cells give
            and take.
        axis: The one along which rows are moved.
        margin: (counts.shape[axis],) whole rows that add up to those of ``counts``.
    """
    counts = np.moveaxis(counts, axis, 0)
    wanted = np.moveaxis(wanted, axis, 0)
    while True:
        excess = counts.reshape(len(margin), -1).sum(axis=1) - margin
        if not excess.any():
            return
        source, sink = int(excess.argmax()), int(excess.argmin())
        surplus = counts[source] - wanted[source]
        shortage = wanted[sink] - counts[sink]
        gain = np.where(counts[source] > 0, surplus + shortage, -np.inf)
        gain = np.where(wanted[sink] > UNSEEN, gain, gain - wanted.sum())
        at = np.unravel_index(int(gain.argmax()), gain.shape)
        counts[source][at] -= 1
        counts[sink][at] += 1


def _along(table: np.ndarray, axis: int) -> np.ndarray:
    by_group = np.moveaxis(table, axis, 0).reshape(table.shape[axis], -1)
    return np.asarray(by_group.sum(axis=1), float)


def _facing(values: np.ndarray, axis: int, ndim: int) -> np.ndarray:
    """Values along one axis, with as many axes as a table."""
    shape = [1] * ndim
    shape[axis] = -1
    return values.reshape(shape)


def _of_texts(texts: Sequence[str], schema: Schema) -> dict[str, Any]:
    asked: dict[str, Any] = {}
    for text in texts:
        column, rest = column_of(text, schema, "=")
        if rest.lower() == EQUAL:
            asked[column.name] = EQUAL
            continue
        shares = asked.setdefault(column.name, {})
        for item in split_values(rest):
            level, mark, share = item.rpartition(":")
            if not mark or isinstance(shares, str):
                raise ConditionError(
                    f"'{text}' is no share", hint='write COL=LEVEL:SHARE, as in "churn=Yes:0.5"'
                )
            shares[level.strip() or None] = _number(share, text)
    return asked


def _number(share: str, text: str) -> float:
    try:
        return float(share)
    except ValueError:
        raise ConditionError(
            f"'{share.strip()}' is no share",
            where=f"'{text}'",
            hint="write a part of one, as 0.5 for half of the rows",
        ) from None


def _side(column: Column, shares: Any, schema: Schema, levels: Levels) -> Side:
    where, known = f"column '{column.name}'", levels(column.name)
    if not known:
        raise ConditionError(
            f"shares are asked of categories and booleans, not of a {column.kind}",
            where=where,
            hint="name a column with levels; a range of numbers can be given with where",
        )
    if isinstance(shares, str) and shares.lower() == EQUAL:
        shares = {level: 1 / len(known) for level in known}
    if not isinstance(shares, Mapping) or not shares:
        raise ConditionError(
            f"{shares!r} does not name shares of levels",
            where=where,
            hint=f'write {{"{known[0]}": 0.5}}, or "{EQUAL}"',
        )
    named = [parse_where({column.name: level}, schema, levels).tests for level in shares]
    for (test, *_), share in zip(named, shares.values(), strict=True):
        is_level = test.operator == "=" and test.value in known
        if not is_level and test.operator != "missing":
            raise ConditionError(
                f"'{test.value}' is none of its levels",
                where=where,
                hint=f"choose from: {shortlist(known, 8)}",
            )
        if isinstance(share, bool) or not isinstance(share, int | float) or not 0 <= share <= 1:
            raise ConditionError(
                f"{share!r} is no share",
                where=where,
                hint="write a part of one, as 0.5 for half of the rows",
            )
    total = float(sum(shares.values()))
    tests = [test for test, *_ in named]
    if total > 1 + 1e-9 or len(set(map(str, tests))) < len(tests):
        raise ConditionError(
            f"the shares add up to {total:.3g}, or a level is named twice",
            where=where,
            hint="let the shares of different levels add up to 1 at most",
        )
    groups = (*named, *_others(column, tests, known))
    return Side(column.name, groups, tuple(float(share) for share in shares.values()))


def _others(column: Column, named: Sequence[Test], known: Sequence[str]) -> list[tuple[Test, ...]]:
    """The groups that are not named: the other levels, and missing values."""
    levels = {test.value for test in named if test.operator == "="}
    others: list[tuple[Test, ...]] = []
    if len(levels) < len(known):
        if levels:
            others.append(tuple(Test(column.name, "!=", level) for level in sorted(levels)))
        else:
            others.append((Test(column.name, "present"),))
    if column.nullable and not any(test.operator == "missing" for test in named):
        others.append((Test(column.name, "missing"),))
    return others
