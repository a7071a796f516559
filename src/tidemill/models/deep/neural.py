"""What all neural generators have in common: rows in, objectives on the trainer, rows out."""

from __future__ import annotations

import hashlib
import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, ClassVar, Self

import numpy as np
import torch
from torch import Tensor, nn

from tidemill.core.errors import OptionError
from tidemill.core.grid import AXES, Batch, ConditionalSample, Constraints, Spec, Topology
from tidemill.core.run import Run
from tidemill.core.torch_threads import torch_threads
from tidemill.models.analogues import check_series, gone_on
from tidemill.models.base import State, check_context, check_learns, steps_of
from tidemill.models.channels import within
from tidemill.models.deep.checkpoint import Checkpoint
from tidemill.models.deep.training import (
    Objective,
    Picking,
    Tensors,
    Trainer,
    Training,
    array,
    curves_of,
    device_of,
    generator,
    stored,
    takes_bfloat16,
)
from tidemill.models.rejection import rejected
from tidemill.models.renamed import current

CHUNK = 4096
"""Rows drawn at a time, but for texts."""
HELD, MOST_HELD = 0.1, 4000
"""Share of the rows that training is watched on, and their number at most."""
AWAY = 0.5
"""How far rows near to given ones are from these, on the way to rows of other noise."""
GLIMPSE = 256
"""Rows drawn after 1, 4, 16, ... looks, to show how learning went, but for texts."""


class Neural(ABC):
    """A generator whose network the trainer teaches; a family says what is abstract here and
    nothing of tables.

    Attributes:
        options: The family's configuration.
        spec: Of the grid, once fitted.
        curves: Name -> [step, value] points of the losses and of the score, as learning went.
        glimpses: (step, rows) as learning went; not stored.
    """

    Options: ClassVar[type[Training]]
    parameters: ClassVar[Mapping[str, Any]]
    learns: ClassVar[frozenset[Topology]] = frozenset(AXES) - {"tokens", "calendar", "parts"}
    """The grids that it can learn: of texts and parts, whose units are many and whose every unit
    hangs on those before it, only those that draw unit by unit; a calendar is a single row."""
    completes: ClassVar[bool] = False
    """Whether :meth:`infill` can draw what single given rows lack."""
    varies: ClassVar[bool] = False
    """Whether :meth:`near` can draw rows near to given ones."""

    options: Training
    spec: Spec
    net: nn.Module

    def __init_subclass__(cls) -> None:
        if "Options" in cls.__dict__:
            cls.parameters = cls.Options.parameters()

    def __init__(self, **options: Any) -> None:
        self.options = self.Options(**options)
        self.steps_done = self.steps_planned = 0
        self.curves: dict[str, list[list[float]]] = {}
        self.best_step = 0
        self.snapshots: list[tuple[int, Batch]] = []

    @property
    def codec(self) -> str | None:
        """The codec that it asks for; None for the one that suits the data."""
        return "side_by_side" if self.options.together == "yes" else None

    # --- what a family says -----------------------------------------------------------------------

    @abstractmethod
    def view(self, spec: Spec, batch: Batch, run: Run) -> None:
        """Learn how rows are shown to the network."""

    @abstractmethod
    def rows(self, batch: Batch) -> Tensors:
        """Rows as the network reads them, on the CPU."""

    @abstractmethod
    def build(self) -> nn.Module:
        """The network, untrained, for the view's shapes; an empty one where there is nothing to
        learn."""

    @abstractmethod
    def objectives(self, net: nn.Module) -> list[Objective]:
        """What is minimised, one after the other in every step."""

    @abstractmethod
    def score(self, net: nn.Module, held: Tensors, real: Batch, rng: torch.Generator) -> float:
        """How badly the network does on held-out rows, given as tensors and as a batch; lower is
        better."""

    @abstractmethod
    def draw(
        self,
        net: nn.Module,
        n: int,
        context: Batch | None,
        rng: torch.Generator,
        noise: Tensor | None = None,
    ) -> Batch:
        """n new rows; of the given noise where there is such, see :meth:`noise`."""

    @abstractmethod
    def view_state(self) -> dict[str, np.ndarray]:
        """The view as arrays."""

    @abstractmethod
    def restore_view(self, spec: Spec, arrays: Mapping[str, np.ndarray]) -> None:
        """The view that :meth:`view_state` gave."""

    @abstractmethod
    def check(self, known: Constraints) -> None:
        """See that what is known can occur.

        Raises:
            ConditionError: It cannot.
        """

    def noise(
        self, net: nn.Module, n: int, context: Batch | None, rng: torch.Generator
    ) -> Tensor | None:
        """(n, ...) normal numbers that n rows are made of; None where rows are drawn in another
        way."""
        return None

    def step_rows(self) -> int:
        """How many rows a step takes: as many as the options say, or fewer where rows are long."""
        return self.options.batch

    @property
    def picker(self) -> Picking | None:
        """What says which rows a step takes, where not all shall come in turn."""
        return None

    @property
    def precision(self) -> str:
        """Of matrix products, as the options have it."""
        return self.options.precision

    @property
    def together(self) -> int:
        """Rows drawn at a time; each chunk has a random stream of its own."""
        return CHUNK

    @property
    def glimpsed(self) -> int:
        """Rows drawn to show how learning goes."""
        return GLIMPSE

    # --- learning ---------------------------------------------------------------------------------

    def fit(self, spec: Spec, batch: Batch, run: Run, start: Self | None = None) -> Self:
        """Learn the rows, in part of which learning is watched; the best weights on these are kept.

        Args:
            spec, batch: The rows.
            run: Seed, device, time, steps, progress and the file of checkpoints.
            start: A fitted model of the same grid and family, from whose weights learning begins.

        Raises:
            OptionError: The family cannot learn such a grid, or ``start`` is another sort of model.
        """
        check_learns(self.name, self.learns, spec)
        self.spec = spec
        if start is None:
            self.view(spec, batch, run)
        else:
            self._take_over(start)
        device = device_of(run.device)
        seed = run.seed_of(self.name)
        with torch_threads(self.options.cores):
            net = self._new_net(seed)
            if start is not None:
                net.load_state_dict(start.net.state_dict())
            self.net = net.to(device)
            if len(batch) and any(True for _ in net.parameters()):
                self._train(batch, run, device, seed)
            self.net = self.net.cpu().requires_grad_(False)
        return self

    def _train(self, batch: Batch, run: Run, device: torch.device, seed: int) -> None:
        out, others = self.held_out(batch, run)
        real, cut = batch.rows(out), len(out)
        held = {name: tensor.to(device) for name, tensor in self.rows(real).items()}
        rows = {name: tensor.to(device) for name, tensor in self.rows(batch.rows(others)).items()}
        if not len(others):  # a single row
            rows = held
        trainer = Trainer(
            self.net,
            self.objectives(self.net),
            replace(self.options, batch=self.step_rows(), precision=self.precision),
            seed,
            device,
        )

        def glimpse() -> Batch:
            n = self.glimpsed
            context = None if real.context is None else real.context.rows(np.arange(n) % cut)
            # always the same noise, so that one sees how its rows change
            with torch.no_grad():
                return replace(
                    self.draw(self.net, n, context, generator(device, seed, -2, 0)),
                    context=context,
                )

        def score(rng: torch.Generator) -> float:
            looks = len(trainer.progress.curves.get("score", ())) + 1
            if looks in (1, 4, 16, 64, 256):
                self.snapshots.append((trainer.progress.step, glimpse()))
            return self.score(self.net, held, real, rng)

        checkpoint = None
        if run.checkpoint is not None:
            checkpoint = Checkpoint(run.checkpoint, self._identity(batch, run), run)
        ended = trainer.learn(rows, self.picker, score, run, checkpoint)
        trainer.keep_best()
        progress = trainer.progress
        self.steps_done, self.best_step = progress.step, progress.best_step
        self.curves = progress.curves
        self.steps_planned = progress.step if ended else self.options.steps
        if self.best_step:
            before = [seen for seen in self.snapshots if seen[0] < self.best_step]
            self.snapshots = [*before, (self.best_step, glimpse())]

    def held_out(self, batch: Batch, run: Run) -> tuple[np.ndarray, np.ndarray]:
        """The positions of the rows that learning is watched on, and of the others."""
        order = run.rng(self.name, "held out").permutation(len(batch))
        cut = min(max(int(HELD * len(batch)), 1), MOST_HELD)
        return order[:cut], order[cut:]

    def _new_net(self, seed: int) -> nn.Module:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            return self.build()

    def _take_over(self, start: Self) -> None:
        """The view of another model, so that its weights mean the same here."""
        if type(start) is not type(self) or start.spec != self.spec:
            raise OptionError(
                "the model to start from is of another family, or of other columns",
                hint="start from a model made with the same option 'model', learned from a table "
                "with the same columns",
            )
        sizes = start.options.to_state()
        for name in Training.parameters():
            sizes.pop(name, None)
        self.options = replace(self.options, **sizes)
        self.restore_view(start.spec, start.view_state())

    def _identity(self, batch: Batch, run: Run) -> dict[str, Any]:
        """What a checkpoint must be of."""
        digest = hashlib.sha256()
        parts = [batch] if batch.context is None else [batch, batch.context.joint]
        for part in parts:
            for values in (part.tick, part.code, part.mask, part.guarded):
                if values is not None:
                    digest.update(np.ascontiguousarray(values).data)
        return {
            "model": self.name,
            "options": self.options.to_state(),
            "seed": run.seed,
            "rows": digest.hexdigest(),
            "spec": hashlib.sha256(repr(self.spec).encode()).hexdigest(),
            "torch": torch.__version__,
        }

    @property
    def name(self) -> str:
        """The family's name in the registry."""
        return type(self).__name__.lower()

    # --- making rows ------------------------------------------------------------------------------

    def sample(
        self, n: int, rng: np.random.Generator, run: Run | None = None, context: Batch | None = None
    ) -> Batch:
        """New rows.

        Args:
            n: How many.
            rng: The random stream.
            run: For progress, and its device.
            context: n rows of what is given with each, where the spec has a context.

        Raises:
            OptionError: A context is missing.
        """
        check_context(self.name, self.spec, context)

        def draw(rows: np.ndarray, rng: torch.Generator) -> Batch:
            told = None if context is None else context.rows(rows)
            return self.draw(self.net, len(rows), told, rng)

        return self.in_chunks(n, draw, rng, run or Run())

    def go_on(
        self,
        past: Batch,
        steps: int,
        paths: int,
        rng: np.random.Generator,
        run: Run | None = None,
    ) -> Batch:
        """What may follow on series, as it follows in made ones that are like them: see
        :func:`tidemill.models.analogues.followed`.

        Args:
            past: (n, known sites), with what is given with each.
            steps: Sites that follow.
            paths: How often each goes on.
            rng: The random stream.
            run: For progress, and its device.

        Returns:
            n * paths rows of ``steps`` sites.

        Raises:
            OptionError: The model has learned no series.
        """
        return gone_on(self, self.spec, past, steps, paths, rng, run)

    def _continued(
        self,
        past: Batch,
        steps: int,
        paths: int,
        draw: Callable[[Batch, torch.Generator], Batch],
        rng: np.random.Generator,
        run: Run | None,
    ) -> Batch:
        """What :meth:`go_on` gives, of a family that can be told how series begin.

        Args:
            past, steps, paths, rng, run: As of :meth:`go_on`.
            draw: (rows of the grid whose first sites are known, random stream) -> whole rows.

        Raises:
            OptionError: The model has learned no series.
        """
        check_series(self.spec)
        known, begun = past.tick.shape[1], padded(self.spec, past)
        made = self.in_chunks(
            len(past) * paths,
            lambda rows, stream: draw(begun.rows(rows // paths), stream),
            rng,
            run or Run(),
        )
        later = slice(known, known + steps)
        return Batch(made.tick[:, later], made.code[:, later])

    def in_chunks(
        self,
        n: int,
        draw: Callable[[np.ndarray, torch.Generator], Batch],
        rng: np.random.Generator,
        run: Run,
    ) -> Batch:
        """n rows, some at a time.

        Args:
            n: How many.
            draw: (positions of rows, random stream) -> these rows; the network is on the stream's
                device then.
            rng: The random stream.
            run: For progress, and its device.
        """
        if not n:
            return Batch.blank(self.spec, 0)
        device, chunk = device_of(run.device), self.together
        seeds = rng.integers(2**62, size=-(-n // chunk))
        parts = []
        self.net = self.net.to(device)
        with (
            torch_threads(self.options.cores),
            torch.inference_mode(),
            run.stage("generate", "drawing new rows", total=n) as stage,
            torch.autocast(
                device.type, torch.bfloat16, enabled=takes_bfloat16(self.precision, device)
            ),
        ):
            for k, start in enumerate(range(0, n, chunk)):
                rows = np.arange(start, min(start + chunk, n))
                parts.append(draw(rows, generator(device, int(seeds[k]))))
                stage.advance(units=len(rows))
        self.net = self.net.cpu()
        return Batch.stacked(parts)

    def between(
        self,
        ways: int,
        steps: int,
        rng: np.random.Generator,
        run: Run | None = None,
        context: Batch | None = None,
    ) -> Batch | None:
        """Rows on the way from one made row to another: what they are made of turns from the one's
        to the other's.

        Args:
            ways: How many pairs of ends.
            steps: Rows to each way, ends among them.
            rng: The random stream.
            run: For its device.
            context: One row a way of what is given with it, where the spec has a context.

        Returns:
            ``ways * steps`` rows, way after way; None where rows are not made of noise.
        """
        run = run or Run()
        device = device_of(run.device)
        stream = generator(device, int(rng.integers(2**62)))
        told = None if context is None else context.rows(np.repeat(np.arange(ways), steps))
        net = self.net.to(device)
        with (
            torch_threads(self.options.cores),
            torch.inference_mode(),
            torch.autocast(
                device.type, torch.bfloat16, enabled=takes_bfloat16(self.precision, device)
            ),
        ):
            first, last = (self.noise(net, ways, context, stream) for _ in range(2))
            made = None
            if first is not None and last is not None:
                made = self.draw(net, ways * steps, told, stream, turned(first, last, steps))
        self.net = net.cpu()
        return made if made is None else replace(made, context=told)

    def vary(self, given: Batch, rng: np.random.Generator, run: Run | None = None) -> Batch | None:
        """A new row near to each given one.

        Args:
            given: Rows, with their context where the spec has one.
            rng: The random stream.
            run: For progress, and its device.

        Returns:
            As many rows, of the same context; None where the family knows none.
        """
        if not self.varies:
            return None

        def drawn(at: np.ndarray, stream: torch.Generator) -> Batch:
            rows = given.rows(at)
            return replace(self.near(self.net, rows, stream), context=rows.context)

        return self.in_chunks(len(given), drawn, rng, run or Run())

    def near(self, net: Any, rows: Batch, rng: torch.Generator) -> Batch:
        """A new row near to each given one, where the family :attr:`varies`."""
        raise NotImplementedError

    def infill(
        self, n: int, known: Constraints, rng: np.random.Generator, run: Run | None = None
    ) -> ConditionalSample:
        """n new rows that keep to what is known of all rows, drawn until enough of them do.

        Raises:
            ConditionError: What is known never occurs, or too rarely.
            OptionError: Values of single rows are given, which this model cannot complete.
        """
        if known.rows is not None:
            raise OptionError(
                f"the model '{self.name}' makes whole rows and cannot complete given ones",
                hint="fit with option 'model=trees' or option 'model=autoregressive' for that",
            )
        self.check(known)
        if not known.of_all:
            return ConditionalSample(self.sample(n, rng, run), np.ones(n), float(n))
        run = run or Run()
        plain = run.child(quiet=True)
        return rejected(
            lambda size, stream: self.sample(size, stream, plain),
            n,
            known,
            rng,
            run,
            self.name,
        )

    # --- storing ----------------------------------------------------------------------------------

    def to_state(self) -> State:
        """Options, curves, view and weights."""
        document = {
            "options": self.options.to_state(),
            "steps_done": self.steps_done,
            "steps_planned": self.steps_planned,
            "best_step": self.best_step,
            "curves": self.curves,
        }
        arrays = {f"view.{name}": value for name, value in self.view_state().items()}
        return document, arrays | {
            f"net.{name}": array(value) for name, value in self.net.state_dict().items()
        }

    @classmethod
    def from_state(
        cls, spec: Spec, document: Mapping[str, Any], arrays: Mapping[str, np.ndarray]
    ) -> Self:
        """Restored from :meth:`to_state`.

        Raises:
            KeyError, OptionError, TypeError, ValueError: The weights or the view do not fit the
                spec.
        """
        model = cls(**current(document["options"], cls.parameters))
        model.spec = spec
        model.steps_done, model.steps_planned = steps_of(document)
        model.best_step = document["best_step"]
        if type(model.best_step) is not int or not 0 <= model.best_step <= model.steps_done:
            raise ValueError("the best step was never taken")
        model.curves = curves_of(document["curves"])
        model.restore_view(spec, within(arrays, "view."))
        # options may ask for a network of any size: one without memory says what it would be
        with torch.device("meta"):
            model.net = model.build()
        own = model.net.state_dict()
        weights = within(arrays, "net.")
        if set(weights) != set(own):
            raise ValueError("the weights are not of such a network")
        taken = {name: stored(weights, name, tensor) for name, tensor in own.items()}
        model.net.load_state_dict(taken, assign=True)
        model.net.requires_grad_(False)
        return model


def padded(spec: Spec, past: Batch) -> Batch:
    """Series whose first sites are known, as rows of the grid."""
    found = Batch.blank(replace(spec, context=None), len(past))
    known = past.tick.shape[1]
    found.tick[:, :known], found.code[:, :known] = past.tick, past.code
    mask = np.zeros((len(past), *spec.sites), bool)
    mask[:, :known] = True
    return replace(found, mask=mask, context=past.context)


def turned(first: Tensor, last: Tensor, steps: int) -> Tensor:
    """(n, ...) two ends of normal numbers -> (n * steps, ...) from the one to the other, on the arc
    on which all are as far from 0 as such numbers are (White 2016, "Sampling generative networks").
    """
    at = torch.linspace(0, torch.pi / 2, steps, device=first.device).reshape(
        1, steps, *[1] * (first.dim() - 1)
    )
    return (at.cos() * first[:, None] + at.sin() * last[:, None]).flatten(0, 1)


def turned_away(noise: Tensor, other: Tensor) -> Tensor:
    """AWAY from normal numbers towards others, on the arc of :func:`turned`."""
    angle = AWAY * math.pi / 2
    return math.cos(angle) * noise + math.sin(angle) * other


def numpy_stream(rng: torch.Generator) -> np.random.Generator:
    """A numpy stream that goes on from torch's."""
    return np.random.default_rng(int(torch.randint(2**62, (1,), generator=rng, device=rng.device)))
