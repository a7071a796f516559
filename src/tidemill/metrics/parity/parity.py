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
from tidemill.metrics.parity.groups import ColumnGroups, Group, grouping
from tidemill.metrics.parity.models import decision_scores, learned
from tidemill.metrics.parity.outcomes import outcome_gap, outcomes
from tidemill.supervised.arrays import Bools, FeatureLayout, Features, features
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
    quality = np.array([_overlaps(layout, parts, group) for group in found.groups])
    value, floor, ceiling = quality.min(axis=0).tolist()
    worst = found.groups[int(quality[:, 0].argmin())].name
    best = float(quality[:, 0].max())
    rows = []
    for group, overlaps in zip(found.groups, quality.tolist(), strict=True):
        rows.append((group.name, group.rows, *(round(overlap, 4) for overlap in overlaps)))
    sentence = (
        f"Of the groups of '{found.column}', generated rows resemble '{worst}' least: "
        f"distributions of columns overlap by {percent(value)} on average, in the best served "
        f"group by {percent(best)}; another real sample reaches {percent(ceiling)} in its worst "
        f"group{note}. {found.note}"
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
            tuple(rows),
            f"Quality by '{found.column}'",
        ),
    )


def _overlaps(layout: FeatureLayout, parts: tuple[Features, ...], group: Group) -> list[float]:
    """How well the group's columns overlap, of synthetic, independent and real rows."""
    real, *others = (part.rows(mine) for part, mine in zip(parts, group.members, strict=True))
    return [_overlap(layout, real, other) for other in others]


def _overlap(layout: FeatureLayout, real: Features, other: Features) -> float:
    if not len(other):
        return 0.0
    agreements = column_agreements(layout, real, other).values()
    shapes = [agreement.shape for agreement in agreements if agreement.shape is not None]
    return float(np.mean(shapes)) if shapes else 0.0


def _representation(found: ColumnGroups, note: str) -> Score:
    name = f"representation of the groups of '{found.column}' (error)"
    if not found.groups:
        return Score("parity", name, None, better="low", why=found.why)
    names = [*(group.name for group in found.groups), "all others"]
    shares = np.array([_shares(group.members) for group in found.groups])
    shares = np.vstack([shares, _shares([found.rest(side) for side in range(4)])])
    value, floor, ceiling = (
        float(np.abs(shares[:, 0] - shares[:, side]).sum() / 2) for side in (1, 2, 3)
    )
    worst = int(np.abs(shares[:, 1] - shares[:, 0]).argmax())
    rows = []
    for group_name, line in zip(names, shares.tolist(), strict=True):
        if any(line):
            rows.append((group_name, *(round(share, 4) for share in line)))
    return Score(
        "parity",
        name,
        value,
        floor,
        ceiling,
        "low",
        sentence=(
            f"By '{found.column}', {percent(value)} of the generated rows would have to be of "
            f"another group (of another real sample {percent(ceiling)}); '{names[worst]}' has "
            f"{percent(shares[worst, 1])} of the synthetic and {percent(shares[worst, 0])} of the "
            f"held-out real rows{note}."
        ),
        table=Table(
            (
                "group",
                "share of held-out real rows",
                "of synthetic",
                "of independent columns",
                "of another real sample",
            ),
            tuple(rows),
            f"Who is there, by '{found.column}'",
        ),
    )


def _shares(members: Sequence[Bools]) -> list[float]:
    """The share of a group in each set."""
    return [float(mine.mean()) for mine in members]


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
    first = np.arange(size)
    test, truth = parts[0].rows(known), target.values[0][known]
    models = []
    for side in (1, 2, 3):
        run.check()
        rows, label = parts[side].rows(first), target.values[side][first]
        models.append(learned(layout, rows, label, test, truth, run))
    for one in groups:
        yield from decision_scores(one, target, models, known, f" (models from {size:,} rows)")


def _curves(
    evidence: Evidence, sensitive: Sequence[Column], target: Targets, run: Run
) -> Iterator[Score]:
    assert evidence.fair is not None
    names = [column.name for column in evidence.train.schema.modelled]
    size = min(MOST_LEARNED, len(evidence.synthetic), len(evidence.train))

    def some(data: Dataset, side: str, rows: int) -> Dataset:
        return thinned(data, rows, run.rng("metrics", "parity", "curve", side)).select(names)

    real = some(evidence.holdout, "holdout", MOST_ROWS)
    plain = some(evidence.synthetic, "synthetic", size)
    train = some(evidence.train, "train", size)
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
