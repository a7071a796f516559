"""Groups of similar rows, and the few conditions that set each apart."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from tidemill.core.condition import Condition, Test
from tidemill.core.dataset import Dataset
from tidemill.core.finding import Finding
from tidemill.core.picture import Picture, Table
from tidemill.core.run import Run
from tidemill.core.schema import Column
from tidemill.core.words import number, percent, plural
from tidemill.mining.clustering import Clustering, find_clusters
from tidemill.mining.outcome import Outcome, learn_outcome, level_among
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
    """

    label: int
    condition: Condition
    inside: Mask
    members: Mask

    @property
    def title(self) -> str:
        """What the segment is called."""
        return test_words(self.condition.tests) if self.condition.tests else "all other rows"

    @property
    def precision(self) -> float:
        """Share of the rows that fulfil the condition which are members."""
        return float((self.inside & self.members).sum() / max(self.inside.sum(), 1))

    @property
    def agreement(self) -> float:
        """F1 of condition and cluster."""
        return float(
            2 * (self.inside & self.members).sum() / max(self.inside.sum() + self.members.sum(), 1)
        )

    @property
    def recall(self) -> float:
        """Share of the members that fulfil the condition."""
        return float((self.inside & self.members).sum() / max(self.members.sum(), 1))


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
    columns = most_connected(
        train,
        [column for column in train.schema.modelled if column.name != target],
        MOST_COLUMNS,
        run,
        "segments",
    )
    few = sample_rows(train, MOST_CLUSTERED, run.rng("mining/segments/train"))
    few_held = sample_rows(holdout, MOST_CLUSTERED, run.rng("mining/segments/holdout"))
    found = find_clusters(few, few_held, columns, run)
    if found is None or found.p_value > ALPHA:
        return
    more = sample_rows(train, MOST_DESCRIBED, run.rng("mining/segments/described"))
    held = sample_rows(holdout, MOST_DESCRIBED, run.rng("mining/segments/held"))
    candidates = candidate_tests(more, columns)
    named = _named(found, more, held, candidates)
    yield _overview(found, few_held, columns, target, named, len(few), len(train))
    outcome = learn_outcome(train, run, warn=False)
    for at, segment in enumerate(named):
        if segment.condition.tests:
            yield _segment_finding(
                segment, at + 1, len(named), held, len(holdout), outcome, candidates
            )


def _named(
    found: Clustering, train: Dataset, held: Dataset, candidates: TestCandidates
) -> list[Segment]:
    """The clusters that a few tests describe, the largest first."""
    seen, labels = found.labels(train), found.labels(held)
    named = []
    for label in range(len(found.centres)):
        members = seen == label
        size = int(members.sum())

        def agreement(
            rows: Floats, hits: Floats, size: int = size
        ) -> Floats:  # F1 of description and cluster
            return 2 * hits / (rows + size)

        described = describe(candidates, members.astype(np.float64), agreement)
        condition = described[0] if described else Condition()
        segment = Segment(label, condition, condition.mask(held.frame).to_numpy(), labels == label)
        # of a cluster that most rows belong to, a description must say more than "every row" would
        told = (
            segment.agreement
            >= 2 * segment.members.sum() / (len(held) + segment.members.sum()) + SAYS_MORE
        )
        named.append(
            segment if told else replace(segment, condition=Condition(), inside=segment.members)
        )
    return sorted(named, key=lambda segment: -int(segment.members.sum()))


def _overview(
    found: Clustering,
    held: Dataset,
    columns: tuple[Column, ...],
    target: str | None,
    named: list[Segment],
    clustered: int,
    rows: int,
) -> Finding:
    chosen = found.chosen
    notes = [f"'{target}' left aside"] if target else []
    if clustered < rows:
        notes.append(f"clustered on a random {clustered:,} of {rows:,} training rows")
    aside = f" ({'; '.join(notes)})" if notes else ""
    apart = (
        "clearly" if chosen.gain >= 0.25 else "fairly well" if chosen.gain >= 0.12 else "loosely"
    )
    sentence = (
        f"The rows fall into {len(named)} segments by {plural(len(columns), 'column')}{aside}. "
        "They come back when the rows are drawn again: two clusterings agree by "
        f"{number(chosen.stability, 2)} (adjusted Rand index; 1 is identical, 0 is chance). They "
        f"are {apart} apart: silhouette {number(chosen.silhouette, 2)} on held-out rows, against "
        f"{number(chosen.shuffled, 2)} where columns are shuffled."
    )
    return Finding(
        technique="segments",
        name="overview",
        sentence=sentence,
        strength=chosen.silhouette,
        measure="silhouette",
        support=len(held),
        p_value=found.p_value,
        columns=tuple(column.name for column in columns),
        table=Table(
            (
                "number of segments",
                "stability",
                "silhouette",
                "silhouette of shuffled columns",
                "chosen",
            ),
            tuple(
                (
                    each.clusters,
                    round(each.stability, 3),
                    round(each.silhouette, 3),
                    round(each.shuffled, 3),
                    "yes" if each is chosen else "",
                )
                for each in found.tried
            ),
            "How the number was chosen",
        ),
        picture=_map(found, held, named),
        figures={
            "segments": len(named),
            "stability": chosen.stability,
            "silhouette_shuffled": chosen.shuffled,
            "explained": found.explained,
            "explained_shuffled": found.by_chance,
        },
    )


def _map(found: Clustering, held: Dataset, named: list[Segment]) -> Picture:
    few = held.rows(np.arange(min(MAPPED, len(held))))
    points, labels = found.space.place(few), found.labels(few)
    if points.shape[1] < 2:
        points = np.column_stack([points, np.zeros(len(points))])
    series = []
    for at, segment in enumerate(named):
        height = tuple(
            round(float(y), 3) if label == segment.label else None
            for y, label in zip(points[:, 1], labels, strict=True)
        )
        series.append((f"{at + 1}: {segment.title}", height))
    return Picture(
        "points",
        "Held-out rows by segment, on the two directions in which rows differ most",
        tuple(round(float(x), 3) for x in points[:, 0]),
        tuple(series),
        "first direction",
        "second direction",
    )


def _segment_finding(
    segment: Segment,
    at: int,
    of: int,
    held: Dataset,
    rows: int,
    outcome: Outcome | None,
    candidates: TestCandidates,
) -> Finding:
    size = int(segment.inside.sum())
    level = level_among(outcome, outcome.codes(held), segment.inside) if outcome else None
    told = f"; {level.words}" if level else ""
    sentence = (
        f"Segment {at} of {of}, {segment.title}: {percent(size / len(held))} of rows ({size:,} of "
        f"{sampled_words(len(held), rows)}){told}. This description covers "
        f"{percent(segment.recall)} of the segment, and {percent(segment.precision)} of the rows "
        "it covers belong to it."
    )
    traits = _traits(segment, held, candidates)
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
    return Finding(
        technique="segments",
        name="segment",
        sentence=sentence,
        strength=size / len(held),
        measure="share of rows",
        support=size,
        interval=wilson(size, len(held)),
        condition=segment.condition,
        figures=figures,
        columns=tuple(dict.fromkeys(test.column for test in segment.condition.tests)),
        table=Table(
            ("trait", "share in the segment", "share of all rows"),
            traits,
            f"What sets segment {at} apart",
        ),
        picture=Picture(
            "across",
            f"What sets segment {at} apart",
            tuple(trait[0] for trait in traits),
            (
                ("in the segment", tuple(trait[1] for trait in traits)),
                ("all rows", tuple(trait[2] for trait in traits)),
            ),
            "share of held-out rows",
            "",
        ),
    )


def _traits(
    segment: Segment, held: Dataset, candidates: TestCandidates
) -> tuple[tuple[str, float, float], ...]:
    """The test of each column that is most over-represented among the members; the strongest
    few."""
    best: dict[str, tuple[float, Test, float, float]] = {}
    for test in candidates.tests:
        passed = held.frame.select(test.expression().alias("passed"))["passed"].to_numpy()
        here, everywhere = float(passed[segment.members].mean()), float(passed.mean())
        if test.column not in best or here - everywhere > best[test.column][0]:
            best[test.column] = (here - everywhere, test, here, everywhere)
    ranked = sorted(best.values(), key=lambda each: -each[0])[:SHOWN_TRAITS]
    return tuple(
        (test_words([test]), round(here, 3), round(everywhere, 3))
        for _, test, here, everywhere in ranked
    )
