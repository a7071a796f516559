"""What a job carries with it: its seed, its time, its progress, and whether it was cancelled."""

from __future__ import annotations

import hashlib
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sized
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal, TypeVar

import numpy as np

from tidemill.core.errors import STOPPED, Cancelled

Item = TypeVar("Item")
Result = TypeVar("Result")

KNOWN_AFTER = 100
"""Units, or a tenth of all, after which it is said how long a stage still takes."""
AHEAD = 4
"""Parts a thread that :meth:`Run.map` computes before they are asked for."""


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened in a run, for whoever shows it.

    Attributes:
        kind: "start" and "end" of a stage, "progress" within it, "warning", "note" or "done".
        stage: The stage's name ("read", "learn", ...).
        text: What to show.
        done, total: Units finished and to do (total None where unknown).
        seconds: Time since the run began.
        left: Estimated seconds left in the stage, or None.
    """

    kind: Literal["start", "progress", "end", "warning", "note", "done"]
    stage: str
    text: str = ""
    done: int = 0
    total: int | None = None
    seconds: float = 0.0
    left: float | None = None


@dataclass(slots=True)
class RunStage:
    """A part of a run that reports how far it got."""

    run: Run
    name: str
    total: int | None
    done: int = 0
    began: float = field(default_factory=time.monotonic)
    _told: float = 0.0

    def advance(self, text: str = "", units: int = 1) -> None:
        """Say that so many units are finished.

        Raises:
            Cancelled: The user stopped the run.
        """
        self.done += units
        self.run.check()
        now = time.monotonic()
        if now - self._told >= 0.1 or self.done == self.total:
            self._told = now
            left = None
            # the first units tell little: they often make what the others use
            if self.total and self.done >= max(min(self.total // 10, KNOWN_AFTER), 1):
                left = (now - self.began) / self.done * (self.total - self.done)
            self.run.emit("progress", self.name, text, done=self.done, total=self.total, left=left)


class Run:
    """Seed, threads, time budget, progress and cancelling of one job; nothing of it is global.

    Args:
        seed: Any whole number; every random stream is derived from it and a name.
        threads: Threads for the libraries that take a number; results do not depend on it.
        minutes: How long learning may take, from where it begins; None for no limit.
        deadline: A ``time.monotonic()`` instant at which learning must be over; None for no limit.
        steps: Learn exactly this many steps (to replay a run that was cut short); None for all.
        listener: Is handed every Event.
        device: Where networks learn and draw: "cpu", "cuda", or "auto" for CUDA where there is one.
        checkpoint: A file in which a long fit keeps its state, so that it can go on after it was
            killed; None for none.

    Example:
        >>> a, b = Run(seed=7).rng("draw"), Run(seed=7).rng("draw")
        >>> bool(a.integers(100) == b.integers(100))
        True
    """

    def __init__(
        self,
        seed: int = 0,
        *,
        threads: int = 2,
        minutes: float | None = None,
        deadline: float | None = None,
        steps: int | None = None,
        listener: Callable[[Event], None] | None = None,
        device: str = "auto",
        checkpoint: Path | None = None,
    ) -> None:
        self.seed = seed
        self.device = device
        self.checkpoint = checkpoint
        self.threads = threads
        self.minutes = minutes
        self.deadline = deadline
        self.steps = steps
        self.warnings: list[str] = []
        self._listener = listener
        self._began = time.monotonic()
        self._cancelled = threading.Event()

    def child(
        self,
        *name: str | int,
        seed: int | None = None,
        quiet: bool = False,
        progress: bool = False,
        to_end: bool = False,
        stoppable: bool = True,
        minutes: float | None = None,
        steps: int | None = None,
        checkpoint: Path | None = None,
    ) -> Run:
        """A run for a part of the job: the same threads, device and deadline, and cancelling either
        cancels both.

        Its warnings reach this run, its progress does not. Steps and checkpoint belong to one fit,
        so they pass only if they are given.

        Args:
            *name: Gives the part random streams of its own; without a name and a seed, its streams
                are those of this run.
            seed: The part's seed in the place of one by name.
            quiet: Its warnings do not become warnings of this run.
            progress: All its events are shown as this run's.
            to_end: The deadline does not pass: for what is needed whole, as a floor or a model of
                contexts, and for what must not depend on how fast the machine is.
            stoppable: Whether it shares the cancelling; without, it can end a cancelled fit.
            minutes: From now, within which its learning must be over, if that is before the
                deadline; None for nothing of its own.
            steps, checkpoint: As of :class:`Run`.

        Example:
            >>> run = Run(seed=7)
            >>> run.child().seed, run.child("fold", 1).seed == run.seed_of("fold", 1)
            (7, True)
        """

        def pass_on(event: Event) -> None:
            if event.kind == "warning" and not quiet:
                self.warn(event.text, event.stage)
            elif progress and self._listener is not None:
                self._listener(replace(event, seconds=self.seconds))

        if seed is None:
            seed = self.seed_of(*name) if name else self.seed
        part = Run(
            seed,
            threads=self.threads,
            minutes=None if to_end else self.minutes,
            deadline=None if to_end else self.deadline,
            steps=steps,
            listener=pass_on,
            device=self.device,
            checkpoint=checkpoint,
        )
        if stoppable:
            part._cancelled = self._cancelled
        if minutes is not None:
            own = time.monotonic() + 60 * minutes
            part.deadline = own if part.deadline is None else min(part.deadline, own)
        return part

    def map(self, function: Callable[[Item], Result], parts: Iterable[Item]) -> Iterator[Result]:
        """The function's result for each part, in their order, computed beside each other in
        threads.

        Parts are taken in this thread, a few ahead of the result that is asked for. An exception of
        a part is raised in its place, and no further part begins then.

        Raises:
            Cancelled: The user stopped the run before a part began.

        Example:
            >>> list(Run(threads=2).map(abs, [-1, 2, -3]))
            [1, 2, 3]
        """

        def work(part: Item) -> Result:
            self.check()
            return function(part)

        pool = ThreadPoolExecutor(self.threads)
        ahead: deque[Future[Result]] = deque()
        try:
            for part in parts:
                ahead.append(pool.submit(work, part))
                if len(ahead) > AHEAD * self.threads:
                    yield ahead.popleft().result()
            while ahead:
                yield ahead.popleft().result()
        finally:
            pool.shutdown(cancel_futures=True)

    def seed_of(self, *name: str | int) -> int:
        """A 31-bit seed for the stream of this name, for libraries that want an integer."""
        return int.from_bytes(self._hash(*name)[:4], "little") & 0x7FFFFFFF

    def rng(self, *name: str | int) -> np.random.Generator:
        """The random stream of this name, the same at every call."""
        return np.random.default_rng(int.from_bytes(self._hash(*name)[:16], "little"))

    def _hash(self, *name: str | int) -> bytes:
        text = "\x1f".join(map(str, (self.seed, *name)))
        return hashlib.sha256(text.encode()).digest()

    def cancel(self) -> None:
        """Ask the run to stop at the next opportunity (safe from a signal handler or another
        thread)."""
        self._cancelled.set()

    @property
    def cancelled(self) -> bool:
        """Whether the run was asked to stop."""
        return self._cancelled.is_set()

    def check(self) -> None:
        """Stop here if the run was cancelled.

        Raises:
            Cancelled: The user stopped the run.
        """
        if self.cancelled:
            raise Cancelled(STOPPED)

    def begin_learning(self) -> None:
        """The minutes for learning count from here, if they do not yet."""
        if self.minutes is not None and self.deadline is None:
            self.deadline = time.monotonic() + 60 * self.minutes

    def must_stop(self, step: int) -> bool:
        """Whether learning must end before this step (counted from 0): cancelled, out of time, or
        replayed so far."""
        if self.cancelled:
            return True
        if self.steps is not None:
            return step >= self.steps
        return self.deadline is not None and time.monotonic() >= self.deadline

    @property
    def seconds(self) -> float:
        """Seconds since the run began."""
        return time.monotonic() - self._began

    def emit(
        self,
        kind: Literal["start", "progress", "end", "warning", "note", "done"],
        stage: str,
        text: str = "",
        **figures: Any,
    ) -> None:
        """Hand an Event to the listener."""
        if self._listener is not None:
            self._listener(Event(kind, stage, text, seconds=self.seconds, **figures))

    def warn(self, text: str, stage: str = "") -> None:
        """Tell the user something they should know; it is also kept for the report."""
        if text not in self.warnings:
            self.warnings.append(text)
            self.emit("warning", stage, text)

    @contextmanager
    def stage(self, name: str, text: str = "", total: int | None = None) -> Iterator[RunStage]:
        """A part of the run that shows its progress."""
        self.check()
        self.emit("start", name, text, total=total)
        stage = RunStage(self, name, total)
        yield stage
        self.emit("end", name, text, done=stage.done, total=total)

    def track(
        self, items: Iterable[Item], name: str, text: str = "", total: int | None = None
    ) -> Iterator[Item]:
        """The items one by one, as a stage with one unit each."""
        known = len(items) if isinstance(items, Sized) else None
        with self.stage(name, text, known if total is None else total) as stage:
            for item in items:
                yield item
                stage.advance()
