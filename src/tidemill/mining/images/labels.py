"""Labels that are likely wrong: all that can be seen says another one, or the same image has
two."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from tidemill.core.finding import Finding
from tidemill.core.picture import Sheet
from tidemill.core.run import Run
from tidemill.core.words import percent, plural
from tidemill.imaging.fingerprints import copies
from tidemill.imaging.sheet import strip
from tidemill.mining.images.gallery import NEIGHBOURS, Gallery
from tidemill.supervised.intervals import wilson

SHOWN = 16
AGREEING = NEIGHBOURS - 1
"""Of the nearest training images, so many must have the label that the classifier says."""
HARDLY = 0.05
"""The given label's chance is at most this."""
MOST_PAIRS = 100_000


def doubtful_labels(seen: Gallery, run: Run) -> Iterator[Finding]:
    """Held-out images of which a classifier that has not seen them, and their neighbours, say
    another label.

    The classifier must be as sure of the other label as it is of that label's own images on average
    (confident learning: Northcutt, Jiang and Chuang 2021).
    """
    if not seen.label:
        return
    given = seen.held.labels
    said = np.array(seen.classes)[seen.chances.argmax(axis=1)]
    doubted = _doubted(seen, said)
    if not doubted:
        return
    kinds: dict[str, list[int]] = {}
    for at in doubted[:SHOWN]:
        kinds.setdefault(f"labelled {given[at]}, looks like {said[at]}", []).append(at)
    count = len(doubted)
    known = int((given != "").sum())
    them = "it" if count == 1 else "them"
    sentence = (
        f"The label of {plural(count, f'held-out {seen.unit}')} of {known:,} "
        f"({percent(count / known)}) is doubtful: a classifier that has not seen "
        f"{them} and the most similar training {seen.unit}s agree on another "
        f"one. Look at them; the training {seen.unit}s are not checked here, and are likely to "
        "hold as large a share."
    )
    yield Finding(
        technique=seen.technique,
        name="doubtful labels",
        sentence=sentence,
        strength=count / known,
        measure="share of doubtful labels",
        support=count,
        interval=wilson(count, known),
        columns=seen.columns,
        picture=Sheet(
            "Labels that are likely wrong",
            tuple(strip(kind, seen.held.pixels[at]) for kind, at in kinds.items()),
        ),
    )


def _doubted(seen: Gallery, said: NDArray[np.str_]) -> list[int]:
    """Positions of the held-out images whose label is doubtful, those first of which the classifier
    is surest.

    Args:
        seen: The images.
        said: The label that the classifier says, of each held-out one.
    """
    given, classes = seen.held.labels, np.array(seen.classes)
    usual = np.ones(len(classes))  # how sure it is of a label's own images
    for at, name in enumerate(classes):
        if (given == name).any():
            usual[at] = seen.chances[given == name, at].mean()
    best = seen.chances.max(axis=1)
    sure = best >= usual[seen.chances.argmax(axis=1)]
    agreeing = (seen.train.labels[seen.nearest] == said[:, None]).sum(axis=1)
    candidates = np.flatnonzero((given != "") & (said != given) & sure & (agreeing >= AGREEING))
    own = seen.chances[candidates, np.searchsorted(classes, given[candidates])]
    doubted = candidates[own <= HARDLY]
    order = np.argsort(-best[doubted], kind="stable")
    return [int(at) for at in doubted[order]]


def same_under_two_labels(seen: Gallery, run: Run) -> Iterator[Finding]:
    """Held-out images that are the same, or nearly so, as another image with another label."""
    if not seen.label:
        return
    pixels = np.concatenate([seen.held.pixels, seen.train.pixels])
    labels = np.concatenate([seen.held.labels, seen.train.labels])
    pairs = []
    for one, other in copies(pixels, MOST_PAIRS).tolist():
        both_known = labels[one] != "" and labels[other] != ""
        if one < len(seen.held) and both_known and labels[one] != labels[other]:
            pairs.append((one, other))
    if not pairs:
        return
    kinds: dict[str, list[int]] = {}
    for one, other in pairs[: SHOWN // 2]:
        kinds.setdefault(f"{labels[one]} beside {labels[other]}", []).extend((one, other))
    involved = np.unique(pairs)
    held = int((involved < len(seen.held)).sum())
    known = int((seen.held.labels != "").sum())
    are = "is" if held == 1 else "are"
    sentence = (
        f"{plural(held, f'held-out {seen.unit}')} of {known:,} {are} the same as "
        f"another {seen.unit}, or nearly so, that has another label: one of the two labels is "
        "wrong."
    )
    yield Finding(
        technique=seen.technique,
        name="two labels",
        sentence=sentence,
        strength=held / known,
        measure="share under two labels",
        support=held,
        interval=wilson(held, known),
        columns=seen.columns,
        picture=Sheet(
            "The same under two labels",
            tuple(strip(kind, pixels[at]) for kind, at in kinds.items()),
        ),
    )
