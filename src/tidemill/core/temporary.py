"""Names of temporary files beside outputs, by which those of killed processes are known again."""

from __future__ import annotations

import os
import platform
import re
import shutil
import sys
import zlib
from pathlib import Path

_START = ".tidemill-"


def temporary_prefix(folder: Path) -> str:
    """What temporary names in a folder begin with: this machine and this process. What killed
    processes of this machine left in the folder is taken away."""
    machine = f"{_START}{zlib.crc32(platform.node().encode()):08x}-"
    for left in folder.glob(f"{machine}*"):
        owner = re.match(r"[0-9]+", left.name[len(machine) :])
        if owner is None or _is_alive(int(owner[0])):
            continue
        if left.is_dir() and not left.is_symlink():
            shutil.rmtree(left, ignore_errors=True)
        else:
            left.unlink(missing_ok=True)
    return f"{machine}{os.getpid()}-"


def _is_alive(process: int) -> bool:
    if sys.platform == "win32":
        return True  # to ask would end it
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):
        return True  # another user's
    return True
