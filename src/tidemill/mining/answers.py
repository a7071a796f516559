"""Columns that are the target in other words: left out of what is said about it, and told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import polars as pl

from tidemill.core.dataset import Dataset
from tidemill.core.finding import Finding
from tidemill.core.picture import Table
from tidemill.core.run import Run
from tidemill.core.schema import Column
from tidemill.core.words import number, percent, plural, quoted
from tidemill.mining.outcome import Outcome
from tidemill.mining.sampling import sample_rows
from tidemill.mining.subgroups import candidate_tests
from tidemill.mining.wording import test_words
from tidemill.supervised.alone import FOLDS, RIGHT, Told, grouping, ignoring, told_alone
from tidemill.supervised.arrays import Floats

MOST_ROWS = 20_000
MOST_CELLS = 1_000_000
FEWEST_ROWS = 2_000
_ALMOST_ALONE = 0.94
"""Of strength (AUC 0.97): such a column is asked about."""


def told_by_columns(train: Dataset, outcome: Outcome, run: Run) -> dict[str, Told]:
    """What each column alone tells of the target, by its name."""
    known = train.rows(~np.isnan(outcome.codes(train)))
    columns = [column for column in known.schema.modelled if column.name != outcome.column]
    most = max(FEWEST_ROWS, min(MOST_ROWS, MOST_CELLS // max(len(columns), 1)))
    few = sample_rows(known, most, run.rng("mining/answers"))
    folds = run.rng("mining/answers", "folds").integers(FOLDS, size=len(few))
    told = told_alone(columns, few.frame, outcome.codes(few), len(outcome.levels), folds)
    return {column.name: each for column, each in zip(columns, told, strict=True)}


def without_answers(
    columns: Sequence[Column], train: Dataset, outcome: Outcome, run: Run
) -> list[Column]:
    """The columns that are not the target in other words."""
    answers = deciding(told_by_columns(train, outcome, run))
    return [column for column in columns if column.name not in answers]


def deciding(told: Mapping[str, Told]) -> tuple[str, ...]:
    """The columns that decide the target."""
    return tuple(name for name, each in told.items() if each.decides)


def doubted(told: Mapping[str, Told]) -> tuple[str, ...]:
    """The columns that all but decide the target, the strongest first."""
    names = [name for name, each in told.items() if each.strength >= _ALMOST_ALONE]
    names.sort(key=lambda name: -told[name].strength)
    return tuple(name for name in names if not told[name].decides)


def answers_finding(
    outcome: Outcome, told: Mapping[str, Told], train: Dataset, holdout: Dataset
) -> Finding:
    """The columns that were left out, how each gives the answer, and how often on held-out rows.

    Args:
        outcome: What the target is.
        told: What each column tells.
        train, holdout: Rows with a target.
    """
    target, names = outcome.column, deciding(told)
    shares = [_right(train, holdout, name, outcome) for name in names]
    ways = [_way(train, name, told[name], outcome) for name in names]
    verb, are, them = "tells", "it is", "it"
    if len(names) > 1:
        verb, are, them = "each tell", "they are", "them"
    measure = "R² of the order" if outcome.kind == "number" else "share right"
    least = "at least " if len(names) > 1 and min(shares) < 1 else ""
    right = f"right on {least}{percent(min(shares))} of {plural(len(holdout), 'held-out row')}"
    if outcome.kind == "number":
        right = f"R² of the order {least}{number(min(shares))} on {len(holdout):,} held-out rows"
    keep = 'role = "feature" in a schema file'
    said = f"{quoted(names, len(names))} {verb} {target} without any other column"
    sentence = (
        f"{said}: {'; '.join(ways[:3])} ({right}). So {are} the answer in other words, or known "
        f"only after it, and what follows about {target} is told without {them}. To leave {them} "
        f"out of everything: {ignoring(names)}. To keep what is known beforehand: {keep}."
    )
    return Finding(
        technique="drivers",
        name="answer",
        sentence=sentence,
        strength=max(shares),
        measure=measure,
        support=len(holdout),
        columns=tuple(names),
        table=Table(
            ("column", f"how it tells {target}", measure),
            tuple(
                (name, way, round(share, 4))
                for name, way, share in zip(names, ways, shares, strict=True)
            ),
            f"Left out: {target} in other words",
        ),
    )


def _right(train: Dataset, holdout: Dataset, name: str, outcome: Outcome) -> float:
    """How often the column tells the class of a held-out row; of a number the R² of its ranks."""
    groups = grouping(train.schema[name], train[name], fine=True)
    seen, held = groups.codes(train[name]), groups.codes(holdout[name])
    target, truth = outcome.codes(train), outcome.codes(holdout)
    if outcome.kind == "number":
        target, truth = _ranks(target), _ranks(truth)
        known = np.maximum(np.bincount(seen, minlength=groups.size), 1)
        mean = np.bincount(seen, target, minlength=groups.size) / known
        return float(1 - np.square(truth - mean[held]).mean() / truth.var())
    counts = np.zeros((groups.size, len(outcome.levels)))
    np.add.at(counts, (seen, target.astype(int)), 1)
    return float((counts.argmax(axis=1)[held] == truth).mean())


def _ranks(values: Floats) -> Floats:
    return pl.Series(values).rank("average").to_numpy() / len(values)


def _way(train: Dataset, name: str, told: Told, outcome: Outcome) -> str:
    """How a column gives the target away, in words."""
    if outcome.kind == "number":
        if train.schema[name].kind == "number":
            return f"'{name}' is {outcome.column} on another scale"
        return f"each '{name}' is a range of {outcome.column}"
    target = outcome.codes(train)
    missing = train[name].is_null().to_numpy()
    if told.by_missing:
        shares = [(target[~missing] == code).mean() for code in range(len(outcome.levels))]
        code = int(np.argmax(shares))
        exactly = "exactly" if ((target == code) == ~missing).all() else "almost only"
        return f"'{name}' is filled in {exactly} where {outcome.event(code)}"
    if outcome.kind == "binary":
        candidates = candidate_tests(train, [train.schema[name]])
        for test, inside in zip(candidates.tests, candidates.masks, strict=True):
            for code in (1, 0):
                wrong = np.mean(inside != (target == code))
                if wrong <= (1 - RIGHT) * min(target.mean(), 1 - target.mean()):
                    return f"{outcome.event(code)} exactly where {test_words([test])}"
    return f"each '{name}' goes with one {outcome.column}"
