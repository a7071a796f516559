"""The loop's verdicts on real tables, whole and cut to 1,000 rows: what helps, by how much, and how
sure that is.

    python benchmarks/loop.py [--again] [NAME ...]      # such as german_credit, or adult:1000

Writes results/loop.json set by set (a set that is there is not measured again without --again), and
the table in docs/loop.md.
"""

from __future__ import annotations

import dataclasses
import json
import os
import shutil
import sys
import time
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))

import polars as pl  # noqa: E402
from halves import SHARED  # noqa: E402

import tidemill as tm  # noqa: E402
from tidemill.core.run import Event  # noqa: E402

SETS = {
    "german_credit": ("german_credit/german_credit.parquet", "Credit_risk", []),
    "telco_churn": ("telco_churn/telco_churn.parquet", "Churn", []),
    "bank_marketing": ("bank_marketing/bank_additional_full.parquet", "y", ["duration"]),
    "adult": ("adult/adult.parquet", "income", ["split"]),
    "creditcard_fraud": (
        "creditcard_fraud/creditcard_fraud_original_precision.parquet",
        "Class",
        [],
    ),
}
CUT = 1000
RESULTS = HERE / "results" / "loop.json"
PAGE = HERE.parent / "docs" / "loop.md"
BEGIN, END = "<!-- verdicts:start -->\n", "<!-- verdicts:end -->"


def measured(name: str, cut: bool) -> dict[str, Any]:
    """One loop with default options."""
    path, target, dropped = SETS[name]
    data = tm.read(pl.read_parquet(SHARED / path).drop(dropped), target=target)
    if cut and len(data) > CUT:
        data = tm.split(data, CUT / len(data))[1]
    began = time.perf_counter()
    out = HERE / "out" / "loop" / f"{name}-{len(data)}"
    if (out / "verdict.json").exists():
        shutil.rmtree(out)  # a loop that was stopped has none, and goes on
    found = tm.loop(data, target=target, out=out, run=tm.Run(0, listener=_told))
    verdict = found.verdict
    assert verdict.test is not None
    values = data.frame[target].value_counts()["count"]
    return {
        "set": name,
        "rows": len(data),
        "rare": values.min() / len(data),
        "train": len(found.train),
        "tested": len(found.test),
        "rounds": len(found.turns) - 1,
        "seconds": round(time.perf_counter() - began, 1),
        "stopped": found.stopped,
        "tried": sum(c.kind == "generated" for turn in found.turns for c in turn.candidates),
        "turns": [[dataclasses.asdict(c) for c in turn.candidates] for turn in found.turns],
        **{key: value for key, value in verdict.to_state().items() if key != "contrasts"},
        "reference": verdict.contrasts[0].reference,
        "value": verdict.contrasts[0].value,
        "level": verdict.contrasts[0].level,
    }


def _told(event: Event) -> None:
    if event.kind in ("end", "note") and event.stage in ("loop", "prove"):
        print(f"  {event.seconds:6.0f} s  {event.text}", flush=True)


def table(found: dict[str, dict[str, Any]]) -> str:
    """The results as a table of the page."""
    head = (
        "data",
        "rows",
        "rarer class",
        "to beat",
        "reached",
        "best candidate with generated rows",
        "gain in points (interval)",
        "on untouched rows (95 %)",
        "verdict",
    )
    lines = [f"| {' | '.join(head)} |", "| --- " * len(head) + "|"]
    for one in sorted(found.values(), key=lambda one: (list(SETS).index(one["set"]), one["rows"])):
        cells = (
            one["set"],
            f"{one['rows']:,}",
            f"{one['rare']:.1%}",
            f"{one['learner']}, {one['control']}",
            f"{one['reference']:.3f}",
            one["strategy"],
            _gain(one),
            _gain(one["test"]),
            "use it" if one["helps"] else "do not",
        )
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def _gain(one: dict[str, Any]) -> str:
    level = "" if one["level"] == 0.95 else f"; {one['level']:.0%}"
    return f"{100 * one['gain']:+.1f} ({100 * one['low']:.1f} to {100 * one['high']:.1f}{level})"


def main() -> None:
    """Measure what is missing, and write the page."""
    again = "--again" in sys.argv
    asked = [text for text in sys.argv[1:] if not text.startswith("--")]
    jobs = asked or [f"{name}:{CUT}" for name in SETS] + [
        name for name in SETS if name != "german_credit"
    ]
    found = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    for job in jobs:
        name, _, cut = job.partition(":")
        if job in found and not again:
            continue
        print(job, flush=True)
        result = measured(name, bool(cut))
        print(f"  {result['reason']}", flush=True)
        # read anew, as other sets may be measured beside this one
        found = {**(json.loads(RESULTS.read_text()) if RESULTS.exists() else {}), job: result}
        RESULTS.write_text(json.dumps(found, indent=1) + "\n")
    if PAGE.exists():
        text = PAGE.read_text(encoding="utf-8")
        head, rest = text.split(BEGIN)
        PAGE.write_text(f"{head}{BEGIN}{table(found)}\n{END}{rest.split(END)[1]}", encoding="utf-8")


if __name__ == "__main__":
    main()
