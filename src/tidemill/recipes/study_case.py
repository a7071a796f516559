"""A table of rows that were treated or not, for the recipes that ask what that did."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tidemill import verbs
from tidemill.core.dataset import Dataset
from tidemill.core.errors import DataError, OptionError
from tidemill.core.run import Run
from tidemill.core.schema import Column
from tidemill.core.split import entity_numbers
from tidemill.core.words import listing, plural, quoted
from tidemill.effects.study import Study
from tidemill.supervised.alone import FOLDS, grouping, told_alone
from tidemill.supervised.arrays import FeatureLayout, Features, Floats, features
from tidemill.trials.problem import problem_of

TREATMENT, AFTER = "treatment", "after"
FEWEST = 100
"""Rows of an arm, and of an outcome that happens or not, of which anything is said."""
MOST_ARMS = 8
UNTREATED = ("no", "none", "control", "0", "false", "placebo", "untreated", "keine", "无", "对照")
"""What the rows without a treatment are mostly called."""
ALMOST_ALONE = 0.8
"""Of what can be told (AUC 0.9): little that is known of a person before an outcome tells so much
of it."""
UNEVEN = 0.001
"""The level at which outcomes are missing more often in one arm than in another."""
UNLIKELY = float(np.log(1e-9))
"""Less than that is no chance."""


@dataclass(frozen=True)
class StudyCase:
    """Rows with what was done to each and what came of it.

    Attributes:
        data: The rows, cleaned; each has a treatment and an outcome.
        treatment: The column that says what was done.
        control: Its level that is compared with.
        arms: The other levels, the most frequent first.
        arm: (n,) 0 for the control, then 1 for the first arm and so on.
        outcome: (n,) what came of it.
        said: What the outcome is in words: "visit = 1", "spend".
        happens: Whether it is that something happens.
        whose: (n,) which person each row is of.
        columns: What is known of each row from before the treatment.
        left_out: Column -> why it is not reckoned with.
        layout, rows: The columns as arrays.
        unknown: Level of the treatment -> the share of its rows that were left out, as nobody knows
            what came of them; empty where that is as frequent in all of them.
    """

    data: Dataset
    treatment: str
    control: str
    arms: tuple[str, ...]
    arm: NDArray[np.int64]
    outcome: Floats
    said: str
    happens: bool
    whose: NDArray[np.int64]
    columns: tuple[Column, ...]
    left_out: Mapping[str, str]
    layout: FeatureLayout
    rows: Features
    unknown: Mapping[str, float]

    def __len__(self) -> int:
        return len(self.arm)

    def study(self, arm: int, *, by_lot: bool) -> tuple[Study, NDArray[np.int64]]:
        """The rows of an arm and those of the control, and where they stand."""
        at = np.flatnonzero((self.arm == 0) | (self.arm == arm))
        treated = self.arm[at] == arm
        share = float(treated.mean()) if by_lot else None
        return (
            Study(
                self.layout, self.rows.rows(at), treated, self.outcome[at], self.whose[at], share
            ),
            at,
        )

    def without(self, names: Mapping[str, str]) -> StudyCase:
        """The same with further columns left out."""
        kept = [column for column in self.columns if column.name not in names]
        return _made(
            self.data,
            self.treatment,
            (self.control, *self.arms),
            self.arm,
            (self.outcome, self.said, self.happens),
            kept,
            {**self.left_out, **names},
            self.unknown,
        )


def study_case(
    data: Dataset,
    columns: Mapping[str, tuple[str, ...]],
    control: str | None,
    positive: str | None,
    run: Run,
) -> StudyCase:
    """What a table says of a treatment.

    Args:
        data: With a target, which is what came of it.
        columns: "treatment" -> the column that says what was done; "after" -> columns that were
            known only after it.
        control: The level of rows without a treatment; None to find it.
        positive: The level of the target that is counted; None for the rarer one of two.
        run: Progress.

    Raises:
        DataError: The treatment has one level only, or too many; too few rows are of an arm.
        OptionError: There is no such level.
    """
    [treatment] = columns[TREATMENT]
    target = data.target
    assert target is not None, "the recipe asks for a target"
    if treatment == target.name:
        raise OptionError(
            f"'{treatment}' is both the treatment and the target",
            hint="the target says what came of it: name another column",
        )
    unknown = _unevenly_unknown(data[treatment], data[target.name])
    there = data[treatment].is_not_null() & data[target.name].is_not_null()
    cleaned = verbs.clean(data.rows(there.to_numpy()), run=run).data
    levels, arm = _arms(cleaned[treatment], treatment, control)
    outcome = _outcome(cleaned, positive)
    after = dict.fromkeys(columns.get(AFTER, ()), "you said that it was known only after")
    kept = []
    for column in cleaned.schema.modelled:
        if column.name not in (treatment, target.name, *after):
            kept.append(column)
    answers = _answers(cleaned, kept, outcome[0], happens=outcome[2])
    kept = [column for column in kept if column.name not in answers]
    return _made(cleaned, treatment, levels, arm, outcome, kept, {**after, **answers}, unknown)


def _made(
    data: Dataset,
    treatment: str,
    levels: Sequence[str],
    arm: NDArray[np.int64],
    outcome: tuple[Floats, str, bool],
    columns: Sequence[Column],
    left_out: Mapping[str, str],
    unknown: Mapping[str, float],
) -> StudyCase:
    layout, (rows,) = features([data], columns)
    persons = entity_numbers(data)
    whose = np.arange(len(data)) if persons is None else persons
    control, *arms = levels
    return StudyCase(
        data,
        treatment,
        control,
        tuple(arms),
        arm,
        *outcome,
        whose,
        tuple(columns),
        left_out,
        layout,
        rows,
        unknown,
    )


def _unevenly_unknown(treatment: pl.Series, outcome: pl.Series) -> dict[str, float]:
    """Level of the treatment -> the share of its rows without an outcome; empty where chance
    explains how these differ."""
    from scipy.stats import chi2_contingency

    known = pl.DataFrame({"level": treatment.cast(pl.String), "gone": outcome.is_null()})
    counts = known.drop_nulls().group_by("level").agg(pl.len(), pl.col("gone").sum()).sort("level")
    gone = counts["gone"].to_numpy()
    there = counts["len"].to_numpy() - gone
    if len(counts) < 2 or not gone.sum() or not there.sum():
        return {}
    if chi2_contingency([gone, there]).pvalue >= UNEVEN:
        return {}
    shares = gone / (gone + there)
    return dict(zip(counts["level"].to_list(), shares.tolist(), strict=True))


def _arms(
    values: pl.Series, treatment: str, control: str | None
) -> tuple[list[str], NDArray[np.int64]]:
    """The control and the other levels, and (n,) the place of each row's among them."""
    texts = values.cast(pl.String)
    counts = texts.value_counts(sort=True)
    levels = counts.sort("count", treatment, descending=[True, False])[treatment].to_list()
    where = f"column '{treatment}'"
    if len(levels) < 2:
        raise DataError(
            "all rows were treated alike, so there is nothing to compare",
            where=where,
            hint="give a table that holds rows with and without the treatment",
        )
    if len(levels) > MOST_ARMS:
        raise DataError(
            f"the treatment has {len(levels)} values, more than {MOST_ARMS}",
            where=where,
            hint="name a column that says what was done in a few words, such as yes and no",
        )
    chosen = _control(levels, treatment, control)
    levels.remove(chosen)
    ordered = [chosen, *levels]
    few = counts.filter(counts["count"] < FEWEST)[treatment].to_list()
    if few:
        raise DataError(
            f"fewer than {FEWEST} rows have {quoted(sorted(few))}",
            where=where,
            hint="leave these rows out, or put them to another level",
        )
    place = {level: k for k, level in enumerate(ordered)}
    return ordered, np.array([place[text] for text in texts], np.int64)


def _control(levels: Sequence[str], treatment: str, control: str | None) -> str:
    if control is not None:
        if control not in levels:
            raise OptionError(
                f"'{treatment}' is never '{control}'", hint=f"choose one of {', '.join(levels)}"
            )
        return control
    named = [
        level
        for level in levels
        if level.strip().casefold() in UNTREATED or level.casefold().startswith("no ")
    ]
    if len(named) == 1:
        return named[0]
    raise OptionError(
        f"it is not clear which value of '{treatment}' stands for rows that were not treated",
        hint=f"say it with option 'assume=control={levels[0]}'; its values are {listing(levels)}",
    )


def _outcome(data: Dataset, positive: str | None) -> tuple[Floats, str, bool]:
    """(n,) the outcome, what it is, and whether it is that something happens."""
    problem = problem_of(data)
    target = problem.target.name
    if not problem.classes:
        if positive is not None:
            raise OptionError(
                f"the target '{target}' is a number, and is compared by its mean",
                hint="leave option 'positive' out",
            )
        return problem.label, target, False
    if positive is None and len(problem.classes) > 2:
        raise OptionError(
            f"the target '{target}' has {len(problem.classes)} values",
            hint=f"say which one is counted with option 'positive': {', '.join(problem.classes)}",
        )
    if positive is not None and positive not in problem.classes:
        raise OptionError(
            f"the target '{target}' is never '{positive}'",
            hint=f"choose one of {', '.join(problem.classes)}",
        )
    wanted = problem.classes[1] if positive is None else positive
    happened = (problem.label == problem.classes.index(wanted)).astype(float)
    fewest = int(min(happened.sum(), len(happened) - happened.sum()))
    if fewest < FEWEST:
        raise DataError(
            f"of the target, {plural(fewest, 'row')} only stand on one side of '{wanted}', fewer "
            f"than {FEWEST}",
            where=f"column '{target}'",
            hint="give more rows, or a target that happens more often",
        )
    return happened, f"{target} = {wanted}", True


def _answers(
    data: Dataset, columns: Sequence[Column], outcome: Floats, *, happens: bool
) -> dict[str, str]:
    """Columns that by themselves tell the outcome: they were written down after it."""
    if not columns:
        return {}
    fold = np.arange(len(data)) % FOLDS
    told = told_alone(columns, data.frame, outcome, 2 if happens else 0, fold)
    found = {}
    for column, each in zip(columns, told, strict=True):
        if column.role == "feature" and column.role_reason:  # the user knows it
            continue
        if each.decides or each.strength >= ALMOST_ALONE:
            found[column.name] = "it tells the outcome almost alone, so it was known only with it"
        elif _settles(column, data[column.name], outcome):
            found[column.name] = (
                "some of its values leave only one outcome, so it was known only with it"
            )
    return found


def _settles(column: Column, values: pl.Series, outcome: Floats) -> bool:
    """Whether all rows of one of its groups have the same outcome, which chance does not explain:
    who spent something has visited, and who did not visit has spent nothing."""
    codes = grouping(column, values).codes(values)
    _, place, count = np.unique(outcome, return_inverse=True, return_counts=True)
    first = np.full(int(codes.max()) + 1, -1)
    first[codes[::-1]] = place[::-1]
    size = np.bincount(codes)
    same = np.bincount(codes, place == first[codes]) == size
    share = count[np.maximum(first, 0)] / len(outcome)
    return bool((same & (size > 0) & (size * np.log(share) < UNLIKELY)).any())
