"""A table of rows that were treated or not, for the recipes that ask what that did."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from tidemill import verbs
from tidemill.core.dataset import Dataset
from tidemill.core.errors import DataError, OptionError
from tidemill.core.persons import person_column
from tidemill.core.run import Run
from tidemill.core.schema import Column
from tidemill.core.split import entity_numbers
from tidemill.core.words import listing, plural
from tidemill.effects.study import Study
from tidemill.supervised.alone import FOLDS, grouping, told_alone
from tidemill.supervised.arrays import Bools, FeatureLayout, Features, Floats, Ints, features
from tidemill.trials.problem import problem_of

TREATMENT, AFTER = "treatment", "after"
FEWEST = 100
"""Rows of an arm, and of an outcome that happens or not, of which anything is said."""
FEWEST_WITNESSES = 30
"""Persons of an arm, where they have several rows: intervals over fewer are too narrow (Cameron and
Miller 2015, "A Practitioner's Guide to Cluster-Robust Inference")."""
MOST_ARMS = 8
UNTREATED = frozenset(
    """
    no none control 0 false n placebo untreated nein keine kein ohne non aucun nej nee não nao nie
    нет 无 否 没有 未 对照 对照组
    """.split()  # noqa: SIM905
)
"""What the rows without a treatment are mostly called."""
ALMOST_ALONE = 0.8
"""Of what can be told (AUC 0.9): little that is known of a person before an outcome tells so much
of it."""
NOTHING_KNOWN = (
    "No column shows what the rows were like before, so it cannot be seen whether those who were "
    "treated were like the others."
)
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
        person: The column that tells persons apart; "" where each row is a person of its own.
        columns: What is known of each row from before the treatment.
        left_out: Column -> why it is not reckoned with.
        layout, rows: The columns as arrays.
        unknown: Level of the treatment -> the share of its rows that were left out, as nobody knows
            what came of them; empty where that is as frequent in all of them.
        rows_out: Why rows were left out -> how many.
        cannot: Why nothing can be compared; "" where something can be.
    """

    data: Dataset
    treatment: str
    control: str
    arms: tuple[str, ...]
    arm: Ints
    outcome: Floats
    said: str
    happens: bool
    whose: Ints
    person: str
    columns: tuple[Column, ...]
    left_out: Mapping[str, str]
    layout: FeatureLayout
    rows: Features
    unknown: Mapping[str, float]
    rows_out: Mapping[str, int]
    cannot: str

    def __len__(self) -> int:
        return len(self.arm)

    def study(self, arm: int, *, by_lot: bool) -> tuple[Study, Ints]:
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
    cleaned = verbs.clean(data, run=run).data
    unknown = _unevenly_unknown(cleaned[treatment], cleaned[target.name])
    rows_out, there = _without(cleaned, treatment, target.name)
    cleaned = cleaned.rows(there)
    whose, person = _persons(cleaned)
    levels, arm = _arms(cleaned[treatment], whose, treatment, control)
    rare = arm < 0
    if rare.any():
        rows_out[f"have a rare value of '{treatment}'"] = int(rare.sum())
        cleaned, arm, whose = cleaned.rows(~rare), arm[~rare], whose[~rare]
    outcome = _outcome(cleaned, positive)
    after = dict.fromkeys(columns.get(AFTER, ()), "you said that it was known only after")
    kept = []
    for column in cleaned.schema.modelled:
        if column.name not in (treatment, target.name, *after):
            kept.append(column)
    answers = _answers(cleaned, kept, outcome[0], happens=outcome[2])
    kept = [column for column in kept if column.name not in answers]
    layout, (rows,) = features([cleaned], kept)
    return StudyCase(
        cleaned,
        treatment,
        levels[0],
        tuple(levels[1:]),
        arm,
        *outcome,
        whose,
        person,
        tuple(kept),
        {**after, **answers},
        layout,
        rows,
        unknown,
        rows_out,
        _too_few(levels, arm, whose, outcome) or ("" if kept else NOTHING_KNOWN),
    )


def _without(data: Dataset, treatment: str, target: str) -> tuple[dict[str, int], Bools]:
    """Why rows cannot be compared -> how many, and (n,) which ones can be."""
    there = np.ones(len(data), bool)
    found = {}
    for name in (treatment, target):
        gone = data[name].is_null().to_numpy() & there
        there &= ~gone
        if gone.any():
            found[f"lack '{name}'"] = int(gone.sum())
    return found, there


def _persons(data: Dataset) -> tuple[Ints, str]:
    """(n,) which person each row is of, and the column that tells it; "" for none."""
    declared = [column.name for column in data.schema.of_role("entity")]
    names = declared or [name for name in (person_column(data),) if name is not None]
    found = entity_numbers(data, names)
    if found is None:
        return np.arange(len(data)), ""
    return found, listing(names)


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
    values: pl.Series, whose: Ints, treatment: str, control: str | None
) -> tuple[list[str], Ints]:
    """The control and the other levels, and (n,) the place of each row's among them; -1 for levels
    that are left out, as too few rows have them to say anything."""
    texts = _as_levels(values)
    counts = texts.value_counts(sort=True)
    levels = counts.sort("count", treatment, descending=[True, False])[treatment].to_list()
    where = f"column '{treatment}'"
    if len(levels) < 2:
        raise DataError(
            "all rows were treated alike, so there is nothing to compare",
            where=where,
            hint="give a table that holds rows with and without the treatment; where a blank means "
            "that there was none, write so",
        )
    if len(levels) > MOST_ARMS:
        raise DataError(
            f"the treatment has {len(levels)} values, more than {MOST_ARMS}",
            where=where,
            hint="name a column that says what was done in a few words, such as yes and no",
        )
    chosen = _control(levels, treatment, control)
    levels.remove(chosen)
    enough = [level for level in levels if _are_enough((texts == level).to_numpy(), whose)]
    ordered = [chosen, *(enough or levels)]
    place = {level: k for k, level in enumerate(ordered)}
    return ordered, np.array([place.get(text, -1) for text in texts], np.int64)


def _as_levels(values: pl.Series) -> pl.Series:
    """The values as texts, whole numbers without decimals."""
    if values.dtype.is_float() and (values.round() == values).all():
        values = values.cast(pl.Int64)
    return values.cast(pl.String)


def _are_enough(own: Bools, whose: Ints) -> bool:
    """Whether the rows under a mask can be spoken of."""
    return bool(own.sum() >= FEWEST) and len(np.unique(whose[own])) >= FEWEST_WITNESSES


def _too_few(
    levels: Sequence[str], arm: Ints, whose: Ints, outcome: tuple[Floats, str, bool]
) -> str:
    """Why there is too little to compare; "" where there is enough."""
    for k, level in enumerate(levels):
        own = arm == k
        if not _are_enough(own, whose):
            rows, persons = int(own.sum()), len(np.unique(whose[own]))
            has, least = plural(rows, "row"), f"{FEWEST} rows"
            if persons < rows:
                has += f", of {plural(persons, 'person')}"
                least += f", of {FEWEST_WITNESSES} persons,"
            return f"'{level}' has {has}; {least} are the least of which anything is said."
    label, said, happens = outcome
    rows = int(min(label.sum(), len(label) - label.sum())) if happens else FEWEST
    if rows < FEWEST:
        side = "have" if label.sum() == rows else "do not have"
        return f"{plural(rows, 'row')} only {side} {said}, fewer than {FEWEST}."
    return ""


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
