"""``python -m tidemill``, and the command ``tidemill``."""

import signal
from typing import NoReturn

from tidemill.core.interrupts import interrupts


def main() -> NoReturn:
    """The command line, which Ctrl-C ends well from its first moment on."""
    signal.signal(signal.SIGINT, interrupts())
    from tidemill.cli import main as commands

    try:
        commands()
    finally:
        # what is done is done: nothing is gained by an interpreter that is stopped while it ends
        signal.signal(signal.SIGINT, signal.SIG_IGN)


if __name__ == "__main__":
    main()
