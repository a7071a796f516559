"""Columns that predict the target almost alone are reported: they may hold the answer, or be known
only after it."""

from __future__ import annotations

import numpy as np
import polars as pl

from tidemill.cleaning.base import Check, Diagnosis, counted, sampled
from tidemill.core.change import Issue
from tidemill.core.dataset import Dataset
from tidemill.core.run import Run
from tidemill.core.schema import Column
from tidemill.core.words import quoted
from tidemill.supervised.auc import auc_of_draws

_MOST_ROWS = 50_000
_MANY_COLUMNS = 300
_FEWEST_ROWS = 100
_FEWEST_OF_CLASS = 10
_MOST_CLASSES = 10
_BINS = 64
_FOLDS = 5
_ALMOST_ALONE = 0.94  # of strength: AUC .97, or R² .94
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
    folds = run.rng("clean/leakage", "folds").integers(_FOLDS, size=len(rows))
    strengths = {}
    for column in features:
        codes = _codes(column, rows[column.name])
        strengths[column.name] = strength(codes, answers, folds)
    ranked = bool(np.unique(answers).size > 2)
    return Diagnosis(_issues(target.name, strengths, ranked, len(rows), note))


def _answers(values: pl.Series, target: Column) -> np.ndarray | None:
    """(n, K) One column of 0 and 1 a class, or (n, 1) ranks from 0 to 1; None where there are too
    few rows."""
    if len(values) < _FEWEST_ROWS or values.n_unique() < 2:
        return None
    if target.kind == "number" and values.n_unique() > _MOST_CLASSES:
        return (values.rank("average").to_numpy() / len(values))[:, None]
    texts = values.cast(pl.String)
    counts = counted(texts)
    levels = counts.filter(pl.col("count") >= _FEWEST_OF_CLASS)["value"].head(_MOST_CLASSES)
    if len(levels) < 2:
        return None
    levels = levels.tail(1) if len(counts) == 2 else levels
    return np.stack([(texts == level).to_numpy() for level in levels], axis=1).astype(float)


def _codes(column: Column, values: pl.Series) -> np.ndarray:
    """(n,) Bins of equal counts for numbers and dates, levels for the others; missing is a bin of
    its own."""
    if column.kind in ("number", "datetime"):
        numbers = values.to_physical().cast(pl.Float64).to_numpy()
        known = numbers[~np.isnan(numbers)]
        if not len(known):
            return np.zeros(len(numbers), dtype=np.int64)
        edges = np.unique(np.quantile(known, np.linspace(0, 1, _BINS + 1)[1:-1], method="lower"))
        return np.where(
            np.isnan(numbers), len(edges) + 1, np.searchsorted(edges, numbers, side="left")
        )
    return values.cast(pl.String).rank("dense").fill_null(0).to_numpy().astype(np.int64)


def strength(codes: np.ndarray, answers: np.ndarray, folds: np.ndarray) -> float:
    """How well one column alone tells the answers: 0 for guessing, 1 for perfect.

    Each row is predicted by the mean answer of its bin in the other folds (smoothed to the overall
    mean).

    Args:
        codes: (n,) The column's bin in each row.
        answers: (n, K) Classes as 0 and 1, or one column of ranks.
        folds: (n,) The fold of each row.

    Returns:
        The mean over classes of 2 AUC - 1, or the R² of the ranks; at least 0.
    """
    width = int(codes.max()) + 1
    cells = folds * width + codes
    counts = np.bincount(cells, minlength=_FOLDS * width).reshape(_FOLDS, width)
    strengths = []
    for answer in answers.T:
        sums = np.bincount(cells, weights=answer, minlength=_FOLDS * width).reshape(_FOLDS, width)
        mean = answer.mean()
        others = (sums.sum(0) - sums + 5 * mean) / (counts.sum(0) - counts + 5)
        predicted = others[folds, codes]
        if ((answer == 0) | (answer == 1)).all():
            once = np.ones((1, len(answer)))
            auc = float(auc_of_draws(answer == 1, predicted)(once)[0])
            strengths.append(2 * auc - 1)
        else:
            strengths.append(1 - np.square(answer - predicted).mean() / answer.var())
    return max(0.0, float(np.mean(strengths)))


def _issues(
    target: str, strengths: dict[str, float], ranked: bool, rows: int, note: str
) -> tuple[Issue, ...]:
    """A warning on the columns that tell the target almost alone, else a note on one that stands
    out."""
    names = sorted(strengths, key=lambda name: -strengths[name])
    alone = [name for name in names if strengths[name] >= _ALMOST_ALONE]
    if alone:
        verb = "predicts" if len(alone) == 1 else "each predict"
        how = _figure(strengths[alone[0]], ranked)
        text = (
            f"{quoted(alone)} {verb} '{target}' almost perfectly without any other column "
            f"({how}{note}). That is "
            "rarely news: mostly it is the answer in other words, or something known only after it."
        )
        return (
            Issue(
                "leakage",
                text,
                tuple(alone),
                rows,
                f"{alone[0]} → {target}",
                severity="warning",
                action="kept; leave out what is not known when the prediction is made "
                f"(option 'ignore={alone[0]}')",
                figures={name: strengths[name] for name in alone},
            ),
        )
    if not names:
        return ()
    best = strengths[names[0]]
    second = 0.0
    beside = ""
    if len(names) > 1:
        second = strengths[names[1]]
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
            action="kept; leave it out if it is known only afterwards "
            f"(option 'ignore={names[0]}')",
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
