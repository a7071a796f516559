"""Whether made texts are copied from training texts, beside how often real unseen texts happen to
be the same."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from tidemill.core.dataset import Dataset
from tidemill.core.light import Light
from tidemill.core.persons import persons_of
from tidemill.core.run import Run
from tidemill.core.score import Evidence, Score
from tidemill.core.text_tokens import FEWEST_OF_RUN
from tidemill.core.words import percent, plural
from tidemill.metrics.light import FEW_LIMIT, MeasuredLeak, measured
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
LARGE_PARTS = "large parts of training texts"
MOST_ROWS = 5_000


@dataclass(frozen=True)
class CopiedTexts:
    """How much of made and of held-out texts stands in training texts.

    Attributes:
        mine, real: Of made texts, and of held-out ones.
        note: For the end of a sentence, where not all texts were looked at.
    """

    mine: CopiedParts
    real: CopiedParts
    note: str

    @property
    def leaks(self) -> dict[str, tuple[MeasuredLeak | str, str]]:
        """By what was copied how far that goes beyond chance, and what was counted."""
        sides = {"generated": self.mine, "held-out real": self.real}
        whole = {name: percent(float(side.whole.mean())) for name, side in sides.items()}
        parts = {name: percent(float(side.largely.mean())) for name, side in sides.items()}
        return {
            LEAK: (
                beyond(self.mine.whole, self.real.whole),
                f"{whole['generated']} of the generated texts are training texts, word by word, "
                f"and {whole['held-out real']} of held-out real ones{self.note}.",
            ),
            LARGE_PARTS: (
                beyond(self.mine.largely, self.real.largely),
                f"Of {parts['generated']} of the generated texts more than two thirds stand in "
                f"long runs that fewer than {FEWEST_OF_RUN} people wrote in training texts; so it "
                f"is of {parts['held-out real']} of held-out real ones{self.note}.",
            ),
        }


@dataclass(frozen=True)
class NoTexts:
    """Why copies of texts cannot be counted.

    Attributes:
        why: In words.
        light: What it means; None where there is nothing that could be copied.
    """

    why: str
    light: Light | None = None


def beyond(mine: np.ndarray, real: np.ndarray) -> MeasuredLeak | str:
    """How far copies among made texts go beyond those that chance makes of held-out ones. Fewer
    than that are no sign of files that were mixed up: a model may draw copies again."""
    gain = of_hits(mine, real)
    return measured(gain._replace(value=max(gain.value, 0.0)), Excess(1.0, 0.0), FEW_LIMIT)


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
    copied = copied_texts(evidence, run)
    if copied is None:
        return
    if isinstance(copied, NoTexts):
        for name in (EXACT, LONGEST, MOSTLY):
            yield Score(METRIC, name, None, better="low", why=copied.why)
        yield Score(METRIC, LEAK, None, better="low", why=copied.why, light=copied.light)
        return
    mine, real, note = copied.mine, copied.real, copied.note
    yield _exact(mine, real, note)
    yield _longest(mine, real, note)
    yield _mostly(mine, real, note)
    for name, (leak, counted) in copied.leaks.items():
        yield copies_score(METRIC, name, leak, counted)


def copied_texts(evidence: Evidence, run: Run) -> CopiedTexts | NoTexts | None:
    """How much of the texts is copied; None where there is no column of texts.

    Args:
        evidence: The sets.
        run: Draws made and held-out rows, where there are very many.
    """
    names = text_names(evidence)
    if not names:
        return None
    why = without_texts(evidence)
    if why:
        return NoTexts(why)
    train, whose = words_of_texts(evidence.train, names)
    phrases = common_phrases(evidence.train, names)
    persons = _persons(evidence.train, whose)
    sides: list[CopiedParts] = []
    for side, data in (("generated", evidence.synthetic), ("held-out", evidence.holdout)):
        rows = thinned(data, MOST_ROWS, run.rng("metrics", METRIC, side))
        words = [text for text in words_of_texts(rows, names).words if text not in phrases]
        if len(words) < FEWEST_TEXTS:
            why = f"there are {plural(len(words), f'{side} text')} that are no common phrase"
            light: Light | None = "not known" if sides or words else None
            return NoTexts(f"{why}; {FEWEST_TEXTS} are needed", light)
        sides.append(copied_parts(words, train, persons))
    mine, real = sides
    return CopiedTexts(
        mine, real, sampled(MOST_ROWS) if len(evidence.synthetic) > MOST_ROWS else ""
    )


def _persons(data: Dataset, row: np.ndarray) -> np.ndarray:
    """Whose the texts of these rows are; the texts of a row are one person's."""
    persons = persons_of(data)
    return row if persons is None else persons[row]


def _exact(mine: CopiedParts, real: CopiedParts, note: str) -> Score:
    share, usual = float(mine.whole.mean()), float(real.whole.mean())
    sentence = (
        f"{percent(share)} of the generated texts are training texts, word by word; of held-out "
        f"real texts {percent(usual)} are{note}."
    )
    figures = {"texts": len(mine.whole), "copied": int(mine.whole.sum())}
    return Score(METRIC, EXACT, share, 1.0, usual, "low", sentence=sentence, figures=figures)


def copies_score(metric: str, name: str, leak: MeasuredLeak | str, counted: str) -> Score:
    """The score of copies, with its light.

    Args:
        metric: Its registered name.
        name: What was copied.
        leak: How far that goes beyond chance, or why it is not known.
        counted: What was counted, in words.
    """
    if isinstance(leak, str):
        return Score(metric, name, None, better="low", why=leak, light="not known")
    return Score(
        metric,
        name,
        leak.value,
        ceiling=1.0,
        better="low",
        sentence=f"{counted} {leak.reason}",
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
