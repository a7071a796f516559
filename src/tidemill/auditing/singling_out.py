"""Singling out: do the synthetic rows give conditions that are true of exactly one person?"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import sqrt
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tidemill.auditing.base import AttackData, AttackSummary, Release, leak, unknown
from tidemill.auditing.predicates import (
    Predicate,
    of_one_column,
    of_several_columns,
    shuffled,
    true_of,
)
from tidemill.core.leak import Leak
from tidemill.core.picture import Table
from tidemill.core.run import Run
from tidemill.core.words import percent
from tidemill.supervised.arrays import Bools, Features, together
from tidemill.supervised.excess import Excess, of_hits

OF_ONE = 500
OF_SEVERAL = 1500
"""Predicates of one and of several columns that are tried."""
DRAWN = 12_000
"""How many of several columns are drawn at most to find them."""
MOST_ROWS = 150_000
"""People on each side, and released rows, that predicates are tried on."""
CHECKS = 150_000_000
"""Rows that may be looked at to find predicates of several columns."""
MANY = 64
"""A predicate that is true of more people than this will single out none however they are
labelled."""
FEWEST = 50
"""Predicates that are needed."""
TOSSES = 200


class PredicateTrial(NamedTuple):
    """Predicates, and the people that each is true of: positions below the number of training rows
    are training rows."""

    predicates: list[Predicate]
    people: list[NDArray[np.int64]]
    of_one: int


def singling_out(data: AttackData, run: Run) -> Iterable[Leak]:
    """Predicates that single out one synthetic row, and how many of them are true of exactly one
    training row.

    The singling-out attack of Giomi et al. (2023): univariate predicates are a column's smallest
    and largest value and values that occur once; multivariate ones join several columns of one
    synthetic row: equal to its levels, and at or beyond its numbers, seen from the median. Control:
    the same predicates on as many unseen rows. Guessing: predicates whose tests come from different
    synthetic rows. Predicates of one table depend on each other; the standard error is at least
    that of giving the labels "training" and "unseen" at random.

    Args:
        data: People and releases.
        run: Draws rows, columns and labels.
    """
    name = "people singled out"
    size = min(*map(len, data.everybody), MOST_ROWS)
    people = together(*(side.rows(np.arange(size)) for side in data.everybody))
    found = []
    for k, release in enumerate(data.releases):
        run.check()
        found.append(_tried(release, people, run.rng("auditing", "singling-out", k)))
    mine = found[0]
    if min(len(tried.people) for tried in found) < FEWEST:
        yield unknown(
            "singling-out",
            name,
            f"the synthetic rows give only {len(mine.people)} conditions that are true of a "
            "single one, too few to measure by",
        )
        return
    shuffled_tests = shuffled(mine.predicates, run.rng("auditing", "guesses"))
    guesses = [true_of(guess, people) for guess in shuffled_tests]
    guessed = float(_singled(guesses, size)[0].mean())
    training, unseen = _singled(mine.people, size)
    sentence = (
        f"Of {len(training):,} conditions that single out one synthetic row, "
        f"{percent(float(training.mean()))} are true of exactly one of {size:,} training rows, and "
        f"{percent(float(unseen.mean()))} of exactly one of as many unseen rows. Conditions put "
        f"together at random: {percent(guessed)}."
    )
    summary = AttackSummary(
        "singling-out",
        name,
        sentence=sentence,
        table=_table(found, size),
        figures={
            "conditions": len(training),
            "singled_out": float(training.mean()),
            "by_chance": float(unseen.mean()),
            "by_guessing": guessed,
        },
    )
    yield leak(summary, *(_excess(tried.people, size, run) for tried in found))


def _tried(release: Release, people: Features, rng: np.random.Generator) -> PredicateTrial:
    rows = release.features.rows(np.arange(min(len(release.features), MOST_ROWS)))
    one = of_one_column(rows, OF_ONE, rng)
    several = of_several_columns(rows, OF_SEVERAL, min(DRAWN, CHECKS // len(rows)), rng)
    predicates = [*one, *several]
    matches = [true_of(predicate, people) for predicate in predicates]
    return PredicateTrial(predicates, matches, len(one))


def _singled(people: Sequence[NDArray[np.int64]], size: int) -> tuple[Bools, Bools]:
    """Which predicates are true of exactly one training row, and of exactly one unseen row."""
    training = np.array([int((at < size).sum()) for at in people], np.int64)
    unseen = np.array([len(at) for at in people], np.int64) - training
    return training == 1, unseen == 1


def _excess(people: Sequence[NDArray[np.int64]], size: int, run: Run) -> Excess:
    """Wilson's error of the risk, or that of random labels where it is larger."""
    training, unseen = _singled(people, size)
    excess = of_hits(training, unseen)
    rng = run.rng("auditing", "singling-out", "labels")
    few = [at for at in people if 0 < len(at) <= MANY]
    involved, places = np.unique(np.concatenate([np.zeros(0, np.int64), *few]), return_inverse=True)
    labels = rng.random((TOSSES, len(involved))) < 0.5
    differences = np.zeros(TOSSES)
    for at in np.split(places, np.cumsum([len(at) for at in few])[:-1]):
        inside = labels[:, at].sum(axis=1)
        differences += (inside == 1).astype(float) - (len(at) - inside == 1)
    left = 1 - (float(unseen.sum()) + 0.5) / (len(people) + 1)
    by_labels = sqrt(float((differences**2).mean())) / len(people) / left
    return Excess(excess.value, max(excess.error, by_labels))


def _table(found: Sequence[PredicateTrial], size: int) -> Table:
    rows = []
    published = ("synthetic rows", "independent columns", "training rows published")
    for what, tried in zip(published, found, strict=True):
        training, unseen = _singled(tried.people, size)
        of_one, of_several = slice(0, tried.of_one), slice(tried.of_one, None)
        for kind, part in (("one column", of_one), ("several columns", of_several)):
            conditions = len(training[part])
            if conditions:
                shares = (float(training[part].mean()), float(unseen[part].mean()))
                rows.append((f"{what}, conditions on {kind}", conditions, *shares))
    return Table(
        ("published", "conditions", "single out a training row", "single out an unseen row"),
        tuple(rows),
        "Conditions that single out one row",
    )
