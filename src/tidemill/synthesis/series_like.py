"""New series that are near to given ones."""

from __future__ import annotations

import numpy as np

from tidemill.core.dataset import Dataset
from tidemill.core.grid import Batch, Spec
from tidemill.core.run import Run
from tidemill.core.series import layout
from tidemill.core.words import number, plural
from tidemill.supervised.arrays import Floats
from tidemill.synthesis.extending import read_past
from tidemill.synthesis.infilling import GivenRows
from tidemill.synthesis.sampling import SampledModel

POOL = 64
"""Series that are made for each that is wanted; the nearest is taken."""


def made_like(model: SampledModel, given: GivenRows, n: int | None, run: Run) -> Batch:
    """Series that begin as given ones do and share what never changes of them, and are the nearest
    to them of POOL times as many.

    Args:
        model: Of series, each by itself.
        given: Rows of series, with all columns that the model learned.
        n: How many to make, in turn for each of the given ones; as many as these by default.
        run: Is told how near they are, and what is not looked at.

    Returns:
        (n, steps) series.

    Raises:
        DataError: A column is missing, there are no rows, or a series has too few steps.
    """
    known, _ = read_past(given, model.codec.schema, run)
    wanted = model.codec.encode(_last_window(known, model.codec.longest, run))
    n = len(wanted) if n is None else n
    used = min(len(wanted), n)
    each = -(-n // max(used, 1))
    size = max(model.part // (POOL * each), 1)
    made, near = [Batch.blank(model.codec.spec, 0)], []
    for first in run.track(list(range(0, used, size)), "sample", "making series like given ones"):
        here = wanted.rows(np.arange(first, min(first + size, used)))
        found, nearness = _nearest(model, here, each, run.child(quiet=True), first)
        made.append(found)
        near.append(nearness)
    if near:
        share = float(np.concatenate(near).mean())
        run.emit(
            "note",
            "like",
            f"The nearest of {POOL * each:,} made for each were taken: on average they are "
            f"{number(share, 2)} times as far from the given ones as others of the same beginning.",
        )
    # the k-th of each given one, one after the other
    turn = np.arange(used * each).reshape(used, each).T.ravel()[:n]
    return Batch.stacked(made).rows(turn)


def _last_window(known: Dataset, window: int, run: Run) -> Dataset:
    """The last steps of each series, as many as the model makes."""
    series = layout(known)
    ends = np.repeat(series.start + series.length, series.length)
    late = np.arange(len(known)) >= ends - window
    longer = int((series.length > window).sum())
    if longer:
        run.warn(
            f"{plural(longer, 'series', 'series')} {'has' if longer == 1 else 'have'} more than "
            f"{window} steps, as many as the model makes; the last {window} are looked at.",
            "like",
        )
    return known.rows(np.flatnonzero(late))


def _nearest(
    model: SampledModel, wanted: Batch, each: int, run: Run, first: int
) -> tuple[Batch, Floats]:
    """The ``each`` nearest series to each wanted one, and how far these are, by the measure of the
    others that were made for it."""
    pool = POOL * each
    whose = np.repeat(np.arange(len(wanted)), pool)
    rng = run.rng("like", first)
    if wanted.context is None:
        made = model.generator.sample(len(whose), rng, run)
    else:
        made = model.generator.made_for(wanted.context.rows(whose), rng, run)
    far = _distance(model.codec.spec, wanted.rows(whose), made).reshape(-1, pool)
    order = np.argsort(far, axis=1, kind="stable")[:, :each]
    taken = np.take_along_axis(far, order, axis=1).mean(axis=1)
    usual = far.mean(axis=1)
    share = np.divide(taken, usual, out=np.ones_like(taken), where=usual > 0)
    return made.rows((order + np.arange(len(wanted))[:, None] * pool).ravel()), share


def _distance(spec: Spec, wanted: Batch, made: Batch) -> Floats:
    """(n,) how far series are from others: of each step the numbers by their spread, and 1 for each
    code that is another; a step that only one of the two has counts as another in all."""
    spread = made.tick.std(axis=(0, 1)) + 1e-12
    apart = np.abs(wanted.tick - made.tick) / spread
    other = wanted.code != made.code
    found = apart.sum(axis=2) + other.sum(axis=2)
    if wanted.mask is None or made.mask is None:
        return np.asarray(found.mean(axis=1))
    whole = float(len(spec.reals) + len(spec.codes))
    both = wanted.mask & made.mask
    either = wanted.mask | made.mask
    found = np.where(both, found, whole) * either
    return np.asarray(found.sum(axis=1) / np.maximum(either.sum(axis=1), 1))
