"""Images that are much brighter, darker, flatter or otherwise unlike all others are reported."""

from __future__ import annotations

import numpy as np
from sklearn.decomposition import PCA

from tidemill.cleaning.base import Check, Diagnosis
from tidemill.cleaning.images.album import album, blank, shown
from tidemill.core.change import Issue
from tidemill.core.dataset import Dataset
from tidemill.core.run import Run
from tidemill.core.words import percent, plural
from tidemill.imaging.fingerprints import small
from tidemill.imaging.pixels import image_name
from tidemill.supervised.arrays import Floats

_FEWEST = 50
_SIDE = 16
_AXES = 32
_FAR_LIGHT = 7.0  # the boldest digit of 5,000 lies at 6
_FAR_SHAPE = 12.0  # distances have longer tails: the oddest of 5,000 X-rays lies just below
_FLAT = 1.0  # grey values; a measure that hardly varies says nothing


def diagnose(train: Dataset, run: Run) -> Diagnosis:
    """Find images that are far from all others in brightness, in contrast or in what they show."""
    seen, note = album(train, run, "odd_images")
    shows = np.flatnonzero(~blank(seen))  # another check shows blank images
    if len(shows) < _FEWEST:
        return Diagnosis()
    far_out = _far_out(small(seen.pixels[shows], _SIDE).reshape(len(shows), -1), run)
    groups = {label: shows[at].tolist() for label, at in far_out.items()}
    if not groups:
        return Diagnosis()
    odd = sum(len(at) for at in groups.values())
    said = (
        f"{plural(odd, 'image is', 'images are')} far from all others "
        f"({percent(odd, len(seen))}{note}): "
        f"{'; '.join(f'{len(at):,} {label}' for label, at in groups.items())}."
    )
    return Diagnosis(
        (
            Issue(
                "odd_images",
                said,
                (image_name(train.schema),),
                odd,
                action="kept; drop them if they are mistakes",
                picture=shown(seen, "Images far from all others", groups),
            ),
        )
    )


def _far_out(grey: Floats, run: Run) -> dict[str, list[int]]:
    """Positions of images (n, pixels) that are far out, the farthest first, each under the first
    thing that makes it so."""
    bright, contrast = far(grey.mean(axis=1)), far(grey.std(axis=1))
    shape = np.max([far(distance) for distance in _distances(grey, run)], axis=0)
    extremes = {
        "much brighter": bright / _FAR_LIGHT,
        "much darker": -bright / _FAR_LIGHT,
        "with much more contrast": contrast / _FAR_LIGHT,
        "with much less contrast": -contrast / _FAR_LIGHT,
        "unlike any other in what they show": shape / _FAR_SHAPE,
    }
    groups: dict[str, list[int]] = {}
    seen: set[int] = set()
    for label, score in extremes.items():
        farthest = np.argsort(-score, kind="stable")
        beyond = farthest[score[farthest] > 1].tolist()
        at = [position for position in beyond if position not in seen]
        if at:
            groups[label] = at
            seen.update(at)
    return groups


def _distances(grey: Floats, run: Run) -> tuple[Floats, Floats]:
    """How far each image is from the middle along the main axes, in standard deviations, and how
    far off these axes."""
    axes = min(_AXES, *grey.shape)
    space = PCA(
        axes, svd_solver="randomized", random_state=run.seed_of("cleaning", "odd_images")
    ).fit(grey)
    places = space.transform(grey)
    along = np.sqrt((places**2 / np.maximum(space.explained_variance_, 1e-9)).sum(axis=1))
    return along, np.sqrt(((grey - space.inverse_transform(places)) ** 2).sum(axis=1))


def far(values: Floats) -> Floats:
    """How far each value is from the median, in distances of the quartile on its side; 4 in 100,000
    normal values pass 6.

    Example:
        >>> far(np.array([0.0, 10, 20, 30, 100])).tolist()
        [-2.0, -1.0, 0.0, 1.0, 8.0]
    """
    low, middle, high = np.quantile(values, [0.25, 0.5, 0.75])
    side = np.where(values > middle, high - middle, middle - low)
    return np.asarray((values - middle) / np.maximum(side, _FLAT), dtype=np.float64)


CHECK = Check(diagnose)
