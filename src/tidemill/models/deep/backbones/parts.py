"""A transformer over steps on which several parts have a level each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from tidemill.models.deep.backbones.text import Noise, RotaryBlock, heads_of, turns_of

SPREAD = 0.3
"""Scale of untrained vectors of levels and places."""
KNOWN_WIDTH = 64
"""Units of what is told of known parts at a step."""


@dataclass(frozen=True)
class PartsShape:
    """What a :class:`PartsTransformer` must know of its grid.

    Attributes:
        parts: How many.
        levels: Of each part, and of no other one.
        cycles: Steps after which a step's place counts anew.
        shifts: How many ways there are to move all levels together.
        context: Width of what is told of each row.
    """

    parts: int
    levels: int
    cycles: tuple[int, ...]
    shifts: int
    context: int


@dataclass
class Steps:
    """Steps of n rows, and what is before each.

    Attributes:
        before: (n, steps, parts) the level that each part has at the step before.
        went_on: (n, steps, parts) whether it had gone on there.
        now: (n, steps, parts) the level that it has at the step.
        goes_on: (n, steps, parts) whether it goes on.
        at: (n, steps) the number of each step in its row.
        shift: (n,) which way levels are moved.
        ahead: (n, steps + ahead, parts, 2 + width of a level) known parts, see
            :meth:`PartsTransformer.told_ahead`; None where nothing is known.
        context: (n, context).
    """

    before: Tensor
    went_on: Tensor
    now: Tensor
    goes_on: Tensor
    at: Tensor
    shift: Tensor
    ahead: Tensor | None = None
    context: Tensor | None = None


class PartsTransformer(nn.Module):
    """Causal attention over the steps (see :class:`tidemill.models.deep.backbones.text.RotaryBlock`
    ), and at each step a perceptron a part, which sees the levels of the parts before it.

    A part is seen by the level that it has, be it that it begins there or goes on: so a network
    need not look back for what sounds. Vectors of levels are those of all parts.

    Args:
        shape: Of the grid.
        width: Of a step's state.
        depth: Blocks over the steps.
        window: Steps that are seen.
        embedding: Width of a level's vector.
        hidden: Units of the perceptron of a part.
        ahead: Steps that are looked ahead in parts that are known.
    """

    def __init__(
        self,
        shape: PartsShape,
        width: int,
        depth: int,
        window: int,
        embedding: int,
        hidden: int,
        ahead: int,
    ) -> None:
        super().__init__()
        self.shape, self.window, self.ahead = shape, window, ahead
        heads, width = heads_of(width)
        parts, seen = shape.parts, embedding + 1
        # one more level: that of the time before the first step
        self.vector = nn.Parameter(torch.randn(shape.levels + 1, embedding) * SPREAD)
        self.into = nn.Linear(parts * seen, width)
        self.place = nn.ParameterList(
            nn.Parameter(torch.randn(cycle, width) * SPREAD) for cycle in shape.cycles
        )
        self.moved = nn.Parameter(torch.randn(shape.shifts, width) * SPREAD)
        self.known = nn.Linear(parts * (seen + 1), KNOWN_WIDTH)
        self.known_ahead = nn.Conv1d(KNOWN_WIDTH, width, ahead + 1)
        self.blocks = nn.ModuleList(
            RotaryBlock(width, heads, shape.context, (2 * depth) ** -0.5) for _ in range(depth)
        )
        self.norm = nn.LayerNorm(width)
        self.state = nn.Linear(width, parts * hidden)
        self.own = nn.Parameter(torch.randn(parts, embedding, hidden) * embedding**-0.5)
        self.others = nn.Parameter(torch.randn(parts, parts, seen, hidden) * (2 * seen) ** -0.5)
        self.inside = nn.Parameter(torch.randn(parts, hidden, hidden) * 0.5 * hidden**-0.5)
        self.inside_bias = nn.Parameter(torch.zeros(parts, hidden))
        self.out = nn.Parameter(torch.randn(parts, hidden, embedding) * 0.5 * hidden**-0.5)
        self.bias = nn.Parameter(torch.zeros(parts, shape.levels))

    @property
    def first(self) -> int:
        """The level that every part has before the first step."""
        return self.shape.levels

    def seen(self, level: Tensor, goes_on: Tensor) -> Tensor:
        """(..., parts) levels, and whether they go on -> (..., parts, embedding + 1)."""
        vectors = functional.embedding(level, self.vector)
        return torch.cat([vectors, goes_on[..., None].to(vectors.dtype)], dim=-1)

    def told_ahead(self, level: Tensor, goes_on: Tensor, known: Tensor) -> Tensor:
        """What is known of steps, and of none behind them.

        Args:
            level, goes_on: (n, steps, parts).
            known: (n, steps, parts) whether each is known.

        Returns:
            (n, steps + ahead, parts * (embedding + 2)).
        """
        told = known[..., None].to(self.vector.dtype)
        found = torch.cat([self.seen(level, goes_on) * told, told], dim=-1).flatten(2)
        return functional.pad(found, (0, 0, 0, self.ahead))

    def forward(self, steps: Steps, noise: Noise | None = None) -> Tensor:
        """(n, steps, parts, levels) logarithms of chances, but for a constant."""
        count = steps.at.shape[1]
        turns = turns_of(self._half, torch.arange(count, device=steps.at.device))
        seen = None
        if count > self.window:
            at = torch.arange(count, device=steps.at.device)
            back = at[:, None] - at
            seen = (back >= 0) & (back < self.window)
        h = self._into(steps)
        h = h if noise is None else noise(h)
        for block in self.blocks:
            h = block(h, steps.context, turns, seen, noise)
        now = self.seen(steps.now, steps.goes_on).flatten(2)
        parts = self.shape.parts
        earlier = torch.ones((parts, parts), device=h.device).tril(-1)[..., None, None]
        weights = (self.others * earlier).flatten(1, 2)
        hidden = self._hidden(h, steps.before) + torch.einsum("ntf,pfh->ntph", now, weights)
        return self._chances(hidden, noise, range(self.shape.parts))

    def state_at(self, steps: Steps, site: int, cache: Sequence[tuple[Tensor, Tensor]]) -> Tensor:
        """A single step -> (n, parts, hidden) what parts are told of it before any of them is
        known; ``now`` and ``goes_on`` are not looked at.

        Args:
            steps: Of (n, 1) steps.
            site: Its number since the cache was empty.
            cache: Of :meth:`cache`; filled.
        """
        turns = turns_of(self._half, torch.full((1,), site, device=steps.at.device))
        h = self._into(steps)
        for block, kept in zip(self.blocks, cache, strict=True):
            assert isinstance(block, RotaryBlock)
            h = block.step(h, steps.context, turns, site, kept)
        return self._hidden(h, steps.before)[:, 0]

    def part_at(self, hidden: Tensor, now: Tensor, goes_on: Tensor, part: int) -> Tensor:
        """(n, levels) the chances of a part's level.

        Args:
            hidden: (n, parts, hidden) of :meth:`state_at`.
            now, goes_on: (n, parts), of which only the parts before count.
            part: Which.
        """
        seen = self.seen(now, goes_on)[:, :part].flatten(1)
        told = seen @ self.others[part, :part].flatten(0, 1)
        return self._chances((hidden[:, part] + told)[:, None, None], None, [part])[:, 0, 0]

    def cache(self, n: int, sites: int) -> list[tuple[Tensor, Tensor]]:
        """Room for the keys and values of n rows, for each block."""
        room, width = min(sites, self.window), self.norm.normalized_shape[0]
        found = []
        for block in self.blocks:
            assert isinstance(block, RotaryBlock)
            shape = (n, block.heads, room, width // block.heads)
            found.append((self.vector.new_zeros(shape), self.vector.new_zeros(shape)))
        return found

    @property
    def _half(self) -> int:
        """Half the width of a head."""
        block = self.blocks[0]
        assert isinstance(block, RotaryBlock)
        return self.norm.normalized_shape[0] // block.heads // 2

    def _into(self, steps: Steps) -> Tensor:
        """(n, steps, width) what the first block reads."""
        h = self.into(self.seen(steps.before, steps.went_on).flatten(2))
        for place in self.place:
            h = h + functional.embedding(steps.at % len(place), place)
        h = h + functional.embedding(steps.shift, self.moved)[:, None]
        if steps.ahead is not None:
            told = functional.silu(self.known(steps.ahead)).transpose(1, 2)
            h = h + self.known_ahead(told).transpose(1, 2)
        return h

    def _hidden(self, h: Tensor, before: Tensor) -> Tensor:
        """(n, steps, width), (n, steps, parts) -> (n, steps, parts, hidden)."""
        state = self.state(self.norm(h)).unflatten(-1, (self.shape.parts, -1))
        own = functional.embedding(before, self.vector)
        return state + torch.einsum("ntpe,peh->ntph", own, self.own)

    def _chances(self, hidden: Tensor, noise: Noise | None, parts: Sequence[int]) -> Tensor:
        """(n, steps, these parts, hidden) -> (n, steps, these parts, levels)."""
        some = slice(parts[0], parts[-1] + 1)
        h = functional.silu(hidden)
        h = h if noise is None else noise(h)
        deeper = torch.einsum("ntph,phj->ntpj", h, self.inside[some]) + self.inside_bias[some]
        h = h + functional.silu(deeper)
        h = h if noise is None else noise(h)
        vectors = torch.einsum("ntph,phe->ntpe", h, self.out[some])
        return functional.linear(vectors, self.vector[:-1]) + self.bias[some]
