"""New levels in the style of given ones, each of which can be crossed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from tidemill import verbs
from tidemill.core import options as stated
from tidemill.core.dataset import Dataset
from tidemill.core.errors import OptionError
from tidemill.core.options import Doc
from tidemill.core.run import Run
from tidemill.core.score import Evidence, Score
from tidemill.core.split import split
from tidemill.core.words import count, number, percent, plural
from tidemill.imaging.sheet import strip
from tidemill.levels.crossing import crossing
from tidemill.levels.drawing import colours_of, drawn_level
from tidemill.levels.legend import Legend, read_legend, ready_legends
from tidemill.levels.planes import sizes, tiles_name
from tidemill.metrics.levels import COPIES, LIMIT, SIDES, levels, pattern_name
from tidemill.recipes.base import (
    Assumption,
    Recipe,
    RecipeColumn,
    RecipeOption,
    RecipeOutput,
    RecipePage,
    Refused,
)
from tidemill.recipes.parts import PageChapter, chapter_blocks
from tidemill.reporting.blocks import (
    Block,
    Callout,
    Figures,
    Listing,
    Paragraph,
    SheetBlock,
    TableBlock,
    Tile,
)
from tidemill.synthesis.playable import ROUNDS, PlayableLevels, playable

FEWEST = 20
"""Levels of a table, below which nothing is learned of it."""
ROOM, SIDE = 940, 8
"""Pixels of the page that a level may be wide, and those of a tile at most."""
SPARE = 1.25
"""Levels that are made for each that is wanted: what cannot be crossed is not delivered."""
DEFAULT_MODEL = "autoregressive"
MODEL = Doc("Any that can redraw tiles: autoregressive or tile_ngram.", "NAME")


@dataclass(frozen=True)
class LevelCase:
    """The levels of one game, and what is wanted of it.

    Attributes:
        train, holdout: Real levels.
        game: Its name; "" where no column says one.
        column: The column that says it.
        legend: Its rules.
        wanted: How many levels.
        size: Lines and columns of each.
    """

    train: Dataset
    holdout: Dataset
    game: str
    column: str | None
    legend: Legend
    wanted: int
    size: tuple[int, int]


def level(
    data: Dataset,
    run: Run,
    *,
    columns: Mapping[str, tuple[str, ...]],
    assumed: Mapping[str, float | str],
    output: RecipeOutput,
    model: str = DEFAULT_MODEL,
    model_options: Mapping[str, Any] | None = None,
) -> RecipePage:
    """A page of new levels of one game: drawn by a model of all levels of the table, and drawn anew
    in part until one can cross them.

    Raises:
        DataError: There are too few levels of the game.
        OptionError: The game or its rules are not known.
    """
    if len(data) < FEWEST:
        return _refused(data)
    case = _case(data, columns, assumed, run)
    learned = verbs.fit(case.train, model=model, options=model_options or {}, run=run.child("fit"))
    number_made = int(np.ceil(case.wanted * SPARE))
    asked = {} if case.column is None else {case.column: case.game}
    drawn = learned.sample_dataset(number_made, where=asked or None, run=run.child("draw"))
    sized = _resized(drawn, case.size)
    everything = [np.ones(case.size, bool) for _ in range(len(sized))]
    fresh = learned.redraw(sized, everything, run.child("levels"))
    found = playable(learned, fresh, case.legend, run.child("cross"))
    made = found.data.rows(np.flatnonzero(found.crossed)[: case.wanted])
    scores: tuple[Score, ...] = ()
    if len(made):
        floor = verbs.fit(case.train, model="independent", run=run.child("floor"))
        single = floor.sample_dataset(len(made), where=asked or None, run=run.child("tiles"))
        real = _of_game(case.train, case), _of_game(case.holdout, case)
        scores = tuple(levels(Evidence(*real, made, single), run.child("evaluate")))
    return _page(case, fresh, found, made, scores)


LEVEL = Recipe(
    level,
    columns=(RecipeColumn("game", "which game a level is of", required=False),),
    options=(
        RecipeOption("model", DEFAULT_MODEL, MODEL),
        RecipeOption("model_options", None, stated.MODEL_OPTIONS),
    ),
    assumptions=(
        Assumption("levels", 12, "how many levels are wanted", 1, 1000),
        Assumption("height", None, "lines of each; as the middle level by default", 2, 500),
        Assumption("width", None, "columns of each; as the middle level by default", 2, 2000),
        Assumption("game", None, "which game; the one of most levels by default", form="NAME"),
        Assumption("legend", None, "the file of its rules", form="FILE.toml"),
    ),
    tables=("levels",),
)


def _case(
    data: Dataset,
    columns: Mapping[str, tuple[str, ...]],
    assumed: Mapping[str, float | str],
    run: Run,
) -> LevelCase:
    column = columns["game"][0] if columns["game"] else _game_column(data)
    legend = read_legend(Path(str(assumed["legend"]))) if "legend" in assumed else None
    game = str(assumed.get("game", "" if legend is None or column is None else legend.game))
    if column is not None:
        told = data[column].cast(pl.String)
        known = told.value_counts(sort=True)[column].drop_nulls().to_list()
        ready = [name for name in known if name in ready_legends()]
        game = game or (ready or known)[0]
        if game not in known:
            raise OptionError(
                f"no level is of the game '{game}'",
                where=f"column '{column}'",
                hint=f"give option 'assume=game=NAME', one of {', '.join(known[:8])}",
            )
        data = _named(data, column)
    if legend is None:
        legend = ready_legends().get(game)
    if legend is None:
        raise OptionError(
            f"nothing says by which rules levels {f'of {game} ' if game else ''}are crossed",
            hint="give a legend with option 'assume=legend=FILE.toml'; there are ready ones of "
            f"{', '.join(ready_legends())}",
        )
    train, holdout = split(data, run)
    own = data if column is None else _where(data, column, game)
    height, width = np.median(sizes(own), axis=0).astype(int).tolist()
    size = int(assumed.get("height", height)), int(assumed.get("width", width))
    _check_size(size, data)
    wanted = int(assumed["levels"])
    return LevelCase(train, holdout, game, column, legend, wanted, size)


def _game_column(data: Dataset) -> str | None:
    """The category whose values name games with ready rules."""
    for column in data.schema.of_kind("category"):
        if set(data[column.name].cast(pl.String).to_list()) & set(ready_legends()):
            return column.name
    return None


def _named(data: Dataset, column: str) -> Dataset:
    """The levels whose game is known, with the game and the level alone."""
    there = np.flatnonzero(data[column].is_not_null().to_numpy())
    return data.rows(there).select([column, tiles_name(data)])


def _check_size(size: tuple[int, int], data: Dataset) -> None:
    largest = sizes(data).max(axis=0)
    if size[0] > largest[0] or size[1] > largest[1]:
        raise OptionError(
            f"no level has {size[0]} x {size[1]} tiles",
            hint=f"ask for at most {largest[0]} lines and {largest[1]} columns",
        )


def _of_game(data: Dataset, case: LevelCase) -> Dataset:
    return data if case.column is None else _where(data, case.column, case.game)


def _where(data: Dataset, column: str, game: str) -> Dataset:
    is_it = (data[column].cast(pl.String) == game).fill_null(value=False)
    return data.rows(np.flatnonzero(is_it.to_numpy()))


def _resized(data: Dataset, size: tuple[int, int]) -> Dataset:
    """Levels of a size, whose tiles are still to be drawn."""
    name = tiles_name(data)
    planes = []
    for plane in data[name].to_list():
        planes.append("\n".join([plane[0] * size[1]] * size[0]))
    return data.with_frame(data.frame.with_columns(pl.Series(name, planes)))


def _refused(data: Dataset) -> RecipePage:
    refusal = Refused(
        "New levels cannot be learned.",
        f"{plural(len(data), 'level')} are fewer than {FEWEST}.",
        f"{FEWEST} levels or more, of this game or of games like it.",
    )
    return RecipePage("New levels", (refusal,), (f"Levels: {refusal.why}",))


# --- the page -------------------------------------------------------------------------------------


def _page(
    case: LevelCase,
    fresh: Dataset,
    found: PlayableLevels,
    made: Dataset,
    scores: tuple[Score, ...],
) -> RecipePage:
    game = case.game or "the game"
    at_once = sum(crossing(p, case.legend).crossed for p in fresh[tiles_name(fresh)].to_list())
    if len(made) < case.wanted:
        answer = (
            f"Only {len(made)} of {case.wanted} levels can be crossed.",
            f"The others could not after {ROUNDS} rounds of drawing parts anew, and are left out. "
            "More levels to learn from, or a longer learning, would help.",
        )
    else:
        answer = (
            f"{plural(len(made), 'new level')} of {game}, all of which can be crossed.",
            f"{percent(at_once / max(len(fresh), 1))} could as they were drawn first; of the "
            "others parts were drawn anew where one was stuck, given all the rest.",
        )
    chapters = (
        PageChapter("levels", "The levels", _shown(case, made)),
        PageChapter("real", "Real ones beside them", _shown(case, _of_game(case.holdout, case))),
        PageChapter("like", "Are they like real ones?", _measured(scores)),
        PageChapter("limits", "What this page cannot say", [Listing(_limits(case))]),
    )
    tiles = (
        Tile(f"{len(made)} of {case.wanted}", "can be crossed", "by the rules of the game"),
        Tile(percent(at_once / max(len(fresh), 1)), "could at once", "before parts were redrawn"),
        *_score_tiles(scores),
    )
    blocks: list[Block] = [
        Callout("note" if len(made) == case.wanted else "warning", *answer),
        Figures(tiles),
    ]
    figures = {
        "levels": float(len(made)),
        "wanted": float(case.wanted),
        "crossed_at_once": at_once / max(len(fresh), 1),
        **{f"{one.name}": one.value for one in scores if one.value is not None},
        **{f"{one.name}, real": one.ceiling for one in scores if one.ceiling is not None},
    }
    kept = np.flatnonzero(found.crossed)[: case.wanted]
    table = made.frame.with_columns(pl.Series("parts redrawn", found.rounds[kept]))
    return RecipePage(
        "New levels",
        (*blocks, *chapter_blocks(chapters)),
        (f"Levels: {answer[0]}", f"How: {answer[1]}"),
        subtitle=case.game,
        figures=figures,
        tables={"levels": table},
        made=(
            ("Levels learned from", count(len(case.train))),
            ("Size", f"{case.size[0]} lines, {case.size[1]} columns"),
            ("Rules", _rules(case.legend)),
        ),
    )


def _rules(legend: Legend) -> str:
    if legend.goal == "across":
        return f"from the left side to the right one; jumps of {plural(legend.jump, 'tile')}"
    return "from the start to all that is to be collected, with ladders, ropes and digging"


def _shown(case: LevelCase, some: Dataset) -> list[Block]:
    """The first levels of some, with the way through where there is one."""
    if not len(some):
        return [Paragraph("There is none.")]
    planes = some[tiles_name(some)].to_list()
    colours = colours_of(planes, case.legend)
    strips = []
    widest = max(len(plane.split("\n")[0]) for plane in planes)
    side = int(np.clip(ROOM // (2 * widest), 2, SIDE))
    for number_shown, plane in enumerate(planes[: case.wanted], 1):
        found = crossing(plane, case.legend)
        said = "crossed" if found.crossed else f"not crossed: {found.why}"
        pixels = drawn_level(plane, colours, side, found.path if found.crossed else ())
        strips.append(strip(f"{number_shown}: {said}", pixels[None], 1))
    title = "A square a tile, in the colours of the legend."
    if case.legend.goal == "across":
        title = "A square a tile; the dots are the shortest way."
    return [SheetBlock(title, tuple(strips))]


def _measured(scores: tuple[Score, ...]) -> list[Block]:
    rows = []
    for one in scores:
        if one.value is not None and one.ceiling is not None and one.floor is not None:
            rows.append(
                (one.name, number(one.value, 3), number(one.ceiling, 3), number(one.floor, 3))
            )
    heads = ("What", "Made", "Real levels", "Single tiles")
    return [TableBlock(heads, tuple(rows), stacked=True)] if rows else []


def _score_tiles(scores: tuple[Score, ...]) -> list[Tile]:
    named = {one.name: one for one in scores if one.value is not None}
    found = []
    for name, words in (
        (pattern_name(SIDES[1]), "bits apart in 3 x 3"),
        (COPIES, "copied windows"),
    ):
        one = named.get(name)
        if one is not None and one.value is not None and one.ceiling is not None:
            found.append(Tile(number(one.value, 3), words, f"real ones {number(one.ceiling, 3)}"))
    return found


def _limits(case: LevelCase) -> tuple[str, ...]:
    return (
        LIMIT,
        f"Crossed is what a search by stated rules crosses ({_rules(case.legend)}); enemies, time "
        "and moving platforms are not looked at.",
        "Windows that occur in real levels are no proof of copying: real levels repeat each other, "
        "so read them beside those of held-out ones.",
    )
