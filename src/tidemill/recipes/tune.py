"""New pieces in the style of given ones: to be heard, seen and taken away, beside what says how
near they come."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from tidemill.acoustics.wav import wav
from tidemill.core import options as stated
from tidemill.core.dataset import Dataset
from tidemill.core.errors import DataError
from tidemill.core.options import Doc
from tidemill.core.run import Run
from tidemill.core.score import Evidence, Score
from tidemill.core.split import split
from tidemill.core.words import count, number, plural, ratio
from tidemill.io.music.midi import midi_files
from tidemill.metrics.music.copies import RUNS
from tidemill.metrics.music.music import LIMIT, music, verdict_of_music
from tidemill.music.rendering import RATE, TEMPO, rendered
from tidemill.music.scores import METRE, score_name, score_pieces
from tidemill.music.scores import TEMPO as TEMPO_COLUMN
from tidemill.recipes.base import (
    Assumption,
    Recipe,
    RecipeOption,
    RecipeOutput,
    RecipePage,
)
from tidemill.reporting.blocks import (
    Block,
    Callout,
    Card,
    Figures,
    Grid,
    Heading,
    Listing,
    Paragraph,
    TableBlock,
    Tile,
)
from tidemill.reporting.music import shown
from tidemill.synthesis.synthesizer import Synthesizer

MOST_PIECES = 48
SHOWN_REAL = 2
JUDGED = 60
"""Pieces that are made to be measured, beside those that are handed out; as many as are held out
where these are more."""
NETWORK = {"state": 160, "width": 192, "embedding": 32, "dropout": 0.1, "temperature": 0.9}
"""Options of the network where none are given: those with which the figures of the documentation
were measured."""
MODEL = Doc("See `tidemill models`; autoregressive by default.", "NAME")
HEARD = 128
"""Sixteenths of each piece that the page plays; the files have all."""


@dataclass(frozen=True)
class MadeTunes:
    """New pieces and what they were judged by.

    Attributes:
        model: What made them.
        pieces: Those that are handed out.
        scores: Of as many as could be judged.
        train, holdout: Real pieces: those that were learned from, and the others.
    """

    model: Synthesizer
    pieces: Dataset
    scores: Sequence[Score]
    train: Dataset
    holdout: Dataset

    def value(self, name: str) -> float | None:
        """The score of this name."""
        return next((score.value for score in self.scores if score.name == name), None)


def tune(
    data: Dataset,
    run: Run,
    *,
    columns: Mapping[str, tuple[str, ...]],
    assumed: Mapping[str, float | str],
    output: RecipeOutput,
    model: str,
    model_options: Mapping[str, object] | None,
) -> RecipePage:
    """The page for whoever needs music like that which they have."""
    del columns, output
    wanted, minutes = int(float(assumed["pieces"])), float(assumed["minutes"])
    options = dict(model_options or {})
    if model == "autoregressive":
        options = {**NETWORK, **options}
    train, holdout = split(data, run)
    learner = run.child(progress=True, minutes=minutes)
    made = _made(train, holdout, wanted, model, options, learner)
    return RecipePage(
        f"{plural(wanted, 'piece')} in the style of {data.name}",
        tuple(_blocks(made)),
        _text(made),
        subtitle=f"learned from {plural(len(train), 'piece')} in {_voices(train)}",
        figures={score.name: score.value for score in made.scores if score.value is not None},
        made=(("Model", model), ("Steps", count(int(made.model.manifest["steps_done"])))),
        model=made.model,
        files=_files(made.pieces),
    )


def _voices(data: Dataset) -> str:
    return plural(score_pieces(data)[0].shape[1], "voice")


def _made(
    train: Dataset,
    holdout: Dataset,
    wanted: int,
    model: str,
    options: Mapping[str, object],
    run: Run,
) -> MadeTunes:
    learned = Synthesizer.fit(train, run, model, options)
    many = max(JUDGED, len(holdout), wanted)
    made = learned.sample_dataset(many, run=run)
    floor = Synthesizer.fit(train, run.child("floor", quiet=True), "independent")
    worthless = floor.sample_dataset(many, run=run.child("floor", quiet=True))
    scores = tuple(music(Evidence(train, holdout, made, worthless), run))
    pieces = made.rows(np.arange(wanted))
    if not all(len(piece) for piece in score_pieces(pieces)):
        raise DataError(
            "the model made a piece without a step",
            where=f"column '{score_name(train.schema)}'",
            hint="leave pieces without notes out, or learn for more minutes",
        )
    return MadeTunes(learned, pieces, scores, train, holdout)


# --- the page -------------------------------------------------------------------------------------


def _blocks(made: MadeTunes) -> list[Block]:
    tiles = []
    for name in ("triads among chords", "held notes", "voice crossings", "key fit", RUNS):
        score = next((one for one in made.scores if one.name == name), None)
        if score is not None and score.value is not None:
            real = "" if score.ceiling is None else f"real pieces: {ratio(score.ceiling)}"
            tiles.append(Tile(ratio(score.value), score.name, real))
    return [
        Callout("note", verdict_of_music(made.scores), LIMIT),
        Figures(tuple(tiles)),
        Heading("The pieces", 2, "pieces"),
        Paragraph(
            "None was chosen: they are the first that were made. A colour is a voice, a thin line "
            "the beginning of a bar. The page plays their beginnings by a few sines; the files "
            "beside it have them whole, as MIDI for any instrument and as WAV.",
            "small",
        ),
        Grid(tuple(_cards(made.pieces, "Piece", len(made.pieces))), "large"),
        Heading("Real ones to compare", 2, "real"),
        Paragraph("The first pieces that the model has not learned from.", "small"),
        Grid(tuple(_cards(made.holdout, "Real piece", SHOWN_REAL)), "large"),
        Heading("How near they come", 2, "figures"),
        _table(made.scores),
        Heading("What this page cannot say", 2, "limits"),
        Listing(
            (
                LIMIT,
                "Whether anybody likes the pieces: listen to them.",
                "Whether they may be used as you wish: the rights in the pieces that were learned "
                "from are not looked at.",
            )
        ),
    ]


def _cards(data: Dataset, called: str, most: int) -> list[Card]:
    cards = []
    some = data.rows(np.arange(min(most, len(data))))
    for place, piece in enumerate(score_pieces(some)):
        row = some.frame.row(place, named=True)
        title = f"{called} {place + 1}"
        tempo = _tempo(row)
        cards.append(Card(shown(title, piece, str(row.get(METRE) or ""), tempo, HEARD)))
    return cards


def _tempo(row: Mapping[str, object]) -> float:
    tempo = row.get(TEMPO_COLUMN)
    return float(tempo) if isinstance(tempo, int | float) and tempo > 0 else TEMPO


def _table(scores: Sequence[Score]) -> TableBlock:
    rows = []
    for score in scores:
        figures = (score.floor, score.value, score.ceiling)
        shown_figures = ["" if value is None else number(value) for value in figures]
        rows.append((score.name, *shown_figures))
    heads = ("figure", "notes drawn one by one", "these pieces", "real pieces")
    return TableBlock(heads, tuple(rows))


def _text(made: MadeTunes) -> tuple[str, ...]:
    return (
        f"Made: {plural(len(made.pieces), 'piece')} from {plural(len(made.train), 'piece')}.",
        f"Near: {verdict_of_music(made.scores)}",
    )


def _files(pieces: Dataset) -> dict[str, bytes]:
    """Each piece as MIDI and as WAV."""
    found = {}
    name = score_name(pieces.schema)
    files = midi_files(pieces.frame[name], pieces.frame.drop(name))
    for place, (piece, midi) in enumerate(zip(score_pieces(pieces), files, strict=True)):
        row = pieces.frame.row(place, named=True)
        found[f"piece-{place + 1:02d}.mid"] = midi
        found[f"piece-{place + 1:02d}.wav"] = wav(rendered(piece, _tempo(row)), RATE)
    return found


TUNE = Recipe(
    tune,
    options=(
        RecipeOption(
            "model",
            "autoregressive",
            Doc("See `tidemill models`; autoregressive by default.", "NAME"),
        ),
        RecipeOption("model_options", None, stated.MODEL_OPTIONS),
    ),
    assumptions=(
        Assumption("pieces", 12, "pieces that are made", 1, MOST_PIECES),
        Assumption("minutes", 10, "minutes that the model learns at most", 0.01, 600),
    ),
    files=tuple(
        f"piece-{place:02d}.{ending}"
        for place in range(1, MOST_PIECES + 1)
        for ending in ("mid", "wav")
    ),
)
