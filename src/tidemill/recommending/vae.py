"""A few hidden numbers of each customer, from which a net says what they take."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import ClassVar, Self

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import sparse
from torch import Tensor, nn

from tidemill.core.run import Run
from tidemill.core.torch_threads import torch_threads
from tidemill.models.deep.training import Objective, Tensors, Trainer, Training
from tidemill.recommending.measuring import LONGER, best, quality
from tidemill.recommending.taken import Taken, held_out
from tidemill.supervised.arrays import Floats

HIDDEN, LATENT = 200, 64
MOST_ITEMS = 20_000
"""Items that the net knows. Rarer ones are neither proposed nor reckoned with."""
BATCH = 128
"""Customers of a step; only their scores of all items are ever held as numbers of a table."""
STEPS, TURNS, LOOK = 900, 120, 30
"""Steps at most, and how often each customer is learned from at most; steps between two looks at
what is held out."""
PATIENCE = 4
"""Looks without an improvement after which learning ends."""
WARMUP = 300
"""Steps over which the weight of the prior rises."""
MOST_WATCHED, A_SIXTH, WATCHED = 1_000, 6, 0.2
"""Customers, a sixth of all at most, of whom a share of their items is held out, to see when to
end."""
LEAST_TURNS = 4
"""How often each customer should be looked at."""
MOST_WORK = 3e11
"""Products and sums of learning at most: a quarter of a minute of one core, about. A page learns
the net four times."""
NARROWEST, WIDEST = -5.0, 3.0
"""Bounds of the logarithm of a standard deviation."""


class BasketNet(nn.Module):
    """What a customer took -> normal distributions of the hidden numbers -> logits of all items.

    Args:
        items: How many there are.
    """

    def __init__(self, items: int) -> None:
        super().__init__()
        self.taken = nn.EmbeddingBag(items, HIDDEN, mode="sum")
        nn.init.normal_(self.taken.weight, std=math.sqrt(2 / (items + HIDDEN)))
        self.base = nn.Parameter(torch.zeros(HIDDEN))
        self.told = nn.Linear(HIDDEN, 2 * LATENT)
        self.meant = nn.Linear(LATENT, HIDDEN)
        self.wanted = nn.Linear(HIDDEN, items)

    def encode(self, pairs: sparse.csr_array, hide: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """(n, m) pairs -> means (n, LATENT) and logarithms of standard deviations. Each row counts
        with the same length, however much it holds.

        Args:
            pairs: What was taken.
            hide: (pairs,) by what each pair is multiplied; None for 1.
        """
        each = np.diff(pairs.indptr)
        length = np.repeat(1 / np.sqrt(np.maximum(each, 1)), each).astype(np.float32)
        weight = torch.from_numpy(length)
        index, offset = (
            torch.from_numpy(part.astype(np.int64)) for part in (pairs.indices, pairs.indptr[:-1])
        )
        inner = self.taken(index, offset, weight if hide is None else weight * hide)
        mean, log = self.told(torch.tanh(inner + self.base)).chunk(2, dim=1)
        return mean, log.clamp(NARROWEST, WIDEST)

    def decode(self, latent: Tensor) -> Tensor:
        """(n, LATENT) -> logits (n, m)."""
        found: Tensor = self.wanted(torch.tanh(self.meant(latent)))
        return found


class BasketVae:
    """A variational autoencoder of baskets with a multinomial likelihood: Liang, Krishnan, Hoffman
    and Jebara (2018), "Variational Autoencoders for Collaborative Filtering" (Mult-VAE), eq. (4)
    and (5), with a beta that rises from 0.

    A part of what each customer took is hidden in learning, and weights are averaged over steps.
    Learning ends where what is held out of some customers is no longer ranked better.

    Example:
        >>> two = sparse.csr_array(np.kron(np.eye(2), np.ones((40, 4))))
        >>> model = BasketVae.learned(two, Run(), BasketVae.settings[0])
        >>> scores = model.scores(sparse.csr_array(np.array([[1.0, 1, 1, 0, 0, 0, 0, 0]])))[0]
        >>> bool(scores[3] > scores[4:].max())
        True
    """

    settings: ClassVar[tuple[Mapping[str, float], ...]] = ({"beta": 0.2, "hide": 0.7},)

    def __init__(self, net: BasketNet, items: int) -> None:
        self.net, self._items = net, items

    @staticmethod
    def steps(pairs: sparse.csr_array) -> int:
        """How many steps there is time for."""
        n, m = pairs.shape
        work = 6 * HIDDEN * min(n, BATCH) * min(m, MOST_ITEMS)
        turns = TURNS * max(n // BATCH, 1)
        return min(STEPS, turns, int(MOST_WORK / max(work, 1)))

    @classmethod
    def unfit(cls, pairs: sparse.csr_array) -> str:
        """Why it is not learned from such pairs; "" where it is."""
        n, m = pairs.shape
        if cls.steps(pairs) * BATCH >= LEAST_TURNS * n:
            return ""
        return f"learning from {n:,} customers and {m:,} items again and again would take minutes"

    @classmethod
    def learned(cls, pairs: sparse.csr_array, run: Run, setting: Mapping[str, float]) -> Self:
        """Learned on one thread, so that the same seed gives the same weights on any machine's
        number of cores."""
        items = pairs.shape[1]
        known = sparse.csr_array(pairs[np.diff(pairs.indptr) > 0][:, : min(items, MOST_ITEMS)])
        seed = run.seed_of("recommend", "vae")
        train, held, watched = _watched(known, run.rng("recommend", "vae"))
        with torch_threads(1):
            with torch.random.fork_rng(devices=[]):
                torch.manual_seed(seed)
                net = BasketNet(known.shape[1])
            model, seen = cls(net, items), train[watched]

            def loss(rows: Tensors, rng: torch.Generator, step: int) -> Tensor:
                beta = setting["beta"] * min((step + 1) / WARMUP, 1.0)
                return _loss(net, train[rows["row"].numpy()], rng, beta, setting["hide"])

            def score(rng: torch.Generator) -> float:
                if not len(watched):
                    return 0.0
                lists = best(model.logits(model.latents(seen)[0]), seen, LONGER)
                return -float(quality(lists, held[watched]).ndcg.mean())

            options = Training(
                steps=cls.steps(pairs),
                batch=BATCH,
                warmup=0,
                ema_decay=0.98,
                rate=2e-3,
                eval_every=LOOK,
                patience=PATIENCE,
                lr_cuts=0,
                precision="float32",
            )
            objective = Objective("loss", list(net.parameters()), loss)
            trainer = Trainer(net, [objective], options, seed, torch.device("cpu"))
            whole = run.child(to_end=True)
            trainer.learn({"row": torch.arange(known.shape[0])}, None, score, whole)
            run.check()
            trainer.keep_best()
            net.requires_grad_(False)
        return model

    def scores(self, given: sparse.csr_array) -> Floats:
        """(k, m) logits; none of items beyond the most frequent ones."""
        found = np.full((given.shape[0], self._items), -np.inf)
        with torch_threads(1), torch.no_grad():
            mean, _ = self.latents(given)
            logits = self.logits(mean)
        found[:, : logits.shape[1]] = logits
        return found

    def latents(self, given: sparse.csr_array) -> tuple[Floats, Floats]:
        """(k, LATENT) means of the hidden numbers of customers, and their standard deviations."""
        with torch_threads(1), torch.no_grad():
            mean, log = self.net.encode(given[:, : self.net.taken.num_embeddings])
        return mean.numpy().astype(np.float64), log.exp().numpy().astype(np.float64)

    def logits(self, latent: Floats) -> Floats:
        """(k, LATENT) -> (k, items that the net knows)."""
        with torch_threads(1), torch.no_grad():
            found = self.net.decode(torch.from_numpy(latent).float())
        return found.numpy().astype(np.float64)


def _watched(
    pairs: sparse.csr_array, rng: np.random.Generator
) -> tuple[sparse.csr_array, sparse.csr_array, NDArray[np.int64]]:
    """What is learned from, what of it is held out, and of which customers."""
    _, held = held_out(pairs, WATCHED, rng)
    rows = np.flatnonzero(np.diff(held.indptr))
    chosen = rng.permutation(rows)[: min(MOST_WATCHED, max(len(rows) // A_SIXTH, 1))]
    mask = np.zeros(pairs.shape[0], np.float32)
    mask[chosen] = 1.0
    held = sparse.csr_array(sparse.diags_array(mask) @ held)
    held.eliminate_zeros()
    return Taken.but_not(pairs, held), held, np.sort(chosen)


def _loss(
    net: BasketNet, pairs: sparse.csr_array, rng: torch.Generator, beta: float, hide: float
) -> Tensor:
    """The negative bound, its divergence weighed, as a mean over customers."""
    n = pairs.shape[0]
    each = torch.from_numpy(np.diff(pairs.indptr).astype(np.int64))
    index = torch.from_numpy(pairs.indices.astype(np.int64))
    seen = (torch.rand(len(index), generator=rng) >= hide) / (1 - hide)
    mean, log = net.encode(pairs, seen)
    noise = torch.randn(mean.shape, generator=rng)
    logits = net.decode(mean + log.exp() * noise)
    row = torch.repeat_interleave(torch.arange(n), each)
    lost = (logits.logsumexp(1) * each).sum() - logits[row, index].sum()
    apart = (mean.square() + (2 * log).exp() - 1).sum() / 2 - log.sum()
    return (lost + beta * apart) / n
