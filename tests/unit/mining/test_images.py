"""Mining of images: planted wrong labels and odd images are found in handwritten digits."""

from __future__ import annotations

import json

import numpy as np
import polars as pl
import pytest
from sklearn.datasets import load_digits

from tidemill.core.dataset import Dataset
from tidemill.core.finding import Findings
from tidemill.core.picture import Picture, Sheet
from tidemill.core.run import Run
from tidemill.core.schema import Column, Schema
from tidemill.imaging.pixels import images
from tidemill.mining.mine import mine

pytest.importorskip("torch")

WRONG = range(1200, 1210)


def drawn(pixels: np.ndarray, labels: np.ndarray) -> Dataset:
    schema = Schema((Column("image", "image"), Column("label", "category", role="target")))
    return Dataset(
        pl.DataFrame([images("image", pixels), pl.Series("label", labels.astype(str))]), schema
    )


@pytest.fixture(scope="module")
def found() -> Findings:
    """Of 1,200 training and 597 held-out digits, of which ten have a wrong label and one is turned
    to its negative."""
    digits = load_digits()
    pixels, labels = (digits.images * 15).astype(np.uint8), digits.target.copy()
    for at in WRONG:
        labels[at] = (labels[at] + 1) % 10
    pixels[1300] = 255 - pixels[1300]
    data = drawn(pixels, labels)
    return mine(data.rows(np.arange(1200)), data.rows(np.arange(1200, len(data))), Run(threads=1))


def test_the_label_is_recognised(found: Findings) -> None:
    (model,) = found.of("images", "classifier")
    assert model.strength > 0.85
    assert model.support == 597
    assert model.interval
    assert model.interval[0] < model.strength < model.interval[1]
    assert isinstance(model.picture, Picture)
    assert len(model.picture.series) == 10
    json.dumps(model.to_state())


def test_wrong_labels_are_found(found: Findings) -> None:
    (doubted,) = found.of("images", "doubtful labels")
    assert 5 <= doubted.support <= 16
    assert isinstance(doubted.picture, Sheet)
    assert "doubtful" in doubted.sentence


def test_groups_and_odd_images_are_shown(found: Findings) -> None:
    (groups,) = found.of("images", "groups")
    assert groups.strength > 0.2
    assert isinstance(groups.picture, Sheet)
    assert len(groups.picture.strips) == groups.figures["groups"]
    (odd,) = found.of("images", "odd images")
    assert odd.support == 16
    assert odd.strength > 1.75


def test_other_techniques_are_silent_about_images(found: Findings) -> None:
    assert {finding.technique for finding in found} == {"images"}


def test_too_few_images_give_nothing() -> None:
    few = drawn(np.zeros((9, 8, 8), np.uint8), np.arange(9))
    assert not mine(few, few, Run(threads=1), ["images"])
