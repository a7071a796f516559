"""How far a series moves in its next step, by what is known before."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor

from tidemill.core import checked_arrays
from tidemill.models.deep.level_curves import by_step, curves_before, kinds_of_steps

DECAYS = (0.6, 0.9, 0.97)
"""What is left, one step later, of each memory of how far a channel moved."""
CALM = 0.1
"""Added to the size of a move before its logarithm, in usual moves: how small the smallest are says
nothing."""
RIDGE = 1e-4
"""Of the rows' number, added to the diagonal of the regressions, whose features have variance 1."""
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
        by_level: (K, R, curves) of the first K - 1 steps, and of all later ones; see
            :mod:`~tidemill.models.deep.level_curves`.
        constant: (K, R).
        by_memory: (K, R, DECAYS R).
        usual: (R,), the mean log size of moves in scales by level.
        ends: (K, R, 2), the smallest and the largest log scale.
    """

    def __init__(self, channels: int, curves: int, kinds: int) -> None:
        self.by_level = np.zeros((kinds, channels, curves))
        self.constant = np.zeros((kinds, channels))
        self.by_memory = np.zeros((kinds, channels, len(DECAYS) * channels))
        self.usual = np.zeros(channels)
        self.ends = np.zeros((kinds, channels, 2))

    @staticmethod
    def learned(
        new: np.ndarray, told: np.ndarray, there: np.ndarray, spread: np.ndarray, kinds: int
    ) -> ConditionalScale:
        """From (n, T, R) each.

        Args:
            new: What is new in each number.
            told: (n, T, curves), those of the step before; at the first of the step itself.
            there: Whether each number is there.
            spread: The scales as far as they are known, ones at first; a move is small or large by
                these.
            kinds: How many kinds of steps have weights of their own: the first, the second, ...,
                and all later ones.
        """
        channels = new.shape[-1]
        scale = ConditionalScale(channels, told.shape[-1], kinds)
        scale._learn_levels(new, told, there, spread)
        moved, seen = torch.from_numpy(new), torch.from_numpy(there)
        plain = scale._by_level(torch.from_numpy(told))
        size = _log_size(moved, plain)
        used = seen.sum(dim=(0, 1)).clamp_min(1)
        scale.usual = (torch.where(seen, size, 0.0).sum(dim=(0, 1)) / used).numpy()
        memory = scale._memories(moved, plain, seen)
        scale._learn_memory(size.numpy(), memory.flatten(2).numpy(), there)
        log_scale = (plain + scale._by_memory(memory)).numpy()
        for k, steps in enumerate(kinds_of_steps(kinds)):
            for c in range(channels):
                own = log_scale[:, steps, c][there[:, steps, c]]
                if len(own):
                    scale.ends[k, c] = np.quantile(own, [RARE, 1 - RARE])
        return scale

    def _learn_levels(
        self, new: np.ndarray, told: np.ndarray, there: np.ndarray, spread: np.ndarray
    ) -> None:
        channels = new.shape[-1]
        for k, steps in enumerate(kinds_of_steps(len(self.constant))):
            for c in range(channels):
                here, seen = there[:, steps, c], curves_before(c, k, told.shape[-1], channels)
                x, known = told[:, steps][here][:, seen], spread[:, steps, c][here]
                if len(x) < FEWEST * (x.shape[1] + 1):
                    continue
                size = np.abs(new[:, steps, c][here]) / known
                y = np.log(size + CALM * max(float(np.median(size)), 1e-12)) + np.log(known)
                self.by_level[k, c, seen], self.constant[k, c] = _regressed(x, y)

    def _learn_memory(self, size: np.ndarray, memory: np.ndarray, there: np.ndarray) -> None:
        for k, steps in enumerate(kinds_of_steps(len(self.constant))):
            for c in range(size.shape[-1]):
                here = there[:, steps, c]
                x, y = memory[:, steps][here], size[:, steps, c][here]
                if k and len(y) >= FEWEST * (x.shape[1] + 1):
                    self.by_memory[k, c], _ = _regressed(x, y)

    def of(self, new: Tensor, told: Tensor, there: Tensor) -> Tensor:
        """(n, T, R) scales of series; the arguments are as of :meth:`learned`."""
        plain = self._by_level(told)
        log_scale = plain + self._by_memory(self._memories(new, plain, there))
        ends = by_step(self.ends, told)
        return log_scale.clamp(ends[..., 0], ends[..., 1]).exp()

    def at(self, t: int, told: Tensor, memory: Tensor) -> tuple[Tensor, Tensor]:
        """The scales at step t of a series that is being made.

        Args:
            t: Which step.
            told: (n, curves), as far as they are known.
            memory: As of :meth:`remembered`.

        Returns:
            (n, R) scales, and the logarithms of those by level alone.
        """
        k = min(t, len(self.constant) - 1)
        by_level, constant, by_memory, ends = (
            torch.from_numpy(array[k]).to(told.device)
            for array in (self.by_level, self.constant, self.by_memory, self.ends)
        )
        plain = told @ by_level.T + constant
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

    def _by_level(self, told: Tensor) -> Tensor:
        """(n, T, curves) -> (n, T, R) logarithms of scales, as far as levels tell."""
        weight, constant = by_step(self.by_level, told), by_step(self.constant, told)
        return torch.einsum("trk,ntk->ntr", weight, told) + constant

    def _by_memory(self, memory: Tensor) -> Tensor:
        """(n, T, DECAYS, R) memories -> (n, T, R), what they add to the logarithms of scales."""
        told = memory.flatten(2)
        return torch.einsum("trk,ntk->ntr", by_step(self.by_memory, told), told)

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
    def from_arrays(
        arrays: Mapping[str, np.ndarray], channels: int, curves: int, kinds: int
    ) -> ConditionalScale:
        """Restored from :meth:`to_arrays`.

        Raises:
            KeyError, ValueError: The arrays are not those of so many channels and curves.
        """
        scale = ConditionalScale(channels, curves, kinds)
        for name in _NAMES:
            shape = getattr(scale, name).shape
            setattr(scale, name, checked_arrays.reals(arrays, f"scale.{name}", np.float64, shape))
        return scale


_NAMES = ("by_level", "constant", "by_memory", "usual", "ends")


def _log_size(new: Tensor, plain: Tensor) -> Tensor:
    return (new.abs() / plain.exp() + CALM).log()


def _regressed(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, float]:
    """(n, features), (n,) -> weights and a constant, by ridge regression on features of variance
    1."""
    mean, spread = x.mean(axis=0), x.std(axis=0)
    spread = np.where(spread > 1e-9, spread, np.inf)
    scaled = (x - mean) / spread
    square = scaled.T @ scaled + RIDGE * len(y) * np.eye(x.shape[1])
    weight = np.linalg.solve(square, scaled.T @ (y - y.mean())) / spread
    return weight, float(y.mean() - mean @ weight)
