"""The distributions of all codes of a site, each given those that are shown to it."""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional

from tidemill.models.deep.stream import SLOPES, StreamLayout

Noise = Callable[[Tensor], Tensor]
"""What is done to a layer in learning."""


class Conditionals(nn.Module):
    """For every position a network of its own, all computed together.

    A position is told of the others by a vector each, of which those that it may not see are zero;
    its network says how far the codes' chances are from their shares, so that it begins, and stays
    where little is to be learned, at the shares. As MADE (Germain et al. 2015), but with weights of
    its own for each position, as TabularARGN (Tiwald et al. 2025).

    Args:
        layout: The stream's positions.
        told: Width of what is told of each site beside its codes.
        width, embedding: Units of a position's layer, and of a code's vector.
        depth: Layers behind the first one.
    """

    size: Tensor
    coarse: Tensor
    row: Tensor
    share: Tensor
    first: Tensor
    wave: Tensor
    waves: Tensor
    seen: Tensor
    slopes: Tensor
    smooth: Tensor
    free: Tensor
    groups: Tensor
    named: Tensor
    sources: Tensor
    offset: Tensor

    def __init__(
        self, layout: StreamLayout, told: int, width: int, embedding: int, depth: int
    ) -> None:
        super().__init__()
        for name in ("size", "coarse", "row", "first", "wave", "sources"):
            self.register_buffer(
                name, torch.from_numpy(getattr(layout, name)).long(), persistent=False
            )
        for name in ("share", "waves", "seen", "slopes"):
            self.register_buffer(
                name, torch.from_numpy(getattr(layout, name)).float(), persistent=False
            )
        self.register_buffer("smooth", torch.from_numpy(layout.smooth), persistent=False)
        # the symbols of a group are told by their rank alone: the same code means another one in
        # each group
        self.register_buffer(
            "free", torch.from_numpy(layout.free).float()[:, None, None], persistent=False
        )
        own = torch.repeat_interleave(~self.smooth, self.size)
        self.register_buffer("named", self.seen * own, persistent=False)
        self.register_buffer("offset", self.size.cumsum(0) - self.size, persistent=False)
        count, features = len(self.size), self.waves.shape[1]
        most = self.share.shape[1]
        at = torch.arange(most, device="cpu").minimum(self.size[:, None] - 1) + self.wave[:, None]
        self.register_buffer(
            "groups", self.waves[at] * ~self.smooth[:, None, None], persistent=False
        )
        self.embedding, self.told = embedding, told
        inputs = self.sources.shape[1] * embedding + told
        self.code = nn.Parameter(torch.randn(int(self.size.sum()), embedding) * 0.5)
        self.by_rank = nn.Parameter(torch.randn(count, features, embedding) / math.sqrt(features))
        self.weight = nn.ParameterList(
            [_spread(count, inputs, width), *(_spread(count, width, width) for _ in range(depth))]
        )
        self.bias = nn.ParameterList([torch.zeros(count, 1, width) for _ in range(depth + 1)])
        self.head = nn.Parameter(torch.zeros(count, width, most))
        self.slope = nn.Parameter(torch.zeros(count, width, SLOPES))
        self.ranked = nn.Parameter(torch.zeros(count, width, features))

    @property
    def positions(self) -> int:
        """How many there are."""
        return len(self.size)

    def vectors(self, token: Tensor) -> Tensor:
        """(n, P) codes -> (n, P, embedding); zero where there is none."""
        at = token.clamp_min(0)
        place = self.wave + self.first[self._rows(at)] + at
        vector = self._code(self.offset + at)
        ranked = torch.einsum("npf,pfe->npe", self.waves[place], self.by_rank)
        return (vector + ranked) * (token >= 0)[..., None]

    def vector(self, p: int, token: Tensor) -> Tensor:
        """(n, P) codes -> (n, embedding) of position p alone."""
        own, coarse = token[:, p], int(self.coarse[p])
        at = own.clamp_min(0)
        row = self.row[p]
        if coarse >= 0:
            row = row + token[:, coarse].clamp_min(0)
        place = self.wave[p] + self.first[row] + at
        vector = self._code(self.offset[p] + at)
        return (vector + self.waves[place] @ self.by_rank[p]) * (own >= 0)[:, None]

    def _code(self, at: Tensor) -> Tensor:
        """Indices of levels -> their embeddings, of those that have one."""
        # gradients of an indexed tensor are added up by several threads in no fixed order, those of
        # an embedding are not: without it, the same seed gave other weights in most fits
        return functional.embedding(at, self.code) * self.named[at][..., None]

    def _rows(self, token: Tensor) -> Tensor:
        """(n, P) codes -> (n, P) the row of shares that counts for each position."""
        inner = (self.coarse >= 0).to(token.dtype) * token[:, self.coarse.clamp_min(0)].clamp_min(0)
        return self.row + inner

    def forward(
        self,
        token: Tensor,
        vectors: Tensor,
        visible: Tensor,
        told: Tensor | None,
        noise: Noise | None = None,
    ) -> Tensor:
        """All distributions.

        Args:
            token: (n, P) codes.
            vectors: (n, P, embedding) of them.
            visible: (n or 1, P, K) whether each position sees each of its sources.
            told: (n, told).
            noise: Of the last layer, in learning.

        Returns:
            (P, n, most) log chances, but for a constant; -inf for what cannot be.
        """
        shown = (vectors[:, self.sources] * visible[..., None]).transpose(0, 1).flatten(2)
        if told is not None:
            shown = torch.cat([shown, told.expand(self.positions, *told.shape)], dim=-1)
        return self._logits(shown, self._rows(token.clamp_min(0)).T, slice(None), noise)

    def at(
        self, p: int, token: Tensor, vectors: Tensor, visible: Tensor | None, told: Tensor | None
    ) -> Tensor:
        """The distribution of position p alone.

        Args:
            p: The position.
            token: (n, P) codes; for a second digit, that of the first one counts.
            vectors: (n, P, embedding), zero for all that is not known yet.
            visible: (P,) the positions that are seen; None for all that have a vector.
            told: (n, told).

        Returns:
            (n, size of p) as in :meth:`forward`.
        """
        sources = self.sources[p]
        shown = vectors[:, sources]
        if visible is not None:
            shown = shown * visible[sources, None]
        shown = shown.flatten(1)
        if told is not None:
            shown = torch.cat([shown, told], dim=-1)
        size = int(self.size[p])
        coarse = int(self.coarse[p])
        row = self.row[p].expand(len(token))
        if coarse >= 0:
            row = row + token[:, coarse].clamp_min(0)
        return self._logits(shown[None], row[None], slice(p, p + 1), None)[0, :, :size]

    def _logits(self, shown: Tensor, row: Tensor, part: slice, noise: Noise | None) -> Tensor:
        """(positions, n, inputs), (positions, n) rows of shares -> (positions, n, most) for a part
        of the positions."""
        h = functional.silu(torch.baddbmm(self.bias[0][part], shown, self.weight[0][part]))
        for bias, weight in zip(list(self.bias)[1:], list(self.weight)[1:], strict=True):
            h = h + functional.silu(
                torch.baddbmm(bias[part], functional.layer_norm(h, h.shape[-1:]), weight[part])
            )
        if noise is not None:
            h = noise(h)
        # what neighbouring codes have in common is learned at once, by their rank
        head = self.head[part] * self.free[part] + self.ranked[part] @ self.groups[part].transpose(
            1, 2
        )
        out = torch.bmm(h, head).float() + self.share[row]
        second = torch.arange(len(self.size), device=row.device)[part][self.smooth[part]]
        if len(second):
            at = self.smooth[part].nonzero()[:, 0]
            slope = torch.bmm(h[at], self.slope[second]).float()
            out = out.index_add(
                0, at, torch.einsum("pns,pnms->pnm", slope, self.slopes[row[at]]).float()
            )
        return out


def _spread(count: int, inputs: int, outputs: int) -> Tensor:
    return torch.randn(count, inputs, outputs) / math.sqrt(max(inputs, 1))
