"""Planes of tiles by counts: each tile given those to its left, above it, and between the two."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, ClassVar, Self

import numpy as np

from tidemill.core import checked_values
from tidemill.core.errors import OptionError
from tidemill.core.grid import Batch, ConditionalSample, Constraints, Spec, Topology
from tidemill.core.run import Run
from tidemill.models.base import State, check_context, check_learns
from tidemill.models.histories import Histories, mixed_chances
from tidemill.models.tile_classes import telling_code

BEFORE = ((0, -1), (-1, 0), (-1, -1))
"""The tiles that one is given: to the left, above, and between the two; the last ones are left out
first."""
PRIOR = 1.0
"""Tiles that a history takes from the shorter one."""
LEAST_CHANCE = 1e-9


class TileNgram:
    """The floor and the quick choice for planes of tiles: an n-gram model in two dimensions (the
    "multi-dimensional Markov chain" of Snodgrass and Ontañón 2014).

    Chances of a history are counts mixed with those of the next shorter one. Counts are split by
    the code of the context that tells most of the tiles. Where tiles are given, each is drawn by
    how well it goes with those behind it that are known, too.

    Example:
        >>> from tidemill.core.grid import Code
        >>> spec = Spec(codes=(Code("tile", 2),), sites=(2, 2), topology="tiles")
        >>> board = np.tile(np.array([[0, 1], [1, 0]], np.int32)[..., None], (50, 1, 1, 1))
        >>> model = TileNgram().fit(spec, Batch(np.zeros((50, 2, 2, 0), np.int64), board), Run())
        >>> model.sample(1, np.random.default_rng(0)).code[0, :, :, 0].tolist()
        [[0, 1], [1, 0]]
    """

    parameters: ClassVar[Mapping[str, Any]] = {}
    learns: ClassVar[frozenset[Topology]] = frozenset({"tiles"})
    steps_done = 1
    steps_planned = 1

    spec: Spec
    split: int | None
    """The code of the context by which counts are split; None for none."""
    histories: tuple[Histories, ...]
    """From that of no tile to the longest."""

    def fit(self, spec: Spec, batch: Batch, run: Run) -> Self:
        """Count the tiles behind each history.

        Raises:
            OptionError: The rows are no planes of a single code.
        """
        _check(spec)
        self.spec = spec
        within = spec.within(len(batch), batch.context)
        self.split = telling_code(spec, batch, within)
        row, line, column = np.nonzero(within)
        tile = batch.code[row, line, column, 0]
        seen = self._padded(batch.code[..., 0], within)
        of = self._classes(len(batch), batch.context)[row]
        found = []
        for length in range(len(BEFORE) + 1):
            run.check()
            key = self._keys(seen, row, line, column, of, length)
            found.append(Histories.counted(key, tile, self.levels))
        self.histories = tuple(found)
        return self

    @property
    def levels(self) -> int:
        """Tiles that there may be, the one outside among them."""
        return self.spec.codes[0].size

    def _classes(self, n: int, context: Batch | None) -> np.ndarray:
        if self.split is None or context is None:
            return np.zeros(n, np.int64)
        return context.joint.code[:, self.split].astype(np.int64)

    def _padded(self, tile: np.ndarray, within: np.ndarray) -> np.ndarray:
        """(n, H, W) tiles -> (n, H + 2, W + 2), with a mark where there are none."""
        marked = np.where(within, tile, self.levels).astype(np.int64)
        return np.pad(marked, ((0, 0), (1, 1), (1, 1)), constant_values=self.levels)

    def _keys(
        self,
        seen: np.ndarray,
        row: np.ndarray,
        line: np.ndarray,
        column: np.ndarray,
        of: np.ndarray,
        length: int,
    ) -> np.ndarray:
        """(m,) numbers of the histories of so many tiles before some sites, and of their class."""
        key = of.copy()
        for down, right in BEFORE[:length]:
            key = key * (self.levels + 1) + seen[row, line + 1 + down, column + 1 + right]
        return key

    def _chances(
        self,
        seen: np.ndarray,
        row: np.ndarray,
        line: np.ndarray,
        column: np.ndarray,
        of: np.ndarray,
    ) -> np.ndarray:
        """(m, levels) the chances of the tiles at some sites, given those before each."""
        lengths = range(len(self.histories))
        keys = (self._keys(seen, row, line, column, of, length) for length in lengths)
        return mixed_chances(self.histories, keys, PRIOR)

    def sample(
        self, n: int, rng: np.random.Generator, run: Run | None = None, context: Batch | None = None
    ) -> Batch:
        """n new rows, one for each row of the context.

        Raises:
            OptionError: A context is missing.
        """
        check_context("tile_ngram", self.spec, context)
        blank = Batch.blank(replace(self.spec, context=None), n)
        nothing = np.zeros((n, *self.spec.sites), bool)
        return self.write_on(replace(blank, mask=nothing, context=context), rng, run)

    def write_on(self, begun: Batch, rng: np.random.Generator, run: Run | None = None) -> Batch:
        """Planes with the tiles of these at the sites of their masks, and others elsewhere.

        Args:
            begun: What is known, and what the rows are made for as their context.
            rng: The random stream.
            run: For cancelling.

        Raises:
            OptionError: A context is missing.
        """
        check_context("tile_ngram", self.spec, begun.context)
        n, run = len(begun), run or Run()
        within = self.spec.within(n, begun.context)
        known = within.copy() if begun.mask is None else begun.mask & within
        seen = self._padded(np.where(known, begun.code[..., 0], self.levels), within)
        of = self._classes(n, begun.context)
        height, width = self.spec.sites
        for line in range(height):
            run.check()
            for column in range(width):
                row = np.flatnonzero(within[:, line, column] & ~known[:, line, column])
                if len(row):
                    chance = self._given_all(seen, row, line, column, of[row], known)
                    seen[row, line + 1, column + 1] = _drawn(chance, rng)
        tile = np.where(within, seen[:, 1:-1, 1:-1], self.levels - 1).astype(np.int32)
        return Batch(begun.tick, tile[..., None], context=begun.context)

    def _given_all(
        self,
        seen: np.ndarray,
        row: np.ndarray,
        line: int,
        column: int,
        of: np.ndarray,
        known: np.ndarray,
    ) -> np.ndarray:
        """(rows, levels) chances of the tiles at a site, given those before it, and how likely each
        makes the known ones behind it."""
        place = np.full(len(row), line), np.full(len(row), column)
        chance = self._chances(seen, row, *place, of)
        for down, right in BEFORE:
            later = line - down, column - right
            if later[0] >= self.spec.sites[0] or later[1] >= self.spec.sites[1]:
                continue
            there = np.flatnonzero(known[row, later[0], later[1]])
            if not len(there):
                continue
            rows = row[there]
            behind = seen[rows, later[0] + 1, later[1] + 1]
            at = np.full(len(rows), later[0]), np.full(len(rows), later[1])
            for level in range(self.levels):
                seen[rows, line + 1, column + 1] = level
                fit = self._chances(seen, rows, *at, of[there])
                chance[there, level] *= np.maximum(fit[np.arange(len(rows)), behind], LEAST_CHANCE)
        return chance

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
            OptionError: Something is known of all tiles of a channel, or a context is missing.
        """
        if known.of_all or known.rows is not None:
            raise OptionError(
                "the model 'tile_ngram' keeps to nothing that is asked of all tiles",
                hint="ask for what stands beside them, or give some tiles",
            )
        return ConditionalSample(self.sample(n, rng, run, context), np.ones(n), n)

    def scores(self, batch: Batch, run: Run | None = None) -> np.ndarray:
        """(n,) the log-likelihood of each row given its context, in nats.

        Raises:
            OptionError: A context is missing.
        """
        check_context("tile_ngram", self.spec, batch.context)
        within = self.spec.within(len(batch), batch.context)
        row, line, column = np.nonzero(within)
        seen = self._padded(batch.code[..., 0], within)
        of = self._classes(len(batch), batch.context)[row]
        chance = self._chances(seen, row, line, column, of)
        own = chance[np.arange(len(row)), batch.code[row, line, column, 0]]
        return np.bincount(row, np.log(np.maximum(own, LEAST_CHANCE)), minlength=len(batch))

    def to_state(self) -> State:
        """The counts; no plane."""
        arrays: dict[str, np.ndarray] = {}
        for length, known in enumerate(self.histories):
            arrays |= known.to_arrays(str(length))
        return {"split": self.split}, arrays

    @classmethod
    def from_state(
        cls, spec: Spec, document: Mapping[str, Any], arrays: Mapping[str, np.ndarray]
    ) -> Self:
        """The model that :meth:`to_state` described.

        Raises:
            KeyError, OptionError, TypeError, ValueError: It is no such state.
        """
        _check(spec)
        model = cls()
        model.spec, model.split = spec, None
        if document["split"] is not None:
            codes = 0 if spec.context is None else len(spec.context.joint.codes)
            model.split = checked_values.whole(document["split"], 0, codes - 1)
        model.histories = tuple(
            Histories.from_arrays(arrays, str(length), model.levels)
            for length in range(len(BEFORE) + 1)
        )
        return model


def _check(spec: Spec) -> None:
    """See that these are planes of one code a site.

    Raises:
        OptionError: They are not.
    """
    check_learns("tile_ngram", TileNgram.learns, spec)
    if len(spec.codes) != 1 or spec.reals:
        raise OptionError(
            "the model 'tile_ngram' learns planes of one code a site",
            hint="choose option 'model=autoregressive'",
        )


def _drawn(chance: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """(n, levels) chances, not to one -> (n,) levels."""
    edges = np.maximum(chance, LEAST_CHANCE * (chance > 0)).cumsum(axis=1)
    uniform = rng.random(len(edges)) * edges[:, -1]
    return np.minimum((edges <= uniform[:, None]).sum(axis=1), edges.shape[1] - 1)
