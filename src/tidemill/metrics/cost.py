"""What evaluation costs."""

from __future__ import annotations

from tidemill.core.cost import Cost
from tidemill.metrics import detection, nearest
from tidemill.supervised.sampling import affordable


def cost(rows: int, holdout: int, columns: int, table: int) -> Cost:
    """All metrics but the findings, which are mined again: classifiers and searches on samples,
    passes over all cells.

    Args:
        rows: Synthetic rows.
        holdout: Held-out rows.
        columns: Of each table.
        table: Bytes of all tables in memory.
    """
    judged = columns * min(
        holdout, affordable(columns, cells=detection.CELLS, most=detection.MOST_ROWS)
    )
    searched = columns * min(holdout, nearest.MOST_ROWS)
    return Cost(
        3 + 3.2e-5 * judged + 5e-6 * searched + 2e-7 * rows * columns,
        0.45 * 2**30 + table + 180 * searched,
    )
