"""Scores of whether generated images are copies of training images."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from math import sqrt
from typing import TYPE_CHECKING

import numpy as np

from tidemill.core.run import Run
from tidemill.core.score import Score
from tidemill.core.words import percent, plural
from tidemill.metrics.images.features import ImageSets, shrunk
from tidemill.metrics.light import FEW_LIMIT, SURE, MeasuredLeak, measured
from tidemill.metrics.memorisation import closest, identical, near_copies
from tidemill.metrics.nearest import Suspects, by_chance, compared
from tidemill.supervised.excess import Excess
from tidemill.supervised.points import Points

if TYPE_CHECKING:
    from tidemill.imaging.judge import FeatureJudge

_CLOSENESS, _COPIES = "closeness to training {}s", "near-copies of training {}s"
BY_PIXELS, BY_FEATURES = (
    _CLOSENESS.format("image"),
    f"{_CLOSENESS.format('image')} in features",
)
COPIES = _COPIES.format("image")
FEWEST = 20

Place = Callable[[np.ndarray], Points]
"""Images -> points."""


def copies(
    sets: ImageSets, judge: FeatureJudge | None, learned: int, run: Run, unit: str = "image"
) -> Iterable[Score]:
    """Closeness to training images in pixels and in features, and near-copies with the pairs that
    come nearest.

    Args:
        sets: The images.
        judge: Gives features; must not have learned any of the images, or it would see the
            difference itself. None for pixels only.
        learned: From how many images the generator learned.
        run: Draws; threads; cancelling.
        unit: What an image is of: itself, or a "sound".
    """
    by_pixels, near = _CLOSENESS.format(unit), _COPIES.format(unit)
    fewest = min(map(len, sets))
    if fewest < FEWEST:
        why = f"there are {plural(fewest, unit)} of a sort; {FEWEST} are needed"
        yield from (
            Score(f"{unit}s", name, None, better="low", why=why, light="not known")
            for name in (by_pixels, near)
        )
        return
    points = [shrunk(album.pixels) for album in sets]
    yield _closeness(by_pixels, "by pixels", points, learned, run, unit)
    yield _near_copies(near, sets, points, run, unit)
    if judge is not None:
        seen = [np.asarray(judge.features(album.pixels), dtype=np.float32) for album in sets]
        yield _closeness(BY_FEATURES, f"in the features of {judge.who}", seen, learned, run, unit)


def _closeness(
    name: str, how: str, points: list[Points], learned: int, run: Run, unit: str
) -> Score:
    train, holdout, synthetic, floor = points
    size = min(len(train), len(holdout))  # they are in random order
    mine, worthless, real = compared(Suspects(train[:size], holdout[:size], synthetic, floor), run)
    ceiling = Excess(size / learned, 0.0)
    sentence = (
        f"{percent(mine.share)} of the generated {unit}s are closer, {how}, to one of {size:,} "
        f"training {unit}s than to any of as many held-out ones; by chance it would be "
        f"{by_chance(mine)}. Mere copies of training {unit}s would reach "
        f"{percent((1 + ceiling.value) / 2)}."
    )
    figures = {
        f"{unit}s": len(mine.to_train),
        "references": size,
        "share": mine.share,
        "share_error": mine.error,
        "share_of_real": real.share,
        "share_of_real_error": real.error,
    }
    found = measured(mine.excess, ceiling)
    return _score(unit, name, found, worthless.excess.value / ceiling.value, sentence, figures)


def _near_copies(name: str, sets: ImageSets, points: list[Points], run: Run, unit: str) -> Score:
    train, holdout, synthetic, floor = points
    found = near_copies(synthetic, floor, train, holdout, run)
    same = identical(sets.synthetic.pixels, sets.train.pixels, found.lean)
    left = 1 - found.ceiling
    excess = Excess((found.share - found.ceiling) / left, found.error / left)
    leak = measured(excess, Excess(1.0, 0.0), FEW_LIMIT)
    if not isinstance(leak, str) and leak.light in ("green", "not known"):
        chance = SURE * sqrt(2 * found.known * (1 - found.known) / len(synthetic))
        if same / len(synthetic) > found.known + chance:
            leak = leak._replace(light="amber", reason="Few are copies, but some are.")
    sentence = (
        f"{percent(found.share)} of the generated {unit}s lie suspiciously near to a training "
        f"{unit}: at most {found.limit:.2f} times as far as to the nearest held-out one, which "
        f"is so of {percent(found.ceiling)} of held-out {unit}s. In every pixel a training "
        f"{unit} is equalled by {same or 'none'} of them."
    )
    figures = {
        f"{unit}s": len(synthetic),
        "identical": same,
        "identical_held_out": found.known,
        "nearness": found.limit,
        "share": found.share,
        "share_of_real": found.ceiling,
    }
    score = _score(unit, name, leak, (found.floor - found.ceiling) / left, sentence, figures)
    picture = closest(
        sets.synthetic.pixels, sets.train.pixels, sets.holdout.pixels, found.lean, unit
    )
    return replace(score, picture=picture)


def _score(
    unit: str,
    name: str,
    leak: MeasuredLeak | str,
    floor: float,
    sentence: str,
    figures: Mapping[str, float],
) -> Score:
    if isinstance(leak, str):
        return Score(f"{unit}s", name, None, why=leak, better="low", light="not known")
    return Score(
        f"{unit}s",
        name,
        leak.value,
        floor,
        1.0,
        "low",
        sentence=f"{sentence} {leak.reason}",
        figures={**leak.figures, **figures},
        interval=(leak.low, leak.high),
        light=leak.light,
    )
