"""Images, sounds, levels and pieces of music become a folder of files, numbered from 1."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import polars as pl

from tidemill.acoustics.sounds import is_sound, rate_of, samples
from tidemill.acoustics.wav import wav
from tidemill.core.errors import OutputError
from tidemill.core.outputs import refuse_existing, taken
from tidemill.imaging.pixels import is_pixels, pixels
from tidemill.imaging.sheet import png
from tidemill.io.music.midi import midi_files
from tidemill.io.whole_folder import whole_folder
from tidemill.levels.planes import are_planes
from tidemill.music.scores import is_scores

_TABLE = "labels.csv"
"""What is known of the files, beside them."""


def write_folder(
    parts: Iterable[pl.DataFrame], path: Path, label: str | None = None, *, overwrite: bool = False
) -> None:
    """A file for each image, sound, level or piece, numbered from 1. Where no more is known of them
    than a label, they stand in sub-folders by label; else a table labels.csv tells it.

    The folder appears when its last image is written, and not at all if one fails.

    Raises:
        OutputError: The folder holds something already, or cannot be written.
    """
    refuse_folder(path, overwrite)
    with whole_folder(path) as whole:
        _put(parts, whole, label)


def refuse_folder(path: Path, overwrite: bool) -> None:
    """Refuse to replace a folder that may not be replaced, or holds more than files of ours.

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
    tables = []
    for frame in parts:
        column = next(one for one in frame if _ending(one))
        about = frame.drop(column.name)
        in_folders = about.columns == [label] or is_pixels(column.dtype)
        labels: list[str | None] = [None] * len(frame)
        if label is not None and in_folders:
            labels = frame[label].cast(pl.String).to_list()
        names = []
        for content, name in zip(_encoded(column, about), labels, strict=True):
            number += 1
            if name not in places:
                places[name] = _place(folder, name) if in_folders and label else folder
                places[name].mkdir(exist_ok=True)
            names.append(f"{number:05d}{_ending(column)}")
            (places[name] / names[-1]).write_bytes(content)
        if about.width and not in_folders:
            tables.append(about.insert_column(0, pl.Series(_free("file", about.columns), names)))
    if tables:
        pl.concat(tables).write_csv(folder / _TABLE)


def _ending(column: pl.Series) -> str:
    """Of the files of a column; "" of one that becomes none."""
    for is_one, ending in ((is_sound, ".wav"), (is_pixels, ".png"), (is_scores, ".mid")):
        if is_one(column.dtype):
            return ending
    return ".txt" if are_planes(column) else ""


def _encoded(column: pl.Series, about: pl.DataFrame) -> Iterator[bytes]:
    """The bytes of each file, of which the other columns tell."""
    if is_scores(column.dtype):
        yield from midi_files(column, about)
        return
    if is_sound(column.dtype):
        for take in samples(column):
            yield wav(take, rate_of(column))
        return
    if column.dtype == pl.String:
        for plane in column.to_list():
            yield f"{plane}\n".encode()
        return
    for image in pixels(column):
        yield png(image)


def _free(name: str, taken: list[str]) -> str:
    while name in taken:
        name += "_"
    return name


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
    """Whether all files are of one sort of ours, and numbered from 1, as :func:`write_folder`
    numbers them."""
    names = sorted(path.name for path in folder.rglob("*") if not path.is_dir())
    numbered = [name for name in names if name != _TABLE]
    return any(
        sorted(f"{number:05d}{ending}" for number in range(1, len(numbered) + 1)) == numbered
        for ending in (".png", ".wav", ".txt", ".mid")
    )
