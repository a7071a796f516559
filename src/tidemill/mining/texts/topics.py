"""What texts are about: groups of words that stand together (non-negative matrix factorisation)."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from tidemill.core.finding import Finding
from tidemill.core.function_words import is_function_word
from tidemill.core.picture import Table
from tidemill.core.run import Run
from tidemill.core.words import listing, number, percent
from tidemill.mining.significance import ALPHA, greater_mean_p, mean_interval
from tidemill.mining.texts.corpus import Corpus
from tidemill.mining.texts.terms import weighed
from tidemill.supervised.arrays import Floats

NUMBERS = (5, 10, 20)
"""How many topics are tried."""
CHOOSING = 0.25
"""The share of the training texts by which their number is chosen."""
TOP, NAMED, TOLD = 10, 4, 3
"""Words of a topic that are looked at, that are its name, and topics that are told."""
COMMON = 0.2
"""A word of more texts says nothing of what they are about."""
FEWEST_WORDS = 30
MOST_WORDS = 3_000
LEAST = 0.05
"""Mean coherence below which there are no topics."""


@dataclass(frozen=True, eq=False)
class TopicModel:
    """Topics of training texts.

    Attributes:
        words: The terms that are looked at.
        weights: (topics, words)
        shares: (m, topics) How much of each held-out text is of each topic.
    """

    words: tuple[str, ...]
    weights: Floats
    shares: Floats

    @property
    def tops(self) -> list[NDArray[np.int64]]:
        """The first words of each topic."""
        return [np.argsort(-row, kind="stable")[:TOP] for row in self.weights]

    def name(self, topic: int) -> str:
        """Its first words."""
        return ", ".join(self.words[at] for at in self.tops[topic][:NAMED])


def topics(corpus: Corpus, run: Run) -> Iterator[Finding]:
    """Topics of the training texts, of which the words stand together in the held-out ones, too;
    nothing where they do not."""
    places = _words(corpus)
    if len(places) < FEWEST_WORDS:
        return
    rng = run.rng("mining/texts/topics", corpus.name)
    order = rng.permutation(len(corpus.train))
    cut = round(CHOOSING * len(order))
    seen, held = corpus.seen_terms[:, places], corpus.held_terms[:, places]
    choosing, learning = seen[np.sort(order[:cut])], seen[np.sort(order[cut:])]
    words = tuple(corpus.terms[at] for at in places)
    best, most = None, -np.inf
    for count in NUMBERS:
        if count * TOP > len(words):
            break
        run.check()
        model = _learned(words, learning, held, count, int(rng.integers(1 << 31)))
        coherent = float(np.mean([pairs.mean() for pairs in _coherence(model, choosing)]))
        if coherent > most:
            best, most = model, coherent
    if best is None:
        return
    of_topics = _coherence(best, held)
    means = np.array([pairs.mean() for pairs in of_topics])
    p_value = greater_mean_p(np.concatenate(of_topics))
    if means.mean() >= LEAST and p_value <= ALPHA:
        yield _finding(corpus, best, means, p_value)


def _words(corpus: Corpus) -> NDArray[np.int64]:
    """Places of the terms that topics are made of: words of three letters or more that are no
    function words, and pairs of characters of scripts without blanks; of many the commonest."""
    often = np.asarray(corpus.seen_terms.sum(axis=0)).ravel()
    spoken = np.array([_is_of_a_topic(term) for term in corpus.terms])
    fit = np.flatnonzero(spoken & (often <= COMMON * len(corpus.train)))
    return np.sort(fit[np.argsort(-often[fit], kind="stable")[:MOST_WORDS]])


def _is_of_a_topic(term: str) -> bool:
    if " " in term or is_function_word(term):
        return False
    return len(term) >= (3 if term.isascii() else 2)


def _learned(
    words: tuple[str, ...],
    seen: sparse.csr_array,
    held: sparse.csr_array,
    count: int,
    seed: int,
) -> TopicModel:
    from sklearn.decomposition import NMF
    from sklearn.exceptions import ConvergenceWarning

    seen, held = weighed(seen, held)
    model = NMF(count, init="nndsvda", random_state=seed, max_iter=400, tol=1e-3)
    with warnings.catch_warnings():  # the held-out texts say whether it is good enough
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.fit(seen)
        shares = model.transform(held)
    return TopicModel(words, model.components_, shares)


def _coherence(model: TopicModel, held: sparse.csr_array) -> list[Floats]:
    """For each topic the normalised pointwise mutual information (Bouma 2009) of all pairs of its
    first words: 0 where they stand together as often as by chance, 1 where always.

    One text is added to those that hold both words, and one to how many would by chance, so that
    words of few texts say little.
    """
    texts = held.shape[0]
    found = []
    for top in model.tops:
        part = held[:, top].toarray()
        both = part.T @ part
        alone = np.diag(both)
        chance = np.outer(alone, alone) / texts
        info = np.log((both + 1) / (chance + 1)) / -np.log((both + 1) / (texts + 2))
        found.append(info[np.triu_indices(len(top), 1)])
    return found


def _finding(corpus: Corpus, model: TopicModel, means: Floats, p_value: float) -> Finding:
    texts = len(corpus.held)
    main = np.where(model.shares.max(axis=1) > 0, model.shares.argmax(axis=1), -1)
    sizes = np.array([int((main == at).sum()) for at in range(len(means))])
    order = np.argsort(-sizes, kind="stable")
    told = [f"'{model.name(at)}' ({percent(int(sizes[at]), texts)})" for at in order[:TOLD]]
    low, high = mean_interval(means)
    mean = float(means.mean())
    sentence = (
        f"The texts of {corpus.name} have {len(means)} topics, of which the words stand together "
        f"in {texts:,} held-out texts{corpus.note}, too (mean coherence {number(mean)}, 95 % "
        f"interval {number(low)} to {number(high)}, where 0 is chance and 1 always). Most are "
        f"about {listing(told)}."
    )
    rows = [
        (model.name(at), int(sizes[at]), round(int(sizes[at]) / texts, 4), round(means[at], 3))
        for at in order.tolist()
    ]
    return Finding(
        technique="texts",
        name="topics",
        sentence=sentence,
        strength=mean,
        measure="coherence (NPMI)",
        support=texts,
        interval=(low, high),
        p_value=p_value,
        columns=(corpus.name,),
        table=Table(
            ("topic", "held-out texts", "share", "coherence"),
            tuple(rows),
            f"What the texts of {corpus.name} are about",
        ),
        figures={"topics": float(len(means))},
    )
