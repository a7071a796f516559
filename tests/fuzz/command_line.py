"""A child process that runs the command line many times, and says what came of each.

Run as ``python -m tests.fuzz.command_line``: a JSON list of arguments on a line of the standard
input, after the folder to work in; a JSON object on a line of the standard output.
"""

from __future__ import annotations

import faulthandler
import json
import os
import resource
import sys
import time
from pathlib import Path
from typing import Any

from tests.fuzz.memory import forget, peak

ADDRESSES = 16 << 30
"""Bytes of address space: far more than is needed, and less than would hurt the machine."""


def ran(folder: Path, arguments: list[str]) -> dict[str, Any]:
    """What came of a command."""
    from tidemill.cli import main

    os.chdir(folder)
    out, err = Path("stdout"), Path("stderr")
    held, began, code = forget(), time.process_time(), None
    with out.open("wb") as one, err.open("wb") as two:
        os.dup2(one.fileno(), 1)
        os.dup2(two.fileno(), 2)
        sys.argv = ["tidemill", *arguments]
        try:
            main()
        except SystemExit as ended:
            code = int(ended.code or 0)
        except BaseException as error:  # the net has a hole
            sys.stderr.write(f"Traceback: {error!r}\n")
        sys.stdout.flush()
        sys.stderr.flush()
    return {
        "code": code,
        "seconds": time.process_time() - began,
        "memory": max(peak() - held, 0),
        "out": out.read_bytes().decode("utf-8", "replace")[-20_000:],
        "err": err.read_bytes().decode("utf-8", "replace")[-20_000:],
    }


def answer() -> None:
    """Run what is asked for, until nothing more is."""
    resource.setrlimit(resource.RLIMIT_AS, (ADDRESSES, ADDRESSES))
    faulthandler.enable()
    # what the commands print goes elsewhere
    with os.fdopen(os.dup(1), "w", encoding="utf-8") as told:
        told.write("ready\n")
        told.flush()
        for line in sys.stdin:
            folder, arguments = json.loads(line)
            told.write(json.dumps(ran(Path(folder), arguments)) + "\n")
            told.flush()


if __name__ == "__main__":
    answer()
