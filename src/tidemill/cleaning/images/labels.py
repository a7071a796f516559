"""Images that are the same, or nearly so, and have different labels are reported."""

from __future__ import annotations

import numpy as np

from tidemill.cleaning.base import Check, Diagnosis
from tidemill.cleaning.images.album import album, shown
from tidemill.cleaning.images.repeated import MOST_PAIRS
from tidemill.core.change import Issue
from tidemill.core.dataset import Dataset
from tidemill.core.run import Run
from tidemill.core.words import percent, plural
from tidemill.imaging.fingerprints import copies
from tidemill.imaging.pixels import label_column


def diagnose(train: Dataset, run: Run) -> Diagnosis:
    """Find pairs of images that show the same under two labels."""
    seen, note = album(train, run, "image_labels")
    known = seen.known
    pairs = []
    groups: dict[str, list[int]] = {}
    for one, other in known[copies(seen.pixels[known], MOST_PAIRS)].tolist():
        if seen.labels[one] != seen.labels[other]:
            pairs.append((one, other))
            title = f"'{seen.labels[one]}' beside '{seen.labels[other]}'"
            groups.setdefault(title, []).extend((one, other))
    if not pairs:
        return Diagnosis()
    label = label_column(train.schema)
    columns = tuple(column.name for column in (train.schema.image, label) if column)
    count = len(np.unique(pairs))
    show = "shows" if len(pairs) == 1 else "show"
    said = (
        f"{plural(len(pairs), 'pair')} of images {show} the same, or nearly so, under different "
        f"labels: {plural(count, 'image')} ({percent(count, len(seen))}{note})."
    )
    return Diagnosis(
        (
            Issue(
                "image_labels",
                said,
                columns,
                count,
                severity="warning",
                action="kept; find out which of the labels are right",
                picture=shown(seen, "The same under different labels", groups),
            ),
        )
    )


CHECK = Check(diagnose)
