"""One of our models, one table, in a process of its own, timed as peers.py times a peer.

    python benchmarks/ours.py MODEL FOLDER SEED SET [OPTION=VALUE ...]

Options go to tidemill.fit as they are, for example a privacy knob.
"""

from __future__ import annotations

import importlib
import json
import sys
import time
from pathlib import Path

from halves import halves
from peers import peak_mib

import tidemill as tm
from tidemill.models import MODELS


def value_of(text: str) -> int | float | str:
    """A number where it is one."""
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text


def main(model: str, folder: Path, seed: int, name: str, *options: str) -> None:
    train, _ = halves(name)
    MODELS.load(model)
    importlib.import_module("lightgbm")  # imports do not count, as they do not for peers
    settings = {
        key: value_of(text) for key, _, text in (option.partition("=") for option in options)
    }
    began = time.perf_counter()
    learned = tm.fit(train, model=model, options=settings, seed=seed)
    fitted = time.perf_counter()
    made = learned.sample_dataset(len(train), run=tm.Run(seed))
    told = {
        "state": "done",
        "note": "" if learned.complete else "stopped early",
        "fit": fitted - began,
        "sample": time.perf_counter() - fitted,
        "peak_mib": peak_mib(),
    }
    made.frame.write_parquet(folder / "synthetic.parquet")
    (folder / "told.json").write_text(json.dumps(told), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]), *sys.argv[4:])
