"""Whether sounds are like real ones, say what they are to say, are of use to a classifier, and no
copies of those that were learned from."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from tidemill.core.run import Run
from tidemill.core.score import Evidence, Score
from tidemill.core.words import percent, plural
from tidemill.imaging.labelled import LabelledImages
from tidemill.imaging.pixels import label_column
from tidemill.metrics.images.copies import copies
from tidemill.metrics.images.features import ImageSets, albums
from tidemill.metrics.images.frechet import frechet
from tidemill.metrics.images.manifolds import precision_recall_density_coverage
from tidemill.metrics.sounds.verdict import ACCURACY, HEARD
from tidemill.supervised.hearing import Hearing, pictured
from tidemill.supervised.intervals import wilson

FRECHET = "Fréchet distance of sounds"
COVERAGE = "sound coverage"
FEWEST = 50
MOST = 2_000
"""Sounds of a set that likeness is measured with."""
AXES = 32
"""Main axes of the pictures, in which likeness is measured."""


def sounds(evidence: Evidence, run: Run) -> Iterable[Score]:
    """How generated sounds compare with held-out real ones, by pictures of what is heard when.

    - Heard: the share of generated sounds in which a classifier that learned from real ones
      (:class:`tidemill.supervised.hearing.Hearing`) hears their own label.
    - Use: the accuracy on held-out sounds of a classifier that learned from generated ones.
    - Likeness: Fréchet distance, and the share of held-out sounds that have a generated one near to
      them, in the main axes of the pictures.
    - Copies: closeness to training sounds and near-copies, as of images.

    Floor: sounds of independent pixels. Ceiling: real sounds in the place of the generated ones;
    for copies, held-out ones.

    Args:
        evidence: The sets.
        run: Draws the sounds; threads; cancelling.
    """
    seen = Evidence(
        pictured(evidence.train),
        pictured(evidence.holdout),
        pictured(evidence.synthetic),
        pictured(evidence.floor),
    )
    sets = albums(seen, run)
    run.check()
    label = label_column(evidence.train.schema)
    if label is not None:
        yield from _labelled(sets, label.name, run)
    yield from _likeness(sets, run)
    yield from copies(sets, None, len(evidence.train), run, "sound")


def _labelled(sets: ImageSets, label: str, run: Run) -> Iterable[Score]:
    why = _obstacle(sets)
    if why:
        yield from (Score("sounds", name, None, why=why) for name in (HEARD, ACCURACY))
        return
    judge = _learned(sets.train)
    run.check()
    right = _right(judge, sets.synthetic)
    value, floor, ceiling = (
        float(part.mean())
        for part in (right, _right(judge, sets.floor), _right(judge, sets.holdout))
    )
    low, high = wilson(right.sum(), len(right))
    yield Score(
        "sounds",
        HEARD,
        value,
        floor,
        ceiling,
        interval=(low, high),
        figures={"sounds": len(right), "learned_from": len(sets.train.known)},
        sentence=f"In {percent(value)} of {plural(len(right), 'generated sound')} (95 % interval "
        f"{percent(low)} to {percent(high)}) a classifier that learned from real ones hears their "
        f"own '{label}'; in held-out real ones in {percent(ceiling)}, in sounds of independent "
        f"pixels in {percent(floor)}. It knows the voices of the training sounds.",
    )
    yield _accuracy(sets, label, run)


def _accuracy(sets: ImageSets, label: str, run: Run) -> Score:
    tested = sets.holdout.rows(sets.holdout.known)
    usual = max(float((tested.labels == name).mean()) for name in tested.classes)
    size = min(len(album.known) for album in (sets.synthetic, sets.train))
    found = []
    for album in (sets.synthetic, sets.floor, sets.train):
        run.check()
        known = album.rows(album.known[:size])
        able = len(known.classes) > 1
        found.append(_right(_learned(known), tested) if able else tested.labels == "")
    value, floor, ceiling = (float(right.mean()) for right in found)
    low, high = wilson(found[0].sum(), len(tested))
    return Score(
        "sounds",
        ACCURACY,
        value,
        max(usual, floor),
        ceiling,
        interval=(low, high),
        figures={"sounds": size, "tested": len(tested), "guessing": usual},
        sentence=f"A classifier of '{label}' that learned from {plural(size, 'generated sound')} "
        f"is right about {percent(value)} of {plural(len(tested), 'held-out sound')} (95 % "
        f"interval {percent(low)} to {percent(high)}); one that learned from as many real sounds "
        f"about {percent(ceiling)}, and guessing the most frequent class is right about "
        f"{percent(usual)}.",
    )


def _obstacle(sets: ImageSets) -> str:
    """Why no classifier can be learned or tested; empty where it can."""
    for name in ("train", "holdout", "synthetic"):
        album = getattr(sets, name)
        if len(album.classes) < 2 or len(album.known) < FEWEST:
            said = {"train": "training", "holdout": "held-out", "synthetic": "generated"}[name]
            return f"the {said} sounds have fewer than 2 classes, or fewer than {FEWEST} a label"
    return ""


def _learned(album: LabelledImages) -> Hearing:
    known = album.rows(album.known)
    return Hearing.learned(known.pixels, known.labels)


def _right(judge: Hearing, album: LabelledImages) -> np.ndarray:
    """Of which sounds with a label it is heard, (n,)."""
    known = album.rows(album.known)
    if not len(known):
        return np.zeros(1, bool)
    return np.asarray(judge.said(known.pixels) == known.labels)


def _likeness(sets: ImageSets, run: Run) -> Iterable[Score]:
    """Fréchet distance and coverage of equally many of each."""
    from sklearn.decomposition import PCA

    rows = min(MOST, *map(len, sets))
    if rows < FEWEST:
        why = f"there are {plural(rows, 'sound')} of a sort to compare; {FEWEST} are needed"
        yield Score("sounds", FRECHET, None, better="low", why=why)
        yield Score("sounds", COVERAGE, None, why=why)
        return
    flat = [album.pixels[:rows].reshape(rows, -1) / 255 for album in sets]
    train, holdout, *_ = flat
    axes = min(AXES, rows - 1)
    space = PCA(axes, svd_solver="randomized", random_state=run.seed_of("metrics", "sounds"))
    space.fit(np.concatenate([train, holdout]))
    train, holdout, made, worthless = (space.transform(part) for part in flat)
    value, floor, ceiling = (frechet(holdout, part) for part in (made, worthless, train))
    yield Score(
        "sounds",
        FRECHET,
        value,
        floor,
        ceiling,
        "low",
        figures={"sounds": rows},
        sentence=f"Between {plural(rows, 'generated sound')} and as many held-out ones the Fréchet "
        f"distance is {value:.3g}, in {axes} axes of their pictures; of real sounds it is "
        f"{ceiling:.3g}, of independent pixels {floor:.3g}.",
    )
    run.check()
    covered = [
        precision_recall_density_coverage(holdout, part).coverage
        for part in (made, worthless, train)
    ]
    value, floor, ceiling = map(float, covered)
    yield Score(
        "sounds",
        COVERAGE,
        value,
        floor,
        ceiling,
        figures={"sounds": rows},
        sentence=f"{percent(value)} of held-out sounds have a generated one nearer than their "
        f"fifth nearest real one; of real sounds {percent(ceiling)}, of independent pixels "
        f"{percent(floor)}.",
    )
