"""A column brought to another kind, where its values allow it."""

from __future__ import annotations

import polars as pl

from tidemill.core.conventions import UNKNOWN, Conventions
from tidemill.core.errors import SchemaError
from tidemill.core.schema import Kind, Spelling
from tidemill.core.spelling import mended, spelled, typed
from tidemill.personal.masking import mask


def retyped(
    values: pl.Series, spelling: Spelling | None, kind: Kind, conventions: Conventions = UNKNOWN
) -> tuple[pl.Series, Spelling | None]:
    """The values as this kind wants them: numbers for "number", dates for "datetime", else as they
    were written.

    Raises:
        SchemaError: The values are not of that kind.

    Example:
        >>> retyped(pl.Series("code", [7, 12]), Spelling(), "category")[0].to_list()
        ['7', '12']
    """
    if kind == "number":
        return _as_numbers(values, spelling, conventions)
    if kind == "datetime":
        return _as_dates(values, spelling, conventions)
    if kind == "boolean":
        distinct = values.drop_nulls().n_unique()
        if distinct > 2:
            raise _refusal(values, "boolean", f"{distinct:,} different values, not two")
        return values, spelling
    if values.dtype == pl.String or spelling is None:
        return values, spelling
    text = spelled(values, spelling).set(values.is_null(), None)
    return text, Spelling(missing=spelling.missing)


def _as_numbers(
    values: pl.Series, spelling: Spelling | None, conventions: Conventions
) -> tuple[pl.Series, Spelling | None]:
    if values.dtype.is_numeric():
        return values, spelling
    if values.dtype == pl.Boolean:
        return values.cast(pl.Int64), None
    if values.dtype == pl.String:
        found = mended(values.alias("number"), share=1.0, conventions=conventions)
        if found is not None and found.values.dtype.is_numeric():
            return found.values.alias(values.name), found.spelling
    raise _refusal(values, "number", _example(values))


def _as_dates(
    values: pl.Series, spelling: Spelling | None, conventions: Conventions
) -> tuple[pl.Series, Spelling | None]:
    if values.dtype.is_temporal():
        return values, spelling
    text = values.cast(pl.String).alias("date")
    found = typed(text, conventions)
    if found is not None and found[0].dtype.is_temporal():
        return found[0].alias(values.name), found[1]
    lenient = mended(text, share=1.0, conventions=conventions)
    if lenient is not None and lenient.values.dtype.is_temporal():
        return lenient.values.alias(values.name), lenient.spelling
    raise _refusal(values, "datetime", _example(values))


def _example(values: pl.Series) -> str:
    if not values.count():
        return "it has no value"
    return f"such as '{mask(str(values.drop_nulls()[0]))}'"


def _refusal(values: pl.Series, kind: Kind, why: str) -> SchemaError:
    return SchemaError(
        f"its values cannot be read as {kind} ({why})",
        where=f"column '{values.name}'",
        hint="give it another kind in the schema file, or clean the column first",
    )
