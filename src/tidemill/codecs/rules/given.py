"""Values that are given row by row, as channels."""

from __future__ import annotations

import numpy as np
import polars as pl

from tidemill.codecs.columns.base import ColumnCodec
from tidemill.core.errors import DataError
from tidemill.core.grid import Batch, PartialRows
from tidemill.core.schema import Column


def given(column: Column, codec: ColumnCodec, values: pl.Series) -> PartialRows:
    """The channels of one column, given wherever there is a value.

    Raises:
        DataError: The column cannot have a value; the message names the row.
    """
    here = values.is_not_null()
    there = values.filter(here)
    typed = there
    if there.dtype != codec.dtype:
        typed = there.cast(codec.dtype, strict=False)
    unknown = typed.is_null().to_numpy()
    unknown[~unknown] = codec.unknown(typed.drop_nulls())
    if unknown.any():
        first = int(np.flatnonzero(unknown)[0])
        raise DataError(
            "its value is none that the model knows",
            where=f"column '{column.name}', row {int(here.arg_true()[first]) + 1}",
            hint="give a value that occurs in the training rows, or leave it empty to have it "
            "filled in",
        )
    n, mask = len(values), here.to_numpy()
    part = codec.encode(typed)
    tick = np.zeros((n, part.tick.shape[1]), np.int64)
    tick[mask] = part.tick
    code = np.zeros((n, part.code.shape[1]), np.int32)
    code[mask] = part.code
    with_number = np.zeros(tick.shape, bool)
    for r, real in enumerate(codec.spec.reals):
        with_number[:, r] = mask
        if real.presence is not None:
            with_number[:, r] &= code[:, real.presence] == 0
    with_code = np.repeat(mask[:, None], code.shape[1], axis=1)
    return PartialRows(Batch(tick, code), with_number, with_code)


def except_missing(codec: ColumnCodec) -> np.ndarray | None:
    """The levels of a column's code that stand for a value; None where no value is ever missing."""
    missing = codec.missing_level
    if missing is None:
        return None
    return np.arange(codec.spec.codes[0].size) != missing
