"""Text <-> typed values: how a column's numbers, booleans and dates are written, so that nothing is
lost.

The way of it: a small sample of cells *proposes* spellings, the whole column is read with the first
that fits, and a reading counts only if writing it again gives every cell back. Nothing is guessed
that is not verified.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

import polars as pl

from tidemill.core import amounts, datetimes, durations, mixed_dates, numerals
from tidemill.core.conventions import UNKNOWN, Conventions
from tidemill.core.schema import Spelling

# "unknown", "other" and "no" are not here: they are answers.
MISSING_MARKERS = frozenset(
    {
        "",
        "?",
        "na",
        "n/a",
        "n.a.",
        "n.a",
        "na()",
        "#n/a",
        "#na",
        "<na>",
        "nan",
        "#nan",
        "-nan",
        "null",
        "#null!",
        "(null)",
        "<null>",
        "\\n",
        "none",
        "nil",
        "nat",
        "missing",
        "not available",
        "not applicable",
        "(blank)",
        "(leer)",
        "(vide)",
        "(en blanco)",
        "(vuoto)",
        "(空白)",
        "[null]",
        "n\\a",
        "n / a",
        "n. a.",
        "#n/a n/a",
        "缺失",
        "空",
        "空值",
        "0000-00-00",
        "0000-00-00 00:00:00",
        "0000/00/00",
        "00/00/0000",
        "00.00.0000",
    }
)

# dashes and dots of any script, a number too wide for its column, the errors of spreadsheets in all
# languages, and those of C
_MARKS = re.compile(
    "[-\u2010-\u2015\u2212\uff0d\u30fc.\u2026\u00b7]+|#{2,}|#[^\\s#!?]{2,9}[!?]|#nv|#н/д|#n/d"
    r"|-?1\.#(?:qnan|snan|ind)0*"
)
_SAMPLE = 200
_NEARLY, _MOST, _TOGETHER = 0.9, 0.6, 0.98
_WORD_CELLS = 5
_BOUNDS = 0.9
_CODE_NAME = re.compile(
    r"(^|_)(zip|zip_?code|post_?code|postal(_?code)?|plz|postleitzahl|phone|telephone|mobile|fax"
    r"|ssn|iban|isbn|ean|upc|sku|gtin|account|card)(_?(no|nr|num|number))?$|邮编|电话|手机",
    re.IGNORECASE,
)


def says_code(name: str) -> bool:
    """Whether a column's name says that its digits are a code (post codes, phone numbers), which no
    one adds up.

    Example:
        >>> says_code("zip_code"), says_code("ShipPostalCode"), says_code("amount")
        (True, True, False)
    """
    words = re.sub(r"(?<=[a-z])(?=[A-Z])|[\s.-]+", "_", name).strip("_")
    return _CODE_NAME.search(words) is not None


def is_missing(text: pl.Series) -> pl.Series:
    """True where a cell is null or holds a known marker of a missing value, whatever its case and
    blanks."""
    normal = text.fill_null("").str.strip_chars().str.to_lowercase()
    return normal.is_in(list(MISSING_MARKERS)) | normal.str.contains(f"^(?:{_MARKS.pattern})$")


def typed(
    values: pl.Series, conventions: Conventions = UNKNOWN
) -> tuple[pl.Series, Spelling] | None:
    """Numbers, booleans or dates that a column of text holds, if writing them again gives back
    every cell.

    At most one missing marker is allowed; null counts as the empty text. Numbers with leading
    zeros, plus signs, more than 64 bits or more digits than a float holds are left as text. A time
    of day ("17:30") is the seconds since midnight, a length of time ("1h 18m") its seconds. Where
    day and month could be exchanged in every cell, they are as in the file's other columns, or the
    day is the one with one value (monthly data fall on the first); else the day comes first. Years
    of two digits are those of the hundred years that they are likely to mean.

    Args:
        values: A String series; its name tells whether "20240105" is a date.
        conventions: What other columns of the file prove.

    Returns:
        An Int64, Float64, Boolean, Date or Datetime series and its spelling; None where there is no
        lossless reading.

    Example:
        >>> series, spelling = typed(pl.Series(["$1,250.00", "$3.50", "?"]))
        >>> series.to_list(), spelling.prefix, spelling.places, spelling.missing
        ([1250.0, 3.5, None], '$', 2, '?')
    """
    text = values.fill_null("")
    sample = _sample(text)
    if not sample:
        return None
    probe = pl.Series(values.name, sample)
    for dtype, spelling in _proposals(sample, values.name, conventions):
        if len(text) > len(sample) and _verified(probe, dtype, spelling) is None:
            continue
        found = _verified(text, dtype, spelling)
        if found is not None and spelling.datetime:
            return _with_century(text, _day_or_month(text, found, conventions))
        if found is not None:
            return found
    return None


def spelled(values: pl.Series, spelling: Spelling) -> pl.Series:
    """The text of typed values.

    Floats are written with exactly ``places`` decimals; with 0 places as short as can be and never
    with an exponent ("1", "0.00001"); with None as Python writes them ("1.0", "1e-05").

    Args:
        values: A series of any dtype; of other dtypes than numbers, booleans and dates the plain
            text is given.
        spelling: How they are written; null becomes ``spelling.missing``.

    Example:
        >>> spelled(pl.Series([1234.5, None]),
        ...     Spelling(missing="NA", places=2, decimal=",", thousands=".")).to_list()
        ['1.234,50', 'NA']
    """
    if values.dtype == pl.Boolean and spelling.true:
        text = values.replace_strict(
            [True, False], [spelling.true, spelling.false], return_dtype=pl.String
        )
    elif spelling.datetime and (values.dtype.is_temporal() or values.dtype.is_numeric()):
        text = datetimes.write(values, spelling.datetime)
    elif values.dtype.is_integer():
        text = numerals.write_integers(values, spelling)
    elif values.dtype.is_float():
        text = numerals.write_floats(values, spelling)
    elif isinstance(values.dtype, pl.Duration):
        text = durations.texts(values)
    else:
        text = values.cast(pl.String)
    return text.fill_null(spelling.missing).alias(values.name)


@dataclass(frozen=True)
class Mended:
    """A column of text read as numbers or dates, whatever stands in the way of a few cells.

    Attributes:
        values: Int64, Float64, Date or Datetime; null where missing or not read.
        spelling: How to write the values from now on; missing is the empty text.
        markers: (rows,) True where a cell holds a marker of a missing value.
        unread: (rows,) True where a cell holds something else that could not be read.
        formats: The formats that dates were read with, tried in this order; empty for numbers.
    """

    values: pl.Series
    spelling: Spelling
    markers: pl.Series
    unread: pl.Series
    formats: tuple[str, ...] = ()


def mended(
    values: pl.Series, share: float = _NEARLY, conventions: Conventions = UNKNOWN
) -> Mended | None:
    """A column of text read as numbers or dates, if nearly all of its present cells can be.

    Blanks around a cell are dropped and every known missing marker is taken as missing. Numbers
    with leading zeros or of more than 18 digits, and columns whose name says that they hold codes,
    are not numbers.

    Args:
        values: A String series.
        share: The share of the present cells that must be read, 0 to 1.
        conventions: What other columns of the file prove.

    Example:
        >>> read = mended(pl.Series(["1,200", " 7 ", "n/a", "?", *["15"] * 20]))
        >>> read.values.head(4).to_list(), read.markers.sum(), read.unread.sum()
        ([1200, 7, None, None], 2, 0)
    """
    sample = [cell.strip() for cell in _sample(values.fill_null(""))]
    # a sample may read worse than the column: cells that cannot be read may be met more often in it
    readings = list(_lenient_readings(sample, values, conventions))
    readings = [reading for reading in readings if reading.share >= share - 0.1]
    if not readings:
        return None
    missing, text = is_missing(values), values.str.strip_chars()
    present = len(values) - int(missing.sum())
    for reading in sorted(readings, key=lambda reading: -reading.share):
        parsed = reading.read(text)
        if parsed.count() >= share * present:
            markers = missing & values.is_not_null()
            unread = ~missing & parsed.is_null()
            spelling = reading.spelling
            if reading.formats:
                format_ = mixed_dates.written_format(spelling.datetime, reading.formats, parsed)
                spelling = Spelling(datetime=format_)
            else:
                if amounts.are_codes(text) or amounts.are_numbered(text):
                    return None
                if amounts.is_one_sided(text, spelling):
                    return None
                spelling = _least_changing(text, parsed, spelling)
            return Mended(parsed, spelling, markers, unread, reading.formats)
    return None


def mended_beside_words(values: pl.Series, conventions: Conventions = UNKNOWN) -> Mended | None:
    """As :func:`mended`; also where only most cells can be read, and nearly all others hold words
    that come again and again ("free" among prices).

    Args:
        values: A String series.
        conventions: What other columns of the file prove.

    Example:
        >>> sizes = pl.Series([*map("{}M".format, range(30)), *["varies"] * 10])
        >>> mended(sizes) is None, mended_beside_words(sizes).unread.sum()
        (True, 10)
    """
    found = mended(values, _MOST, conventions)
    if found is None:
        return None
    unread = values.filter(found.unread).alias("text").str.strip_chars().value_counts(name="cells")
    is_word = (pl.col("cells") >= _WORD_CELLS) & ~pl.col("text").str.contains(r"\d")
    said = int(unread.filter(is_word)["cells"].sum())
    present = len(values) - int(found.markers.sum()) - values.null_count()
    read = found.values.count()
    is_enough = read >= _NEARLY * present or read + said >= _TOGETHER * present
    return found if is_enough else None


# --- lossless -------------------------------------------------------------------------------------


def _sample(text: pl.Series) -> list[str]:
    """Cells spread over the column, and the longest, which is the likeliest to be written
    differently; no markers."""
    cells = text.gather_every(max(1, len(text) // _SAMPLE)).head(_SAMPLE).to_list()
    longest = text.str.len_bytes().arg_max()
    if longest is not None:
        cells.append(text[longest])
    kept = [cell for cell in cells if not is_marker(cell)]
    if len(kept) < min(len(text), 10):  # mostly missing: look at every cell
        kept = [cell for cell in text.unique(maintain_order=True) if not is_marker(cell)][:_SAMPLE]
    return kept


def is_marker(cell: str) -> bool:
    """Whether a cell holds a known marker of a missing value, whatever its case and blanks."""
    normal = cell.strip().lower()
    return normal in MISSING_MARKERS or _MARKS.fullmatch(normal) is not None


def _is_zero_date(cell: str) -> bool:
    """Whether a cell is a date of zeros, as "00000000" for "none"."""
    return len(cell) >= 6 and set(cell) <= set("0-/.: ")


def _is_marker_of_dates(cell: str) -> bool:
    return is_marker(cell) or _is_zero_date(cell)


def _proposals(
    sample: list[str], name: str, conventions: Conventions
) -> Iterator[tuple[pl.DataType, Spelling]]:
    if {cell.lower() for cell in sample[:20]} <= {"true", "false"}:
        if sample[0].isupper():
            true, false = "TRUE", "FALSE"
        elif sample[0].islower():
            true, false = "true", "false"
        else:
            true, false = "True", "False"
        yield pl.Boolean(), Spelling(true=true, false=false)
    dates = [cell for cell in sample if not _is_zero_date(cell)]
    for format_ in () if says_code(name) or not dates else datetimes.formats_of(dates, name):
        yield datetimes.dtype_of(format_), Spelling(datetime=format_)
    yield from numerals.spellings_of(sample, conventions)


def _verified(
    text: pl.Series, dtype: pl.DataType, spelling: Spelling
) -> tuple[pl.Series, Spelling] | None:
    """The typed values and the spelling with its missing marker, if they give back every cell."""
    values = _read(text, dtype, spelling)
    markers = text.filter(values.is_null()).unique()
    known = _is_marker_of_dates if spelling.datetime else is_marker
    if len(markers) > 1 or not all(map(known, markers)):
        return None
    spelling = replace(spelling, missing=markers[0] if len(markers) else "")
    if not (spelled(values, spelling) == text).all():
        return None
    return values, spelling


def _read(text: pl.Series, dtype: pl.DataType, spelling: Spelling) -> pl.Series:
    if spelling.datetime:
        return datetimes.read(text, dtype, spelling.datetime)
    if dtype == pl.Boolean:
        words = {spelling.true: True, spelling.false: False}
        return text.replace_strict(words, default=None, return_dtype=pl.Boolean)
    return numerals.read(text, dtype, spelling)


def _day_or_month(
    text: pl.Series, found: tuple[pl.Series, Spelling], conventions: Conventions
) -> tuple[pl.Series, Spelling]:
    """Of two lossless readings that exchange day and month, the one that the file's other columns
    prove, else that with hardly more than one day (of monthly data), else the day first, as it
    always is between dots."""
    values, spelling = found
    exchanged = datetimes.exchanged(spelling.datetime)
    if exchanged is None:
        return found
    other = _verified(text, values.dtype, replace(spelling, datetime=exchanged))
    if other is None:
        return found
    first, second = (
        (found, other) if not datetimes.month_first(spelling.datetime) else (other, found)
    )
    if conventions.month_first is not None:
        return second if conventions.month_first else first
    if datetimes.has_dots(spelling.datetime) or not datetimes.day_tells(second[0]):
        return first
    return first if datetimes.day_tells(first[0]) else second


def _with_century(text: pl.Series, found: tuple[pl.Series, Spelling]) -> tuple[pl.Series, Spelling]:
    """Years of two digits in the century that they are likely to mean."""
    values, spelling = found
    if not datetimes.has_short_year(spelling.datetime):
        return found
    format_ = datetimes.with_century(spelling.datetime, values)
    if format_ == spelling.datetime:
        return found
    return _verified(text, values.dtype, replace(spelling, datetime=format_)) or found


# --- lenient --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Reading:
    """One way to read cells leniently (numbers where there are no formats), and the share of the
    sample it reads."""

    spelling: Spelling
    formats: tuple[str, ...] = ()
    share: float = 0.0

    def read(self, text: pl.Series) -> pl.Series:
        if not self.formats:
            return amounts.read_leniently(text, self.spelling)
        return datetimes.read_any(text, self.formats)

    def judged(self, probe: pl.Series) -> _Reading:
        return replace(self, share=self.read(probe).count() / len(probe))


def _lenient_readings(
    sample: list[str], text: pl.Series, conventions: Conventions
) -> Iterator[_Reading]:
    """Readings as dates and as numbers, the likelier first."""
    if not sample or not any(any(map(str.isdigit, cell)) for cell in sample):
        return
    probe = pl.Series(sample)
    dates = mixed_dates.formats_of(sample, text, conventions)
    if dates is not None:
        exact, formats = dates
        yield _Reading(Spelling(datetime=exact), formats).judged(probe)
    if not says_code(text.name):
        usual = amounts.usual(probe).to_list()
        bounds = sum(cell.endswith(amounts.BOUND) for cell in usual) >= _BOUNDS * len(usual)
        suffix = amounts.BOUND if bounds else ""
        for thousands, decimal in numerals.marks_in(usual, conventions):
            marks = Spelling(thousands=thousands, decimal=decimal, suffix=suffix)
            yield _Reading(marks).judged(probe)


def _least_changing(text: pl.Series, numbers: pl.Series, marks: Spelling) -> Spelling:
    """How to write numbers that were read with these marks so that as few cells as can be
    change."""
    read = numbers.is_not_null()
    text, numbers = text.filter(read), numbers.filter(read)
    step = max(1, len(text) // _SAMPLE)
    text, numbers = text.gather_every(step), numbers.gather_every(step)
    best, most = marks, -1
    for spelling in _ways_to_write(text.to_list(), marks):
        alike = int((spelled(numbers, spelling) == text).sum())
        if alike > most:
            best, most = spelling, alike
    return best


def _ways_to_write(cells: list[str], marks: Spelling) -> Iterator[Spelling]:
    yield replace(marks, places=0)
    yield marks
    cells = numerals.of_commonest_form(cells)
    known = Conventions(decimal=marks.decimal)
    for _, spelling in numerals.spellings_of(cells, known) if cells else ():
        if spelling.decimal == marks.decimal and spelling.thousands in ("", marks.thousands):
            yield replace(spelling, thousands=marks.thousands)
            yield replace(spelling, thousands=marks.thousands, places=2)
