"""What a network says of one variable given others, in the words that weighted candidates ask
in."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from torch.nn import functional

from tidemill.core.grid import Channel, Constraints, Spec
from tidemill.models.deep.conditionals import Conditionals
from tidemill.models.deep.dense import no_numbers
from tidemill.models.deep.stream import NONE, Stream
from tidemill.models.variables import Variables

CHUNK = 8192
"""Rows that are asked about at a time."""
MOSTLY = 0.5
"""A channel that at least so many of the rows have comes first for all of them."""


class NetworkDistribution:
    """The distribution of one variable of a table, given those before it in an order of one's own;
    it answers as :class:`~tidemill.models.binary_forest.BinaryForest` does.

    Attributes:
        count: (symbols,) training rows of each symbol.
        features: (f,) the earlier variables.
    """

    def __init__(
        self,
        stream: Stream,
        inner: Conditionals | None,
        variables: Variables,
        v: int,
        device: torch.device,
    ) -> None:
        self.stream, self.inner = stream, inner
        self.device = device
        self.count, self.features = variables.count[v], np.arange(v)
        place = {channel: c for c, channel in enumerate(stream.channels)}
        self.earlier = [place[channel] for channel in variables.channels[:v]]
        own = place[variables.channels[v]]
        self.digits = stream.digits[own]
        self.positions = [p for p, (c, _) in enumerate(stream.positions) if c == own]
        self.mass = self.count[self.digits.symbol]  # of each place
        self.edges = self.digits.start

    # --- what is asked ----------------------------------------------------------------------------

    def chances(self, x: np.ndarray) -> np.ndarray:
        """(n, f) features -> (n, symbols) the chance of each."""
        symbols = np.arange(len(self.count))
        row = np.repeat(np.arange(len(x)), len(symbols))
        return self.chance_of(x[row], np.tile(symbols, len(x))).reshape(len(x), len(symbols))

    def at(self, x: np.ndarray, u: np.ndarray, row: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """(m,) parts of the distribution's mass -> (m,) symbols, and the part of each that lies
        below; ``row`` says which row of features each is of."""
        symbols, parts = np.zeros(len(u), int), np.zeros(len(u))
        for rows, token, group in self._groups(x[row]):
            chosen, part = _inverse(group, u[rows])
            if self.digits.digits == 2:
                inner, part = _inverse(self._second(token, chosen), part)
                chosen = np.minimum(self.edges[chosen] + inner, self.edges[chosen + 1] - 1)
            symbols[rows], parts[rows] = self.digits.symbol[chosen], part
        return symbols, parts

    def below(self, x: np.ndarray, place: np.ndarray, part: np.ndarray) -> np.ndarray:
        """(n,) ordered symbols -> (n,) the chance of those below, and of a part of each itself."""
        found = np.zeros(len(x))
        for rows, token, group in self._groups(x):
            at, into = self._group_of(place[rows]), part[rows]
            if self.digits.digits == 2:
                inner = self._second(token, at)
                within = place[rows] - self.edges[at]
                into = _before(inner, within) + into * _of(inner, within)
            found[rows] = _before(group, at) + into * _of(group, at)
        return found

    def chance_of(self, x: np.ndarray, symbols: np.ndarray) -> np.ndarray:
        """(n,) symbols -> (n,) the chance of each row's own."""
        found = np.zeros(len(x))
        for rows, token, group in self._groups(x):
            place = self.digits.place[symbols[rows]]
            at = self._group_of(place)
            found[rows] = _of(group, at)
            if self.digits.digits == 2:
                found[rows] *= _of(self._second(token, at), place - self.edges[at])
        return found

    def within(
        self, x: np.ndarray, allowed: np.ndarray, rng: np.random.Generator
    ) -> tuple[np.ndarray, np.ndarray]:
        """(symbols,) bool -> (n,) the chance of the allowed symbols together, and (n,) one of them
        for each row."""
        chance, symbols = np.zeros(len(x)), np.zeros(len(x), int)
        let = (allowed & (self.count > 0))[self.digits.symbol]
        for rows, token, group in self._groups(x):
            mass = group * self._shares(token, let)
            chance[rows] = mass.sum(1)
            chosen, part = _inverse(mass, rng.random(len(group)) * chance[rows])
            if self.digits.digits == 2:
                inner = self._second(token, chosen)
                at = self.edges[chosen][:, None] + np.arange(inner.shape[1])
                inner *= let[np.minimum(at, len(let) - 1)]
                within, _ = _inverse(inner, part * inner.sum(1))
                chosen = np.minimum(self.edges[chosen] + within, self.edges[chosen + 1] - 1)
            symbols[rows] = self.digits.symbol[chosen]
        return chance, symbols

    # --- how it is answered -----------------------------------------------------------------------

    def _groups(self, x: np.ndarray) -> Iterator[tuple[slice, torch.Tensor, np.ndarray]]:
        """Rows in chunks: which, their codes, and (rows, groups) the chances of the first digit."""
        for start in range(0, len(x), CHUNK):
            part = x[start : start + CHUNK]
            symbols = np.full((len(part), len(self.stream.channels)), NONE, np.int32)
            symbols[:, self.earlier] = np.where(np.isnan(part), NONE, part)
            token = torch.from_numpy(self.stream.of_symbols(symbols)).long().to(self.device)
            rows = slice(start, start + len(part))
            if self.positions:
                yield rows, token, self._asked(self.positions[0], token)
            else:
                yield rows, token, np.tile((self.mass > 0).astype(float), (len(part), 1))

    def _second(self, token: torch.Tensor, group: np.ndarray) -> np.ndarray:
        """(n,) groups -> (n, most) the chances of the second digit within each."""
        first, second = self.positions
        told = token.clone()
        told[:, first] = torch.from_numpy(group).to(self.device)
        return self._asked(second, told)

    def _asked(self, p: int, token: torch.Tensor) -> np.ndarray:
        """(n, codes) chances of position p, given all codes that there are."""
        assert self.inner is not None
        with torch.inference_mode():
            logits = self.inner.at(p, token, self.inner.vectors(token), None, None)
            found = np.asarray(functional.softmax(logits.double(), dim=-1).cpu().numpy())
        if not np.isfinite(found).all():
            raise no_numbers()
        return found

    def _group_of(self, place: np.ndarray) -> np.ndarray:
        at: np.ndarray = np.searchsorted(self.edges, place, side="right") - 1
        return at

    def _shares(self, token: torch.Tensor, let: np.ndarray) -> np.ndarray:
        """(n or 1, groups) which part of each group's chance is allowed."""
        kept = np.add.reduceat(let, self.edges[:-1], dtype=int)
        there = np.add.reduceat(self.mass > 0, self.edges[:-1], dtype=int)
        shares = np.tile((kept == there) & (there > 0), (len(token), 1)).astype(float)
        for g in np.flatnonzero((kept > 0) & (kept < there)):
            inner = self._second(token, np.full(len(token), g))
            own = let[self.edges[g] : self.edges[g + 1]]
            shares[:, g] = inner[:, : len(own)] @ own
        return shares


def known_first(spec: Spec, known: Constraints) -> tuple[tuple[Channel, int], ...]:
    """The spec's channels, those of which something is known before the others, and what says that
    there is a number before it; of those that only some rows have, the ones that most rows have.
    """
    first: set[tuple[Channel, int]] = {("code", i) for i in known.code}
    first |= {("real", i) for i in known.tick}
    for bound in known.sums:
        first |= {("real", i) for i in bound.channels}
    if known.rows is not None and len(known.rows):
        given = known.rows
        first |= {("code", int(i)) for i in np.flatnonzero(given.code.mean(axis=0) >= MOSTLY)}
        first |= {("real", int(i)) for i in np.flatnonzero(given.tick.mean(axis=0) >= MOSTLY)}
    for i, real in enumerate(spec.reals):
        if ("real", i) in first and real.presence is not None:
            first.add(("code", real.presence))
    return tuple(sorted(spec.order, key=lambda channel: channel not in first))


def _before(chance: np.ndarray, at: np.ndarray) -> np.ndarray:
    """(n, codes) chances -> (n,) of those before the one at ``at``."""
    edges = np.concatenate([np.zeros((len(chance), 1)), np.cumsum(chance, axis=1)], axis=1)
    return _of(edges, at)


def _of(chance: np.ndarray, at: np.ndarray) -> np.ndarray:
    found: np.ndarray = np.take_along_axis(chance, at[:, None], axis=1)[:, 0]
    return found


def _inverse(chance: np.ndarray, u: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(n, codes) chances, (n,) parts of their mass -> (n,) codes, and the part of each that lies
    below."""
    edges = np.cumsum(chance, axis=1)
    last = chance.shape[1] - 1 - (chance[:, ::-1] > 0).argmax(axis=1)  # the last that can be
    at = np.minimum((edges <= u[:, None]).sum(axis=1), last)
    own = _of(chance, at)
    with np.errstate(invalid="ignore", divide="ignore"):
        part = np.where(own > 0, (u - _of(edges, at) + own) / own, 0.5)
    return at, np.clip(part, 0, np.nextafter(1, 0))
