"""Images become a file of arrays, a contact sheet, or a folder of PNG files."""

from __future__ import annotations

import io
import math
import re
import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import IO

import numpy as np
import polars as pl

from tidemill.core.artifact import TIMESTAMP
from tidemill.core.columns import by_name
from tidemill.core.errors import OutputError
from tidemill.core.outputs import refuse_existing, taken
from tidemill.imaging.pixels import is_pixels, pixels
from tidemill.imaging.sheet import contact_sheet, png
from tidemill.io.whole_folder import whole_folder

SHEET = 4096
"""Images on a contact sheet, at most."""
WIDE = 1000
"""Small images are enlarged up to four times, as long as their sheet stays within so many
pixels."""


def write_arrays(parts: Iterable[pl.DataFrame], file: IO[bytes], label: str | None = None) -> None:
    """An .npz of ``images`` uint8 (n, height, width[, 3]) and, where there are labels, ``labels``
    (n,), and nothing else.

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


def write_folder(
    parts: Iterable[pl.DataFrame], path: Path, label: str | None = None, *, overwrite: bool = False
) -> None:
    """A PNG for each image, numbered from 1, in sub-folders by label where there are labels.

    The folder appears when its last image is written, and not at all if one fails.

    Raises:
        OutputError: The folder holds something already, or cannot be written.
    """
    refuse_folder(path, overwrite)
    with whole_folder(path) as whole:
        _put(parts, whole, label)


def refuse_folder(path: Path, overwrite: bool) -> None:
    """Refuse to replace a folder that may not be replaced, or holds more than images of ours.

    Raises:
        OutputError: It holds something.
    """
    if not path.is_dir():
        refuse_existing(path, overwrite)
        return
    if any(path.iterdir()) and not overwrite:
        raise taken(path)
    if not _is_ours(path):
        raise OutputError(
            "the folder holds other files than such as are written here, which would be lost",
            where=str(path),
            hint="give another folder",
        )


def _put(parts: Iterable[pl.DataFrame], folder: Path, label: str | None) -> None:
    number = 0
    places: dict[str | None, Path] = {}
    for frame in parts:
        labels = [None] * len(frame)
        if label is not None:
            labels = frame[label].cast(pl.String).to_list()
        for image, name in zip(pixels(_column(frame)), labels, strict=True):
            number += 1
            if name not in places:
                places[name] = folder if label is None else _place(folder, name)
                places[name].mkdir(exist_ok=True)
            (places[name] / f"{number:05d}.png").write_bytes(png(image))


def _place(folder: Path, label: str | None) -> Path:
    """The folder of a label, a new one for each, also where names of folders do not tell labels
    apart."""
    safe = re.sub(r"[^\w .+()-]", "_", label or "").strip(" .") or "_"
    taken = {path.name.casefold() for path in folder.iterdir()}
    name, number = safe, 1
    while name.casefold() in taken:
        number += 1
        name = f"{safe} ({number})"
    return folder / name


def _is_ours(folder: Path) -> bool:
    """Whether all files are PNGs that are numbered from 1, as :func:`write_folder` numbers them."""
    names = sorted(path.name for path in folder.rglob("*") if not path.is_dir())
    return sorted(f"{number:05d}.png" for number in range(1, len(names) + 1)) == names


def _column(frame: pl.DataFrame) -> pl.Series:
    return next(column for column in frame if is_pixels(column.dtype))


def _without_grey_axis(frame: pl.DataFrame) -> np.ndarray:
    """(n, height, width) of grey images, (n, height, width, 3) of others."""
    stored = pixels(_column(frame))
    return stored[..., 0] if stored.shape[-1] == 1 else stored
