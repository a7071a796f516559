"""What equal rates gain and cost: models that learned from generated rows of `trees`, more and more
evened, on real tables.

Writes the tables between the markers of docs/fairness.md. Rows of people are never shown, only
figures of hundreds of them.

    python benchmarks/fairness.py [SEEDS]
"""

from __future__ import annotations

import argparse
import re
import statistics

import polars as pl
from halves import ROOT, SHARED

import tidemill as tm
from tidemill.metrics.parity.curve import Point, Trial, curve
from tidemill.metrics.parity.groups import grouping

PAGE = ROOT / "docs" / "fairness.md"
MOST_LEARNED = 10_000
DEFENDANTS = [
    "sex",
    "age",
    "race",
    "juv_fel_count",
    "juv_misd_count",
    "juv_other_count",
    "priors_count",
    "c_charge_degree",
    "two_year_recid",
]
"""What was known when the decision was due; the other columns tell what happened afterwards."""
CASES = (
    ("adult", "adult/adult.parquet", None, "sex", "income"),
    ("compas", "compas/compas.parquet", DEFENDANTS, "race", "two_year_recid"),
    ("german_credit", "german_credit/german_credit.parquet", None, "Gender", "Credit_risk"),
)


def points(
    path: str, columns: list[str] | None, sensitive: str, target: str, seed: int
) -> list[Point]:
    frame = pl.read_parquet(SHARED / path)
    frame = frame.select(columns) if columns else frame.drop("split", strict=False)
    data = tm.read(frame, target=target, sensitive=[sensitive])
    train, holdout = tm.split(data, seed=seed)
    run = tm.Run(seed, threads=1)
    model = tm.fit(train, run=run)
    rows = min(MOST_LEARNED, len(train))
    sets = (
        holdout,
        model.sample_dataset(rows, run=run),
        model.draw(rows, fair={sensitive: target}, run=run).data,
        train.rows(run.rng("benchmark").permutation(len(train))[:rows]),
    )
    sets = tuple(one.select([column.name for column in train.schema.modelled]) for one in sets)
    column = train.schema[sensitive]
    return list(curve(Trial(*sets), column, grouping(column, sets), run))


def table(name: str, seeds: int, *how: object) -> list[str]:
    found = [points(*how, seed) for seed in range(seeds)]  # type: ignore[arg-type]
    rows = [
        "| learned from | decisions apart | errors apart | accuracy | AUC |",
        "| --- | --- | --- | --- | --- |",
    ]
    for same in zip(*found, strict=True):
        figures = (
            [100 * p.parity.value for p in same],
            [100 * p.odds.value for p in same if p.odds],
            [100 * p.accuracy for p in same],
            [100 * p.auc for p in same],
        )
        rows.append(
            f"| {same[0].name} | "
            + " | ".join(
                f"{statistics.mean(one):.1f} ± {statistics.stdev(one):.1f}" if len(one) > 1 else "-"
                for one in figures
            )
            + " |"
        )
    print(name, *rows, sep="\n", flush=True)
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("seeds", type=int, nargs="?", default=5)
    seeds = parser.parse_args().seeds
    text = PAGE.read_text(encoding="utf-8")
    for name, *how in CASES:
        made = "\n".join(table(name, seeds, *how))
        marked = re.compile(rf"(<!-- {name}:start -->\n).*?(<!-- {name}:end -->)", re.DOTALL)
        text = marked.sub(lambda match, made=made: f"{match[1]}{made}\n{match[2]}", text)
    PAGE.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
