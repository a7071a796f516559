"""What looking at images costs."""

from __future__ import annotations

from tidemill.core.cost import Cost
from tidemill.core.dataset import Dataset
from tidemill.imaging.pixels import image_name, label_column, size

_STEP = 4e-5
"""Seconds for each pixel of an image, of one step of a small classifier on a batch of grey or
coloured ones."""
_STEPS = 900
_LABELLED = 4500
"""Steps in one run, for mining and metrics: of classifiers of digits, and of the label where there
is one."""


def cost(train: Dataset) -> Cost:
    """Training the classifiers that mining and metrics look through.

    Args:
        train: The training images.
    """
    height, width, *_ = size(train[image_name(train.schema)])
    steps = _STEPS if label_column(train.schema) is None else _LABELLED
    return Cost(_STEP * height * width * steps, 0.7 * 2**30)
