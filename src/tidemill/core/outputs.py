"""Said before the work, not behind it: an output may not take the place of what is there, of what
is read, or of another output."""

from __future__ import annotations

import os
import stat
import unicodedata
from collections.abc import Iterable
from itertools import combinations
from pathlib import Path

from tidemill.core.errors import OutputError

UNFINISHED = "unfinished"
"""The folder, in a folder of results, in which these are made."""
_SHOWN = 3
_NO_FILE = {
    stat.S_IFDIR: "a folder",
    stat.S_IFIFO: "a pipe",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
    stat.S_IFSOCK: "a socket",
}


def refuse_existing(path: Path, overwrite: bool) -> None:
    """Refuse a file that cannot be written, or may not be replaced.

    Raises:
        OutputError: It exists, it is no file but a folder, a device or the like, or its folder may
            not be written to.
    """
    mode = _mode(path)
    if mode is not None and not stat.S_ISREG(mode):
        raise OutputError(
            f"this is {_NO_FILE.get(stat.S_IFMT(mode), 'something else')}, not a file",
            where=str(path),
            hint="give a file's name",
        )
    if mode is not None and not overwrite:
        raise taken(path)
    _refuse_place(path)


def taken(path: Path) -> OutputError:
    """What to say of an output that may not be replaced."""
    return OutputError(
        "the output exists already",
        where=str(path),
        hint="give another name, or add option 'overwrite'",
    )


def refuse_results(folder: Path, names: Iterable[str], overwrite: bool) -> None:
    """Refuse a folder that cannot be written to, or whose files may not be replaced.

    Raises:
        OutputError: One of them exists, or is none, or the folder is no folder.
    """
    mode = _mode(folder)
    if mode is not None and not stat.S_ISDIR(mode):
        raise OutputError(
            "this is a file, not a folder",
            where=str(folder),
            hint="give a folder with option 'out'",
        )
    there = [name for name in names if os.path.lexists(folder / name)]
    if there and not overwrite:
        raise OutputError(
            f"there are results already ({', '.join(there[:_SHOWN])})",
            where=str(folder),
            hint="give another folder with option 'out', or add option 'overwrite'",
        )
    for name in there:
        refuse_existing(folder / name, overwrite)
    _refuse_place(folder / "results")


def refuse_clashes(outputs: Iterable[Path], inputs: Iterable[Path]) -> None:
    """Refuse outputs that are what is read, or each other, also where outputs may be replaced.

    Two names are one file where links lead to the same, and where they differ by nothing but case,
    as many disks do not tell such names apart.

    Args:
        outputs: Files, or folders that are replaced as a whole.
        inputs: Files, or folders of which all files are read.

    Raises:
        OutputError: An output is an input or another output, by whatever name, or lies in one.
    """
    outputs, inputs = list(outputs), list(inputs)
    for output in outputs:
        _mode(output)  # refuses what is no name at all
        for read in inputs:
            if _is_same(output, read):
                raise _clash(output, "this is read here, and would be replaced")
            if _is_within(output, read):
                raise _clash(output, f"it lies in {read}, which is read here")
            if _is_within(read, output):
                raise _clash(output, f"{read} lies in it, which is read here")
    for one, other in combinations(outputs, 2):
        if _is_same(one, other):
            raise _clash(other, "two outputs would be this one file")
        for inner, outer in ((one, other), (other, one)):
            if _is_within(inner, outer):
                raise _clash(inner, f"it lies in {outer}, which is another output")


def _clash(output: Path, what: str) -> OutputError:
    return OutputError(what, where=str(output), hint="give the output another name")


def _mode(path: Path) -> int | None:
    """What is there, links followed; None where nothing is.

    Raises:
        OutputError: Nothing can be of this name.
    """
    try:
        return path.stat().st_mode
    except FileNotFoundError:
        return None
    except OSError as error:
        why = error.strerror or str(error)
    except ValueError as error:  # a null character
        why = str(error)
    raise OutputError(
        f"no file can be written here ({why})",
        where=str(path)[:200],
        hint="give another name with option 'out'",
    )


def _refuse_place(path: Path) -> None:
    """Refuse a file in a folder that may not be written to, or that could not be made."""
    folder = _real(path).parent
    while _mode(folder) is None and folder != folder.parent:
        folder = folder.parent
    if not folder.is_dir():
        raise OutputError(
            f"no folder can be made in {folder}, which is a file",
            where=str(path),
            hint="give another name",
        )
    if not os.access(folder, os.W_OK | os.X_OK):
        raise OutputError(
            f"cannot write here ({folder} is read-only)",
            where=str(path),
            hint="choose a folder that you may write to with option 'out'",
        )


def _real(path: Path) -> Path:
    return Path(os.path.realpath(path))


def _is_same(one: Path, other: Path) -> bool:
    """Whether both names are one file's, whether it is there or not."""
    try:
        return one.samefile(other) or _folded(one) == _folded(other)
    except FileNotFoundError:
        return _folded(one) == _folded(other)
    except (OSError, ValueError):
        return False  # told by whoever opens it


def _folded(path: Path) -> str:
    return unicodedata.normalize("NFC", str(_real(path))).casefold()


def _is_within(inner: Path, outer: Path) -> bool:
    """Whether a file lies in a folder that is there, at whatever depth."""
    if "\0" in str(inner) or not outer.is_dir():
        return False
    parents = _real(inner).parents
    return any(parent.exists() and parent.samefile(outer) for parent in parents)
