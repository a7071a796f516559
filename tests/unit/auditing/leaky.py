"""Generators that leak on purpose, and one that cannot."""

from __future__ import annotations

import numpy as np
import polars as pl
from sklearn.tree import DecisionTreeClassifier

from tidemill.auditing.audit import Audit, audit
from tidemill.core.dataset import Dataset
from tidemill.core.run import Run
from tidemill.core.split import split
from tidemill.io.reading import read
from tidemill.supervised.arrays import features
from tidemill.synthesis.synthesizer import Synthesizer


def people(rows: int, seed: int = 0) -> pl.DataFrame:
    """A survey like adult: numbers with tails, levels of uneven frequency, an outcome that depends
    on both."""
    rng = np.random.default_rng(seed)
    age = np.clip(rng.gamma(6, 7, rows), 17, 90).astype(int)
    study = rng.integers(1, 17, rows)
    hours = np.clip(rng.normal(40, 12, rows), 1, 99).round().astype(int)
    gain = np.where(rng.random(rows) < 0.1, rng.lognormal(8, 1, rows), 0).round()
    work = rng.choice(
        ["private", "public", "self", "none", "other"], rows, p=[0.6, 0.2, 0.12, 0.06, 0.02]
    )
    chance = 1 / (1 + np.exp(6 - 0.03 * age - 0.25 * study - 0.02 * hours - (gain > 0)))
    return pl.DataFrame(
        {
            "age": age,
            "study": study,
            "hours": hours,
            "gain": gain,
            "weight": rng.lognormal(12, 0.5, rows).round(),
            "work": work,
            "married": rng.choice(["yes", "no", "was"], rows, p=[0.5, 0.35, 0.15]),
            "sex": rng.choice(["f", "m"], rows),
            "region": rng.choice([f"r{k}" for k in range(12)], rows),
            "income": np.where(rng.random(rows) < chance, "high", "low"),
        }
    )


def halves(rows: int, seed: int = 0) -> tuple[Dataset, Dataset]:
    """Training and holdout rows."""
    return split(read(people(rows, seed), Run(), target="income", sensitive=["sex"]), Run(seed))


def jittered(train: Dataset, seed: int = 0) -> Dataset:
    """Each training row once, its numbers moved a little."""
    rng = np.random.default_rng(seed)
    moved = []
    for column in train.schema:
        values = train.frame[column.name]
        if column.kind == "number":
            noise = rng.normal(0, 0.02 * float(values.std() or 0.0), len(values))
            values = (values.cast(pl.Float64) + pl.Series(noise)).round().cast(values.dtype)
        moved.append(values.alias(column.name))
    return train.with_frame(pl.DataFrame(moved))


def memorised(train: Dataset, seed: int = 0) -> Dataset:
    """Trees with one row a leaf: each column is drawn from the leaf that the earlier columns lead
    to.

    A tree that is grown until every leaf is one row knows, given enough columns, a single person:
    from there on all values of a made row are hers.
    """
    rng = np.random.default_rng(seed)
    layout, (rows,) = features([train])
    matrix = np.column_stack([np.nan_to_num(rows.numbers), rows.codes])
    order = np.argsort([-len(np.unique(values)) for values in matrix.T], kind="stable")
    at = rng.integers(0, len(train), len(train))
    made = np.empty_like(matrix)
    made[:, order[0]] = matrix[at, order[0]]
    frame = {}
    names = layout.names  # ids and texts are not made
    frame[names[order[0]]] = train.frame[names[order[0]]][at]
    for k in range(1, len(order)):
        known, column = order[:k], order[k]
        tree = DecisionTreeClassifier(min_samples_leaf=1, random_state=seed)
        tree.fit(matrix[:, known], np.unique(matrix[:, column], return_inverse=True)[1])
        leaves, wanted = tree.apply(matrix[:, known]), tree.apply(made[:, known])
        at = np.array([rng.choice(np.flatnonzero(leaves == leaf)) for leaf in wanted])
        made[:, column] = matrix[at, column]
        frame[names[column]] = train.frame[names[column]][at]
    kept = train.select([name for name in train.schema.names if name in frame])
    return kept.with_frame(pl.DataFrame([frame[name].alias(name) for name in kept.schema.names]))


def audited(
    train: Dataset,
    holdout: Dataset,
    synthetic: Dataset | None,
    model: str | None = "independent",
    seed: int = 0,
    canaries: int = 0,
) -> Audit:
    """An audit with as few canaries as asked for."""
    learned = None if model is None else Synthesizer.fit(train, Run(seed), model)
    return audit(learned, train, holdout, Run(seed), synthetic=synthetic, canaries=canaries)
