"""Ctrl-C: once to end well, twice to end at once."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tidemill.core.run import Run


class Interrupts:
    """A handler of SIGINT, which may stand before there is a run that it could stop.

    The first Ctrl-C only leaves word: an exception would strike whatever happens to be at work, and
    some libraries swallow it or turn it into one of their own. The second one ends at once.
    """

    def __init__(self) -> None:
        self.asked = False
        self._run: Run | None = None
        self._notice: threading.Thread | None = None

    def __call__(self, number: int, frame: FrameType | None) -> None:
        if self.asked:
            raise KeyboardInterrupt
        self.asked = True
        if self._run is not None:
            self._stop(self._run)

    @contextmanager
    def stopping(self, run: Run) -> Iterator[None]:
        """While the block lasts, Ctrl-C stops this run, also one from before it.

        Raises:
            Cancelled: The run was stopped, whether the block noticed or not.
        """
        self._run = run
        # polars, once imported, raises of itself at a signal; whoever asks last is heard alone
        before = signal.signal(signal.SIGINT, self)
        try:
            if self.asked:
                self._stop(run)
            yield
            run.check()
        finally:
            self._run = None
            signal.signal(signal.SIGINT, before)
            if self._notice is not None:
                self._notice.join()

    def _stop(self, run: Run) -> None:
        run.cancel()
        # not told from here: what is interrupted may be writing to the same stream
        words = "stopping; press Ctrl-C again to stop at once"
        self._notice = threading.Thread(target=run.warn, args=[words])
        self._notice.start()


def interrupts() -> Interrupts:
    """The handler that stands, or a new one."""
    standing = signal.getsignal(signal.SIGINT)
    return standing if isinstance(standing, Interrupts) else Interrupts()
