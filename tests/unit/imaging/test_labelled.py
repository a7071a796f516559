from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from tidemill.core.dataset import Dataset
from tidemill.core.schema import Column, Schema
from tidemill.imaging.labelled import LabelledImages, shared_labels
from tidemill.imaging.pixels import images


def pictures(labels: list[str | None] | None) -> Dataset:
    count = 3 if labels is None else len(labels)
    values = np.arange(count, dtype=np.uint8)[:, None, None].repeat(4, axis=1).repeat(4, axis=2)
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


def test_labels_of_few_images_and_names_may_not_be_shown() -> None:
    data = pictures(["ant"] * 4 + ["cat"] * 5 + ["dog"] * 6 + [None] * 7)
    assert shared_labels(data) == ["dog", "cat"]
    assert set(LabelledImages.of(data).only(["cat"]).labels.tolist()) == {"", "cat"}
    names = Column("what", "category", "target", personal="names of people")
    assert shared_labels(replace(data, schema=Schema((data.schema["image"], names)))) == []
    assert shared_labels(pictures(None)) == []


def test_labels_of_one_person_may_not_be_shown_however_many_images_there_are() -> None:
    data = pictures(["ant"] * 8 + ["cat"] * 8)
    whose = pl.Series("whose", [1] * 8 + [1, 2, 3, 4, 5, 6, 7, 8])
    columns = (*data.schema, Column("whose", "id", "entity"))
    theirs = Dataset(data.frame.with_columns(whose), Schema(columns))
    assert shared_labels(theirs) == ["cat"]
