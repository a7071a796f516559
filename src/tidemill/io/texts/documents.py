"""The text files of a folder or a zip, one after the other, within bounds."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO

from tidemill.core.errors import InputError
from tidemill.io.bounds import DAMAGED, MAX_TEXT_BYTES, MAX_TEXTS, unpacked

TEXT_ENDINGS = (".txt", ".md")
"""In lower case."""


@dataclass(frozen=True)
class Document:
    """A text file.

    Attributes:
        place: Its path within the folder or zip.
        content: Its bytes.
    """

    place: PurePosixPath
    content: bytes


def is_text_file(name: str) -> bool:
    """Whether a name, or a path, is that of a text file that is not hidden.

    Example:
        >>> is_text_file("plays/Hamlet.TXT"), is_text_file(".notes.md"), is_text_file("a.csv")
        (True, False, False)
    """
    place = PurePosixPath(name)
    return place.suffix.lower() in TEXT_ENDINGS and not _is_hidden(place)


def files_below(folder: Path) -> Iterator[Path]:
    """The files of a folder and its sub-folders, none of them hidden; links to folders are not
    followed, for they may lead back."""
    for root, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        for name in names:
            path = Path(root) / name
            if not name.startswith(".") and path.is_file():
                yield path


def in_folder(folder: Path, paths: Iterable[Path]) -> Iterator[Document]:
    """Files of a folder, read in this order.

    Raises:
        InputError: One cannot be opened, or they are larger than texts may be.
    """
    left = MAX_TEXT_BYTES
    for path in paths:
        try:
            with path.open("rb") as stream:
                content = _bounded(stream, left, str(folder))
        except OSError as error:
            raise InputError(
                f"cannot be opened ({error.strerror or error})",
                where=str(path),
                hint="check the permissions",
            ) from error
        left -= len(content)
        inner = os.fsencode(path.relative_to(folder).as_posix()).decode("utf-8", "replace")
        yield Document(PurePosixPath(inner), content)


def in_zip(path: Path, is_wanted: Callable[[str], bool] = is_text_file) -> Iterator[Document]:
    """Files of a zip, in the order of their names, from the folder on that has them all.

    Args:
        path: The zip.
        is_wanted: Whether a file of this path is read; by default a text.

    Raises:
        InputError: It is damaged, or they are more or larger than texts may be.
    """
    left = MAX_TEXT_BYTES
    try:
        with zipfile.ZipFile(path) as archive:
            infos = [info for info in archive.infolist() if is_wanted(info.filename)]
            check_number(len(infos), str(path))
            above = len(_common([PurePosixPath(info.filename).parent for info in infos]).parts)
            for info in sorted(infos, key=lambda info: info.filename):
                with archive.open(info) as stream:
                    content = unpacked(stream, info.compress_size, str(path))
                left -= len(content)
                if left < 0:
                    raise _too_large(str(path))
                inner = PurePosixPath(info.filename).parts[above:]
                yield Document(PurePosixPath(*inner), content)
    except (*DAMAGED, OSError) as error:
        raise InputError(
            f"the zip file is damaged ({error})", where=str(path), hint="copy it again"
        ) from error


def holds(names: Iterable[str], is_wanted: Callable[[str], bool]) -> bool:
    """Whether a zip with these files is one of texts, or of what else is wanted: of two and more
    such files, and of hardly anything else."""
    files = [PurePosixPath(name) for name in names]
    shown = [str(place) for place in files if not _is_hidden(place)]
    files_wanted = sum(map(is_wanted, shown))
    return files_wanted > 1 and files_wanted >= 0.75 * len(shown)


def check_number(files: int, where: str) -> None:
    """Refuse more files than can be read.

    Raises:
        InputError: These are more.
    """
    if files > MAX_TEXTS:
        raise InputError(
            f"it holds {files:,} files; at most {MAX_TEXTS:,} can be read",
            where=where,
            hint="give a folder of fewer of them",
        )


def _bounded(stream: IO[bytes], most: int, where: str) -> bytes:
    content = stream.read(most + 1)
    if len(content) > most:
        raise _too_large(where)
    return content


def _common(folders: Sequence[PurePosixPath]) -> PurePosixPath:
    """The folder that all of these are or are in."""
    shared: list[str] = []
    for parts in zip(*(folder.parts for folder in folders), strict=False):
        if len(set(parts)) > 1:
            break
        shared.append(parts[0])
    return PurePosixPath(*shared)


def _too_large(where: str) -> InputError:
    return InputError(
        f"the files are larger than {MAX_TEXT_BYTES >> 20:,} MB together",
        where=where,
        hint="give a folder of fewer of them",
    )


def _is_hidden(place: PurePosixPath) -> bool:
    return any(part.startswith(".") and part != ".." for part in place.parts) or (
        place.parts[:1] == ("__MACOSX",)
    )
