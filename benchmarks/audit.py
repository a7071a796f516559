"""The privacy audit of generators that leak on purpose, of one that cannot leak, and of `trees`.

Writes the table between the markers of docs/audit.md.

    python benchmarks/audit.py
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator

from halves import ROOT, SHARED

sys.path.insert(0, str(ROOT))

import polars as pl

from tests.unit.auditing.leaky import jittered, memorised
from tidemill.auditing.audit import Audit, audit
from tidemill.core.dataset import Dataset
from tidemill.core.run import Run
from tidemill.core.split import split
from tidemill.io.reading import read
from tidemill.synthesis.synthesizer import Synthesizer

SETS = {
    "german_credit": ("Credit_risk", None),
    "adult": ("income", 10_000),
    "compas": ("two_year_recid", None),
}
FIGURES = {
    "membership": "membership by density ratio, on average",
    "most exposed": "membership by density ratio, the most exposed",
    "secrets": "secrets guessed, all columns",
    "singled out": "people singled out",
    "copies": "exact and near copies",
    "outliers": "outliers reproduced",
    "canaries": "canaries found again",
}
PAGE = ROOT / "docs" / "audit.md"


def audits(train: Dataset, holdout: Dataset) -> Iterator[tuple[str, Audit]]:
    for name, model, options in (
        ("`independent`", "independent", {}),
        ("`trees`", "trees", {}),
        ("`trees`, least=1", "trees", {"least": 1}),
        ("`trees`, least=50", "trees", {"least": 50}),
    ):
        yield name, audit(Synthesizer.fit(train, Run(), model, options), train, holdout, Run())
    for name, rows in (
        ("one row a leaf", memorised(train)),
        ("training rows, numbers moved by 2 %", jittered(train)),
        ("training rows", train),
    ):
        yield name, audit(None, train, holdout, Run(), synthetic=rows)


def row(name: str, what: str, found: Audit) -> str:
    values = {leak.score.name: leak for leak in found.leaks}
    cells = []
    for figure in FIGURES.values():
        leak = values.get(figure)
        text = (
            ""
            if leak is None
            else "?"
            if leak.score.value is None
            else f"{min(1, max(0, leak.score.value)):.1%}"
        )
        mark = {"red": "**", "amber": "*"}.get("" if leak is None else leak.light, "")
        doubt = "?" if leak is not None and leak.light == "not known" else ""
        cells.append(f"{mark}{text.replace('%', ' %')}{mark}{doubt}")
    return f"| {name} | {what} | {found.light} | " + " | ".join(cells) + " |"


def main() -> None:
    lines = [
        "| set | rows | light | " + " | ".join(FIGURES) + " |",
        "| --- " * (len(FIGURES) + 3) + "|",
    ]
    for name, (target, rows) in SETS.items():
        frame = pl.read_parquet(SHARED / name / f"{name}.parquet")
        frame = frame if rows is None else frame.sample(rows, seed=0)
        train, holdout = split(read(frame, Run(), target=target), Run())
        for what, found in audits(train, holdout):
            lines.append(row(name, what, found))
            print(lines[-1], flush=True)
    page = PAGE.read_text(encoding="utf-8")
    table = f"<!-- table:start -->\n{chr(10).join(lines)}\n<!-- table:end -->"
    PAGE.write_text(
        re.sub(r"<!-- table:start -->.*<!-- table:end -->", lambda _: table, page, flags=re.DOTALL),
        encoding="utf-8",
    )


if __name__ == "__main__":
    main()
