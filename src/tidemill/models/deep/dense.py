"""The dense view: rows of a grid as normal numbers and codes, for GAN, VAE and flow."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from tidemill.core import checked_arrays
from tidemill.core.errors import DataError
from tidemill.core.extremes import outward
from tidemill.core.grid import Batch, Constraints, Scale, Spec
from tidemill.core.persons import FEWEST_PERSONS
from tidemill.models import channels
from tidemill.models.bins import Bins
from tidemill.models.channels import level_counts, pieces_of, present
from tidemill.models.deep.innovations import Innovations
from tidemill.models.deep.training import Tensors, generator

MOST_LEVELS = 4096
"""Levels of all codes together, beyond which one-hot vectors are too wide."""
MOST_OF_A_PLANE = 250_000
"""Levels of the codes of all sites of a plane together, beyond which networks that make them at
once are too large."""
MOST_SERIES = 20_000
"""Series that forecasts are learned from."""
MOST_STEPS = 500_000
"""Steps of all these."""
MOST_CELLS = 4_000_000
"""Values of a channel that its distribution is learned from, where a row has many sites."""
FREQUENT_SITES, PIECES_OF_SITES = 0.005, 256
"""Where a row has several sites: share of its sites from which on a value is kept as it is, and
pieces at most."""
EDGE = 1e-6
"""Smallest part of a distribution's mass that a number stands away from its ends."""


class Dense:
    """Rows of a grid as numbers of variance 1 and codes.

    On the scale of ranks a number becomes ``z = Φ⁻¹(u)``, where u is its place in the channel's
    distribution (a piecewise uniform one, see :class:`~tidemill.models.bins.Bins`), at random
    within its tick: the probability integral transform. A linear one is taken on a straight scale,
    and of steps what is new in each is learned
    (:class:`~tidemill.models.deep.innovations.Innovations`). A bounded one lies between -1 and 1,
    the smallest and the largest one. But for bounded ones, values that many rows share are levels
    of a code of their own beside it, and a channel of few values is a code altogether. Where the
    grid is ragged, a last code says whether a site is in use, so that models generate the end.

    Attributes:
        spec: The grid's spec.
        sizes: Levels of each code: those of the spec, then one for each real with frequent values,
            then "in use".
        reals: Channels of numbers; index into the spec's reals of each.
        context: Width of the context's vector, 0 without one.
        never: (sum of sizes,) bool, levels that no training row has.
        empty_rows: Whether a row may have no site in use.
    """

    def __init__(
        self,
        spec: Spec,
        pieces: list[Bins],
        levels: list[np.ndarray],
        counts: list[np.ndarray],
        context: Dense | None,
        innovations: Innovations | None = None,
        *,
        empty_rows: bool = False,
        placed: bool = True,
    ) -> None:
        self.spec, self._context = spec, context
        self.pieces, self.levels = pieces, levels
        self.counts = counts
        self._innovations, self.empty_rows = innovations, empty_rows
        whole = [len(own) == len(p) > 0 for own, p in zip(levels, pieces, strict=True)]
        self.reals = [r for r in range(len(pieces)) if not whole[r] and len(pieces[r])]
        # a real that is a code altogether needs no level for "elsewhere"
        self.coded = [r for r in range(len(pieces)) if len(levels[r])]
        self.shift = [0 if whole[r] else 1 for r in range(len(pieces))]
        own_sizes = [len(levels[r]) + self.shift[r] for r in self.coded]
        if spec.ragged:
            own_sizes.append(2)
        self.sizes = (*(code.size for code in spec.codes), *own_sizes)
        self.context = 0 if context is None else len(context.reals) + sum(context.sizes)
        never = [count == 0 for count in counts]
        never += [np.zeros(size, bool) for size in own_sizes]
        self.never = torch.from_numpy(np.concatenate([np.zeros(0, bool), *never]))
        scales = [spec.reals[r].scale for r in self.reals]
        self._ranked = [scale == "rank" for scale in scales]
        # levels of steps tell those after them where they stand; earlier versions had it otherwise
        self._placed = placed and spec.topology == "steps"
        self._bounded = [scale == "bounded" for scale in scales]
        self.ranges = []
        for real, own, kept in zip(spec.reals, pieces, levels, strict=True):
            free = np.setdiff1d(np.arange(len(own)), kept)
            self.ranges.append(_PLACES[real.scale](own, free))

    @staticmethod
    def learned(
        spec: Spec, batch: Batch, *, atom_share: float = 0.05, max_levels: int = 128
    ) -> Dense:
        """The view of training rows.

        Args:
            spec, batch: The rows.
            atom_share: Share of its rows from which on a number's value is a level of its own.
            max_levels: A channel whose values nearly all occur often, and that has no more pieces
                than this, is a code.

        Raises:
            DataError: The codes have too many levels for this view.
        """
        wide = max(spec.codes, key=lambda code: code.size, default=None)
        if wide is not None and sum(code.size for code in spec.codes) > MOST_LEVELS:
            other = "trees" if spec.topology == "row" else "autoregressive"
            raise DataError(
                f"its {wide.size:,} levels are too many for a network that sees each of them as a "
                "number of its own",
                where=f"'{wide.name}'",
                hint=f"leave it out with option 'ignore', or choose option 'model={other}'",
            )
        _check_plane(spec)
        pieces, levels = [], []
        for r in range(len(spec.reals)):
            values = batch.tick[..., r][present(spec, batch, r)][:MOST_CELLS]
            bounded = spec.reals[r].scale == "bounded" and len(values) > 0
            own = _one_piece(values) if bounded else _pieces(spec, batch, r, values)
            pieces.append(own)
            levels.append(
                np.zeros(0, np.int64) if bounded else _frequent(own, atom_share, max_levels)
            )
        given = None
        if spec.context is not None and batch.context is not None:
            given = Dense.learned(
                spec.context.joint,
                batch.context.joint,
                atom_share=atom_share,
                max_levels=max_levels,
            )
        counts = level_counts(spec, batch)
        dense = Dense(spec, pieces, levels, counts, given, empty_rows=batch.empty_rows)
        if spec.topology == "steps" and dense.reals:
            most = max(min(MOST_SERIES, MOST_STEPS // spec.sites[0]), 1)
            spread = np.linspace(0, len(batch) - 1, min(len(batch), most)).astype(int)
            rows = dense.rows(batch.rows(spread))
            # within its tick, as in learning: what follows from other channels is not known better
            z = dense.numbers(rows, generator(torch.device("cpu"), 0)).double()
            dense._innovations = Innovations.learned(
                z.numpy(), rows["weight"].numpy() > 0, rows["placed"].numpy() > 0
            )
        return dense

    @property
    def empty(self) -> bool:
        """Whether there is nothing to learn: no number, and no code with two levels that occur."""
        return not self.reals and int((~self.never).sum()) <= len(self.sizes)

    def check(self, known: Constraints) -> None:
        """See that what is known occurs at all.

        Raises:
            ConditionError: No training row has such a value.
        """
        channels.check_occurs(self.spec, self.pieces, self.counts, known)

    def rows(self, batch: Batch) -> Tensors:
        """Batch of n rows -> "low" and "high" (n, *sites, reals), between which u of a number lies;
        "weight", 1 where there is one; "code" (n, *sites, codes); "context" (n, context), where the
        spec has one; all on the CPU.
        """
        used = np.ones(batch.tick.shape[:-1], bool) if batch.mask is None else batch.mask
        code = [batch.code[..., k] for k in range(len(self.spec.codes))]
        low, high = [], []
        weight, placed = [], []
        for r in range(len(self.pieces)):
            here = present(self.spec, batch, r)
            piece = np.zeros(here.shape, int)
            if len(self.pieces[r]):
                piece = self.pieces[r].nearest(batch.tick[..., r])
            level = np.zeros(here.shape, np.int64)
            if r in self.coded:
                place = np.full(len(self.pieces[r]), -1)
                place[self.levels[r]] = np.arange(len(self.levels[r]))
                level = np.where(here, place[piece] + self.shift[r], 0)
                code.append(level)
            if r in self.reals:
                free = here & (level == 0)
                first, last = self.ranges[r].of(piece, batch.tick[..., r])
                has_place = here & ~free & (self._placed and self._is_line(r))
                low.append(np.where(free | has_place, first, 0.0))
                high.append(np.where(free | has_place, last, 1.0))
                weight.append(free)
                placed.append(has_place)
        if self.spec.ragged:
            code.append(used.astype(np.int64))
        shape = batch.tick.shape[:-1]
        out = {
            "low": _stacked(low, shape, np.float32),
            "high": _stacked(high, shape, np.float32),
            "weight": _stacked(weight, shape, np.float32),
            "code": _stacked(code, shape, np.int64),
        }
        if self._placed:
            out["placed"] = _stacked(placed, shape, np.float32)
        if self._context is not None and batch.context is not None:
            out["context"] = self._context.vector(batch.context.joint)
        return out

    def numbers(self, rows: Tensors, rng: torch.Generator) -> Tensor:
        """(n, *sites, reals) standard normal numbers, each at random within its tick; any where
        there is none.

        Of a series, what is new in each step: see
        :class:`~tidemill.models.deep.innovations.Innovations`.
        """
        low, high = rows["low"], rows["high"]
        z = low + (high - low) * torch.rand(low.shape, generator=rng, device=low.device)
        z = _where(self._ranked, normal, z)
        if self._innovations is None:
            return z
        placed = rows["placed"] > 0 if self._placed else None
        return self._innovations.of(z, rows["weight"] > 0, placed)

    def _is_line(self, r: int) -> bool:
        """Whether a number is taken on a straight scale, where its levels have a place."""
        return self.spec.reals[r].scale == "linear"

    def _places(self, code: Tensor) -> Tensor:
        """(n, *sites, codes) levels -> (n, *sites, reals) where those of numbers stand; 0 where
        there is none, or no place."""
        own, level = len(self.spec.codes), code.cpu().numpy()
        found = np.zeros((*level.shape[:-1], len(self.reals)))
        for k, r in enumerate(self.reals):
            if not (self._placed and r in self.coded and self._is_line(r)):
                continue
            at = level[..., own + self.coded.index(r)] - self.shift[r]
            piece = self.levels[r][np.maximum(at, 0)]
            low, high = self.ranges[r].of(piece, self.pieces[r].low[piece])
            presence = self.spec.reals[r].presence
            here = at >= 0
            if presence is not None:
                here &= level[..., presence] == 0
            found[..., k] = np.where(here, (low + high) / 2, 0.0)
        if self.spec.ragged:
            found *= level[..., -1].cumprod(1)[..., None]
        return torch.from_numpy(found).to(code.device)

    def vector(self, batch: Batch) -> Tensor:
        """Batch of n rows of a table -> (n, reals + levels), every number in the middle of its
        tick."""
        rows = self.rows(batch)
        z = normal((rows["low"] + rows["high"]) / 2) * rows["weight"]
        return torch.cat([z, one_hot(rows["code"], self.sizes)], dim=-1)

    def there(self, code: Tensor) -> Tensor:
        """(n, *sites, codes) levels -> (n, *sites, reals) whether each number is there and is none
        of the frequent ones."""
        own = len(self.spec.codes)
        there = torch.zeros((*code.shape[:-1], len(self.reals)), dtype=torch.bool)
        there = there.to(code.device)
        for k, r in enumerate(self.reals):
            here = torch.ones(code.shape[:-1], dtype=torch.bool, device=code.device)
            presence = self.spec.reals[r].presence
            if presence is not None:
                here &= code[..., presence] == 0
            if r in self.coded:
                here &= code[..., own + self.coded.index(r)] == 0
            there[..., k] = here
        if self.spec.ragged:
            there &= code[..., -1].cumprod(1).bool()[..., None]
        return there

    def told(self, context: Batch | None) -> Tensor | None:
        """n rows of the context -> (n, context)."""
        if self._context is None or context is None:
            return None
        return self._context.vector(context.joint)

    def within(self, z: Tensor) -> Tensor:
        """Any numbers -> numbers between the scale's ends, where it has such."""
        return _where(self._bounded, torch.tanh, z)

    def levels_of(self, logits: Tensor, rng: torch.Generator) -> Tensor:
        """(n, *sites, sum of sizes) logits -> (n, *sites, codes) levels drawn from them, of those
        that occur."""
        if not self.sizes:
            return torch.zeros((*logits.shape[:-1], 0), dtype=torch.int64, device=logits.device)
        noisy = logits.float() + gumbel(logits, rng)
        noisy = noisy.masked_fill(self.never.to(logits.device), -torch.inf)
        parts = torch.split(noisy, list(self.sizes), dim=-1)
        return torch.stack([part.argmax(-1) for part in parts], dim=-1)

    def batch(
        self, z: Tensor, code: Tensor, rng: np.random.Generator, context: Batch | None = None
    ) -> Batch:
        """(n, *sites, reals) numbers and (n, *sites, codes) levels -> Batch, every value one that
        occurred or lies between.

        ``rng`` draws the place within a piece of a channel that is a code.
        """
        if self._innovations is not None:
            there, ends = self.there(code), self._ends(z.device)
            z = self._innovations.back(z.double(), there, ends, self._places(code))
        u = _where(self._ranked, torch.special.ndtr, z.double()).cpu().numpy()
        if not np.isfinite(u).all():
            raise no_numbers()
        level = code.cpu().numpy()
        shape, own = u.shape[:-1], len(self.spec.codes)
        codes = level[..., :own].astype(np.int32)
        mask = self._used(level[..., -1]) if self.spec.ragged else None
        tick = np.zeros((*shape, len(self.pieces)), np.int64)
        for r, pieces in enumerate(self.pieces):
            if not len(pieces):
                continue
            value = np.zeros(shape, np.int64)
            chosen = np.full(shape, -1)
            if r in self.coded:
                at = level[..., own + self.coded.index(r)] - self.shift[r]
                chosen = np.where(at >= 0, self.levels[r][np.maximum(at, 0)], -1)
            if r in self.reals:
                value = self.ranges[r].tick(u[..., self.reals.index(r)])
            elif r in self.coded:
                value = pieces.draw(chosen, rng)
            settled = pieces.low == pieces.high
            value = np.where((chosen >= 0) & settled[chosen], pieces.low[chosen], value)
            presence = self.spec.reals[r].presence
            if presence is not None:
                value = np.where(codes[..., presence] == 0, value, 0)
            tick[..., r] = value
        return replace(channels.cleared(tick, codes, mask), context=context)

    def _ends(self, device: torch.device) -> Tensor:
        """(2, reals) the smallest and the largest number of each channel."""
        ends = np.array([self.ranges[r].ends for r in self.reals])
        u = torch.from_numpy(ends.T.astype(np.float64)).to(device)
        return _where(self._ranked, normal, u)

    def _used(self, level: np.ndarray) -> np.ndarray:
        """(n, *sites) levels of the code that says so -> whether each site is in use."""
        found = np.cumprod(level, axis=1).astype(bool)
        found[:, 0] |= not self.empty_rows
        return found

    def to_state(self) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
        """Pieces, levels and counts, and the view of the context."""
        arrays = channels.to_arrays(self.pieces, self.counts)
        for r, kept in enumerate(self.levels):
            arrays[f"level.{r:05d}"] = kept.astype(np.int64)
        if self._innovations is not None:
            arrays |= self._innovations.to_arrays()
            if self._placed:
                arrays["new.placed"] = np.ones(1, np.int8)
        if self.empty_rows:
            arrays["empty_rows"] = np.ones(1, np.int8)
        if self._context is not None:
            _, own = self._context.to_state()
            arrays |= {f"context.{name}": value for name, value in own.items()}
        return {}, arrays

    @staticmethod
    def from_state(spec: Spec, arrays: Mapping[str, np.ndarray]) -> Dense:
        """The view of these arrays.

        Raises:
            KeyError, ValueError: The arrays do not fit the spec.
        """
        pieces, counts = channels.from_arrays(spec, arrays)
        levels = []
        for r, own in enumerate(pieces):
            name = f"level.{r:05d}"
            kept = checked_arrays.integers(arrays, name, np.int64, (None,), 0, len(own) - 1)
            if np.any(np.diff(kept) <= 0):
                raise ValueError("a piece is a level twice")
            levels.append(kept)
        given = None
        if spec.context is not None:
            given = Dense.from_state(spec.context.joint, channels.within(arrays, "context."))
        empty = channels.has_empty_rows(arrays)
        placed = "new.placed" in arrays
        view = Dense(spec, pieces, levels, counts, given, empty_rows=empty, placed=placed)
        if "new.level" in arrays:
            view._innovations = Innovations.from_arrays(arrays, len(view.reals))
        return view


def no_numbers() -> DataError:
    """For a network whose answers are infinite, or no numbers."""
    return DataError(
        "the network makes what is no number",
        hint="fit again, with a lower learning rate",
    )


def _check_plane(spec: Spec) -> None:
    """See that the tiles of a plane can be made at once.

    Raises:
        DataError: They are too many.
    """
    if spec.topology != "tiles":
        return
    height, width = spec.sites
    levels = sum(code.size for code in spec.codes)
    if height * width * levels > MOST_OF_A_PLANE:
        raise DataError(
            f"planes of up to {height:,} x {width:,} tiles of {levels:,} sorts are too large for a "
            "network that makes all of their tiles at once",
            hint="choose option 'model=autoregressive' or option 'model=tile_ngram', which make "
            "one after the other",
        )


def _one_piece(values: np.ndarray) -> Bins:
    """From the smallest to the largest of some ticks."""
    low, high = np.array([values.min()], np.int64), np.array([values.max()], np.int64)
    return Bins(low, high, np.array([len(values)], np.int64))


def _pieces(spec: Spec, batch: Batch, real: int, values: np.ndarray) -> Bins:
    """The distribution of a channel's ticks, which are ``values`` where there are any."""
    if not spec.sites or not len(values):
        return pieces_of(spec, batch, real, cells=MOST_CELLS)
    # one row fills several sites, and overlapping windows repeat it: few wide pieces hide it, and
    # change smoothly
    least = max(FEWEST_PERSONS, int(FREQUENT_SITES * len(values)))
    pieces = pieces_of(spec, batch, real, least, PIECES_OF_SITES, MOST_CELLS)
    # they end far within the tails
    low, high = outward(int(values.min()), int(values.max()))
    pieces.low[0], pieces.high[-1] = min(low, pieces.low[0]), max(high, pieces.high[-1])
    return pieces


def _frequent(pieces: Bins, atom_share: float, max_levels: int) -> np.ndarray:
    """Which pieces are levels: all of a channel of few values, else those with many rows."""
    atom, total = pieces.low == pieces.high, max(pieces.count.sum(), 1)
    if len(pieces) <= max_levels and pieces.count[atom].sum() >= 0.9 * total:
        return np.arange(len(pieces))
    return np.flatnonzero(atom & (pieces.count >= atom_share * total))


class _Ranges:
    """Where the ticks of some of a channel's pieces lie in their distribution."""

    ends = (0.0, 1.0)

    def __init__(self, pieces: Bins, part: np.ndarray) -> None:
        self.low, self.high = pieces.low[part], pieces.high[part]
        count = pieces.count[part]
        self.width = (self.high - self.low + 1).astype(float)
        self.edge = np.r_[0.0, np.cumsum(count)] / max(count.sum(), 1)
        self.place = np.zeros(len(pieces), int)
        self.place[part] = np.arange(len(part))

    def of(self, piece: np.ndarray, tick: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Pieces and ticks of any shape -> the bounds of u of each; arbitrary for pieces that are
        no part."""
        at = self.place[piece]
        share = self.edge[at + 1] - self.edge[at]
        # what belongs to a piece and lies outside of it may lie anywhere in it
        out = (tick < self.low[at]) | (tick > self.high[at])
        below = np.where(out, 0, (tick - self.low[at]) / self.width[at])
        above = np.where(out, 1, (tick - self.low[at] + 1) / self.width[at])
        return self.edge[at] + share * below, self.edge[at] + share * above

    def tick(self, u: np.ndarray) -> np.ndarray:
        """u of any shape -> ticks."""
        at = np.clip(np.searchsorted(self.edge, u, side="right") - 1, 0, len(self.low) - 1)
        share = np.maximum(self.edge[at + 1] - self.edge[at], 1e-300)
        part = np.clip((u - self.edge[at]) / share, 0, 1)
        return self.low[at] + np.minimum(
            (part * self.width[at]).astype(np.int64), self.high[at] - self.low[at]
        )


def gumbel(like: Tensor, rng: torch.Generator) -> Tensor:
    """Gumbel noise: the largest of noisy logits is a draw from them."""
    noise = -torch.rand(like.shape, generator=rng, device=like.device).clamp_min(1e-20).log()
    return -noise.clamp_min(1e-20).log()


class _Span:
    """Ticks from -1 to 1 between the smallest and the largest."""

    ends = (-1.0, 1.0)

    def __init__(self, pieces: Bins, part: np.ndarray) -> None:
        self.low, self.high = (int(pieces.low[0]), int(pieces.high[-1])) if len(part) else (0, 0)
        self.middle, self.half = (self.low + self.high) / 2, max(self.high - self.low, 1) / 2

    def of(self, piece: np.ndarray, tick: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Ticks of any shape -> the place of each, twice: it needs no room, as few values make a
        picture."""
        place = (tick - self.middle) / self.half
        return place, place

    def tick(self, z: np.ndarray) -> np.ndarray:
        """Places of any shape -> ticks."""
        wide = np.nan_to_num(np.rint(self.middle + self.half * z), nan=self.middle)
        return np.clip(wide, self.low, self.high).astype(np.int64)


class _Line:
    """Ticks in standard deviations from their mean: a straight scale, on which a series moves as it
    does in its own unit."""

    def __init__(self, pieces: Bins, part: np.ndarray) -> None:
        self.mean, self.spread = 0.0, 1.0
        self.low, self.high = 0, 0
        if not len(part):
            return
        low, high = pieces.low[part], pieces.high[part]
        count = np.maximum(pieces.count[part], 1)
        middle = (low + high) / 2
        self.mean = float(np.average(middle, weights=count))
        variance = np.average((middle - self.mean) ** 2, weights=count)
        self.spread = float(np.sqrt(variance)) or 1.0
        self.low, self.high = int(low[0]), int(high[-1])

    def of(self, piece: np.ndarray, tick: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Ticks of any shape -> the bounds of the place of each."""
        return (tick - 0.5 - self.mean) / self.spread, (tick + 0.5 - self.mean) / self.spread

    @property
    def ends(self) -> tuple[float, float]:
        """The places of the smallest and the largest tick, with all of their room."""
        return (
            (self.low - 0.5 - self.mean) / self.spread,
            (self.high + 0.5 - self.mean) / self.spread,
        )

    def tick(self, z: np.ndarray) -> np.ndarray:
        """Places of any shape -> ticks."""
        wide = np.nan_to_num(np.rint(self.mean + self.spread * z), nan=self.mean)
        return np.clip(wide, self.low, self.high).astype(np.int64)


_PLACES: Mapping[Scale, type[_Ranges | _Line | _Span]] = {
    "rank": _Ranges,
    "linear": _Line,
    "bounded": _Span,
}
"""Where the ticks of a channel stand, by its scale."""


def _where(chosen: list[bool], change: Callable[[Tensor], Tensor], z: Tensor) -> Tensor:
    """(..., channels) numbers, those of the chosen channels changed."""
    if not any(chosen):
        return z
    if all(chosen):
        return change(z)
    return torch.where(torch.tensor(chosen, device=z.device), change(z), z)


def normal(u: Tensor) -> Tensor:
    """Parts of a distribution's mass -> standard normal numbers."""
    return torch.special.ndtri(u.clamp(EDGE, 1 - EDGE))


def one_hot(code: Tensor, sizes: tuple[int, ...]) -> Tensor:
    """(..., codes) levels -> (..., sum of sizes) float zeros and ones."""
    if not sizes:
        return torch.zeros((*code.shape[:-1], 0), device=code.device)
    return torch.cat(
        [functional.one_hot(code[..., k], size).float() for k, size in enumerate(sizes)], dim=-1
    )


def _stacked(channels: list[np.ndarray], shape: tuple[int, ...], dtype: Any) -> Tensor:
    stacked = np.stack(channels, axis=-1) if channels else np.zeros((*shape, 0))
    return torch.from_numpy(stacked.astype(dtype))
