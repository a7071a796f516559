"""A folder of results is of one run: they are made in a folder inside it, and put in their places
together, with those of an earlier run taken away first."""

from __future__ import annotations

import errno
import os
import shutil
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from tidemill.core.artifact import folder_for, make_folder, unwritable
from tidemill.core.errors import Cancelled, InputError, OutputError
from tidemill.core.outputs import UNFINISHED, refuse_results

SIGNS = {
    "run": "findings.json",
    "run of a database": "synthetic.sqlite",
    "loop": "strategy.json",
    "recipe": "figures.json",
    "audit": "audit.json",
    "share": "card.json",
}
"""A file that only this command writes to its folder, and always."""
_LOCK, _MOVING = ".lock", ".moving"
_NO_LOCKS = (errno.ENOTSUP, errno.ENOSYS, errno.ENOLCK, errno.EINVAL)
"""What file systems say that know no locks."""


@dataclass(frozen=True)
class ResultsFolder:
    """A folder while results are made for it.

    Attributes:
        path: The folder.
        names: What may be written to it, also to a folder in it; a page last, so that it never
            stands beside less.
    """

    path: Path
    names: Sequence[str]

    @property
    def aside(self) -> Path:
        """Where results are made."""
        return self.path / UNFINISHED

    def put(self) -> None:
        """Put what was made in its place; of an earlier run nothing stays. Its results go first, so
        that none ever stands beside a later one's.

        Raises:
            OutputError: The disk does not take it.
        """
        made = [name for name in self.names if (self.aside / name).exists()]
        try:
            (self.aside / _MOVING).touch()
            for name in self.names:
                (self.path / name).unlink(missing_ok=True)
            for name in made:
                (self.path / name).parent.mkdir(exist_ok=True)
                (self.aside / name).replace(self.path / name)
            (self.aside / _MOVING).unlink()
        except OSError as error:
            raise unwritable(self.path, error) from error


@contextmanager
def making(
    path: Path, names: Sequence[str], command: str, *, overwrite: bool = False
) -> Iterator[ResultsFolder]:
    """Results for a folder: made in ``unfinished/`` in it, and put in their places when the block
    ends well. Until then an earlier run's stay; a process that is killed leaves ``unfinished/``.

    What was finished when the user stopped the run is kept there, too. Other files in the folder
    are left alone.

    Args:
        path: The folder.
        names: What may be written to it, a page last.
        command: Of SIGNS.
        overwrite: Whether an earlier run's results may be replaced.

    Raises:
        OutputError: There are results already, another process makes results for the folder now,
            or it cannot be written to.
    """
    _refuse_others(path, command)
    refuse_results(path, names, overwrite)
    folder = ResultsFolder(path, names)
    _refuse_foreign(folder)
    with folder_for(folder.aside / _LOCK), _locked(folder.aside / _LOCK, path):
        refuse_results(path, names, overwrite)  # another process may have finished just now
        _clear(folder.aside)
        try:
            yield folder
            folder.put()
        except (Cancelled, KeyboardInterrupt):
            raise
        except BaseException:
            if not (folder.aside / _MOVING).exists():
                _clear(folder.aside)
            raise
        _clear(folder.aside)


def refuse_unfinished(folder: Path) -> None:
    """Refuse to read a folder of results that are not those of one finished run.

    Raises:
        InputError: The run was killed, or is at work.
    """
    if folder.resolve().name == UNFINISHED or (folder / UNFINISHED / _MOVING).exists():
        raise InputError(
            "the results in this folder are of a run that is not finished",
            where=str(folder),
            hint="run again with option 'overwrite', or name single files, which are whole",
        )


def _refuse_others(path: Path, command: str) -> None:
    """Refuse a folder with another command's results, beside which these would be mistaken."""
    for other, sign in SIGNS.items():
        if other != command and (path / sign).exists():
            raise OutputError(
                f"this folder has the results of another command ({other}: {sign})",
                where=str(path),
                hint="give another folder with option 'out'",
            )


def _refuse_foreign(folder: ResultsFolder) -> None:
    """Refuse a folder of the user's own that is called as ours."""
    known = {Path(name).parts[0] for name in folder.names}
    try:
        inside = [one.name for one in folder.aside.iterdir()]
    except FileNotFoundError:
        return  # also where another process has just taken it away
    except NotADirectoryError:
        inside = [UNFINISHED]
    is_ours = all(name in known or name.startswith(".") for name in inside)
    if not is_ours or folder.aside.is_symlink():
        raise OutputError(
            f"'{UNFINISHED}' in this folder is not of such a run",
            where=str(folder.path),
            hint="take it away, or give another folder with option 'out'",
        )


def _clear(aside: Path) -> None:
    """Take away all but the lock, and the mark of a folder that was left between two runs: only
    whole results take that away."""
    for one in aside.iterdir():
        if one.name in (_LOCK, _MOVING):
            continue
        if one.is_dir() and not one.is_symlink():
            shutil.rmtree(one, ignore_errors=True)
        else:
            one.unlink(missing_ok=True)


@contextmanager
def _locked(path: Path, folder: Path) -> Iterator[None]:
    """Hold a lock, which ends with the process however that ends."""
    with _lock_of(path, folder) as file:
        try:
            yield
        finally:
            if sys.platform == "win32":
                file.close()  # no open file can be taken away there
            path.unlink(missing_ok=True)
            with suppress(OSError):  # what a stopped run has finished stays
                path.parent.rmdir()


def _lock_of(path: Path, folder: Path) -> IO[str]:
    """The file, opened and locked.

    Raises:
        OutputError: Another process holds it.
    """
    while True:
        try:
            make_folder(path.parent)
            file = path.open("a", encoding="utf-8")
        except FileNotFoundError:
            continue  # who held it has just taken the folder away
        except OSError as error:
            raise unwritable(folder, error) from error
        if not _lock(file):
            file.close()
            raise OutputError(
                "another process makes results for this folder now",
                where=str(folder),
                hint="wait for it, or give another folder with option 'out'",
            )
        with suppress(FileNotFoundError):
            if os.path.samestat(os.fstat(file.fileno()), path.stat()):
                return file
        file.close()  # it was taken away before it was locked


def _lock(file: IO[str]) -> bool:
    """Lock a file; False where another process holds its lock."""
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        return error.errno in _NO_LOCKS
    return True
