"""Columns whose texts are in several languages are reported."""

from __future__ import annotations

import re
from collections import Counter

from tidemill.cleaning.base import Check, Diagnosis
from tidemill.cleaning.texts.columns import text_columns
from tidemill.core.change import Issue
from tidemill.core.dataset import Dataset
from tidemill.core.function_words import languages_of
from tidemill.core.run import Run
from tidemill.core.text_tokens import text_words
from tidemill.core.words import listing, percent, plural

_SHARE = 0.01
_FEWEST = 5
"""Texts in another language, at least."""
_SCRIPTS = (
    ("Japanese", re.compile("[\u3040-\u30ff]")),
    ("Korean", re.compile("[\uac00-\ud7af]")),
    ("Chinese", re.compile("[\u3400-\u9fff]")),
    ("a language in Cyrillic", re.compile("[\u0400-\u04ff]")),
    ("Greek", re.compile("[\u0370-\u03ff]")),
    ("a language in Arabic letters", re.compile("[\u0600-\u06ff]")),
    ("Hebrew", re.compile("[\u0590-\u05ff]")),
    ("Thai", re.compile("[\u0e00-\u0e7f]")),
)
_LETTER = re.compile(r"[^\W\d_]")
_HITS = 3


def language_of(text: str) -> str | None:
    """The language of a text by its script, or by its commonest words; None where these do not
    say.

    Example:
        >>> language_of("the card was not in the letter that you sent"), language_of("OK")
        ('English', None)
        >>> language_of("die Karte ist nicht mit dem Brief gekommen"), language_of("屏幕很清晰。")
        ('German', 'Chinese')
    """
    letters = len(_LETTER.findall(text))
    for name, script in _SCRIPTS:
        of_script = len(script.findall(text))
        least = 0.1 if name == "Japanese" else 0.5  # which is written with Chinese characters, too
        if of_script >= 3 and of_script > least * letters:
            return name
    hits: Counter[str] = Counter()
    for word in set(text_words(text.replace("’", "'"))):
        hits.update(languages_of(word))
    (first, most), (_, next_most) = [*hits.most_common(2), ("", 0), ("", 0)][:2]
    return first if most >= _HITS and most >= 2 * next_most else None


def diagnose(train: Dataset, run: Run) -> Diagnosis:
    """Find columns of which a hundredth of the texts, and at least five, are in another language
    than most."""
    issues = []
    for column in text_columns(train, run, "languages"):
        counts = Counter(map(language_of, column.texts))
        unknown = counts.pop(None, 0)
        known = len(column.texts) - unknown
        others = [
            (name, count)
            for name, count in counts.most_common()[1:]
            if count >= max(_FEWEST, _SHARE * known)
        ]
        if not others:
            continue
        main, most = counts.most_common(1)[0]
        told = listing([f"{count:,} in {name}" for name, count in others])
        total = sum(count for _, count in others)
        issues.append(
            Issue(
                "languages",
                f"Most texts of '{column.name}' are in {main} ({percent(most, known)} of the "
                f"{plural(known, 'text')} of which it can be told{column.note}), but {told}.",
                (column.name,),
                total,
                action="kept; where they shall not be mixed, make a table of each language, or add "
                "a column that says it",
            )
        )
    return Diagnosis(tuple(issues))


CHECK = Check(diagnose)
