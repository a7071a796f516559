"""Whether the groups of sensitive columns are treated equally well, in the rows and by models that
learn from them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

import numpy as np

from tidemill.core.dataset import Dataset
from tidemill.core.errors import ConditionError
from tidemill.core.picture import Table
from tidemill.core.run import Run
from tidemill.core.schema import Column
from tidemill.core.score import Evidence, Score
from tidemill.core.words import percent
from tidemill.metrics.marginals import column_agreements
from tidemill.metrics.parity.curve import Trial, curve, curve_score, no_curve
from tidemill.metrics.parity.groups import ColumnGroups, grouping
from tidemill.metrics.parity.models import decision_scores, learned
from tidemill.metrics.parity.outcomes import outcome_gap, outcomes
from tidemill.supervised.arrays import FeatureLayout, Features, features
from tidemill.supervised.sampling import Sides, affordable, sides, thinned
from tidemill.supervised.targets import Targets, targets

MOST_ROWS = 50_000
CELLS = 2_000_000
MOST_LEARNED = 10_000
"""Rows that a model learns from: what more of them would change is little beside the gaps between
groups."""
MOST_CURVES = 3
"""Curves are drawn for so many sensitive columns, in the order of the table."""
MOST_CURVE_GROUPS = 12
"""Rows of each rare group are drawn under a condition, which takes a third of a second."""

Fairly = Callable[[Mapping[str, str], int], Dataset]


def parity(evidence: Evidence, run: Run) -> Iterable[Score]:
    """For each sensitive column, whether its groups are represented, rendered and treated alike.

    - Quality: the mean overlap of the columns' distributions (see
      :mod:`tidemill.metrics.marginals`) among the group's rows; the lowest over groups of at least
      GROUP_ROWS held-out rows; high is better.
    - Representation: the share of rows that would have to change group; low is better.
    - Outcomes: the share of the target's classes that would have to change within a group (of a
      number: the difference of means in standard deviations), mean over groups; low is better. And
      how far the rates of the outcome are apart.
    - Decisions and errors of models of the target (boosted trees) that learned from synthetic rows,
      on held-out real rows: demographic parity difference, equalized odds difference.
    - The curve: the same for models that learned from rows with more and more equal rates, where
      ``evidence.fair`` is given.

    Of gaps between groups the nearest to the ceiling is best: synthetic rows shall neither hide nor
    add to what is there. Numbers and dates are grouped at their quartiles. Floor: rows of
    independent columns. Ceiling: training rows in the place of the synthetic ones.

    Args:
        evidence: The sets; where no column is sensitive there is no Score at all.
        run: Draws the samples; seed of the learners.
    """
    columns = evidence.train.schema.modelled
    sensitive = [column for column in columns if column.role == "sensitive"]
    if not sensitive:
        return
    taken = sides(
        evidence, run, "parity", most=affordable(len(columns), cells=CELLS, most=MOST_ROWS)
    )
    layout, parts = features(tuple(taken))
    target = targets(tuple(taken)) if taken.real.schema.target else None
    groups = {column.name: grouping(column, tuple(taken)) for column in sensitive}
    for found in groups.values():
        run.check()
        yield _quality(found, layout, parts, taken.note)
        yield _representation(found, taken.note)
        if target is not None:
            yield outcomes(found, target, taken.note)
        if isinstance(target, Targets) and target.classes:
            yield outcome_gap(found, target, taken.note)
    if isinstance(target, Targets) and target.classes:
        yield from _models(list(groups.values()), target, taken, run)
        if evidence.fair is not None:
            yield from _curves(evidence, sensitive[:MOST_CURVES], target, run)


def _quality(
    found: ColumnGroups, layout: FeatureLayout, parts: tuple[Features, ...], note: str
) -> Score:
    name = f"quality in the worst served group of '{found.column}'"
    if found.why:
        return Score("parity", name, None, why=found.why)
    quality = np.array(
        [
            [
                _overlap(layout, parts[0].rows(group.members[0]), part.rows(mine))
                for part, mine in zip(parts[1:], group.members[1:], strict=True)
            ]
            for group in found.groups
        ]
    )
    value, floor, ceiling = (float(q) for q in quality.min(axis=0))
    worst = found.groups[int(quality[:, 0].argmin())].name
    best = float(quality[:, 0].max())
    rows = tuple(
        (group.name, group.rows, *(round(float(q[k]), 4) for k in (0, 1, 2)))
        for group, q in zip(found.groups, quality, strict=True)
    )
    sentence = (
        f"Of the groups of '{found.column}', synthetic rows resemble '{worst}' least: "
        "distributions of columns "
        f"overlap by {percent(value)} on average, in the best served group by {percent(best)}; "
        "another real sample "
        f"reaches {percent(ceiling)} in its worst group{note}. {found.note}"
    )
    return Score(
        "parity",
        name,
        value,
        floor,
        ceiling,
        sentence=sentence.strip(),
        figures={"groups": len(found.groups), "best": best},
        table=Table(
            ("group", "holdout rows", "quality", "of independent columns", "of a real sample"),
            rows,
            f"Quality by '{found.column}'",
        ),
    )


def _overlap(layout: FeatureLayout, real: Features, other: Features) -> float:
    if not len(other):
        return 0.0
    shapes = [
        a.shape for a in column_agreements(layout, real, other).values() if a.shape is not None
    ]
    return float(np.mean(shapes)) if shapes else 0.0


def _representation(found: ColumnGroups, note: str) -> Score:
    name = f"representation of the groups of '{found.column}' (error)"
    if not found.groups:
        return Score("parity", name, None, better="low", why=found.why)
    names = [*(group.name for group in found.groups), "all others"]
    shares = np.array(
        [
            [*(group.members[side].mean() for group in found.groups), found.rest(side).mean()]
            for side in range(4)
        ]
    ).T  # (groups, sets)
    value, floor, ceiling = (
        float(np.abs(shares[:, 0] - shares[:, k]).sum() / 2) for k in (1, 2, 3)
    )
    worst = int(np.abs(shares[:, 1] - shares[:, 0]).argmax())
    rows = tuple(
        (text, *(round(float(share), 4) for share in line))
        for text, line in zip(names, shares, strict=True)
        if line.any()
    )
    return Score(
        "parity",
        name,
        value,
        floor,
        ceiling,
        "low",
        sentence=(
            f"By '{found.column}', {percent(value)} of the synthetic rows would have to be of "
            "another group (of another real "
            f"sample {percent(ceiling)}); '{names[worst]}' has {percent(shares[worst, 1])} of the "
            "synthetic and "
            f"{percent(shares[worst, 0])} of the held-out real rows{note}."
        ),
        table=Table(
            (
                "group",
                "share of held-out real rows",
                "of synthetic",
                "of independent columns",
                "of another real sample",
            ),
            rows,
            f"Who is there, by '{found.column}'",
        ),
    )


def _models(
    groups: Sequence[ColumnGroups], target: Targets, taken: Sides, run: Run
) -> Iterator[Score]:
    """What models decide that learned from synthetic, independent and real rows."""
    columns = [c for c in taken.real.schema.modelled if c.name != target.column]
    if not columns:
        return
    known = ~np.isnan(target.values[0])
    layout, parts = features(tuple(taken), columns)
    size = min(MOST_LEARNED, len(taken.synthetic))
    found = []
    for side in (1, 2, 3):
        run.check()
        at = np.arange(size)
        found.append(
            learned(
                layout,
                parts[side].rows(at),
                target.values[side][at],
                parts[0].rows(known),
                target.values[0][known],
                run,
            )
        )
    for one in groups:
        yield from decision_scores(one, target, found, known, f" (models from {size:,} rows)")


def _curves(
    evidence: Evidence, sensitive: Sequence[Column], target: Targets, run: Run
) -> Iterator[Score]:
    assert evidence.fair is not None
    names = [column.name for column in evidence.train.schema.modelled]
    size = min(MOST_LEARNED, len(evidence.synthetic), len(evidence.train))

    def some(data: Dataset, side: str, rows: int) -> Dataset:
        return thinned(data, rows, run.rng("metrics", "parity", "curve", side)).select(names)

    real, plain, train = (
        some(data, side, rows)
        for data, side, rows in (
            (evidence.holdout, "holdout", MOST_ROWS),
            (evidence.synthetic, "synthetic", size),
            (evidence.train, "train", size),
        )
    )
    for column in sensitive:
        run.check()
        yield _curve(evidence.fair, column, target, (real, plain, train), run)


def _curve(
    fair: Fairly,
    column: Column,
    target: Targets,
    tables: tuple[Dataset, Dataset, Dataset],
    run: Run,
) -> Score:
    """The curve of one column; tables are held-out, generated and training rows."""
    real, plain, train = tables
    groups = real.frame[column.name].n_unique()
    if column.kind not in ("number", "datetime") and groups > MOST_CURVE_GROUPS:
        return no_curve(
            column.name,
            f"it has {groups} groups, and rows are made for {MOST_CURVE_GROUPS} at most",
        )
    try:
        even = fair({column.name: target.column}, len(plain)).select(list(real.schema.names))
    except ConditionError as error:
        return no_curve(column.name, error.what)
    found = grouping(column, (real, plain, even, train))
    if found.why:
        return no_curve(column.name, found.why)
    points = list(curve(Trial(real, plain, even, train), column, found, run))
    return curve_score(found, target, points, f" (each model from {len(plain):,} rows)")
