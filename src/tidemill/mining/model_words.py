"""How well the target can be predicted, in words."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tidemill.core.finding import Finding
from tidemill.core.picture import Picture, Table
from tidemill.core.run import Run
from tidemill.core.schema import Column
from tidemill.core.words import format_value, number, percent, plural, quoted
from tidemill.mining.linear import linear_predictions
from tidemill.mining.outcome import OTHER
from tidemill.mining.sampling import sampled_words
from tidemill.mining.scoring import Quality, figure, guessing, measure
from tidemill.mining.tasks import Task
from tidemill.supervised.alone import ignoring
from tidemill.supervised.arrays import Floats
from tidemill.supervised.text_scores import linear_with_texts


def model_finding(
    task: Task,
    reached: Quality,
    predicted: Floats,
    unseen: Floats,
    main: tuple[Column, ...],
    run: Run,
) -> Finding:
    """How well the trees predict, beside a plain regression and a guess.

    Args:
        task: What is predicted.
        reached: How good the predictions of the held-out rows are.
        predicted: These predictions, (m, classes).
        unseen: Predictions of the training rows by models that had not seen them, (n, classes).
        main: The columns, the most telling first.
        run: Seed.
    """
    outcome = task.outcome
    crossed = figure(outcome, task.target, unseen)
    plain_predicted = _plainly(task, main, run)
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
        f"{number(plain)} on the held-out rows.{_left_out(task)}{_too_good(task, reached)}"
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
        f"columns{_with(task)}: AUC {number(reached.value)} on "
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
    target, scale, column = task.held_target, task.outcome.scale, task.outcome.column
    middle = scale.centre(task.target)
    off = float(np.abs(predicted[:, 0] - target).mean())
    plain_off = float(np.abs(plain[:, 0] - target).mean())
    middle_off = float(np.abs(middle - target).mean())
    usual = middle if scale.kind == "plain" else scale.middle
    words = (
        f"{column} can be predicted {_grade(max(reached.value, 0.0) ** 0.5)} from the other "
        f"columns{_with(task)}: they explain {percent(reached.value)} of {scale.explained} (R² "
        f"{number(reached.value)}, 95 % interval {number(reached.low)} to {number(reached.high)}, "
        f"on {sampled_words(len(task.holdout), task.held_rows)}).{scale.why(column)} Predictions "
        f"are off by {scale.off(off)} on average; always answering the {scale.centre_name}, "
        f"{number(usual)}, is off by {scale.off(middle_off)}."
    )
    shown = scale.shown(np.array([off, plain_off, middle_off])).tolist()
    return words, OtherFigure(
        name={"plain": "mean error", "log": "mean factor", "rank": "mean error in places of 100"}[
            scale.kind
        ],
        trees=_short(shown[0]),
        plain=_short(shown[1]),
        guessed=_short(shown[2]),
        guess=f"always the {scale.centre_name}",
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


def _plainly(task: Task, main: tuple[Column, ...], run: Run) -> Floats:
    """What a linear model says of the held-out rows, (m, classes); of texts it takes all words."""
    if task.with_texts is None:
        return linear_predictions(task.train, task.holdout, main, task.target, task.outcome, run)
    layout, rows, test = task.with_texts
    classes = len(task.outcome.levels)
    said = linear_with_texts(layout, rows, task.target, None, test, classes)
    return said.reshape(len(said), -1)


def _with(task: Task) -> str:
    """Behind "the other columns": the texts among them, and what is left out."""
    words = f", the words of {quoted(task.texts)} among them" if task.texts else ""
    return words + _without(task)


def _without(task: Task) -> str:
    return f" ({quoted(task.answers)} left out)" if task.answers else ""


def _too_good(task: Task, reached: Quality) -> str:
    """A question where the prediction is better than what is known beforehand mostly allows."""
    if task.doubted:
        return (
            f" {quoted(task.doubted)} alone all but tells it: if that is known only afterwards, "
            f"leave it out ({ignoring(task.doubted)})."
        )
    if reached.value < 0.995:
        return ""
    return " That is suspiciously good: check whether some columns together hold the answer."


def _by_decile(task: Task, predicted: Floats) -> Picture:
    order = np.argsort(predicted[:, 0], kind="stable")
    groups = np.array_split(order, min(10, len(order)))
    scale, column = task.outcome.scale, task.outcome.column
    raw = task.outcome.codes(task.holdout)
    made = scale.back(predicted[:, 0])
    means = tuple(_short(scale.centre(made[rows])) for rows in groups)
    observed = tuple(_short(scale.centre(raw[rows])) for rows in groups)
    return Picture(
        "lines",
        f"Predicted and observed {column}, in ten groups of held-out rows",
        means,
        (("observed", observed), ("perfect", means)),
        f"predicted {column}",
        f"observed {column}",
    )


def nothing_found(task: Task, reached: Quality) -> str:
    """That the held-out rows show no driver, as a sentence."""
    outcome = task.outcome
    rows = sampled_words(len(task.holdout), task.held_rows)
    return (
        f"No other column predicts '{outcome.column}' better than chance would{_without(task)}: "
        f"{measure(outcome)} {number(reached.value)} on {rows}, where guessing gives "
        f"{number(guessing(outcome))}. So no drivers are shown."
    )
