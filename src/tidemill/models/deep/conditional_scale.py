"""How far a series moves in its next step, by what is known before."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor

from tidemill.core import checked_arrays
from tidemill.core.persons import FEWEST_PERSONS

HINGES, MOST_FEATURES = 8, 96
"""Bends of the curve over a channel's level; fewer where channels are many, so that the curves of
all have about so many pieces at most."""
DECAYS = (0.6, 0.9)
"""What is left, one step later, of each memory of how far a channel moved."""
CALM = 0.1
"""Added to the size of a move before its logarithm, in usual moves: how small the smallest are says
nothing."""
RIDGE = 1e-4
"""Of the rows' number, added to the diagonal of the regressions, whose features have variance 1."""
OUTER = 0.005
"""Share of the levels at either end that are taken to be the last one within."""
RARE = 0.001
"""Share of the steps at either end whose scale is taken to be that of the last one within."""
FEWEST = 10
"""Steps for each weight that is learned."""


class ConditionalScale:
    """The logarithm of each channel's scale at a step: linear in curves over the levels of all
    channels one step before, and in how far these moved of late.

    A share that costs more moves farther, and a wild day follows a wild day. Divided by a scale
    that is known beforehand, what is new in a step looks much the same at all times: multiplicative
    heteroscedasticity (Harvey 1976), with a memory as in exponential ARCH (Nelson 1991), which
    takes logarithms of moves, so that no feedback runs away. The first step's scale hangs on the
    channels before it at the same step.

    Attributes:
        bends: (R, hinges + 2), ascending levels of each channel; beyond the outermost its curve is
            level.
        by_level: (K, R, R (1 + hinges)) of the first K - 1 steps, and of all later ones.
        constant: (K, R).
        by_memory: (K, R, DECAYS R).
        usual: (R,), the mean log size of moves in scales by level.
        ends: (K, R, 2), the smallest and the largest log scale.
    """

    def __init__(self, channels: int, hinges: int, kinds: int) -> None:
        width = channels * (1 + hinges)
        self.bends = np.zeros((channels, hinges + 2))
        self.by_level = np.zeros((kinds, channels, width))
        self.constant = np.zeros((kinds, channels))
        self.by_memory = np.zeros((kinds, channels, len(DECAYS) * channels))
        self.usual = np.zeros(channels)
        self.ends = np.zeros((kinds, channels, 2))

    @staticmethod
    def learned(
        new: np.ndarray, z: np.ndarray, there: np.ndarray, spread: np.ndarray, kinds: int
    ) -> ConditionalScale:
        """From (n, T, R) each.

        Args:
            new: What is new in each number.
            z: The numbers.
            there: Whether each is there.
            spread: The scales as far as they are known, ones at first; a move is small or large by
                these.
            kinds: How many kinds of steps have weights of their own: the first, the second, ...,
                and all later ones.
        """
        channels = z.shape[-1]
        hinges = min(max(MOST_FEATURES // channels - 1, 1), HINGES)
        scale = ConditionalScale(channels, hinges, kinds)
        for c in range(channels):
            scale.bends[c] = _bends(z[..., c][there[..., c]], hinges)
        scale._learn_levels(new, z, there, spread)
        moved, seen = torch.from_numpy(new), torch.from_numpy(there)
        plain = scale._by_level(torch.from_numpy(z))
        size = _log_size(moved, plain)
        used = seen.sum(dim=(0, 1)).clamp_min(1)
        scale.usual = (torch.where(seen, size, 0.0).sum(dim=(0, 1)) / used).numpy()
        memory = scale._memories(moved, plain, seen)
        scale._learn_memory(size.numpy(), memory.flatten(2).numpy(), there)
        log_scale = (plain + scale._by_memory(memory)).numpy()
        for k, steps in enumerate(_kinds(kinds)):
            for c in range(channels):
                own = log_scale[:, steps, c][there[:, steps, c]]
                if len(own):
                    scale.ends[k, c] = np.quantile(own, [RARE, 1 - RARE])
        return scale

    def _learn_levels(
        self, new: np.ndarray, z: np.ndarray, there: np.ndarray, spread: np.ndarray
    ) -> None:
        level = _before(self._curves(torch.from_numpy(z))).numpy()
        each = self.bends.shape[1] - 1
        for k, steps in enumerate(_kinds(len(self.constant))):
            for c in range(z.shape[-1]):
                here = there[:, steps, c]
                told = slice(None) if k else slice(c * each)
                x, known = level[:, steps][here][:, told], spread[:, steps, c][here]
                if len(x) < FEWEST * (x.shape[1] + 1):
                    continue
                size = np.abs(new[:, steps, c][here]) / known
                y = np.log(size + CALM * max(float(np.median(size)), 1e-12)) + np.log(known)
                self.by_level[k, c, told], self.constant[k, c] = _regressed(x, y)

    def _learn_memory(self, size: np.ndarray, memory: np.ndarray, there: np.ndarray) -> None:
        for k, steps in enumerate(_kinds(len(self.constant))):
            for c in range(size.shape[-1]):
                here = there[:, steps, c]
                x, y = memory[:, steps][here], size[:, steps, c][here]
                if k and len(y) >= FEWEST * (x.shape[1] + 1):
                    self.by_memory[k, c], _ = _regressed(x, y)

    def of(self, new: Tensor, z: Tensor, there: Tensor) -> Tensor:
        """(n, T, R) what is new, numbers, and whether they are there -> (n, T, R) scales."""
        plain = self._by_level(z)
        log_scale = plain + self._by_memory(self._memories(new, plain, there))
        ends = _by_step(self.ends, z)
        return log_scale.clamp(ends[..., 0], ends[..., 1]).exp()

    def next(self, t: int, z: Tensor, memory: Tensor) -> tuple[Tensor, Tensor]:
        """The scales at step t of a series that is being made.

        Args:
            t: Which step.
            z: (n, R), the step before; of the first step itself, as far as it is made.
            memory: As of :meth:`remembered`; zeros at first.

        Returns:
            (n, R) scales, and the logarithms of those by level alone.
        """
        k = min(t, len(self.constant) - 1)
        by_level, constant, by_memory, ends = (
            torch.from_numpy(array[k]).to(z.device)
            for array in (self.by_level, self.constant, self.by_memory, self.ends)
        )
        plain = self._curves(z) @ by_level.T + constant
        log_scale = plain + memory.flatten(1) @ by_memory.T
        return log_scale.clamp(ends[:, 0], ends[:, 1]).exp(), plain

    def remembered(self, memory: Tensor, new: Tensor, plain: Tensor, there: Tensor) -> Tensor:
        """(n, DECAYS, R) memory one step later, given (n, R) of that step what was new, the
        logarithms of scales by level, and whether each is there."""
        wild = torch.where(there, _log_size(new, plain) - self._usual(new), 0.0)
        decay = torch.tensor(DECAYS, dtype=new.dtype, device=new.device)[:, None]
        return decay * memory + (1 - decay) * wild[:, None]

    def nothing(self, like: Tensor) -> Tensor:
        """(n, DECAYS, R) memory before the first step of (n, ...) series."""
        return like.new_zeros((len(like), len(DECAYS), len(self.usual)))

    def _curves(self, z: Tensor) -> Tensor:
        """(..., R) levels -> (..., R (1 + hinges)), each beside what it is above every bend; no
        farther out than the outermost ones."""
        bends = torch.from_numpy(self.bends).to(z.device)
        level = torch.clamp(z, bends[:, 0], bends[:, -1])[..., None]
        return torch.cat([level, (level - bends[:, 1:-1]).clamp_min(0)], dim=-1).flatten(-2)

    def _by_level(self, z: Tensor) -> Tensor:
        """(n, T, R) numbers -> (n, T, R) logarithms of scales, known from levels."""
        told = _before(self._curves(z))
        return torch.einsum("trk,ntk->ntr", _by_step(self.by_level, z), told) + _by_step(
            self.constant, z
        )

    def _by_memory(self, memory: Tensor) -> Tensor:
        """(n, T, DECAYS, R) memories -> (n, T, R), what they add to the logarithms of scales."""
        told = memory.flatten(2)
        return torch.einsum("trk,ntk->ntr", _by_step(self.by_memory, told), told)

    def _memories(self, new: Tensor, plain: Tensor, there: Tensor) -> Tensor:
        """(n, T, R) each -> (n, T, DECAYS, R), before every step."""
        memory, found = self.nothing(new), []
        for t in range(new.shape[1]):
            found.append(memory)
            memory = self.remembered(memory, new[:, t], plain[:, t], there[:, t])
        return torch.stack(found, dim=1)

    def _usual(self, like: Tensor) -> Tensor:
        return torch.from_numpy(self.usual).to(like.device)

    def to_arrays(self) -> dict[str, np.ndarray]:
        """For storing."""
        return {f"scale.{name}": getattr(self, name) for name in _NAMES}

    @staticmethod
    def from_arrays(arrays: Mapping[str, np.ndarray], channels: int, kinds: int) -> ConditionalScale:
        """Restored from :meth:`to_arrays`.

        Raises:
            KeyError, ValueError: The arrays are not those of so many channels.
        """
        bends = checked_arrays.reals(arrays, "scale.bends", np.float64, (channels, None))
        if bends.shape[1] < 2:
            raise ValueError("a curve has no ends")
        scale = ConditionalScale(channels, bends.shape[1] - 2, kinds)
        for name in _NAMES:
            shape = getattr(scale, name).shape
            setattr(scale, name, checked_arrays.reals(arrays, f"scale.{name}", np.float64, shape))
        return scale


_NAMES = ("bends", "by_level", "constant", "by_memory", "usual", "ends")


def _kinds(count: int) -> list[slice]:
    """The first step, the second, ..., and all later ones."""
    return [slice(k, k + 1) for k in range(count - 1)] + [slice(count - 1, None)]


def _by_step(array: np.ndarray, like: Tensor) -> Tensor:
    """(kinds, ...) -> (T, ...) for (n, T, ...) series."""
    at = np.minimum(np.arange(like.shape[1]), len(array) - 1)
    return torch.from_numpy(array[at]).to(like.device)


def _before(told: Tensor) -> Tensor:
    """(n, T, features) -> those of the step before; the first step's own at the first."""
    return torch.cat([told[:, :1], told[:, :-1]], dim=1)


def _log_size(new: Tensor, plain: Tensor) -> Tensor:
    return (new.abs() / plain.exp() + CALM).log()


def _bends(values: np.ndarray, hinges: int) -> np.ndarray:
    """(hinges + 2,) quantiles, none of which is a row's own."""
    if not len(values):
        return np.zeros(hinges + 2)
    alike = min(FEWEST_PERSONS, len(values))
    means = np.convolve(np.sort(values), np.full(alike, 1 / alike), "valid")
    return np.quantile(means, [OUTER, *(np.arange(hinges) + 0.5) / hinges, 1 - OUTER])


def _regressed(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, float]:
    """(n, features), (n,) -> weights and a constant, by ridge regression on features of variance
    1."""
    mean, spread = x.mean(axis=0), x.std(axis=0)
    spread = np.where(spread > 1e-9, spread, np.inf)
    scaled = (x - mean) / spread
    square = scaled.T @ scaled + RIDGE * len(y) * np.eye(x.shape[1])
    weight = np.linalg.solve(square, scaled.T @ (y - y.mean())) / spread
    return weight, float(y.mean() - mean @ weight)
