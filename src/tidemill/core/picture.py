"""Tables and pictures as data; only the report turns them into pixels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Literal


@dataclass(frozen=True, slots=True)
class Table:
    """A small table to show: column titles and rows of plain values (text, int, float, None)."""

    STATE: ClassVar = ("title", "columns", "rows")

    columns: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]
    title: str = ""


@dataclass(frozen=True, slots=True)
class Picture:
    """A plot to show, as data.

    Attributes:
        kind: "bars" (one group per x), "across" (horizontal bars, for long names), "ratios" (such
            bars from 1 on, on a scale that doubles), "lines", "points", "heat" (x names the
            columns; each series is one row of the matrix), or "intervals" (a point with its
            interval for each x beside a line at 0; three series: values, lower ends, upper ends;
            where there is a fourth, limits that should not be reached).
        title: One line; may be a sentence.
        x: Positions or names.
        series: (name, values) pairs; each as long as x.
        x_label, y_label: Axis titles, with units.
        start: Where bars begin: the value that says nothing, such as an AUC of 0.5.
        most: What the strongest colour of a matrix stands for; its largest entry by default.
    """

    kind: Literal["bars", "across", "ratios", "lines", "points", "heat", "intervals"]
    title: str
    x: tuple[Any, ...]
    series: tuple[tuple[str, tuple[float | None, ...]], ...]
    x_label: str = ""
    y_label: str = ""
    start: float = 0.0
    most: float | None = None


@dataclass(frozen=True, slots=True)
class Strip:
    """Images in one picture, with a label.

    Attributes:
        label: What they are; "" where nothing is to be said.
        png: The bytes of a PNG file in base64.
        width, height: In pixels; shown twice as large, or more where they are small.
    """

    label: str
    png: str
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Sheet:
    """Strips of images one under the other.

    Attributes:
        title: One line; may be a sentence.
        strips: From top to bottom.
    """

    title: str
    strips: tuple[Strip, ...]
