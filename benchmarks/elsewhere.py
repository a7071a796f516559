"""The loop with rows from elsewhere (`--also`): on six pairs cut from real tables, each with the
other part as it is, with its target shuffled, and with the rows of a model of it.

    python benchmarks/elsewhere.py [--again] [--seeds N] [PAIR ...]

Writes results/elsewhere.json run by run (one that is there is not measured again without --again),
and the table in docs/loop.md. `truth` is the gain on all further rows of the segment, which the
loop never saw.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
os.environ.setdefault("OMP_NUM_THREADS", "1")
HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))

import numpy as np  # noqa: E402
import polars as pl  # noqa: E402
from fairness import DEFENDANTS  # noqa: E402
from halves import SHARED  # noqa: E402
from one_by_one import kept, shown  # noqa: E402

import tidemill as tm  # noqa: E402

RESULTS = HERE / "results" / "elsewhere.json"
PAGE = HERE.parent / "docs" / "loop.md"
ROWS = 1000
SOURCES = ("as it is", "target shuffled", "its model")


@dataclass(frozen=True)
class Pair:
    """A segment of a table that stands for one's own rows; the rest is elsewhere."""

    words: str
    path: str
    target: str
    own: pl.Expr
    dropped: tuple[str, ...] = ()


PAIRS = {
    "adult abroad": Pair(
        "adult: born outside the USA, beside born there",
        "adult/adult.parquet",
        "income",
        pl.col("native_country") != "United-States",
        ("split",),
    ),
    "adult 45": Pair(
        "adult: aged 45 or 46, beside all other ages",
        "adult/adult.parquet",
        "income",
        pl.col("age").is_in([45, 46]),
        ("split",),
    ),
    "bank retired": Pair(
        "bank_marketing: students and retired, beside all other jobs",
        "bank_marketing/bank_additional_full.parquet",
        "y",
        pl.col("job").is_in(["student", "retired"]),
        ("duration",),
    ),
    "hillstrom": Pair(
        "hillstrom: customers of several channels, beside one channel (visit)",
        "hillstrom/hillstrom.parquet",
        "visit",
        pl.col("channel") == "Multichannel",
        ("conversion", "spend"),
    ),
    "compas": Pair(
        "compas: Caucasian defendants, beside all others",
        "compas/compas.parquet",
        "two_year_recid",
        pl.col("race") == "Caucasian",
    ),
    "german_credit": Pair(
        "german_credit: all purposes but radio and television, beside these",
        "german_credit/german_credit.parquet",
        "Credit_risk",
        pl.col("Purpose") != "radio / television",
    ),
}


def parts(pair: Pair, seed: int) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """ROWS of the segment, its further rows, and the rows elsewhere."""
    frame = pl.read_parquet(SHARED / pair.path).drop(*pair.dropped)
    if pair.path.startswith("compas"):
        frame = frame.select(DEFENDANTS)
    inside = frame.select(pair.own.fill_null(value=False)).to_series()
    own, other = frame.filter(inside), frame.filter(~inside)
    order = np.random.default_rng(seed).permutation(len(own))
    return own[order[:ROWS]], own[order[ROWS:]], other


def measured(name: str, source: str, seed: int) -> dict[str, Any]:
    """One loop of one round."""
    pair = PAIRS[name]
    own, further, other = parts(pair, seed)
    run = tm.Run(seed)
    also: Any = other
    if source == "target shuffled":
        also = other.with_columns(other[pair.target].shuffle(seed=seed))
    elif source == "its model":
        also = tm.fit(other, target=pair.target, seed=seed)
    began = time.perf_counter()
    found = tm.loop(own, target=pair.target, also=also, rounds=1, run=run)
    main, tested = found.verdict.contrasts[0], found.verdict.test
    assert tested is not None
    elsewhere = [c for turn in found.turns for c in turn.candidates if c.kind == "elsewhere"]
    best = max(elsewhere, key=lambda one: one.value, default=None)
    return {
        "pair": name,
        "source": source,
        "seed": seed,
        "own": len(own),
        "other": len(other),
        "seconds": round(time.perf_counter() - began, 1),
        "learner": found.verdict.learner,
        "control": found.verdict.control,
        "strategy": found.verdict.strategy,
        "helps": found.verdict.helps,
        "chosen": found.candidate.kind,
        "reference": main.reference,
        "gain": [main.gain, main.low, main.high],
        "test": [tested.gain, tested.low, tested.high],
        "elsewhere": None if best is None else [best.strategy, best.gain, best.low, best.high],
        "truth": truth(found, own, further, pair.target),
    }


def truth(found: Any, own: pl.DataFrame, further: pl.DataFrame, target: str) -> float | None:
    """The gain of the candidate over the control on further rows of the segment."""
    if len(further) < 500:
        return None
    from tidemill.augmentation.training_sets import TrainingSets, apart
    from tidemill.cleaning import plan as cleaning
    from tidemill.io.conforming import conform
    from tidemill.supervised.measures import primary
    from tidemill.trials.problem import problem_of
    from tidemill.trials.trial import predicted

    run = tm.Run(0)
    plan = cleaning.learn(tm.read(own, target=target), run)
    cleaned = cleaning.apply(plan, tm.read(further, target=target)).data
    rows = conform(cleaned, found.train, run)
    problem = problem_of(found.train)
    coded = problem.coded(rows)
    rows, coded = rows.rows(~np.isnan(coded)), coded[~np.isnan(coded)]
    measure = primary(len(problem.classes), problem.label)
    sets = TrainingSets(found.train, found.settings, apart(run, "whole"))
    one, other = (
        measure.of(
            coded,
            predicted(
                sets.rows(each),
                rows,
                each.learner or found.verdict.learner,
                run,
                problem=problem,
            ),
        )
        for each in (found.candidate, found.control)
    )
    return float(one - other)


def table(found: dict[str, dict[str, Any]]) -> str:
    """The results as a table of the page."""
    head = (
        "own rows, and those elsewhere",
        "elsewhere",
        "to beat",
        "best candidate",
        "gain in points (95 %)",
        "on untouched rows",
        "on all further rows",
        "verdict",
    )
    lines = [f"| {' | '.join(head)} |", "| --- " * len(head) + "|"]
    order = sorted(found.values(), key=lambda one: (list(PAIRS).index(one["pair"]), one["seed"]))
    for one in sorted(order, key=lambda one: SOURCES.index(one["source"])):
        further = "" if one["truth"] is None else f"{100 * one['truth']:+.1f}"
        cells = (
            PAIRS[one["pair"]].words,
            one["source"],
            f"{one['learner']}, {one['control']}: {one['reference']:.3f}",
            one["strategy"],
            _gain(one["gain"]),
            _gain(one["test"]),
            further,
            "use it" if one["helps"] else "do not",
        )
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def _gain(interval: list[float]) -> str:
    gain, low, high = (100 * figure for figure in interval)
    return f"{gain:+.1f} ({low:.1f} to {high:.1f})"


def main() -> None:
    """Measure what is not measured yet, and write it down."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("pairs", nargs="*", default=list(PAIRS))
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--again", action="store_true")
    given = parser.parse_args()
    asked = {
        f"{name}, {source}, {seed}": (name, source, seed)
        for seed in range(given.seeds)
        for source in SOURCES
        for name in given.pairs
    }
    found = kept(RESULTS, asked, lambda key: measured(*asked[key]), again=given.again)
    shown(PAGE, "elsewhere", table(found))


if __name__ == "__main__":
    main()
