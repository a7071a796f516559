"""Canaries: made-up rare rows are planted, the model is learned again, and they are looked for in
what it makes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from math import ceil, log
from typing import NamedTuple

import numpy as np
import polars as pl

from tidemill.auditing.base import AttackData, AttackSummary, leak, unknown
from tidemill.auditing.planting import made_up
from tidemill.auditing.setup import MOST_RELEASED
from tidemill.core.dataset import Dataset
from tidemill.core.leak import Leak
from tidemill.core.run import Run
from tidemill.core.words import percent
from tidemill.metrics.light import PLANTED_LIMIT
from tidemill.supervised.arrays import Floats, features
from tidemill.supervised.auc import auc
from tidemill.supervised.excess import of_auc
from tidemill.supervised.points import learn_embedding, nearest
from tidemill.synthesis.synthesizer import Synthesizer

CANARIES = 500
SHARE = 0.05
"""Of the training rows, so many are planted at most, or the model would be another one."""
MOST_FITS = 10
FEWEST = 20
GUESSES = 0.1
"""The attacker says of this share of the candidates that they were planted, and of as many that
they were not."""
_TOUCHING = 1e-3


class Found(NamedTuple):
    """How suspicious each planted and each unplanted candidate is."""

    planted: Floats
    unplanted: Floats


def canaries(data: AttackData, run: Run) -> Iterable[Leak]:
    """Planted rows told from rows that were drawn in the same way and not planted.

    Candidates are drawn from the tails of the columns; a toss decides for each whether it is
    planted among the training rows. The same model with the same options and seed learns again, and
    as many rows as before are made. A candidate is suspicious that lies nearer to these than to the
    rows of the model that knew none of them (Carlini et al. 2019, "The Secret Sharer"; Aerni et al.
    2024, "Evaluations of Machine Learning Privacy Defenses are Misleading"). Small tables are
    learned several times, each time with other candidates.

    The bound on epsilon is that of Steinke et al. (2023), "Privacy Auditing with One (1) Training
    Run": of guesses about independent tosses, a model that is epsilon-differentially private lets
    an attacker have e^eps / (1 + e^eps) right.

    Args:
        data: People, releases, the model, and how many to plant; without a model or canaries there
            is no Leak at all.
        run: Draws candidates and tosses.
    """
    name = "canaries found again"
    if data.model is None or not data.canaries:
        return
    each = min(data.canaries, int(SHARE * len(data.evidence.train)))
    if each < FEWEST:
        yield unknown(
            "canaries",
            name,
            f"{each} canaries are too few to measure by; {FEWEST} are needed, and they may be "
            f"{percent(SHARE)} of the training rows at most",
            PLANTED_LIMIT,
        )
        return
    found = []
    published = []
    fits = min(MOST_FITS, ceil(data.canaries / each))
    for number in run.track(range(fits), "canaries", f"learning again with {each:,} planted rows"):
        rng = run.rng("auditing", "canaries", number)
        candidates = made_up(data.evidence.train, 2 * each, rng)
        if isinstance(candidates, str):
            yield unknown("canaries", name, candidates, PLANTED_LIMIT)
            return
        is_planted = rng.random(2 * each) < 0.5
        planted = candidates.rows(is_planted)
        made = _learned_again(data, data.model, planted, number, run)
        mine, ceiling = _suspicions(data, candidates, [made, planted], run)
        found.append(Found(mine[is_planted], mine[~is_planted]))
        published.append(Found(ceiling[is_planted], ceiling[~is_planted]))
    yield _leak(name, _joined(found), _joined(published), fits)


def epsilon(right: int, guesses: int, level: float = 0.95) -> float:
    """The least epsilon of differential privacy that is compatible with so many right guesses, by
    Clopper-Pearson.

    Example:
        >>> round(epsilon(100, 100), 2), epsilon(50, 100)
        (3.49, 0.0)
    """
    from scipy.stats import beta

    if not right:
        return 0.0
    least = float(beta.ppf(1 - level, right, guesses - right + 1))
    return max(0.0, log(least / (1 - least))) if least else 0.0


def right_guesses(found: Found) -> tuple[int, int]:
    """How many guesses are right, and of how many: the most suspicious are said to be planted, the
    least not to be."""
    scores = np.concatenate(found)
    planted = np.arange(len(scores)) < len(found.planted)
    ranked = planted[np.argsort(scores, kind="stable")]
    each = int(GUESSES * len(scores))
    said_planted, said_not = ranked[len(ranked) - each :], ranked[:each]
    return int(said_planted.sum() + (~said_not).sum()), 2 * each


def _learned_again(
    data: AttackData, model: Synthesizer, planted: Dataset, number: int, run: Run
) -> Dataset:
    """Rows of the same model, learned from the training rows and the planted ones."""
    manifest = model.manifest
    train = data.evidence.train
    both = replace(train, frame=pl.concat([train.frame, planted.frame]), origin=None)
    job = run.child(
        seed=manifest["seed"],
        quiet=True,
        progress=True,
        to_end=True,  # it learns as far as the model did, however long that takes
        steps=None if model.complete else manifest["steps_done"],
    )
    again = Synthesizer.fit(both, job, manifest["model"], manifest["options"])
    draw = run.child("auditing", "canaries", number, quiet=True)
    return again.sample_dataset(min(len(data.evidence.synthetic), MOST_RELEASED), run=draw)


def _suspicions(
    data: AttackData, candidates: Dataset, releases: Sequence[Dataset], run: Run
) -> list[Floats]:
    """For each release how much nearer a candidate lies to it than to the rows of the model that
    knew no candidate."""
    names = candidates.schema.names
    tables = [candidates, data.synthetic.rows]
    tables += [release.select(names) for release in releases]
    layout, parts = features(tables)
    embed = learn_embedding(layout, parts[1], run)
    points = [embed(part) for part in parts]
    distances = []
    for other in points[1:]:
        distances.append(np.sqrt(nearest(points[0], other, run)[1]) + _TOUCHING)
    before, *after = distances
    return [-to_release / before for to_release in after]


def _joined(found: Sequence[Found]) -> Found:
    return Found(
        planted=np.concatenate([each.planted for each in found]),
        unplanted=np.concatenate([each.unplanted for each in found]),
    )


def _leak(name: str, mine: Found, published: Found, fits: int) -> Leak:
    area, ceiling = auc(*mine), auc(*published)
    right, guesses = right_guesses(mine)
    proven = epsilon(right, guesses)
    most = epsilon(guesses, guesses)
    low, high = area.interval
    planted = len(mine.planted)
    again = f"learned again {fits} times" if fits > 1 else "learned again"
    refuted = "no epsilon of differential privacy is refuted"
    if proven:
        refuted = f"the model cannot be differentially private with an epsilon below {proven:.2f}"
    sentence = (
        f"{planted:,} made-up rare rows were planted, and the model {again}. Of a planted and an "
        f"unplanted one, an attacker picks the planted one in {percent(area.value)} of cases (95 % "
        f"interval {percent(low)} to {percent(high)}; 50 % is guessing). Where the attacker was "
        f"surest, {right:,} of {guesses:,} guesses were right: {refuted}. With so many canaries "
        f"the audit could not have shown an epsilon above {most:.1f}."
    )
    summary = AttackSummary(
        "canaries",
        name,
        PLANTED_LIMIT,
        sentence=sentence,
        figures={
            "auc": area.value,
            "planted": planted,
            "unplanted": len(mine.unplanted),
            "fits": fits,
            "guesses": guesses,
            "right_guesses": right,
            "epsilon_at_least": proven,
            "epsilon_that_could_be_shown": most,
        },
    )
    floor = auc(mine.unplanted, mine.unplanted)
    return leak(summary, of_auc(area), of_auc(floor), of_auc(ceiling))
