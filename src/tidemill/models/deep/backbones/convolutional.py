"""A convolutional network over the sites of an image."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional


class Convolutional(nn.Module):
    """Residual 3 x 3 convolutions; a second, half as fine grid carries what is far apart."""

    def __init__(self, sites: tuple[int, ...], inputs: int, outputs: int, context: int, width: int, depth: int) -> None:
        super().__init__()
        self.into = nn.Conv2d(inputs, width, 3, padding=1)
        self.place = nn.Parameter(torch.randn(width, *sites) * 0.02)
        self.fine = nn.ModuleList(Residual(width, context) for _ in range(depth))
        self.coarse = nn.ModuleList(Residual(width, context) for _ in range(depth))
        self.out = nn.Conv2d(width, outputs, 3, padding=1)

    def forward(self, x: Tensor, context: Tensor) -> Tensor:
        """(n, H, W, inputs), (n, context) -> (n, H, W, outputs)."""
        h = self.into(x.movedim(-1, 1)) + self.place
        low = functional.avg_pool2d(h, 2, ceil_mode=True)
        for block in self.coarse:
            low = block(low, context)
        h = h + low.repeat_interleave(2, -2).repeat_interleave(2, -1)[..., :h.shape[-2], :h.shape[-1]]
        for block in self.fine:
            h = block(h, context)
        out: Tensor = self.out(functional.silu(h)).movedim(1, -1)
        return out


class Residual(nn.Module):
    """Two convolutions and a shortcut."""

    def __init__(self, width: int, context: int) -> None:
        super().__init__()
        self.norm = nn.GroupNorm(1, width)
        self.first = nn.Conv2d(width, width, 3, padding=1)
        self.told = nn.Linear(context, width, bias=False) if context else None
        self.second = nn.Conv2d(width, width, 3, padding=1)

    def forward(self, h: Tensor, context: Tensor) -> Tensor:
        """(n, width, H, W), (n, context) -> the same shape."""
        inner = self.first(functional.silu(self.norm(h)))
        if self.told is not None:
            inner = inner + self.told(context)[..., None, None]
        out: Tensor = h + self.second(functional.silu(inner))
        return out
