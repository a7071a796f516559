"""The folder of a run: each result in it when it is finished, tables also in the form of what came
in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from tidemill.core.dataset import Dataset
from tidemill.core.errors import OutputError
from tidemill.core.run import Run
from tidemill.io.writing import write, write_frame

TABLES = ("train", "holdout", "clean", "changes", "synthetic")
"""Tables of a run, each written as Parquet and in the form of what came in."""
FORM = {
    **dict.fromkeys(("csv", "txt", "sqlite", "sqlite3", "db"), "csv"),
    **dict.fromkeys(("tsv", "tab"), "tsv"),
    **dict.fromkeys(("xlsx", "xlsm", "xls", "ods"), "xlsx"),
    **dict.fromkeys(("json", "jsonl", "ndjson"), "jsonl"),
    "npz": "npz",
}
"""The ending of what came in -> that of the tables beside Parquet; none of others."""
OUTPUTS = (
    "findings.json",
    "scores.json",
    "model.tidemill",
    *(f"{name}.parquet" for name in TABLES),
    *(f"{name}.{form}" for name in TABLES for form in sorted({*FORM.values()})),
    "report.json",
    "report.html",
)


@dataclass(frozen=True)
class Folder:
    """The output folder, in which each output appears when it is finished, whole or not at all.

    Attributes:
        path: Where it is, and must be.
        came: The ending of what came in, as which tables are written beside Parquet.
        out: Where the outputs are in the end.
    """

    path: Path
    came: str = ""
    out: Path | None = None

    def __truediv__(self, name: str) -> Path:
        return self.path / name

    def files(self) -> dict[str, int]:
        """Name -> bytes, of the results beside the report that are there."""
        there = [self / name for name in OUTPUTS if not name.startswith("report")]
        return {path.name: path.stat().st_size for path in there if path.exists()}

    def write(self, name: str, data: Dataset, run: Run) -> None:
        """Write one of the TABLES; what cannot be in the form that came in is told."""
        self._write(name, lambda path: write(data, path, overwrite=True), run)

    def write_frame(self, name: str, frame: pl.DataFrame, run: Run) -> None:
        """The same of a table without a schema."""
        if self.came == "npz":
            write_frame(frame, self / f"{name}.parquet", overwrite=True)
        else:
            self._write(name, lambda path: write_frame(frame, path, overwrite=True), run)

    def _write(self, name: str, written: Callable[[Path], None], run: Run) -> None:
        written(self / f"{name}.parquet")
        form = FORM.get(self.came)
        if form is None:
            return
        try:
            written(self / f"{name}.{form}")
        except OutputError as error:
            run.warn(f"{name}.{form} was not written: {error.what}; {name}.parquet has all rows")
