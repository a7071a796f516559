"""One trainer for every family: it knows objectives, tensors of rows and a score, and nothing of
what they mean."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from tidemill.core import checked_arrays
from tidemill.core.errors import OptionError
from tidemill.core.options import Configuration, option
from tidemill.core.run import Run
from tidemill.models.channels import within
from tidemill.models.deep.checkpoint import Checkpoint

Tensors = dict[str, Tensor]
"""Rows as the network reads them: every tensor has one entry a row."""

Picking = Callable[[Tensors, int, torch.Generator], Tensor]
"""(training rows, rows of a step, random stream) -> the positions of those that the step takes."""

SPARK = "▁▂▃▄▅▆▇█"
DEEPEST = 1000
"""Blocks of a network at most."""
_MOMENTS = ("exp_avg", "exp_avg_sq")
"""What AdamW keeps of each parameter beside its steps."""


@dataclass(frozen=True)
class Training(Configuration):
    """What every family lets the user say about its training."""

    steps: int = option(30_000, "the most optimiser steps to be taken", low=1)
    batch: int = option(512, "rows of one step", low=2)
    rate: float = option(1e-3, "learning rate of AdamW", low=1e-7, high=1.0)
    decay: float = option(1e-4, "weight decay of AdamW", low=0.0)
    ema_decay: float = option(
        0.995, "decay of the averaged weights, which make the rows", low=0.0, high=1.0
    )
    clip: float = option(1.0, "largest norm of a gradient", low=1e-6)
    warmup: int = option(100, "steps over which the learning rate rises", low=0)
    eval_every: int = option(200, "steps between two looks at the held-out rows", low=1)
    patience: int = option(5, "looks without an improvement before the learning rate is cut", low=1)
    lr_cuts: int = option(
        2, "cuts of the learning rate to a third, after which learning ends", low=0
    )
    precision: str = option(
        "auto",
        "of matrix products: auto takes bfloat16 where the processor gains by it",
        choices=("auto", "float32", "bfloat16"),
    )
    together: str = option(
        "no",
        "yes learns the entities of series together, as channels beside one another",
        choices=("no", "yes"),
    )
    cores: int = option(
        2,
        "threads of the matrix products; rows made with another number differ slightly",
        low=1,
        high=64,
    )


@dataclass(frozen=True)
class Objective:
    """A loss and the parameters that it moves.

    Attributes:
        name: For the curves.
        parameters: What it moves; the gradients of other parameters are not even computed.
        loss: (rows, random stream, step) -> scalar. The stream is on the CPU's or the device's
            side, as the rows are.
        rate: Times the learning rate.
        betas: Of Adam.
        every: It is taken every so many steps.
    """

    name: str
    parameters: Sequence[nn.Parameter]
    loss: Callable[[Tensors, torch.Generator, int], Tensor]
    rate: float = 1.0
    betas: tuple[float, float] = (0.9, 0.99)
    every: int = 1


@dataclass
class Progress:
    """How far a training got, and what it saw on its way.

    Attributes:
        step: Steps taken.
        best: The best score so far; lower is better.
        best_step: Where that was.
        waited: Looks since the last improvement, or the last cut of the rate.
        cut: How often the rate was cut.
        curves: Name -> [step, value] points: each objective's mean loss since the last look, and
            the "score".
    """

    step: int = 0
    best: float = math.inf
    best_step: int = 0
    waited: int = 0
    cut: int = 0
    curves: dict[str, list[list[float]]] = field(default_factory=dict)

    @staticmethod
    def of(state: Mapping[str, Any]) -> Progress:
        """The progress that a checkpoint holds.

        Raises:
            KeyError, TypeError, ValueError: It is none.
        """
        counts = {name: state[name] for name in ("step", "best_step", "waited", "cut")}
        if any(type(count) is not int or count < 0 for count in counts.values()):
            raise ValueError("the steps of learning make no sense")
        return Progress(best=float(state["best"]), curves=curves_of(state["curves"]), **counts)

    def look(self, score: float, losses: Mapping[str, float], patience: int) -> bool:
        """Note a look at held-out rows; whether it is the best one."""
        for name, value in {**losses, "score": score}.items():
            self.curves.setdefault(name, []).append([self.step, value])
        if score < self.best:
            self.best, self.best_step = score, self.step
            self.waited = 0
            return True
        self.waited += 1
        if self.waited >= patience:
            self.cut, self.waited = self.cut + 1, 0
        return False

    def said(self) -> str:
        """The curves so far in one line."""
        curves = []
        for name, points in self.curves.items():
            values = [value for _, value in points]
            curves.append(f"{name} {values[-1]:.3f} {_spark(values)}")
        return "  ".join(curves)


def curves_of(state: Mapping[str, Any]) -> dict[str, list[list[float]]]:
    """Stored curves.

    Raises:
        TypeError, ValueError: They are not made of points.
    """
    curves = {}
    for name, points in state.items():
        curves[name] = [[step, value] for step, value in points]
        if any(type(step) is not int or type(value) is not float for step, value in curves[name]):
            raise ValueError("a curve is not made of points")
    return curves


class Trainer:
    """Takes steps on objectives, averages the weights, and keeps the best of them.

    All that is random in a step is drawn from a stream of its own number, so a training that goes
    on from its weights and its step's number ends as if it had never been interrupted, to the last
    bit on a CPU.

    Args:
        net: The network; its averaged weights are those that count.
        objectives: What is minimised, in the order in which they are taken.
        options: Of the family.
        seed: Of everything random.
        device: Where it runs.
    """

    def __init__(
        self,
        net: nn.Module,
        objectives: Sequence[Objective],
        options: Training,
        seed: int,
        device: torch.device,
    ) -> None:
        self.net, self.objectives = net, objectives
        self.options, self.seed = options, seed
        self.device = device
        self.optimizers = []
        for one in objectives:
            optimizer = torch.optim.AdamW(
                one.parameters,
                options.rate * one.rate,
                one.betas,
                weight_decay=options.decay,
                fused=True,
            )
            self.optimizers.append(optimizer)
        self.averaged = [p.detach().clone() for p in net.parameters()]
        self.best = [p.clone() for p in self.averaged]
        self.progress = Progress()
        self._orders: dict[int, tuple[int, Tensor]] = {}
        self.autocast = takes_bfloat16(options.precision, device)

    def learn(
        self,
        rows: Tensors,
        pick: Picking | None,
        score: Callable[[torch.Generator], float],
        run: Run,
        checkpoint: Checkpoint | None = None,
    ) -> bool:
        """Take steps until the score no longer improves, or time, steps or the user's patience end.

        Args:
            rows: The training rows, on the device.
            pick: Which rows a step takes; all in turn, in random order, by default.
            score: Of the averaged weights, which are in place when it is called; lower is better.
            run: Seed, time, progress and cancelling.
            checkpoint: Where the state is kept; a state that is there already is gone on from.

        Returns:
            Whether learning came to its own end.
        """
        if checkpoint is not None:
            checkpoint.restore(self)
        count = len(next(iter(rows.values())))
        losses: dict[str, list[Tensor]] = {}
        options, progress = self.options, self.progress
        with run.stage("learn", "learning", total=options.steps) as stage:
            stage.done = progress.step
            while progress.step < options.steps and progress.cut <= options.lr_cuts:
                if run.must_stop(progress.step):
                    break
                if not self._step(rows, count, pick, losses):
                    run.warn(
                        f"Learning diverged at step {progress.step:,}: a loss was not finite. The "
                        "model keeps its best "
                        f"state, that of step {progress.best_step:,}; a lower rate may help "
                        f"(option 'rate={options.rate / 3:.1g}').",
                        "learn",
                    )
                    return False
                progress.step += 1
                if progress.step % options.eval_every == 0:
                    self._look(score, losses)
                    if checkpoint is not None:  # only here, where no loss waits to be averaged
                        checkpoint.maybe_keep(self)
                if not run.cancelled:  # a cancelled fit ends at its next step and keeps what it has
                    stage.advance(text=progress.said())
            if progress.step % options.eval_every:
                self._look(score, losses)
        return progress.step >= options.steps or progress.cut > options.lr_cuts

    def _step(
        self,
        rows: Tensors,
        count: int,
        pick: Picking | None,
        losses: dict[str, list[Tensor]],
    ) -> bool:
        """One step of every objective that is due; whether all losses were finite."""
        step, options = self.progress.step, self.options
        for k, (one, optimizer) in enumerate(zip(self.objectives, self.optimizers, strict=True)):
            if step % one.every:
                continue
            stream = generator(self.device, self.seed, step, k)
            at = self._turn(count, step, k) if pick is None else pick(rows, options.batch, stream)
            with torch.autocast(self.device.type, torch.bfloat16, enabled=self.autocast):
                loss = one.loss({name: tensor[at] for name, tensor in rows.items()}, stream, step)
            gradients = torch.autograd.grad(loss, one.parameters, allow_unused=True)
            for parameter, gradient in zip(one.parameters, gradients, strict=True):
                parameter.grad = None if gradient is None else _laid_out(gradient, parameter)
            norm = nn.utils.clip_grad_norm_(one.parameters, options.clip)
            if not bool(torch.isfinite(loss) & torch.isfinite(norm)):
                return False
            for group in optimizer.param_groups:
                group["lr"] = (
                    options.rate
                    * one.rate
                    * min((step + 1) / (options.warmup + 1), 1.0)
                    / 3**self.progress.cut
                )
            optimizer.step()
            losses.setdefault(one.name, []).append(loss.detach())
        # early weights are worth little: the average looks back over a part of the way only
        keep = min(options.ema_decay, (1 + step) / (10 + step))
        with torch.no_grad():
            torch._foreach_lerp_(self.averaged, list(self.net.parameters()), 1 - keep)
        return True

    def _turn(self, count: int, step: int, k: int) -> Tensor:
        """(batch,) positions of this step's rows: every epoch in a random order of its own, another
        for each objective."""
        size = min(self.options.batch, count)
        epoch, turn = divmod(step, max(count // size, 1))
        if self._orders.get(k, (-1,))[0] != epoch:
            stream = generator(self.device, self.seed, epoch, -1 - k)
            self._orders[k] = epoch, torch.randperm(count, generator=stream, device=self.device)
        return self._orders[k][1][turn * size : (turn + 1) * size]

    def _look(
        self, score: Callable[[torch.Generator], float], losses: dict[str, list[Tensor]]
    ) -> None:
        """Score the averaged weights, and keep them where they are the best so far."""
        means = {name: float(torch.stack(values).mean()) for name, values in losses.items()}
        losses.clear()
        with self.in_place(self.averaged), torch.no_grad(), self.cast():
            found = score(generator(self.device, self.seed, -1, 0))
        if self.progress.look(found, means, self.options.patience):
            torch._foreach_copy_(self.best, self.averaged)

    def cast(self) -> torch.autocast:
        """Matrix products in the chosen precision."""
        return torch.autocast(self.device.type, torch.bfloat16, enabled=self.autocast)

    @contextmanager
    def in_place(self, weights: list[Tensor]) -> Iterator[None]:
        """The network with these weights."""
        own = [p.detach().clone() for p in self.net.parameters()]
        with torch.no_grad():
            torch._foreach_copy_(list(self.net.parameters()), weights)
            try:
                yield
            finally:
                torch._foreach_copy_(list(self.net.parameters()), own)

    def keep_best(self) -> None:
        """Leave the network with the best weights; the averaged ones where none was ever scored."""
        weights = self.best if math.isfinite(self.progress.best) else self.averaged
        with torch.no_grad():
            torch._foreach_copy_(list(self.net.parameters()), weights)

    @property
    def step(self) -> int:
        """Steps taken."""
        return self.progress.step

    def to_state(self) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
        """All that goes on changing, for a checkpoint: progress, and tensors."""
        unscored = math.isinf(self.progress.best)
        progress = asdict(self.progress)
        if unscored:
            progress["best"] = 0.0  # JSON has no infinity
        return {"progress": progress, "unscored": unscored}, self._to_arrays()

    def from_state(self, document: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> None:
        """Go on from :meth:`to_state`.

        Raises:
            KeyError, TypeError, ValueError: It is not of this network.
        """
        progress = Progress.of(document["progress"])
        self._from_arrays(arrays)
        self.progress = progress
        if document["unscored"]:
            self.progress.best = math.inf

    def _to_arrays(self) -> dict[str, np.ndarray]:
        lists: dict[str, list[Any]] = {
            "weight": list(self.net.parameters()),
            "averaged": self.averaged,
            "best": self.best,
        }
        arrays = {}
        for name, tensors in lists.items():
            for i, tensor in enumerate(tensors):
                arrays[f"{name}.{i:04d}"] = array(tensor)
        for k, optimizer in enumerate(self.optimizers):
            for i, state in optimizer.state_dict()["state"].items():
                arrays |= {f"optimizer.{k}.{i:04d}.{name}": array(t) for name, t in state.items()}
        return arrays

    def _from_arrays(self, arrays: Mapping[str, np.ndarray]) -> None:
        with torch.no_grad():
            lists: dict[str, list[Any]] = {
                "weight": list(self.net.parameters()),
                "averaged": self.averaged,
                "best": self.best,
            }
            for name, tensors in lists.items():
                for i, tensor in enumerate(tensors):
                    tensor.copy_(stored(arrays, f"{name}.{i:04d}", tensor))
        for k, optimizer in enumerate(self.optimizers):
            document = optimizer.state_dict()
            own = within(arrays, f"optimizer.{k}.")
            state: dict[int, dict[str, Tensor]] = {}
            for i, moved in enumerate(self.objectives[k].parameters):
                if f"{i:04d}.step" in own:
                    state[i] = {name: stored(own, f"{i:04d}.{name}", moved) for name in _MOMENTS}
                    # a file keeps no array without axes
                    state[i]["step"] = stored(own, f"{i:04d}.step", torch.zeros(1)).reshape(())
            optimizer.load_state_dict({**document, "state": state})
            for parameter, kept in optimizer.state.items():
                for name, tensor in kept.items():
                    if tensor.shape == parameter.shape:
                        kept[name] = _laid_out(tensor, parameter)


def _laid_out(tensor: Tensor, parameter: Tensor) -> Tensor:
    """The same values laid out in memory as the parameter: the fused optimiser takes both to be
    alike and does not look."""
    if tensor.stride() == parameter.stride():
        return tensor
    return torch.empty_like(parameter).copy_(tensor)


def stored(arrays: Mapping[str, np.ndarray], name: str, like: Tensor) -> Tensor:
    """A tensor on the CPU of a stored array, of the dtype, the shape and the layout of another.

    Raises:
        KeyError, ValueError: The array is missing, is another one, or is not finite.
    """
    dtype = torch.empty(0, dtype=like.dtype).numpy().dtype
    if like.dtype.is_floating_point:
        values = checked_arrays.reals(arrays, name, dtype, tuple(like.shape))
    else:
        values = checked_arrays.integers(arrays, name, dtype, tuple(like.shape))
    return torch.empty_like(like, device="cpu").copy_(torch.from_numpy(values))


def array(tensor: Tensor) -> np.ndarray:
    """The tensor's values on the CPU."""
    return np.asarray(tensor.detach().cpu().numpy()).copy()


def generator(device: torch.device, *numbers: int) -> torch.Generator:
    """A random stream of its own for every tuple of numbers."""
    seed = int.from_bytes(hashlib.sha256(repr(numbers).encode()).digest()[:8], "little")
    return torch.Generator(device).manual_seed(seed & (2**63 - 1))


def takes_bfloat16(precision: str, device: torch.device) -> bool:
    """Whether matrix products are made in bfloat16: asked for, or gained by on this processor."""
    if precision != "auto":
        return precision == "bfloat16"
    if device.type == "cuda":
        return torch.cuda.is_bf16_supported()
    found = torch.cpu.get_capabilities()
    return bool(found.get("avx512_bf16") or found.get("amx_bf16") or found.get("amx_tile"))


def device_of(name: str) -> torch.device:
    """The device of a name; "auto" is CUDA where there is one.

    Raises:
        OptionError: There is no such device here.
    """
    there = torch.cuda.is_available()
    if name not in ("auto", "cpu", "cuda") or (name == "cuda" and not there):
        raise OptionError(f"there is no device '{name}' here", hint="choose cpu or auto")
    return torch.device("cuda" if there and name != "cpu" else "cpu")


def _spark(values: Sequence[float], width: int = 16) -> str:
    """A curve in characters, the last values of it."""
    shown = [v for v in values[-width:] if math.isfinite(v)]
    low, high = min(shown, default=0.0), max(shown, default=0.0)
    span = (high - low) or 1.0
    return "".join(SPARK[min(int((v - low) / span * 8), 7)] for v in shown)
