"""A variational autoencoder: rows from a few hidden numbers, the latents."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from tidemill.core.checked_arrays import integers
from tidemill.core.grid import Batch, Constraints, Spec
from tidemill.core.options import option
from tidemill.core.run import Run
from tidemill.models.deep.backbones import Gather, Spread, seen
from tidemill.models.deep.defaults import DEFAULTS
from tidemill.models.deep.dense import Dense, gumbel, one_hot
from tidemill.models.deep.neural import Neural, numpy_stream, turned_away
from tidemill.models.deep.training import DEEPEST, Objective, Tensors, Training

BUMPS = 8
"""Normal distributions whose mixture is a number's."""
NARROWEST, WIDEST = -5.0, 3.0
"""Bounds of the logarithm of a standard deviation."""
ROWS_A_PART = 20
"""The prior has a part for so many rows at most, so that none is about a single row."""
PACE = 5.0
"""How much faster than the networks the prior moves: latents drift, and a prior that lags behind
draws what is none."""


class Mixture(nn.Module):
    """A mixture of normal distributions over latents, whose weights follow the context.

    Its parameters are stored divided by ``PACE``: steps of Adam do not depend on the scale of a
    gradient.
    """

    def __init__(self, latent: int, parts: int, context: int) -> None:
        super().__init__()
        self.middle = nn.Parameter(torch.randn(parts, latent) / PACE)
        self.spread = nn.Parameter(torch.zeros(parts, latent))
        self.weight = nn.Parameter(torch.zeros(parts))
        self.told = nn.Linear(context, parts, bias=False) if context else None

    def _parts(self, told: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """(n, context) -> means (parts, latent), logarithms of their spreads, and logits of the
        parts (n, parts)."""
        logits = (PACE * self.weight).expand(len(told), -1)
        if self.told is not None:
            logits = logits + PACE * self.told(told).float()
        return PACE * self.middle, (PACE * self.spread).clamp(NARROWEST, WIDEST), logits

    def density(self, latent: Tensor, told: Tensor) -> Tensor:
        """(n, latent), (n, context) -> (n,) logarithm of the density."""
        mean, log, logits = self._parts(told)
        with torch.autocast(latent.device.type, enabled=False):
            sharp = (-2 * log).exp()
            far = (
                latent.square() @ sharp.T
                - 2 * latent @ (mean * sharp).T
                + (mean.square() * sharp).sum(1)
            )
        each = functional.log_softmax(logits, -1) - far / 2 - log.sum(1)
        return each.logsumexp(1) - latent.shape[1] / 2 * math.log(2 * math.pi)

    def draw(self, told: Tensor, rng: torch.Generator) -> Tensor:
        """(n, context) -> (n, latent)."""
        mean, log, logits = self._parts(told)
        part = (logits + gumbel(logits, rng)).argmax(1)
        return mean[part] + log[part].exp() * torch.randn(
            (len(told), mean.shape[1]), generator=rng, device=told.device
        )


class Autoencoder(nn.Module):
    """Encoder, decoder and prior; each is told the row's context."""

    def __init__(self, dense: Dense, o: VaeOptions, parts: int) -> None:
        super().__init__()
        spec, defaults = dense.spec, DEFAULTS[dense.spec.topology]
        width = o.width or defaults.vae_width
        self.sizes, self.reals = list(dense.sizes), len(dense.reals)
        self.numbers = seen(self.reals, spec)
        self.encoder = Gather(
            spec,
            self.numbers.width + self.reals + sum(self.sizes),
            2 * o.latent,
            dense.context,
            width,
            o.depth,
        )
        self.place = nn.Parameter(torch.randn(*spec.sites, defaults.vae_place))
        self.decoder = Spread(
            spec,
            defaults.vae_place,
            3 * BUMPS * self.reals + sum(self.sizes),
            o.latent + dense.context,
            width,
            o.depth,
        )
        self.prior = Mixture(o.latent, parts, dense.context)

    def encode(
        self, z: Tensor, there: Tensor, hot: Tensor, used: Tensor, told: Tensor
    ) -> tuple[Tensor, Tensor]:
        """(n, *sites, reals) numbers and whether they are seen, (n, *sites, sum of sizes) levels,
        (n, *sites) sites in use, (n, context) -> means of the latents (n, latent) and logarithms of
        their standard deviations.
        """
        out = self.encoder(
            torch.cat([self.numbers(z * there), there, hot], dim=-1), told, used
        ).float()
        mean, log = out.chunk(2, dim=-1)
        return mean, log.clamp(NARROWEST, WIDEST)

    def decode(self, latent: Tensor, told: Tensor) -> tuple[Tensor, Tensor]:
        """(n, latent), (n, context) -> each number's mixture (n, *sites, reals, 3, BUMPS), logits
        (n, *sites, sum of sizes)."""
        place = self.place.expand(len(latent), *self.place.shape)
        out = self.decoder(place, torch.cat([latent, told], dim=-1)).float()
        cut = 3 * BUMPS * self.reals
        return out[..., :cut].unflatten(-1, (self.reals, 3, BUMPS)), out[..., cut:]


def density(bumps: Tensor, z: Tensor) -> Tensor:
    """(..., 3, BUMPS) logits, means and log spreads of a mixture, (...) numbers -> (...) logarithm
    of the density."""
    weight, mean, log = bumps.unbind(-2)
    log = log.clamp(NARROWEST, WIDEST)
    each = (
        functional.log_softmax(weight, -1) - ((z[..., None] - mean) / log.exp()).square() / 2 - log
    )
    return each.logsumexp(-1) - math.log(2 * math.pi) / 2


def drawn(bumps: Tensor, rng: torch.Generator) -> Tensor:
    """(..., 3, BUMPS) mixtures -> (...) a number of each."""
    weight, mean, log = bumps.unbind(-2)
    at = (weight + gumbel(weight, rng)).argmax(-1, keepdim=True)
    mean = mean.gather(-1, at)[..., 0]
    spread = log.gather(-1, at)[..., 0].clamp(NARROWEST, WIDEST).exp()
    return mean + spread * torch.randn(mean.shape, generator=rng, device=mean.device)


def middle(bumps: Tensor) -> Tensor:
    """(..., 3, BUMPS) mixtures -> (...) the mean of each."""
    weight, mean, _ = bumps.unbind(-2)
    return (functional.softmax(weight, dim=-1) * mean).sum(-1)


@dataclass(frozen=True)
class VaeOptions(Training):
    """Options of :class:`Vae`."""

    width: int = option(
        0, "units of a layer; 0 for 256 of rows, 128 of series and 32 of images", low=0
    )
    depth: int = option(2, "blocks of the encoder, and of the decoder", low=1, high=DEEPEST)
    latent: int = option(32, "latent numbers of a row", low=1)
    beta: float = option(
        0.6,
        "weight of the latents' divergence from the prior; below 1 they say more of a row",
        low=0.0,
    )
    kl_warmup: int = option(1000, "steps over which that weight rises from 0", low=0)
    free: float = option(
        0.0, "divergence of each latent, in nats, that costs nothing in learning", low=0.0
    )
    hide: float = option(
        0.15, "share of a row's values that the encoder does not see in learning", low=0.0, high=0.9
    )
    parts: int = option(
        256, "normal distributions whose mixture is the prior, one for 20 rows at most", low=1
    )
    atom_share: float = option(
        0.03,
        "share of rows from which on a number's value is a level of its own",
        low=0.0,
        high=1.0,
    )
    max_levels: int = option(128, "most values of a number that is learned as levels", low=0)


class Vae(Neural):
    """A variational autoencoder (Kingma and Welling 2014; Rezende et al. 2014), one latent vector a
    row.

    Minimised is ``-E[log p(row | latent)] + beta KL(q(latent | row) || p(latent))``, the negative
    evidence lower bound where beta is 1 (Higgins et al. 2017), with beta rising from 0 (Bowman et
    al. 2016) and, if asked for, free nats (Kingma et al. 2016). Given the latents, codes are drawn
    by softmax and numbers from mixtures of normal distributions whose scales are learned, all
    independently; so the latents must tell what goes with what, for which beta is below 1. The
    prior must then be where the encoder puts rows: it is a mixture, learned along with the rest, as
    in VampPrior (Tomczak and Welling 2018), whose "MoG" it is. The encoder learns with a part of
    each row hidden, which keeps it from knowing rows by heart.

    Example:
        >>> from tidemill.core.grid import Code
        >>> code = np.repeat(np.random.default_rng(0).integers(0, 2, (200, 1)), 3,
        ...     axis=1).astype(np.int32)
        >>> spec = Spec(codes=(Code("a", 2), Code("same", 2), Code("again", 2)))
        >>> rows = Batch(np.zeros((200, 0), np.int64), code)
        >>> vae = Vae(steps=200, width=16, latent=2, kl_warmup=50, cores=1).fit(spec, rows, Run(1))
        >>> made = vae.sample(1000, np.random.default_rng(0)).code
        >>> bool((made[:, 0] == made[:, 2]).mean() > 0.9)
        True
    """

    Options = VaeOptions
    varies = True
    options: VaeOptions
    dense: Dense
    parts: int

    def view(self, spec: Spec, batch: Batch, run: Run) -> None:
        """The dense view, and how many parts the prior has."""
        self.dense = Dense.learned(
            spec, batch, atom_share=self.options.atom_share, max_levels=self.options.max_levels
        )
        self.parts = max(min(self.options.parts, len(batch) // ROWS_A_PART), 1)

    def rows(self, batch: Batch) -> Tensors:
        """Numbers, codes and context."""
        return self.dense.rows(batch)

    def build(self) -> nn.Module:
        """Encoder, decoder and prior."""
        return (
            nn.Identity() if self.dense.empty else Autoencoder(self.dense, self.options, self.parts)
        )

    def objectives(self, net: nn.Module) -> list[Objective]:
        """The bound."""
        return [
            Objective(
                "loss",
                list(net.parameters()),
                lambda rows, rng, step: self._loss(net, rows, rng, step),
            )
        ]

    def _loss(self, net: Any, rows: Tensors, rng: torch.Generator, step: int) -> Tensor:
        o = self.options
        lost, apart = self._bound(net, rows, rng, o.hide)
        return lost + o.beta * min((step + 1) / (o.kl_warmup + 1), 1.0) * apart.clamp_min(
            o.free * o.latent
        )

    def score(self, net: nn.Module, held: Tensors, real: Batch, rng: torch.Generator) -> float:
        """The bound as it is after the rise, nothing hidden, with the same noise at every look."""
        bounds = [self._bound(net, held, rng, 0.0) for _ in range(4)]
        return float(sum(lost + self.options.beta * apart for lost, apart in bounds) / len(bounds))

    def _bound(
        self, net: Any, rows: Tensors, rng: torch.Generator, hide: float
    ) -> tuple[Tensor, Tensor]:
        """What decoding loses of a row, and how far its latents are from the prior, in nats; means
        over the rows."""
        code, ragged = rows["code"], self.dense.spec.ragged
        z = self.dense.numbers(rows, rng)
        told, used = _told(rows), self._used(rows)
        mean, log = self._encoded(net, rows, z, rng, hide)
        noise = torch.randn(mean.shape, generator=rng, device=mean.device)
        latent = mean + log.exp() * noise
        apart = -noise.square().sum(1) / 2 - log.sum(1) - mean.shape[1] / 2 * math.log(2 * math.pi)
        apart = apart - net.prior.density(latent, told)
        bumps, logits = net.decode(latent, told)
        lost = -(density(bumps, z) * rows["weight"]).flatten(1).sum(1)
        for k, part in enumerate(torch.split(logits, list(self.dense.sizes), dim=-1)):
            wrong = functional.cross_entropy(part.movedim(-1, 1), code[..., k], reduction="none")
            # which sites are in use is learned at all of them
            ends = ragged and k == len(self.dense.sizes) - 1
            lost = lost + (wrong if ends else wrong * used).reshape(len(code), -1).sum(1)
        return lost.mean(), apart.mean()

    def _encoded(
        self, net: Any, rows: Tensors, z: Tensor, rng: torch.Generator, hide: float
    ) -> tuple[Tensor, Tensor]:
        """The latents' means and logarithms of their standard deviations, a part of each row
        hidden."""
        there, code = rows["weight"], rows["code"]
        hot = one_hot(code, self.dense.sizes)
        if hide:
            there = there * (torch.rand(there.shape, generator=rng, device=z.device) >= hide)
            seen = torch.rand(code.shape, generator=rng, device=z.device) >= hide
            sizes = torch.tensor(self.dense.sizes, dtype=torch.int64, device=z.device)
            hot = hot * seen.repeat_interleave(sizes, dim=-1)
        found: tuple[Tensor, Tensor] = net.encode(z, there, hot, self._used(rows), _told(rows))
        return found

    def _used(self, rows: Tensors) -> Tensor:
        """(n, *sites) 1 where a site is in use."""
        code = rows["code"]
        if self.dense.spec.ragged:
            return code[..., -1].float()
        return torch.ones(code.shape[:-1], device=code.device)

    def noise(self, net: Any, n: int, context: Batch | None, rng: torch.Generator) -> Tensor | None:
        """(n, latent) latents that the prior draws."""
        told = self._context(n, context, rng.device)
        drawn: Tensor = told[:, :0] if self.dense.empty else net.prior.draw(told, rng)
        return drawn

    def draw(
        self,
        net: Any,
        n: int,
        context: Batch | None,
        rng: torch.Generator,
        noise: Tensor | None = None,
    ) -> Batch:
        """Rows of latents that the prior draws."""
        latent = self.noise(net, n, context, rng) if noise is None else noise
        assert latent is not None
        return self.decoded(net, latent, context, rng)

    def encoded(self, net: Any, batch: Batch, rng: torch.Generator) -> Tensor:
        """Rows -> latents (n, latent), drawn from each row's own distribution; of width 0 where
        nothing is to be learned."""
        if self.dense.empty:
            return torch.zeros((len(batch), 0), device=rng.device)
        rows = {name: tensor.to(rng.device) for name, tensor in self.rows(batch).items()}
        mean, log = self._encoded(net, rows, self.dense.numbers(rows, rng), rng, 0.0)
        return mean + log.exp() * torch.randn(mean.shape, generator=rng, device=mean.device)

    def near(self, net: Any, rows: Batch, rng: torch.Generator) -> Batch:
        """Rows of latents between the given rows' and others."""
        others = self.noise(net, len(rows), rows.context, rng)
        assert others is not None
        latent = turned_away(self.encoded(net, rows, rng), others)
        return self.decoded(net, latent, rows.context, rng)

    def decoded(
        self, net: Any, latent: Tensor, context: Batch | None, rng: torch.Generator
    ) -> Batch:
        """Latents (n, latent) -> rows, drawn from their distributions; of images the means."""
        dense, shape = self.dense, (len(latent), *self.dense.spec.sites)
        if dense.empty:
            bumps = torch.zeros((*shape, 0, 3, BUMPS), device=rng.device)
            logits = torch.zeros((*shape, sum(dense.sizes)), device=rng.device)
        else:
            bumps, logits = net.decode(latent, self._context(len(latent), context, rng.device))
        z = middle(bumps) if DEFAULTS[dense.spec.topology].vae_means else drawn(bumps, rng)
        return dense.batch(z, dense.levels_of(logits, rng), numpy_stream(rng), context)

    def _context(self, n: int, context: Batch | None, device: torch.device) -> Tensor:
        """(n, context), of width 0 where there is none."""
        told = self.dense.told(context)
        return torch.zeros((n, 0), device=device) if told is None else told.to(device)

    def check(self, known: Constraints) -> None:
        """See that every value occurs."""
        self.dense.check(known)

    def view_state(self) -> dict[str, np.ndarray]:
        """Pieces, levels and counts, and the prior's parts."""
        return {**self.dense.to_state()[1], "parts": np.array([self.parts])}

    def restore_view(self, spec: Spec, arrays: Mapping[str, np.ndarray]) -> None:
        """Restored from :meth:`view_state`."""
        self.dense = Dense.from_state(spec, arrays)
        self.parts = int(integers(arrays, "parts", np.int64, (1,), 1)[0])


def _told(rows: Tensors) -> Tensor:
    """(n, context), of width 0 where there is none."""
    return rows.get("context", rows["weight"].new_zeros((len(rows["weight"]), 0)))
