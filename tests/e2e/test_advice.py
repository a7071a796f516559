"""How much of a client's money may be in the market, from the command line to the page."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from tests.e2e.conftest import Tidemill
from tests.unit.markets.market import garch_returns, price_lines
from tidemill.recipes.advice_page import DUTIES

COLUMNS = ("--entity", "asset", "--time", "time", "--column", "price=price")
SOUND = {"horizon": 3, "loss": 15, "income": 2, "experience": 8, "debt": 10, "reserve": 6}


def answers(**other: float) -> list[str]:
    return [
        part
        for name, value in {**SOUND, **other}.items()
        for part in ("--assume", f"{name}={value}")
    ]


def market(path: Path, days: int, assets: int = 5, seed: int = 0) -> Path:
    """Prices in no order, with a line twice and a share that never moves."""
    returns, _ = garch_returns(days, assets, np.random.default_rng(seed))
    lines = price_lines(returns)
    still = lines.filter(pl.col("asset") == "A0").with_columns(
        asset=pl.lit("still"), price=pl.lit(1.0)
    )
    every = pl.concat([lines, still, lines.head(1)])
    every.sample(fraction=1, shuffle=True, seed=seed).write_csv(path)
    return path


def test_a_page_of_advice(tidemill: Tidemill, tmp_path: Path) -> None:
    prices, out = market(tmp_path / "prices.csv", 1120, assets=4), tmp_path / "page"
    more = (*COLUMNS, *answers(horizon=1), "--assume", "most=40")
    done = tidemill("recipe", "advice", prices, *more, "--out", out)
    assert done.code == 0, done.err
    said = " ".join(done.out.split())
    assert "No rule is proven better than 1/N" in said
    assert "So that a loss of more than 15 % over 1 year has 5 % chance at most" in said
    found = json.loads((out / "figures.json").read_text(encoding="utf-8"))
    assert found["bound"] == 0.15
    assert not set(SOUND) & set(found)  # answers are not kept as figures
    for name in ("1/N", "minimum variance", "least shortfall"):
        assert 0 < found[f"share: {name}"] < 1
        assert found[f"lose more: {name}"] <= 0.06
        assert found[f"careful loss: {name}"] >= found[f"loss: {name}"]
    page = (out / "report.html").read_text(encoding="utf-8")
    report = json.loads((out / "report.json").read_text(encoding="utf-8"))
    for duty in DUTIES:
        assert duty in json.dumps(report, ensure_ascii=False)
    assert "recommend" not in page.lower()
    assert "The price of still never moves" in page
    assert "There is no reason to use the learned policy" in page
    weights = pl.read_csv(out / "weights.csv")
    assert weights["asset"].to_list() == [f"A{k}" for k in range(4)]
    assert weights["minimum variance"].sum() == pytest.approx(1, abs=1e-5)
    walk = pl.read_csv(out / "walk.csv")
    assert {"day", "1/N", "learned policy", "volatility threshold"} <= set(walk.columns)
    again = tmp_path / "again"
    assert tidemill("recipe", "advice", prices, *more, "--out", again).code == 0
    for name in ("figures.json", "weights.csv", "walk.csv"):
        assert (again / name).read_bytes() == (out / name).read_bytes()


def test_contradictions_and_missing_answers_are_asked_again(
    tidemill: Tidemill, tmp_path: Path
) -> None:
    prices = market(tmp_path / "prices.csv", 1150, assets=1)
    wrong, out = answers(horizon=0.5, loss=50, debt=120), tmp_path / "page"
    done = tidemill("recipe", "advice", prices, *COLUMNS, *wrong, "--out", out)
    assert done.code == 0, done.err
    said = " ".join(done.out.split())
    assert "the client's answers contradict each other" in said
    assert "ask again for horizon, income, debt and loss" in said
    [refused] = json.loads((out / "figures.json").read_text(encoding="utf-8"))["refused"]
    assert "ask again for horizon and loss" in refused["why"]
    assert "Of one asset there is nothing to share out" in (out / "report.html").read_text()
    none = tmp_path / "none"
    done = tidemill("recipe", "advice", prices, *COLUMNS, "--assume", "loss=10", "--out", none)
    assert done.code == 0, done.err
    said = " ".join(done.out.split())
    assert "1 of 6 questions about the client are answered" in said
    assert "horizon, income, experience, debt and reserve, each by --assume NAME=NUMBER" in said
    assert "in how many years the money is needed" in (none / "report.html").read_text()


def test_losses_that_rest_on_a_rise_that_never_came_are_not_to_be_relied_on(
    tidemill: Tidemill, tmp_path: Path
) -> None:
    returns = np.random.default_rng(3).normal(0, 0.003, size=(1120, 1))
    price_lines(returns - returns.mean()).write_csv(tmp_path / "prices.csv")
    done = tidemill(
        *("recipe", "advice", tmp_path / "prices.csv", *COLUMNS, *answers()),
        *("--assume", "rise=20", "--out", tmp_path / "page"),
    )
    assert done.code == 0, done.err
    assert "Do not rely on it: in" in " ".join(done.out.split())


def test_costs_classes_and_what_is_dominated(tidemill: Tidemill, tmp_path: Path) -> None:
    returns, _ = garch_returns(1150, 4, np.random.default_rng(1))
    twin = price_lines(returns).filter(pl.col("asset") == "A0").with_columns(asset=pl.lit("Z"))
    lines = pl.concat([price_lines(returns), twin]).with_columns(
        fee=pl.when(pl.col("asset") == "Z").then(1.5).otherwise(0.1),
        kind=pl.when(pl.col("asset") < "A2").then(pl.lit("shares")).otherwise(pl.lit("bonds")),
    )
    lines.write_parquet(tmp_path / "prices.parquet")
    more = ("--column", "cost=fee", "--column", "class=kind", "--assume", "most=60")
    out = tmp_path / "page"
    done = tidemill(
        "recipe", "advice", tmp_path / "prices.parquet", *COLUMNS, *more, *answers(), "--out", out
    )
    assert done.code == 0, done.err
    weights = pl.read_csv(out / "weights.csv")
    [dear] = weights.filter(pl.col("asset") == "Z").iter_rows(named=True)
    held = ("1/N", "minimum variance", "least shortfall")
    assert dear["class"] == "bonds"
    assert [dear[name] for name in held] == [0, 0, 0]
    assert "another asset moves alike and brought more" in (out / "report.html").read_text()


def test_what_prices_cannot_answer(tidemill: Tidemill, tmp_path: Path) -> None:
    few, out = market(tmp_path / "few.csv", 50), tmp_path / "page"
    done = tidemill("recipe", "advice", few, *COLUMNS, *answers(), "--out", out)
    assert done.code == 0, done.err
    assert "50 days are too few" in done.out
    lines = pl.read_csv(few)
    for name, wrong, words in (
        ("text", lines.with_columns(price=pl.lit("dear")), "column 'price': it holds no numbers"),
        ("day", lines.with_columns(time=pl.lit(5)), "column 'time': it holds no dates"),
    ):
        path = tmp_path / f"{name}.csv"
        wrong.write_csv(path)
        for recipe, more in (("advice", answers()), ("risk", [])):
            done = tidemill("recipe", recipe, path, *COLUMNS, *more, "--out", tmp_path / "none")
            assert done.code == 2
            assert words in done.err
    done = tidemill("recipe", "advice", few, *COLUMNS, *answers(loss=-1), "--out", tmp_path / "no")
    assert done.code == 2
    assert "loss is -1, which makes no sense" in done.err
