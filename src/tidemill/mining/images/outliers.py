"""Images that are unlike all training images."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from tidemill.core.finding import Finding
from tidemill.core.picture import Sheet
from tidemill.core.run import Run
from tidemill.core.words import number
from tidemill.imaging.sheet import strip
from tidemill.mining.images.gallery import Gallery

SHOWN = 16
NTH = 5
"""The distance to so manieth nearest training image counts, so that one copy does not make an odd
image usual."""
FAR = 1.75
"""How many median distances the oddest image must lie away for any to be told."""


def odd_images(seen: Gallery, run: Run) -> Iterator[Finding]:
    """The held-out images farthest from their NTH nearest training image, in a classifier's
    features (Sun et al. 2022)."""
    away = seen.distances[:, NTH - 1]
    middle = float(np.median(away))
    if middle <= 0 or away.max() < FAR * middle:
        return
    oddest = np.argsort(-away, kind="stable")[:SHOWN]
    first = float(away[oddest[0]]) / middle
    last = float(away[oddest[-1]]) / middle
    sentence = (
        f"The {len(oddest)} oddest of {len(seen.held):,} held-out {seen.unit}s are "
        f"{number(last, 2)} to {number(first, 2)} times as far from the training {seen.unit}s as "
        f"the median one. Odd {seen.unit}s may be rare, badly taken, or of something else."
    )
    yield Finding(
        technique=seen.technique,
        name=f"odd {seen.unit}s",
        sentence=sentence,
        strength=first,
        measure="distance / median distance",
        support=len(oddest),
        columns=(seen.column,),
        picture=Sheet(
            f"The oddest held-out {seen.unit}s, the farthest first",
            (strip("", seen.held.pixels[oddest]),),
        ),
    )
