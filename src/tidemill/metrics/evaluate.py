"""Run the registered metrics one after the other, and say what they mean together."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import polars as pl

from tidemill.acoustics.sounds import is_sound
from tidemill.core.dataset import Dataset
from tidemill.core.errors import DataError
from tidemill.core.modality import TABLES, Modality
from tidemill.core.run import Run
from tidemill.core.schema import Column, Schema
from tidemill.core.score import Evidence, Score, Scores
from tidemill.imaging.pixels import size
from tidemill.metrics import METRICS, OF_TEXTS
from tidemill.metrics.base import Metric
from tidemill.metrics.images.verdict import LIMIT as LIMIT_OF_IMAGES
from tidemill.metrics.images.verdict import verdict_of_images
from tidemill.metrics.levels import LIMIT as LIMIT_OF_LEVELS
from tidemill.metrics.levels import verdict_of_levels
from tidemill.metrics.music.music import LIMIT as LIMIT_OF_MUSIC
from tidemill.metrics.music.music import verdict_of_music
from tidemill.metrics.sounds.verdict import LIMIT as LIMIT_OF_SOUNDS
from tidemill.metrics.sounds.verdict import verdict_of_sounds
from tidemill.metrics.verdict import LIMIT, verdict
from tidemill.music.scores import is_scores

VERDICTS: dict[Modality, tuple[Callable[[Sequence[Score]], str], str]] = {
    "rows": (verdict, LIMIT),
    "series": (verdict, LIMIT),
    "images": (verdict_of_images, LIMIT_OF_IMAGES),
    "sounds": (verdict_of_sounds, LIMIT_OF_SOUNDS),
    "levels": (verdict_of_levels, LIMIT_OF_LEVELS),
    "music": (verdict_of_music, LIMIT_OF_MUSIC),
}
"""What the scores of data of a modality mean together, and what they cannot say."""


def evaluate(evidence: Evidence, run: Run, metrics: Sequence[str] | None = None) -> Scores:
    """The scores of synthetic rows, each between its floor and its ceiling, and the verdict in
    words.

    Args:
        evidence: Training, holdout, synthetic and floor rows with the same modelled columns or
            images; without any such column no metric is run.
        run: Seed, threads and progress.
        metrics: Registered names, in the order wished; None for all that look at such data.

    Raises:
        OptionError: A metric is not registered.
        DataError: A set is empty, lacks a column, or has it as another kind.
    """
    schema = evidence.train.schema
    chosen = METRICS.chosen(schema.modality, metrics)
    _check(evidence)
    if schema.modality in TABLES and not schema.modelled:
        return _of_texts_only(evidence, run, metrics or tuple(METRICS))
    scores = _measured(evidence, run, tuple(chosen.items()))
    for name, why in METRICS.unsuited(schema.modality, metrics).items():
        scores.append(Score(name, name, None, why=why))
    words, limit = VERDICTS.get(schema.modality, (verdict, LIMIT))
    return Scores(tuple(scores), words(scores), limit)


def _of_texts_only(evidence: Evidence, run: Run, names: Sequence[str]) -> Scores:
    """The scores of a table without a column of numbers, categories or dates."""
    why = "there is no column of numbers, categories or dates to compare"
    texts = [name for name in names if name in OF_TEXTS and evidence.train.schema.texts]
    scores = [Score(name, name, None, why=why) for name in names if name not in texts]
    if not texts:
        return Scores(tuple(scores), f"Nothing was measured: {why}.", LIMIT)
    scores += _measured(evidence, run, [(name, METRICS.load(name)) for name in texts])
    words, limit = VERDICTS.get(evidence.train.schema.modality, (verdict, LIMIT))
    return Scores(tuple(scores), words(scores), limit)


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
    return schema.modelled if schema.medium is None else (schema.medium, *schema.modelled)


def _check_size(name: str, data: Dataset, train: Dataset) -> None:
    image = train.schema.image
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
        "sound": is_sound(dtype),
        "score": is_scores(dtype),
    }.get(column.kind, not dtype.is_nested())
    if not fits:
        raise DataError(
            f"the {name} rows have '{column.name}' as {dtype}, which is no {column.kind}",
            where=data.name,
            hint="read all tables with the same schema",
        )
