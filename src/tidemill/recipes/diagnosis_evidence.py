"""Pictures of what a classifier goes by: where hiding a patch changes its answers, and doubtful
images beside the training images that lie nearest."""

from __future__ import annotations

import base64
from dataclasses import dataclass

import numpy as np

from tidemill.core.picture import Strip
from tidemill.core.run import Run
from tidemill.core.words import percent, plural, points
from tidemill.diagnosing.evidence import NEAREST, Patch, changes, framed, nearest, patches
from tidemill.diagnosing.measuring import MeasuredShare, Places, share_of, unsureness
from tidemill.diagnosing.sides import TRAIN
from tidemill.effects.estimates import Effect, mean_of
from tidemill.imaging.sheet import contact_sheet, png
from tidemill.recipes.diagnosis_case import DiagnosisCase
from tidemill.reporting.blocks import Block, Paragraph, SheetBlock, TableBlock
from tidemill.supervised.arrays import Floats

SAMPLE = 60
"""Test images in which patches are hidden, to see where the classifier looks."""
DOUBTFUL = 8
SIDE = 84
"""Pixels that an image on the page is about wide."""
FELL = 0.05
"""A mark at the border is suspected where hiding it lowers chances by more on average, and
STANDS_OUT times as much as hiding any place inside does."""
STANDS_OUT = 3.0


@dataclass(frozen=True)
class ImageAttention:
    """Where a classifier looks.

    Attributes:
        size: (height, width) of the images.
        patches: The places that were hidden.
        fell: (patches,) by how much the chance of what was said fell, on average.
        top: The place whose hiding lowers it most, found in one half of the images.
        effect: By how much, in the other half.
        turned: In what share of these the answer turns.
        inside: The largest mean fall of a place that is not at the border.
    """

    size: tuple[int, int]
    patches: tuple[Patch, ...]
    fell: Floats
    top: Patch
    effect: Effect
    turned: MeasuredShare
    inside: float

    @property
    def suspicious(self) -> bool:
        """Whether a place at the border decides, and no place inside does."""
        if not self.top.is_at_border(self.size):
            return False
        return self.effect.low > FELL and self.effect.mean > STANDS_OUT * max(self.inside, 0.0)

    def where(self) -> str:
        """The top place in words."""
        return self.top.words(self.size)

    def warning(self) -> str:
        """What is suspected."""
        return (
            f"Hiding a small patch at the {self.where()} of the image lowers the chance of what "
            f"was said by {points(self.effect.mean)} on average, and hiding any place inside "
            f"hardly does. Look there for a mark, a label or a border that goes with the class: it "
            "will not be there, or will mean something else, in other images."
        )


def attention(case: DiagnosisCase, run: Run) -> ImageAttention:
    """Where hiding a patch changes what is said of test images."""
    test = case.test
    chosen = run.rng("diagnosis", "attention").permutation(len(test.at))[:SAMPLE]
    pixels = case.asked.pixels[test.at[chosen]]
    size = (int(pixels.shape[1]), int(pixels.shape[2]))
    fell = _changes(case, pixels, test.decided[chosen], run)
    first = np.arange(len(chosen)) % 2 == 0
    top = int(fell[first].mean(axis=0).argmax())
    places = patches(size)
    inner = [k for k, patch in enumerate(places) if not patch.is_at_border(size)]
    rest, whose = fell[~first][:, top], test.whose[chosen][~first]
    before = test.chances[chosen, test.decided[chosen]][~first]
    turned = _turned(case, before, before - rest, test.decided[chosen][~first])
    return ImageAttention(
        size,
        places,
        fell.mean(axis=0),
        places[top],
        mean_of(rest, whose),
        share_of(turned, whose),
        float(fell[:, inner].mean(axis=0).max()) if inner else 0.0,
    )


def _turned(case: DiagnosisCase, before: Floats, after: Floats, said: Places) -> np.ndarray:
    """(n,) whether what was said of two classes is no longer said; of several, whether its chance
    falls under a half from above it."""
    if len(case.asked.classes) > 2:
        return np.asarray((before >= 0.5) & (after < 0.5))
    least = np.where(said == 1, case.least, 1 - case.least)
    return np.asarray(after < least)


def _changes(case: DiagnosisCase, pixels: np.ndarray, said: Places, run: Run) -> Floats:
    return changes(pixels, said, lambda asked: case.reader.chances(asked, run), run)


def looked_at_blocks(case: DiagnosisCase, seen: ImageAttention) -> list[Block]:
    """A map of where hiding a patch lowers the chance of what is said."""
    heat = np.zeros(seen.size)
    shown = np.zeros(seen.size)
    for patch, fall in zip(seen.patches, seen.fell, strict=True):
        heat[patch.inside] += max(float(fall), 0.0)
        shown[patch.inside] += 1
    heat /= np.maximum(shown, 1)
    bright = (255 * heat / max(float(heat.max()), 1e-9)).round().astype(np.uint8)[..., None]
    train = case.asked.at(TRAIN)
    images = []
    for k in range(min(len(case.asked.classes), 6)):
        own = case.asked.pixels[train[case.asked.codes[train] == k]]
        images.append(
            framed(own.mean(axis=0).round().astype(np.uint8), seen.top, _scale(seen.size))
        )
    images.append(framed(bright, seen.top, _scale(seen.size)))
    names = list(case.asked.classes[: len(images) - 1])
    lead = (
        f"Most of all at the {seen.where()}: hiding the framed patch there lowers the chance of "
        f"what was said by {points(seen.effect.mean)} on average ({points(seen.effect.low)} to "
        f"{points(seen.effect.high)}), and turns {percent(seen.turned.value)} of the answers."
    )
    if seen.effect.low <= 0:
        lead = "No single place decides: hiding a small patch hardly changes what is said."
    small = (
        f"From left to right: the mean training image of {', of '.join(names)}; and where hiding "
        "a patch lowers the chance most (brighter). The place was found in one half of "
        f"{plural(min(SAMPLE, len(case.test.at)), 'test image')} and measured in the other."
    )
    return [
        Paragraph(lead, "lead"),
        SheetBlock("", (_strip("", images),)),
        Paragraph(small, "small"),
    ]


def doubtful_blocks(case: DiagnosisCase, run: Run) -> list[Block]:
    """The test images of which the classifier is least sure, with evidence that a person can
    check."""
    test, names = case.test, case.asked.classes
    unsure = np.argsort(-unsureness(test.chances, case.least), kind="stable")[:DOUBTFUL]
    pixels = case.asked.pixels[test.at[unsure]]
    size = (int(pixels.shape[1]), int(pixels.shape[2]))
    fell = _changes(case, pixels, test.decided[unsure], run)
    places = patches(size)
    train = case.asked.at(TRAIN)
    near = nearest(case.reader.places(test.values[unsure]), case.reader.places(case.reader.values))
    strips, rows = [], []
    for k, at in enumerate(unsure.tolist()):
        top = places[int(fell[k].argmax())]
        own = train[near[k]]
        images = [framed(pixels[k], None, _scale(size)), framed(pixels[k], top, _scale(size))]
        images += [framed(case.asked.pixels[one], None, _scale(size)) for one in own]
        strips.append(_strip(str(k + 1), images))
        said = int(test.decided[at])
        chance = float(test.chances[at, said])
        after = round(max(chance - float(fell[k].max()), 0.0), 3)
        alike = np.bincount(case.asked.codes[own], minlength=len(names))
        rows.append(
            (
                k + 1,
                names[int(test.truth[at])],
                f"{names[said]} ({percent(chance)})",
                ", ".join(f"{names[c]}: {n}" for c, n in enumerate(alike.tolist()) if n),
                f"{top.words(size)}: {percent(chance)} to {percent(after)}",
            )
        )
    heads = ("Image", "Label", "It says", f"The {NEAREST} nearest show", "Hiding the patch")
    lead = (
        f"The {plural(len(rows), 'test image')} of which it is least sure. From left to right: the "
        "image; the same with the patch framed whose hiding lowers the chance of the answer most; "
        f"the {NEAREST} training images that are nearest in what it measures, the nearest first."
    )
    return [
        Paragraph(lead),
        SheetBlock("", tuple(strips)),
        TableBlock(heads, tuple(rows), stacked=True),
    ]


def _scale(size: tuple[int, int]) -> int:
    return max(1, round(SIDE / max(size) / 2))


def _strip(label: str, images: list[np.ndarray]) -> Strip:
    """Images in colours side by side."""
    sheet = contact_sheet(np.stack(images), len(images))
    height, width, _ = sheet.shape
    return Strip(label, base64.b64encode(png(sheet)).decode("ascii"), width, height)
