"""A folder of text files, or a zip of them, as rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import polars as pl

from tidemill.core.errors import InputError
from tidemill.core.run import Run
from tidemill.core.schema import Role
from tidemill.core.words import count, percent, plural, shortlist
from tidemill.io.bounds import check_width
from tidemill.io.file import FILE, File
from tidemill.io.formats.encoding import utf8_of
from tidemill.io.names import named
from tidemill.io.source import KnownColumn, Raw
from tidemill.io.texts.documents import (
    TEXT_ENDINGS,
    Document,
    check_number,
    files_below,
    in_folder,
    in_zip,
    is_text_file,
)
from tidemill.io.texts.front_matter import parted
from tidemill.io.texts.passages import TEXT, cut, whole_text
from tidemill.levels.planes import are_planes

NAME, FOLDER_COLUMN = "name", "folder"
_ABOUT = ("readme", "license", "licence", "changelog")
"""Names of files that are about the others."""
_OFTEN = 0.1
"""What so many files say of themselves is a column."""


@dataclass(frozen=True)
class _Passage:
    """A text, or a part of it, with its file and what is said before it."""

    place: PurePosixPath
    text: str
    fields: dict[str, str]


def read(file: File, run: Run) -> Raw:
    """The texts in the order of their paths: the name of each, its sub-folder where there are any,
    what Markdown files say before their texts, and the text.

    ``?by=paragraph`` and ``?by=line`` give a row for each of these; the name tells whose it is.

    Raises:
        InputError: There is no text, one file is no text, or they are too many or too large.
    """
    by, where = file.by or FILE, str(file.path)
    passages = _passages(_documents(file, run), by, where, file.encoding, run)
    if not passages:
        raise InputError(
            "there are no texts in this folder, or only empty ones",
            where=where,
            hint=f"name a file, or a folder with {' or '.join(TEXT_ENDINGS)} files in it or in "
            "sub-folders",
        )
    names = _names([passage.place for passage in passages])
    columns = {NAME: names}
    known = {NAME: KnownColumn("id", _role(names, by), "the names of the files")}
    folders = ["/".join(passage.place.parent.parts) for passage in passages]
    if any(folders):
        columns[FOLDER_COLUMN] = folders
        is_level = 2 * len(set(folders)) <= len(folders)
        why = "the sub-folder that a text is in"
        known[FOLDER_COLUMN] = KnownColumn("category" if is_level else None, None, why)
    columns[TEXT] = [passage.text for passage in passages]
    endings = Counter(passage.place.suffix.lower().removeprefix(".") for passage in passages)
    ending = endings.most_common(1)[0][0] if by == FILE else ""
    known[TEXT] = _known_text(columns[TEXT], by, ending)
    fields = _fields(passages, where, run)
    order = [*columns, *fields]
    check_width(len(order), where)
    series = [pl.Series("", values, dtype=pl.String) for values in columns.values()]
    for field in fields:
        said = [passage.fields.get(field, "") for passage in passages]
        series.append(pl.Series("", said, dtype=pl.String))
    final = named(order, where, run)
    frame = pl.DataFrame([one.rename(name) for one, name in zip(series, final, strict=True)])
    return Raw(frame, is_text=True, known=known)


def _known_text(texts: list[str], by: str, ending: str) -> KnownColumn:
    """What is known of the texts: planes of tiles, if they all look like such."""
    if by == FILE and are_planes(pl.Series(texts)):
        return KnownColumn("tiles", None, "the files, a character a tile")
    return KnownColumn("text", None, f"the texts of the files, a row a {by}", None, ending)


def _documents(file: File, run: Run) -> Iterator[Document]:
    where, shown = str(file.path), f"reading the texts of {file.path}"
    if file.packed:
        yield from run.track(in_zip(file.path), "read", shown)
        return
    found: list[Path] = []
    others = 0
    for path in files_below(file.path):
        if is_text_file(path.name):
            found.append(path)
        else:
            others += 1
    check_number(len(found), where)
    if others:
        counted = plural(others, "file", "files")
        run.warn(f"{counted} of {where} left out: no {' or '.join(TEXT_ENDINGS)}.", "read")
    paths = sorted(found, key=lambda path: path.relative_to(file.path).as_posix())
    yield from in_folder(file.path, run.track(paths, "read", shown))


def _passages(
    documents: Iterable[Document], by: str, where: str, encoding: str | None, run: Run
) -> list[_Passage]:
    """The parts of all texts; of those without any it is told how many they were."""
    passages: list[_Passage] = []
    empty = 0
    guesses = Counter[str]()
    for document in documents:
        content, guessed = utf8_of(document.content, f"{where}/{document.place}", encoding)
        text = whole_text(content)
        fields: dict[str, str] = {}
        if document.place.suffix.lower() == ".md":
            fields, text = parted(text)
        parts = cut(text, by)
        empty += not parts
        guesses[guessed] += 1
        passages += [_Passage(document.place, part, fields) for part in parts]
    del guesses[""]
    if guesses:
        counted = [f"{count(files)} as {name}" for name, files in guesses.most_common()]
        run.warn(
            f"{plural(guesses.total(), 'text')} of {where} were not read as UTF-8, by the letters "
            f"in them ({', '.join(counted)}); if that is wrong, write ?encoding=NAME behind the "
            "folder's name.",
            "read",
        )
    if empty:
        run.warn(f"{plural(empty, 'empty text')} of {where} left out.", "read")
    return _without_about(passages, where, run)


def _without_about(passages: list[_Passage], where: str, run: Run) -> list[_Passage]:
    """The texts without those that are about the others, such as README.md."""
    about = {p.place for p in passages if p.place.stem.lower() in _ABOUT}
    if not about or len(about) == len({passage.place for passage in passages}):
        return passages
    names = shortlist(sorted({place.name for place in about}), 3)
    run.warn(f"{plural(len(about), 'text')} of {where} left out, being about it: {names}.", "read")
    return [passage for passage in passages if passage.place not in about]


def _names(places: Sequence[PurePosixPath]) -> list[str]:
    """The names of files without endings; with their folders or endings where they would not tell
    the files apart."""
    files = len(set(places))
    for name in (_stem, _path_without_ending):
        names = [name(place) for place in places]
        if len(set(names)) == files:
            return names
    return [str(place) for place in places]


def _stem(place: PurePosixPath) -> str:
    return place.stem


def _path_without_ending(place: PurePosixPath) -> str:
    return str(place.with_suffix(""))


def _role(names: Sequence[str], by: str) -> Role | None:
    if by != FILE:
        return "entity"
    return "key" if len(set(names)) == len(names) > 1 else None


def _fields(passages: Sequence[_Passage], where: str, run: Run) -> list[str]:
    """What enough texts say before themselves; the rest is told."""
    held = Counter(field for passage in passages for field in passage.fields)
    kept = [field for field, pieces_with in held.items() if pieces_with >= _OFTEN * len(passages)]
    gone = len(held) - len(kept)
    if gone:
        run.warn(
            f"{plural(gone, 'key')} before texts of {where} left out: fewer than "
            f"{percent(_OFTEN)} of the rows have them.",
            "read",
        )
    return kept
