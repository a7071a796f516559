"""Whether rows that are set to a value have their like among rows that have it by themselves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import lightgbm as lgb
import numpy as np
import polars as pl

from tidemill.core.condition import Condition, Test
from tidemill.core.dataset import Dataset
from tidemill.core.errors import ConditionError
from tidemill.core.run import Run
from tidemill.supervised.arrays import Floats, as_floats
from tidemill.supervised.auc import Auc, auc
from tidemill.supervised.boosting import REPEATABLE
from tidemill.synthesis.infilling import stacked
from tidemill.synthesis.outcome import binned
from tidemill.synthesis.outcome_design import OutcomeDesign, feature_columns
from tidemill.synthesis.synthesizer import Synthesizer

DRAWN = 10_000
"""Generated rows that show who has a value."""
FEWEST = 100
"""Of rows that have it; where it is rarer, so many more are drawn."""
RARE_DRAWN = 1000
NEAR = 0.05
"""A number is had by the share of rows that are nearest to it."""
LIKE = 0.1
"""A row has its like where rows such as it are at least so many times as frequent among those that
have the value as among all."""
_SETTINGS: dict[str, Any] = {
    **REPEATABLE,
    "objective": "binary",
    "num_leaves": 8,
    "learning_rate": 0.1,
    "min_data_in_leaf": 50,
    "max_bin": 255,
}
_ROUNDS = 40


@dataclass
class Overlap:
    """How much more frequent rows are among those that have a value than among all.

    Attributes:
        design: The columns that this is told by; None where nobody has the value.
        booster: Tells who has it.
        odds: Of having it, among the rows that the booster learned from.
    """

    design: OutcomeDesign | None
    booster: lgb.Booster | None
    odds: float

    def ratio(self, rows: Dataset) -> Floats:
        """(n,) how many times more frequent rows like each are."""
        if self.design is None or self.booster is None:
            return np.full(len(rows), float(self.odds > 0))
        chance = np.asarray(
            self.booster.predict(self.design.codes(self.design.values(rows)), num_threads=1)
        )
        return np.asarray(chance / np.maximum(1 - chance, 1e-12) / self.odds)

    def told(self, rows: Dataset, has: np.ndarray) -> Auc | None:
        """How well other columns tell who has the value: among rows of which some have it."""
        if has.all() or not has.any() or self.design is None:
            return None
        ratio = self.ratio(rows)
        return auc(ratio[has], ratio[~has])


def overlap(model: Synthesizer, asked: Condition, without: list[str], run: Run) -> Overlap:
    """Learn from generated rows who has what is asked.

    Args:
        model: Makes the rows.
        asked: One value for each of some columns.
        without: Columns that do not count, outcomes among them.
        run: Its streams draw the rows.
    """
    inner = run.child("overlap", quiet=True)
    free = model.tabular_rows(DRAWN, run=inner)
    has = np.ones(len(free), bool)
    for test in asked.tests:
        has &= has_value(free, test, near=True)
    fixed = [test.column for test in asked.tests]
    if has.sum() < FEWEST:
        try:
            more = model.tabular_rows(RARE_DRAWN, asked, run=run.child("overlap", 1, quiet=True))
        except ConditionError:
            return Overlap(None, None, 0.0)
        rows = stacked([free, more])
        has = np.r_[np.zeros(len(free), bool), np.ones(len(more), bool)]
    else:
        rows = free
    columns = feature_columns(model.schema, [*fixed, *without])
    if not columns or has.all():
        return Overlap(None, None, 1.0)
    label = has.astype(float)
    design = OutcomeDesign.learned(rows, columns, label, None)
    booster = lgb.train(
        _SETTINGS, binned(design, design.codes(design.values(rows)), label), _ROUNDS
    )
    return Overlap(design, booster, float(has.sum() / (~has).sum()))


def has_value(rows: Dataset, test: Test, *, near: bool = False) -> np.ndarray:
    """(n,) whether rows have what is set; with ``near``, of a number the NEAR part that is nearest
    to it, as long as it is within their range."""
    values = rows[test.column]
    is_measured = values.dtype.is_numeric() or values.dtype.is_temporal()
    if near and test.operator == "=" and is_measured:
        numbers = as_floats(values)
        [wanted] = as_floats(pl.Series([test.value]).cast(values.dtype, strict=False))
        away = np.nan_to_num(np.abs(numbers - wanted), nan=np.inf)
        if not np.nanmin(numbers) <= wanted <= np.nanmax(numbers):
            return np.zeros(len(rows), bool)
        return np.asarray(away <= np.quantile(away, NEAR))
    return Condition((test,)).mask(rows.frame).to_numpy()
