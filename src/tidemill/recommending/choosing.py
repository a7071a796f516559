"""Which recommender does best, and by how much, on what customers took afterwards."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from tidemill.core.errors import MissingExtra
from tidemill.core.run import Run
from tidemill.recommending import RECOMMENDERS
from tidemill.recommending.base import Bounded, Recommender
from tidemill.recommending.measuring import LONGER, ListQuality, best, quality
from tidemill.supervised.arrays import Floats

FLOOR, BLEND = "best-sellers", "blend"
SHARES = (0.0, 0.25, 0.5, 0.75)
"""Of one that joins a blend."""
MOST_BLENDED = 2
TOGETHER = 2048
"""Customers that are scored at a time."""
MOST_SCORES = 1 << 25
"""Scores of a recommender that are held to choose by: of so many customers only, drawn at
random."""


@dataclass(frozen=True)
class RankingPart:
    """A recommender, learned, with what was chosen for it and its share of a blend."""

    name: str
    setting: Mapping[str, float]
    share: float
    learned: Recommender


@dataclass(frozen=True)
class Ranking:
    """A recommender, or a blend of some, that is ready to rank."""

    parts: tuple[RankingPart, ...]

    def scores(self, given: sparse.csr_array) -> Floats:
        """(k, m) how much each item suits each customer, by what they took; parts of a blend are
        standardised for each customer."""
        if len(self.parts) == 1:
            return self.parts[0].learned.scores(given)
        found = np.zeros(given.shape)
        for part in self.parts:
            found += part.share * _standard(part.learned.scores(given))
        return found

    def proposals(self, given: sparse.csr_array, length: int, run: Run) -> NDArray[np.int64]:
        """(k, length) the items that are proposed to each customer, none of which they took; -1
        where there are no more."""
        found = [np.zeros((0, length), np.int64)]
        for start in range(0, given.shape[0], TOGETHER):
            run.check()
            part = given[start : start + TOGETHER]
            found.append(best(self.scores(part), part, length))
        return np.concatenate(found)

    def again(self, pairs: sparse.csr_array, run: Run) -> Ranking:
        """The same, learned from other (n, m) pairs."""
        return Ranking(
            tuple(
                replace(part, learned=_learned(part.name, pairs, run, part.setting))
                for part in self.parts
            )
        )


def _learned(
    name: str, pairs: sparse.csr_array, run: Run, setting: Mapping[str, float]
) -> Recommender:
    found: Recommender = RECOMMENDERS.load(name).learned(pairs, run, setting)
    return found


@dataclass(frozen=True)
class Contest:
    """How well recommenders do on what customers took afterwards.

    Attributes:
        quality: Name -> how good its lists are, customer by customer; FLOOR is among them.
        chosen: The one that did best on validation.
        rankings: Name -> what ranks, learned from all that is known before the test.
        customers: (k,) the rows of the customers that were tested.
        left_out: Name -> why it was not learned.
    """

    quality: Mapping[str, ListQuality]
    chosen: str
    rankings: Mapping[str, Ranking]
    customers: NDArray[np.int64]
    left_out: Mapping[str, str]

    def more_than(self, name: str) -> Floats:
        """(k,) how many more of ten proposals of the chosen one are taken than of another's."""
        return self.quality[self.chosen].hits - self.quality[name].hits


def contest(
    train: sparse.csr_array,
    held: sparse.csr_array,
    validation: tuple[sparse.csr_array, sparse.csr_array],
    run: Run,
    names: Sequence[str] | None = None,
) -> Contest:
    """Learn recommenders and measure them.

    Args:
        train: (n, m) what customers took before.
        held: (n, m) what they took afterwards, and had not taken before.
        validation: Train in two parts, as train and held are, by which settings are chosen.
        run: Progress.
        names: Those that compete, FLOOR among them; all by default.
    """
    settings: dict[str, Mapping[str, float]] = {}
    told: dict[str, Floats] = {}
    reached: dict[str, float] = {}
    early, later = validation
    rows = np.flatnonzero(np.diff(later.indptr))
    most = max(MOST_SCORES // train.shape[1], 1)
    if len(rows) > most:
        rows = np.sort(run.rng("recommend", "validated").permutation(rows)[:most])
    names, left_out = _able(list(RECOMMENDERS) if names is None else names, train)
    for name in run.track(names, "recommend", "choosing settings"):
        found = _best_setting(name, early, later, rows, run)
        settings[name], told[name], reached[name] = found
    shares = _blend(told, reached, early[rows], later[rows])
    rankings: dict[str, Ranking] = {}
    for name in run.track(names, "recommend", "learning from all"):
        learned = _learned(name, train, run, settings[name])
        rankings[name] = Ranking((RankingPart(name, settings[name], 1.0, learned),))
    chosen = BLEND if len(shares) > 1 else next(iter(shares))
    if chosen == BLEND:
        parts = [replace(rankings[name].parts[0], share=share) for name, share in shares.items()]
        rankings[BLEND] = Ranking(tuple(parts))
    customers = np.flatnonzero(np.diff(held.indptr))
    measured = {
        name: quality(ranking.proposals(train[customers], LONGER, run), held[customers])
        for name, ranking in rankings.items()
    }
    return Contest(measured, chosen, rankings, customers, left_out)


def _able(asked: Sequence[str], pairs: sparse.csr_array) -> tuple[Sequence[str], dict[str, str]]:
    """The recommenders that can be learned, and why others cannot."""
    names: list[str] = []
    left_out: dict[str, str] = {}
    for name in asked:
        try:
            kind = RECOMMENDERS.load(name)
        except MissingExtra as missing:
            left_out[name] = f"{missing.what}: {missing.hint}"
            continue
        why = kind.unfit(pairs) if isinstance(kind, Bounded) else ""
        if why:
            left_out[name] = why
        else:
            names.append(name)
    return names, left_out


def _best_setting(
    name: str,
    early: sparse.csr_array,
    later: sparse.csr_array,
    rows: NDArray[np.int64],
    run: Run,
) -> tuple[Mapping[str, float], Floats, float]:
    """The setting that does best on validation, its scores there, and how well it does."""
    settings: Sequence[Mapping[str, float]] = RECOMMENDERS.load(name).settings
    found: tuple[Mapping[str, float], Floats, float] | None = None
    for setting in settings:
        scores = _learned(name, early, run, setting).scores(early[rows])
        reached = _reached(scores, early[rows], later[rows])
        if found is None or reached > found[2]:
            found = (setting, scores, reached)
    assert found is not None, "a recommender has a setting"
    return found


def _blend(
    told: Mapping[str, Floats],
    reached: Mapping[str, float],
    given: sparse.csr_array,
    later: sparse.csr_array,
) -> dict[str, float]:
    """The best one, joined in turn by the next best ones, each with the share by which validation
    goes best: name -> share."""
    first, *others = sorted(reached, key=lambda name: -reached[name])[:MOST_BLENDED]
    shares, scores = {first: 1.0}, _standard(told[first])
    for name in others:
        own = _standard(told[name])
        gains = [_reached(_joined(scores, own, share), given, later) for share in SHARES]
        share = SHARES[int(np.argmax(gains))]
        if share:
            scores = _joined(scores, own, share)
            shares = {known: (1 - share) * part for known, part in shares.items()}
            shares[name] = share
    return shares


def _joined(scores: Floats, own: Floats, share: float) -> Floats:
    """Of share 0 the scores as they are: 0 times what is never proposed is no number."""
    return (1 - share) * scores + share * own if share else scores


def _reached(scores: Floats, given: sparse.csr_array, later: sparse.csr_array) -> float:
    if not scores.shape[0]:
        return 0.0
    return float(quality(best(scores, given, LONGER), later).ndcg.mean())


def _standard(scores: Floats) -> Floats:
    """Of each customer, mean 0 and variance 1; what is never proposed stays so."""
    known = np.where(np.isneginf(scores), np.nan, scores)
    middle = np.nanmean(known, axis=1, keepdims=True)
    spread = np.nanstd(known, axis=1, keepdims=True)
    found: Floats = (known - middle) / np.where(spread > 0, spread, 1.0)
    return np.where(np.isnan(found), -np.inf, found)
