"""Images that show nothing are reported."""

from __future__ import annotations

import numpy as np

from tidemill.cleaning.base import Check, Diagnosis
from tidemill.cleaning.images.album import album
from tidemill.core.change import Issue
from tidemill.core.dataset import Dataset
from tidemill.core.run import Run
from tidemill.core.words import percent, plural


def diagnose(train: Dataset, run: Run) -> Diagnosis:
    """Find images in which all pixels are of nearly one colour."""
    seen = album(train, run, "blank_images")
    if seen is None:
        return Diagnosis()
    blank = np.flatnonzero(seen.blank)
    if not len(blank):
        return Diagnosis()
    said = (
        f"{plural(len(blank), 'image is', 'images are')} blank, of nearly one colour "
        f"({percent(len(blank), len(seen))}{seen.note})."
    )
    return Diagnosis(
        (
            Issue(
                "blank_images",
                said,
                (seen.column,),
                len(blank),
                action="kept; drop them if an empty image is not one of the things to be learned",
                picture=seen.shown("Blank images", {"": blank.tolist()}),
            ),
        )
    )


CHECK = Check(diagnose)
