"""Proposals for the customers of a shop, from the command line to the page."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from tests.e2e.conftest import Tidemill
from tests.unit.recommending.test_recommenders import two_tastes
from tidemill.core.errors import DataError
from tidemill.recipes.run import recipe


def shop(path: Path, customers: int = 160, *, tastes: bool = True) -> Path:
    """Lines of sales: cancelled ones, ones without a customer, items that one customer took."""
    who, what = two_tastes(customers, 0, tastes=tastes)
    rng = np.random.default_rng(1)
    days = pl.date_range(pl.date(2025, 1, 1), pl.date(2025, 12, 31), "1d", eager=True)
    frame = pl.DataFrame(
        {
            "client": who,
            "code": what,
            "day": days.gather(rng.integers(0, len(days), len(who))),
            "pieces": rng.integers(1, 9, len(who)),
        }
    )
    others = pl.DataFrame(
        {
            "client": ["c001", None, "c003"],
            "code": ["sent back", "item 01", "a gift for Aunt Ida"],
            "day": [days[3], days[9], days[12]],
            "pieces": [-1, 2, 1],
        },
        schema=frame.schema,
    )
    pl.concat([frame, others]).write_csv(path)
    return path


def test_a_page_of_proposals(tidemill: Tidemill, tmp_path: Path) -> None:
    out = tmp_path / "page"
    done = tidemill(
        *("recipe", "recommend", shop(tmp_path / "sales.csv"), "--entity", "client"),
        *("--column", "item=code", "--column", "quantity=pieces", "--assume", "top=5"),
        *("--out", out),
    )
    assert done.code == 0, done.err
    found = json.loads((out / "figures.json").read_text(encoding="utf-8"))
    assert found["is_better"] == 1
    assert found["gain_low"] > 0
    assert found["taken_of_ten"] > found["best_sellers_of_ten"]
    assert "Use it:" in done.out
    lists = pl.read_csv(out / "recommendations.csv")
    assert lists.group_by("customer").len()["len"].unique().to_list() == [5]
    assert "sent back" not in lists["item"].to_list()
    sales = pl.read_csv(tmp_path / "sales.csv").filter(pl.col("pieces") > 0)
    pairs = sales.select(customer="client", item="code").drop_nulls()
    assert lists.join(pairs, on=["customer", "item"]).is_empty()  # nothing that they took
    page = (out / "report.html").read_text(encoding="utf-8")
    assert "Aunt Ida" not in page  # one customer's
    assert "c001" not in page
    assert "lines that are of nothing, or were sent back: 1." in page
    assert "lines that lack client or code: 1." in page


def test_time_is_kept_and_without_tastes_nothing_is_sold(tmp_path: Path) -> None:
    table = shop(tmp_path / "sales.csv", 200, tastes=False)
    page = recipe("recommend", table, entity="client", time="day", columns={"item": "code"})
    assert "after 2025-11-30" in str(page)
    assert "Do not" in str(page)
    assert page.figures["is_better"] == 0


def test_what_cannot_be_measured_is_refused(tmp_path: Path) -> None:
    table = shop(tmp_path / "sales.csv", 30)
    page = recipe("recommend", table, entity="client", columns={"item": "code"})
    assert "cannot be measured" in page.refused[0].what
    with pytest.raises(DataError, match="no item"):
        recipe("recommend", table, entity="client")
