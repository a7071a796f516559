"""Databases on the command line: what is about one table is refused, not overheard."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest
from typer.testing import CliRunner

import tidemill as tm
from tests.unit.relational.test_databases import shop
from tidemill.cli import app
from tidemill.core.errors import TidemillError

RUNNER = CliRunner()


def said(*words: object) -> str:
    done = RUNNER.invoke(app, [str(word) for word in words])
    assert done.exit_code == 0, done.output
    return done.output


def refused(*words: object) -> str:
    """What is said of it."""
    done = RUNNER.invoke(app, [str(word) for word in words])
    assert isinstance(done.exception, TidemillError), done.output
    return f"{done.exception.what} {done.exception.hint}"


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("files")
    tm.write_database(shop(), folder / "shop.sqlite")
    said("fit", folder / "shop.sqlite", "--out", folder / "shop.tidemill", "--model", "independent")
    return folder


def test_a_database_is_made(files: Path) -> None:
    out = files / "new.sqlite"
    told = said(
        *("sample", files / "shop.tidemill", "--out", out, "--table-rows", "customers=50"),
        *("--where", "customers.town=Rome", "--json"),
    )
    result = json.loads(told.splitlines()[-1])
    assert result["tables"]["customers"] == 50
    assert "customer_id points to customers.customer_id" in said("read", out)
    said("sample", files / "shop.tidemill", "--out", files / "folder")
    assert (files / "folder" / "lines.csv").exists()


@pytest.mark.parametrize(
    "words",
    [
        ("--rows", "1"),
        ("--rows", "1000"),
        ("--fair-strength", "0.5"),
        ("--balance", "town=equal"),
        ("--table-rows", "orders=5"),
        ("--table-rows", "customers"),
        ("--where", "town=Rome"),
        ("--where", "customers.town=Atlantis"),
    ],
)
def test_what_makes_no_sense_of_several_tables_is_refused(files: Path, words: tuple[str]) -> None:
    out = files / "refused.sqlite"
    assert refused("sample", files / "shop.tidemill", "--out", out, *words)
    assert not out.exists()


@pytest.mark.parametrize(
    "words", [("--target", "town"), ("--clean",), ("--privacy", "tested"), ("--keep-table", "no")]
)
def test_options_of_one_table_are_refused(files: Path, words: tuple[str]) -> None:
    out = files / "refused.tidemill"
    assert refused("fit", files / "shop.sqlite", "--out", out, *words)
    assert not out.exists()


def test_options_of_several_tables_are_refused_of_one(files: Path) -> None:
    table, model = files / "one.csv", files / "one.tidemill"
    pl.DataFrame({"a": range(60), "b": ["x", "y", "z"] * 20}).write_csv(table)
    assert "this is one" in refused("fit", table, "--out", model, "--keep-table", "a")
    said("fit", table, "--out", model, "--model", "independent")
    out = files / "one_made.csv"
    assert "this is of one" in refused("sample", model, "--out", out, "--table-rows", "a=5")
    told = refused("infill", files / "shop.tidemill", table, "--out", out)
    assert "several tables" in told
