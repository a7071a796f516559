"""Where a table is read from: a file, a frame; of each scheme one class with one method."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl

from tidemill.core.aside import Aside
from tidemill.core.errors import InputError, TidemillError
from tidemill.core.frame_form import FrameForm
from tidemill.core.redaction import redacted
from tidemill.core.registry import Registry
from tidemill.core.run import Run
from tidemill.core.schema import Kind, Role, TurnKeys
from tidemill.io import SOURCES

FILE, FRAME = "file", "frame"
_SCHEME = re.compile(r"([a-z][a-z0-9+.-]+)://", re.IGNORECASE)
"""A scheme has two letters or more: C:\\data is a path."""


@dataclass(frozen=True)
class KnownColumn:
    """What a source knows of a column, where the user says nothing else.

    Attributes:
        kind, role: None for what is to be inferred.
        reason: Why, in words.
        turns: Of dialogues, how their turns are called in JSON.
        files: Of texts that are a file each, the ending of these.
    """

    kind: Kind | None
    role: Role | None
    reason: str
    turns: TurnKeys | None = None
    files: str = ""


@dataclass(frozen=True)
class Raw:
    """What a source gives: columns as they are at the door.

    Attributes:
        frame: The columns; of a text source all are String, and an empty field is the empty text.
        is_text: Whether the source is text, in which an empty field is a missing value.
        label: The column that says what an image shows, and why it is held to be that; None where
            there is none.
        name: What the data are called.
        frame_form: The form of the frame that the columns came from.
        folder: Where files that the columns name are looked for; None where nowhere.
        refused: Why columns cannot be used, and what to do, by their names.
        notes: What values stand for, by column, where that is not plain.
        aside: Lines of the file that were taken for no rows, in their order.
        decimal: The decimal mark of its numbers, where the user says it.
        delimiter: What parts the fields of a file of text.
        known: What the source knows of columns, by their names.
    """

    frame: pl.DataFrame
    is_text: bool = False
    label: tuple[str, str] | None = None
    name: str = "data"
    frame_form: FrameForm = field(default_factory=FrameForm)
    folder: Path | None = None
    refused: Mapping[str, str] = field(default_factory=dict)
    notes: Mapping[str, str] = field(default_factory=dict)
    aside: tuple[Aside, ...] = ()
    decimal: str | None = None
    delimiter: str = ""
    known: Mapping[str, KnownColumn] = field(default_factory=dict)


@dataclass(frozen=True, repr=False, eq=False)
class Source(ABC):
    """A table that can be read, and is not yet.

    A class is registered in ``SOURCES`` under its scheme, and made from the whole text that begins
    with it.

    Attributes:
        text: As the user wrote it. It may hold a password, so :attr:`shown` is what names and
            messages have.
    """

    text: str

    @abstractmethod
    def open(self, run: Run) -> Raw:
        """The columns, read now.

        Raises:
            InputError: They cannot be read.
        """

    @property
    def path(self) -> Path | None:
        """The file or folder that is read, whether it exists or not; None where it is none."""
        return None

    @property
    def ending(self) -> str:
        """What the file holds, by its ending without packing: "csv" for data.csv.gz; "" where it is
        no file.

        Raises:
            InputError: There is no such file, or none that can be read.
        """
        return ""

    @property
    def shown(self) -> str:
        """The text without what is secret in it."""
        return redacted(self.text)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.shown}>"

    @staticmethod
    def parse(text: str) -> Source:
        """The source that a text names: a path ("customers.csv", "shop.sqlite?table=Orders",
        "C:\\\\data.csv"), or what the scheme before "://" stands for.

        Raises:
            InputError: There is no such scheme.

        Example:
            >>> Source.parse("customers.csv")
            <FileSource customers.csv>
            >>> Source.parse("ftp://ann:s3cret@example.org/customers.csv")
            Traceback (most recent call last):
            tidemill.core.errors.InputError: ftp://***@example.org/customers.csv: there is no ...
              Next: known schemes: file://, ...; a text without a scheme is the path of a file
        """
        made: Source = of_scheme(text, SOURCES, InputError)
        return made


def files_of(inputs: Iterable[object]) -> list[Path]:
    """The files among what is read; a table in memory is none."""
    files = []
    for given in inputs:
        path = given.path if isinstance(given, Source) else None
        if path is not None:
            files.append(path)
    return files


def of_scheme(text: str, registry: Registry, error: type[TidemillError]) -> Any:
    """What is registered for the scheme of a text, made from it; a file where there is no scheme.

    Raises:
        TidemillError: The given one, as there is no such scheme.
    """
    found = _SCHEME.match(text)
    scheme = found[1].lower() if found else FILE
    known = [name for name in registry if name != FRAME]
    if scheme not in known:
        schemes = ", ".join(f"{name}://" for name in known)
        raise error(
            f"there is no {registry.sort.rstrip('s')} with the scheme '{scheme}'",
            where=redacted(text),
            hint=f"known schemes: {schemes}; a text without a scheme is the path of a file",
        )
    return registry.load(scheme)(text)
