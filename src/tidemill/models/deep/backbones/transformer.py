"""A transformer over the sites of a sequence."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

from tidemill.models.deep.backbones.perceptron import HiddenLayer

HEADS = 4


class Transformer(nn.Module):
    """Pre-norm attention over all sites (Vaswani et al. 2017), with learned places.

    Attention is written out: the fused kernels cannot be differentiated twice.
    """

    def __init__(
        self, sites: int, inputs: int, outputs: int, context: int, width: int, depth: int
    ) -> None:
        super().__init__()
        width = -(-width // HEADS) * HEADS
        self.into = nn.Linear(inputs, width)
        self.place = nn.Parameter(torch.randn(sites, width) * 0.02)
        self.told = nn.Linear(context, width, bias=False) if context else None
        self.attention = nn.ModuleList(Attention(width) for _ in range(depth))
        self.blocks = nn.ModuleList(HiddenLayer(width, context) for _ in range(depth))
        self.norm = nn.LayerNorm(width)
        self.out = nn.Linear(width, outputs)

    def forward(self, x: Tensor, context: Tensor) -> Tensor:
        """(n, sites, inputs), (n, context) -> (n, sites, outputs)."""
        h = self.into(x) + self.place
        if self.told is not None:
            h = h + self.told(context)[:, None]
        for attention, block in zip(self.attention, self.blocks, strict=True):
            h = block(attention(h), context)
        out: Tensor = self.out(self.norm(h))
        return out


class Attention(nn.Module):
    """Every site looks at every other one."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.asked = nn.Linear(width, 3 * width)
        self.out = nn.Linear(width, width)

    def forward(self, h: Tensor) -> Tensor:
        """(n, sites, width) -> (n, sites, width)."""
        n, sites, width = h.shape
        q, k, v = (
            self.asked(self.norm(h))
            .reshape(n, sites, 3, HEADS, width // HEADS)
            .permute(2, 0, 3, 1, 4)
        )
        weight = functional.softmax(q @ k.transpose(-1, -2) / math.sqrt(width // HEADS), dim=-1)
        out: Tensor = h + self.out((weight @ v).transpose(1, 2).reshape(n, sites, width))
        return out
