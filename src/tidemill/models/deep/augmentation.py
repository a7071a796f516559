"""Rows of a step of learning are varied, so that networks cannot learn few of them by heart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor
from torch.nn import functional

from tidemill.core.grid import FIRST_LEVEL

PARTS = 8
"""Rows of a step are varied in so many parts, each in a way of its own."""
REACH = 8
"""A grid is moved by up to one part in so many of its sides."""


def varied(sides: Sequence[Tensor], strength: float, rng: torch.Generator) -> list[Tensor]:
    """Numbers of images moved at random, up to one part in REACH of a side.

    Translation as in Zhao et al. (2020), "Differentiable augmentation for data-efficient GAN
    training". A real row and the made one beside it are moved alike, so that the discriminator is
    not busied with where they were moved to.

    Args:
        sides: (n, H, W, channels) each, such as real rows and made ones.
        strength: Share of the rows that are moved.
        rng: Draws where to.
    """
    if not strength or not len(sides[0]):
        return list(sides)
    n, height, width = sides[0].shape[:3]
    out: list[list[Tensor]] = [[] for _ in sides]
    for at in torch.arange(n).tensor_split(min(PARTS, n)):
        down, right = _distance(height, rng), _distance(width, rng)
        still = float(torch.rand(1, generator=rng, device=rng.device)) >= strength
        for moved, side in zip(out, sides, strict=True):
            part = side[int(at[0]) : int(at[-1]) + 1]
            moved.append(part if still else _moved(part, down, right))
    return [torch.cat(parts) for parts in out]


def _distance(side: int, rng: torch.Generator) -> int:
    """How far to move along a side."""
    most = side // REACH
    return int(torch.randint(-most, most + 1, (1,), generator=rng, device=rng.device))


def _moved(z: Tensor, down: int, right: int) -> Tensor:
    """(n, H, W, channels), what comes in at an edge repeating it."""
    height, width = z.shape[1:3]
    margins = (abs(right), abs(right), abs(down), abs(down))
    wide = functional.pad(z.movedim(-1, 1), margins, mode="replicate").movedim(1, -1)
    top, left = abs(down) - down, abs(right) - right
    return wide[:, top : top + height, left : left + width]


def shifted_levels(levels: Mapping[str, Tensor], by: Tensor, end: int) -> dict[str, Tensor]:
    """Levels of parts, all of a row moved by as much.

    Args:
        levels: By name, (n, sites, parts) each; those below the first one that can begin, and from
            the end on, stay.
        by: (n,) by how much.
        end: Where levels end; none is moved beyond them.

    Example:
        >>> level = torch.tensor([[[0], [1], [5], [9]]])
        >>> shifted_levels({"level": level}, torch.tensor([2]), 9)["level"].flatten().tolist()
        [0, 1, 7, 9]
    """
    moved = {}
    for name, level in levels.items():
        new = (level + by[:, None, None]).clamp(FIRST_LEVEL, end - 1)
        moved[name] = torch.where((level >= FIRST_LEVEL) & (level < end), new, level)
    return moved
