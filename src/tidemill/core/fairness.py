"""Equal outcome rates in all groups: what is asked, and how many rows of each group and outcome
that takes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import polars as pl

from tidemill.core.balance import largest_remainder, meet_margin
from tidemill.core.condition import Levels, Test, column_of
from tidemill.core.errors import ConditionError
from tidemill.core.schema import Column, Schema

PARTS = 4
"""Numbers and dates are grouped at their quartiles."""

Fair = Mapping[str, str] | Sequence[str] | None
"""What :func:`parse_fair` takes."""


@dataclass(frozen=True, slots=True)
class Evening:
    """What shall be the same for whom.

    Attributes:
        columns: The sensitive columns; a group is one combination of their values.
        outcome: The column whose rates are made equal.
        strength: From 0 (rates as learned) to 1 (equal rates); they move along a straight line.
    """

    columns: tuple[str, ...]
    outcome: str
    strength: float = 1.0


def parse_fair(fair: Fair, strength: float, schema: Schema, levels: Levels) -> Evening | None:
    """What ``fair`` asks for; None where nothing is asked.

    Args:
        fair: ``{"sex": "income"}``, or texts ``["sex=income"]``: a sensitive column and the
            outcome. Several sensitive columns have one outcome.
        strength: From 0 to 1.
        schema: The columns.
        levels: The levels of each column.

    Raises:
        ConditionError: It cannot be understood, or a column cannot play its part.
        SchemaError: A column does not exist.

    Example:
        >>> schema = Schema((Column("sex", "category"), Column("income", "category")))
        >>> parse_fair("sex=income", 0.5, schema, lambda name: ("a", "b"))
        Evening(columns=('sex',), outcome='income', strength=0.5)
    """
    is_number = isinstance(strength, int | float) and not isinstance(strength, bool)
    if not is_number or not 0 <= strength <= 1:
        raise ConditionError(
            f"{strength!r} is no strength of fairness",
            hint="give a number from 0 (as learned) to 1 (equal rates)",
        )
    if not fair:
        return None
    asked = _pairs(fair, schema)
    outcomes = list(dict.fromkeys(asked.values()))
    if len(outcomes) > 1:
        raise ConditionError(
            f"there is more than one outcome ({', '.join(outcomes)})",
            hint="name the same outcome for each sensitive column, and make rows for another one "
            "apart",
        )
    outcome = schema[outcomes[0]]
    if not levels(outcome.name):
        raise ConditionError(
            f"rates are those of categories and booleans, and the outcome is a {outcome.kind}",
            where=f"column '{outcome.name}'",
            hint="name a column with levels, or put the values into bands (low, middle, high) "
            "first",
        )
    for name in asked:
        if name == outcome.name:
            raise ConditionError(
                "a column cannot be both the group and the outcome",
                where=f"column '{name}'",
                hint="name two different columns, as in sex=income",
            )
        if schema[name].kind not in ("number", "datetime") and not levels(name):
            raise ConditionError(
                f"a {schema[name].kind} column has no groups",
                where=f"column '{name}'",
                hint="name a category, a boolean, or numbers, which are grouped by quarters",
            )
    return Evening(tuple(asked), outcome.name, float(strength))


def groups_of(
    column: Column, values: pl.Series, levels: Sequence[str]
) -> tuple[tuple[Test, ...], ...]:
    """The tests of each group of a column: its levels, or quarters of its numbers and dates;
    missing values are one more.

    Args:
        column: What it is.
        values: Rows of it, for the ends of the quarters.
        levels: Its levels, where it has some.
    """
    if column.kind in ("number", "datetime"):
        groups = quarters(column.name, values)
    else:
        groups = [(Test(column.name, "=", level),) for level in levels]
    if column.nullable:
        groups.append((Test(column.name, "missing"),))
    return tuple(groups)


def quarters(name: str, values: pl.Series) -> list[tuple[Test, ...]]:
    """The tests of as many parts of equal size as ties allow, at most four.

    Example:
        >>> [" and ".join(map(str, part)) for part in quarters("age",
        ...     pl.Series([1, 2, 2, 2, 3, 4, 5, 6]))]
        ['age ≤ 2', 'age > 2 and age ≤ 4', 'age > 4']
    """
    known = values.drop_nulls().sort()
    ends: list[Any] = []
    for k in range(1, PARTS):
        at = max(0, -(-len(known) * k // PARTS) - 1)
        if len(known) and known[at] < known[-1] and known[at] not in ends:
            ends.append(known[at])
    if not ends:
        return [(Test(name, "present"),)]
    between = [(Test(name, ">", low), Test(name, "<=", high)) for low, high in pairwise(ends)]
    return [(Test(name, "<=", ends[0]),), *between, (Test(name, ">", ends[-1]),)]


def evened(n: int, met: np.ndarray, strength: float) -> np.ndarray:
    """How many of n rows each group has with each outcome.

    Of all ways in which the outcome has nothing to do with the group, the product of the margins
    keeps both as they are; it is also the nearest one (least Kullback-Leibler divergence). Between
    the two, rates move along a straight line.

    Args:
        n: Rows to be made.
        met: (groups, outcomes) how often each combination is met among rows of the model.
        strength: From 0 (as met) to 1 (equal rates).

    Returns:
        Whole numbers in the shape of ``met`` that add up to n; groups and outcomes keep their
        shares, to the nearest whole row.

    Example:
        >>> evened(100, np.array([[40, 10], [20, 30]]), 1.0).tolist()
        [[30, 20], [30, 20]]
        >>> evened(100, np.array([[40, 10], [20, 30]]), 0.5).tolist()
        [[35, 15], [25, 25]]
    """
    share = met / met.sum()
    margins = share.sum(axis=1), share.sum(axis=0)
    wanted = (1 - strength) * share + strength * np.outer(*margins)
    counts = largest_remainder(n, wanted.ravel()).reshape(met.shape)
    for axis, margin in enumerate(margins):
        meet_margin(counts, n * wanted, axis, largest_remainder(n, margin))
    return counts


def _pairs(fair: Mapping[str, str] | Sequence[str], schema: Schema) -> dict[str, str]:
    """Sensitive column -> outcome."""
    if isinstance(fair, Mapping):
        for outcome in fair.values():
            if not isinstance(outcome, str):
                raise ConditionError(
                    f"{outcome!r} is no column's name", hint='write {"sex": "income"}'
                )
        return {schema[name].name: schema[outcome].name for name, outcome in fair.items()}
    pairs: dict[str, str] = {}
    for text in [fair] if isinstance(fair, str) else fair:
        if "=" not in str(text):
            raise ConditionError(
                f"'{text}' does not name two columns",
                hint='write SENSITIVE=OUTCOME, as in "sex=income"',
            )
        column, outcome = column_of(text, schema, "=")
        pairs[column.name] = schema[outcome].name
    return pairs
