"""Which formats of dates and times cells have the shape of.

A cell is cut into numbers, words and marks. Where all cells are cut alike, each number is given the
fields that its digits, its neighbours and the names of months around it allow.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise, product

from tidemill.core.calendar_names import ENGLISH, LANGUAGES, all_words

LONGEST = 70
_SECONDS = re.compile(r"(?<=\d:[0-5]\d:[0-5]\d)[.,]\d{1,9}(?!\d)")
_ENDS_IN_SECONDS = re.compile(r"(?<=\d:[0-5]\d:[0-5]\d)(?![\d.,:]\d|\d)")
_TOKEN = re.compile(
    r"(?P<half>[AaPp]\.[ \u00a0\u202f]?[Mm]\.|上午|下午|午前|午後|오전|오후)"
    r"|(?P<digits>(?:(?<=[ ]) )?\d+(?:(?:st|nd|rd|th|ST|ND|RD|TH|er)(?![^\W\d_]))?)"
    r"|(?P<month>(?:十一|十二|[一二三四五六七八九十])月)"
    r"|(?P<weekday>(?:星期|周)[一二三四五六日]|[月火水木金土日]曜日|(?<=[(（])[月火水木金土日](?=[)）]))"
    r"|(?P<unit>[年月日号號时時点點分秒第周년월일시분초])"
    r"|(?P<word>(?:segunda|terça|quarta|quinta|sexta)-feira|[^\W\d_]+(?:\.(?!\d))?)"
    r"|(?P<mark>.)",
    re.IGNORECASE,
)
_LITERALS = frozenset(
    [
        "t",
        "z",
        "uhr",
        "um",
        "at",
        "à",
        "a",
        "as",
        "las",
        "le",
        "de",
        "del",
        "of",
        "og",
        "och",
        "den",
        "on",
        "kl",
        "kl.",
        "год",
        "года",
        "г.",
        "h",
        "w",
        "kw",
        "week",
        "wk",
        "q",
        "qtr",
        "quarter",
        "quartal",
        "季度",
        "季",
        "trimestre",
        "trim",
        "trim.",
        "utc",
        "gmt",
        "cet",
        "est",
        "edt",
        "cst",
        "cdt",
        "mst",
        "mdt",
        "pst",
        "pdt",
        "bst",
        "cest",
        "民国",
        "民國",
        "s",
        "ii",
        "day",
        "o'clock",
        "clock",
        "semester",
        "hy",
        "half",
    ]
)
_QUARTERS = frozenset({"q", "qtr", "quarter", "quartal", "季度", "季", "trim"})
_HALVES = frozenset({"h", "hy", "half"})
_WEEKS = frozenset({"w", "kw", "week", "wk", "周"})
# field -> the words that name it, beside a year of two digits and of four
_SHORT_YEAR = {"%q": _QUARTERS, "%K": _HALVES}
_LONG_YEAR = {"%q": _QUARTERS | {"t", "trimestre"}, "%K": _HALVES | {"s", "semester"}}
_MARKS = frozenset(" -/.,:'’()（）[]_\u00a0\u202f")
_HOUR_WORDS = frozenset({"h", "时", "時", "点", "點", "시", "uhr"})
_DATE_WORDS = frozenset({"年", "月", "년", "월"})
_NEAR_YEARS = 10
_SPREAD_DAYS = 15
_UNITS = frozenset("年月日号號时時点點分秒第周년월일시분초")
_KNOWN_WORDS = all_words() | _LITERALS | _UNITS
_ORDINAL = re.compile(r"\D+$")


@dataclass(frozen=True)
class _Piece:
    """One place of the cells: what it is, and its text in each cell."""

    kind: str
    texts: tuple[str, ...]

    @property
    def digits(self) -> list[str]:
        return [re.sub(r"\D", "", text) for text in self.texts]

    @property
    def widths(self) -> set[int]:
        return {len(digits) for digits in self.digits}

    @property
    def numbers(self) -> list[int]:
        return [int(digits) for digits in self.digits]

    @property
    def shared(self) -> str | None:
        """The text, if it is the same in all cells."""
        return self.texts[0] if len(set(self.texts)) == 1 else None

    def within(self, low: int, high: int, width: int = 2) -> bool:
        return max(self.widths) <= width and all(low <= one <= high for one in self.numbers)


@dataclass(frozen=True)
class DateShape:
    """Fields and characters of a format, with the language of its names.

    Attributes:
        fields: The text of the format without settings.
        language: The language's code.
    """

    fields: str
    language: str = ENGLISH


@dataclass(frozen=True)
class Hints:
    """What else tells of a column.

    Attributes:
        clock: Its name speaks of times, so that "18.07.00" is one.
        dated: Its name speaks of dates or months, so that "01/24" is one.
        some, many: It has eight, or ten, different cells.
        newest: The last two digits of the newest likely year.
    """

    clock: bool = False
    dated: bool = False
    some: bool = False
    many: bool = False
    newest: int = 99


def shapes_of(cells: list[str], hints: Hints) -> Iterator[DateShape]:
    """The shapes that all cells have (without missing markers), the likelier first."""
    pieces = _pieces(cells)
    if pieces is None:
        return
    for language, words in _readings_of_words(pieces):
        for fields in _fields(pieces, words, hints):
            for choice in product(*fields):
                yield DateShape("".join(choice), language)


def _pieces(cells: list[str]) -> list[_Piece] | None:
    """The cells cut into pieces, if all are cut alike and hold nothing strange."""
    rows: list[list[tuple[str, str]]] = []
    for cell in cells:
        tokens = _cut(cell)
        if tokens is None or (rows and len(tokens) != len(rows[0])):
            return None
        rows.append(tokens)
    pieces = []
    for column in zip(*rows, strict=True):
        kinds = {kind for kind, _ in column}
        piece = _Piece(min(kinds), tuple(text for _, text in column))
        if len(kinds) > 1 or (piece.kind == "mark" and piece.shared is None):
            return None
        pieces.append(piece)
    return pieces


def _cut(cell: str) -> list[tuple[str, str]] | None:
    """The pieces of a cell; decimals of seconds, or where they could stand, are one of their
    own."""
    found = _SECONDS.search(cell) or _ENDS_IN_SECONDS.search(cell)
    if found is None:
        return _tokens(cell)
    before, after = _tokens(cell[: found.start()]), _tokens(cell[found.end() :])
    if before is None or after is None:
        return None
    return [*before, ("fraction", found[0]), *after]


def _tokens(text: str) -> list[tuple[str, str]] | None:
    tokens = []
    for match in _TOKEN.finditer(text):
        kind = match.lastgroup or "mark"
        if kind == "mark" and match[0] not in _MARKS:
            return None
        if kind == "unit":
            kind = "word"
        if kind == "word" and match[0].lower() in ("am", "pm"):
            kind = "half"
        if kind in ("month", "weekday"):
            kind = "word"
        tokens.append((kind, match[0]))
    return tokens


def _readings_of_words(pieces: list[_Piece]) -> Iterator[tuple[str, dict[int, str]]]:
    """Languages, and the field of each word that is a month, a weekday or half a day; all other
    words must be known."""
    words = [at for at, piece in enumerate(pieces) if piece.kind in ("word", "half")]
    if not words:
        yield ENGLISH, {}
        return
    if not all(text.lower() in _KNOWN_WORDS for at in words for text in set(pieces[at].texts)):
        return
    for language, names in LANGUAGES.items():
        tables = names.tables()
        options = []
        for at in words:
            letters = "p" if pieces[at].kind == "half" else "bBaA"
            found = [
                field
                for letter in letters
                for field in [_field_of(letter, tables[letter], pieces[at].texts)]
                if field
            ]
            if letters == "p" and not found:
                english = _field_of("p", LANGUAGES[ENGLISH].half_days, pieces[at].texts)
                found = [english.replace("p", "Ep")] if english else []
            is_literal = pieces[at].kind == "word" and pieces[at].shared is not None
            if is_literal and pieces[at].texts[0].lower() in _LITERALS | _UNITS:
                found.append("")
            options.append(found)
        for choice in product(*options):
            fields = {at: field for at, field in zip(words, choice, strict=True) if field}
            letters = "".join(field[-1] for field in fields.values())
            single = all(len(set(letters) & set(pair)) <= 1 for pair in ("bB", "aA"))
            if single and len(set(letters)) == len(letters):
                yield language, fields
        if not any(_is_named(pieces[at]) for at in words):
            return  # nothing but words that all languages share


def _is_named(piece: _Piece) -> bool:
    return piece.kind == "half" or piece.texts[0].lower() not in _LITERALS | _UNITS


def _field_of(letter: str, names: tuple[str, ...], texts: tuple[str, ...]) -> str:
    """The field that writes all these texts, "" for none."""
    distinct = set(texts)
    if not {text.lower() for text in distinct} <= set(names):
        return ""
    if letter == "p":
        if all(text == text.upper() for text in distinct):
            return "%p"
        return "%#p" if all(text == text.lower() for text in distinct) else ""
    if all(text == text[:1].upper() + text[1:].lower() for text in distinct):
        return f"%{letter}"
    if all(text == text.upper() for text in distinct):
        return f"%^{letter}"
    return f"%#{letter}" if all(text == text.lower() for text in distinct) else ""


# --- fields ---------------------------------------------------------------------------------------


def _fields(pieces: list[_Piece], words: dict[int, str], hints: Hints) -> Iterator[list[list[str]]]:
    """For each piece the fields that it may be, the likelier first; one such list for each way of
    understanding the numbers."""
    base = [[piece.texts[0]] for piece in pieces]
    for at, field in words.items():
        base[at] = [field]
    fractions = [at for at, piece in enumerate(pieces) if piece.kind == "fraction"]
    for at in fractions:
        base[at] = _fraction(pieces[at])
    numbers = [at for at, piece in enumerate(pieces) if piece.kind == "digits"]
    month_named = any(field[-1] in "bB" for field in words.values())
    has_half = any(field[-1] == "p" for field in words.values())
    for times in _times(pieces, numbers, hints, has_half=has_half):
        rest = [at for at in numbers if at not in times]
        if any(field[-1] in "aA" for field in words.values()) and not rest:
            continue
        sure = replace(hints, many=hints.many or bool(times))
        for dates in _dates(pieces, rest, sure, month_named=month_named):
            if not dates and (month_named or (has_half and not times)):
                continue
            found = list(base)
            for at, options in {**times, **dates}.items():
                found[at] = options
            yield found


def _fraction(piece: _Piece) -> list[str]:
    texts = set(piece.texts)
    marks = {text[0] for text in texts if text}
    if not marks:
        return [""]
    if len(marks) > 1:
        return []
    [mark], widths = marks, {len(text) for text in texts}
    if len(widths) > 1:
        size = 9 if max(widths) > 7 else 6
        trimmed = f"%{mark}-{size}f"
        return ["%.f", trimmed] if mark == "." else [trimmed]
    width = max(widths) - 1
    if mark == "." and width in (3, 6, 9):
        return [f"%.{width}f"]
    return [f"{mark}%{width}f"]


def _two(piece: _Piece, padded: str, short: str, spaced: str = "") -> list[str]:
    """Fields of one or two digits: with a zero or a blank before one digit, or without."""
    if any(text.startswith(" ") for text in piece.texts):
        return [spaced] if spaced else []
    if piece.widths == {2}:
        no_zero = all(not text.startswith("0") for text in piece.texts)
        return [padded, short] if no_zero else [padded]
    return [short] if not any(text.startswith("0") for text in piece.texts) else []


def _times(
    pieces: list[_Piece], numbers: list[int], hints: Hints, *, has_half: bool
) -> Iterator[dict[int, list[str]]]:
    """Fields of the numbers that are a time of day; nothing for none."""
    start, count = _time_at(pieces, numbers, has_half=has_half)
    if start is None:
        dotted = list(_clock(pieces, numbers, 0, 3, has_half=False)) if _dotted(pieces) else []
        yield from dotted if hints.clock else ()
        yield {}
        if not hints.clock and len(set(pieces[0].texts)) >= 5:
            yield from dotted
        return
    yield from _clock(pieces, numbers, start, count, has_half=has_half)


def _clock(
    pieces: list[_Piece], numbers: list[int], start: int, count: int, *, has_half: bool
) -> Iterator[dict[int, list[str]]]:
    at = numbers[start : start + count]
    hour = pieces[at[0]]
    found: dict[int, list[str]] = {}
    if hour.widths <= {4, 6} and count == 1:
        if len(hour.widths) == 1:
            yield {at[0]: ["%H%M%S" if hour.widths == {6} else "%H%M"]}
        return
    if has_half:
        if not hour.within(1, 12):
            return
        found[at[0]] = _two(hour, "%I", "%-I", "%l")
    else:
        if not hour.within(0, 23):
            return
        found[at[0]] = _hour(hour)
    for index, field in zip(at[1:3], ("%M", "%S"), strict=False):
        if pieces[index].widths != {2} or not pieces[index].within(0, 59):
            return
        found[index] = [field]
    if count == 4:
        widths = pieces[at[3]].widths
        if len(widths) > 1 or max(widths) > 9:
            return
        found[at[3]] = [f"%{max(widths)}f"]
    yield found


def _hour(hour: _Piece) -> list[str]:
    if any(text.startswith(" ") for text in hour.texts):
        return ["%k"]
    if hour.widths == {2}:
        return ["%H"] if any(text.startswith("0") for text in hour.texts) else ["%H", "%-H"]
    padded = any(len(text) == 2 and text.startswith("0") for text in hour.texts)
    return [] if padded else ["%-H"]


def _time_at(pieces: list[_Piece], numbers: list[int], *, has_half: bool) -> tuple[int | None, int]:
    """Where among the numbers a time of day begins, and how many numbers it has; None where there
    is none."""
    for start, at in enumerate(numbers):
        if start < 3 and len(numbers) >= 5 and pieces[numbers[0]].widths == {4}:
            continue  # "2024:01:05 09:05:07", as cameras write it
        after = pieces[at + 1].shared if at + 1 < len(pieces) else None
        narrow = max(pieces[at].widths) <= 2
        if narrow and after == ":":
            return start, _run(pieces, numbers, start, ":", 3)
        if narrow and after is not None and after.lower() in _HOUR_WORDS:
            return start, _run_of_words(pieces, numbers, start)
        before = pieces[at - 1].texts[0].lower() if at else ""
        if before in ("t", " ", "-", "_") and pieces[at].widths in ({4}, {6}) and start == 1:
            first = pieces[numbers[0]]
            if first.widths == {8} and len(numbers) == 2:
                return start, 1
    if has_half:
        return _before_half(pieces, numbers)
    return _behind_date(pieces, numbers)


def _run(pieces: list[_Piece], numbers: list[int], start: int, mark: str, most: int) -> int:
    """How many numbers stand in a row with this mark between them."""
    count = 1
    while count < most and start + count < len(numbers):
        at = numbers[start + count]
        if at != numbers[start + count - 1] + 2 or pieces[at - 1].shared != mark:
            break
        count += 1
    return count


def _run_of_words(pieces: list[_Piece], numbers: list[int], start: int) -> int:
    """How many numbers of "9时5分7秒" or "18h07" belong together."""
    count = 1
    while count < 3 and start + count < len(numbers):
        between = pieces[numbers[start + count - 1] + 1 : numbers[start + count]]
        text = "".join(piece.shared or "?" for piece in between).strip().lower()
        if text not in _HOUR_WORDS | {"分", "분", "m"}:
            break
        count += 1
    return count


def _before_half(pieces: list[_Piece], numbers: list[int]) -> tuple[int | None, int]:
    """The time that ends, or begins, beside AM or PM: "9am", "09.05.07.123456 AM"."""
    half = next(at for at, piece in enumerate(pieces) if piece.kind == "half")
    before = [i for i, at in enumerate(numbers) if at < half and half - at <= 2]
    if not before:
        return None, 0
    last = before[-1]
    count = 1
    while count < 4 and last - count >= 0:
        at = numbers[last - count + 1]
        if at - 2 != numbers[last - count] or pieces[at - 1].shared != ".":
            break
        count += 1
    return last - count + 1, count


def _behind_date(pieces: list[_Piece], numbers: list[int]) -> tuple[int | None, int]:
    """The time with dots behind a whole date: "2024-01-05-09.05.07.123456", "5.1.2024 09.05"."""
    named = any(piece.kind == "word" for piece in pieces)
    for start in (3, 2) if named else (3,):
        count = len(numbers) - start
        if count not in (2, 3, 4) or pieces[numbers[start] - 1].shared not in (" ", "-", "_"):
            continue
        if _run(pieces, numbers, start, ".", 4) == count:
            return start, count
    return None, 0


def _dotted(pieces: list[_Piece]) -> bool:
    """Whether cells are three numbers of two digits with dots between ("18.07.00")."""
    numbers = [piece for piece in pieces if piece.kind == "digits"]
    if len(numbers) != 3 or len(pieces) != 5:
        return False
    marks = {piece.shared for piece in pieces if piece.kind == "mark"}
    return marks == {"."} and all(piece.widths == {2} for piece in numbers)


# --- dates ----------------------------------------------------------------------------------------


def _dates(
    pieces: list[_Piece], numbers: list[int], hints: Hints, *, month_named: bool
) -> Iterator[dict[int, list[str]]]:
    """Fields of the numbers that are a date, the likelier first; {} where there is no number."""
    if not numbers:
        yield {}
        return
    periods = list(_periods(pieces, numbers))
    if periods:
        yield from periods
        return
    if not month_named and not _are_joined(pieces, numbers, hints):
        return
    for order in _orders(pieces, numbers, hints, month_named=month_named):
        found: dict[int, list[str]] = {}
        for at, part in zip(numbers, order, strict=True):
            found[at] = _options(pieces, at, part)
        if all(found.values()) and _is_likely(pieces, found, hints):
            yield found


def _are_joined(pieces: list[_Piece], numbers: list[int], hints: Hints) -> bool:
    """Whether what stands between the numbers of a date without a name of a month is usual
    there."""
    betweens = []
    for one, other in pairwise(numbers):
        texts = [piece.shared or "?" for piece in pieces[one + 1 : other]]
        betweens.append("".join(texts))
    if all(between.strip() in _DATE_WORDS for between in betweens):
        return True
    if len(set(betweens)) > 1:
        return False
    if len(numbers) == 2:
        return betweens[0] in ("-", "/") or (hints.dated and betweens[0] == ".")
    if betweens == [" ", " "]:
        return any(pieces[at].widths == {4} for at in (numbers[0], numbers[-1]))
    return betweens[0] in ("-", "/", ".", "_", ". ", ":", " / ", " - ")


def _begins_with_years(first: _Piece, last: _Piece, hints: Hints) -> bool:
    """Whether of dates with three numbers of two digits the first is the year: all of them close
    together and not in the future, while the last are spread as days are."""
    years, days = first.numbers, last.numbers
    near = max(years) - min(years) <= _NEAR_YEARS and min(years) > 1 and max(years) <= hints.newest
    return near and hints.some and max(days) - min(days) >= _SPREAD_DAYS


def _orders(
    pieces: list[_Piece], numbers: list[int], hints: Hints, *, month_named: bool
) -> list[str]:
    if month_named:
        return {1: ["Y", "y"], 2: ["dY", "Yd", "dy", "yd"]}.get(len(numbers), [])
    if len(numbers) == 3:
        short = ["dmy", "mdy", "ymd"]
        if _begins_with_years(pieces[numbers[0]], pieces[numbers[-1]], hints):
            short = ["ymd", "dmy", "mdy"]
        return ["Ymd", "dmY", "mdY", *short]
    return {1: ["D"], 2: ["Ym", "mY", "Yj", "my"]}.get(len(numbers), [])


def _options(pieces: list[_Piece], at: int, part: str) -> list[str]:
    """The fields that a number may be if it is this part of a date."""
    piece = pieces[at]
    if any(_ORDINAL.search(text) for text in piece.texts):
        return _ordinal(piece) if part == "d" and piece.within(1, 31) else []
    if part == "Y" and at and pieces[at - 1].texts[0] in ("民国", "民國"):
        return ["%Ey"] if piece.widths <= {2, 3} else []
    if part == "Y":
        return ["%Y"] if piece.widths == {4} else []
    if part == "y":
        return ["%y"] if piece.widths == {2} else []
    if part == "m":
        return _two(piece, "%m", "%-m") if piece.within(1, 12) else []
    if part == "d":
        return _two(piece, "%d", "%-d", "%e") if piece.within(1, 31) else []
    if part == "j":
        return ["%j"] if piece.widths == {3} and piece.within(1, 366, 3) else []
    return ["%Y%m%d"] if piece.widths == {8} and len(pieces) > 1 else []


def _ordinal(piece: _Piece) -> list[str]:
    if all(text == text.lower() for text in piece.texts):
        return ["%o"]
    return ["%^o"] if all(text == text.upper() for text in piece.texts) else []


def _is_likely(pieces: list[_Piece], found: dict[int, list[str]], hints: Hints) -> bool:
    """Whether numbers of these fields are likely to be a date."""
    fields = [options[0] for options in found.values()]
    years = next((at for at, options in found.items() if options[0] == "%Y"), None)
    if years is not None and len(fields) < 3 and "%d" not in fields and "%-d" not in fields:
        likely = all(1800 <= year < 2200 for year in pieces[years].numbers)
        return likely and (hints.dated or "%j" not in fields)
    if "%y" not in fields:
        return True
    if len(fields) == 1:  # "Apr-15"; a number before a month is a day, unless it cannot be
        at, words = next(iter(found)), {piece.texts for piece in pieces if piece.kind == "word"}
        numbers = pieces[at].numbers
        behind = any(piece.kind == "word" for piece in pieces[:at])
        several = hints.dated or any(len(set(texts)) > 1 for texts in words)
        return several and (behind or max(numbers) > 31 or min(numbers) == 0)
    if len(fields) == 2 and ("%m" in fields or "%-m" in fields):
        return hints.dated and "%m" in fields
    short = any(field.startswith("%-") for field in fields)
    return hints.dated or not short or "/" in {piece.shared for piece in pieces} or hints.many


def _periods(pieces: list[_Piece], numbers: list[int]) -> Iterator[dict[int, list[str]]]:
    """Quarters, halves and weeks of a year."""
    words = {piece.texts[0].lower().strip(".") for piece in pieces if piece.kind == "word"}
    if len(numbers) not in (2, 3) or any(piece.kind == "fraction" for piece in pieces):
        return
    for year, other in ((numbers[0], numbers[1]), (numbers[1], numbers[0])):
        widths, part = pieces[year].widths, pieces[other]
        if widths == {4} and all(1800 <= one < 2200 for one in pieces[year].numbers):
            if len(numbers) == 2:
                for field in _parts_of_year(part, words, _LONG_YEAR):
                    yield {year: ["%Y"], other: [field]}
            if words & _WEEKS and part.within(1, 53):
                yield from _weeks(pieces, numbers, year, other)
        elif widths == {2} and len(numbers) == 2:
            for field in _parts_of_year(part, words, _SHORT_YEAR):
                yield {year: ["%y"], other: [field]}


def _parts_of_year(part: _Piece, words: set[str], known: dict[str, frozenset[str]]) -> list[str]:
    """The fields for a quarter or a half of the year that the words name."""
    if part.widths != {1}:
        return []
    most = {"%q": 4, "%K": 2}
    return [
        field for field, names in known.items() if names & words and part.within(1, most[field])
    ]


def _weeks(
    pieces: list[_Piece], numbers: list[int], year: int, week: int
) -> Iterator[dict[int, list[str]]]:
    found = {year: ["%G"], week: _two(pieces[week], "%V", "%-V")}
    if len(numbers) == 2:
        yield found
    elif week == numbers[1] and pieces[numbers[2]].within(1, 7, 1):
        yield {**found, numbers[2]: ["%u"]}
