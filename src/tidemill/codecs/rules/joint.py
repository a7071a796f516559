"""Categories that come in certain combinations only, as one code."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from tidemill.codecs.columns.base import Allowed
from tidemill.codecs.columns.category import CategoryCodec
from tidemill.codecs.rules.units import Block, BlockContext, BlockRows, Codecs, placed
from tidemill.core import checked_values as checked
from tidemill.core.errors import ConditionError, DataError
from tidemill.core.grid import Batch, Code, Constraints, Spec
from tidemill.core.persons import FEWEST_PERSONS, sharing

MOST_COMBINATIONS = 20_000
LARGEST_KEY = 2**62
"""Combinations that are possible, at most."""


class JointCode(Block):
    """Several columns of categories as one code: one level for each combination of the training
    rows; where rows are told apart by persons, of enough of them, and those of fewer count as the
    one most like it.

    A combination with a rare level comes back as one without, drawn by frequency among those that
    agree with it otherwise, or, where there are none, among all.

    Attributes:
        table: (combinations, columns) levels of the columns' own codes.
        counts: (combinations,) training rows.
        lenient: Whether few persons had other combinations, which are not kept.
    """

    def __init__(
        self,
        names: Sequence[str],
        codecs: Codecs,
        table: np.ndarray,
        counts: np.ndarray,
        *,
        lenient: bool = False,
    ) -> None:
        self.lenient = lenient
        self.columns = tuple(names)
        self.table, self.counts = table, counts
        self._codecs: list[CategoryCodec] = []
        for name in names:
            codec = codecs[name][1]
            assert isinstance(codec, CategoryCodec)
            self._codecs.append(codec)
        self.sizes = [codec.spec.codes[0].size for codec in self._codecs]
        self.spec = Spec(codes=(Code(" & ".join(names), len(table)),))
        self._keys = self._key(table)
        self._order = np.argsort(self._keys)

    @staticmethod
    def learned(
        names: Sequence[str],
        codecs: Codecs,
        rows: BlockRows,
        most: int,
        persons: np.ndarray | None = None,
    ) -> JointCode | str:
        """The combinations of training rows, or why they cannot be kept."""
        sizes = [codecs[name][1].spec.codes[0].size for name in names]
        if math.prod(sizes) > LARGEST_KEY:
            return "its columns have too many values"
        codes = np.stack([rows.parts[name].code[:, 0] for name in names], axis=1)
        table, place, counts = np.unique(codes, axis=0, return_inverse=True, return_counts=True)
        if len(table) > most:
            return f"it has {len(table):,} combinations, more than {most:,}"
        unit = JointCode(names, codecs, table, counts)
        if not unit.kept.any():
            return "every combination holds a rare value"
        if persons is None:
            return unit
        few = unit.kept & (sharing(place.ravel(), len(table), persons) < FEWEST_PERSONS)
        if not few.any():
            return unit
        if 2 * counts[few].sum() > counts[unit.kept].sum():
            return f"most of its combinations are those of fewer than {FEWEST_PERSONS} persons"
        return JointCode(names, codecs, table[~few], counts[~few], lenient=True)

    @property
    def kept(self) -> np.ndarray:
        """(combinations,) whether a combination holds no rare level."""
        return ~np.any(self._is_rare(), axis=1)

    def _is_rare(self) -> np.ndarray:
        """(combinations, columns) whether a level is the rare one."""
        rare = np.zeros(self.table.shape, bool)
        for k, codec in enumerate(self._codecs):
            if codec.rare:
                rare[:, k] = self.table[:, k] == len(codec.levels)
        return rare

    def _pools(self, wanted: Iterable[int]) -> Iterator[tuple[int, np.ndarray]]:
        """Combinations with a rare level, each with those that it may come back as."""
        rare = self._is_rare()
        kept = np.flatnonzero(~rare.any(axis=1))
        for at in wanted:
            agrees = self.table[kept] == self.table[at]
            alike = kept[agrees[:, ~rare[at]].all(axis=1)]
            yield at, alike if len(alike) else kept

    def _key(self, codes: np.ndarray) -> np.ndarray:
        key = np.zeros(len(codes), np.int64)
        for k, size in enumerate(self.sizes):
            key = key * size + codes[:, k]
        return key

    def encode(self, rows: BlockRows) -> Batch:

        keys = self._key(np.stack([rows.parts[name].code[:, 0] for name in self.columns], axis=1))
        ascending = self._keys[self._order]
        at = np.minimum(np.searchsorted(ascending, keys), len(ascending) - 1)
        unseen = ascending[at] != keys
        if unseen.any() and self.lenient:
            for key in np.unique(keys[unseen]).tolist():
                here = keys == key
                at[here] = np.flatnonzero(self._order == self._most_alike(key))[0]
        elif unseen.any():
            names = ", ".join(f"'{name}'" for name in self.columns)
            raise DataError(
                f"the values of {names} never came in this combination in training",
                where=f"row {int(np.flatnonzero(unseen)[0]) + 1}",
                hint="leave the row out, or mend it",
            )
        return Batch(np.zeros((len(keys), 0), np.int64), self._order[at].astype(np.int32)[:, None])

    def _most_alike(self, key: int) -> int:
        """The kept combination that agrees in most columns with another, of several the most
        frequent one."""
        levels = []
        for size in reversed(self.sizes):
            key, level = divmod(key, size)
            levels.append(level)
        agree = (self.table == np.array(levels[::-1])).sum(axis=1)
        return int(np.lexsort((self.counts, agree, self.kept))[-1])

    def decode(self, batch: Batch, rows: BlockRows, rng: np.random.Generator) -> None:

        at = batch.code[:, 0].astype(np.int64)
        replaced = np.flatnonzero(~self.kept[at])
        was = at[replaced]
        for rare, pool in self._pools(np.unique(was).tolist()):
            here = replaced[was == rare]
            shares = self.counts[pool] / self.counts[pool].sum()
            at[here] = rng.choice(pool, len(here), p=shares)
        codes = self.table[at]
        for k, name in enumerate(self.columns):
            rows.parts[name] = Batch(
                np.zeros((len(at), 0), np.int64), codes[:, [k]].astype(np.int32)
            )

    def known(self, name: str, allowed: Allowed, asked: BlockContext) -> Constraints:
        """The combinations whose levels are allowed; of those with a rare one, if all are that it
        may come back as."""
        if allowed.levels is None:
            return Constraints()
        passing = allowed.levels[self.table[:, self.columns.index(name)]]
        for at, pool in self._pools(np.flatnonzero(~self.kept).tolist()):
            passing[at] = passing[pool].all()
        if not passing.any():
            raise ConditionError(
                "no row can have such a value",
                where=f"column '{name}'",
                hint="ask for other values",
            )
        return placed(Constraints(code={0: passing}), asked)

    def to_state(self) -> dict[str, Any]:

        return {
            "unit": "joint",
            "columns": list(self.columns),
            "table": self.table.tolist(),
            "counts": self.counts.tolist(),
            "lenient": self.lenient,
        }

    @staticmethod
    def from_state(state: Mapping[str, Any], codecs: Codecs) -> JointCode:

        names = [checked.text(name) for name in state["columns"]]
        if not all(isinstance(codecs[name][1], CategoryCodec) for name in names):
            raise ValueError("only categories have combinations")
        if len(set(names)) < len(names) or len(state["table"]) > MOST_COMBINATIONS:
            raise ValueError("a column is combined with itself, or in too many ways")
        table = np.array(state["table"], np.int64).reshape(-1, len(names))
        counts = np.array(checked.wholes(state["counts"], 1, checked.MOST_COUNTED), np.int64)
        sizes = [codecs[name][1].spec.codes[0].size for name in names]
        outside = np.any(table < 0) or np.any(table >= sizes) or math.prod(sizes) > LARGEST_KEY
        if outside or len(counts) != len(table):
            raise ValueError("combinations do not fit their columns")
        lenient = checked.truth(state.get("lenient", False))
        unit = JointCode(names, codecs, table.astype(np.int32), counts, lenient=lenient)
        if len(np.unique(unit._keys)) < len(table) or not unit.kept.any():
            raise ValueError("combinations occur twice, or all are rare")
        return unit
