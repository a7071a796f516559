"""Differentiable augmentation: what the discriminator sees is varied, so that it cannot learn few rows by heart."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

PARTS = 8
"""Rows of a step are varied in so many parts, each in a way of its own."""
REACH = 8
"""A grid is moved by up to one part in so many of its sides."""


def varied(z: Tensor, strength: float, rng: torch.Generator) -> Tensor:
    """Numbers of a grid of two axes moved, and brightened or darkened, at random; others as they are.

    Zhao et al. (2020), "Differentiable augmentation for data-efficient GAN training", with whole parts of a step varied
    alike; given the same stream, real and made rows are varied alike, too.

    Args:
        z: (n, H, W, channels) between -1 and 1.
        strength: Share of the parts that are varied.
        rng: Draws what is done.
    """
    if z.dim() != 4 or not strength or not len(z):
        return z
    height, width = z.shape[1:3]
    out = []
    for part in z.tensor_split(min(PARTS, len(z))):
        chance, light = torch.rand(2, generator=rng, device=rng.device).tolist()
        down, right = (int(torch.randint(-(side // REACH), side // REACH + 1, (1,), generator=rng, device=rng.device))
                       for side in (height, width))
        if chance >= strength:
            out.append(part)
            continue
        moved = functional.pad(part.movedim(-1, 1), (abs(right),) * 2 + (abs(down),) * 2, mode="replicate").movedim(1, -1)
        top, left = abs(down) - down, abs(right) - right
        moved = moved[:, top:top + height, left:left + width]
        out.append(moved + (light - 0.5) * 0.4)
    return torch.cat(out)
