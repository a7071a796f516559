"""Whether the groups of sensitive columns are served equally well by synthetic rows."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tidemill.core.picture import Table
from tidemill.core.run import Run
from tidemill.core.schema import Column
from tidemill.core.score import Evidence, Score
from tidemill.metrics.features import Features, Floats, Layout, as_floats, features
from tidemill.metrics.marginals import column_agreements
from tidemill.metrics.sides import Sides, affordable, sides
from tidemill.metrics.targets import Targets, targets
from tidemill.metrics.wording import percent, ratio

MOST_ROWS = 50_000
CELLS = 2_000_000
MOST_GROUPS = 8
GROUP_ROWS = 50
"""Smaller groups of held-out rows have shares that are off by 0.07 by chance alone."""
PARTS = 4

Bools = NDArray[np.bool_]


class Group(NamedTuple):
    """A group of a sensitive column: its name, and which rows of the real and of the three compared sets are in it."""

    name: str
    members: tuple[Bools, ...]


def parity(evidence: Evidence, run: Run) -> Iterable[Score]:
    """For each sensitive column the quality in the worst served group, and how far outcomes by group are off.

    Quality: the mean overlap of the columns' distributions (see :mod:`tidemill.metrics.marginals`) among the group's
    rows; the lowest over groups of at least GROUP_ROWS held-out rows; high is better. Outcomes: the share of the
    target's classes that would have to change within a group (of a number: the difference of means in standard
    deviations), mean over groups; low is better. Numbers and dates are grouped at their quartiles.

    Floor: rows of independent columns. Ceiling: training rows in the place of the synthetic ones.

    Args:
        evidence: The sets; where no column is sensitive there is no Score at all.
        run: Draws the samples.
    """
    columns = evidence.train.schema.modelled
    sensitive = [column for column in columns if column.role == "sensitive"]
    if not sensitive:
        return
    taken = sides(evidence, run, "parity", most=affordable(len(columns), cells=CELLS, most=MOST_ROWS))
    layout, parts = features(tuple(taken))
    target = targets(tuple(taken)) if taken.real.schema.target else None
    for column in sensitive:
        run.check()
        groups = _groups(column, taken)
        yield _quality(column, groups, layout, parts, taken.note)
        if target is not None:
            yield _outcomes(column, groups, target, taken.note)


def _groups(column: Column, taken: Sides) -> list[Group]:
    """The largest groups with enough held-out rows, the largest first."""
    if column.kind in ("number", "datetime"):
        labels = _quarters([as_floats(data.frame[column.name]) for data in taken])
    else:
        labels = [data.frame[column.name].cast(pl.String) for data in taken]
    texts = [label.fill_null("missing").to_numpy() for label in labels]
    names, counts = np.unique(texts[0], return_counts=True)
    order = [i for i in np.argsort(-counts, kind="stable") if counts[i] >= GROUP_ROWS][:MOST_GROUPS]
    return [Group(str(names[i]), tuple(text == names[i] for text in texts)) for i in order]


def _quarters(values: list[Floats]) -> list[pl.Series]:
    present = values[0][~np.isnan(values[0])]
    if not len(present):
        return [pl.Series([None] * len(v), dtype=pl.String) for v in values]
    ends = np.unique(np.quantile(present, np.arange(1, PARTS) / PARTS, method="inverted_cdf"))
    names = np.array([f"part {i + 1} of {len(ends) + 1}, lowest first" for i in range(len(ends) + 1)])
    return [pl.Series(names[np.searchsorted(ends, v, "left").clip(max=len(ends))]).set(pl.Series(np.isnan(v)), None)
            for v in values]


def _quality(column: Column, groups: list[Group], layout: Layout, parts: tuple[Features, ...], note: str) -> Score:
    name = f"quality in the worst served group of '{column.name}'"
    if len(groups) < 2:
        return Score("parity", name, None, why=f"fewer than two groups have {GROUP_ROWS} held-out rows")
    quality = np.array([[_overlap(layout, parts[0].rows(group.members[0]), part.rows(mine))
                         for part, mine in zip(parts[1:], group.members[1:], strict=True)] for group in groups])
    value, floor, ceiling = (float(q) for q in quality.min(axis=0))
    worst = groups[int(quality[:, 0].argmin())].name
    best = float(quality[:, 0].max())
    rows = tuple((group.name, int(group.members[0].sum()), round(float(group.members[0].mean()), 4),
                  round(float(group.members[1].mean()), 4), round(float(q[0]), 4), round(float(q[2]), 4))
                 for group, q in zip(groups, quality, strict=True))
    return Score("parity", name, value, floor, ceiling, sentence=(
        f"Of the groups of '{column.name}', synthetic rows resemble '{worst}' least: columns' distributions overlap by "
        f"{percent(value)} on average, in the best served group by {percent(best)}; another real sample reaches "
        f"{percent(ceiling)} in its worst group{note}."), figures={"groups": len(groups), "best": best}, table=Table(
            ("group", "holdout rows", "share of real", "share of synthetic", "quality", "quality of a real sample"),
            rows, f"Quality by '{column.name}'"))


def _overlap(layout: Layout, real: Features, other: Features) -> float:
    if not len(other):
        return 0.0
    shapes = [a.shape for a in column_agreements(layout, real, other).values() if a.shape is not None]
    return float(np.mean(shapes)) if shapes else 0.0


def _outcomes(column: Column, groups: list[Group], target: Targets | str, note: str) -> Score:
    name = f"outcomes by '{column.name}' (error)"
    if isinstance(target, str):
        return Score("parity", name, None, better="low", why=target)
    rates = [[_rates(target, values[mine]) for values, mine in zip(target.values, group.members, strict=True)]
             for group in groups]
    known = [(group, rate) for group, rate in zip(groups, rates, strict=True) if not np.isnan(rate).any()]
    if len(known) < 2:
        return Score("parity", name, None, better="low", why="fewer than two groups have a target in all sets")
    errors = np.array([[np.abs(rate[0] - other).sum() / 2 for other in rate[1:]] for _, rate in known])
    if not target.classes:
        spread = float(np.nanstd(target.values[0])) or 1.0
        errors *= 2 / spread
    value, floor, ceiling = (float(e) for e in errors.mean(axis=0))
    worst = int(errors[:, 0].argmax())
    what = f"the mean '{target.column}'"
    if target.classes:
        what = f"the share of '{target.column}' = '{target.classes[-1]}'"
    group, (real, synthetic, *_) = known[worst]
    rows = tuple((group.name, *(round(float(r[-1]), 4) for r in rate)) for group, rate in known)
    return Score("parity", name, value, floor, ceiling, "low", sentence=(
        f"By groups of '{column.name}', outcomes of '{target.column}' are off by {_off(target, value)} on average (in "
        f"another real sample by {_off(target, ceiling)}); in '{group.name}' {what} is {_shown(target, synthetic[-1])} "
        f"in synthetic and {_shown(target, real[-1])} in held-out real rows{note}."),
        table=Table(("group", "held-out real rows", "synthetic", "independent columns", "another real sample"), rows,
                    f"{what[0].upper()}{what[1:]} by '{column.name}'"))


def _rates(target: Targets, values: Floats) -> Floats:
    """Shares of the classes, (classes,), or the mean, (1,); NaN where no target is known."""
    present = values[~np.isnan(values)]
    if not len(present):
        return np.full(max(1, len(target.classes)), np.nan)
    if not target.classes:
        return np.array([present.mean()])
    return np.bincount(present.astype(int), minlength=len(target.classes)) / len(present)


def _off(target: Targets, value: float) -> str:
    return percent(value) if target.classes else f"{ratio(value)} standard deviations"


def _shown(target: Targets, value: float) -> str:
    return percent(value) if target.classes else f"{value:,.4g}"
