"""Attribute inference: can a secret of a known person be read off the synthetic rows?"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import sqrt

import numpy as np
from numpy.typing import NDArray

from tidemill.auditing.base import AttackData, AttackSummary, AttackTargets, Release, leak, unknown
from tidemill.core.leak import Leak
from tidemill.core.picture import Table
from tidemill.core.run import Run
from tidemill.core.words import percent
from tidemill.metrics.light import LIMIT
from tidemill.supervised.auc import NORMAL_95
from tidemill.supervised.excess import Excess, of_hits
from tidemill.supervised.points import nearest

ATTEMPTS = 2000
"""People on each side whose secrets are guessed from the synthetic rows."""
TRIED = 600
"""The same from the two other releases, which only give the scale."""
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


def inference(data: AttackData, run: Run) -> Iterable[Leak]:
    """An attacker who knows all of a person but one value takes it from the nearest synthetic row.

    The attribute inference of Giomi et al. (2023), "A Unified Framework for Quantifying Privacy
    Risk in Synthetic Data": what is guessed of training rows beyond what is guessed of unseen ones,
    of all that could be. What can be guessed of unseen rows as well is knowledge about people in
    general, and no leak.

    Every sensitive column and the target are secrets, and others up to MOST_COLUMNS. All columns
    count together; a column that stands out is reported by itself.

    Args:
        data: People and releases.
        run: Draws the columns.
    """
    secrets = _secrets(data, run)
    if not secrets or len(data.layout.names) < 2:
        yield unknown(
            "inference",
            "secrets guessed",
            "there is only one column, so that nothing is known to guess it by",
        )
        return
    found = []
    for release, attempts in zip(data.releases, (ATTEMPTS, TRIED, TRIED), strict=True):
        run.check()
        found.append(_guessed(release, data, secrets, attempts, run))
    mine, _, ceiling = found
    right, right_on_unseen = (float(side.mean()) for side in mine)
    sentence = (
        "An attacker who knows all of a person but one value, and takes it from the most similar "
        f"synthetic row, is right in {percent(right)} of {mine[0].size:,} guesses about "
        f"training rows, and in {percent(right_on_unseen)} of guesses about unseen people "
        f"({len(secrets)} columns in turn)."
    )
    summary = AttackSummary(
        "inference",
        "secrets guessed, all columns",
        sentence=sentence,
        table=_by_column(secrets, mine, ceiling),
        figures={
            "right_on_training": right,
            "right_on_unseen": right_on_unseen,
            "columns": len(secrets),
        },
    )
    yield leak(summary, *(pooled(*sides) for sides in found))
    yield from _alarming(secrets, found)


def pooled(training: np.ndarray, control: np.ndarray) -> Excess:
    """What is gained over all columns together, (n, columns) and (m, columns); a person's guesses
    are not independent."""
    hits, control_hits = training.mean(axis=1), control.mean(axis=1)
    # half a guess more on either side keeps the figures off 1
    left = 1 - (control_hits.sum() + 0.5) / (len(control) + 1)
    gain = float(hits.mean() - control_hits.mean())
    error = sqrt(hits.var() / len(training) + control_hits.var() / len(control))
    return Excess(gain / left, error / left)


def _secrets(data: AttackData, run: Run) -> list[Secret]:
    """Sensitive columns and the target first, then others drawn at random."""
    schema, order = data.evidence.train.schema, data.layout.names
    asked = [name for name in order if schema[name].role in ("sensitive", "target")]
    others = [name for name in order if name not in asked]
    drawn = run.rng("auditing", "inference").permutation(len(others))
    wanted = {*asked, *(others[k] for k in drawn[: max(0, MOST_COLUMNS - len(asked))])}
    numbers = len(data.layout.numbers)
    secrets = []
    for place, (name, axes) in enumerate(zip(order, column_axes(data), strict=True)):
        if name in wanted:
            secrets.append(Secret(name, place, place < numbers, axes))
    return secrets


def column_axes(data: AttackData) -> list[NDArray[np.int64]]:
    """The axes of the points that show each column, in the order of the layout."""
    widths = [1 + gap for gap in data.embedding.gaps]
    widths += [axes.shape[1] for axes in data.embedding.axes]
    ends = np.cumsum(widths)
    return [np.arange(end - width, end) for end, width in zip(ends, widths, strict=True)]


def _guessed(
    release: Release, data: AttackData, secrets: list[Secret], attempts: int, run: Run
) -> tuple[np.ndarray, np.ndarray]:
    """(n, secrets) and (m, secrets): which guesses are right, about training and about unseen
    rows."""
    points = release.points
    attempts = min(attempts, max(FEWEST_ATTEMPTS, MULTIPLICATIONS // (points.size * len(secrets))))
    sides = []
    for people in (data.train, data.holdout):
        right = np.zeros((min(attempts, len(people)), len(secrets)), bool)
        for k, secret in enumerate(secrets):
            known = np.delete(people.points[: len(right)], secret.axes, axis=1)
            published = np.delete(points, secret.axes, axis=1)
            at = nearest(known, published, run)[0]
            right[:, k] = _right(secret, people, release, at)
        sides.append(right)
    return sides[0], sides[1]


def _right(secret: Secret, people: AttackTargets, release: Release, at: np.ndarray) -> np.ndarray:
    """Which secrets are those of the released rows at these positions."""
    tried = len(at)
    if not secret.number:
        place = secret.place - people.features.numbers.shape[1]
        return np.asarray(people.features.codes[:tried, place] == release.features.codes[at, place])
    missing = np.isnan(people.features.numbers[:tried, secret.place])
    guessed_missing = np.isnan(release.features.numbers[at, secret.place])
    axis = secret.axes[0]
    near = np.abs(people.points[:tried, axis] - release.points[at, axis]) <= TOLERANCE
    return np.where(missing | guessed_missing, missing & guessed_missing, near)


def _by_column(
    secrets: list[Secret],
    mine: tuple[np.ndarray, np.ndarray],
    ceiling: tuple[np.ndarray, np.ndarray],
) -> Table:
    rows = []
    for k, secret in enumerate(secrets):
        training, unseen = mine[0][:, k], mine[1][:, k]
        published = ceiling[0][:, k]
        excess = of_hits(training, unseen)
        low = min(1.0, max(0.0, excess.end(-NORMAL_95)))
        high = min(1.0, max(0.0, excess.end(NORMAL_95)))
        rows.append(
            (
                secret.name,
                float(training.mean()),
                float(unseen.mean()),
                f"{percent(low)} to {percent(high)}",
                float(published.mean()),
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
    sure: dict[int, list[Excess]] = {}
    for k in range(len(secrets)):
        excesses = [of_hits(training[:, k], control[:, k]) for training, control in found]
        if excesses[0].end(-SURE_OF_ONE) > 0:
            sure[k] = excesses
    if not sure:
        return
    worst = max(sure, key=lambda k: sure[k][0].value)
    name = secrets[worst].name
    right, right_on_unseen = (float(side[:, worst].mean()) for side in found[0])
    others = [f"'{secrets[k].name}'" for k in sure if k != worst]
    too = f" Surely given away, too: {', '.join(others)}." if others else ""
    sentence = (
        f"'{name}' is given away most: it is guessed rightly for {percent(right)} of training "
        f"rows, and for {percent(right_on_unseen)} of unseen ones.{too}"
    )
    summary = AttackSummary("inference", f"secrets guessed: {name}", LIMIT, sentence)
    yield leak(summary, *sure[worst])
