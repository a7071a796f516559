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
from tidemill.models.deep.level_curves import (
    bends_of,
    by_step,
    curves,
    curves_before,
    curves_told,
    kinds_of_steps,
)

LAGS = 2
"""Earlier steps that a step is foretold from."""
DECAYS = (0.6, 0.9, 0.97)
"""What is left, one step later, of each exponential mean of a level."""
PAST = LAGS + 1 + len(DECAYS)
"""Numbers of each channel that a forecast is linear in."""
RIDGE = 1e-9
"""Of the rows' number, added to the diagonal of the regressions."""
ROUNDS = 3
"""Of forecasts by the scales known so far, and scales by these forecasts."""
FEWEST = 10
"""Steps for each weight of the curves; of fewer, forecasts are straight."""
KNOTS = 65
"""Points of the curve that makes what is new normal."""


class Innovations:
    """Each number less its forecast from the steps and the channels before it, divided by the
    scale that is known before it, as a normal score.

    A level that moves slowly is nearly told by the step before; what a model must learn to move as
    real series do is the small rest, which in the levels drowns. This is a vector autoregression in
    its recursive form (Sims 1980), whose innovations are uncorrelated, and whose forecasts may bend
    with the levels of the step before (an additive model, Chen and Tsay 1993) and remember means of
    all earlier ones (as Corsi 2009 does for volatility, which forgets slowly). Forecasts and scales
    are learned in turns, by weighted least squares, so that wild times do not settle what holds in
    calm ones. A monotone curve makes what is new normal. All of it looks back only, so series may
    end anywhere.

    Attributes:
        bends: (R, bends), where curves over the levels bend.
        weight: (LAGS + 1, R, PAST R + curves) of the first, the second and all later steps:
            on the channels before it at the same step, on those of one step ago, then of two, on
            exponential means of all earlier ones, then on the curves of one step ago; at the first
            step on those of the channels before it.
        level: (LAGS + 1, R), what is added to the forecast.
        knots: (LAGS + 1, R, KNOTS), ascending values of what is new, at the normal scores of
            ``scores``.
        scale: What is new is divided by it.
    """

    def __init__(
        self,
        bends: np.ndarray,
        weight: np.ndarray,
        level: np.ndarray,
        knots: np.ndarray,
        scale: ConditionalScale,
    ) -> None:
        self.bends = bends
        self.weight, self.level = weight, level
        self.knots, self.scale = knots, scale

    @staticmethod
    def learned(z: np.ndarray, there: np.ndarray, placed: np.ndarray | None = None) -> Innovations:
        """From (n, T, R) numbers, whether each is there, and whether one that is not is known by
        other means; what is neither counts as 0."""
        z = np.where(there if placed is None else there | placed, z, 0.0)
        bends = bends_of(z, there)
        told = curves_told(torch.from_numpy(z), bends).numpy()
        spread = np.ones_like(z)
        for _ in range(ROUNDS):
            weight, level, new = _forecasts(z, told, there, spread)
            scale = ConditionalScale.learned(new, told, there, spread, LAGS + 1)
            spread = scale.of(*(torch.from_numpy(array) for array in (new, told, there))).numpy()
        knots = np.tile(SCORES, (LAGS + 1, z.shape[-1], 1))
        for lag, steps in enumerate(kinds_of_steps(LAGS + 1)):
            for c in range(z.shape[-1]):
                here = there[:, steps, c]
                if np.any(weight[lag, c]) or level[lag, c]:
                    knots[lag, c] = _curve((new / spread)[:, steps, c][here])
        return Innovations(bends, weight, level, knots, scale)

    def of(self, z: Tensor, there: Tensor, placed: Tensor | None = None) -> Tensor:
        """(n, T, R) numbers -> what is new in them; anything where there is none. One that is known
        by other means is ``placed``: it tells the steps after it where it stands."""
        exact = torch.where(there if placed is None else there | placed, z, 0.0).double()
        weight, level, knots = self._by_step(exact)
        told = curves_told(exact, self.bends)
        seen = torch.cat([_past(exact), told], dim=-1)
        new = exact - torch.einsum("trk,ntk->ntr", weight, seen) - level
        return _bent(new / self.scale.of(new, told, there), knots, _scores(knots)).to(z.dtype)

    def back(
        self,
        new: Tensor,
        there: Tensor,
        ends: Tensor | None = None,
        known: Tensor | None = None,
    ) -> Tensor:
        """The inverse of :meth:`of`; a number beyond its (2, R) ends is the nearer one, from which
        its series goes on. Where there is none, it is as ``known``, or 0."""
        weight, level, knots = self._by_step(new)
        new = _bent(new, _scores(knots), knots)
        z = torch.zeros_like(new)
        known = z if known is None else known.to(new.dtype)
        before, moved = torch.zeros_like(z[:, 0]), torch.zeros_like(z[:, 0])
        memory, means = self.scale.nothing(new), before.repeat(1, len(DECAYS))
        for t in range(new.shape[1]):
            for c in range(new.shape[2]):
                if t == 0 or c == 0:  # the first step hangs on the channels before at the same step
                    told = curves(z[:, max(t - 1, 0)], self.bends)
                    scale, plain = self.scale.at(t, told, memory)
                past = [z[:, t - lag] if t >= lag else before for lag in range(LAGS + 1)]
                moved[:, c] = new[:, t, c] * scale[:, c]
                seen = torch.cat([*past, means, told], dim=1)
                value = seen @ weight[t, c] + level[t, c] + moved[:, c]
                if ends is not None:
                    value = value.clamp(ends[0, c], ends[1, c])
                z[:, t, c] = torch.where(there[:, t, c], value, known[:, t, c])
            memory = self.scale.remembered(memory, moved, plain, there[:, t])
            means = _means(means, z[:, t], t)
        return z

    def _by_step(self, like: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """(T, R, PAST R + curves), (T, R) and (T, R, KNOTS)."""
        return by_step(self.weight, like), by_step(self.level, like), by_step(self.knots, like)

    def to_arrays(self) -> dict[str, np.ndarray]:
        """For storing."""
        names = ("bends", "weight", "level", "knots")
        return {f"new.{name}": getattr(self, name) for name in names} | self.scale.to_arrays()

    @staticmethod
    def from_arrays(arrays: Mapping[str, np.ndarray], channels: int) -> Innovations:
        """Restored from :meth:`to_arrays`; what an earlier version stored has straight forecasts
        and a scale of 1.

        Raises:
            KeyError, ValueError: The arrays are not those of so many channels.
        """
        lags = LAGS + 1

        def taken(name: str, *shape: int | None) -> np.ndarray:
            return checked_arrays.reals(arrays, f"new.{name}", np.float64, shape)

        bends = np.zeros((channels, 2))
        if "new.bends" in arrays:
            bends = taken("bends", channels, None)
            if bends.shape[1] < 2:
                raise ValueError("a curve has no ends")
        told = channels * (bends.shape[1] - 1)
        if "new.bends" in arrays:
            weight = taken("weight", lags, channels, PAST * channels + told)
            scale = ConditionalScale.from_arrays(arrays, channels, told, lags)
        else:
            weight = np.zeros((lags, channels, PAST * channels + told))
            weight[..., : lags * channels] = taken("weight", lags, channels, lags * channels)
            scale = ConditionalScale(channels, told, lags)
        level, knots = taken("level", lags, channels), taken("knots", lags, channels, KNOTS)
        return Innovations(bends, weight, level, knots, scale)


SCORES = special.ndtri(np.r_[1e-4, np.arange(1, KNOTS - 1) / (KNOTS - 1), 1 - 1e-4])
"""Normal scores of the knots; the outermost stand for the smallest and the largest value."""


def _forecasts(
    z: np.ndarray, told: np.ndarray, there: np.ndarray, spread: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Weights and levels by least squares, a step counting the less the wider it spreads, and
    (n, T, R) what is new."""
    channels = z.shape[-1]
    past = PAST * channels
    weight = np.zeros((LAGS + 1, channels, past + told.shape[-1]))
    level, new = np.zeros((LAGS + 1, channels)), z.copy()
    features = np.concatenate([_past(torch.from_numpy(z)).numpy(), told], axis=-1)
    for lag, steps in enumerate(kinds_of_steps(LAGS + 1)):
        for c in range(channels):
            here = there[:, steps, c]
            # at the second step means are but the step before
            far = past if lag == LAGS else (lag + 1) * channels
            seen = np.r_[:c, channels:far]
            curved = past + np.r_[curves_before(c, lag, told.shape[-1], channels)]
            y, by = z[:, steps, c][here], spread[:, steps, c][here]
            if len(y) < 2 * len(seen) + 10:
                continue
            if len(y) >= FEWEST * (len(seen) + len(curved)):
                seen = np.r_[seen, curved]
            x = np.column_stack([features[:, steps][here][:, seen], np.ones(len(y))])
            by = np.sqrt(np.mean(by**-2.0)) * by  # so that a step counts as one on average
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
    """(n, T, R) -> (n, T, PAST R): each step's own numbers, then those of the steps before it, 0
    before the first, then exponential means of all before it."""
    shifted = [
        torch.cat([torch.zeros_like(z[:, :lag]), z[:, : z.shape[1] - lag]], dim=1)
        for lag in range(LAGS + 1)
    ]
    means, found = torch.zeros_like(z[:, 0]).repeat(1, len(DECAYS)), []
    for t in range(z.shape[1]):
        found.append(means)
        means = _means(means, z[:, t], t)
    return torch.cat([*shifted, torch.stack(found, dim=1)], dim=-1)


def _means(means: Tensor, z: Tensor, t: int) -> Tensor:
    """(n, DECAYS R) exponential means of the steps before t, and the numbers of step t -> the means
    with it."""
    if t == 0:
        return z.repeat(1, len(DECAYS))
    decay = torch.tensor(DECAYS, dtype=z.dtype, device=z.device).repeat_interleave(z.shape[1])
    return decay * means + (1 - decay) * z.repeat(1, len(DECAYS))
