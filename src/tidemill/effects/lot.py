"""Whether it was drawn by lot who is treated, as far as the columns tell."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from tidemill.core.run import Run
from tidemill.effects.balance import ColumnBalance, balance, told_by_columns
from tidemill.effects.nuisances import Nuisances
from tidemill.effects.study import Study
from tidemill.supervised.auc import Auc

LEVEL = 0.001
"""At which columns differ, divided by how many there are."""


@dataclass(frozen=True)
class Lot:
    """What the columns tell of who was treated.

    Attributes:
        columns: How far apart each column is.
        told: How well all columns together tell it.
        differ: Columns that differ by more than chance.
    """

    columns: tuple[ColumnBalance, ...]
    told: Auc
    differ: tuple[str, ...]

    @property
    def drawn(self) -> bool:
        """Whether nothing speaks against a draw by lot."""
        return self.told.interval[0] <= 0.5 and not self.differ


def lot_of(study: Study, run: Run) -> Lot:
    """Whether treated and untreated rows are as alike as a draw by lot leaves them.

    Args:
        study: Rows of which some were treated.
        run: Its streams divide the rows.
    """
    asked = replace(study, assigned=None)
    share = np.full(len(study), study.treated.mean())
    even = Nuisances(share, study.outcome, study.outcome, np.zeros(len(study), np.int64), share)
    columns = tuple(balance(asked, even))
    if not columns:
        return Lot((), Auc(0.5, 0.0), ())
    differ = tuple(one.name for one in columns if one.p * len(columns) < LEVEL)
    return Lot(columns, told_by_columns(asked, run), differ)
