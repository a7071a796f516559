"""Does the audit see rare values of real rows in a release, and is it quiet where there are none?

Each real table, cut to 6,000 rows, is split, and `trees` learns the training rows and makes as
many. Then, column by column, one synthetic row in a hundred is given a value that fewer than five
training rows and no held-out row have, and the audit judges that column. It is done in each column
that has so many of them. Writes the table between the markers `planted` of docs/audit.md.

    python benchmarks/rare_values.py [TABLE ...] [--repeats N]
"""

from __future__ import annotations

import argparse
import re
from collections import Counter
from dataclasses import replace

import numpy as np
import polars as pl
from halves import ROOT, SHARED

import tidemill as tm
from tidemill.auditing.attacking import evidence
from tidemill.auditing.rare_values import FLOOR, ReturnedValues, returned_values
from tidemill.core.light import LIGHTS
from tidemill.core.score import Evidence

TABLES = {
    "adult": ("adult/adult.parquet", "income"),
    "bank_marketing": ("bank_marketing/bank_additional_full.parquet", "y"),
    "german_credit": ("german_credit/german_credit.parquet", "Credit_risk"),
    "online_shoppers": ("online_shoppers/online_shoppers.parquet", "Revenue"),
    "rhc": ("rhc/rhc.parquet", "death"),
    "telco_churn": ("telco_churn/telco_churn.parquet", "Churn"),
}
ROWS = 6000
SHARE = 0.01
REPEATS = 5
HIDDEN = "hidden by chance"
SAID = ("red", "amber", "not known", HIDDEN, "green")
PAGE = ROOT / "docs" / "audit.md"


def released(name: str, seed: int) -> Evidence:
    """The training and held-out rows of a table, and rows of `trees`."""
    path, target = TABLES[name]
    frame = pl.read_parquet(SHARED / path)
    data = tm.read(frame.sample(min(ROWS, frame.height), seed=seed), target=target)
    train, holdout = tm.split(data, seed=seed)
    made = tm.fit(train, seed=seed).sample_dataset(len(train), run=tm.Run(seed))
    return evidence(train, holdout, made, None, tm.Run(seed))


def planted(sets: Evidence, column: str, rng: np.random.Generator) -> Evidence | None:
    """The same, where SHARE of the synthetic rows have a rare value; None where there are too few
    of them."""
    held = sets.train.frame[column].drop_nulls()
    counts = held.value_counts(name="rows")
    rare = counts.filter(counts["rows"] < FLOOR)[column]
    unseen = sets.holdout.frame[column].unique()
    pool = held.filter(held.is_in(rare.implode()) & ~held.is_in(unseen.implode()))
    made = sets.synthetic
    planting = round(SHARE * len(made))
    if len(pool) < planting:
        return None
    values = made.frame[column].to_list()
    given = pool.gather(rng.permutation(len(pool))[:planting]).to_list()
    for place, value in zip(rng.permutation(len(made))[:planting], given, strict=True):
        values[place] = value
    now = pl.Series(column, values, dtype=made.frame.schema[column], strict=False)
    return replace(sets, synthetic=made.with_frame(made.frame.with_columns(now)))


def said(found: ReturnedValues | None) -> str:
    """What the audit says of a column: its light, or that chance hides what is there."""
    if found is None:
        return "green"
    return HIDDEN if found.light == "green" and found.hidden else found.light


def measured(name: str, repeats: int) -> tuple[Counter[str], Counter[str]]:
    """How often the audit says what of columns that were planted in, and of whole releases where
    nothing was planted, by their worst column."""
    plantings: Counter[str] = Counter()
    quiet: Counter[str] = Counter()
    for seed in range(repeats):
        sets, rng = released(name, seed), np.random.default_rng(seed)
        schema = sets.train.schema
        clean = ["green"]
        for column in sets.synthetic.schema:
            if column.kind in ("boolean", "image") or column.choice is not None:
                continue
            found = returned_values(sets, schema[column.name], tm.Run(seed), len(schema))
            clean.append("green" if found is None else found.light)
            leaky = planted(sets, column.name, rng)
            if leaky is not None:
                found = returned_values(leaky, schema[column.name], tm.Run(seed), len(schema))
                plantings[said(found)] += 1
                print(name, seed, column.name, said(found), flush=True)
        quiet[max(clean, key=LIGHTS.index)] += 1
    return plantings, quiet


def row(name: str, plantings: Counter[str], quiet: Counter[str]) -> str:
    counts = [f"{plantings[what]}" for what in SAID]
    lights = ", ".join(f"{quiet[light]} {light}" for light in reversed(LIGHTS) if quiet[light])
    return f"| {name} | {plantings.total()} | {' | '.join(counts)} | {lights} |"


def main() -> None:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("tables", nargs="*", help=", ".join(TABLES))
    parser.add_argument("--repeats", type=int, default=REPEATS)
    options = parser.parse_args()
    lines = [
        f"| set | planted columns | {' | '.join(SAID)} | releases with nothing planted |",
        "| --- " * (len(SAID) + 3) + "|",
    ]
    all_plantings: Counter[str] = Counter()
    all_quiet: Counter[str] = Counter()
    for name in options.tables or TABLES:
        plantings, quiet = measured(name, options.repeats)
        all_plantings += plantings
        all_quiet += quiet
        lines.append(row(name, plantings, quiet))
        print(lines[-1], flush=True)
    lines.append(row("all", all_plantings, all_quiet))
    table = "\n".join(lines)
    print(table)
    marked = re.compile(r"(<!-- planted:start -->\n).*?(<!-- planted:end -->)", re.DOTALL)
    page = PAGE.read_text(encoding="utf-8")
    PAGE.write_text(
        marked.sub(lambda found: f"{found[1]}{table}\n{found[2]}", page), encoding="utf-8"
    )


if __name__ == "__main__":
    main()
