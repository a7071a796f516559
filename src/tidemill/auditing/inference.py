"""Attribute inference: can a secret of a known person be read off the synthetic rows?"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import sqrt

import numpy as np
from numpy.typing import NDArray

from tidemill.auditing.base import (
    LIMIT,
    AttackData,
    AttackSummary,
    AttackTargets,
    Release,
    leak,
    unknown,
)
from tidemill.auditing.excess import Excess, of_hits
from tidemill.core.leak import Leak
from tidemill.core.picture import Table
from tidemill.core.run import Run
from tidemill.core.words import percent
from tidemill.supervised.auc import NORMAL_95
from tidemill.supervised.points import Points, nearest

ATTEMPTS, TRIED = 2000, 600
"""People on each side whose secrets are guessed from the synthetic rows, and from the two other
releases."""
MOST_COLUMNS = 12
FEWEST_ATTEMPTS = 300
MULTIPLICATIONS = 80_000_000_000
"""What all guesses with one release may cost: attempts x columns x released rows x axes."""
TOLERANCE = 0.025
"""A number counts as found if at most this share of real rows lies between guess and truth."""
SURE_OF_ONE = 4.0
"""Standard errors by which one column must stand out among MOST_COLUMNS."""


@dataclass(frozen=True)
class Secret:
    """A column that is guessed: its place in the layout, and the axes of the points that show
    it."""

    name: str
    place: int
    number: bool
    axes: NDArray[np.int64]


def inference(scene: AttackData, run: Run) -> Iterable[Leak]:
    """An attacker who knows all of a person but one value takes it from the nearest synthetic row.

    The attribute inference of Giomi et al. (2023), "A Unified Framework for Quantifying Privacy
    Risk in Synthetic Data": what is guessed of training rows beyond what is guessed of unseen ones,
    of all that could be. What can be guessed of unseen rows as well is knowledge about people in
    general, and no leak.

    Every sensitive column and the target are secrets, and others up to MOST_COLUMNS. All columns
    count together; a column that stands out is reported by itself.

    Args:
        scene: People and releases.
        run: Draws the columns.
    """
    secrets = _secrets(scene, run)
    if not secrets or len(scene.layout.names) < 2:
        yield unknown(
            "inference",
            "secrets guessed",
            "there is only one column, so that nothing is known to guess it by",
        )
        return
    found = []
    for release, attempts in zip(scene.releases, (ATTEMPTS, TRIED, TRIED), strict=True):
        run.check()
        found.append(_guessed(release, scene, secrets, attempts, run))
    mine, floor, ceiling = found
    a, c = float(mine[0].mean()), float(mine[1].mean())
    sentence = (
        "An attacker who knows all of a person but one value, and takes it from the most similar "
        f"synthetic row, is right in {percent(a)} of {mine[0].size:,} guesses about training rows, "
        f"and in {percent(c)} of guesses about unseen people ({len(secrets)} columns in turn)."
    )
    told = AttackSummary(
        "inference",
        "secrets guessed, all columns",
        sentence=sentence,
        table=_by_column(secrets, mine, ceiling),
        figures={"right_on_training": a, "right_on_unseen": c, "columns": len(secrets)},
    )
    yield leak(told, *(pooled(*pair) for pair in (mine, floor, ceiling)))
    yield from _alarming(secrets, found)


def pooled(training: np.ndarray, control: np.ndarray) -> Excess:
    """What is gained over all columns together, (n, columns) and (m, columns); a person's guesses
    are not independent."""
    a, c = training.mean(axis=1), control.mean(axis=1)
    # half a guess more on either side keeps the figures off 1
    left = 1 - (c.sum() + 0.5) / (len(c) + 1)
    return Excess(
        float(a.mean() - c.mean()) / left, sqrt(a.var() / len(a) + c.var() / len(c)) / left
    )


def _secrets(scene: AttackData, run: Run) -> list[Secret]:
    """Sensitive columns and the target first, then others drawn at random."""
    schema, order = scene.evidence.train.schema, scene.layout.names
    asked = [name for name in order if schema[name].role in ("sensitive", "target")]
    others = [name for name in order if name not in asked]
    drawn = run.rng("auditing", "inference").permutation(len(others))[
        : max(0, MOST_COLUMNS - len(asked))
    ]
    wanted = {*asked, *(others[k] for k in drawn)}
    secrets, start = [], 0
    for place, name in enumerate(order):
        number = place < len(scene.layout.numbers)
        width = (
            1 + scene.embedding.gaps[place]
            if number
            else scene.embedding.axes[place - len(scene.layout.numbers)].shape[1]
        )
        if name in wanted:
            secrets.append(Secret(name, place, number, np.arange(start, start + width)))
        start += width
    return secrets


def _guessed(
    release: Release, scene: AttackData, secrets: list[Secret], attempts: int, run: Run
) -> tuple[np.ndarray, np.ndarray]:
    """(n, secrets) and (m, secrets): which guesses are right, about training and about unseen
    rows."""
    points = release.points
    attempts = min(attempts, max(FEWEST_ATTEMPTS, MULTIPLICATIONS // (points.size * len(secrets))))
    sides = []
    for people in (scene.train, scene.holdout):
        right = np.zeros((min(attempts, len(people)), len(secrets)), bool)
        for k, secret in enumerate(secrets):
            known, published = (
                np.delete(part, secret.axes, axis=1)
                for part in (people.points[: len(right)], points)
            )
            at = nearest(known, published, run)[0]
            right[:, k] = _right(secret, people, release, points, at)
        sides.append(right)
    return sides[0], sides[1]


def _right(
    secret: Secret, people: AttackTargets, release: Release, points: Points, at: np.ndarray
) -> np.ndarray:
    n = len(at)
    if not secret.number:
        place = secret.place - people.features.numbers.shape[1]
        return np.asarray(people.features.codes[:n, place] == release.features.codes[at, place])
    truth, guess = (
        people.features.numbers[:n, secret.place],
        release.features.numbers[at, secret.place],
    )
    missing = np.isnan(truth), np.isnan(guess)
    axis = secret.axes[0]
    near = np.abs(people.points[:n, axis] - points[at, axis]) <= TOLERANCE
    return np.where(missing[0] | missing[1], missing[0] & missing[1], near)


def _by_column(
    secrets: list[Secret],
    mine: tuple[np.ndarray, np.ndarray],
    ceiling: tuple[np.ndarray, np.ndarray],
) -> Table:
    rows = []
    for k, secret in enumerate(secrets):
        excess = of_hits(mine[0][:, k], mine[1][:, k])
        low, high = (min(1.0, max(0.0, excess.end(side * NORMAL_95))) for side in (-1, 1))
        rows.append(
            (
                secret.name,
                float(mine[0][:, k].mean()),
                float(mine[1][:, k].mean()),
                f"{percent(low)} to {percent(high)}",
                float(ceiling[0][:, k].mean()),
            )
        )
    return Table(
        (
            "secret column",
            "right on training rows",
            "right on unseen rows",
            "given away, 95 %",
            "right if training rows were published",
        ),
        tuple(rows),
        "Secrets guessed, column by column",
    )


def _alarming(secrets: list[Secret], found: list[tuple[np.ndarray, np.ndarray]]) -> Iterable[Leak]:
    """The column that is given away most, among those that surely are."""
    sure = []
    for k, secret in enumerate(secrets):
        excesses = [of_hits(training[:, k], control[:, k]) for training, control in found]
        if excesses[0].end(-SURE_OF_ONE) > 0:
            sure.append((excesses[0].value, k, secret.name, excesses))
    if not sure:
        return
    _, k, name, excesses = max(sure, key=lambda one: one[0])
    right = [percent(float(side[:, k].mean())) for side in found[0]]
    others = [f"'{other[2]}'" for other in sure if other[2] != name]
    sentence = (
        f"'{name}' is given away most: it is guessed rightly for {right[0]} of training rows, and "
        f"for {right[1]} of unseen ones."
        + (f" Surely given away, too: {', '.join(others)}." if others else "")
    )
    yield leak(AttackSummary("inference", f"secrets guessed: {name}", LIMIT, sentence), *excesses)
