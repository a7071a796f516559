"""How much each candidate for a row counts, and which of them live on."""

from __future__ import annotations

import numpy as np


class ParticleWeights:
    """Weights of particles that stand in groups, each group's together.

    The weights of a group add up to an unbiased estimate of the chance of what is known.

    Args:
        room: (groups,) how many particles a group has room for.

    Attributes:
        group: (n,) ascending, the group of each particle.
        log: (n,) the log of each particle's weight.
        since: (n,) the part of it that came up since the group was last drawn from.
        sampled: (groups,) whether a group was ever drawn from; until then its particles are all
            that can be.
        fewest: (groups,) the smallest effective number of particles so far.
    """

    def __init__(self, room: np.ndarray) -> None:
        self.room = room
        self.group = np.arange(len(room))
        self.log = np.zeros(len(room))
        self.since = np.zeros(len(room))
        self.sampled = np.zeros(len(room), bool)
        self.fewest = np.full(len(room), np.inf)

    def __len__(self) -> int:
        return len(self.group)

    def multiply(self, particles: np.ndarray, chance: np.ndarray) -> None:
        """Multiply the weights of some particles."""
        with np.errstate(divide="ignore"):
            log = np.log(chance)
        self.log[particles] += log
        self.since[particles] += log

    def totals(self, log: np.ndarray | None = None) -> np.ndarray:
        """(groups,) the log of the sum of weights."""
        log = self.log if log is None else log
        first = np.searchsorted(self.group, np.arange(len(self.room)))
        top = np.maximum.reduceat(log, first)
        top = np.where(np.isfinite(top), top, 0.0)
        with np.errstate(divide="ignore"):
            return np.asarray(np.log(np.add.reduceat(np.exp(log - top[self.group]), first)) + top)

    def count(self, particles: np.ndarray | None = None) -> np.ndarray:
        """(groups,) how many particles there are, or so many of some."""
        group = self.group if particles is None else self.group[particles]
        return np.bincount(group, minlength=len(self.room))

    def weighed(self) -> np.ndarray:
        """(groups,) the effective number of particles, as far as they differ by what came up since
        the group was drawn from (Kong 1992; weighted as by Zhou, Johansen and Aston 2016).

        It is counted among the fewest so far.
        """
        total = self.totals()
        with np.errstate(invalid="ignore"):  # of what had no chance and still has none
            before = np.where(np.isfinite(self.log), self.log - self.since, -np.inf)
        same = self.totals(before) + self.totals(self.log + self.since)
        effective = self.room * np.exp(np.minimum(2 * total - same, 0.0))
        self.fewest = np.where(self.sampled, np.minimum(self.fewest, effective), self.fewest)
        return effective

    def drawn(
        self,
        groups: np.ndarray,
        number: np.ndarray,
        rng: np.random.Generator,
        *,
        stratified: bool = True,
    ) -> tuple[np.ndarray, np.ndarray]:
        """Stratified draws from some groups (Kitagawa 1996), or independent ones.

        One random start for all draws of a group would do with one number fewer, but particles that
        come again in the same order, as those of a column that tells nothing do, would resound to
        it.

        Args:
            groups: (groups,) bool, those that are drawn from.
            number: (groups,) how many draws.
            rng: Source of chance.
            stratified: Whether the draws of a group depend on each other so.

        Returns:
            (m,) the particles, ascending, and (m,) the place of each draw within the weight of its
            particle, from 0 to 1 and ascending too; independent draws stand in random order within
            their group.
        """
        number = np.where(groups, number, 0)
        share = np.exp(self.log - self.totals()[self.group])
        edge = np.cumsum(share)
        first = np.searchsorted(self.group, np.arange(len(self.room)))
        start = edge[first] - share[first]
        own = np.repeat(np.arange(len(number)), number)
        turn = np.arange(len(own)) - np.repeat(np.cumsum(number) - number, number)
        at = rng.random(len(own))
        if stratified:
            at = (turn + at) / number[own]
        last = np.r_[first[1:], len(self.group)] - 1
        at = start[own] + at * (edge[last] - start)[own]
        particle = np.searchsorted(edge, at, side="right")
        particle = np.clip(particle, first[own], last[own])
        with np.errstate(invalid="ignore", divide="ignore"):
            part = (at - edge[particle] + share[particle]) / share[particle]
        return particle, np.clip(np.nan_to_num(part, nan=0.5), 0, np.nextafter(1, 0))

    def share(self, particles: np.ndarray, number: np.ndarray, times: np.ndarray) -> np.ndarray:
        """(m,) the log of the weight of particles that were drawn so many times, of a number of
        draws from each group."""
        group = self.group[particles]
        return np.asarray((self.totals() - np.log(number))[group] + np.log(times))

    def effective(self) -> np.ndarray:
        """(groups,) effective number of particles by all their weights (Kong 1992)."""
        return np.exp(np.minimum(2 * self.totals() - self.totals(2 * self.log), 60.0))
