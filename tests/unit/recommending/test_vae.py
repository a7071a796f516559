"""The net learns the same anywhere, knows no customer by name, and is left out where it cannot be
learned."""

from __future__ import annotations

import sys

import numpy as np
import pytest
import torch
from scipy import sparse

from tests.unit.recommending.test_recommenders import two_tastes
from tidemill.core.run import Run
from tidemill.core.torch_threads import torch_threads
from tidemill.recommending import vae
from tidemill.recommending.choosing import contest
from tidemill.recommending.splitting import at_random
from tidemill.recommending.taken import Taken
from tidemill.recommending.vae import BasketVae


def test_the_same_seed_gives_the_same_bytes_whatever_the_threads() -> None:
    pairs = Taken.of(*two_tastes(60, 0)).pairs
    found = []
    for threads, seed in ((1, 0), (2, 0), (1, 1)):
        with torch_threads(threads):
            model = BasketVae.learned(pairs, Run(seed, threads=threads), BasketVae.settings[0])
            found.append(model.scores(pairs).tobytes())
    assert found[0] == found[1]
    assert found[0] != found[2]


def test_a_customer_is_known_by_what_they_took_alone() -> None:
    pairs = Taken.of(*two_tastes(60, 0)).pairs
    model = BasketVae.learned(pairs, Run(0), BasketVae.settings[0])
    scores = model.scores(pairs)
    anew = sparse.csr_array(pairs[[17]].toarray())  # a new customer, who took the same
    assert np.allclose(model.scores(anew)[0], scores[17], atol=1e-5)
    with_empty = sparse.csr_array(sparse.vstack([pairs, sparse.csr_array((5, pairs.shape[1]))]))
    same = BasketVae.learned(with_empty, Run(0), BasketVae.settings[0])
    assert np.array_equal(same.scores(pairs), scores)
    nothing = sparse.csr_array((1, pairs.shape[1]), dtype=np.float32)
    assert np.isfinite(model.scores(nothing)).all()


def test_the_bound_is_that_of_the_paper() -> None:
    pairs = sparse.csr_array(np.array([[1, 1, 0, 0], [0, 1, 0, 1], [0, 0, 1, 0.0]], np.float32))
    net = vae.BasketNet(4)
    found = vae._loss(net, pairs, torch.Generator().manual_seed(3), 0.3, 0.0)
    again = torch.Generator().manual_seed(3)
    torch.rand(5, generator=again)  # what is hidden: nothing
    rows = torch.from_numpy(pairs.toarray())
    inner = torch.nn.functional.normalize(rows) @ net.taken.weight + net.base
    mean, log = net.told(torch.tanh(inner)).chunk(2, dim=1)
    own = torch.distributions.Normal(mean, log.exp())
    latent = mean + log.exp() * torch.randn(mean.shape, generator=again)
    told = (rows * torch.log_softmax(net.decode(latent), 1)).sum(1)
    apart = torch.distributions.kl_divergence(own, torch.distributions.Normal(0, 1)).sum(1)
    assert float(found.detach()) == pytest.approx(
        float((0.3 * apart - told).mean().detach()), rel=1e-5
    )


def test_items_beyond_the_most_frequent_ones_are_never_proposed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(vae, "MOST_ITEMS", 30)
    pairs = Taken.of(*two_tastes(60, 0)).pairs
    scores = BasketVae.learned(pairs, Run(0), BasketVae.settings[0]).scores(pairs)
    assert np.isfinite(scores[:, :30]).all()
    assert np.isneginf(scores[:, 30:]).all()


def test_what_would_take_too_long_is_left_out() -> None:
    assert not BasketVae.unfit(sparse.csr_array((943, 1_664)))
    assert not BasketVae.unfit(sparse.csr_array((5, 3)))
    said = BasketVae.unfit(sparse.csr_array((100_000, 20_000)))
    assert said.startswith("learning from 100,000 customers and 20,000 items")


def test_without_torch_the_others_compete(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("tidemill.recommending.vae", "tidemill.models.deep.training"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    monkeypatch.setitem(sys.modules, "torch", None)
    after = at_random(*two_tastes(60, 0), np.random.default_rng(0))
    found = contest(after.taken.pairs, after.held, after.validation, Run(0))
    assert set(found.left_out) == {"vae"}
    assert "pip install 'tidemill[deep]'" in found.left_out["vae"]
    assert "vae" not in found.quality
