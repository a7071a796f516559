"""Sentences that stand in many texts in the same words are reported."""

from __future__ import annotations

import re

from tidemill.cleaning.base import Check, Diagnosis
from tidemill.cleaning.texts.columns import TextColumn, text_columns
from tidemill.core.change import Issue
from tidemill.core.dataset import Dataset
from tidemill.core.persons import persons_of, shared_items
from tidemill.core.run import Run
from tidemill.core.text_tokens import is_unspaced, text_words
from tidemill.core.words import plural, shorten

_SHARE = 0.05
"""Of the texts; fewer have a sentence in common by chance."""
_FEWEST_TEXTS = 40
_WORDS, _CHARACTERS = 4, 8
"""Words of a sentence at least, or characters of a script without blanks."""
_LAST = 6
"""Words at the end of a long last sentence, which may stand there without a mark."""
_END = re.compile(r"(?<=[.!?])\s+|[。！？\n\r]+")
_LONGEST = 80


def diagnose(train: Dataset, run: Run) -> Diagnosis:
    """Find sentences, lines and endings that at least 5 % of the texts share, and 5 persons."""
    issues = []
    for column in text_columns(train, run, "boilerplate"):
        if len(column.texts) < _FEWEST_TEXTS:
            continue
        found = _common(column)
        if found:
            issues.append(_issue(column, found))
    return Diagnosis(tuple(issues))


def _common(column: TextColumn) -> dict[str, int]:
    """Sentence -> the texts that hold it, of those of enough texts and persons, the commonest
    first."""
    of_texts = [_sentences(text) for text in column.texts]
    counts: dict[str, int] = {}
    for sentences in of_texts:
        for one in sentences:
            counts[one] = counts.get(one, 0) + 1
    least = _SHARE * len(of_texts)
    often = {one for one, count in counts.items() if count >= least}
    if not often:
        return {}
    persons = persons_of(column.data)
    whose = None if persons is None else persons[column.rows].tolist()
    shared = shared_items(([one for one in held if one in often] for held in of_texts), whose)
    kept = sorted(shared, key=lambda one: (-counts[one], -len(one), one))
    # an ending is told once, with the sentence that it ends
    return {one: counts[one] for one in kept if not any(one != of and one in of for of in kept)}


def _sentences(text: str) -> set[str]:
    """The sentences and lines of a text that are long enough, and its last words; nothing where it
    is one sentence, which is the text and no part of it."""
    parts = [" ".join(part.split()) for part in _END.split(text) if part.strip()]
    found = set()
    if len(parts) > 1:
        found = {part for part in parts if _is_long(part)}
    words = parts[-1].split() if parts else []
    if len(words) >= 2 * _LAST:
        found.add(" ".join(words[-_LAST:]))
    return found


def _is_long(sentence: str) -> bool:
    least = _CHARACTERS if is_unspaced(sentence) else _WORDS
    return len(text_words(sentence)) >= least


def _issue(column: TextColumn, found: dict[str, int]) -> Issue:
    sentence, count = next(iter(found.items()))
    more = ""
    if len(found) > 1:
        more = f", and {plural(len(found) - 1, 'more sentence')} in as many as 5 %"
    return Issue(
        "boilerplate",
        f"{column.share(count)} of '{column.name}' hold the same sentence{more}.",
        (column.name,),
        count,
        f"'{shorten(sentence, _LONGEST)}'",
        action="kept; take it out if it says nothing, as models learn it and write it again",
    )


CHECK = Check(diagnose)
