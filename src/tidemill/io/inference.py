"""What a column is, and the reason in words: number, boolean, datetime, category, id or text."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import polars as pl

from tidemill.acoustics.sounds import is_sound, rate_of, seconds
from tidemill.core import datetimes
from tidemill.core.amounts import BOUND, different_units
from tidemill.core.conventions import UNKNOWN, Conventions
from tidemill.core.schema import Kind, Spelling
from tidemill.core.shown import rounded_ends, shared_values
from tidemill.core.spelling import Mended, mended_beside_words, spelled
from tidemill.core.unknown_forms import Resembled, resembled, why_unread
from tidemill.core.words import count, percent, plural, quoted
from tidemill.io.identifiers import FEW, integers_identify, is_coded, said_by, texts_identify
from tidemill.levels.planes import are_planes, symbols_of
from tidemill.music.scores import is_scores, voices_of
from tidemill.personal.masking import mask

_PAIRS = (
    {"true", "false"},
    {"yes", "no"},
    {"y", "n"},
    {"t", "f"},
    {"0", "1"},
    {"on", "off"},
    {"ja", "nein"},
    {"oui", "non"},
    {"sí", "no"},
    {"si", "no"},
    {"sim", "não"},
    {"да", "нет"},
    {"是", "否"},
    {"有", "无"},
    {"真", "假"},
    {"对", "错"},
    {"有", "無"},
    {"はい", "いいえ"},
    {"예", "아니요"},
    {"tak", "nie"},
    {"wahr", "falsch"},
    {"vrai", "faux"},
    {"verdadero", "falso"},
    {"истина", "ложь"},
)
# a text of more characters, words or Chinese characters is no level that anyone counts
_LONG = 60
_WORDY = 7
_LONG_CHINESE = 20
_PROBE = 20_000
_NEARLY_ALL = 0.98
_MENDABLE = 0.9  # below, cleaning does not find out either what the others are
NO_VALUE = "no value at all"


@dataclass(frozen=True)
class Inferred:
    """A column's values (whole floats may have become Int64), its kind, and why.

    Attributes:
        warning: What the reader of the table must be told of it, without the column's name; "" for
            nothing.
    """

    values: pl.Series
    kind: Kind
    reason: str
    warning: str = ""


def inferred(
    values: pl.Series,
    spelling: Spelling | None = None,
    *,
    from_text: bool = False,
    conventions: Conventions = UNKNOWN,
) -> Inferred:
    """The kind of a column, with a reason that holds its figures.

    Args:
        values: Int64, Float64, Boolean, String, Date or Datetime, pixels of images, or sounds; its
            name counts too.
        spelling: How it is written, where it was read from text.
        from_text: Whether text of a source with dtypes was read as something else, which the reason
            then says.
        conventions: What the file's columns prove together.

    Example:
        >>> found = inferred(pl.Series("churn", ["yes", "no", "no"]))
        >>> found.kind, found.reason
        ('boolean', '2 different values, no and yes')
    """
    medium = _of_medium(values)
    if medium is not None:
        return medium
    present = values.drop_nulls()
    distinct = present.n_unique()
    if not distinct:
        return Inferred(values, "category", NO_VALUE)
    if values.dtype.is_temporal():
        found = Inferred(values, "datetime", _moments(present, spelling, conventions))
    elif values.dtype == pl.Boolean:
        listed = " and ".join(str(value).lower() for value in present.unique().sort())
        why = f"2 different values, {listed}"
        if distinct == 1:
            why = f"true or false ({listed} in these rows)"
        found = Inferred(values, "boolean", why)
    elif are_planes(present):
        sorts = len(symbols_of(present.to_list()))
        found = Inferred(values, "tiles", f"planes of {sorts} sorts of tiles, a character each")
    elif values.dtype == pl.String:
        found = _of_texts(values, present, distinct, conventions)
    else:
        found = _of_numbers(values, present, distinct, spelling)
    notes = _notes(present, spelling, from_text)
    if values.dtype.is_numeric() and values.name in conventions.either_mark:
        notes += _mark_note(conventions)
    return replace(found, reason=found.reason + notes)


def _of_medium(values: pl.Series) -> Inferred | None:
    """What is seen or heard, known by its dtype."""
    if isinstance(values.dtype, pl.Array):
        height, width, *colours = values.dtype.shape
        colour = "in colour" if colours else "grey"
        return Inferred(values, "image", f"images of {width} x {height} pixels, {colour}")
    if is_scores(values.dtype):
        return Inferred(values, "score", f"pieces of music in {plural(voices_of(values), 'voice')}")
    if is_sound(values.dtype):
        return Inferred(values, "sound", _of_sounds(values))
    return None


def _of_sounds(values: pl.Series) -> str:
    lengths = seconds(values)
    ends = f"{lengths.min():.2f} to {lengths.max():.2f} seconds"
    return f"sounds of {ends}, {count(rate_of(values))} samples a second"


def _mark_note(conventions: Conventions) -> str:
    """Why numbers that could be read in two ways are read as they are."""
    if conventions.decimal is None:
        taken = conventions.likely_decimal
        return f"; nothing tells whether '.' or ',' is the decimal mark, '{taken}' was taken"
    return f"; '{conventions.decimal}' is the decimal mark, as other columns show"


def _notes(present: pl.Series, spelling: Spelling | None, from_text: bool) -> str:
    """How the values were written, where that is not the usual way."""
    notes = "; stored as text" if from_text else ""
    if spelling is None:
        return notes
    marked = spelling.prefix or spelling.suffix or spelling.thousands or spelling.full_width
    if marked or spelling.decimal != ".":
        # a made-up number, which has all marks
        example = pl.Series([1234 if present.dtype.is_integer() else 1234.5])
        notes += f"; written as in '{spelled(example, spelling)[0]}'"
    if spelling.negative != "-#" or spelling.positive != "#":
        notes += f"; '{spelled(pl.Series([-1]), spelling)[0]}' stands for -1"
    if spelling.suffix == BOUND:
        notes += "; each is a lower bound"
    if spelling.missing:
        notes += f"; '{spelling.missing}' stands for a missing value"
    return notes


def _of_numbers(
    values: pl.Series, present: pl.Series, distinct: int, spelling: Spelling | None
) -> Inferred:
    if spelling is not None and spelling.datetime:
        return _of_times(values, spelling.datetime)
    if datetimes.may_be_sheet_days(values):
        said = "may be dates that a sheet counted in days since 1900 (45296 is 2024-01-05)"
        reason = _span("numbers", present, distinct)
        return Inferred(values, "number", f"{reason}; they {said}", f"holds numbers that {said}")
    whole = _whole(values) if values.dtype.is_float() else values
    if whole is None:
        return Inferred(values, "number", _span("numbers", present, distinct))
    pair = _pair(present.cast(pl.Int64)) if distinct == 2 else ""
    if pair:
        return Inferred(whole, "boolean", pair)
    why = integers_identify(whole, distinct)
    if why:
        return Inferred(whole, "id", why)
    if is_coded(values.name) or (said_by(values.name) == "strong" and distinct <= FEW):
        why = f"{plural(distinct, 'different number')} that by their name stand for something"
        return Inferred(whole, "category", why)
    return Inferred(values, "number", _span("whole numbers", present, distinct))


def _of_times(values: pl.Series, format_: str) -> Inferred:
    reason = "a time of day, counted in seconds since midnight"
    if datetimes.is_duration(format_):
        reason = "a length of time, counted in seconds"
    if not datetimes.may_be_minutes(values.name, format_):
        return Inferred(values, "number", reason)
    said = "could be minutes and seconds as well as hours and minutes, which were taken"
    warning = f"{said}; if that is wrong, its seconds are 60 times too many: write it as h:mm:ss"
    return Inferred(values, "number", f"{reason}; it {said}", warning)


def _of_texts(
    values: pl.Series, present: pl.Series, distinct: int, conventions: Conventions
) -> Inferred:
    pair = _pair(present) if distinct == 2 else ""
    if pair:
        return Inferred(values, "boolean", pair)
    rows = len(present)
    tally = f"{plural(distinct, 'different value')} in {plural(rows, 'row')}"
    if distinct <= FEW and rows >= 5 * distinct:
        return Inferred(values, "category", tally)
    why = ""
    if said_by(values.name):
        why = texts_identify(values, distinct)
    if not why:
        almost = mended_beside_words(values, conventions)
        if almost is not None:
            return _almost_alike(values, present, almost)
        looks = resembled(present)
        if looks:
            return _unread(values, present, looks)
        why = texts_identify(values, distinct)
    if why:
        return Inferred(values, "id", why)
    length, long = _length(present)
    if long:
        return Inferred(values, "text", f"free text of {length:.0f} characters on average; {tally}")
    if rows >= 2 * distinct or rows < 10:
        return Inferred(values, "category", tally)
    return Inferred(values, "text", f"{tally}, so hardly any value comes twice")


def _unread(values: pl.Series, present: pl.Series, looks: Resembled) -> Inferred:
    """Texts that look like amounts or dates, in a form that is not known."""
    shown = mask(present.filter(present.str.contains(r"\d"))[0])
    said = f"looks like {looks} (such as '{shown}') {why_unread(looks)}"
    return Inferred(
        values,
        "text",
        f"{said}; nothing is learned of it",
        f"{said}, so nothing is learned of it; write it in another form",
    )


def _almost_alike(values: pl.Series, present: pl.Series, almost: Mended) -> Inferred:
    what = "dates" if almost.values.dtype.is_temporal() else "numbers"
    units = different_units(present, almost.spelling) if what == "numbers" else []
    if units:
        said = f"numbers of different units ({quoted(units)})"
        return Inferred(
            values,
            "text",
            f"{said}, which cannot be compared",
            f"holds {said}, so it is taken as words; bring them to one unit",
        )
    share = almost.values.count() / (len(present) - int(almost.markers.sum()))
    said = f"{percent(share)} of the values read as {what}, but not all are written alike"
    if share >= _NEARLY_ALL:
        return Inferred(values, "text", f"{said}; cleaning mends them")
    others = shared_values(values.filter(almost.unread))
    other = f"'{others[0]}'" if len(others) else f"'{mask(values.filter(almost.unread)[0])}'"
    warning = f"holds {what} beside other texts, such as {other}; with these it is taken as words"
    return Inferred(
        values,
        "text",
        f"{said}, and others, such as {other}, are none",
        warning if share < _MENDABLE else "",
    )


def _pair(present: pl.Series) -> str:
    texts = present.cast(pl.String).unique().sort().to_list()
    words = {text.strip().lower() for text in texts}
    if words not in _PAIRS:
        return ""
    return f"2 different values, {texts[0]} and {texts[1]}"


def _whole(values: pl.Series) -> pl.Series | None:
    whole = values.cast(pl.Int64, strict=False)
    is_exact = whole.cast(pl.Float64).eq_missing(values).all()
    return whole if is_exact else None


def _length(present: pl.Series) -> tuple[float, bool]:
    """Mean characters of the different values, and whether they are too long to be levels."""
    levels = present.head(_PROBE).unique()
    length = float(levels.str.len_chars().mean() or 0.0)  # type: ignore[arg-type]
    words = float((levels.str.count_matches(r"\S+")).mean() or 0.0)  # type: ignore[arg-type]
    letters = levels.str.count_matches(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
    chinese = float(letters.mean() or 0.0)  # type: ignore[arg-type]
    return length, length > _LONG or words > _WORDY or chinese > _LONG_CHINESE


def _span(what: str, present: pl.Series, distinct: int) -> str:
    low: Any = present.min()
    high: Any = present.max()
    if distinct == 1:
        return f"{what}, all the same" if len(present) > 1 else f"one of the {what}"
    below, above = rounded_ends(low, high)
    return f"{what} from {below} to {above}, {distinct:,} different"


def _are_midnights(moments: pl.Series) -> bool:
    days = moments.cast(pl.Date).cast(pl.Datetime("us"))
    return bool((days == moments.dt.replace_time_zone(None)).all())


def _moments(present: pl.Series, spelling: Spelling | None, conventions: Conventions) -> str:
    what, moments = "dates and times", present
    if present.dtype == pl.Date or _are_midnights(present):
        what, moments = "dates", present.cast(pl.Date)
    first, last = rounded_ends(moments.min(), moments.max())
    text = f"{what} of {first}" if first == last else f"{what} from {first} to {last}"
    if spelling is None:
        return text
    text += "".join(f", {note}" for note in datetimes.notes_on(spelling.datetime, present))
    month_first = datetimes.month_first(spelling.datetime)
    if month_first is None:
        return text
    order = "month before day" if month_first else "day before month"
    text += f", read with the {order}"
    if present.dt.day().max() <= 12:  # type: ignore[operator]
        why = "nothing tells, and the day was taken first"
        if datetimes.has_dots(spelling.datetime):
            why = "between dots the day comes first"
        elif datetimes.day_tells(present):
            why = "the one with fewer different values was taken as the day"
        if conventions.month_first is not None:
            why = "it is so in other columns of the file"
        text += f" (in every row they could be exchanged: {why})"
    return text
