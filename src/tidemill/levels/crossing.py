"""Whether a level can be crossed: a search over the places where one may be, by a legend's
rules."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from tidemill.levels.legend import Legend
from tidemill.levels.planes import lines

if TYPE_CHECKING:
    from scipy.sparse import csr_array

Mask = NDArray[np.bool_]
SIDE = 3
"""Columns at a side that count as its end."""
_MOST_STARTS = 64


@dataclass(frozen=True)
class Crossing:
    """What a search found.

    Attributes:
        crossed: Whether the goal is reached.
        path: (line, column) on the way to the goal, or as far as it goes; empty where there is no
            start. Of a level that is to be crossed alone.
        stuck: (line, column) near what cannot be reached; None where all can be.
        starts: How many starts there are.
        reached: How far it goes, the higher the better: columns, or less than nothing by what is
            not reached.
        why: What is wrong, as a clause; "" where nothing is.
    """

    crossed: bool
    path: tuple[tuple[int, int], ...] = ()
    stuck: tuple[int, int] | None = None
    starts: int = 1
    reached: int = 0
    why: str = ""


def crossing(plane: str, legend: Legend) -> Crossing:
    """Search a way through a plane.

    Example:
        >>> legend = Legend("a game", "across", solid="#", jump=2)
        >>> crossing("----\\n----\\n##-#", legend).crossed
        True
        >>> crossing("---#--\\n---#--\\n---#--\\n######", legend).why
        'nothing behind column 3 is reached'
    """
    tiles = np.array([list(line) for line in lines(plane)])
    search = _across if legend.goal == "across" else _collected
    return search(tiles, legend)


def _are(tiles: np.ndarray, symbols: str) -> Mask:
    return np.isin(tiles, list(symbols))


class _Edges:
    """Moves between the states of a search.

    Args:
        shape: Of the states: the last two axes are lines and columns.
    """

    def __init__(self, shape: tuple[int, ...]) -> None:
        self.number = np.arange(int(np.prod(shape))).reshape(shape)
        self._from: list[NDArray[np.intp]] = []
        self._to: list[NDArray[np.intp]] = []

    def add(self, origin: NDArray[np.intp], target: NDArray[np.intp], may: Mask) -> None:
        """Moves from states to others, where they may be made."""
        self._from.append(origin[may])
        self._to.append(target[may])

    def graph(self) -> csr_array:
        """All moves, each of length one."""
        from scipy.sparse import csr_array

        origin, target = np.concatenate(self._from), np.concatenate(self._to)
        size = self.number.size
        return csr_array((np.ones(len(origin)), (origin, target)), shape=(size, size))


def _moved(array: np.ndarray, down: int, right: int, fill: bool | int) -> np.ndarray:
    """What stands so many lines below and columns to the right of each place."""
    found = np.full_like(array, fill)
    height, width = array.shape[-2:]
    here = slice(max(-down, 0), height - max(down, 0)), slice(max(-right, 0), width - max(right, 0))
    there = (
        slice(max(down, 0), height - max(-down, 0)),
        slice(max(right, 0), width - max(-right, 0)),
    )
    found[..., here[0], here[1]] = array[..., there[0], there[1]]
    return found


def _across(tiles: np.ndarray, legend: Legend) -> Crossing:
    """From the left side to the right one; above the highest line there is as much air as one
    jumps."""
    air = np.full((legend.jump + 1, tiles.shape[1]), "")
    tiles, above = np.concatenate([air, tiles]), len(air)
    solid, climb = _are(tiles, legend.solid), _are(tiles, legend.climb)
    free = ~solid & ~_are(tiles, legend.hazard)
    stands = free & (_moved(solid | climb, 1, 0, fill=False) | climb)
    edges = _Edges((legend.jump + 1, *tiles.shape))
    number = edges.number
    for right in (-1, 1):
        edges.add(number[0], _moved(number[0], 0, right, 0), stands & _moved(free, 0, right, False))
    for rest in range(legend.jump + 1):
        if rest:
            edges.add(number[0], number[rest], stands & (rest == legend.jump))
            edges.add(number[rest], number[0], free)
        down, then = (-1, max(rest - 1, 0)) if rest else (1, 0)
        may = free & _moved(free, down, 0, False) & (~stands if not rest else True)
        for right in (-1, 0, 1):
            there = may & _moved(free, down, right, False)
            edges.add(number[rest], _moved(number[then], down, right, 0), there)
    for down in (-1, 1):
        may = free & climb & _moved(free, down, 0, False)
        edges.add(number[0], _moved(number[0], down, 0, 0), may)
    begins = _begins(tiles, stands, legend)
    if not begins.any():
        place = len(tiles) - above - 1, 0
        return Crossing(False, (), place, 0, why="there is no place to start")
    from scipy.sparse.csgraph import dijkstra

    starts = number[0][begins][:_MOST_STARTS]
    length, before, _ = dijkstra(
        edges.graph(), indices=starts, unweighted=True, min_only=True, return_predecessors=True
    )
    reached = np.isfinite(length).reshape(number.shape)
    columns = np.flatnonzero(reached.any(axis=(0, 1)))
    last = int(columns.max())
    nearest = int(length.reshape(number.shape)[..., last].argmin())
    end = int(number[..., last].ravel()[nearest])
    path = [(line - above, column) for line, column in _way(end, before, tiles.shape)]
    if last >= tiles.shape[1] - 1:
        return Crossing(True, tuple(path), reached=last)
    line = min(max(path[-1][0], 0), len(tiles) - above - 1)
    why = f"nothing behind column {last + 1:,} is reached"
    return Crossing(False, tuple(path), (line, last), reached=last, why=why)


def _begins(tiles: np.ndarray, stands: Mask, legend: Legend) -> Mask:
    """Where one may start: at a tile of the start, or else at the left side."""
    begins = _are(tiles, legend.start)
    if legend.start and begins.any():
        return begins
    return stands & (np.arange(tiles.shape[1]) < SIDE)


def _way(end: int, before: np.ndarray, shape: tuple[int, ...]) -> list[tuple[int, int]]:
    """(line, column) of the states that lead to one."""
    found = []
    while end >= 0:
        _, line, column = np.unravel_index(end, (end // (shape[0] * shape[1]) + 1, *shape))
        found.append((int(line), int(column)))
        end = int(before[end])
    return found[::-1]


def _collected(tiles: np.ndarray, legend: Legend) -> Crossing:
    """From the start to everything that is to be collected, in some order."""
    starts = np.argwhere(_are(tiles, legend.start))
    asked = np.argwhere(_are(tiles, legend.collect))
    middle = len(tiles) // 2, tiles.shape[1] // 2
    if len(starts) != 1:
        why = "there is no start" if not len(starts) else f"there are {len(starts)} starts"
        return Crossing(False, (), middle, len(starts), -tiles.size, why)
    if not len(asked):
        return Crossing(False, (), middle, 1, -tiles.size, "there is nothing to collect")
    from scipy.sparse.csgraph import dijkstra

    edges = _Edges(tiles.shape)
    _add_moves(edges, tiles, legend)
    number = edges.number
    ends = np.concatenate([starts, asked])
    places = number[ends[:, 0], ends[:, 1]]
    paths = np.isfinite(dijkstra(edges.graph(), indices=places, unweighted=True)[:, places])
    missed = np.flatnonzero(~paths[0])
    apart = np.argwhere(~(paths | paths.T))
    reached = -len(missed) * len(asked) - len(apart)
    if len(missed):
        at = asked[missed[0] - 1]
        why = f"{len(missed)} of {len(asked)} to be collected are not reached"
        return Crossing(False, (), (int(at[0]), int(at[1])), 1, reached, why)
    if len(apart):
        at = ends[apart[0][1]]
        why = "two to be collected are reached, but neither after the other"
        return Crossing(False, (), (int(at[0]), int(at[1])), 1, reached, why)
    return Crossing(True)


def _add_moves(edges: _Edges, tiles: np.ndarray, legend: Legend) -> None:
    """One stands on what is solid, on a ladder or at the bottom, hangs at a rope, else falls; a
    brick is dug away beside and below, and left by falling or sidewards. Two bricks beside each
    other let one dig deeper."""
    solid, climb = _are(tiles, legend.solid), _are(tiles, legend.climb)
    hang, brick = _are(tiles, legend.hang), _are(tiles, legend.dig)
    free, number = ~solid, edges.number
    enters = free | brick
    floor = _moved(solid | climb, 1, 0, fill=True)
    held = (free & (floor | climb | hang)) | (brick & floor)
    for right in (-1, 1):
        edges.add(number, _moved(number, 0, right, 0), held & _moved(free, 0, right, False))
        digs = held & _moved(brick, 1, right, False) & _moved(enters, 0, right, False)
        edges.add(number, _moved(number, 1, right, 0), digs)
    edges.add(number, _moved(number, -1, 0, 0), climb & _moved(free, -1, 0, False))
    edges.add(number, _moved(number, 1, 0, 0), enters & _moved(free, 1, 0, False))
