"""How models of the target decide about the groups of a sensitive column, by what they have learned
from."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from tidemill.core.picture import Table
from tidemill.core.run import Run
from tidemill.core.score import Score
from tidemill.core.words import percent, points
from tidemill.metrics.parity.groups import ColumnGroups
from tidemill.metrics.parity.rates import (
    Gap,
    Rates,
    Share,
    demographic_parity,
    equalized_odds,
    gap,
    rates,
)
from tidemill.supervised.arrays import Bools, FeatureLayout, Features, Floats
from tidemill.supervised.auc import auc
from tidemill.supervised.boosting import boosted, class_chances, tree_matrix
from tidemill.supervised.targets import Targets

TREES = 100
DECISIONS = "decisions by '{}' (demographic parity difference)"
ERRORS = "errors by '{}' (equalized odds difference)"
FEWEST_ROWS = 50
"""A model that learned from fewer rows says nothing about a generator."""


@dataclass(frozen=True)
class Decisions:
    """What one model decided about held-out real rows.

    Attributes:
        decided: (n,) the code of the class that it holds likeliest.
        accuracy: The share of rows on which it is right.
        auc: The mean over classes of the AUC against the rest; of two classes the one AUC.
    """

    decided: Floats
    accuracy: float
    auc: float


def learned(
    layout: FeatureLayout, rows: Features, label: Floats, test: Features, truth: Floats, run: Run
) -> Decisions | str:
    """Boosted trees that learned from rows, and decide about others; or why there are none.

    Args:
        layout: What the columns are.
        rows, label: Training rows and the codes of their classes; rows without a class are left
            out.
        test, truth: Held-out real rows, each with its class.
        run: Seed of the learner.
    """
    known = ~np.isnan(label)
    seen = np.unique(label[known])
    if known.sum() < FEWEST_ROWS or len(seen) < 2:
        return (
            f"there are fewer than {FEWEST_ROWS} rows with a target to learn from, or all have "
            "the same"
        )
    matrix = tree_matrix(rows.rows(known))
    codes = np.searchsorted(seen, label[known]).astype(float)
    model = boosted(layout, matrix, codes, run, trees=TREES, classes=len(seen))
    chances = class_chances(model, tree_matrix(test), len(seen))
    decided = seen[chances.argmax(axis=1)]
    areas = []
    for code, of_class in zip(seen, chances.T, strict=True):
        inside = truth == code
        if 0 < inside.sum() < len(truth):
            areas.append(auc(of_class[inside], of_class[~inside]).value)
    area = float(np.mean(areas)) if areas else 0.5
    return Decisions(decided, float((decided == truth).mean()), area)


def watched(target: Targets, grouping: ColumnGroups) -> int:
    """The class whose rates are compared: the rarer one of two, else that whose shares differ most
    in real rows."""
    if len(target.classes) == 2:
        return 1
    widths = []
    for k in range(len(target.classes)):
        wide = gap(outcome_shares(target, grouping, 0, k))
        widths.append(wide.value if wide else 0.0)
    return int(np.argmax(widths))


def outcome_shares(target: Targets, grouping: ColumnGroups, side: int, k: int) -> list[Share]:
    """For each group the share of class k among the rows of one set whose class is known."""
    values = target.values[side]
    shares = []
    for group in grouping.groups:
        mine = values[group.members[side]]
        mine = mine[~np.isnan(mine)]
        shares.append(Share(float((mine == k).mean()) if len(mine) else float("nan"), len(mine)))
    return shares


def decision_scores(
    grouping: ColumnGroups,
    target: Targets,
    found: Sequence[Decisions | str],
    known: Bools,
    note: str,
) -> Iterator[Score]:
    """How far decisions about the groups are apart, and errors of decisions; floor and ceiling by
    what was learned from.

    Args:
        grouping: The groups; ``known`` rows of its held-out rows were decided about.
        target: The classes.
        found: The models that learned from synthetic, independent and real rows.
        known: Held-out rows whose class is known.
        note: The end of the sentences.
    """
    names = (DECISIONS.format(grouping.column), ERRORS.format(grouping.column))
    models = [one for one in found if isinstance(one, Decisions)]
    why = grouping.why or next((one for one in found if isinstance(one, str)), "")
    if why:
        yield from (Score("parity", name, None, better="ceiling", why=why) for name in names)
        return
    k = watched(target, grouping)
    judged = [group_rates(grouping, target, one, known, k) for one in models]
    what = f"'{target.column}' = '{target.classes[k]}'"
    table = _table(grouping, target, judged, k)
    parities = [demographic_parity(one) for one in judged]
    yield _score(names[0], parities, _decided, grouping, what, note, table)
    odds = [equalized_odds(one) for one in judged]
    yield _score(names[1], odds, _erred, grouping, what, note, None)


def _score(
    name: str,
    widest: Sequence[Gap | None],
    sentence: Callable[[ColumnGroups, str, Sequence[Gap]], str],
    grouping: ColumnGroups,
    what: str,
    note: str,
    table: Table | None,
) -> Score:
    """The score of gaps after (synthetic, independent, real) rows."""
    gaps = [wide for wide in widest if wide is not None]
    if len(gaps) < 3:
        return Score(
            "parity",
            name,
            None,
            better="ceiling",
            why="fewer than two groups have enough held-out rows of the class",
        )
    mine, floor, ceiling = gaps
    return Score(
        "parity",
        name,
        mine.value,
        floor.value,
        ceiling.value,
        "ceiling",
        f"{sentence(grouping, what, gaps)}{note}.",
        interval=(max(0.0, mine.low), mine.high),
        figures={"ratio": mine.ratio},
        table=table,
    )


def group_rates(
    grouping: ColumnGroups, target: Targets, found: Decisions, known: Bools, k: int
) -> list[Rates]:
    """What the decision for class k does to each group of held-out real rows."""
    truth = target.values[0][known] == k
    return rates(truth, found.decided == k, [group.members[0][known] for group in grouping.groups])


def spread(wide: Gap) -> str:
    """A gap with its interval, for a sentence."""
    return (
        f"{points(wide.value)} apart (95 % interval {100 * wide.low:.1f} to {100 * wide.high:.1f})"
    )


def _decided(grouping: ColumnGroups, what: str, gaps: Sequence[Gap]) -> str:
    mine, _, real = gaps
    most, least = (grouping.groups[k].name for k in (mine.most, mine.least))
    return (
        f"A model that learned from generated rows expects {what} of "
        f"{percent(mine.shares[0].value)} of the held-out real rows of '{most}' and of "
        f"{percent(mine.shares[1].value)} of '{least}': {spread(mine)}. "
        f"After equally many real rows, groups are {spread(real)}"
    )


def _erred(grouping: ColumnGroups, what: str, gaps: Sequence[Gap]) -> str:
    mine, _, real = gaps
    most, least = (grouping.groups[k].name for k in (mine.most, mine.least))
    does = "finds" if mine.of == "with" else "wrongly expects it of"
    one, other = (
        f"{percent(share.value)} in '{name}' ({share.rows:,} rows)"
        for share, name in zip(mine.shares, (most, least), strict=True)
    )
    return (
        f"Of the held-out real rows {mine.of} {what}, this model {does} {one} and {other}: "
        f"{spread(mine)}. After real rows, the widest gap of errors is among rows {real.of} it, "
        f"{spread(real)}"
    )


def _table(grouping: ColumnGroups, target: Targets, judged: Sequence[list[Rates]], k: int) -> Table:
    rows = []
    for group, mine, real in zip(grouping.groups, judged[0], judged[2], strict=True):
        shares = [_both(one, other) for one, other in zip(real, mine, strict=True)]
        rows.append((group.name, real.selected.rows, real.caught.rows, *shares))
    return Table(
        (
            "group",
            "held-out rows",
            f"of them '{target.classes[k]}'",
            f"expected '{target.classes[k]}'",
            "true positives",
            "false positives",
            "right",
        ),
        tuple(rows),
        f"Decisions by '{grouping.column}', in %: after real rows, after generated rows (95 % "
        "interval)",
    )


def _both(real: Share, mine: Share) -> str:
    if not real.rows:
        return "no rows"
    low, high = mine.interval
    return f"{100 * real.value:.1f}, {100 * mine.value:.1f} ({100 * low:.0f} to {100 * high:.0f})"
