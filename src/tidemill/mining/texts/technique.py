"""What free texts say: words of groups, whether labels can be told from them, what they are about,
and what is said again and again."""

from __future__ import annotations

from collections.abc import Iterable

from tidemill.core.dataset import Dataset
from tidemill.core.finding import Finding
from tidemill.core.run import Run
from tidemill.mining.texts.classifier import told_labels
from tidemill.mining.texts.corpus import corpora
from tidemill.mining.texts.group_words import group_words
from tidemill.mining.texts.rising import rising
from tidemill.mining.texts.topics import topics


def texts(train: Dataset, holdout: Dataset, run: Run) -> Iterable[Finding]:
    """Look at each column of free text, one text of each person.

    Args:
        train: Rows to learn from, 20,000 texts at most.
        holdout: Rows that every figure is taken from.
        run: Seed, and cancelling.
    """
    for corpus in corpora(train, holdout, run):
        for look in (told_labels, group_words, topics, rising):
            run.check()
            yield from look(corpus, run)
