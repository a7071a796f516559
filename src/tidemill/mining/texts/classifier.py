"""Whether the target's label can be told from the text, where that errs, and labels that are likely
wrong."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tidemill.core.finding import Finding
from tidemill.core.picture import Table
from tidemill.core.run import Run
from tidemill.core.words import percent, plural, share_interval
from tidemill.mining.confusion import commonest_mistake, mean_recall_error, recall_rows
from tidemill.mining.sampling import named_rows
from tidemill.mining.texts.corpus import Corpus
from tidemill.mining.texts.labels import FEWEST_OF_LABEL, Labels, target_labels
from tidemill.mining.texts.terms import weighed
from tidemill.supervised.arrays import Floats
from tidemill.supervised.intervals import wilson

SURE = 3.1
"""Standard errors that the balanced accuracy must lie above guessing: one table of noise in a
thousand does."""
HARDLY, SURELY = 0.05, 0.8
"""The chance of a doubtful label at most, and of the other label at least."""
INVERSE_PENALTY = 5.0
TOP_WORDS, SHOWN = 5, 50


@dataclass(frozen=True, eq=False)
class Read:
    """What a classifier that has seen the training texts says of the held-out ones.

    Attributes:
        corpus: The texts.
        labels: Their labels.
        at: (m,) The held-out texts whose label is known.
        given: (m,) Codes of their labels.
        chances: (m, labels)
        weights: (labels, terms) Of each term for each label.
    """

    corpus: Corpus
    labels: Labels
    at: NDArray[np.int64]
    given: NDArray[np.int64]
    chances: Floats
    weights: Floats

    @property
    def said(self) -> NDArray[np.int64]:
        """(m,) The likeliest label of each."""
        return np.asarray(self.chances.argmax(axis=1))

    @property
    def columns(self) -> tuple[str, str]:
        """The text's and the label's column."""
        return self.corpus.name, self.labels.column


def told_labels(corpus: Corpus, run: Run) -> Iterator[Finding]:
    """How well the target's label can be told from the text, and which labels are doubtful; nothing
    where that is no better than guessing."""
    labels = target_labels(corpus)
    if labels is None or not (labels.held >= 0).any():
        return
    run.check()
    read = _read(corpus, labels)
    matrix = np.zeros((len(labels.names), len(labels.names)), np.int64)
    np.add.at(matrix, (read.given, read.said), 1)
    sizes = matrix.sum(axis=1)
    right = np.diag(matrix)[sizes > 0]
    sizes = sizes[sizes > 0]
    if len(sizes) < 2:
        return
    balanced = float((right / sizes).mean())
    error = mean_recall_error(right, sizes)
    if balanced - SURE * error <= 1 / len(sizes):
        return
    yield _model(read, matrix, balanced, error)
    yield from _doubtful(read)


def _read(corpus: Corpus, labels: Labels) -> Read:
    """Multinomial logistic regression on the TF-IDF of words and phrases."""
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression

    known, at = np.flatnonzero(labels.seen >= 0), np.flatnonzero(labels.held >= 0)
    seen, held = weighed(corpus.seen_terms[known], corpus.held_terms[at])
    model = LogisticRegression(C=INVERSE_PENALTY, tol=1e-3, max_iter=1000)
    with warnings.catch_warnings():  # the held-out texts say whether it is good enough
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.fit(seen, labels.seen[known])
    weights = model.coef_
    if len(weights) == 1:
        weights = np.concatenate([-weights, weights])
    chances = model.predict_proba(held)
    return Read(corpus, labels, at, labels.held[at], chances, weights)


def _model(read: Read, matrix: NDArray[np.int64], balanced: float, error: float) -> Finding:
    total, right = int(matrix.sum()), int(np.trace(matrix))
    guessed = float(matrix.sum(axis=1).max()) / total
    low, high = max(balanced - 1.96 * error, 0.0), min(balanced + 1.96 * error, 1.0)
    labels = read.labels
    mistake = commonest_mistake(labels.names, matrix, "text")
    sentence = (
        f"{labels.column} can be told from the words of {read.corpus.name}: a classifier is right "
        f"on {percent(right, total)} of {total:,} held-out texts{read.corpus.note} "
        f"({share_interval(*wilson(right, total))}), where always saying the commonest of "
        f"{len(labels.names)} labels is right on {percent(guessed)}; as a mean over the labels on "
        f"{percent(balanced)} ({share_interval(low, high)}){mistake}."
    )
    if labels.left_out:
        sentence += (
            f" {plural(labels.left_out, 'label')} of fewer than {FEWEST_OF_LABEL} training texts "
            f"{'is' if labels.left_out == 1 else 'are'} left out."
        )
    return Finding(
        technique="texts",
        name="classifier",
        sentence=sentence,
        strength=balanced,
        measure="balanced accuracy",
        support=total,
        interval=(low, high),
        columns=read.columns,
        table=_recalls(read, matrix),
        figures={"accuracy": right / total, "guessing": guessed},
    )


def _recalls(read: Read, matrix: NDArray[np.int64]) -> Table:
    rows = []
    for at, row in enumerate(recall_rows(read.labels.names, matrix)):
        best = np.argsort(-read.weights[at], kind="stable")[:TOP_WORDS]
        rows.append((*row, ", ".join(read.corpus.terms[term] for term in best)))
    return Table(
        (read.labels.column, "held-out texts", "recognised", "most often taken for", "top words"),
        tuple(rows),
        "How many texts of each label are recognised, and by which words",
    )


def _doubtful(read: Read) -> Iterator[Finding]:
    """Held-out texts whose label is likely wrong: its chance is tiny, and another label is as
    likely as it is for that label's own texts on average (confident learning: Northcutt, Jiang and
    Chuang 2021)."""
    said, best = read.said, read.chances.max(axis=1)
    usual = np.ones(len(read.labels.names))
    for at in range(len(usual)):
        own = read.given == at
        if own.any():
            usual[at] = read.chances[own, at].mean()
    chance = read.chances[np.arange(len(said)), read.given]
    sure = (best >= np.maximum(usual[said], SURELY)) & (chance <= HARDLY)
    doubted = np.flatnonzero(sure & (said != read.given))
    if not len(doubted):
        return
    count, known = len(doubted), len(read.given)
    surest = doubted[np.argsort(-best[doubted], kind="stable")]
    rows = read.at[surest]
    why = "labels are wrong, or texts are unlike others of their label"
    if count == 1:
        why = "either the label is wrong, or the text is unlike others of it"
    sentence = (
        f"{read.labels.column} of {plural(count, 'held-out text')} of {known:,} "
        f"({percent(count, known)}) is doubtful: the words of {read.corpus.name} say another one "
        f"with a chance of {percent(SURELY)} or more, and the given one with at most "
        f"{percent(HARDLY)}. Look at {named_rows(read.corpus.held, rows.tolist())}: {why}. "
        "Training rows are not checked."
    )
    table = [
        (
            read.corpus.held.row_number(int(read.at[at])),
            read.labels.names[read.given[at]],
            read.labels.names[said[at]],
            round(float(best[at]), 3),
        )
        for at in surest[:SHOWN]
    ]
    yield Finding(
        technique="texts",
        name="doubtful labels",
        sentence=sentence,
        strength=count / known,
        measure="share of doubtful labels",
        support=count,
        interval=wilson(count, known),
        columns=read.columns,
        table=Table(
            ("row", "given", "the text says", "with a chance of"), tuple(table), "Doubtful labels"
        ),
    )
