"""A generator and a discriminator that teach each other."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from tidemill.core.checked_arrays import reals
from tidemill.core.grid import Batch, Constraints, Spec
from tidemill.core.options import option
from tidemill.core.run import Run
from tidemill.models.deep.augmentation import varied
from tidemill.models.deep.backbones import Gather, Spread, seen
from tidemill.models.deep.defaults import DEFAULTS, Defaults
from tidemill.models.deep.dense import Dense, gumbel, one_hot
from tidemill.models.deep.neural import Neural, numpy_stream, turned_away
from tidemill.models.deep.quality import frechet, two_sample_auc
from tidemill.models.deep.training import DEEPEST, Objective, Picking, Tensors, Training

SLOPE = 10.0
"""The weight of the penalty of Wasserstein's loss, times that of the others (Gulrajani et al. 2017
take 10)."""


INVERSION_STEPS, INVERSION_RATE = 200, 0.1
"""Of finding the noise that makes a given row."""


class Visible(NamedTuple):
    """Rows as the discriminator sees them: zero where there is no number, and at sites that are not
    in use.

    Attributes:
        z: (n, *sites, reals).
        level: (n, *sites, sum of sizes), ones and zeros, or shares.
    """

    z: Tensor
    level: Tensor


class GanGenerator(nn.Module):
    """The generator: noise of the row and of its sites -> levels, one code after the other, and
    then numbers.

    Each code is drawn in sight of those before it, as in a neural autoregressive density estimator
    (Larochelle and Murray 2011), so that what follows from another code need not be found in the
    noise.
    """

    floor: Tensor

    def __init__(self, dense: Dense, share: Tensor, noise: int, width: int, depth: int) -> None:
        super().__init__()
        self.reals, self.sizes = len(dense.reals), list(dense.sizes)
        self.within = dense.within
        spec = dense.spec
        defaults = DEFAULTS[spec.topology]
        own_noise = {"numbers": self.reals, "all": self.reals + noise, "none": 0}
        self.local = own_noise[defaults.gan_noise]
        units = defaults.gan_units or width
        self.body = Spread(spec, self.local, units, noise + dense.context, width, depth)
        # small, so that it begins with rows of nearly independent channels, each with its own
        # distribution
        small = 0.06 / math.sqrt(width)
        self.heads = nn.Parameter(torch.randn(len(share), units) * small)
        self.numbers = nn.Parameter(torch.randn(2 * self.reals, units) * small)
        self.middle = nn.Parameter(torch.zeros(2 * self.reals))
        self.offset = nn.Parameter(share.clamp_min(1e-6).log())
        self.seen = nn.Parameter(torch.randn(len(share), units) * 0.3)
        self.register_buffer("floor", dense.never * -1e4)

    def forward(
        self, local: Tensor, noise: Tensor, level: Callable[[Tensor], Tensor]
    ) -> tuple[Tensor, Tensor]:
        """(n, *sites, local) and (n, noise + context) -> (n, *sites, reals) numbers and (n, *sites,
        sum of sizes) levels.

        ``level`` draws one of (..., size) logits.
        """
        h = self.body(local, noise)
        drawn = []
        whole = (self.heads, self.offset + self.floor, self.seen)
        parts = (tensor.split_with_sizes(self.sizes) for tensor in whole)
        for head, offset, effect in zip(*parts, strict=True):
            drawn.append(level(functional.linear(functional.silu(h), head).float() + offset))
            h = h + drawn[-1] @ effect
        numbers = functional.linear(functional.silu(h), self.numbers, self.middle)
        shift, spread = numbers.float().chunk(2, dim=-1)
        z = local[..., : self.reals] * spread.exp() + shift if self.local else shift
        return self.within(z), torch.cat([*drawn, shift[..., :0]], dim=-1)


class Discriminator(nn.Module):
    """The discriminator: a row -> how real it looks.

    In tables and series, a quadratic form of low rank stands beside the network. It is nearly
    linear in each code, so that its gradient by a level tells what another level would have been
    worth; the network's alone teaches slowly what codes have to do with each other.
    """

    order: Tensor

    def __init__(self, dense: Dense, order: Tensor, width: int, depth: int, pairs: int) -> None:
        super().__init__()
        self.register_buffer("order", order)
        self.numbers = seen(len(dense.reals) + order.shape[1], dense.spec)
        levels, inputs = len(order), len(dense.reals) + order.shape[1] + len(order) + dense.context
        self.body = Gather(
            dense.spec, self.numbers.width + levels, width, dense.context, width, depth
        )
        self.out = nn.Linear(width, 1)
        self.pairs = pairs if DEFAULTS[dense.spec.topology].pairs else 0
        if not self.pairs:
            return
        self.left, self.right = nn.Linear(inputs, pairs), nn.Linear(inputs, pairs)
        nn.init.normal_(self.left.weight, std=0.3)
        nn.init.zeros_(self.right.weight)
        nn.init.zeros_(self.right.bias)

    def forward(self, rows: Visible, told: Tensor) -> Tensor:
        """Rows and (n, context) -> (n,) logits."""
        z = torch.cat([rows.z, rows.level @ self.order], dim=-1)
        h = self.body(torch.cat([self.numbers(z), rows.level], dim=-1), told)
        alone: Tensor = self.out(functional.silu(h))[:, 0]
        if not self.pairs:
            return alone.float()
        about = told.reshape(len(told), *[1] * (z.dim() - 2), -1).expand(*z.shape[:-1], -1)
        x = torch.cat([z, rows.level, about], dim=-1)
        by_pairs = (self.left(x) * self.right(x)).float().sum(-1)
        return alone.float() + _mean(by_pairs[..., None])[:, 0]


class GanNets(nn.Module):
    """Both networks."""

    def __init__(self, maker: GanGenerator, judge: Discriminator) -> None:
        super().__init__()
        self.maker, self.judge = maker, judge


@dataclass(frozen=True)
class GanOptions(Training):
    """Options of :class:`Gan`."""

    loss: str = option(
        "relativistic",
        "what the two networks play for",
        choices=("relativistic", "nonsaturating", "wasserstein"),
    )
    penalty: float = option(
        0.1,
        "weight of the penalty on the discriminator's gradient, ten times that of images",
        low=0.0,
    )
    penalty_every: int = option(
        0,
        "steps from one penalty to the next, which then counts as many times; 0 for 1, and 8 of "
        "images",
        low=0,
    )
    augment: float = option(
        0.3,
        "share of images that are moved by a few pixels before the discriminator sees them",
        low=0.0,
        high=1.0,
    )
    momentum: float = option(
        0.0,
        "Adam's first decay; without it neither network runs past the other",
        low=0.0,
        high=0.99,
    )
    noise: int = option(64, "random numbers that a row, and each of its sites, is made from", low=1)
    width: int = option(
        0,
        "units of a layer; 0 for 256, and 32 of images, whose coarser scales have up to 4 times "
        "as many",
        low=0,
    )
    depth: int = option(0, "blocks of each network; 0 for 2, and 1 of images", low=0, high=DEEPEST)
    pairs: int = option(
        128, "rank of the discriminator's quadratic form, which images do without", low=1
    )
    critic_rate: float = option(
        0.5,
        "the discriminator's learning rate, times the generator's; twice that of images",
        low=1e-3,
    )
    codes: str = option(
        "straight-through",
        "levels in training: whole with the gradient of soft ones, or soft (Gumbel)",
        choices=("straight-through", "gumbel"),
    )
    temperature: float = option(1.0, "temperature of the soft levels", low=0.01)
    rare_oversampling: float = option(
        0.0,
        "how much oftener rows of rare levels are taken; weights make up for it",
        low=0.0,
        high=1.0,
    )
    atom_share: float = option(
        0.03,
        "share of rows from which on a number's value is a level of its own",
        low=0.0,
        high=1.0,
    )
    max_levels: int = option(128, "most values of a number that is learned as levels", low=0)
    ema_decay: float = option(
        0.998, "decay of the averaged weights, which make the rows", low=0.0, high=1.0
    )
    patience: int = option(
        10, "looks without an improvement before the learning rate is cut", low=1
    )


class Gan(Neural):
    """A generator makes rows from noise, a discriminator tells them from real ones (Goodfellow et
    al. 2014).

    The losses, with D in logits and real rows x beside made ones G(z):

    - relativistic: softplus(D(G(z)) - D(x)) and the reverse for G, with penalties R1 and R2 on the
      squared gradient at real and at made rows (Huang et al. 2024, "The GAN is dead; long live the
      GAN!", arXiv 2501.05441);
    - nonsaturating: -log D(x) - log(1 - D(G(z))), and -log D(G(z)) for G, with the same penalties;
    - wasserstein: D(G(z)) - D(x), and -D(G(z)) for G, with a gradient penalty between the two
      (Gulrajani et al. 2017).

    Levels are drawn whole, and their gradient is that of a softmax (straight-through Gumbel: Jang,
    Gu and Poole 2017). Training is stopped by how well made rows pass for held-out ones: see
    :mod:`tidemill.models.deep.quality`.
    """

    Options = GanOptions
    varies = True
    options: GanOptions
    dense: Dense
    share: Tensor

    # --- the view ---------------------------------------------------------------------------------

    @property
    def defaults(self) -> Defaults:
        """What suits the grid."""
        return DEFAULTS[self.dense.spec.topology]

    def view(self, spec: Spec, batch: Batch, run: Run) -> None:
        """The dense view, and how frequent each level is."""
        self.dense = Dense.learned(
            spec, batch, atom_share=self.options.atom_share, max_levels=self.options.max_levels
        )
        self.share = _shares(self.dense, batch)

    def rows(self, batch: Batch) -> Tensors:
        """Numbers, codes and context; with ``rare_oversampling``, also how often a row is taken."""
        rows = self.dense.rows(batch)
        if self.options.rare_oversampling:
            shares = self.share.split_with_sizes(list(self.dense.sizes))
            by_code = [
                share[rows["code"][..., k]].clamp_min(1e-6) for k, share in enumerate(shares)
            ]
            rarity = torch.stack(by_code, dim=-1).flatten(1).amin(1) ** -(
                self.options.rare_oversampling / 2
            )
            rows["chance"] = rarity / rarity.mean()
        return rows

    @property
    def picker(self) -> Picking | None:
        return self._pick

    def _pick(self, rows: Tensors, size: int, rng: torch.Generator) -> Tensor:
        """Rows at random; those with rare levels more often, if so wished."""
        if "chance" in rows:
            return torch.multinomial(rows["chance"], size, replacement=True, generator=rng)
        return torch.randint(len(rows["code"]), (size,), generator=rng, device=rng.device)

    def build(self) -> nn.Module:
        """Generator and discriminator."""
        o, dense = self.options, self.dense
        if dense.empty:
            return nn.Identity()
        width = o.width or self.defaults.gan_width
        depth = o.depth or self.defaults.gan_depth
        return GanNets(
            GanGenerator(dense, self.share, o.noise, width, depth),
            Discriminator(dense, _order(dense, self.share), width, depth, o.pairs),
        )

    def step_rows(self) -> int:
        """As many as the options say, and fewer images."""
        return min(self.options.batch, self.defaults.gan_rows)

    def check(self, known: Constraints) -> None:
        """See that every value occurs."""
        self.dense.check(known)

    def view_state(self) -> dict[str, np.ndarray]:
        """Pieces, levels and counts."""
        return self.dense.to_state()[1] | {"share": self.share.numpy()}

    def restore_view(self, spec: Spec, arrays: Mapping[str, np.ndarray]) -> None:
        """Restored from :meth:`view_state`."""
        self.dense = Dense.from_state(spec, arrays)
        share = reals(arrays, "share", np.float32, (sum(self.dense.sizes),))
        self.share = torch.from_numpy(share.copy())

    # --- what the discriminator sees --------------------------------------------------------------

    def show(self, z: Tensor, level: Tensor) -> Visible:
        """Numbers and levels as the discriminator sees them; the gradient goes through what makes
        them absent."""
        dense = self.dense
        parts = list(torch.split(level, list(dense.sizes), dim=-1))
        shown = list(torch.unbind(z, dim=-1))
        for r, real in enumerate(dense.spec.reals):
            if real.presence is None:
                here = z.new_ones((*z.shape[:-1], 1))
            else:
                here = parts[real.presence][..., :1]
            if r in dense.coded:
                k = len(dense.spec.codes) + dense.coded.index(r)
                first = functional.one_hot(
                    torch.zeros((), dtype=torch.int64, device=z.device), dense.sizes[k]
                )
                parts[k] = parts[k] * here + first * (1 - here)
                here = here * parts[k][..., :1]
            if r in dense.reals:
                shown[dense.reals.index(r)] = shown[dense.reals.index(r)] * here[..., 0]
        z = torch.stack(shown, dim=-1) if shown else z
        if not dense.spec.ragged:
            return Visible(z, torch.cat(parts, dim=-1) if parts else level)
        used = parts[-1][..., 1:]
        if not dense.empty_rows:
            used = torch.cat([torch.ones_like(used[:, :1]), used[:, 1:]], dim=1)
        used = used.cumprod(1)  # a row has no site after its end
        parts[-1] = torch.cat([1 - used, used], dim=-1)
        return Visible(z * used, torch.cat(parts, dim=-1) * used)

    def real(self, rows: Tensors, rng: torch.Generator) -> Visible:
        """Real rows."""
        return self.show(self.dense.numbers(rows, rng), one_hot(rows["code"], self.dense.sizes))

    def made(
        self,
        net: GanNets,
        told: Tensor,
        rng: torch.Generator,
        whole: bool,
        noise: Tensor | None = None,
    ) -> Visible:
        """A made row for each of the (n, context) contexts; ``whole`` levels let no gradient
        through."""

        def level(logits: Tensor) -> Tensor:
            noisy = logits + gumbel(logits, rng)
            drawn = functional.one_hot(noisy.argmax(-1), logits.shape[-1]).float()
            if whole:
                return drawn
            soft = functional.softmax(noisy / self.options.temperature, dim=-1)
            return soft if self.options.codes == "gumbel" else drawn + soft - soft.detach()

        n, sites = len(told), self.dense.spec.sites
        local = torch.randn((n, *sites, net.maker.local), generator=rng, device=rng.device)
        if noise is None:
            noise = torch.randn((n, self.options.noise), generator=rng, device=rng.device)
        return self.show(*net.maker(local, torch.cat([noise, told], dim=-1), level))

    def varied(self, sides: list[Visible], rng: torch.Generator) -> list[Visible]:
        """Images moved at random, real and made ones alike; rows of other grids as they are."""
        if not self.defaults.shifted:
            return sides
        moved = varied([side.z for side in sides], self.options.augment, rng)
        return [Visible(z, side.level) for z, side in zip(moved, sides, strict=True)]

    # --- the game ---------------------------------------------------------------------------------

    def objectives(self, net: nn.Module) -> list[Objective]:
        """The discriminator's, then the generator's."""
        assert isinstance(net, GanNets)
        judge, maker = list(net.judge.parameters()), list(net.maker.parameters())
        critic_rate = self.options.critic_rate * self.defaults.critic_rate
        betas = (self.options.momentum, 0.99)
        return [
            Objective(
                "discriminator",
                judge,
                lambda rows, rng, step: self.discriminator_loss(net, rows, rng, step),
                critic_rate,
                betas,
            ),
            Objective(
                "generator",
                maker,
                lambda rows, rng, step: self.generator_loss(net, rows, rng),
                betas=betas,
            ),
        ]

    def discriminator_loss(
        self, net: GanNets, rows: Tensors, rng: torch.Generator, step: int
    ) -> Tensor:
        """The discriminator's loss."""
        o, loss = self.options, self.options.loss
        told, n = _told(rows), len(rows["code"])
        real = self.real(rows, rng)
        with torch.no_grad():
            made = self.made(net, told, rng, whole=o.codes != "gumbel")
        real, made = self.varied([real, made], rng)
        both = Visible(*(torch.cat(pair).requires_grad_() for pair in zip(real, made, strict=True)))
        on = net.judge(both, torch.cat([told, told]))
        on_real, on_made = on[:n], on[n:]
        if loss == "relativistic":
            each = functional.softplus(on_made - on_real)
        elif loss == "nonsaturating":
            each = functional.softplus(-on_real) + functional.softplus(on_made)
        else:
            each = on_made - on_real
        total = (each * _weight(rows)).mean()
        every = o.penalty_every or self.defaults.penalty_every
        penalty = o.penalty * self.defaults.penalty * every
        if not penalty or step % every:
            return total
        if loss == "wasserstein":
            at = torch.rand(n, generator=rng, device=rng.device).reshape(
                n, *[1] * (real.z.dim() - 1)
            )
            between = Visible(
                *((at * x + (1 - at) * y).requires_grad_() for x, y in zip(real, made, strict=True))
            )
            slope = (_squared_slope(net.judge(between, told), between) + 1e-12).sqrt()
            return total + penalty * SLOPE * (slope - 1).square().mean()
        return (
            total + penalty * _squared_slope(on, both).mean()
        )  # over real and made: half of R1 + R2

    def generator_loss(self, net: GanNets, rows: Tensors, rng: torch.Generator) -> Tensor:
        """The generator's loss."""
        told, loss = _told(rows), self.options.loss
        made, real = self.varied(
            [self.made(net, told, rng, whole=False), self.real(rows, rng)], rng
        )
        on_made = net.judge(made, told)
        if loss == "wasserstein":
            each = -on_made
        elif loss == "nonsaturating":
            each = functional.softplus(-on_made)
        else:
            with torch.no_grad():
                on_real = net.judge(real, told)
            each = functional.softplus(on_real - on_made)
        return (each * _weight(rows)).mean()

    # --- rows -------------------------------------------------------------------------------------

    def score(self, net: nn.Module, held: Tensors, real: Batch, rng: torch.Generator) -> float:
        """How unlike the held-out rows as many made ones are, with the same noise at every look."""
        made = self.draw(net, len(real), real.context, rng)
        if self.defaults.judge == "frechet":
            return frechet(real, made)
        return two_sample_auc(real, made, numpy_stream(rng))

    def noise(
        self, net: nn.Module, n: int, context: Batch | None, rng: torch.Generator
    ) -> Tensor | None:
        """(n, noise) what whole rows are made of."""
        return torch.randn((n, self.options.noise), generator=rng, device=rng.device)

    def near(self, net: nn.Module, rows: Batch, rng: torch.Generator) -> Batch:
        """Rows of the noise that makes the given ones best, turned towards other noise."""
        others = self.noise(net, len(rows), rows.context, rng)
        assert others is not None
        if isinstance(net, GanNets) and self.dense.reals:
            others = turned_away(self._noise_of(net, rows, others, rng), others)
        return self.draw(net, len(rows), rows.context, rng, others)

    def _noise_of(self, net: GanNets, rows: Batch, other: Tensor, rng: torch.Generator) -> Tensor:
        """(n, noise) of which rows are made whose numbers are nearest to those of given rows, found
        by gradient descent (Zhu et al. 2016, "Generative Visual Manipulation on the Natural Image
        Manifold"); held at the length that noise has."""
        with torch.inference_mode(False), torch.enable_grad():
            shown = {name: tensor.to(rng.device) for name, tensor in self.rows(rows).items()}
            wanted, told = self.dense.numbers(shown, rng), _told(shown)
            length = math.sqrt(self.options.noise)
            noise = other.clone().requires_grad_()
            optimizer = torch.optim.Adam([noise], INVERSION_RATE)
            for _ in range(INVERSION_STEPS):
                held = length * functional.normalize(noise, dim=1)
                apart = self.made(net, told, rng, whole=True, noise=held).z - wanted
                optimizer.zero_grad(set_to_none=True)
                apart.square().flatten(1).mean(1).sum().backward()  # type: ignore[no-untyped-call]
                optimizer.step()
            return length * functional.normalize(noise.detach(), dim=1)

    def draw(
        self,
        net: nn.Module,
        n: int,
        context: Batch | None,
        rng: torch.Generator,
        noise: Tensor | None = None,
    ) -> Batch:
        """Rows from noise."""
        dense, told = self.dense, self.dense.told(context)
        told = torch.zeros((n, 0), device=rng.device) if told is None else told.to(rng.device)
        if isinstance(net, GanNets):
            z, level = self.made(net, told, rng, whole=True, noise=noise)
        else:  # there was nothing to learn
            z = told.new_zeros((n, *dense.spec.sites, 0))
            level = told.new_zeros((n, *dense.spec.sites, sum(dense.sizes)))
            level = level.masked_fill(~dense.never.to(rng.device), 1.0)
        parts = [part.argmax(-1) for part in torch.split(level, list(dense.sizes), dim=-1)]
        code = torch.stack(parts, dim=-1) if parts else level.long()
        return dense.batch(z, code, numpy_stream(rng), context)


def _told(rows: Tensors) -> Tensor:
    """(n, context), of width 0 where nothing is told."""
    return rows["context"] if "context" in rows else rows["low"].new_zeros((len(rows["code"]), 0))


def _weight(rows: Tensors) -> Tensor:
    """What each row counts, given how often it is taken."""
    return 1 / rows["chance"] if "chance" in rows else torch.ones((), device=rows["code"].device)


def _mean(h: Tensor) -> Tensor:
    """(n, *sites, width) -> (n, width), the mean over all sites."""
    return h.reshape(len(h), -1, h.shape[-1]).mean(1)


def _squared_slope(on: Tensor, rows: Visible) -> Tensor:
    """(n,) squared length of each logit's gradient by its row."""
    found = torch.autograd.grad(on.sum(), list(rows), create_graph=True)
    return torch.cat([gradient.float().flatten(1) for gradient in found], dim=1).square().sum(1)


def _shares(dense: Dense, batch: Batch) -> Tensor:
    """(sum of sizes,) how frequent each level is, at the sites in use."""
    code = dense.rows(batch)["code"]
    flat = code.flatten(0, -2) if batch.mask is None else code[torch.from_numpy(batch.mask)]
    shares = []
    for k, size in enumerate(dense.sizes):
        shares.append(torch.bincount(flat[:, k], minlength=size) / max(len(flat), 1))
    if dense.spec.ragged:
        used = code[..., -1].flatten()
        shares[-1] = torch.bincount(used, minlength=2) / max(len(used), 1)
    return torch.cat([torch.zeros(0), *shares])


def _order(dense: Dense, share: Tensor) -> Tensor:
    """(sum of sizes, channels with an order) where a level stands among those of its channel, as a
    normal score."""
    own, start = len(dense.spec.codes), 0
    columns = []
    for k, size in enumerate(dense.sizes):
        is_real = own <= k < own + len(dense.coded)
        first = dense.shift[dense.coded[k - own]] if is_real else 0
        if size - first > 2 and (is_real or (k < own and dense.spec.codes[k].ordered)):
            part = share[start + first : start + size].double()
            column = torch.zeros(len(share), dtype=torch.float64)
            middle = (part.cumsum(0) - part / 2) / part.sum().clamp_min(1e-9)
            column[start + first : start + size] = torch.special.ndtri(middle.clamp(1e-3, 1 - 1e-3))
            columns.append(column.float())
        start += size
    return torch.stack(columns, dim=1) if columns else torch.zeros(len(share), 0)
