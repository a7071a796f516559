"""Whether predicted chances can be taken at face value."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tidemill.core.finding import Finding
from tidemill.core.picture import Picture, Table
from tidemill.core.words import percent, points
from tidemill.mining.outcome import Outcome
from tidemill.supervised.arrays import Floats

GROUPS = 10
FAR_OFF = 0.05
"""Chances that are off by this much are not called exact, even where chance alone could explain
it."""


@dataclass(frozen=True, slots=True)
class Reliability:
    """Predicted and observed shares in groups of equally many rows, ordered by prediction.

    Attributes:
        predicted, observed: Means per group, (groups,).
        rows: Rows per group.
        error: Expected calibration error (Naeini et al. 2015): the mean gap between the two.
        by_chance: The same error that a perfectly calibrated model would show on as many rows, on
            average.
        p_value: How often a perfectly calibrated model would show at least this error.
    """

    predicted: Floats
    observed: Floats
    rows: NDArray[np.int64]
    error: float
    by_chance: float
    p_value: float


def reliability(
    chance: Floats, happened: NDArray[np.bool_], rng: np.random.Generator, rounds: int = 200
) -> Reliability:
    """Compare predicted chances with what happened.

    Args:
        chance: Predicted chances in [0, 1], (n,).
        happened: Whether it came about, (n,).
        rng: Draws the outcomes of a perfectly calibrated model.
        rounds: How many such draws.
    """
    size = len(chance)
    group = np.empty(size, np.int64)
    group[np.argsort(chance, kind="stable")] = np.arange(size) * min(GROUPS, size) // size
    rows = np.bincount(group)
    predicted = np.bincount(group, chance) / rows

    def error(outcomes: NDArray[np.bool_]) -> float:
        gaps = np.abs(predicted - np.bincount(group, outcomes) / rows)
        return float(gaps @ rows / rows.sum())

    found = error(happened)
    draws = np.array([error(rng.random(size) < chance) for _ in range(rounds)])
    return Reliability(
        predicted=predicted,
        observed=np.bincount(group, happened) / rows,
        rows=rows,
        error=found,
        by_chance=float(draws.mean()),
        p_value=(1 + int((draws >= found).sum())) / (1 + rounds),
    )


def calibration_finding(
    outcome: Outcome, target: Floats, predicted: Floats, rng: np.random.Generator
) -> Finding:
    """The calibration of class chances on held-out rows: of the class spoken of, or of the class
    predicted."""
    if outcome.kind == "binary":
        what = outcome.event()
        seen = reliability(predicted[:, 1], target == 1, rng)
    else:
        what = "the predicted class being right"
        seen = reliability(predicted.max(axis=1), predicted.argmax(axis=1) == target, rng)
    chances = tuple(round(float(chance), 4) for chance in seen.predicted)
    shares = tuple(round(float(share), 4) for share in seen.observed)
    rows = tuple(int(count) for count in seen.rows)
    return Finding(
        technique="drivers",
        name="calibration",
        sentence=_sentence(what, seen),
        strength=seen.error,
        measure="expected calibration error",
        support=len(target),
        p_value=seen.p_value,
        columns=(outcome.column,),
        table=Table(
            ("predicted chance", "observed share", "rows"),
            tuple(zip(chances, shares, rows, strict=True)),
            "Predicted chance and observed share",
        ),
        picture=Picture(
            "lines",
            f"Predicted chance and observed share of {what}",
            chances,
            (("observed", shares), ("perfect", chances)),
            "predicted chance",
            "observed share",
        ),
        figures={"error_by_chance": seen.by_chance},
    )


def _came_true(share: float) -> str:
    if share == 0:
        return "none"
    if share == 1:
        return "all"
    return percent(share)


def _sentence(what: str, seen: Reliability) -> str:
    example = (
        f"Of the rows given {percent(seen.predicted[-1])} on average, "
        f"{_came_true(seen.observed[-1])} came true; of those given {percent(seen.predicted[0])}, "
        f"{_came_true(seen.observed[0])}."
    )
    off = f"on average they are {points(seen.error)} off"
    chance = f"(chance alone gives a perfect model {points(seen.by_chance)} on average)"
    if seen.p_value > 0.05 and seen.error >= FAR_OFF:
        return (
            f"On so few held-out rows, nothing shows that the predicted chances of {what} are "
            f"wrong: {off} {chance}. {example}"
        )
    if seen.p_value > 0.05:
        said = f"can be trusted: {off}, no more than chance may cause"
    elif seen.error < 0.02:
        said = f"are close to what happens: {off}"
    else:
        said = f"rank well but are not exact: {off}"
    return f"The predicted chances of {what} {said} {chance}. {example}"
