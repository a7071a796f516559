"""A folder of images: sub-folders or a labels.csv say what each shows."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import polars as pl

from tidemill.core.columns import by_name
from tidemill.core.errors import InputError
from tidemill.core.run import Run
from tidemill.imaging.pixels import images
from tidemill.io.file import File
from tidemill.io.images.files import ENDINGS, decoded
from tidemill.io.source import Raw

IMAGE = "image"
LABEL = "label"
LABELS = "labels.csv"


def read(file: File, run: Run) -> Raw:
    """The images of a folder, in the order of their names, with their labels.

    Sub-folders are labels, where no image stands in the folder itself; else a file labels.csv with
    a column of file names may give the labels, and more that is known of each image.

    Raises:
        InputError: There is no image, or labels.csv does not fit to the images.
    """
    folder, where = file.path, str(file.path)
    flat = _images(folder)
    looks = _looks(file)
    if flat:
        return _flat(folder, flat, run, looks)
    paths: list[Path] = []
    labels: list[str] = []
    for sub in sorted(path for path in folder.iterdir() if path.is_dir()):
        own = sorted(path for path in sub.rglob("*") if _is_image(path))
        paths += own
        labels += [sub.name] * len(own)
    if not paths:
        raise InputError(
            "there are no images in this folder, and no texts",
            where=where,
            hint=f"name a file, or a folder with {', '.join(ENDINGS)}, .txt or .md files in it or "
            "in sub-folders; a table of a folder of tables is FOLDER?table=NAME",
        )
    found = decoded(paths, _numbered(len(paths)), where, run, **looks)
    frame = pl.DataFrame([images(IMAGE, found.pixels), pl.Series(LABEL, labels)[found.kept]])
    return Raw(frame, label=(LABEL, "the folder that an image is in"))


def read_one(file: File, run: Run) -> Raw:
    """A single image, such as one that others are to be like.

    Raises:
        InputError: It cannot be read.
    """
    found = decoded([file.path], [file.path.name], str(file.path), run, **_looks(file))
    return Raw(pl.DataFrame([images(IMAGE, found.pixels)]))


def _looks(file: File) -> dict[str, str]:
    """What was asked for behind the path: a size, and what becomes of transparency."""
    return {name: file.part.get(name, "") for name in ("size", "alpha")}


def _flat(folder: Path, paths: list[Path], run: Run, looks: Mapping[str, str]) -> Raw:
    table = _labels(folder)
    if table is None:
        found = decoded(paths, _numbered(len(paths)), str(folder), run, **looks)
        return Raw(pl.DataFrame([images(IMAGE, found.pixels)]))
    names = table[table.columns[0]].to_list()
    rows = [f"row {k + 1} of {LABELS}" for k in range(len(names))]
    found = decoded([folder / name for name in names], rows, str(folder), run, **looks)
    unnamed = len(set(paths) - {folder / name for name in names})
    if unnamed:
        run.warn(
            f"{unnamed:,} images of the folder do not stand in {LABELS}; they are left out.", "read"
        )
    about = table[:, 1:][found.kept]
    frame = pl.DataFrame([images(IMAGE, found.pixels), *about.get_columns()])
    why = f"the labels of {LABELS}"
    if LABEL in about.columns:
        return Raw(frame, label=(LABEL, why))
    if about.width == 1:
        return Raw(frame, label=(about.columns[0], why))
    return Raw(frame)


def _labels(folder: Path) -> pl.DataFrame | None:
    """labels.csv with the column of file names first; None where there is none.

    Raises:
        InputError: It cannot be read, or no column of it names images of the folder.
    """
    path = folder / LABELS
    if not path.exists():
        return None
    try:
        table = pl.read_csv(path, infer_schema=False)
    except (pl.exceptions.PolarsError, OSError) as error:
        raise InputError(
            f"this is no table of labels ({str(error).splitlines()[0]})",
            where=str(path),
            hint="give a column of file names and a column of labels",
        ) from error
    there = sorted(image.name for image in _images(folder))
    fits = [int(column.is_in(there).sum()) for column in table]
    if table.width < 2 or 2 * max(fits) < table.height:
        raise InputError(
            "no column names the images of this folder",
            where=str(path),
            hint="give a column of file names (photo1.png) and a column of labels",
        )
    names = table.columns[fits.index(max(fits))]
    return table.filter(by_name(names).is_in(there)).select(
        by_name(names), *(by_name(name) for name in table.columns if name != names)
    )


def _numbered(images: int) -> list[str]:
    """What images are called in messages, which go into reports: not by their names, which may be
    those of people."""
    return [f"image {k + 1} by name" for k in range(images)]


def _images(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if _is_image(path))


def _is_image(path: Path) -> bool:
    return path.suffix.lower() in ENDINGS and path.is_file() and not path.name.startswith(".")
