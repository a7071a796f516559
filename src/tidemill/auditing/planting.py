"""Made-up rare rows: unlikely together, but each value one that its column has, and no rule
broken."""

from __future__ import annotations

import numpy as np
import polars as pl

from tidemill.core.dataset import Dataset
from tidemill.core.lawful import obeys
from tidemill.core.schema import Column
from tidemill.metrics.nearest import equal_rows

TAIL = 0.05
"""The share of rows at either end of a number from which its values are drawn."""
FEWEST = 5
"""Rows that a level must have: of rarer ones a model may keep no name, so that a canary would be
planted in vain."""
ATTEMPTS = 4


def made_up(train: Dataset, rows: int, rng: np.random.Generator) -> Dataset | str:
    """So many rows that are no training row, or why they cannot be made.

    Numbers and dates come from the two tails of their column, levels from all levels with the same
    chance, each column by itself; columns that a rule ties together are taken from one training
    row, drawn by the first of them.

    Args:
        train: Modelled columns only.
        rows: How many.
        rng: Draws them.
    """
    found: list[pl.DataFrame] = []
    left = rows
    for _ in range(ATTEMPTS):
        drawn = train.with_frame(_drawn(train, 2 * rows, rng))
        lawful = np.ones(len(drawn), bool)
        for rule in train.schema.rules:
            lawful &= obeys(rule, drawn.frame, train.frame)
        drawn = drawn.rows(lawful)
        fresh = drawn.rows(~equal_rows(drawn, train)).frame.unique(maintain_order=True)
        found.append(fresh[:left])
        left -= len(found[-1])
        if not left:
            made = pl.concat(found).unique(maintain_order=True)
            if made.height == rows:
                return train.with_frame(made)
            left = rows - made.height
            found = [made]
    return "the columns allow too few combinations that no training row has"


def _drawn(train: Dataset, rows: int, rng: np.random.Generator) -> pl.DataFrame:
    columns: dict[str, pl.Series] = {}
    for group in _groups(train):
        at = _places(train.schema[group[0]], train.frame[group[0]], rows, rng)
        columns |= {name: train.frame[name][at] for name in group}
    return pl.DataFrame([columns[name].alias(name) for name in train.schema.names])


def _groups(train: Dataset) -> list[list[str]]:
    """The columns, those together that rules tie together."""
    names = train.schema.names
    group = {name: {name} for name in names}
    for rule in train.schema.rules:
        joined = set().union(*(group[name] for name in rule.columns))
        group |= dict.fromkeys(joined, joined)
    groups: list[list[str]] = []
    for name in names:
        members = [other for other in names if other in group[name]]
        if members[0] == name:
            groups.append(members)
    return groups


def _places(column: Column, values: pl.Series, rows: int, rng: np.random.Generator) -> np.ndarray:
    """Training rows whose value of the column is taken."""
    if column.kind in ("number", "datetime"):
        order = values.arg_sort(nulls_last=True).to_numpy()[: len(values) - values.null_count()]
        if not len(order):
            return np.asarray(rng.choice(np.arange(len(values)), rows))
        tail = max(1, int(TAIL * len(order)))
        return np.asarray(rng.choice(np.concatenate([order[:tail], order[-tail:]]), rows))
    codes = values.cast(pl.String).rank("dense").fill_null(0).to_numpy().astype(int)
    levels, counts = np.unique(codes, return_counts=True)
    usual = levels[(counts >= FEWEST) | (counts == counts.max())]
    order = np.argsort(codes, kind="stable")
    starts = np.searchsorted(codes[order], usual)
    stops = np.searchsorted(codes[order], usual, "right")
    which = rng.integers(0, len(usual), rows)
    inside = rng.random(rows) * (stops - starts)[which]
    return np.asarray(order[(starts[which] + inside).astype(int)])
