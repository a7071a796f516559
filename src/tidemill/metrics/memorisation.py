"""Whether images are copies of those that a generator learned from, and which come nearest to being
it."""

from __future__ import annotations

from math import sqrt
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tidemill.core.picture import Sheet
from tidemill.core.run import Run
from tidemill.imaging.sheet import strip
from tidemill.metrics.images.manifolds import radii
from tidemill.supervised.arrays import Floats
from tidemill.supervised.points import Points
from tidemill.supervised.points import nearest as search

USUAL = 0.01
"""The share of held-out images that are called near-copies of training images: chance, or copies
that the data have."""
SHOWN = 12
_TOUCHING = 1e-3  # added to distances, so that a ratio of two zeros is 1


class Lean(NamedTuple):
    """How images lean towards the training images.

    Attributes:
        ratio: Distance to the nearest training image divided by that to the nearest held-out image,
            (n,).
        train, holdout: Positions of these two, (n,).
        apart: Distance to the nearest training image, (n,).
    """

    ratio: Floats
    train: NDArray[np.int64]
    holdout: NDArray[np.int64]
    apart: Floats


class NearCopies(NamedTuple):
    """Images that lie nearer to a training image than all but few real ones do.

    Attributes:
        limit: The ratio (see :class:`Lean`) that USUAL of the held-out images do not exceed.
        share, floor, ceiling: The share of generated, of the floor's and of held-out images that do
            not exceed it.
        error: Standard error of share - ceiling; images next to one training image stand or fall
            together.
        known: The share of held-out images that are training images themselves.
        lean: Of the generated images.
    """

    limit: float
    share: float
    floor: float
    ceiling: float
    error: float
    known: float
    lean: Lean


def near_copies(
    made: Points, floor: Points, train: Points, holdout: Points, run: Run
) -> NearCopies:
    """Compare distances to all training images with those to held-out images, for made and for
    held-out images themselves.

    Distances alone would call every plain or blurred image a copy, for such lie near to all others.

    Args:
        made, floor: (n, axes) and (m, axes).
        train, holdout: (k, axes) and (l, axes), of two or more.
        run: Its threads and cancelling.
    """
    lean = _lean(made, train, holdout, run)
    worthless = _lean(floor, train, holdout, run)
    to_train = np.sqrt(search(holdout, train, run)[1])
    usual = _ratio(to_train, np.sqrt(radii(holdout, 1)))  # to the nearest other held-out image
    limit = float(np.quantile(usual, USUAL, method="inverted_cdf"))
    near = lean.ratio <= limit
    together = np.bincount(lean.train[near]).astype(float)
    ceiling = float((usual <= limit).mean())
    error = sqrt(
        float(together @ together) / len(made) ** 2 + ceiling * (1 - ceiling) / len(holdout)
    )
    return NearCopies(
        limit,
        float(near.mean()),
        float((worthless.ratio <= limit).mean()),
        ceiling,
        error,
        float((to_train == 0).mean()),
        lean,
    )


def identical(made: np.ndarray, train: np.ndarray, lean: Lean) -> int:
    """How many images equal their nearest training image in every pixel."""
    at = np.flatnonzero(lean.apart == 0)
    return int((made[at] == train[lean.train[at]]).all(axis=(1, 2, 3)).sum())


def closest(
    made: np.ndarray, train: np.ndarray, holdout: np.ndarray, lean: Lean, unit: str = "image"
) -> Sheet:
    """The made images that lean most towards a training image (each another one), with that and the
    nearest held-out image.

    Args:
        made, train, holdout: (n, height, width, channels) each.
        lean: Of the made images.
        unit: What an image is of: itself, or a "sound".
    """
    order = np.argsort(lean.ratio, kind="stable")
    first = np.sort(np.unique(lean.train[order], return_index=True)[1])[:SHOWN]
    at = order[first]
    return Sheet(
        f"Generated {unit}s that lean most towards a training {unit}",
        (
            strip("made", made[at], SHOWN),
            strip(f"nearest training {unit}", train[lean.train[at]], SHOWN),
            strip(f"nearest held-out {unit}", holdout[lean.holdout[at]], SHOWN),
        ),
    )


def _lean(made: Points, train: Points, holdout: Points, run: Run) -> Lean:
    at_train, to_train = search(made, train, run)
    at_holdout, to_holdout = search(made, holdout, run)
    return Lean(
        _ratio(np.sqrt(to_train), np.sqrt(to_holdout)), at_train, at_holdout, np.sqrt(to_train)
    )


def _ratio(one: Floats, other: Floats) -> Floats:
    return (one + _TOUCHING) / (other + _TOUCHING)
