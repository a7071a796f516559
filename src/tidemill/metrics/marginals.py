"""The shape of each column on its own."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from tidemill.core.run import Run
from tidemill.core.score import Evidence, Score
from tidemill.core.words import percent, plural
from tidemill.supervised.arrays import Codes, FeatureLayout, Features, Floats, features
from tidemill.supervised.sampling import Sides, affordable, sides

MOST_ROWS = 100_000
CELLS = 5_000_000
SHAPES = "column shapes"
DISTANCES = "column distances (Wasserstein)"
MISSING = "missing values"
_WHY_NONE = {
    SHAPES: "no column has values in the held-out rows",
    DISTANCES: "no column of numbers or dates varies",
    MISSING: "no column has missing values",
}
_LEADS = {
    SHAPES: "The distributions of a column's values in synthetic and held-out real rows overlap by",
    DISTANCES: "Judged by how far values would have to be moved, columns of numbers and dates "
    "agree to",
    MISSING: "The shares of missing values agree to",
}


@dataclass(frozen=True)
class Agreement:
    """How well one column agrees between two sets, each from 0 to 1; None where it cannot be said.

    Attributes:
        shape: Overlap of the two distributions of present values.
        distance: One less the distance that values would have to be moved, which a long tail makes
            large.
        missing: One less the difference of the shares of missing values.
    """

    shape: float | None
    distance: float | None
    missing: float


def marginals(evidence: Evidence, run: Run) -> Iterable[Score]:
    """The agreement of each column's values between synthetic and held-out real rows; 1 is
    identical.

    Numbers and datetimes: one less the Kolmogorov-Smirnov distance, the largest gap between the two
    cumulative distributions; and one less the Wasserstein-1 distance divided by the real values'
    mean deviation from their median (so a column that is always the median gets 0), which is
    sensitive to tails. Categories: one less the total variation distance. Missing values count on
    their own.

    Floor: rows of independent columns, which have the right shapes by construction, so the floor
    lies close to the ceiling here; what is worthless is 0. Ceiling: training rows in the place of
    the synthetic ones.

    Args:
        evidence: The sets.
        run: Draws samples from sets above MOST_ROWS rows.

    Returns:
        Overall Scores, then one Score a column, the worst first.
    """
    columns = evidence.train.schema.modelled
    if not columns:
        return
    chosen = sides(
        evidence, run, "marginals", most=affordable(len(columns), cells=CELLS, most=MOST_ROWS)
    )
    layout, (real, *compared) = features(tuple(chosen))
    agreements = [column_agreements(layout, real, other) for other in compared]
    gappy = [name for name, gap in zip(layout.names, layout.gaps, strict=True) if gap]
    yield _overall(SHAPES, "shape", layout.names, agreements, chosen)
    yield _overall(DISTANCES, "distance", layout.numbers, agreements, chosen)
    yield _overall(MISSING, "missing", gappy, agreements, chosen)
    yield from _columns(layout, agreements, real, compared[0])


def _overall(
    name: str,
    part: str,
    columns: Sequence[str],
    agreements: Sequence[dict[str, Agreement]],
    chosen: Sides,
) -> Score:
    # only columns for which all three can say it, or the three means would be of different columns
    known: dict[str, list[float]] = {}
    for column in columns:
        figures = [getattr(agreement[column], part) for agreement in agreements]
        if None not in figures:
            known[column] = figures
    if not known:
        return Score("marginals", name, None, why=_WHY_NONE[name])
    value, floor, ceiling = (float(np.mean(each)) for each in zip(*known.values(), strict=True))
    worst = min(known, key=lambda column: known[column][0])
    sentence = (
        f"{_LEADS[name]} {percent(value)} on average over {plural(len(known), 'column')}; another "
        f"real sample reaches {percent(ceiling)}. The weakest is '{worst}' with "
        f"{percent(known[worst][0])}{chosen.note}."
    )
    return Score(
        "marginals",
        name,
        value,
        floor,
        ceiling,
        sentence=sentence,
        figures={"columns": len(known), "rows": len(chosen.synthetic)},
    )


def _columns(
    layout: FeatureLayout,
    agreements: Sequence[dict[str, Agreement]],
    real: Features,
    synthetic: Features,
) -> list[Score]:
    scores = []
    for name in layout.names:
        in_real = _missing_share(layout, real, name)
        in_synthetic = _missing_share(layout, synthetic, name)
        scores.append(_column(name, [each[name] for each in agreements], in_real, in_synthetic))
    return sorted(scores, key=lambda score: (score.value is None, score.value))


def _column(
    name: str, agreements: Sequence[Agreement], missing_real: float, missing_synthetic: float
) -> Score:
    mine, floor, ceiling = agreements
    if mine.shape is None:
        why = "the column has no values in the held-out rows"
        return Score("marginals", "column shape", None, column=name, why=why)
    figures = {"missing_real": missing_real, "missing_synthetic": missing_synthetic}
    if mine.distance is not None:
        figures["distance"] = mine.distance
    sentence = f"The distributions of '{name}' overlap by {percent(mine.shape)}"
    if ceiling.shape is not None:
        sentence += f"; in another real sample by {percent(ceiling.shape)}"
    if max(missing_real, missing_synthetic) > 0:
        sentence += (
            f". Missing in {percent(missing_synthetic)} of synthetic and {percent(missing_real)} "
            "of real rows"
        )
    return Score(
        "marginals",
        "column shape",
        mine.shape,
        floor.shape,
        ceiling.shape,
        sentence=sentence + ".",
        column=name,
        figures=figures,
    )


def _missing_share(layout: FeatureLayout, rows: Features, name: str) -> float:
    if name in layout.numbers:
        return float(np.isnan(rows.numbers[:, layout.numbers.index(name)]).mean())
    return float((rows.codes[:, layout.categories.index(name)] == 0).mean())


def column_agreements(
    layout: FeatureLayout, real: Features, other: Features
) -> dict[str, Agreement]:
    """How well each column agrees between real and other rows; neither may be empty."""
    agreements = {}
    for j, name in enumerate(layout.numbers):
        agreements[name] = _number(real.numbers[:, j], other.numbers[:, j])
    for j, name in enumerate(layout.categories):
        codes = len(layout.levels[j]) + 1
        agreements[name] = _category(real.codes[:, j], other.codes[:, j], codes)
    return agreements


def _number(real: Floats, other: Floats) -> Agreement:
    no_real, no_other = np.isnan(real), np.isnan(other)
    missing = 1 - abs(float(no_real.mean()) - float(no_other.mean()))
    a, b = np.sort(real[~no_real]), np.sort(other[~no_other])
    if not len(a):
        return Agreement(None, None, missing)
    deviation = float(np.abs(a - np.median(a)).mean())
    if not len(b):
        return Agreement(0.0, 0.0 if deviation else None, missing)
    largest, moved = distances(a, b)
    distance = max(0.0, 1 - moved / deviation) if deviation else None
    return Agreement(1 - largest, distance, missing)


def distances(a: Floats, b: Floats) -> tuple[float, float]:
    """The Kolmogorov-Smirnov and the Wasserstein-1 distance of two sorted samples.

    Example:
        >>> distances(np.array([0.0, 1.0]), np.array([0.0, 3.0]))
        (0.5, 1.0)
    """
    values = np.sort(np.concatenate([a, b]))
    gaps = np.abs(
        np.searchsorted(a, values, "right") / len(a) - np.searchsorted(b, values, "right") / len(b)
    )
    return float(gaps.max()), float(gaps[:-1] @ np.diff(values))


def _category(real: Codes, other: Codes, codes: int) -> Agreement:
    real_counts = np.bincount(real, minlength=codes).astype(float)
    other_counts = np.bincount(other, minlength=codes).astype(float)
    missing = 1 - abs(float(real_counts[0] / len(real) - other_counts[0] / len(other)))
    a, b = real_counts[1:], other_counts[1:]
    if not a.sum():
        return Agreement(None, None, missing)
    if not b.sum():
        return Agreement(0.0, None, missing)
    moved = float(np.abs(a / a.sum() - b / b.sum()).sum()) / 2
    return Agreement(1 - moved, None, missing)
