"""Column names taken apart into words."""

from __future__ import annotations

import re

_UNSPACED = "\u2e80"
"""The first character of the scripts that are written without blanks."""


def words_of(name: str) -> tuple[str, ...]:
    """The words of a column's name in lower case; digits at their ends are dropped.

    Example:
        >>> words_of("weight_kg"), words_of("BloodPressure2"), words_of("客户 年龄")
        (('weight', 'kg'), ('blood', 'pressure'), ('客户', '年龄'))
    """
    apart = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", " ", name)
    words = (word.rstrip("0123456789") for word in re.split(r"[\W_]+", apart.lower()))
    return tuple(word for word in words if word)


# words that name a birth
BIRTHS = (
    "birth",
    "born",
    "dob",
    "birthday",
    "birthdate",
    "geburt",
    "geburtsdatum",
    "geburtstag",
    "geboren",
    "naissance",
    "nacimiento",
    "nascimento",
    "nascita",
    "geboortedatum",
    "рождения",
    "urodzenia",
    "出生",
    "生日",
    "生年月日",
    "誕生日",
    "생년월일",
)


def says(name: str, phrase: str) -> bool:
    """Whether a phrase's words stand in a column's name one after the other; what is written
    without blanks, as Chinese, may stand anywhere.

    Example:
        >>> (says("meanBloodPressure1", "blood pressure"), says("pressure", "blood pressure"),
        ...     says("客户年龄", "年龄"), says("società", "età"))
        (True, False, True, False)
    """
    if phrase >= _UNSPACED:
        return phrase in name.lower()
    return f" {phrase} " in f" {' '.join(words_of(name))} "
