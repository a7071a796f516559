"""A file or a frame becomes a Dataset: columns typed without loss, kinds and roles inferred with a
reason each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

import polars as pl

from tidemill.acoustics.sounds import is_sound
from tidemill.core import datetimes
from tidemill.core.conventions import Conventions
from tidemill.core.dataset import Dataset
from tidemill.core.errors import SchemaError
from tidemill.core.frame_form import FrameForm
from tidemill.core.run import Run
from tidemill.core.schema import MEDIA, Column, Role, Schema, Spelling
from tidemill.core.spelling import typed
from tidemill.core.words import plural, shortlist
from tidemill.imaging.pixels import is_pixels
from tidemill.io.bounds import check_table, readable
from tidemill.io.choices import Choices, choices_in, spread, told
from tidemill.io.conventions import conventions_of, warn_undecided, warn_undecided_order
from tidemill.io.declared import check_rules
from tidemill.io.dtypes import Typed, admitted, text_of
from tidemill.io.frames import Frame, FrameSource
from tidemill.io.images.columns import with_images
from tidemill.io.images.folder import LABEL
from tidemill.io.inference import NO_VALUE, Inferred, inferred
from tidemill.io.music.columns import with_scores
from tidemill.io.options import SINGLE_ROLES, ColumnOverrides, column_overrides
from tidemill.io.personal import with_judgement
from tidemill.io.retyping import retyped
from tidemill.io.sound.columns import with_sounds
from tidemill.io.source import Raw, Source
from tidemill.io.steps import step_of

Input = Dataset | Source | Frame
"""A table as rooms take it: read, to be read, or in memory."""
_GIVEN = "given by the user"


def read(
    source: Input,
    run: Run,
    *,
    target: str | None = None,
    ignore: Iterable[str] = (),
    id: Iterable[str] = (),
    sensitive: Iterable[str] = (),
    time: str | None = None,
    entity: str | None = None,
    keep: Iterable[str] = (),
    schema: str | Path | None = None,
) -> Dataset:
    """The table of a file or a frame, with its schema.

    Args:
        source: What ``Source.parse`` gives for a path, or a polars, pandas or pyarrow table.
        run: Shows the progress and takes the warnings.
        target: The column to be predicted.
        ignore: Columns to leave out of everything; those of lists, records or bytes must be among
            them.
        id: Columns that identify rows or persons.
        sensitive: Protected attributes.
        time: The column that orders the rows.
        entity: The column that tells whom a row is about.
        keep: Columns to be learned as they are, although their values are personal or rare.
        schema: A TOML file that overrides kinds and roles, and declares rules.

    Raises:
        InputError: The file cannot be read.
        SchemaError: Columns, kinds or roles do not fit the data.
    """
    if not isinstance(source, Source):
        source = FrameSource(source)
    where = source.shown
    with readable(where):
        raw = source.open(run)
        check_table(raw.frame, where)
        choices = _choices(raw)
        options = [column for one in choices.values() for column in one.columns]
        wishes = column_overrides(
            [*raw.frame.columns, *options],
            schema,
            target=target,
            ignore=ignore,
            id=id,
            sensitive=sensitive,
            time=time,
            entity=entity,
            keep=keep,
        )
        wishes, reasons = _with_known(raw, wishes)
        choices = _wanted(choices, wishes, where)
        data = _typed(_spread(raw, choices), wishes, reasons, where, run)
        data = _with_forms(_with_choices(data, choices, run), raw)
        check_rules(data, str(schema))
        return data


def _choices(raw: Raw) -> dict[str, Choices]:
    """What the cells of each column name, where they name several of a few options each."""
    names = set(raw.frame.columns)
    found = {}
    for values in raw.frame:
        one = choices_in(values, empty_is_missing=raw.is_text)
        if one is not None and not names.intersection(one.columns):
            found[values.name] = one
    return found


def _wanted(
    choices: Mapping[str, Choices], wishes: ColumnOverrides, where: str
) -> dict[str, Choices]:
    """The columns to be spread: none of which the user speaks as a whole.

    Raises:
        SchemaError: The user speaks of such a column and of one of its options.
    """
    of_rules = (name for rule in wishes.rules for name in rule.columns)
    named = {*wishes.kinds, *wishes.roles, *of_rules}
    for name in named.intersection(choices):
        for option in sorted(named.intersection(choices[name].columns)):
            raise SchemaError(
                f"'{option}' is an option of '{name}', which is named as a whole",
                where=where,
                hint="name either the column or its options",
            )
    return {name: one for name, one in choices.items() if name not in named}


def _spread(raw: Raw, choices: Mapping[str, Choices]) -> Raw:
    if not choices:
        return raw
    series: list[pl.Series] = []
    for values in raw.frame:
        one = choices.get(values.name)
        flags = [values] if one is None else spread(values, one, empty_is_missing=raw.is_text)
        series += flags
    return replace(raw, frame=pl.DataFrame(series))


def _with_choices(data: Dataset, choices: Mapping[str, Choices], run: Run) -> Dataset:
    """The schema with what each yes-no column is an option of."""
    columns = []
    for one in choices.values():
        told(one, run)
        why = f"one of {len(one.options)} options of which a cell of '{one.name}' names several"
        for name, choice in one.columns.items():
            columns.append(replace(data.schema[name], choice=choice, reason=why))
    return replace(data, schema=data.schema.replacing(*columns)) if columns else data


def _with_forms(data: Dataset, raw: Raw) -> Dataset:
    """The schema with what texts were: dialogues, or files."""
    columns = []
    for name, known in raw.known.items():
        if (known.turns or known.files) and data.schema[name].kind == "text":
            columns.append(replace(data.schema[name], turns=known.turns, files=known.files))
    return replace(data, schema=data.schema.replacing(*columns)) if columns else data


def _with_known(raw: Raw, wishes: ColumnOverrides) -> tuple[ColumnOverrides, dict[str, str]]:
    """What the source knows of columns of which the user says nothing else, and the reasons."""
    kinds, roles = dict(wishes.kinds), dict(wishes.roles)
    reasons = {}
    for name, known in raw.known.items():
        is_given = name in kinds or name in roles
        if known.kind is not None:
            kinds.setdefault(name, known.kind)
        taken = known.role in SINGLE_ROLES and known.role in wishes.roles.values()
        if known.role is not None and not taken:
            roles.setdefault(name, known.role)
        if not is_given:
            reasons[name] = known.reason
    return replace(wishes, kinds=kinds, roles=roles), reasons


def _typed(
    raw: Raw, wishes: ColumnOverrides, reasons: Mapping[str, str], where: str, run: Run
) -> Dataset:
    """The columns of a source, typed, with kinds and roles.

    Args:
        raw: What the source gives.
        wishes: Kinds and roles that are given.
        reasons: Why, by column, where it was not the user who gave them.
        where: For messages.
        run: Shows the progress and takes the warnings.
    """
    raw = with_images(raw, wishes, where, run)
    raw = with_sounds(raw, wishes, where, run)
    raw = with_scores(raw, wishes, where, run)
    wishes, of_label = _labelled(raw, wishes)
    reasons = {**reasons, **of_label}
    texts = [column for column in raw.frame if column.dtype == pl.String]
    conventions = conventions_of(texts, raw.decimal, raw.delimiter)
    untyped = run.track(raw.frame.get_columns(), "read", "typing the columns")
    entries = [_entered(column, raw, conventions) for column in untyped]
    _check_refused(entries, wishes, where)
    series: list[pl.Series] = []
    columns: list[Column] = []
    for entry in run.track(entries, "read", "inferring kinds and roles"):
        values, column = _column(entry, raw.is_text, wishes, reasons, conventions, run)
        series.append(values)
        columns.append(column)
    _warn(entries, columns, run)
    warn_undecided(conventions, _numbers(columns), run)
    dates = [values for values in series if values.dtype.is_temporal()]
    warn_undecided_order(conventions, dates, run)
    return Dataset(
        pl.DataFrame(series),
        Schema(tuple(columns), wishes.rules, conventions),
        name=raw.name,
        frame_form=_without_names(raw.frame_form, columns),
        aside=raw.aside,
    )


def _entered(column: pl.Series, raw: Raw, conventions: Conventions) -> Typed:
    if column.name in raw.refused:
        return Typed(column, text_of(column.dtype), refused=raw.refused[column.name])
    enter = _text_admitted if raw.is_text else _admitted
    entry = enter(column, conventions)
    note = raw.notes.get(column.name)
    return entry if note is None else replace(entry, note=note)


def _without_names(form: FrameForm, columns: Iterable[Column]) -> FrameForm:
    """The form without levels that may name rows or persons."""
    without_roles = ("key", "entity", "ignore")
    names = [
        column.name
        for column in columns
        if column.kind not in ("category", "boolean") or column.role in without_roles
    ]
    return form.without_levels(dict.fromkeys(names))


def _labelled(raw: Raw, wishes: ColumnOverrides) -> tuple[ColumnOverrides, Mapping[str, str]]:
    """The label of images or sounds as their target, where the user says nothing else, and why."""
    label = raw.label
    if label is None and LABEL in raw.frame.columns:
        for what, is_one in (("images", is_pixels), ("sounds", is_sound)):
            if any(map(is_one, raw.frame.dtypes)):
                label = LABEL, f"the column '{LABEL}' beside {what}"
    if label is None:
        return wishes, {}
    name, why = label
    if name in wishes.roles or "target" in wishes.roles.values():
        roles = dict(wishes.roles)
    else:
        roles = {**wishes.roles, name: "target"}
    kinds = {name: "category", **wishes.kinds}
    return replace(wishes, kinds=kinds, roles=roles), {name: why}


def _admitted(values: pl.Series, conventions: Conventions) -> Typed:
    """A column of a source with dtypes, with text typed where nothing is lost."""
    entry = admitted(values)
    # here null is not the empty text, so both in one column could not be given back
    if entry.refused or entry.values.dtype != pl.String or (entry.values == "").any():
        return entry
    if values.dtype in (pl.Categorical, pl.Enum):
        return entry  # levels by their type, also where they are spelled as numbers
    found = typed(entry.values, conventions)
    if found is None:
        return entry
    return replace(entry, values=found[0], spelling=found[1])


def _text_admitted(text: pl.Series, conventions: Conventions) -> Typed:
    """A column of a text source, in which the empty text is a missing value."""
    if text.dtype != pl.String:  # pixels, or an option of several
        return admitted(text)
    found = typed(text, conventions)
    if found is None:
        return Typed(text.set(text == "", None), "String", Spelling())
    values, spelling = found
    dtype = text_of(values.dtype)
    if datetimes.is_time_of_day(spelling.datetime):
        dtype = "Time(s)"
    return Typed(values, dtype, spelling)


def _column(
    entry: Typed,
    is_text: bool,
    wishes: ColumnOverrides,
    reasons: Mapping[str, str],
    conventions: Conventions,
    run: Run,
) -> tuple[pl.Series, Column]:
    values, spelling, dtype = entry.values, entry.spelling, entry.dtype
    name = values.name
    wish = wishes.kinds.get(name)
    if entry.refused:
        found = Inferred(values, "text", entry.refused)
    elif wish == "tiles":
        found = Inferred(values.cast(pl.String), wish, reasons.get(name, _GIVEN))
    elif wish is not None and wish not in MEDIA:
        values, spelling = retyped(values, spelling, wish, conventions)
        if is_text:
            dtype = text_of(values.dtype)
        found = Inferred(values, wish, reasons.get(name, _GIVEN))
    else:
        from_text = dtype == "String" and values.dtype != pl.String
        found = inferred(values, spelling, from_text=from_text, conventions=conventions)
        if wishes.roles.get(name) == "target":
            found = _predictable(found)
    if entry.note and found.kind in ("number", "datetime"):
        found = replace(found, reason=f"{entry.note}; {found.reason}")
    role, why = _role(found, wishes)
    if role == "entity" and wish is None and found.kind in ("category", "boolean", "text"):
        found = replace(found, kind="id", reason="tells whom a row is about")
    if found.warning and role != "ignore":
        run.warn(f"The column '{name}' {found.warning}.", "read")
    if why == _GIVEN:
        why = reasons.get(name, why)
    column = Column(
        name,
        found.kind,
        role,
        nullable=found.values.has_nulls(),
        step=step_of(found.values) if found.kind == "number" else None,
        dtype=dtype,
        spelling=spelling,
        reason=found.reason,
        role_reason=why,
    )
    return found.values, with_judgement(column, found.values, wishes)


def _predictable(found: Inferred) -> Inferred:
    """A target that was taken for an id or a text, as what can be predicted."""
    if found.kind not in ("id", "text"):
        return found
    if found.values.dtype.is_numeric():
        return Inferred(found.values, "number", f"numbers, being the target ({found.reason})")
    if found.values.n_unique() * 2 <= len(found.values):
        return Inferred(found.values, "category", f"levels, being the target ({found.reason})")
    return found


def _role(found: Inferred, wishes: ColumnOverrides) -> tuple[Role, str]:
    name, values = found.values.name, found.values
    role = wishes.roles.get(name)
    if role == "time" and not (values.dtype.is_numeric() or values.dtype.is_temporal()):
        raise SchemaError(
            f"the time column holds {found.kind} values, not dates or numbers",
            where=f"column '{name}'",
            hint='name another, or give it kind = "datetime" in a schema file',
        )
    if role is not None:
        return role, _GIVEN
    if found.kind != "id" or len(values) < 2 or values.has_nulls():
        return "feature", ""
    if values.n_unique() < len(values):
        return "feature", ""
    return "key", f"each of the {len(values):,} values occurs once"


def _check_refused(entries: list[Typed], wishes: ColumnOverrides, where: str) -> None:
    whys = []
    options = []
    for entry in entries:
        name = entry.values.name
        if entry.refused and wishes.roles.get(name) != "ignore":
            whys.append(f"'{name}': {entry.refused}")
            options.append(f"option 'ignore={name}'")
    if whys:
        raise SchemaError(
            f"{plural(len(whys), 'column')} cannot be used ({'; '.join(whys[:5])})",
            where=where,
            hint=f"leave out what holds no plain values: {' '.join(options)}",
        )


def _numbers(columns: list[Column]) -> list[str]:
    return [c.name for c in columns if c.kind in ("number", "id") and c.role != "ignore"]


def _warn(entries: list[Typed], columns: list[Column], run: Run) -> None:
    for entry in entries:
        if entry.warning:
            run.warn(f"The column '{entry.values.name}': {entry.warning}.", "read")
    empty = [column.name for column in columns if column.reason == NO_VALUE]
    if empty:
        counted = plural(len(empty), "column has", "columns have")
        run.warn(f"{counted} no value at all: {shortlist(empty, 8)}.", "read")
