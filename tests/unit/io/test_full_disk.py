"""A disk that is full, or a folder that cannot be written to: a clear error, and nothing is
left."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import polars as pl
import pytest

import tidemill as tm
from tests.conformance.tables import business
from tidemill.core.errors import OutputError
from tidemill.core.outputs import UNFINISHED
from tidemill.io.writing import write_chunks
from tidemill.reporting.blocks import Paragraph
from tidemill.reporting.page import Report

if sys.platform == "win32":
    pytest.skip("no limits on files there", allow_module_level=True)
import resource

RANDOM = np.random.default_rng(0)
TABLE = tm.read(pl.DataFrame({"x": RANDOM.normal(size=6000), "y": RANDOM.normal(size=6000)}))
TABLES = ["csv", "tsv", "csv.gz", "parquet", "jsonl", "ndjson", "jsonl.gz", "xlsx"]


@pytest.fixture
def full() -> Iterator[None]:
    """No file may be larger than 20 kB."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, hard))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> tm.Dataset:
    path = tmp_path_factory.mktemp("images") / "images.npz"
    np.savez(path, images=RANDOM.integers(0, 256, (24, 100, 100, 3), np.uint8))
    return tm.read(path)


def left(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


@pytest.mark.parametrize("ending", TABLES)
@pytest.mark.parametrize("parts", [1, 3])
@pytest.mark.usefixtures("full")
def test_a_table(tmp_path: Path, ending: str, parts: int) -> None:
    path = tmp_path / f"t.{ending}"
    path.write_text("old")
    with pytest.raises(OutputError, match="File too large"):
        write_chunks([TABLE] * parts, path, overwrite=True)
    with pytest.raises(OutputError, match="File too large"):
        write_chunks([TABLE] * parts, tmp_path / "new" / "folder" / path.name)
    assert left(tmp_path) == [path.name]
    assert path.read_text() == "old"


@pytest.mark.parametrize("name", ["i.npz", "i.png", "i.parquet", "folder", "new/folder"])
@pytest.mark.usefixtures("full")
def test_images(tmp_path: Path, images: tm.Dataset, name: str) -> None:
    with pytest.raises(OutputError, match="File too large"):
        tm.write(images, tmp_path / name)
    assert left(tmp_path) == []


def test_a_model_and_results(tmp_path: Path, request: pytest.FixtureRequest) -> None:
    table = business(300)
    model = tm.fit(TABLE, model="independent")
    out = tmp_path / "out"
    request.getfixturevalue("full")
    with pytest.raises(OutputError, match="File too large"):
        model.save(tmp_path / "m.tidemill")
    with pytest.raises(OutputError, match="File too large"):
        Report("customers", "", (Paragraph("long " * 9000),), "").save(tmp_path / "page.html")
    with pytest.raises(OutputError, match="File too large"):
        tm.run(table, model="independent", rows=50, out=out)
    assert left(tmp_path) == []


def test_a_path_that_becomes_a_folder_meanwhile(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"

    def parts() -> Iterator[tm.Dataset]:
        yield TABLE
        path.mkdir()

    with pytest.raises(OutputError, match="directory"):
        write_chunks(parts(), path)
    assert left(tmp_path) == ["t.csv"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_may_not_be_written_to(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    try:
        for name in ("t.csv", "new/t.csv"):
            with pytest.raises(OutputError, match="read-only"):
                tm.write(TABLE, tmp_path / name)
        with pytest.raises(OutputError, match="read-only"):
            tm.run(business(60), out=tmp_path / UNFINISHED)
    finally:
        tmp_path.chmod(0o700)
