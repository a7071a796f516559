"""Images of the four sets, and what they are like from afar."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from tidemill.core.run import Run
from tidemill.core.score import Evidence
from tidemill.imaging.labelled import LabelledImages, shared_labels
from tidemill.imaging.transparency import premultiplied
from tidemill.supervised.points import Points

MOST_IMAGES = 20_000
"""Images of a set that are looked at."""
SIDE = 16
"""Images are averaged over squares of pixels until they are no larger, before they are compared by
pixels."""
_CHUNK = 2048


class ImageSets(NamedTuple):
    """The four sets."""

    train: LabelledImages
    holdout: LabelledImages
    synthetic: LabelledImages
    floor: LabelledImages


def albums(evidence: Evidence, run: Run) -> ImageSets:
    """At most MOST_IMAGES images of each set, in an order drawn by the run, with the labels that
    may be shown."""
    shared = shared_labels(evidence.train)
    return ImageSets(
        *(
            LabelledImages.of(
                data.rows(run.rng("metrics", "images", name).permutation(len(data))[:MOST_IMAGES])
            ).only(shared)
            for name, data in (
                ("train", evidence.train),
                ("holdout", evidence.holdout),
                ("synthetic", evidence.synthetic),
                ("floor", evidence.floor),
            )
        )
    )


def shrunk(pixels: np.ndarray) -> Points:
    """(n, height, width, channels) uint8 -> (n, axes) in [0, 1]: means over squares of pixels.

    So that a little noise, or a stroke that is moved by a pixel, makes little difference.

    Example:
        >>> shrunk(np.full((2, 28, 28, 1), 255, np.uint8)).shape
        (2, 196)
    """
    n, height, width, channels = pixels.shape
    side = -(-max(height, width) // SIDE)
    down, across = -(-height // side), -(-width // side)
    edges = ((0, 0), (0, down * side - height), (0, across * side - width), (0, 0))
    parts = [np.zeros((0, down * across * channels), np.float32)]
    for start in range(0, n, _CHUNK):
        whole = np.pad(premultiplied(pixels[start : start + _CHUNK]), edges, mode="edge")
        squares = whole.reshape(-1, down, side, across, side, channels)
        parts.append((squares.mean(axis=(2, 4), dtype=np.float32) / 255).reshape(len(whole), -1))
    return np.concatenate(parts)
