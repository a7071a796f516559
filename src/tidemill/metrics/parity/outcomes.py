"""Outcomes of the groups of a sensitive column, in real and in synthetic rows."""

from __future__ import annotations

import numpy as np

from tidemill.core.picture import Table
from tidemill.core.score import Score
from tidemill.core.words import percent, points, ratio
from tidemill.metrics.parity.groups import ColumnGroups
from tidemill.metrics.parity.models import outcome_shares, spread, watched
from tidemill.metrics.parity.rates import CLASS_ROWS, gap
from tidemill.supervised.arrays import Floats
from tidemill.supervised.targets import Targets


def outcomes(found: ColumnGroups, target: Targets | str, note: str) -> Score:
    """How far the outcomes within groups are off, mean over groups."""
    name = f"outcomes by '{found.column}' (error)"
    if isinstance(target, str):
        return Score("parity", name, None, better="low", why=target)
    rates = [
        [
            _rates(target, values[mine])
            for values, mine in zip(target.values, group.members, strict=True)
        ]
        for group in found.groups
    ]
    known = [
        (group, rate)
        for group, rate in zip(found.groups, rates, strict=True)
        if not np.isnan(rate).any()
    ]
    if len(known) < 2:
        return Score(
            "parity",
            name,
            None,
            better="low",
            why="fewer than two groups have a target in all sets",
        )
    errors = np.array(
        [[np.abs(rate[0] - other).sum() / 2 for other in rate[1:]] for _, rate in known]
    )
    if not target.classes:
        spread_of_all = float(np.nanstd(target.values[0])) or 1.0
        errors *= 2 / spread_of_all
    value, floor, ceiling = (float(e) for e in errors.mean(axis=0))
    worst = int(errors[:, 0].argmax())
    what = f"the mean '{target.column}'"
    if target.classes:
        what = f"the share of '{target.column}' = '{target.classes[-1]}'"
    group, (real, synthetic, *_) = known[worst]
    rows = tuple((group.name, *(round(float(r[-1]), 4) for r in rate)) for group, rate in known)
    return Score(
        "parity",
        name,
        value,
        floor,
        ceiling,
        "low",
        sentence=(
            f"By groups of '{found.column}', outcomes of '{target.column}' are off by "
            f"{_off(target, value)} on average (in "
            f"another real sample by {_off(target, ceiling)}); in '{group.name}' {what} is "
            f"{_shown(target, synthetic[-1])} "
            f"in synthetic and {_shown(target, real[-1])} in held-out real rows{note}."
        ),
        table=Table(
            (
                "group",
                "held-out real rows",
                "synthetic",
                "independent columns",
                "another real sample",
            ),
            rows,
            f"{what[0].upper()}{what[1:]} by '{found.column}'",
        ),
    )


def outcome_gap(found: ColumnGroups, target: Targets, note: str) -> Score:
    """How far the rates of the outcome are apart."""
    name = f"outcome gap by '{found.column}' (difference of rates)"
    k = watched(target, found)
    gaps = [gap(outcome_shares(target, found, side, k), least=CLASS_ROWS) for side in range(4)]
    if found.why or any(wide is None for wide in gaps):
        return Score(
            "parity",
            name,
            None,
            better="ceiling",
            why=found.why or "too few rows of the groups have a target",
        )
    real, mine, floor, ceiling = (wide for wide in gaps if wide is not None)
    most, least = (found.groups[at] for at in (real.most, real.least))
    sentence = (
        f"'{target.column}' = '{target.classes[k]}' holds for {percent(real.shares[0].value)} of "
        f"'{most.name}' "
        f"({most.rows:,} held-out real rows) and for {percent(real.shares[1].value)} of "
        f"'{least.name}' "
        f"({least.rows:,}): {spread(real)}, a ratio of {ratio(real.ratio)}. In synthetic rows "
        "groups are "
        f"{points(mine.value)} apart, a ratio of {ratio(mine.ratio)}{note}."
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
