"""A transformer over the units of a text, in which each sees those before it."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional

HEAD = 32
"""Width of an attention head, at most."""
SPREAD = 0.02
"""Scale of untrained vectors of units."""
LOUD = 15.0
"""What these are multiplied by where they are read."""
SLOWEST = 10_000.0
"""Units in which the slowest wave of places turns, over two pi."""

Noise = Callable[[Tensor], Tensor]
"""What is done to a layer in learning."""


class TextTransformer(nn.Module):
    """Pre-norm attention with rotary places (Su et al. 2021) to the ``window`` units before each;
    what is told of the text is added at every unit before every block and before the chances, which
    are made by the same vectors by which units are read (Press and Wolf 2017).

    Args:
        shares: (outputs,) how often each follows, where the chances begin: of units and marks,
            which can all be read, too.
        context: Width of what is told of each text.
        width: Of a unit's state.
        depth: Blocks.
        window: How many units are seen, the last one among them.
    """

    def __init__(self, shares: Tensor, context: int, width: int, depth: int, window: int) -> None:
        super().__init__()
        self.window = window
        heads, width = heads_of(width)
        self.vector = nn.Parameter(torch.randn(len(shares), width) * SPREAD)
        self.blocks = nn.ModuleList(
            RotaryBlock(width, heads, context, (2 * depth) ** -0.5) for _ in range(depth)
        )
        self.told = nn.Linear(context, width, bias=False) if context else None
        self.norm = nn.LayerNorm(width)
        self.bias = nn.Parameter(shares.log())

    def forward(self, unit: Tensor, told: Tensor | None, noise: Noise | None = None) -> Tensor:
        """(n, sites) what is read, (n, context) -> (n, sites, width) states, of which
        :meth:`logits` are the chances of what follows."""
        sites = unit.shape[1]
        turns = turns_of(self._half, torch.arange(sites, device=unit.device))
        seen = None
        if sites > self.window:
            at = torch.arange(sites, device=unit.device)
            back = at[:, None] - at
            seen = (back >= 0) & (back < self.window)
        h = functional.embedding(unit, self.vector) * LOUD
        h = h if noise is None else noise(h)
        for block in self.blocks:
            h = block(h, told, turns, seen, noise)
        return self._last(h, told)

    def step(
        self, unit: Tensor, told: Tensor | None, site: int, cache: list[tuple[Tensor, Tensor]]
    ) -> Tensor:
        """(n,) what is read at a site -> (n, width) the states there; keys and values of the sites
        before are in the cache of :meth:`cache`, and those of this one are put there."""
        turns = turns_of(self._half, torch.full((1,), site, device=unit.device))
        h = functional.embedding(unit, self.vector)[:, None] * LOUD
        for block, kept in zip(self.blocks, cache, strict=True):
            assert isinstance(block, RotaryBlock)
            h = block.step(h, told, turns, site, kept)
        return self._last(h, told)[:, 0]

    def cache(self, n: int, sites: int) -> list[tuple[Tensor, Tensor]]:
        """Room for the keys and values of n texts, for each block."""
        room = min(sites, self.window)
        found = []
        for block in self.blocks:
            assert isinstance(block, RotaryBlock)
            shape = (n, block.heads, room, self.vector.shape[1] // block.heads)
            found.append((self.vector.new_zeros(shape), self.vector.new_zeros(shape)))
        return found

    def logits(self, h: Tensor) -> Tensor:
        """(..., width) states -> (..., outputs) logarithms of chances, but for a constant."""
        return functional.linear(h, self.vector, self.bias)

    def _last(self, h: Tensor, told: Tensor | None) -> Tensor:
        out: Tensor = self.norm(h)
        if self.told is not None and told is not None:
            out = out + self.told(told)[:, None]
        return out

    @property
    def _half(self) -> int:
        """Half the width of a head."""
        block = self.blocks[0]
        assert isinstance(block, RotaryBlock)
        return self.vector.shape[1] // block.heads // 2


def heads_of(width: int) -> tuple[int, int]:
    """How many heads attention has, and the next width of a state that fits them."""
    heads = max(width // HEAD, 1)
    return heads, -(-width // (2 * heads)) * 2 * heads


def turns_of(half: int, at: Tensor) -> tuple[Tensor, Tensor]:
    """(sites,) places -> (sites, half a head's width) cosines and sines."""
    pace = SLOWEST ** (-torch.arange(half, device=at.device) / half)
    angle = at[:, None] * pace
    return angle.cos(), angle.sin()


class RotaryBlock(nn.Module):
    """Attention with rotary places and a perceptron.

    Args:
        width: Of a state.
        heads: Of the attention.
        context: Width of what is told of each text.
        quiet: Scale of what it adds to a state, untrained.
    """

    def __init__(self, width: int, heads: int, context: int, quiet: float) -> None:
        super().__init__()
        self.heads = heads
        self.told = nn.Linear(context, width, bias=False) if context else None
        self.norm, self.norm_inside = nn.LayerNorm(width), nn.LayerNorm(width)
        self.asked = nn.Linear(width, 3 * width, bias=False)
        self.out = nn.Linear(width, width, bias=False)
        self.inside = nn.Linear(width, 4 * width, bias=False)
        self.back = nn.Linear(4 * width, width, bias=False)
        for layer, spread in (
            (self.asked, 0.5),
            (self.inside, 0.5),
            (self.out, quiet / 2),
            (self.back, quiet / 4),
        ):
            nn.init.normal_(layer.weight, std=spread * width**-0.5)

    def forward(
        self,
        h: Tensor,
        told: Tensor | None,
        turns: tuple[Tensor, Tensor],
        seen: Tensor | None,
        noise: Noise | None,
    ) -> Tensor:
        """(n, sites, width) -> (n, sites, width)."""
        h = self._told(h, told)
        q, k, v = self._asked(h, turns)
        found = functional.scaled_dot_product_attention(q, k, v, seen, is_causal=seen is None)
        return self._added(h, found, noise)

    def step(
        self,
        h: Tensor,
        told: Tensor | None,
        turns: tuple[Tensor, Tensor],
        site: int,
        kept: tuple[Tensor, Tensor],
    ) -> Tensor:
        """(n, 1, width) -> (n, 1, width); keys carry their places, so a new one may stand where
        that of a unit stood that is no longer seen."""
        h = self._told(h, told)
        q, k, v = self._asked(h, turns)
        room = kept[0].shape[2]
        for all_of, own in zip(kept, (k, v), strict=True):
            all_of[:, :, site % room] = own[:, :, 0]
        filled = min(site + 1, room)
        found = functional.scaled_dot_product_attention(
            q, kept[0][:, :, :filled], kept[1][:, :, :filled]
        )
        return self._added(h, found, None)

    def _told(self, h: Tensor, told: Tensor | None) -> Tensor:
        if self.told is None or told is None:
            return h
        return h + self.told(told)[:, None]

    def _asked(self, h: Tensor, turns: tuple[Tensor, Tensor]) -> tuple[Tensor, Tensor, Tensor]:
        q, k, v = self.asked(self.norm(h)).unflatten(-1, (3, self.heads, -1)).permute(2, 0, 3, 1, 4)
        return _turned(q, *turns), _turned(k, *turns), v

    def _added(self, h: Tensor, found: Tensor, noise: Noise | None) -> Tensor:
        attended = self.out(found.transpose(1, 2).flatten(2))
        h = h + (attended if noise is None else noise(attended))
        inside = self.back(functional.relu(self.inside(self.norm_inside(h))).square())
        return h + (inside if noise is None else noise(inside))


def _turned(x: Tensor, cosine: Tensor, sine: Tensor) -> Tensor:
    """(n, heads, sites, width) vectors, turned by their places."""
    one, other = x.chunk(2, dim=-1)
    return torch.cat([one * cosine - other * sine, other * cosine + one * sine], dim=-1)
