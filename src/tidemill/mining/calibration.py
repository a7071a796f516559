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
    group = np.empty(len(chance), np.int64)
    group[np.argsort(chance, kind="stable")] = (
        np.arange(len(chance)) * min(GROUPS, len(chance)) // len(chance)
    )
    rows = np.bincount(group)
    predicted = np.bincount(group, chance) / rows
    observed = np.bincount(group, happened) / rows
    error = float(np.abs(predicted - observed) @ rows / rows.sum())
    draws = [
        _error(group, rows, predicted, rng.random(len(chance)) < chance) for _ in range(rounds)
    ]
    beyond = (1 + sum(draw >= error for draw in draws)) / (1 + rounds)
    return Reliability(predicted, observed, rows, error, float(np.mean(draws)), beyond)


def _error(
    group: NDArray[np.int64],
    rows: NDArray[np.int64],
    predicted: Floats,
    happened: NDArray[np.bool_],
) -> float:
    return float(np.abs(predicted - np.bincount(group, happened) / rows) @ rows / rows.sum())


def calibration_finding(
    outcome: Outcome, target: Floats, predicted: Floats, rng: np.random.Generator
) -> Finding:
    """The calibration of class chances on held-out rows: of the class spoken of, or of the class
    predicted."""
    if outcome.kind == "binary":
        what, chance, happened = outcome.event(), predicted[:, 1], target == 1
    else:
        what = "the predicted class being right"
        chance, happened = predicted.max(axis=1), predicted.argmax(axis=1) == target
    seen = reliability(chance, happened, rng)
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
            tuple(
                (round(float(p), 4), round(float(o), 4), int(n))
                for p, o, n in zip(seen.predicted, seen.observed, seen.rows, strict=True)
            ),
            "Predicted chance and observed share",
        ),
        picture=Picture(
            "lines",
            f"Predicted chance and observed share of {what}",
            tuple(round(float(p), 4) for p in seen.predicted),
            (
                ("observed", tuple(round(float(o), 4) for o in seen.observed)),
                ("perfect", tuple(round(float(p), 4) for p in seen.predicted)),
            ),
            "predicted chance",
            "observed share",
        ),
        figures={"error_by_chance": seen.by_chance},
    )


def _came_true(share: float) -> str:
    return {0.0: "none", 1.0: "all"}.get(share, percent(share))


def _sentence(what: str, seen: Reliability) -> str:
    top, bottom = seen.predicted[-1], seen.predicted[0]
    example = (
        f"where it says {percent(top)} on average, {_came_true(seen.observed[-1])} came true; "
        f"where it says {percent(bottom)}, {_came_true(seen.observed[0])}"
    )
    off = (
        f"on average they are off by {points(seen.error)} (expected calibration error over "
        f"{len(seen.rows)} groups of held-out rows; chance alone would give a perfect model "
        f"{points(seen.by_chance)})"
    )
    if seen.p_value > 0.05 and seen.error >= FAR_OFF:
        return (
            f"On so few held-out rows, nothing shows that the model's chances of {what} are "
            f"wrong: {off}; {example}."
        )
    if seen.p_value > 0.05:
        return f"The model's chances of {what} can be taken at face value: {off}; {example}."
    if seen.error < 0.02:
        return f"The model's chances of {what} are close to what happens: {off}; {example}."
    return f"The model's chances of {what} rank well but are not exact: {off}; {example}."
