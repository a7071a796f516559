"""Outcomes as a what-if question measures them, and the model that each is expected by."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from tidemill.core.columns import by_name
from tidemill.core.condition import Condition, Test
from tidemill.core.dataset import Dataset
from tidemill.core.persons import persons_of
from tidemill.core.run import Run
from tidemill.supervised.arrays import Floats
from tidemill.synthesis.outcome import OutcomeModel, outcome_of
from tidemill.synthesis.outcome_design import feature_columns
from tidemill.synthesis.synthesizer import Synthesizer
from tidemill.synthesis.whatif_answer import GENERATED, GIVEN, GIVEN_ROWS, TRAINING

SHOWN_LEVELS = 10
LEAST, MOST = 2_000, 20_000
"""Generated rows that an outcome is learned from: as many as the model learned, within these."""


@dataclass(frozen=True)
class OutcomeMeasure:
    """What is measured of rows.

    Attributes:
        words: In a sentence.
        unit: "share" of rows, or "mean" of a number.
        expression: Its value in a row.
        column: Whose number or level it is; None for another condition.
        level: Of the column.
        asked: The columns that it reads.
        needed: Those of them without whose value it is not known.
    """

    words: str
    unit: str
    expression: pl.Expr
    column: str | None
    level: str | None
    asked: tuple[str, ...]
    needed: tuple[str, ...]

    def values(self, rows: Dataset) -> Floats:
        """(n,) not-a-number where it is not known."""
        frame = rows.frame
        value = frame.select(self.expression.cast(pl.Float64).alias("value"))["value"]
        found = value.fill_null(float("nan")).to_numpy(writable=True)
        for name in self.needed:
            found[frame[name].is_null().to_numpy()] = np.nan
        return found


@dataclass(frozen=True)
class Expected:
    """The model that an outcome is expected by.

    Attributes:
        model: The model.
        place: Which of its classes is meant; 0 for a number.
        source: What it was learned from.
        left_out: Columns that it leaves out because they are the outcome in other words.
    """

    model: OutcomeModel
    place: int
    source: str
    left_out: tuple[str, ...] = ()


def measures(model: Synthesizer, wanted: Sequence[str | Condition]) -> list[OutcomeMeasure]:
    """Columns and conditions as what is measured: of a category the share of each level."""
    found = []
    for one in wanted:
        if isinstance(one, Condition):
            found.append(_of_condition(one))
        elif model.schema[one].kind == "number":
            words, asked = f"mean of {one}", (one,)
            found.append(OutcomeMeasure(words, "mean", by_name(one), one, None, asked, asked))
        else:
            found += [_of_condition(Condition((test,))) for test in _levels(model, one)]
    return found


def _of_condition(condition: Condition) -> OutcomeMeasure:
    asked = tuple(dict.fromkeys(test.column for test in condition.tests))
    about_gaps = {t.column for t in condition.tests if t.operator in ("missing", "present")}
    needed = tuple(name for name in asked if name not in about_gaps)
    column = level = None
    first = condition.tests[0]
    if len(condition.tests) == 1 and first.operator == "=" and isinstance(first.value, str):
        column, level = first.column, first.value
    expression = condition.expression()
    return OutcomeMeasure(str(condition), "share", expression, column, level, asked, needed)


def _levels(model: Synthesizer, name: str) -> list[Test]:
    """The levels whose shares are told; of two the rarer one."""
    levels = model.levels(name)
    missing = [Test(name, "missing")] if model.schema[name].nullable else []
    shown = levels[1:] if len(levels) == 2 and not missing else levels[:SHOWN_LEVELS]
    return [*(Test(name, "=", level) for level in shown), *missing]


class Expecting:
    """Finds or learns the model of each outcome.

    Args:
        model: What made the question possible.
        given: The user's rows, in the model's types.
        fixed: The columns that are set.
        outcomes: All columns that are measured; none of them tells of another.
        because: The columns that are adjusted for, besides what is set; None for all.
        run: Its streams draw rows to learn from.
    """

    def __init__(
        self,
        model: Synthesizer,
        given: Dataset,
        fixed: Sequence[str],
        outcomes: Sequence[str],
        because: Sequence[str] | None,
        run: Run,
    ) -> None:
        self.model, self.given, self.run = model, given, run
        self.fixed, self.outcomes, self.because = list(fixed), list(outcomes), because
        self._learned: dict[str, Expected | None] = {}
        self._generated: Dataset | None = None

    def of(self, measure: OutcomeMeasure) -> Expected | None:
        """The model of an outcome; None where it cannot be learned."""
        stored = self._stored(measure)
        if stored is not None:
            return stored
        key = measure.column or measure.words  # the levels of a column share one model
        if key not in self._learned:
            self._learned[key] = self._learn(measure)
        found = self._learned[key]
        if found is None or measure.level is None:
            return found
        classes = found.model.classes or ()
        if measure.level not in classes:
            return None
        return Expected(found.model, classes.index(measure.level), found.source, found.left_out)

    def _stored(self, measure: OutcomeMeasure) -> Expected | None:
        """The target's own model, where it was learned from just the columns that count here."""
        own = self.model.outcome
        if own is None or own.name != measure.column or self.because is not None:
            return None
        place = 0
        if own.classes is not None:
            if measure.level not in own.classes:
                return None
            place = own.classes.index(measure.level)
        if not set(own.design.names).isdisjoint(self.outcomes):
            return None
        if own.answers(self.fixed):
            return None
        return Expected(own, place, TRAINING)

    def _learn(self, measure: OutcomeMeasure) -> Expected | None:
        rows, source = self._rows(measure)
        name = measure.column or measure.words
        if measure.column is not None:
            column = self.model.schema[name]
            outcome, classes = outcome_of(rows[name], column, persons_of(rows))
        else:
            outcome, classes = measure.values(rows), ("no", "yes")
        without = self._without()
        if source == GENERATED:  # made words say nothing
            without = [*without, *(column.name for column in rows.schema.texts)]
        stream = self.run.child("what-if", "outcome", quiet=True, to_end=True)
        found = OutcomeModel.learned(rows, name, outcome, classes, without, stream)
        if found is None:
            return None
        place = 0 if measure.column is not None else 1  # of a level it is found by its name
        left_out = found.answers(self.fixed)
        if left_out:
            again = OutcomeModel.learned(
                rows, name, outcome, classes, [*without, *left_out], stream
            )
            found = again or found
        return Expected(found, place, source, left_out)

    def _without(self) -> list[str]:
        if self.because is None:
            return self.outcomes
        counted = {*self.because, *self.fixed}
        schema = self.model.schema
        names = [column.name for column in (*feature_columns(schema), *schema.texts)]
        return [*self.outcomes, *(name for name in names if name not in counted)]

    def _rows(self, measure: OutcomeMeasure) -> tuple[Dataset, str]:
        """Rows to learn from: those given, if they know enough; else generated ones."""
        needed = [*self.fixed, *measure.asked, *(self.because or ())]
        if all(name in self.given.schema for name in needed):
            known = np.isfinite(measure.values(self.given))
            varies = all(self.given[name].drop_nulls().n_unique() > 1 for name in self.fixed)
            if known.sum() >= GIVEN_ROWS and varies:
                names = [column.name for column in feature_columns(self.model.schema)]
                return self.model.completed(self.given, names), GIVEN
        if self._generated is None:
            size = int(np.clip(self.model.manifest["rows"], LEAST, MOST))
            self._generated = self.model.sample_dataset(
                size, run=self.run.child("what-if", "rows", quiet=True)
            )
        return self._generated, GENERATED
