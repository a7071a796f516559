"""A folder of sounds, a zip of them, or one file: sub-folders, a labels.csv or the names say what
each is."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

import polars as pl

from tidemill.acoustics.sounds import sounds
from tidemill.core.columns import by_name
from tidemill.core.errors import InputError
from tidemill.core.run import Run
from tidemill.core.words import plural
from tidemill.io.file import File
from tidemill.io.images.folder import LABEL, LABELS
from tidemill.io.names import named
from tidemill.io.sound.decoding import ENDINGS, decoded_sounds, is_sound_file
from tidemill.io.sound.names import NamePart, told_by_names
from tidemill.io.source import KnownColumn, Raw
from tidemill.io.texts.documents import Document, check_number, files_below, in_folder, in_zip

SOUND = "sound"
FOLDER_COLUMN = "folder"


@dataclass(frozen=True)
class _About:
    """What is known of the sounds beside themselves.

    Attributes:
        frame: A row a sound; None for nothing.
        label: The column that says what a sound is, and why; None where there is none.
        known: Why the others are columns.
        places: Of the sounds, in the order of the rows.
    """

    places: list[PurePosixPath]
    frame: pl.DataFrame | None = None
    label: tuple[str, str] | None = None
    known: dict[str, KnownColumn] | None = None


def read(file: File, run: Run) -> Raw:
    """The sounds in the order of their paths, and what is known of each: by a table labels.csv with
    a column of file names, else by the names where ``?names=`` says how, by the sub-folder that
    each is in, or by parts of the names that are found.

    Raises:
        InputError: There is no sound that can be read, or they are too many or too large.
    """
    where = str(file.path)
    documents = {document.place: document for document in _documents(file, run)}
    table = documents.pop(PurePosixPath(LABELS), None)
    places = list(documents)
    if table is not None:
        about = _by_table(table, places, f"{where}/{LABELS}", run)
    else:
        about = _by_places(places, file.part.get("names", ""), where)
    contents = [documents[place].content for place in about.places]
    names = [f"sound {k + 1} by name" for k in range(len(contents))]
    found = decoded_sounds(contents, names, where, run, file.number("rate"))
    columns = [sounds(SOUND, found.takes, found.rate)]
    if about.frame is not None:
        columns += about.frame[found.kept].get_columns()
    return Raw(pl.DataFrame(columns), label=about.label, known=about.known or {})


def _documents(file: File, run: Run) -> list[Document]:
    where = str(file.path)
    shown = f"opening the sounds of {where}"
    if file.path.is_file() and not file.packed:
        found = list(in_folder(file.path.parent, [file.path]))
    elif file.packed:
        found = list(run.track(in_zip(file.path, _is_wanted), "read", shown))
    else:
        paths = sorted(path for path in files_below(file.path) if _is_wanted(path.name))
        check_number(len(paths), where)
        found = list(in_folder(file.path, run.track(paths, "read", shown)))
    if not any(is_sound_file(document.place.name) for document in found):
        raise InputError(
            "there are no sounds in it",
            where=where,
            hint=f"name a folder or a zip with {' or '.join(ENDINGS)} files",
        )
    return [one for one in found if is_sound_file(one.place.name) or str(one.place) == LABELS]


def _is_wanted(name: str) -> bool:
    return is_sound_file(name) or PurePosixPath(name).name == LABELS


def _by_places(places: Sequence[PurePosixPath], pattern: str, where: str) -> _About:
    """By sub-folders or names."""
    parts = told_by_names([place.stem for place in places], pattern, LABEL, where)
    folders = [place.parent.parts for place in places]
    if not pattern and len(set(folders)) > 1:
        inner = tuple(parent[-1] if parent else "" for parent in folders)
        parts = [NamePart(LABEL, inner, "the folder that a sound is in")]
        outer = tuple("/".join(parent[:-1]) for parent in folders)
        if len(set(outer)) > 1:
            parts.append(NamePart(FOLDER_COLUMN, outer, "the folder of that folder"))
    if not parts:
        return _About(list(places))
    first, *others = parts
    known = {part.name: KnownColumn("category", None, part.reason) for part in others}
    frame = pl.DataFrame({part.name: part.values for part in parts})
    return _About(list(places), frame, (first.name, first.reason), known)


def _by_table(table: Document, places: Sequence[PurePosixPath], where: str, run: Run) -> _About:
    """By labels.csv.

    Raises:
        InputError: It cannot be read, or no column of it names the sounds.
    """
    try:
        frame = pl.read_csv(io.BytesIO(table.content), infer_schema=False)
    except pl.exceptions.PolarsError as error:
        raise InputError(
            f"this is no table of labels ({str(error).splitlines()[0]})",
            where=where,
            hint="give a column of file names and a column of labels",
        ) from error
    there = {str(place): place for place in places}
    fits = [int(column.is_in(list(there)).sum()) for column in frame]
    if frame.width < 2 or not max(fits):
        raise InputError(
            "no column names the sounds of this folder",
            where=where,
            hint="give a column of file names (take1.wav) and a column of labels",
        )
    column = frame.columns[fits.index(max(fits))]
    about = frame.filter(by_name(column).is_in(list(there))).unique(column, maintain_order=True)
    left = len(places) - len(about)
    if left:
        run.warn(f"{plural(left, 'sound')} do not stand in {LABELS}; they are left out.", "read")
    rest = about.drop(column)
    rest.columns = named(rest.columns, where, run)
    why = f"the labels of {LABELS}"
    label = (rest.columns[0], why) if rest.width == 1 else None
    if LABEL in rest.columns:
        label = (LABEL, why)
    return _About([there[name] for name in about[column]], rest, label)
