"""Odd rows, and the columns that make them odd."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tidemill.core.condition import Condition, Test
from tidemill.core.dataset import Dataset
from tidemill.core.finding import Finding
from tidemill.core.picture import Picture, Table
from tidemill.core.run import Run
from tidemill.core.schema import Column
from tidemill.core.shown import ShownColumn, separating, shown_columns
from tidemill.core.words import listing, number, percent
from tidemill.mining.combinations import Combination, rare_combinations
from tidemill.mining.detectors import alike, is_ordered, isolation, numeric, surprises
from tidemill.mining.far_values import far_findings, far_values
from tidemill.mining.known_anomalies import known_finding
from tidemill.mining.misfits import misfit_finding, misfits
from tidemill.mining.outcome import learn_outcome
from tidemill.mining.sampling import joined, named_rows, sample_positions, sampled_words
from tidemill.mining.screening import most_connected
from tidemill.mining.significance import ALPHA
from tidemill.mining.ties import ties, untied
from tidemill.mining.wording import test_words
from tidemill.supervised.arrays import Floats

MOST_ROWS = 20_000
FEWEST_ROWS = 100
MOST_COLUMNS = 60
REFERENCES = 3
SHOWN_ROWS = 10
TOLD_ROWS = 4
TOLD_COMBINATIONS = 4
REASONS = 3
SHOWN_VALUES = 5
SAME = 0.9
"""Of columns tied at least this closely only the first is looked at: repeats would make every rare
value look odd."""
FAR_OUT = 2.0
"""A value is far out where minus the log of the share of rows that are as far out is above this
(13.5 % of rows)."""


@dataclass(frozen=True, slots=True)
class Reason:
    """One column that makes a row odd.

    Attributes:
        column: Its name.
        value: The row's value, rounded where few rows share it.
        words: How far out it is.
        test: The rows as far out as this one; None where a test would tell what only few rows have.
    """

    column: str
    value: str
    words: str
    test: Test | None


@dataclass(frozen=True)
class Scored:
    """Rows and how odd each is.

    Attributes:
        data: The rows that were looked at.
        columns: The columns they were looked at by.
        values: The rows as numbers, (n, columns).
        surprise: How far out each value lies, (n, columns).
        odd: Rows that are odder than chance gives, by any detector, (n,).
        by_chance: How many such rows chance alone would give.
        p_value: Of that many odd rows, after Bonferroni's control over the detectors.
        rank: Mean rank over the detectors, in (0, 1]; 1 is the oddest, (n,).
    """

    data: Dataset
    columns: tuple[Column, ...]
    values: Floats
    surprise: Floats
    odd: NDArray[np.bool_]
    by_chance: float
    p_value: float
    rank: Floats

    @cached_property
    def shown(self) -> Mapping[str, ShownColumn]:
        """What may be told of each column."""
        return shown_columns(self.data, self.data.schema.names)


def anomalies(train: Dataset, holdout: Dataset, run: Run) -> Iterable[Finding]:
    """Values far from all others, numbers that do not go with their row, rows that are unusual in
    combination, and combinations of two values that hardly occur.

    All rows are looked at, held-out ones too: few outliers are found in all of them or not at all.
    What is told would come up in one of a thousand tables without any. A row is unusual in
    combination where an isolation forest, or the sum of how far out its values lie, scores it
    above rows drawn so that columns go together as their ranks do, and no more than that.

    Args:
        train: Rows to learn from; the target is left aside.
        holdout: The other rows.
        run: Seed.
    """
    features = [column for column in train.schema.modelled if column.role != "target"]
    if len(train) < FEWEST_ROWS or len(holdout) < FEWEST_ROWS // 2:
        return
    data = joined(train, holdout)
    columns = most_connected(data, features, MOST_COLUMNS, run, "anomalies")
    found = far_values(data, columns)
    yield from far_findings(data, found)
    if len(columns) < 2:
        return
    tied = ties(data, columns)
    far = np.zeros(len(data), dtype=bool)
    for each in found:
        far |= each.rows
    few = sample_positions(len(data), MOST_ROWS, run.rng("mining/anomalies/rows"))
    rest = data.rows(few[~far[few]])
    if len(rest) < FEWEST_ROWS:
        return
    rows_words = sampled_words(len(few), len(data), "")
    for unfit in misfits(rest, columns, tied, run):
        yield misfit_finding(rest, unfit, rows_words)
    combinations = rare_combinations(rest, columns)
    columns = untied(columns, tied, SAME)
    if len(columns) < 2:
        return
    scored = _scored(rest, columns, run)
    if scored.p_value <= ALPHA:
        yield _overview(scored, rows_words)
        yield from _row_findings(scored)
    outcome = learn_outcome(train, run, warn=False)
    if outcome:
        oddness = np.ones(len(few))
        oddness[~far[few]] = scored.rank
        held = few >= len(train)
        shown = data.rows(few[held])
        yield from known_finding(
            outcome, outcome.codes(train), outcome.codes(shown), oddness[held], run
        )
    yield from _combination_findings(combinations, rest, rows_words)


def _scored(data: Dataset, columns: tuple[Column, ...], run: Run) -> Scored:
    values = numeric(data, columns, data)
    rng = run.rng("mining/anomalies/likeness")
    like = np.vstack([alike(values, rng) for _ in range(REFERENCES)])
    surprise = surprises(values, values, columns)
    detectors = (
        (isolation(values, [values], run)[0], isolation(alike(values, rng), [like], run)[0]),
        (_far(surprise), _far(surprises(values, like, columns))),
    )
    beyond = []
    for scores, by_chance in detectors:
        # of as many rows that are drawn alike, one on average scores above the limit
        limit = np.sort(by_chance)[-REFERENCES]
        beyond.append(scores > limit)
    return Scored(
        data=data,
        columns=columns,
        values=values,
        surprise=surprise,
        odd=np.logical_or.reduce(beyond),
        by_chance=float(len(detectors)),
        p_value=min(len(detectors) * _excess_p(int(odd.sum())) for odd in beyond),
        rank=np.mean([_ranked(scores) for scores, _ in detectors], axis=0),
    )


def _far(surprise: Floats) -> Floats:
    """How far out a row's values lie together; values that many rows share count for nothing,
    (n,)."""
    return np.asarray(np.maximum(surprise - FAR_OUT, 0.0).sum(axis=1))


def _excess_p(count: int) -> float:
    """That so many rows come before the limit by chance, when each rank is as likely to be any
    row's."""
    from scipy.stats import nbinom

    if not count:
        return 1.0
    return float(nbinom.sf(count - 1, REFERENCES, REFERENCES / (REFERENCES + 1)))


def _ranked(scores: Floats) -> Floats:
    from scipy.stats import rankdata

    return np.asarray(rankdata(scores) / len(scores))


def _overview(scored: Scored, rows_words: str) -> Finding:
    odd = int(scored.odd.sum())
    odd_values = scored.surprise[scored.odd].mean(axis=0)
    other_values = scored.surprise[~scored.odd].mean(axis=0)
    main = np.argsort(other_values - odd_values, kind="stable")[:SHOWN_VALUES]
    names = [scored.columns[at].name for at in main]
    are = "are" if odd != 1 else "is"
    sentence = (
        f"{odd:,} of {rows_words} {are} unusual in combination; about "
        f"{number(scored.by_chance)} would be expected by chance. They stand out most in "
        f"{listing(names)}."
    )
    return Finding(
        technique="anomalies",
        name="overview",
        sentence=sentence,
        strength=odd / len(scored.data),
        measure="share of odd rows",
        support=odd,
        p_value=scored.p_value,
        columns=tuple(column.name for column in scored.columns),
        table=_oddest_table(scored, names),
        picture=Picture(
            "across",
            "How unusual values are, in odd rows and in others",
            tuple(names),
            (
                ("odd rows", tuple(round(float(odd_values[at]), 2) for at in main)),
                ("other rows", tuple(round(float(other_values[at]), 2) for at in main)),
            ),
            "how unusual (higher is rarer)",
        ),
        figures={"odd": odd, "by_chance": scored.by_chance},
    )


def _oddest_table(scored: Scored, names: Sequence[str]) -> Table:
    rows = []
    told = [scored.shown[name] for name in names]
    for at in _oddest(scored)[:SHOWN_ROWS]:
        why = "; ".join(reason.words for reason in _reasons(scored, at))
        values = [each.said(each.values[at]) for each in told]
        rows.append((scored.data.row_number(at), why, *values))
    return Table(("row", "why", *names), tuple(rows), "The most unusual rows")


def _row_findings(scored: Scored) -> Iterator[Finding]:
    """The oddest rows; rows that are odd in the same columns are shown once."""
    shown: list[set[str]] = []
    for at in _oddest(scored):
        reasons = _reasons(scored, at)
        columns = {reason.column for reason in reasons[:2]}
        if len(shown) == TOLD_ROWS:
            return
        if reasons and columns not in shown:
            shown.append(columns)
            yield _row_finding(scored, at, reasons)


def _row_finding(scored: Scored, at: int, reasons: Sequence[Reason]) -> Finding:
    tests = [reason.test for reason in reasons if reason.test is not None]
    condition = Condition(tuple(tests))
    as_far = int(condition.mask(scored.data.frame).sum()) if len(tests) == len(reasons) else 1
    why = listing([reason.words for reason in reasons])
    others = f" {as_far:,} rows are as far out in all of these." if as_far > 1 else ""
    number_of_row = scored.data.row_number(at)
    return Finding(
        technique="anomalies",
        name="anomaly",
        sentence=f"Row {number_of_row:,} is among the most unusual: {why}.{others}",
        strength=float(scored.rank[at]),
        measure="mean rank of oddness",
        support=as_far,
        columns=tuple(reason.column for reason in reasons),
        condition=condition,
        table=Table(
            ("column", "value", "why"),
            tuple((reason.column, reason.value, reason.words) for reason in reasons),
        ),
    )


def _oddest(scored: Scored) -> list[int]:
    """Positions of the odd rows, the oddest first."""
    odd = np.flatnonzero(scored.odd)
    order = np.argsort(-scored.rank[odd], kind="stable")
    return [int(at) for at in odd[order]]


def _reasons(scored: Scored, at: int) -> list[Reason]:
    """The columns that make a row odd, the most surprising first."""
    order = np.argsort(-scored.surprise[at], kind="stable")[:REASONS]
    return [_reason(scored, at, int(k)) for k in order if scored.surprise[at, k] >= FAR_OUT]


def _reason(scored: Scored, at: int, place: int) -> Reason:
    column = scored.columns[place]
    shown = scored.shown[column.name]
    value = shown.values[at]
    said = shown.said(value)
    words = f"{column.name} is {said}"
    if value is None:
        test = Test(column.name, "missing")
        return Reason(column.name, said, f"{words} (on {_share(shown.values.is_null())})", test)
    if not is_ordered(column):
        test_of_level = Test(column.name, "=", value) if shown.is_shared(value) else None
        rows = (shown.values == value).fill_null(False)
        return Reason(column.name, said, f"{words} (on {_share(rows)})", test_of_level)
    values = scored.values[:, place]
    below = float((values < values[at]).mean())
    above = float((values > values[at]).mean())
    if below >= above:
        how_far = f"above {percent(below)} of rows" if above else "the highest of all"
    else:
        how_far = f"below {percent(above)} of rows" if below else "the lowest of all"
    test = _as_far(shown, value, high=below >= above)
    return Reason(column.name, said, f"{words} ({how_far})", test)


def _share(rows: pl.Series) -> str:
    return f"{percent(float(rows.mean() or 0.0))} of rows"  # type: ignore[arg-type]


def _as_far(shown: ShownColumn, value: Any, *, high: bool) -> Test:
    """The rows as far out as a value, by a bound that is nobody's own."""
    nearer = shown.values.filter(shown.values < value if high else shown.values > value)
    if shown.is_shared(value) or not len(nearer):
        bound = value
    elif high:
        bound = separating(nearer.max(), value)
    else:
        bound = separating(value, nearer.min())
    return Test(shown.column.name, ">=" if high else "<=", bound)


def _combination_findings(
    combinations: Sequence[Combination], data: Dataset, rows_words: str
) -> Iterator[Finding]:
    """The oddest combinations, without those that speak of the same rows."""
    masks: list[NDArray[np.bool_]] = []
    for combination in combinations:
        mask = combination.condition.mask(data.frame).to_numpy()
        half = 0.5 * mask.sum()
        if any((mask & other).sum() >= half for other in masks):
            continue
        masks.append(mask)
        named = named_rows(data, [int(row) for row in np.flatnonzero(mask)])
        yield _combination_finding(combination, rows_words, named)
        if len(masks) == TOLD_COMBINATIONS:
            return


def _combination_finding(combination: Combination, rows_words: str, named: str) -> Finding:
    words = []
    for name in combination.columns:
        words.append(test_words(t for t in combination.condition.tests if t.column == name))
    mistake = "it is a mistake" if combination.met == 1 else "they are mistakes"
    sentence = (
        f"Hardly any row has both: {listing(words)} ({combination.met:,} of {rows_words}, where "
        f"{number(combination.expected)} would be expected were the two unrelated: {named}). If "
        f"the two exclude each other, {mistake}; else they are merely rare together."
    )
    return Finding(
        technique="anomalies",
        name="combination",
        sentence=sentence,
        strength=combination.met / combination.expected,
        measure="met / expected",
        support=combination.met,
        p_value=combination.p_value,
        columns=combination.columns,
        condition=combination.condition,
        table=Table(
            ("", "rows with both"),
            (
                ("met", combination.met),
                ("expected of unrelated columns", round(combination.expected, 1)),
            ),
        ),
    )
