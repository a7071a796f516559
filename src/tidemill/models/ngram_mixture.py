"""Chances of units by the runs of all texts and of a class, and texts drawn by them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from tidemill.models.kneser_ney import KneserNey
from tidemill.models.ngram_choice import MOST_ORDER, mixed, roots_of
from tidemill.models.ngram_counts import NONE, voice_of

CELLS = 1 << 22
"""Chances that are looked at at a time."""


@dataclass(frozen=True)
class RunMixture:
    """Each unit given the few before it and the class of its text.

    Where the words of each speaker are counted by themselves, the runs of all texts are those of
    who speaks, and those of a class are those of the class and of who speaks.

    Attributes:
        general: Runs of all texts.
        by_class: Runs within classes; None where there are none.
        shares: (order of ``by_class``,) how much of a chance is the class's own, behind each length
            of runs; the rest is that of all texts.
        ragged: Whether texts end by a mark.
        empty_rows: Whether a text may have no unit.
        temperature, top_p: As of :func:`tempered`.
    """

    general: KneserNey
    by_class: KneserNey | None
    shares: np.ndarray
    ragged: bool
    empty_rows: bool
    temperature: float = 1.0
    top_p: float = 1.0

    @property
    def size(self) -> int:
        """How many units there are."""
        return self.general.size

    @property
    def voices(self) -> int:
        """Whose words are counted by themselves."""
        return len(self.general.levels[0].unit) - 1

    def chances(
        self, recent: np.ndarray, of: np.ndarray, voice: np.ndarray, unit: np.ndarray
    ) -> np.ndarray:
        """(p,) the chance of each unit.

        Args:
            recent: (p, MOST_ORDER - 1) the units before each, the nearest first.
            of: (p,) their classes.
            voice: (p,) who speaks.
            unit: (p,) the units, or the mark of an end.
        """
        chance = np.full(len(unit), 1 / (self.size + self.ragged))
        for own, rest in self.general.terms(self._general(voice), recent, unit):
            chance = own + rest * chance
        if self.by_class is None:
            return chance
        roots = roots_of(of, voice, self.voices)
        return mixed(chance, self.by_class.terms(roots, recent, unit), self.shares)

    def _general(self, voice: np.ndarray) -> np.ndarray:
        """(n,) within which counts of all texts each is looked up."""
        return voice if self.voices else np.zeros_like(voice)

    def known(self, recent: np.ndarray, voice: np.ndarray) -> np.ndarray:
        """(p,) how many of the units before each the runs of all texts know."""
        found = np.zeros(len(recent), np.int64)
        for history in self.general.histories(self._general(voice), recent)[1:]:
            found = found + (history >= 0)
        return found

    def draw(
        self, code: np.ndarray, known: np.ndarray, of: np.ndarray, rng: np.random.Generator
    ) -> np.ndarray:
        """Fill (n, sites) codes with units, of which the first ``known`` ones are there, and return
        the (n,) lengths of the texts."""
        n, sites = code.shape
        end = self.size
        length = np.zeros(n, np.int64)
        alive, voice = np.arange(n), np.zeros(n, np.int64)
        recent = np.full((n, MOST_ORDER - 1), NONE, np.int64)
        recent[:, 0] = end + 1
        plain = self.temperature == 1 and self.top_p == 1
        for site in range(sites):
            must = site == 0 and not self.empty_rows
            if plain:
                unit = self._next(recent, of, voice, rng)
                again = np.flatnonzero(unit == end) if must else np.zeros(0, int)
                unit[again] = self._next_by_all(
                    recent[again], of[again], voice[again], rng, ends=False
                )
            else:
                unit = self._next_by_all(recent, of, voice, rng, ends=not must)
            unit = np.where(site < known[alive], code[alive, site], unit)
            goes_on = unit != end
            alive, unit, of, voice = (one[goes_on] for one in (alive, unit, of, voice))
            if not len(alive):
                break
            if self.voices:
                says = voice_of(unit, self.size, self.voices)
                voice = np.where(says > 0, says, voice)
            code[alive, site] = unit
            length[alive] = site + 1
            recent = np.concatenate([unit[:, None], recent[goes_on, :-1]], axis=1)
        return length

    def _next(
        self, recent: np.ndarray, of: np.ndarray, voice: np.ndarray, rng: np.random.Generator
    ) -> np.ndarray:
        """(n,) the next unit of each text: at each length of history it is drawn whether the
        longest run gives it or a shorter one."""
        n = len(recent)
        unit = np.full(n, NONE, np.int64)
        if self.by_class is not None:
            left = np.flatnonzero(of >= 0)  # those whose class may still give it
            histories = self.by_class.histories(roots_of(of, voice, self.voices), recent)
            for k in range(self.by_class.order - 1, -1, -1):
                left = left[rng.random(len(left)) < self.shares[k]]
                unit[left] = self.by_class.draw(k, histories[k][left], rng)
                left = left[unit[left] == NONE]
        left = np.flatnonzero(unit == NONE)
        histories = self.general.histories(self._general(voice[left]), recent[left])
        for k in range(self.general.order - 1, -1, -1):
            still = np.flatnonzero(unit[left] == NONE)
            unit[left[still]] = self.general.draw(k, histories[k][still], rng)
        left = left[unit[left] == NONE]
        unit[left] = rng.choice(self._occurring, len(left))
        return unit

    @cached_property
    def _occurring(self) -> np.ndarray:
        """The units that occur, and the mark of an end where it does."""
        found = np.unique(self.general.levels[0].follower)
        return found if len(found) else np.array([self.size])

    def _next_by_all(
        self,
        recent: np.ndarray,
        of: np.ndarray,
        voice: np.ndarray,
        rng: np.random.Generator,
        *,
        ends: bool,
    ) -> np.ndarray:
        """The same from the chances of all units, to which temperature and top-p are applied."""
        unit = np.zeros(len(recent), np.int64)
        size = max(CELLS // (self.size + 1), 1)
        for start in range(0, len(recent), size):
            part = slice(start, start + size)
            chances = self.all_chances(recent[part], of[part], voice[part])
            if not ends:
                chances[:, -1] = 0.0
            chances = tempered(chances, self.temperature, self.top_p)
            edges = np.cumsum(chances, axis=1)
            uniform = rng.random(len(chances)) * edges[:, -1]
            unit[part] = (edges <= uniform[:, None]).sum(axis=1)
        return np.minimum(unit, self.size if ends else self.size - 1)

    def all_chances(self, recent: np.ndarray, of: np.ndarray, voice: np.ndarray) -> np.ndarray:
        """(n, size + 1) the chances of all units, and of an end."""
        n = len(recent)
        chances = np.zeros((n, self.size + 1))
        chances[:, self._occurring] = 1 / len(self._occurring)
        for k, history in enumerate(self.general.histories(self._general(voice), recent)):
            chances = self.general.spread(k, history, chances)
        if self.by_class is None:
            return chances
        own = chances
        roots = roots_of(of, voice, self.voices)
        for k, history in enumerate(self.by_class.histories(roots, recent)):
            own = self.by_class.spread(k, history, own)
            own = self.shares[k] * own + (1 - self.shares[k]) * chances
        return own


def tempered(chances: np.ndarray, temperature: float, top_p: float) -> np.ndarray:
    """(n, k) chances of which likelier ones count for more, or unlikely ones for nothing.

    Args:
        chances: Of any sum.
        temperature: They are raised to 1 / temperature.
        top_p: The likeliest that have this share together are kept.

    Example:
        >>> tempered(np.array([[0.5, 0.4, 0.1]]), 1.0, 0.8).tolist()
        [[0.5, 0.4, 0.0]]
    """
    if temperature != 1:
        most = np.maximum(chances.max(axis=1, keepdims=True), np.finfo(float).tiny)
        chances = (chances / most) ** (1 / temperature)
    if top_p == 1:
        return chances
    order = np.argsort(-chances, axis=1, kind="stable")
    sorted_chances = np.take_along_axis(chances, order, axis=1)
    before = np.cumsum(sorted_chances, axis=1) - sorted_chances
    kept = before < top_p * sorted_chances.sum(axis=1, keepdims=True)
    chances = np.zeros_like(chances)
    np.put_along_axis(chances, order, np.where(kept, sorted_chances, 0.0), axis=1)
    return chances
