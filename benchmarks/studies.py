"""What the recipes `campaign` and `treatment` say where the truth, or a published answer, is known.

    python benchmarks/studies.py

hillstrom  An e-mail for women against none, drawn by lot: half of the customers to learn from, half
           to measure on, six times. The Qini coefficient as scikit-uplift defines it.
ihdp       Ten replications of simulated outcomes for the children of a real trial, whose true
           effects are known; the fault of each child's effect is the root of its mean square.
rhc        Catheters and deaths within 30 days (Connors 1996).

What was measured is kept in benchmarks/results/studies.json and written to docs/recipes.md.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl
from halves import ROOT, SHARED

import tidemill as tm
from tidemill.effects.by_effect import expected_effects
from tidemill.effects.estimates import doubly_robust
from tidemill.effects.nuisances import BY, expected_of, nuisances
from tidemill.effects.qini import qini_curve
from tidemill.effects.study import Study
from tidemill.recipes.run import recipe
from tidemill.recipes.study_case import study_case
from tidemill.supervised.arrays import Floats, features

PAGE, RESULTS = ROOT / "docs" / "recipes.md", ROOT / "benchmarks" / "results" / "studies.json"
AFTER = ("visit", "conversion", "spend", "segment")
SEEDS = 6
METHODS = ("doubly robust", "weighting", "regression", "matched pairs")


def study_of(frame: pl.DataFrame, before: list[str], treated: Any, outcome: Any) -> Study:
    """A study of these columns."""
    data = tm.read(frame.select(before))
    layout, (rows,) = features([data], data.schema.modelled)
    return Study(layout, rows, treated, outcome, np.arange(len(frame)))


def hillstrom_frame() -> pl.DataFrame:
    """Customers who got the e-mail for women, or none."""
    frame = pl.read_parquet(SHARED / "hillstrom" / "hillstrom.parquet")
    return frame.filter(pl.col("segment") != "Mens E-Mail")


def hillstrom_halves() -> Iterator[tuple[Study, Study, Floats]]:
    """Seed by seed the half to learn from, the other half, and who of it bought women's wear."""
    frame = hillstrom_frame()
    treated = (frame["segment"] == "Womens E-Mail").to_numpy()
    before = [name for name in frame.columns if name not in AFTER]
    whole = replace(
        study_of(frame, before, treated, frame["visit"].to_numpy().astype(float)),
        assigned=float(treated.mean()),
    )
    women = frame["womens"].to_numpy().astype(float)
    for seed in range(SEEDS):
        shuffled = np.random.default_rng(seed).permutation(len(frame))
        first, second = np.sort(shuffled[::2]), np.sort(shuffled[1::2])
        yield whole.part(first), whole.part(second), women[second]


def hillstrom() -> dict[str, Any]:
    """Qini coefficients of lists."""
    found: dict[str, list[float]] = {"by effect": [], "by response": [], "by one column": []}
    for seed, (learned, asked, women) in enumerate(hillstrom_halves()):
        run = tm.Run(seed)
        lists = {
            "by effect": expected_effects(learned, asked.rows, run).each,
            "by response": expected_of(
                learned, learned.outcome, learned.treated, asked.rows, 2, BY[1], run
            ),
            "by one column": women,
        }
        for name, order in lists.items():
            found[name].append(qini_curve(order, asked, run).coefficient)
    columns = {"treatment": "segment"}
    page = recipe("campaign", hillstrom_frame(), target="visit", columns=columns)
    return {
        "qini": {name: float(np.mean(values)) for name, values in found.items()},
        "effect": {name: page.figures[f"effect_{name}"] for name in ("per_1000", "low", "high")},
        "rehearsals": [page.figures["rehearsals_held"], page.figures["rehearsals"]],
    }


def ihdp_studies() -> Iterator[tuple[Study, Floats]]:
    """Each replication with the true effect of each child."""
    frame = pl.read_parquet(SHARED / "ihdp" / "ihdp.parquet")
    before = [name for name in frame.columns if name.startswith("x")]
    for _, part in frame.group_by("replication", maintain_order=True):
        treated = part["treatment"].to_numpy().astype(bool)
        study = study_of(part, before, treated, part["y_factual"].to_numpy())
        yield study, (part["mu1"] - part["mu0"]).to_numpy()


def ihdp() -> dict[str, Any]:
    """How far each child's effect and the mean are off."""
    rows = []
    for study, truth in ihdp_studies():
        expected = nuisances(study, tm.Run(0))
        mean = doubly_robust(study, expected)
        rows.append(
            {
                "each": float(np.sqrt(((expected.effect - truth) ** 2).mean())),
                "one for all": float(truth.std()),
                "mean": abs(mean.mean - float(truth.mean())),
                "held": bool(mean.low <= truth.mean() <= mean.high),
            }
        )
    return {"replications": rows}


RHC = {"treatment": ("rhc",), "after": ("dschdte", "dthdte", "lstctdte", "death")}


def rhc_study() -> Study:
    """All patients, as the recipe takes them."""
    data = tm.read(pl.read_parquet(SHARED / "rhc" / "rhc.parquet"), target="death_d30")
    return study_case(data, RHC, None, None, tm.Run(0)).study(1, by_lot=False)[0]


def rhc() -> dict[str, Any]:
    """The difference by each method, in points."""
    page = recipe(
        "treatment",
        pl.read_parquet(SHARED / "rhc" / "rhc.parquet"),
        target="death_d30",
        columns=RHC,
        assume={"better": "less"},
    )
    points = {name: 100 * value for name, value in page.figures.items() if "difference" in name}
    return {
        "points": points,
        "comparable": page.figures["comparable"],
        "rehearsals": [page.figures["rehearsals_held"], page.figures["rehearsals"]],
    }


def written(found: dict[str, Any]) -> str:
    """The figures as the page tells them."""
    qini, effect = found["hillstrom"]["qini"], found["hillstrom"]["effect"]
    ihdp, points = found["ihdp"]["replications"], found["rhc"]["points"]
    each = [one["each"] for one in ihdp]
    alone = [one["one for all"] for one in ihdp]
    by = [points[f"difference: {name}"] for name in METHODS]
    held = {name: found[name]["rehearsals"] for name in ("hillstrom", "rhc")}
    return "\n".join(
        [
            "| Table | What is known | What is told |",
            "| --- | --- | --- |",
            f"| Hillstrom, e-mail for women, 42,693 customers | +45 visits per 1,000 (raw) | "
            f"{effect['per_1000']:.1f} ({effect['low']:.1f} to {effect['high']:.1f}); rehearsal "
            f"{held['hillstrom'][0]:.0f} of {held['hillstrom'][1]:.0f} |",
            f"| the same, halves, six seeds | Qini by one column {qini['by one column']:.3f}, by "
            f"response {qini['by response']:.3f} | by effect {qini['by effect']:.3f} |",
            f"| IHDP, 10 replications of 747 children | one effect for all: root mean square fault "
            f"{np.median(alone):.2f} (median) | {np.median(each):.2f} (median), "
            f"{np.mean(each[:8]):.2f} (mean of the first eight), {each[8]:.1f} and {each[9]:.1f} "
            f"in the last two, where one for all is {alone[8]:.1f} and {alone[9]:.1f} off |",
            f"| the same, mean effect | | off by {np.mean([one['mean'] for one in ihdp]):.2f} on "
            f"average, in the interval {sum(one['held'] for one in ihdp)} of {len(ihdp)} times |",
            f"| RHC, deaths within 30 days, 5,735 patients | raw "
            f"{points['raw_difference']:+.1f} points; published about +5 | {min(by):+.1f} to "
            f"{max(by):+.1f} points by method (95 % {points['difference_low']:+.1f} to "
            f"{points['difference_high']:+.1f}); rehearsal {held['rhc'][0]:.0f} of "
            f"{held['rhc'][1]:.0f} |",
        ]
    )


def main() -> None:
    """Measure, keep and write."""
    found = {"hillstrom": hillstrom(), "ihdp": ihdp(), "rhc": rhc()}
    RESULTS.write_text(json.dumps(found, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    text = (
        f"<!-- studies:start -->\n`make bench-recipes`:\n\n{written(found)}\n\n<!-- studies:end -->"
    )
    page = PAGE.read_text(encoding="utf-8")
    pattern = r"<!-- studies:start -->.*<!-- studies:end -->"
    PAGE.write_text(re.sub(pattern, lambda _: text, page, flags=re.DOTALL), encoding="utf-8")
    print(written(found))


if __name__ == "__main__":
    main()
