"""What customers may be worth, from the command line to the page."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from tests.e2e.conftest import Tidemill
from tests.unit.customers.buyers import buyer_lines

COLUMNS = ("--entity", "who", "--time", "day", "--assume", "rehearsals=3")


def buyers(path: Path, customers: int = 900) -> Path:
    lines = buyer_lines(customers, 60, np.random.default_rng(0))
    named = lines.rename({"customer": "who", "time": "day", "money": "paid"})
    named.sample(fraction=1, shuffle=True, seed=0).write_csv(path)
    return path


def figures(folder: Path) -> dict[str, float]:
    return dict(json.loads((folder / "figures.json").read_text(encoding="utf-8")))


def test_a_page_of_customers(tidemill: Tidemill, tmp_path: Path) -> None:
    lines, out = buyers(tmp_path / "lines.csv"), tmp_path / "page"
    command = ("recipe", "customers", lines, *COLUMNS, "--column", "money=paid")
    done = tidemill(*command, "--currency", "EUR", "--out", out)
    assert done.code == 0, done.err
    assert "The tenth of customers of whom most was expected brought" in done.out
    found = figures(out)
    assert found["share_low: BG/NBD"] < found["share: BG/NBD"] < found["share_high: BG/NBD"]
    assert found["share: BG/NBD"] < found["possible_share"]
    assert 0.85 < found["purchases expected of that which came: BG/NBD"] < 1.15
    table = pl.read_csv(out / "customers.csv")
    assert table.height == found["customers"]
    assert table["expected money"].is_sorted(descending=True)
    assert (table["money low"] <= table["money high"]).all()
    assert table["chance to be active"].is_between(0, 1).all()
    page = (out / "report.html").read_text(encoding="utf-8")
    assert "In 3 rehearsals" in page
    assert "c00" not in page  # persons are in the table only
    again = tmp_path / "again"
    assert tidemill(*command, "--currency", "EUR", "--out", again).code == 0
    for name in ("figures.json", "customers.csv"):
        assert (again / name).read_bytes() == (out / name).read_bytes()


def test_without_money_purchases_are_told(tidemill: Tidemill, tmp_path: Path) -> None:
    lines, out = buyers(tmp_path / "lines.csv"), tmp_path / "page"
    done = tidemill("recipe", "customers", lines, *COLUMNS, "--out", out)
    assert done.code == 0, done.err
    assert "What customers will spend cannot be said." in done.out
    assert "expected money" not in pl.read_csv(out / "customers.csv").columns


def test_few_customers_are_refused(tidemill: Tidemill, tmp_path: Path) -> None:
    lines, out = buyers(tmp_path / "lines.csv", 40), tmp_path / "page"
    done = tidemill("recipe", "customers", lines, *COLUMNS, "--column", "money=paid", "--out", out)
    assert done.code == 0, done.err
    assert "too few to learn from" in " ".join(done.out.split())
    [refused] = figures(out)["refused"]  # type: ignore[misc]
    assert "200 customers or more" in refused["needs"]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--entity", "who", "--time", "day", "--column", "money=who"), "no numbers"),
        (("--entity", "who", "--time", "paid", "--column", "money=paid"), "times are no dates"),
        (("--entity", "who"), "there is no time"),
        ((*COLUMNS, "--assume", "weeks=0"), "which makes no sense"),
    ],
)
def test_what_cannot_be_meant(
    options: tuple[str, ...], words: str, tidemill: Tidemill, tmp_path: Path
) -> None:
    lines = buyers(tmp_path / "lines.csv", 40)
    done = tidemill("recipe", "customers", lines, *options, "--out", tmp_path / "page")
    assert done.code == 2
    assert words in " ".join(done.err.split())
    assert "Next:" in done.err
    assert not (tmp_path / "page").exists()
