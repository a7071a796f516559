"""Numbers as people read them: thousands separators and sensible digits."""

from __future__ import annotations

import math
import re
import textwrap
import unicodedata
from collections.abc import Sequence
from typing import Any


def count(number: int) -> str:
    """A whole number of things.

    Example:
        >>> count(48842)
        '48,842'
    """
    return f"{number:,}"


def figure(number: float | None, digits: int = 3) -> str:
    """A measured number with at most so many significant digits; "–" where there is none.

    Example:
        >>> (figure(0.92468), figure(0.5), figure(1234.5), figure(12), figure(0.0000123),
        ...     figure(None))
        ('0.925', '0.50', '1,234', '12', '1.23e-05', '–')
    """
    if number is None or not math.isfinite(number):
        return "–"
    if float(number).is_integer() and abs(number) < 1e15:
        return f"{int(number):,}"
    if abs(number) >= 10 ** (digits - 1):
        return f"{number:,.3g}" if abs(number) >= 1e15 else f"{number:,.0f}"
    if abs(number) < 1e-4:
        return f"{number:.{digits - 1}e}"
    whole, _, places = f"{number:.{digits - 1 - math.floor(math.log10(abs(number)))}f}".partition(
        "."
    )
    return f"{whole}.{places.rstrip('0').ljust(2 if abs(number) < 1 else 1, '0')}"


def aligned(values: Sequence[float | None]) -> list[str]:
    """Numbers that stand below each other, with equally many decimals.

    Example:
        >>> (aligned([10.24, -0.205, None]), aligned([0.0005, 0.945]), aligned([2011.0, 3.0]),
        ...     aligned([1.5e-9, 1.0]))
        (['10.2', '-0.2', '–'], ['0.0005', '0.9450'], ['2,011', '3'], ['1.50e-09', '1'])
    """
    sizes = [abs(value) for value in values if value and math.isfinite(value)]
    if (
        not sizes
        or max(sizes) >= 1e15
        or min(sizes) < 1e-4
        or all(size.is_integer() for size in map(float, sizes))
    ):
        return [figure(value) for value in values]
    least, most = (math.floor(math.log10(size)) for size in (min(sizes), max(sizes)))
    places = min(4, max(0, 2 - most, -least))
    return [
        "–" if value is None or not math.isfinite(value) else f"{value:,.{places}f}"
        for value in values
    ]


def share(part: float | None) -> str:
    """A part of one as per cent.

    Example:
        >>> share(0.0563), share(0.5), share(0.0004), share(1.0)
        ('5.6 %', '50 %', '0.04 %', '100 %')
    """
    if part is None or not math.isfinite(part):
        return "–"
    per_cent = 100 * part
    if per_cent == 0 or abs(per_cent) >= 9.95:
        return f"{per_cent:.0f} %"
    if abs(per_cent) < 0.005:
        return "under 0.01 %" if per_cent > 0 else "0 %"
    return f"{per_cent:.1g} %" if abs(per_cent) < 0.095 else f"{per_cent:.1f} %"


def seconds(time: float) -> str:
    """A time in the unit that suits it.

    Example:
        >>> seconds(0.21), seconds(12.34), seconds(75), seconds(7260)
        ('0.2 s', '12 s', '1 min 15 s', '2 h 1 min')
    """
    if time < 9.95:
        return f"{time:.1f} s"
    whole = round(time)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


def plural(number: int, one: str, many: str = "") -> str:
    """A count with its noun.

    Example:
        >>> plural(1, "row"), plural(2500, "row"), plural(2, "analysis", "analyses")
        ('1 row', '2,500 rows', '2 analyses')
    """
    return f"{count(number)} {one if number == 1 else many or one + 's'}"


def cells(column: Sequence[str | int | float | bool | None]) -> list[str]:
    """One column of a table as text: numbers aligned, "–" where there is nothing.

    Example:
        >>> cells(["a", None, True]), cells([1200, 3]), cells([0.5, 0.25])
        (['a', '–', 'yes'], ['1,200', '3'], ['0.500', '0.250'])
    """
    numeric = all(value is None or type(value) in (int, float) for value in column)
    if numeric and any(isinstance(value, float) for value in column):
        return aligned([None if value is None else float(value) for value in column])
    return [cell(value) for value in column]


def cell(value: Any) -> str:
    """A plain value as text."""
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return count(value)
    if isinstance(value, float):
        return figure(value)
    return str(value)


def width(text: str) -> int:
    """Columns that a text takes where letters are equally wide; Chinese characters take two.

    Example:
        >>> width("age"), width("年龄")
        (3, 4)
    """
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in text)


def shortened(text: str, most: int) -> str:
    """A text of at most so many columns, the middle left out.

    Example:
        >>> shortened("a very long column name", 11), shortened("客户最近一次购买", 9)
        ('a ver… name', '客户…购买')
    """
    if width(text) <= most:
        return text
    head, tail = text, text
    while width(head) > most // 2:
        head = head[:-1]
    while width(tail) > most - 1 - most // 2:
        tail = tail[1:]
    return f"{head}…{tail}"


def brief(text: str, most: int) -> str:
    """As many whole sentences as fit; of a first one that does not, whole clauses or words.

    Example:
        >>> (brief("One is short. Two is a little longer.", 20),
        ...     brief("One is not short at all, or so.", 28))
        ('One is short.', 'One is not short at all…')
    """
    kept = ""
    for sentence in re.split(r"(?<=\.) +", text):
        if len(kept) + 1 + len(sentence) > most:
            break
        kept = f"{kept} {sentence}".strip()
    if kept:
        return kept
    clause = re.match(rf"(.{{{most // 2},{most - 1}}})(?:[,;:]| \()", text)
    return f"{clause[1]}…" if clause else textwrap.shorten(text, most, placeholder="…")


def capitalised(text: str) -> str:
    """The text with a great first letter, and a stop at its end."""
    return text[:1].upper() + text[1:] + ("" if not text or text[-1] in ".!?…" else ".")


def unprintable_removed(text: str) -> str:
    """The text without control and text-direction characters, which could rewrite a terminal or a
    line of a page."""
    return _UNPRINTABLE.sub("\N{REPLACEMENT CHARACTER}", text)


# C0 and C1 controls but tab and newline; embeddings, overrides and isolates of text direction
_UNPRINTABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
