"""The source "file": what a file holds by its ending, which part of it is meant, and its bytes
unpacked."""

from __future__ import annotations

import gzip
import re
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from pathlib import Path, PurePath
from urllib.parse import parse_qsl
from urllib.request import url2pathname

from tidemill.core.errors import InputError
from tidemill.core.run import Run
from tidemill.core.words import listing
from tidemill.io import READERS
from tidemill.io.bounds import DAMAGED, MAX_BYTES, unpacked
from tidemill.io.formulas import FORMULAS, NEUTRAL
from tidemill.io.sound.decoding import is_sound_file
from tidemill.io.source import Raw, Source
from tidemill.io.texts.documents import holds, is_text_file

PACKED = ("gz", "zip")
FOLDER = "folder"
FILE, PARAGRAPH, LINE = "file", "paragraph", "line"
"""What is a row of running text."""
DIALOGUE, TURN = "dialogue", "turn"
"""What is a row of dialogues."""
_JSON = ("json", "jsonl", "ndjson")
_LINES = ("header", "skip", "footer")
_PARTS = {
    **dict.fromkeys(("sqlite", "sqlite3", "db", "duckdb"), ("table", "with")),
    **dict.fromkeys(("xlsx", "xlsm", "xls", "ods"), ("sheet", "with", *_LINES)),
    **dict.fromkeys(("csv", "tsv", "tab"), (*_LINES, "decimal", "encoding", "formulas")),
    "txt": (*_LINES, "decimal", "encoding", "formulas", "by"),
    "md": ("encoding", "by"),
    **dict.fromkeys(_JSON, ("by",)),
    "npz": ("images", "labels", "columns", "part", "alpha"),
    "npy": ("alpha",),
    **dict.fromkeys(("mid", "midi"), ("voices",)),
    FOLDER: ("size", "alpha", "encoding", "by", "rate", "names", "voices", "table", "with"),
    **dict.fromkeys(("wav", "wave"), ("rate", "names")),
}


@dataclass(frozen=True)
class File:
    """A file that exists.

    Attributes:
        path: Where it is.
        ending: What it holds, by its name: "csv" for data.csv and data.csv.gz.
        packed: "gz", "zip" or "".
        part: What was asked for behind the "?": {"table": "Order Details"}.
    """

    path: Path
    ending: str
    packed: str = ""
    part: Mapping[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """What the data are called: the table or sheet asked for, else the file's name without
        endings."""
        is_images = self.ending in ("npz", FOLDER)
        for key in ("table", "sheet"):
            if key in self.part:
                return self.part[key]
        path = self.path.resolve() if is_images else self.path
        return path.name.partition(".")[0] or self.path.name

    def number(self, key: str) -> int | None:
        """The whole number that was asked for behind the "?"; None where none was.

        Raises:
            InputError: It is no whole number from 0 on.
        """
        text = self.part.get(key)
        if text is None:
            return None
        if not re.fullmatch(r"[0-9]{1,9}", text):
            raise InputError(
                f"'?{key}={text}' is no whole number from 0 on",
                where=str(self.path),
                hint=f"write ?{key}=2; ?header=N is the line of the names (0 for none), ?skip=N "
                "lines are left out at the beginning, ?footer=N at the end; & joins them",
            )
        return int(text)

    @property
    def is_of_several(self) -> bool:
        """Whether a table is asked for as one of several that are linked.

        Raises:
            InputError: What stands behind "?with=" makes no sense, or a folder's table is asked for
                alone.
        """
        said = self.part.get("with")
        if said not in (None, "links"):
            raise InputError(
                f"'?with={said}' makes no sense",
                where=str(self.path),
                hint="write ?table=NAME&with=links for a table with what its links tell",
            )
        return said is not None or (self.ending == FOLDER and "table" in self.part)

    @property
    def decimal(self) -> str | None:
        """The decimal mark that was said behind the "?"; None where none was.

        Raises:
            InputError: It is neither "," nor ".".
        """
        mark = self.part.get("decimal")
        if mark not in (None, ",", "."):
            raise InputError(
                f"'?decimal={mark}' is no decimal mark",
                where=str(self.path),
                hint="write ?decimal=, or ?decimal=.",
            )
        return mark

    @property
    def encoding(self) -> str | None:
        """The encoding that was said behind the "?"; None where none was.

        Raises:
            InputError: There is none of that name.
        """
        name = self.part.get("encoding")
        if name is None:
            return None
        try:
            "".encode(name)
        except (LookupError, ValueError) as error:
            raise InputError(
                f"'?encoding={name}' is no encoding of text",
                where=str(self.path),
                hint="write ?encoding=utf-8, ?encoding=cp1252, ?encoding=gb18030 or the like",
            ) from error
        return name

    @property
    def by(self) -> str:
        """What is to be a row of running text, or of dialogues, as was said behind the "?"; ""
        where it was not.

        Raises:
            InputError: It is none of "file", "paragraph" and "line"; of JSON neither "dialogue" nor
                "turn".
        """
        said = self.part.get("by", "")
        known = (DIALOGUE, TURN) if self.ending in _JSON else (PARAGRAPH, LINE, FILE)
        if said not in ("", *known):
            raise InputError(
                f"'?by={said}' makes no sense",
                where=str(self.path),
                hint=f"write {listing([f'?by={one}' for one in known], 'or')}",
            )
        return said

    @property
    def formulas(self) -> str:
        """Whether apostrophes before formulas are taken away, or kept, as was said behind the "?".

        Raises:
            InputError: It makes no sense.
        """
        said = self.part.get("formulas", NEUTRAL)
        if said not in FORMULAS:
            raise InputError(
                f"'?formulas={said}' makes no sense",
                where=str(self.path),
                hint="write ?formulas=keep, or leave it out",
            )
        return said

    def content(self) -> bytes:
        """The bytes of the file, unpacked.

        Raises:
            InputError: The file cannot be opened, is damaged, or is larger than a file may be.
        """
        try:
            if self.packed == "zip":
                return _unzipped(self.path)[1]
            if self.packed == "gz":
                with gzip.open(self.path) as stream:
                    return unpacked(stream, self.path.stat().st_size, str(self.path))
            return self.path.read_bytes()
        except DAMAGED as error:
            raise InputError(
                f"the file is damaged or not packed as its name says ({error})",
                where=str(self.path),
                hint="copy it again, or unpack it yourself",
            ) from error
        except OSError as error:
            raise InputError(
                f"cannot be opened ({error.strerror or error})",
                where=str(self.path),
                hint="check the permissions",
            ) from error


@dataclass(frozen=True, repr=False, eq=False)
class FileSource(Source):
    """A path, also as file:///path; behind "?" stands which part of the file is meant."""

    @property
    def path(self) -> Path:
        """The file or folder."""
        return _parsed(self.text)[0]

    @property
    def ending(self) -> str:
        """What the file holds, by its ending."""
        return located(*_parsed(self.text)).ending

    def open(self, run: Run) -> Raw:
        """The columns, by the reader of the file's ending."""
        with run.stage("read", f"reading {self.shown}"):
            file = located(*_parsed(self.text))
            raw = _read(file, run)
        return replace(raw, name=file.name, folder=file.path.parent)


def _read(file: File, run: Run) -> Raw:
    if file.is_of_several:
        from tidemill.io.databases.reading import read_linked  # which reads files

        return read_linked(file, run)
    raw: Raw = READERS.load(file.ending)(file, run)
    return raw


def _parsed(text: str) -> tuple[Path, Mapping[str, str]]:
    """A path, and what stands behind its "?", unless that belongs to the file's name."""
    path = path_of(text)
    if "?" not in str(path) or path.exists():
        return path, {}
    whole = str(path)
    at = whole.rindex("?")
    for mark in re.finditer(r"\?", whole):  # a table's name may hold one, too
        if Path(whole[: mark.start()]).is_file():
            at = mark.start()
            break
    return Path(whole[:at]), dict(parse_qsl(whole[at + 1 :], keep_blank_values=True))


def path_of(text: str) -> Path:
    """The path that a text is, also as file:///path.

    Example:
        >>> path_of("file:///data/my%20customers.csv").as_posix()
        '/data/my customers.csv'
    """
    if text.lower().startswith("file://"):
        return Path(url2pathname(text[len("file://") :]))
    return Path(text)


def located(path: Path, part: Mapping[str, str]) -> File:
    """The file of a path, and what it holds.

    Raises:
        InputError: There is no such file, it is empty, or no reader is known for it.

    Example:
        >>> located(Path("no-such-file.csv"), {})
        Traceback (most recent call last):
        tidemill.core.errors.InputError: no-such-file.csv: there is no such file
          Next: check the path; it is looked for in ...
    """
    _check(path)
    if path.is_dir():
        _check_part(path, part, FOLDER)
        return File(path, FOLDER, "", part)
    endings = [ending.lower() for ending in path.name.split(".")[1:]][-2:] or [""]
    packed = endings[-1] if endings[-1] in PACKED else ""
    ending = endings[0] if packed and len(endings) == 2 else endings[-1]
    if packed == "zip" and ending not in READERS:
        ending = _ending_inside(path)
    is_folder = ending == FOLDER and packed != "zip"
    if ending not in READERS or is_folder:
        what = "the file's name has no ending"
        if ending:
            what = f"no reader is known for the ending '.{ending}'"
        known = ", ".join("." + name for name in READERS if name != FOLDER)
        raise InputError(
            what,
            where=str(path),
            hint=f"known endings: {known}; also .gz and .zip of the text ones",
        )
    _check_part(path, part, ending)
    return File(path, ending, packed, part)


def content_of(path: Path) -> bytes:
    """The bytes of a file that is no table.

    Raises:
        InputError: There is none, it is empty or too large, or it cannot be opened.
    """
    _check(path)
    return File(path, "").content()


def _check_part(path: Path, part: Mapping[str, str], ending: str) -> None:
    for key in part:
        if key not in _PARTS.get(ending, ()):
            raise InputError(
                f"'?{key}=' means nothing for a file of this kind",
                where=str(path),
                hint="?table=NAME is for SQLite, DuckDB and folders of tables, "
                "?table=NAME&with=links for what its links tell, ?sheet=NAME for spreadsheets, "
                "?header=N, ?skip=N and ?footer=N for text and spreadsheets, ?decimal=, and "
                "?encoding=NAME for text, "
                "?images=NAME or ?part=NAME for arrays, ?voices=4 for MIDI files, ?size=32 for "
                "folders of images, ?alpha=white or ?alpha=keep for those with transparency, "
                "?rate=16000 and ?names={label}_{} for those of sounds, "
                "?by=paragraph for running text, ?by=turn for dialogues in JSON",
            )


def _check(path: Path) -> None:
    if path.is_dir():
        return
    if not path.exists():
        folder = path.parent
        names = [entry.name for entry in folder.iterdir()] if folder.is_dir() else []
        near = get_close_matches(path.name, names, n=3, cutoff=0.6)
        hint = f"check the path; it is looked for in {folder.resolve()}"
        if near:
            hint = f"did you mean {' or '.join(repr(str(folder / name)) for name in near)}?"
        raise InputError("there is no such file", where=str(path), hint=hint)
    if not path.is_file():
        raise InputError(
            "this is no file on a disk, but a device or a pipe",
            where=str(path),
            hint="write what comes from it to a file first",
        )
    size = path.stat().st_size
    if size == 0:
        raise InputError(
            "the file is empty", where=str(path), hint="give a file with a header line and rows"
        )
    if size > MAX_BYTES:
        raise InputError(
            f"the file is larger than {MAX_BYTES >> 30} GiB",
            where=str(path),
            hint="give fewer rows",
        )


def _ending_inside(path: Path) -> str:
    try:
        with zipfile.ZipFile(path) as archive:
            names = [info.filename for info in archive.infolist() if not info.is_dir()]
        if holds(names, is_text_file) or holds(names, is_sound_file):
            return FOLDER
        return PurePath(_unzipped(path, read=False)[0]).suffix.removeprefix(".").lower()
    except (*DAMAGED, OSError) as error:
        raise InputError(
            f"the zip file is damaged ({error})", where=str(path), hint="copy it again"
        ) from error


def _unzipped(path: Path, *, read: bool = True) -> tuple[str, bytes]:
    """The name and the bytes of the one file in a zip."""
    with zipfile.ZipFile(path) as archive:
        infos = []
        for info in archive.infolist():
            if not info.is_dir() and not info.filename.startswith("__MACOSX"):
                infos.append(info)
        if len(infos) != 1:
            what = f"the zip file holds {len(infos)} files"
            if infos:
                what += ": " + ", ".join(info.filename for info in infos[:8])
            raise InputError(
                what,
                where=str(path),
                hint="unpack it and name the one that you mean",
            )
        if not read:
            return infos[0].filename, b""
        with archive.open(infos[0]) as stream:
            content = unpacked(stream, infos[0].compress_size, str(path))
        return infos[0].filename, content
