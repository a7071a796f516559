"""The modelled columns of a table as one matrix for tree models."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tidemill.core.dataset import Dataset
from tidemill.core.persons import FEWEST_PERSONS
from tidemill.core.schema import Column
from tidemill.mining.binning import as_floats
from tidemill.supervised.levels import frequent_levels, level_codes

MOST_LEVELS = 100

Part = Literal["value", "year", "month", "weekday", "hour", "elapsed"]
_PARTS = {
    "elapsed": "position in time",
    "year": "year",
    "month": "month",
    "weekday": "day of the week",
    "hour": "hour",
}


@dataclass(frozen=True)
class Feature:
    """One column of the matrix.

    Attributes:
        column: The table's column that it comes from.
        part: "value", or what is taken of a datetime; "elapsed" is in days since the first training
            row.
        levels: Of a category, the level names by code (the rest share the next code); empty for a
            number.
        start: Of "elapsed", the position that counts as 0.
    """

    column: str
    part: Part = "value"
    levels: tuple[str, ...] = ()
    start: float = 0.0

    @property
    def label(self) -> str:
        """What the feature is called in sentences."""
        if self.part == "value":
            return self.column
        return f"{self.column} ({_PARTS[self.part]})"

    def values(self, frame: pl.DataFrame) -> NDArray[np.float64]:
        """The feature of each row, (n,); NaN where missing."""
        series = frame[self.column]
        if self.part != "value":
            return self._of_datetime(series)
        if not self.levels:
            return as_floats(series)
        return level_codes(series, self.levels, other=len(self.levels), missing=np.nan)

    def _of_datetime(self, series: pl.Series) -> NDArray[np.float64]:
        if self.part == "elapsed":
            return _days(series) - self.start
        taken = {
            "year": series.dt.year,
            "month": series.dt.month,
            "weekday": series.dt.weekday,
            "hour": series.dt.hour,
        }[self.part]
        return as_floats(taken())


def learn_features(train: Dataset, columns: tuple[Column, ...]) -> tuple[Feature, ...]:
    """The features of these columns that vary among the training rows."""
    found: list[Feature] = []
    for column in columns:
        series = train[column.name]
        if series.drop_nulls().n_unique() + (series.null_count() > 0) < 2:
            continue
        if column.kind == "datetime":
            found += _datetime_features(series)
        elif column.kind == "number":
            found.append(Feature(column.name))
        elif levels := frequent_levels(series, MOST_LEVELS, FEWEST_PERSONS):
            found.append(Feature(column.name, levels=levels))
    return tuple(found)


def matrix(data: Dataset, features: tuple[Feature, ...]) -> NDArray[np.float64]:
    """The features of each row, (n, features); NaN where missing."""
    result = np.empty((len(data), len(features)))
    for at, feature in enumerate(features):
        result[:, at] = feature.values(data.frame)
    return result


def _datetime_features(series: pl.Series) -> list[Feature]:
    parts: list[Part] = ["year", "month", "weekday"]
    if series.dtype != pl.Date:
        parts.append("hour")
    start = float(np.nanmin(_days(series)))
    candidates = [Feature(series.name, "elapsed", start=start)]
    candidates += [Feature(series.name, part) for part in parts]
    frame = series.to_frame()
    varying = []
    for feature in candidates:
        values = feature.values(frame)
        if len(np.unique(values[~np.isnan(values)])) > 1:
            varying.append(feature)
    return varying


def _days(series: pl.Series) -> NDArray[np.float64]:
    if isinstance(series.dtype, pl.Datetime | pl.Duration):
        per_day = {"ms": 86_400e3, "us": 86_400e6, "ns": 86_400e9}[series.dtype.time_unit]
        return as_floats(series) / per_day
    return as_floats(series)
