"""Images that show nothing are reported."""

from __future__ import annotations

import numpy as np

from tidemill.cleaning.base import Check, Diagnosis
from tidemill.cleaning.images.album import album, blank, shown
from tidemill.core.change import Issue
from tidemill.core.dataset import Dataset
from tidemill.core.run import Run
from tidemill.core.words import percent, plural
from tidemill.imaging.pixels import image_name


def diagnose(train: Dataset, run: Run) -> Diagnosis:
    """Find images in which all pixels are of nearly one colour."""
    seen, note = album(train, run, "blank_images")
    found = np.flatnonzero(blank(seen))
    if not len(found):
        return Diagnosis()
    said = (
        f"{plural(len(found), 'image is', 'images are')} blank, of nearly one colour "
        f"({percent(len(found), len(seen))}{note})."
    )
    return Diagnosis(
        (
            Issue(
                "blank_images",
                said,
                (image_name(train.schema),),
                len(found),
                action="kept; drop them if an empty image is not one of the things to be learned",
                picture=shown(seen, "Blank images", {"": found.tolist()}),
            ),
        )
    )


CHECK = Check(diagnose)
