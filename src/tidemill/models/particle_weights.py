"""How much each candidate for a row counts, and which of them live on."""

from __future__ import annotations

import numpy as np


class ParticleWeights:
    """Weights of particles that stand in groups of equally many.

    Args:
        groups, each: Groups, and particles in each.

    Attributes:
        log: (groups, each) the log of each particle's weight.
        log_chance: (groups,) the log of the chance of all that was known up to the last resampling.
        fewest: (groups,) the smallest effective number of particles so far.
    """

    def __init__(self, groups: int, each: int) -> None:
        self.each = each
        self.log = np.zeros((groups, each))
        self.log_chance = np.zeros(groups)
        self.fewest = np.full(groups, float(each))
        self.first = np.arange(groups)[:, None] * each  # particle of each group

    def multiply(self, particles: np.ndarray, chance: np.ndarray) -> None:
        """Multiply the weights of some particles."""
        flat = self.log.reshape(-1)
        with np.errstate(divide="ignore"):
            flat[particles] += np.log(chance)

    def relative(self) -> tuple[np.ndarray, np.ndarray]:
        """(groups, each) weights with 1 as the largest of each group, and (groups,) their sums."""
        top = self.log.max(axis=1, keepdims=True)
        weight = np.exp(self.log - np.where(np.isfinite(top), top, 0.0))
        return weight, weight.sum(axis=1)

    def hopeless(self) -> np.ndarray:
        """(groups,) whether no particle of a group has any weight."""
        return ~(self.relative()[1] > 0)

    def revive(self, groups: np.ndarray) -> None:
        """Weigh the particles of some groups anew; what was known of these has no chance."""
        self.log[groups] = 0.0
        self.log_chance[groups] = -np.inf

    def resample(
        self, rng: np.random.Generator, *, keep_first: bool
    ) -> tuple[np.ndarray, np.ndarray]:
        """Resample the groups whose effective number has fallen under a half of their particles.

        Args:
            rng: Source of chance.
            keep_first: Keep the first particle of each group.

        Returns:
            (m,) the particles that are replaced, and (m,) those that take their places.
        """
        weight, total = self.relative()
        effective = total**2 / (weight**2).sum(axis=1)
        self.fewest = np.minimum(self.fewest, effective)
        few = np.flatnonzero(effective < self.each / 2)
        successor = self.first[few] + _systematic(weight[few], self.each, rng)
        if keep_first:
            successor[:, :1] = self.first[few]
        replaced = self.first[few] + np.arange(self.each)
        self.log_chance[few] += self.log[few].max(axis=1) + np.log(weight[few].mean(axis=1))
        self.log[few] = 0.0
        return replaced.ravel(), successor.ravel()

    def choose(self, n: int, rng: np.random.Generator) -> np.ndarray:
        """(groups * n,) particles in proportion to their weights, n of each group."""
        if np.ptp(self.log) == 0 and self.each == n:  # all are as they should be
            return np.arange(self.log.size)
        weight, _ = self.relative()
        at = rng.permuted(_systematic(weight, n, rng), axis=1)
        return (self.first + at).ravel()

    def chance(self) -> np.ndarray:
        """(groups,) the chance of all that was known."""
        _, total = self.relative()
        return np.exp(self.log_chance + self.log.max(axis=1) + np.log(total / self.each))

    def effective(self, n: int) -> float:
        """Effective number of independent draws behind n chosen particles of each group."""
        return float(np.minimum(self.fewest, n).sum())


def _systematic(weight: np.ndarray, n: int, rng: np.random.Generator) -> np.ndarray:
    """(groups, m) weights -> (groups, n) positions in proportion to them, one random start a group
    (Kitagawa 1996)."""
    groups, m = weight.shape
    group = np.arange(groups)[:, None]
    # all groups are searched as one: the edges of group g lie between g and g + 1
    edges = np.cumsum(weight, axis=1)
    edges = edges / edges[:, -1:] + group
    at = (np.arange(n) + rng.random((groups, 1))) / n + group
    position = np.searchsorted(edges.ravel(), at.ravel(), side="right").reshape(groups, n)
    return np.clip(position - group * m, 0, m - 1)
