"""A report as data: blocks that hold every figure of the page and know nothing of pixels."""

from __future__ import annotations

import base64
import struct
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, get_args

from tidemill.core.database_scores import LinkSort
from tidemill.core.picture import Picture, Sheet, Strip, Table
from tidemill.core.states import sort_of

Level = Literal["good", "note", "warning", "danger"]
Cell = str | int | float | bool | None
LEGIBLE = 64
"""Pixels of the page that a row of small images is high, where its width leaves room for it."""
ROOM = 960
"""Pixels of the page that a row of images is wide at most."""
_PNG_HEAD = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"


@dataclass(frozen=True, slots=True)
class Heading:
    """The head of a chapter (level 2, with an anchor) or of a part of one (level 3)."""

    text: str
    level: Literal[2, 3] = 3
    anchor: str = ""


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Plain text; a lead stands out, a small one steps back."""

    text: str
    style: Literal["plain", "lead", "small"] = "plain"


@dataclass(frozen=True, slots=True)
class Listing:
    """Sentences one under the other."""

    items: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Callout:
    """Something that must not be missed."""

    level: Level
    title: str
    text: str = ""
    items: tuple[str, ...] = ()
    note: str = ""


@dataclass(frozen=True, slots=True)
class Tile:
    """One key figure with what it counts."""

    value: str
    label: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Figures:
    """Key figures side by side."""

    tiles: tuple[Tile, ...]


@dataclass(frozen=True, slots=True)
class Pairs:
    """Names and what belongs to them, such as a package and its version."""

    items: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class CodeBlock:
    """A command or a call, to be copied."""

    SORT: ClassVar[str] = "Code"

    text: str


@dataclass(frozen=True, slots=True)
class TableBlock:
    """A table. With ``stacked``, a narrow page shows each row as a card of its own."""

    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    title: str = ""
    stacked: bool = False

    @staticmethod
    def of(table: Table) -> TableBlock:
        """The block that shows a finding's or a score's table."""
        rows = tuple(_cells(row) for row in table.rows)
        return TableBlock(table.columns, rows, table.title, stacked=len(table.columns) > 4)


@dataclass(frozen=True, slots=True)
class Series:
    """One named row of values of a picture."""

    name: str
    values: tuple[float | None, ...]


@dataclass(frozen=True, slots=True)
class PictureBlock:
    """A plot, as data; see :class:`tidemill.core.picture.Picture`.

    Attributes:
        ends: Of the y axis, where several pictures share it; what they show by default.
        band: Of lines, the lower and the upper end of the first one's intervals; () for none.
    """

    kind: Literal["bars", "across", "ratios", "lines", "points", "heat", "intervals"]
    title: str
    x: tuple[str | int | float | None, ...]
    series: tuple[Series, ...]
    x_label: str = ""
    y_label: str = ""
    start: float = 0.0
    most: float | None = None
    ends: tuple[float, float] | None = None
    band: tuple[Series, ...] = ()

    @staticmethod
    def of(picture: Picture) -> PictureBlock:
        """The block that shows a finding's or a score's picture."""
        series = []
        for name, values in picture.series:
            numbers = [None if value is None else float(value) for value in values]
            series.append(Series(str(name), tuple(numbers)))
        return PictureBlock(
            picture.kind,
            picture.title,
            _cells(picture.x),
            tuple(series),
            picture.x_label,
            picture.y_label,
            picture.start,
            picture.most,
        )


@dataclass(frozen=True, slots=True)
class SheetBlock:
    """Strips of images one under the other; see :class:`tidemill.core.picture.Sheet`.

    Raises:
        ValueError: A strip is no PNG file of the size that it states.
    """

    title: str
    strips: tuple[Strip, ...]

    def __post_init__(self) -> None:
        for strip in self.strips:
            if _png_size(strip.png) != (strip.width, strip.height):
                raise ValueError(
                    f"the strip '{strip.label}' is no PNG file of {strip.width} x {strip.height} "
                    "pixels"
                )

    @property
    def scale(self) -> int:
        """How many pixels of the page a pixel of an image is wide, where the page has room."""
        widest = max((strip.width for strip in self.strips), default=ROOM)
        lowest = min((strip.height for strip in self.strips), default=LEGIBLE)
        return max(min(LEGIBLE // lowest, ROOM // widest), 2)

    @staticmethod
    def of(sheet: Sheet) -> SheetBlock:
        """The block that shows a sheet."""
        return SheetBlock(sheet.title, sheet.strips)


@dataclass(frozen=True, slots=True)
class Player:
    """A sound that the page plays.

    Attributes:
        title: One line.
        wav: The bytes of a WAV file in base64.

    Raises:
        ValueError: The bytes are no WAV file.
    """

    title: str
    wav: str

    def __post_init__(self) -> None:
        if not _is_wav(self.wav):
            raise ValueError(f"what shall sound of '{self.title}' is no WAV file")


@dataclass(frozen=True, slots=True)
class Roll:
    """Notes as bars over time, the voices in colours of their own.

    Attributes:
        title: One line.
        notes: (voice, from 0; step at which it begins; steps that it lasts; pitch).
        steps: Of the whole.
        bar: Steps from one line to the next.
    """

    title: str
    notes: tuple[tuple[int, int, int, int], ...]
    steps: int
    bar: int = 16

    @property
    def low(self) -> int:
        """The lowest pitch."""
        return min((note[3] for note in self.notes), default=60)

    @property
    def high(self) -> int:
        """The highest pitch."""
        return max((note[3] for note in self.notes), default=60)


@dataclass(frozen=True, slots=True)
class Box:
    """A table in a diagram.

    Attributes:
        name: Its name.
        lines: What is said of it.
        kept: Whether it stays as it is.
    """

    name: str
    lines: tuple[str, ...]
    kept: bool = False


@dataclass(frozen=True, slots=True)
class Arrow:
    """A link in a diagram: from the table whose rows point to the one that they point to.

    Attributes:
        child, parent: The boxes.
        how: How the link comes about; see :class:`tidemill.core.database_scores.LinkScores`.
        text: The link in words.
    """

    child: str
    parent: str
    how: LinkSort
    text: str = ""


@dataclass(frozen=True, slots=True)
class Diagram:
    """Tables and how they are linked.

    Attributes:
        title: One line.
        boxes: The tables.
        arrows: The links.
    """

    title: str
    boxes: tuple[Box, ...]
    arrows: tuple[Arrow, ...]


def drawn(picture: Picture | Sheet) -> PictureBlock | SheetBlock:
    """The block that shows the picture of a finding, a score or an issue."""
    return SheetBlock.of(picture) if isinstance(picture, Sheet) else PictureBlock.of(picture)


@dataclass(frozen=True, slots=True)
class Key:
    """What the two colours of the comparisons below it stand for."""

    real: str
    synthetic: str


@dataclass(frozen=True, slots=True)
class Comparison:
    """One column, real against synthetic: bars per level, or a histogram where there are edges.

    Attributes:
        column: The column's name.
        labels: One per level; empty for a histogram.
        edges: Bin edges, one more than bins; seconds since 1970 where ``time``. Empty for levels.
        real, synthetic: Shares of all rows, one per level or bin.
        missing: Shares of missing values (real, synthetic).
        match: The share of rows that agree in the picture: 1 - total variation distance.
        score: The column's own score, where evaluation gave one.
        time: Whether the edges are instants.
        note: What the picture leaves out.
    """

    column: str
    labels: tuple[str, ...]
    edges: tuple[float, ...]
    real: tuple[float, ...]
    synthetic: tuple[float, ...]
    missing: tuple[float, float]
    match: float
    score: float | None = None
    time: bool = False
    note: str = ""


@dataclass(frozen=True, slots=True)
class Gauge:
    """A score between its floor and its ceiling."""

    name: str
    value: float | None
    floor: float | None
    ceiling: float | None
    better: Literal["high", "low", "ceiling"]
    sentence: str
    why: str = ""
    interval: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True)
class Gauges:
    """Scores one under the other, on bars whose better end is the right one."""

    items: tuple[Gauge, ...]


@dataclass(frozen=True, slots=True)
class Card:
    """Blocks that belong together, in a frame."""

    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class Grid:
    """Blocks side by side, as many as the width takes."""

    blocks: tuple[Block, ...]
    size: Literal["small", "medium", "large"] = "small"


@dataclass(frozen=True, slots=True)
class Details:
    """Blocks that are folded away until asked for."""

    summary: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class FileList:
    """Files beside the page, to which it links, and what they hold."""

    items: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class NextStep:
    """What a reader may do next: in words, and as a command to be copied."""

    text: str
    command: str


@dataclass(frozen=True, slots=True)
class Answer:
    """A question that a reader comes with, and its answer.

    Attributes:
        label: What it is about, in a word.
        question: In a few words.
        level: Whether the answer is good news.
        answer: One sentence.
        text: The figure behind it, and how sure it is.
        items: What else belongs to it.
        steps: What to do next.
    """

    label: str
    question: str
    level: Level
    answer: str
    text: str = ""
    items: tuple[str, ...] = ()
    steps: tuple[NextStep, ...] = ()


@dataclass(frozen=True, slots=True)
class Answers:
    """Answers one under the other, numbered."""

    items: tuple[Answer, ...]


Block = (
    Heading
    | Paragraph
    | Listing
    | Callout
    | Figures
    | Pairs
    | CodeBlock
    | TableBlock
    | PictureBlock
    | SheetBlock
    | Player
    | Roll
    | Diagram
    | Key
    | Comparison
    | Gauges
    | Card
    | Grid
    | Details
    | NextStep
    | Answers
    | FileList
)

_PARTS = (Tile, Series, Strip, Gauge, Answer, Box, Arrow)
"""What blocks hold that are no blocks themselves."""
SORTS: Mapping[str, type] = {sort_of(sort): sort for sort in (*get_args(Block), *_PARTS)}
"""What says its ``sort`` in the state of a report."""


def walk(blocks: Iterable[Block]) -> Iterator[Block]:
    """Every block, those inside others included, in the order of the page."""
    for block in blocks:
        yield block
        if isinstance(block, (Card, Grid, Details)):
            yield from walk(block.blocks)


def _png_size(text: str) -> tuple[int, int] | None:
    """(width, height) of a PNG file in base64; None where it is none."""
    try:
        head = base64.b64decode(text, validate=True)[:24]
    except ValueError:
        return None
    if len(head) < 24 or not head.startswith(_PNG_HEAD):
        return None
    width, height = struct.unpack(">II", head[16:])
    return width, height


def _is_wav(text: str) -> bool:
    """Whether a text is a WAV file in base64."""
    try:
        content = base64.b64decode(text, validate=True)
    except ValueError:
        return False
    return content[:4] == b"RIFF" and content[8:12] == b"WAVE"


def _cells(values: Iterable[Any]) -> tuple[Cell, ...]:
    return tuple(_cell(value) for value in values)


def _cell(value: Any) -> Cell:
    if value is None or isinstance(value, (str, int, float, bool)):
        return value
    return str(value)
