"""How the names of a column are written: which language, in which order, with what beside them.

A form is a text with places in braces: ``{given}``, ``{family}``, ``{middle}`` (a patronymic),
``{second}`` (another given name), ``{mother}`` (another family name), their initials ``{g}``,
``{f}``, and ``{9}`` for a digit; behind a colon stands ``u`` or ``l`` for upper or lower case. The
given names of languages without blanks are told by their length: ``{given1}``, ``{given2}``.
Titles, particles and signs stay as they are.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import polars as pl

from tidemill.personal.people import CHINESE_FAMILY, JAPANESE_FAMILY, TITLES
from tidemill.personal.word_lists import (
    LATIN,
    SCRIPTS,
    WITHOUT_BLANKS,
    all_folded,
    folded,
    name_words,
)

FEWEST = 5
"""A form of fewer names is not kept, unless there is no other."""
MOST_FORMS = 50
PLACE = re.compile(r"\{(given|family|middle|second|mother|given\d|g|f|9|n)(?::([ul]))?\}")
_SAMPLE = 4_000
_RARE_SCRIPT = 0.02
_MOSTLY_NAMES = 0.4
_TOKEN = re.compile(r"[^\s,，.()\"“”_+&/;:|*＊\d{}@]+|\d|[\s,，.()\"“”_+&/;:|*＊@]+")
_PARTICLES = frozenset(
    """
    von van der den de la le du des del della di da dos das do el al bin ibn ben abu ter ten zu zum
    zur af av y e und and i
    """.split()  # noqa: SIM905
)
_BEHIND = frozenset("jr sr ii iii iv phd md esq dds junior senior fils".split())  # noqa: SIM905
_MORE_TITLES = frozenset(
    "mx dott dipl ing med univ prof hr fru dra srta pan pani bay bayan г-н г-жа".split()  # noqa: SIM905
)
_PATRONYMIC = re.compile(r"(?:ович|евич|ьич|овна|евна|ична|івна|ївна)$")
_OF_FAMILY = re.compile(
    r"last|sur.?name|family|nach|familien|nom.de.famille|apellido|cognome|sobrenome|achter|efter"
    r"|etter|фамил|прізв|nazwisk|příjm|soyad|lname|^姓氏?$|^氏$|성$",
    re.IGNORECASE,
)
_OF_GIVEN = re.compile(
    r"first|given|fore|vor.?name|pr[ée]nom|имя|ім.я|imi[ęe]|jm[ée]no|voor|förnamn|fornavn|fname|^名"
    r"|middle",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class NameForm:
    """One way in which names are written.

    Attributes:
        language: As in the lists of words.
        pattern: The text with places in braces.
        rows: Names of this form.
        mask: Of a name without blanks, "1" for each character that is shown as ``sign``; empty for
            none.
        sign: That sign.
    """

    language: str
    pattern: str
    rows: int = 1
    mask: str = ""
    sign: str = "*"

    def places(self) -> list[str]:
        """The places in it, without their case."""
        return [found[0] for found in PLACE.findall(self.pattern)]


def name_forms(names: Sequence[str], column: str, language: str = "") -> list[NameForm]:
    """The forms of a column's names, the most frequent first.

    Args:
        names: Different ones.
        column: The column's name, which may say that they are given or family names.
        language: That of Latin letters, where it is known.
    """
    sample = names[:: max(1, -(-len(names) // _SAMPLE))]
    by_language: dict[str, list[str]] = {}
    for languages, group in by_script(sample):
        if len(group) < _RARE_SCRIPT * len(sample):
            continue
        for name, texts in _by_language(languages, group, language):
            by_language.setdefault(name, []).extend(texts)
    forms: list[NameForm] = []
    for name, texts in by_language.items():
        if name in WITHOUT_BLANKS:
            forms += _eastern(name, texts, column)
        else:
            forms += _western(name, texts, column)
    forms.sort(key=lambda form: (-form.rows, form.language, form.pattern, form.mask))
    kept = [form for form in forms if form.rows >= FEWEST][:MOST_FORMS]
    return kept or forms[:1]


def by_script(names: Iterable[str]) -> list[tuple[tuple[str, ...], list[str]]]:
    """Names by the languages that their script is used for."""
    groups: dict[tuple[str, ...], list[str]] = {}
    scripts = [(re.compile(pattern), languages) for pattern, languages in SCRIPTS.items()]
    for name in names:
        written = (languages for pattern, languages in scripts if pattern.search(name))
        groups.setdefault(next(written, tuple(LATIN)), []).append(name)
    return list(groups.items())


def _by_language(
    languages: tuple[str, ...], names: list[str], known: str
) -> list[tuple[str, list[str]]]:
    if "Japanese" in languages:
        return _by_eastern_language(languages, names)
    if languages == tuple(LATIN) and known:
        return [(known, names)]
    return [(best_language(languages, names), names)]


def _by_eastern_language(
    languages: tuple[str, ...], names: list[str]
) -> list[tuple[str, list[str]]]:
    if "Katakana" in languages:
        kana = [name for name in names if not re.search(r"[\u3400-\u9fff]", name)]
        return [("Katakana", kana), ("Japanese", [name for name in names if name not in set(kana)])]
    japanese = sum(name.startswith(JAPANESE_FAMILY) for name in names)
    chinese = sum(name[:1] in CHINESE_FAMILY for name in names)
    if japanese > chinese:
        return [("Japanese", names)]
    return [(chinese_of(names), names)]


def chinese_of(texts: Iterable[str]) -> str:
    """Whether Chinese texts are simplified or traditional."""
    letters = [letter for letter in "".join(texts) if "\u3400" <= letter <= "\u9fff"]
    traditional = sum(not _is_in(letter, "gb2312") for letter in letters)
    simplified = sum(not _is_in(letter, "big5") for letter in letters)
    return "Traditional Chinese" if traditional > simplified else "Simplified Chinese"


def _is_in(letter: str, encoding: str) -> bool:
    try:
        return bool(letter.encode(encoding))
    except UnicodeEncodeError:
        return False


def best_language(languages: Sequence[str], names: Iterable[str]) -> str:
    """The language whose lists hold most words of the names; the first of several."""
    if len(languages) == 1:
        return languages[0]
    words = [word for name in names for word in _TOKEN.findall(name) if len(word) > 1]
    counts = Counter(all_folded(pl.Series(words, dtype=pl.String)).to_list())
    best, most = languages[0], 0.0
    for language in languages:
        given, family = _folded_words(language)
        found = sum(counts[word] for word in counts.keys() & (given | family))
        # longer lists hold more of any words: between equals the shorter one is the better proof
        share = found * (1 - 0.00002 * (len(given) + len(family)))
        if share > most * 1.02:
            best, most = language, share
    return best


def _folded_words(language: str) -> tuple[set[str], set[str]]:
    """Given and family names of a language, folded."""
    words = name_words(language)
    given = pl.Series([word for one in words for word in one.given], dtype=pl.String)
    family = pl.Series([word for one in words for word in one.family], dtype=pl.String)
    return set(all_folded(given)), set(all_folded(family))


def mail_forms(locals_: Sequence[str], column: str, language: str = "") -> list[NameForm]:
    """The forms of what stands before the @ of addresses; none where these are no names.

    Args:
        locals_: Different ones.
        column: The column's name.
        language: That of the persons' names, where it is known.
    """
    latin = [text for text in locals_[:: max(1, -(-len(locals_) // _SAMPLE))] if text.isascii()]
    language = language or best_language(tuple(LATIN), latin)
    given, family = ({word for word in own if len(word) > 2} for own in _folded_words(language))
    forms: Counter[str] = Counter()
    known = 0
    for text in latin:
        shape, own = _shape(text, language)
        pattern = _of_one_word(own[0], given, family) if len(own) == 1 else ""
        if pattern:
            case = ":l" if text.islower() else ""
            whole = shape.replace("{word" + case + "}", pattern.replace("}", case + "}"))
            forms[whole.replace("{word", "{family")] += 1
        elif own:
            scores = [(word in family) - (word in given) for word in own]
            forms[_placed(shape, _roles(shape, scores, column, language))] += 1
        known += bool(pattern) or any(word in given or word in family for word in own)
    if known < _MOSTLY_NAMES * len(locals_[:_SAMPLE]):
        return []
    found = [NameForm(language, pattern, rows) for pattern, rows in forms.most_common()]
    return [form for form in found if form.rows >= FEWEST][:MOST_FORMS] or found[:1]


def _of_one_word(word: str, given: set[str], family: set[str]) -> str:
    """What a single word of an address is made of, as alee of an initial and a family name."""
    if word in given:
        return "{given}"
    if word in family:
        return "{family}"
    if word[1:] in family:
        return "{g}{family}"
    if word[:-1] in given:
        return "{given}{f}"
    parts = range(3, len(word) - 2)
    both = any(word[:at] in given and word[at:] in family for at in parts)
    return "{given}{family}" if both else ""


# --- languages with blanks ------------------------------------------------------------------------


def _western(language: str, names: Sequence[str], column: str) -> list[NameForm]:
    """Names of one shape each, whose words are given or family names by where they stand."""
    given, family = _folded_words(language)
    shapes: dict[str, list[list[str]]] = {}
    for name in names:
        shape, own = _shape(name, language)
        if PLACE.search(shape) or own:
            shapes.setdefault(shape, []).append(own)
    forms: Counter[str] = Counter()
    for shape, rows in shapes.items():
        scores = [
            sum((word in family) - (word in given) for word in column_of)
            for column_of in zip(*rows, strict=True)
        ]
        forms[_placed(shape, _roles(shape, scores, column, language))] += len(rows)
    return [NameForm(language, pattern, rows) for pattern, rows in forms.items()]


def _shape(name: str, language: str) -> tuple[str, list[str]]:
    """A name with ``{word}`` in the place of each word that is neither a title nor an initial, and
    these words folded."""
    shape, own = [], []
    tokens = _TOKEN.findall(name)
    for at, token in enumerate(tokens):
        plain = _simple(token)
        case = ":l" if token.islower() else ""
        if token.isupper() and len(token) > 1:
            case = ":u"
        if not token[0].isalpha():
            shape.append("{9}" if token[0].isdigit() else token)
        elif len(token) == 1 and token.lower() != token.upper():
            shape.append("{g:l}" if token.islower() else "{g:u}")
        elif _is_kept(plain, at, len(tokens)):
            shape.append(token)
        elif _PATRONYMIC.search(plain) and language in ("Russian", "Ukrainian", "Bulgarian"):
            shape.append(f"{{middle{case}}}")
        else:
            own.append(plain)
            shape.append(f"{{word{case}}}")
    return "".join(shape), own


def _simple(word: str) -> str:
    """As :func:`folded` does with one word, but quickly for what has no accents."""
    return word.lower() if word.isascii() else folded(word)


def _is_kept(plain: str, at: int, tokens: int) -> bool:
    """Whether a word is a title, a particle or what stands behind a name, and no name itself."""
    if tokens == 1:
        return False
    if plain in TITLES or plain in _MORE_TITLES:
        return at < tokens - 1
    return (plain in _PARTICLES and 0 <= at < tokens - 1) or (plain in _BEHIND and at > 0)


def _roles(shape: str, scores: Sequence[int], column: str, language: str) -> list[str]:
    """What each word of a shape is."""
    count = len(scores)
    if count == 0:
        return []
    if count == 1:
        if _OF_FAMILY.search(column):
            return ["family"]
        if _OF_GIVEN.search(column):
            return ["given"]
        with_initial = "{g" in shape or "{middle" in shape
        return ["family"] if with_initial or scores[0] > 0 else ["given"]
    before = re.split(r"[,，]", shape)[0].count("{word")
    if 0 < before < count:
        families = list(range(before))
    elif _OF_GIVEN.search(column) and not _OF_FAMILY.search(column):
        families = []
    else:
        best = max(range(count), key=lambda at: (scores[at], at))
        twice = language in ("Spanish", "Portuguese")
        families = [at for at in range(count) if at == best or (twice and scores[at] > 0)]
    roles, seen = [], {"family": 0, "given": 0}
    for at in range(count):
        sort = "family" if at in families else "given"
        second = "mother" if sort == "family" else "second"
        roles.append(second if seen[sort] else sort)
        seen[sort] += 1
    return roles


def _placed(shape: str, roles: Sequence[str]) -> str:
    """A shape with its words called by what they are."""
    left = iter(roles)
    placed = re.sub(r"\{word", lambda _: "{" + next(left), shape)
    if "{family" not in placed and placed.count("{g:") > 1:
        before, _, behind = placed.rpartition("{g:")
        placed = f"{before}{{f:{behind}"  # the last of some initials is the family's
    return placed


# --- languages without blanks ---------------------------------------------------------------------


def _eastern(language: str, names: Sequence[str], column: str) -> list[NameForm]:
    """Names whose family name stands in front; told by their lengths."""
    family = bool(_OF_FAMILY.search(column))
    given = bool(_OF_GIVEN.search(column)) and not family
    long = {word for one in name_words(language) for word in one.family if len(word) > 1}
    if language == "Japanese":
        long |= set(JAPANESE_FAMILY)
    forms: Counter[tuple[str, str, str]] = Counter()
    for name in names:
        bare = name.strip()
        hidden = re.search(r"[*＊]", bare)
        mask = ""
        if hidden:
            mask = re.sub("[^1]", "0", re.sub("[*＊]", "1", bare))
        pattern = _eastern_pattern(bare, language, long, (family, given), hidden is not None)
        if pattern:
            forms[pattern, mask, hidden[0] if hidden else "*"] += 1
    return [NameForm(language, *key[:1], rows, *key[1:]) for key, rows in forms.items()]


def _eastern_pattern(
    name: str, language: str, long: set[str], only: tuple[bool, bool], hidden: bool
) -> str:
    parts = re.split(r"([\s\u3000・]+)", name)
    if len(parts) == 3 and parts[0] and parts[2]:
        return f"{{family}}{parts[1]}{{given{min(len(parts[2]), 4)}}}"
    if len(parts) != 1 or not name:
        return ""
    family, given = only
    if family or len(name) == 1:
        return "{family}"
    if given:
        return f"{{given{min(len(name), 4)}}}"
    japanese = language in ("Japanese", "Katakana")
    usual = 2 if (japanese and len(name) > 2) or (hidden and len(name) > 3) else 1
    length = next((k for k in (3, 2) if name[:k] in long and len(name) > k), usual)
    place = "family" if japanese or length == 1 else "mother"
    return f"{{{place}}}{{given{min(len(name) - length, 4)}}}"
