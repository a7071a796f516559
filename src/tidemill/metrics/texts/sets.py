"""The texts that metrics compare: held-out real ones against made ones, real ones in their place,
and words that were drawn one by one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np
import polars as pl

from tidemill.core.dataset import Dataset
from tidemill.core.run import Run
from tidemill.core.schema import Column, Schema
from tidemill.core.score import Evidence
from tidemill.core.text_tokens import is_unspaced
from tidemill.core.words import plural
from tidemill.supervised.sampling import sampled, thinned

FEWEST_TEXTS = 50
"""Texts of each sort that are needed to judge."""
MOST_CLASSES = 200
WHOLE = "\n"
"""Between the texts of one row."""


@dataclass(frozen=True, slots=True)
class TextSample:
    """Texts with the class of their row.

    Attributes:
        texts: The texts of a row one under the other; rows without any are left out.
        classes: (n,) of each the level of :func:`class_column`, "" where it is missing or there is
            no such column.
    """

    texts: tuple[str, ...]
    classes: np.ndarray

    def __len__(self) -> int:
        return len(self.texts)


@dataclass(frozen=True, slots=True)
class ComparedTexts:
    """Held-out real texts, and those that are compared with them; all equally many.

    Attributes:
        real: Held-out texts.
        made: The texts that are judged.
        floor: Words of training texts of the same class, drawn one by one.
        ceiling: Training texts.
        note: For the end of a sentence, where not all texts were used.
    """

    real: tuple[str, ...]
    made: tuple[str, ...]
    floor: tuple[str, ...]
    ceiling: tuple[str, ...]
    note: str = ""

    @property
    def compared(self) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
        """Made, floor and ceiling, in which order all metrics take the three."""
        return self.made, self.floor, self.ceiling

    def __len__(self) -> int:
        return len(self.real)


def class_column(schema: Schema) -> Column | None:
    """What texts are about: the target where it is a category, else the first category that is
    modelled; None where there is none."""
    columns = [c for c in schema.modelled if c.kind in ("category", "boolean")]
    if schema.target in columns:
        return schema.target
    return columns[0] if columns else None


def without_texts(evidence: Evidence) -> str:
    """Which column of texts a set lacks; "" where it lacks none."""
    for name in text_names(evidence):
        for side, data in (("held-out", evidence.holdout), ("generated", evidence.synthetic)):
            if name not in data.schema or data[name].dtype.is_nested():
                return f"the {side} rows have no column '{name}' of texts"
    return ""


def text_names(evidence: Evidence) -> list[str]:
    """The columns of texts that are learned."""
    return [column.name for column in evidence.train.schema.texts]


def text_sample(data: Dataset, names: Sequence[str], about: Column | None) -> TextSample:
    """The texts of these columns of a table, and the classes of their rows."""
    columns = [data[name].cast(pl.String).to_list() for name in names]
    rows = [WHOLE.join(text for text in row if text) for row in zip(*columns, strict=True)]
    there = np.flatnonzero([bool(row.strip()) for row in rows])
    classes = np.full(len(rows), "", object)
    if about is not None:
        classes[:] = data[about.name].cast(pl.String).fill_null("").to_list()
    return TextSample(tuple(rows[k] for k in there), classes[there])


def compared_texts(evidence: Evidence, run: Run, metric: str, most: int) -> ComparedTexts | str:
    """Equally many texts of each sort, so many at most; or why there are too few.

    Args:
        evidence: The sets; the training table has columns of texts.
        run: Its stream of the metric's name draws.
        metric: The metric's registered name.
        most: Texts of a sort.
    """
    why = without_texts(evidence)
    if why:
        return why
    names, about = text_names(evidence), class_column(evidence.train.schema)
    parts = {"held-out": evidence.holdout, "generated": evidence.synthetic}
    samples = {
        name: text_sample(thinned(data, 2 * most, run.rng("metrics", metric, name)), names, about)
        for name, data in {**parts, "training": evidence.train}.items()
    }
    for name, sample in samples.items():
        if len(sample) < FEWEST_TEXTS:
            return f"there are {plural(len(sample), f'{name} text')}; {FEWEST_TEXTS} are needed"
    size = min(most, *map(len, samples.values()))
    chosen = {}
    for name, sample in samples.items():
        order = run.rng("metrics", metric, name, "order").permutation(len(sample))[:size]
        chosen[name] = TextSample(tuple(sample.texts[k] for k in order), sample.classes[order])
    floor = words_by_themselves(
        samples["training"], chosen["generated"].classes, run.rng("metrics", metric, "floor")
    )
    real, made, ceiling = (chosen[name].texts for name in ("held-out", "generated", "training"))
    return ComparedTexts(real, made, floor, ceiling, sampled(most) if size == most else "")


def words_by_themselves(
    sample: TextSample, classes: np.ndarray, rng: np.random.Generator
) -> tuple[str, ...]:
    """Texts whose words are drawn one by one among all words of a class: what counting words says
    of texts, and no more.

    Args:
        sample: Texts to draw words and lengths from.
        classes: (n,) the class of each text that is made; of one that the sample has not, words
            come from all its texts.
        rng: Draws.
    """
    joint = "" if 2 * sum(map(is_unspaced, sample.texts)) > len(sample) else " "
    pieces = [text.split() if joint else list("".join(text.split())) for text in sample.texts]
    made: list[str] = [""] * len(classes)
    for level in dict.fromkeys(classes):
        chosen = np.flatnonzero(sample.classes == level)
        texts = [pieces[k] for k in chosen] if len(chosen) else pieces
        places = np.flatnonzero(classes == level)
        lengths = rng.choice([len(text) for text in texts], len(places))
        words = _drawn(list(chain(*texts)), int(lengths.sum()), rng)
        for place, last, length in zip(places, np.cumsum(lengths), lengths, strict=True):
            made[place] = joint.join(words[last - length : last])
    return tuple(made)


def _drawn(words: Sequence[str], count: int, rng: np.random.Generator) -> list[str]:
    return [words[k] for k in rng.integers(len(words), size=count)]
