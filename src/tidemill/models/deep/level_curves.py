"""Curves over the levels of a series, and what differs between its first steps and later ones."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from tidemill.core.persons import FEWEST_PERSONS

HINGES, MOST_CURVES = 8, 96
"""Bends of the curve over a channel's level; fewer where channels are many, so that those of all
are about so many at most."""
OUTER = 0.005
"""Share of the levels at either end that are taken to be the last one within."""


def bends_of(z: np.ndarray, there: np.ndarray) -> np.ndarray:
    """(n, T, R) numbers and whether each is there -> (R, bends) ascending levels at which curves
    bend, quantiles of each channel; none is a row's own."""
    channels = z.shape[-1]
    hinges = min(max(MOST_CURVES // max(channels, 1) - 1, 1), HINGES)
    share = [OUTER, *(np.arange(hinges) + 0.5) / hinges, 1 - OUTER]
    bends = np.zeros((channels, len(share)))
    for c in range(channels):
        values = np.sort(z[..., c][there[..., c]])
        if len(values):
            alike = min(FEWEST_PERSONS, len(values))
            bends[c] = np.quantile(np.convolve(values, np.full(alike, 1 / alike), "valid"), share)
    return bends


def curves(z: Tensor, bends: np.ndarray) -> Tensor:
    """(..., R) levels -> (..., R (bends - 1)), of each channel its level and how far it is above
    every inner bend: sums of these are lines with bends. They are level beyond the outermost, so
    that nothing learned is carried on to where nothing was seen.

    Example:
        >>> curves(torch.tensor([[-5.0], [0.5], [9.0]]), np.array([[-1.0, 0.0, 2.0]])).tolist()
        [[-1.0, 0.0], [0.5, 0.5], [2.0, 2.0]]
    """
    at = torch.from_numpy(bends).to(z.device, z.dtype)
    level = torch.clamp(z, at[:, 0], at[:, -1])[..., None]
    return torch.cat([level, (level - at[:, 1:-1]).clamp_min(0)], dim=-1).flatten(-2)


def curves_told(z: Tensor, bends: np.ndarray) -> Tensor:
    """(n, T, R) numbers -> (n, T, curves) of the step before; at the first step its own, of which a
    channel may know those of the channels before it."""
    own = curves(z, bends)
    return torch.cat([own[:, :1], own[:, :-1]], dim=1)


def curves_before(channel: int, kind: int, count: int, channels: int) -> slice:
    """Which of the curves that are told a channel may know, at a kind of step."""
    return slice(count if kind else channel * count // channels)


def kinds_of_steps(count: int) -> list[slice]:
    """The first step, the second, ..., and all later ones."""
    return [slice(k, k + 1) for k in range(count - 1)] + [slice(count - 1, None)]


def by_step(array: np.ndarray, like: Tensor) -> Tensor:
    """(kinds, ...) -> (T, ...) for (n, T, ...) series."""
    at = np.minimum(np.arange(like.shape[1]), len(array) - 1)
    return torch.from_numpy(array[at]).to(like.device, like.dtype)
