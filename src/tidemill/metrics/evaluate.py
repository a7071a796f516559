"""Run the registered metrics one after the other, and say what they mean together."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from tidemill.core.dataset import Dataset
from tidemill.core.errors import DataError
from tidemill.core.run import Run
from tidemill.core.schema import Column, Schema
from tidemill.core.score import Evidence, Score, Scores
from tidemill.imaging.pixels import image_column, size
from tidemill.metrics import METRICS
from tidemill.metrics.base import Metric
from tidemill.metrics.images.verdict import LIMIT as LIMIT_OF_IMAGES
from tidemill.metrics.images.verdict import verdict_of_images
from tidemill.metrics.verdict import LIMIT, verdict

BLIND = ("pairs", "detection", "coverage", "utility", "nearest", "membership", "findings")
"""Of images they would see the labels only, and call equal labels copies."""


def evaluate(evidence: Evidence, run: Run, metrics: Sequence[str] | None = None) -> Scores:
    """The scores of synthetic rows, each between its floor and its ceiling, and the verdict in
    words.

    Args:
        evidence: Training, holdout, synthetic and floor rows with the same modelled columns or
            images; without any such column no metric is run, and of images only those that can say
            something about them.
        run: Seed, threads and progress.
        metrics: Registered names, in the order wished; None for all.

    Raises:
        OptionError: A metric is not registered.
        DataError: A set is empty, lacks a column, or has it as another kind.
    """
    names = tuple(METRICS if metrics is None else metrics)
    loaded = [(name, METRICS.load(name)) for name in names]
    _check(evidence)
    if image_column(evidence.train.schema) is not None:
        return _of_images(evidence, run, loaded, asked=metrics is not None)
    if not evidence.train.schema.modelled:
        why = "there is no column of numbers, categories or dates to compare"
        return Scores(
            tuple(Score(name, name, None, why=why) for name in names),
            f"Nothing was measured: {why}.",
            LIMIT,
        )
    scores = _measured(evidence, run, loaded)
    return Scores(tuple(scores), verdict(scores), LIMIT)


def _of_images(
    evidence: Evidence, run: Run, loaded: Sequence[tuple[str, Metric]], *, asked: bool
) -> Scores:
    """Only the metrics that see images, and those of single columns where there are other columns
    beside them."""
    columns = bool(evidence.train.schema.modelled)
    seeing = [
        (name, metric)
        for name, metric in loaded
        if name == "images" or (columns and name not in BLIND)
    ]
    scores = _measured(evidence, run, seeing)
    if asked:
        scores += [
            Score(name, name, None, why="it cannot see images")
            for name, _ in loaded
            if name not in dict(seeing)
        ]
    return Scores(tuple(scores), verdict_of_images(scores), LIMIT_OF_IMAGES)


def _measured(evidence: Evidence, run: Run, loaded: Sequence[tuple[str, Metric]]) -> list[Score]:
    scores: list[Score] = []
    for name, metric in run.track(loaded, "evaluate", "comparing synthetic with real rows"):
        run.emit("note", "evaluate", f"measuring {METRICS[name].line}")
        scores.extend(metric(evidence, run))
    return scores


def _check(evidence: Evidence) -> None:
    sets = {
        "training": evidence.train,
        "holdout": evidence.holdout,
        "synthetic": evidence.synthetic,
        "floor": evidence.floor,
    }
    for name, data in sets.items():
        if not len(data):
            raise DataError(f"there are no {name} rows", hint="give a table with rows")
        for column in _compared(evidence.train.schema):
            _check_column(name, data, column)
        _check_size(name, data, evidence.train)


def _compared(schema: Schema) -> tuple[Column, ...]:
    image = image_column(schema)
    return schema.modelled if image is None else (image, *schema.modelled)


def _check_size(name: str, data: Dataset, train: Dataset) -> None:
    image = image_column(train.schema)
    if image is not None and size(data[image.name]) != size(train[image.name]):
        raise DataError(
            f"the {name} images have another size than the training images",
            where=data.name,
            hint="bring all images to one size",
        )


def _check_column(name: str, data: Dataset, column: Column) -> None:
    if column.name not in data.schema:
        raise DataError(
            f"the {name} rows have no column '{column.name}'",
            where=data.name,
            hint="give tables with the same columns, or ignore that column",
        )
    dtype = data.frame.schema[column.name]
    fits = {
        "number": dtype.is_numeric(),
        "datetime": dtype.is_temporal(),
        "image": isinstance(dtype, pl.Array),
    }.get(column.kind, not dtype.is_nested())
    if not fits:
        raise DataError(
            f"the {name} rows have '{column.name}' as {dtype}, which is no {column.kind}",
            where=data.name,
            hint="read all tables with the same schema",
        )
