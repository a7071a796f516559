"""pandas frames: what polars cannot say of a column is remembered, and it is handed back as it
was."""

from __future__ import annotations

import re
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

import polars as pl
from polars.exceptions import PolarsError

from tidemill.core.errors import MissingExtra
from tidemill.core.frame_form import ColumnForm, FrameForm
from tidemill.core.run import Run
from tidemill.core.words import plural, shortlist
from tidemill.io.arrow_frames import arrow_dtype, arrow_text
from tidemill.io.dtypes import starts_of_periods, text_of
from tidemill.io.names import named

MOST_INTERVALS = 1_000
"""More different intervals are no classes."""
_ARROW = "arrow:"
_SPARSE = "Sparse:"
_OBJECTS = "object:"
_NULLABLE = ("Int", "UInt", "Float", "boolean")
_PLAIN = (str, int, float, bool, type(None))
_MIXED = "it holds Python objects of several types ({}): make them one type first, such as {}"


@dataclass(frozen=True)
class PandasColumns:
    """The columns of a pandas frame, what to hand it back by, why columns cannot be used, and what
    values stand for."""

    frame: pl.DataFrame
    form: FrameForm
    refused: Mapping[str, str]
    notes: Mapping[str, str]


@dataclass(frozen=True)
class _Column:
    values: pl.Series
    dtype: str
    levels: tuple[str, ...] = ()
    level_dtype: str = ""
    ordered: bool = False
    refused: str = ""
    note: str = ""


def from_pandas(table: Any, run: Run) -> PandasColumns:
    """The columns of a pandas frame; what its index holds, other than row numbers, comes first.

    Raises:
        SchemaError: A name occurs twice.
        MissingExtra: pandas needs pyarrow to hand over its columns.
    """
    axis = tuple(_plain(name) for name in table.columns.names)
    width = table.shape[1]
    index_names = _index_names(table, run)
    if index_names:
        table = table.reset_index()
        places = [str(_name(label)) for label in table.columns[: len(index_names)]]
        run.warn(f"The index of the pandas frame was read as {_listed(places)}.", "read")
    labels = list(table.columns)
    names = named([_name(label) for label in labels], "the pandas frame", run)
    forms, series = [], []
    refused: dict[str, str] = {}
    notes: dict[str, str] = {}
    for name, label, values in zip(names, labels, _columns(table), strict=True):
        found = _read(values.rename(name), name)
        series.append(found.values)
        refused |= {name: found.refused} if found.refused else {}
        notes |= {name: found.note} if found.note else {}
        forms.append(
            ColumnForm(
                name,
                _plain(label),
                found.dtype,
                text_of(found.values.dtype),
                found.levels,
                found.level_dtype,
                found.ordered,
            )
        )
    changed = [name for name, label in zip(names, labels, strict=True) if not _is_plain(label)]
    if changed:
        run.warn(f"Labels of the pandas frame come back as text: {shortlist(changed, 5)}.", "read")
    moved = len(labels) - width
    form = FrameForm("pandas", tuple(forms), tuple(names[:moved]), index_names, axis)
    return PandasColumns(pl.DataFrame(series), form, refused, notes)


def to_pandas(frame: pl.DataFrame, form: FrameForm) -> Any:
    """The frame as pandas, with the dtypes, labels and index of the form where the values fit."""
    import pandas

    forms = {column.name: column for column in form.columns}
    table = frame.to_pandas()
    labels: list[Any] = []
    depth = max(len(form.axis), 1)
    for values in frame:
        one = forms.get(values.name)
        if one is None:
            labels.append((values.name, *[""] * (depth - 1)) if depth > 1 else values.name)
            continue
        labels.append(_label(one.label))
        if one.door == text_of(values.dtype):
            table[values.name] = _brought_back(values, table[values.name], one)
    has_index = bool(form.index) and set(form.index) <= set(frame.columns)
    if has_index:
        labels = [
            label
            for label, name in zip(labels, frame.columns, strict=True)
            if name not in form.index
        ]
        table = table.set_index(list(form.index))
        table.index.names = [_label(name) for name in form.index_names]
    if depth > 1:
        table.columns = pandas.MultiIndex.from_tuples(labels)
    else:
        table.columns = pandas.Index(labels, tupleize_cols=False)
    table.columns.names = [_label(name) for name in form.axis] or [None]
    return table


def _index_names(table: Any, run: Run) -> tuple[Any, ...]:
    """What the levels of an index are called that holds more than row numbers; none where it does
    not."""
    index = table.index
    if type(index).__name__ == "RangeIndex" and index.name is None:
        return ()
    nameless = all(name is None for name in index.names)
    if nameless and index.nlevels == 1 and index.dtype.kind in "iu":
        run.warn(
            "The index of the pandas frame, numbers without a name, was left out; reset_index() "
            "makes it a column.",
            "read",
        )
        return ()
    taken = {str(_name(label)) for label in table.columns}
    if taken.intersection(map(str, index.names)):
        run.warn(
            "The index of the pandas frame is named as one of its columns, and was left out; "
            "rename_axis() gives it another name.",
            "read",
        )
        return ()
    return tuple(_plain(name) for name in index.names)


def _columns(table: Any) -> list[Any]:
    return [table.iloc[:, at] for at in range(table.shape[1])]


def _listed(names: list[str]) -> str:
    return f"{plural(len(names), 'column')}: {shortlist(names, 5)}"


def _read(values: Any, name: str) -> _Column:
    """A pandas column as polars has it.

    Raises:
        MissingExtra: pandas needs pyarrow to hand it over.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)  # of business days as periods
            return _of_dtype(values, name)
    except ImportError as error:
        raise MissingExtra(
            f"reading pandas frames needs the package '{error.name or 'pyarrow'}'",
            hint="pip install 'tidemill[frames]'",
        ) from error
    # pyarrow's errors are these
    except (PolarsError, TypeError, ValueError, OverflowError, NotImplementedError) as error:
        why = f"polars cannot hold its dtype {values.dtype} ({str(error).splitlines()[0]})"
        return _refused(values, name, why)


def _polars(values: Any) -> pl.Series:
    read: pl.Series = pl.from_pandas(values)  # type: ignore[assignment]
    return read


def _of_dtype(values: Any, name: str) -> _Column:
    import pandas

    dtype = values.dtype
    kind = type(dtype).__name__
    if kind == "CategoricalDtype":
        return _of_categories(values, name)
    if kind == "PeriodDtype":
        note = f"periods ({_frequency(dtype)}), each by when it begins"
        return _Column(_starts(values, name), str(dtype), note=note)
    if kind == "IntervalDtype":
        if values.nunique() > MOST_INTERVALS:
            why = "it holds thousands of intervals: take their ends as two columns (.array.left)"
            return _refused(values, name, why)
        found = _of_categories(values.astype("category"), name)
        return replace(found, dtype=str(dtype), ordered=False)
    if kind == "SparseDtype":
        dense = _read(values.sparse.to_dense(), name)
        fill = "" if pandas.isna(dtype.fill_value) else repr(dtype.fill_value)
        return replace(dense, dtype=f"{_SPARSE}{fill}", level_dtype=dense.dtype)
    if getattr(dtype, "kind", "") == "c":
        why = "it holds complex numbers: take .real and .imag as two columns"
        return _refused(values, name, why)
    if kind == "ArrowDtype":
        return _Column(_polars(values), _ARROW + arrow_text(dtype.pyarrow_dtype))
    if str(dtype) == "object":
        return _of_objects(values, name)
    read = _polars(values)
    if read.dtype == pl.Object or isinstance(read.dtype, pl.BaseExtension):
        return _refused(values, name, f"it holds values of the dtype {dtype}")
    return _Column(read, str(dtype))


def _of_categories(values: Any, name: str) -> _Column:
    categories = values.cat.categories
    texts = [str(level) for level in categories]
    if len(set(texts)) < len(texts):
        return _refused(values, name, "two of its categories read the same as text: rename one")
    known = pl.Series(name, texts, dtype=pl.String)
    codes = pl.Series(values.cat.codes.to_numpy()).cast(pl.Int64)
    read = known.gather(codes.set(codes < 0, None)).cast(pl.Categorical).alias(name)
    return _Column(read, "category", tuple(texts), str(categories.dtype), bool(values.cat.ordered))


def _starts(values: Any, name: str) -> pl.Series:
    ordinals = pl.Series(name, values.array.asi8).set(pl.Series(values.isna().to_numpy()), None)
    return starts_of_periods(ordinals, _frequency(values.dtype))


def _frequency(dtype: Any) -> str:
    return str(dtype).removeprefix("period[").removesuffix("]")


def _of_objects(values: Any, name: str) -> _Column:
    import pandas

    if values.map(lambda value: isinstance(value, UUID)).any():
        if not values.dropna().map(lambda value: isinstance(value, UUID)).all():
            return _refused_objects(values, name)
        texts = [str(value) if isinstance(value, UUID) else None for value in values]
        return _Column(pl.Series(name, texts, dtype=pl.String), f"{_OBJECTS}uuid")
    inferred = pandas.api.types.infer_dtype(values, skipna=True)
    if inferred in ("period", "interval", "complex"):
        typed = pandas.Series(values.tolist()).infer_objects()
        if inferred == "complex" or typed.dtype == object:
            why = f"it holds Python objects ({inferred}): give them one dtype first"
            return _refused(values, name, why)
        return replace(_read(typed, name), dtype=f"{_OBJECTS}{typed.dtype}")
    try:
        read = _polars(values)
    except (PolarsError, TypeError, ValueError, OverflowError):
        if inferred == "integer":
            texts = [None if pandas.isna(value) else str(value) for value in values]
            return _Column(pl.Series(name, texts, dtype=pl.String), f"{_OBJECTS}int")
        return _refused_objects(values, name)
    if read.dtype == pl.Object:
        return _refused_objects(values, name)
    return _Column(read, f"{_OBJECTS}{inferred}")


def _refused_objects(values: Any, name: str) -> _Column:
    counts = values.dropna().map(lambda value: type(value).__name__).value_counts()
    shown = ", ".join(f"{count:,} of {kind}" for kind, count in counts.head(4).items())
    return _refused(values, name, _MIXED.format(shown, f"frame['{name}'].astype(str)"))


def _refused(values: Any, name: str, why: str) -> _Column:
    cells = pl.Series(name, values.astype(object).tolist(), dtype=pl.Object)
    return _Column(cells, str(values.dtype), refused=why)


def _brought_back(values: pl.Series, plain: Any, form: ColumnForm) -> Any:
    """A column of the dtype that it had, or as polars hands it over where that cannot be."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)  # of business days as periods
            return _of_form(values, plain, form)
    # pyarrow's errors are these
    except (TypeError, ValueError, KeyError, OverflowError, NotImplementedError):
        return plain


def _of_form(values: pl.Series, plain: Any, form: ColumnForm) -> Any:
    import pandas

    dtype = form.dtype
    if values.dtype == pl.Object:
        return plain.astype(dtype)
    if dtype == "category":
        return _categorical(values, form)
    if dtype.startswith("interval"):
        return _categorical(values, form).astype(pandas.api.types.pandas_dtype(dtype))
    if dtype.startswith(_SPARSE):
        return _sparse(_of_form(values, plain, replace(form, dtype=form.level_dtype)), dtype)
    if dtype.startswith(_ARROW):
        return _arrow_backed(values, arrow_dtype(dtype.removeprefix(_ARROW)))
    if dtype.startswith("period"):
        return pandas.Series(values.cast(pl.Datetime("us")).to_pandas()).astype(dtype)
    if dtype.startswith(_OBJECTS):
        return _objects(values, dtype.removeprefix(_OBJECTS))
    if dtype.startswith(_NULLABLE):  # no float on the way
        return _arrow_backed(values, values.to_arrow().type).astype(dtype)
    return plain.astype(pandas.api.types.pandas_dtype(dtype))


def _arrow_backed(values: pl.Series, kind: Any) -> Any:
    import pandas

    column = values.to_arrow().cast(kind)
    return pandas.Series(pandas.arrays.ArrowExtensionArray(column), name=values.name)


def _sparse(dense: Any, dtype: str) -> Any:
    import pandas

    kind, fill = dense.dtype, dtype.removeprefix(_SPARSE)
    if not fill:
        return dense.astype(pandas.SparseDtype(kind))
    value = fill == "True" if kind.kind == "b" else kind.type(fill)
    return dense.astype(pandas.SparseDtype(kind, value))


def _objects(values: pl.Series, kind: str) -> Any:
    import pandas

    cells: list[Any] = values.to_list()
    if kind == "uuid":
        cells = [None if text is None else UUID(text) for text in cells]
    elif kind == "int":
        cells = [None if text is None else int(text) for text in cells]
    elif kind.startswith("period"):
        return pandas.Series(values.cast(pl.Datetime("us")).to_pandas()).astype(kind).astype(object)
    return pandas.Series(cells, dtype=object, name=values.name)


def _categorical(values: pl.Series, form: ColumnForm) -> Any:
    """Categories in their order, also those that no row has; further ones behind them."""
    import pandas

    texts = values.cast(pl.String)
    levels = list(form.levels)
    further = texts.drop_nulls().unique().sort().to_list()
    known = set(levels)
    levels += [text for text in further if text not in known]
    place = {text: at for at, text in enumerate(levels)}
    codes = texts.replace_strict(place, default=-1, return_dtype=pl.Int64).fill_null(-1).to_numpy()
    categories = _index(levels, form.level_dtype)
    made = pandas.Categorical.from_codes(codes, categories=categories, ordered=form.ordered)
    return pandas.Series(made, name=values.name)


def _index(texts: list[str], dtype: str) -> Any:
    """Levels of a dtype from their texts; the texts where they are no such values."""
    import pandas

    try:
        if dtype.startswith("interval"):
            return _intervals(texts, dtype)
        if dtype == "bool":
            return pandas.Index([{"True": True, "False": False}[text] for text in texts])
        if dtype.startswith("period"):
            return pandas.PeriodIndex(texts, dtype=dtype)
        return pandas.Index(texts).astype(dtype)
    except (TypeError, ValueError, KeyError):
        return pandas.Index(texts)


def _intervals(texts: list[str], dtype: str) -> Any:
    import pandas

    kind = pandas.api.types.pandas_dtype(dtype)
    ends = [re.fullmatch(r"[\[(](.+), (.+)[\])]", text) for text in texts]
    if not all(ends):
        raise ValueError("no intervals")
    left = pandas.Index([end[1] for end in ends if end]).astype(kind.subtype)
    right = pandas.Index([end[2] for end in ends if end]).astype(kind.subtype)
    return pandas.IntervalIndex.from_arrays(left, right, closed=kind.closed)


def _name(label: Any) -> Any:
    """What a column is called in the Dataset: the parts of a tuple with a dot between."""
    if isinstance(label, tuple):
        return ".".join(str(part) for part in label if str(part))
    return None if label != label else label  # NaN is no name


def _plain(label: Any) -> Any:
    if isinstance(label, tuple):
        return [_plain(part) for part in label]
    if hasattr(label, "item") and not isinstance(label, _PLAIN):
        label = label.item()
    if label != label:  # NaN
        return None
    return label if isinstance(label, _PLAIN) else str(label)


def _label(plain: Any) -> Any:
    return tuple(_label(part) for part in plain) if isinstance(plain, (list, tuple)) else plain


def _is_plain(label: Any) -> bool:
    parts = label if isinstance(label, tuple) else (label,)
    return all(isinstance(part, _PLAIN) or hasattr(part, "item") for part in parts)
