"""Whether series move as real ones do: recurrent judges, auto- and cross-correlation, and finance's
stylised facts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import permutations

import numpy as np

from tidemill.core.picture import Picture, Table
from tidemill.core.run import Run
from tidemill.core.score import Evidence, Score
from tidemill.core.words import percent, plural, ratio
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
BY_PAPER = "discriminative score"
BY_SHARP = "discriminative score, changes shown"
FORECAST = "predictive score (error)"
AUTO = "autocorrelation (error)"
CROSS = "cross-correlation (error)"
TAILS = "fat tails (excess kurtosis)"
CLUSTERS = "volatility clustering"
LEVERAGE = "leverage effect"
_LEADS = {
    TAILS: "The excess kurtosis (0 for normal values, more where extremes are frequent) of",
    CLUSTERS: "The autocorrelation of the sizes (large ones follow large ones) of",
    LEVERAGE: "The correlation (negative where falls are followed by large moves) of one with the "
    "sizes of later",
}


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
    sets = panels(evidence, run.rng("metrics", "series"))
    if sets is None:
        yield from _unjudged("there are no series of two steps or more")
        return
    yield from _judged(sets, run)
    if sets.real.numbers:
        yield from _auto(sets)
        yield _cross(sets)
        yield from _stylised(sets)


def _unjudged(why: str) -> Iterable[Score]:
    names = (BY_PAPER, BY_SHARP, FORECAST)
    return (Score("series", name, None, better="low", why=why) for name in names)


def _judged(sets: Panels, run: Run) -> Iterable[Score]:
    fewest = min(len(panel.windows) for panel in (sets.real, *sets.compared))
    if fewest < FEWEST:
        why = f"there are {plural(fewest, 'window')} of a sort; {FEWEST} are needed to judge"
        yield from _unjudged(why)
        return
    try:
        from tidemill.metrics.series import judges
    except ImportError:
        yield from _unjudged(NO_TORCH)
        return
    real = sets.real.windows
    made = [panel.windows for panel in sets.compared]
    seed = run.seed_of("metrics", "series", "judges")
    note = f"; measured on {plural(fewest, 'window')} of {real.values.shape[1]} steps"
    classifiers = (
        (BY_PAPER, judges.PAPER, "A small recurrent detector (TimeGAN's)"),
        (BY_SHARP, judges.SHARP, "A recurrent detector that sees the changes from step to step"),
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
            sentence=f"{who} sorts {percent(0.5 + value)} of real and generated series rightly (a "
            f"coin 50 %; real series among themselves {percent(0.5 + ceiling)}){note}.",
        )
    run.check()
    if not sets.real.numbers:
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
        sentence=f"A recurrent forecaster that learned from generated series misses the next "
        f"'{sets.real.columns[-1]}' of held-out real ones by {ratio(value)} of its range on "
        f"average; one that learned from real series by {ratio(ceiling)}.",
    )


def _auto(sets: Panels) -> Iterable[Score]:
    """One score for all columns of numbers, and one a column with its curves."""
    curves: dict[str, list[list[float]]] = {}
    errors: dict[str, list[float]] = {}
    for name in sets.real.columns:
        real = autocorrelation(sets.real.column(name))
        others = [autocorrelation(panel.column(name)) for panel in sets.compared]
        curves[name] = [real, *others]
        errors[name] = [_apart(real, other) for other in others]
    value, floor, ceiling = np.mean(list(errors.values()), axis=0).tolist()
    lags = len(curves[sets.real.columns[-1]][0])
    yield Score(
        "series",
        AUTO,
        value,
        floor,
        ceiling,
        "low",
        sentence=f"Autocorrelations at lags 1 to {lags} differ from those of held-out real series "
        f"by {ratio(value)} on average; those of other real series by {ratio(ceiling)}.",
    )
    for name in sets.real.columns[::-1][:MOST_CURVES]:
        real, made = curves[name][:2]
        value, floor, ceiling = errors[name]
        picture = Picture(
            "lines",
            f"Autocorrelation of '{name}'",
            tuple(range(1, lags + 1)),
            (("real series", tuple(real)), ("generated series", tuple(made))),
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


def _cross(sets: Panels) -> Score:
    if len(sets.real.columns) < 2:
        return Score("series", CROSS, None, better="low", why="there is one column of numbers")
    real = _correlations(sets.real)
    value, floor, ceiling = (_apart(real, _correlations(panel)) for panel in sets.compared)
    return Score(
        "series",
        CROSS,
        value,
        floor,
        ceiling,
        "low",
        sentence="Correlations between columns, at the same step and from one to the next, differ "
        f"from those of held-out real series by {ratio(value)} on average; those of other real "
        f"series by {ratio(ceiling)}.",
    )


def _correlations(panel: Panel) -> list[float]:
    """Of each two columns of numbers, in both orders, at the same step and one step later."""
    columns = [panel.column(name) for name in panel.columns]
    found = []
    for one, other in permutations(columns, 2):
        found += [correlation(one, other, 0), correlation(one, other, 1)]
    return found


def _stylised(sets: Panels) -> Iterable[Score]:
    """Kurtosis, clustering and leverage of changes, with a table of them and the changes'
    distribution."""
    name = sets.real.columns[-1]
    how = change_of(sets.real.column(name))
    moved = [changes(panel.column(name), how) for panel in (sets.real, *sets.compared)]
    if min(int((~np.isnan(one)).sum()) for one in moved) < 2:
        return
    what = {
        "log": f"log changes of '{name}'",
        "difference": f"changes of '{name}'",
        "none": f"'{name}'",
    }[how]
    # in the order of the sets: held-out real, synthetic, floor, ceiling
    found = [facts(one) for one in moved]
    figures = {
        TAILS: [each.kurtosis for each in found],
        CLUSTERS: [each.clustering for each in found],
        LEVERAGE: [each.leverage for each in found],
    }
    for fact, (real, made, floor, ceiling) in figures.items():
        yield Score(
            "series",
            fact,
            made,
            floor,
            real,
            "ceiling",
            sentence=f"{_LEADS[fact]} {what} is {ratio(made)} in generated series and "
            f"{ratio(real)} in held-out real ones; in those that were learned it is "
            f"{ratio(ceiling)}.",
            table=_facts_table(figures, what) if fact == TAILS else None,
            picture=_distribution(moved[0], moved[1], what) if fact == TAILS else None,
        )


def _facts_table(figures: Mapping[str, Sequence[float]], what: str) -> Table:
    rows = []
    for fact, (real, made, floor, ceiling) in figures.items():
        rows.append((fact, *(round(figure, 3) for figure in (made, real, ceiling, floor))))
    head = ("generated", "real, held out", "real, learned from", "steps in random places")
    return Table(("of " + what, *head), tuple(rows), "Stylised facts")


def _distribution(real: Floats, made: Floats, what: str) -> Picture:
    """Densities on a log scale, in deviations of the real values."""
    centre = float(np.nanmean(real))
    spread = float(np.nanstd(real)) or 1.0
    one, other = ((part[~np.isnan(part)] - centre) / spread for part in (real, made))
    reach = float(np.clip(np.abs(one).max(), 3, 12))
    edges = np.linspace(-reach, reach, BINS + 1)
    middle = (edges[1:] + edges[:-1]) / 2
    curves = []
    for part in (one, other):
        density = np.histogram(part, edges)[0] / (len(part) * (edges[1] - edges[0]))
        curves.append(tuple(float(np.log10(d)) if d else None for d in density))
    return Picture(
        "lines",
        f"How often {what} are so large",
        tuple(round(float(x), 3) for x in middle),
        (("real series", curves[0]), ("generated series", curves[1])),
        "standard deviations of real values from their mean",
        "how often, on a log scale (−1 is a tenth, −2 a hundredth)",
    )


def _apart(one: Sequence[float], other: Sequence[float]) -> float:
    """The mean absolute difference."""
    return float(np.abs(np.subtract(one, other)).mean()) if len(one) else 0.0
