"""Tables written part by part."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.unit.io.opening import read
from tidemill.core.dataset import Dataset
from tidemill.core.errors import DataError, OutputError
from tidemill.core.run import Run
from tidemill.io.target import Target
from tidemill.io.writing import write, write_chunks, write_together

NAMES = ["t.parquet", "t.csv", "t.tsv", "t.jsonl", "t.csv.gz", "t.jsonl.gz", "t.xlsx"]
ROWS = 60


def table() -> Dataset:
    at = np.arange(ROWS)
    return read(
        pl.DataFrame(
            {
                "n": pl.Series(at, dtype=pl.Int8),
                "money": np.where(at % 7, at / 4, np.nan),
                "text": [f'a,"{k}"\n' for k in at % 5],
                "digits": pl.Series([str(k) for k in at % 4]).cast(pl.Categorical),
                "level": pl.Series(["x", "y", None] * (ROWS // 3), dtype=pl.Enum(["y", "x"])),
                "when": [dt.datetime(2024, 1, 5, microsecond=500_000 * (k > 40)) for k in at],
                "day": [dt.date(2024, 1, 5), None, dt.date(1899, 1, 1)] * (ROWS // 3),
                "flag": [True, None, False] * (ROWS // 3),
            }
        ),
        Run(),
    )


def cut(data: Dataset, at: list[int]) -> Iterator[Dataset]:
    ends = [0, *sorted(at), len(data)]
    return (data.rows(np.arange(start, end)) for start, end in pairwise(ends))


@pytest.mark.parametrize("name", NAMES)
@settings(
    max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(at=st.lists(st.integers(0, ROWS), max_size=4))
def test_parts_make_the_same_file_as_the_whole(tmp_path: Path, name: str, at: list[int]) -> None:
    data = table()
    write(data, tmp_path / name, overwrite=True)
    (tmp_path / "parts").mkdir(exist_ok=True)
    assert write_chunks(cut(data, at), tmp_path / "parts" / name, overwrite=True) == ROWS
    assert [path.name for path in (tmp_path / "parts").iterdir()] == [name]
    if name.endswith(".gz"):
        whole, parts = (
            read(folder / name, Run()).frame for folder in (tmp_path, tmp_path / "parts")
        )
        assert parts.equals(whole)
    else:
        assert (tmp_path / "parts" / name).read_bytes() == (tmp_path / name).read_bytes()


def test_a_part_whose_values_do_not_fit_its_dtype_widens_it(tmp_path: Path) -> None:
    data = table().select(["n", "level"])
    wide = data.with_frame(data.frame.with_columns(pl.col("n") + 300, pl.lit("new").alias("level")))
    write_chunks([data, wide, data], tmp_path / "t.parquet")
    again = pl.read_parquet(tmp_path / "t.parquet")
    assert again["n"].to_list() == [*range(ROWS), *range(300, 300 + ROWS), *range(ROWS)]
    assert again["level"][ROWS] == "new"


def test_a_failing_part_leaves_nothing(tmp_path: Path) -> None:
    def parts() -> Iterator[Dataset]:
        yield table()
        yield table()
        raise DataError("the third cannot be made")

    for name in NAMES:
        with pytest.raises(DataError, match="the third"):
            write_chunks(parts(), tmp_path / name)
    assert not list(tmp_path.iterdir())


def test_what_no_sheet_takes_is_refused_before_the_work(tmp_path: Path) -> None:
    def parts() -> Iterator[Dataset]:
        raise AssertionError("the work began")
        yield

    with pytest.raises(OutputError, match=r"1,048,576 rows .* takes 1,048,575 rows"):
        write_chunks(parts(), tmp_path / "t.xlsx", rows=1_048_576)
    (tmp_path / "t.csv").touch()
    with pytest.raises(OutputError, match="exists already"):
        write_chunks(parts(), tmp_path / "t.csv")
    with pytest.raises(OutputError, match="unknown"):
        write_chunks(parts(), tmp_path / "t.doc")


def test_parquet_says_where_parts_come_from(tmp_path: Path) -> None:
    data = table()
    made = [replace(data, origin=pl.repeat(k, ROWS, dtype=pl.Int16, eager=True)) for k in (2, 1)]
    write_chunks(made, tmp_path / "made.parquet")
    assert pl.read_parquet_metadata(tmp_path / "made.parquet")["tidemill.rounds"] == "1,2"
    write_chunks([data, *made], tmp_path / "both.parquet")
    assert (
        pl.read_parquet_metadata(tmp_path / "both.parquet")["tidemill.origin"]
        == "real and synthetic"
    )
    write_chunks([data, data], tmp_path / "real.parquet")
    assert "tidemill.origin" not in pl.read_parquet_metadata(tmp_path / "real.parquet")


def test_a_file_with_the_word_nan_becomes_parquet_with_null(tmp_path: Path, run: Run) -> None:
    (tmp_path / "a.csv").write_text("a,b\n1.5,x\nNaN,y\n2.25,x\n")
    data = read(tmp_path / "a.csv", run)
    write(data, tmp_path / "a.parquet")
    assert pl.read_parquet(tmp_path / "a.parquet")["a"].to_list() == [1.5, None, 2.25]
    write(data, tmp_path / "b.csv")
    assert (tmp_path / "b.csv").read_text() == "a,b\n1.5,x\nNaN,y\n2.25,x\n"


def test_tables_that_belong_together_are_replaced_together(tmp_path: Path) -> None:
    paths = [tmp_path / "train.csv.gz", tmp_path / "holdout.parquet", tmp_path / "link.csv"]
    paths[2].symlink_to("real.csv")
    targets = [Target.parse(str(path)) for path in paths]
    rows = [read(pl.DataFrame({"a": [number]}), Run()) for number in range(4)]
    write_together(list(zip(targets, rows[:3], strict=True)))
    (tmp_path / "folder.csv").mkdir()
    wrong = Target.parse(str(tmp_path / "folder.csv"))
    with pytest.raises(OutputError, match="folder"):
        write_together([(targets[0], rows[3]), (wrong, rows[3])], overwrite=True)
    assert [read(path, Run())["a"].to_list() for path in paths] == [[0], [1], [2]]
    write_together(list(zip(targets, rows[1:], strict=True)), overwrite=True)
    assert [read(path, Run())["a"].to_list() for path in paths] == [[1], [2], [3]]
    assert len(list(tmp_path.iterdir())) == 5
