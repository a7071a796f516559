"""Whether tables of a made database hang together as those of a real one do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import polars as pl

from tidemill.core.columns import by_name
from tidemill.core.database import Database, Link, gathered
from tidemill.core.dataset import Dataset
from tidemill.core.run import Run
from tidemill.core.schema import Column, Schema
from tidemill.metrics.detection import CELLS, MOST_ROWS, Judgement, judged_by_trees
from tidemill.supervised.groups import as_numbers, between, most_frequent, numbers_of
from tidemill.supervised.sampling import affordable

LEVELS = 10
"""Of a category, the shares of so many levels are told of a group."""
BINS = 10
Way = Sequence[Link]
"""Links from a table upwards, one after the other."""
Levels = Mapping[tuple[Link, str], list[str]]
"""Of which levels the shares are told, by the first link of a path and the column."""


def held(database: Database, link: Link) -> float:
    """The share of the rows that point to something which point to a row that is there."""
    told = database.holds(link)
    pointing = told.rows - told.empty
    return 1.0 - told.astray / pointing if pointing else 1.0


def counts_alike(real: Database, other: Database, link: Link) -> float:
    """One less the largest distance between the shares of rows that at most so many rows point to
    (Kolmogorov-Smirnov): 1 where they are the same."""
    one, two = _counts(real, link), _counts(other, link)
    if not len(one) or not len(two):
        return float("nan")
    at = np.union1d(one, two)
    shares = [np.searchsorted(np.sort(side), at, side="right") / len(side) for side in (one, two)]
    return 1.0 - float(np.abs(shares[0] - shares[1]).max())


def judged(
    real: Database, other: Database, table: str, run: Run, *, plus: bool = False
) -> Judgement:
    """How well trees tell rows of a table with what is told of the rows that point to them
    (C2ST-Agg of SyntheRela, Jurkovic and others 2025, as an AUC): 0.5 is best.

    Beside the row's own columns: how many rows point to it, and of their columns the mean of
    numbers and how many levels there are. In that nothing tells of spread and shares, so that
    children who are all like the mean pass.

    Args:
        real: Rows that the model has not learned.
        other: Made ones.
        table: The table.
        run: Draws folds, and as many rows of both.
        plus: Whether spread, ends and shares are told, too, the same of what these rows point to
            besides, and, where a column of times orders them, the first and last value, the mean
            step, and how many are as the one before.
    """
    paths = [[link] for link in real.below(table)]
    levels = common_levels(real, paths) if plus else None
    one, two = (with_aggregates(each, table, paths, levels) for each in (real, other))
    names = [name for name in one.schema.names if name in two.schema]
    one, two = one.select(names), two.select(names)
    rng = run.rng("relations", table)
    n = min(len(one), len(two), affordable(len(names), cells=CELLS, most=MOST_ROWS))
    one, two = (each.rows(np.sort(rng.permutation(len(each))[:n])) for each in (one, two))
    return judged_by_trees(one, two, run)


def between_error(real: Database, other: Database, link: Link) -> float:
    """How far the share of the variance that lies between groups of rows that point to the same row
    (the intraclass correlation) is from that of real ones, as a mean over columns."""
    found = []
    for column in real.telling(link.child):
        one, two = (_between(each, link, column) for each in (real, other))
        found.append(abs(one - two))
    return float(np.mean(found)) if found else float("nan")


def hop_error(real: Database, other: Database, path: Way) -> float:
    """How far columns of a table go together with those of one that is some links away, from how
    they do in real rows: the share of rows that would have to be moved, as a mean over pairs.

    Args:
        real, other: The databases.
        path: The links from the lowest table upwards.
    """
    one, two = (_joined(each, path) for each in (real, other))
    if not len(one[0]) or not len(two[0]):
        return float("nan")
    low = [_cells((one[0], two[0]), column) for column in real.telling(path[0].child)]
    high = [_cells((one[1], two[1]), column) for column in real.telling(path[-1].parent)]
    errors = [_moved((a, b)) for a in low for b in high]
    return float(np.mean(errors)) if errors else float("nan")


def common_levels(database: Database, paths: Sequence[Way]) -> Levels:
    """The most frequent levels of the categories of the rows at the foot of each path, and of what
    they point to besides."""
    found = {}
    for path in paths:
        child = _beside(database, path[0])
        for column in child.schema:
            if column.kind == "category":
                name = column.name
                found[path[0], name] = most_frequent(child.frame[name], LEVELS)
    return found


def with_aggregates(
    database: Database, table: str, paths: Sequence[Way], levels: Levels | None
) -> Dataset:
    """The rows of a table with what is told of those that lead to them: how many they are, means,
    numbers of levels; with levels also shares, spread and ends, and of what is beside them.

    Args:
        database: The tables.
        table: Whose rows.
        paths: Each from a table below up to this one.
        levels: Of which levels shares are told.
    """
    data = database[table]
    columns = list(database.telling(table))
    told_values = [data.frame[column.name] for column in columns]
    for number, path in enumerate(paths):
        link, at = path[0], led(database, path)
        here = at >= 0
        child = _telling(database, link.child) if levels is None else _beside(database, link)
        child = child.rows(np.flatnonzero(here))
        told = pl.DataFrame({"at": at[here]})
        time = None if levels is None else database.time(link.child)
        if time is not None:
            order = np.lexsort((as_numbers(child.frame[time]), at[here]))
            child, told = child.rows(order), told[order]
        asked = [pl.len().cast(pl.Float64).alias("rows")]
        for place, column in enumerate(child.schema):
            name = f"v{place}"
            told = told.with_columns(_plain(child, column).alias(name))
            shares = None if levels is None else levels.get((link, column.name), [])
            asked += _asked(column, by_name(name), shares)
            if time is not None:
                asked += _in_order(column, by_name(name))
        whole = pl.DataFrame({"at": np.arange(len(data))})
        found = whole.join(told.group_by("at").agg(asked), on="at", how="left").sort("at")
        found = found.drop("at").with_columns(pl.col("rows").fill_null(0.0))
        for name in found.columns:
            label = f"{number} {link.child} {name}"
            told_values.append(found[name].cast(pl.Float64).alias(label))
            columns.append(Column(label, "number", nullable=True, dtype="Float64"))
    return Dataset(pl.DataFrame(told_values), Schema(tuple(columns)), name=table)


def led(database: Database, path: Way) -> np.ndarray:
    """(rows of the lowest table,) the row that each leads to by the links of a path; below 0 for
    none."""
    at = np.arange(len(database[path[0].child]))
    for link in path:
        up = database.places(link)
        at = np.where(at >= 0, up[np.maximum(at, 0)] if len(up) else -1, -1)
    return at


def _counts(database: Database, link: Link) -> np.ndarray:
    at = database.places(link)
    return np.bincount(at[at >= 0], minlength=len(database[link.parent]))


def _telling(database: Database, name: str) -> Dataset:
    """The rows of a table, only columns that carry information."""
    return database[name].select([column.name for column in database.telling(name)])


def _beside(database: Database, link: Link) -> Dataset:
    """The rows that point, with columns of what they point to by other links."""
    child = _telling(database, link.child)
    frame, columns = child.frame, list(child.schema.columns)
    for number, other in enumerate(database.above(link.child)):
        if other == link or other.parent == link.child:
            continue
        parent, at = database[other.parent], database.places(other)
        for column in database.telling(other.parent):
            values = gathered(parent.frame[column.name], at)
            name = f"{other.parent} {number}: {column.name}"
            frame = frame.with_columns(values.alias(name))
            columns.append(replace(column, name=name, role="feature", nullable=True))
    return Dataset(frame, Schema(tuple(columns)), name=link.child)


def _plain(data: Dataset, column: Column) -> pl.Series:
    values = data.frame[column.name]
    if column.kind == "category":
        return values.cast(pl.String)
    return pl.Series(column.name, as_numbers(values), nan_to_null=True)


def _asked(column: Column, values: pl.Expr, shares: list[str] | None) -> list[pl.Expr]:
    """What is told of a column of each group; of given levels and of spread, too."""
    name = column.name
    if column.kind == "category":
        found = [values.n_unique().cast(pl.Float64).alias(f"levels of {name}")]
        for level in shares or ():
            found.append((values == level).mean().alias(f"share of {name} {level}"))
        return found
    found = [values.mean().alias(f"mean of {name}")]
    if shares is not None:
        found += [
            values.std().alias(f"spread of {name}"),
            values.min().alias(f"least {name}"),
            values.max().alias(f"largest {name}"),
        ]
    return found


def _in_order(column: Column, values: pl.Expr) -> list[pl.Expr]:
    """What is told of a column of each group by the order of its rows."""
    name, steps = column.name, values.diff()
    found = [(values == values.shift()).mean().alias(f"as before: {name}")]
    if column.kind != "category":
        found += [
            steps.abs().mean().alias(f"mean step of {name}"),
            values.first().alias(f"first {name}"),
            values.last().alias(f"last {name}"),
        ]
    return found


def _between(database: Database, link: Link, column: Column) -> float:
    at = database.places(link)
    here = at >= 0
    data = database[link.child]
    if column.kind == "category":
        texts = data.frame[column.name].cast(pl.String)
        codes = texts.rank("dense").cast(pl.Float64).fill_null(float("nan")).to_numpy()
        return between(codes[here], at[here])
    [values] = numbers_of(data, column)
    return between(values[here], at[here])


def _joined(database: Database, path: Way) -> tuple[Dataset, Dataset]:
    """The rows of the lowest table, and beside each that of the highest that it leads to."""
    at = led(database, path)
    here = np.flatnonzero(at >= 0)
    return database[path[0].child].rows(here), database[path[-1].parent].rows(at[here])


def _cells(sides: tuple[Dataset, Dataset], column: Column) -> list[np.ndarray]:
    """The cell of each row by one column, cut at quantiles of the real ones, or the levels that
    most of these have."""
    real, other = (_plain(side, column) for side in sides)
    if column.kind == "category":
        number = {level: at for at, level in enumerate(most_frequent(real, BINS))}
        found = []
        for side in (real, other):
            codes = [BINS + 1 if one is None else number.get(one, BINS) for one in side.to_list()]
            found.append(np.array(codes, np.int64))
        return found
    numbers = [side.fill_null(float("nan")).to_numpy() for side in (real, other)]
    known = numbers[0][np.isfinite(numbers[0])]
    edges = np.zeros(0)
    if len(known):
        edges = np.unique(np.quantile(known, np.linspace(0, 1, BINS + 1)[1:-1]))
    return [
        np.where(np.isfinite(side), np.searchsorted(edges, side, side="right"), BINS + 1)
        for side in numbers
    ]


def _moved(cells: tuple[list[np.ndarray], list[np.ndarray]]) -> float:
    size = BINS + 2
    shares = []
    for side in (0, 1):
        both = cells[0][side] * size + cells[1][side]
        shares.append(np.bincount(both, minlength=size * size) / max(len(both), 1))
    return float(np.abs(shares[0] - shares[1]).sum() / 2)
