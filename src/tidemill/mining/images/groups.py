"""Groups of images that look alike."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.cluster import MiniBatchKMeans
from sklearn.decomposition import PCA
from sklearn.metrics import silhouette_score

from tidemill.core.finding import Finding
from tidemill.core.picture import Sheet, Strip, Table
from tidemill.core.run import Run
from tidemill.core.words import number, percent
from tidemill.imaging.sheet import strip
from tidemill.mining.images.gallery import Gallery
from tidemill.supervised.arrays import Floats

AXES = 16
NUMBERS = (2, 3, 4, 5, 6, 8, 10, 12)
MOST_JUDGED = 2_000
SHOWN = 16
APART = 0.05
"""How much better than those of shuffled axes groups must be apart, in silhouette."""


@dataclass(frozen=True)
class ImageClusters:
    """One number of groups: their centres, the group of each held-out image, and how far apart
    these are."""

    centres: Floats
    labels: NDArray[np.int64]
    silhouette: float


def groups(seen: Gallery, run: Run) -> Iterator[Finding]:
    """Cluster the training images by a classifier's features; nothing where the groups are not
    apart."""
    axes = min(AXES, seen.seen.shape[1], len(seen.seen))
    space = PCA(axes, svd_solver="randomized", random_state=run.seed_of("mining/images/space")).fit(
        seen.seen
    )
    places, held = space.transform(seen.seen), space.transform(seen.held_seen)
    if not places.std() > 0:
        return
    tried = []
    for count in NUMBERS:
        run.check()
        if len(held) > 3 * count:
            tried.append(_grouped(places, held, count, run))
    best = max(tried, key=lambda each: each.silhouette)
    shuffled = run.rng("mining/images/shuffled").permuted
    by_chance = _grouped(
        shuffled(places, axis=0), shuffled(held, axis=0), len(best.centres), run
    ).silhouette
    if best.silhouette >= by_chance + APART:
        yield _finding(seen, best, held, by_chance)


def _grouped(places: Floats, held: Floats, count: int, run: Run) -> ImageClusters:
    found = MiniBatchKMeans(
        count, n_init=4, batch_size=1024, random_state=run.seed_of("mining/images/groups")
    ).fit(places)
    labels = found.predict(held)
    few = slice(MOST_JUDGED)
    apart = (
        silhouette_score(held[few], labels[few])
        if 1 < len(set(labels[few])) < len(labels[few])
        else -1.0
    )
    return ImageClusters(found.cluster_centers_, labels, float(apart))


def _finding(seen: Gallery, best: ImageClusters, held: Floats, by_chance: float) -> Finding:
    sizes = np.bincount(best.labels, minlength=len(best.centres))
    strips: list[Strip] = []
    rows: list[tuple[object, ...]] = []
    for group in (int(at) for at in np.argsort(-sizes, kind="stable") if sizes[at]):
        inside = np.flatnonzero(best.labels == group)
        near = inside[
            np.argsort(((held[inside] - best.centres[group]) ** 2).sum(axis=1), kind="stable")[
                :SHOWN
            ]
        ]
        share = sizes[group] / len(held)
        main, part = _main_label(seen, inside)
        told = f", {percent(part)} of them '{main}'" if main else ""
        strips.append(strip(f"{percent(share)} of images{told}", seen.held.pixels[near]))
        rows.append(
            (
                len(rows) + 1,
                int(sizes[group]),
                round(float(share), 3),
                *((main, round(part, 3)) if main else ()),
            )
        )
    largest = float(sizes.max()) / len(held)
    sentence = (
        f"By what a classifier of {seen.label or 'handwritten digits'} sees in them, the images "
        f"fall into {len(rows)} groups; the largest holds {percent(largest)} of {len(held):,} "
        f"held-out images. Silhouette {number(best.silhouette, 2)}, against {number(by_chance, 2)} "
        "where what is seen is shuffled."
    )
    labelled = ("commonest label", "its share") if seen.label else ()
    return Finding(
        technique="images",
        name="groups",
        sentence=sentence,
        strength=best.silhouette,
        measure="silhouette",
        support=len(held),
        columns=(seen.column,),
        table=Table(
            ("group", "held-out images", "share", *labelled),
            tuple(rows),
            "Groups of images that look alike",
        ),
        picture=Sheet("Groups of held-out images: those nearest to each middle", tuple(strips)),
        figures={"groups": len(rows), "silhouette_shuffled": by_chance},
    )


def _main_label(seen: Gallery, inside: NDArray[np.int64]) -> tuple[str, float]:
    """The commonest label of these held-out images and its share; "" without labels."""
    if not seen.label:
        return "", 0.0
    label, count = Counter(seen.held.labels[inside].tolist()).most_common(1)[0]
    return label or "without a label", count / len(inside)
