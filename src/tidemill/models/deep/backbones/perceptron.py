"""A residual perceptron, for rows without sites."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional


class Perceptron(nn.Module):
    """Blocks ``h + W2 act(W1 norm(h) + C context)``, as in Gorishniy et al. (2021), "Revisiting
    deep learning models for tabular data" (their ResNet), with the context added within each.
    """

    def __init__(self, inputs: int, outputs: int, context: int, width: int, depth: int) -> None:
        super().__init__()
        self.into = nn.Linear(inputs + context, width)
        self.blocks = nn.ModuleList(HiddenLayer(width, context) for _ in range(depth))
        self.norm = nn.LayerNorm(width)
        self.out = nn.Linear(width, outputs)

    def forward(self, x: Tensor, context: Tensor) -> Tensor:
        """(n, inputs), (n, context) -> (n, outputs)."""
        h = self.into(torch.cat([x, context], dim=-1))
        for block in self.blocks:
            h = block(h, context)
        out: Tensor = self.out(functional.silu(self.norm(h)))
        return out


class HiddenLayer(nn.Module):
    """Two layers and a shortcut, on the last axis; the context is told once a row."""

    def __init__(self, width: int, context: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.first = nn.Linear(width, width)
        self.told = nn.Linear(context, width, bias=False) if context else None
        self.second = nn.Linear(width, width)
        nn.init.zeros_(self.second.bias)
        with torch.no_grad():
            self.second.weight.mul_(0.5)

    def forward(self, h: Tensor, context: Tensor) -> Tensor:
        """(n, ..., width), (n, context) -> (n, ..., width)."""
        inner = self.first(self.norm(h))
        if self.told is not None:
            told = self.told(context)
            inner = inner + told.reshape(len(told), *[1] * (h.dim() - 2), -1)
        out: Tensor = h + self.second(functional.silu(inner))
        return out
