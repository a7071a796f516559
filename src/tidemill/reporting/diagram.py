"""Where boxes and arrows of a diagram lie: side by side on a wide page, one below the other on a
narrow one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from tidemill.core.words import shorten, width
from tidemill.reporting.blocks import Arrow, Box, Diagram

LETTER = 7
"""Pixels of a letter, about."""
MOST_LETTERS = 26
LEAST_WIDTH, PADDING = 110, 20
LINE, HEAD = 16, 28
GAP, ACROSS = 22, 74
"""Pixels between boxes, one below the other and side by side."""
LOOP = 26
NARROW, INDENT = 326, 16
TIP = 7
SWEEPS = 4


@dataclass(frozen=True, slots=True)
class DrawnDiagram:
    """A diagram in pixels.

    Attributes:
        width, height: Of the whole.
        boxes: (x, y, width, height, whether it is kept, name, lines).
        arrows: (how, path, path of the head, words).
    """

    width: int
    height: int
    boxes: tuple[tuple[int, int, int, int, bool, str, tuple[str, ...]], ...]
    arrows: tuple[tuple[str, str, str, str], ...]


@dataclass(slots=True)
class _Place:
    x: int
    y: int
    width: int
    height: int

    @property
    def right(self) -> int:
        return self.x + self.width

    @property
    def middle(self) -> int:
        return self.y + self.height // 2


def layered(diagram: Diagram) -> DrawnDiagram:
    """What is pointed to stands left of what points to it."""
    level = _levels(diagram)
    columns: list[list[str]] = [[] for _ in range(max(level.values(), default=0) + 1)]
    for box in diagram.boxes:
        columns[level[box.name]].append(box.name)
    columns = _ordered([column for column in columns if column], diagram)
    boxes = {box.name: box for box in diagram.boxes}
    places: dict[str, _Place] = {}
    tall = max((_tall([boxes[name] for name in column]) for column in columns), default=0)
    x = 1
    for column in columns:
        wide = max(_wide(boxes[name]) for name in column)
        y = 1 + (tall - _tall([boxes[name] for name in column])) // 2
        for name in column:
            places[name] = _Place(x, y, wide, _high(boxes[name]))
            y += places[name].height + GAP
        x += wide + ACROSS
    arrows = []
    for arrow in diagram.arrows:
        if arrow.child == arrow.parent:
            arrows.append(_loop(arrow, places[arrow.child]))
            continue
        arrows.append(_curve(arrow, places, diagram))
    return _drawn(diagram, places, x - ACROSS + LOOP, tall + 2, arrows)


def piled(diagram: Diagram) -> DrawnDiagram:
    """One below the other, each indented below the one that its rows are made for."""
    over = {one.child: one.parent for one in diagram.arrows if one.how == "made for"}
    places: dict[str, _Place] = {}
    y = 1
    for name, depth in _tree(diagram, over):
        box = next(one for one in diagram.boxes if one.name == name)
        x = 1 + depth * INDENT
        wide = min(max(_wide(box), LEAST_WIDTH), NARROW - 70 - x)
        places[name] = _Place(x, y, wide, _high(box))
        y += places[name].height + GAP // 2
    arrows = []
    side = max((place.right for place in places.values()), default=0)
    for arrow in diagram.arrows:
        child, parent = places[arrow.child], places[arrow.parent]
        if arrow.child == arrow.parent:
            arrows.append(_loop(arrow, child))
        elif over.get(arrow.child) == arrow.parent and arrow.how == "made for":
            at, low = parent.x + INDENT // 2, parent.y + parent.height
            path = f"M{child.x} {child.middle}H{at}V{low + TIP}"
            head = f"M{at} {low}l-4,{TIP}h8z"
            arrows.append((arrow.how, path, head, arrow.text))
        else:
            bulge = min(side + 14 + abs(child.middle - parent.middle) // 12, NARROW - 8)
            end = parent.middle + 8
            path = (
                f"M{child.right} {child.middle}C{bulge} {child.middle} {bulge} {end} "
                f"{parent.right + TIP} {end}"
            )
            arrows.append((arrow.how, path, _left(parent.right, end), arrow.text))
    return _drawn(diagram, places, NARROW, y, arrows)


def _drawn(
    diagram: Diagram,
    places: Mapping[str, _Place],
    wide: int,
    high: int,
    arrows: list[tuple[str, str, str, str]],
) -> DrawnDiagram:
    boxes = []
    for box in diagram.boxes:
        place = places[box.name]
        most = (place.width - PADDING) // LETTER + 1
        lines = tuple(shorten(line, most + 2) for line in box.lines)
        name = shorten(box.name, most - 1)
        boxes.append((place.x, place.y, place.width, place.height, box.kept, name, lines))
    return DrawnDiagram(wide, high, tuple(boxes), tuple(arrows))


def _wide(box: Box) -> int:
    letters = max(width(box.name) + 2, *(width(line) - 1 for line in box.lines), 0)
    return max(min(letters, MOST_LETTERS) * LETTER + PADDING, LEAST_WIDTH)


def _high(box: Box) -> int:
    return HEAD + LINE * len(box.lines)


def _tall(boxes: list[Box]) -> int:
    return sum(map(_high, boxes)) + GAP * (len(boxes) - 1)


def _levels(diagram: Diagram) -> dict[str, int]:
    """How far right each box stands: right of all that it points to, and as near as can be to what
    points to it; where links go round in a circle, one of them is not looked at."""
    above: dict[str, list[str]] = {box.name: [] for box in diagram.boxes}
    for arrow in diagram.arrows:
        if arrow.child != arrow.parent:
            above[arrow.child].append(arrow.parent)
    level: dict[str, int] = {}

    def of(name: str, below: tuple[str, ...] = ()) -> int:
        if name not in level:
            parents = [one for one in above[name] if one not in below and one != name]
            level[name] = max((of(one, (*below, name)) + 1 for one in parents), default=0)
        return level[name]

    for name in above:
        of(name)
    for name in above:
        children = [level[one] for one, parents in above.items() if name in parents]
        if not above[name] and children:
            level[name] = max(min(children) - 1, 0)
    return level


def _ordered(columns: list[list[str]], diagram: Diagram) -> list[list[str]]:
    """Boxes of each column near those that they are linked with."""
    linked: dict[str, set[str]] = {box.name: set() for box in diagram.boxes}
    for arrow in diagram.arrows:
        linked[arrow.child].add(arrow.parent)
        linked[arrow.parent].add(arrow.child)
    columns = [list(column) for column in columns]
    for sweep in range(SWEEPS):
        forward = sweep % 2 == 0
        order = range(1, len(columns)) if forward else range(len(columns) - 2, -1, -1)
        for at in order:
            others = columns[at - 1] if forward else columns[at + 1]
            place = {name: (number + 0.5) / len(others) for number, name in enumerate(others)}
            own = {
                name: (number + 0.5) / len(columns[at]) for number, name in enumerate(columns[at])
            }
            mean = {
                name: float(
                    np.mean([place[one] for one in linked[name] & place.keys()] or [own[name]])
                )
                for name in columns[at]
            }
            columns[at].sort(key=lambda name: mean[name])
    return columns


def _tree(diagram: Diagram, over: Mapping[str, str]) -> list[tuple[str, int]]:
    """(box, depth), each behind the one that its rows are made for."""
    found: list[tuple[str, int]] = []

    def add(name: str, depth: int) -> None:
        found.append((name, depth))
        for box in diagram.boxes:
            if over.get(box.name) == name:
                add(box.name, depth + 1)

    tops = [box.name for box in diagram.boxes if box.name not in over]
    for name in sorted(tops, key=lambda one: one not in over.values()):
        add(name, 0)
    return found


def _curve(
    arrow: Arrow, places: Mapping[str, _Place], diagram: Diagram
) -> tuple[str, str, str, str]:
    child, parent = places[arrow.child], places[arrow.parent]
    out = [one for one in diagram.arrows if one.child == arrow.child != one.parent]
    into = [one for one in diagram.arrows if one.parent == arrow.parent != one.child]
    out.sort(key=lambda one: places[one.parent].middle)
    into.sort(key=lambda one: places[one.child].middle)
    start = child.y + round((out.index(arrow) + 1) * child.height / (len(out) + 1))
    end = parent.y + round((into.index(arrow) + 1) * parent.height / (len(into) + 1))
    bend = max(abs(child.x - parent.right) // 2, 30)
    path = (
        f"M{child.x} {start}C{child.x - bend} {start} {parent.right + TIP + bend} {end} "
        f"{parent.right + TIP} {end}"
    )
    return arrow.how, path, _left(parent.right, end), arrow.text


def _loop(arrow: Arrow, place: _Place) -> tuple[str, str, str, str]:
    """An arrow from the right side of a box to the same side."""
    x, start, end = place.right, place.y + 10, place.y + min(30, place.height - 8)
    path = f"M{x} {start}C{x + LOOP} {start - 4} {x + LOOP} {end + 4} {x + TIP} {end}"
    return arrow.how, path, _left(x, end), arrow.text


def _left(x: int, y: int) -> str:
    """The head of an arrow that points left to here."""
    return f"M{x} {y}l{TIP},-4v8z"
