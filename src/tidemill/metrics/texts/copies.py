"""Whether made texts are copied from training texts, beside how often real unseen texts happen to
be the same."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from tidemill.core.light import Light
from tidemill.core.run import Run
from tidemill.core.score import Evidence, Score
from tidemill.core.words import percent, plural
from tidemill.metrics.light import FEW_LIMIT, measured
from tidemill.metrics.texts.sets import FEWEST_TEXTS, text_names, without_texts
from tidemill.supervised.copied_runs import MOSTLY as MOSTLY_COPIED
from tidemill.supervised.copied_runs import (
    CopiedParts,
    common_phrases,
    copied_parts,
    words_of_texts,
)
from tidemill.supervised.excess import Excess, of_hits
from tidemill.supervised.sampling import sampled, thinned

METRIC = "text_copies"
EXACT = "copied texts (share)"
LONGEST = "longest copied run (share of a text)"
MOSTLY = "mostly copied texts (share)"
LEAK = "copies of training texts"
MOST_ROWS = 5_000


def text_copies(evidence: Evidence, run: Run) -> Iterable[Score]:
    """How many made texts are training texts, and the longest run of words that stands in one.

    Words are compared in lower case and without marks. Every text of every column counts; what
    texts of 5 persons or more are (a phrase such as "no comment") is nobody's and does not count.

    Floor: the training texts themselves. Ceiling: held-out texts against training texts, for real
    people write the same words too. How far copies go beyond that has a light, as attacks have.

    Args:
        evidence: The sets; nothing is measured where there is no column of texts.
        run: Draws made and held-out rows, where there are very many.
    """
    names = text_names(evidence)
    if not names:
        return
    why = without_texts(evidence)
    if why:
        yield from _unknown(why)
        return
    train = words_of_texts(evidence.train, names)
    phrases = common_phrases(evidence.train, names)
    sides: list[CopiedParts] = []
    for side, data in (("generated", evidence.synthetic), ("held-out", evidence.holdout)):
        rows = thinned(data, MOST_ROWS, run.rng("metrics", METRIC, side))
        words = [text for text in words_of_texts(rows, names) if text not in phrases]
        if len(words) < FEWEST_TEXTS:
            why = f"there are {plural(len(words), f'{side} text')} that are no common phrase"
            light: Light | None = "not known" if sides or words else None
            yield from _unknown(f"{why}; {FEWEST_TEXTS} are needed", light)
            return
        sides.append(copied_parts(words, train))
    note = sampled(MOST_ROWS) if len(evidence.synthetic) > MOST_ROWS else ""
    mine, real = sides
    yield _exact(mine, real, note)
    yield _longest(mine, real, note)
    yield _mostly(mine, real, note)
    yield _leak(mine, real, note)


def _unknown(why: str, light: Light | None = None) -> Iterable[Score]:
    for name in (EXACT, LONGEST, MOSTLY):
        yield Score(METRIC, name, None, better="low", why=why)
    yield Score(METRIC, LEAK, None, better="low", why=why, light=light)


def _exact(mine: CopiedParts, real: CopiedParts, note: str) -> Score:
    share, usual = float(mine.whole.mean()), float(real.whole.mean())
    sentence = (
        f"{percent(share)} of the generated texts are training texts, word by word; of held-out "
        f"real texts {percent(usual)} are{note}."
    )
    figures = {"texts": len(mine.whole), "copied": int(mine.whole.sum())}
    return Score(METRIC, EXACT, share, 1.0, usual, "low", sentence=sentence, figures=figures)


def _leak(mine: CopiedParts, real: CopiedParts, note: str) -> Score:
    leak = measured(of_hits(mine.whole, real.whole), Excess(1.0, 0.0), FEW_LIMIT)
    if isinstance(leak, str):
        return Score(METRIC, LEAK, None, better="low", why=leak, light="not known")
    sentence = (
        f"{percent(float(mine.whole.mean()))} of the generated texts are training texts, word by "
        f"word, and {percent(float(real.whole.mean()))} of held-out real ones{note}. {leak.reason}"
    )
    return Score(
        METRIC,
        LEAK,
        leak.value,
        ceiling=1.0,
        better="low",
        sentence=sentence,
        figures=leak.figures,
        interval=(leak.low, leak.high),
        light=leak.light,
    )


def _longest(mine: CopiedParts, real: CopiedParts, note: str) -> Score:
    share, usual = float(mine.longest.mean()), float(real.longest.mean())
    sentence = (
        f"The longest run of words of a generated text that stands in a training text is "
        f"{percent(share)} of it on average, that of a held-out real text {percent(usual)}{note}."
    )
    figures = {"median": float(np.median(mine.longest))}
    return Score(METRIC, LONGEST, share, 1.0, usual, "low", sentence=sentence, figures=figures)


def _mostly(mine: CopiedParts, real: CopiedParts, note: str) -> Score:
    share, usual = (float(part.mostly.mean()) for part in (mine, real))
    sentence = (
        f"Of {percent(share)} of the generated texts more than {percent(MOSTLY_COPIED)} is one run "
        f"of a training text; so it is of {percent(usual)} of held-out real texts{note}."
    )
    return Score(METRIC, MOSTLY, share, 1.0, usual, "low", sentence=sentence)
