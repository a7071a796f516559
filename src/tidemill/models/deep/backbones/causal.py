"""A transformer in which every site sees those before it, and no other."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from tidemill.models.deep.backbones.perceptron import HiddenLayer

HEADS = 4

Cache = list[tuple[Tensor, Tensor]]
"""Keys and values (n, HEADS, sites so far, width / HEADS) of each layer."""


class Causal(nn.Module):
    """Pre-norm causal attention (Vaswani et al. 2017; Radford et al. 2019), with learned places.

    The state of a site is made of the sites before it: the first one's of its place and its context
    alone.
    """

    def __init__(self, sites: int, inputs: int, context: int, width: int, depth: int) -> None:
        super().__init__()
        self.width = width = -(-width // HEADS) * HEADS
        self.into = nn.Linear(inputs, width)
        self.place = nn.Parameter(torch.randn(sites, width) * 0.02)
        self.told = nn.Linear(context, width, bias=False) if context else None
        self.attention = nn.ModuleList(CausalAttention(width) for _ in range(depth))
        self.blocks = nn.ModuleList(HiddenLayer(width, 0) for _ in range(depth))
        self.norm = nn.LayerNorm(width)

    def forward(self, x: Tensor, context: Tensor | None) -> Tensor:
        """(n, sites, inputs), (n, context) -> (n, sites, width) states."""
        h = functional.pad(self.into(x[:, :-1]), (0, 0, 1, 0)) + self.place
        if self.told is not None and context is not None:
            h = h + self.told(context)[:, None]
        for attention, block in zip(self.attention, self.blocks, strict=True):
            h = block(attention(h), context)
        out: Tensor = self.norm(h)
        return out

    def step(
        self, n: int, before: Tensor | None, site: int, context: Tensor | None, cache: Cache
    ) -> Tensor:
        """(n, inputs) of the site before, or None at the first one -> (n, width) the states of n
        rows at this one.

        Keys and values are put into ``cache``, which is empty at the first site.
        """
        h = self.place[site].expand(n, 1, -1)
        if before is not None:
            h = h + self.into(before)[:, None]
        if self.told is not None and context is not None:
            h = h + self.told(context)[:, None]
        for k, (attention, block) in enumerate(zip(self.attention, self.blocks, strict=True)):
            assert isinstance(attention, CausalAttention)
            h, kept = attention.step(h, cache[k] if k < len(cache) else None)
            cache[k : k + 1] = [kept]
            h = block(h, context)
        out: Tensor = self.norm(h)[:, 0]
        return out


class CausalAttention(nn.Module):
    """Every site looks at itself and those before it."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.asked = nn.Linear(width, 3 * width)
        self.out = nn.Linear(width, width)

    def _asked(self, h: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        q, k, v = self.asked(self.norm(h)).unflatten(-1, (3, HEADS, -1)).permute(2, 0, 3, 1, 4)
        return q, k, v

    def forward(self, h: Tensor) -> Tensor:
        """(n, sites, width) -> (n, sites, width)."""
        q, k, v = self._asked(h)
        seen = functional.scaled_dot_product_attention(q, k, v, is_causal=True)
        out: Tensor = h + self.out(seen.transpose(1, 2).flatten(2))
        return out

    def step(
        self, h: Tensor, kept: tuple[Tensor, Tensor] | None
    ) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        """(n, 1, width) -> (n, 1, width), and the keys and values up to here."""
        q, k, v = self._asked(h)
        if kept is not None:
            k, v = torch.cat([kept[0], k], dim=2), torch.cat([kept[1], v], dim=2)
        seen = functional.scaled_dot_product_attention(q, k, v)
        return h + self.out(seen.transpose(1, 2).flatten(2)), (k, v)
