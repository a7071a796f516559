"""Rows of a user with the chance, or the number, that a model expects of its target."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import ClassVar

import numpy as np
import polars as pl

from tidemill.core.columns import by_name
from tidemill.core.dataset import Dataset
from tidemill.core.errors import DataError, OptionError
from tidemill.core.notebook import paragraph
from tidemill.core.run import Run
from tidemill.core.schema import Column, Schema
from tidemill.core.states import HasState
from tidemill.core.words import number, percent, plural, shortlist
from tidemill.io.reading import Input
from tidemill.supervised.arrays import Floats
from tidemill.supervised.auc import auc
from tidemill.synthesis.infilling import GivenRows
from tidemill.synthesis.synthesizer import Synthesizer

DIGITS = 4
TOP = 0.1
FEWEST = 10
"""Rows that know the target, of each of two classes, for a figure of how well it is expected."""
NEW_ROWS = "That counts only if the model has not learned from these rows."


@dataclass(frozen=True, slots=True)
class Proof:
    """How well a model does on rows whose target is known.

    Attributes:
        rows: How many these are.
        said: The figure in words.
        auc, low, high: How often a row of the rarer class is ranked above another, and the 95 %
            interval; None where the target has not two classes.
    """

    rows: int
    said: str
    auc: float | None = None
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class ScoredRows(HasState):
    """Rows with what a model expects of each.

    Attributes:
        target: The column that is expected.
        positive: Of two classes the rarer one, by whose chance the rows are ranked; "" for others.
        rows: How many rows.
        unscored: How many of them are no records, or say nothing that the model knows.
        expected: The mean chance of all rows, or the mean number; None for several classes.
        top: The mean chance of the tenth at the top; None where rows are not ranked.
        proof: How well that fits the rows whose target is known; None where hardly any is.
        data: The user's rows and columns as they were, behind what is expected.
    """

    STATE: ClassVar = (*("target", "positive", "rows", "unscored", "expected", "top", "proof"),)

    target: str
    positive: str
    rows: int
    unscored: int
    expected: float | None
    top: float | None
    proof: Proof | None
    data: Dataset = field(repr=False)

    def __str__(self) -> str:
        lines = [self._answer()]
        if self.proof is not None:
            lines.append(f"{self.proof.said} {NEW_ROWS}")
        if self.unscored:
            lines.append(
                f"{plural(self.unscored, 'row')} of no record, or of nothing that the model knows, "
                f"{'is' if self.unscored == 1 else 'are'} left empty, at the end."
            )
        return "\n".join(lines)

    def _answer(self) -> str:
        rows = plural(self.rows, "row")
        if self.expected is None:
            return f"{rows} with the chance of each class of {self.target}."
        if self.top is None:
            return f"{rows} with their expected {self.target}; its mean is {number(self.expected)}."
        return (
            f"{rows}, ranked by the chance of {self.target} = {self.positive}: "
            f"{percent(self.expected)} on average, {percent(self.top)} in the tenth at the top."
        )

    def _repr_html_(self) -> str:
        return "".join(map(paragraph, str(self).split("\n"))) + self.data._repr_html_()


def score(model: Synthesizer, rows: Input, run: Run) -> ScoredRows:
    """What a model expects of the target of rows: the arguments of :func:`tidemill.score`.

    Raises:
        DataError: The rows have none of the columns that the target is expected from.
        OptionError: The model has no target, or learned nothing of it.
    """
    model.only_rows("scoring")
    outcome, target = model.outcome, model.schema.target
    if outcome is None or target is None:
        raise OptionError(
            "the model does not say what it expects of a target",
            where=f"model of {model.manifest['name']}",
            hint="learn it again with option 'target', from 100 rows or more",
        )
    given = model.read_given(rows, run)
    whole, empty = _whole(given, model, outcome.design.names, run)
    truth = np.full(len(given), np.nan)
    if target.name in given.known.schema:
        truth = np.where(empty, np.nan, outcome.truth(given.known[target.name]))
    order, positive, top = np.arange(len(given)), "", None
    if outcome.classes is None:
        answer = outcome.means(whole)
        answers = {"expected": answer}
        proof = _proof_of_numbers(target.name, answer, truth)
    elif len(outcome.classes) == 2:
        surest = 1 / (outcome.rows + 2)  # no row is sure beyond what so many rows can show
        answer = np.clip(outcome.chances(whole)[:, 1], surest, 1 - surest)
        positive = outcome.classes[1]
        answers = {"chance": answer}
        order = np.lexsort((-answer, empty))
        top = _mean(answer[order][: max(1, round(TOP * (~empty).sum()))])
        proof = _proof_of_ranking(target.name, answer, truth)
    else:
        chances = outcome.chances(whole)
        answers = {f"chance of {name}": chances[:, k] for k, name in enumerate(outcome.classes)}
        answer, proof = np.zeros(0), _proof_of_classes(target.name, chances, truth)
    data = _beside(given.source, answers, empty, order, ranked=bool(positive))
    expected = _mean(answer[~empty]) if len(answer) else None
    unscored = int(empty.sum())
    return ScoredRows(target.name, positive, len(given), unscored, expected, top, proof, data)


def _proof_of_numbers(name: str, answer: Floats, truth: Floats) -> Proof | None:
    known = ~np.isnan(truth)
    if known.sum() < FEWEST:
        return None
    off = float(np.abs(answer - truth)[known].mean())
    guess = float(np.abs(truth[known] - truth[known].mean()).mean())
    said = f"the model is off by {number(off)} on average, guessing their mean by {number(guess)}"
    return Proof(int(known.sum()), f"{_known_in(name, known)}: {said}.")


def _proof_of_ranking(name: str, answer: Floats, truth: Floats) -> Proof | None:
    known = ~np.isnan(truth)
    hits, misses = answer[truth == 1], answer[truth == 0]
    if min(len(hits), len(misses)) < FEWEST:
        return None
    found = auc(hits, misses)
    low, high = found.interval
    said = (
        f"{_known_in(name, known)}: of two, one of either class, the model ranks the right one "
        f"higher in {percent(found.value)} of all pairs (95 % interval {percent(low)} to "
        f"{percent(high)}; 50 % is guessing)."
    )
    return Proof(int(known.sum()), said, found.value, low, high)


def _proof_of_classes(name: str, chances: Floats, truth: Floats) -> Proof | None:
    known = ~np.isnan(truth)
    if known.sum() < FEWEST:
        return None
    right = float((chances.argmax(axis=1) == truth)[known].mean())
    often = float(np.bincount(truth[known].astype(int)).max() / known.sum())
    said = (
        f"the likeliest class is right in {percent(right)}, the commonest one in {percent(often)}"
    )
    return Proof(int(known.sum()), f"{_known_in(name, known)}: {said}.")


def _known_in(name: str, known: np.ndarray) -> str:
    return f"{name} is known in {plural(int(known.sum()), 'row')}"


def _whole(
    given: GivenRows, model: Synthesizer, names: tuple[str, ...], run: Run
) -> tuple[Dataset, np.ndarray]:
    """The rows with all columns that the target is expected from, empty where the user's have
    none; and (n,) whether nothing is known of a row."""
    known = given.known
    lacking = [name for name in names if name not in known.schema]
    if len(lacking) == len(names):
        raise DataError(
            "the rows have none of the columns that the model expects the target from",
            where=given.source.name,
            hint=f"give rows with these columns: {shortlist(list(names), 8)}",
        )
    if lacking:
        run.warn(
            f"'{given.source.name}' has not {plural(len(lacking), 'column')} of the model's, taken "
            f"as not known: {shortlist(lacking, 8)}."
        )
    whole = model.completed(known, names)
    is_empty = pl.all_horizontal(by_name(*names).is_null()).alias("empty")
    empty = whole.frame.select(is_empty)["empty"].to_numpy()
    return whole, empty if given.aside is None else empty | given.aside


def _mean(values: Floats) -> float | None:
    return float(values.mean()) if len(values) else None


def _beside(
    source: Dataset,
    answers: dict[str, Floats],
    empty: np.ndarray,
    order: np.ndarray,
    *,
    ranked: bool,
) -> Dataset:
    """What is expected, and behind it the user's own columns, in this order."""
    blank = pl.Series(empty, dtype=pl.Boolean)
    added = []
    if ranked:
        rank = pl.Series("rank", np.argsort(order, kind="stable") + 1, dtype=pl.Int64)
        added.append(rank.set(blank, None))
    for name, values in answers.items():
        digits = DIGITS if name != "expected" else 6
        added.append(pl.Series(name, values, dtype=pl.Float64).round(digits).set(blank, None))
    added = [
        one.alias(f"{one.name} (Tidemill)") if one.name in source.schema else one for one in added
    ]
    columns = [Column(one.name, "number", dtype=str(one.dtype), nullable=True) for one in added]
    whole = replace(
        source,
        frame=pl.DataFrame([*added, *source.frame.get_columns()]),
        schema=Schema((*columns, *source.schema.columns)),
    )
    return whole.rows(order)
