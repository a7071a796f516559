"""Images that repeat another one, to the pixel or nearly so, are reported."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tidemill.cleaning.base import Check, Diagnosis
from tidemill.cleaning.images.album import album, shown
from tidemill.core.change import Issue
from tidemill.core.dataset import Dataset
from tidemill.core.run import Run
from tidemill.core.words import percent, plural
from tidemill.imaging.fingerprints import copies, repeats
from tidemill.imaging.labelled import LabelledImages
from tidemill.imaging.pixels import image_name

MOST_PAIRS = 100_000


def diagnose(train: Dataset, run: Run) -> Diagnosis:
    """Find images that are the same as an earlier one, and images that are like an earlier one."""
    seen, note = album(train, run, "repeated_images")
    first = repeats(seen.pixels)
    again = np.flatnonzero(first < np.arange(len(seen)))
    unlike = np.flatnonzero(first == np.arange(len(seen)))
    near = unlike[copies(seen.pixels[unlike], MOST_PAIRS)]
    groups = (
        (np.column_stack([first[again], again]), "repeats", "repeat", "an earlier one exactly"),
        (near, "is nearly the same as", "are nearly the same as", "an earlier one"),
    )
    issues = []
    for pairs, one, more, what in groups:
        if len(pairs):
            count = len(np.unique(pairs[:, 1]))
            who = plural(count, f"image {one}", f"images {more}")
            said = f"{who} {what} ({percent(count, len(seen))}{note})."
            issues.append(_issue(seen, image_name(train.schema), pairs, said))
    return Diagnosis(tuple(issues))


def _issue(seen: LabelledImages, column: str, pairs: np.ndarray, said: str) -> Issue:
    return Issue(
        "repeated_images",
        said,
        (column,),
        len(np.unique(pairs[:, 1])),
        action="kept; if they are mistakes, remove them: repeats make every score look better than "
        "it is",
        picture=shown(seen, "Images and their copies, side by side", side_by_side(pairs)),
    )


def side_by_side(pairs: np.ndarray) -> dict[str, Sequence[int]]:
    """The images of each pair, all in one strip."""
    return {"": pairs.reshape(-1).tolist()}


CHECK = Check(diagnose)
