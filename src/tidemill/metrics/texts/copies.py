"""Whether made texts are copied from training texts, beside how often real unseen texts happen to
be the same."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
import polars as pl

from tidemill.core.dataset import Dataset
from tidemill.core.light import Light
from tidemill.core.persons import persons_of, shared_items
from tidemill.core.run import Run
from tidemill.core.score import Evidence, Score
from tidemill.core.text_tokens import text_words
from tidemill.core.words import percent, plural
from tidemill.metrics.light import FEW_LIMIT, measured
from tidemill.metrics.texts.sets import FEWEST_TEXTS, text_names, without_texts
from tidemill.supervised.excess import Excess, of_hits
from tidemill.supervised.sampling import sampled, thinned

METRIC = "text_copies"
EXACT = "copied texts (share)"
LONGEST = "longest copied run (share of a text)"
MOSTLY = "mostly copied texts (share)"
LEAK = "copies of training texts"
MOST_ROWS = 5_000
MOSTLY_FROM = 0.8
_FACTOR = np.uint64(0x9E3779B97F4A7C15)


class CopiedParts(NamedTuple):
    """How much of each text is copied.

    Attributes:
        whole: (n,) whether it is a training text, word by word.
        longest: (n,) the part of its words that its longest run of words has that stands in a
            training text.
    """

    whole: np.ndarray
    longest: np.ndarray


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
    train = _texts(evidence.train, names)
    phrases = _phrases(evidence.train, names)
    sides: list[CopiedParts] = []
    for side, data in (("generated", evidence.synthetic), ("held-out", evidence.holdout)):
        rows = thinned(data, MOST_ROWS, run.rng("metrics", METRIC, side))
        words = [text for text in _texts(rows, names) if text not in phrases]
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


def copied_parts(texts: Sequence[tuple[str, ...]], train: Sequence[tuple[str, ...]]) -> CopiedParts:
    """How much of each text stands in training texts.

    Runs are compared by hashes of 64 bits: a run is one word longer in each round, and only places
    whose shorter run was found, in texts and in training texts, are looked at again.

    Args:
        texts, train: Their words.

    Example:
        >>> parts = copied_parts([("a", "b", "c", "z")], [("x", "a", "b", "c")])
        >>> bool(parts.whole[0]), float(parts.longest[0])
        (False, 0.75)
    """
    known = set(train)
    whole = np.array([text in known for text in texts], bool)
    number: dict[str, int] = {}
    theirs = _Places(train, number)
    mine = _Places([() if same else t for t, same in zip(texts, whole, strict=True)], number)
    longest = np.zeros(len(texts), np.int64)
    length = 0
    while len(mine.start) and len(theirs.start):
        length += 1
        mine.lengthen(length)
        theirs.lengthen(length)
        mine.keep(np.isin(mine.rolled, theirs.rolled))
        theirs.keep(np.isin(theirs.rolled, mine.rolled))
        longest[mine.of_text[mine.start]] = length
    words = np.array([len(text) for text in texts])
    return CopiedParts(whole, np.where(whole, 1.0, longest / np.maximum(words, 1)))


class _Places:
    """Where runs begin among the words of texts, with their hashes so far."""

    def __init__(self, texts: Sequence[Sequence[str]], number: dict[str, int]) -> None:
        words = [number.setdefault(word, len(number)) for text in texts for word in text]
        # mixed, so that a rolled hash of consecutive numbers does not meet another's
        self.words = (np.array(words, np.uint64) + np.uint64(1)) * np.uint64(0xBF58476D1CE4E5B9)
        self.words ^= self.words >> np.uint64(31)
        length = [len(text) for text in texts]
        self.of_text = np.repeat(np.arange(len(texts)), length)
        self.end = np.cumsum(length)
        self.start = np.arange(len(words))
        self.rolled = np.zeros(len(words), np.uint64)

    def lengthen(self, length: int) -> None:
        """Make runs one word longer; those that reach their text's end are left out."""
        self.keep(self.start + length <= self.end[self.of_text[self.start]])
        self.rolled = self.rolled * _FACTOR + self.words[self.start + length - 1]

    def keep(self, chosen: np.ndarray) -> None:
        self.start, self.rolled = self.start[chosen], self.rolled[chosen]


def _texts(data: Dataset, names: Sequence[str]) -> list[tuple[str, ...]]:
    """The words of every text of these columns that has some."""
    texts = [text for name in names for text in data[name].cast(pl.String).drop_nulls()]
    return [words for words in (tuple(text_words(text)) for text in texts) if words]


def _phrases(train: Dataset, names: Sequence[str]) -> set[tuple[str, ...]]:
    """Whole texts that enough persons have written."""
    persons = persons_of(train)
    numbers = None if persons is None else persons.tolist()
    columns = [train[name].cast(pl.String).fill_null("").to_list() for name in names]
    return shared_items(
        ({tuple(text_words(text)) for text in row} for row in zip(*columns, strict=True)), numbers
    )


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
    share, usual = (float((part.longest > MOSTLY_FROM).mean()) for part in (mine, real))
    sentence = (
        f"Of {percent(share)} of the generated texts more than {percent(MOSTLY_FROM)} is one run "
        f"of a training text; so it is of {percent(usual)} of held-out real texts{note}."
    )
    return Score(METRIC, MOSTLY, share, 1.0, usual, "low", sentence=sentence)
