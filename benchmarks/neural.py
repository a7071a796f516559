"""The neural families on halves of real tables, with their defaults and a few minutes: the table in
docs/neural.md.

    python benchmarks/neural.py [SET ...] [--models NAME ...] [--minutes 4] [--seeds 1]

Each fit runs in a process of its own on two cores. What was measured is kept in
benchmarks/results/neural.json, each fit measured again when it is asked for; the table shows
medians over seeds.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from statistics import median
from typing import Any

import polars as pl
from halves import ROOT, SETS, halves
from judge import judged

import tidemill as tm
from tidemill.models import MODELS

PAGE, RESULTS = ROOT / "docs" / "neural.md", ROOT / "benchmarks" / "results" / "neural.json"
DEFAULT = ("adult", "magic", "online_shoppers", "german_credit")
FIGURES = ("tree AUC", "pair error", "utility", "closeness")


def fit(model: str, name: str, seed: int, minutes: float, folder: Path) -> None:
    """In the child: learn one half, and write as many rows."""
    train, _ = halves(name)
    MODELS.load(model)  # imports do not count
    began = time.perf_counter()
    learned = tm.fit(train, model=model, seed=seed, minutes=minutes)
    fitted = time.perf_counter()
    made = learned.sample_dataset(len(train), run=tm.Run(seed))
    told = {
        "fit": fitted - began,
        "sample": time.perf_counter() - fitted,
        "steps": learned.manifest["steps_done"],
        "best": learned.best_step,
        "ended": learned.complete,
    }
    made.frame.write_parquet(folder / "synthetic.parquet")
    (folder / "told.json").write_text(json.dumps(told), encoding="utf-8")


def measured(model: str, name: str, seed: int, minutes: float) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(
            [sys.executable, __file__, "--child", model, name, str(seed), str(minutes), folder],
            check=True,
        )
        told = json.loads((Path(folder) / "told.json").read_text(encoding="utf-8"))
        train, holdout = halves(name)
        made = replace(train, frame=pl.read_parquet(Path(folder) / "synthetic.parquet"))
    figures = judged(train, holdout, made, seed)
    return {
        "model": model,
        "set": name,
        "seed": seed,
        "minutes": minutes,
        **told,
        **{figure: figures[figure] for figure in FIGURES},
    }


def told(results: list[dict[str, Any]], name: str) -> list[str]:
    """The rows of one set's table: the floor, the families, the ceiling."""
    mine = [r for r in results if r["set"] == name]
    lines = [
        f"**{name}**",
        "",
        "| model | tree AUC | pair error | utility | closeness | learning, s | sampling, s | "
        "steps |",
        "| --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    for place, said in ((0, "independent columns (floor)"), (2, "real half (ceiling)")):
        figures = [mine[0][figure][place] for figure in FIGURES]
        lines.append(
            f"| {said} | "
            + " | ".join("–" if f is None else f"{f:.3f}" for f in figures)
            + " | – | – | – |"
        )
    for model in dict.fromkeys(
        r["model"] for r in sorted(mine, key=lambda r: list(MODELS).index(r["model"]))
    ):
        runs = [r for r in mine if r["model"] == model]
        figures = [median(r[figure][1] for r in runs) for figure in FIGURES]
        fit, sample, steps = (median(r[part] for r in runs) for part in ("fit", "sample", "steps"))
        cells = [*(f"{f:.3f}" for f in figures), f"{fit:.0f}", f"{sample:.1f}", f"{steps:,.0f}"]
        lines.append(f"| `{model}` | {' | '.join(cells)} |")
    return [*lines, ""]


def main() -> None:
    if "--child" in sys.argv:
        model, name, seed, minutes, folder = sys.argv[2:]
        return fit(model, name, int(seed), float(minutes), Path(folder))
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("sets", nargs="*", metavar="SET", help=f"of {', '.join(SETS)}")
    parser.add_argument(
        "--models",
        nargs="*",
        default=[name for name, entry in MODELS.items() if entry.extra == "deep"],
    )
    parser.add_argument("--minutes", type=float, default=4.0)
    parser.add_argument("--seeds", type=int, default=1)
    asked = parser.parse_args()
    results = json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.exists() else []
    for name in asked.sets or DEFAULT:
        for model in asked.models:
            for seed in range(asked.seeds):
                one = measured(model, name, seed, asked.minutes)
                results = [
                    r for r in results if (r["model"], r["set"], r["seed"]) != (model, name, seed)
                ] + [one]
                RESULTS.write_text(json.dumps(results, indent=1), encoding="utf-8")
                print(
                    model,
                    name,
                    {k: v[1] if isinstance(v, (list, tuple)) else v for k, v in one.items()},
                    flush=True,
                )
    text = "\n".join(
        line
        for name in SETS
        if any(r["set"] == name for r in results)
        for line in told(results, name)
    )
    if PAGE.exists():
        marked = re.compile(r"(<!-- families:start -->\n).*?(<!-- families:end -->)", re.DOTALL)
        PAGE.write_text(
            marked.sub(
                lambda match: f"{match[1]}{text}{match[2]}", PAGE.read_text(encoding="utf-8")
            ),
            "utf-8",
        )
    return print(text)


if __name__ == "__main__":
    main()
