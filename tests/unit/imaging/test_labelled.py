from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from tidemill.core.dataset import Dataset
from tidemill.core.schema import Column, Schema
from tidemill.imaging.labelled import LabelledImages
from tidemill.imaging.pixels import images


def pictures(labels: list[str | None] | None) -> Dataset:
    values = np.arange(3, dtype=np.uint8)[:, None, None].repeat(4, axis=1).repeat(4, axis=2)
    frame = pl.DataFrame({"image": images("image", values)})
    columns = [Column("image", "image")]
    if labels is not None:
        frame = frame.with_columns(what=pl.Series(labels))
        columns.append(Column("what", "category", "target"))
    return Dataset(frame, Schema(tuple(columns)))


def test_images_keep_their_labels() -> None:
    found = LabelledImages.of(pictures(["cat", None, "ant"]))
    assert found.classes == ("ant", "cat")
    assert found.known.tolist() == [0, 2]
    last = found.rows(slice(1, None))
    assert last.labels.tolist() == ["", "ant"]
    assert last.pixels[:, 0, 0, 0].tolist() == [1, 2]


@pytest.mark.parametrize("labels", [None, [None, None, None]])
def test_images_without_labels_have_no_classes(labels: list[str | None] | None) -> None:
    found = LabelledImages.of(pictures(labels))
    assert len(found) == 3
    assert found.classes == ()
    assert not len(found.known)
