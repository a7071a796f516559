"""Groups of similar rows, and the few conditions that set each apart."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tidemill.core.condition import Condition
from tidemill.core.dataset import Dataset
from tidemill.core.finding import Finding
from tidemill.core.picture import Picture, Table
from tidemill.core.run import Run
from tidemill.core.schema import Column
from tidemill.core.words import number, percent, plural, quoted
from tidemill.mining.answers import without_answers
from tidemill.mining.clustering import Clustering, ClusterTrial, find_clusters
from tidemill.mining.outcome import Level, learn_outcome, level_among
from tidemill.mining.sampling import sample_rows, sampled_words
from tidemill.mining.screening import most_connected
from tidemill.mining.significance import ALPHA
from tidemill.mining.subgroups import TestCandidates, candidate_tests, describe
from tidemill.mining.wording import test_words
from tidemill.supervised.arrays import Floats
from tidemill.supervised.intervals import wilson

Mask = NDArray[np.bool_]

FEWEST_ROWS = 60
MOST_CLUSTERED = 3_000
MOST_DESCRIBED = 20_000
MOST_COLUMNS = 60
MAPPED = 400
SHOWN_TRAITS = 6
DESCRIBED = 0.5
"""Least share of a segment that its description covers, and of the rows covered that belong."""
SAYS_MORE = 0.02
"""How far a description must fit a segment better than no description would, in F1."""


@dataclass(frozen=True)
class Segment:
    """One cluster and the condition that names it.

    Attributes:
        label: Its cluster.
        condition: The tests that set it apart, learned from training rows; none where it is simply
            the rest.
        inside: Held-out rows that fulfil the condition, (n,).
        members: Held-out rows of the cluster, (n,).
        vague: Whether no condition describes it well enough to be told.
    """

    label: int
    condition: Condition
    inside: Mask
    members: Mask
    vague: bool = False

    @property
    def title(self) -> str:
        """What the segment is called."""
        if self.vague:
            return "no short description"
        return test_words(self.condition.tests) if self.condition.tests else "all other rows"

    @property
    def precision(self) -> float:
        """Share of the rows that fulfil the condition which are members."""
        return float((self.inside & self.members).sum() / max(self.inside.sum(), 1))

    @property
    def agreement(self) -> float:
        """F1 of condition and cluster."""
        shared = (self.inside & self.members).sum()
        return float(2 * shared / max(self.inside.sum() + self.members.sum(), 1))

    @property
    def recall(self) -> float:
        """Share of the members that fulfil the condition."""
        return float((self.inside & self.members).sum() / max(self.members.sum(), 1))


class Trait(NamedTuple):
    """A test in words, and how often it holds in a segment and among all rows."""

    words: str
    inside: float
    overall: float


def segments(train: Dataset, holdout: Dataset, run: Run) -> Iterable[Finding]:
    """Cluster the rows by all modelled columns but the target, and name each cluster by a few
    tests.

    Nothing is found where no number of clusters is stable, separate, and better on held-out rows
    than columns shuffled independently of each other.

    Args:
        train: Rows to learn from (a sample of 3,000 is clustered).
        holdout: Rows that every figure is taken from.
        run: Seed.
    """
    target = train.target.name if train.target else None
    if len(train) < FEWEST_ROWS or len(holdout) < FEWEST_ROWS // 3:
        return
    outcome = learn_outcome(train, run, warn=False)
    others = [column for column in train.schema.modelled if column.name != target]
    aside = [target] if target else []
    if outcome:
        told = without_answers(others, train, outcome, run)
        aside += [column.name for column in others if column not in told]
        others = told
    columns = most_connected(train, others, MOST_COLUMNS, run, "segments")
    few = sample_rows(train, MOST_CLUSTERED, run.rng("mining/segments/train"))
    few_held = sample_rows(holdout, MOST_CLUSTERED, run.rng("mining/segments/holdout"))
    clustering = find_clusters(few, few_held, columns, run)
    if clustering is None or clustering.p_value > ALPHA:
        return
    more = sample_rows(train, MOST_DESCRIBED, run.rng("mining/segments/described"))
    held = sample_rows(holdout, MOST_DESCRIBED, run.rng("mining/segments/held"))
    candidates = candidate_tests(more, columns)
    named = _named(clustering, more, held, candidates)
    notes = []
    if aside:
        notes.append(f"{quoted(aside)} left aside")
    if len(few) < len(train):
        notes.append(f"clustered on a random {len(few):,} of {len(train):,} training rows")
    yield _overview(clustering, few_held, columns, named, notes)
    rows = sampled_words(len(held), len(holdout))
    for place, segment in enumerate(named, start=1):
        if segment.condition.tests or segment.vague:
            level = None
            if outcome:
                level = level_among(outcome, outcome.codes(held), segment.inside)
            traits = _traits(segment, held, candidates)
            yield _segment_finding(segment, place, len(named), rows, level, traits)


def _named(
    clustering: Clustering, train: Dataset, held: Dataset, candidates: TestCandidates
) -> list[Segment]:
    """The clusters, the largest first, with the few tests that describe each."""
    seen, labels = clustering.labels(train), clustering.labels(held)
    named = []
    for label in range(len(clustering.centres)):
        condition = _description(candidates, seen == label)
        inside, members = condition.mask(held.frame).to_numpy(), labels == label
        segment = Segment(label, condition, inside, members)
        # of a cluster that most rows belong to, a description must say more than "every row" would
        size = segment.members.sum()
        if segment.agreement < 2 * size / (len(held) + size) + SAYS_MORE:
            segment = Segment(label, Condition(), members, members)
        elif min(segment.recall, segment.precision) < DESCRIBED:
            segment = Segment(label, Condition(), members, members, vague=True)
        named.append(segment)
    return sorted(named, key=lambda segment: -int(segment.members.sum()))


def _description(candidates: TestCandidates, members: Mask) -> Condition:
    size = int(members.sum())

    def agreement(rows: Floats, hits: Floats) -> Floats:  # F1 of description and cluster
        return 2 * hits / (rows + size)

    described = describe(candidates, members.astype(np.float64), agreement)
    return described[0] if described else Condition()


def _overview(
    clustering: Clustering,
    held: Dataset,
    columns: tuple[Column, ...],
    named: list[Segment],
    notes: list[str],
) -> Finding:
    chosen = clustering.chosen
    aside = f" ({'; '.join(notes)})" if notes else ""
    sentence = (
        f"The rows fall into {len(named)} segments by {plural(len(columns), 'column')}{aside}. "
        f"They are stable ({number(chosen.stability, 2)} of 1 when repeated) and "
        f"{_how_far(chosen)} apart (silhouette {number(chosen.silhouette, 2)} on held-out rows; "
        f"shuffled columns {number(chosen.shuffled, 2)})."
    )
    return Finding(
        technique="segments",
        name="overview",
        sentence=sentence,
        strength=chosen.silhouette,
        measure="silhouette",
        support=len(held),
        p_value=clustering.p_value,
        columns=tuple(column.name for column in columns),
        table=_trials_table(clustering),
        picture=_map(clustering, held, named),
        figures={
            "segments": len(named),
            "stability": chosen.stability,
            "silhouette_shuffled": chosen.shuffled,
            "explained": clustering.explained,
            "explained_shuffled": clustering.by_chance,
        },
    )


def _how_far(chosen: ClusterTrial) -> str:
    if chosen.gain >= 0.25:
        return "clearly"
    if chosen.gain >= 0.12:
        return "fairly well"
    return "loosely"


def _trials_table(clustering: Clustering) -> Table:
    rows = []
    for trial in clustering.tried:
        figures = (trial.stability, trial.silhouette, trial.shuffled)
        chosen = "yes" if trial is clustering.chosen else ""
        rows.append((trial.clusters, *(round(figure, 3) for figure in figures), chosen))
    titles = ("stability", "silhouette", "silhouette of shuffled columns", "chosen")
    return Table(("number of segments", *titles), tuple(rows), "How the number was chosen")


def _map(clustering: Clustering, held: Dataset, named: list[Segment]) -> Picture:
    few = held.rows(np.arange(min(MAPPED, len(held))))
    points, labels = clustering.space.place(few), clustering.labels(few)
    across = [round(float(x), 3) for x in points[:, 0]]
    up = [0.0] * len(few)
    if points.shape[1] > 1:
        up = [round(float(y), 3) for y in points[:, 1]]
    series = []
    for place, segment in enumerate(named, start=1):
        heights: list[float | None] = [None] * len(few)
        for at in np.flatnonzero(labels == segment.label):
            heights[at] = up[at]
        series.append((f"{place}: {segment.title}", tuple(heights)))
    return Picture(
        "points",
        "Each dot is a held-out row; rows that are alike lie near each other",
        tuple(across),
        tuple(series),
    )


def _segment_finding(
    segment: Segment, place: int, of: int, rows: str, level: Level | None, traits: list[Trait]
) -> Finding:
    """One segment.

    Args:
        segment: The segment.
        place, of: Its number, and how many there are.
        rows: The held-out rows that figures are taken from, in words.
        level: The target in it, where there is one.
        traits: What sets it apart.
    """
    size, held = int(segment.inside.sum()), len(segment.inside)
    target = f"; {level.words}" if level else ""
    figures = {
        "precision": segment.precision,
        "recall": segment.recall,
        "members": float(segment.members.sum()),
    }
    if level:
        figures |= {
            "target": level.value,
            "target_low": level.low,
            "target_high": level.high,
            "target_all": level.overall,
        }
    apart = f"What sets segment {place} apart"
    return Finding(
        technique="segments",
        name="segment",
        sentence=(
            f"Segment {place} of {of}, {segment.title}: {percent(size / held)} of rows ({size:,} "
            f"of {rows}){target}.{_fit(segment)}"
        ),
        strength=size / held,
        measure="share of rows",
        support=size,
        interval=wilson(size, held),
        condition=segment.condition,
        figures=figures,
        columns=tuple(dict.fromkeys(test.column for test in segment.condition.tests)),
        table=Table(("trait", "share in the segment", "share of all rows"), tuple(traits), apart),
        picture=Picture(
            "across",
            apart,
            tuple(trait.words for trait in traits),
            (
                ("in the segment", tuple(trait.inside for trait in traits)),
                ("all rows", tuple(trait.overall for trait in traits)),
            ),
            "share of held-out rows",
        ),
    )


def _fit(segment: Segment) -> str:
    """How well its description fits a segment, as a sentence."""
    if segment.vague:
        return ""
    return (
        f" The description finds {percent(segment.recall)} of the segment, and "
        f"{percent(segment.precision)} of the rows it finds are in it."
    )


def _traits(segment: Segment, held: Dataset, candidates: TestCandidates) -> list[Trait]:
    """The test of each column that is most over-represented among the members; the strongest
    few."""
    strongest: dict[str, tuple[float, Trait]] = {}
    for test in candidates.tests:
        passed = held.frame.select(test.expression().alias("passed"))["passed"].to_numpy()
        inside, overall = float(passed[segment.members].mean()), float(passed.mean())
        gap = inside - overall
        if test.column not in strongest or gap > strongest[test.column][0]:
            trait = Trait(test_words([test]), round(inside, 3), round(overall, 3))
            strongest[test.column] = (gap, trait)
    ranked = sorted(strongest.values(), key=lambda each: -each[0])
    return [trait for _, trait in ranked[:SHOWN_TRAITS]]
