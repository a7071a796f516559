"""How much of a gain is borrowed from the rows that are tested on, where one table of rows of
`trees` is judged.

The gain over real rows alone of real rows with as many generated ones: where the generator learns
anew from each fold's rows (exact), and where it made one table from all rows (taken as it is, and
without rows whose nearest real row is tested on); in cross-validation, and tested on rows held out.
Writes the table between the markers of docs/verdict.md.

    python benchmarks/borrowing.py [SEEDS]
"""

from __future__ import annotations

import argparse
import os
import re
from pathlib import Path
from statistics import mean

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
os.environ.setdefault("OMP_NUM_THREADS", "1")

import polars as pl
from halves import halves

from tidemill.core.dataset import Dataset
from tidemill.core.run import Run
from tidemill.supervised.measures import primary
from tidemill.synthesis.synthesizer import Synthesizer
from tidemill.trials.controls import REAL
from tidemill.trials.problem import problem_of
from tidemill.trials.strategies import table
from tidemill.trials.trial import Arm, TrialRows, trial

PAGE = Path(__file__).parents[1] / "docs" / "verdict.md"
SETS = {"german_credit": 500, "telco_churn": 500, "bank_marketing": 500}
LEARNERS = ("boosting", "logistic")
ANEW, ALL, APART = "anew in each fold", "one table as it is", "one table, nearest left out"
WAYS = (ANEW, ALL, APART)


def with_rows(data: Dataset, made: Dataset) -> TrialRows:
    return TrialRows(data.with_frame(pl.concat([data.frame, made.frame.select(data.schema.names)])))


def gains(name: str, seed: int) -> dict[tuple[str, str, str], float]:
    """(tested on, way, learner) -> gain in points; other training and held-out rows with each
    seed."""
    run = Run(seed)
    both = pl.concat([part.frame for part in halves(name)])
    whole = halves(name)[0].with_frame(both)
    order = run.rng("rows").permutation(len(whole))
    train, holdout = whole.rows(order[: SETS[name]]), whole.rows(order[SETS[name] : 2 * SETS[name]])
    made = Synthesizer.fit(train, run.child("proof", "all")).sample_dataset(
        len(train), run=run.child("proof", "all")
    )
    problem = problem_of(train)
    measure = primary(len(problem.classes), problem.label)

    def anew(data: Dataset, own: Run) -> TrialRows:
        return with_rows(data, Synthesizer.fit(data, own).sample_dataset(len(data), run=own))

    arms = [
        Arm(REAL, "real", lambda data, own: TrialRows(data)),
        Arm(ANEW, "generated", anew),
        Arm(ALL, "generated", lambda data, own: with_rows(data, made)),
        Arm(APART, "generated", table(train, made, problem, run).make),
    ]
    found = {}
    for tested, test in (("folds", None), ("holdout", holdout)):
        trials = trial(
            arms,
            train,
            run,
            learners=LEARNERS,
            measures=[measure],
            problem=problem,
            test=test,
            repeats=1,
        )
        found |= {
            (tested, way, learner): 100 * trials.gain(way, REAL, learner, measure.name).mean
            for way in WAYS
            for learner in LEARNERS
        }
    return found


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("seeds", type=int, nargs="?", default=6)
    seeds = parser.parse_args().seeds
    rows = [f"| set | learner | tested on | {' | '.join(WAYS)} |", "|" + " --- |" * (3 + len(WAYS))]
    for name in SETS:
        found = [gains(name, seed) for seed in range(seeds)]
        for learner in LEARNERS:
            for tested in ("folds", "holdout"):
                cells = " | ".join(
                    f"{mean(one[tested, way, learner] for one in found):+.1f}" for way in WAYS
                )
                rows.append(f"| {name} | {learner} | {tested} | {cells} |")
                print(rows[-1], flush=True)
    told = (
        f"Gain over real rows alone in points, mean of {seeds} seeds; `python "
        f"benchmarks/borrowing.py {seeds}` makes\n"
        "this table."
    )
    text = PAGE.read_text(encoding="utf-8")
    marked = re.compile(r"(<!-- borrowing:start -->\n).*?(<!-- borrowing:end -->)", re.DOTALL)
    table_ = "\n".join([*rows, "", told])
    PAGE.write_text(
        marked.sub(lambda match: f"{match[1]}{table_}\n{match[2]}", text), encoding="utf-8"
    )


if __name__ == "__main__":
    main()
