"""What a classifier that learned from generated images is worth on real ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from tidemill.core.picture import Table
from tidemill.core.run import Run
from tidemill.core.score import Score
from tidemill.core.words import percent, plural
from tidemill.imaging.labelled import LabelledImages
from tidemill.metrics.images.features import ImageSets
from tidemill.supervised.intervals import wilson

if TYPE_CHECKING:
    from tidemill.imaging.classifier import Classifier

ACCURACY = "accuracy of a classifier of images"
FEWEST = 50
MOST_SHOWN = 30
"""Classes in the table."""


def learnable(album: LabelledImages) -> bool:
    """Whether a classifier can learn its labels: two classes, and FEWEST images with a label."""
    return len(album.classes) >= 2 and len(album.known) >= FEWEST


def accuracy(sets: ImageSets, label: str, run: Run, steps: int) -> Score:
    """The accuracy on held-out images of a classifier that learned from generated ones (train on
    synthetic, test on real).

    Floor: learned from images of independent pixels, or the most frequent class where that is
    better. Ceiling: learned from training images. All three learn from equally many images.

    Args:
        sets: The images.
        label: The column's name.
        run: Threads, cancelling.
        steps: Of each training.
    """
    why = _obstacle(sets)
    if why:
        return Score("images", ACCURACY, None, why=why)
    tested = sets.holdout.rows(sets.holdout.known)
    truth = tested.labels
    usual = max(float((truth == name).mean()) for name in tested.classes)
    learned_from = [sets.synthetic, sets.train]
    if learnable(sets.floor):
        learned_from.append(sets.floor)
    size = min(len(album.known) for album in learned_from)
    right = _right(_learned(sets.synthetic, size, run, steps), tested)
    best = _right(_learned(sets.train, size, run, steps), tested)
    floor = usual
    if learnable(sets.floor):
        guessed = _right(_learned(sets.floor, size, run, steps), tested)
        floor = max(usual, float(guessed.mean()))
    value = float(right.mean())
    ceiling = float(best.mean())
    low, high = wilson(right.sum(), len(truth))
    return Score(
        "images",
        ACCURACY,
        value,
        floor,
        ceiling,
        interval=(low, high),
        table=_table(truth, right, best, label),
        figures={
            "images": size,
            "tested": len(truth),
            "guessing": usual,
            "balanced": _balanced(truth, right),
            "balanced_ceiling": _balanced(truth, best),
        },
        sentence=f"A classifier of '{label}' that learned from {plural(size, 'generated image')} "
        f"is right about {percent(value)} of {plural(len(truth), 'held-out image')} (95 % interval "
        f"{percent(low)} to {percent(high)}); one that learned from as many real images about "
        f"{percent(ceiling)}, and guessing the most frequent class is right about "
        f"{percent(usual)}.",
    )


def _obstacle(sets: ImageSets) -> str:
    """Why no classifier can be learned or tested; empty where it can."""
    for name, album in (
        ("training", sets.train),
        ("held-out", sets.holdout),
        ("generated", sets.synthetic),
    ):
        if not learnable(album):
            return (
                f"the {name} images have fewer than 2 classes, or fewer than {FEWEST} have a label"
            )
    return ""


def _learned(album: LabelledImages, size: int, run: Run, steps: int) -> Classifier:
    from tidemill.imaging.classifier import Classifier

    known = album.rows(album.known[:size])
    return Classifier.learned(known.pixels, known.labels.tolist(), run, steps=steps)


def _right(classifier: Classifier, tested: LabelledImages) -> NDArray[np.bool_]:
    """Which images are recognised, (n,)."""
    likeliest = classifier.chances(tested.pixels).argmax(axis=1)
    return np.asarray(np.array(classifier.classes)[likeliest] == tested.labels)


def _balanced(truth: np.ndarray, right: NDArray[np.bool_]) -> float:
    """The mean over classes of the share that is recognised."""
    return float(np.mean([right[truth == name].mean() for name in np.unique(truth)]))


def _table(
    truth: np.ndarray, right: NDArray[np.bool_], best: NDArray[np.bool_], label: str
) -> Table:
    names, counts = np.unique(truth, return_counts=True)
    rows = []
    for k in sorted(np.argsort(-counts, kind="stable")[:MOST_SHOWN].tolist()):
        mine = truth == names[k]
        shares = (round(float(right[mine].mean()), 3), round(float(best[mine].mean()), 3))
        rows.append((str(names[k]), int(counts[k]), *shares))
    return Table(
        (label, "held-out images", "right, learned from generated", "right, learned from real"),
        tuple(rows),
        f"What classifiers recognise, by '{label}'",
    )
