"""Tidemill: from a business table to findings, a generator, new rows and the proof of what they are
worth.

import tidemill as tm
data = tm.read("customers.csv", target="churn")
model = tm.fit(tm.clean(data).data)
more = model.sample(1000, where={"plan": "team"})
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from tidemill.augmentation.sampler import Sampler
    from tidemill.core.database import Database, Link, TableKey
    from tidemill.core.dataset import Dataset
    from tidemill.core.run import Run
    from tidemill.core.schema import Schema
    from tidemill.recipes.run import recipe
    from tidemill.relational.model import DatabaseModel
    from tidemill.synthesis.synthesizer import Synthesizer
    from tidemill.verbs import (
        audit,
        clean,
        evaluate,
        evaluate_database,
        extend,
        fairness,
        fit,
        fit_database,
        infill,
        loop,
        mine,
        read,
        read_database,
        report,
        run,
        run_database,
        sample,
        sample_database,
        score,
        share,
        speak,
        split,
        verdict,
        what_if,
        write,
        write_database,
    )

__all__ = [
    "Database",
    "DatabaseModel",
    "Dataset",
    "Link",
    "Run",
    "Sampler",
    "Schema",
    "Synthesizer",
    "TableKey",
    "audit",
    "clean",
    "evaluate",
    "evaluate_database",
    "extend",
    "fairness",
    "fit",
    "fit_database",
    "infill",
    "loop",
    "mine",
    "read",
    "read_database",
    "recipe",
    "report",
    "run",
    "run_database",
    "sample",
    "sample_database",
    "share",
    "speak",
    "split",
    "verdict",
    "score",
    "what_if",
    "write",
    "write_database",
]

_HOME = {
    "Database": "core.database",
    "DatabaseModel": "relational.model",
    "Link": "core.database",
    "TableKey": "core.database",
    "Dataset": "core.dataset",
    "Run": "core.run",
    "Sampler": "augmentation.sampler",
    "Schema": "core.schema",
    "Synthesizer": "synthesis.synthesizer",
    "recipe": "recipes.run",
}


def __getattr__(name: str) -> Any:
    # imported at first use, so that `tidemill --help` and `import tidemill` stay instant
    if name not in __all__:
        raise AttributeError(f"module 'tidemill' has no attribute {name!r}")
    return getattr(import_module(f"tidemill.{_HOME.get(name, 'verbs')}"), name)
