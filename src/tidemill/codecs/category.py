"""Categories and booleans as one code each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

import numpy as np
import polars as pl

from tidemill.codecs.base import ColumnCodec
from tidemill.core.grid import Batch, Code, Spec
from tidemill.core.run import Run
from tidemill.core.schema import Column

MIN_COUNT = 5
"""A level of fewer training rows is not kept by name, unless such levels make up most of the column."""

_DTYPES = {"String": pl.String, "Boolean": pl.Boolean, "Int64": pl.Int64, "Float64": pl.Float64}


class CategoryCodec(ColumnCodec):
    """One code: the levels by frequency, then one for rare levels, then one for missing.

    A row with a rare level comes back with one of the kept levels, drawn by their frequency: the name of a level that
    only a few rows carry may be a person's.
    """

    exact = False
    inexact_because = "levels of fewer than five training rows are not kept"

    levels: list[str]
    chances: list[float]
    rare: bool
    missing: bool
    dtype: str

    def fit(self, column: Column, values: pl.Series, run: Run) -> Self:
        """Count the levels; keep those that are frequent enough."""
        self.dtype = str(values.dtype) if str(values.dtype) in _DTYPES else "String"
        counted = values.cast(pl.String).drop_nulls().rename("level").value_counts().sort(
            ["count", "level"], descending=[True, False])
        kept = counted.filter(pl.col("count") >= MIN_COUNT)
        if 2 * kept["count"].sum() < counted["count"].sum():
            run.warn(f"Most values of '{column.name}' occur fewer than {MIN_COUNT} times; the model keeps them all by "
                     f"name. If they point to persons, declare the column with --id {column.name} or --ignore it.")
            kept = counted
        self.levels = kept["level"].to_list()
        self.chances = (kept["count"] / max(kept["count"].sum(), 1)).to_list()
        self.rare = len(kept) < len(counted)
        self.missing = bool(values.null_count())
        self.spec = self._spec(column)
        return self

    def _spec(self, column: Column) -> Spec:
        return Spec(codes=(Code(column.name, max(len(self.levels) + self.rare + self.missing, 1)),))

    def encode(self, values: pl.Series) -> Batch:
        """(n,) levels -> one code each; unknown and rare ones alike."""
        text = values.cast(pl.String)
        unknown = len(self.levels) if self.rare else 0
        place = {level: i for i, level in enumerate(self.levels)}
        code = text.replace_strict(place, default=unknown, return_dtype=pl.Int32) if place else (
            pl.repeat(0, len(text), dtype=pl.Int32, eager=True))
        absent = values.is_null().to_numpy()
        codes = np.where(absent, len(self.levels) + self.rare if self.missing else 0, code.fill_null(0).to_numpy())
        return Batch(np.zeros((len(values), 0), np.int64), codes.astype(np.int32)[:, None])

    def decode(self, batch: Batch, rng: np.random.Generator) -> pl.Series:
        """Codes -> levels of the typed dtype; rare ones are drawn from the kept levels."""
        code = batch.code[:, 0].copy()
        rare = np.flatnonzero((code == len(self.levels)) & self.rare)
        if len(rare):
            code[rare] = rng.choice(len(self.levels), len(rare), p=np.array(self.chances) / np.sum(self.chances))
        levels = pl.Series([*self.levels, None], dtype=pl.String)
        if self.dtype == "Boolean":
            levels = levels == "true"
        elif self.dtype != "String":
            levels = levels.cast(_DTYPES[self.dtype])
        return levels[np.minimum(code, len(self.levels))]

    def to_state(self) -> dict[str, Any]:
        """The kept levels and their shares."""
        return {"levels": self.levels, "chances": self.chances, "rare": self.rare, "missing": self.missing,
                "dtype": self.dtype}

    @classmethod
    def from_state(cls, column: Column, state: Mapping[str, Any]) -> Self:
        """Restored from :meth:`to_state`."""
        codec = cls()
        codec.levels = [str(level) for level in state["levels"]]
        codec.chances = [float(chance) for chance in state["chances"]]
        codec.rare, codec.missing, codec.dtype = bool(state["rare"]), bool(state["missing"]), str(state["dtype"])
        if len(codec.levels) != len(codec.chances) or codec.dtype not in _DTYPES:
            raise ValueError("levels and chances do not fit together")
        codec.spec = codec._spec(column)
        return codec
