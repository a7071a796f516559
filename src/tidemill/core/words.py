"""Figures, counts and lists as people read them: the one place that words them."""

from __future__ import annotations

import datetime as dt
import math
import re
import textwrap
import unicodedata
from collections.abc import Sequence
from typing import Any

_LONGEST = 60  # characters of a value in a sentence


def count(things: int) -> str:
    """A whole number of things.

    Example:
        >>> count(48842)
        '48,842'
    """
    return f"{things:,}"


def number(value: float | None, digits: int = 3) -> str:
    """A number with at most so many significant digits, but never fewer than its whole part has;
    "–" where there is none.

    Example:
        >>> number(0.92468), number(0.5), number(1234.5), number(12), number(0.0000123)
        ('0.925', '0.5', '1,234', '12', '1.23e-05')
        >>> number(None), number(float("inf"))
        ('–', 'infinity')
    """
    if value is None or math.isnan(value):
        return "–"
    if math.isinf(value):
        return "infinity" if value > 0 else "-infinity"
    if isinstance(value, int):
        return f"{value:,}"
    size = abs(value)
    if size >= 1e15 or 0 < size < 1e-4:
        return f"{value:.{digits}g}"
    if float(value).is_integer():
        return f"{int(value):,}"
    if size >= 10 ** (digits - 1):
        return f"{value:,.0f}"
    return _trimmed(f"{value:,.{digits - 1 - math.floor(math.log10(size))}f}")


def percent(part: float | None, whole: float = 1.0) -> str:
    """A share of a whole as a percentage; "–" where there is none.

    There is one decimal. Within 1 % of none and of all there are two significant digits of what is
    left to there, so that 0 % and 100 % are said of nothing and of everything only.

    Example:
        >>> percent(0.1834), percent(0.5), percent(1, 3), percent(0.0035), percent(0.9962)
        ('18.3 %', '50 %', '33.3 %', '0.35 %', '99.62 %')
        >>> percent(0), percent(1, 70_000), percent(69_999, 70_000), percent(5, 5), percent(None)
        ('0 %', 'under 0.01 %', 'over 99.99 %', '100 %', '–')
    """
    if part is None or not math.isfinite(part):
        return "–"
    if part < 0:
        return f"-{percent(-part, whole)}"
    value = 100 * part / whole if whole else 0.0
    if value in (0, 100):
        return f"{value:.0f} %"
    left = min(value, abs(100 - value))
    if left < 0.01:
        return _at_an_end(value)
    places = max(1, 1 - math.floor(math.log10(left)))
    return f"{_trimmed(f'{value:.{places}f}')} %"


def _at_an_end(value: float) -> str:
    if value < 1:
        return "under 0.01 %"
    return "over 99.99 %" if value < 100 else "over 100 %"


def share_interval(low: float, high: float) -> str:
    """A 95 % interval of shares.

    Example:
        >>> share_interval(0.561, 0.66)
        '95 % interval 56.1 to 66 %'
    """
    return f"95 % interval {percent(low).removesuffix(' %')} to {percent(high)}"


def points(difference: float) -> str:
    """A difference of two shares in percentage points, without its sign.

    Example:
        >>> points(-0.123), points(0.01), points(0.0), points(0.0001)
        ('12.3 points', '1 point', '0 points', 'under 0.1 points')
    """
    size = abs(100 * difference)
    if 0 < size < 0.05:
        return "under 0.1 points"
    text = _trimmed(f"{size:.1f}")
    return f"{text} point" if text == "1" else f"{text} points"


def ratio(value: float) -> str:
    """A figure between 0 and 1 (an AUC, an R²) with three decimals.

    Example:
        >>> ratio(0.53849), ratio(-0.0001)
        ('0.538', '0.000')
    """
    text = f"{value:.3f}"
    return "0.000" if text == "-0.000" else text


def one_in(part: float) -> str:
    """A share as a percentage, or as one in so many where a percentage has no digits left.

    Example:
        >>> one_in(0.253), one_in(0.0004), one_in(0.00001), one_in(0.0)
        ('25.3 %', '0.04 %', '1 in 100,000', '0 %')
    """
    if part == 0 or part >= 0.0001:
        return percent(part)
    return f"1 in {number(float(f'{1 / part:.2g}'), 1)}"


def p_value(value: float) -> str:
    """A p-value in the usual short form.

    Example:
        >>> p_value(1e-12), p_value(0.0312)
        ('p < 0.001', 'p = 0.031')
    """
    return "p < 0.001" if value < 0.001 else f"p = {value:.2g}"


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


def file_size(size: int) -> str:
    """So many bytes in the unit that suits them.

    Example:
        >>> file_size(900), file_size(12_345), file_size(3_400_000)
        ('900 bytes', '12 kB', '3.4 MB')
    """
    if size < 1000:
        return plural(size, "byte")
    if size < 1_000_000:
        return f"{number(size / 1000, 2)} kB"
    return f"{number(size / 1_000_000, 2)} MB"


def times(often: int) -> str:
    """How often.

    Example:
        >>> times(1), times(12000)
        ('once', '12,000 times')
    """
    if often == 1:
        return "once"
    return "twice" if often == 2 else f"{often:,} times"


def plural(things: int, one: str, many: str = "") -> str:
    """A count with its noun.

    Example:
        >>> plural(1, "row"), plural(2500, "row"), plural(2, "analysis", "analyses")
        ('1 row', '2,500 rows', '2 analyses')
    """
    noun = one if things == 1 else many or f"{one}s"
    return f"{count(things)} {noun}"


def listing(parts: Sequence[str], last: str = "and") -> str:
    """Parts joined as in a sentence.

    Example:
        >>> listing(["a", "b", "c"]), listing(["a", "b"], "or"), listing(["a"])
        ('a, b and c', 'a or b', 'a')
    """
    if len(parts) < 2:
        return "".join(parts)
    return f"{', '.join(parts[:-1])} {last} {parts[-1]}"


def shortlist(parts: Sequence[str], most: int) -> str:
    """The first of these parts, and dots where there are more.

    Example:
        >>> shortlist(["a", "b", "c"], 2), shortlist(["a", "b"], 2)
        ('a, b, ...', 'a, b')
    """
    text = ", ".join(parts[:most])
    return f"{text}, ..." if len(parts) > most else text


def quoted(names: Sequence[Any], most: int = 5) -> str:
    """Names in quotation marks, and how many more there are.

    Example:
        >>> quoted(["a", "b"]), quoted(["a", "b", "c", "d"], most=2)
        ("'a' and 'b'", "'a', 'b' and 2 more")
    """
    parts = [f"'{name}'" for name in names[:most]]
    rest = len(names) - len(parts)
    if rest:
        return f"{', '.join(parts)} and {rest:,} more"
    return listing(parts)


def format_value(value: Any, digits: int = 6) -> str:
    """A value of a table as it stands in a sentence; numbers below 10,000 may be years and carry no
    comma.

    Example:
        >>> format_value("fibre"), format_value(0.25), format_value(2011), format_value(48842)
        ("'fibre'", '0.25', '2011', '48,842')
        >>> format_value(dt.datetime(2011, 3, 1)), format_value(True), format_value(None)
        ('2011-03-01', 'True', 'missing')
    """
    if value is None:
        return "missing"
    if isinstance(value, bool):
        return str(value)
    if isinstance(value, (int, float)):
        text = number(value, digits)
        return text.replace(",", "") if abs(value) < 10_000 else text
    if isinstance(value, dt.datetime):
        if value.time() == dt.time():
            return value.date().isoformat()
        whole = value.second == 0 and value.microsecond == 0
        return value.isoformat(" ", "minutes" if whole else "auto")
    if isinstance(value, dt.date):
        return value.isoformat()
    text = " ".join(str(value).split())
    if len(text) > _LONGEST:
        text = text[: _LONGEST - 3] + "..."
    return f"'{text}'"


def aligned(values: Sequence[float | None]) -> list[str]:
    """Numbers that stand below each other, with equally many decimals.

    Example:
        >>> (aligned([10.24, -0.205, None]), aligned([0.0005, 0.945]), aligned([2011.0, 3.0]),
        ...     aligned([1.5e-9, 1.0]))
        (['10.2', '-0.2', '–'], ['0.0005', '0.9450'], ['2,011', '3'], ['1.5e-09', '1'])
    """
    sizes = [abs(value) for value in values if value and math.isfinite(value)]
    if not sizes or max(sizes) >= 1e15 or min(sizes) < 1e-4:
        return [number(value) for value in values]
    if all(float(size).is_integer() for size in sizes):
        return [number(value) for value in values]
    least = math.floor(math.log10(min(sizes)))
    most = math.floor(math.log10(max(sizes)))
    places = min(4, max(0, 2 - most, -least))
    texts = []
    for value in values:
        known = value is not None and math.isfinite(value)
        texts.append(f"{value:,.{places}f}" if known else "–")
    return texts


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
        return number(value)
    return str(value)


def width(text: str) -> int:
    """Columns that a text takes where letters are equally wide; Chinese characters take two.

    Example:
        >>> width("age"), width("年龄")
        (3, 4)
    """
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in text)


def shorten(text: str, most: int) -> str:
    """A text of at most so many columns, the middle left out.

    Example:
        >>> shorten("a very long column name", 11), shorten("客户最近一次购买", 9)
        ('a ver… name', '客户…购买')
    """
    if width(text) <= most:
        return text
    head, tail = text[:most], text[-most:]  # no more fits, however long it is
    while width(head) > most // 2:
        head = head[:-1]
    while width(tail) > most - 1 - most // 2:
        tail = tail[1:]
    return f"{head}…{tail}"


def opening(text: str, most: int) -> str:
    """As many whole sentences as fit; of a first one that does not, whole clauses or words.

    Example:
        >>> (opening("One is short. Two is a little longer.", 20),
        ...     opening("One is not short at all, or so.", 28))
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


def sentence_case(text: str) -> str:
    """The text with a capital first letter."""
    return text[:1].upper() + text[1:]


def as_sentence(text: str) -> str:
    """The text with a capital first letter, and a stop at its end."""
    if not text or text[-1] in ".!?…":
        return sentence_case(text)
    return f"{sentence_case(text)}."


def unprintable_removed(text: str) -> str:
    """The text without control and text-direction characters, which could rewrite a terminal or a
    line of a page."""
    return UNPRINTABLE.sub("\N{REPLACEMENT CHARACTER}", text)


def _trimmed(decimals: str) -> str:
    """Decimals without the zeros at their end."""
    return decimals.rstrip("0").rstrip(".") if "." in decimals else decimals


UNPRINTABLE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]"
)
"""C0 and C1 controls but tab and newline; marks, embeddings, overrides and isolates of text
direction."""
