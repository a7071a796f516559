"""Given and family names of many languages, as the library Faker lists them.

Only its lists are used, none of its random numbers.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module

import polars as pl

LATIN: Mapping[str, tuple[str, ...]] = {
    "English": ("en_US", "en_GB"),
    "German": ("de_DE", "de_AT", "de_CH"),
    "French": ("fr_FR", "fr_CH", "fr_BE"),
    "Spanish": ("es_ES", "es_MX", "es_CO", "es_CL"),
    "Italian": ("it_IT",),
    "Portuguese": ("pt_BR", "pt_PT"),
    "Dutch": ("nl_NL", "nl_BE"),
    "Polish": ("pl_PL",),
    "Czech": ("cs_CZ",),
    "Slovak": ("sk_SK",),
    "Swedish": ("sv_SE",),
    "Norwegian": ("no_NO",),
    "Danish": ("da_DK",),
    "Finnish": ("fi_FI",),
    "Turkish": ("tr_TR",),
    "Hungarian": ("hu_HU",),
    "Romanian": ("ro_RO",),
    "Croatian": ("hr_HR",),
    "Slovene": ("sl_SI",),
    "Vietnamese": ("vi_VN",),
    "Indonesian": ("id_ID",),
    "Indian": ("en_IN",),
}
"""Languages in Latin letters, and Faker's locales of each."""
OTHERS: Mapping[str, tuple[str, ...]] = {
    "Russian": ("ru_RU",),
    "Ukrainian": ("uk_UA",),
    "Bulgarian": ("bg_BG",),
    "Greek": ("el_GR",),
    "Hebrew": ("he_IL",),
    "Arabic": ("ar_AA", "ar_SA", "ar_PS"),
    "Persian": ("fa_IR",),
    "Hindi": ("hi_IN",),
    "Thai": ("th_TH",),
    "Simplified Chinese": ("zh_CN",),
    "Traditional Chinese": ("zh_TW",),
    "Japanese": ("ja_JP",),
    "Katakana": ("ja_JP",),
    "Korean": ("ko_KR",),
}
SCRIPTS: Mapping[str, tuple[str, ...]] = {
    r"[\u3040-\u30ff]": ("Japanese", "Katakana"),
    r"[\uac00-\ud7a3]": ("Korean",),
    r"[\u3400-\u9fff]": ("Simplified Chinese", "Traditional Chinese", "Japanese"),
    r"[\u0400-\u04ff]": ("Russian", "Ukrainian", "Bulgarian"),
    r"[\u0370-\u03ff\u1f00-\u1fff]": ("Greek",),
    r"[\u0590-\u05ff]": ("Hebrew",),
    r"[\u0600-\u06ff]": ("Arabic", "Persian"),
    r"[\u0900-\u097f]": ("Hindi",),
    r"[\u0e00-\u0e7f]": ("Thai",),
}
"""Regular expressions of scripts, and the languages that are written in each."""
WITHOUT_BLANKS = ("Simplified Chinese", "Traditional Chinese", "Japanese", "Katakana", "Korean")
"""Languages whose family names stand in front, most often without a blank behind them."""


@dataclass(frozen=True, slots=True)
class NameWords:
    """Words that go together in the names of one sex, or of both where that makes no difference.

    Attributes:
        given: Given names.
        family: Family names.
        middle: Patronymics; none where there are none.
    """

    given: tuple[str, ...]
    family: tuple[str, ...]
    middle: tuple[str, ...] = ()


def name_words(language: str) -> tuple[NameWords, ...]:
    """The names of a language: of men and of women where their family names differ."""
    providers = [_provider(locale) for locale in {**LATIN, **OTHERS}[language]]
    if language == "Katakana":
        kana = vars(providers[0])
        return (NameWords(_words([kana["first_kana_names"]]), _words([kana["last_kana_names"]])),)
    lists = [
        {key: words for key, words in vars(provider).items() if not isinstance(words, property)}
        for provider in providers
    ]
    if all("last_names_female" in one for one in lists):
        return tuple(
            NameWords(
                _words(one[f"first_names_{sex}"] for one in lists),
                _words(one[f"last_names_{sex}"] for one in lists),
                _words(one.get(f"middle_names_{sex}", ()) for one in lists),
            )
            for sex in ("male", "female")
        )
    given = _words(
        one.get(key, ())
        for one in lists
        for key in ("first_names", "first_names_male", "first_names_female", "first_names_unisex")
    )
    family = _words(
        one.get(key, ()) for one in lists for key in ("last_names", "unisex_last_names")
    )
    middle = _words(one.get("middle_names", ()) for one in lists)
    return (NameWords(given, family, middle),)


_PLAIN = {
    "ß": "ss",
    "ς": "σ",
    "ł": "l",
    "ø": "o",
    "đ": "d",
    "ð": "d",
    "ı": "i",
    "æ": "ae",
    "œ": "oe",
    "þ": "th",
    "ħ": "h",
    "’": "'",
}
_ACCENTS = "[\u0300-\u036f]"


def folded(text: str) -> str:
    """A text in lower case and without accents, to compare names.

    Example:
        >>> folded("Müller"), folded("WEISS") == folded("Weiß")
        ('muller', True)
    """
    return str(all_folded(pl.Series([text]))[0])


def all_folded(texts: pl.Series) -> pl.Series:
    """(n,) texts as :func:`folded` gives them."""
    lower = texts.str.to_lowercase().str.replace_many(list(_PLAIN), list(_PLAIN.values()))
    return lower.str.normalize("NFKD").str.replace_all(_ACCENTS, "")


def in_ascii(words: Sequence[str]) -> tuple[str, ...]:
    """The words in ASCII letters, in their order.

    Example:
        >>> in_ascii(["Müller", "Łojek", "Weiß"])
        ('Muller', 'Lojek', 'Weiss')
    """
    capitals = {one.upper(): plain.capitalize() for one, plain in _PLAIN.items() if one != "ß"}
    table = str.maketrans({**_PLAIN, **capitals})
    apart = (unicodedata.normalize("NFKD", word.translate(table)) for word in words)
    return tuple(re.sub(r"[^\x00-\x7f]", "", word) or "x" for word in apart)


def _provider(locale: str) -> type:
    provider: type = import_module(f"faker.providers.person.{locale}").Provider
    return provider


def _words(lists: Iterable[Iterable[str]]) -> tuple[str, ...]:
    """Each word once; none of several parts, which could not be told apart again."""
    found: dict[str, None] = {}
    for words in lists:
        for word in words:
            if not re.search(r"[\s\d.,(]", word):
                found[word] = None
    return tuple(found)
