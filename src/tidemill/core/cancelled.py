"""Lines that a later one takes back."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Sequence

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tidemill.core.columns import by_name


def cancelled_lines(
    lines: pl.DataFrame, back: pl.DataFrame, whose: Sequence[str], amount: str, within: int
) -> NDArray[np.bool_]:
    """Which lines are taken back: each line that does so goes to the latest one before it, of as
    much and with the same in other columns, that no other has taken back.

    Args:
        lines: With amounts above 0, by "day".
        back: Those with amounts below 0.
        whose: Columns that are the same in both.
        amount: The column of amounts.
        within: Days between the two at most.

    Returns:
        (n,) for each of ``lines``.

    Example:
        >>> lines = pl.DataFrame({"item": ["tea", "tea"], "amount": [5.0, 5.0], "day": [1, 8]})
        >>> back = pl.DataFrame({"item": ["tea"], "amount": [-5.0], "day": [9]})
        >>> cancelled_lines(lines, back, ["item"], "amount", within=14).tolist()
        [False, True]
    """
    columns = [*whose, amount, "day"]
    taken = back.select(by_name(*columns)).sort("day", maintain_order=True)
    taken = taken.with_columns(-by_name(amount))
    may = lines.with_row_index("row of lines").join(
        taken.select(by_name(*whose, amount)).unique(), on=[*whose, amount], how="semi"
    )
    orders: dict[Hashable, list[tuple[int, int]]] = defaultdict(list)
    for *key, day, row in may.select(by_name(*columns, "row of lines")).iter_rows():
        orders[tuple(key)].append((day, row))
    for held in orders.values():
        held.sort()
    found = np.zeros(len(lines), bool)
    for *key, day in taken.iter_rows():
        own = orders[tuple(key)]
        at = len(own) - 1
        while at >= 0 and own[at][0] > day:
            at -= 1
        if at >= 0 and day - own[at][0] <= within:
            found[own.pop(at)[1]] = True
    return found
