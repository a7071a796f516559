"""Copies of texts: do made texts repeat training texts, or large parts of them, more than people
repeat each other?"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from tidemill.auditing.base import AttackData, unknown
from tidemill.core.leak import Leak
from tidemill.core.run import Run
from tidemill.metrics.light import FEW_LIMIT
from tidemill.metrics.texts.copies import LEAK, NoTexts, copied_texts, copies_score
from tidemill.metrics.texts.sets import text_names
from tidemill.supervised.copied_runs import LARGELY, copied_parts, words_of_texts

ATTACK = "text-copies"
WHY = "a large part of its text comes back"


def text_copies(data: AttackData, run: Run) -> Iterable[Leak]:
    """Made texts that are training texts, and made texts large parts of which few training persons
    have written; the same of held-out texts is the control.

    Args:
        data: The four tables, whole; nothing is looked at where there is no column of texts.
        run: Draws made and held-out rows, where there are very many.
    """
    copied = copied_texts(data.whole, run)
    if copied is None:
        return
    if isinstance(copied, NoTexts):
        if copied.light is not None:
            yield unknown(ATTACK, LEAK, copied.why, FEW_LIMIT)
        return
    exposed: NDArray[np.int64] | None = None
    for name, (leak, counted) in copied.leaks.items():
        score = copies_score(ATTACK, name, leak, counted)
        if isinstance(leak, str):
            yield Leak(ATTACK, score, "not known", "", FEW_LIMIT)
            continue
        told = Leak(
            ATTACK, replace(score, sentence=counted), leak.light, leak.reason, FEW_LIMIT, why=WHY
        )
        if leak.light in ("red", "amber"):
            exposed = _exposed(data) if exposed is None else exposed
            told = replace(told, exposed=exposed)
        yield told


def _exposed(data: AttackData) -> NDArray[np.int64]:
    """Positions of the attacked training rows of whose text a made text repeats a large part."""
    names, places = text_names(data.whole), data.train.places
    words, row = words_of_texts(data.whole.train.rows(places), names)
    made = words_of_texts(data.whole.synthetic, names).words
    return np.unique(places[row[copied_parts(words, made).longest > LARGELY]])
