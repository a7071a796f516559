"""Checks of images report what is wrong, show it, and say nothing about clean images."""

from __future__ import annotations

import numpy as np
import polars as pl
from sklearn.datasets import load_digits

from tidemill.cleaning import plan
from tidemill.core.dataset import Dataset
from tidemill.core.run import Run
from tidemill.core.schema import Column, Schema
from tidemill.imaging.pixels import images

CHECKS = ("blank_images", "repeated_images", "image_labels", "odd_images")


def drawn(pixels: np.ndarray, labels: np.ndarray) -> Dataset:
    schema = Schema((Column("image", "image"), Column("label", "category", role="target")))
    return Dataset(
        pl.DataFrame([images("image", pixels), pl.Series("label", labels.astype(str))]), schema
    )


def digits() -> tuple[np.ndarray, np.ndarray]:
    found = load_digits()
    return (found.images * 15).astype(np.uint8), found.target.copy()


def test_clean_digits_give_no_alarm_and_keep_their_labels() -> None:
    data = drawn(*digits())
    cleaned = plan.clean(data, Run(threads=1))
    assert not cleaned.issues
    assert cleaned.data.frame.equals(data.frame)
    assert cleaned.data.schema["label"].kind == "category"


def test_what_is_wrong_is_reported_with_its_images() -> None:
    pixels, labels = digits()
    pixels[10] = 0
    pixels[100], labels[100] = pixels[200], labels[200]
    pixels[300], labels[300] = pixels[400], (labels[400] + 1) % 10
    pixels[500] = 255 - pixels[501]
    learned = plan.learn(drawn(pixels, labels), Run(threads=1))
    by_check = {issue.check: issue for issue in learned.issues}
    assert set(by_check) == set(CHECKS)
    assert {name: by_check[name].count for name in CHECKS} == {
        "blank_images": 1,
        "repeated_images": 2,
        "image_labels": 2,
        "odd_images": 1,
    }
    shown = by_check["image_labels"].picture
    assert shown is not None
    assert [strip.label for strip in shown.strips] == [f"'{labels[300]}' beside '{labels[400]}'"]
    assert all(issue.picture and issue.picture.strips for issue in learned.issues)
    assert plan.Plan.from_state(learned.to_state()) == learned


def test_a_label_of_one_image_is_not_named_beside_it() -> None:
    pixels, numbers = digits()
    labels = numbers.astype("<U20")
    pixels[300], labels[300] = pixels[400], "Xanthopolis"
    learned = plan.learn(drawn(pixels, labels), Run(threads=1), ("image_labels",))
    [issue] = learned.issues
    assert issue.picture is not None
    assert [strip.label for strip in issue.picture.strips] == [
        f"'Xxxxxxxxxxx' beside '{labels[400]}'"
    ]


def test_a_table_without_images_is_left_alone() -> None:
    table = Dataset(pl.DataFrame({"x": np.arange(80.0)}), Schema((Column("x", "number"),)))
    assert not plan.learn(table, Run(threads=1), CHECKS).issues
