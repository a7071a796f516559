"""Drivers of a target as findings: which, in what direction, by how much."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tidemill.core.condition import Condition
from tidemill.core.finding import Finding
from tidemill.core.picture import Picture, Table
from tidemill.core.words import listing, number, percent, plural, points
from tidemill.mining.effects import ValueGroup
from tidemill.mining.features import Feature
from tidemill.mining.outcome import Outcome
from tidemill.mining.sampling import sampled_words
from tidemill.mining.significance import mean_interval
from tidemill.supervised.arrays import Floats

NEGLIGIBLE = 0.05
"""Effects below this share of a driver's largest are not spoken of."""


@dataclass(frozen=True)
class Driver:
    """One feature and what it does to the target.

    Attributes:
        outcome: What is predicted.
        code: The class spoken of.
        feature: The feature.
        effect: Its effect on each held-out row, (n,).
        groups: The held-out rows by the feature's values.
        p_value: That shuffling its values makes predictions worse.
    """

    outcome: Outcome
    code: int
    feature: Feature
    effect: Floats
    groups: Sequence[ValueGroup]
    p_value: float


def importance_finding(
    outcome: Outcome, features: Sequence[Feature], effects: Floats, rows: int
) -> Finding:
    """The main drivers beside each other.

    Args:
        outcome: What is predicted.
        features: The drivers, the strongest first.
        effects: Their effects, (n, features, classes).
        rows: Held-out rows, of which those with effects are a sample.
    """
    unit = f"units of {outcome.column}" if outcome.kind == "number" else "points of chance"
    target = _target(outcome)
    labels = tuple(feature.label for feature in features)
    sizes = np.abs(effects).mean(axis=(0, 2))
    shifts = tuple(_rounded(_factor(outcome) * size) for size in sizes)
    named = [f"{label} ({_size(outcome, size)})" for label, size in zip(labels, sizes, strict=True)]
    return Finding(
        technique="drivers",
        name="importance",
        sentence=(
            f"What moves {target} most, by the model's mean shift up or down over "
            f"{sampled_words(len(effects), rows)}: {listing(named)}. These are associations that "
            "predict, not proof of cause."
        ),
        strength=shifts[0],
        measure=f"mean shift in {unit}",
        support=len(effects),
        columns=tuple(dict.fromkeys(feature.column for feature in features)),
        table=Table(
            ("driver", f"mean shift ({unit})"),
            tuple(zip(labels, shifts, strict=True)),
            "Main drivers",
        ),
        picture=Picture(
            "across", f"What moves {target} most", labels, (("mean shift", shifts),), unit
        ),
    )


def driver_finding(driver: Driver) -> Finding:
    """One driver: where it raises the target, where it lowers it, and by how much."""
    highest = max(driver.groups, key=lambda group: group.effect)
    lowest = min(driver.groups, key=lambda group: group.effect)
    factor = _factor(driver.outcome)
    size = np.abs(driver.effect)
    low, high = mean_interval(size)
    number_target = driver.outcome.kind == "number"
    return Finding(
        technique="drivers",
        name="driver",
        sentence=_sentence(driver, highest, lowest),
        strength=float(factor * size.mean()),
        support=len(size),
        interval=(factor * low, factor * high),
        measure="mean shift" if number_target else "mean shift in points of chance",
        p_value=min(driver.p_value, 1.0),
        columns=(driver.feature.column,),
        condition=Condition(highest.tests),
        table=_table(driver),
        picture=_picture(driver),
        figures={"highest": factor * highest.effect, "lowest": factor * lowest.effect},
    )


def _sentence(driver: Driver, highest: ValueGroup, lowest: ValueGroup) -> str:
    negligible = NEGLIGIBLE * max(abs(highest.effect), abs(lowest.effect))
    target = _target(driver.outcome, driver.code)
    parts = []
    if highest.effect > negligible:
        parts.append(_clause(driver, highest, f"raises {target}"))
        target = "it"
    if -lowest.effect > negligible:
        parts.append(_clause(driver, lowest, f"lowers {target}"))
    return "; ".join(parts) + "." + _trend(driver)


def _clause(driver: Driver, group: ValueGroup, does: str) -> str:
    outcome = driver.outcome
    observed = percent(group.observed)
    if outcome.kind == "number":
        observed = f"mean {number(group.observed)}"
    return (
        f"{_values(driver.feature, group)} {does} by {_size(outcome, group.effect)} on average "
        f"(observed there: {observed} on {plural(group.rows, 'row')})"
    )


def _trend(driver: Driver) -> str:
    """The direction, where values have an order and effects follow it."""
    effects = [group.effect for group in driver.groups if group.label != "missing"]
    if driver.feature.levels or len(effects) < 3:
        return ""
    steps = np.diff(effects)
    if (steps > 0).all():
        direction = "rises"
    elif (steps < 0).all():
        direction = "falls"
    else:
        return ""
    return f" The effect {direction} steadily as {driver.feature.label} grows."


def _values(feature: Feature, group: ValueGroup) -> str:
    """A feature and the values of a group, in words."""
    if feature.levels and group.label != "missing":
        return f"{feature.label} '{group.label}'"
    if feature.part == "elapsed":
        return f"{feature.column} {group.label}"
    return f"{feature.label} {group.label}"


def _target(outcome: Outcome, code: int | None = None) -> str:
    """What a driver moves: the target itself, or the chance of one class or of each."""
    if outcome.kind == "number":
        return outcome.column
    if outcome.kind == "binary":
        return f"the chance of {outcome.event()}"
    if code is None:
        return f"the chance of each {outcome.column}"
    return f"the chance of {outcome.event(code)}"


def _factor(outcome: Outcome) -> int:
    """Chances are shown in points: hundredths."""
    return 1 if outcome.kind == "number" else 100


def _size(outcome: Outcome, effect: float) -> str:
    if outcome.kind == "number":
        return number(abs(effect))
    return points(abs(effect))


def _rounded(value: float, digits: int = 3) -> float:
    return float(f"{value:.{digits}g}")


def _table(driver: Driver) -> Table:
    outcome = driver.outcome
    factor = _factor(outcome)
    if outcome.kind == "number":
        observed, effect = f"mean {outcome.column}", "mean effect"
    else:
        observed, effect = f"share with {outcome.event(driver.code)}", "mean effect (points)"
    rows = tuple(
        (group.label, group.rows, _rounded(group.observed, 4), _rounded(factor * group.effect))
        for group in driver.groups
    )
    return Table(
        (driver.feature.label, "held-out rows", observed, effect),
        rows,
        f"{driver.feature.label} and {outcome.column}",
    )


def _picture(driver: Driver) -> Picture:
    outcome = driver.outcome
    factor = _factor(outcome)
    effects = tuple(_rounded(factor * group.effect) for group in driver.groups)
    return Picture(
        "bars",
        f"What {driver.feature.label} does to {_target(outcome, driver.code)}",
        tuple(group.label for group in driver.groups),
        (("mean effect", effects),),
        driver.feature.label,
        outcome.column if outcome.kind == "number" else "points of chance",
    )
