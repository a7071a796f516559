"""The variational autoencoder: its densities, its bound, and rows that keep what goes together."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch import distributions

from tidemill.core.grid import Batch, Code, Real, Spec
from tidemill.core.run import Run
from tidemill.models.deep.vae import BUMPS, PACE, Mixture, Vae, density, drawn

SMALL = {
    "width": 48,
    "depth": 1,
    "latent": 4,
    "batch": 128,
    "eval_every": 100,
    "cores": 1,
    "precision": "float32",
    "kl_warmup": 100,
}


def stream(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def clusters(n: int = 1500) -> tuple[Spec, Batch]:
    """Three groups; a number and a second code follow the group, the number is missing in one."""
    rng = np.random.default_rng(0)
    group = rng.integers(0, 3, n)
    tick = np.where(group < 2, rng.normal(0, 30, n) + 1000 * group, 0).astype(np.int64)
    spec = Spec((Real("x", presence=1),), (Code("group", 4), Code("x present", 2), Code("same", 3)))
    return spec, Batch(tick[:, None], np.column_stack([group, group == 2, group]).astype(np.int32))


def test_a_number_s_mixture_is_that_of_torch() -> None:
    bumps, z = (
        0.7 * torch.randn(50, 3, BUMPS, generator=stream()),
        torch.randn(50, generator=stream(1)),
    )
    same = distributions.MixtureSameFamily(
        distributions.Categorical(logits=bumps[:, 0]),
        distributions.Normal(bumps[:, 1], bumps[:, 2].exp()),
    )
    assert torch.allclose(density(bumps, z), same.log_prob(z), atol=1e-4)
    many = drawn(bumps[:1].expand(40_000, 3, BUMPS), stream(2))
    assert float(many.mean()) == pytest.approx(float(same.mean[0]), abs=0.05)
    assert float(many.var()) == pytest.approx(float(same.variance[0]), rel=0.1)


@pytest.mark.parametrize("context", [0, 2])
def test_the_prior_is_a_mixture_and_draws_from_itself(context: int) -> None:
    prior = Mixture(2, 5, context)
    with torch.no_grad():
        for parameter in prior.parameters():
            parameter.copy_(torch.randn(parameter.shape, generator=stream(3)) / PACE / 2)
    told = torch.randn(1, context, generator=stream(4)).expand(40_000, -1)
    with torch.no_grad():
        made = prior.draw(told, stream(5))
        mean, log, logits = prior._parts(told[:1])
        same = distributions.MixtureSameFamily(
            distributions.Categorical(logits=logits[0]),
            distributions.Independent(distributions.Normal(mean, log.exp()), 1),
        )
        assert torch.allclose(prior.density(made, told), same.log_prob(made), atol=1e-3)
    assert torch.allclose(made.mean(0), same.mean, atol=0.05)
    assert torch.allclose(made.var(0), same.variance, rtol=0.1)


def test_rows_keep_what_goes_together_and_where_numbers_are_missing() -> None:
    spec, batch = clusters()
    made = Vae(**SMALL, steps=600).fit(spec, batch, Run(1)).sample(2000, np.random.default_rng(0))
    assert (made.code[:, 0] == made.code[:, 2]).mean() > 0.97
    assert ((made.code[:, 0] == 2) == (made.code[:, 1] == 1)).mean() > 0.97
    there = made.code[:, 1] == 0
    assert ((made.tick[:, 0] > 500) == (made.code[:, 0] == 1))[there].mean() > 0.93
    assert not made.tick[~there].any()
    assert np.bincount(made.code[:, 0], minlength=4) / 2000 == pytest.approx(
        [1 / 3, 1 / 3, 1 / 3, 0], abs=0.06
    )


def test_the_bound_is_one() -> None:
    """With beta 1 the score is at least the entropy of the rows, and near it once they are
    learned."""
    rng = np.random.default_rng(0)
    code = np.repeat(rng.integers(0, 4, (3000, 1)), 2, axis=1).astype(np.int32)
    spec = Spec(codes=(Code("a", 4), Code("same", 4)))
    model = Vae(**SMALL, steps=800, beta=1.0).fit(
        spec, Batch(np.zeros((3000, 0), np.int64), code), Run(1)
    )
    best = min(score for _, score in model.curves["score"])
    assert math.log(4) - 0.05 < best < math.log(4) + 0.25


def test_free_nats_keep_latents_in_use() -> None:
    """A divergence below the free nats is not pressed further down, even where latents are of no
    use."""
    rng = np.random.default_rng(0)
    spec = Spec(codes=(Code("a", 2), Code("b", 2)))
    batch = Batch(np.zeros((2000, 0), np.int64), rng.integers(0, 2, (2000, 2)).astype(np.int32))
    apart = {}
    for free in (0.0, 0.5):
        model = Vae(**SMALL, steps=400, beta=4.0, free=free).fit(spec, batch, Run(1))
        rows = model.rows(batch)
        with torch.no_grad():
            apart[free] = float(model._bound(model.net, rows, stream(), 0.0)[1])
    assert apart[0.0] < 0.1
    assert apart[0.5] > 0.5 * 0.5 * SMALL["latent"]


def test_series_are_as_long_as_real_ones() -> None:
    """Lengths 1 and 4, by the first code; what stands after the end is no part of the loss, and of
    no row."""
    rng = np.random.default_rng(0)
    long = rng.random(600) < 0.5
    mask = np.arange(6) < np.where(long, 4, 1)[:, None]
    code = (mask * (1 + long[:, None])).astype(np.int32)
    spec = Spec(
        (Real("x", scale="linear"),), (Code("sort", 3),), sites=(6,), ragged=True, topology="steps"
    )
    tick = np.where(mask, rng.integers(0, 999, (600, 6)), 0)
    model = Vae(**SMALL, steps=300).fit(spec, Batch(tick[..., None], code[..., None], mask), Run(1))
    made = model.sample(500, np.random.default_rng(0))
    assert made.mask is not None
    length = made.mask.sum(1)
    assert np.isin(length, [1, 4]).mean() > 0.9
    assert ((made.code[:, 0, 0] == 2) == (length > 2)).mean() > 0.9


def test_the_prior_is_never_about_a_few_rows() -> None:
    spec, batch = clusters(90)
    model = Vae(**SMALL, steps=2).fit(spec, batch, Run(1))
    assert len(model.net.prior.middle) == 90 // 20


def test_latents_come_back_as_the_rows_that_they_are_of() -> None:
    spec, batch = clusters()
    model = Vae(**SMALL, steps=600, beta=0.2).fit(spec, batch, Run(1))
    with torch.inference_mode():
        latent = model.encoded(model.net, batch, stream())
        again = model.decoded(model.net, latent, None, stream(1))
    assert latent.shape == (len(batch), 4)
    assert (again.code == batch.code).mean() > 0.97
