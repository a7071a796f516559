"""Whether made texts are as varied as real ones."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import pairwise

import numpy as np

from tidemill.core.run import Run
from tidemill.core.score import Evidence, Score
from tidemill.core.text_tokens import text_words
from tidemill.core.words import percent, ratio
from tidemill.metrics.texts.frontier import frontier_area
from tidemill.metrics.texts.sets import ComparedTexts, compared_texts
from tidemill.metrics.texts.terms import MOST_WORDS, embedded, word_numbers

METRIC = "text_variety"
MOST_TEXTS = 2_000
DISTINCT = {
    1: "different words (share)",
    2: "different pairs of words (share)",
    3: "different triples of words (share)",
}
REPEATED = "repeated texts (share)"
ALIKE = "likeness to each other (self-BLEU)"
FRONTIER = "divergence frontier (area)"
COMPARED = 500
"""Texts that are compared with each other."""
BLEU_ORDER = 4
SMALL = 0.1
"""Counts where none of a text's runs is found elsewhere (Chen and Cherry 2014, method 1)."""


def text_variety(evidence: Evidence, run: Run) -> Iterable[Score]:
    """How varied made texts are; as varied as real ones is best.

    - distinct-1, -2 and -3 (Li et al. 2016): different words, pairs and triples of words, as a
      share of all that the texts have;
    - the share of texts that were there before;
    - self-BLEU (Zhu et al. 2018): the BLEU of 500 texts, each against all others;
    - the area under the divergence frontier (Pillutla et al. 2021, MAUVE), in clusters of an
      embedding of characters instead of a language model's, so its figures are not theirs: 1 where
      made and held-out texts are spread alike, 0 where they have nothing in common.

    Floor: one text, again and again; of the frontier, words of the class drawn one by one. Ceiling:
    equally many training texts.

    Args:
        evidence: The sets; nothing is measured where there is no column of texts.
        run: Draws the samples, the embedding and the clusters.
    """
    if not evidence.train.schema.texts:
        return
    sets = compared_texts(evidence, run, METRIC, MOST_TEXTS)
    if isinstance(sets, str):
        for name in (*DISTINCT.values(), REPEATED, ALIKE, FRONTIER):
            yield Score(METRIC, name, None, better="ceiling", why=sets)
        return
    one = (sets.made[0],) * len(sets)
    for length, name in DISTINCT.items():
        mine, floor, real = (distinct(part, length) for part in (sets.made, one, sets.ceiling))
        what = name.removesuffix(" (share)")
        sentence = (
            f"{percent(mine)} of the generated texts' {what.removeprefix('different ')} are "
            f"{what}; of equally many real texts {percent(real)}{sets.note}."
        )
        yield Score(METRIC, name, mine, floor, real, "ceiling", sentence=sentence)
    yield _repeated(sets)
    run.check()
    mine, floor, real = (self_bleu(part[:COMPARED]) for part in (sets.made, one, sets.ceiling))
    sentence = (
        f"Generated texts are like each other with a BLEU of {ratio(mine)}, real ones with "
        f"{ratio(real)}; 1 is one text again and again (measured on {COMPARED} texts at most)."
    )
    yield Score(METRIC, ALIKE, mine, floor, real, "ceiling", sentence=sentence)
    run.check()
    yield _frontier(sets, run)


def distinct(texts: Sequence[str], length: int) -> float:
    """Different runs of so many words as a share of all such runs of the texts.

    Example:
        >>> distinct(["a b a b"], 2)
        0.6666666666666666
    """
    words, count, different = word_numbers(texts)
    row = np.repeat(np.arange(len(texts)), count)
    runs = max(len(words) - length + 1, 0)
    inside = row[:runs] == row[length - 1 :]
    key = np.zeros(runs, np.int64)
    for step in range(length):  # numbered anew each time, so that no number grows too large
        _, key = np.unique(key * different + words[step : step + runs], return_inverse=True)
    key = key[inside]
    return len(np.unique(key)) / max(len(key), 1)


def self_bleu(texts: Sequence[str]) -> float:
    """The mean BLEU of each text against all others, without a penalty for short ones: among so
    many others one is as long.

    Example:
        >>> self_bleu(["a b c d", "a b c d"]), self_bleu(["a b c d", "e f g h"]) < 0.1
        (1.0, True)
    """
    split = [text_words(text)[:MOST_WORDS] for text in texts]
    logs = np.zeros(len(split))
    orders = np.zeros(len(split))
    for length in range(1, BLEU_ORDER + 1):
        counts = [Counter(zip(*(text[k:] for k in range(length)), strict=False)) for text in split]
        most = _two_largest(counts)
        for k, own in enumerate(counts):
            if not own:
                continue
            found = 0
            for run, often in own.items():
                first, second = most[run]
                found += min(often, second if often == first else first)
            logs[k] += np.log(max(found, SMALL) / own.total())
            orders[k] += 1
    return float(np.exp(logs / np.maximum(orders, 1)).mean())


def _two_largest(counts: Sequence[Counter[tuple[str, ...]]]) -> dict[tuple[str, ...], list[int]]:
    """How often the two texts that have each run most often have it."""
    most: dict[tuple[str, ...], list[int]] = {}
    for own in counts:
        for run, often in own.items():
            pair = most.setdefault(run, [0, 0])
            if often > pair[0]:
                pair[:] = [often, pair[0]]
            elif often > pair[1]:
                pair[1] = often
    return most


def _repeated(sets: ComparedTexts) -> Score:
    mine, real = (_repeats(part) for part in (sets.made, sets.ceiling))
    sentence = (
        f"{percent(mine)} of the generated texts were there before, of equally many real texts "
        f"{percent(real)}{sets.note}."
    )
    floor = 1 - 1 / len(sets)
    return Score(METRIC, REPEATED, mine, floor, real, "ceiling", sentence=sentence)


def _repeats(texts: Sequence[str]) -> float:
    return 1 - len({tuple(text_words(text)) for text in texts}) / len(texts)


def _frontier(sets: ComparedTexts, run: Run) -> Score:
    points = embedded((*sets.real, *sets.made, *sets.floor, *sets.ceiling), run)
    size = len(sets)
    real, *others = (points[start : start + size] for start, _ in _parts(size))
    mine, floor, ceiling = (frontier_area(real, other, run) for other in others)
    sentence = (
        f"Generated texts are spread over what held-out real ones are about with an area of "
        f"{ratio(mine)} under the frontier (1 is alike; words drawn one by one get "
        f"{ratio(floor)}, training texts {ratio(ceiling)}){sets.note}."
    )
    return Score(METRIC, FRONTIER, mine, floor, ceiling, sentence=sentence)


def _parts(size: int) -> Iterable[tuple[int, int]]:
    return pairwise(range(0, 5 * size, size))
