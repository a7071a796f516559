"""Columns of a table that hold images: as paths, as bytes of PNG, JPEG or WebP files, or as arrays
of pixels."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import polars as pl

from tidemill.core.errors import InputError
from tidemill.core.run import Run
from tidemill.imaging.pixels import images, is_pixels
from tidemill.io.images.files import ENDINGS, MAGIC, Encoded, decoded
from tidemill.io.options import ColumnOverrides
from tidemill.io.source import Raw

PROBED = 20


def with_images(raw: Raw, wishes: ColumnOverrides, where: str, run: Run) -> Raw:
    """The columns with images in the place of their paths and bytes; rows whose image cannot be
    read are left out.

    Args:
        raw: The columns at the door.
        wishes: A column of kind "image" holds images, whatever its values look like.
        where: Where the table is, for messages.
        run: Takes the warnings.

    Raises:
        InputError: A column that shall hold images holds neither paths nor bytes nor pixels.
    """
    frame, folder = raw.frame, raw.folder
    for name in raw.frame.columns:
        values = frame[name]
        if wishes.roles.get(name) == "ignore" or is_pixels(values.dtype):
            continue
        wished = wishes.kinds.get(name) == "image"
        if not (wished or _is_encoded(values) or _is_paths(values, folder)):
            continue
        if values.dtype != pl.Binary and (values.dtype != pl.String or folder is None):
            raise InputError(
                f"the column '{name}' shall hold images, but it holds {values.dtype}",
                where=where,
                hint="give paths, bytes of image files, or arrays of pixels (uint8)",
            )
        sources: list[Encoded] = values.to_list()
        if values.dtype == pl.String and folder is not None:
            sources = [None if value is None else folder / value for value in values.to_list()]
        names = [f"row {k + 1}" for k in range(len(values))]
        found = decoded(sources, names, f"{where}, column '{name}'", run)
        frame = frame[found.kept].with_columns(images(name, found.pixels))
    return replace(raw, frame=frame)


def _is_encoded(values: pl.Series) -> bool:
    if values.dtype != pl.Binary:
        return False
    known = values.drop_nulls().head(PROBED).to_list()
    return bool(known) and all(MAGIC.match(value) for value in known)


def _is_paths(values: pl.Series, folder: Path | None) -> bool:
    if values.dtype != pl.String or folder is None:
        return False
    known = values.drop_nulls()
    first = [value for value in known.head(PROBED).to_list() if value]
    if not first:
        return False
    for value in first:
        if not value.lower().endswith(ENDINGS) or not (folder / value).is_file():
            return False
    return bool(known.str.to_lowercase().str.contains(r"\.(png|jpe?g|webp)$").all())
