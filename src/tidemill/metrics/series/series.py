"""Whether series move as real ones do: recurrent judges, auto- and cross-correlation, and finance's
stylised facts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import numpy as np

from tidemill.core.picture import Picture, Table
from tidemill.core.run import Run
from tidemill.core.score import Evidence, Score
from tidemill.core.words import plural, ratio
from tidemill.metrics.series.facts import autocorrelation, change_of, changes, correlation, facts
from tidemill.metrics.series.windows import Panel, Panels, panels
from tidemill.supervised.arrays import Floats

FEWEST = 25
"""With fewer windows of a set, no judge is trained."""
SEEDS = 2
FORECAST_STEPS = 2000
"""Fewer than the paper's 5,000, which change little (judged by a benchmark, which takes all)."""
NO_TORCH = "it needs the package 'torch': pip install 'tidemill[deep]'"
MOST_CURVES = 6
BINS = 40
BY_PAPER, BY_SHARP, FORECAST = (
    "discriminative score",
    "discriminative score, changes shown",
    "predictive score (error)",
)
AUTO, CROSS = "autocorrelation (error)", "cross-correlation (error)"
TAILS, CLUSTERS, LEVERAGE = (
    "fat tails (excess kurtosis)",
    "volatility clustering",
    "leverage effect",
)


def series(evidence: Evidence, run: Run) -> Iterable[Score]:
    """How synthetic series compare with held-out real ones; nothing where either are none.

    Floor: the training series with all steps in random places. Ceiling: the training series
    themselves.

    The discriminative and the predictive score are those of TimeGAN (Yoon et al. 2019), see
    :mod:`tidemill.metrics.series.judges`, from SEEDS judges each and FORECAST_STEPS steps of the
    forecaster; the stylised facts those of Cont (2001), "Empirical properties of asset returns", on
    changes of the last column of numbers, which is the target where that is a number.

    Args:
        evidence: The sets.
        run: Draws windows, and the judges' weights.
    """
    if {evidence.holdout.schema.modality, evidence.synthetic.schema.modality} != {"series"}:
        return
    found = panels(evidence, run.rng("metrics", "series"))
    if found is None:
        yield from _unjudged("there are no series of two steps or more")
        return
    yield from _judged(found, run)
    if found.real.numbers:
        yield from _auto(found)
        yield _cross(found)
        yield from _stylised(found)


def _unjudged(why: str) -> Iterable[Score]:
    names = (BY_PAPER, BY_SHARP, FORECAST)
    return (Score("series", name, None, better="low", why=why) for name in names)


def _judged(found: Panels, run: Run) -> Iterable[Score]:
    fewest = min(len(panel.windows) for panel in (found.real, *found.compared))
    if fewest < FEWEST:
        why = f"there are {plural(fewest, 'window')} of a sort; {FEWEST} are needed to judge"
        yield from _unjudged(why)
        return
    try:
        from tidemill.metrics.series import judges
    except ImportError:
        yield from _unjudged(NO_TORCH)
        return
    real, made = found.real.windows, [panel.windows for panel in found.compared]
    seed = run.seed_of("metrics", "series", "judges")
    note = f"; {plural(fewest, 'window')} of {real.values.shape[1]} steps"
    classifiers = (
        (BY_PAPER, judges.PAPER, "A small recurrent classifier (TimeGAN's)"),
        (BY_SHARP, judges.SHARP, "The same with the changes from step to step, and more units,"),
    )
    for name, classifier, who in classifiers:
        run.check()
        value, floor, ceiling = judges.discriminative_scores(
            real, made, seed, seeds=SEEDS, classifier=classifier
        )
        yield Score(
            "series",
            name,
            value,
            floor,
            ceiling,
            "low",
            figures={"windows": fewest},
            sentence=f"{who} is right about {ratio(0.5 + value)} of held-out real and synthetic "
            "series (0.5 is "
            f"guessing); about real ones against others of these, {ratio(0.5 + ceiling)}{note}.",
        )
    run.check()
    if not found.real.numbers:
        return
    value, floor, ceiling = judges.predictive_scores(
        real, made, seed, seeds=SEEDS, steps=FORECAST_STEPS
    )
    yield Score(
        "series",
        FORECAST,
        value,
        floor,
        ceiling,
        "low",
        figures={"windows": fewest},
        sentence=f"A recurrent forecaster that learned from synthetic series misses the next "
        f"'{found.real.columns[-1]}' of held-out real ones by {ratio(value)} of its range on "
        "average; one "
        f"that learned from real series by {ratio(ceiling)}.",
    )


def _three(found: Panels, of: Callable[[Panel], float]) -> tuple[float, float, float]:
    """The figure of synthetic, floor and ceiling."""
    value, floor, ceiling = map(of, found.compared)
    return value, floor, ceiling


def _auto(found: Panels) -> Iterable[Score]:
    """One score for all columns of numbers, and one a column with its curves."""
    curves = {
        name: [autocorrelation(panel.column(name)) for panel in (found.real, *found.compared)]
        for name in found.real.columns
    }
    errors = {
        name: [_apart(real, other) for other in others] for name, (real, *others) in curves.items()
    }
    value, floor, ceiling = np.mean(list(errors.values()), axis=0).tolist()
    lags = len(curves[found.real.columns[-1]][0])
    yield Score(
        "series",
        AUTO,
        value,
        floor,
        ceiling,
        "low",
        sentence=f"Autocorrelations at lags 1 to {lags} differ from those of held-out real series "
        f"by {ratio(value)} "
        f"on average; those of other real series by {ratio(ceiling)}.",
    )
    for name in found.real.columns[::-1][:MOST_CURVES]:
        real, made = curves[name][:2]
        value, floor, ceiling = errors[name]
        picture = Picture(
            "lines",
            f"Autocorrelation of '{name}'",
            tuple(range(1, lags + 1)),
            (("real series", tuple(real)), ("synthetic series", tuple(made))),
            "lag in steps",
        )
        yield Score(
            "series",
            AUTO,
            value,
            floor,
            ceiling,
            "low",
            column=name,
            picture=picture,
            sentence=f"Autocorrelations of '{name}' differ by {ratio(value)} on average.",
        )


def _cross(found: Panels) -> Score:
    names = found.real.columns
    if len(names) < 2:
        return Score("series", CROSS, None, better="low", why="there is one column of numbers")

    def matrix(panel: Panel) -> list[float]:
        columns = [panel.column(name) for name in names]
        return [
            correlation(columns[i], columns[j], lag)
            for i in range(len(names))
            for j in range(len(names))
            if i != j
            for lag in (0, 1)
        ]

    real = matrix(found.real)
    value, floor, ceiling = _three(found, lambda panel: _apart(real, matrix(panel)))
    return Score(
        "series",
        CROSS,
        value,
        floor,
        ceiling,
        "low",
        sentence="Correlations between columns, at the same step and from one to the next, "
        "differ from those of "
        f"held-out real series by {ratio(value)} on average; those of other real series by "
        f"{ratio(ceiling)}.",
    )


def _stylised(found: Panels) -> Iterable[Score]:
    """Kurtosis, clustering and leverage of changes, with a table of them and the changes'
    distribution."""
    name = found.real.columns[-1]
    how = change_of(found.real.column(name))
    moved = [changes(panel.column(name), how) for panel in (found.real, *found.compared)]
    if min(int((~np.isnan(one)).sum()) for one in moved) < 2:
        return
    real, made, floor, ceiling = (facts(one) for one in moved)
    what = {
        "log": f"log changes of '{name}'",
        "difference": f"changes of '{name}'",
        "none": f"'{name}'",
    }[how]
    table = Table(
        (
            "of " + what,
            "synthetic",
            "real, held out",
            "real, learned from",
            "steps in random places",
        ),
        tuple(
            (said, *(round(getattr(one, part), 3) for one in (made, real, ceiling, floor)))
            for said, part in (
                (TAILS, "kurtosis"),
                (CLUSTERS, "clustering"),
                (LEVERAGE, "leverage"),
            )
        ),
        "Stylised facts",
    )
    lead = {
        TAILS: "The excess kurtosis (0 for normal values, more where extremes are frequent) of",
        CLUSTERS: "The autocorrelation of the sizes (large ones follow large ones) of",
        LEVERAGE: "The correlation (negative where falls are followed by large moves) of one with "
        "the sizes of later",
    }
    for said, part in ((TAILS, "kurtosis"), (CLUSTERS, "clustering"), (LEVERAGE, "leverage")):
        figures: list[float] = [getattr(one, part) for one in (made, floor, real)]
        yield Score(
            "series",
            said,
            figures[0],
            figures[1],
            figures[2],
            "ceiling",
            sentence=f"{lead[said]} {what} is {ratio(figures[0])} in synthetic series and "
            f"{ratio(figures[2])} in "
            "held-out real ones; in those that were learned it is "
            f"{ratio(getattr(ceiling, part))}.",
            table=table if said == TAILS else None,
            picture=_distribution(moved[0], moved[1], what) if said == TAILS else None,
        )


def _distribution(real: Floats, made: Floats, what: str) -> Picture:
    """Densities on a log scale, in deviations of the real values."""
    centre, spread = float(np.nanmean(real)), float(np.nanstd(real)) or 1.0
    one, other = ((part[~np.isnan(part)] - centre) / spread for part in (real, made))
    reach = float(np.clip(np.abs(one).max(), 3, 12))
    edges = np.linspace(-reach, reach, BINS + 1)
    middle = (edges[1:] + edges[:-1]) / 2
    drawn = []
    for part in (one, other):
        density = np.histogram(part, edges)[0] / (len(part) * (edges[1] - edges[0]))
        drawn.append(tuple(float(np.log10(d)) if d else None for d in density))
    return Picture(
        "lines",
        f"How often {what} are so large",
        tuple(round(float(x), 3) for x in middle),
        (("real series", drawn[0]), ("synthetic series", drawn[1])),
        "standard deviations of real values from their mean",
        "density, powers of ten",
    )


def _apart(one: Sequence[float], other: Sequence[float]) -> float:
    """The mean absolute difference."""
    return float(np.abs(np.subtract(one, other)).mean()) if len(one) else 0.0
