"""Codes of a row drawn one after the other, each from a network that has seen those before it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Self

import numpy as np
import torch
from torch import Tensor, nn

from tidemill.core.grid import AXES, Batch, ConditionalSample, Constraints, Known, Spec
from tidemill.core.run import Run
from tidemill.core.torch_threads import torch_threads
from tidemill.models.base import State, check_context
from tidemill.models.conditional import infilled
from tidemill.models.deep.code_by_code import CodeByCode, Sequence
from tidemill.models.deep.distributions import NetworkDistribution, known_first
from tidemill.models.deep.in_turn import AutoregressiveOptions, InTurn
from tidemill.models.deep.neural import Neural
from tidemill.models.deep.part_by_part import PartByPart
from tidemill.models.deep.tile_by_tile import TileByTile
from tidemill.models.deep.training import Objective, Picking, Tensors, device_of
from tidemill.models.deep.unit_by_unit import UnitByUnit
from tidemill.models.variables import Variables

SOME, OFTEN = 1000, 0.07
"""Plain rows that are looked at, and the share of them that must be like what is asked for to draw
until enough are."""
LEAST_ROWS, FULL_WIDTH = 16, 64
"""Rows of a step, however many codes they have; codes of a site from which on there are fewer than
was asked for."""
CANDIDATES = 8
"""Candidates for a row under conditions, and for moving it: few, since they are drawn given all
that is known."""


class Autoregressive(Neural):
    """Codes drawn one after the other, each given all before it; a number of many values is a
    coarse and a fine one.

    In a table every code has a network of its own (MADE, Germain et al. 2015; in any order, Uria,
    Murray and Larochelle 2014; for tables, TabularARGN, Tiwald et al. 2025), and a part of the rows
    is learned in random orders, so that any part of a row can be drawn given any other. Where there
    are several sites, a causal transformer tells each site of those before it, and the codes within
    a site are drawn as those of a table. Tiles of a plane, and units of texts, have networks of
    their own.

    The likelihood of a row is known (:meth:`scores`); it is that of the grid's order, in which
    plain rows are drawn, and those under conditions come from the same distribution
    (:meth:`infill`).

    Example:
        >>> from tidemill.core.grid import Code
        >>> spec, rows = Spec(codes=(Code("coin", 2),)), Batch(np.zeros((40, 0), int),
        ...     np.arange(40)[:, None] % 2)
        >>> model = Autoregressive(steps=1, width=4, cores=1).fit(spec, rows, Run())
        >>> model.scores(rows).shape
        (40,)
    """

    Options = AutoregressiveOptions
    learns = frozenset(AXES) - {"calendar"}
    completes = True
    options: AutoregressiveOptions
    turn: InTurn

    def view(self, spec: Spec, batch: Batch, run: Run) -> None:
        """The view of training rows."""
        rng = run.rng(self.name, "view")
        self.turn = _way(spec).learned(spec, batch, rng, self.options)

    def rows(self, batch: Batch) -> Tensors:
        """As the view shows them."""
        return self.turn.rows(batch)

    def build(self) -> nn.Module:
        """The network for the view."""
        return self.turn.build()

    def objectives(self, net: nn.Module) -> list[Objective]:
        """The likelihood."""
        return [
            Objective(
                "loss",
                list(net.parameters()),
                lambda rows, rng, step: self.turn.loss(net, rows, rng),
                rate=self.turn.rate,
            )
        ]

    def step_rows(self) -> int:
        """As many as suit the grid."""
        return self.turn.step_rows()

    @property
    def picker(self) -> Picking | None:
        return self.turn.picker

    @property
    def precision(self) -> str:
        return self.turn.precision

    @property
    def together(self) -> int:
        return self.turn.together

    @property
    def glimpsed(self) -> int:
        return self.turn.glimpsed

    def fit(self, spec: Spec, batch: Batch, run: Run, start: Self | None = None) -> Self:
        super().fit(spec, batch, run, start)
        with torch_threads(self.options.cores), torch.inference_mode():
            self.turn.finish(self.net, batch, self.held_out(batch, run)[0], run)
        return self

    def score(self, net: nn.Module, held: Tensors, real: Batch, rng: torch.Generator) -> float:
        """The mean negative log-likelihood of a code."""
        return self.turn.score(net, held)

    def draw(
        self,
        net: nn.Module,
        n: int,
        context: Batch | None,
        rng: torch.Generator,
        noise: Tensor | None = None,
    ) -> Batch:
        """Rows in the grid's order."""
        return self.turn.draw(net, n, context, rng)

    def write_on(self, begun: Batch, rng: np.random.Generator, run: Run | None = None) -> Batch:
        """Texts that begin as these, one each, or planes of tiles: the sites of their masks stay,
        and others follow.

        Args:
            begun: What is known, and what the rows are made for as their context.
            rng: The random stream.
            run: For progress, and its device.

        Raises:
            OptionError: A context is missing, or the model has learned neither.
        """
        check_context(self.name, self.spec, begun.context)
        return self.in_chunks(
            len(begun),
            lambda rows, rng: self.turn.written(self.net, begun.rows(rows), rng),
            rng,
            run or Run(),
        )

    def fill(
        self, given: Batch, known: Known, rng: np.random.Generator, run: Run | None = None
    ) -> Batch:
        """Rows of parts of which some codes are known; the others are drawn given these.

        Args:
            given: The rows, with their context.
            known: Which codes are given.
            rng: The random stream.
            run: For progress, and its device.

        Raises:
            OptionError: A context is missing, or the model has learned no parts.
        """
        check_context(self.name, self.spec, given.context)
        return self.in_chunks(
            len(given),
            lambda rows, rng: self.turn.filled(self.net, given.rows(rows), known.rows(rows), rng),
            rng,
            run or Run(),
        )

    def go_on(
        self,
        past: Batch,
        steps: int,
        paths: int,
        rng: np.random.Generator,
        run: Run | None = None,
    ) -> Batch:
        """As :meth:`Neural.go_on`, drawn given all that is known of the series."""
        known = past.tick.shape[1]

        def drawn(begun: Batch, stream: torch.Generator) -> Batch:
            return self.turn.continued(self.net, begun, known, stream)

        return self._continued(past, steps, paths, drawn, rng, run)

    def scores(self, batch: Batch, run: Run | None = None) -> np.ndarray:
        """The log-likelihood of rows.

        Args:
            batch: n rows.
            run: For its device.

        Returns:
            (n,) natural logarithm of the chance of each row, -inf for rows with values that the
            model never makes.

        Raises:
            OptionError: A context is missing.
        """
        check_context(self.name, self.spec, batch.context)
        device = device_of((run or Run()).device)
        self.net = self.net.to(device)
        with torch_threads(self.options.cores), torch.inference_mode():
            found = self.turn.likelihood(self.net, batch, device)
        self.net = self.net.cpu()
        return found

    def infill(
        self, n: int, known: Constraints, rng: np.random.Generator, run: Run | None = None
    ) -> ConditionalSample:
        """n new rows that keep to what is known, of single rows too: see
        :func:`tidemill.models.conditional.infilled`.

        What is known comes first in the order, so that the rest is drawn given all of it. The
        network's answers in that order are not quite those of the grid's order, in which plain rows
        are drawn, so candidates are weighed by how much likelier they are in the latter: the rows
        are those of one and the same distribution. Where many plain rows are as they should be,
        those are taken, which is quicker and exact.

        Raises:
            ConditionError: What is known has no chance under the model.
            OptionError: Values of single rows are given, and the rows have several sites or a
                context.
        """
        turn = self.turn
        if self.spec.context is not None or self.spec.sites or not isinstance(turn, CodeByCode):
            return super().infill(n, known, rng, run)
        run = run or Run()
        if known.rows is None:
            self.check(known)
            some = self.sample(SOME, rng, run.child(quiet=True))
            if known.satisfied_by(some).mean() >= OFTEN:
                return super().infill(n, known, rng, run)
        spec = replace(self.spec, order=known_first(self.spec, known))
        variables = Variables(spec, turn.stream.pieces, turn.stream.counts)
        device = device_of(run.device)
        net = self.net.to(device)
        with torch_threads(self.options.cores):
            inner, correction = None, None
            if isinstance(net, Sequence):
                inner, correction = net.inner, turn.correction(net, variables, device)
            distributions = []
            for v in range(len(variables)):
                distributions.append(NetworkDistribution(turn.stream, inner, variables, v, device))
            sample = infilled(
                variables,
                distributions,
                n,
                known,
                rng,
                run,
                each=CANDIDATES,
                correction=correction,
            )
        self.net = net.cpu()
        return sample

    def check(self, known: Constraints) -> None:
        """See that what is known can occur."""
        self.turn.check(known)

    def view_state(self) -> dict[str, np.ndarray]:
        """The view as arrays."""
        return self.turn.to_state()

    def restore_view(self, spec: Spec, arrays: Mapping[str, np.ndarray]) -> None:
        """Restored from :meth:`view_state`."""
        self.turn = _way(spec).from_state(spec, arrays, self.options)

    def to_state(self) -> State:
        """Options, curves, view, weights, and what was learned beside the network."""
        document, arrays = super().to_state()
        more, own = self.turn.beside()
        return document | more, arrays | own

    @classmethod
    def from_state(
        cls, spec: Spec, document: Mapping[str, Any], arrays: Mapping[str, np.ndarray]
    ) -> Self:
        """Restored from :meth:`to_state`.

        Raises:
            KeyError, OptionError, TypeError, ValueError: The state does not fit the spec.
        """
        model = super().from_state(spec, document, arrays)
        model.turn.take_beside(document, arrays)
        return model


def _way(spec: Spec) -> type[InTurn]:
    """What suits a grid."""
    if spec.topology == "parts":
        return PartByPart
    if len(spec.codes) != 1 or spec.reals:
        return CodeByCode
    if spec.topology == "tiles":
        return TileByTile
    return UnitByUnit if spec.topology == "tokens" else CodeByCode
