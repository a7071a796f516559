"""Flow matching for numbers and unmasking for codes, in one time."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from tidemill.core.grid import Batch, Constraints, Spec
from tidemill.core.options import option
from tidemill.core.run import Run
from tidemill.models.deep.backbones import Backbone, seen
from tidemill.models.deep.defaults import DEFAULTS
from tidemill.models.deep.dense import Dense, gumbel, one_hot
from tidemill.models.deep.neural import AWAY, Neural, numpy_stream
from tidemill.models.deep.training import DEEPEST, Objective, Tensors, Training

TIME = 64
"""Width of the time's vector."""


class Denoiser(nn.Module):
    """Expects the row from its noisy self, its time and its context."""

    def __init__(self, dense: Dense, width: int, depth: int) -> None:
        super().__init__()
        self.sizes, self.reals = dense.sizes, len(dense.reals)
        self.context = dense.context
        self.numbers = seen(self.reals, dense.spec)
        self.body = Backbone(
            dense.spec,
            self.numbers.width + sum(self.sizes),
            self.reals + sum(self.sizes),
            TIME + self.context + bool(self.context),
            width,
            depth,
        )

    def forward(
        self, x: Tensor, code: Tensor, t: Tensor, told: Tensor | None, free: Tensor
    ) -> tuple[Tensor, Tensor]:
        """(n, *sites, reals) numbers, (n, *sites, codes) levels or -1 where masked, (n,) times, (n,
        context), and (n,) whether the context is withheld -> (n, *sites, reals) and logits (n,
        *sites, sum of sizes).
        """
        shown = one_hot(code.clamp_min(0), self.sizes) * torch.repeat_interleave(
            (code >= 0).float(),
            torch.tensor(self.sizes, dtype=torch.int64, device=code.device),
            dim=-1,
        )
        about = _waves(t)
        if told is not None:
            about = torch.cat([about, told * ~free[:, None], free[:, None].float()], dim=-1)
        out: Tensor = self.body(torch.cat([self.numbers(x), shown], dim=-1), about)
        return out[..., : self.reals], out[..., self.reals :]


def _waves(t: Tensor) -> Tensor:
    """(n,) times -> (n, TIME) sines and cosines (Vaswani et al. 2017)."""
    angle = t[:, None] * torch.exp(torch.linspace(0, math.log(1000), TIME // 2, device=t.device))
    return torch.cat([angle.sin(), angle.cos()], dim=-1)


@dataclass(frozen=True)
class FlowOptions(Training):
    """Options of :class:`Flow`."""

    width: int = option(
        0, "units of a layer; 0 for 512 of rows, 128 of series and 32 of images", low=0
    )
    depth: int = option(3, "blocks of the network", low=1, high=DEEPEST)
    sampling_steps: int = option(30, "steps from noise to a row", low=1, high=1000)
    preconditioning: str = option(
        "auto",
        "scaling of inputs and outputs: none, or that of EDM; auto takes EDM's for series",
        choices=("auto", "none", "edm"),
    )
    guidance: float = option(
        1.0, "how far rows are drawn towards their context; 1 is as learned", low=0.0
    )
    context_dropout: float = option(
        0.1, "share of the rows that learn without their context, for guidance", low=0.0, high=1.0
    )
    atom_share: float = option(
        0.03,
        "share of rows from which on a number's value is a level of its own",
        low=0.0,
        high=1.0,
    )
    max_levels: int = option(128, "most values of a number that is learned as levels", low=0)


@dataclass(frozen=True)
class KnownSites:
    """The first sites of series, which are known.

    Attributes:
        z: (n, known, reals) numbers.
        code: (n, known, codes) levels.
        ends: Whether the last code says if a site is in use: those that follow all are.
    """

    z: Tensor
    code: Tensor
    ends: bool

    def begin(self, code: Tensor) -> None:
        """Show the levels that are known."""
        if self.ends:
            code[:, self.z.shape[1] :, -1] = 1
        code[:, : self.z.shape[1]] = self.code

    def hold(self, x: Tensor, noise: Tensor, now: float) -> None:
        """Put the numbers where they are on the way from their noise."""
        known = self.z.shape[1]
        x[:, :known] = (1 - now) * noise[:, :known] + now * self.z


class Flow(Neural):
    """A flow from noise to rows (Lipman et al. 2023; Liu et al. 2023, rectified flow), for numbers
    and codes together.

    Numbers go the straight way ``x_t = (1 - t) noise + t data``, and the network learns the
    velocity ``data - noise``. Codes are masked with chance ``1 - t`` and learned by cross-entropy;
    in drawing they are unmasked at random times (Sahoo et al. 2024; TabDiff, Shi et al. 2025, for
    tables). Context is withheld from a share of the rows, so that rows can be drawn further towards
    it (classifier-free guidance, Ho and Salimans 2022).
    """

    Options = FlowOptions
    varies = True
    options: FlowOptions
    dense: Dense

    def view(self, spec: Spec, batch: Batch, run: Run) -> None:
        """The dense view."""
        self.dense = Dense.learned(
            spec, batch, atom_share=self.options.atom_share, max_levels=self.options.max_levels
        )

    def rows(self, batch: Batch) -> Tensors:
        """Numbers, codes and context."""
        return self.dense.rows(batch)

    def build(self) -> nn.Module:
        """A network of the noisy row, its time and its context."""
        if self.dense.empty:
            return nn.Identity()
        width = self.options.width or DEFAULTS[self.dense.spec.topology].flow_width
        return Denoiser(self.dense, width, self.options.depth)

    def step_rows(self) -> int:
        """Fewer rows where each has many sites, so that steps are many: 128 series of 24 steps, by
        default."""
        return max(
            self.options.batch // (1 + math.prod(self.dense.spec.sites) // 8),
            min(32, self.options.batch),
        )

    def objectives(self, net: nn.Module) -> list[Objective]:
        """One loss for both."""
        return [
            Objective(
                "loss", list(net.parameters()), lambda rows, rng, step: self._loss(net, rows, rng)
            )
        ]

    def _loss(self, net: nn.Module, rows: Tensors, rng: torch.Generator) -> Tensor:
        code, n = rows["code"], len(rows["code"])
        z = self.dense.numbers(rows, rng)
        # where a row has no number, fresh noise stands for it
        z = torch.where(rows["weight"] > 0, z, torch.randn(z.shape, generator=rng, device=z.device))
        t = self._times(n, rng, z.device)
        at = t.reshape(n, *[1] * (z.dim() - 1))
        x = (1 - at) * torch.randn(z.shape, generator=rng, device=z.device) + at * z
        hidden = torch.rand(code.shape, generator=rng, device=z.device) >= at
        told = rows.get("context")
        free = torch.rand(n, generator=rng, device=z.device) < self.options.context_dropout
        out, logits = net(x, torch.where(hidden, -1, code), t, told, free)
        guess, scale = self._guess(x, out.float(), at)
        loss = ((guess - z) / scale).square().reshape(n, -1).sum(1)
        # the bound of masked diffusion weighs a masked code with 1 / (1 - t)
        for k, part in enumerate(torch.split(logits.float(), list(self.dense.sizes), dim=-1)):
            wrong = functional.cross_entropy(part.movedim(-1, 1), code[..., k], reduction="none")
            loss = loss + (wrong * hidden[..., k]).reshape(n, -1).sum(1) / (1 - t).clamp_min(0.05)
        return loss.mean()

    def _guess(self, x: Tensor, out: Tensor, at: Tensor) -> tuple[Tensor, Tensor]:
        """The data that a network's output stands for, and how much a unit of the output moves
        them."""
        how = self.options.preconditioning
        if how == "auto":
            how = DEFAULTS[self.dense.spec.topology].flow_preconditioning
        if how == "edm":  # Karras et al. (2022), table 1, for data of variance 1
            spread = (at.square() + (1 - at).square()).sqrt()
            return at / spread.square() * x + (1 - at) / spread * out, (1 - at) / spread
        return x + (1 - at) * out, 1 - at

    def _times(self, n: int, rng: torch.Generator, device: torch.device) -> Tensor:
        """(n,) evenly spread over the rows of a step, which makes the loss less noisy."""
        shift = torch.rand(1, generator=rng, device=device)
        return ((torch.arange(n, device=device) + shift) / n)[
            torch.randperm(n, generator=rng, device=device)
        ] * 0.999

    def score(self, net: nn.Module, held: Tensors, real: Batch, rng: torch.Generator) -> float:
        """The loss, with the same noise at every look."""
        return float(sum(self._loss(net, held, rng) for _ in range(4)) / 4)

    def noise(
        self, net: nn.Module, n: int, context: Batch | None, rng: torch.Generator
    ) -> Tensor | None:
        """(n, *sites, reals) where numbers come from."""
        return torch.randn(
            (n, *self.dense.spec.sites, len(self.dense.reals)), generator=rng, device=rng.device
        )

    def draw(
        self,
        net: nn.Module,
        n: int,
        context: Batch | None,
        rng: torch.Generator,
        noise: Tensor | None = None,
        known: KnownSites | None = None,
        begin: float = 0.0,
    ) -> Batch:
        """Rows from noise, by Heun's method for numbers; sites that are known go their own way, and
        the others see them on it (replacement, Song et al. 2021; Lugmayr et al. 2022). Where they
        ``begin`` later than at 0, the noise is that of rows on their way."""
        dense, device = self.dense, rng.device
        shape = (n, *dense.spec.sites)
        x = noise
        if x is None:
            x = torch.randn((*shape, len(dense.reals)), generator=rng, device=device)
        begun = x.clone()
        code = torch.full((*shape, len(dense.sizes)), -1, dtype=torch.int64, device=device)
        if dense.empty:
            return dense.batch(x, code.clamp_min(0), numpy_stream(rng), context)
        if known is not None:
            known.begin(code)
        told = dense.told(context)
        told = None if told is None else told.to(device)
        steps = math.ceil(self.options.sampling_steps * (1 - begin))
        times = torch.linspace(begin, 1, steps + 1).tolist()
        for now, then in pairwise(times):
            guess, logits = self._guided(net, x, code, now, told)
            speed = (guess - x) / (1 - now)
            ahead = x + (then - now) * speed
            if then < 1 and x.shape[-1]:
                corrected, logits = self._guided(net, ahead, code, then, told)
                ahead = x + (then - now) * (speed + (corrected - ahead) / (1 - then)) / 2
            x = ahead
            if known is not None:
                known.hold(x, begun, then)
            shown = torch.rand(code.shape, generator=rng, device=device) < (then - now) / (1 - now)
            self._unmask(code, (code < 0) & shown, logits, rng)
        return dense.batch(x, code, numpy_stream(rng), context)

    def near(self, net: nn.Module, rows: Batch, rng: torch.Generator) -> Batch:
        """Rows that begin where given ones are hidden in part by noise (Meng et al. 2022, "SDEdit:
        Guided Image Synthesis and Editing with Stochastic Differential Equations"); their levels
        are drawn anew."""
        shown = {name: tensor.to(rng.device) for name, tensor in self.rows(rows).items()}
        z = self.dense.numbers(shown, rng).float()
        noise = torch.randn(z.shape, generator=rng, device=rng.device)
        begun = (1 - AWAY) * z + AWAY * noise
        return self.draw(net, len(rows), rows.context, rng, begun, begin=1 - AWAY)

    def go_on(
        self,
        past: Batch,
        steps: int,
        paths: int,
        rng: np.random.Generator,
        run: Run | None = None,
    ) -> Batch:
        """As :meth:`Neural.go_on`, drawn beside what is known of the series."""
        known = past.tick.shape[1]

        def drawn(begun: Batch, stream: torch.Generator) -> Batch:
            shown = {key: part.to(stream.device) for key, part in self.dense.rows(begun).items()}
            z = self.dense.numbers(shown, stream)[:, :known].float()
            sites = KnownSites(z, shown["code"][:, :known], self.spec.ragged)
            return self.draw(self.net, len(begun), begun.context, stream, known=sites)

        return self._continued(past, steps, paths, drawn, rng, run)

    def _unmask(self, code: Tensor, shown: Tensor, logits: Tensor, rng: torch.Generator) -> None:
        """Draw the levels that are shown from now on."""
        never = torch.split(self.dense.never.to(logits.device), list(self.dense.sizes))
        for k, part in enumerate(torch.split(logits, list(self.dense.sizes), dim=-1)):
            chosen = part[shown[..., k]]
            noisy = (chosen + gumbel(chosen, rng)).masked_fill(never[k], -torch.inf)
            code[..., k][shown[..., k]] = noisy.argmax(-1)

    def _guided(
        self, net: nn.Module, x: Tensor, code: Tensor, now: float, told: Tensor | None
    ) -> tuple[Tensor, Tensor]:
        """The data and the levels' logits that the network expects, drawn towards the context."""
        t = torch.full((len(x),), now, device=x.device)
        free = torch.zeros(len(x), dtype=torch.bool, device=x.device)
        out, logits = net(x, code, t, told, free)
        out, logits = out.float(), logits.float()
        g = self.options.guidance
        if told is not None and g != 1.0:
            plain_out, plain_logits = net(x, code, t, told, ~free)
            out = plain_out.float() + g * (out - plain_out.float())
            logits = plain_logits.float() + g * (logits - plain_logits.float())
        return self._guess(x, out, torch.tensor(now, device=x.device))[0], logits

    def check(self, known: Constraints) -> None:
        """See that every value occurs."""
        self.dense.check(known)

    def view_state(self) -> dict[str, np.ndarray]:
        """Pieces, levels and counts."""
        return self.dense.to_state()[1]

    def restore_view(self, spec: Spec, arrays: Mapping[str, np.ndarray]) -> None:
        """Restored from :meth:`view_state`."""
        self.dense = Dense.from_state(spec, arrays)
