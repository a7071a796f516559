"""``python -m tidemill``, and the command ``tidemill``."""

import contextlib
import os
import signal
import sys
from typing import NoReturn

from tidemill.core.interrupts import interrupts


def main() -> NoReturn:
    """The command line, which Ctrl-C ends well from its first moment to its last."""
    _open_streams()
    signal.signal(signal.SIGINT, interrupts())
    from tidemill.cli import main as commands

    try:
        commands()
    except SystemExit as ended:
        for stream in (sys.stdout, sys.stderr):
            with contextlib.suppress(OSError):
                stream.flush()
        # an interpreter with these libraries takes itself apart for a good part of a second, in
        # which Ctrl-C would come too late
        os._exit(int(ended.code or 0))


def _open_streams() -> None:
    """Open what was closed: else the first file that is opened takes its number, and is written to
    by whoever prints."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)
    if sys.stdout is None:
        sys.stdout = open(1, "w", closefd=False)  # noqa: SIM115 - a number, for good
    if sys.stderr is None:
        sys.stderr = open(2, "w", closefd=False)  # noqa: SIM115


if __name__ == "__main__":
    main()
