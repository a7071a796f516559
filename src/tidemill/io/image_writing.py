"""Images become a file of arrays, a contact sheet, or a folder of PNG files."""

from __future__ import annotations

import io
import math
import re
import shutil
import tempfile
import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import IO

import numpy as np
import polars as pl

from tidemill.core.artifact import TIMESTAMP
from tidemill.core.errors import OutputError
from tidemill.imaging.pixels import is_pixels, pixels
from tidemill.imaging.sheet import contact_sheet, png

SHEET = 4096
"""Images on a contact sheet, at most."""
WIDE = 1000
"""Small images are enlarged up to four times, as long as their sheet stays within so many pixels."""


def write_arrays(parts: Iterable[pl.DataFrame], file: IO[bytes], label: str | None = None) -> None:
    """An .npz of ``images`` uint8 (n, height, width[, 3]) and, where there are labels, ``labels`` (n,), and nothing else.

    Labels that are whole numbers are written as such. The same images give the same bytes.

    Args:
        parts: One below the other.
        file: An open file.
        label: The column of the labels.
    """
    frame = pl.concat(list(parts))
    arrays = {"images": _shown(frame)}
    if label is not None:
        said = frame[label].cast(pl.String).fill_null("")
        numbers = said.cast(pl.Int64, strict=False)
        exact = (numbers.cast(pl.String) == said).all() if not numbers.has_nulls() else False
        arrays["labels"] = numbers.to_numpy() if exact else np.array(said.to_list(), dtype=np.str_)
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, array in arrays.items():
            stored = io.BytesIO()
            np.lib.format.write_array(stored, np.ascontiguousarray(array), allow_pickle=False)
            packed.writestr(zipfile.ZipInfo(f"{name}.npy", TIMESTAMP), stored.getvalue(), zipfile.ZIP_DEFLATED)


def write_sheet(parts: Iterable[pl.DataFrame], file: IO[bytes], label: str | None = None) -> None:
    """A PNG with all images, row by row; sorted by label, where there are labels.

    Raises:
        OutputError: There are more than SHEET images.
    """
    frame = pl.concat(list(parts))
    if len(frame) > SHEET:
        raise OutputError(f"{len(frame):,} images are too many for one sheet", hint=f"write at most {SHEET:,}, or a folder")
    found = pixels(_column(frame if label is None else frame.sort(label, maintain_order=True)))
    across = max(math.ceil(math.sqrt(len(found))), 1)
    scale = int(np.clip(WIDE // (across * found.shape[2]), 1, 4))
    file.write(png(contact_sheet(found, across, scale=scale)))


def write_folder(parts: Iterable[pl.DataFrame], path: Path, label: str | None = None, *, overwrite: bool = False) -> None:
    """A PNG for each image, numbered from 1, in sub-folders by label where there are labels.

    The folder appears when its last image is written, and not at all if one fails.

    Raises:
        OutputError: The folder holds something already, or cannot be written.
    """
    if path.exists() and (not path.is_dir() or any(path.iterdir())) and not overwrite:
        raise OutputError("the output exists already", where=str(path), hint="give another name, or add --overwrite")
    if path.is_dir() and any(not _is_ours(inside) for inside in path.rglob("*")):
        raise OutputError("the folder holds other files than images, which would be lost", where=str(path),
                          hint="give another folder")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=f".{path.name}-", dir=path.parent) as aside:
            whole = Path(aside) / "images"
            whole.mkdir()
            _put(parts, whole, label)
            if path.is_dir():
                shutil.rmtree(path)
            whole.rename(path)
    except OSError as error:
        raise OutputError(f"cannot write ({error.strerror or error})", where=str(path),
                          hint="check free space and permissions") from error


def _put(parts: Iterable[pl.DataFrame], folder: Path, label: str | None) -> None:
    number = 0
    for frame in parts:
        said = [None] * len(frame) if label is None else frame[label].cast(pl.String).to_list()
        for image, name in zip(pixels(_column(frame)), said, strict=True):
            number += 1
            place = folder if label is None else folder / _safe(name)
            place.mkdir(exist_ok=True)
            (place / f"{number:05d}.png").write_bytes(png(image))


def _safe(label: str | None) -> str:
    """A label as the name of a folder."""
    return re.sub(r"[^\w .+()-]", "_", label or "").strip(" .") or "_"


def _is_ours(path: Path) -> bool:
    return path.is_dir() or path.suffix == ".png"


def _column(frame: pl.DataFrame) -> pl.Series:
    return next(column for column in frame if is_pixels(column.dtype))


def _shown(frame: pl.DataFrame) -> np.ndarray:
    """(n, height, width) of grey images, (n, height, width, 3) of others."""
    found = pixels(_column(frame))
    return found[..., 0] if found.shape[-1] == 1 else found
