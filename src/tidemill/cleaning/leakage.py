"""Columns that decide the target alone are reported: they are the answer in other words, or known
only after it."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import polars as pl

from tidemill.cleaning.base import Check, Diagnosis, counted, sampled
from tidemill.core.change import Issue
from tidemill.core.dataset import Dataset
from tidemill.core.run import Run
from tidemill.core.schema import Column
from tidemill.core.words import quoted
from tidemill.supervised.alone import (
    FOLDS,
    RIGHT,
    Told,
    ignoring,
    named_levels,
    right_share,
    told_alone,
)
from tidemill.supervised.arrays import Floats
from tidemill.supervised.levels import level_codes

_MOST_ROWS = 50_000
_MANY_COLUMNS = 300
_FEWEST_ROWS = 100
_FEWEST_OF_CLASS = 10
_MOST_CLASSES = 10
_STRONG = 0.6  # AUC .80
_FAR_ABOVE = 1.5


def diagnose(train: Dataset, run: Run) -> Diagnosis:
    """Measure how well each column alone predicts the target, on folds it was not learned from."""
    target = train.target
    if (
        target is None
        or target.kind not in ("category", "boolean", "number")
        or train[target.name].dtype.is_nested()
    ):
        return Diagnosis()
    train = train.rows(train[target.name].is_not_null().to_numpy())
    features = [column for column in train.schema.modelled if column.role != "target"]
    most = _MOST_ROWS if len(features) <= _MANY_COLUMNS else _MOST_ROWS // 10
    rows, note = sampled(train, most, run, "clean/leakage")
    answers = _answers(rows[target.name], target)
    if answers is None:
        return Diagnosis()
    codes, classes = answers
    known = ~np.isnan(codes)
    rows, codes = rows.rows(known), codes[known]
    folds = run.rng("clean/leakage", "folds").integers(FOLDS, size=len(rows))
    told = told_alone(features, rows.frame, codes, classes, folds)
    names = [column.name for column in features]
    found = dict(zip(names, told, strict=True))
    return Diagnosis(
        (
            *_issues(target.name, found, not classes, len(rows), note),
            *_naming(rows, target, codes, classes, folds, note),
        )
    )


def _naming(
    rows: Dataset, target: Column, codes: Floats, classes: int, folds: np.ndarray, note: str
) -> Iterator[Issue]:
    """A warning on each column of texts that names the class, and by that alone decides it."""
    if not classes:
        return
    levels = rows[target.name].cast(pl.String).unique().sort().to_list()
    for column in rows.schema.texts:
        right = right_share(named_levels(rows[column.name], levels), codes, folds)
        if right < RIGHT:
            continue
        yield Issue(
            "leakage",
            f"'{column.name}' names '{target.name}', which can be read from it without any model"
            f"{note}. That is rarely news: mostly it was written with the answer known.",
            (column.name,),
            len(rows),
            f"{column.name} → {target.name}",
            severity="warning",
            action=f"kept; leave it out if it is known only afterwards ({ignoring([column.name])})",
            figures={column.name: right},
        )


def _answers(values: pl.Series, target: Column) -> tuple[Floats, int] | None:
    """(n,) Numbers, or class codes and how many classes there are (0 for a number); None where
    there are too few rows."""
    if len(values) < _FEWEST_ROWS or values.n_unique() < 2:
        return None
    if target.kind == "number" and values.n_unique() > _MOST_CLASSES:
        return values.cast(pl.Float64).to_numpy(), 0
    counts = counted(values.cast(pl.String))
    levels = counts.filter(pl.col("count") >= _FEWEST_OF_CLASS)["value"].head(_MOST_CLASSES)
    if len(levels) < 2:
        return None
    return level_codes(values, levels.to_list(), other=np.nan, missing=np.nan), len(levels)


def _issues(
    target: str, told: dict[str, Told], ranked: bool, rows: int, note: str
) -> tuple[Issue, ...]:
    """A warning on the columns that decide the target, else a note on one that stands out."""
    names = sorted(told, key=lambda name: -told[name].strength)
    deciding = [name for name in names if told[name].decides]
    if deciding:
        verb = "decides" if len(deciding) == 1 else "each decide"
        how = _figure(told[deciding[0]].strength, ranked)
        text = (
            f"{quoted(deciding)} {verb} '{target}' without any other column ({how}{note}). That is "
            "rarely news: mostly it is the answer in other words, or something known only after it."
        )
        return (
            Issue(
                "leakage",
                text,
                tuple(deciding),
                rows,
                f"{deciding[0]} → {target}",
                severity="warning",
                action=f"kept, but left out of what is said about '{target}'; to leave out of "
                f"everything what is not known when the prediction is made: {ignoring(deciding)}",
                figures={name: told[name].strength for name in deciding},
            ),
        )
    if not names:
        return ()
    best = told[names[0]].strength
    second = 0.0
    beside = ""
    if len(names) > 1:
        second = told[names[1]].strength
        beside = f"; the next, '{names[1]}', has {_brief(second, ranked)}"
    if best < _STRONG and best < max(0.4, _FAR_ABOVE * second):
        return ()
    text = (
        f"'{names[0]}' is the strongest single predictor of '{target}' "
        f"({_figure(best, ranked)}{beside}{note}). Is it known when the prediction is made?"
    )
    return (
        Issue(
            "leakage",
            text,
            (names[0],),
            rows,
            f"{names[0]} → {target}",
            action=f"kept; leave it out if it is known only afterwards ({ignoring(names[:1])})",
            figures={names[0]: best},
        ),
    )


def _figure(strength: float, ranked: bool) -> str:
    """A strength as the figure that analysts know."""
    figure = _brief(strength, ranked)
    if ranked:
        return f"R² of ranks {figure}, where 0 is guessing and 1 is perfect"
    return f"AUC {figure} by itself, where 0.5 is guessing and 1 is perfect"


def _brief(strength: float, ranked: bool) -> str:
    return f"{strength:.2f}" if ranked else f"{(strength + 1) / 2:.2f}"


CHECK = Check(diagnose)
