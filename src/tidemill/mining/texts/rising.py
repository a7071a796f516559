"""Texts that say nearly the same, and more of them of late."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.stats import false_discovery_control

from tidemill.core.finding import Finding
from tidemill.core.near_texts import near_groups
from tidemill.core.run import Run
from tidemill.core.schema import Column
from tidemill.core.words import listing, number, percent
from tidemill.mining.significance import ALPHA, rank_p
from tidemill.mining.texts.corpus import Corpus
from tidemill.supervised.arrays import Floats

FEWEST_HELD = 5
"""Held-out texts of a group, at least."""
FEWEST_SEEN = 5
"""Training texts of it, of which the words are told."""
IN_MOST = 0.8
TOLD = 4
MOST_GROUPS = 5


def rising(corpus: Corpus, run: Run) -> Iterator[Finding]:
    """Groups of nearly the same texts that are later than all others; nothing without dates."""
    time = _time(corpus)
    if time is None:
        return
    known = [part[time.name].is_not_null().to_numpy() for part in (corpus.train, corpus.held)]
    when = corpus.held[time.name].to_physical().cast(pl.Float64).to_numpy()
    texts = corpus.texts(corpus.train) + corpus.texts(corpus.held)
    group = near_groups(texts, run.rng("mining/texts/rising", corpus.name))
    seen, held = group[: len(corpus.train)], group[len(corpus.train) :]
    of_seen = np.bincount(seen[known[0]], minlength=len(texts))
    of_held = np.bincount(held[known[1]], minlength=len(texts))
    chosen = np.flatnonzero((of_seen >= FEWEST_SEEN) & (of_held >= FEWEST_HELD))
    if not len(chosen):
        return
    parts = [(when[known[1] & (held == at)], when[known[1] & (held != at)]) for at in chosen]
    p_values = false_discovery_control([rank_p(own, rest) for own, rest in parts])
    found = [
        _finding(corpus, time.name, _words(corpus, seen == at), own, rest, float(p))
        for at, (own, rest), p in zip(chosen, parts, p_values, strict=True)
        if p <= ALPHA
    ]
    yield from sorted(found, key=lambda one: -one.support)[:MOST_GROUPS]


def _time(corpus: Corpus) -> Column | None:
    """The column of the time, or else the first of dates."""
    schema = corpus.train.schema
    dated = [*schema.of_role("time"), *(c for c in schema.modelled if c.kind == "datetime")]
    for column in dated:
        if corpus.train[column.name].dtype.is_temporal():
            return column
    return None


def _words(corpus: Corpus, rows: NDArray[np.bool_]) -> list[str]:
    """Words that most training texts of a group hold, those first that others hold least; each is
    of FEWEST_PERSONS persons or more."""
    inside = np.asarray(corpus.seen_terms[np.flatnonzero(rows)].sum(axis=0)).ravel()
    everywhere = np.asarray(corpus.seen_terms.sum(axis=0)).ravel()
    common = np.flatnonzero(inside >= IN_MOST * rows.sum())
    words = [int(at) for at in common if " " not in corpus.terms[at]]
    return [corpus.terms[at] for at in sorted(words, key=lambda at: (everywhere[at], at))[:TOLD]]


def _finding(
    corpus: Corpus, time: str, words: list[str], own: Floats, rest: Floats, p_value: float
) -> Finding:
    before = float((rest[:, None] < np.median(own)).mean())
    later = (own[:, None] > rest[None, :]).mean() + (own[:, None] == rest[None, :]).mean() / 2
    share = number(float(later), 2)
    about = f" (with {listing([repr(word) for word in words])})" if words else ""
    sentence = (
        f"{len(own):,} held-out texts of {corpus.name}{corpus.note} say nearly the same{about}, "
        f"and of late more often: half of them are from after {percent(before)} of the "
        f"{len(rest):,} others by {time} (AUC {share})."
    )
    return Finding(
        technique="texts",
        name="rising",
        sentence=sentence,
        strength=float(later),
        measure="AUC",
        support=len(own),
        p_value=p_value,
        columns=(corpus.name, time),
    )
