"""Numbers as waves of several lengths, with which a network draws sharp lines."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from tidemill.core.grid import Spec
from tidemill.models.deep.defaults import DEFAULTS

WAVES = 8
SPREAD = 0.5
"""Standard deviation of the waves' first frequencies."""


def seen(numbers: int, spec: Spec) -> Periodic | Plain:
    """How a network is shown the numbers of a site."""
    return Periodic(numbers) if DEFAULTS[spec.topology].waves else Plain(numbers)


class Plain(nn.Module):
    """Numbers as they are.

    Args:
        numbers: How many.
    """

    def __init__(self, numbers: int) -> None:
        super().__init__()
        self.width = numbers

    def forward(self, z: Tensor) -> Tensor:
        """(..., numbers) -> the same."""
        return z


class Periodic(nn.Module):
    """Each number z beside sines and cosines of it, with learned frequencies: Gorishniy, Rubachev
    and Babenko (2022), "On embeddings for numerical features in tabular deep learning".

    Args:
        numbers: How many.
    """

    def __init__(self, numbers: int) -> None:
        super().__init__()
        self.frequency = nn.Parameter(torch.randn(numbers, WAVES) * SPREAD)
        self.width = numbers * (1 + 2 * WAVES)

    def forward(self, z: Tensor) -> Tensor:
        """(..., numbers) -> (..., width)."""
        angle = 2 * math.pi * z[..., None] * self.frequency
        return torch.cat([z, angle.sin().flatten(-2), angle.cos().flatten(-2)], dim=-1)
