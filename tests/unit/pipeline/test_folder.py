"""A run's tables lie in its folder as Parquet and in the form of what came in."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

import tidemill as tm
from tidemill.core.run import Run
from tidemill.io.source import Source
from tidemill.pipeline.folder import Folder

ROWS = pl.DataFrame({"age": [31, 42, 57], "plan": ["team", "solo", "team"]})


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize(
    ("came", "beside"),
    [("txt", "csv"), ("db", "csv"), ("tab", "tsv"), ("ods", "xlsx"), ("json", "jsonl")],
)
def test_tables_in_the_form_of_what_came_in(tmp_path: Path, came: str, beside: str) -> None:
    folder = Folder(tmp_path / "out", came=came)
    folder.write("train", tm.read(ROWS), Run())
    folder.write_frame("changes", ROWS, Run())
    both = [f"{name}.{ending}" for name in ("changes", "train") for ending in (beside, "parquet")]
    assert names(folder.path) == sorted(both)
    for name in both:
        assert tm.read(folder / name).frame.equals(ROWS)


def test_frames_and_parquet_are_written_as_parquet_alone(tmp_path: Path) -> None:
    for came in ("", "parquet"):
        Folder(tmp_path / came, came=came).write("clean", tm.read(ROWS), Run())
        assert (tmp_path / came / "clean.parquet").exists()
        assert not list(tmp_path.rglob("clean.csv"))


def test_what_the_form_cannot_hold_is_told(tmp_path: Path) -> None:
    run = Run()
    long = tm.read(pl.DataFrame({"note": ["x" * 40_000, "y"]}))
    Folder(tmp_path, came="xlsx").write("clean", long, run)
    assert names(tmp_path) == ["clean.parquet"]
    [warning] = run.warnings
    assert warning.startswith("clean.xlsx was not written: ")


def test_a_source_knows_its_ending_whatever_it_is_packed_in(tmp_path: Path) -> None:
    path = tmp_path / "customers.csv.gz"
    tm.write(tm.read(ROWS), path)
    assert Source.parse(str(path)).ending == "csv"
