"""What cleaning costs."""

from __future__ import annotations

from tidemill.core.cost import Cost


def cost(rows: int, columns: int, table: int) -> Cost:
    """Learning the plan and applying it: linear, for nearly all checks look at every cell.

    Args:
        rows, columns: Of the table.
        table: Its bytes in memory.
    """
    return Cost(0.2 + 4e-7 * rows * columns, 0.25 * 2**30 + 3 * table)
