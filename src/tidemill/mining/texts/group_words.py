"""Words and phrases that the texts of one group hold more often than all others."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import false_discovery_control

from tidemill.core.condition import Condition, Test
from tidemill.core.finding import Finding
from tidemill.core.persons import FEWEST_PERSONS
from tidemill.core.picture import Table
from tidemill.core.run import Run
from tidemill.core.words import listing, number, percent, points
from tidemill.mining.significance import ALPHA, excess_p
from tidemill.mining.texts.corpus import Corpus
from tidemill.mining.texts.labels import Labels, labels_of
from tidemill.mining.texts.terms import counts
from tidemill.supervised.arrays import Floats

PRIOR = 500.0
"""Terms that the prior adds to each group, divided as they are in all texts together."""
CANDIDATES = 15
"""Terms of a group that are tested."""
SHOWN, TOLD = 10, 3
MOST_GROUPS = 8
"""Groups that are told, those first whose words set them apart most."""
MOST_COLUMNS = 5
MOST_LEVELS = 20
"""Of a column that is no target."""


@dataclass(frozen=True, slots=True)
class GroupTerm:
    """A term of a group, as the held-out texts confirm it.

    Attributes:
        term: The word or phrase.
        inside, outside: Held-out texts of the group, and all others, that hold it.
        p_value: After control of the false discovery rate over all terms of the column.
    """

    term: str
    inside: int
    outside: int
    p_value: float


def group_words(corpus: Corpus, run: Run) -> Iterator[Finding]:
    """The words of the target's levels; without a target those of the first categories."""
    target = corpus.train.target
    if target is not None:
        columns = [target]
    else:
        columns = [c for c in corpus.train.schema.modelled if c.kind in ("category", "boolean")]
    findings: list[Finding] = []
    looked = 0
    for column in columns:
        labels = labels_of(corpus, column)
        if labels is None or (column is not target and len(labels.names) > MOST_LEVELS):
            continue
        run.check()
        findings += _of_labels(corpus, labels)
        looked += 1
        if looked == MOST_COLUMNS:
            break
    yield from sorted(findings, key=lambda one: -one.strength)[:MOST_GROUPS]


def _of_labels(corpus: Corpus, labels: Labels) -> Iterator[Finding]:
    """One finding for each label with terms that the held-out texts confirm."""
    sizes = np.bincount(labels.held[labels.held >= 0], minlength=len(labels.names))
    every = [at for at, size in enumerate(sizes) if FEWEST_PERSONS <= size < sizes.sum()]
    tested = [(at, term) for at in every for term in _candidates(corpus, labels, at)]
    if not tested:
        return
    known = labels.held >= 0
    total = counts(corpus.held_terms, known)
    inside = {at: counts(corpus.held_terms, labels.held == at) for at in every}
    group, term = np.array(tested).T
    both = np.array([inside[at][one] for at, one in tested])
    p_values = excess_p(both, sizes[group], total[term], int(known.sum()))
    p_values = false_discovery_control(p_values)
    for at in every:
        found = [
            GroupTerm(corpus.terms[one], int(hits), int(total[one] - hits), float(p))
            for own, one, hits, p in zip(group, term, both, p_values, strict=True)
            if own == at and p <= ALPHA
        ]
        if found:
            yield _finding(corpus, labels, at, _unlike(found), int(sizes[at]), int(known.sum()))


def _candidates(corpus: Corpus, labels: Labels, at: int) -> list[int]:
    """The terms with the largest z-scores in the training texts."""
    own = counts(corpus.seen_terms, labels.seen == at)
    rest = counts(corpus.seen_terms, (labels.seen >= 0) & (labels.seen != at))
    scores = log_odds(own, rest)
    best = np.argsort(-scores, kind="stable")[:CANDIDATES]
    return [int(term) for term in best if scores[term] > 0]


def log_odds(own: NDArray[np.int64], rest: NDArray[np.int64]) -> Floats:
    """z-scores of the log-odds ratio with an informative Dirichlet prior (Monroe, Colaresi and
    Quinn 2008, "Fightin' Words", eq. 15 to 22), whose terms are as frequent as in both groups
    together.

    Args:
        own, rest: (terms,) How many texts of the group, and of all others, hold each term.

    Example:
        >>> log_odds(np.array([40, 50]), np.array([40, 500])).round(1).tolist()
        [4.7, -11.7]
    """
    both = own + rest
    prior = PRIOR * both / max(1, both.sum())
    prior_sum, own_sum, rest_sum = prior.sum(), own.sum(), rest.sum()
    tiny = 1e-9
    log_own = np.log((own + prior + tiny) / (own_sum + prior_sum - own - prior + tiny))
    log_rest = np.log((rest + prior + tiny) / (rest_sum + prior_sum - rest - prior + tiny))
    variance = 1 / (own + prior + tiny) + 1 / (rest + prior + tiny)
    return np.asarray((log_own - log_rest) / np.sqrt(variance))


def _unlike(found: list[GroupTerm]) -> list[GroupTerm]:
    """The terms without those that are in a longer one, or hold a shorter one, that tells more."""
    ordered = sorted(found, key=lambda one: (one.p_value, -one.inside, one.term))
    kept: list[GroupTerm] = []
    for one in ordered:
        words = f" {one.term} "
        if not any(words in f" {k.term} " or f" {k.term} " in words for k in kept):
            kept.append(one)
    return kept[:SHOWN]


def _finding(
    corpus: Corpus, labels: Labels, at: int, found: list[GroupTerm], size: int, known: int
) -> Finding:
    first, rest = found[0], known - size
    low, high = _difference_interval(first.inside, size, first.outside, rest)
    share, other = first.inside / size, first.outside / rest
    more = [
        f"'{one.term}' ({percent(one.inside, size)} beside {percent(one.outside, rest)})"
        for one in found[1:TOLD]
    ]
    also = f"; more often than elsewhere they hold {listing(more)}, too" if more else ""
    where = f"{labels.column} is {labels.names[at]}"
    sentence = (
        f"Where {where}, {percent(share)} of {size:,} held-out texts of {corpus.name}{corpus.note} "
        f"hold '{first.term}', elsewhere {percent(other)} of {rest:,}: {points(share - other)} "
        f"more (95 % interval {number(100 * low)} to {number(100 * high)}){also}."
    )
    rows = [
        (one.term, round(one.inside / size, 4), round(one.outside / rest, 4), one.p_value)
        for one in found
    ]
    return Finding(
        technique="texts",
        name="group words",
        sentence=sentence,
        strength=share - other,
        measure="difference (share of texts)",
        support=size,
        interval=(low, high),
        p_value=first.p_value,
        columns=(corpus.name, labels.column),
        condition=Condition((Test(labels.column, "=", labels.values[at]),)),
        table=Table(
            ("word or phrase", "share of its texts", "share elsewhere", "p"),
            tuple(rows),
            f"Words that set the texts apart where {where}",
        ),
    )


def _difference_interval(hits: int, size: int, others: int, rest: int) -> tuple[float, float]:
    """95 % interval of a difference of shares, one success and one failure added to each (Agresti
    and Caffo 2000); it holds the difference itself."""
    one, other = (hits + 1) / (size + 2), (others + 1) / (rest + 2)
    half = 1.96 * float(np.sqrt(one * (1 - one) / (size + 2) + other * (1 - other) / (rest + 2)))
    plain = hits / size - others / rest
    return max(min(one - other - half, plain), -1.0), min(max(one - other + half, plain), 1.0)
