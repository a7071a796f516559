"""What mining costs."""

from __future__ import annotations

from tidemill.core.cost import Cost
from tidemill.mining.tasks import MOST_CELLS, MOST_TRAIN


def cost(rows: int, columns: int, table: int) -> Cost:
    """All techniques: mostly the drivers' trees on a sample, and a few passes over all cells.

    Args:
        rows, columns: Of the training rows.
        table: Their bytes in memory.
    """
    learned = min(rows * columns, MOST_TRAIN * columns, MOST_CELLS)
    return Cost(
        2.5 + 1.8e-6 * learned + 2e-7 * rows * columns, 0.3 * 2**30 + 4 * table + 80 * learned
    )
