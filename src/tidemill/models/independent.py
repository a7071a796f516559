"""The floor: every channel drawn by itself, as if the columns had nothing to do with each other."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, ClassVar, Self

import numpy as np

from tidemill.core.checked_arrays import integers
from tidemill.core.errors import OptionError
from tidemill.core.grid import Batch, ConditionalSample, Constraints, Spec, Topology
from tidemill.core.run import Run
from tidemill.models.base import State, check_learns
from tidemill.models.binary_forest import BinaryForest
from tidemill.models.conditional import infilled
from tidemill.models.nested_dichotomies import halved
from tidemill.models.variables import Variables

_LISTS: tuple[Topology, ...] = ("tokens", "parts")
"""Grids whose rows have a number of sites of their own, which is drawn, too."""


class Independent:
    """Right in each column, wrong between them: what every other generator must beat.

    Conditions are exact; only bounds on sums of channels need weighted candidates. Of images, every
    pixel is drawn by itself, as often so bright as it is at its place; of texts, every token, as
    often as it is found at any place (a unigram model), and how many there are; of parts every
    level of each, and of planes every tile, so too. A context changes nothing but the size of a
    plane.

    Example:
        >>> from tidemill.core.grid import Code
        >>> spec = Spec(codes=(Code("plan", 2),))
        >>> batch = Batch(np.zeros((4, 0), np.int64), np.array([[0], [1], [1], [1]], np.int32))
        >>> model = Independent().fit(spec, batch, Run())
        >>> len(model.sample(10, np.random.default_rng(0)))
        10
        >>> made = model.infill(10, Constraints(code={0: np.array([False, True])}),
        ...     np.random.default_rng(0))
        >>> float(made.chance[0]), made.effective
        (0.75, 10.0)
    """

    parameters: ClassVar[Mapping[str, Any]] = {}
    steps_done = 1
    steps_planned = 1

    learns: ClassVar[frozenset[Topology]] = frozenset({"row", "pixels", "tokens", "tiles", "parts"})

    variables: Variables
    spec: Spec
    lengths: np.ndarray
    """(sites + 1,) how many texts have 0, 1, ... tokens; empty of other rows."""

    def fit(self, spec: Spec, batch: Batch, run: Run) -> Self:
        """Count each channel's values; instant.

        Raises:
            OptionError: The rows are series.
        """
        check_learns("independent", self.learns, spec)
        self.spec = spec
        self.lengths = np.zeros(0, np.int64)
        if spec.topology in _PLACELESS:
            used = spec.within(len(batch), batch.context) if batch.mask is None else batch.mask
            if spec.topology in _LISTS:
                self.lengths = np.bincount(used.sum(axis=1), minlength=spec.sites[0] + 1)
            whose = batch.person
            if whose is not None:
                whose = np.broadcast_to(_at_sites(whose, used.ndim), used.shape)[used]
            batch = Batch(batch.tick[used], batch.code[used], person=whose)
        self.variables = Variables.learned(_drawn_at_once(spec), batch.flat)
        return self

    def sample(
        self, n: int, rng: np.random.Generator, run: Run | None = None, context: Batch | None = None
    ) -> Batch:
        """New rows; a context changes nothing in them."""
        return self.infill(n, Constraints(), rng, run, context).batch

    def infill(
        self,
        n: int,
        known: Constraints,
        rng: np.random.Generator,
        run: Run | None = None,
        context: Batch | None = None,
    ) -> ConditionalSample:
        """n new rows that keep to what is known; a context changes nothing in them.

        Raises:
            ConditionError: What is known never occurs.
            OptionError: Something is known of single tokens, or tiles.
        """
        if self.spec.topology in _PLACELESS:
            if known.of_all or known.rows is not None:
                raise OptionError(
                    "the model 'independent' draws every token by itself and keeps to nothing",
                    hint="choose option 'model=autoregressive'",
                )
            drawn = self._texts if self.spec.topology in _LISTS else self._planes
            return ConditionalSample(drawn(n, rng, run, context), np.ones(n), n)
        found = self._found(n, known, rng, run)
        return replace(found, batch=replace(found.batch.shaped(self.spec), context=context))

    def _texts(
        self, n: int, rng: np.random.Generator, run: Run | None, context: Batch | None
    ) -> Batch:
        shares = self.lengths / max(self.lengths.sum(), 1)
        length = rng.choice(len(shares), n, p=shares)
        used = np.arange(self.spec.sites[0]) < length[:, None]
        tokens = self._found(int(length.sum()), Constraints(), rng, run).batch
        batch = Batch.blank(replace(self.spec, context=None), n)
        batch.tick[used], batch.code[used] = tokens.tick, tokens.code
        return replace(batch, mask=used if self.spec.ragged else None, context=context)

    def _planes(
        self, n: int, rng: np.random.Generator, run: Run | None, context: Batch | None
    ) -> Batch:
        batch = Batch.blank(replace(self.spec, context=None), n)
        used = self.spec.within(n, context)
        batch.code[~used, 0] = self.spec.codes[0].size - 1
        tiles = self._found(int(used.sum()), Constraints(), rng, run).batch
        batch.tick[used], batch.code[used] = tiles.tick, tiles.code
        return replace(batch, context=context)

    def _found(
        self, n: int, known: Constraints, rng: np.random.Generator, run: Run | None
    ) -> ConditionalSample:
        nothing = np.zeros(0, int)
        answers = [
            BinaryForest.planned(halved(count, depth=0), count, nothing)
            for count in self.variables.count
        ]
        return infilled(self.variables, answers, n, known, rng, run or Run())

    def to_state(self) -> State:
        """The counts, and those of lengths."""
        document, arrays = self.variables.to_state()
        if len(self.lengths):
            arrays = {**arrays, "lengths": self.lengths}
        return document, arrays

    @classmethod
    def from_state(
        cls, spec: Spec, document: Mapping[str, Any], arrays: Mapping[str, np.ndarray]
    ) -> Self:
        """The model that :meth:`to_state` described.

        Raises:
            ValueError: The counts do not fit the spec.
        """
        model = cls()
        model.spec = spec
        model.lengths = np.zeros(0, np.int64)
        if spec.topology in _LISTS:
            shape = (spec.sites[0] + 1,)
            model.lengths = integers(arrays, "lengths", np.int64, shape, 0, 2**40)
        elif spec.topology not in _PLACELESS and math.prod(spec.sites) * max(
            len(spec.reals), len(spec.codes)
        ) > len(arrays):
            raise ValueError("there are more pixels than arrays")  # before each gets a channel
        counts = {name: array for name, array in arrays.items() if name != "lengths"}
        model.variables = Variables.from_state(_drawn_at_once(spec), counts)
        return model


_PLACELESS: tuple[Topology, ...] = ("tokens", "tiles", "parts")
"""Grids of which every site is drawn alike."""


def _at_sites(persons: np.ndarray, axes: int) -> np.ndarray:
    """The persons of rows, or of their sites, with so many axes."""
    return persons.reshape(*persons.shape, *[1] * (axes - persons.ndim))


def _drawn_at_once(spec: Spec) -> Spec:
    """The channels that are drawn at once: those of one token of a text or of one tile, else those
    of all sites."""
    if spec.topology in _PLACELESS:
        return Spec(spec.reals, spec.codes)
    return spec.flat
