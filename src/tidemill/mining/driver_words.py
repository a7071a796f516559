"""Drivers of a target as findings: which, in what direction, by how much."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from tidemill.core.condition import Condition
from tidemill.core.finding import Finding
from tidemill.core.picture import Picture, Table
from tidemill.core.words import aligned, listing, number, percent, plural, points, quoted
from tidemill.mining.effects import ValueGroup, shift
from tidemill.mining.features import Feature
from tidemill.mining.outcome import Outcome
from tidemill.mining.sampling import sampled_words
from tidemill.mining.wording import test_words
from tidemill.supervised.arrays import Floats
from tidemill.supervised.auc import NORMAL_95

NEGLIGIBLE = 0.05
"""Effects below this share of a driver's largest are not spoken of."""
_SECOND = 0.25
"""A second column is named where it matters this much beside the first."""
_FEW = 5
APART = 0.05
"""Observed and told differences of chances that lie so far apart are explained."""


@dataclass(frozen=True, eq=False)
class Driver:
    """One column and how the target differs between its values.

    Attributes:
        outcome: What is predicted.
        feature: The column, or the part of a date.
        groups: The held-out rows by its values, with effects.
        observed: The classes or numbers of these rows, (n,).
        p_value: That shuffling its values makes predictions worse.
        twins: Columns that say nearly the same and are set together with it.
        gone: Columns that are missing in the same rows, where that is told.
        explained: The places of some of these rows.
        pushes: By other columns, how far each moves the prediction of each of those, (m, classes).
    """

    outcome: Outcome
    feature: Feature
    groups: Sequence[ValueGroup]
    observed: Floats
    p_value: float
    twins: tuple[str, ...] = ()
    gone: tuple[str, ...] = ()
    explained: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, np.int64))
    pushes: Mapping[str, Floats] = field(default_factory=dict)

    @property
    def at(self) -> int:
        """The place among the effects that is spoken of: that of the class that differs most."""
        return int(shift(self.groups).argmax())

    @property
    def size(self) -> float:
        """How far the target differs from the average over the held-out rows, as a mean."""
        return float(shift(self.groups).mean())

    @property
    def code(self) -> int:
        """The class that is spoken of."""
        return self.at if self.outcome.kind == "classes" else 1

    @property
    def label(self) -> str:
        """What it is called: of a date of which it matters whether there is one, the column."""
        return self.feature.column if self.is_about_missing else self.feature.label

    @property
    def is_about_missing(self) -> bool:
        """Whether what matters is that there is a value."""
        return self.groups[0].label == "filled in"

    @property
    def told(self) -> list[ValueGroup]:
        """The groups that surely are the highest and the lowest: whose intervals lie farthest from
        0."""
        highest = max(self.groups, key=lambda group: self.interval(group)[1])
        lowest = min(self.groups, key=lambda group: self.interval(group)[2])
        found = []
        if self.interval(highest)[1] > 0:
            found.append(highest)
        if self.interval(lowest)[2] < 0:
            found.append(lowest)
        least = NEGLIGIBLE * max((abs(self.effect(group)) for group in found), default=0.0)
        return [group for group in found if abs(self.effect(group)) > least]

    def interval(self, group: ValueGroup) -> tuple[float, float, float]:
        """The effect of a group's values, and both ends of its 95 % interval."""
        effect, error = self.effect(group), float(group.error[self.at])
        if self.outcome.levels:
            hits = int((self.observed[group.inside] == self.code).sum())
            if min(hits, group.rows - hits) < _FEW:
                # rows of one class seem to have no error (Agresti and Coull 1998)
                share = (hits + 2) / (group.rows + 4)
                error = max(error, float(np.sqrt(share * (1 - share) / (group.rows + 4))))
        return effect, effect - NORMAL_95 * error, effect + NORMAL_95 * error

    def effect(self, group: ValueGroup) -> float:
        """The effect of a group's values on what is spoken of."""
        return float(group.effect[self.at])

    def seen(self, group: ValueGroup | None = None) -> float:
        """The share, mean or median that was observed among a group's rows, or among all."""
        rows = self.observed if group is None else self.observed[group.inside]
        if self.outcome.kind == "number":
            return self.outcome.scale.centre(rows)
        return float((rows == self.code).mean())

    def apart(self, group: ValueGroup) -> float:
        """How far the group's rows lie from all rows, on the scale of the effects."""
        if self.outcome.kind != "number":
            return self.seen(group) - self.seen()
        values = self.outcome.scale.of(self.observed)
        return float(values[group.inside].mean() - values.mean())


def importance_finding(outcome: Outcome, drivers: Sequence[Driver], rows: int) -> Finding:
    """The main drivers beside each other.

    Args:
        outcome: What is predicted.
        drivers: The drivers, the strongest first.
        rows: Held-out rows, of which those with effects may be a sample.
    """
    target = _target(outcome)
    labels = tuple(driver.label for driver in drivers)
    unit = "points" if outcome.levels else _unit(outcome)
    shifts = _shown(outcome, np.array([driver.size for driver in drivers]))
    used = len(drivers[0].observed)
    sizes = _figures(outcome, shifts)
    named = [f"{label} ({size})" for label, size in zip(labels, sizes, strict=True)]
    named[-1] = f"{named[-1].removesuffix(')')} {unit})"
    return Finding(
        technique="drivers",
        name="importance",
        sentence=(
            f"{target} is associated most with {listing(named)}: the figure is how far it lies "
            "from the average, up or down, other columns being alike, as a mean over "
            f"{sampled_words(used, rows)}. These are associations that predict, not proof of cause."
        ),
        strength=shifts[0],
        measure=f"mean difference ({unit})",
        support=used,
        columns=tuple(dict.fromkeys(driver.feature.column for driver in drivers)),
        table=Table(
            ("driver", f"mean difference ({unit})"),
            tuple(zip(labels, shifts, strict=True)),
            "Main drivers",
        ),
        picture=Picture(
            "across",
            f"What {target} is associated with most",
            labels,
            (("mean difference", shifts),),
            unit,
        ),
    )


def driver_finding(driver: Driver) -> Finding:
    """One driver: where the target is higher, where it is lower, and by how much."""
    unit = "points" if driver.outcome.levels else _unit(driver.outcome)
    told = driver.told
    strongest = max(told, key=lambda group: abs(driver.effect(group)), default=None)
    strength, interval, figures = 0.0, None, {}
    if strongest is not None:
        strength, low, high = _shown(driver.outcome, np.array(driver.interval(strongest)))
        interval = (low, high)
        for group in told:
            name = "highest" if driver.effect(group) > 0 else "lowest"
            figures[name] = _shown(driver.outcome, np.array([driver.effect(group)]))[0]
    return Finding(
        technique="drivers",
        name="driver",
        sentence=_sentence(driver),
        strength=strength,
        support=len(driver.observed),
        measure=f"difference ({unit})",
        interval=interval,
        p_value=min(driver.p_value, 1.0),
        columns=(driver.feature.column,),
        # the rows that its sentence begins with
        condition=Condition(told[0].tests if told else ()),
        table=_table(driver, unit),
        picture=_picture(driver, unit),
        figures=figures,
    )


def _sentence(driver: Driver) -> str:
    target = _target(driver.outcome, driver.code)
    if not driver.told:
        return (
            f"{driver.label} helps to predict {target}, but beside the other columns no single "
            f"value of it surely goes with more or less.{_twins(driver)}"
        )
    first, *others = driver.told
    difference, than = _difference(driver, first)
    # the first sentence stands alone where there is room for one only
    text = (
        f"Where {_values(driver, first)}, {target} is {difference} {than} on average, other "
        f"columns alike ({_interval(driver, first)}). Observed there: {_level(driver, first)}, "
        f"against {_level(driver)} of all{_gap(driver, first)}."
    )
    for group in others:
        difference, _ = _difference(driver, group)
        text += (
            f" Where {_values(driver, group)}, it is {difference} ({_interval(driver, group)}; "
            f"observed: {_level(driver, group)}{_gap(driver, group)})."
        )
    return text + _trend(driver) + _twins(driver)


def _difference(driver: Driver, group: ValueGroup) -> tuple[str, str]:
    """The effect in words, and the word that compares."""
    effect = driver.effect(group)
    if driver.outcome.kind == "number":
        return driver.outcome.scale.compared(effect)
    return f"{points(effect)} {'more' if effect > 0 else 'less'} likely", "than"


def _interval(driver: Driver, group: ValueGroup) -> str:
    """The interval of an effect, in its words' direction and unit."""
    effect, low, high = driver.interval(group)
    if driver.outcome.kind == "number":
        ends = driver.outcome.scale.ends(effect, low, high)
    else:
        ends = sorted(100 * abs(end) for end in (low, high))
    return "95 % interval " + " to ".join(_figures(driver.outcome, ends))


def _level(driver: Driver, group: ValueGroup | None = None) -> str:
    """The share, mean or median that was observed, in words."""
    level = percent(driver.seen(group))
    if driver.outcome.kind == "number":
        level = number(driver.seen(group))
        if group is not None:
            level = f"{driver.outcome.scale.centre_name} {level}"
    return level if group is None else f"{level} of {plural(group.rows, 'row')}"


def _gap(driver: Driver, group: ValueGroup) -> str:
    """What goes with a difference between what is told and what was observed."""
    effect, apart = driver.effect(group), driver.apart(group)
    least = APART
    if driver.outcome.kind == "number":
        least = APART * float(driver.outcome.scale.of(driver.observed).std())
    opposite = effect * apart < 0 and abs(apart) > 0.1 * least
    if abs(apart - effect) <= max(least, 0.5 * abs(apart)) and not opposite:
        return ""
    inside = group.inside[driver.explained]
    if not inside.any():
        return ""
    leaning = {}
    for name, push in driver.pushes.items():
        leaning[name] = float(push[inside, driver.at].mean() - push[:, driver.at].mean())
    towards = np.sign(apart - effect)
    others = sorted(leaning, key=lambda name: -towards * leaning[name])[:2]
    least = _SECOND * max(0.0, *(towards * leaning[name] for name in others))
    named = [name for name in others if towards * leaning[name] > least]
    return f"; the gap between the two goes with {listing(named) or 'the other columns'}"


def _trend(driver: Driver) -> str:
    """The direction, where values have an order and effects follow it."""
    effects = [driver.effect(group) for group in driver.groups if group.label != "missing"]
    if driver.feature.levels or driver.feature.part not in ("value", "elapsed") or len(effects) < 3:
        return ""
    steps = np.diff(effects)
    if (steps > 0).all():
        direction = "rises"
    elif (steps < 0).all():
        direction = "falls"
    else:
        return ""
    what = driver.outcome.column if driver.outcome.kind == "number" else "The chance"
    return f" {what} {direction} steadily as {driver.label} grows."


def _twins(driver: Driver) -> str:
    text = ""
    if driver.twins:
        says = "says" if len(driver.twins) == 1 else "say"
        text = (
            f" {quoted(driver.twins)} {says} nearly the same: the figures are of both together, "
            "and either could stand for the other."
        )
        if len(driver.twins) > 1:
            text = text.replace("both", "all").replace("either", "any").replace("other.", "others.")
    if driver.is_about_missing and driver.gone:
        is_missing = "is" if len(driver.gone) == 1 else "are"
        text += f" {quoted(driver.gone)} {is_missing} missing in the same rows."
    return text


def _values(driver: Driver, group: ValueGroup) -> str:
    """The values of a group, in words."""
    if group.tests:
        return test_words(group.tests)
    return f"{driver.feature.label} is {group.label}"


def _target(outcome: Outcome, code: int | None = None) -> str:
    """What is spoken of: the target itself, or one class."""
    if outcome.kind == "number" or (outcome.kind == "classes" and code is None):
        return outcome.column
    return outcome.event(1 if code is None else code)


def _unit(outcome: Outcome) -> str:
    units = {"plain": f"units of {outcome.column}", "log": "times", "rank": "places of 100"}
    return units[outcome.scale.kind]


def _rounded(value: float, digits: int = 3) -> float:
    return float(f"{value:.{digits}g}")


def _table(driver: Driver, unit: str) -> Table:
    outcome = driver.outcome
    observed = f"share with {outcome.event(driver.code)}" if outcome.levels else ""
    if outcome.kind == "number":
        observed = f"{outcome.scale.centre_name} of {outcome.column}"
    rows = []
    for group, effect in zip(driver.groups, _effects(driver), strict=True):
        rows.append((group.label, group.rows, _rounded(driver.seen(group), 4), effect))
    return Table(
        (driver.label, "held-out rows", observed, f"against the average ({unit})"),
        tuple(rows),
        f"{driver.label} and {outcome.column}",
    )


def _shown(outcome: Outcome, effects: Floats) -> tuple[float, ...]:
    """Effects as figures: points, or what suits the scale of a number."""
    shown = outcome.scale.shown(effects) if outcome.kind == "number" else 100 * effects
    return tuple(_rounded(effect) for effect in shown.tolist())


def _figures(outcome: Outcome, figures: Sequence[float]) -> list[str]:
    """Figures of effects with equally many digits: points have one decimal."""
    if outcome.levels:
        return [f"{figure:.1f}" for figure in figures]
    return aligned([_rounded(figure) for figure in figures])


def _effects(driver: Driver) -> tuple[float, ...]:
    return _shown(driver.outcome, np.array([driver.effect(group) for group in driver.groups]))


def _picture(driver: Driver, unit: str) -> Picture:
    return Picture(
        "bars",
        f"{_target(driver.outcome, driver.code)} by {driver.label}, all other columns alike",
        tuple(group.label for group in driver.groups),
        (("against the average", _effects(driver)),),
        driver.label,
        f"against the average, {unit}",
    )
