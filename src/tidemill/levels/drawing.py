"""What levels look like: a square for each tile, and the way through."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from tidemill.levels.legend import Legend
from tidemill.levels.planes import lines, symbols_of

OTHERS = (
    "#2b2d36",
    "#7d8597",
    "#c8743a",
    "#3fae4c",
    "#f2c230",
    "#5fb2ff",
    "#d23b3b",
    "#9b6dd6",
    "#e8e6df",
    "#1f7a78",
    "#e78ac3",
    "#a6761d",
)
"""Of tiles without a colour of their own, in the order of their characters."""
WAY = (255, 255, 255)


def colours_of(planes: Iterable[str], legend: Legend | None) -> dict[str, tuple[int, int, int]]:
    """The colour of each tile of some planes.

    Example:
        >>> colours_of(["-#"], None)
        {'#': (43, 45, 54), '-': (125, 133, 151)}
    """
    own = {} if legend is None or legend.colours is None else legend.colours
    found, free = {}, 0
    for symbol in symbols_of(planes):
        text = own.get(symbol)
        if text is None:
            text = OTHERS[free % len(OTHERS)]
            free += 1
        found[symbol] = int(text[1:3], 16), int(text[3:5], 16), int(text[5:7], 16)
    return found


def drawn_level(
    plane: str,
    colours: dict[str, tuple[int, int, int]],
    side: int,
    way: Iterable[tuple[int, int]] = (),
) -> np.ndarray:
    """A plane -> (lines * side, columns * side, 3) uint8, with dots along the way.

    Args:
        plane: As text.
        colours: Of its tiles.
        side: Pixels of a tile's side.
        way: (line, column) of the places that one comes by.
    """
    tiles = np.array([[colours[tile] for tile in line] for line in lines(plane)], np.uint8)
    shown = tiles.repeat(side, 0).repeat(side, 1)
    low, high = side // 2 - max(side // 6, 1), side // 2 + max(side // 6, 1)
    for line, column in way:
        if line >= 0:
            top, left = line * side, column * side
            shown[top + low : top + high, left + low : left + high] = WAY
    return shown
