"""The chapter on music: real pieces and generated ones, to be seen and heard."""

from __future__ import annotations

import base64

import numpy as np

from tidemill.acoustics.wav import wav
from tidemill.core.dataset import Dataset
from tidemill.core.run import Run
from tidemill.music.rendering import RATE, TEMPO, rendered
from tidemill.music.scores import METRE, runs_of, score_pieces
from tidemill.music.scores import TEMPO as TEMPO_COLUMN
from tidemill.reporting.base import ReportInput
from tidemill.reporting.blocks import Block, Card, Grid, Heading, Paragraph, Player, Roll

REAL, MADE = 2, 4
"""Pieces of each that are shown."""
MOST_STEPS = 512
"""Of a piece that is shown: 32 bars of 4/4."""
HEARD_RATE = RATE // 2
"""Samples a second of what the page plays: its size counts."""
HEARD_STEPS = 160
"""Of a piece that is played in a report."""
_QUARTERS = {"3/4": 12, "6/8": 12, "2/4": 8, "9/8": 18, "3/2": 24, "6/4": 24}
BAR = 16


def music(account: ReportInput) -> list[Block]:
    """Some real pieces and some generated ones."""
    real, made = account.train or account.holdout, account.synthetic
    if real is None or made is None or not len(real) or not len(made):
        return []
    rng = Run(account.seed or 0).rng("report", "music")
    which = "training" if account.train is not None else "held-out"
    text = (
        "None was chosen: they are drawn at random. A colour is a voice, a thin line the beginning "
        f"of a bar; what is heard is the beginning, played by a few sines. Real ones are {which} "
        "pieces."
    )
    return [
        Paragraph(text, "small"),
        Heading("Generated"),
        Grid(_some(made, "Generated", MADE, rng), "large"),
        Heading("Real"),
        Grid(_some(real, "Real", REAL, rng), "large"),
    ]


def _some(data: Dataset, called: str, most: int, rng: np.random.Generator) -> tuple[Block, ...]:
    chosen = data.rows(np.sort(rng.permutation(len(data))[:most]))
    blocks = []
    for number, piece in enumerate(score_pieces(chosen)):
        row = chosen.frame.row(number, named=True)
        metre, tempo = str(row.get(METRE) or ""), row.get(TEMPO_COLUMN)
        pace = float(tempo) if isinstance(tempo, int | float) and tempo > 0 else TEMPO
        blocks.append(Card(shown(f"{called} piece {number + 1}", piece, metre, pace, HEARD_STEPS)))
    return tuple(blocks)


def shown(
    title: str, piece: np.ndarray, metre: str = "", tempo: float = TEMPO, heard: int = 0
) -> tuple[Block, ...]:
    """A piece as its notes, and what they sound like.

    Args:
        title: What it is called.
        piece: (steps, voices).
        metre: "3/4"; "" for 4/4.
        tempo: Quarters a minute.
        heard: Steps that are played; 0 for all.
    """
    seen = piece[:MOST_STEPS]
    notes = []
    for voice in range(seen.shape[1]):
        notes += [(voice, *run) for run in runs_of(seen, voice)]
    roll = Roll(title, tuple(notes), len(seen), _QUARTERS.get(metre, BAR))
    played = piece[: heard or len(piece)]
    sound = wav(rendered(played, tempo, HEARD_RATE), HEARD_RATE)
    return roll, Player("", base64.b64encode(sound).decode("ascii"))
