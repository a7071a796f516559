"""Levels that can be crossed: what cannot is drawn anew where it is stuck, until it can."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from tidemill.core.dataset import Dataset
from tidemill.core.run import Run
from tidemill.levels.crossing import Crossing, crossing
from tidemill.levels.legend import Legend
from tidemill.levels.planes import lines, tiles_name
from tidemill.synthesis.synthesizer import Synthesizer

ROUNDS = 150
"""How often a level is drawn anew in part, at most."""
REACH, WIDER = 3, 5
"""Lines and columns around the place where a level is stuck that are drawn anew: the fewest, and
how many more there are in some rounds."""
AHEAD = 2
"""Columns by which that place lies ahead of the last one that is reached."""


@dataclass(frozen=True)
class PlayableLevels:
    """Levels, and what a search found of each.

    Attributes:
        data: The levels.
        crossings: Of each.
        rounds: (n,) how often each was drawn anew in part.
    """

    data: Dataset
    crossings: tuple[Crossing, ...]
    rounds: np.ndarray

    @property
    def crossed(self) -> np.ndarray:
        """(n,) whether each can be crossed."""
        return np.array([one.crossed for one in self.crossings], bool)


def playable(
    model: Synthesizer,
    data: Dataset,
    legend: Legend,
    run: Run,
    given: Sequence[np.ndarray] | None = None,
) -> PlayableLevels:
    """The levels of one game, drawn anew by the model where they cannot be crossed.

    A redrawn part is kept where one then gets as far as before, or farther. Of several starts one
    is left; where there is none, it is put on a random place to stand. What is not crossed after
    ROUNDS rounds stays as it is.

    Args:
        model: Which made them.
        data: The levels.
        legend: The rules of their game.
        run: Seed, progress and cancelling.
        given: (lines, columns) bool of each level, the tiles that must stay; None for none.

    Raises:
        OptionError: The model cannot draw some tiles given others.
    """
    name, rng = tiles_name(data), run.rng("playable")
    planes = data[name].to_list()
    if given is None:
        given = [np.zeros(_tiles(plane).shape, bool) for plane in planes]
    planes = [_with_start(*one, legend, rng) for one in zip(planes, given, strict=True)]
    found = [crossing(plane, legend) for plane in planes]
    rounds = np.zeros(len(planes), np.int64)
    with run.stage("generate", "drawing anew what cannot be crossed", total=ROUNDS) as stage:
        for number in range(ROUNDS):
            run.check()
            stage.advance()
            left = [k for k, one in enumerate(found) if not one.crossed]
            if not left:
                break
            places = [_around(found[k], planes[k], legend, given[k], rng) for k in left]
            asked = data.with_frame(data.frame.with_columns(pl.Series(name, planes)))
            again = model.redraw(asked.rows(np.array(left)), places, run.child("playable", number))
            for k, plane in zip(left, again[name].to_list(), strict=True):
                tried = _with_start(plane, given[k], legend, rng)
                result = crossing(tried, legend)
                rounds[k] += 1
                if result.crossed or result.reached >= found[k].reached:
                    planes[k], found[k] = tried, result
    whole = data.with_frame(data.frame.with_columns(pl.Series(name, planes)))
    return PlayableLevels(whole, tuple(found), rounds)


def _tiles(plane: str) -> np.ndarray:
    return np.array([list(line) for line in lines(plane)])


def _around(
    found: Crossing, plane: str, legend: Legend, given: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """The places of a level that are drawn anew: a rectangle around the one where it is stuck."""
    place = np.zeros(given.shape, bool)
    line, column = found.stuck or (0, 0)
    if legend.goal == "across":
        column += AHEAD
    if legend.goal == "collect" and found.reached == -place.size:
        line, column = rng.integers(place.shape).tolist()
    up, down, left, right = REACH + rng.integers(0, WIDER + 1, 4)
    place[max(line - up, 0) : line + down + 1, max(column - left, 0) : column + right + 1] = True
    keeps = np.isin(_tiles(plane), list(legend.start)) if legend.start else given
    return place & ~given & ~keeps


def _with_start(plane: str, given: np.ndarray, legend: Legend, rng: np.random.Generator) -> str:
    """The plane with one start, where its game asks for one."""
    if legend.goal != "collect":
        return plane
    tiles = _tiles(plane)
    starts = np.argwhere(np.isin(tiles, list(legend.start)))
    if len(starts) > 1:
        kept = next((k for k, (line, column) in enumerate(starts) if given[line, column]), None)
        kept = int(rng.integers(len(starts))) if kept is None else kept
        for k, (line, column) in enumerate(starts):
            if k != kept and not given[line, column]:
                tiles[line, column] = legend.empty
    if not len(starts):
        below = np.isin(np.roll(tiles, -1, axis=0), list(legend.solid + legend.climb))
        below[-1] = True
        free = np.argwhere((tiles == legend.empty) & below & ~given)
        if len(free):
            line, column = free[rng.integers(len(free))]
            tiles[line, column] = legend.start[0]
    return "\n".join("".join(line) for line in tiles)
