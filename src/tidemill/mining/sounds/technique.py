"""What sounds say: whether their label can be heard, groups of like sounds, odd ones, and labels
that are likely wrong."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from sklearn.decomposition import PCA
from sklearn.neighbors import NearestNeighbors

from tidemill.core.dataset import Dataset
from tidemill.core.finding import Finding
from tidemill.core.run import Run
from tidemill.imaging.pixels import image_name, label_column
from tidemill.mining.images.classes import recognised
from tidemill.mining.images.gallery import FEWEST_IMAGES, NEIGHBOURS, Gallery, looked_at
from tidemill.mining.images.groups import groups
from tidemill.mining.images.labels import doubtful_labels, same_under_two_labels
from tidemill.mining.images.outliers import odd_images
from tidemill.supervised.hearing import Hearing, pictured

AXES = 48
"""Main axes of the pictures, by which sounds are alike."""


def sounds(train: Dataset, holdout: Dataset, run: Run) -> Iterable[Finding]:
    """Look at pictures of what is heard when, as at images.

    Args:
        train: Sounds to learn from.
        holdout: Sounds that every figure is taken from.
        run: Seed, and cancelling.
    """
    if len(train) < FEWEST_IMAGES or len(holdout) < FEWEST_IMAGES // 3:
        return
    seen = _gallery(pictured(train), pictured(holdout), run)
    for look in (recognised, doubtful_labels, same_under_two_labels, groups, odd_images):
        run.check()
        yield from look(seen, run)


def _gallery(train: Dataset, holdout: Dataset, run: Run) -> Gallery:
    few, held, classes = looked_at(train, holdout, run)
    flat, held_flat = (part.pixels.reshape(len(part), -1) / 255 for part in (few, held))
    axes = min(AXES, *flat.shape)
    seed = run.seed_of("mining/sounds/space")
    space = PCA(axes, svd_solver="randomized", random_state=seed).fit(flat)
    seen, held_seen = space.transform(flat), space.transform(held_flat)
    run.check()
    distances, nearest = NearestNeighbors(n_neighbors=NEIGHBOURS).fit(seen).kneighbors(held_seen)
    label = label_column(train.schema)
    name, chances = "", np.zeros((len(held), 0))
    if label is not None and len(classes) > 1:
        name = label.name
        known = few.rows(few.known)
        chances = Hearing.learned(known.pixels, known.labels).chances(held.pixels)
    return Gallery(
        image_name(train.schema),
        name,
        few,
        held,
        classes if name else (),
        chances,
        seen,
        held_seen,
        nearest,
        distances,
        "what is heard when",
        "sound",
    )
