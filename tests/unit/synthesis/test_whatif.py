"""What-if on tables whose answer is known."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import polars as pl
import pytest

import tidemill as tm
from tests.conformance.results import fits_its_schema
from tests.conformance.tables import business
from tidemill.core.errors import ConditionError, OptionError
from tidemill.core.run import Run
from tidemill.core.schema import Rule, Schema
from tidemill.synthesis.whatif import _tied


def sales(rows: int = 4000) -> pl.DataFrame:
    """The offer triples the chance to buy; the price hangs on the offer; region has nothing to do
    with it."""
    rng = np.random.default_rng(5)
    offer = rng.choice(["none", "discount"], rows, p=[0.7, 0.3])
    price = np.where(offer == "none", 20, 15) + rng.integers(0, 3, rows)
    bought = rng.random(rows) < np.where(offer == "none", 0.2, 0.6)
    return pl.DataFrame(
        {
            "region": rng.choice(["n", "s", "e"], rows),
            "offer": offer,
            "price": price,
            "bought": np.where(bought, "yes", "no"),
        }
    )


@cache
def model() -> tm.Synthesizer:
    return tm.fit(tm.read(sales(), target="bought"))


def test_a_shift_that_is_known() -> None:
    rows = sales(300).filter(pl.col("offer") == "none")
    found = tm.what_if(
        model(), rows, {"offer": "discount"}, ["bought", "price", "price<18"], redraw=["price"]
    )
    bought, price, cheap = found.shifts
    assert bought.outcome == "bought = yes"
    assert bought.before == pytest.approx(0.2, abs=0.04)
    assert bought.after == pytest.approx(0.6, abs=0.05)
    assert bought.low < 0.4 < bought.high
    assert bought.high - bought.low < 0.15
    assert price.shift == pytest.approx(-5, abs=0.3)
    assert cheap.after > 0.95
    assert bought.observed == pytest.approx((rows["bought"] == "yes").mean())
    assert found.already == 0
    assert fits_its_schema("what_if", found)
    assert found.kept == ("region",)
    assert found.redrawn == ("price", "bought")
    assert (found.data["offer"] == "discount").all()
    assert found.data["region"].to_list() == rows["region"].to_list() * 20
    assert "no proof" in str(found) or "does not prove" in str(found)
    assert "causal" in (tm.what_if.__doc__ or "")
    assert found._repr_html_().startswith("<p>")
    assert found.to_state()["shifts"][0]["outcome"] == "bought = yes"


def test_nothing_moves_what_has_nothing_to_do_with_it() -> None:
    found = tm.what_if(model(), sales(300), "region=n")
    assert found.shifts[0].low < 0 < found.shifts[0].high
    assert found.already == (sales(300)["region"] == "n").sum()


def test_one_row_has_an_interval() -> None:
    [shift] = tm.what_if(model(), sales(1), {"offer": "discount"}, draws=40, keep=["region"]).shifts
    assert 0.1 < shift.high - shift.low < 0.8


def test_unlike_anything_learned_is_told() -> None:
    run = Run()
    found = tm.what_if(
        model(), sales(200).filter(pl.col("offer") == "none"), {"price": 15}, run=run
    )
    assert found.unlikely > 0.5
    assert any("extrapolated" in warning for warning in run.warnings)


@pytest.mark.parametrize(
    ("options", "error", "said"),
    [
        ({"set": {"plan": "gold"}}, ConditionError, "never occurs"),
        ({"set": {"plan": "!=team"}}, ConditionError, "no plain value"),
        ({"set": {"customer_id": "C-1"}}, ConditionError, "no plain value"),
        ({"set": {}}, ConditionError, "one value for each"),
        ({"set": "plan=team", "outcome": "plan"}, OptionError, "set and measured"),
        ({"set": "plan=team", "outcome": "since"}, OptionError, "no share and no mean"),
        ({"set": "plan=team", "keep": ["churn"]}, OptionError, "kept and measured"),
        ({"set": "plan=team", "redraw": ["plan"]}, OptionError, "set and drawn anew"),
        ({"set": "plan=team", "keep": ["age"], "redraw": ["fee"]}, OptionError, "not both"),
    ],
)
def test_what_makes_no_sense_is_refused(
    options: dict[str, Any], error: type[Exception], said: str
) -> None:
    learned = tm.fit(tm.read(business(200), target="churn"), model="independent")
    with pytest.raises(error, match=said):
        tm.what_if(learned, business(20), **options)


def test_an_outcome_must_be_named_where_there_is_no_target() -> None:
    learned = tm.fit(business(200), model="independent")
    with pytest.raises(OptionError, match="which outcome"):
        tm.what_if(learned, business(20), "plan=team")


@pytest.mark.parametrize(
    ("fixed", "anew", "tied"),
    [
        ({"a"}, {"y"}, {"c", "z"}),
        ({"c"}, {"y"}, {"a", "b", "z"}),
        ({"y"}, {"c"}, {"a", "b", "z"}),
        ({"z"}, {"y"}, {"c", "a", "b"}),
        ({"x"}, {"y"}, set()),
    ],
)
def test_rules_tie_columns(fixed: set[str], anew: set[str], tied: set[str]) -> None:
    rules = (
        Rule("a+b=c", ("a", "b", "c")),
        Rule("a decides b", ("c", "z")),
        Rule("a<=b", ("x", "a")),
    )
    assert _tied(Schema((), rules), fixed, anew) == tied
