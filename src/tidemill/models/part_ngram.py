"""Rows of parts by counts: each level given what the part had before, and what the part above it
does."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, ClassVar, Self

import numpy as np

from tidemill.core import checked_arrays
from tidemill.core.errors import OptionError
from tidemill.core.grid import (
    GOES_ON,
    SILENT,
    Batch,
    ConditionalSample,
    Constraints,
    Known,
    Spec,
    Topology,
    levels_had,
)
from tidemill.core.run import Run
from tidemill.models.base import State, check_context, check_learns
from tidemill.models.histories import Histories, mixed_chances

PRIOR = 2.0
"""Levels that a history takes from the shorter one."""
LEAST_CHANCE = 1e-9
HISTORIES = 4
"""Of growing length: nothing; what the part had; what the part above does; the place in a cycle."""


class PartNgram:
    """The floor and the quick choice for rows of parts: an n-gram model whose histories are what
    the part had at the site before, what the part above it does, and the place in a cycle.

    Chances of a history are counts mixed with those of the next shorter one. How many sites a row
    has is drawn as often as it occurs. A context changes nothing.

    Example:
        >>> from tidemill.core.grid import Code
        >>> spec = Spec(codes=(Code("part", 4),), sites=(3,), topology="parts", cycles=(2,))
        >>> rows = np.tile([[2], [1], [3]], (50, 1, 1)).astype(np.int32)
        >>> model = PartNgram().fit(spec, Batch(np.zeros((50, 3, 0), np.int64), rows), Run())
        >>> made = model.sample(200, np.random.default_rng(0)).code[..., 0]
        >>> bool((made == [2, 1, 3]).all(axis=1).mean() > 0.9)
        True
    """

    parameters: ClassVar[Mapping[str, Any]] = {}
    learns: ClassVar[frozenset[Topology]] = frozenset({"parts"})
    steps_done = 1
    steps_planned = 1

    spec: Spec
    histories: tuple[tuple[Histories, ...], ...]
    """Of each part, from the shortest one to the longest."""
    lengths: np.ndarray
    """(sites + 1,) how many rows have 0, 1, ... sites."""

    def fit(self, spec: Spec, batch: Batch, run: Run) -> Self:
        """Count the levels behind each history.

        Raises:
            OptionError: The rows are none of parts.
        """
        check_learns("part_ngram", self.learns, spec)
        self.spec = spec
        used = _used(batch)
        self.lengths = np.bincount(used.sum(axis=1), minlength=spec.sites[0] + 1)
        row, site = np.nonzero(used)
        had = levels_had(np.where(used[..., None], batch.code, SILENT))
        found = []
        for part in range(len(spec.codes)):
            run.check()
            level = batch.code[row, site, part]
            keys = self._keys(had, batch.code, row, site, part)
            found.append(tuple(Histories.counted(key, level, self.levels) for key in keys))
        self.histories = tuple(found)
        return self

    @property
    def levels(self) -> int:
        """Levels that there may be."""
        return self.spec.codes[0].size

    def _keys(
        self, had: np.ndarray, code: np.ndarray, row: np.ndarray, site: np.ndarray, part: int
    ) -> list[np.ndarray]:
        """(m,) numbers of the histories of some sites, from the shortest on.

        Args:
            had: (n, sites, parts) what parts have, and ``code`` what they do.
            code: The same shape; of sites and parts before, only.
            row, site: (m,) of which sites.
            part: Of which part.
        """
        size = self.levels + 1
        before = np.where(site > 0, had[row, site - 1, part], self.levels)
        above = np.zeros(len(row), np.int64)
        if part:
            above = 2 * had[row, site, part - 1] + (code[row, site, part - 1] == GOES_ON)
        own = before.astype(np.int64)
        with_above = own * 2 * size + above
        cycle = min(self.spec.cycles, default=1)
        return [np.zeros(len(row), np.int64), own, with_above, with_above * cycle + site % cycle]

    def _chances(
        self, had: np.ndarray, code: np.ndarray, row: np.ndarray, site: np.ndarray, part: int
    ) -> np.ndarray:
        """(m, levels) the chances of a part's levels at some sites."""
        keys = self._keys(had, code, row, site, part)
        return mixed_chances(self.histories[part], keys, PRIOR)

    def sample(
        self, n: int, rng: np.random.Generator, run: Run | None = None, context: Batch | None = None
    ) -> Batch:
        """n new rows, one for each row of the context.

        Raises:
            OptionError: A context is missing.
        """
        blank = Batch.blank(replace(self.spec, context=None), n)
        nothing = Known(np.zeros(blank.code.shape, bool), np.zeros(n, bool))
        return self.fill(replace(blank, mask=None, context=context), nothing, rng, run)

    def fill(
        self, given: Batch, known: Known, rng: np.random.Generator, run: Run | None = None
    ) -> Batch:
        """Rows of parts of which some codes are known; the others are drawn given those before
        them.

        Args:
            given: The rows, with their context.
            known: Which codes are given.
            rng: The random stream.
            run: For cancelling.

        Raises:
            OptionError: A context is missing.
        """
        check_context("part_ngram", self.spec, given.context)
        n, sites = given.code.shape[:2]
        run, code = run or Run(), given.code.copy()
        shares = self.lengths / max(self.lengths.sum(), 1)
        length = np.asarray(rng.choice(len(shares), n, p=shares))
        least = np.zeros(n, np.int64)
        if given.mask is not None and known.code.any():
            least = given.mask.sum(axis=1)
        length = np.where(known.ends, least, np.maximum(length, least))
        had = np.zeros_like(code)
        for site in range(int(length.max(initial=0))):
            run.check()
            row = np.flatnonzero(length > site)
            at = np.full(len(row), site)
            for part in range(code.shape[2]):
                edges = self._chances(had, code, row, at, part).cumsum(axis=1)
                uniform = rng.random(len(row)) * edges[:, -1]
                new = np.minimum((edges <= uniform[:, None]).sum(axis=1), self.levels - 1)
                stays = known.code[row, site, part]
                code[row, site, part] = np.where(stays, code[row, site, part], new)
                level = code[row, site, part]
                before = had[row, site - 1, part] if site else np.zeros(len(row), had.dtype)
                had[row, site, part] = np.where(level == GOES_ON, before, level)
        mask = np.arange(sites) < length[:, None]
        code = np.where(mask[..., None], code, SILENT).astype(np.int32)
        return replace(given, code=code, mask=mask if self.spec.ragged else None)

    def infill(
        self,
        n: int,
        known: Constraints,
        rng: np.random.Generator,
        run: Run | None = None,
        context: Batch | None = None,
    ) -> ConditionalSample:
        """n new rows.

        Raises:
            OptionError: Something is known of all levels of a part, or a context is missing.
        """
        if known.of_all or known.rows is not None:
            raise OptionError(
                "the model 'part_ngram' keeps to no level of parts that is asked of all rows",
                hint="ask for what stands beside them, or give rows with some of the parts",
            )
        return ConditionalSample(self.sample(n, rng, run, context), np.ones(n), n)

    def scores(self, batch: Batch, run: Run | None = None) -> np.ndarray:
        """(n,) the log-likelihood of each row, in nats.

        Raises:
            OptionError: A context is missing.
        """
        check_context("part_ngram", self.spec, batch.context)
        used = _used(batch)
        row, site = np.nonzero(used)
        had = levels_had(np.where(used[..., None], batch.code, SILENT))
        lengths = np.maximum(self.lengths, LEAST_CHANCE) / max(self.lengths.sum(), 1)
        found = np.log(lengths[np.minimum(used.sum(axis=1), len(lengths) - 1)])
        for part in range(len(self.spec.codes)):
            chance = self._chances(had, batch.code, row, site, part)
            own = chance[np.arange(len(row)), batch.code[row, site, part]]
            nats = np.log(np.maximum(own, LEAST_CHANCE))
            found = found + np.bincount(row, nats, minlength=len(batch))
        return found

    def to_state(self) -> State:
        """The counts; no row."""
        arrays: dict[str, np.ndarray] = {"lengths": self.lengths.astype(np.int64)}
        for part, known in enumerate(self.histories):
            for length, one in enumerate(known):
                arrays |= one.to_arrays(f"{part}.{length}")
        return {}, arrays

    @classmethod
    def from_state(
        cls, spec: Spec, document: Mapping[str, Any], arrays: Mapping[str, np.ndarray]
    ) -> Self:
        """The model that :meth:`to_state` described.

        Raises:
            KeyError, OptionError, ValueError: It is no such state.
        """
        check_learns("part_ngram", cls.learns, spec)
        model = cls()
        model.spec = spec
        shape = (spec.sites[0] + 1,)
        model.lengths = checked_arrays.integers(arrays, "lengths", np.int64, shape, 0, 2**40)
        found = []
        for part in range(len(spec.codes)):
            own = [
                Histories.from_arrays(arrays, f"{part}.{length}", model.levels)
                for length in range(HISTORIES)
            ]
            found.append(tuple(own))
        if not model.lengths.sum():
            raise ValueError("there are no rows")
        model.histories = tuple(found)
        return model


def _used(batch: Batch) -> np.ndarray:
    """(n, sites) which sites are in use."""
    return np.ones(batch.code.shape[:2], bool) if batch.mask is None else batch.mask
