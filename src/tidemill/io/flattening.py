"""Records and lists in columns taken apart by path: ``a.b`` for a field, ``a.count`` for a list."""

from __future__ import annotations

import polars as pl

from tidemill.core.columns import harmless
from tidemill.core.run import Run
from tidemill.core.words import plural, shortlist
from tidemill.imaging.pixels import is_pixels
from tidemill.io.choices import MOST_OPTIONS

MOST_FIELDS = 200
"""Records with more fields are looked up by key, and are counted like lists."""
_FEW_FIELDS = 20
_LONGEST_POINT = 8
_JOINED_BY = (";", "|", " | ", "; ", "\n")


def flattened(frame: pl.DataFrame, run: Run) -> pl.DataFrame:
    """The columns without records and lists: of a record a column a field, of lists how many
    entries there are. Lists of a few texts are also cells of several options, and points such as
    ``[x, y]`` a column a coordinate; what else lists hold is left out, and that is said.

    Example:
        >>> frame = pl.DataFrame({"a": [{"b": 1, "c": {"d": 2}}], "l": [[{"x": 1}, {"x": 2}]]})
        >>> flattened(frame, Run()).to_dicts()
        [{'a.b': 1, 'a.c.d': 2, 'l.count': 2}]
    """
    nested = [series.name for series in frame if _is_nested(series)]
    if not nested:
        return frame
    taken: dict[str, pl.Series] = {}
    lost: list[str] = []
    for series in frame:
        _take(series, taken, lost)
    found = pl.DataFrame(list(taken.values()))
    counted = plural(len(nested), "column")
    text = f"{counted} of records or lists became columns by path ({shortlist(nested, 5)})."
    if lost:
        text += f" Of these only the number of entries is kept: {shortlist(lost, 5)}."
    run.warn(text, "read")
    return found


def _is_nested(series: pl.Series) -> bool:
    return series.dtype.is_nested() and not is_pixels(series.dtype)


def _take(series: pl.Series, taken: dict[str, pl.Series], lost: list[str]) -> None:
    """Put a column, or what it is taken apart into, among those that there are."""
    if not _is_nested(series):
        name = series.name
        while name in taken:
            name += "_"
        taken[name] = series.alias(name)
    elif isinstance(series.dtype, pl.Struct):
        _take_records(series, taken, lost)
    else:
        _take_lists(series, taken, lost)


def _take_records(series: pl.Series, taken: dict[str, pl.Series], lost: list[str]) -> None:
    fields = series.struct.unnest() if series.struct.fields else pl.DataFrame()
    fields.columns = [harmless(name) for name in fields.columns]
    if fields.width and not _is_lookup(fields, len(series) - series.null_count()):
        for field in fields:
            _take(field.alias(harmless(f"{series.name}.{field.name}")), taken, lost)
        return
    there = [field.is_not_null().cast(pl.Int64) for field in fields]
    count = pl.Series(f"{series.name}.count", [0] * len(series), dtype=pl.Int64)
    for one in there:
        count = count + one
    lost.append(series.name)
    _take(count.set(series.is_null(), None), taken, lost)


def _is_lookup(fields: pl.DataFrame, records: int) -> bool:
    """Whether the fields are keys such as ids or dates, of which each record has a few."""
    if fields.width <= _FEW_FIELDS:
        return False
    there = sum(len(field) - field.null_count() for field in fields)
    return fields.width > MOST_FIELDS or there < 0.1 * fields.width * max(records, 1)


def _take_lists(series: pl.Series, taken: dict[str, pl.Series], lost: list[str]) -> None:
    if isinstance(series.dtype, pl.Array):
        series = series.arr.to_list()
    lengths = series.list.len().cast(pl.Int64)
    different = lengths.drop_nulls().unique().to_list()
    inner: pl.DataType = series.dtype.inner  # type: ignore[attr-defined]
    if inner.is_numeric() and len(different) == 1 and 0 < different[0] <= _LONGEST_POINT:
        for at in range(different[0]):
            _take(series.list.get(at).alias(f"{series.name}.{at + 1}"), taken, lost)
        return
    cells = _cells(series) if inner == pl.String else None
    if cells is not None:
        _take(cells, taken, lost)
    else:
        lost.append(series.name)
    _take(lengths.alias(f"{series.name}.count"), taken, lost)


def _cells(series: pl.Series) -> pl.Series | None:
    """Lists of a few texts as cells that name several options; None where they are too many, or one
    stands twice in a list."""
    entries = series.explode(empty_as_null=True)
    options = entries.drop_nulls().unique()
    doubled = (series.list.n_unique() < series.list.len()).any()
    if (
        not 0 < len(options) <= MOST_OPTIONS
        or doubled
        or series.list.eval(pl.element().is_null()).list.any().any()
    ):
        return None
    for mark in _JOINED_BY:
        if not options.str.contains(mark.strip(" ") or mark, literal=True).any():
            return series.list.join(mark)
    return None
