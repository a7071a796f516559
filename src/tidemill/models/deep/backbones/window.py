"""A site's distribution by the window around it."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from tidemill.models.deep.conditionals import Noise

REACH = 8
"""Sites that are seen to each side."""
FAR = 32
"""Sites from an edge from which on it does not matter how many."""


def offsets() -> list[tuple[int, int]]:
    """(down, right) of all sites of a window but its middle, line by line."""
    span = range(-REACH, REACH + 1)
    return [(down, right) for down in span for right in span if (down, right) != (0, 0)]


class Window(nn.Module):
    """(m, sites) symbols in windows, (m, 4) distances to the edges, told (m, context) -> (m,
    levels) logits of the tiles in the middle.

    Every place of the window has vectors of its own for the symbols, so that their sum is the first
    layer of a perceptron over all of them; residual blocks follow.

    Args:
        shares: (levels,) how often each tile occurs: where learning begins.
        symbols: What may stand in a window, such as the levels and an edge; -1 stands for what is
            not known yet, which adds nothing.
        context: Width of what is told of each row; 0 for nothing.
        width: Units of a layer.
        depth: Blocks.
    """

    def __init__(self, shares: Tensor, symbols: int, context: int, width: int, depth: int) -> None:
        super().__init__()
        places = len(offsets())
        self.seen = nn.Parameter(torch.randn(places * symbols + 1, width) * places**-0.5)
        self.edges = nn.Parameter(torch.randn(4 * (FAR + 1), width) * 0.1)
        self.told = nn.Linear(context, width, bias=False) if context else None
        self.blocks = nn.ModuleList(WindowBlock(width) for _ in range(depth))
        self.norm = nn.LayerNorm(width)
        self.out = nn.Linear(width, len(shares))
        with torch.no_grad():
            self.out.weight.mul_(0.1)
            self.out.bias.copy_(shares.clamp_min(1e-9).log())
        self.symbols, self.places = symbols, places

    def forward(
        self, symbol: Tensor, edge: Tensor, told: Tensor | None, noise: Noise | None = None
    ) -> Tensor:
        """As in the class; ``noise`` changes what the blocks make."""
        nothing = len(self.seen) - 1
        first = torch.arange(self.places, device=symbol.device) * self.symbols
        vector = torch.where(symbol < 0, nothing, symbol + first)
        h = functional.embedding_bag(vector, self.seen, mode="sum", padding_idx=nothing)
        from_edge = edge.clamp(0, FAR) + torch.arange(4, device=edge.device) * (FAR + 1)
        h = h + functional.embedding_bag(from_edge, self.edges, mode="sum")
        if self.told is not None and told is not None:
            h = h + self.told(told)
        for block in self.blocks:
            h = h + block(h, noise)
        out: Tensor = self.out(self.norm(h))
        return out


class WindowBlock(nn.Module):
    """A residual block of two layers, the first with twice the units."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.wide = nn.Linear(width, 2 * width)
        self.back = nn.Linear(2 * width, width)
        with torch.no_grad():
            self.back.weight.mul_(0.3)

    def forward(self, h: Tensor, noise: Noise | None) -> Tensor:
        """(m, width) -> (m, width)."""
        inner = functional.gelu(self.wide(self.norm(h)))
        out: Tensor = self.back(inner if noise is None else noise(inner))
        return out
