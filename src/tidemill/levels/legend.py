"""What the tiles of a game mean, and how one moves in it: a small file in TOML."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any, Literal

import polars as pl

from tidemill.core.dataset import Dataset
from tidemill.core.errors import InputError

Goal = Literal["across", "collect"]
MOST_JUMP = 20
_KEYS = {
    "game": str,
    "goal": str,
    "solid": str,
    "climb": str,
    "hang": str,
    "hazard": str,
    "start": str,
    "collect": str,
    "dig": str,
    "jump": int,
    "empty": str,
    "colours": dict,
}
_LARGEST = 100_000


@dataclass(frozen=True)
class Legend:
    """The rules by which it is judged whether a level can be crossed.

    Attributes:
        game: As the column beside the levels calls it.
        goal: "across": from the left side to the right side; "collect": from the start to every
            tile that is to be collected.
        solid: Tiles that nobody enters, and on which one stands.
        climb: Tiles on which one moves up and down, and may stand.
        hang: Tiles on which one moves sidewards without falling.
        hazard: Tiles that nobody survives.
        start: The tile of the start; where there is none, every place to stand on the left side is.
        collect: Tiles that are to be reached.
        dig: Solid tiles that one may dig through from beside above.
        jump: How many tiles one jumps up; 0 for none.
        empty: What stands in the place of a tile that has to be one only.
        colours: Tile -> its colour in pictures, as "#rrggbb".
    """

    game: str
    goal: Goal
    solid: str
    climb: str = ""
    hang: str = ""
    hazard: str = ""
    start: str = ""
    collect: str = ""
    dig: str = ""
    jump: int = 0
    empty: str = ""
    colours: Mapping[str, str] | None = None


def read_legend(path: Path) -> Legend:
    """The legend of a file.

    Raises:
        InputError: It is none.
    """
    try:
        if path.stat().st_size > _LARGEST:
            raise InputError("the file is too large for a legend", where=str(path))
        return _legend(tomllib.loads(path.read_text(encoding="utf-8")), str(path))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise InputError(
            f"the legend cannot be read ({error})",
            where=str(path),
            hint='write TOML such as: game = "Mine", goal = "across", solid = "X#", jump = 4',
        ) from error


def _legend(said: Mapping[str, Any], where: str) -> Legend:
    hint = f"a legend has: {', '.join(_KEYS)}"
    for key, value in said.items():
        if key not in _KEYS or not isinstance(value, _KEYS[key]):
            raise InputError(f"a legend has no '{key}' such as {value!r}", where=where, hint=hint)
    missing = [key for key in ("game", "goal", "solid") if not said.get(key)]
    if missing:
        raise InputError(f"the legend has no '{missing[0]}'", where=where, hint=hint)
    if said["goal"] not in ("across", "collect"):
        raise InputError(
            f"'{said['goal']}' is no goal", where=where, hint="write across, or collect"
        )
    if said["goal"] == "collect" and not (said.get("collect") and said.get("start")):
        raise InputError(
            "it does not say where one starts, and what is collected",
            where=where,
            hint='write start = "M" and collect = "G"',
        )
    if not 0 <= said.get("jump", 0) <= MOST_JUMP:
        raise InputError(f"nobody jumps {said['jump']} tiles", where=where, hint="write jump = 4")
    return Legend(**said)


@cache
def ready_legends() -> Mapping[str, Legend]:
    """The legends that come with the package, by their games."""
    found = {}
    folder = resources.files("tidemill.levels") / "legends"
    for file in sorted(folder.iterdir(), key=lambda one: one.name):
        if file.name.endswith(".toml"):
            legend = _legend(tomllib.loads(file.read_text(encoding="utf-8")), file.name)
            found[legend.game] = legend
    return found


def games_of(data: Dataset) -> list[str | None]:
    """For each row of a dataset the game that it is of, by a column beside the levels that names
    one with a ready legend; None where nothing does."""
    known = ready_legends()
    for column in data.schema:
        values = data[column.name]
        if column.kind != "category" or column.role == "ignore":
            continue
        texts = values.cast(pl.String).to_list()
        if any(text in known for text in texts):
            return [text if text in known else None for text in texts]
    return [None] * len(data)
