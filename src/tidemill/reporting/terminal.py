"""Listeners of a run: a live display, plain lines, JSON lines, or one quiet line in a notebook."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from dataclasses import asdict
from importlib import import_module
from types import TracebackType
from typing import TYPE_CHECKING, Self, TextIO

from tidemill.core.run import Event
from tidemill.core.words import count, seconds, unprintable_removed
from tidemill.reporting.streams import json_line, say

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress, TaskID

PLAIN_EVERY = 15.0
PLAIN_SHARE = 0.25
"""Where there is no terminal, so many seconds lie between two lines about a stage, and this share
of the time that it took so far."""


class Display:
    """Shows a run to a person; a context manager, so that the terminal is whole again whatever
    happens.

    Args:
        stream: Where to; the standard error stream by default, so that standard output stays free
            for data.
        quiet: Show warnings only.
        live: Bars that move; by default where the stream is a terminal.

    Example:
        >>> import io
        >>> from tidemill.core.run import Run
        >>> stream = io.StringIO()
        >>> with Display(stream) as display:
        ...     Run(listener=display).warn("only 12 rows are held out")
        >>> stream.getvalue()
        'warning: only 12 rows are held out\\n'
    """

    def __init__(
        self, stream: TextIO | None = None, *, quiet: bool = False, live: bool | None = None
    ) -> None:
        self._stream = stream if stream is not None else sys.stderr
        self._quiet = quiet
        self._live = self._stream.isatty() if live is None else live
        self._bars: _Bars | None = None
        self._began: dict[str, float] = {}
        self._printed: dict[str, float] = {}
        self._at: dict[str, str] = {}

    def __call__(self, event: Event) -> None:
        """Show an event."""
        if event.kind == "warning":
            self._line(f"warning: {event.text}")
        elif not self._quiet:
            if self._live:
                self._on_bars(event)
            else:
                self._in_lines(event)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        sort: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._bars is not None:
            self._bars.close()
            self._bars = None

    def _on_bars(self, event: Event) -> None:
        if self._bars is None:
            self._bars = _Bars(self._stream)
        self._bars(event)

    def _in_lines(self, event: Event) -> None:
        now = time.monotonic()
        if event.kind == "start":
            self._began[event.stage] = self._printed[event.stage] = now
            self._at[event.stage] = _title(event)
        elif event.kind == "note" and event.stage in self._at:
            self._at[event.stage] = _title(event)
        elif event.kind == "progress" and self._is_due(event, now):
            self._printed[event.stage] = now
            self._line(f"{self._at.get(event.stage) or event.stage}: {_progress(event)}")
        elif event.kind == "end":
            self._at.pop(event.stage, None)
            self._line(f"{_title(event)} ({seconds(now - self._began.get(event.stage, now))})")
        elif event.kind in ("note", "done") and event.text:
            self._line(event.text)

    def _is_due(self, event: Event, now: float) -> bool:
        if event.done == event.total:
            return False  # the line about its end follows
        took = now - self._began.get(event.stage, now)
        return now - self._printed.get(event.stage, now) >= max(PLAIN_EVERY, PLAIN_SHARE * took)

    def _line(self, text: str) -> None:
        if self._bars is not None:
            self._bars.line(text)
        else:
            say(text, self._stream)


class _Bars:
    """One moving bar a running stage, and a line that stays for each finished one."""

    def __init__(self, stream: TextIO) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn

        self._console: Console = Console(
            file=stream, force_terminal=True, highlight=False, markup=False, emoji=False
        )
        self._progress: Progress = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}", markup=False),
            BarColumn(24),
            TextColumn("{task.fields[figures]}", markup=False),
            console=self._console,
            transient=True,
        )
        self._tasks: dict[str, tuple[TaskID, float]] = {}
        self._progress.start()

    def __call__(self, event: Event) -> None:
        if event.kind == "start":
            task = self._progress.add_task(_short(_title(event)), total=event.total, figures="")
            self._tasks[event.stage] = task, time.monotonic()
        elif event.kind == "progress" and event.stage in self._tasks:
            self._progress.update(
                self._tasks[event.stage][0],
                completed=event.done,
                total=event.total,
                figures=_progress(event),
            )
        elif event.kind == "end" and event.stage in self._tasks:
            task, began = self._tasks.pop(event.stage)
            self._progress.remove_task(task)
            self._progress.refresh()
            self.line(f"✓ {_title(event)} ({seconds(time.monotonic() - began)})")
        elif event.kind == "note" and event.stage in self._tasks:
            self._progress.update(self._tasks[event.stage][0], description=_short(_title(event)))
        elif event.kind in ("note", "done") and event.text:
            self.line(event.text)

    def line(self, text: str) -> None:
        self._console.print(unprintable_removed(text), soft_wrap=True)

    def close(self) -> None:
        self._progress.stop()


def json_lines(stream: TextIO) -> Callable[[Event], None]:
    """A listener that writes each event as one line of JSON.

    Example:
        >>> import io, json
        >>> stream = io.StringIO()
        >>> json_lines(stream)(Event("note", "read", "2 rows"))
        >>> json.loads(stream.getvalue())["text"]
        '2 rows'
    """

    def listen(event: Event) -> None:
        say(json_line(asdict(event), stream), stream)

    return listen


Show = Callable[[str], Callable[[str], None]]
"""Shows a text in a place of its own, and gives what puts another text there."""


class NotebookLine:
    """Shows a run in a notebook: one line, which is put in the place of the one before and is gone
    at the end, and a line that stays for each warning.

    Args:
        show: Shows the line; as an output of the cell by default.
        stream: Takes the warnings; the standard error stream by default.
    """

    def __init__(self, show: Show | None = None, stream: TextIO | None = None) -> None:
        self._show = show if show is not None else _output
        self._stream = stream if stream is not None else sys.stderr
        self._put: Callable[[str], None] | None = None
        self._told = ""
        self._open: list[str] = []

    def __call__(self, event: Event) -> None:
        """Show an event."""
        if event.kind == "start":
            self._open.append(event.stage)
        elif event.kind == "end" and event.stage in self._open:
            self._open.remove(event.stage)
        if event.kind == "warning":
            say(f"warning: {event.text}", self._stream)
        elif event.kind == "progress":
            self._say(f"{_title(event)}: {_progress(event)}")
        elif event.kind in ("start", "note"):
            self._say(_title(event))
        elif not self._open:
            self._say("")

    def _say(self, text: str) -> None:
        text = _short(text, 100)
        if text == self._told:
            return
        self._told = text
        if self._put is None:
            self._put = self._show(text)
        else:
            self._put(text)


def _output(text: str) -> Callable[[str], None]:
    """The text as an output of the notebook's cell."""
    display = import_module("IPython.display").display
    handle = display({"text/plain": text}, raw=True, display_id=True)

    def put(other: str) -> None:
        handle.update({"text/plain": other}, raw=True)

    return put


def in_notebook() -> bool:
    """Whether the call comes from a notebook's kernel."""
    return "ipykernel" in sys.modules


def _title(event: Event) -> str:
    if event.text and event.kind != "progress":
        return unprintable_removed(event.text)
    return unprintable_removed(event.stage)


def _progress(event: Event) -> str:
    text = count(event.done)
    if event.total:
        text += f" of {count(event.total)}"
    if event.left is not None and event.left >= 1:
        text += f", {seconds(event.left)} left"
    if event.text:
        text += f"  {unprintable_removed(event.text)}"
    return text


def _short(text: str, width: int = 48) -> str:
    return text if len(text) <= width else text[: width - 1] + "…"
