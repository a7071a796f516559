"""The texts of one column in training and held-out rows, one of each person."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy import sparse

from tidemill.core.dataset import Dataset
from tidemill.core.persons import persons_of
from tidemill.core.run import Run
from tidemill.mining.sampling import joined, sample_positions
from tidemill.mining.texts.terms import held_terms, shared_terms, terms_of

MOST_TRAIN, MOST_HELD = 20_000, 10_000
FEWEST_TRAIN, FEWEST_HELD = 60, 30


@dataclass(frozen=True, eq=False)
class Corpus:
    """The texts of one column; each is of another person, so that every test may take them for
    independent.

    Attributes:
        name: The column.
        train, held: The rows; none lacks a text.
        terms: Words and phrases of at least FEWEST_PERSONS training texts.
        seen_terms, held_terms: (n, terms) and (m, terms), 1 where a text holds a term.
        note: A clause on rows that were left out; "" where none was.
    """

    name: str
    train: Dataset
    held: Dataset
    terms: tuple[str, ...]
    seen_terms: sparse.csr_array
    held_terms: sparse.csr_array
    note: str

    def texts(self, data: Dataset) -> list[str]:
        """The texts of its training or held-out rows."""
        return data[self.name].to_list()


def corpora(train: Dataset, holdout: Dataset, run: Run) -> Iterator[Corpus]:
    """The columns of free text that have enough texts."""
    persons = None
    if train.schema.texts:
        persons = persons_of(joined(train, holdout))
    for column in train.schema.texts:
        if train[column.name].dtype != pl.String:
            continue
        seen, kept = _chosen(column.name, train, holdout, persons, run)
        if len(seen) < FEWEST_TRAIN or len(kept) < FEWEST_HELD:
            continue
        note = ""
        if persons is not None:
            note = ", one of each person"
        rows, held = train.rows(seen), holdout.rows(kept)
        of_train = [terms_of(text) for text in rows[column.name]]
        of_held = [terms_of(text) for text in held[column.name]]
        terms = shared_terms(of_train)
        if terms:
            yield Corpus(
                column.name,
                rows,
                held,
                tuple(terms),
                held_terms(of_train, terms),
                held_terms(of_held, terms),
                note,
            )


def _chosen(
    name: str, train: Dataset, holdout: Dataset, persons: NDArray[np.int64] | None, run: Run
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Places of the training and of the held-out rows whose texts are looked at: the first of each
    person, and none of a person who is among the training rows already."""
    known = np.concatenate(
        [part[name].str.contains(r"\w").fill_null(False).to_numpy() for part in (train, holdout)]
    )
    at = np.flatnonzero(known)
    if persons is not None:
        _, first = np.unique(persons[at], return_index=True)
        at = at[np.sort(first)]
    seen, held = at[at < len(train)], at[at >= len(train)] - len(train)
    rng = run.rng("mining/texts", name)
    seen = seen[sample_positions(len(seen), MOST_TRAIN, rng)]
    return seen, held[sample_positions(len(held), MOST_HELD, rng)]
