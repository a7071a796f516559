"""Rows that a user gives, read with a model's eyes: nothing in a value ends the call.

What the model does not know counts as not known, what lies beyond what it learned is taken to the
nearest that it did, and the user's own value stays as it is. Each is told once a column.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tidemill.cleaning.markers import are_markers
from tidemill.core import amounts, datetimes
from tidemill.core.dataset import Dataset
from tidemill.core.errors import DataError
from tidemill.core.lawful import NOISE
from tidemill.core.persons import persons_of
from tidemill.core.run import Run
from tidemill.core.schema import Column, Schema
from tidemill.core.shown import is_personal, shared_values
from tidemill.core.spelling import is_missing, mended, spelled
from tidemill.core.split import entity_numbers
from tidemill.core.words import format_value, percent, plural, quoted
from tidemill.io.choices import with_choices_of
from tidemill.io.conventions import contradicts, read_again
from tidemill.io.reading import Input, read
from tidemill.personal.people import is_full_name
from tidemill.synthesis.infilling import FRESH, GivenRows
from tidemill.synthesis.raw_form import RawForm, no_records

_SHARE_READ = 0.5
_FEWEST_UNREAD = 20
"""So few cells that cannot be read are slips, whatever their share."""
_SHOWN = 3


@dataclass(frozen=True)
class ModelEyes:
    """What a model makes of a user's rows.

    Attributes:
        schema: Its columns.
        types: The dtype of each.
        form: How raw cells became what it learned.
        nearest: Rows of its types -> the nearest that it knows, and what of them breaks rules.
        levels: The levels of a column that it keeps by name.
    """

    schema: Schema
    types: Mapping[str, pl.DataType]
    form: RawForm
    nearest: Callable[[Dataset], tuple[Dataset, dict[str, int]]]
    levels: Callable[[str], list[str]]


def read_given(rows: Input, eyes: ModelEyes, run: Run) -> GivenRows:
    """A user's rows; text is read in the way in which the model's columns are written.

    Args:
        rows: A Dataset, a frame, or a Source.
        eyes: The model's.
        run: Is told what the model does not know.

    Raises:
        DataError: The rows have none of the model's columns, or most values of a column are none of
            its kind.
        InputError: They cannot be read.
    """
    source = rows if isinstance(rows, Dataset) else read(rows, run.child(quiet=True))
    source = with_choices_of(source, eyes.schema, run.child(quiet=True))
    shared = [name for name in eyes.schema.names if name in source.schema]
    if not shared:
        raise DataError(
            "the rows have none of the model's columns",
            where=source.name,
            hint=f"the model's columns are: {', '.join(eyes.schema.names[:12])}"
            f"{', ...' if len(eyes.schema) > 12 else ''}",
        )
    aside = no_records(source, run)
    telling = _Telling(source, _persons(source, eyes.schema), run, aside)
    telling.left_out()
    columns = []
    for name in shared:
        values, unread = _typed(source, eyes, name)
        telling.unread(eyes.schema[name], unread & ~pl.Series(aside, dtype=pl.Boolean))
        columns.append(values)
    typed = Dataset(pl.DataFrame(columns), eyes.schema.select(shared), name=source.name)
    said = eyes.form.repaired(typed)
    said = replace(typed, frame=_with_levels(said.frame, eyes))
    known, broken = eyes.nearest(said)
    for column in known.schema:
        if column.kind not in FRESH:
            own = None if column.kind == "number" else eyes.levels(column.name)
            telling.unknown(column, said[column.name], known[column.name], own or None)
    telling.broken(broken)
    return GivenRows(source, known, said.frame, aside if aside.any() else None)


def _persons(source: Dataset, schema: Schema) -> NDArray[np.int64] | None:
    """(rows,) the number of each row's person: of its entity, where the model knows one."""
    entities = [column.name for column in schema.of_role("entity") if column.name in source.schema]
    return entity_numbers(source, entities) if entities else persons_of(source)


def _with_levels(frame: pl.DataFrame, eyes: ModelEyes) -> pl.DataFrame:
    """Levels that a user writes otherwise than the model, as the model does: in another letter
    case, with other blanks, or 7.0 for 7; where there is only one such level."""
    new = []
    for name in frame.columns:
        values = frame[name]
        levels = eyes.levels(name)
        if values.dtype != pl.String or not levels:
            continue
        odd = values.drop_nulls().unique().sort()
        odd = odd.filter(~odd.is_in(levels))
        best = _one_by_form(levels)
        replaced = {text: best[form] for text in odd if (form := _form(text)) in best}
        if replaced:
            new.append(values.replace(replaced))
    return frame.with_columns(new)


def _one_by_form(levels: list[str]) -> dict[str, str]:
    forms: dict[str, list[str]] = {}
    for level in levels:
        forms.setdefault(_form(level), []).append(level)
    return {form: alike[0] for form, alike in forms.items() if len(alike) == 1}


def _form(text: str) -> str:
    plain = " ".join(text.split()).casefold()
    if plain.endswith(".0") and plain[:-2].lstrip("-").isdigit():
        return plain[:-2]
    return plain


# --- a column in the model's type -----------------------------------------------------------------


def _typed(source: Dataset, eyes: ModelEyes, name: str) -> tuple[pl.Series, pl.Series]:
    """A user's column in the model's type, and (rows,) where a cell holds something that cannot be
    brought into it."""
    values, column, dtype = source.frame[name], eyes.schema[name], eyes.types[name]
    nothing = pl.repeat(False, len(values), dtype=pl.Boolean, eager=True)
    if column.kind in FRESH:
        return values, nothing
    if values.null_count() == len(values):
        return pl.Series(name, [None] * len(values), dtype=dtype), nothing
    theirs, new = source.schema[name].spelling, None
    if theirs is not None and column.spelling is not None:
        is_alike = values.dtype == dtype and theirs == column.spelling
        # what the user's file proves of itself counts more than how the model's rows were written
        if not is_alike and not contradicts(source.schema.conventions, column.spelling):
            new = read_again(values, theirs, column.spelling, dtype)
    if new is None and values.dtype == pl.String and dtype != pl.String:
        new = _read(values, source, eyes, name)
    if new is None and dtype == pl.String and theirs is not None:
        new = spelled(values, theirs).set(values.is_null(), None)
    if new is None:
        new = _cast(values, dtype)
    lost = new.is_null() & values.is_not_null()
    if values.dtype == pl.String:
        lost &= ~(is_missing(values) | are_markers(values))
    return new.alias(name), lost


def _read(text: pl.Series, source: Dataset, eyes: ModelEyes, name: str) -> pl.Series:
    """A column of texts as numbers, dates or truths: in the way in which the learned ones were
    read, or in that of the user's file, whichever reads more of it."""
    column, dtype = eyes.schema[name], eyes.types[name]
    found = []
    reading = (eyes.form.readings or {}).get(name)
    spelling = column.spelling
    proven = spelling is not None and contradicts(source.schema.conventions, spelling)
    if dtype == pl.Boolean:
        return _truths(text, column)
    if reading is not None and not proven:
        found.append(reading.read(text))
    elif spelling is not None and not proven and not spelling.datetime and dtype.is_numeric():
        found.append(amounts.read_leniently(text.str.strip_chars(), spelling))
    elif spelling is not None and not proven and spelling.datetime:
        found.append(datetimes.read_any(text.str.strip_chars(), (spelling.datetime,)))
    own = mended(text, 0.0, source.schema.conventions)
    if own is not None and own.values.dtype.is_numeric() == dtype.is_numeric():
        found.append(own.values)
    usable = [_cast(one, dtype) for one in found]
    if not usable:
        return _cast(text, dtype)
    return max(usable, key=lambda one: one.count())  # the first of those that read as many


def _truths(text: pl.Series, column: Column) -> pl.Series:
    words = {"true": True, "false": False, "1": True, "0": False}
    if column.spelling is not None and column.spelling.true:
        words |= {column.spelling.true.lower(): True, column.spelling.false.lower(): False}
    plain = text.str.strip_chars().str.to_lowercase()
    return plain.replace_strict(words, default=None, return_dtype=pl.Boolean)


def _cast(values: pl.Series, dtype: pl.DataType) -> pl.Series:
    if values.dtype == dtype:
        return values
    if dtype == pl.Boolean and not values.dtype.is_numeric():
        return (
            values.cast(pl.String)
            .str.to_lowercase()
            .replace_strict({"true": True, "false": False}, default=None, return_dtype=pl.Boolean)
        )
    if dtype.is_temporal() and not (values.dtype.is_temporal() or values.dtype == pl.String):
        return pl.Series(values.name, [None] * len(values), dtype=dtype)
    if dtype.is_numeric() and values.dtype.is_temporal():
        return pl.Series(values.name, [None] * len(values), dtype=dtype)
    if (
        isinstance(dtype, pl.Datetime)
        and dtype.time_zone
        and getattr(values.dtype, "time_zone", None) is None
        and (values.dtype.is_temporal())
    ):
        return values.cast(pl.Datetime(dtype.time_unit)).dt.replace_time_zone(
            dtype.time_zone, ambiguous="earliest", non_existent="null"
        )
    if values.dtype.is_float() and dtype.is_integer():
        values = values.round()
    return values.cast(dtype, strict=False)


# --- what is told ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Telling:
    """Says once a column what the model does not know of a user's rows.

    Attributes:
        source: The rows.
        persons: (n,) the number of each row's person; None where each row is one of its own.
        run: Is told.
        aside: (n,) whether a row is no record, and so nothing is told of its cells.
    """

    source: Dataset
    persons: NDArray[np.int64] | None = field(repr=False)
    run: Run
    aside: np.ndarray = field(repr=False)

    def left_out(self) -> None:
        """Which rows are no records."""
        at = np.flatnonzero(self.aside)
        if len(at):
            many = len(at) > 1
            self.run.warn(
                f"{_rows(at)} of '{self.source.name}' {'are' if many else 'is'} no "
                f"{'records' if many else 'record'} but totals, notes or the like; nothing is said "
                f"of {'them' if many else 'it'}."
            )

    def unread(self, column: Column, where: pl.Series) -> None:
        """Cells that are none of the column's kind.

        Raises:
            DataError: These are most of it.
        """
        count, total = int(where.sum()), self.source[column.name].count()
        if not count:
            return
        noun = _NOUNS.get(column.kind, f"{column.kind} values")
        at = where.arg_true().to_numpy()
        shown = self._quoted(column.name, self.source[column.name].cast(pl.String), at)
        if count > _SHARE_READ * total and count >= _FEWEST_UNREAD:
            raise DataError(
                f"{percent(count, total)} of its values cannot be read as {noun}{shown}",
                where=f"{self.source.name}, column '{column.name}'",
                hint="give a file of the same form as that which the model learned from",
            )
        self.run.warn(
            f"{plural(count, 'cell')} of '{column.name}' ({_rows(at)}) cannot be read as "
            f"{noun}{shown}; {'it counts' if count == 1 else 'they count'} as missing."
        )

    def unknown(
        self, column: Column, said: pl.Series, known: pl.Series, levels: list[str] | None
    ) -> None:
        """Values that the model does not know, or that lie beyond what it learned."""
        if levels is not None:
            odd = said.is_not_null() & ~said.cast(pl.String).is_in(levels)
        else:
            odd = said.is_not_null() & known.is_null()
        odd &= ~pl.Series(self.aside, dtype=pl.Boolean)
        count = int(odd.sum())
        if count and column.kind in ("category", "boolean"):
            at = odd.arg_true().to_numpy()
            shown = self._quoted(column.name, said.cast(pl.String), at)
            self.run.warn(
                f"{plural(count, 'row')} of '{column.name}' ({_rows(at)}) "
                f"{'holds' if count == 1 else 'hold'} a level that the model does not know{shown}: "
                "to the model it is not known, and the cell stays as it is."
            )
            return
        if column.kind == "number":
            said, known = said.cast(pl.Float64), known.cast(pl.Float64)
            least = 0.5 * float(column.step or 0) + NOISE * said.abs()
            off = (said - known).abs() > least
        elif column.kind == "datetime":
            off = (said - known).abs() > timedelta(days=1)
        else:
            return
        off = off.fill_null(False) & ~pl.Series(self.aside, dtype=pl.Boolean)
        self._beyond(column.name, known.filter(off & (said > known)), "above", "largest")
        self._beyond(column.name, known.filter(off & (said < known)), "below", "smallest")

    def _beyond(self, name: str, known: pl.Series, side: str, end: str) -> None:
        """Values beyond what the model learned, as those that it takes them for."""
        if len(known):
            shown = format_value(known[0])
            are, them, stay = "are", "them", "cells stay as they are"
            if len(known) == 1:
                are, them, stay = "is", "it", "cell stays as it is"
            self.run.warn(
                f"{plural(len(known), 'row')} of '{name}' {are} {side} {shown}, the {end} that the "
                f"model learned; it takes {them} for {shown}, and the {stay}."
            )

    def broken(self, rules: Mapping[str, int]) -> None:
        """Values that break a rule of the learned rows."""
        for said, count in rules.items():
            rows = f"{plural(count, 'row')} of '{self.source.name}'"
            self.run.warn(
                f"{rows} {'holds' if count == 1 else 'hold'} {said}; the model goes by the other "
                "values, and the cells stay as they are."
            )

    def _quoted(self, name: str, texts: pl.Series, at: np.ndarray) -> str:
        """A few of the texts of some rows that enough persons share there, unless they may be names
        of persons."""
        if is_personal(self.source.schema[name]):
            return ""
        persons = None if self.persons is None else self.persons[at]
        levels = [level for level in shared_values(texts[at], persons) if not is_full_name(level)]
        return f" ({quoted(levels, _SHOWN)})" if levels else ""


_NOUNS = {"number": "numbers", "datetime": "dates", "boolean": "yes or no"}


def _rows(at: np.ndarray) -> str:
    numbers = ", ".join(f"{row + 1:,}" for row in at[:_SHOWN].tolist())
    more = f" and {len(at) - _SHOWN:,} more" if len(at) > _SHOWN else ""
    return f"{'row' if len(at) == 1 else 'rows'} {numbers}{more}"
