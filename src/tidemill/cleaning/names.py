"""Column names taken apart into words."""

from __future__ import annotations

import re


def words_of(name: str) -> tuple[str, ...]:
    """The words of a column's name in lower case; digits at their ends are dropped.

    Example:
        >>> words_of("weight_kg"), words_of("BloodPressure2"), words_of("客户 年龄")
        (('weight', 'kg'), ('blood', 'pressure'), ('客户', '年龄'))
    """
    apart = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", " ", name)
    words = (word.rstrip("0123456789") for word in re.split(r"[\W_]+", apart.lower()))
    return tuple(word for word in words if word)


def says(name: str, phrase: str) -> bool:
    """Whether a phrase's words stand in a column's name one after the other; Chinese may stand
    anywhere.

    Example:
        >>> (says("meanBloodPressure1", "blood pressure"), says("pressure", "blood pressure"),
        ...     says("客户年龄", "年龄"))
        (True, False, True)
    """
    if not phrase.isascii():
        return phrase in name.lower()
    return f" {phrase} " in f" {' '.join(words_of(name))} "
