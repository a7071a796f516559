"""What follows on a past as it follows in made series that are like it, for models that make series
in one go and cannot be told how these begin."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from sklearn.neighbors import NearestNeighbors

from tidemill.core.errors import DataError, OptionError
from tidemill.core.grid import Batch, Spec
from tidemill.core.run import Run
from tidemill.supervised.arrays import Floats

ALIKE = 32
"""Made series among which one is drawn."""
POOL = 4096
"""Made series that are looked through."""


class MakesSeries(Protocol):
    """Makes series in one go."""

    def sample(
        self, n: int, rng: np.random.Generator, run: Run | None = None, context: Batch | None = None
    ) -> Batch:
        """n new ones, one for each row of the context."""
        ...


def check_series(spec: Spec) -> None:
    """See that a model has learned series.

    Raises:
        OptionError: It has learned something else.
    """
    if spec.topology != "steps":
        raise OptionError(
            "this model has learned no series, which could go on",
            hint="fit with option 'entity' and option 'time'",
        )


def gone_on(
    model: MakesSeries,
    spec: Spec,
    past: Batch,
    steps: int,
    paths: int,
    rng: np.random.Generator,
    run: Run | None,
) -> Batch:
    """What may follow on series, ``paths`` times, as it follows in made ones that are like them.

    Args:
        model: Makes series.
        spec: Of these.
        past: (n, known sites), with what is given with each.
        steps: Sites that follow.
        paths: How often each goes on.
        rng: The random stream.
        run: For progress, and its device.

    Returns:
        n * paths rows of ``steps`` sites.

    Raises:
        DataError: The model makes no series that are so long.
        OptionError: It has learned no series.
    """
    check_series(spec)
    told = None
    if past.context is not None:
        told = past.context.rows(np.arange(POOL) % len(past))
    pool = model.sample(POOL, rng, run, told)
    return followed(spec, pool, past.rows(np.arange(len(past)).repeat(paths)), steps, rng)


def followed(spec: Spec, pool: Batch, past: Batch, steps: int, rng: np.random.Generator) -> Batch:
    """Steps that follow on pasts: those of one of the ALIKE made series that are most like each in
    its last steps (analogues, Lorenz 1969), as moves from where the past ends.

    Args:
        spec: Of the series.
        pool: Made series.
        past: (n, known sites).
        steps: That follow.
        rng: Chooses.

    Returns:
        (n, steps).

    Raises:
        DataError: No made series is so long.
    """
    known = past.tick.shape[1]
    if pool.mask is not None:
        pool = pool.rows(pool.mask[:, known + steps - 1])
    if not len(pool):
        raise DataError(
            f"the model makes no series of {known + steps} steps",
            hint="ask for fewer steps, or choose option 'model=autoregressive'",
        )
    features = _features(spec, pool, known)
    spread = np.maximum(features.std(axis=0), 1e-12)
    near = NearestNeighbors(n_neighbors=min(ALIKE, len(pool))).fit(features / spread)
    alike = near.kneighbors(_features(spec, past, known) / spread, return_distance=False)
    chosen = pool.rows(alike[np.arange(len(past)), rng.integers(alike.shape[1], size=len(past))])
    later = slice(known, known + steps)
    tick = np.empty((len(past), steps, len(spec.reals)), np.int64)
    for r, real in enumerate(spec.reals):
        ours, theirs = past.tick[:, -1, r], chosen.tick[..., r]
        has = np.ones(len(past), bool)
        if real.presence is not None:
            has = (past.code[:, -1, real.presence] == 0) & (
                chosen.code[:, known - 1, real.presence] == 0
            )
        is_ratio = bool((pool.tick[..., r] > 0).all() and (ours > 0).all())
        moved = _moved(ours, theirs[:, known - 1], theirs[:, later], is_ratio=is_ratio)
        tick[..., r] = np.where(has[:, None], moved, theirs[:, later])
        if real.presence is not None:
            absent = chosen.code[:, later, real.presence] != 0
            tick[..., r] = np.where(absent, 0, tick[..., r])
    return Batch(tick, chosen.code[:, later])


def _moved(
    ours: NDArray[np.int64], theirs: NDArray[np.int64], later: NDArray[np.int64], *, is_ratio: bool
) -> NDArray[np.int64]:
    """(n,) last ticks, (n,) those of others and (n, steps) what follows on these -> (n, steps)."""
    if is_ratio:
        return np.asarray(np.rint(later * (ours / theirs)[:, None]), np.int64)
    return later + (ours - theirs)[:, None]


def _features(spec: Spec, batch: Batch, known: int) -> Floats:
    """(n, F) what tells of the first known sites how they go on: where they end, the last and the
    mean move, how large moves are, and the codes of the last site."""
    found = []
    for r in range(len(spec.reals)):
        values = batch.tick[:, :known, r].astype(np.float64)
        moves = np.diff(values, axis=1, prepend=values[:, :1])
        found += [values[:, -1], moves[:, -1], moves.mean(axis=1)]
        found.append(np.log1p(np.abs(moves).mean(axis=1)))
    for k, code in enumerate(spec.codes):
        levels = batch.code[:, known - 1, k, None] == np.arange(code.size)
        found += list(levels.T.astype(np.float64))
    return np.stack(found, axis=1)
