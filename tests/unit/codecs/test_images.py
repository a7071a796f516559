from __future__ import annotations

import json

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from tidemill.codecs.images import ImageCodec
from tidemill.core.condition import Condition, Test
from tidemill.core.dataset import Dataset
from tidemill.core.errors import ConditionError, DataError
from tidemill.core.run import Run
from tidemill.core.schema import Column, Schema
from tidemill.imaging.pixels import images, pixels


def pictures(shown: np.ndarray, labels: list[str | None] | None = None) -> Dataset:
    columns = [images("photo", shown)]
    kinds = [Column("photo", "image")]
    if labels is not None:
        columns.insert(0, pl.Series("label", labels, pl.String))
        kinds.insert(0, Column("label", "category", "target", nullable=None in labels, kept=True))
    return Dataset(pl.DataFrame(columns), Schema(tuple(kinds)))


SHAPES = st.tuples(st.integers(1, 6), st.integers(1, 9), st.integers(1, 9), st.sampled_from([1, 3]))


@settings(max_examples=30, deadline=None)
@given(shown=SHAPES.flatmap(lambda shape: arrays.arrays(np.uint8, shape)), data=st.data())
def test_what_goes_in_comes_out(shown: np.ndarray, data: st.DataObject) -> None:
    labels = data.draw(
        st.none()
        | st.lists(st.sampled_from(["cat", "dog", None]), min_size=len(shown), max_size=len(shown))
    )
    whole = pictures(shown, labels)
    codec = ImageCodec().fit(whole, Run())
    batch = codec.encode(whole)
    assert batch.tick.shape == shown.shape
    assert codec.decode(batch, np.random.default_rng(0)).frame.equals(whole.frame)
    again = ImageCodec.from_state(json.loads(json.dumps(codec.to_state())))
    assert again.spec == codec.spec
    assert again.decode(again.encode(whole), np.random.default_rng(0)).frame.equals(whole.frame)


def labelled() -> Dataset:
    rng = np.random.default_rng(0)
    return pictures(rng.integers(0, 256, (40, 5, 4, 1)).astype(np.uint8), ["cat", "dog"] * 20)


def test_a_condition_speaks_of_what_stands_beside_the_image() -> None:
    codec = ImageCodec().fit(labelled(), Run())
    known = codec.constraints(Condition((Test("label", "=", "dog"),)))
    assert [int(levels.sum()) for levels in known.code.values()] == [1]
    assert codec.levels("photo") == []
    assert set(codec.levels("label")) == {"cat", "dog"}
    with pytest.raises(ConditionError, match="nothing can be asked of an image's pixels"):
        codec.constraints(Condition((Test("photo", "=", "3"),)))


def test_other_sizes_and_second_images_are_refused() -> None:
    whole = labelled()
    codec = ImageCodec().fit(whole, Run())
    with pytest.raises(DataError, match="6 x 4 x 1 and not of 5 x 4 x 1"):
        codec.encode(pictures(np.zeros((3, 6, 4, 1), np.uint8), ["cat", "dog", "cat"]))
    twice = Dataset(
        whole.frame.with_columns(pl.col("photo").alias("other")),
        Schema((*whole.schema.columns, Column("other", "image"))),
    )
    with pytest.raises(DataError, match="2 columns of images"):
        ImageCodec().fit(twice, Run())
    ignored = Schema((*whole.schema.columns, Column("other", "image", role="ignore")))
    assert ImageCodec().fit(Dataset(twice.frame, ignored), Run()).schema.names == ("label", "photo")


def test_pixels_beyond_a_byte_are_cut_off() -> None:
    whole = labelled()
    codec = ImageCodec().fit(whole, Run())
    batch = codec.encode(whole)
    batch.tick[0] += 300
    made = codec.decode(batch, np.random.default_rng(0))
    assert (pixels(made["photo"])[0] == 255).all()
