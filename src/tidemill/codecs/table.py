"""A table row as the channels of its columns side by side."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Self

import numpy as np
import polars as pl

from tidemill.codecs import CODECS
from tidemill.codecs.base import ColumnCodec
from tidemill.core.condition import Condition, Test
from tidemill.core.dataset import Dataset
from tidemill.core.errors import ConditionError
from tidemill.core.grid import Batch, Known, Spec
from tidemill.core.run import Run
from tidemill.core.schema import Column, Kind, Schema
from tidemill.core.spelling import typed

CODEC_OF_KIND: Mapping[Kind, str] = {"number": "number", "category": "category", "boolean": "category",
                                     "datetime": "datetime", "id": "id", "text": "text"}


class TableCodec:
    """One column codec for every column that is not ignored; the target's channels come first.

    Attributes:
        schema: The columns that go in and come out.
        spec: All channels; known after :meth:`fit`.
    """

    schema: Schema
    spec: Spec

    def fit(self, data: Dataset, run: Run) -> Self:
        """Fit each column's codec on all rows."""
        kept = data.schema.select([c.name for c in data.schema if c.role != "ignore"])
        # reasons quote values of real rows, which must not get into an artefact
        self.schema = kept.replacing(*(replace(column, reason="", role_reason="") for column in kept))
        columns = sorted(self.schema, key=lambda column: column.role != "target")
        self._codecs: list[tuple[Column, ColumnCodec]] = []
        for column in columns:
            codec: ColumnCodec = CODECS.load(CODEC_OF_KIND[column.kind])()
            self._codecs.append((column, codec.fit(column, data[column.name], run)))
        self.spec = Spec.joined([codec.spec for _, codec in self._codecs])
        return self

    def encode(self, data: Dataset) -> Batch:
        """Rows -> Batch."""
        return Batch.joined([codec.encode(data[column.name]) for column, codec in self._codecs])

    def decode(self, batch: Batch, rng: np.random.Generator, name: str = "data") -> Dataset:
        """Batch -> rows of the same schema."""
        columns: dict[str, pl.Series] = {}
        for (column, codec), part in zip(self._codecs, self._parts(batch), strict=True):
            columns[column.name] = codec.decode(part, rng).rename(column.name)
        return Dataset(pl.DataFrame([columns[c.name] for c in self.schema]), self.schema, name=name)

    def _parts(self, batch: Batch) -> list[Batch]:
        parts, tick, code = [], 0, 0
        for _, codec in self._codecs:
            reals, codes = len(codec.spec.reals), len(codec.spec.codes)
            parts.append(Batch(batch.tick[:, tick:tick + reals], batch.code[:, code:code + codes]))
            tick, code = tick + reals, code + codes
        return parts

    def known(self, condition: Condition) -> Known:
        """The channels that a condition by equality gives.

        Raises:
            ConditionError: A test is no equality, or its value cannot be one of the column's.
        """
        tests = {test.column: test for test in condition.tests}
        ticks: dict[int, int] = {}
        codes: dict[int, int] = {}
        tick = code = 0
        for column, codec in self._codecs:
            if column.name in tests:
                spec = codec.spec
                one = codec.encode(_value(column, codec, tests[column.name]))
                codes |= {code + k: int(one.code[0, k]) for k in range(len(spec.codes))}
                ticks |= {tick + r: int(one.tick[0, r]) for r, real in enumerate(spec.reals)
                          if real.presence is None or one.code[0, real.presence] == 0}
            tick, code = tick + len(codec.spec.reals), code + len(codec.spec.codes)
        return Known(ticks, codes)

    def to_state(self) -> dict[str, Any]:
        """Schema and column codecs."""
        return {"schema": self.schema.to_state(), "order": [column.name for column, _ in self._codecs],
                "columns": {column.name: codec.to_state() for column, codec in self._codecs}}

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> Self:
        """Restored from :meth:`to_state`."""
        codec = cls()
        codec.schema = Schema.from_state(state["schema"])
        if sorted(state["order"]) != sorted(codec.schema.names):
            raise ValueError("the codec's columns are not the schema's")
        codec._codecs = []
        for name in state["order"]:
            column = codec.schema[name]
            part = CODECS.load(CODEC_OF_KIND[column.kind]).from_state(column, state["columns"][name])
            codec._codecs.append((column, part))
        codec.spec = Spec.joined([part.spec for _, part in codec._codecs])
        return codec


def _value(column: Column, codec: ColumnCodec, test: Test) -> pl.Series:
    """A series of the one value that the test asks for.

    Raises:
        ConditionError: The column has no such value.
    """
    where = f"column '{column.name}'"
    if column.kind in ("id", "text"):
        raise ConditionError(f"values of kind {column.kind} are made afresh and cannot be asked for", where=where,
                             hint="ask for a value of another column")
    missing = test.operator == "missing"
    if test.operator not in ("=", "missing"):
        raise ConditionError(f"'{test}' is no equality", where=where, hint="write COL=VALUE")
    dtype = codec.decode(_blank(codec), np.random.default_rng(0)).dtype
    if missing:
        if not column.nullable:
            raise ConditionError("no value is missing in the training rows", where=where, hint="ask for a value")
        return pl.Series(column.name, [None], dtype=dtype)
    value = pl.Series(column.name, [str(test.value)], dtype=pl.String)
    if column.kind in ("category", "boolean"):
        levels = getattr(codec, "levels", [])
        match = {level.lower(): level for level in reversed(levels)}.get(str(test.value).lower())
        if match is None:
            shown = ", ".join(levels[:8]) + (", ..." if len(levels) > 8 else "")
            raise ConditionError(f"the value '{test.value}' never occurs in the training rows", where=where,
                                 hint=f"choose one of: {shown}")
        level = match if str(test.value) not in levels else str(test.value)
        return pl.Series(column.name, [level]).cast(dtype) if dtype != pl.Boolean else pl.Series([level == "true"])
    read = typed(value)
    if read is None or read[0].null_count() or not (read[0].dtype.is_numeric() == dtype.is_numeric()):
        raise ConditionError(f"'{test.value}' is no {column.kind}", where=where,
                             hint="write the value as the column does")
    cast = read[0].cast(dtype, strict=False)
    if cast.null_count() or (dtype.is_integer() and (read[0] != cast).any()):
        raise ConditionError(f"'{test.value}' is no value that the column can have", where=where,
                             hint=f"the column holds values of type {dtype}")
    return cast


def _blank(codec: ColumnCodec) -> Batch:
    return Batch(np.zeros((1, len(codec.spec.reals)), np.int64), np.zeros((1, len(codec.spec.codes)), np.int32))
