"""How good predictions are, by figures that suit rare classes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from tidemill.core.errors import OptionError
from tidemill.supervised.arrays import Floats
from tidemill.supervised.auc import auc_of_draws
from tidemill.supervised.intervals import Drawn

Need = Literal["binary", "classes", "number"]


@dataclass(frozen=True)
class Measure:
    """A figure of predictions.

    Attributes:
        name: By which it is chosen ("average_precision").
        words: In sentences ("average precision").
        better_high: Whether more is better.
        needs: What target it is for: two classes, two or more, or a number.
        drawn: The figure where each row counts so often: (truth (n,), predicted, counts (b, n)) ->
            (b,); NaN where it is not defined. Predictions are probabilities (n, classes) in the
            real rows' class shares, or numbers (n,).
    """

    name: str
    words: str
    better_high: bool
    needs: Need
    drawn: Drawn

    def of(self, truth: Floats, predicted: Floats) -> float:
        """The figure, each row counted once."""
        # of test rows of one class it is NaN, as said
        with np.errstate(divide="ignore", invalid="ignore"):
            return float(self.drawn(truth, predicted, np.ones((1, len(truth))))[0])

    def gain(self, value: Floats, reference: Floats) -> Floats:
        """How much better a value is than the other: above 0 is better whatever the measure."""
        return value - reference if self.better_high else reference - value


def measures(
    classes: int, label: Floats, cost: Mapping[str, float] | None = None
) -> dict[str, Measure]:
    """The measures that suit a target, the one that a verdict goes by first.

    Two classes: average precision of the rarer class, which is 1 (of code 1); more: balanced
    accuracy; a number: R².

    Args:
        classes: Number of classes; 0 for a number.
        label: The real training rows', (n,); NaN where missing.
        cost: What a false alarm ("fp") and a missed case ("fn") cost, where two classes have such.

    Raises:
        OptionError: A cost is asked for a target that has not two classes.
    """
    if cost is not None and classes != 2:
        raise OptionError(
            "a cost of false alarms and of missed cases needs a target of two classes",
            hint="leave option 'cost' out, or name another column with option 'target'",
        )
    if not classes:
        return {"r2": Measure("r2", "R²", True, "number", _r2)}
    counts = np.bincount(label[~np.isnan(label)].astype(int), minlength=classes)
    several = "" if classes == 2 else "mean "
    precision = Measure(
        "average_precision", f"{several}average precision", True, "classes", _average_precision
    )
    balanced = Measure(
        "balanced_accuracy",
        "balanced accuracy",
        True,
        "classes",
        _balanced_accuracy(counts / counts.sum()),
    )
    area = Measure("roc_auc", f"{several}AUC", True, "classes", _area)
    found = [precision, balanced, area] if classes == 2 else [balanced, precision, area]
    if cost:
        found.append(cost_measure(cost))
    return {measure.name: measure for measure in found}


def primary(classes: int, label: Floats) -> Measure:
    """The measure that a verdict goes by where none is asked for; see :func:`measures`."""
    return next(iter(measures(classes, label).values()))


def parse_cost(text: str) -> dict[str, float]:
    """What a false alarm and a missed case cost.

    Raises:
        OptionError: It is not of the form "fp=5,fn=200".

    Example:
        >>> parse_cost("fp=5,fn=200")
        {'fp': 5.0, 'fn': 200.0}
    """
    hint = "write what a false alarm and a missed case of the rarer class cost, as in fp=5,fn=200"
    found: dict[str, float] = {}
    for part in text.split(","):
        name, _, value = (piece.strip() for piece in part.partition("="))
        try:
            found[name.lower()] = float(value)
        except ValueError:
            raise OptionError(f"'{part.strip()}' is no cost", hint=hint) from None
    return checked_cost(found)


def checked_cost(cost: Mapping[str, float]) -> dict[str, float]:
    """Costs that make sense: one of each sort, none below 0, not both 0.

    Raises:
        OptionError: They do not.
    """
    hint = "write what a false alarm and a missed case of the rarer class cost, as in fp=5,fn=200"
    if set(cost) != {"fp", "fn"}:
        raise OptionError(
            f"costs are given for {', '.join(cost) or 'nothing'}, not for fp and fn", hint=hint
        )
    values = list(cost.values())
    if not np.isfinite(values).all() or min(values) < 0 or max(values) == 0:
        raise OptionError("a cost is a number of at least 0, and one of them is above 0", hint=hint)
    return {"fp": float(cost["fp"]), "fn": float(cost["fn"])}


def cost_measure(cost: Mapping[str, float]) -> Measure:
    """What the mistakes cost per 1,000 rows, deciding for the rarer class where that is cheaper on
    average.

    That is where its probability is at least fp / (fp + fn): Elkan (2001), "The Foundations of
    Cost-Sensitive Learning", theorem 1. No threshold is sought on the test rows, so what a model's
    wrong probabilities cost is counted too.
    """
    fp, fn = (checked_cost(cost)[name] for name in ("fp", "fn"))

    def drawn(truth: Floats, predicted: Floats, counts: Floats) -> Floats:
        alarm = predicted[:, 1] >= fp / (fp + fn)
        paid = np.where(alarm, fp * (truth != 1), fn * (truth == 1))
        return 1000 * (counts @ paid) / counts.sum(axis=1)

    return Measure("cost", "cost per 1,000 rows", False, "binary", drawn)


def _balanced_accuracy(prior: Floats) -> Drawn:
    """The mean over classes of the share that is recognised.

    Each row is given to the class whose probability is the highest multiple of its share in the
    real rows: on average this is what makes the figure highest, and no strategy gains by merely
    having shown more of a rare class.
    """

    def drawn(truth: Floats, predicted: Floats, counts: Floats) -> Floats:
        decided = (predicted / np.maximum(prior, 1e-12)).argmax(axis=1)

        def caught(k: int) -> Floats:
            return (counts * (truth == k)) @ (decided == k) / (counts @ (truth == k))

        return _macro(truth, counts, caught)

    return drawn


def _average_precision(truth: Floats, predicted: Floats, counts: Floats) -> Floats:
    """The sum of precision times the step of recall over all thresholds; of more than two classes
    the mean over them."""

    def one(k: int) -> Floats:
        score = predicted[:, k]
        order = np.argsort(-score, kind="stable")
        last = np.flatnonzero(np.append(np.diff(score[order]) != 0, True))  # of equal scores
        weight = counts[:, order]
        hits = np.cumsum(weight * (truth[order] == k), axis=1)[:, last]
        seen = np.cumsum(weight, axis=1)[:, last]
        recall = hits / hits[:, -1:]
        return (np.diff(recall, axis=1, prepend=0) * hits / np.maximum(seen, 1e-12)).sum(axis=1)

    return one(1) if predicted.shape[1] == 2 else _macro(truth, counts, one)


def _area(truth: Floats, predicted: Floats, counts: Floats) -> Floats:
    """The area under the ROC curve; of more than two classes the mean over each one against the
    others."""

    def one(k: int) -> Floats:
        return auc_of_draws(truth == k, predicted[:, k])(counts)

    return one(1) if predicted.shape[1] == 2 else _macro(truth, counts, one)


def _r2(truth: Floats, predicted: Floats, counts: Floats) -> Floats:
    # so that the sum of squares is not the small difference of two large ones
    centred = truth - truth.mean()
    total = counts @ centred**2 - (counts @ centred) ** 2 / counts.sum(axis=1)
    return 1 - (counts @ (truth - predicted) ** 2) / total


def _macro(truth: Floats, counts: Floats, one: Callable[[int], Floats]) -> Floats:
    """The mean over the classes that the test rows have."""
    present = [int(k) for k in np.unique(truth)]
    if len(present) < 2:
        return np.full(len(counts), np.nan)
    return np.mean([one(k) for k in present], axis=0)
