"""Which rows a fidelity metric compares: held-out real rows against synthetic, floor and ceiling
rows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from tidemill.core.dataset import Dataset
from tidemill.core.run import Run
from tidemill.core.schema import Column
from tidemill.core.score import Evidence


@dataclass(frozen=True)
class Sides:
    """Held-out real rows, and the three that are compared with them; these three are of equal size.

    Attributes:
        real: Holdout rows.
        synthetic: The rows that are judged.
        floor: Rows of independent columns.
        ceiling: Training rows, a second real sample that stands in the place of the synthetic one.
        note: " (measured on 25,000 sampled rows)" where not all rows were used, for the end of a
            sentence.
    """

    real: Dataset
    synthetic: Dataset
    floor: Dataset
    ceiling: Dataset
    note: str = ""

    @property
    def compared(self) -> tuple[Dataset, Dataset, Dataset]:
        """Synthetic, floor and ceiling rows: the order in which all metrics take the three."""
        return self.synthetic, self.floor, self.ceiling

    def __iter__(self) -> Iterator[Dataset]:
        return iter((self.real, *self.compared))


def sides(
    evidence: Evidence,
    run: Run,
    metric: str,
    *,
    most: int,
    equal: bool = False,
    texts: bool = False,
) -> Sides:
    """The modelled columns of the four sets, sampled down to equal and affordable sizes.

    A small sample strays further from the truth than a large one does, so a comparison is fair only
    where the three compared sets have the same number of rows.

    Args:
        evidence: The sets.
        run: Its stream of the metric's name draws the samples.
        metric: The metric's registered name.
        most: Rows that a set may have.
        equal: Whether the real side shall have that same number of rows too.
        texts: Whether those columns of free text are taken, too, that all of the sets have.
    """
    names = [column.name for column in evidence.train.schema.modelled]
    if texts:
        found = evidence.train, evidence.holdout, evidence.synthetic, evidence.floor
        names += [column.name for column in shared_texts(*found)]
    held = min(most, len(evidence.holdout))
    size = min(most, len(evidence.synthetic), len(evidence.floor), len(evidence.train))
    if equal:
        held = size = min(size, held)

    def drawn(data: Dataset, side: str, rows: int) -> Dataset:
        return thinned(data, rows, run.rng("metrics", metric, side)).select(names)

    return Sides(
        drawn(evidence.holdout, "holdout", held),
        drawn(evidence.synthetic, "synthetic", size),
        drawn(evidence.floor, "floor", size),
        drawn(evidence.train, "train", size),
        sampled(most) if most in (held, size) else "",
    )


def shared_texts(first: Dataset, *others: Dataset) -> tuple[Column, ...]:
    """The columns of free text of a table that other tables have, too: rows of another maker may
    have none."""
    return tuple(
        column
        for column in first.schema.texts
        if all(column.name in other.schema for other in others)
    )


def thinned(data: Dataset, rows: int, rng: np.random.Generator) -> Dataset:
    """So many rows drawn without repetition, in their order; all of them where there are no
    more."""
    if len(data) <= rows:
        return data
    return data.rows(np.sort(rng.choice(len(data), rows, replace=False)))


def affordable(columns: int, *, cells: int, most: int) -> int:
    """How many rows a metric can take of a table this wide, with so many cells to spend."""
    return min(most, max(1000, cells // max(columns, 1)))


def sampled(rows: int) -> str:
    """What a sentence says at its end where not all rows were used."""
    return f" (measured on {rows:,} sampled rows)"
