"""Counts of terms as TF-IDF.

Terms are weighed by how rare they are, counts are logarithmic, and each text has length 1 (Salton
and Buckley 1988, "Term-weighting approaches in automatic text retrieval").
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from tidemill.supervised.arrays import Floats
from tidemill.supervised.text_terms import FEWEST_ROWS

if TYPE_CHECKING:
    from scipy import sparse


@dataclass(frozen=True)
class TermWeights:
    """From counts of terms to TF-IDF.

    Attributes:
        blocks: Per column of texts, the places of its terms that are used.
        rarity: Per column of texts, the weight of each of these: log((1 + n) / (1 + rows)) + 1.
    """

    blocks: tuple[NDArray[np.int64], ...]
    rarity: tuple[Floats, ...]

    @staticmethod
    def learned(
        widths: tuple[int, ...], counts: sparse.csr_array, fewest: int = FEWEST_ROWS
    ) -> TermWeights:
        """The weights of the terms that ``fewest`` of these rows have.

        Args:
            widths: How many terms each column of texts has.
            counts: (n, terms) all columns of texts side by side.
            fewest: Rows that a term is in at least.
        """
        shared = np.bincount(counts.indices, minlength=counts.shape[1])
        ends = np.cumsum(widths)
        blocks = []
        for width, end in zip(widths, ends, strict=True):
            own = np.arange(end - width, end)
            blocks.append(own[shared[own] >= fewest])
        rows = counts.shape[0]
        rarity = [np.log((1 + rows) / (1 + shared[block])) + 1 for block in blocks]
        return TermWeights(tuple(blocks), tuple(rarity))

    def __call__(self, counts: sparse.csr_array) -> sparse.csr_array:
        """(n, used terms) each column's texts of length 1, or 0 where they have none of them."""
        from scipy import sparse

        parts = [own for own, _ in self.each(counts)]
        return sparse.csr_array(sparse.hstack(parts, format="csr"))

    def each(
        self, counts: sparse.csr_array
    ) -> Iterator[tuple[sparse.csr_array, NDArray[np.int64]]]:
        """The same for each column of texts by itself, with the places of its terms."""
        for block, rarity in zip(self.blocks, self.rarity, strict=True):
            own = counts[:, block].tocsr()
            own.data = (1 + np.log(own.data)) * rarity[own.indices]
            length = np.sqrt(np.asarray(own.multiply(own).sum(axis=1)).ravel())
            own.data /= np.repeat(np.where(length > 0, length, 1.0), np.diff(own.indptr))
            yield own, block
