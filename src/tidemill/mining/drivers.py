"""What predicts the target, how well, and in which direction."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tidemill.core.dataset import Dataset
from tidemill.core.finding import Finding
from tidemill.core.picture import Picture, Table
from tidemill.core.run import Run
from tidemill.core.schema import Column
from tidemill.core.words import format_value, number, percent, plural
from tidemill.mining.boosting import BoostedTrees, fit_trees
from tidemill.mining.calibration import calibration_finding
from tidemill.mining.driver_words import Driver, driver_finding, importance_finding
from tidemill.mining.effects import row_effects, shuffling_p, value_groups
from tidemill.mining.features import Feature, learn_features, matrix
from tidemill.mining.linear import linear_predictions
from tidemill.mining.outcome import OTHER, Outcome, learn_outcome
from tidemill.mining.sampling import sample_positions, sample_rows, sampled_words
from tidemill.mining.scoring import Quality, figure, guessing, measure, quality
from tidemill.mining.significance import ALPHA
from tidemill.mining.weak_spots import row_errors, weak_spots
from tidemill.supervised.arrays import Floats

MOST_CELLS = 10_000_000
MOST_TRAIN = 50_000
MOST_HOLDOUT = 20_000
MOST_EXPLAINED = 3_000
MOST_SHUFFLED = 15_000
MOST_DRIVERS = 6
MOST_DESCRIBING = 40
LEAST_OF_FIRST = 0.1
"""A driver that shifts predictions by less than this share of the strongest is not a main one."""


@dataclass(frozen=True)
class Task:
    """One prediction task: rows with a target, and what is known of them.

    Attributes:
        train, holdout: The rows with a target, sampled where there are very many.
        outcome: What the target is.
        columns: The columns it is predicted from.
        features: Their features.
        seen, held: The features' matrices, (n, features) and (m, features).
        target, held_target: Class codes or numbers, (n,) and (m,).
        rows, held_rows: Training and held-out rows with a target before sampling.
        left_out: Rows without a target, in both sets.
    """

    train: Dataset
    holdout: Dataset
    outcome: Outcome
    columns: tuple[Column, ...]
    features: tuple[Feature, ...]
    seen: Floats
    held: Floats
    target: Floats
    held_target: Floats
    rows: int
    held_rows: int
    left_out: int


def drivers(train: Dataset, holdout: Dataset, run: Run) -> Iterable[Finding]:
    """Predict the target with boosted trees and say how well that goes, and why.

    Nothing is found where the held-out rows do not show, beyond chance, that the target can be
    predicted at all.

    Args:
        train: Rows to learn from.
        holdout: Rows that every figure is taken from.
        run: Seed and threads.
    """
    task = _task(train, holdout, run)
    if task is None:
        return
    categories = [at for at, feature in enumerate(task.features) if feature.levels]
    model, unseen = fit_trees(task.seen, task.target, task.outcome, categories, run)
    predicted = model.predict(task.held)
    reached = quality(
        task.outcome, task.held_target, predicted, run.rng("mining/drivers/bootstrap")
    )
    if reached.p_value > ALPHA or reached.low <= guessing(task.outcome):
        run.warn(_nothing(task, reached), "mine")
        return
    main = _most_used(task, model)
    yield _model_finding(task, reached, predicted, unseen, main, run)
    if task.outcome.kind != "number":
        yield calibration_finding(
            task.outcome, task.held_target, predicted, run.rng("mining/drivers/calibration")
        )
    yield from _driver_findings(task, model, run)
    yield from weak_spots(
        task.train,
        task.holdout,
        main[:MOST_DESCRIBING],
        task.outcome,
        row_errors(task.outcome, task.target, unseen),
        row_errors(task.outcome, task.held_target, predicted),
    )


def _task(train: Dataset, holdout: Dataset, run: Run) -> Task | None:
    outcome = learn_outcome(train, run)
    if outcome is None:
        return None
    columns = tuple(column for column in train.schema.modelled if column.name != outcome.column)
    known, known_held = _known(train, outcome), _known(holdout, outcome)
    most = max(_per_class(min(MOST_TRAIN, MOST_CELLS // max(len(columns), 1)), outcome), 2000)
    seen = sample_rows(known, most, run.rng("mining/drivers/train"))
    held = sample_rows(known_held, min(MOST_HOLDOUT, most), run.rng("mining/drivers/holdout"))
    features = learn_features(seen, columns)
    if not features and train.schema.image:  # another technique looks at what is to be seen
        return None
    held_target = outcome.codes(held)
    if not features or len(held) < 10 or len(np.unique(held_target)) < 2:
        run.warn(
            f"What drives '{outcome.column}' was not looked for: there are too few columns that "
            "vary, or too few held-out rows with different values of it.",
            "mine",
        )
        return None
    return Task(
        train=seen,
        holdout=held,
        outcome=outcome,
        columns=columns,
        features=features,
        seen=matrix(seen, features),
        held=matrix(held, features),
        target=outcome.codes(seen),
        held_target=held_target,
        rows=len(known),
        held_rows=len(known_held),
        left_out=len(train) + len(holdout) - len(known) - len(known_held),
    )


def _per_class(rows: int, outcome: Outcome) -> int:
    """So many rows of two classes or of a number; of more classes fewer, as each has its trees."""
    return rows * 2 // max(len(outcome.levels), 2)


def _known(data: Dataset, outcome: Outcome) -> Dataset:
    known = ~np.isnan(outcome.codes(data))
    return data if known.all() else data.rows(known)


def _nothing(task: Task, reached: Quality) -> str:
    outcome = task.outcome
    return (
        f"No other column predicts '{outcome.column}' better than chance would: {measure(outcome)} "
        f"{number(reached.value)} on {sampled_words(len(task.holdout), task.held_rows)}, where "
        f"guessing gives {number(guessing(outcome))}. So no drivers are shown."
    )


def _most_used(task: Task, model: BoostedTrees) -> tuple[Column, ...]:
    """The columns by how much the trees gain from them, the most telling first."""
    gains: dict[str, float] = {column.name: 0.0 for column in task.columns}
    for feature, gain in zip(task.features, model.gains(), strict=True):
        gains[feature.column] += float(gain)
    return tuple(sorted(task.columns, key=lambda column: -gains[column.name]))


def _model_finding(
    task: Task,
    reached: Quality,
    predicted: Floats,
    unseen: Floats,
    main: tuple[Column, ...],
    run: Run,
) -> Finding:
    outcome = task.outcome
    crossed = figure(outcome, task.target, unseen)
    plain_predicted = linear_predictions(task.train, task.holdout, main, task.target, outcome, run)
    plain = figure(outcome, task.held_target, plain_predicted)
    if outcome.kind == "number":
        regression = "linear"
        words, other = _number_words(task, reached, predicted, plain_predicted)
    else:
        regression = "logistic"
        words, other = _class_words(task, reached, predicted, plain_predicted)
    sentence = (
        f"{words} In cross-validation on {sampled_words(len(task.train), task.rows, 'training')} "
        f"the {measure(outcome)} is {number(crossed)}; a plain {regression} regression reaches "
        f"{number(plain)} on the held-out rows.{_left_out(task)}{_too_good(reached)}"
    )
    table = Table(
        ("model", measure(outcome), other.name),
        (
            ("boosted trees", round(reached.value, 4), other.trees),
            ("plain regression", round(plain, 4), other.plain),
            (other.guess, guessing(outcome), other.guessed),
        ),
        f"Predicting {outcome.column} on held-out rows",
    )
    return Finding(
        technique="drivers",
        name="model",
        sentence=sentence,
        strength=reached.value,
        measure=measure(outcome),
        support=len(task.holdout),
        interval=(reached.low, reached.high),
        p_value=reached.p_value,
        columns=(outcome.column,),
        table=table,
        picture=_by_decile(task, predicted) if outcome.kind == "number" else None,
        figures={"cross_validated": crossed, "plain": plain, "guessing": guessing(outcome)},
    )


@dataclass(frozen=True)
class OtherFigure:
    """A second figure of predictions, which needs no explaining.

    Attributes:
        name: What it is.
        trees, plain, guessed: Its value for the trees, the plain regression and the guess.
        guess: What is guessed.
    """

    name: str
    trees: float
    plain: float
    guessed: float
    guess: str


def _class_words(
    task: Task, reached: Quality, predicted: Floats, plain: Floats
) -> tuple[str, OtherFigure]:
    outcome, target = task.outcome, task.held_target
    commonest = int(np.bincount(task.target.astype(int)).argmax())
    answer = OTHER
    if outcome.values[commonest] is not None:
        answer = format_value(outcome.values[commonest])
    right = float((predicted.argmax(axis=1) == target).mean())
    plain_right = float((plain.argmax(axis=1) == target).mean())
    guessed_right = float((target == commonest).mean())
    if outcome.kind == "binary":
        ranks = (
            f"Of two rows, one with {outcome.event()} and one without, the model ranks the former "
            "higher in"
        )
    else:
        ranks = "Of two rows of different classes, the model tells which is which in"
    # the first sentence stands alone where there is room for one only
    words = (
        f"{outcome.column} can be predicted {_grade((reached.value - 0.5) * 2)} from the other "
        f"columns: AUC {number(reached.value)} on "
        f"{sampled_words(len(task.holdout), task.held_rows)} (95 % interval {number(reached.low)} "
        f"to {number(reached.high)}; guessing gives 0.5). {ranks} {percent(reached.value)} of "
        f"cases. {percent(right)} of its answers are right; always answering {answer} gives "
        f"{percent(guessed_right)}."
    )
    return words, OtherFigure(
        name="share right",
        trees=round(right, 4),
        plain=round(plain_right, 4),
        guessed=round(guessed_right, 4),
        guess=f"always {answer}",
    )


def _number_words(
    task: Task, reached: Quality, predicted: Floats, plain: Floats
) -> tuple[str, OtherFigure]:
    target = task.held_target
    mean = float(task.target.mean())
    off = float(np.abs(predicted[:, 0] - target).mean())
    plain_off = float(np.abs(plain[:, 0] - target).mean())
    mean_off = float(np.abs(mean - target).mean())
    words = (
        f"{task.outcome.column} can be predicted {_grade(max(reached.value, 0.0) ** 0.5)} from the "
        f"other columns: they explain {percent(reached.value)} of its variance (R² "
        f"{number(reached.value)}, 95 % interval {number(reached.low)} to {number(reached.high)}, "
        f"on {sampled_words(len(task.holdout), task.held_rows)}). Predictions are off by "
        f"{number(off)} on average; always answering the mean, {number(mean)}, is off by "
        f"{number(mean_off)}."
    )
    return words, OtherFigure(
        name="mean error",
        trees=_short(off),
        plain=_short(plain_off),
        guessed=_short(mean_off),
        guess="always the mean",
    )


def _short(value: float) -> float:
    return float(f"{value:.4g}")


def _grade(strength: float) -> str:
    grades = ((0.2, "only slightly"), (0.4, "weakly"), (0.6, "fairly well"), (0.8, "well"))
    for limit, words in grades:
        if strength < limit:
            return words
    return "very well"


def _left_out(task: Task) -> str:
    if not task.left_out:
        return ""
    return (
        f" {plural(task.left_out, 'row').capitalize()} without a usable {task.outcome.column} "
        "are left out."
    )


def _too_good(reached: Quality) -> str:
    if reached.value < 0.995:
        return ""
    return " That is suspiciously good: check whether a column already holds the answer."


def _by_decile(task: Task, predicted: Floats) -> Picture:
    order = np.argsort(predicted[:, 0], kind="stable")
    groups = np.array_split(order, min(10, len(order)))
    means = tuple(_short(float(predicted[rows, 0].mean())) for rows in groups)
    observed = tuple(_short(float(task.held_target[rows].mean())) for rows in groups)
    return Picture(
        "lines",
        f"Predicted and observed {task.outcome.column}, in ten groups of held-out rows",
        means,
        (("observed", observed), ("perfect", means)),
        f"predicted {task.outcome.column}",
        f"observed {task.outcome.column}",
    )


def _driver_findings(task: Task, model: BoostedTrees, run: Run) -> Iterator[Finding]:
    """The overview, then one finding for each main driver that the held-out rows confirm."""
    rng = run.rng("mining/drivers/explained")
    explained = sample_positions(len(task.holdout), _per_class(MOST_EXPLAINED, task.outcome), rng)
    effects = row_effects(model, task.held[explained], run)
    proven = _proven(task, model, effects, rng)
    if not proven:
        return
    places = list(proven)
    features = [task.features[at] for at in places]
    yield importance_finding(task.outcome, features, effects[:, places], task.held_rows)
    for at, p_value in proven.items():
        driver = _driver(task, explained, at, effects[:, at], p_value)
        if len(driver.groups) > 1:
            yield driver_finding(driver)


def _proven(
    task: Task, model: BoostedTrees, effects: Floats, rng: np.random.Generator
) -> dict[int, float]:
    """The main drivers that held-out rows confirm, the strongest first, each with its p-value
    after Bonferroni's control."""
    sizes = np.abs(effects).mean(axis=(0, 2))
    main = np.argsort(-sizes, kind="stable")[: MOST_DRIVERS + 4]
    probed = sample_positions(len(task.held), _per_class(MOST_SHUFFLED, task.outcome), rng)
    p_values = shuffling_p(model, task.held[probed], task.held_target[probed], main, rng)
    least = LEAST_OF_FIRST * sizes.max()
    proven: dict[int, float] = {}
    for at, p_value in zip(main, p_values, strict=True):
        controlled = len(main) * p_value
        if controlled < 0.01 and sizes[at] > least and len(proven) < MOST_DRIVERS:
            proven[int(at)] = controlled
    return proven


def _driver(
    task: Task, explained: NDArray[np.int64], at: int, effects: Floats, p_value: float
) -> Driver:
    """One feature and its effects on some held-out rows, (n, classes): on the class that it moves
    most."""
    most_moved = int(np.abs(effects).mean(axis=0).argmax())
    effect = effects[:, most_moved]
    code = most_moved if task.outcome.kind == "classes" else 1
    observed = task.held_target[explained]
    if task.outcome.kind != "number":
        observed = (observed == code).astype(np.float64)
    feature = task.features[at]
    groups = value_groups(task.train, task.holdout.rows(explained), feature, effect, observed)
    return Driver(task.outcome, code, feature, effect, groups, p_value)
