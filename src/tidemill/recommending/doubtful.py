"""Items that may be no goods, such as postage and fees."""

from __future__ import annotations

import re

import numpy as np
import polars as pl

RARE = 0.01
"""A form of codes is unlike the others where no more than this share of the items has it."""
ALIKE = 0.95
"""Of all items, those whose codes have a frequent form; with fewer, names have no form."""
FEWEST_CODES = 100
FEWEST_PRICES = 5
APART = 1.5
"""The spread (standard deviation of the logarithm) from which on prices are all over the place: a
factor of 4.5 on average."""
TIMES_USUAL = 5.0


def unlike_codes(items: pl.Series) -> list[str]:
    """Items whose codes are of another form than nearly all others'.

    Example:
        >>> items = pl.Series([*(f"{k}" for k in range(22000, 22300)), "POST", "BANK CHARGES"])
        >>> unlike_codes(items)
        ['POST', 'BANK CHARGES']
    """
    if len(items) < FEWEST_CODES:
        return []
    forms = pl.Series([_form(str(item)) for item in items])
    shares = forms.value_counts(normalize=True, name="share")
    frequent = shares.filter(pl.col("share") > RARE)
    if frequent["share"].sum() < ALIKE:
        return []
    return items.filter(~forms.is_in(frequent.to_series().implode())).to_list()


def _form(code: str) -> str:
    """A code with its runs of digits, and of letters, as one sign each."""
    return re.sub(r"[^\W\d_]+", "a", re.sub(r"\d+", "9", code))


def unlike_prices(item: pl.Series, price: pl.Series) -> list[str]:
    """Items whose price is all over the place, where those of others are not.

    Example:
        >>> item = pl.Series(["tea"] * 6 + ["jam"] * 6 + ["fee"] * 6)
        >>> unlike_prices(item, pl.Series([2.0] * 12 + [1.0, 90, 3, 500, 12, 7]))
        ['fee']
    """
    lines = pl.DataFrame({"item": item, "price": price}).drop_nulls()
    lines = lines.filter(pl.col("price") > 0).with_columns(pl.col("price").log())
    spread = lines.group_by("item").agg(pl.col("price").std(), lines=pl.len())
    spread = spread.filter(pl.col("lines") >= FEWEST_PRICES).sort("price", "item", descending=True)
    if not spread.height:
        return []
    usual = float(np.median(spread["price"].to_numpy()))
    wide = spread.filter(pl.col("price") >= max(APART, TIMES_USUAL * usual))
    return wide["item"].to_list()
