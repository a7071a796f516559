"""Which images are learned from, which settle chances, and which are tested on: no person, and no
copy of an image, on two sides."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from tidemill.core.errors import OptionError
from tidemill.core.run import Run
from tidemill.core.words import plural
from tidemill.imaging.fingerprints import copies

TRAIN, VALIDATION, TEST = 0, 1, 2
NAMES = {
    "train": TRAIN,
    "training": TRAIN,
    "learn": TRAIN,
    "val": VALIDATION,
    "valid": VALIDATION,
    "validation": VALIDATION,
    "dev": VALIDATION,
    "test": TEST,
    "testing": TEST,
    "holdout": TEST,
    "held-out": TEST,
}
"""What the parts of a split are called."""
FOLDS = 20
TESTED, SETTLED = 0.3, 0.15
"""Shares of the images that are tested on, and that settle chances, where nobody says which."""
MOST_COPIES = 20_000

Places = NDArray[np.int64]


@dataclass(frozen=True)
class ImageSides:
    """Where each image stands.

    Attributes:
        side: (n,) TRAIN, VALIDATION or TEST; -1 for an image that is left out.
        told: Whether a column says it.
        moved: How many images were left out, as a person of theirs is on another side.
        copied: How many were left out, as nearly the same image is on another side.
    """

    side: Places
    told: bool = False
    moved: int = 0
    copied: int = 0

    def at(self, side: int) -> Places:
        """Places of the images on a side."""
        return np.flatnonzero(self.side == side)


def told_sides(values: Sequence[str | None], column: str) -> ImageSides:
    """The sides that a column says; images of which it says nothing are left out.

    Raises:
        OptionError: A value of it is no side, or no image is to be learned from or tested on.

    Example:
        >>> told_sides(["train", "Test", "val"], "split").side.tolist()
        [0, 2, 1]
    """
    side = np.full(len(values), -1, np.int64)
    for at, value in enumerate(values):
        if value is None:
            continue
        known = NAMES.get(value.strip().casefold())
        if known is None:
            raise OptionError(
                f"the column '{column}' says '{value}', which is no part of a split",
                hint="its values are train, val and test; leave option 'column=split=COL' out to "
                "have images drawn",
            )
        side[at] = known
    for name, wanted in (("train", TRAIN), ("test", TEST)):
        if not (side == wanted).any():
            raise OptionError(
                f"the column '{column}' never says '{name}'",
                hint="its values are train, val and test; leave option 'column=split=COL' out to "
                "have images drawn",
            )
    return ImageSides(side, told=True)


def drawn_sides(codes: Places, whose: Places, run: Run) -> ImageSides:
    """Sides drawn at random, with each class on all of them, and all images of a person on one.

    Args:
        codes: (n,) what each image shows.
        whose: (n,) the person of each.
        run: Its stream draws them.
    """
    fold = fold_of(codes, whose, FOLDS, run.seed_of("diagnosing", "sides"))
    folds = int(fold.max()) + 1
    tested = max(1, round(TESTED * folds))
    settled = max(1, round(SETTLED * folds))
    side = np.full(len(codes), TRAIN)
    side[fold < tested + settled] = VALIDATION
    side[fold < tested] = TEST
    return ImageSides(side)


def with_validation(sides: ImageSides, codes: Places, whose: Places, run: Run) -> ImageSides:
    """The same with a part of the training images that settles chances, where there is none."""
    if (sides.side == VALIDATION).any():
        return sides
    train = sides.at(TRAIN)
    fold = fold_of(codes[train], whose[train], 5, run.seed_of("diagnosing", "validation"))
    side = sides.side.copy()
    side[train[fold == 0]] = VALIDATION
    return replace(sides, side=side)


def apart(sides: ImageSides, pixels: np.ndarray, whose: Places) -> ImageSides:
    """The same without tested images, and such as settle chances, whose person or whose copy stands
    on another side.

    Args:
        sides: As told or drawn.
        pixels: (n, height, width, channels) uint8.
        whose: (n,) the person of each image.
    """
    side = sides.side.copy()
    before = int((side >= 0).sum())
    for own, others in ((VALIDATION, (TRAIN,)), (TEST, (TRAIN, VALIDATION))):
        elsewhere = np.isin(side, others)
        side[(side == own) & np.isin(whose, whose[elsewhere])] = -1
    moved = before - int((side >= 0).sum())
    pairs = copies(pixels, MOST_COPIES)
    # the copy that is nearer to the test goes
    first, second = side[pairs[:, 0]], side[pairs[:, 1]]
    crossing = (first != second) & (first >= 0) & (second >= 0)
    later = np.where(first > second, pairs[:, 0], pairs[:, 1])[crossing]
    gone = np.unique(later)
    side[gone] = -1
    return replace(sides, side=side, moved=moved, copied=len(gone))


def left_out_words(sides: ImageSides) -> tuple[str, ...]:
    """Which images were left out to keep sides apart, as sentences."""
    said = []
    if sides.moved:
        said.append(
            f"{plural(sides.moved, 'image')} stood on another side than other images of the same "
            "person or source, and would have been too easy: left out."
        )
    if sides.copied:
        said.append(
            f"{plural(sides.copied, 'image')} for validation or test were nearly the same as one "
            "on another side, and would have been too easy: left out."
        )
    return tuple(said)


def fold_of(codes: Places, whose: Places, most: int, seed: int) -> Places:
    """(n,) the fold of each image, persons whole and classes alike."""
    from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold

    persons = len(np.unique(whose))
    fewest = int(np.bincount(codes)[np.unique(codes)].min())
    folds = max(2, min(most, persons, fewest))
    alone = persons == len(whose)
    kind = StratifiedKFold if alone else StratifiedGroupKFold
    drawn = kind(folds, shuffle=True, random_state=seed)
    fold = np.zeros(len(codes), np.int64)
    for k, (_, held) in enumerate(drawn.split(codes, codes, None if alone else whose)):
        fold[held] = k
    return fold
