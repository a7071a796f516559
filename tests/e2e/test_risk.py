"""How much holdings may lose, from the command line to the page."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import polars as pl

from tests.e2e.conftest import Tidemill
from tests.unit.markets.market import garch_returns, price_lines


def market(path: Path, days: int, seed: int = 0) -> Path:
    """Prices of three shares, in no order, with a line twice and a share that never moves."""
    returns, _ = garch_returns(days, 3, np.random.default_rng(seed))
    lines = price_lines(returns)
    still = lines.filter(pl.col("asset") == "A0").with_columns(
        asset=pl.lit("cash"), price=pl.lit(1.0)
    )
    all_lines = pl.concat([lines, still, lines.head(1)])
    all_lines.sample(fraction=1, shuffle=True, seed=seed).write_csv(path)
    return path


COLUMNS = ("--entity", "asset", "--time", "time", "--column", "price=price")


def test_a_page_of_risk(tidemill: Tidemill, tmp_path: Path) -> None:
    out = tmp_path / "page"
    prices = market(tmp_path / "prices.csv", 1300)
    done = tidemill("recipe", "risk", prices, *COLUMNS, "--out", out)
    assert done.code == 0, done.err
    assert "On one day in 100 the holdings lose more than" in done.out
    found = json.loads((out / "figures.json").read_text(encoding="utf-8"))
    assert found["value_at_risk_low"] < found["value_at_risk"] < found["value_at_risk_high"]
    assert found["expected_shortfall"] > found["value_at_risk"]
    # what a GARCH of these figures loses on one day in a hundred
    assert 0.01 < found["value_at_risk"] < 0.08
    foretold = pl.read_csv(out / "foretold.csv")
    assert foretold["beyond"].sum() / len(foretold) < 0.025
    made = pl.read_csv(out / "futures.csv")
    assert made["asset"].unique().sort().to_list() == ["A0", "A1", "A2"]
    page = (out / "report.html").read_text(encoding="utf-8")
    assert "The price of cash never moves" in page
    assert "Would it have been right?" in page
    again = tmp_path / "again"
    assert tidemill("recipe", "risk", prices, *COLUMNS, "--out", again).code == 0
    for name in ("figures.json", "futures.csv", "foretold.csv"):
        assert (again / name).read_bytes() == (out / name).read_bytes()


def test_losses_that_nothing_foretold_are_not_to_be_relied_on(
    tidemill: Tidemill, tmp_path: Path
) -> None:
    returns, _ = garch_returns(1300, 1, np.random.default_rng(3))
    returns[-500::25] = -0.2  # out of the blue, and far more often than once in a hundred days
    price_lines(returns).write_csv(tmp_path / "prices.csv")
    done = tidemill("recipe", "risk", tmp_path / "prices.csv", *COLUMNS, "--out", tmp_path / "page")
    assert done.code == 0, done.err
    assert "Do not rely on it: in the last days it was wrong" in " ".join(done.out.split())
    assert "It would have been right" not in done.out


def test_what_prices_cannot_answer(tidemill: Tidemill, tmp_path: Path) -> None:
    few = market(tmp_path / "few.csv", 50)
    done = tidemill("recipe", "risk", few, *COLUMNS, "--out", tmp_path / "page")
    assert done.code == 0, done.err
    assert "50 days are too few" in done.out
    refused = json.loads((tmp_path / "page" / "report.json").read_text(encoding="utf-8"))
    assert "prices of 1,000 days or more" in json.dumps(refused)
    twice = pl.read_csv(few).filter(pl.col("asset") == "A1").head(1)
    other = tmp_path / "twice.csv"
    pl.concat([pl.read_csv(few), twice.with_columns(price=pl.col("price") + 1)]).write_csv(other)
    done = tidemill("recipe", "risk", other, *COLUMNS, "--out", tmp_path / "none")
    assert done.code == 2
    assert "'A1' has 2 prices on" in done.err
    assert "Next: keep one price for each asset and time" in done.err
    assert not (tmp_path / "none").exists()
