"""Columns of a frame by their very names: polars takes ``*`` and ``^...$`` for patterns, and a
user's column may be called so."""

from __future__ import annotations

import polars as pl
import polars.selectors as cs


def by_name(*names: str) -> pl.Expr:
    """The columns of these names, in their order.

    Example:
        >>> frame = pl.DataFrame({"*": [1], "^b.*$": [2], "bb": [3]})
        >>> frame.select(by_name("^b.*$", "*")).columns
        ['^b.*$', '*']
    """
    return cs.by_name(*names).as_expr()
