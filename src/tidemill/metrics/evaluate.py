"""Run the registered metrics one after the other, and say what they mean together."""

from __future__ import annotations

from collections.abc import Sequence

from tidemill.core.dataset import Dataset
from tidemill.core.errors import DataError
from tidemill.core.run import Run
from tidemill.core.schema import Column
from tidemill.core.score import Evidence, Score, Scores
from tidemill.metrics import METRICS
from tidemill.metrics.verdict import LIMIT, verdict


def evaluate(evidence: Evidence, run: Run, metrics: Sequence[str] | None = None) -> Scores:
    """The scores of synthetic rows, each between its floor and its ceiling, and the verdict in words.

    Args:
        evidence: Training, holdout, synthetic and floor rows with the same modelled columns; without any such column no
            metric is run.
        run: Seed, threads and progress.
        metrics: Registered names, in the order wished; None for all.

    Raises:
        OptionError: A metric is not registered.
        DataError: A set is empty, lacks a column, or has it as another kind.
    """
    names = tuple(METRICS if metrics is None else metrics)
    loaded = [(name, METRICS.load(name)) for name in names]
    _check(evidence)
    if not evidence.train.schema.modelled:
        why = "there is no column of numbers, categories or dates to compare"
        return Scores(tuple(Score(name, name, None, why=why) for name in names), f"Nothing was measured: {why}.", LIMIT)
    scores: list[Score] = []
    for name, metric in run.track(loaded, "evaluate", "comparing synthetic with real rows"):
        run.emit("note", "evaluate", f"measuring {METRICS[name].line}")
        scores.extend(metric(evidence, run))
    return Scores(tuple(scores), verdict(scores), LIMIT)


def _check(evidence: Evidence) -> None:
    sets = {"training": evidence.train, "holdout": evidence.holdout, "synthetic": evidence.synthetic,
            "floor": evidence.floor}
    for name, data in sets.items():
        if not len(data):
            raise DataError(f"there are no {name} rows", hint="give a table with rows")
        for column in evidence.train.schema.modelled:
            _check_column(name, data, column)


def _check_column(name: str, data: Dataset, column: Column) -> None:
    if column.name not in data.schema:
        raise DataError(f"the {name} rows have no column '{column.name}'", where=data.name,
                        hint="give tables with the same columns, or ignore that column")
    dtype = data.frame.schema[column.name]
    fits = {"number": dtype.is_numeric(), "datetime": dtype.is_temporal()}.get(column.kind, not dtype.is_nested())
    if not fits:
        raise DataError(f"the {name} rows have '{column.name}' as {dtype}, which is no {column.kind}", where=data.name,
                        hint="read all tables with the same schema")
