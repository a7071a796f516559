"""Images with a label, some to learn from and some to test on, and what a classifier says of
them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tidemill.core.dataset import Dataset
from tidemill.core.errors import OptionError
from tidemill.core.persons import person_column
from tidemill.core.run import Run
from tidemill.core.schema import Column
from tidemill.core.shown import is_hidden
from tidemill.core.split import entity_numbers
from tidemill.core.words import count, listing, plural, quoted
from tidemill.diagnosing.measuring import Places
from tidemill.diagnosing.recognising import Recogniser, recogniser
from tidemill.diagnosing.sides import (
    TEST,
    TRAIN,
    VALIDATION,
    ImageSides,
    apart,
    drawn_sides,
    told_sides,
    with_validation,
)
from tidemill.imaging.pixels import image_pixels
from tidemill.recipes.base import Refused
from tidemill.supervised.arrays import Floats

SPLIT = "split"
FEWEST_OF_CLASS = 80
FEWEST_ON_SIDE = 10
FEWEST_SOURCES = 10
MOST_CLASSES = 30
QUESTION = "Whether a classifier can be trusted with these images cannot be said."
SIDE_NAMES = {TRAIN: "training", VALIDATION: "validation", TEST: "test"}


@dataclass(frozen=True)
class AskedImages:
    """The images that have a label, and those that wait for one.

    Attributes:
        data: Rows with a label that counts.
        new: Rows without a label.
        pixels: (n, height, width, channels) uint8.
        classes: What there is to be seen; of two, the one that is looked for is the second.
        codes: (n,) what each image shows.
        whose: (n,) the person or source of each.
        source: The column that says whose they are; "" where each image stands for itself.
        split: The column that says which are learned from; "" where they were drawn.
        looked_for: The class that is looked for; "" where there are several.
        sides: Which are learned from, and which tested on.
        left_out: Sentences on labels that do not count.
    """

    data: Dataset
    new: Dataset
    pixels: np.ndarray
    classes: tuple[str, ...]
    codes: Places
    whose: Places
    source: str
    split: str
    looked_for: str
    sides: ImageSides
    left_out: tuple[str, ...]

    def at(self, side: int) -> Places:
        """Places of the images on a side."""
        return self.sides.at(side)


@dataclass(frozen=True)
class AnsweredPart:
    """Images that were not learned from, and what is said of them.

    Attributes:
        at: (n,) places among all images.
        values: What was measured of them.
        chances: (n, classes).
        truth: (n,) what they show.
        decided: (n,) what is said.
        whose: (n,) persons.
    """

    at: Places
    values: NDArray[np.float32]
    chances: Floats
    truth: Places
    decided: Places
    whose: Places

    @property
    def wrong(self) -> NDArray[np.bool_]:
        """(n,) which are answered wrongly."""
        return np.asarray(self.decided != self.truth)


@dataclass(frozen=True)
class DiagnosisCase:
    """What a classifier says of images that it has not seen.

    Attributes:
        asked: The images.
        reader: The classifier.
        least: The chance from which on the class that is looked for is said.
        by_cost: Whether costs were told.
        validation, test: Both parts.
    """

    asked: AskedImages
    reader: Recogniser
    least: float
    by_cost: bool
    validation: AnsweredPart
    test: AnsweredPart


def asked_images(
    data: Dataset, columns: Mapping[str, tuple[str, ...]], positive: str | None, run: Run
) -> AskedImages | Refused:
    """The images of a table by what is asked of them; or why nothing can be asked.

    Raises:
        OptionError: No image shows what is looked for, or a column is no split.
    """
    target = data.target
    assert target is not None, "the recipe asks for a target"
    texts = data[target.name].cast(pl.String)
    refused = _unfit(target, texts)
    if refused is not None:
        return refused
    names, counted, left_out = _classes(texts, positive)
    if len(names) < 2:
        return _one_class(texts, left_out)
    known = counted.is_not_null().to_numpy()
    labelled = data.rows(known)
    place = {name: k for k, name in enumerate(names)}
    codes = np.array([place[text] for text in counted.drop_nulls()], np.int64)
    source, whose = _sources(labelled)
    sources = len(np.unique(whose))
    if source and sources < FEWEST_SOURCES:
        whom = plural(sources, "person or source", "persons or sources")
        return Refused(
            QUESTION,
            f"By '{source}', all images are of {whom}, fewer than {FEWEST_SOURCES}: others may "
            "look different.",
            f"images of {FEWEST_SOURCES} persons or sources at least, better of a hundred.",
        )
    pixels = image_pixels(labelled)
    split = next(iter(columns.get(SPLIT, ())), "")
    if split:
        sides = told_sides(labelled[split].cast(pl.String).to_list(), split)
        sides = with_validation(sides, codes, whose, run)
    else:
        sides = drawn_sides(codes, whose, run)
    sides = apart(sides, pixels, whose)
    thin = _thin_side(sides, codes, names)
    if thin is not None:
        return thin
    return AskedImages(
        labelled,
        data.rows(texts.is_null().to_numpy()),
        pixels,
        names,
        codes,
        whose,
        source,
        split,
        names[1] if len(names) == 2 else "",
        sides,
        left_out,
    )


def answered(asked: AskedImages, costs: tuple[float, float] | None, run: Run) -> DiagnosisCase:
    """A classifier that learned from the training images, and what it says of the others.

    Args:
        asked: The images.
        costs: What a miss and a false alarm cost; None to weigh both classes alike.
        run: Progress.
    """
    train = asked.at(TRAIN)
    reader = recogniser(
        asked.pixels[train], asked.codes[train], asked.classes, asked.whose[train], run
    )
    parts = {}
    for side in (VALIDATION, TEST):
        at = asked.at(side)
        values = reader.looks.of(asked.pixels[at], run)
        parts[side] = (at, values, reader.chances_of(values))
    least = 0.5
    if costs is not None:
        miss, alarm = costs
        least = alarm / (alarm + miss)
    elif len(asked.classes) == 2:
        at, _, chances = parts[VALIDATION]
        least = evenly(chances[:, 1], asked.codes[at] == 1)

    def part(side: int) -> AnsweredPart:
        at, values, chances = parts[side]
        said = decisions(chances, least)
        return AnsweredPart(at, values, chances, asked.codes[at], said, asked.whose[at])

    return DiagnosisCase(asked, reader, least, costs is not None, part(VALIDATION), part(TEST))


def decisions(chances: Floats, least: float) -> Places:
    """(n,) the class that is said: the second of two from a chance on, of several the likeliest."""
    if chances.shape[1] == 2:
        return np.asarray(chances[:, 1] >= least, np.int64)
    return np.asarray(chances.argmax(axis=1), np.int64)


def evenly(chance: Floats, happens: NDArray[np.bool_]) -> float:
    """The chance from which on saying yes gives the largest sum of sensitivity and specificity
    (Youden 1950); in the middle of the best gap.

    Example:
        >>> evenly(np.array([0.1, 0.3, 0.7, 0.9]), np.array([False, False, True, True]))
        0.5
    """
    order = np.argsort(chance, kind="stable")
    values, hits = chance[order], happens[order]
    caught = 1 - np.concatenate([[0], np.cumsum(hits)]) / max(hits.sum(), 1)
    spared = np.concatenate([[0], np.cumsum(~hits)]) / max((~hits).sum(), 1)
    cuts = np.concatenate([[0.0], (values[1:] + values[:-1]) / 2, [1.0]])
    allowed = np.concatenate([[True], values[1:] > values[:-1], [True]])
    together = np.where(allowed, caught + spared, -1.0)
    best = np.flatnonzero(together >= together.max() - 1e-12)
    least = float(cuts[best[len(best) // 2]])
    return min(max(least, 1e-6), 1 - 1e-6)


def _unfit(target: Column, texts: pl.Series) -> Refused | None:
    """Why a column is no label."""
    different = texts.drop_nulls().n_unique()
    if different <= MOST_CLASSES and not is_hidden(target):
        return None
    why = f"'{target.name}' has {count(different)} values, more than {MOST_CLASSES}"
    if is_hidden(target):
        why = f"'{target.name}' tells images or persons apart"
    return Refused(
        QUESTION,
        f"{why}, so it does not say what images show.",
        "a column with a few values, such as normal and ill, named with option 'target'.",
    )


def _classes(
    texts: pl.Series, positive: str | None
) -> tuple[tuple[str, ...], pl.Series, tuple[str, ...]]:
    """The classes that are told apart, (n,) the label of each image, None for one that is left out,
    and sentences on these."""
    counts = texts.drop_nulls().value_counts(sort=True)
    levels, rows = counts.to_series(0).to_list(), counts.to_series(1).to_list()
    number = dict(zip(levels, rows, strict=True))
    if positive is not None:
        if positive not in number:
            raise OptionError(
                f"no image shows '{positive}'", hint=f"choose one of {', '.join(sorted(levels))}"
            )
        if len(levels) > 2:
            other = f"not {positive}"
            joined = [text if text in (None, positive) else other for text in texts]
            texts = pl.Series(joined, dtype=pl.String)
            number = {positive: number[positive], other: sum(rows) - number[positive]}
    few = sorted(name for name, images in number.items() if images < FEWEST_OF_CLASS)
    names = sorted(set(number) - set(few))
    left_out = []
    if few:
        left_out.append(
            f"{quoted(few)}: fewer than {FEWEST_OF_CLASS} images each, too few to learn "
            "and to test them. What is said of such images is wrong."
        )
    if len(names) == 2:
        wanted = positive if positive in names else min(names, key=lambda one: (number[one], one))
        names.sort(key=lambda one: one == wanted)
    kept = pl.Series([text if text in names else None for text in texts], dtype=pl.String)
    return tuple(names), kept, tuple(left_out)


def _one_class(texts: pl.Series, left_out: Sequence[str]) -> Refused:
    known = texts.drop_nulls()
    why = "No image has a label."
    if known.n_unique() == 1:
        why = f"All images show '{known[0]}', so there is nothing to tell apart."
    elif len(known):
        why = " ".join(["Fewer than two classes have enough images.", *left_out])
    return Refused(
        QUESTION,
        why,
        f"{FEWEST_OF_CLASS} images or more of each of two classes, better of hundreds.",
    )


def _sources(data: Dataset) -> tuple[str, Places]:
    """Whose each image is, and by which column."""
    told = entity_numbers(data)
    if told is not None:
        return listing([column.name for column in data.schema.of_role("entity")]), told
    name = person_column(data)
    if name is not None:
        found = entity_numbers(data, [name])
        assert found is not None, "a column was named"
        return name, found
    return "", np.arange(len(data))


def _thin_side(sides: ImageSides, codes: Places, names: tuple[str, ...]) -> Refused | None:
    """Why a side cannot be used."""
    for side, words in SIDE_NAMES.items():
        images = np.bincount(codes[sides.at(side)], minlength=len(names))
        if images.min() < FEWEST_ON_SIDE:
            name = names[int(images.argmin())]
            gone = sides.moved + sides.copied
            left = plural(gone, "image")
            after = f", after {left} with a person or copy on another side were left out"
            return Refused(
                QUESTION,
                f"Of the {words} images {count(int(images.min()))} only show '{name}', fewer than "
                f"{FEWEST_ON_SIDE}{after if gone else ''}.",
                "more images of other persons or sources, or another split.",
            )
    return None
