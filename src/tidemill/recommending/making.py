"""Customers that are made: hidden numbers where those of customers lie, and what these take."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import numpy as np
from scipy import sparse
from scipy.special import softmax
from scipy.stats import norm

from tidemill.core.one_thread import one_thread
from tidemill.core.persons import FEWEST_PERSONS
from tidemill.core.run import Run
from tidemill.supervised.arrays import Floats, Ints

if TYPE_CHECKING:
    from tidemill.recommending.vae import BasketVae

FEWEST_A_PART, MOST_PARTS = 20, 64
"""Customers of a part of the mixture, so that none is about a few of them; and parts at most."""
SWEEPS = 60
START = 0.2
"""A part's variance to begin with, of that of all: where all are wide, all become the same."""
LEAST_SPREAD = 0.05
"""Variance of a part in each of its numbers."""
SUREST = 0.95
"""The chance of an item at most, so that none is in every basket."""
TOGETHER = 1 << 23
"""Scores that are held at a time."""


@dataclass(frozen=True)
class LatentMixture:
    """Normal distributions, each with a share.

    Attributes:
        share: (parts,) summing to 1.
        middle, spread: (parts, d) means and variances.
    """

    share: Floats
    middle: Floats
    spread: Floats

    @staticmethod
    def of(middle: Floats, spread: Floats, rng: np.random.Generator) -> LatentMixture:
        """The mixture that suits normal distributions best, by expectation and maximisation; a part
        that fewer than FEWEST_A_PART of them share is given up.

        Args:
            middle, spread: (n, d) means and variances of what it is fitted to.
            rng: Where it begins.
        """
        n = len(middle)
        parts = min(MOST_PARTS, max(n // (2 * FEWEST_A_PART), 1))
        held = np.full(parts, n / parts)
        at = middle[rng.choice(n, parts, replace=False)]
        narrow = np.maximum(START * middle.var(axis=0) + spread.mean(axis=0), LEAST_SPREAD)
        wide = np.tile(narrow, (parts, 1))
        for _ in range(SWEEPS):
            sharp = 1 / wide
            far = (middle**2 + spread) @ sharp.T - 2 * middle @ (at * sharp).T
            far += (at**2 * sharp).sum(axis=1) + np.log(wide).sum(axis=1)
            share = softmax(np.log(held) - far / 2, axis=1)
            held = share.sum(axis=0)
            share = share[:, held >= min(FEWEST_A_PART, held.max())]
            held = share.sum(axis=0)
            at = share.T @ middle / held[:, None]
            wide = share.T @ (middle**2 + spread) / held[:, None] - at**2
            wide = np.maximum(wide, LEAST_SPREAD)
        return LatentMixture(held / held.sum(), at, wide)

    def drawn(self, n: int, rng: np.random.Generator) -> Floats:
        """(n, d) new points."""
        part = rng.choice(len(self.share), n, p=self.share)
        noise = rng.normal(size=(n, self.middle.shape[1]))
        found: Floats = self.middle[part] + np.sqrt(self.spread[part]) * noise
        return found


class CustomerMaker:
    """Makes customers: hidden numbers and how many items from a mixture over those of customers,
    the items by what the net says of such numbers, none twice.

    Args:
        model: What hidden numbers mean.
        prior: Of hidden numbers, and of how many items, as a normal score.
        sizes: (n,) how many items customers took, in ascending order.
    """

    def __init__(self, model: BasketVae, prior: LatentMixture, sizes: Ints) -> None:
        self._model, self._prior, self._sizes = model, prior, sizes

    @classmethod
    def learned(cls, pairs: sparse.csr_array, run: Run) -> Self:
        """From (n, m) what customers took, at least one item each; the extra ``deep`` is needed."""
        from tidemill.recommending.vae import BasketVae

        model = BasketVae.learned(pairs, run, BasketVae.settings[0])
        middle, deviation = model.latents(pairs)
        size = np.diff(pairs.indptr).astype(np.int64)
        points = np.column_stack([middle, _normal_scores(size)])
        around = np.column_stack([deviation**2, np.zeros(len(size))])
        with one_thread():
            prior = LatentMixture.of(points, around, run.rng("recommend", "prior"))
        return cls(model, prior, np.sort(size))

    def made(self, n: int, rng: np.random.Generator) -> sparse.csr_array:
        """(n, m) what new customers take."""
        drawn = self._prior.drawn(n, rng)
        ends = min(FEWEST_PERSONS - 1, len(self._sizes) // 2)
        place = np.floor(norm.cdf(drawn[:, -1]) * len(self._sizes)).astype(np.int64)
        size = self._sizes[np.clip(place, ends, len(self._sizes) - 1 - ends)]
        parts = []
        together = max(TOGETHER // self._model.net.taken.num_embeddings, 1)
        for start in range(0, n, together):
            part = slice(start, start + together)
            chance = softmax(self._model.logits(drawn[part, :-1]), axis=1)
            parts.append(without_repeats(chance, size[part], rng))
        return sparse.csr_array(sparse.vstack(parts))


def by_popularity(pairs: sparse.csr_array, n: int, rng: np.random.Generator) -> sparse.csr_array:
    """(n, m) the floor of made customers: as many items as real ones took, each as often as it is
    taken, whatever else is in the basket.

    Args:
        pairs: What customers took.
        n: How many are made.
        rng: The random stream.
    """
    size = rng.choice(np.diff(pairs.indptr), n).astype(np.int64)
    count = np.asarray(pairs.sum(axis=0), np.float64)
    chance = count / count.sum()
    together = max(TOGETHER // len(chance), 1)
    parts = []
    for start in range(0, n, together):
        own = size[start : start + together]
        parts.append(without_repeats(np.tile(chance, (len(own), 1)), own, rng))
    return sparse.csr_array(sparse.vstack(parts))


def without_repeats(chance: Floats, size: Ints, rng: np.random.Generator) -> sparse.csr_array:
    """(n, m) so many different items of each row.

    Each item arrives at a random time, exponential with such a rate that it has come by time 1 with
    the probability ``size * chance``, and the first ones are taken: the Gumbel top-k trick (Kool,
    van Hoof and Welling 2019), with weights by which frequent items are not too rare, as they are
    where weights are the chances themselves.

    Args:
        chance: (n, m) of a single draw, rows sum to 1.
        size: (n,) how many are drawn.
        rng: The random stream.

    Example:
        >>> chance = np.array([[0.4, 0.4, 0.2, 0.0]])
        >>> without_repeats(chance, np.array([2]), np.random.default_rng(1)).sum().item()
        2.0
    """
    n, m = chance.shape
    size = np.minimum(size, m)
    reached = np.clip(size[:, None] * chance, 1e-12, SUREST)
    arrival = rng.exponential(size=chance.shape) / -np.log1p(-reached)
    first = np.argsort(arrival, axis=1, kind="stable")
    row, rank = np.nonzero(np.arange(m) < size[:, None])
    pairs = (np.ones(len(row), np.float32), (row, first[row, rank]))
    return sparse.csr_array(pairs, shape=(n, m))


def _normal_scores(values: Ints) -> Floats:
    """(n,) the normal score of the middle of each value's ranks."""
    ordered = np.sort(values)
    low, high = (np.searchsorted(ordered, values, side=side) for side in ("left", "right"))
    found: Floats = norm.ppf((low + high) / 2 / len(values))
    return found
