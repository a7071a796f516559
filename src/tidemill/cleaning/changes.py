"""The log of changed cells."""

from __future__ import annotations

import polars as pl

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


def cells(before: pl.Series, after: pl.Series, where: pl.Series, reason: str) -> pl.DataFrame:
    """One row for each cell of a column that was changed.

    Args:
        before, after: (rows,) The column before and after; its name is the column's.
        where: (rows,) True where a cell was changed.
        reason: Why, for a reader.

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
            "before": before.gather(at).cast(pl.String),
            "after": after.gather(at).cast(pl.String),
            "reason": pl.repeat(reason, len(at), dtype=pl.String, eager=True),
        },
        schema=CELL,
    )


def joined(parts: list[pl.DataFrame]) -> pl.DataFrame:
    """The changes of several columns together, by row."""
    return pl.concat([none(), *parts]).sort("row", maintain_order=True)
