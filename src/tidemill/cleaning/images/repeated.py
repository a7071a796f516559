"""Images that repeat another one, to the pixel or nearly so, are reported."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tidemill.cleaning.base import Check, Diagnosis
from tidemill.cleaning.images.album import TrainingImages, album
from tidemill.core.change import Issue
from tidemill.core.dataset import Dataset
from tidemill.core.run import Run
from tidemill.core.words import percent, plural
from tidemill.imaging.fingerprints import copies, repeats

MOST_PAIRS = 100_000


def diagnose(train: Dataset, run: Run) -> Diagnosis:
    """Find images that are the same as an earlier one, and images that are like an earlier one."""
    seen = album(train, run, "repeated_images")
    if seen is None:
        return Diagnosis()
    first = repeats(seen.pixels)
    again = np.flatnonzero(first < np.arange(len(seen)))
    unlike = np.flatnonzero(first == np.arange(len(seen)))
    near = unlike[copies(seen.pixels[unlike], MOST_PAIRS)]
    issues = []
    if len(again):
        issues.append(
            _issue(
                seen,
                np.column_stack([first[again], again]),
                "repeats",
                "repeat",
                "an earlier one exactly",
            )
        )
    if len(near):
        issues.append(
            _issue(seen, near, "is nearly the same as", "are nearly the same as", "an earlier one")
        )
    return Diagnosis(tuple(issues))


def _issue(seen: TrainingImages, pairs: np.ndarray, one: str, more: str, what: str) -> Issue:
    count = len(np.unique(pairs[:, 1]))
    said = (
        f"{plural(count, f'image {one}', f'images {more}')} {what} "
        f"({percent(count, len(seen))}{seen.note})."
    )
    return Issue(
        "repeated_images",
        said,
        (seen.column,),
        count,
        action="kept; drop them if no two images should be alike, since copies flatter every score",
        picture=seen.shown("Images and their copies, side by side", side_by_side(pairs)),
    )


def side_by_side(pairs: np.ndarray) -> dict[str, Sequence[int]]:
    """The images of each pair, all in one strip."""
    return {"": pairs.reshape(-1).tolist()}


CHECK = Check(diagnose)
