"""Ten rounds of the loop's generators with its guard and without: do tails and trends last?

    python benchmarks/collapse.py [SEEDS] [ROUNDS]

Every round's generator makes more rows like the real ones. With the guard it learns from all real
rows and at most 30 % as many generated ones, and only rows that pass the gates are kept; without
it, each generator learns from the rows of the one before. Needs the adult table in the folder of
real sets; writes results/collapse.json and docs/pictures/collapse.svg.
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path
from statistics import median

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))

import polars as pl  # noqa: E402
from halves import SHARED  # noqa: E402
from plots import Axis, Look, Panel, Point, axis, multiples  # noqa: E402

import tidemill as tm  # noqa: E402
from tidemill.augmentation.diversity import diversity  # noqa: E402
from tidemill.augmentation.strategy import Step  # noqa: E402
from tidemill.augmentation.training_sets import GeneratorOptions, TrainingSets  # noqa: E402
from tidemill.core.run import Run  # noqa: E402

ROWS = 10_000
PICTURE = HERE.parent / "docs" / "pictures" / "collapse.svg"


def rounds(guarded: bool, seed: int, count: int) -> list[dict[str, float]]:
    """Tails, trends and distinct rows of what each round generates."""
    data = tm.read(
        pl.read_parquet(SHARED / "adult" / "adult.parquet").drop("split", "fnlwgt"), target="income"
    )
    real, held = tm.split(data, 1 - ROWS / len(data), seed=seed)
    shop = TrainingSets(
        real, GeneratorOptions(options={"effort": "plain"}, guarded=guarded), Run(seed)
    )
    told = []
    for k in range(count):
        made = shop.added((Step("alike"),) * k, Step("alike"))
        found = diversity(real, made)
        told.append(
            {
                "tails": found.tails,
                "trends": found.trends,
                "distinct": found.distinct,
                "rows": len(made),
            }
        )
    other = diversity(real, held.rows(Run(seed).rng("held").permutation(len(held))[:ROWS]))
    return [
        {"tails": other.tails, "trends": other.trends, "distinct": other.distinct, "rows": ROWS},
        *told,
    ]


def main() -> None:
    """Measure, tell, and keep."""
    seeds, count = (
        int(sys.argv[k]) if len(sys.argv) > k else usual for k, usual in ((1, 3), (2, 10))
    )
    found: dict[str, list[list[dict[str, float]]]] = {"guarded": [], "unguarded": []}
    for seed in range(seeds):
        for name in found:
            began = time.perf_counter()
            found[name].append(rounds(name == "guarded", seed, count))
            last = found[name][-1]
            print(
                f"{name} seed {seed}: {time.perf_counter() - began:.0f} s; tails "
                f"{' '.join(format(r['tails'], '.2f') for r in last)}; trends "
                f"{' '.join(format(r['trends'], '.4f') for r in last)}",
                flush=True,
            )
    (HERE / "results" / "collapse.json").write_text(json.dumps(found, indent=1) + "\n")
    PICTURE.write_text(drawn(found), encoding="utf-8")


def drawn(found: dict[str, list[list[dict[str, float]]]]) -> str:
    """Medians over the seeds, round by round, beside those of other real rows."""
    panels, heights = [], []
    count = len(found["guarded"][0])
    for key, title, least, most in (
        ("tails", "share of rare values, of the real rows' share", 0.9, 1.1),
        ("trends", "mean difference of correlations", 0.0, 0.03),
    ):
        middle = {
            name: [median(one[k][key] for one in runs) for k in range(count)]
            for name, runs in found.items()
        }
        points = [Point(k, middle[name][k], name) for name in middle for k in range(1, count)]
        panels.append(Panel(key, points, level=(middle["guarded"][0], "other real rows")))
        heights.append(
            axis(
                title,
                [point.y for point in points],
                least=least,
                most=most,
                step=0.05 if key == "tails" else 0.01,
            )
        )
    looks = {
        "guarded": Look("with the guard: learns from real rows", "#1f6f8b"),
        "unguarded": Look("without: learns from the last round's rows", "#c0392b", "diamond"),
    }
    rounds_axis = Axis("round", 0, count, list(range(0, count, 2)))
    return multiples(
        panels,
        looks,
        rounds_axis,
        heights,
        notes=(f"adult, 10,000 rows; medians of {len(found['guarded'])} seeds",),
    )


if __name__ == "__main__":
    main()
