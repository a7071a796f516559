"""Odd rows, and the columns that make them odd."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from tidemill.core.condition import Condition, Test
from tidemill.core.dataset import Dataset
from tidemill.core.finding import Finding
from tidemill.core.picture import Picture, Table
from tidemill.core.run import Run
from tidemill.core.schema import Column
from tidemill.core.words import format_value, listing, number, percent
from tidemill.mining.combinations import Combination, rare_combinations
from tidemill.mining.detectors import is_ordered, isolation, numeric, surprises
from tidemill.mining.known_anomalies import known_finding
from tidemill.mining.outcome import learn_outcome
from tidemill.mining.sampling import sample_positions, sample_rows, sampled_words
from tidemill.mining.screening import most_connected
from tidemill.mining.significance import ALPHA
from tidemill.mining.ties import without_copies
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
    """One column that makes a row odd: the rows as far out as this one, and that in words."""

    test: Test
    words: str


@dataclass(frozen=True)
class Scored:
    """Held-out rows and how odd each is.

    Attributes:
        train, holdout: The rows that were looked at.
        columns: The columns they were looked at by.
        seen, held: The rows as numbers, (n, columns) and (m, columns).
        surprise: How far out each held-out value lies, (m, columns).
        odd: Rows that are beyond what columns give by chance, by any detector, (m,).
        by_chance: How many such rows chance alone would give.
        p_value: Of that many odd rows, after Bonferroni's control over the detectors.
        rank: Mean rank over the detectors, in (0, 1]; 1 is the oddest, (m,).
        places: Position of each row among all held-out rows, (m,).
    """

    train: Dataset
    holdout: Dataset
    columns: tuple[Column, ...]
    seen: Floats
    held: Floats
    surprise: Floats
    odd: NDArray[np.bool_]
    by_chance: float
    p_value: float
    rank: Floats
    places: NDArray[np.int64]


def anomalies(train: Dataset, holdout: Dataset, run: Run) -> Iterable[Finding]:
    """Odd rows by an isolation forest and by how far out their values lie, and odd combinations of
    values.

    A row counts as odd where it scores above what the same detectors give rows whose columns are
    shuffled independently of each other; nothing is found where there are no more such rows than
    chance would give.

    Args:
        train: Rows to learn from; the target is left aside.
        holdout: Rows that every figure is taken from.
        run: Seed.
    """
    features = [column for column in train.schema.modelled if column.role != "target"]
    if len(train) < FEWEST_ROWS or len(holdout) < FEWEST_ROWS // 2:
        return
    columns = most_connected(train, features, MOST_COLUMNS, run, "anomalies")
    columns = without_copies(train, columns, SAME) if columns else ()
    if len(columns) < 2:
        return
    few = sample_rows(train, MOST_ROWS, run.rng("mining/anomalies/train"))
    places = sample_positions(len(holdout), MOST_ROWS, run.rng("mining/anomalies/holdout"))
    held = holdout.rows(places)
    scored = replace(_scored(few, held, columns, run), places=places)
    rows_words = sampled_words(len(held), len(holdout))
    if scored.p_value <= ALPHA:
        yield _overview(scored, rows_words)
        yield from _row_findings(scored)
    outcome = learn_outcome(train, run, warn=False)
    if outcome:
        yield from known_finding(
            outcome, outcome.codes(train), outcome.codes(held), scored.rank, run
        )
    yield from _combination_findings(rare_combinations(few, held, columns), held, rows_words)


def _scored(train: Dataset, holdout: Dataset, columns: tuple[Column, ...], run: Run) -> Scored:
    seen = numeric(train, columns, train)
    held = numeric(train, columns, holdout)
    rng = run.rng("mining/anomalies/shuffle")
    mixed = rng.permuted(seen, axis=0)
    mixed_held = np.vstack([rng.permuted(held, axis=0) for _ in range(REFERENCES)])
    surprise = surprises(seen, held, columns)
    detectors = (
        (isolation(seen, [held], run)[0], isolation(mixed, [mixed_held], run)[0]),
        (_far(surprise), _far(surprises(seen, mixed_held, columns))),
    )
    beyond = []
    for scores, by_chance in detectors:
        # of as many shuffled rows as held-out ones, one on average scores above the limit
        limit = np.sort(by_chance)[-REFERENCES]
        beyond.append(scores > limit)
    return Scored(
        train=train,
        holdout=holdout,
        columns=columns,
        seen=seen,
        held=held,
        surprise=surprise,
        odd=np.logical_or.reduce(beyond),
        by_chance=float(len(detectors)),
        p_value=min(len(detectors) * _excess_p(int(odd.sum())) for odd in beyond),
        rank=np.mean([_ranked(scores) for scores, _ in detectors], axis=0),
        places=np.arange(len(holdout)),
    )


def _far(surprise: Floats) -> Floats:
    """How far out a row's values lie together; values that many rows share count for nothing,
    (n,)."""
    return np.asarray(np.maximum(surprise - FAR_OUT, 0.0).sum(axis=1))


def _excess_p(count: int) -> float:
    """That so many held-out rows come before the limit by chance, when each rank is as likely to be
    any row's."""
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
        f"{odd:,} of {rows_words} ({percent(odd / len(scored.holdout))}) {are} odder than their "
        "columns would give by chance: were the columns unrelated, about "
        f"{number(scored.by_chance)} such rows would be expected. They stand out most in "
        f"{listing(names)}."
    )
    return Finding(
        technique="anomalies",
        name="overview",
        sentence=sentence,
        strength=odd / len(scored.holdout),
        measure="share of odd rows",
        support=odd,
        p_value=scored.p_value,
        columns=tuple(column.name for column in scored.columns),
        table=_oddest_table(scored, names),
        picture=Picture(
            "across",
            "How far out values lie, in odd rows and in others",
            tuple(names),
            (
                ("odd rows", tuple(round(float(odd_values[at]), 2) for at in main)),
                ("other rows", tuple(round(float(other_values[at]), 2) for at in main)),
            ),
            "surprise: minus log of the share of rows that are as far out",
        ),
        figures={"odd": odd, "by_chance": scored.by_chance},
    )


def _oddest_table(scored: Scored, names: Sequence[str]) -> Table:
    rows = []
    for at in _oddest(scored)[:SHOWN_ROWS]:
        why = "; ".join(reason.words for reason in _reasons(scored, at))
        values = [_plain(scored.holdout[name][at]) for name in names]
        rows.append((int(scored.places[at]) + 1, why, *values))
    return Table(("held-out row", "why", *names), tuple(rows), "The oddest held-out rows")


def _row_findings(scored: Scored) -> Iterator[Finding]:
    """The oddest rows; rows that are odd in the same columns are shown once."""
    shown: list[set[str]] = []
    for at in _oddest(scored):
        reasons = _reasons(scored, at)
        columns = {reason.test.column for reason in reasons[:2]}
        if len(shown) == TOLD_ROWS:
            return
        if reasons and columns not in shown:
            shown.append(columns)
            yield _row_finding(scored, at, reasons)


def _row_finding(scored: Scored, at: int, reasons: Sequence[Reason]) -> Finding:
    condition = Condition(tuple(reason.test for reason in reasons))
    alike = int(condition.mask(scored.holdout.frame).sum())
    why = listing([reason.words for reason in reasons])
    others = f" {alike:,} held-out rows are as far out in all of these." if alike > 1 else ""
    return Finding(
        technique="anomalies",
        name="anomaly",
        sentence=f"Held-out row {scored.places[at] + 1:,} is among the oddest: {why}.{others}",
        strength=float(scored.rank[at]),
        measure="mean rank of oddness",
        support=alike,
        columns=condition_columns(condition),
        condition=condition,
        table=Table(
            ("column", "value", "why"),
            tuple(
                (reason.test.column, _plain(scored.holdout[reason.test.column][at]), reason.words)
                for reason in reasons
            ),
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
    value = scored.holdout[column.name][at]
    words = f"{column.name} is {format_value(value)}"
    if not is_ordered(column) or value is None:
        test = Test(column.name, "missing") if value is None else Test(column.name, "=", value)
        mask = Condition((test,)).mask(scored.holdout.frame)
        share = percent(int(mask.sum()) / max(len(mask), 1))
        return Reason(test, f"{words} (on {share} of rows)")
    values = scored.held[:, place]
    below = float((values < values[at]).mean())
    above = float((values > values[at]).mean())
    if below >= above:
        how_far = f"above {percent(below)} of rows" if above else "the highest of all"
        return Reason(Test(column.name, ">=", value), f"{words} ({how_far})")
    how_far = f"below {percent(above)} of rows" if below else "the lowest of all"
    return Reason(Test(column.name, "<=", value), f"{words} ({how_far})")


def _combination_findings(
    combinations: Sequence[Combination], holdout: Dataset, rows_words: str
) -> Iterator[Finding]:
    """The oddest combinations, without those that speak of the same rows."""
    masks: list[NDArray[np.bool_]] = []
    for combination in combinations:
        mask = combination.condition.mask(holdout.frame).to_numpy()
        half = 0.5 * mask.sum()
        if any((mask & other).sum() >= half for other in masks):
            continue
        masks.append(mask)
        yield _combination_finding(combination, rows_words)
        if len(masks) == TOLD_COMBINATIONS:
            return


def _combination_finding(combination: Combination, rows_words: str) -> Finding:
    words = []
    for name in combination.columns:
        words.append(test_words(t for t in combination.condition.tests if t.column == name))
    mistake = "it is a mistake" if combination.met == 1 else "they are mistakes"
    sentence = (
        f"Hardly any row has both: {listing(words)} ({combination.met:,} of {rows_words}, where "
        f"{number(combination.expected)} would be expected were the two unrelated). If the two "
        f"exclude each other, {mistake}; else they are merely rare together."
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
                ("held-out rows", combination.met),
                ("expected of unrelated columns", round(combination.expected, 1)),
                ("training rows", combination.seen),
            ),
        ),
    )


def condition_columns(condition: Condition) -> tuple[str, ...]:
    """The columns that a condition speaks of."""
    return tuple(dict.fromkeys(test.column for test in condition.tests))


def _plain(value: object) -> object:
    return value if isinstance(value, (str, int, float)) or value is None else str(value)
