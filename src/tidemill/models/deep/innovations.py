"""Steps of a series as what is new in them."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from scipy import special
from torch import Tensor

from tidemill.core import checked_arrays
from tidemill.core.persons import FEWEST_PERSONS
from tidemill.models.deep.conditional_scale import ConditionalScale

LAGS = 2
"""Earlier steps that a step is foretold from."""
RIDGE = 1e-9
"""Of the rows' number, added to the diagonal of the regressions."""
ROUNDS = 3
"""Of forecasts by the scales known so far, and scales by these forecasts."""
STEPS = [*(slice(lag, lag + 1) for lag in range(LAGS)), slice(LAGS, None)]
"""The first, the second, and all later steps."""
KNOTS = 65
"""Points of the curve that makes what is new normal."""


class Innovations:
    """Each number less its linear forecast from the two steps before and the channels before it, as
    a normal score.

    A level that moves slowly is nearly told by the step before; what a model must learn to move as
    real series do is the small rest, which in the levels drowns. This is a vector autoregression in
    its recursive form (Sims 1980), whose innovations are uncorrelated; a monotone curve makes each
    of them normal. It looks back only, so series may end anywhere.

    Attributes:
        weight: (LAGS + 1, R, (LAGS + 1) R) of the first, the second and all later steps: on the
            channels before it at the same step, then on those of one step ago, then of two.
        level: (LAGS + 1, R), what is added to the forecast.
        knots: (LAGS + 1, R, KNOTS), ascending values of what is new, at the normal scores of
            ``scores``.
    """

    def __init__(
        self,
        weight: np.ndarray,
        level: np.ndarray,
        knots: np.ndarray,
        scale: ConditionalScale | None,
    ) -> None:
        self.weight, self.level = weight, level
        self.knots, self.scale = knots, scale

    @staticmethod
    def learned(z: np.ndarray, there: np.ndarray) -> Innovations:
        """From (n, T, R) numbers, and whether each is there; one that is not counts as 0."""
        channels = z.shape[-1]
        z = np.where(there, z, 0.0)
        scale, spread = None, np.ones_like(z)
        for _ in range(ROUNDS):
            weight, level, new = _forecasts(z, there, spread)
            scale = ConditionalScale.learned(new, z, there, spread, LAGS + 1)
            spread = scale.of(*(torch.from_numpy(array) for array in (new, z, there))).numpy()
        knots = np.tile(SCORES, (LAGS + 1, channels, 1))
        for lag, steps in enumerate(STEPS):
            for c in range(channels):
                here = there[:, steps, c]
                if np.any(weight[lag, c]) or level[lag, c]:
                    knots[lag, c] = _curve((new / spread)[:, steps, c][here])
        return Innovations(weight, level, knots, scale)

    def of(self, z: Tensor, there: Tensor) -> Tensor:
        """(n, T, R) numbers -> what is new in them; anything where there is none."""
        exact = torch.where(there, z, 0.0).double()
        weight, level, knots = self._by_step(exact)
        new = exact - torch.einsum("trk,ntk->ntr", weight, _past(exact)) - level
        if self.scale is not None:
            new = new / self.scale.of(new, exact, there)
        return _bent(new, knots, _scores(knots)).to(z.dtype)

    def back(self, new: Tensor, there: Tensor, ends: Tensor | None = None) -> Tensor:
        """The inverse of :meth:`of`; a number beyond its (2, R) ends is the nearer one, from which
        its series goes on."""
        weight, level, knots = self._by_step(new)
        new = _bent(new, _scores(knots), knots)
        z, scale = torch.zeros_like(new), self.scale
        channels = new.shape[-1]
        before = torch.zeros_like(z[:, 0])
        spread, plain = torch.ones_like(before), torch.zeros_like(before)
        memory = None if scale is None else scale.nothing(new)
        for t in range(new.shape[1]):
            moved = torch.zeros_like(before)
            for c in range(channels):
                # the first step's scale hangs on the channels before at the same step
                if scale is not None and memory is not None and (t == 0 or c == 0):
                    spread, plain = scale.next(t, z[:, max(t - 1, 0)], memory)
                told = torch.cat(
                    [z[:, t - lag] if t >= lag else before for lag in range(LAGS + 1)], dim=1
                )
                moved[:, c] = new[:, t, c] * spread[:, c]
                value = told @ weight[t, c] + level[t, c] + moved[:, c]
                if ends is not None:
                    value = value.clamp(ends[0, c], ends[1, c])
                z[:, t, c] = torch.where(there[:, t, c], value, 0.0)
            if scale is not None and memory is not None:
                memory = scale.remembered(memory, moved, plain, there[:, t])
        return z

    def _by_step(self, like: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """(T, R, (LAGS + 1) R), (T, R) and (T, R, KNOTS)."""
        at = np.minimum(np.arange(like.shape[1]), LAGS)

        def on_device(array: np.ndarray) -> Tensor:
            return torch.from_numpy(array[at]).to(like.device, like.dtype)

        return on_device(self.weight), on_device(self.level), on_device(self.knots)

    def to_arrays(self) -> dict[str, np.ndarray]:
        """For storing."""
        arrays = {"new.weight": self.weight, "new.level": self.level, "new.knots": self.knots}
        return arrays if self.scale is None else arrays | self.scale.to_arrays()

    @staticmethod
    def from_arrays(arrays: Mapping[str, np.ndarray], channels: int) -> Innovations:
        """Restored from :meth:`to_arrays`.

        Raises:
            KeyError, ValueError: The arrays are not those of so many channels.
        """
        lags = LAGS + 1
        shapes = {"weight": lags * channels, "level": None, "knots": KNOTS}
        taken = []
        for name, last in shapes.items():
            shape = (lags, channels) if last is None else (lags, channels, last)
            taken.append(checked_arrays.reals(arrays, f"new.{name}", np.float64, shape))
        scale = None  # models of an earlier version have none
        if "scale.bends" in arrays:
            scale = ConditionalScale.from_arrays(arrays, channels, lags)
        return Innovations(*taken, scale)


SCORES = special.ndtri(np.r_[1e-4, np.arange(1, KNOTS - 1) / (KNOTS - 1), 1 - 1e-4])
"""Normal scores of the knots; the outermost stand for the smallest and the largest value."""


def _forecasts(
    z: np.ndarray, there: np.ndarray, spread: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Weights and levels by least squares, a step counting the less the wider it spreads, and what
    is new: (LAGS + 1, R, (LAGS + 1) R), (LAGS + 1, R), (n, T, R)."""
    channels = z.shape[-1]
    weight = np.zeros((LAGS + 1, channels, (LAGS + 1) * channels))
    level, new = np.zeros((LAGS + 1, channels)), z.copy()
    past = _past(torch.from_numpy(z)).numpy()
    for lag, steps in enumerate(STEPS):
        for c in range(channels):
            here = there[:, steps, c]
            seen = [*range(c), *range(channels, (lag + 1) * channels)]
            y = z[:, steps, c][here]
            if len(y) < 2 * len(seen) + 10:
                continue
            x = np.column_stack([past[:, steps][here][:, seen], np.ones(len(y))])
            by = spread[:, steps, c][here]
            by = np.sqrt(np.mean(by**-2.0)) * by  # so that weights are 1 on average
            scaled = x / by[:, None]
            square = scaled.T @ scaled + RIDGE * len(y) * np.eye(x.shape[1])
            found = np.linalg.solve(square, scaled.T @ (y / by))
            weight[lag, c, seen], level[lag, c] = found[:-1], found[-1]
            new[:, steps, c][here] = y - x @ found
    return weight, level, new


def _curve(new: np.ndarray) -> np.ndarray:
    """(n,) values -> (KNOTS,) strictly ascending ones at SCORES."""
    alike = min(FEWEST_PERSONS, len(new))  # no point of the curve is a row's own
    means = np.convolve(np.sort(new), np.full(alike, 1 / alike), "valid")
    knots = np.quantile(means, np.arange(KNOTS) / (KNOTS - 1))
    least = 1e-6 * max(knots[-1] - knots[0], 1e-6)
    ascending: np.ndarray = np.maximum.accumulate(knots) + least * np.arange(KNOTS)
    return ascending


def _scores(like: Tensor) -> Tensor:
    """SCORES for every step and channel: (T, R, KNOTS)."""
    return torch.from_numpy(SCORES).to(like.device, like.dtype).expand_as(like)


def _bent(values: Tensor, before: Tensor, after: Tensor) -> Tensor:
    """(n, T, R) values on a line through knots, (T, R, KNOTS) before and after; the outermost
    pieces go on straight."""
    inner = values.permute(1, 2, 0).contiguous()  # (T, R, n)
    at = torch.searchsorted(before.contiguous(), inner).clamp(1, KNOTS - 1)
    low, high = before.gather(-1, at - 1), before.gather(-1, at)
    first, last = after.gather(-1, at - 1), after.gather(-1, at)
    return (first + (inner - low) / (high - low) * (last - first)).permute(2, 0, 1)


def _past(z: Tensor) -> Tensor:
    """(n, T, R) -> (n, T, (LAGS + 1) R): each step's own numbers, then those of the steps before
    it, 0 before the first."""
    shifted = [
        torch.cat([torch.zeros_like(z[:, :lag]), z[:, : z.shape[1] - lag]], dim=1)
        for lag in range(LAGS + 1)
    ]
    return torch.cat(shifted, dim=-1)
