"""Whether a classifier recognises the label of images that it has not seen, and where it errs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from tidemill.core.finding import Finding
from tidemill.core.picture import Picture, Sheet, Table
from tidemill.core.run import Run
from tidemill.core.words import percent, plural, share_interval
from tidemill.imaging.sheet import strip
from tidemill.mining.confusion import commonest_mistake, mean_recall_error, recall_rows
from tidemill.mining.images.gallery import Gallery
from tidemill.supervised.intervals import wilson

MOST_CLASSES = 25
"""Classes that a picture of confusions shows at most; of more, the commonest."""
SHOWN_MISTAKES = 16
SURE = 3.1
"""Standard errors that the balanced accuracy must lie above guessing: one set of noise in a
thousand does."""


def recognised(seen: Gallery, run: Run) -> Iterator[Finding]:
    """How well the label can be told from the image; nothing where that is no better than
    guessing."""
    known = np.flatnonzero(seen.held.labels != "")
    if not seen.label or not len(known):
        return
    matrix = _confusions(seen, known)
    sizes = matrix.sum(axis=1)
    right = np.diag(matrix)[sizes > 0]
    sizes = sizes[sizes > 0]
    balanced = float((right / sizes).mean())
    error = mean_recall_error(right, sizes)
    if balanced - SURE * error <= 1 / len(sizes):
        return
    yield _model(seen, matrix, balanced, error)
    wrong = [int(at) for at in known if seen.held.labels[at] != _said(seen, int(at))]
    if wrong:
        yield _mistakes(seen, wrong, len(known))


def _said(seen: Gallery, at: int) -> str:
    return seen.classes[int(seen.chances[at].argmax())]


def _confusions(seen: Gallery, known: NDArray[np.int64]) -> NDArray[np.int64]:
    """How often an image of each class (rows) is taken for each (columns)."""
    actual = np.searchsorted(seen.classes, seen.held.labels[known])
    matrix = np.zeros((len(seen.classes), len(seen.classes)), np.int64)
    np.add.at(matrix, (actual, seen.chances[known].argmax(axis=1)), 1)
    return matrix


def _model(seen: Gallery, matrix: NDArray[np.int64], balanced: float, error: float) -> Finding:
    total = int(matrix.sum())
    right = int(np.trace(matrix))
    guessed = int(matrix.sum(axis=1).max()) / total
    low = max(balanced - 1.96 * error, 0.0)
    high = min(balanced + 1.96 * error, 1.0)
    mistake = commonest_mistake([f"'{name}'" for name in seen.classes], matrix, seen.unit)
    sentence = (
        f"A small classifier tells {seen.label} from the {seen.unit}: it is right on "
        f"{percent(right, total)} of {total:,} held-out {seen.unit}s "
        f"({share_interval(*wilson(right, total))}), where always saying the commonest of "
        f"{len(seen.classes)} labels is right on {percent(guessed)}. As a mean over the labels it "
        f"is {percent(balanced)} ({share_interval(low, high)}){mistake}."
    )
    return Finding(
        technique=seen.technique,
        name="classifier",
        sentence=sentence,
        strength=balanced,
        measure="balanced accuracy",
        support=total,
        interval=(low, high),
        columns=seen.columns,
        table=_recalls(seen, matrix),
        picture=_heat_map(seen, matrix),
        figures={
            "accuracy": right / total,
            "guessing": guessed,
            "training_images": float((seen.train.labels != "").sum()),
        },
    )


def _heat_map(seen: Gallery, matrix: NDArray[np.int64]) -> Picture:
    sizes = matrix.sum(axis=1)
    shares = matrix / np.maximum(sizes, 1)[:, None]
    shown = np.sort(np.argsort(-sizes, kind="stable")[:MOST_CLASSES])
    rows = []
    for at in shown:
        row = tuple(round(float(share), 3) for share in shares[at, shown])
        rows.append((f"is {seen.classes[at]}", row))
    return Picture(
        "heat",
        f"What held-out {seen.unit}s are (rows), and what they are taken for (share of the row)",
        tuple(seen.classes[at] for at in shown),
        tuple(rows),
        "taken for",
        seen.label,
    )


def _recalls(seen: Gallery, matrix: NDArray[np.int64]) -> Table:
    return Table(
        (seen.label, f"held-out {seen.unit}s", "recognised", "most often taken for"),
        tuple(recall_rows(seen.classes, matrix)),
        f"How many {seen.unit}s of each label are recognised",
    )


def _mistakes(seen: Gallery, wrong: list[int], known: int) -> Finding:
    """The mistakes that the classifier is surest of, those of one kind in one strip."""
    worst = sorted(wrong, key=lambda at: -float(seen.chances[at].max()))[:SHOWN_MISTAKES]
    kinds: dict[str, list[int]] = {}
    for at in worst:
        kinds.setdefault(f"said {_said(seen, at)}, is {seen.held.labels[at]}", []).append(at)
    confusions = Counter((str(seen.held.labels[at]), _said(seen, at)) for at in wrong)
    (label, said), count = confusions.most_common(1)[0]
    sentence = (
        f"The classifier errs on {plural(len(wrong), f'held-out {seen.unit}')} of {known:,}, most "
        f"often in taking '{label}' for '{said}' ({count:,}). Those that it is surest of "
        "are either hard, or their label is wrong."
    )
    return Finding(
        technique=seen.technique,
        name="mistakes",
        sentence=sentence,
        strength=len(wrong) / known,
        measure="share of mistakes",
        support=len(wrong),
        interval=wilson(len(wrong), known),
        columns=seen.columns,
        picture=Sheet(
            "The mistakes that the classifier is surest of",
            tuple(strip(kind, seen.held.pixels[at]) for kind, at in kinds.items()),
        ),
    )
