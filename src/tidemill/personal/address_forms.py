"""How the addresses of a column are written: numbers, words for streets and buildings, and names.

Forms are those of :mod:`tidemill.personal.name_forms`: ``{family}`` and ``{mother}`` stand for the
names of streets and places, ``{n}`` and ``{9}`` for digits.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Collection, Sequence

import numpy as np
import polars as pl

from tidemill.personal.fresh_names import composed_words, free_words
from tidemill.personal.name_forms import (
    FEWEST,
    MOST_FORMS,
    NameForm,
    best_language,
    by_script,
    chinese_of,
)
from tidemill.personal.word_lists import LATIN, WITHOUT_BLANKS, NameWords, folded, name_words

_SAMPLE = 4_000
_MOSTLY = 0.5
_RARE_SCRIPT = 0.02
_OF_STREETS = frozenset(
    """
    street st avenue ave road rd lane ln drive dr boulevard blvd way court ct place pl square sq
    terrace ter circle cir trail trl parkway pkwy highway hwy close crescent cres row mews alley
    plaza loop run pass point pike n s e w ne nw se sw north south east west apt apartment suite
    ste unit flat floor fl building bldg block room rm box po no house cottage
    straße strasse str weg platz allee gasse ring damm ufer hof am an der den dem die im in auf zum
    zur alte alter neue neuer rue avenue boulevard place chemin impasse quai route allée cours bis
    de du des la le les l d calle avenida avda av plaza paseo camino carretera glorieta piso
    puerta del el los las via viale piazza corso vicolo largo strada vicolo rua travessa praça
    alameda estrada ul ulica aleja al os plac m lok gatan vägen gade vej gate vei straat laan plein
    gracht kade katu tie utca út tér cadde caddesi sokak sokağı mahallesi mah no bulvarı
    ул улица пр проспект пер переулок д дом кв квартира г город стр корп корпус наб набережная бул
    бульвар ш шоссе пл площадь обл область район р-н буд вул вулиця просп οδός λεωφόρος πλατεία
    شارع طريق حي מגדל רחוב שדרות
    """.split()  # noqa: SIM905
)
_COMPOUND = re.compile(
    r"^(.{2,}?)(-?stra(?:ß|ss)e|str\.?|-?weg|-?platz|-?allee|-?gasse|-?ring|damm|ufer|gatan|gata"
    r"|vägen|väg|gade|vej|gaten|veien|straat|laan|plein|gracht|kade|katu|tie)$",
    re.IGNORECASE,
)
_ENDINGS = {
    "German": r"(stra(ß|ss)e|str\.|weg|platz|allee|gasse|damm|ufer)\b",
    "Dutch": r"(straat|laan|plein|gracht|kade)\b",
    "Swedish": r"(gatan|gata|vägen|väg)\b",
    "Danish": r"(gade|vej)\b",
    "Norwegian": r"(gaten|veien)\b",
    "Finnish": r"(katu|tie)\b",
    "French": r"\b(rue|chemin|impasse|allée)\b",
    "Spanish": r"\b(calle|avenida|paseo|plaza)\b",
    "Italian": r"\b(via|viale|piazza|vicolo)\b",
    "Portuguese": r"\b(rua|travessa|praça)\b",
    "English": r"\b(street|st|avenue|ave|road|rd|lane|ln|drive|dr|suite|apt)\b",
}
"""Words and endings of streets that tell the language."""
_PIECES = re.compile(r"[^\W\d_][\w'’-]*|\d+|.", re.DOTALL)
_UNITS = re.compile(
    r"(街道|大道|大街|单元|單元|小区|小區|花园|丁目|番地|[省市区區县縣镇鎮乡鄉村街路巷弄号號栋棟幢室楼樓层層座都道府県町番]"
    r"|[시도구군읍면동로길호가](?=\s|\d|$|,)|번지|번길|\d+|[\s,，、()（）.-]+)"
)
_EASTERN_WORDS = 2


def address_forms(addresses: Sequence[str]) -> list[NameForm]:
    """The forms of a column's addresses, the most frequent first.

    Args:
        addresses: Different ones.
    """
    sample = addresses[:: max(1, -(-len(addresses) // _SAMPLE))]
    forms: list[NameForm] = []
    for languages, texts in by_script(sample):
        if len(texts) < _RARE_SCRIPT * len(sample):
            continue
        language = _language(languages, texts)
        parts = _eastern if language in WITHOUT_BLANKS else _western
        frequent = _frequent(texts)
        patterns = _counted(texts, frequent, parts)
        kept = sum(rows for rows in patterns.values() if rows >= FEWEST)
        if kept < _MOSTLY * len(texts):
            patterns = _counted(texts, frozenset(), parts)
        forms += [NameForm(language, pattern, rows) for pattern, rows in patterns.items()]
    forms = [form for form in forms if "{family" in form.pattern]
    forms.sort(key=lambda form: (-form.rows, form.language, form.pattern))
    return [form for form in forms if form.rows >= FEWEST][:MOST_FORMS] or forms[:1]


def free_places(language: str, texts: pl.Series, rng: np.random.Generator) -> NameWords:
    """Names of streets and places that stand in none of the training addresses.

    Args:
        language: Of the addresses.
        texts: Their training values.
        rng: Draws which of the free names are taken.
    """
    if language not in WITHOUT_BLANKS:
        form = NameForm(language, "{given} {family}")
        return free_words(language, [form], texts, rng)[0]
    known = texts.drop_nulls().unique().to_list()
    met = {text[at : at + 2] for text in known for at in range(len(text) - 1)}
    words = name_words(language)[0]
    listed = words.given
    if language in ("Japanese", "Katakana"):
        listed = words.family
    return NameWords(words.given, composed_words(listed, _EASTERN_WORDS, met, rng))


def _language(languages: tuple[str, ...], texts: Sequence[str]) -> str:
    """The language of addresses in one script, by words that only it has."""
    if "Japanese" in languages:
        japanese = sum(bool(re.search("[\u3040-\u30ff都府県]|丁目", text)) for text in texts)
        return "Japanese" if 2 * japanese > len(texts) else chinese_of(texts)
    if languages == tuple(LATIN):
        counts = Counter(
            language
            for text in texts
            for language, pattern in _ENDINGS.items()
            if re.search(pattern, text, re.IGNORECASE)
        )
        if counts and 4 * max(counts.values()) > len(texts):
            return counts.most_common(1)[0][0]
    return best_language(languages, texts)


def _frequent(texts: Sequence[str]) -> frozenset[str]:
    """Words that enough addresses have."""
    counts: Counter[str] = Counter()
    for text in texts:
        counts.update({*_PIECES.findall(text), *_UNITS.split(text)})
    return frozenset(word for word, count in counts.items() if count >= FEWEST)


def _counted(
    texts: Sequence[str], frequent: Collection[str], parts: Callable[[str, Collection[str]], str]
) -> Counter[str]:
    return Counter(parts(text, frequent) for text in texts)


def _western(text: str, frequent: Collection[str]) -> str:
    """An address with places for its numbers and names; behind the first comma, frequent names of
    towns stay."""
    pattern, named, behind = "", False, False
    for piece in _PIECES.findall(text):
        behind |= piece in ",;\n"
        plain = folded(piece) if not piece.isascii() else piece.lower()
        compound = _COMPOUND.match(piece)
        if piece[0].isdigit():
            pattern += _digits(piece)
        elif not piece[0].isalpha() or len(piece) == 1:
            pattern += piece if piece not in "{}" else " "
        elif _stays(piece, plain) or (behind and piece in frequent):
            pattern += piece
        else:
            place = _place(piece, "mother" if named else "family")
            pattern += place + compound[2] if compound else place
            named = True
    return pattern


def _stays(word: str, plain: str) -> bool:
    """Whether a word is one for a street or a building, or the letters of a state."""
    known = plain.strip("'’-") in _OF_STREETS or word.lower() in _OF_STREETS
    return known or (len(word) == 2 and word.isupper())


def _eastern(text: str, frequent: Collection[str]) -> str:
    """The same of an address without blanks: names stand before what they are the name of."""
    pattern, named = "", False
    pieces = [piece for piece in _UNITS.split(text) if piece]
    for at, piece in enumerate(pieces):
        if piece[0].isdigit():
            pattern += _digits(piece)
        elif _UNITS.fullmatch(piece) or (piece in frequent and at < len(pieces) // 2):
            pattern += piece if piece not in "{}" else " "
        else:
            pattern += "{mother}" if named else "{family}"
            named = True
    return pattern


def _digits(number: str) -> str:
    first = "{9}" if number[0] == "0" else "{n}"
    return first + "{9}" * (len(number) - 1)


def _place(word: str, place: str) -> str:
    if word.isupper():
        return f"{{{place}:u}}"
    return f"{{{place}:l}}" if word.islower() else f"{{{place}}}"
