"""Images become a file of arrays, or a contact sheet."""

from __future__ import annotations

import io
import math
import zipfile
from collections.abc import Iterable
from typing import IO

import numpy as np
import polars as pl

from tidemill.core.artifact import TIMESTAMP
from tidemill.core.columns import by_name
from tidemill.core.errors import OutputError
from tidemill.imaging.pixels import is_pixels, pixels
from tidemill.imaging.sheet import contact_sheet, png

SHEET = 4096
"""Images on a contact sheet, at most."""
WIDE = 1000
"""Small images are enlarged up to four times, as long as their sheet stays within so many
pixels."""


def write_arrays(parts: Iterable[pl.DataFrame], file: IO[bytes], label: str | None = None) -> None:
    """An .npz of ``images`` uint8 (n, height, width[, 3 or 4]) and, where there are labels,
    ``labels`` (n,), and nothing else.

    Labels that are whole numbers are written as such. The same images give the same bytes.

    Args:
        parts: One below the other.
        file: An open file.
        label: The column of the labels.
    """
    frame = pl.concat(list(parts))
    arrays = {"images": _without_grey_axis(frame)}
    if label is not None:
        arrays["labels"] = _labels(frame[label])
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, array in arrays.items():
            stored = io.BytesIO()
            np.lib.format.write_array(stored, np.ascontiguousarray(array), allow_pickle=False)
            member = zipfile.ZipInfo(f"{name}.npy", TIMESTAMP)
            packed.writestr(member, stored.getvalue(), zipfile.ZIP_DEFLATED)


def _labels(values: pl.Series) -> np.ndarray:
    """Whole numbers where all labels are such, else texts."""
    texts = values.cast(pl.String).fill_null("")
    numbers = texts.cast(pl.Int64, strict=False)
    if not numbers.has_nulls() and (numbers.cast(pl.String) == texts).all():
        return numbers.to_numpy()
    return np.array(texts.to_list(), dtype=np.str_)


def write_sheet(parts: Iterable[pl.DataFrame], file: IO[bytes], label: str | None = None) -> None:
    """A PNG with all images, row by row; sorted by label, where there are labels.

    Raises:
        OutputError: There are more than SHEET images.
    """
    frame = pl.concat(list(parts))
    if len(frame) > SHEET:
        raise OutputError(
            f"{len(frame):,} images are too many for one sheet",
            hint=f"write at most {SHEET:,}, or a folder",
        )
    if label is not None:
        frame = frame.sort(by_name(label), maintain_order=True)
    shown = pixels(_column(frame))
    across = max(math.ceil(math.sqrt(len(shown))), 1)
    scale = int(np.clip(WIDE // (across * shown.shape[2]), 1, 4))
    file.write(png(contact_sheet(shown, across, scale=scale)))


def _column(frame: pl.DataFrame) -> pl.Series:
    return next(column for column in frame if is_pixels(column.dtype))


def _without_grey_axis(frame: pl.DataFrame) -> np.ndarray:
    """(n, height, width) of grey images, (n, height, width, 3 or 4) of others."""
    stored = pixels(_column(frame))
    return stored[..., 0] if stored.shape[-1] == 1 else stored
