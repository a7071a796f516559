"""A child process that reads stored models, one path a line, and says what came of each.

Run as ``python -m tests.fuzz.reader``: a path and a turn on a line of the standard input, a JSON
object on a line of the standard output.
"""

from __future__ import annotations

import faulthandler
import json
import resource
import sys
import time
import traceback
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import tidemill as tm
from tests.fuzz.memory import forget, peak
from tests.fuzz.stored_models import begun, holed
from tidemill.core.errors import TidemillError
from tidemill.core.run import Run
from tidemill.synthesis.synthesizer import Synthesizer
from tidemill.verbs import sample_to

ROWS = 30
ADDRESSES = 24 << 30
"""Bytes of address space: far more than is needed, and less than would hurt the machine."""


def uses(model: Synthesizer, folder: Path) -> list[tuple[str, Callable[[], Any]]]:
    """What one does with a model."""
    rows = holed()

    def written() -> None:
        for name in ("made.npz",) if model.modality == "images" else ("made.csv", "made.parquet"):
            sample_to(model, folder / name, ROWS, seed=1, overwrite=True)

    found: list[tuple[str, Callable[[], Any]]] = [
        ("sample", lambda: model.sample(ROWS, seed=1)),
        ("written", written),
        ("told", lambda: (repr(model), model._repr_html_(), model.curves, model.best_step)),
    ]
    if model.modality == "images":
        found.append(("asked", lambda: model.sample(5, {"label": "1"}, seed=2)))
        found.append(("between", lambda: model.interpolate(2, 3)))
    if model.modality != "rows":
        return found
    if "topic" in model.schema:
        asked = begun()
        return [
            *found,
            ("asked", lambda: model.sample(5, {"topic": "card"}, seed=2)),
            ("infill", lambda: model.infill(asked, seed=4)),
            ("score", lambda: tm.score(model, asked)),
        ]
    return [
        *found,
        ("asked", lambda: model.sample(5, ["town=Ulm", "amount>=5"], seed=2)),
        ("dated", lambda: model.sample(5, ["seen>=2024-02-01", "day<2024-06-01"], seed=2)),
        ("balanced", lambda: model.sample(8, balance={"churn": "equal"}, seed=3)),
        ("infill", lambda: model.infill(rows, seed=4)),
        ("like", lambda: model.sample(like=rows.select("plan", "low"), seed=5)),
        ("score", lambda: tm.score(model, rows)),
        ("what if", lambda: tm.what_if(model, rows, {"plan": "team"}, draws=2)),
    ]


def tried(name: str, use: Callable[[], Any], faults: list[str]) -> Any:
    """The result; None where it is refused, or where there is a fault, which is noted."""
    try:
        return use()
    except TidemillError:
        return None
    except BaseException:
        faults.append(f"{name}: {traceback.format_exc()[-2_500:]}")
        return None


TURNS = 3
"""Where not all is done with a model, each such one is sampled, and a third of the rest is done."""


def read(path: Path, turn: int) -> dict[str, Any]:
    """What came of a file; where the turn is not below 0, by some of what one does with a model."""
    faults: list[str] = []
    forget()
    before, began = peak(), time.monotonic()
    model = tried("load", lambda: Synthesizer.load(path), faults)
    loading, needed = time.monotonic() - began, peak() - before
    slow: dict[str, float] = {}
    if model is not None:
        first, *others = uses(model, path.parent)
        for name, use in (first, *(others if turn < 0 else others[turn % TURNS :: TURNS])):
            at = time.monotonic()
            tried(name, use, faults)
            slow[name] = round(time.monotonic() - at, 2)
    return {
        "loaded": model is not None,
        "faults": faults,
        "seconds": round(loading, 3),
        "memory": needed,
        "used": peak() - before,
        "slow": slow,
    }


def main() -> None:
    """Read until there are no more lines."""
    faulthandler.enable()
    warnings.simplefilter("ignore")
    resource.setrlimit(resource.RLIMIT_AS, (ADDRESSES, ADDRESSES))
    _ = Run()
    print(json.dumps({"ready": True}), flush=True)
    for line in sys.stdin:
        path, turn = line.rsplit(maxsplit=1)
        print(json.dumps(read(Path(path), int(turn))), flush=True)


if __name__ == "__main__":
    main()
