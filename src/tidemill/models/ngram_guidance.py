"""Of several texts that were drawn for a row one is taken that suits the row's class, as often as
real texts suit theirs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tidemill.core.grid import Batch
from tidemill.models.kneser_ney import RunLevel
from tidemill.models.ngram_classes import NO_CLASS

PRIOR = 100.0
"""Units by which a class is taken to be like all others."""
STRENGTHS = (0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 4.0)
STEEPEST, HALVINGS = 1.0, 30
"""The steepest slope by length that is looked for, and in how many halvings."""
MOST_CELLS = 1 << 24
"""Classes times units, beyond which texts are taken as they are drawn."""


class ClassWords:
    """How likely each class is, given the units of a text in any order (naive Bayes, classes being
    equally frequent).

    Args:
        level: How often each unit occurs in each class.
        size: Units that there are.
        voices: Speakers, of each of whom a class has counts, beside those of what stands before
            any speaks.
    """

    def __init__(self, level: RunLevel, size: int, voices: int = 0) -> None:
        different, column = np.unique(level.follower, return_inverse=True)
        counts = np.zeros((len(level.unit), len(different)), np.float32)
        counts[np.repeat(np.arange(len(level.unit)), level.followers), column] = level.count
        counts = counts.reshape(-1, voices + 1, len(different)).sum(axis=1)
        share = counts.sum(axis=0) / max(counts.sum(), 1)
        total = counts.sum(axis=1, keepdims=True)
        self._logs = np.log((counts + PRIOR * share) / (total + PRIOR)).T
        self._row = np.full(size, len(different))  # one more, of units of no class
        inside = different < size
        self._row[different[inside]] = np.flatnonzero(inside)
        self._logs = np.concatenate([self._logs, np.zeros((1, len(counts)), np.float32)])

    def chances(self, batch: Batch, of: np.ndarray) -> np.ndarray:
        """(n,) the logarithm of the chance of each text's class; 0 of a text without a class."""
        found = np.zeros((len(batch), self._logs.shape[1]))
        for site in range(batch.code.shape[1]):
            used = (
                np.arange(len(batch)) if batch.mask is None else np.flatnonzero(batch.mask[:, site])
            )
            if not len(used):
                break
            found[used] += self._logs[self._row[batch.code[used, site, 0]]]
        found -= found.max(axis=1, keepdims=True)
        own = found[np.arange(len(batch)), np.maximum(of, 0)]
        return np.where(of == NO_CLASS, 0.0, own - np.log(np.exp(found).sum(axis=1)))


@dataclass(frozen=True)
class Guidance:
    """By what one of several texts is taken: in proportion to ``chance of its class ** strength *
    exp(-slope * length)``, so that on average its class is as likely, and it is as long, as of real
    texts (an exponential tilt that meets two moments).

    Attributes:
        strength: 0 where texts are taken as they are drawn.
        slope: A unit.
    """

    strength: float = 0.0
    slope: float = 0.0

    def taken(self, chances: np.ndarray, length: np.ndarray, noise: np.ndarray) -> np.ndarray:
        """(n,) which of the texts of each row is taken.

        Args:
            chances: (k, n) logarithms of the chances of the row's class.
            length: (k, n) units of the texts.
            noise: (k, n) of Gumbel's distribution: the largest sum is a draw in proportion.
        """
        return (self.strength * chances - self.slope * length + noise).argmax(axis=0)


def guidance(
    real: tuple[np.ndarray, np.ndarray],
    drawn: tuple[np.ndarray, np.ndarray],
    rng: np.random.Generator,
) -> Guidance:
    """The least strength with which the class of the taken texts is as likely as that of real ones;
    0 where it is so without.

    Args:
        real: (n,) logarithms of the chances of the class of held-out texts, and their lengths.
        drawn: (k, n) the same of the texts that were drawn for their rows.
        rng: The random stream.
    """
    wanted, length = float(np.exp(real[0]).mean()), float(real[1].mean())
    if np.exp(drawn[0][0]).mean() >= wanted:
        return Guidance()
    noise = rng.gumbel(size=drawn[0].shape)
    rows = np.arange(drawn[0].shape[1])
    found = Guidance()
    for strength in STRENGTHS:
        low, high = -STEEPEST, STEEPEST
        for _ in range(HALVINGS):
            found = Guidance(strength, (low + high) / 2)
            taken = found.taken(*drawn, noise)
            if drawn[1][taken, rows].mean() > length:
                low = found.slope
            else:
                high = found.slope
        if np.exp(drawn[0][taken, rows]).mean() >= wanted:
            break
    return found
