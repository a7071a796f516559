"""One prediction task: the rows with a target, and what it is predicted from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from tidemill.core.dataset import Dataset
from tidemill.core.run import Run
from tidemill.core.schema import Column
from tidemill.mining.answers import deciding, doubted
from tidemill.mining.features import Feature, learn_features, matrix
from tidemill.mining.outcome import Outcome
from tidemill.mining.sampling import sample_rows
from tidemill.supervised.alone import Told
from tidemill.supervised.arrays import FeatureLayout, Features, Floats, features
from tidemill.supervised.text_scores import with_text_scores

MOST_CELLS = 10_000_000
MOST_TRAIN = 50_000
MOST_HOLDOUT = 20_000


@dataclass(frozen=True)
class Task:
    """One prediction task: rows with a target, and what is known of them.

    Attributes:
        train, holdout: The rows with a target, sampled where there are very many.
        outcome: What the target is.
        columns: The columns it is predicted from.
        features: Their features.
        seen, held: The features' matrices, (n, features) and (m, features), and behind the features
            what the words of texts say of the target.
        target, held_target: Class codes or numbers, (n,) and (m,).
        rows, held_rows: Training and held-out rows with a target before sampling.
        left_out: Rows without a target, in both sets.
        answers: Columns that decide the target, which are left out.
        doubted: Columns that all but decide it.
        texts: Columns of free text that it is predicted from, too.
        with_texts: The columns and texts of both as arrays; None where there are no texts.
    """

    train: Dataset
    holdout: Dataset
    outcome: Outcome
    columns: tuple[Column, ...]
    features: tuple[Feature, ...]
    seen: Floats
    held: Floats
    target: Floats
    held_target: Floats
    rows: int
    held_rows: int
    left_out: int
    answers: tuple[str, ...]
    doubted: tuple[str, ...]
    texts: tuple[str, ...] = ()
    with_texts: tuple[FeatureLayout, Features, Features] | None = None


def learn_task(
    train: Dataset, holdout: Dataset, outcome: Outcome, told: Mapping[str, Told], run: Run
) -> Task | None:
    """The task, or None where there is too little to learn from (a warning then says so)."""
    answers = deciding(told)
    columns = []
    for column in train.schema.modelled:
        if column.name != outcome.column and column.name not in answers:
            columns.append(column)
    known, known_held = with_target(train, outcome), with_target(holdout, outcome)
    most = max(rows_of(min(MOST_TRAIN, MOST_CELLS // max(len(columns), 1)), outcome), 2000)
    seen = sample_rows(known, most, run.rng("mining/drivers/train"))
    held = sample_rows(known_held, min(MOST_HOLDOUT, most), run.rng("mining/drivers/holdout"))
    own = learn_features(seen, tuple(columns))
    if not own and known.schema.medium:  # another technique looks at what is seen or heard
        return None
    target, held_target = outcome.learned(seen), outcome.learned(held)
    words = None if len(held) < 10 else _with_texts(seen, held, columns, target, outcome, run)
    if not (own or words) or len(held) < 10 or len(np.unique(held_target)) < 2:
        run.warn(
            f"What drives '{outcome.column}' was not looked for: there are too few columns that "
            "vary, or too few held-out rows with different values of it.",
            "mine",
        )
        return None
    sides = [matrix(seen, own), matrix(held, own)]
    if words is not None:
        layout, *parts = words
        for side, part in enumerate(parts):
            scores = part.numbers[:, len(layout.numbers) - layout.scores :]
            sides[side] = np.column_stack([sides[side], scores])
    return Task(
        train=seen,
        holdout=held,
        outcome=outcome,
        columns=tuple(columns),
        features=own,
        seen=sides[0],
        held=sides[1],
        target=target,
        held_target=held_target,
        rows=len(known),
        held_rows=len(known_held),
        left_out=len(train) + len(holdout) - len(known) - len(known_held),
        answers=answers,
        doubted=doubted(told),
        texts=() if words is None else tuple(column.name for column in seen.schema.texts),
        with_texts=words,
    )


def _with_texts(
    seen: Dataset,
    held: Dataset,
    columns: Sequence[Column],
    target: Floats,
    outcome: Outcome,
    run: Run,
) -> tuple[FeatureLayout, Features, Features] | None:
    """The rows as arrays with what their texts say of the target, by models that have not seen
    them; None where no words are shared."""
    if not seen.schema.texts:
        return None
    layout, (rows, test) = features((seen, held), (*columns, *seen.schema.texts))
    stream = run.child("mining", "texts")
    found = with_text_scores(layout, rows, target, None, test, len(outcome.levels), stream)
    return found if found[0].scores else None


def rows_of(rows: int, outcome: Outcome) -> int:
    """So many rows of two classes or of a number; of more classes fewer, as each has its trees."""
    return rows * 2 // max(len(outcome.levels), 2)


def with_target(data: Dataset, outcome: Outcome) -> Dataset:
    """The rows of which the target is known."""
    known = ~np.isnan(outcome.codes(data))
    return data if known.all() else data.rows(known)
