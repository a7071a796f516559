"""Our attacks beside those of anonymeter, on the same rows. Writes the table between the markers
`anonymeter` of docs/audit.md.

    python benchmarks/anonymeter_judge.py
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path

import polars as pl
from halves import ROOT, SHARED

import tidemill as tm
from tidemill.auditing.attacking import evidence
from tidemill.auditing.inference import column_axes
from tidemill.auditing.linkability import SPLITS
from tidemill.auditing.setup import attack_data

PEER = ROOT / "benchmarks" / ".venv-anonymeter" / "bin" / "python"
SETS = {
    "telco_churn": ("telco_churn/telco_churn.parquet", "Churn", ["customerID"]),
    "adult": ("adult/adult.parquet", "income", []),
}
ROWS = 3000
SECRETS = 2
NAMES = {"singling-out": "singling out", "linkability": "linkability", "inference": "inference"}


def judged(name: str) -> list[str]:
    """The rows of the table of one set."""
    path, target, left_out = SETS[name]
    frame = pl.read_parquet(SHARED / path).drop(left_out)
    data = tm.read(frame.sample(min(ROWS, frame.height), seed=0), target=target)
    train, holdout = tm.split(data)
    model = tm.fit(train)
    lines = []
    made = {"`trees`": model.sample_dataset(len(train), run=tm.Run()), "training rows": train}
    for what, rows in made.items():
        theirs = _theirs(train, holdout, rows)
        found = tm.audit(None, train, holdout, synthetic=rows, attacks=list(NAMES))
        for attack, words in NAMES.items():
            score = found.of(attack)[0].score
            ours = _cell([score.value or 0.0, *(score.interval or (0.0, 1.0))])
            lines.append(f"| {name} | {what} | {words} | {ours} | {_mean(theirs[attack])} |")
    return lines


def _theirs(train: tm.Dataset, holdout: tm.Dataset, made: tm.Dataset) -> dict[str, list]:
    """The risks by anonymeter, with the same halves of the columns as ours."""
    run = tm.Run()
    names = [column.name for column in train.schema.modelled]
    data = attack_data(evidence(train, holdout, made, None, run), run)
    columns, order = column_axes(data), data.layout.names
    halves = []
    for number in range(SPLITS):
        drawn = run.rng("auditing", "linkability", number).permutation(len(columns))
        one = [order[k] for k in drawn[: len(columns) // 2]]
        halves.append([one, [name for name in order if name not in one]])
    numbers = [c.name for c in train.schema if c.kind == "number"]
    asked = {"halves": halves, "secrets": names[-SECRETS:], "numbers": numbers}
    with tempfile.TemporaryDirectory() as folder:
        tables = {"train": train, "holdout": holdout, "synthetic": made}
        for name, table in tables.items():
            table.frame.select(names).write_csv(Path(folder) / f"{name}.csv")
        (Path(folder) / "halves.json").write_text(json.dumps(asked))
        peer = ROOT / "benchmarks" / "anonymeter_peer.py"
        subprocess.run([PEER, str(peer), folder], check=True)
        return dict(json.loads((Path(folder) / "anonymeter.json").read_text()))


def _mean(risks: list[list[float]]) -> str:
    """The mean of several risks, whose intervals overlap as their tables do."""
    parts = [sum(part) / len(risks) for part in zip(*risks, strict=True)]
    return _cell(parts)


def _cell(figures: list[float]) -> str:
    value, low, high = (min(1.0, max(0.0, figure)) for figure in figures)
    return f"{value:.3f} ({low:.3f} to {high:.3f})"


def main() -> None:
    """Measure, print and write."""
    lines = [
        "| set | rows | attack | here | anonymeter 1.1.0 |",
        "| --- | --- | --- | --- | --- |",
    ]
    for name in sys.argv[1:] or SETS:
        lines += judged(name)
        print("\n".join(lines), flush=True)
    page = ROOT / "docs" / "audit.md"
    text = page.read_text()
    before, _, rest = text.partition("<!-- anonymeter:start -->\n")
    _, _, after = rest.partition("<!-- anonymeter:end -->")
    table = "\n".join(lines)
    page.write_text(f"{before}<!-- anonymeter:start -->\n{table}\n<!-- anonymeter:end -->{after}")


if __name__ == "__main__":
    main()
