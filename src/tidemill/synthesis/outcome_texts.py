"""What a column of texts says of an outcome, as a stored model keeps it: weights of the terms that
enough persons share, and of no others."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from tidemill.core import checked_values as checked
from tidemill.core.checked_arrays import reals
from tidemill.core.persons import shared_items
from tidemill.core.schema import Schema
from tidemill.supervised.arrays import Floats
from tidemill.supervised.text_scores import TermModel, crossed, text_folds
from tidemill.supervised.text_terms import text_terms
from tidemill.supervised.text_weights import TermWeights

if TYPE_CHECKING:
    from scipy import sparse

MOST_TERMS = 5_000
"""Terms that are kept, the most frequent ones."""
LONGEST_TERM = 100
"""Characters of a term at most."""
MOST_OUTPUTS = 11
FEWEST_TEXTS = 50
"""Of fewer texts nothing is learned."""


@dataclass(frozen=True)
class OutcomeText:
    """A column of texts, and what it says of an outcome.

    Attributes:
        name: Of the column.
        terms: Words and pairs of words, each of FEWEST_PERSONS persons or more.
        weigh: How much each counts.
        model: From these to one score a class; one alone for two classes or a number.
        unknown: (outputs,) the score of a row without a text: that of all rows together, or
            not-a-number where such rows were learned from.
    """

    name: str
    terms: tuple[str, ...]
    weigh: TermWeights
    model: TermModel
    unknown: Floats

    @staticmethod
    def learned(
        values: pl.Series,
        outcome: Floats,
        classes: int,
        persons: np.ndarray | None,
        rng: np.random.Generator,
    ) -> tuple[OutcomeText, Floats] | None:
        """A column, and (n, outputs) the scores of its rows by models that have not seen them; None
        where it has too few texts, or no term that enough persons share.

        Args:
            values: The texts; a row without one has no score.
            outcome: (n,) the numbers, or the places of the classes.
            classes: How many; 0 for a number.
            persons: (n,) whose each row is; None where each is a person of its own.
            rng: Divides the rows.
        """
        known = values.is_not_null().to_numpy()
        texts = values.drop_nulls().cast(pl.String).to_list()
        if len(texts) < FEWEST_TEXTS:
            return None
        whose = None if persons is None else persons[known].tolist()
        terms = _shared_terms(texts, whose)
        if not terms:
            return None
        counts = _counts(texts, terms)
        weigh = TermWeights.learned((len(terms),), counts, fewest=0)
        label = outcome[known]
        fold = text_folds(counts, label, classes, rng)
        seen, model = crossed(weigh(counts), label, None, classes, fold)
        unknown = np.full(seen.shape[1], np.nan)
        if known.all():
            unknown = _of_all(label, classes)
        return OutcomeText(values.name, terms, weigh, model, unknown), _among(known, seen, unknown)

    @property
    def outputs(self) -> int:
        """How many scores a text has."""
        return len(self.model.base)

    def scores(self, values: pl.Series) -> Floats:
        """(n, outputs) what the texts say."""
        known = values.is_not_null().to_numpy()
        texts = values.drop_nulls().cast(pl.String).to_list()
        said = self.model(self.weigh(_counts(texts, self.terms)))
        return _among(known, said, self.unknown)

    # --- state ------------------------------------------------------------------------------------

    def to_state(self, prefix: str) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
        """JSON, and arrays whose names begin with the prefix."""
        [rarity] = self.weigh.rarity
        arrays = {
            "rarity": rarity,
            "weights": self.model.weights,
            "base": self.model.base,
            "unknown": self.unknown,
        }
        named = {f"{prefix}.{key}": array for key, array in arrays.items()}
        return {"name": self.name, "terms": list(self.terms)}, named

    @staticmethod
    def from_state(
        document: Mapping[str, Any], arrays: Mapping[str, np.ndarray], prefix: str, schema: Schema
    ) -> OutcomeText:
        """The column of this state.

        Raises:
            KeyError, SchemaError, TypeError, ValueError: It is none, or not of these columns.
        """
        column = schema[document["name"]]  # raises where there is none
        terms = tuple(checked.text(term, LONGEST_TERM) for term in document["terms"])
        if column.kind != "text" or not 1 <= len(set(terms)) == len(terms) <= MOST_TERMS:
            raise ValueError("the terms of a column of texts make no sense")
        rarity = reals(arrays, f"{prefix}.rarity", np.float64, (len(terms),))
        base = reals(arrays, f"{prefix}.base", np.float64, (None,))
        if not 1 <= len(base) <= MOST_OUTPUTS:
            raise ValueError("a text has no scores, or too many")
        shape = (len(terms), len(base))
        weights = reals(arrays, f"{prefix}.weights", np.float64, shape)
        unknown = reals(arrays, f"{prefix}.unknown", np.float64, (len(base),), missing=True)
        weigh = TermWeights((np.arange(len(terms)),), (rarity,))
        return OutcomeText(column.name, terms, weigh, TermModel(weights, base), unknown)


def _shared_terms(texts: Sequence[str], whose: Sequence[int] | None) -> tuple[str, ...]:
    """The terms that enough persons share, the most frequent first."""
    of_rows = [{term for term in text_terms(text) if len(term) <= LONGEST_TERM} for text in texts]
    shared = shared_items(of_rows, whose)
    rows = Counter(term for terms in of_rows for term in terms if term in shared)
    return tuple(sorted(rows, key=lambda term: (-rows[term], term))[:MOST_TERMS])


def _counts(texts: Sequence[str], terms: Sequence[str]) -> sparse.csr_array:
    """(n, terms) how often each of these terms is in each text."""
    from scipy import sparse

    place = {term: at for at, term in enumerate(terms)}
    indices: list[int] = []
    ends = [0]
    for text in texts:
        indices += [place[term] for term in text_terms(text) if term in place]
        ends.append(len(indices))
    # liblinear knows 32-bit places only
    places = (np.array(indices, np.int32), np.array(ends, np.int32))
    shape = (len(texts), len(terms))
    counts = sparse.csr_array((np.ones(len(indices)), *places), shape=shape)
    counts.sum_duplicates()
    return counts


def _of_all(label: Floats, classes: int) -> Floats:
    """(outputs,) the log-odds of each class, or the mean number, of all rows."""
    if not classes:
        return np.array([label.mean()])
    shares = np.bincount(label.astype(int), minlength=classes) / len(label)
    odds = np.log(np.clip(shares, 1e-3, 1 - 1e-3) / np.clip(1 - shares, 1e-3, 1 - 1e-3))
    return odds[1:] if classes == 2 else odds


def _among(known: np.ndarray, scores: Floats, unknown: Floats) -> Floats:
    """The scores in the rows under a mask, and what stands for others."""
    found = np.tile(unknown, (len(known), 1))
    found[known] = scores
    return found
