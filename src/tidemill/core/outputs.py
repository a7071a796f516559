"""Said before the work, not behind it: an output may not take the place of what is there."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from tidemill.core.errors import OutputError

_SHOWN = 3


def refuse_existing(path: Path, overwrite: bool) -> None:
    """Refuse to replace a file that may not be replaced.

    Raises:
        OutputError: It exists.
    """
    if path.exists() and not overwrite:
        raise OutputError(
            "the output exists already",
            where=str(path),
            hint="give another name, or add option 'overwrite'",
        )


def refuse_results(folder: Path, names: Iterable[str], overwrite: bool) -> None:
    """Refuse to replace files of a folder that may not be replaced.

    Raises:
        OutputError: One of them exists.
    """
    there = [name for name in names if (folder / name).exists()]
    if there and not overwrite:
        raise OutputError(
            f"there are results already ({', '.join(there[:_SHOWN])})",
            where=str(folder),
            hint="give another folder with option 'out', or add option 'overwrite'",
        )


def refuse_inputs(outputs: Iterable[Path], inputs: Iterable[Path]) -> None:
    """Refuse to replace what is read, also where outputs may be replaced.

    Raises:
        OutputError: An output is one of the inputs, by whatever name.
    """
    read = [path for path in inputs if path.exists()]
    for output in outputs:
        if output.exists() and any(output.samefile(path) for path in read):
            raise OutputError(
                "this is read here, and would be replaced",
                where=str(output),
                hint="give the output another name",
            )
