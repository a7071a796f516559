"""The stream view: each site of a row as one sequence of small codes, for models that draw one
after the other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from tidemill.core.checked_arrays import integers
from tidemill.core.grid import Batch, Constraints, Spec
from tidemill.models import channels
from tidemill.models.bins import Bins
from tidemill.models.channels import level_counts, pieces_of, present
from tidemill.models.deep.defaults import DEFAULTS
from tidemill.models.deep.dense import Dense
from tidemill.models.deep.training import Tensors

SINGLE = 128
"""A channel of more symbols than this has two digits."""
COARSE, FINE = 64, 64
"""Groups of about equal mass that the first digit tells apart, and symbols of a group, about."""
MOST_CELLS = 4_000_000
"""Values of a channel that its distribution is learned from, where a row has many sites."""
SLOPES = 3
"""Numbers that say how far a group's symbols differ from their shares, where they are ordered."""
TILT = 0.2
"""Scale of these numbers: small, so that they are learned slowly, since there is little to
learn."""
NONE = -1
"""The code of a position that has none: a number that is absent, a site that is not in use."""
SOURCES = 48
"""Positions that a position is drawn from: the most related ones where there are more."""
RELATED_ROWS = 5000
"""Rows that say which channels are related."""


@dataclass(frozen=True, slots=True)
class Digits:
    """The symbols of a channel in groups: the first digit says which group, the second one which
    symbol of it.

    Attributes:
        count: (m,) training rows of each symbol.
        place: (m,) where each symbol stands; symbols of a group stand together.
        symbol: (m,) the symbol at each place.
        start: (g + 1,) the first place of each group.
        digits: 0 where one symbol only occurs, 1 where every group is one symbol, else 2.
    """

    count: np.ndarray
    place: np.ndarray
    symbol: np.ndarray
    start: np.ndarray
    digits: int

    @staticmethod
    def of(count: np.ndarray, ordered: bool) -> Digits:
        """Groups of (m,) symbols with these counts; frequent symbols stand alone.

        Args:
            count: Training rows of each symbol.
            ordered: Whether neighbours are alike; otherwise those that are about as frequent come
                together.
        """
        m = len(count)
        symbol = np.arange(m) if ordered or m <= SINGLE else np.argsort(-count, kind="stable")
        place = np.empty(m, int)
        place[symbol] = np.arange(m)
        if m <= SINGLE:
            return Digits(count, place, symbol, np.arange(m + 1), int((count > 0).sum() > 1))
        mass, most = count[symbol], max(FINE, int(np.ceil(np.sqrt(m))))
        full = max(count.sum() / COARSE, 1)
        start, held = [0], 0
        for at in range(1, m):
            held += mass[at - 1]
            if held >= full or held + mass[at] >= 1.5 * full or at - start[-1] >= most:
                start.append(at)
                held = 0
        return Digits(count, place, symbol, np.array([*start, m]), 2)

    @property
    def sizes(self) -> tuple[int, ...]:
        """Codes that each digit may have."""
        return (len(self.start) - 1, int(np.diff(self.start).max()))[: self.digits]

    def split(self, symbols: np.ndarray) -> list[np.ndarray]:
        """Symbols of any shape -> each digit."""
        place = self.place[symbols]
        group = np.searchsorted(self.start, place, side="right") - 1
        return [group, place - self.start[group]][: self.digits]

    def joined(self, digits: list[np.ndarray]) -> np.ndarray:
        """The inverse of :meth:`split`, for arrays of one shape."""
        first, *rest = digits
        place = self.start[first] + (rest[0] if rest else 0)
        symbols: np.ndarray = self.symbol[np.minimum(place, len(self.symbol) - 1)]
        return symbols

    def log_shares(self) -> list[np.ndarray]:
        """For each digit the log of its codes' shares, one row a group for the second: (1, g) and
        (g, most).

        Codes that do not occur have none.
        """
        with np.errstate(divide="ignore", invalid="ignore"):
            mass = self.count[self.symbol]
            first = np.log(np.add.reduceat(mass, self.start[:-1]) / mass.sum())[None]
            if self.digits < 2:
                return [first][: self.digits]
            groups, most = len(self.start) - 1, int(np.diff(self.start).max())
            at = self.start[:-1, None] + np.arange(most)
            inner = np.where(at < self.start[1:, None], mass[np.minimum(at, len(mass) - 1)], 0)
            shares = np.where(
                inner.sum(1, keepdims=True) > 0,
                inner / inner.sum(1, keepdims=True),
                np.arange(most) == 0,
            )
            return [first, np.log(shares).reshape(groups, most)]

    def slopes(self) -> np.ndarray:
        """(g, most, SLOPES) polynomials of the rank of each symbol within its group
        (Legendre's)."""
        most, mass = int(np.diff(self.start).max()), np.append(self.count[self.symbol], 0)
        at = np.minimum(self.start[:-1, None] + np.arange(most), self.start[1:, None])
        own = np.where(at < self.start[1:, None], mass[at], 0)
        rank = 2 * (np.cumsum(own, 1) - own / 2) / np.maximum(own.sum(1, keepdims=True), 1) - 1
        return np.stack([rank, 1.5 * rank**2 - 0.5, 2.5 * rank**3 - 1.5 * rank], axis=-1) * TILT

    def waves(self, waves: int) -> np.ndarray:
        """(m, 1 + 2 waves) what the rank of each place's symbol says, in numbers."""
        mass = self.count[self.symbol]
        middle = (np.cumsum(mass) - mass / 2) / max(mass.sum(), 1)
        rank = torch.from_numpy(middle).clamp(1e-4, 1 - 1e-4)
        angle = rank[:, None] * torch.pi * 2.0 ** torch.arange(waves, device="cpu")
        score = torch.special.ndtri(rank)[:, None]
        return torch.cat([score, angle.sin(), angle.cos()], dim=1).numpy()

    def groups_waves(self, waves: int) -> np.ndarray:
        """(g, 1 + 2 waves) the means of each group's waves."""
        mass = np.maximum(self.count[self.symbol], 1e-9)[:, None]
        summed = np.add.reduceat(self.waves(waves) * mass, self.start[:-1])
        return np.asarray(summed / np.add.reduceat(mass, self.start[:-1]))


@dataclass(frozen=True, slots=True)
class StreamLayout:
    """What a network must know of a stream's P positions.

    Attributes:
        size: (P,) codes of each position.
        coarse: (P,) the position of its first digit for a second one; -1 for others.
        row: (P,) its first row of ``share`` and ``first``; that of a second digit's is for group 0.
        share: (rows, most) log shares of the codes, -inf where one cannot be.
        first: (rows,) the place of a group's first symbol, for second digits.
        wave: (P,) its first row of ``waves``.
        waves: (symbols and groups, F) what their ranks say; 0 where they are not ordered.
        seen: (sum of size,) whether a code occurs.
        smooth: (P,) whether it is the second digit of ordered symbols.
        free: (P,) whether its codes' chances may differ in any way: second digits of a table's have
            only ``slopes``.
        slopes: (rows, most, SLOPES) how the symbols of a group lie in it; only for these.
        sources: (P, K) the positions that each is drawn from.
        channel: (P,) the channel of each.
        presence: (channels,) the channel that says whether there is a number; -1 for none.
    """

    size: np.ndarray
    coarse: np.ndarray
    row: np.ndarray
    share: np.ndarray
    first: np.ndarray
    wave: np.ndarray
    waves: np.ndarray
    seen: np.ndarray
    smooth: np.ndarray
    free: np.ndarray
    slopes: np.ndarray
    sources: np.ndarray
    channel: np.ndarray
    presence: np.ndarray


class Stream:
    """The channels of a spec in drawing order, each as no, one or two digits.

    A code's symbols are its levels and a real's are its pieces; many symbols are two digits. Where
    the grid is ragged, the first code of a site says whether it is in use; of the first site only
    where rows without a site occur.

    Attributes:
        spec: The grid's spec.
        channels: ("use" or "code" or "real", index in the spec) in drawing order.
        pieces: Of each real.
        counts: (levels,) of each code.
        digits: Of each channel.
        positions: (channel, digit) of each code of a site.
        presence: For each position the one whose code 0 says that it has a number; NONE where there
            is no question.
        sources: (positions, K) those that each is drawn from.
        told: The dense view of the context, None without one.
        empty_rows: Whether a row may have no site in use.
    """

    def __init__(
        self,
        spec: Spec,
        pieces: list[Bins],
        counts: list[np.ndarray],
        told: Dense | None,
        sources: np.ndarray | None = None,
        *,
        empty_rows: bool = False,
    ) -> None:
        self.empty_rows = empty_rows
        self.spec, self.told = spec, told
        self.pieces, self.counts = pieces, counts
        self.channels: list[tuple[str, int]] = list(spec.order)
        if spec.ragged:
            self.channels.insert(0, ("use", 0))
        self.digits = [self._digits(kind, i) for kind, i in self.channels]
        self.positions: list[tuple[int, int]] = []
        for c, own in enumerate(self.digits):
            self.positions += [(c, digit) for digit in range(own.digits)]
        first = {c: p for p, (c, digit) in enumerate(self.positions) if not digit}
        self.presence = [first.get(self._presence(c), NONE) for c, _ in self.positions]
        self.sources = sources if sources is not None else self._all_sources()

    def _digits(self, kind: str, i: int) -> Digits:
        if kind == "use":
            return Digits.of(np.ones(2, np.int64), ordered=False)
        if kind == "code":
            return Digits.of(self.counts[i], self.spec.codes[i].ordered)
        return Digits.of(self.pieces[i].count, ordered=True)

    def _ordered(self, c: int) -> bool:
        kind, i = self.channels[c]
        return kind == "real" or (kind == "code" and self.spec.codes[i].ordered)

    @staticmethod
    def learned(spec: Spec, batch: Batch, rng: np.random.Generator) -> Stream:
        """The view of training rows; ``rng`` picks those that say which channels are related, where
        there are many."""
        pieces = [pieces_of(spec, batch, r, cells=MOST_CELLS) for r in range(len(spec.reals))]
        counts = level_counts(spec, batch)
        told = None
        if spec.context is not None and batch.context is not None:
            told = Dense.learned(spec.context.joint, batch.context.joint)
        stream = Stream(spec, pieces, counts, told, empty_rows=batch.empty_rows)
        if len(stream.positions) > SOURCES + 1:
            some = batch.rows(rng.permutation(len(batch))[:RELATED_ROWS])
            stream.sources = stream._related(
                stream.tokens(some).reshape(-1, len(stream.positions))[:RELATED_ROWS]
            )
        return stream

    @property
    def width(self) -> int:
        """Positions of a site."""
        return len(self.positions)

    def _all_sources(self) -> np.ndarray:
        everyone = np.arange(self.width)
        others = [np.delete(everyone, p) for p in everyone]
        return np.array(others, int).reshape(self.width, max(self.width - 1, 0))

    def _related(self, tokens: np.ndarray) -> np.ndarray:
        """(P, SOURCES) for each position the most related ones, by rank correlation of the
        channels' first digits."""
        first = {c: p for p, (c, digit) in enumerate(self.positions) if not digit}
        ranks = (tokens.argsort(0, kind="stable").argsort(0) - len(tokens) / 2).astype(np.float32)
        ranks /= np.linalg.norm(ranks, axis=0) + 1e-6
        kin = np.abs(ranks.T @ ranks)
        own = np.array([first[c] for c, _ in self.positions])
        kin = kin[own][:, own] * np.array([0.5 if digit else 1.0 for _, digit in self.positions])
        kin[:, 0] += 2.0 * self.spec.ragged
        for p, (c, _) in enumerate(self.positions):
            kin[p, first[c]] += 2.0
            kin[p, p] = -1.0
        return np.sort(np.argsort(-kin, axis=1, kind="stable")[:, :SOURCES], axis=1)

    def _presence(self, c: int) -> int:
        """The channel that says whether channel c has a number; NONE where it always has."""
        kind, i = self.channels[c]
        code = self.spec.reals[i].presence if kind == "real" else None
        return NONE if code is None else self.channels.index(("code", code))

    def layout(self) -> StreamLayout:
        """All that a network must know."""
        fineness = DEFAULTS[self.spec.topology].rank_waves
        features = 1 + 2 * fineness
        sizes = [own.sizes for own in self.digits]
        first = {c: p for p, (c, digit) in enumerate(self.positions) if not digit}
        most = max((max(size) for size in sizes if size), default=0)
        share: list[np.ndarray] = []
        start, row, wave, waves, seen = [], [], [], [np.zeros((1, features))], []
        smooth, slopes = [], []
        for c, digit in self.positions:
            own = self.digits[c]
            part = own.log_shares()[digit]
            row.append(sum(len(s) for s in share))
            share.append(np.pad(part, ((0, 0), (0, most - part.shape[1])), constant_values=-np.inf))
            start.append(own.start[:-1] if digit else np.zeros(1, int))
            seen.append(np.isfinite(part).any(axis=0))
            ordered = self._ordered(c)
            wave.append(sum(len(w) for w in waves))
            if ordered:
                waves.append(own.waves(fineness) if digit else own.groups_waves(fineness))
            else:
                waves.append(np.zeros((len(own.count) if digit else own.sizes[0], features)))
            smooth.append(ordered and digit == 1)
            slope = own.slopes() if smooth[-1] else np.zeros((*part.shape, SLOPES))
            slopes.append(np.pad(slope, ((0, 0), (0, most - slope.shape[1]), (0, 0))))
        return StreamLayout(
            np.array([sizes[c][digit] for c, digit in self.positions], int),
            np.array([first[c] if digit else NONE for c, digit in self.positions], int),
            np.array(row, int),
            np.concatenate([np.zeros((0, most)), *share]),
            np.concatenate([np.zeros(0, int), *start]),
            np.array(wave, int),
            np.concatenate(waves),
            np.concatenate([np.zeros(0, bool), *seen]),
            np.array(smooth, bool),
            np.array([not s or bool(self.spec.sites) for s in smooth], bool),
            np.concatenate([np.zeros((0, most, SLOPES)), *slopes]),
            self.sources,
            np.array([c for c, _ in self.positions], int),
            np.array([self._presence(c) for c in range(len(self.channels))], int),
        )

    def symbols(self, batch: Batch) -> np.ndarray:
        """Batch of n rows -> (n, *sites, channels) int32, NONE where there is nothing."""
        shape = batch.tick.shape[:-1]
        used = np.ones(shape, bool) if batch.mask is None else batch.mask
        out = np.full((*shape, len(self.channels)), NONE, np.int32)
        for c, (kind, i) in enumerate(self.channels):
            if kind == "use":
                # what is told is the end, once
                line = used.reshape(*shape[:2], -1)[:, :, 0]
                ends = out.reshape(*shape[:2], -1, len(self.channels))[:, :, 0, c]
                ends[:, 1:] = np.where(line[:, :-1], line[:, 1:], NONE)
                if self.empty_rows:
                    ends[:, 0] = line[:, 0]
            elif kind == "code":
                out[..., c] = np.where(used, batch.code[..., i], NONE)
            elif len(self.pieces[i]):
                out[..., c] = np.where(
                    present(self.spec, batch, i), self.pieces[i].nearest(batch.tick[..., i]), NONE
                )
        return out

    def of_symbols(self, symbols: np.ndarray) -> np.ndarray:
        """(..., channels) symbols -> (..., P) int32 codes."""
        out = np.full((*symbols.shape[:-1], self.width), NONE, np.int32)
        for c, own in enumerate(self.digits):
            if own.digits:
                here = symbols[..., c] >= 0
                parts = own.split(np.maximum(symbols[..., c], 0))
                for p, digit in (
                    (p, d) for p, (other, d) in enumerate(self.positions) if other == c
                ):
                    out[..., p] = np.where(here, parts[digit], NONE)
        return out

    def tokens(self, batch: Batch) -> np.ndarray:
        """Batch of n rows -> (n, *sites, P) int32 codes, NONE where there is nothing."""
        return self.of_symbols(self.symbols(batch))

    def rows(self, batch: Batch) -> Tensors:
        """Batch of n rows -> "token" (n, all sites, P) int32 on the CPU, one site for a table;
        "context" (n, context)."""
        tokens = self.tokens(batch)
        out = {
            "token": torch.from_numpy(
                tokens.reshape(len(batch), int(np.prod(self.spec.sites)), self.width)
            )
        }
        told = self.told_of(batch.context)
        return out if told is None else {**out, "context": told}

    @property
    def context(self) -> int:
        """Width of what is told of the context, 0 without one."""
        return 0 if self.told is None else len(self.told.reals) + sum(self.told.sizes)

    def told_of(self, context: Batch | None) -> Tensor | None:
        """n rows of the context -> (n, context)."""
        return None if self.told is None or context is None else self.told.vector(context.joint)

    def widths(self, symbols: np.ndarray) -> np.ndarray:
        """(..., channels) symbols -> (...) log of the number of ticks that they stand for
        together."""
        total = np.zeros(symbols.shape[:-1])
        for c, (kind, i) in enumerate(self.channels):
            if kind == "real" and len(self.pieces[i]):
                ticks = np.log(self.pieces[i].high - self.pieces[i].low + 1.0)
                total += np.where(symbols[..., c] >= 0, ticks[np.maximum(symbols[..., c], 0)], 0.0)
        return total

    def impossible(self, batch: Batch, symbols: np.ndarray) -> np.ndarray:
        """(n, *sites) whether something in a site never occurs: a level of no row, a number out of
        all pieces."""
        found = np.zeros(symbols.shape[:-1], bool)
        for c, (kind, i) in enumerate(self.channels):
            here = symbols[..., c] >= 0
            if kind == "code":
                found |= here & (self.counts[i][np.maximum(symbols[..., c], 0)] == 0)
            elif kind == "real" and len(self.pieces[i]):
                tick = batch.tick[..., i]
                found |= here & (self.pieces[i].index(tick.ravel()).reshape(tick.shape) < 0)
        return found

    def check(self, known: Constraints) -> None:
        """See that what is known occurs at all.

        Raises:
            ConditionError: No training row has such a value.
        """
        channels.check_occurs(self.spec, self.pieces, self.counts, known)

    def batch(self, token: Tensor, rng: np.random.Generator, context: Batch | None = None) -> Batch:
        """(n, all sites, P) codes -> Batch, each number drawn within its piece."""
        drawn = token.cpu().numpy().reshape(len(token), *self.spec.sites, self.width)
        shape = drawn.shape[:-1]
        tick = np.zeros((*shape, len(self.spec.reals)), np.int64)
        code = np.zeros((*shape, len(self.spec.codes)), np.int32)
        mask = None
        for c, (kind, i) in enumerate(self.channels):
            symbol = self._symbol(c, drawn)
            if kind == "use":
                line = symbol.reshape(*shape[:2], -1)[:, :, 0] == 1
                line[:, 0] |= not self.empty_rows
                line = np.cumprod(line, axis=1).astype(bool)
                line = line.reshape(*line.shape, *[1] * (len(shape) - 2))
                mask = np.broadcast_to(line, shape).copy()
            elif kind == "code":
                code[..., i] = symbol
            elif len(self.pieces[i]):
                presence = self.spec.reals[i].presence
                value = self.pieces[i].draw(symbol, rng)
                if presence is not None:
                    value = np.where(code[..., presence] == 0, value, 0)
                tick[..., i] = value
        return replace(channels.cleared(tick, code, mask), context=context)

    def _symbol(self, c: int, drawn: np.ndarray) -> np.ndarray:
        """(...) channel c's symbols; the only one that occurs where it has no digit."""
        own = self.digits[c]
        at = [p for p, (other, _) in enumerate(self.positions) if other == c]
        if not at:
            only = int(own.count.argmax()) if len(own.count) else 0
            return np.full(drawn.shape[:-1], only)
        return own.joined([np.maximum(drawn[..., p], 0) for p in at])

    def to_state(self) -> dict[str, np.ndarray]:
        """Pieces, counts, sources and the context's view."""
        arrays = channels.to_arrays(self.pieces, self.counts)
        arrays["sources"] = self.sources.astype(np.int32)
        if self.empty_rows:
            arrays["empty_rows"] = np.ones(1, np.int8)
        if self.told is not None:
            _, own = self.told.to_state()
            arrays |= {f"told.{name}": value for name, value in own.items()}
        return arrays

    @staticmethod
    def from_state(spec: Spec, arrays: Mapping[str, Any]) -> Stream:
        """The view of these arrays.

        Raises:
            KeyError, ValueError: The arrays do not fit the spec.
        """
        pieces, counts = channels.from_arrays(spec, arrays)
        told = None
        if spec.context is not None:
            told = Dense.from_state(spec.context.joint, channels.within(arrays, "told."))
        sources = integers(arrays, "sources", np.int32, (None, None)).astype(int)
        empty = channels.has_empty_rows(arrays)
        stream = Stream(spec, pieces, counts, told, sources, empty_rows=empty)
        fits = len(sources) == stream.width
        if not fits or np.any((sources < 0) | (sources >= stream.width)):
            raise ValueError("the sources do not fit the positions")
        return stream
