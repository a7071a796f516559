"""The attacks of anonymeter on the tables of one folder; it runs in the venv of anonymeter.txt.

python benchmarks/anonymeter_peer.py FOLDER
"""

from __future__ import annotations

import json
import sys
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
from anonymeter.evaluators import InferenceEvaluator, LinkabilityEvaluator, SinglingOutEvaluator

ATTACKS = 500
LINKED = 300


def risk(evaluator: object) -> list[float]:
    """A risk with its 95 % interval."""
    found = evaluator.risk(confidence_level=0.95)  # type: ignore[attr-defined]
    return [float(found.value), float(found.ci[0]), float(found.ci[1])]


def main(folder: Path) -> None:
    """Write anonymeter.json beside train.csv, holdout.csv, synthetic.csv and halves.json."""
    np.random.seed(0)  # noqa: NPY002 (the package draws from the global state)
    warnings.simplefilter("ignore")
    train, holdout, synthetic = (
        pd.read_csv(folder / f"{name}.csv") for name in ("train", "holdout", "synthetic")
    )
    asked = json.loads((folder / "halves.json").read_text())
    found = {}
    singled = SinglingOutEvaluator(
        ori=train, syn=synthetic, control=holdout, n_attacks=ATTACKS, n_cols=4
    )
    singled.evaluate(mode="multivariate")
    found["singling-out"] = [risk(singled)]
    found["linkability"] = []
    for halves in asked["halves"]:
        linked = LinkabilityEvaluator(
            ori=train,
            syn=synthetic,
            control=holdout,
            n_attacks=LINKED,
            aux_cols=tuple(halves),
            n_neighbors=1,
        )
        linked.evaluate(n_jobs=1)
        found["linkability"].append(risk(linked))
    found["inference"] = []
    for secret in asked["secrets"]:
        known = [name for name in train.columns if name != secret]
        guessed = InferenceEvaluator(
            ori=train,
            syn=synthetic,
            control=holdout,
            aux_cols=known,
            secret=secret,
            n_attacks=LINKED,
            regression=secret in asked["numbers"],
        )
        guessed.evaluate(n_jobs=1)
        found["inference"].append(risk(guessed))
    (folder / "anonymeter.json").write_text(json.dumps(found))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
