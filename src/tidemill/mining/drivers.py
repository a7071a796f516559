"""What predicts the target, how well, and in which direction."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from tidemill.core.dataset import Dataset
from tidemill.core.finding import Finding
from tidemill.core.run import Run
from tidemill.core.schema import Column
from tidemill.mining.answers import answers_finding, deciding, told_by_columns
from tidemill.mining.boosting import BoostedTrees, fit_trees
from tidemill.mining.calibration import calibration_finding
from tidemill.mining.driver_words import Driver, driver_finding, importance_finding
from tidemill.mining.effects import (
    ValueGroup,
    by_missing,
    corrected,
    marginal_effects,
    shuffling_p,
    spread,
    value_groups,
)
from tidemill.mining.features import Feature
from tidemill.mining.model_words import model_finding, nothing_found
from tidemill.mining.outcome import learn_outcome
from tidemill.mining.sampling import sample_positions
from tidemill.mining.scoring import guessing, quality, residuals
from tidemill.mining.significance import ALPHA
from tidemill.mining.tasks import Task, learn_task, rows_of, with_target
from tidemill.mining.ties import missing_together, repeating
from tidemill.mining.weak_spots import row_errors, weak_spots
from tidemill.supervised.arrays import Floats

MOST_EXPLAINED = 3_000
MOST_SHUFFLED = 15_000
MOST_DRIVERS = 6
MOST_DESCRIBING = 40
LEAST_OF_FIRST = 0.1
"""A driver with differences below this share of the strongest one's is not a main one."""


def drivers(train: Dataset, holdout: Dataset, run: Run) -> Iterable[Finding]:
    """Predict the target with boosted trees and say how well that goes, and why.

    Nothing is found where the held-out rows do not show, beyond chance, that the target can be
    predicted at all.

    Args:
        train: Rows to learn from.
        holdout: Rows that every figure is taken from.
        run: Seed and threads.
    """
    outcome = learn_outcome(train, run)
    if outcome is None:
        return
    told = told_by_columns(train, outcome, run)
    held = with_target(holdout, outcome)
    if deciding(told) and held[outcome.column].n_unique() > 1:
        yield answers_finding(outcome, told, with_target(train, outcome), held)
    task = learn_task(train, holdout, outcome, told, run)
    if task is None:
        return
    categories = [at for at, feature in enumerate(task.features) if feature.levels]
    model, unseen = fit_trees(task.seen, task.target, task.outcome, categories, run)
    predicted = model.predict(task.held)
    reached = quality(
        task.outcome, task.held_target, predicted, run.rng("mining/drivers/bootstrap")
    )
    if reached.p_value > ALPHA or reached.low <= guessing(task.outcome):
        run.warn(nothing_found(task, reached), "mine")
        return
    main = _most_used(task, model)
    yield model_finding(task, reached, predicted, unseen, main, run)
    if task.outcome.kind != "number":
        yield calibration_finding(
            task.outcome, task.held_target, predicted, run.rng("mining/drivers/calibration")
        )
    yield from _driver_findings(task, model, predicted, run)
    yield from weak_spots(
        task.train,
        task.holdout,
        main[:MOST_DESCRIBING],
        task.outcome,
        row_errors(task.outcome, task.target, unseen),
        row_errors(task.outcome, task.held_target, predicted),
    )


def _most_used(task: Task, model: BoostedTrees) -> tuple[Column, ...]:
    """The columns by how much the trees gain from them, the most telling first."""
    gains: dict[str, float] = {column.name: 0.0 for column in task.columns}
    for feature, gain in zip(task.features, model.gains(), strict=False):  # then scores of texts
        gains[feature.column] += float(gain)
    return tuple(sorted(task.columns, key=lambda column: -gains[column.name]))


def _driver_findings(
    task: Task, model: BoostedTrees, predicted: Floats, run: Run
) -> Iterator[Finding]:
    """The overview, then one finding for each main driver that the held-out rows confirm."""
    found = _drivers(task, model, predicted, run)
    if not found:
        return
    yield importance_finding(task.outcome, found, task.held_rows)
    for driver in found:
        yield driver_finding(driver)


def _drivers(task: Task, model: BoostedTrees, predicted: Floats, run: Run) -> list[Driver]:
    """The main drivers, the strongest first.

    Columns that all but repeat each other share what the model makes of them, so they are set, and
    shuffled, together, and told as one.
    """
    if not task.features:
        return []
    rng = run.rng("mining/drivers/explained")
    explained = sample_positions(len(task.held), rows_of(MOST_EXPLAINED, task.outcome), rng)
    pushes = _pushes(task, model, explained, run)
    columns = [task.train.schema[name] for name in list(pushes)[:MOST_DESCRIBING]]
    same = repeating(task.train, columns)
    gone = missing_together(task.train, columns)
    leading = _leading(same, pushes)[: MOST_DRIVERS + 4]
    together = [_features(task, (name, *same[name], *gone[name])) for name in leading]
    probed = sample_positions(len(task.held), rows_of(MOST_SHUFFLED, task.outcome), rng)
    p_values = shuffling_p(model, task.held[probed], task.held_target[probed], together, rng)
    found: list[Driver] = []
    for name, features, p_value in zip(leading, together, p_values, strict=True):
        told = {other for driver in found if driver.is_about_missing for other in driver.gone}
        controlled = len(leading) * p_value
        if controlled >= 0.01 or name in told:
            continue
        feature, groups = _grouped(task, model, name, features, rng)
        if len(groups) > 1:
            driver = Driver(
                outcome=task.outcome,
                feature=feature,
                groups=groups,
                observed=task.outcome.codes(task.holdout),
                p_value=controlled,
                twins=same[name],
                gone=tuple(other for other in gone[name] if other not in same[name]),
                explained=explained,
                pushes={other: push for other, push in pushes.items() if other != name},
            )
            found.append(driver)
    missed = residuals(task.outcome, task.held_target, predicted)
    groupings = corrected([driver.groups for driver in found], missed)
    found = [replace(driver, groups=each) for driver, each in zip(found, groupings, strict=True)]
    found.sort(key=lambda driver: -driver.size)
    strongest = found[0].size if found else 0.0
    return [driver for driver in found if driver.size > LEAST_OF_FIRST * strongest][:MOST_DRIVERS]


def _pushes(
    task: Task, model: BoostedTrees, explained: NDArray[np.int64], run: Run
) -> dict[str, Floats]:
    """By column, the strongest first, how far it moves the prediction of each row on the model's
    own scale, (n, outputs): its SHAP values."""
    contributions = model.contributions(task.held[explained], run)
    pushes: dict[str, Floats] = {}
    for at, feature in enumerate(task.features):
        push = contributions[:, :, at]
        pushes[feature.column] = pushes.get(feature.column, 0) + push
    return dict(sorted(pushes.items(), key=lambda entry: -float(np.abs(entry[1]).mean())))


def _leading(same: Mapping[str, tuple[str, ...]], pushes: Mapping[str, Floats]) -> list[str]:
    """The columns that speak for those that repeat them, the strongest first, with what the others
    share with them."""
    totals: dict[str, float] = {}
    spoken_for: set[str] = set()
    for name, others in same.items():
        if name not in spoken_for:
            spoken_for.update(others)
            joint = np.add.reduce([pushes[each] for each in (name, *others)])
            totals[name] = float(np.abs(joint).mean())
    return sorted(totals, key=lambda name: -totals[name])


def _features(task: Task, columns: Sequence[str]) -> list[int]:
    return [at for at, feature in enumerate(task.features) if feature.column in columns]


def _grouped(
    task: Task,
    model: BoostedTrees,
    name: str,
    together: list[int],
    rng: np.random.Generator,
) -> tuple[Feature, list[ValueGroup]]:
    """The groups of a column's values and their effects; of a date, by the part whose effects
    differ most."""
    found = []
    for feature in task.features:
        if feature.column == name:
            groups = value_groups(task.train, task.holdout, feature)
            groups = marginal_effects(model, task.held, groups, together, rng)
            found.append((feature, by_missing(groups, name)))
    return max(found, key=lambda each: spread(each[1]))
