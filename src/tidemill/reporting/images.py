"""The chapter on images: real ones beside generated ones, class by class, and ways from one
generated image to another."""

from __future__ import annotations

import base64

import numpy as np

from tidemill.core.dataset import Dataset
from tidemill.core.picture import Sheet, Strip
from tidemill.core.run import Run
from tidemill.core.words import count, shorten
from tidemill.imaging.labelled import shared_labels
from tidemill.imaging.pixels import image_pixels, label_column, labels
from tidemill.imaging.sheet import contact_sheet, paper, png, strip
from tidemill.reporting.base import BETWEEN, Learning, ReportInput
from tidemill.reporting.blocks import Block, Grid, Heading, Paragraph, SheetBlock
from tidemill.supervised.hearing import pictured

SHEET = 64
"""Images of a contact sheet."""
ACROSS = 8
SMALL = 28
"""Images of less than half as many pixels are enlarged for a contact sheet."""
CLASSES = 12
"""Classes that are shown, the most frequent ones of the real images."""
SNAPSHOT = 12
"""Images that are shown of each step of learning."""
HALF = 240
"""Pixels that the real, and the generated, images of a class take at most."""
BESIDE = 12
"""Pixels between real and generated images."""


def images(account: ReportInput) -> list[Block]:
    """Contact sheets, classes and ways between images."""
    real, made = account.train or account.holdout, account.synthetic
    if real is None or made is None or not len(real) or not len(made):
        return []
    rng = Run(account.seed or 0).rng("report", "images")
    which = "training" if account.train is not None else "held-out"
    text = f"None was chosen: they are drawn at random. Real ones are {which} images."
    sheets = (
        SheetBlock.of(_contact(f"Real {which} images", real, rng)),
        SheetBlock.of(_contact("Generated images", made, rng)),
    )
    blocks: list[Block] = [Paragraph(text, "small"), Grid(sheets, "large")]
    column = label_column(real.schema)
    labelled = column is not None and label_column(made.schema) is not None
    if column is not None and labelled and column.name not in account.private_columns:
        blocks += _classes(real, made, column.name, rng)
    return [*blocks, *_between(account.between)]


def snapshots(account: ReportInput, learning: Learning) -> list[Block]:
    """What became of the same noise as learning went: a strip a step."""
    if not learning.snapshots:
        return []
    strips = []
    for step, made in learning.snapshots:
        if len(made):
            shown = made if made.schema.sound is None else pictured(made)
            pixels = image_pixels(shown)[:SNAPSHOT]
            strips.append(strip(f"step {count(step)}", pixels, SNAPSHOT))
    return [
        Heading("The same noise as learning went"),
        Paragraph(
            f"Every column comes from the same random numbers, so it shows how one {account.unit} "
            "came about; the last row is made with the weights that were kept. Columns that "
            "grow alike from some step on would mean that the model makes only a few."
        ),
        SheetBlock("", tuple(strips)),
    ]


def _contact(title: str, data: Dataset, rng: np.random.Generator) -> Sheet:
    pixels = image_pixels(data.rows(rng.permutation(len(data))[:SHEET]))
    scale = max(SMALL // pixels.shape[2], 1)
    return Sheet(title, (strip("", pixels.repeat(scale, 1).repeat(scale, 2), ACROSS),))


def _classes(real: Dataset, made: Dataset, label: str, rng: np.random.Generator) -> list[Block]:
    """A strip a class: real images on the left, generated ones on the right."""
    levels = shared_labels(real)
    if not levels:
        return []
    strips = []
    for level in sorted(levels[:CLASSES], key=_numbers_by_size):
        left = _of(real, level, rng)
        right = _of(made, level, rng)
        strips.append(Strip(shorten(level, 40), *_pair(left, right)))
    text = f"By '{label}': real images on the left, generated ones on the right."
    if len(levels) > CLASSES:
        text += f" The {CLASSES} most frequent of {count(len(levels))} classes."
    return [Heading("Class by class"), Paragraph(text), SheetBlock("", tuple(strips))]


def _numbers_by_size(level: str) -> tuple[int, str]:
    return (int(level) if level.isdecimal() else -1, level)


def _of(data: Dataset, level: str, rng: np.random.Generator) -> np.ndarray:
    """A row of images of one class, some at random; paper where there are fewer."""
    at = rng.permutation(np.flatnonzero(np.asarray(labels(data)) == level))
    _, height, width, channels = image_pixels(data.rows(np.array([0]))).shape
    room = max(min(HALF // width, ACROSS), 3)
    row = np.full((room, height, width, channels), paper(channels), np.uint8)
    pixels = image_pixels(data.rows(at[:room]))
    row[: len(pixels)] = pixels
    return contact_sheet(row, room)


def _pair(left: np.ndarray, right: np.ndarray) -> tuple[str, int, int]:
    """(PNG in base64, width, height) of two pictures side by side."""
    gap = np.full((left.shape[0], BESIDE, left.shape[2]), paper(left.shape[2]), np.uint8)
    both = np.concatenate([left, gap, right], axis=1)
    return base64.b64encode(png(both)).decode("ascii"), both.shape[1], both.shape[0]


def _between(ways: Dataset | None) -> list[Block]:
    if ways is None or len(ways) < BETWEEN:
        return []
    pixels = image_pixels(ways)
    strips = []
    for start in range(0, len(ways) - BETWEEN + 1, BETWEEN):
        strips.append(strip("", pixels[start : start + BETWEEN], BETWEEN))
    return [
        Heading("On the way from one image to another"),
        Paragraph(
            "Each row goes in equal steps from one point of the noise to another. Where every "
            "image on the way is a plausible one, the model did not merely learn single images by "
            "heart; a jump in the middle, or a mere blending of both ends, is a bad sign."
        ),
        SheetBlock("", tuple(strips)),
    ]
