"""Codes of rows, series and images in turn, numbers as a coarse and a fine one: each from a network
that is told of those before it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from tidemill.core.grid import Batch, Constraints, Spec
from tidemill.core.run import Run
from tidemill.models.base import State
from tidemill.models.deep.backbones.causal import Cache, Causal
from tidemill.models.deep.conditionals import Conditionals, Noise
from tidemill.models.deep.dense import no_numbers
from tidemill.models.deep.in_turn import AutoregressiveOptions, InTurn
from tidemill.models.deep.neural import numpy_stream
from tidemill.models.deep.stream import NONE, Stream
from tidemill.models.deep.training import Tensors
from tidemill.models.particles import Correction
from tidemill.models.variables import Variables

CELLS = 1 << 24
"""Chances computed at a time when rows are scored."""
WEIGHTS = 6_000_000
"""Weights of the positions' first layers together, beyond which layers become narrower."""
LEAST_WIDTH = 32
BLOCKS = 3
"""Of the transformer, where nothing is said."""
LEAST_ROWS, FULL_WIDTH = 16, 64
"""Rows of a step, however many codes they have; codes of a site from which on there are fewer than
was asked for."""


class Sequence(nn.Module):
    """The codes' distributions; where there are several sites, each is also told what came before
    it."""

    def __init__(self, stream: Stream, o: AutoregressiveOptions) -> None:
        super().__init__()
        layout, spec = stream.layout(), stream.spec
        self.context = stream.context
        self.sites = math.prod(spec.sites)
        self.ragged = spec.ragged
        count, sources = layout.sources.shape
        embedding = _embedding(o.embedding, count)
        width = int(min(o.width, max(WEIGHTS // max(count * sources * embedding, 1), LEAST_WIDTH)))
        state = -(-o.state // 4) * 4 if spec.sites else 0
        self.inner = Conditionals(layout, state + self.context, width, embedding, o.depth)
        self.outer = None
        if spec.sites:
            self.outer = Causal(
                self.sites, count * embedding, self.context, state, o.blocks or BLOCKS
            )
        earlier = torch.from_numpy(layout.sources < np.arange(count)[:, None])
        self.register_buffer("earlier", earlier, persistent=False)
        self.register_buffer("channel", torch.from_numpy(layout.channel), persistent=False)
        self.register_buffer("presence", torch.from_numpy(layout.presence), persistent=False)

    earlier: Tensor
    channel: Tensor
    presence: Tensor

    def forward(
        self, token: Tensor, visible: Tensor, told: Tensor | None, noise: Noise | None = None
    ) -> Tensor:
        """(n, sites, P) codes, (n or 1, P, K) whether sources are seen, (n, context) -> (n, sites,
        P) log chances of the codes; 0 where there is none.
        """
        n, sites, count = token.shape
        flat = token.reshape(n * sites, count).long()
        vectors = self.inner.vectors(flat)
        about = told
        if self.outer is not None:
            about = self.outer(vectors.reshape(n, sites, -1), told)
            if told is not None:
                about = torch.cat([about, told[:, None].expand(-1, sites, -1)], -1)
            about = about.flatten(0, 1)
            visible = visible if len(visible) == 1 else visible.repeat_interleave(sites, 0)
        logits = self.inner(flat, vectors, visible, about, noise)
        target = flat.clamp_min(0).T[..., None]
        # cheaper than log_softmax and a choice: only one of the chances is needed
        found = logits.gather(-1, target)[..., 0] - logits.logsumexp(-1)
        return torch.where(flat.T >= 0, found, 0.0).T.reshape(n, sites, count)

    def orders(
        self, n: int, fixed_order: float, source_dropout: float, rng: torch.Generator
    ) -> Tensor:
        """(n, P, K) whether each position of a row sees each of its sources, in a random order of
        the row's own.

        Args:
            n: Rows.
            fixed_order: Share of the rows that keep to the grid's order.
            source_dropout: Chance that a source is not shown even then.
            rng: The random stream.

        In the other rows a random part of the channels comes first, as when they are known; a
        number comes after what says that there is one, and its second digit after its first one.
        """
        device, count = rng.device, self.inner.positions
        channels = len(self.presence)
        share = torch.rand((n, 1), generator=rng, device=device)
        first = torch.rand((n, channels), generator=rng, device=device) < share
        first &= torch.rand((n, 1), generator=rng, device=device) >= fixed_order
        # a number is known only where it is known that there is one
        first &= first[:, self.presence.clamp_min(0)] | (self.presence < 0)
        rank = torch.arange(count, device=device) - count * first[:, self.channel].long()
        seen = rank[:, self.inner.sources] < rank[..., None]
        if source_dropout:
            shown = torch.rand((n, count), generator=rng, device=device) >= source_dropout
            own = self.channel[self.inner.sources] == self.channel[:, None]
            seen &= shown[:, self.inner.sources] | own
        return seen


class CodeByCode(InTurn):
    """The stream view of a grid, and its :class:`Sequence`."""

    def __init__(self, stream: Stream, options: AutoregressiveOptions) -> None:
        self.stream, self.spec, self.options = stream, stream.spec, options

    @classmethod
    def learned(
        cls,
        spec: Spec,
        batch: Batch,
        rng: np.random.Generator,
        options: AutoregressiveOptions,
    ) -> CodeByCode:
        return cls(Stream.learned(spec, batch, rng), options)

    @classmethod
    def from_state(
        cls, spec: Spec, arrays: Mapping[str, np.ndarray], options: AutoregressiveOptions
    ) -> CodeByCode:
        return cls(Stream.from_state(spec, arrays), options)

    def to_state(self) -> dict[str, np.ndarray]:
        return self.stream.to_state()

    def rows(self, batch: Batch) -> Tensors:
        return self.stream.rows(batch)

    def build(self) -> nn.Module:
        return Sequence(self.stream, self.options) if self.stream.width else nn.Identity()

    @property
    def precision(self) -> str:
        return self.options.precision

    def finish(self, net: nn.Module, batch: Batch, held: np.ndarray, run: Run) -> None:
        """Nothing stands beside the network."""

    def beside(self) -> State:
        return {}, {}

    def take_beside(self, document: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> None:
        """Nothing is taken."""

    def check(self, known: Constraints) -> None:
        self.stream.check(known)

    def step_rows(self) -> int:
        """Fewer rows where each is many codes, so that steps are many."""
        fewer = (
            self.options.batch
            / (1 + math.prod(self.spec.sites) // 3)
            / max(self.stream.width / FULL_WIDTH, 1)
        )
        return min(max(int(fewer), LEAST_ROWS), self.options.batch)

    def loss(self, net: nn.Module, rows: Tensors, rng: torch.Generator) -> Tensor:
        assert isinstance(net, Sequence)
        o, token = self.options, rows["token"]
        visible = net.orders(
            len(token), 1.0 if self.spec.sites else o.fixed_order, o.source_dropout, rng
        )

        def noise(h: Tensor) -> Tensor:
            kept = torch.rand(h.shape, generator=rng, device=h.device) >= o.dropout
            return h * kept / (1 - o.dropout)

        return -net(token, visible, rows.get("context"), noise if o.dropout else None).mean()

    def score(self, net: nn.Module, held: Tensors) -> float:
        """The mean negative log-likelihood of a code, in the grid's order."""
        assert isinstance(net, Sequence)
        return -float(self._likelihood(net, held).mean()) / (self.stream.width * net.sites)

    def likelihood(self, net: nn.Module, batch: Batch, device: torch.device) -> np.ndarray:
        """-inf for rows with values that the model never makes."""
        symbols = self.stream.symbols(batch)
        found = -self.stream.widths(symbols).reshape(len(batch), -1).sum(1)
        if isinstance(net, Sequence):
            rows = {name: tensor.to(device) for name, tensor in self.rows(batch).items()}
            found = found + self._likelihood(net, rows).cpu().numpy()
        return np.where(
            self.stream.impossible(batch, symbols).reshape(len(batch), -1).any(1), -np.inf, found
        )

    def _likelihood(self, net: Sequence, rows: Tensors) -> Tensor:
        """(n,) the log-likelihood of each row's codes."""
        return self._each(net, rows, net.earlier).sum(1)

    def _each(self, net: Sequence, rows: Tensors, seen: Tensor) -> Tensor:
        """(n, sites * P) the log-likelihood of each code, given the sources that (P, K) ``seen``
        lets it see."""
        size = max(CELLS // max(rows["token"][0].numel() * net.inner.share.shape[1], 1), 1)
        parts = []
        for start in range(0, len(rows["token"]), size):
            part = {name: tensor[start : start + size] for name, tensor in rows.items()}
            parts.append(net(part["token"], seen[None], part.get("context")).flatten(1).double())
        return torch.cat(parts)

    def draw(self, net: nn.Module, n: int, context: Batch | None, rng: torch.Generator) -> Batch:
        """Rows in the grid's order, site by site."""
        token = torch.full((n, math.prod(self.spec.sites), self.stream.width), NONE)
        return self._filled(net, token.to(rng.device), context, 0, rng)

    def continued(self, net: nn.Module, begun: Batch, known: int, rng: torch.Generator) -> Batch:
        """Series whose first sites are known; none ends before its last site."""
        token = self.stream.rows(begun)["token"].long()
        if self.spec.ragged:
            token[:, known:, 0] = 1
        return self._filled(net, token.to(rng.device), begun.context, known, rng)

    def _filled(
        self,
        net: nn.Module,
        token: Tensor,
        context: Batch | None,
        known: int,
        rng: torch.Generator,
    ) -> Batch:
        """Rows whose codes (n, sites, P) are known at the first sites, and drawn at all others."""
        n, sites = token.shape[:2]
        if isinstance(net, Sequence):
            told = self.stream.told_of(context)
            told = None if told is None else told.to(rng.device)
            alive, cache = torch.ones(n, dtype=torch.bool, device=rng.device), Cache()
            before: Tensor | None = None
            each = math.prod(self.spec.sites[1:])  # sites that begin and end together
            for site in range(sites):
                about = told
                if net.outer is not None:
                    state = net.outer.step(n, before, site, told, cache)
                    about = state if told is None else torch.cat([state, told], dim=-1)
                if site < known:
                    before = net.inner.vectors(token[:, site]).flatten(1)
                    continue
                asked = self.spec.ragged and site % each == 0 and not known
                asked = asked and (site > 0 or self.stream.empty_rows)
                alive, before = self._site(net.inner, token[:, site], about, alive, asked, rng)
        return self.stream.batch(token, numpy_stream(rng), context)

    def _site(
        self,
        inner: Conditionals,
        token: Tensor,
        told: Tensor | None,
        alive: Tensor,
        asked: bool,
        rng: torch.Generator,
    ) -> tuple[Tensor, Tensor]:
        """Draw the codes of a site.

        Args:
            inner: The networks.
            token: (n, P), to be filled; what says whether the site is in use may be.
            told: (n, width) what the site is told.
            alive: (n,) whether the site before is in use; True before the first one.
            asked: Whether the row may end here.
            rng: The random stream.

        Returns:
            (n,) whether this site is in use, and (n, P * embedding) what later sites are told of
            its codes.
        """
        vectors = torch.zeros((*token.shape, inner.embedding), device=token.device)
        for p in range(inner.positions):
            use, has = self.spec.ragged and p == 0, alive
            if use and not asked:
                vectors[:, p] = inner.vector(p, token)
                continue
            if (presence := self.stream.presence[p]) >= 0:
                has = alive & (token[:, presence] == 0)
            token[:, p] = torch.where(
                has, chosen(inner.at(p, token, vectors, None, told), rng), NONE
            )
            vectors[:, p] = inner.vector(p, token)
            if use:
                alive = alive & (token[:, 0] == 1)
        return alive, vectors.flatten(1)

    def correction(
        self, net: Sequence, variables: Variables, device: torch.device
    ) -> Correction | None:
        """How much likelier rows are in the grid's order than in that of the variables; None where
        it is the same."""
        if variables.channels == self.spec.order:
            return None
        place = [self.stream.channels.index(channel) for channel in variables.channels]
        rank = torch.from_numpy(np.argsort(place))[net.channel]
        other = rank[net.inner.sources] < rank[:, None]
        # a second digit always sees the first one
        other |= net.inner.sources == net.inner.coarse[:, None]

        def correction(symbols: np.ndarray) -> np.ndarray:
            own = np.empty_like(symbols)
            own[:, place] = symbols
            token = torch.from_numpy(self.stream.of_symbols(own))[:, None].to(device)
            with torch.inference_mode():
                here = self._each(net, {"token": token}, net.earlier)
                there = self._each(net, {"token": token}, other.to(device))
                # what never occurs, but is given, is as impossible in either order
                difference = torch.where(there.isinf(), 0.0, here - there)
                return np.asarray(difference.sum(1).cpu().numpy())

        return correction


def chosen(logits: Tensor, rng: torch.Generator) -> Tensor:
    """(n, codes) logits -> (n,) codes drawn from them."""
    edges = functional.softmax(logits.double(), dim=-1).cumsum(-1)
    if not bool(edges[:, -1].isfinite().all()):
        raise no_numbers()
    u = torch.rand(len(logits), dtype=torch.float64, generator=rng, device=logits.device)
    u = u * edges[:, -1]
    # the first edge beyond u, so never a code without a chance
    return (edges <= u[:, None]).sum(-1).clamp_max(logits.shape[-1] - 1)


def _embedding(width: int, positions: int) -> int:
    """Width of a code's vector: less than was asked for where there are many codes."""
    if positions <= 32:
        return width
    if positions <= 128:
        return max(width // 2, 1)
    return max(width // 4, 1)
