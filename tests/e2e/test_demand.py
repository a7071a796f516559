"""What will be sold, from the command line to the page."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from tests.e2e.conftest import Tidemill
from tests.unit.demand.shop import priced_sales, sales_lines, shuffled_weeks, waves

COLUMNS = ("--time", "day", "--column", "item=what", "--column", "quantity=pieces")


def shop(path: Path, sold: np.ndarray, **columns: np.ndarray) -> Path:
    lines = sales_lines(sold, **columns)
    named = lines.rename({"item": "what", "time": "day", "quantity": "pieces"})
    named.sample(fraction=1, shuffle=True, seed=0).write_csv(path)
    return path


def figures(folder: Path) -> dict[str, float]:
    return dict(json.loads((folder / "figures.json").read_text(encoding="utf-8")))


def test_a_page_of_demand(tidemill: Tidemill, tmp_path: Path) -> None:
    sales = shop(tmp_path / "sales.csv", waves(25, 60, np.random.default_rng(0)))
    out = tmp_path / "page"
    done = tidemill("recipe", "demand", sales, *COLUMNS, "--out", out)
    assert done.code == 0, done.err
    said = " ".join(done.out.split())
    assert "In the coming 4 weeks, about" in said
    assert "No season can be known from 60 weeks." in said
    found = figures(out)
    assert found["forecastable"] >= 15
    assert found["ratio_to_before_high"] < 1
    assert found["coming_low"] < found["coming"] < found["coming_high"]
    coming = pl.read_csv(out / "coming.csv")
    assert coming.height == 25 * 4
    assert (coming["low"] <= coming["high"]).all()
    assert coming["week"].unique().sort().to_list()[0] == "2022-02-28"
    items = pl.read_csv(out / "items.csv")
    sure = items.filter(pl.col("forecastable"))
    assert (sure["error / as before high"] < 1).all()
    futures = pl.read_csv(out / "futures.csv")
    assert futures.columns == ["future", "item", "week", "sold"]
    again = tmp_path / "again"
    assert tidemill("recipe", "demand", sales, *COLUMNS, "--out", again).code == 0
    for name in ("figures.json", "coming.csv", "items.csv", "futures.csv"):
        assert (again / name).read_bytes() == (out / name).read_bytes()


def test_shuffled_weeks_are_not_sold_as_forecastable(tidemill: Tidemill, tmp_path: Path) -> None:
    sales = shop(tmp_path / "sales.csv", shuffled_weeks(25, 50, np.random.default_rng(1)))
    out = tmp_path / "page"
    assert tidemill("recipe", "demand", sales, *COLUMNS, "--out", out).code == 0
    assert figures(out)["forecastable"] == 0
    page = (out / "report.html").read_text(encoding="utf-8")
    assert "nothing cleverer was clearly better" in page


def test_prices_on_the_page(tidemill: Tidemill, tmp_path: Path) -> None:
    sold, price = priced_sales(-2.0, np.random.default_rng(0))
    sales = shop(tmp_path / "sales.csv", sold, cost=price)
    out = tmp_path / "page"
    done = tidemill("recipe", "demand", sales, *COLUMNS, "--column", "price=cost", "--out", out)
    assert done.code == 0, done.err
    found = figures(out)
    assert found["price_low"] < -2.0 < found["price_high"]
    page = " ".join((out / "report.html").read_text(encoding="utf-8").split())
    assert "1 % higher than usual for it, 2 % fewer pieces" in page
    assert "need not come from it" in page


def test_what_sales_cannot_answer(tidemill: Tidemill, tmp_path: Path) -> None:
    few = shop(tmp_path / "few.csv", waves(5, 20, np.random.default_rng(0)))
    done = tidemill("recipe", "demand", few, *COLUMNS, "--out", tmp_path / "page")
    assert done.code == 0, done.err
    assert "20 whole weeks are too few" in done.out
    [refused] = figures(tmp_path / "page")["refused"]  # type: ignore[misc]
    assert "sales of 36 weeks or more" in refused["needs"]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--time", "day", "--column", "item=what", "--column", "quantity=what"), "no numbers"),
        (("--time", "what", "--column", "item=what"), "the time column"),
        (("--time", "day"), "there is no item"),
        (
            (*COLUMNS, "--column", "price=pieces", "--column", "money=pieces"),
            "both the price of a piece and the money of a line",
        ),
        ((*COLUMNS, "--assume", "without=nothing"), "no line is of nothing"),
        ((*COLUMNS, "--assume", "horizon=100"), "which makes no sense"),
        ((*COLUMNS, "--column", "promotion=what"), "nothing says which are promotions"),
    ],
)
def test_what_cannot_be_meant(
    options: tuple[str, ...], words: str, tidemill: Tidemill, tmp_path: Path
) -> None:
    sales = shop(tmp_path / "sales.csv", waves(5, 50, np.random.default_rng(0)))
    done = tidemill("recipe", "demand", sales, *options, "--out", tmp_path / "page")
    assert done.code == 2
    assert words in " ".join(done.err.split())
    assert "Next:" in done.err
    assert not (tmp_path / "page").exists()
