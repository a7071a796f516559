"""Drivers of a target as findings: which, in what direction, by how much."""

from __future__ import annotations

from collections.abc import Sequence

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
    sizes = np.abs(effects).mean(axis=(0, 2))
    labels = tuple(feature.label for feature in features)
    unit = "points of chance" if outcome.kind != "number" else f"units of {outcome.column}"
    factor = 100 if outcome.kind != "number" else 1
    shown = tuple(float(f"{factor * size:.3g}") for size in sizes)
    named = [f"{label} ({_size(outcome, size)})" for label, size in zip(labels, sizes, strict=True)]
    what = (
        "the chance of " + outcome.event()
        if outcome.kind == "binary"
        else (
            f"the chance of each {outcome.column}" if outcome.kind == "classes" else outcome.column
        )
    )
    sentence = (
        f"What moves {what} most, by the model's mean shift up or down over "
        f"{sampled_words(len(effects), rows)}: "
        f"{listing(named)}. These are associations that predict, not proof of cause."
    )
    return Finding(
        technique="drivers",
        name="importance",
        sentence=sentence,
        strength=shown[0],
        measure=f"mean shift in {unit}",
        support=len(effects),
        columns=tuple(dict.fromkeys(feature.column for feature in features)),
        table=Table(
            ("driver", f"mean shift ({unit})"),
            tuple(zip(labels, shown, strict=True)),
            "Main drivers",
        ),
        picture=Picture(
            "across", f"What moves {what} most", labels, (("mean shift", shown),), unit, ""
        ),
    )


def driver_finding(
    outcome: Outcome,
    code: int,
    feature: Feature,
    effect: Floats,
    groups: Sequence[ValueGroup],
    p_value: float,
) -> Finding:
    """One driver: where it raises the target, where it lowers it, and by how much.

    Args:
        outcome: What is predicted.
        code: The class spoken of.
        feature: The driver.
        effect: Its effect on each held-out row, (n,).
        groups: The rows by the driver's values.
        p_value: That shuffling its values makes predictions worse.
    """
    top, bottom = (pick(groups, key=lambda group: group.effect) for pick in (max, min))
    size = np.abs(effect)
    factor = 100 if outcome.kind != "number" else 1
    low, high = mean_interval(size)
    return Finding(
        technique="drivers",
        name="driver",
        sentence=_sentence(outcome, code, feature, groups, top, bottom),
        strength=float(factor * size.mean()),
        support=len(effect),
        interval=(factor * low, factor * high),
        measure="mean shift in points of chance" if factor == 100 else "mean shift",
        p_value=min(p_value, 1.0),
        columns=(feature.column,),
        condition=Condition(top.tests),
        table=_table(outcome, code, feature, groups, factor),
        picture=Picture(
            "bars",
            f"What {feature.label} does to {_what(outcome, code)}",
            tuple(g.label for g in groups),
            (("mean effect", tuple(float(f"{factor * g.effect:.3g}") for g in groups)),),
            feature.label,
            "points of chance" if factor == 100 else outcome.column,
        ),
        figures={"highest": factor * top.effect, "lowest": factor * bottom.effect},
    )


def _sentence(
    outcome: Outcome,
    code: int,
    feature: Feature,
    groups: Sequence[ValueGroup],
    top: ValueGroup,
    bottom: ValueGroup,
) -> str:
    what, least = _what(outcome, code), NEGLIGIBLE * max(abs(top.effect), abs(bottom.effect))
    parts: list[str] = []
    for group, verb, shift in ((top, "raises", top.effect), (bottom, "lowers", -bottom.effect)):
        if shift > least:
            parts.append(
                f"{_named(feature, group)} {verb} {'it' if parts else what} by "
                f"{_size(outcome, shift)} on average ({_observed(outcome, group)})"
            )
    return f"{'; '.join(parts)}.{_trend(feature, groups)}"


def _trend(feature: Feature, groups: Sequence[ValueGroup]) -> str:
    """A word on the direction where values have an order and effects follow it."""
    effects = [group.effect for group in groups if group.label != "missing"]
    if feature.levels or len(effects) < 3:
        return ""
    steps = np.diff(effects)
    if (steps > 0).all() or (steps < 0).all():
        return (
            f" The effect {'rises' if steps[0] > 0 else 'falls'} steadily as {feature.label} grows."
        )
    return ""


def _named(feature: Feature, group: ValueGroup) -> str:
    if feature.levels and group.label != "missing":
        return f"{feature.label} '{group.label}'"
    return f"{feature.column if feature.part == 'elapsed' else feature.label} {group.label}"


def _what(outcome: Outcome, code: int) -> str:
    return outcome.column if outcome.kind == "number" else f"the chance of {outcome.event(code)}"


def _size(outcome: Outcome, effect: float) -> str:
    return number(abs(effect)) if outcome.kind == "number" else points(effect)


def _observed(outcome: Outcome, group: ValueGroup) -> str:
    value = (
        f"mean {number(group.observed)}" if outcome.kind == "number" else percent(group.observed)
    )
    return f"observed there: {value} on {plural(group.rows, 'row')}"


def _table(
    outcome: Outcome, code: int, feature: Feature, groups: Sequence[ValueGroup], factor: int
) -> Table:
    observed = (
        f"mean {outcome.column}"
        if outcome.kind == "number"
        else f"share with {outcome.event(code)}"
    )
    rows = tuple(
        (g.label, g.rows, float(f"{g.observed:.4g}"), float(f"{factor * g.effect:.3g}"))
        for g in groups
    )
    effect = "mean effect" + (" (points)" if factor == 100 else "")
    return Table(
        (feature.label, "held-out rows", observed, effect),
        rows,
        f"{feature.label} and {outcome.column}",
    )
