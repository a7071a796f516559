"""What a folder of results holds, for those that go on from it."""

from __future__ import annotations

from pathlib import Path

from tidemill.core.errors import InputError
from tidemill.core.outputs import UNFINISHED
from tidemill.core.results_folder import refuse_unfinished
from tidemill.pipeline.folder import OUTPUTS

MODEL = "model.tidemill"
PAGE = "report.html"


def model_in(path: str | Path) -> Path:
    """The file of a stored model: the path itself, or the model in a folder of results.

    Raises:
        InputError: It is a folder without a model, or of a run that is not finished.
    """
    path = Path(path)
    return _found(path, MODEL, "model") if path.is_dir() else path


def tables_in(folder: str | Path, *names: str) -> list[Path]:
    """The tables of these names in the folder of a run.

    Raises:
        InputError: It is no folder, one of them is not there, or the run is not finished.
    """
    return [_found(Path(folder), f"{name}.parquet", f"table '{name}'") for name in names]


def files_in(model: str | Path) -> list[Path]:
    """What belongs to a stored model: its file, or all results of its folder but the page, which is
    made again from the others."""
    path = Path(model)
    if not path.is_dir():
        return [path]
    return [path / name for name in OUTPUTS if name != PAGE and (path / name).exists()]


def _found(folder: Path, name: str, what: str) -> Path:
    if not folder.is_dir():
        raise InputError(
            "this is no folder of results",
            where=str(folder),
            hint="give a folder that `tidemill run` wrote, or name the files",
        )
    refuse_unfinished(folder)
    if not (folder / name).is_file() and (folder / UNFINISHED).is_dir():
        raise InputError(
            "the run that fills this folder is not finished",
            where=str(folder),
            hint=f"wait for it, or run again; {folder / UNFINISHED} holds what was finished",
        )
    if not (folder / name).is_file():
        raise InputError(
            f"there is no {what} in this folder",
            where=str(folder),
            hint=f"give a folder that `tidemill run` wrote, which holds {name}, or name the file",
        )
    return folder / name
