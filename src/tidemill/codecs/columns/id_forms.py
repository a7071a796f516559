"""The forms of text ids: what stands in each place, and fresh texts in these forms."""

from __future__ import annotations

import datetime as dt
import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from tidemill.codecs.columns.free_numbers import (
    Stretches,
    check_residues,
    free_residues,
    scattered,
)
from tidemill.core.persons import FEWEST_PERSONS, shared_items

SAMPLE = 20_000
"""Ids that forms are learned from."""
MOST_SHAPES = 50
"""More forms that differ only in where letters and digits stand are one, in which they are mixed.
"""
MOSTLY = 0.9
"""Share of a group's ids that have a frequent form, for these forms to be kept apart."""
SHARED = 0.99
"""Share of a form's ids from which on a character, or an alphabet, belongs to its place."""

_CLASSES = {
    "9": "0123456789",
    "A": "ABCDEFGHIJKLMNOPQRSTUVWXYZ",
    "a": "abcdefghijklmnopqrstuvwxyz",
}
OTHER = "x"
"""Place of a letter or digit of another script; it is drawn from those that ids of enough
persons hold."""
_ONE_PLACE = re.compile(
    r"\\.|[9Aax]|\[(?:\\.|[^\]\\])+\]|\([^)]+\)|\{[^|}]+\|[0-9-]{10}\|[0-9-]{10}\}", re.DOTALL
)
_HEX = ("0123456789abcdef", "0123456789ABCDEF")
_DATES = (
    ("%Y-%m-%d", 10),
    ("%Y/%m/%d", 10),
    ("%Y.%m.%d", 10),
    ("%Y_%m_%d", 10),
    ("%d-%m-%Y", 10),
    ("%d.%m.%Y", 10),
    ("%Y%m%d", 8),
    ("%d%m%Y", 8),
    ("%m%d%Y", 8),
    ("%y%m%d", 6),
    ("%d%m%y", 6),
    ("%Y%m", 6),
)
_FIRST_YEAR, _LAST_YEAR = 1900, 2100
FEWEST_DATED = 20
UNLIKELY = 1e-6
_SHORT_NUMBERS = r"^[0-9]{1,3}([^0-9A-Za-z][0-9]{1,3})+$"
_ZERO_BEFORE = pl.element().str.contains("^0.")
MOST_WORDS = 200
"""Parts that stand in the same places of different ids, at most; more are drawn letter by
letter."""
LARGE_ROOM = 2**62
MOST_PLACES = 10_000
"""Places of a form at most."""


def shape_of(value: str) -> str:
    r"""The form of an id: each digit as 9, each letter as A, a or (of another script) x, all else
    escaped as it is.

    Example:
        >>> print(shape_of("7590-VHVeg"), shape_of("刘丽霞"))
        9999\-AAAaa xxx
    """
    return "".join(_place(letter) for letter in value)


def _place(letter: str) -> str:
    for place, alphabet in _CLASSES.items():
        if letter in alphabet:
            return place
    return OTHER if letter.isalnum() else f"\\{letter}"


@dataclass(frozen=True, slots=True)
class IdForm:
    """One form of text ids.

    Attributes:
        places: One entry a character: 9, A, a or x to be drawn, the letters to draw from in
            brackets, or a backslash and the character that stays; or, of several characters, a date
            with its format and its bounds in braces, or words to draw from in parentheses.
        rows: Training ids of this form.
        counter: First and behind the last place of the run of digits that counts on; None where the
            form has room enough for its texts to be drawn, or no digits.
        residues: Of the drawn texts' numbers those that none of the training ids has, modulo
            ``modulus``.
    """

    places: str
    rows: int
    counter: tuple[int, int] | None = None
    drawn: bool = False
    modulus: int = 1
    residues: tuple[int, ...] = (0,)

    def check(self, letters: str) -> None:
        """See that texts can be made in it.

        Args:
            letters: Those of other scripts that may be drawn.

        Raises:
            ValueError: They cannot.
        """
        places = _ONE_PLACE.findall(self.places)
        if "".join(places) != self.places or len(places) > MOST_PLACES:
            raise ValueError("a form is not made of places")
        dated = [place for place in places if place.startswith("{")]
        for place in dated:
            style, first, last = place[1:-1].split("|")
            years = dt.date.fromisoformat(first).year, dt.date.fromisoformat(last).year
            known = style in dict(_DATES) and first <= last
            if not known or not _FIRST_YEAR <= years[0] <= years[1] <= _LAST_YEAR:
                raise ValueError("a form holds no dates of ids")
        if len(dated) > 1 or self.rows < 1:
            raise ValueError("a form has two dates, or no rows")
        if self.counter is not None and not 0 <= self.counter[0] < self.counter[1] <= len(places):
            raise ValueError("a form counts in no place of its own")
        room = math.prod(_size(place, letters) for place in places)
        check_residues(room, self.modulus, self.residues)

    def alphabets(self, letters: str) -> list[np.ndarray]:
        """What may stand in each place."""
        return [_alphabet(place, letters) for place in _ONE_PLACE.findall(self.places)]

    def made(
        self,
        row: np.ndarray,
        letters: str,
        numbers: Stretches,
        rng: np.random.Generator,
        key: tuple[int, int],
    ) -> pl.Series:
        """(n,) different rows -> (n,) fresh texts, each different.

        Where the form counts on, a run of digits is the row's own free number; else rows have
        places of their own among all texts of the form, so that the parts of a draw, which share
        the key, meet no text twice.
        """
        alphabets = self.alphabets(letters)
        if self.drawn:
            return self._drawn(alphabets, row, rng, key)
        number = numbers.texts(row)
        drawn = [alphabet[rng.integers(len(alphabet), size=len(row))] for alphabet in alphabets]
        if self.counter is None:
            return _joined(drawn, len(row)) + "-" + number
        first, last = self.counter
        before = _joined(drawn[:first], len(row))
        behind = _joined(drawn[last:], len(row))
        return before + number.str.zfill(last - first) + behind

    def _drawn(
        self,
        alphabets: list[np.ndarray],
        row: np.ndarray,
        rng: np.random.Generator,
        key: tuple[int, int],
    ) -> pl.Series:
        room = math.prod(map(len, alphabets))
        if room > LARGE_ROOM:  # so much that no text is met twice by chance
            drawn = [alphabet[rng.integers(len(alphabet), size=len(row))] for alphabet in alphabets]
            return _joined(drawn, len(row))
        at, twice = scattered(row, room, self.modulus, self.residues, key)
        drawn = []
        for alphabet in reversed(alphabets):
            drawn.append(alphabet[at % len(alphabet)])
            at = at // len(alphabet)
        texts = _joined(drawn[::-1], len(row))
        if twice.any():
            again = pl.Series(np.flatnonzero(twice))
            texts = texts.scatter(again, texts[again] + "-" + pl.Series(row[twice]).cast(pl.String))
        return texts


def room(places: str, letters: str) -> int:
    """How many different ids a form allows."""
    return math.prod(len(_alphabet(place, letters)) for place in _ONE_PLACE.findall(places))


def last_digits(places: str) -> tuple[int, int] | None:
    """The last run of places that hold digits; None where there is none."""
    runs = _runs(_ONE_PLACE.findall(places))
    return runs[-1] if runs else None


def frequent_letters(ids: Sequence[str], persons: np.ndarray | None = None) -> str:
    """Letters of other scripts that ids of enough persons hold."""
    frequent = shared_items(map(set, ids), None if persons is None else persons.tolist())
    return "".join(sorted(letter for letter in frequent if _place(letter) == OTHER))


def learned(
    ids: pl.Series,
    letters: str,
    capacity: int,
    *,
    whole: bool = False,
    persons: np.ndarray | None = None,
) -> tuple[list[IdForm], list[int]]:
    """The forms of (n,) different ids, and all numbers that may stand where new ones are counted.

    Args:
        ids: Texts.
        letters: Those of other scripts that may be drawn.
        capacity: A form that has this many texts that are no training id is drawn freely.
        whole: Whether they are whole numbers, which begin with no 0.
        persons: (n,) whose each id is; None where each is that of a person of its own.
    """
    numbers: list[int] = []
    forms: list[IdForm] = []
    enough = max(capacity, 20 * len(ids))
    ends = _ends_of_numbers(ids.head(SAMPLE))
    if ends and (of_numbers := _of_numbers(ids, ends, letters, enough)):
        return of_numbers, []
    whose = np.arange(len(ids)) if persons is None else persons
    groups, covered = _groups(ids, whose)
    if covered < MOSTLY and (framed := _framed(ids, whose, letters, enough)):
        return framed, []
    for classes, texts, of_persons in groups:
        # one id of each person, so that what enough ids share is that of enough persons
        some = of_persons.head(SAMPLE)
        places = _alphabets(classes, _symbols(some))
        if whole and places[0] == "9":
            places[0] = "[123456789]"
        places = _with_words(_with_dates(places, some), some)
        form = _form(places, texts, letters, enough)
        forms.append(form)
        if form.counter is not None:
            # all texts of a group have its places; a date takes as many characters as it is long
            first, last = _characters(form.places, form.counter)
            numbers += map(int, texts.str.slice(first, last - first).unique().to_list())
    # ids of no frequent form count as well: a longer number of one form may look like theirs
    if all(form.drawn for form in forms):
        return forms, []
    rest = ids.str.extract(r"([0-9]+)[^0-9]*$").drop_nulls().unique().to_list()
    return forms, sorted({*numbers, *map(int, rest)})


def _groups(
    ids: pl.Series, whose: np.ndarray
) -> tuple[list[tuple[list[str], pl.Series, pl.Series]], float]:
    """Ids of one form each: the classes of its places (w where letters and digits are mixed, *
    where any character may stand), its ids, and one of each person; and which share of the ids
    these are."""
    frame = pl.DataFrame({"text": ids, "person": whose})
    frame = frame.with_columns(shape=shapes(pl.col("text")))
    shared = pl.col("person").n_unique()
    frame = frame.with_columns(skeleton=pl.col("shape").str.replace_all("[9Aax]", "w"))
    frame = frame.with_columns(
        alike=shared.over("shape"),
        joined=pl.len().over("skeleton"),
        enough=shared.over("skeleton") >= FEWEST_PERSONS,
    )
    frame = frame.with_columns(
        same=(pl.col("alike") >= FEWEST_PERSONS).sum().over("skeleton"),
        different=pl.col("shape").n_unique().over("skeleton"),
    )
    apart = pl.col("same") >= MOSTLY * pl.col("joined")
    apart &= pl.col("different") <= MOST_SHAPES
    frequent = pl.col("enough") & ~apart
    frame = frame.with_columns(
        form=pl.when(apart & (pl.col("alike") >= FEWEST_PERSONS))
        .then(pl.col("shape"))
        .when(frequent)
        .then(pl.col("skeleton"))
    )
    found = frame.drop_nulls("form")
    if len(found) < MOSTLY * len(frame):
        by_length = _by_length(frame)
        if len(by_length) >= MOSTLY * len(frame):
            found = by_length
    frequent_ones = len(found) > 0
    if not frequent_ones:
        found = _most_frequent(frame)
    groups = []
    for (form,), group in found.group_by("form", maintain_order=True):
        first = group["person"].is_first_distinct()
        groups.append((str(form), group["text"], group["text"].filter(first)))
    groups.sort(key=lambda group: group[0])
    share = len(found) / max(len(ids), 1) if frequent_ones else 0.0
    return [(list(form), texts, some) for form, texts, some in groups], share


def shapes(text: pl.Expr) -> pl.Expr:
    """Every digit as 9, every letter as A, a or x, all else as it is."""
    return (
        text.str.replace_all("[0-9]", "9")
        .str.replace_all("[A-Z]", "A")
        .str.replace_all("[a-z]", "a")
        .str.replace_all(r"[\p{L}\p{N}--[\x00-\x7f]]", OTHER)
    )


def _by_length(frame: pl.DataFrame) -> pl.DataFrame:
    """Ids of the same length, in which signs stand anywhere, as in base64."""
    length = pl.col("text").str.len_chars()
    plain = pl.col("text").str.contains(r"^[0-9A-Za-z+/=_.~-]+$")
    return (
        frame.filter(plain)
        .with_columns(form=pl.lit("*"), length=length)
        .filter(pl.col("person").n_unique().over("length") >= FEWEST_PERSONS)
        .with_columns(form=pl.concat_str(pl.lit("*").repeat_by("length").list.join("")))
    )


def _most_frequent(frame: pl.DataFrame) -> pl.DataFrame:
    counted = frame["shape"].value_counts().sort(["count", "shape"], descending=[True, False])
    if not len(counted):
        return frame.with_columns(form=pl.col("shape"))
    return frame.filter(shape=counted["shape"][0]).with_columns(form=pl.col("shape"))


def _framed(ids: pl.Series, whose: np.ndarray, letters: str, capacity: int) -> list[IdForm]:
    """Forms of e-mail addresses and URLs: the domain, or what stands before the last slash, stays;
    before or behind it stands what has the commonest form. None for other ids."""
    address = r"^[^@\s]+@[^@\s]+\.[^@\s]+$"
    mail = _mostly(ids.str.contains(address))
    if not mail and not _mostly(ids.str.contains(r"^[A-Za-z]+://")):
        return []
    parts = ids.str.extract_groups(
        r"^(?<free>[^@]+)(?<kept>@.+)$" if mail else r"^(?<kept>.*/)(?<free>[^/]*)$"
    ).struct.unnest()
    frame = parts.with_columns(person=pl.Series(whose)).drop_nulls()
    frame = frame.with_columns(
        rows=pl.col("person").n_unique().over("kept"), shape=shapes(pl.col("free"))
    )
    frequent = frame.filter(pl.col("rows") >= FEWEST_PERSONS)
    if len(frequent) < len(frame) / 2:
        kept = "@example.com" if mail else "https://example.com/"
        frequent = frame.with_columns(kept=pl.lit(kept), rows=pl.len())
    common = frame["shape"].value_counts().sort(["count", "shape"], descending=[True, False])
    wide = [one for one in common["shape"].to_list() if room(_places_of(one), letters) >= 10**9]
    free = list(map(_escaped, wide[0])) if wide else ["a"] * 10
    forms = []
    for (kept,), group in frequent.sort("kept").group_by("kept", maintain_order=True):
        fixed = [f"\\{letter}" for letter in str(kept)]
        places = free + fixed if mail else fixed + free
        texts = ids.filter(ids.str.len_chars() == len(places))
        form = _form(places, texts, letters, capacity)
        forms.append(replace(form, rows=len(group)))
    return forms


def _mostly(passing: pl.Series) -> bool:
    return len(passing) > 0 and float(passing.mean() or 0.0) >= MOSTLY  # type: ignore[arg-type]


def _places_of(shape: str) -> str:
    return "".join(map(_escaped, shape))


def _escaped(letter: str) -> str:
    """A letter of a shape as a place."""
    return letter if letter in (*_CLASSES, OTHER) else f"\\{letter}"


def _form(places: list[str], texts: pl.Series, letters: str, capacity: int) -> IdForm:
    """How fresh texts are made."""
    form = "".join(places)
    space = room(form, letters)
    if space > LARGE_ROOM:
        return IdForm(form, len(texts), None, drawn=True)
    runs = _runs(places)
    if space >= 50 * len(texts):
        taken = _numbers_of(places, letters, texts)
        modulus, residues = free_residues(taken, space)
        if len(residues) * (space // modulus) >= capacity:
            return IdForm(form, len(texts), None, True, modulus, residues)
    if not runs:
        return IdForm(form, len(texts))
    return IdForm(form, len(texts), _counting(places, runs, texts))


def _symbols(texts: pl.Series) -> np.ndarray:
    """(n,) texts of one length -> (n, length) characters."""
    array = np.array(texts.to_list(), dtype=np.str_)
    return array.view("<U1").reshape(len(array), -1)


def _alphabets(classes: list[str], symbols: np.ndarray) -> list[str]:
    """For each place what may stand in it: a character that nearly all ids share, the characters
    that occur there, those that occur anywhere in the form in such places, or all of its class."""
    counted = [Counter(symbols[:, k].tolist()) for k in range(symbols.shape[1])]
    shared: list[str | None] = []
    pooled: dict[str, Counter[str]] = {}
    rows = len(symbols)
    for kind, counts in zip(classes, counted, strict=True):
        letter, count = counts.most_common(1)[0]
        fixed = count >= max(SHARED * rows, FEWEST_PERSONS) or (kind not in "9Aaxw*")
        shared.append(letter if fixed else None)
        if not fixed:
            pooled.setdefault(kind, Counter()).update(counts)
    wide = {kind: _kept(counts) or _whole(kind, counts) for kind, counts in pooled.items()}
    places = []
    for kind, counts, letter_of_all in zip(classes, counted, shared, strict=True):
        if letter_of_all is not None:
            places.append(f"\\{letter_of_all}")
        elif kind == OTHER:
            places.append(OTHER)
        else:
            own = _kept(counts)
            narrow = own and len(own) * 2 <= len(wide[kind])
            places.append(_written(kind, own if narrow else wide[kind]))
    return places


def _kept(counts: Counter[str]) -> str:
    """The characters that occur often, where they are certainly nearly all; else nothing."""
    frequent = [letter for letter, count in counts.items() if count >= FEWEST_PERSONS]
    total = counts.total()
    covered = sum(counts[letter] for letter in frequent)
    if covered < SHARED * total or total < 20 * len(frequent):
        return ""
    kept = "".join(sorted(frequent))
    for hexadecimal in _HEX:
        mixed = any(one.isalpha() for one in kept) and any(one.isdigit() for one in kept)
        if mixed and len(kept) >= 8 and set(kept) <= set(hexadecimal):
            return hexadecimal
    return kept


def _whole(kind: str, counts: Counter[str]) -> str:
    """All characters of a class; of mixed places, of the classes that occur."""
    if kind in _CLASSES:
        return _CLASSES[kind]
    for hexadecimal in _HEX:
        if set(counts) <= set(hexadecimal):
            return hexadecimal
    classes = {_place(letter) for letter in counts}
    return "".join(_CLASSES[one] for one in sorted(classes & set(_CLASSES))) or _CLASSES["a"]


def _written(kind: str, alphabet: str) -> str:
    if kind in _CLASSES and alphabet == _CLASSES[kind]:
        return kind
    if len(alphabet) == 1:
        return f"\\{alphabet}"
    return "[" + "".join(f"\\{one}" if one in "]\\" else one for one in alphabet) + "]"


def _ends_of_numbers(texts: pl.Series) -> list[tuple[int, int]]:
    """Of ids of short numbers apart from each other, as 10.0.171.9, of which some end early: the
    bounds of each number; nothing for other ids."""
    if len(texts) < FEWEST_DATED or not texts.str.contains(_SHORT_NUMBERS).all():
        return []
    numbers = texts.str.extract_all("[0-9]+")
    if numbers.list.len().n_unique() > 1 or numbers.list.eval(_ZERO_BEFORE).list.any().any():
        return []
    ends: list[tuple[int, int]] = []
    is_early = False
    for k in range(len(numbers[0])):
        values, counts = np.unique(
            numbers.list.get(k).cast(pl.Int64).to_numpy(), return_counts=True
        )
        top = int(values[-1])
        least = 10 ** (len(str(top)) - 1)
        longest = int(counts[values >= least].sum())
        round_top = -(-top // 10) * 10
        if top < 256 <= round_top + 9:
            round_top = 255
        if len(values) == 1:
            ends.append((top, top))
        elif ((top + 1 - least) / (9 * least)) ** longest < UNLIKELY:
            ends.append((0, round_top))
            is_early = True
        else:
            ends.append((0, 10 * least - 1))
    return ends if is_early else []


def _of_numbers(
    ids: pl.Series, ends: list[tuple[int, int]], letters: str, capacity: int
) -> list[IdForm]:
    """A form for each frequent shape of such ids that has much room; no number begins with 0."""
    frame = pl.DataFrame({"text": ids}).with_columns(shape=shapes(pl.col("text")))
    often = frame.filter(pl.len().over("shape") >= FEWEST_PERSONS)
    forms = []
    for (shape,), group in (often if len(often) else frame).sort("shape").group_by("shape"):
        bounds = iter(ends)
        places = []
        for part in re.findall("9+|[^9]", str(shape)):
            least, most = next(bounds) if part[0] == "9" else (0, 0)
            if part[0] != "9":
                places.append(f"\\{part}")
            elif least == most:
                places += [f"\\{digit}" for digit in str(least)]
            else:
                first = 10 ** (len(part) - 1) if len(part) > 1 else 0
                last = min(most, 10 ** len(part) - 1)
                places.append(f"({'|'.join(map(str, range(first, last + 1)))})")
        forms.append(_form(places, group["text"], letters, capacity))
    return sorted((form for form in forms if form.drawn), key=lambda form: form.places)


def _with_dates(places: list[str], texts: pl.Series) -> list[str]:
    """The same with a date where all ids have one, as INV-20240105-0001."""
    if len(texts) < FEWEST_DATED:
        return places
    best, most = places, 0
    for k in range(len(places)):
        found = _date_at(places, k, texts)
        if found is not None and found[2] > most:
            place, width, most = found
            best = [*places[:k], place, *places[k + width :]]
    return best


def _date_at(places: list[str], at: int, texts: pl.Series) -> tuple[str, int, int] | None:
    """The date that begins in a place, with its length in characters and how many days there
    are."""
    best = None
    for style, width in _DATES:
        inner = places[at : at + width]
        if len(inner) < width or not _may_be_date(inner, style):
            continue
        behind = any(not place.startswith("\\") for place in places[at + width :])
        varied = sum(len(place) > 2 or place == "9" for place in inner)
        # a month alone, or a number that counts on, could pass for a date
        if not behind or varied < 2:
            continue
        days = texts.str.slice(at, width)
        if style == "%Y%m":
            days, style_read = days + "01", "%Y%m%d"
        else:
            style_read = style
        read = days.str.to_date(style_read, strict=False)
        if read.null_count() or read.n_unique() < FEWEST_PERSONS:
            continue
        first, last = read.min(), read.max()
        assert isinstance(first, dt.date)
        assert isinstance(last, dt.date)
        if first.year >= _FIRST_YEAR and last.year <= _LAST_YEAR:
            days_found = read.n_unique()
            first, last = _whole_months(first, last)
            if best is None or days_found > best[2]:
                best = f"{{{style}|{first}|{last}}}", width, days_found
    return best


def _whole_months(first: dt.date, last: dt.date) -> tuple[dt.date, dt.date]:
    """The first day of the month of a date, and the last day of that of another, so that neither
    tells which one it was."""
    behind = (last.replace(day=1) + dt.timedelta(31)).replace(day=1)
    return first.replace(day=1), behind - dt.timedelta(1)


def _may_be_date(inner: list[str], style: str) -> bool:
    """Whether there are digits, and signs where the date has them."""
    sign = style[2] if style[2] != "%" else ""
    if not sign:
        return all(map(_is_digit, inner))
    signs = [k for k, place in enumerate(inner) if not _is_digit(place)]
    return signs == ([4, 7] if style[1] == "Y" else [2, 5]) and all(
        inner[k] == f"\\{sign}" for k in signs
    )


def _with_words(places: list[str], texts: pl.Series) -> list[str]:
    """The same with the parts that occur, where letters (or the digits before a date) come from a
    list, as the country in US-0001."""
    out: list[str] = []
    k = at = 0
    while k < len(places):
        width = _run_length(places, k)
        words = _words(places[k : k + width], texts.str.slice(at, width)) if width > 1 else ""
        step = width if words else 1
        out += [words] if words else [places[k]]
        at += step if words else len(str(_alphabet(places[k], "")[0]))
        k += step
    return out


def _run_length(places: list[str], at: int) -> int:
    """How many places from here on hold letters, or all digits from the beginning to a date."""

    def lettered(place: str) -> bool:
        return place[0] not in "({" and (
            place in "Aa" or (place[0] == "[" and not _is_digit(place))
        )

    end = at
    while end < len(places) and lettered(places[end]):
        end += 1
    if at == 0 and end == 0:
        while end < len(places) and _is_digit(places[end]):
            end += 1
        return end if end < len(places) and places[end][0] == "{" else 0
    return end - at


def _words(inner: list[str], parts: pl.Series) -> str:
    """The parts that many ids share, as a place; nothing where they are not nearly all, or not
    fewer than their letters would allow."""
    counted = parts.rename("part").value_counts().filter(pl.col("count") >= FEWEST_PERSONS)
    words = sorted(counted["part"].to_list())
    covered = int(counted["count"].sum()) >= SHARED * len(parts)
    if (
        not covered
        or not 2 <= len(words) <= MOST_WORDS
        or any(set(one) & set("()|") for one in words)
    ):
        return ""
    if len(words) * 2 > room("".join(inner), ""):
        return ""
    return "(" + "|".join(words) + ")"


def _numbers_of(places: list[str], letters: str, texts: pl.Series) -> np.ndarray:
    """The number of each text among all texts of a form; texts that are none of these are left
    out."""
    taken = np.zeros(len(texts), np.int64)
    known = np.ones(len(texts), bool)
    at = 0
    for place in places:
        alphabet = _alphabet(place, letters)
        width = len(str(alphabet[0]))  # all of a place are equally long
        own = texts.str.slice(at, width)
        index = own.replace_strict(
            pl.Series(alphabet.tolist()),
            pl.Series(np.arange(len(alphabet))),
            default=-1,
            return_dtype=pl.Int64,
        ).to_numpy()
        known &= index >= 0
        taken = taken * len(alphabet) + np.maximum(index, 0)
        at += width
    return taken[known]


def _counting(places: list[str], runs: list[tuple[int, int]], texts: pl.Series) -> tuple[int, int]:
    """The run of digits that tells most ids apart; the last one of these."""

    def different(run: tuple[int, int]) -> int:
        first, last = _characters("".join(places), run)
        return texts.str.slice(first, last - first).n_unique()

    return max(runs, key=lambda run: (different(run), run))


def _runs(places: list[str]) -> list[tuple[int, int]]:
    """Runs of places that hold digits."""
    runs = []
    first = None
    for k, place in enumerate([*places, ""]):
        if place and _is_digit(place):
            first = k if first is None else first
        elif first is not None:
            runs.append((first, k))
            first = None
    return runs


def _characters(form: str, run: tuple[int, int]) -> tuple[int, int]:
    """Where a run of places lies in the text."""
    widths = [len(str(_alphabet(place, "")[0])) for place in _ONE_PLACE.findall(form)]
    return sum(widths[: run[0]]), sum(widths[: run[1]])


def _is_digit(place: str) -> bool:
    """Whether a digit stands in a place: any, one of some, or always the same."""
    if place == "9":
        return True
    inner = place[1:-1] if place.startswith("[") else place[1:]
    return place[0] in "\\[" and all(one in _CLASSES["9"] for one in inner)


def _size(place: str, letters: str) -> int:
    """How much may stand in a place, without making it."""
    if not place.startswith("{"):
        return len(_alphabet(place, letters))
    style, *ends = place[1:-1].split("|")
    first, last = map(dt.date.fromisoformat, ends)
    if style == "%Y%m":
        return 12 * (last.year - first.year) + last.month - first.month + 1
    return (last - first).days + 1


def _alphabet(place: str, letters: str) -> np.ndarray:
    """What may stand in a place."""
    if place.startswith("\\"):
        return np.array([place[1]])
    if place.startswith("["):
        return np.array(list(re.sub(r"\\(.)", r"\1", place[1:-1])))
    if place.startswith("("):
        return np.array(place[1:-1].split("|"))
    if place.startswith("{"):
        style, first, last = place[1:-1].split("|")
        begin, end = dt.date.fromisoformat(first), dt.date.fromisoformat(last)
        days = pl.date_range(begin, end, "1mo" if style == "%Y%m" else "1d", eager=True)
        return days.dt.strftime(style).to_numpy().astype(np.str_)
    return np.array(list(_CLASSES.get(place) or letters or _CLASSES["a"]))


def _joined(places: list[np.ndarray], n: int) -> pl.Series:
    """(n,) texts of what stands in each place."""
    if not places:
        return pl.Series([""] * n, dtype=pl.String)
    if any(part.dtype.itemsize > 4 for part in places):
        parts = [pl.Series(part.tolist(), dtype=pl.String) for part in places]
        return pl.select(pl.concat_str(parts)).to_series()
    letters = np.stack(places, axis=1).astype("<U1")
    texts = letters.view(f"<U{len(places)}")[:, 0]
    return pl.Series(texts.tolist(), dtype=pl.String)
