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
    seed = run.seed_of("mining/images/space")
    space = PCA(axes, svd_solver="randomized", random_state=seed).fit(seen.seen)
    places = space.transform(seen.seen)
    held = space.transform(seen.held_seen)
    if not places.std() > 0:
        return
    tried = []
    for count in NUMBERS:
        run.check()
        if len(held) > 3 * count:
            tried.append(_grouped(places, held, count, run))
    best = max(tried, key=lambda clusters: clusters.silhouette)
    rng = run.rng("mining/images/shuffled")
    mixed, mixed_held = rng.permuted(places, axis=0), rng.permuted(held, axis=0)
    by_chance = _grouped(mixed, mixed_held, len(best.centres), run).silhouette
    if best.silhouette >= by_chance + APART:
        yield _finding(seen, best, held, by_chance)


def _grouped(places: Floats, held: Floats, count: int, run: Run) -> ImageClusters:
    seed = run.seed_of("mining/images/groups")
    means = MiniBatchKMeans(count, n_init=4, batch_size=1024, random_state=seed).fit(places)
    labels = means.predict(held)
    few, few_labels = held[:MOST_JUDGED], labels[:MOST_JUDGED]
    silhouette = -1.0
    if 1 < len(set(few_labels)) < len(few_labels):
        silhouette = float(silhouette_score(few, few_labels))
    return ImageClusters(means.cluster_centers_, labels, silhouette)


def _finding(seen: Gallery, best: ImageClusters, held: Floats, by_chance: float) -> Finding:
    sizes = np.bincount(best.labels, minlength=len(best.centres))
    strips: list[Strip] = []
    rows: list[tuple[object, ...]] = []
    for group in np.argsort(-sizes, kind="stable"):
        if not sizes[group]:
            continue
        inside = np.flatnonzero(best.labels == group)
        away = ((held[inside] - best.centres[group]) ** 2).sum(axis=1)
        nearest = inside[np.argsort(away, kind="stable")[:SHOWN]]
        share = float(sizes[group] / len(held))
        title = f"{percent(share)} of {seen.unit}s"
        row: list[object] = [len(rows) + 1, int(sizes[group]), round(share, 3)]
        if seen.label:
            label, part = _commonest_label(seen, inside)
            title += f", {percent(part)} of them '{label}'"
            row += [label, round(part, 3)]
        strips.append(strip(title, seen.held.pixels[nearest]))
        rows.append(tuple(row))
    largest = float(sizes.max()) / len(held)
    sentence = (
        f"By {seen.by}, the {seen.unit}s fall into {len(rows)} groups; the largest holds "
        f"{percent(largest)} of {len(held):,} held-out {seen.unit}s. Silhouette "
        f"{number(best.silhouette, 2)}, against {number(by_chance, 2)} where that is shuffled."
    )
    labelled = ("commonest label", "its share") if seen.label else ()
    return Finding(
        technique=seen.technique,
        name="groups",
        sentence=sentence,
        strength=best.silhouette,
        measure="silhouette",
        support=len(held),
        columns=(seen.column,),
        table=Table(
            ("group", f"held-out {seen.unit}s", "share", *labelled),
            tuple(rows),
            f"Groups of {seen.unit}s that are alike",
        ),
        picture=Sheet(
            f"Groups of held-out {seen.unit}s: those nearest to each middle", tuple(strips)
        ),
        figures={"groups": len(rows), "silhouette_shuffled": by_chance},
    )


def _commonest_label(seen: Gallery, inside: NDArray[np.int64]) -> tuple[str, float]:
    """The commonest label of these held-out images and its share."""
    label, count = Counter(seen.held.labels[inside].tolist()).most_common(1)[0]
    return label or "without a label", count / len(inside)
