"""Convolutional networks over the sites of an image: from image to image, to one vector, and from
one."""

from __future__ import annotations

import math
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional

SMALLEST = 4
"""Grids are halved as long as both of their sides keep so many sites."""
WIDEST = 4
"""Coarser grids have twice as many units each, up to so many times those of the finest."""
SLOPE = 0.2
"""Of the rectifiers below zero, as in DCGAN (Radford, Metz and Chintala 2016)."""


def scales(sites: tuple[int, ...]) -> list[tuple[int, int]]:
    """The sizes of a grid, each half of the one before, from the finest to the coarsest.

    Example:
        >>> scales((28, 28))
        [(28, 28), (14, 14), (7, 7), (4, 4)]
    """
    height, width = sites
    found = [(height, width)]
    while min(height, width) > SMALLEST:
        height, width = -(-height // 2), -(-width // 2)
        found.append((height, width))
    return found


def _units(width: int, levels: int) -> list[int]:
    """Units of each scale, from the finest to the coarsest."""
    return [width * min(2**k, WIDEST) for k in range(levels)]


class Shrinking(nn.Module):
    """An image to one vector, by convolutions of stride 2 without normalisation; what is told
    scales the vector's parts, as in a projection discriminator (Miyato and Koyama 2018).
    """

    def __init__(
        self,
        sites: tuple[int, ...],
        inputs: int,
        outputs: int,
        context: int,
        width: int,
        depth: int,
    ) -> None:
        super().__init__()
        grids = scales(sites)
        units = [inputs, *_units(width, len(grids) - 1)]
        self.down = nn.ModuleList(nn.Conv2d(a, b, 4, 2, 1) for a, b in pairwise(units))
        self.blocks = nn.ModuleList(Residual(units[-1], 0, bare=True) for _ in range(depth - 1))
        self.out = nn.Linear(units[-1] * grids[-1][0] * grids[-1][1], outputs)
        self.told = nn.Linear(context, outputs, bias=False) if context else None
        self.to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    def forward(self, x: Tensor, context: Tensor) -> Tensor:
        """(n, H, W, inputs), (n, context) -> (n, outputs)."""
        h = x.movedim(-1, 1)
        for k, down in enumerate(self.down):
            h = down(_even(functional.leaky_relu(h, SLOPE) if k else h))
        for block in self.blocks:
            h = block(h, context)
        out: Tensor = self.out(functional.leaky_relu(h, SLOPE).flatten(1))
        return out if self.told is None else out * (1 + self.told(context))


class Growing(nn.Module):
    """One vector to an image, by transposed convolutions of stride 2 as in DCGAN; at every scale
    the vector also says how large and how far off each unit is (Perez et al. 2018, FiLM).
    """

    def __init__(
        self, sites: tuple[int, ...], given: int, outputs: int, width: int, depth: int
    ) -> None:
        super().__init__()
        self.grids = scales(sites)
        units = _units(width, len(self.grids))
        self.first = units[-1]
        self.into = nn.Linear(given, units[-1] * self.grids[-1][0] * self.grids[-1][1])
        self.blocks = nn.ModuleList(Residual(units[-1], given) for _ in range(depth - 1))
        fine = units[::-1]
        self.up = nn.ModuleList(nn.ConvTranspose2d(a, b, 4, 2, 1) for a, b in pairwise(fine))
        self.norms = nn.ModuleList(ContextNorm(u, given) for u in fine)
        self.out = nn.Conv2d(width, outputs, 3, padding=1)
        self.to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    def forward(self, given: Tensor) -> Tensor:
        """(n, given) -> (n, H, W, outputs)."""
        h = (
            self.into(given)
            .unflatten(1, (self.first, *self.grids[-1]))
            .contiguous(memory_format=torch.channels_last)
        )
        for block in self.blocks:
            h = block(h, given)
        for k, (height, width) in enumerate(self.grids[-2::-1]):
            h = self.up[k](functional.leaky_relu(self.norms[k](h, given), SLOPE))[
                ..., :height, :width
            ]
        out: Tensor = self.out(functional.leaky_relu(self.norms[-1](h, given), SLOPE)).movedim(
            1, -1
        )
        return out


class Unet(nn.Module):
    """An image to an image, over all scales and back, with a shortcut at each (Ronneberger et al.
    2015)."""

    def __init__(
        self,
        sites: tuple[int, ...],
        inputs: int,
        outputs: int,
        context: int,
        width: int,
        depth: int,
    ) -> None:
        super().__init__()
        self.grids = scales(sites)[:3]
        units = _units(width, len(self.grids))
        self.into = nn.Conv2d(inputs, width, 3, padding=1)
        self.before = nn.ModuleList(Residual(u, context) for u in units)
        self.down = nn.ModuleList(nn.Conv2d(a, b, 4, 2, 1) for a, b in pairwise(units))
        self.blocks = nn.ModuleList(Residual(units[-1], context) for _ in range(depth - 1))
        self.up = nn.ModuleList(nn.ConvTranspose2d(b, a, 4, 2, 1) for a, b in pairwise(units))
        self.after = nn.ModuleList(Residual(u, context) for u in units[:-1])
        self.place = nn.Parameter(torch.zeros(units[-1], *self.grids[-1]))
        self.norm = ContextNorm(width, 0)
        self.out = nn.Conv2d(width, outputs, 3, padding=1)
        self.to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    def forward(self, x: Tensor, context: Tensor) -> Tensor:
        """(n, H, W, inputs), (n, context) -> (n, H, W, outputs)."""
        h = self.into(x.movedim(-1, 1))
        passed = []
        for before, down in zip(self.before, self.down, strict=False):
            h = before(h, context)
            passed.append(h)
            h = down(_even(h))
        h = self.before[-1](h + self.place, context)
        for block in self.blocks:
            h = block(h, context)
        for k in range(len(passed) - 1, -1, -1):
            height, width = self.grids[k]
            h = self.after[k](self.up[k](h)[..., :height, :width] + passed[k], context)
        out: Tensor = self.out(functional.silu(self.norm(h, context))).movedim(1, -1)
        return out


class Residual(nn.Module):
    """Two 3 x 3 convolutions and a shortcut; ``bare`` ones have no normalisation, as gradient
    penalties like it."""

    def __init__(self, units: int, told: int, *, bare: bool = False) -> None:
        super().__init__()
        self.norms = (
            None if bare else nn.ModuleList((ContextNorm(units, 0), ContextNorm(units, told)))
        )
        self.first = nn.Conv2d(units, units, 3, padding=1)
        self.second = nn.Conv2d(units, units, 3, padding=1)
        with torch.no_grad():
            self.second.weight.mul_(0.3)

    def forward(self, h: Tensor, told: Tensor) -> Tensor:
        """(n, units, H, W), (n, told) -> the same shape."""
        inner = h if self.norms is None else self.norms[0](h, told)
        inner = self.first(functional.silu(inner))
        inner = inner if self.norms is None else self.norms[1](inner, told)
        out: Tensor = h + self.second(functional.silu(inner))
        return out


class ContextNorm(nn.Module):
    """All units of a row divided by their root mean square, then a scale and a shift of each unit
    that a vector says.

    One number a row is all that is normalised: norms of groups took a quarter of a step's time on a
    processor.
    """

    def __init__(self, units: int, told: int) -> None:
        super().__init__()
        self.said = nn.Linear(told, 2 * units) if told else None
        if self.said is not None:
            with torch.no_grad():
                self.said.weight.mul_(0.3)
                self.said.bias.zero_()

    def forward(self, h: Tensor, told: Tensor) -> Tensor:
        """(n, units, H, W), (n, told) -> the same shape."""
        size = torch.linalg.vector_norm(h, dim=(1, 2, 3), keepdim=True, dtype=torch.float32)
        by = math.sqrt(h[0].numel()) / (size + 1e-6)
        if self.said is None:
            return h * by.to(h.dtype)
        scale, shift = self.said(told)[..., None, None].chunk(2, dim=1)
        return h * (by * (1 + scale)).to(h.dtype) + shift.to(h.dtype)


def _even(h: Tensor) -> Tensor:
    """(n, units, H, W) with sides of an even length, so that half of it is rounded up."""
    height, width = h.shape[-2:]
    return functional.pad(h, (0, width % 2, 0, height % 2)) if height % 2 or width % 2 else h
