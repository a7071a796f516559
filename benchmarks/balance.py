"""What balancing a sample changes: rows of `trees` drawn together and one by one, on halves of real
tables.

Writes the table between the markers of docs/decisions/balanced-samples.md.

    python benchmarks/balance.py [SEEDS]
"""

from __future__ import annotations

import argparse
import re
import statistics

from halves import ROOT, SETS, halves
from judge import judged

import tidemill as tm
from tidemill.codecs.table import TableCodec
from tidemill.core.grid import Constraints
from tidemill.models.trees import Trees

FIGURES = ("tree AUC", "pair error", "utility", "closeness")
PAGE = ROOT / "docs" / "decisions" / "balanced-samples.md"


def row(name: str, seeds: int) -> str:
    train, holdout = halves(name)
    codec = TableCodec().fit(train, tm.Run())
    found: dict[str, list[tuple[float, float]]] = {figure: [] for figure in FIGURES}
    for seed in range(seeds):
        run = tm.Run(seed)
        model = Trees().fit(codec.spec, codec.encode(train), run)
        together = model.sample(len(train), run.rng("together"), run)
        single = model.infill(len(train), Constraints(), run.rng("single"), run).batch
        one, other = (
            judged(train, holdout, codec.decode(batch, run.rng("decode")), seed)
            for batch in (single, together)
        )
        for figure in FIGURES:
            found[figure].append((one[figure][1] or 0.0, other[figure][1] or 0.0))
    cells = [
        " -> ".join(f"{statistics.median(pair[k] for pair in pairs):.3f}" for k in (0, 1))
        for pairs in found.values()
    ]
    return f"| {name} | " + " | ".join(cells) + " |"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("seeds", type=int, nargs="?", default=3)
    seeds = parser.parse_args().seeds
    rows = [f"| set | {' | '.join(FIGURES)} |", "|" + " --- |" * (1 + len(FIGURES))]
    for name in SETS:
        rows.append(row(name, seeds))
        print(rows[-1], flush=True)
    told = "one seed" if seeds == 1 else f"medians of {seeds} seeds"
    table = "\n".join(
        [
            *rows,
            "",
            f"Drawn one by one -> balanced; {told}, halves and judge as in the",
            f"[benchmarks](../benchmarks.md); `python benchmarks/balance.py {seeds}` makes this "
            "table.",
        ]
    )
    text = PAGE.read_text(encoding="utf-8")
    marked = re.compile(r"(<!-- table:start -->\n).*?(<!-- table:end -->)", re.DOTALL)
    PAGE.write_text(
        marked.sub(lambda match: f"{match[1]}{table}\n{match[2]}", text), encoding="utf-8"
    )


if __name__ == "__main__":
    main()
