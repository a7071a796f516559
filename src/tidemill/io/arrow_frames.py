"""pyarrow tables: read by polars, and handed back with the types that they had."""

from __future__ import annotations

import base64
from contextlib import suppress
from typing import Any

import polars as pl
from polars.exceptions import PolarsError

from tidemill.core.errors import InputError
from tidemill.core.frame_form import ColumnForm, FrameForm
from tidemill.core.run import Run
from tidemill.core.words import shortlist
from tidemill.io.dtypes import text_of
from tidemill.io.names import named


def from_arrow(table: Any, run: Run) -> tuple[pl.DataFrame, FrameForm]:
    """The columns of a pyarrow table, or of anything that speaks Arrow's C stream, and its form.

    Raises:
        InputError: It cannot be read.
        SchemaError: A name occurs twice.
    """
    is_table = hasattr(table, "column_names") and hasattr(table, "rename_columns")
    labels = list(table.column_names) if is_table else []
    if is_table:
        table = table.rename_columns(named(labels, "the pyarrow table", run))
        table = with_known_zones(table, run)
    try:
        frame = pl.DataFrame(table)
    except (PolarsError, TypeError, ValueError) as error:
        raise InputError(
            f"the {type(table).__name__} cannot be read as a table ({error})",
            hint="give a polars, pandas or pyarrow table",
        ) from error
    if type(table).__module__.partition(".")[0] != "pyarrow" or not is_table:
        return frame, FrameForm()
    forms = []
    for label, values, column in zip(labels, frame, table.columns, strict=True):
        levels, ordered = _levels(column)
        form = ColumnForm(
            values.name,
            label,
            arrow_text(column.type),
            text_of(values.dtype),
            levels,
            ordered=ordered,
        )
        forms.append(form)
    return frame, FrameForm("pyarrow", tuple(forms))


def with_known_zones(table: Any, run: Run) -> Any:
    """A pyarrow table whose moments are in UTC where polars does not know their time zone, such as
    +05:30; they are the same moments."""
    import pyarrow

    changed: dict[str, str] = {}
    fields = []
    for field in table.schema:
        zone = getattr(field.type, "tz", None)
        if zone is not None and not _is_known(zone):
            changed[field.name] = zone
            field = field.with_type(pyarrow.timestamp(field.type.unit, "UTC"))
        fields.append(field)
    if not changed:
        return table
    zones = ", ".join(sorted(set(changed.values())))
    run.warn(
        f"moments in {zones} were read, and are written, in UTC: {shortlist(list(changed), 5)}.",
        "read",
    )
    return table.cast(pyarrow.schema(fields))


def _is_known(zone: str) -> bool:
    try:
        return bool(pl.Series([], dtype=pl.Datetime("us", zone)).dtype)
    except PolarsError:
        return False


def to_arrow(frame: pl.DataFrame, form: FrameForm) -> Any:
    """The frame as a pyarrow table, with the types and labels of the form where the values fit."""
    import pyarrow

    table = frame.to_arrow()
    forms = {column.name: column for column in form.columns}
    arrays, labels = [], []
    for values, column in zip(frame, table.columns, strict=True):
        one = forms.get(values.name)
        labels.append(values.name if one is None else one.label)
        if one is not None and one.door == text_of(values.dtype):
            # a value that does not fit stays as it is
            with suppress(pyarrow.ArrowInvalid, pyarrow.ArrowNotImplementedError):
                column = _brought_back(column, one)
        arrays.append(column)
    return pyarrow.table(arrays, names=labels)


def arrow_text(kind: Any) -> str:
    """A pyarrow type as text, whatever its parameters are."""
    import pyarrow

    packed = pyarrow.schema([pyarrow.field("", kind)]).serialize().to_pybytes()
    return base64.b64encode(packed).decode("ascii")


def arrow_dtype(text: str) -> Any:
    """The type that :func:`arrow_text` wrote.

    Raises:
        ValueError: It is none.
    """
    import pyarrow

    packed = pyarrow.py_buffer(base64.b64decode(text, validate=True))
    return pyarrow.ipc.read_schema(packed).field(0).type


def _levels(column: Any) -> tuple[tuple[str, ...], bool]:
    """The texts of a dictionary that has an order, in that order."""
    import pyarrow

    if not pyarrow.types.is_dictionary(column.type) or not column.type.ordered:
        return (), False
    chunks = column.unify_dictionaries().chunks
    values = chunks[0].dictionary.to_pylist() if chunks else []
    return tuple(map(str, values)), True


def _brought_back(column: Any, form: ColumnForm) -> Any:
    import pyarrow

    kind = arrow_dtype(form.dtype)
    if not form.ordered:
        return column.cast(kind)
    texts = column.cast(pyarrow.large_string()).to_pylist()
    levels = list(form.levels)
    levels += sorted({text for text in texts if text is not None} - set(levels))
    at = {level: k for k, level in enumerate(levels)}
    indices = [None if text is None else at[text] for text in texts]
    return pyarrow.DictionaryArray.from_arrays(
        pyarrow.array(indices, kind.index_type),
        pyarrow.array(levels, pyarrow.string()).cast(kind.value_type),
        ordered=True,
    )
