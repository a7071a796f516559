"""Outcomes of the groups of a sensitive column, in real and in synthetic rows."""

from __future__ import annotations

import numpy as np

from tidemill.core.picture import Table
from tidemill.core.score import Score
from tidemill.core.words import percent, points, ratio
from tidemill.metrics.parity.groups import ColumnGroups, Group
from tidemill.metrics.parity.models import outcome_shares, spread, watched
from tidemill.metrics.parity.rates import CLASS_ROWS, gap
from tidemill.supervised.arrays import Floats
from tidemill.supervised.targets import Targets


def outcomes(found: ColumnGroups, target: Targets | str, note: str) -> Score:
    """How far the outcomes within groups are off, mean over groups."""
    name = f"outcomes by '{found.column}' (error)"
    if isinstance(target, str):
        return Score("parity", name, None, better="low", why=target)
    groups = []
    known = []
    for group in found.groups:
        of_group = _rates(target, group)
        if not np.isnan(of_group).any():
            groups.append(group.name)
            known.append(of_group)
    if len(known) < 2:
        why = "fewer than two groups have a target in all sets"
        return Score("parity", name, None, better="low", why=why)
    rates = np.array(known)  # (groups, sets, classes)
    errors = np.abs(rates[:, :1] - rates[:, 1:]).sum(axis=2) / 2
    if not target.classes:
        spread_of_all = float(np.nanstd(target.values[0])) or 1.0
        errors *= 2 / spread_of_all
    value, floor, ceiling = errors.mean(axis=0).tolist()
    worst = int(errors[:, 0].argmax())
    real, synthetic = rates[worst, :2, -1].tolist()
    what = f"the mean '{target.column}'"
    if target.classes:
        what = f"the share of '{target.column}' = '{target.classes[-1]}'"
    return Score(
        "parity",
        name,
        value,
        floor,
        ceiling,
        "low",
        sentence=(
            f"By groups of '{found.column}', outcomes of '{target.column}' are off by "
            f"{_error_words(target, value)} on average (in another real sample by "
            f"{_error_words(target, ceiling)}); in '{groups[worst]}' {what} is "
            f"{_outcome_words(target, synthetic)} in synthetic and {_outcome_words(target, real)} "
            f"in held-out real rows{note}."
        ),
        table=_table(groups, rates[:, :, -1], f"{what[0].upper()}{what[1:]} by '{found.column}'"),
    )


def _table(groups: list[str], outcomes: Floats, title: str) -> Table:
    """A row a group; outcomes are (groups, sets)."""
    head = (
        "group",
        "held-out real rows",
        "generated",
        "independent columns",
        "another real sample",
    )
    rows = []
    for name, line in zip(groups, outcomes.tolist(), strict=True):
        rows.append((name, *(round(outcome, 4) for outcome in line)))
    return Table(head, tuple(rows), title)


def outcome_gap(found: ColumnGroups, target: Targets, note: str) -> Score:
    """How far the rates of the outcome are apart."""
    name = f"outcome gap by '{found.column}' (difference of rates)"
    k = watched(target, found)
    gaps = []
    for side in range(4):
        wide = gap(outcome_shares(target, found, side, k), least=CLASS_ROWS)
        if wide is not None:
            gaps.append(wide)
    if found.why or len(gaps) < 4:
        why = found.why or "too few rows of the groups have a target"
        return Score("parity", name, None, better="ceiling", why=why)
    real, mine, floor, ceiling = gaps
    most, least = found.groups[real.most], found.groups[real.least]
    sentence = (
        f"'{target.column}' = '{target.classes[k]}' holds for {percent(real.shares[0].value)} of "
        f"'{most.name}' ({most.rows:,} held-out real rows) and for "
        f"{percent(real.shares[1].value)} of '{least.name}' ({least.rows:,}): {spread(real)}, "
        f"a ratio of {ratio(real.ratio)}. In generated rows groups are {points(mine.value)} apart, "
        f"a ratio of {ratio(mine.ratio)}{note}."
    )
    return Score(
        "parity",
        name,
        mine.value,
        floor.value,
        ceiling.value,
        "ceiling",
        sentence,
        interval=(max(0.0, mine.low), mine.high),
        figures={"ratio": mine.ratio, "real": real.value, "ratio_real": real.ratio},
    )


def _rates(target: Targets, group: Group) -> Floats:
    """Of a group in each set the shares of the classes, (sets, classes), or the mean, (sets, 1);
    NaN where no target is known."""
    found = np.full((len(target.values), max(1, len(target.classes))), np.nan)
    for side, values in enumerate(target.values):
        mine = values[group.members[side]]
        present = mine[~np.isnan(mine)]
        if not len(present):
            continue
        if target.classes:
            counts = np.bincount(present.astype(int), minlength=len(target.classes))
            found[side] = counts / len(present)
        else:
            found[side] = present.mean()
    return found


def _error_words(target: Targets, value: float) -> str:
    return percent(value) if target.classes else f"{ratio(value)} standard deviations"


def _outcome_words(target: Targets, value: float) -> str:
    return percent(value) if target.classes else f"{value:,.4g}"
