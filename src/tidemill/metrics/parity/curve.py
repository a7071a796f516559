"""What equal outcome rates in the learned rows cost: accuracy against parity of models, judged on
held-out real rows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from tidemill.core.dataset import Dataset
from tidemill.core.fairness import evened
from tidemill.core.picture import Picture, Table
from tidemill.core.run import Run
from tidemill.core.schema import Column
from tidemill.core.score import Score
from tidemill.core.words import points, ratio
from tidemill.metrics.parity.groups import ColumnGroups
from tidemill.metrics.parity.models import Decisions, group_rates, learned, spread, watched
from tidemill.metrics.parity.rates import Gap, demographic_parity, equalized_odds
from tidemill.supervised.arrays import Bools, features, together
from tidemill.supervised.targets import Targets, targets

STRENGTHS = (0.0, 0.25, 0.5, 0.75, 1.0)
NAME = "decisions by '{}' after fair generation (demographic parity difference)"
REAL, RESAMPLED = "real rows", "resampled real rows"


@dataclass(frozen=True)
class Point:
    """One model on the way from the rates as they are to equal ones.

    Attributes:
        name: What it learned from.
        strength: Of the evened rates; None where it learned from real rows.
        parity: How far its decisions about the groups of held-out real rows are apart.
        odds: How far its errors are apart; None where classes are too small.
        accuracy, auc: On the held-out real rows.
    """

    name: str
    strength: float | None
    parity: Gap
    odds: Gap | None
    accuracy: float
    auc: float


@dataclass(frozen=True)
class Trial:
    """The sets that the models learn from and are judged on, with the same columns.

    Attributes:
        real: Held-out rows.
        plain: Rows of the generator.
        fair: Rows of the generator with equal outcome rates.
        train: Real training rows.
    """

    real: Dataset
    plain: Dataset
    fair: Dataset
    train: Dataset


def curve(trial: Trial, column: Column, grouping: ColumnGroups, run: Run) -> Iterator[Point]:
    """Models that learned from rows with more and more equal rates, and from real rows for
    comparison.

    Rows of strength s are a mixture: a part s of the fair rows, the rest plain ones. That is the
    distribution that the generator draws with this strength, and neighbouring points share most of
    their rows.

    Real rows come in three forms: as they are; without the sensitive column; and resampled, so that
    each group has the same rates (Kamiran and Calders 2012, "Data preprocessing techniques for
    classification without discrimination").

    Args:
        trial: The sets.
        column: The sensitive column.
        grouping: Its groups in (held-out, plain, fair, training) rows.
        run: Seed of the learners.
    """
    tables = (trial.real, trial.plain, trial.fair, trial.train)
    target = targets(tables)
    if isinstance(target, str):
        return
    columns = [c for c in trial.real.schema.modelled if c.name != target.column]
    layout, (real, plain, fair, train) = features(tables, columns)
    known = ~np.isnan(target.values[0])
    test, truth = real.rows(known), target.values[0][known]
    size = min(len(plain), len(fair))
    for strength in STRENGTHS:
        first = round(strength * size)
        rows = together(fair.rows(np.arange(first)), plain.rows(np.arange(first, size)))
        label = np.concatenate([target.values[2][:first], target.values[1][first:size]])
        decisions = learned(layout, rows, label, test, truth, run)
        name = f"generated rows, strength {strength:g}"
        yield from _point(name, strength, decisions, grouping, target, run)
    label = target.values[3]
    decisions = learned(layout, train, label, test, truth, run)
    yield from _point(REAL, None, decisions, grouping, target, run)
    at = resampled(grouping, label, len(target.classes), run)
    if at is not None:
        decisions = learned(layout, train.rows(at), label[at], test, truth, run)
        yield from _point(RESAMPLED, None, decisions, grouping, target, run)
    blind = [c for c in columns if c.name != column.name]
    if blind:
        layout, (real, train) = features((trial.real, trial.train), blind)
        decisions = learned(layout, train, label, real.rows(known), truth, run)
        name = f"without '{column.name}', real rows"
        yield from _point(name, None, decisions, grouping, target, run)


def _point(
    name: str,
    strength: float | None,
    decisions: Decisions | str,
    grouping: ColumnGroups,
    target: Targets,
    run: Run,
) -> Iterator[Point]:
    """The point of one model; nothing where there is no model, or too few rows to compare."""
    run.check()
    if isinstance(decisions, str):
        return
    known = ~np.isnan(target.values[0])
    rates = group_rates(grouping, target, decisions, known, watched(target, grouping))
    parity = demographic_parity(rates)
    if parity is not None:
        odds = equalized_odds(rates)
        yield Point(name, strength, parity, odds, decisions.accuracy, decisions.auc)


def resampled(
    grouping: ColumnGroups, label: np.ndarray, classes: int, run: Run
) -> np.ndarray | None:
    """Positions of real rows, drawn so that each class has the same share in all groups; None where
    one never occurs.

    Args:
        grouping: The groups; the last set's masks say which of these rows are in them.
        label: Codes of the classes, (n,); rows without one are left out.
        classes: Their number.
        run: Draws the rows.
    """
    where: list[Bools] = [*(group.members[-1] for group in grouping.groups), grouping.rest(-1)]
    cells = []  # the rows of each group and class
    for mine in where:
        if mine.any():
            cells += [np.flatnonzero(mine & (label == code)) for code in range(classes)]
    met = np.array([len(cell) for cell in cells]).reshape(-1, classes)
    if not met.sum():
        return None
    counts = evened(int(met.sum()), met, 1.0)
    if ((met == 0) & (counts > 0)).any():
        return None
    rng = run.rng("metrics", "parity", "resampled", grouping.column)
    drawn = []
    for cell, count in zip(cells, counts.ravel(), strict=True):
        if count:
            drawn.append(rng.choice(cell, count, replace=count > len(cell)))
    return np.concatenate(drawn)


def curve_score(
    grouping: ColumnGroups, target: Targets, found: Sequence[Point], note: str
) -> Score:
    """The curve as a score: how far a model's decisions are apart that learned from rows with equal
    rates."""
    by = {point.strength: point for point in found if point.strength is not None}
    if 0.0 not in by or 1.0 not in by:
        return no_curve(grouping.column, "too few rows have a target")
    plain, fair = by[0.0], by[1.0]
    real = next((point for point in found if point.name == REAL), None)
    what = f"'{target.column}' = '{target.classes[watched(target, grouping)]}'"
    sentence = (
        f"A model that learned from rows generated with equal rates of {what} in all groups of "
        f"'{grouping.column}' decides about held-out real rows with groups {spread(fair.parity)} "
        f"instead of {points(plain.parity.value)} after plain generated rows; its AUC is "
        f"{ratio(fair.auc)} instead of {ratio(plain.auc)}"
    )
    if real:
        sentence += f"; learned from real rows, {points(real.parity.value)} and {ratio(real.auc)}"
    sentence += f"{note}."
    if fair.parity.low <= plain.parity.value <= fair.parity.high:
        sentence += " That is no clear change."
    return Score(
        "parity",
        NAME.format(grouping.column),
        fair.parity.value,
        better="low",
        sentence=sentence,
        interval=(max(0.0, fair.parity.low), fair.parity.high),
        table=_table(grouping, found),
        picture=_picture(grouping, found),
        figures={
            "auc": fair.auc,
            "accuracy": fair.accuracy,
            "plain": plain.parity.value,
            "auc_plain": plain.auc,
        },
    )


def no_curve(column: str, why: str) -> Score:
    """A curve that could not be drawn."""
    return Score("parity", NAME.format(column), None, better="low", why=why)


def _picture(grouping: ColumnGroups, found: Sequence[Point]) -> Picture:
    """Both figures over the strength on one scale, on which neither looks larger than it is; real
    rows as level lines."""
    generated = [point for point in found if point.strength is not None]
    lines = {"generated rows": generated}
    real = [point for point in found if point.name == REAL]
    if real:
        lines["real rows"] = real * len(generated)
    series: list[tuple[str, tuple[float, ...]]] = []
    for whose, on_line in lines.items():
        apart = tuple(round(100 * point.parity.value, 6) for point in on_line)
        series.append((f"decisions apart, {whose}", apart))
    for whose, on_line in lines.items():
        areas = tuple(round(100 * point.auc, 6) for point in on_line)
        series.append((f"AUC × 100, {whose}", areas))
    return Picture(
        "lines",
        f"What equal rates by '{grouping.column}' gain and cost, on held-out real rows",
        tuple(point.strength for point in generated),
        tuple(series),
        "strength: 0 as learned, 1 equal rates",
        "points",
    )


def _table(grouping: ColumnGroups, found: Sequence[Point]) -> Table:
    rows = tuple(
        (
            point.name,
            _points(point.parity),
            round(point.parity.ratio, 3),
            _points(point.odds) if point.odds else "too few rows",
            round(point.accuracy, 4),
            round(point.auc, 4),
        )
        for point in found
    )
    return Table(
        (
            "learned from",
            "decisions apart, in points (95 %)",
            "ratio of rates",
            "errors apart, in points (95 %)",
            "accuracy",
            "AUC",
        ),
        rows,
        f"What equal rates by '{grouping.column}' cost",
    )


def _points(wide: Gap) -> str:
    return f"{100 * wide.value:.1f} ({100 * wide.low:.1f} to {100 * wide.high:.1f})"
