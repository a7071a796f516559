"""What a recommender is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Protocol, Self, runtime_checkable

from scipy import sparse

from tidemill.core.run import Run
from tidemill.supervised.arrays import Floats


class Recommender(Protocol):
    """Ranks all items for any customer, new ones too, by what the customer took: nothing is learned
    anew for a new customer.

    Attributes:
        settings: Those to choose from, by validation; neighbours in the list are alike.
    """

    settings: ClassVar[tuple[Mapping[str, float], ...]]

    @classmethod
    def learned(cls, pairs: sparse.csr_array, run: Run, setting: Mapping[str, float]) -> Self:
        """From (n, m) which customer took which item."""
        ...

    def scores(self, given: sparse.csr_array) -> Floats:
        """(k, m) how much each item suits each of k customers, who took the (k, m) given ones; what
        they took has a score, too."""
        ...


@runtime_checkable
class Explains(Protocol):
    """A recommender whose scores are sums over what a customer took."""

    def weights(self, given: sparse.csr_array, item: int) -> Floats:
        """(k, m) what each item that a customer took adds to the score of an item."""
        ...


@runtime_checkable
class Bounded(Protocol):
    """A recommender that some tables are too large for."""

    @classmethod
    def unfit(cls, pairs: sparse.csr_array) -> str:
        """Why it is not learned from such pairs; "" where it is."""
        ...
