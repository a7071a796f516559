"""How much of the real variety occurs among synthetic rows, and how much of what occurs is real."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from tidemill.core.run import Run
from tidemill.core.score import Evidence, Score
from tidemill.core.words import percent, plural
from tidemill.metrics.images.manifolds import NEIGHBOURS, inside, radii
from tidemill.supervised.arrays import FeatureLayout, Features, Floats, features, together
from tidemill.supervised.points import axes_of, learn_embedding
from tidemill.supervised.sampling import affordable, sampled, sides

MOST_ROWS = 100_000
CELLS = 5_000_000
MOST_POINTS = 5000
FEWEST_POINTS = 50
LEVEL_ROWS = 5
"""Levels of at least so many held-out rows are looked for: an equal real sample lacks one in less
than 1 % of cases."""
TAIL_SHARE = 0.01
TAIL_ROWS = 10
"""A tail is the outermost 1 % of the real values, or more where that would be fewer than 10
rows."""
COVERAGE = "coverage"
DENSITY = "density"
LEVELS = "category levels covered"
TAILS = "tails covered"


def coverage(evidence: Evidence, run: Run) -> Iterable[Score]:
    """Coverage and density, and the shares of category levels and of tails that occur.

    Naeem et al. (2020), "Reliable Fidelity and Diversity Metrics for Generative Models", equations
    3 and 4, with 5 neighbours, in the space of :mod:`tidemill.supervised.points`. Coverage: the
    share of real rows that have a synthetic row nearer than their fifth real neighbour; an equal
    real sample reaches about 0.97. Density: how many of such neighbourhoods a synthetic row lies
    in, against the 5 that are expected; about 1 in a real sample, above 1 where synthetic rows
    crowd where real rows are dense.

    Floor: rows of independent columns. Ceiling: training rows in the place of the synthetic ones.

    Args:
        evidence: The sets.
        run: Draws at most MOST_POINTS rows of each for coverage and density.
    """
    columns = evidence.train.schema.modelled
    taken = sides(
        evidence,
        run,
        "coverage",
        equal=True,
        most=affordable(len(columns), cells=CELLS, most=MOST_ROWS),
    )
    layout, parts = features(tuple(taken))
    yield from _neighbourhoods(layout, parts, run)
    yield _levels(layout, parts, taken.note)
    yield _tails(layout, parts, taken.note)


def _neighbourhoods(
    layout: FeatureLayout, parts: tuple[Features, ...], run: Run
) -> Iterable[Score]:
    rows = min(len(parts[0]), affordable(axes_of(layout), cells=5 * CELLS, most=MOST_POINTS))
    if rows < FEWEST_POINTS:
        why = f"there are {plural(rows, 'row')} of each sort; {FEWEST_POINTS} are needed"
        yield Score("coverage", COVERAGE, None, why=why)
        yield Score("coverage", DENSITY, None, why=why, better="ceiling")
        return
    note = sampled(rows) if rows < len(parts[0]) else ""
    rng = run.rng("metrics", "coverage", "points")
    parts = tuple(part.rows(rng.choice(len(part), rows, replace=False)) for part in parts)
    place = learn_embedding(layout, together(parts[0], parts[3]), run)
    real, *others = (place(part) for part in parts)
    radius = radii(real)
    lying = [inside(real, radius, other) for other in others]
    mine, floor, ceiling = (float(one.hold.mean()) for one in lying)
    dense, dense_floor, dense_ceiling = (one.mean / NEIGHBOURS for one in lying)
    yield Score(
        "coverage",
        COVERAGE,
        mine,
        floor,
        ceiling,
        figures={"rows": rows},
        sentence=(
            f"{percent(mine)} of held-out real rows have a generated row in their neighbourhood "
            f"(nearer than their fifth nearest real row); of a real sample {percent(ceiling)}, of "
            f"unrelated columns {percent(floor)}{note}."
        ),
    )
    yield Score(
        "coverage",
        DENSITY,
        dense,
        dense_floor,
        dense_ceiling,
        "ceiling",
        figures={"rows": rows},
        sentence=(
            f"Generated rows lie in {dense:.2f} times as many neighbourhoods of real rows as is "
            f"expected of real ones (a real sample in {dense_ceiling:.2f} times, unrelated columns "
            f"in {dense_floor:.2f} times){note}."
        ),
    )


def _levels(layout: FeatureLayout, parts: tuple[Features, ...], note: str) -> Score:
    met = np.zeros(len(parts) - 1, int)
    sought = 0
    for j, levels in enumerate(layout.levels):
        real, *others = (
            np.bincount(part.codes[:, j], minlength=len(levels) + 1)[1:] for part in parts
        )
        usual = real >= LEVEL_ROWS
        sought += int(usual.sum())
        met += [int((usual & (count > 0)).sum()) for count in others]
    if not sought:
        return Score(
            "coverage", LEVELS, None, why=f"no category has a level with {LEVEL_ROWS} held-out rows"
        )
    value, floor, ceiling = (float(share) for share in met / sought)
    sentence = (
        f"{met[0]:,} of the {sought:,} category levels that at least {LEVEL_ROWS} held-out rows "
        f"have occur among equally many generated rows ({percent(value)}; in a real sample "
        f"{percent(ceiling)}){note}."
    )
    return Score(
        "coverage", LEVELS, value, floor, ceiling, sentence=sentence, figures={"levels": sought}
    )


def _tails(layout: FeatureLayout, parts: tuple[Features, ...], note: str) -> Score:
    reached: list[list[float]] = [[] for _ in parts[1:]]
    share = max(TAIL_SHARE, TAIL_ROWS / len(parts[0]))
    numbers = len(layout.numbers) if share < 0.5 else 0
    for j in range(numbers):
        for sign in (-1, 1):
            real, *others = _beyond([sign * part.numbers[:, j] for part in parts], share)
            if real == 0:
                continue
            for shares, other in zip(reached, others, strict=True):
                shares.append(min(1.0, other / real))
    if not reached[0]:
        return Score(
            "coverage", TAILS, None, why="no column of numbers or dates has a tail of rare values"
        )
    value, floor, ceiling = (float(np.mean(shares)) for shares in reached)
    sentence = (
        f"In the tails of columns of numbers or dates (the outermost {percent(share)} of real "
        f"values on a side) there are {percent(value)} of the values due, on average over "
        f"{len(reached[0])} tails; in a real sample {percent(ceiling)}{note}."
    )
    return Score(
        "coverage",
        TAILS,
        value,
        floor,
        ceiling,
        sentence=sentence,
        figures={"tails": len(reached[0])},
    )


def _beyond(values: list[Floats], share: float) -> list[float]:
    """Per set the share of values strictly above the real ones' quantile; the first set is the real
    one."""
    nothing = [0.0] * len(values)
    present = [each[~np.isnan(each)] for each in values]
    if len(present[0]) < TAIL_ROWS:
        return nothing
    end = np.quantile(present[0], 1 - share, method="inverted_cdf")
    above = [float((each > end).mean()) if len(each) else 0.0 for each in present]
    return above if above[0] * len(present[0]) >= LEVEL_ROWS else nothing
