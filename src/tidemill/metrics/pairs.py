"""How each two columns go together."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from math import sqrt

import numpy as np
from numpy.typing import NDArray

from tidemill.core.one_thread import one_thread
from tidemill.core.picture import Picture, Table
from tidemill.core.run import Run
from tidemill.core.score import Evidence, Score
from tidemill.core.words import percent, plural, ratio
from tidemill.supervised.arrays import Codes, FeatureLayout, Features, Floats, features
from tidemill.supervised.sampling import Sides, affordable, sides

MOST_ROWS = 50_000
CELLS = 2_000_000
MOST_COLUMNS = 100
MOST_SHOWN = 24
MOST_BINS = 10
ROWS_A_CELL = 25
"""Fewer bins are made where fewer rows than these would fall into the mean cell of a table of two
columns."""
TRENDS, RANKS = "pair trends (error)", "rank correlations (error)"
_BLOCK = 8192


def pairs(evidence: Evidence, run: Run) -> Iterable[Score]:
    """How far the joint distributions of two columns stray from those of held-out real rows; 0 is
    best.

    Each column is cut into at most MOST_BINS bins (numbers and datetimes at real quantiles,
    categories into their most frequent levels and a rest), missing values being a bin of their own.
    For each pair of columns the table of counts is compared by total variation: the share of rows
    that would have to be moved until the tables agree. Pairs of numbers are compared by Spearman's
    rank correlation too.

    Floor: rows of independent columns, which have no pair trends. Ceiling: training rows in the
    place of the synthetic ones; it is not 0, since two samples never have quite the same counts.

    Args:
        evidence: The sets.
        run: Draws at most MOST_COLUMNS columns (the target always) and the rows.
    """
    chosen, note = _columns(evidence, run)
    columns = chosen.train.schema.modelled
    if len(columns) < 2:
        why = "there are fewer than two columns"
        yield from (Score("pairs", name, None, better="low", why=why) for name in (TRENDS, RANKS))
        return
    taken = sides(chosen, run, "pairs", most=affordable(len(columns), cells=CELLS, most=MOST_ROWS))
    layout, parts = features(tuple(taken))
    yield _trends(layout, parts, taken, note)
    yield _ranks(layout, parts, taken, note)


def _columns(evidence: Evidence, run: Run) -> tuple[Evidence, str]:
    """The evidence on at most MOST_COLUMNS columns, and what to say about that."""
    columns = evidence.train.schema.modelled
    if len(columns) <= MOST_COLUMNS:
        return evidence, ""
    target = [c.name for c in columns if c.role == "target"]
    others = [c.name for c in columns if c.role != "target"]
    rng = run.rng("metrics", "pairs", "columns")
    chosen = {*target, *rng.choice(others, MOST_COLUMNS - len(target), replace=False)}
    names = [c.name for c in columns if c.name in chosen]
    narrow = replace(
        evidence,
        train=evidence.train.select(names),
        holdout=evidence.holdout.select(names),
        synthetic=evidence.synthetic.select(names),
        floor=evidence.floor.select(names),
    )
    return narrow, f" (measured on {MOST_COLUMNS} columns drawn from {len(columns):,})"


def _trends(layout: FeatureLayout, parts: tuple[Features, ...], taken: Sides, note: str) -> Score:
    bins = int(np.clip(sqrt(min(map(len, parts)) / ROWS_A_CELL), 2, MOST_BINS))
    binned, sizes = _binned(layout, parts, bins)
    real, *others = (_shares(codes, sizes) for codes in binned)
    errors = [_differences(real, other, sizes) for other in others]
    upper = np.triu_indices(len(layout.names), 1)
    value, floor, ceiling = (float(error[upper].mean()) for error in errors)
    worst = _worst(layout, errors[0], errors[2])
    sentence = (
        f"{percent(value)} of the rows would have to change for two columns to be related as in "
        f"real data, on average over {plural(len(upper[0]), 'pair')} (another real sample: "
        f"{percent(ceiling)}; unrelated columns: {percent(floor)}){note or taken.note}."
    )
    figures = {"pairs": len(upper[0]), "bins": bins, "rows": len(parts[1])}
    return Score(
        "pairs",
        TRENDS,
        value,
        floor,
        ceiling,
        "low",
        sentence=sentence,
        table=worst,
        picture=_heat(layout, *errors),
        figures=figures,
    )


def _binned(
    layout: FeatureLayout, parts: tuple[Features, ...], bins: int
) -> tuple[list[NDArray[np.int64]], list[int]]:
    """Per set the bin of each cell (n, columns), missing being bin 0; and the number of bins per
    column."""
    real = parts[0]
    columns: list[list[NDArray[np.int64]]] = []
    for j in range(len(layout.numbers)):
        edges = _edges(real.numbers[:, j], bins)
        columns.append([_number_bins(part.numbers[:, j], edges) for part in parts])
    for j, levels in enumerate(layout.levels):
        bin_of = _level_bins(real.codes[:, j], len(levels), bins)
        columns.append([bin_of[part.codes[:, j]] for part in parts])
    sizes = [1 + max(int(codes.max(initial=0)) for codes in column) for column in columns]
    return [np.column_stack(codes) for codes in zip(*columns, strict=True)], sizes


def _number_bins(values: Floats, edges: Floats) -> NDArray[np.int64]:
    return np.where(np.isnan(values), 0, 1 + np.searchsorted(edges, values, "left"))


def _level_bins(codes: Codes, levels: int, bins: int) -> NDArray[np.int64]:
    """(levels + 1,) the bin of each code: one each for the most frequent levels, one for all
    others."""
    counts = np.bincount(codes, minlength=levels + 1)[1:]
    bin_of = np.full(levels + 1, bins)
    bin_of[0] = 0
    top = np.argsort(-counts, kind="stable")[: bins - 1]
    bin_of[1 + top] = 1 + np.arange(len(top))
    return bin_of


def _edges(values: Floats, bins: int) -> Floats:
    """Upper ends of all bins but the last; fewer than asked for where values are many times the
    same."""
    present = values[~np.isnan(values)]
    if not len(present):
        return np.zeros(0)
    edges: Floats = np.unique(
        np.quantile(present, np.arange(1, bins) / bins, method="inverted_cdf")
    )
    return edges[edges < present.max()]


def _shares(codes: NDArray[np.int64], sizes: list[int]) -> Floats:
    """The joint shares of the bins of all columns, (all bins, all bins)."""
    offsets = np.concatenate([[0], np.cumsum(sizes)[:-1]])
    total = np.zeros((sum(sizes), sum(sizes)))
    # on a busy machine, threads cost more than they save on small blocks
    with one_thread():
        for start in range(0, len(codes), _BLOCK):
            block = codes[start : start + _BLOCK] + offsets
            hot = np.zeros((len(block), sum(sizes)), np.float32)
            np.put_along_axis(hot, block, 1, axis=1)
            total += hot.T @ hot  # counts below 2^24 are exact in float32
    return total / len(codes)


def _differences(real: Floats, other: Floats, sizes: list[int]) -> Floats:
    """Total variation of each pair's table, (columns, columns)."""
    starts = np.concatenate([[0], np.cumsum(sizes)[:-1]])
    gaps = np.abs(real - other)
    error: Floats = np.add.reduceat(np.add.reduceat(gaps, starts, axis=0), starts, axis=1) / 2
    return error


def _worst(layout: FeatureLayout, error: Floats, ceiling: Floats) -> Table:
    first, second = np.triu_indices(len(error), 1)
    order = np.argsort((ceiling - error)[first, second], kind="stable")[:10]
    rows = []
    for i, j in zip(first[order], second[order], strict=True):
        figures = (round(float(error[i, j]), 4), round(float(ceiling[i, j]), 4))
        rows.append((layout.names[i], layout.names[j], *figures))
    return Table(
        ("column", "column", "error", "error of a real sample"),
        tuple(rows),
        "Pairs of columns whose error is furthest above that of a real sample",
    )


def _heat(layout: FeatureLayout, error: Floats, floor: Floats, ceiling: Floats) -> Picture:
    """How much worse each pair is than in another real sample, on the scale of unrelated
    columns."""
    error = np.maximum(error - ceiling, 0)
    np.fill_diagonal(error, 0)
    upper = np.triu_indices(len(error), 1)
    shown = np.sort(np.argsort(-error.sum(axis=1), kind="stable")[:MOST_SHOWN])
    names = tuple(layout.names[i] for i in shown)
    title = "Where relations between columns differ from real data"
    if len(shown) < len(layout.names):
        title += f" (the {MOST_SHOWN} columns that differ most, of {len(layout.names)})"
    series = []
    for i in shown:
        cells = [None if i == j else round(float(error[i, j]), 4) for j in shown]
        series.append((layout.names[i], tuple(cells)))
    label = (
        "share of rows that would have to change, beyond what another real sample shows; the "
        "strongest colour is that of unrelated columns"
    )
    most = round(float(floor[upper].max()), 4) or None
    return Picture("heat", title, names, tuple(series), label, most=most)


def _ranks(layout: FeatureLayout, parts: tuple[Features, ...], taken: Sides, note: str) -> Score:
    varying = []
    for j in range(len(layout.numbers)):
        if all(_varies(part.numbers[:, j]) for part in parts):
            varying.append(j)
    if len(varying) < 2:
        why = "fewer than two columns of numbers or dates vary in all sets"
        return Score("pairs", RANKS, None, better="low", why=why)
    real, *others = (_spearman(part.numbers[:, varying]) for part in parts)
    upper = np.triu_indices(len(varying), 1)
    value, floor, ceiling = (float(np.abs(other - real)[upper].mean()) for other in others)
    sentence = (
        f"On average over {len(upper[0]):,} pairs of columns of numbers or dates, the rank "
        f"correlation (from -1 to 1) is off by {ratio(value)}; in another real sample by "
        f"{ratio(ceiling)}, with unrelated columns by {ratio(floor)}{note or taken.note}."
    )
    return Score(
        "pairs",
        RANKS,
        value,
        floor,
        ceiling,
        "low",
        sentence=sentence,
        figures={"pairs": len(upper[0])},
    )


def _varies(values: Floats) -> bool:
    present = values[~np.isnan(values)]
    return len(present) > 1 and bool(present.min() < present.max())


def _spearman(numbers: Floats) -> Floats:
    """Rank correlations, (columns, columns); a missing value has the middle rank."""
    from scipy.stats import rankdata

    ranks = rankdata(numbers, axis=0, nan_policy="omit")
    centred = np.nan_to_num(ranks - np.nanmean(ranks, axis=0), nan=0.0)
    product = centred.T @ centred
    spread = np.sqrt(np.diag(product))
    correlations: Floats = product / np.outer(spread, spread)
    return correlations
