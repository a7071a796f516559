"""Who took what: customers by items."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from scipy import sparse

from tidemill.core.columns import by_name
from tidemill.supervised.arrays import Bools, Ints


@dataclass(frozen=True)
class Taken:
    """Which customer took which items, each counted once.

    Attributes:
        customers: (n,) in ascending order.
        items: (m,) the most often taken first, then in ascending order.
        pairs: (n, m) sparse, 1 where the customer took the item, float32.
    """

    customers: pl.Series
    items: pl.Series
    pairs: sparse.csr_array

    @staticmethod
    def of(customer: pl.Series, item: pl.Series) -> Taken:
        """What lines say, one customer and one item each; lines that lack either say nothing.

        Example:
            >>> taken = Taken.of(pl.Series(["a", "a", "b"]), pl.Series(["tea", "jam", "tea"]))
            >>> taken.items.to_list(), taken.pairs.toarray().tolist()
            (['tea', 'jam'], [[1.0, 1.0], [1.0, 0.0]])
        """
        lines = pl.DataFrame({"customer": customer, "item": item}).drop_nulls().unique()
        counts = lines.group_by("item").len().sort("len", "item", descending=[True, False])
        items, customers = counts["item"], lines["customer"].unique().sort()
        row = _places(lines["customer"], customers)
        column = _places(lines["item"], items)
        return Taken(customers, items, _ones(row, column, (len(customers), len(items))))

    def ordered_by(self, pairs: sparse.csr_array) -> Ints:
        """(m,) the columns, those first that most customers took by other (k, m) pairs, then in
        ascending order: what is not in these pairs decides nothing.

        Example:
            >>> taken = Taken.of(pl.Series(["a", "a", "b"]), pl.Series(["tea", "jam", "tea"]))
            >>> taken.ordered_by(sparse.csr_array((0, 2))).tolist()
            [1, 0]
        """
        rank = self.items.rank("ordinal").to_numpy()
        return np.lexsort((rank, -np.asarray(pairs.sum(axis=0))))

    def row_of(self, customers: pl.Series) -> Ints:
        """The row of each customer; -1 of one who took nothing."""
        return _places(customers, self.customers)

    def matrix(self, customer: pl.Series, item: pl.Series) -> sparse.csr_array:
        """(n, m) what other lines say of these customers and items; others are left out."""
        row, column = _places(customer, self.customers), _places(item, self.items)
        known = (row >= 0) & (column >= 0)
        return _ones(row[known], column[known], self.shape)

    @staticmethod
    def but_not(pairs: sparse.csr_array, other: sparse.csr_array) -> sparse.csr_array:
        """(n, m) the pairs that are not among others."""
        left = sparse.csr_array(pairs - pairs.multiply(other))
        left.eliminate_zeros()
        return left

    @property
    def shape(self) -> tuple[int, int]:
        """Customers, items."""
        return len(self.customers), len(self.items)


def held_out(
    pairs: sparse.csr_array, share: float, rng: np.random.Generator
) -> tuple[sparse.csr_array, sparse.csr_array]:
    """The pairs that are left, and those of each customer that are held out, at random.

    Args:
        pairs: (n, m).
        share: Of each customer's items, rounded; a customer with a single one keeps it.
        rng: The random stream.
    """
    rows = np.repeat(np.arange(pairs.shape[0]), np.diff(pairs.indptr))
    order = np.lexsort((rng.random(len(rows)), rows))
    rank = np.empty(len(rows), np.int64)
    rank[order] = np.arange(len(rows)) - pairs.indptr[rows]
    each = np.diff(pairs.indptr)
    wanted = np.minimum(np.floor(share * each + 0.5), np.maximum(each - 1, 0))
    held = rank < wanted[rows]
    return _part(pairs, rows, ~held), _part(pairs, rows, held)


def _part(pairs: sparse.csr_array, rows: Ints, mask: Bools) -> sparse.csr_array:
    return _ones(rows[mask], pairs.indices[mask], pairs.shape)


def _places(values: pl.Series, among: pl.Series) -> Ints:
    """Where each value stands among different ones; -1 where it does not."""
    known = pl.DataFrame({"value": among, "place": np.arange(len(among))})
    found = pl.DataFrame({"value": values}).join(
        known, on="value", how="left", maintain_order="left"
    )
    return found.select(by_name("place").fill_null(-1)).to_series().to_numpy().astype(np.int64)


def _ones(row: Ints, column: Ints, shape: tuple[int, int]) -> sparse.csr_array:
    found = sparse.csr_array((np.ones(len(row), np.float32), (row, column)), shape=shape)
    found.sum_duplicates()
    found.data[:] = 1.0
    return found
