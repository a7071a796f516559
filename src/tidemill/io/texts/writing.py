"""A table whose rows were text files becomes a folder of such again."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path

import polars as pl

from tidemill.core.dataset import Dataset
from tidemill.core.errors import OutputError
from tidemill.core.outputs import refuse_existing
from tidemill.core.schema import Schema
from tidemill.io.texts.folder import FOLDER_COLUMN, NAME
from tidemill.io.texts.front_matter import parted, with_fields
from tidemill.io.whole_folder import whole_folder

_UNSAFE = re.compile(r"[^\w .+()-]")


def are_files(schema: Schema) -> bool:
    """Whether each row of a table was a text file."""
    return any(column.files for column in schema)


def refuse_texts(path: Path) -> None:
    """Refuse a folder that holds something: texts of ours cannot be told from those of the user.

    Raises:
        OutputError: It does, or cannot be written.
    """
    if not path.is_dir():
        refuse_existing(path, overwrite=False)
    elif any(path.iterdir()):
        raise OutputError(
            "there are files in this folder already",
            where=str(path),
            hint="give a new folder; one that holds something is never replaced by texts",
        )


def write_texts(parts: Iterable[tuple[Dataset, pl.DataFrame]], path: Path) -> None:
    """A file for each row that has a text, of its name and in its folder; what else there is
    stands before the text, and the file is Markdown then.

    The folder appears when its last text is written, and not at all if one fails.

    Args:
        parts: Rows of a table of :func:`are_files`, and the same as they are spelled.
        path: A folder that is not there, or empty.

    Raises:
        OutputError: There is something, or it cannot be written.
    """
    refuse_texts(path)
    with whole_folder(path) as whole:
        taken: set[str] = set()
        for data, frame in parts:
            text = next(column for column in data.schema if column.files)
            others = [n for n in frame.columns if n not in (NAME, FOLDER_COLUMN, text.name)]
            ending = "md" if others else text.files
            for row in frame.iter_rows(named=True):
                if row[text.name]:
                    place = whole / _place(row, ending, taken)
                    place.parent.mkdir(parents=True, exist_ok=True)
                    fields = {name: row[name] for name in others if row[name] is not None}
                    place.write_text(_content(row[text.name], fields, ending), encoding="utf-8")


def _content(text: str, fields: Mapping[str, str], ending: str) -> str:
    is_plain = ending != "md" or (not fields and parted(text) == ({}, text))
    return f"{text}\n" if is_plain else f"{with_fields(fields, text)}\n"


def _place(row: Mapping[str, str | None], ending: str, taken: set[str]) -> Path:
    """Where a text goes: a new place for each, also on disks that do not tell case."""
    folders = [_safe(part) for part in (row.get(FOLDER_COLUMN) or "").split("/") if part]
    stem = _safe((row.get(NAME) or "text").rpartition("/")[2])
    place, number = Path(*folders, f"{stem}.{ending}"), 1
    while str(place).casefold() in taken:
        number += 1
        place = Path(*folders, f"{stem} ({number}).{ending}")
    taken.add(str(place).casefold())
    return place


def _safe(name: str) -> str:
    return _UNSAFE.sub("_", name).strip(" .") or "_"
