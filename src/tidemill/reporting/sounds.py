"""The chapter on sounds: real ones beside generated ones, to be heard and seen, class by class."""

from __future__ import annotations

import base64

import numpy as np

from tidemill.acoustics.sounds import pictures, rate_of, samples
from tidemill.acoustics.wav import wav
from tidemill.core.dataset import Dataset
from tidemill.core.picture import Sheet, Strip
from tidemill.core.run import Run
from tidemill.core.words import count, shorten
from tidemill.imaging.labelled import shared_labels
from tidemill.imaging.pixels import label_column, labels
from tidemill.imaging.sheet import strip
from tidemill.reporting.base import ReportInput
from tidemill.reporting.blocks import Block, Grid, Heading, Paragraph, Player, SheetBlock

PLAYED = 8
"""Sounds that are played one after the other, of each class and side; as many as fit in LONGEST."""
LONGEST = 6.0
"""Seconds of a player; a page stays small enough to be sent."""
CLASSES = 10
"""Classes that are played, the most frequent ones of the real sounds."""
PAUSE = 0.2
ACROSS = 8
SCALE = 2


def sounds(account: ReportInput) -> list[Block]:
    """Players and pictures of real and of generated sounds, of each class."""
    real, made = account.train or account.holdout, account.synthetic
    if real is None or made is None or not len(real) or not len(made):
        return []
    rng = Run(account.seed or 0).rng("report", "sounds")
    which = "training" if account.train is not None else "held-out"
    text = (
        f"None was chosen: they are drawn at random. Real ones are {which} sounds. The pictures "
        "show what is heard when: high tones above, and each sound as wide as the others, however "
        "long it is."
    )
    blocks: list[Block] = [Paragraph(text, "small")]
    label = label_column(real.schema)
    levels = shared_labels(real)
    known = label is not None and label_column(made.schema) is not None
    if label is None or not known or not levels or label.name in account.private_columns:
        return [*blocks, _pair("", real, made, rng)]
    for level in sorted(levels[:CLASSES]):
        title = f"{label.name}: {shorten(level, 40)}"
        blocks += [Heading(title), _pair(level, real, made, rng)]
    if len(levels) > CLASSES:
        rest = f"The {CLASSES} most frequent of {count(len(levels))} classes."
        blocks.append(Paragraph(rest, "small"))
    return blocks


def _pair(level: str, real: Dataset, made: Dataset, rng: np.random.Generator) -> Grid:
    """Real sounds beside generated ones, of a class, or of all where there is none."""
    sides: list[Block] = []
    for title, data in (("Real", real), ("Generated", made)):
        places = np.arange(len(data))
        if level:
            places = np.flatnonzero(np.asarray(labels(data)) == level)
        chosen = data.rows(rng.permutation(places)[:PLAYED])
        sides += _side(title, chosen)
    return Grid(tuple(sides), "medium")


def _side(title: str, data: Dataset) -> list[Block]:
    if not len(data):
        return [Paragraph(f"{title}: none of this class.", "small")]
    column = data.schema.sound
    assert column is not None
    values = data[column.name]
    rate = rate_of(values)
    pause = np.zeros(round(PAUSE * rate), np.int16)
    takes: list[np.ndarray] = []
    for take in samples(values):
        takes += [take, pause]
    told = np.concatenate(takes)[: round(LONGEST * rate)]
    played = base64.b64encode(wav(told, rate)).decode("ascii")
    seen = pictures(values)[..., None].repeat(SCALE, 1).repeat(SCALE, 2)
    strips: tuple[Strip, ...] = (strip("", seen, ACROSS // 2),)
    return [Player(title, played), SheetBlock.of(Sheet("", strips))]
