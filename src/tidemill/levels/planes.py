"""Planes of tiles as text: a line of characters for each line of tiles."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import polars as pl

from tidemill.core.dataset import Dataset
from tidemill.core.errors import DataError, SchemaError
from tidemill.core.words import plural, quoted

MOST_SYMBOLS = 200
"""Different tiles of all planes together, at most."""
LEAST_LINES, LEAST_TILES = 2, 12
"""Of what is taken for a plane though nobody says that it is one: lines, and tiles."""
MOST_SIDE, MOST_TILES = 2048, 64_000_000
"""Lines or columns of a plane, and tiles of all planes on the grid that holds them, at most."""
OFTEN = 8
"""How often a tile occurs on average, at least, in what is taken for planes."""
PROBED = 200
"""Texts that are looked at to tell planes from other texts."""


def lines(plane: str) -> list[str]:
    """The lines of a plane, without an empty one at its end.

    Example:
        >>> lines("--#\\n###\\n")
        ['--#', '###']
    """
    return plane.replace("\r\n", "\n").rstrip("\n").split("\n")


def size(plane: str) -> tuple[int, int]:
    """How many lines and columns a plane has.

    Raises:
        DataError: Its lines differ in length, it is empty, or larger than any.
    """
    found = lines(plane)
    width = len(found[0])
    for number, line in enumerate(found[1:], 2):
        if len(line) != width:
            raise DataError(
                f"line {number} has {plural(len(line), 'tile')}, and the first one {width}",
                hint="give a plane lines of one length, a character a tile",
            )
    if not width:
        raise DataError("it has no tiles", hint="give a line of characters for each line of tiles")
    if max(len(found), width) > MOST_SIDE:
        raise DataError(
            f"{len(found):,} x {width:,} tiles are too many",
            hint=f"give planes of at most {MOST_SIDE:,} lines and columns",
        )
    return len(found), width


def are_planes(texts: pl.Series) -> bool:
    """Whether texts look like planes of tiles: nearly all have several lines of one length, of few
    different characters.

    Example:
        >>> are_planes(pl.Series(["----\\n-##-\\n####", "----\\n####\\n----"]))
        True
        >>> are_planes(pl.Series(["Dear all,\\nthank you", "a"]))
        False
    """
    if texts.dtype != pl.String:
        return False
    found = [text for text in texts.drop_nulls().head(PROBED).to_list() if text]
    well = [text for text in found if _is_plane(text)]
    if not well or len(well) < 0.9 * len(found):
        return False
    tiles = sum(len(text) for text in well)
    return len(symbols_of(well)) <= min(MOST_SYMBOLS, tiles / OFTEN)


def _is_plane(text: str) -> bool:
    found = lines(text)
    same = len({len(line) for line in found}) == 1
    return same and len(found) >= LEAST_LINES and len(found) * len(found[0]) >= LEAST_TILES


def symbols_of(planes: Iterable[str]) -> list[str]:
    """The different tiles of some planes, in order."""
    found: set[str] = set()
    for plane in planes:
        found.update(plane)
    return sorted(found - {"\n", "\r"})


def sizes(data: Dataset) -> np.ndarray:
    """(n, 2) lines and columns of each plane of a dataset.

    Raises:
        DataError: One is no plane, or missing.
    """
    name = tiles_name(data)
    found = np.zeros((len(data), 2), np.int64)
    for row, plane in enumerate(data[name].to_list()):
        where = f"{data.name}, column '{name}', row {row + 1}"
        if plane is None:
            raise DataError("there is no plane", where=where, hint="leave such rows out")
        try:
            found[row] = size(plane)
        except DataError as error:
            raise DataError(error.what, where=where, hint=error.hint) from None
    return found


def encoded(planes: Sequence[str], symbols: Sequence[str]) -> list[np.ndarray]:
    """Each plane as (H, W) int32 places of its tiles among the symbols.

    Raises:
        DataError: One has a tile that is no symbol.
    """
    place = {symbol: k for k, symbol in enumerate(symbols)}
    found = []
    for row, plane in enumerate(planes):
        other = set(plane) - {"\n", "\r"} - set(symbols)
        if other:
            raise DataError(
                f"the tiles {quoted(sorted(other)[:5])} are not among those that were learned "
                f"({''.join(symbols)})",
                where=f"plane {row + 1}",
                hint="use those, or fit anew",
            )
        found.append(np.array([[place[tile] for tile in line] for line in lines(plane)], np.int32))
    return found


def decoded(code: np.ndarray, symbols: Sequence[str]) -> str:
    """(H, W) places among the symbols -> a plane.

    Example:
        >>> decoded(np.array([[0, 0], [1, 1]]), "-#")
        '--\\n##'
    """
    return "\n".join("".join(symbols[k] for k in line) for line in code.tolist())


def tiles_name(data: Dataset) -> str:
    """The name of the column of planes.

    Raises:
        SchemaError: There is none.
    """
    column = data.schema.tiles
    if column is None:
        raise SchemaError("there is no column of tiles", hint="give data with levels")
    return column.name
