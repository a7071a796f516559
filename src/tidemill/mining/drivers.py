"""What predicts the target, how well, and in which direction."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from tidemill.core.dataset import Dataset
from tidemill.core.finding import Finding
from tidemill.core.picture import Picture, Table
from tidemill.core.run import Run
from tidemill.core.schema import Column
from tidemill.core.words import format_value, number, percent, plural
from tidemill.mining.boosting import BoostedTrees, fit_trees
from tidemill.mining.calibration import calibration_finding
from tidemill.mining.driver_words import driver_finding, importance_finding
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
    model, unseen = fit_trees(
        task.seen,
        task.target,
        task.outcome,
        [at for at, feature in enumerate(task.features) if feature.levels],
        run,
    )
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
    seen, held = _known(train, outcome), _known(holdout, outcome)
    limit = max(
        min(MOST_TRAIN, MOST_CELLS // max(len(columns), 1)) * 2 // max(len(outcome.levels), 2), 2000
    )
    left_out = len(train) + len(holdout) - len(seen) - len(held)
    rows, held_rows = len(seen), len(held)
    seen = sample_rows(seen, limit, run.rng("mining/drivers/train"))
    held = sample_rows(held, min(MOST_HOLDOUT, limit), run.rng("mining/drivers/holdout"))
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
        seen,
        held,
        outcome,
        columns,
        features,
        matrix(seen, features),
        matrix(held, features),
        outcome.codes(seen),
        held_target,
        rows,
        held_rows,
        left_out,
    )


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
    words_of = _number_words if outcome.kind == "number" else _class_words
    words, rows = words_of(task, reached, predicted, plain_predicted)
    sort = "linear" if outcome.kind == "number" else "logistic"
    sentence = (
        f"{words} In cross-validation on {sampled_words(len(task.train), task.rows, 'training')} "
        f"the {measure(outcome)} is {number(crossed)}; a plain {sort} regression reaches "
        f"{number(plain)} on the held-out rows.{_left_out(task)}{_too_good(reached)}"
    )
    table = Table(
        ("model", measure(outcome), rows[0]),
        (
            ("boosted trees", round(reached.value, 4), rows[1]),
            ("plain regression", round(plain, 4), rows[2]),
            (rows[4], guessing(outcome), rows[3]),
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


Rows = tuple[str, float, float, float, str]
"""A second figure's name, its value for the trees, the plain regression and the guess, and what the
guess is."""


def _class_words(
    task: Task, reached: Quality, predicted: Floats, plain: Floats
) -> tuple[str, Rows]:
    outcome, target = task.outcome, task.held_target
    common = int(np.bincount(task.target.astype(int)).argmax())
    answer = OTHER if outcome.values[common] is None else format_value(outcome.values[common])
    right, plainly = (float((each.argmax(axis=1) == target).mean()) for each in (predicted, plain))
    always = float((target == common).mean())
    ranks = (
        f"Of two rows, one with {outcome.event()} and one without, the model ranks the former "
        f"higher in {percent(reached.value)} of cases"
        if outcome.kind == "binary"
        else "Of two rows of different classes, the model tells which is which in "
        f"{percent(reached.value)} of cases"
    )
    # the first sentence stands alone where there is room for one only
    words = (
        f"{outcome.column} can be predicted {_grade((reached.value - 0.5) * 2)} from the other "
        f"columns: AUC {number(reached.value)} on "
        f"{sampled_words(len(task.holdout), task.held_rows)} (95 % interval {number(reached.low)} "
        f"to {number(reached.high)}; guessing gives 0.5). {ranks}. {percent(right)} of its answers "
        f"are right; always answering {answer} gives {percent(always)}."
    )
    return words, (
        "share right",
        round(right, 4),
        round(plainly, 4),
        round(always, 4),
        f"always {answer}",
    )


def _number_words(
    task: Task, reached: Quality, predicted: Floats, plain: Floats
) -> tuple[str, Rows]:
    target = task.held_target
    mean = float(task.target.mean())
    off, plainly, guess = (
        float(np.abs(each - target).mean()) for each in (predicted[:, 0], plain[:, 0], mean)
    )
    words = (
        f"{task.outcome.column} can be predicted {_grade(max(reached.value, 0.0) ** 0.5)} from the "
        f"other columns: they explain {percent(reached.value)} of its variance (R² "
        f"{number(reached.value)}, 95 % interval {number(reached.low)} to {number(reached.high)}, "
        f"on {sampled_words(len(task.holdout), task.held_rows)}). Predictions are off by "
        f"{number(off)} on average; always answering the mean, {number(mean)}, is off by "
        f"{number(guess)}."
    )
    return words, ("mean error", _short(off), _short(plainly), _short(guess), "always the mean")


def _short(value: float) -> float:
    return float(f"{value:.4g}")


def _grade(strength: float) -> str:
    grades = ((0.2, "only slightly"), (0.4, "weakly"), (0.6, "fairly well"), (0.8, "well"))
    return next((words for limit, words in grades if strength < limit), "very well")


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
    groups = np.array_split(np.argsort(predicted[:, 0], kind="stable"), min(10, len(predicted)))
    x = tuple(_short(float(predicted[at, 0].mean())) for at in groups)
    observed = tuple(_short(float(task.held_target[at].mean())) for at in groups)
    return Picture(
        "lines",
        f"Predicted and observed {task.outcome.column}, in ten groups of held-out rows",
        x,
        (("observed", observed), ("perfect", x)),
        f"predicted {task.outcome.column}",
        f"observed {task.outcome.column}",
    )


def _driver_findings(task: Task, model: BoostedTrees, run: Run) -> Iterator[Finding]:
    """The overview, then one finding for each main driver that the held-out rows confirm."""
    rng = run.rng("mining/drivers/explained")
    at = sample_positions(
        len(task.holdout), MOST_EXPLAINED * 2 // max(len(task.outcome.levels), 2), rng
    )
    rows, target, holdout = task.held[at], task.held_target[at], task.holdout.rows(at)
    effects = row_effects(model, rows, run)
    sizes = np.abs(effects).mean(axis=(0, 2))
    main = np.argsort(-sizes, kind="stable")[: MOST_DRIVERS + 4]
    probed = sample_positions(
        len(task.held), MOST_SHUFFLED * 2 // max(len(task.outcome.levels), 2), rng
    )
    p_values = shuffling_p(model, task.held[probed], task.held_target[probed], main, rng)
    least = LEAST_OF_FIRST * sizes.max()
    chance = {int(f): len(main) * p_value for f, p_value in zip(main, p_values, strict=True)}
    proven = [f for f, p_value in chance.items() if p_value < 0.01 and sizes[f] > least][
        :MOST_DRIVERS
    ]
    if not proven:
        return
    yield importance_finding(
        task.outcome, [task.features[f] for f in proven], effects[:, proven], task.held_rows
    )
    for f in proven:
        klass = int(np.abs(effects[:, f]).mean(axis=0).argmax())
        code = klass if task.outcome.kind == "classes" else 1
        observed = target if task.outcome.kind == "number" else (target == code).astype(np.float64)
        groups = value_groups(task.train, holdout, task.features[f], effects[:, f, klass], observed)
        if len(groups) > 1:
            yield driver_finding(
                task.outcome, code, task.features[f], effects[:, f, klass], groups, chance[f]
            )
