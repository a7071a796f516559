"""Texts of training rows that are like a row, to show a writer how one is written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tidemill.core.text_tokens import text_words
from tidemill.writing.quantities import plain_form

_SHARED = 1.0
"""What a shared value counts beside the likeness of words, which is 1 at most."""


@dataclass(frozen=True, eq=False)
class Examples:
    """Training rows with their texts, and the TF-IDF weights of the words of their values.

    Attributes:
        texts: (n,) of the rows.
        attributes: (n,) name -> value of each row.
        vectorizer: scikit-learn's, fitted on the rows' values.
        weights: (n, words) sparse, rows of length one.
    """

    texts: Sequence[str]
    attributes: Sequence[Mapping[str, str]]
    vectorizer: Any
    weights: Any

    def nearest(
        self, attributes: Mapping[str, str], count: int
    ) -> tuple[tuple[Mapping[str, str], str], ...]:
        """The rows that share most values and words with one, the nearest first; no two of one
        text, and none with the same values, whose text would only have to be copied."""
        asked = self.vectorizer.transform([_values(attributes)])
        likeness = np.asarray((self.weights @ asked.T).todense()).ravel()
        shared = [
            sum(row.get(name) == value for name, value in attributes.items())
            for row in self.attributes
        ]
        score = likeness + _SHARED * np.asarray(shared) / max(len(attributes), 1)
        found: dict[str, Mapping[str, str]] = {}
        for index in np.argsort(-score, kind="stable"):
            row, text = self.attributes[index], self.texts[index]
            same = all(row.get(name) == value for name, value in attributes.items())
            if len(found) < count and text not in found and not same:
                found[text] = row
        return tuple((row, text) for text, row in found.items())


def examples_of(texts: Sequence[str], attributes: Sequence[Mapping[str, str]]) -> Examples | None:
    """The examples of training rows; None where no row has a text and a value with a word.

    Args:
        texts: (n,) training texts; rows with an empty one are left out.
        attributes: (n,) name -> value of each text's row.

    Example:
        >>> rows = [{"kind": "cup"}, {"kind": "tea pot"}, {"kind": "red cup"}]
        >>> examples = examples_of(["a cup", "a pot", "a red cup"], rows)
        >>> examples.nearest({"kind": "blue cup"}, 1)
        (({'kind': 'cup'}, 'a cup'),)
    """
    from sklearn.feature_extraction.text import TfidfVectorizer

    kept = [index for index, text in enumerate(texts) if text.strip()]
    values = [_values(attributes[index]) for index in kept]
    if not any(text_words(one) for one in values):
        return None
    vectorizer = TfidfVectorizer(analyzer=text_words, sublinear_tf=True)
    weights = vectorizer.fit_transform(values)
    rows = [attributes[index] for index in kept]
    return Examples([texts[index] for index in kept], rows, vectorizer, weights)


def _values(attributes: Mapping[str, str]) -> str:
    return plain_form(" | ".join(attributes.values()))
