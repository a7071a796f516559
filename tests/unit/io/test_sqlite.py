"""SQLite: views that need what is not there, odd names, mixed columns, and files that are none."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import polars as pl
import pytest

from tests.unit.io.opening import read
from tidemill.core.errors import InputError
from tidemill.core.run import Run


def base(path: Path, *statements: str) -> Path:
    connection = sqlite3.connect(path)
    for statement in statements:
        connection.execute(statement)
    connection.commit()
    connection.close()
    return path


@pytest.mark.parametrize(
    ("view", "body", "what"),
    [
        (
            "names",
            "SELECT FULL_NAME(first) AS n FROM c",
            "the function 'FULL_NAME', which is",
        ),
        ("chain", "SELECT * FROM inner_one", "the view 'chain' needs the function 'OTHER'"),
        (
            "gone",
            "SELECT * FROM missing",
            "needs the table 'missing', which is not in",
        ),
        ("column", "SELECT nix FROM c", "the view 'column' needs the column 'nix'"),
    ],
)
def test_a_view_that_needs_what_is_not_there(
    view: str, body: str, what: str, tmp_path: Path, run: Run
) -> None:
    path = base(
        tmp_path / "t.sqlite",
        "CREATE TABLE c (first TEXT)",
        "INSERT INTO c VALUES ('a')",
        "CREATE VIEW inner_one AS SELECT OTHER(first) AS n FROM c",
        f"CREATE VIEW {view} AS {body}",
    )
    with pytest.raises(InputError, match=what) as caught:
        read(f"{path}?table={view}", run)
    assert "FILE?table=NAME: c" in str(caught.value.hint)


def test_numbers_and_texts_in_one_column_are_told(tmp_path: Path, run: Run) -> None:
    path = base(
        tmp_path / "t.sqlite",
        "CREATE TABLE t (n INTEGER, x REAL, b BLOB, d TEXT)",
        "INSERT INTO t VALUES (1, 1, x'01', '2024-01-05'), ('many', 2.5, NULL, '2024-01-06')",
    )
    data = read(path, run, ignore=["b"])
    assert data["n"].to_list() == ["1", "many"]
    assert data["x"].to_list() == [1.0, 2.5]
    assert data["d"].dtype == pl.Date
    assert run.warnings == [
        "The column 'n', declared INTEGER, holds numbers and 1 text, such as 'xxxx'; it was read "
        "as text."
    ]


def test_names_of_tables(tmp_path: Path, run: Run) -> None:
    path = base(
        tmp_path / "t.sqlite",
        'CREATE TABLE "wo? & 50%=x" (a INTEGER PRIMARY KEY, t TEXT) WITHOUT ROWID',
        """INSERT INTO "wo? & 50%=x" VALUES (7, 'x')""",
        "CREATE TABLE Orders (a INTEGER)",
        "INSERT INTO Orders VALUES (1)",
    )
    assert read(f"{path}?table=orders", run)["a"].to_list() == [1]
    with pytest.raises(InputError, match="2 tables") as caught:
        read(path, run)
    hint = str(caught.value.hint)
    name = hint.split("'")[-2]
    assert name == "wo%3F %26 50%25%3Dx"
    assert read(f"{path}?table={name}", run)["a"].to_list() == [7]
    base(path, 'CREATE TABLE "why?" (a)', 'INSERT INTO "why?" VALUES (3)')
    assert read(f"{path}?table=why?", run)["a"].to_list() == [3]


@pytest.mark.parametrize(
    ("content", "hint"),
    [
        (b"a,b\n1,2\n" * 9, "begins like a text"),
        (bytes(range(128, 256)) * 40, "encrypted"),
        (b"SQLite format 3\x00" + b"\x07" * 5_000, "damaged"),
    ],
)
def test_files_that_are_no_databases(content: bytes, hint: str, tmp_path: Path, run: Run) -> None:
    (tmp_path / "t.db").write_bytes(content)
    with pytest.raises(InputError) as caught:
        read(tmp_path / "t.db", run)
    assert hint in str(caught.value.hint)


def test_a_database_that_is_being_written(tmp_path: Path, run: Run) -> None:
    from tidemill.io.formats import sqlite

    path = base(tmp_path / "t.db", "CREATE TABLE t (a)", "INSERT INTO t VALUES (1)")
    what, hint = sqlite._trouble("database is locked", path)
    assert "another program" in what
    assert "copy" in hint
