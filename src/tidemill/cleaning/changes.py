"""The log of changed cells and of rows that were left out."""

from __future__ import annotations

import numpy as np
import polars as pl

from tidemill.core.schema import Spelling
from tidemill.core.spelling import spelled

CELL = {
    "row": pl.UInt32,
    "column": pl.String,
    "before": pl.String,
    "after": pl.String,
    "reason": pl.String,
}
LOG = {
    "row": pl.UInt32,
    "column": pl.String,
    "before": pl.String,
    "after": pl.String,
    "check": pl.String,
    "reason": pl.String,
}


def none() -> pl.DataFrame:
    """No changed cell."""
    return pl.DataFrame(schema=CELL)


def cells(
    before: pl.Series,
    after: pl.Series,
    where: pl.Series,
    reason: str,
    spelling: Spelling | None = None,
) -> pl.DataFrame:
    """One row for each cell of a column that was changed.

    Args:
        before, after: (rows,) The column before and after; its name is the column's.
        where: (rows,) True where a cell was changed.
        reason: Why, for a reader.
        spelling: How the values were written; None for plainly.

    Example:
        >>> old, new = pl.Series("plan", ["?", "team"]), pl.Series("plan", [None, "team"])
        >>> cells(old, new, pl.Series([True, False]), "a marker").rows()
        [(0, 'plan', '?', None, 'a marker')]
    """
    at = where.fill_null(False).arg_true()
    return pl.DataFrame(
        {
            "row": at.cast(pl.UInt32),
            "column": pl.repeat(before.name, len(at), dtype=pl.String, eager=True),
            "before": _written(before.gather(at), spelling),
            "after": _written(after.gather(at), spelling),
            "reason": pl.repeat(reason, len(at), dtype=pl.String, eager=True),
        },
        schema=CELL,
    )


def _written(values: pl.Series, spelling: Spelling | None) -> pl.Series:
    if spelling is None or values.dtype == pl.String:
        return values.cast(pl.String)
    return spelled(values, spelling).set(values.is_null(), None)


def rows(frame: pl.DataFrame, at: np.ndarray, reasons: list[str]) -> pl.DataFrame:
    """One entry for each row that is left out: its column is "", its cells stand before.

    Args:
        frame: (n,) The rows.
        at: (n,) Their positions in the whole table.
        reasons: (n,) Why, for a reader.

    Example:
        >>> last = pl.DataFrame({"day": ["Total"], "region": [None], "amount": [99.5]})
        >>> rows(last, np.array([60]), ["a row of totals"]).row(0)
        (60, '', 'Total |  | 99.5', None, 'a row of totals')
    """
    texts = [" | ".join("" if v is None else str(v) for v in row) for row in frame.iter_rows()]
    return pl.DataFrame(
        {
            "row": at,
            "column": [""] * len(at),
            "before": texts,
            "after": [None] * len(at),
            "reason": reasons,
        },
        schema=CELL,
    )


def joined(parts: list[pl.DataFrame]) -> pl.DataFrame:
    """The changes of several columns together, by row."""
    return pl.concat([none(), *parts]).sort("row", maintain_order=True)
