"""Whether made texts say what their rows say: the class, and values and numbers that stand in
both."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import polars as pl

from tidemill.core.dataset import Dataset
from tidemill.core.one_thread import one_thread
from tidemill.core.run import Run
from tidemill.core.schema import Column
from tidemill.core.score import Evidence, Score
from tidemill.core.text_tokens import text_words
from tidemill.core.words import percent, plural, quoted
from tidemill.metrics.texts.sets import (
    FEWEST_TEXTS,
    MOST_CLASSES,
    WHOLE,
    class_column,
    text_names,
    without_texts,
)
from tidemill.metrics.texts.terms import word_weights
from tidemill.supervised.sampling import thinned

METRIC = "text_agreement"
CLASS = "class of the row told from its text (share)"
VALUES = "values of the row in its text (share)"
NUMBERS = "numbers in the text that its row has not (share)"
MOST_ROWS = 2_000
LEARNED_ROWS = 5_000
"""Training rows that the judge of classes learns from."""
FEWEST_OF_A_CLASS = 5
SAID = 0.05
"""Values of a column are looked for in texts if so many more of the real texts have their own row's
than have another row's."""
SURELY = 3.0
"""Standard errors by which they have it more often, at least."""
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")


class _Rows(NamedTuple):
    """Rows that have a text.

    Attributes:
        texts: Of each.
        values: Column -> of each its level, or its number; None where it is missing.
    """

    texts: tuple[str, ...]
    values: dict[str, list[str | float | None]]


def text_agreement(evidence: Evidence, run: Run) -> Iterable[Score]:
    """Whether made texts go with their rows.

    - The class: how often a linear judge that learned the class (the target, or else the first
      category) from real training texts finds the row's own in the made text.
    - Values: in how many texts a value of the row stands, for columns whose values real texts say.
    - Numbers: how many of the numbers in texts are no value of the row.

    Floor: made texts beside other rows than their own. Ceiling: held-out texts beside their rows.

    Args:
        evidence: The sets; nothing is measured where there is no column of texts.
        run: Draws the rows and the other rows.
    """
    if not text_names(evidence):
        return
    why = without_texts(evidence)
    if why:
        yield from (Score(METRIC, name, None, why=why) for name in (CLASS, VALUES, NUMBERS))
        return
    columns = [c for c in evidence.train.schema.modelled if c.kind in ("category", "number")]
    made, real = (
        _rows(thinned(data, MOST_ROWS, run.rng("metrics", METRIC, side)), evidence, columns)
        for side, data in (("generated", evidence.synthetic), ("held-out", evidence.holdout))
    )
    for side, rows in (("generated", made), ("held-out", real)):
        if len(rows.texts) < FEWEST_TEXTS:
            why = f"there are {plural(len(rows.texts), f'{side} text')}; {FEWEST_TEXTS} are needed"
            yield from (Score(METRIC, name, None, why=why) for name in (CLASS, VALUES, NUMBERS))
            return
    about = class_column(evidence.train.schema)
    if about is None:
        yield Score(METRIC, CLASS, None, why="there is no column of categories")
    else:
        yield _class(evidence, about, run)
    run.check()
    yield from _said(made, real, columns, run)


def _class(evidence: Evidence, about: Column, run: Run) -> Score:
    parts = []
    for side, data, most in (
        ("training", evidence.train, LEARNED_ROWS),
        ("generated", evidence.synthetic, MOST_ROWS),
        ("held-out", evidence.holdout, MOST_ROWS),
    ):
        rows = thinned(data, most, run.rng("metrics", METRIC, "class", side))
        parts.append(_rows(rows, evidence, [about]))
    learned = parts[0]
    counts = Counter(learned.values[about.name])
    known = sorted(
        level
        for level, often in counts.items()
        if isinstance(level, str) and often >= FEWEST_OF_A_CLASS
    )
    if not 2 <= len(known) <= MOST_CLASSES:
        why = f"'{about.name}' has {plural(len(known), 'class', 'classes')} of enough texts"
        return Score(METRIC, CLASS, None, why=why)
    chosen = [_of_classes(part, about.name, known) for part in parts]
    if min(len(texts) for texts, _ in chosen) < FEWEST_TEXTS:
        return Score(METRIC, CLASS, None, why=f"too few texts have a known '{about.name}'")
    predicted = _predicted(*chosen[0], [texts for texts, _ in chosen[1:]])
    (mine, made), (ceiling, _) = (
        (float((guess == truth).mean()), truth)
        for guess, (_, truth) in zip(predicted, chosen[1:], strict=True)
    )
    other = run.rng("metrics", METRIC, "class", "others").permutation(len(made))
    floor = float((predicted[0] == made[other]).mean())
    sentence = (
        f"A judge that learned '{about.name}' from real texts finds the row's own in "
        f"{percent(mine)} of the generated texts, in {percent(ceiling)} of held-out real texts, "
        f"and in {percent(floor)} of texts beside other rows."
    )
    figures = {"classes": len(known), "texts": len(made), "learned": len(chosen[0][0])}
    return Score(METRIC, CLASS, mine, floor, ceiling, sentence=sentence, figures=figures)


def _predicted(
    texts: Sequence[str], truth: np.ndarray, judged: Sequence[Sequence[str]]
) -> list[np.ndarray]:
    """The classes that a linear support vector machine sees in each of the judged sets."""
    from sklearn.svm import LinearSVC

    weights = word_weights([*texts, *(text for part in judged for text in part)])
    ends = np.cumsum([len(texts), *map(len, judged)])
    with one_thread():
        model = LinearSVC(tol=1e-2, random_state=0).fit(weights[: ends[0]], truth)
        return [model.predict(weights[first:last]) for first, last in pairwise(ends)]


def _of_classes(rows: _Rows, name: str, known: Sequence[str]) -> tuple[list[str], np.ndarray]:
    """The texts of rows of these classes, and their classes."""
    kept = [k for k, value in enumerate(rows.values[name]) if value in set(known)]
    return [rows.texts[k] for k in kept], np.array([rows.values[name][k] for k in kept], str)


def _said(made: _Rows, real: _Rows, columns: Sequence[Column], run: Run) -> Iterable[Score]:
    """The scores of values and numbers, for columns whose values real texts say."""
    others = run.rng("metrics", METRIC, "others")
    of_made, of_real = others.permutation(len(made.texts)), others.permutation(len(real.texts))
    told, true, known = _Words(made), _Words(real), []
    for column in columns:
        name = column.name
        own, other = true.says(name), true.says(name, of_real)
        if _share(own) - _share(other) > max(SAID, SURELY * _error(own, other)):
            known.append(name)
    if not known:
        why = "held-out real texts do not say the values of their rows"
        yield from (Score(METRIC, name, None, why=why) for name in (VALUES, NUMBERS))
        return
    mine, floor = (
        _share(np.concatenate([told.says(name, rows) for name in known]))
        for rows in (None, of_made)
    )
    ceiling = _share(np.concatenate([true.says(name) for name in known]))
    sentence = (
        f"{percent(mine)} of the values of {quoted(known)} stand in the row's generated text; of "
        f"held-out real rows {percent(ceiling)}, of other rows {percent(floor)}."
    )
    yield Score(METRIC, VALUES, mine, floor, ceiling, sentence=sentence)
    numbers = [c.name for c in columns if c.kind == "number" and c.name in known]
    foreign = [told.foreign(numbers), told.foreign(numbers, of_made), true.foreign(numbers)]
    if not numbers or min(map(len, foreign)) < FEWEST_TEXTS:
        yield Score(
            METRIC, NUMBERS, None, better="low", why="real texts say no number of their row"
        )
        return
    mine, floor, ceiling = map(_share, foreign)
    sentence = (
        f"{percent(mine)} of the numbers in generated texts are no value of their row; of those "
        f"in held-out real texts {percent(ceiling)} are none, beside other rows {percent(floor)}."
    )
    yield Score(METRIC, NUMBERS, mine, floor, ceiling, "low", sentence=sentence)


class _Words:
    """Texts as words and numbers in which the values of rows are looked for."""

    def __init__(self, rows: _Rows) -> None:
        self._rows = rows
        self._words = [f" {' '.join(text_words(text))} " for text in rows.texts]
        self._numbers = [numbers_in(text) for text in rows.texts]

    def says(self, name: str, of: np.ndarray | None = None) -> np.ndarray:
        """Whether each text has the value of its row in a column, or of these other rows; rows
        without a value are left out."""
        values = self._rows.values[name]
        found = []
        for k in range(len(values)):
            value = values[k if of is None else of[k]]
            if isinstance(value, float):
                found.append(value in self._numbers[k])
            elif value is not None:
                found.append(f" {' '.join(text_words(value))} " in self._words[k])
        return np.array(found, bool)

    def foreign(self, names: Sequence[str], of: np.ndarray | None = None) -> np.ndarray:
        """Of each number in each text, whether it is no value of its row, or of these others."""
        found = []
        for k, numbers in enumerate(self._numbers):
            row = k if of is None else of[k]
            own = {self._rows.values[name][row] for name in names}
            found += [number not in own for number in sorted(numbers)]
        return np.array(found, bool)


def numbers_in(text: str) -> set[float]:
    """The numbers of a text; a comma before three digits parts thousands, else decimals.

    Example:
        >>> sorted(numbers_in("1,299 EUR, 24.90 or 3,5"))
        [3.5, 24.9, 1299.0]
    """
    found = set()
    for written in _NUMBER.findall(text):
        plain = re.sub(r",(?=\d{3}(?:\D|$))", "", written).replace(",", ".")
        if plain.count(".") <= 1:
            found.add(round(float(plain), 6))
    return found


def _error(one: np.ndarray, other: np.ndarray) -> float:
    """The standard error of the difference of two shares."""
    return float(np.sqrt(sum(part.var() / len(part) for part in (one, other) if len(part))))


def _share(found: np.ndarray) -> float:
    return float(found.mean()) if len(found) else 0.0


def _rows(data: Dataset, evidence: Evidence, columns: Sequence[Column]) -> _Rows:
    """The rows that have a text."""
    parts = [data[name].cast(pl.String).to_list() for name in text_names(evidence)]
    texts = [WHOLE.join(text for text in row if text) for row in zip(*parts, strict=True)]
    there = np.flatnonzero([bool(text.strip()) for text in texts])
    values: dict[str, list[str | float | None]] = {}
    for column in columns:
        found = data[column.name].gather(there)
        if column.kind == "number":
            values[column.name] = found.cast(pl.Float64).round(6).to_list()
        else:
            values[column.name] = found.cast(pl.String).to_list()
    return _Rows(tuple(texts[k] for k in there), values)
