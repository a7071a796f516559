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


def harmless(name: str) -> str:
    """The name, with "_" behind one that polars itself would take for a pattern of the column that
    it works on.

    Example:
        >>> harmless("*"), harmless("^b.*$")
        ('*', '^b.*$_')
    """
    return f"{name}_" if name.startswith("^") and name.endswith("$") else name
