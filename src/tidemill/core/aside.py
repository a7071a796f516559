"""What stands around a table in its file and is no row of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

AsideSort = Literal[
    "title",
    "comment",
    "group names",
    "units",
    "second names",
    "separator",
    "note",
    "total",
    "repeated header",
    "second table",
]


@dataclass(frozen=True)
class Aside:
    """A line around or within a table that was kept aside.

    Attributes:
        line: Of the file, or the row of the sheet, counted from 1.
        text: What it says.
        sort: What it was taken for.
    """

    line: int
    text: str
    sort: AsideSort
