"""Where a table goes: a path, or what a scheme stands for; and what is never replaced."""

from __future__ import annotations

import os
from pathlib import Path

import polars as pl
import pytest

import tidemill as tm
from tidemill.core.errors import DataError, OutputError
from tidemill.core.run import Run
from tidemill.core.schema import Column, Schema
from tidemill.io.target import Target
from tidemill.io.writing import FileTarget
from tidemill.verbs import files_read


def target(path: Path) -> Target:
    return Target.parse(str(path))


def test_a_table_goes_to_a_path_or_its_url(tmp_path: Path) -> None:
    data = tm.read(pl.DataFrame({"a": [1, 2]}))
    assert target(tmp_path / "a.csv").write([data, data]) == 4
    assert Target.parse(f"file://{tmp_path}/two%20words.csv").write([data]) == 2
    assert pl.read_csv(tmp_path / "two words.csv")["a"].to_list() == [1, 2]


def test_an_unknown_scheme_is_told_without_its_password() -> None:
    with pytest.raises(OutputError, match="no target with the scheme 'nonsense'") as caught:
        Target.parse("nonsense://ann:s3cret@host/shop")
    assert "s3cret" not in str(caught.value)
    assert "s3cret" not in repr(FileTarget("nonsense://ann:s3cret@host/shop"))


def test_what_cannot_be_written_is_said_before_the_work(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("a\n1\n")
    with pytest.raises(OutputError, match="exists already"):
        target(tmp_path / "a.csv").check()
    target(tmp_path / "a.csv").check(overwrite=True)
    with pytest.raises(OutputError, match=r"'\.doc' is unknown"):
        target(tmp_path / "a.doc").check()
    with pytest.raises(OutputError, match="other files"):
        target(tmp_path).check(Schema((Column("image", "image"),)), overwrite=True)


def test_what_is_read_is_never_replaced(tmp_path: Path) -> None:
    own, linked = tmp_path / "own.csv", tmp_path / "linked.csv"
    own.write_text("a\n1\n")
    linked.symlink_to(own)
    for path in (own, linked, Path(os.path.relpath(own))):
        with pytest.raises(OutputError, match="this is read here"):
            target(path).check(overwrite=True, reads=files_read(f"{own}?sheet=May"))
    target(tmp_path / "other.csv").check(reads=[own])


def test_no_verb_writes_its_results_in_the_place_of_its_data(tmp_path: Path) -> None:
    own = tmp_path / "clean.parquet"
    rows = pl.DataFrame({"a": range(50), "b": ["x", "y"] * 25})
    rows.write_parquet(own)
    rows.write_parquet(tmp_path / "generated.parquet")
    with pytest.raises(OutputError, match="this is read here"):
        tm.run(own, out=tmp_path, overwrite=True)
    newer = tmp_path / "generated.parquet"
    with pytest.raises(OutputError, match="this is read here"):
        tm.loop(rows, newer=newer, out=tmp_path, overwrite=True, target="b")
    assert pl.read_parquet(own).equals(rows)


def test_a_failed_part_leaves_what_was_there(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("old\n1\n")

    def parts():  # type: ignore[no-untyped-def]
        yield tm.read(pl.DataFrame({"a": [1, 2]}), run=Run())
        raise DataError("no more rows")

    with pytest.raises(DataError, match="no more rows"):
        target(tmp_path / "a.csv").write(parts(), overwrite=True)
    assert (tmp_path / "a.csv").read_text() == "old\n1\n"
    assert [path.name for path in tmp_path.iterdir()] == ["a.csv"]
