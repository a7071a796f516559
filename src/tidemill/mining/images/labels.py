"""Labels that are likely wrong: all that can be seen says another one, or the same image has
two."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

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
    given, classes = seen.held.labels, np.array(seen.classes)
    said = seen.chances.argmax(axis=1)
    own = np.array(
        [
            seen.chances[given == name, at].mean() if (given == name).any() else 1.0
            for at, name in enumerate(classes)
        ]
    )
    sure = seen.chances.max(axis=1) >= own[said]
    agree = (seen.train.labels[seen.nearest] == classes[said][:, None]).sum(axis=1) >= AGREEING
    known = np.flatnonzero(given != "")
    doubted = [
        int(at)
        for at in known
        if classes[said[at]] != given[at]
        and sure[at]
        and agree[at]
        and seen.chances[at, np.searchsorted(classes, given[at])] <= HARDLY
    ]
    if not doubted:
        return
    doubted.sort(key=lambda at: -float(seen.chances[at].max()))
    kinds: dict[str, list[int]] = {}
    for at in doubted[:SHOWN]:
        kinds.setdefault(f"labelled {given[at]}, looks like {classes[said[at]]}", []).append(at)
    count = len(doubted)
    sentence = (
        f"The label of {plural(count, 'held-out image')} of {len(known):,} "
        f"({percent(count / len(known))}) is doubtful: a classifier that has not seen "
        f"{'it' if count == 1 else 'them'} and the most similar training images agree on another "
        "one. Look at them; the training images are not checked here, and are likely to hold as "
        "large a share."
    )
    yield Finding(
        technique="images",
        name="doubtful labels",
        sentence=sentence,
        strength=count / len(known),
        measure="share of doubtful labels",
        support=count,
        interval=wilson(count, len(known)),
        columns=seen.columns,
        picture=Sheet(
            "Labels that are likely wrong",
            tuple(strip(kind, seen.held.pixels[at]) for kind, at in kinds.items()),
        ),
    )


def same_under_two_labels(seen: Gallery, run: Run) -> Iterator[Finding]:
    """Held-out images that are the same, or nearly so, as another image with another label."""
    if not seen.label:
        return
    pixels = np.concatenate([seen.held.pixels, seen.train.pixels])
    labels = np.concatenate([seen.held.labels, seen.train.labels])
    pairs = [
        (one, other)
        for one, other in copies(pixels, MOST_PAIRS).tolist()
        if one < len(seen.held)
        and "" not in (labels[one], labels[other])
        and labels[one] != labels[other]
    ]
    if not pairs:
        return
    kinds: dict[str, list[int]] = {}
    for one, other in pairs[: SHOWN // 2]:
        kinds.setdefault(f"{labels[one]} beside {labels[other]}", []).extend((one, other))
    held = len({at for pair in pairs for at in pair if at < len(seen.held)})
    known = int((seen.held.labels != "").sum())
    sentence = (
        f"{plural(held, 'held-out image')} of {known:,} {'is' if held == 1 else 'are'} the same as "
        "another image, or nearly so, that has another label: one of the two labels is wrong."
    )
    yield Finding(
        technique="images",
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
