"""A column of images: each value an array of (height, width) grey, (height, width, 3) red, green
and blue, or (height, width, 4) with alpha as well."""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tidemill.core.dataset import Dataset
from tidemill.core.errors import SchemaError
from tidemill.core.schema import Column, Schema
from tidemill.imaging.transparency import on_ground, without_hidden

GREY = (0.299, 0.587, 0.114)
"""How bright the eye sees red, green and blue (ITU-R BT.601)."""


def image_column(schema: Schema) -> Column | None:
    """The column of images that is not ignored; None where there is none."""
    return schema.image


def image_name(schema: Schema) -> str:
    """The name of the column of images.

    Raises:
        SchemaError: There is none.
    """
    if schema.image is None:
        raise SchemaError("there is no column of images", hint="give data with images")
    return schema.image.name


def image_pixels(data: Dataset) -> np.ndarray:
    """The images of n rows -> (n, height, width, channels) uint8.

    Raises:
        SchemaError: There is no column of images.
    """
    return pixels(data[image_name(data.schema)])


def label_column(schema: Schema) -> Column | None:
    """The column that says what is to be seen or heard: the target, where it has levels."""
    target = schema.target
    if schema.medium is None or target is None:
        return None
    return target if target.kind in ("category", "boolean") else None


def pixels(values: pl.Series) -> np.ndarray:
    """A column of n images -> (n, height, width, channels) uint8; one channel where they are grey,
    four where they are transparent in part.

    Example:
        >>> pixels(images("image", np.zeros((2, 4, 4), np.uint8))).shape
        (2, 4, 4, 1)
    """
    array = np.asarray(values.to_numpy(), dtype=np.uint8).reshape(len(values), *size(values))
    return without_hidden(array) if array.ndim == 4 else array[..., None]


def brightness(pixels: np.ndarray) -> NDArray[np.float32]:
    """(n, height, width, channels) -> (n, height, width), as bright as the eye sees them, in
    front of grey where they are clear."""
    if pixels.shape[-1] == 1:
        return np.asarray(pixels[..., 0], dtype=np.float32)
    return np.asarray(on_ground(pixels) @ np.array(GREY, np.float32), dtype=np.float32)


def images(name: str, array: np.ndarray) -> pl.Series:
    """(n, height, width) or (n, height, width, 1, 3 or 4) uint8 -> a column of images."""
    flat = array[..., 0] if array.ndim == 4 and array.shape[-1] == 1 else array
    flat = without_hidden(np.ascontiguousarray(flat, dtype=np.uint8))
    return pl.Series(name, flat, dtype=pl.Array(pl.UInt8, flat.shape[1:]))


def is_pixels(dtype: pl.DataType) -> bool:
    """Whether a column of this dtype holds images as arrays of uint8."""
    if not isinstance(dtype, pl.Array) or _inner(dtype) != pl.UInt8:
        return False
    return len(dtype.shape) == 2 or (len(dtype.shape) == 3 and dtype.shape[2] in (3, 4))


def _inner(dtype: pl.Array) -> pl.DataType:
    inner = dtype.inner
    return _inner(inner) if isinstance(inner, pl.Array) else inner  # type: ignore[return-value]


def size(values: pl.Series) -> tuple[int, ...]:
    """(height, width) or (height, width, 3 or 4) of every image of a column."""
    assert isinstance(values.dtype, pl.Array)
    return values.dtype.shape


def labels(data: Dataset) -> list[str] | None:
    """What each image shows, as text ("" where it is not known); None without a label."""
    column = label_column(data.schema)
    if column is None:
        return None
    return data[column.name].cast(pl.String).fill_null("").to_list()
