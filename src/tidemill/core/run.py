"""What a job carries with it: its seed, its time, its progress, and whether it was cancelled."""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sized
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, TypeVar

import numpy as np

from tidemill.core.errors import Cancelled

Item = TypeVar("Item")


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
class Stage:
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
            spent = now - self.began
            left = (
                spent / self.done * (self.total - self.done) if self.total and self.done else None
            )
            self.run.emit("progress", self.name, text, done=self.done, total=self.total, left=left)


class Run:
    """Seed, threads, time budget, progress and cancelling of one job; nothing of it is global.

    Args:
        seed: Any whole number; every random stream is derived from it and a name.
        threads: Threads for the libraries that take a number; results do not depend on it.
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
        self.deadline = deadline
        self.steps = steps
        self.warnings: list[str] = []
        self._listener = listener
        self._began = time.monotonic()
        self._cancelled = threading.Event()

    def seed_of(self, *name: str | int) -> int:
        """A 31-bit seed for the stream of this name, for libraries that want an integer."""
        text = "\x1f".join(map(str, (self.seed, *name)))
        return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "little") & 0x7FFFFFFF

    def rng(self, *name: str | int) -> np.random.Generator:
        """The random stream of this name, the same at every call."""
        text = "\x1f".join(map(str, (self.seed, *name)))
        return np.random.default_rng(
            int.from_bytes(hashlib.sha256(text.encode()).digest()[:16], "little")
        )

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
            raise Cancelled("stopped by the user")

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
    def stage(self, name: str, text: str = "", total: int | None = None) -> Iterator[Stage]:
        """A part of the run that shows its progress."""
        self.check()
        self.emit("start", name, text, total=total)
        stage = Stage(self, name, total)
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
