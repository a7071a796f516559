"""Recipes as a manager's analyst uses them: on tables with their own column names, from the command
line to the page."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from tests.conformance.results import fits_its_schema
from tests.docs.customers import customers as subscribers
from tests.e2e.conftest import Tidemill
from tidemill.core.errors import Cancelled, OptionError, OutputError, TidemillError
from tidemill.core.modality import TABLES
from tidemill.core.registry import Entry
from tidemill.core.run import Event, Run
from tidemill.recipes import RECIPES
from tidemill.recipes.base import Recipe, assumed
from tidemill.recipes.binary import shifted
from tidemill.recipes.lists import longest
from tidemill.recipes.parts import in_currency
from tidemill.recipes.run import recipe
from tidemill.reporting.page import Report

rng = np.random.default_rng(0)


@pytest.fixture
def company(tmp_path: Path) -> Path:
    """A table whose column names no recipe knows."""
    path = tmp_path / "company.csv"
    subscribers().rename({"churn": "left us?", "contract": "Vertrag"}).drop("email").write_csv(path)
    return path


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Lines of sales, and a recipe of a plug-in's that reads them."""
    entry = Entry("tests.e2e.baskets:BASKETS", "what is bought most", sees=TABLES)
    monkeypatch.setitem(RECIPES._own, "baskets", entry)
    path = tmp_path / "sales.csv"
    days = [f"2026-01-{day:02}" for day in rng.integers(1, 29, 200)]
    codes = rng.choice(["tea", "cup", "pot", "jam"], 200, p=[0.4, 0.3, 0.2, 0.1])
    pl.DataFrame({"who": rng.integers(0, 40, 200), "StockCode": codes, "day": days}).write_csv(path)
    return path


# --- the registry ---------------------------------------------------------------------------------


@pytest.mark.parametrize("name", list(RECIPES))
def test_recipes_reckon_with_numbers_that_make_sense(name: str) -> None:
    made: Recipe = RECIPES.load(name)
    assert len({one.name for one in made.assumptions}) == len(made.assumptions)
    assert assumed(made, {}) == {
        one.name: one.default for one in made.assumptions if one.default is not None
    }
    with pytest.raises(OptionError, match="nothing that this recipe assumes"):
        assumed(made, {"moon": 1.0})
    for one in made.assumptions:
        if one.form:
            continue
        with pytest.raises(OptionError, match="no number"):
            assumed(made, {one.name: "many"})
        with pytest.raises(OptionError, match="makes no sense"):
            assumed(made, {one.name: one.least - 1})


def test_the_command_line_lists_recipes_and_what_they_assume(tidemill: Tidemill) -> None:
    shown = tidemill("recipes")
    assert shown.code == 0
    assert all(name in shown.out for name in RECIPES)
    assert "prior=NUMBER" in shown.out
    known = [json.loads(line) for line in tidemill("recipes", "--json").out.splitlines()]
    assert [one["name"] for one in known] == list(RECIPES)


def test_what_cannot_be_cooked_is_said_at_once(
    tidemill: Tidemill, company: Path, tmp_path: Path
) -> None:
    assert "churn" in tidemill("recipe", "chrn", company).err
    for options, said in (
        (("--target", "plan"), "3 classes, not two"),
        (("--target", "seats"), "no classes, not two"),
        ((), "no target"),
        (("--target", "left us?", "--positive", "maybe"), "never 'maybe'"),
        (("--target", "left us?", "--cost", "fp=1,fn=2"), "does not take --cost"),
        (("--target", "left us?", "--assume", "value=-1"), "makes no sense"),
    ):
        outcome = tidemill("recipe", "churn", company, "--out", tmp_path / "out", *options)
        assert outcome.code == 2
        assert said in outcome.err
    assert not (tmp_path / "out").exists()


def test_results_are_not_replaced_unasked(company: Path, tmp_path: Path) -> None:
    (tmp_path / "report.html").touch()
    with pytest.raises(TidemillError, match="results already"):
        recipe("churn", company, target="left us?", out=tmp_path)


# --- a recipe of another sort ---------------------------------------------------------------------


def test_a_recipe_without_target_and_loop_goes_from_the_table_to_its_folder(
    tidemill: Tidemill, shop: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    done = tidemill(
        *("recipe", "baskets", shop, "--out", out, "--assume", "most=2"),
        *("--column", "item=StockCode", "--column", "hidden=who", "--column", "hidden=day"),
    )
    assert done.code == 0, done.err
    assert "What is bought next cannot be said." in done.out
    assert {path.name for path in out.iterdir()} == {
        "report.html",
        "report.json",
        "figures.json",
        "best.csv",
    }
    assert pl.read_csv(out / "best.csv")["StockCode"].to_list() == ["tea", "cup"]
    page = Report.load(out)
    assert page.subtitle == "sales"
    assert "It knows nothing of day." in page.html()
    assert "StockCode" in page.html().partition("How it was made")[2]


def test_a_refused_part_is_a_result_and_the_others_stand(shop: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    told = recipe("baskets", shop, columns={"item": "StockCode"}, out=out)
    assert fits_its_schema("recipe", told)
    assert told.looped is None
    assert [one.what for one in told.refused] == ["What is bought next cannot be said."]
    assert json.loads((out / "figures.json").read_text()) == {
        "items": 3,
        "refused": [
            {
                "what": "What is bought next cannot be said.",
                "why": "There is no time.",
                "needs": "a date.",
            }
        ],
    }
    before, _, after = told.report.html().partition("What is bought next cannot be said.")
    assert "tea" in before
    assert "What would answer it: a date." in after
    assert "What this page cannot say" in after
    answered = recipe("baskets", shop, columns={"item": "StockCode"}, time="day")
    assert answered.refused == ()
    assert "Nothing else." in answered.report.html()


def test_columns_that_a_recipe_asks_for_are_named_or_asked_for(
    tidemill: Tidemill, shop: Path
) -> None:
    assert "--column item=COL" in tidemill("recipe", "baskets", shop).err
    for said, error in (
        ({"item": "StokCode"}, "no column 'StokCode'"),
        ({"item": "StockCode", "colour": "who"}, "asks for no column 'colour'"),
        ({"item": ["StockCode", "who"]}, "one column, not 2"),
        (["StockCode"], "names no column"),
    ):
        with pytest.raises(TidemillError, match=error):
            recipe("baskets", shop, columns=said)
    with pytest.raises(OptionError, match="does not take option 'column'"):
        recipe("churn", shop, target="who", columns={"item": "StockCode"})


def test_an_option_that_a_recipe_does_not_take_is_refused(tidemill: Tidemill, shop: Path) -> None:
    for option, value in (
        ("--target", "who"),
        ("--positive", "tea"),
        ("--cost", "fp=1,fn=2"),
        ("--rounds", 1),
        ("--option", "least=3"),
    ):
        refused = tidemill("recipe", "baskets", shop, option, value)
        assert refused.code == 2
        assert f"does not take {option}" in refused.err
        assert "it takes --time, --column, --assume" in refused.err


def test_a_folder_is_written_whole_or_not_at_all(shop: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    (out / "report.html").mkdir(parents=True)
    with pytest.raises(OutputError):
        recipe("baskets", shop, columns=["item=StockCode"], out=out, overwrite=True)
    assert [path.name for path in out.iterdir()] == ["report.html"]


def test_what_another_recipe_left_goes_when_it_is_overwritten(shop: Path, tmp_path: Path) -> None:
    (tmp_path / "verdict.json").write_text("{}")
    with pytest.raises(OutputError, match="results already"):
        recipe("baskets", shop, columns=["item=StockCode"], out=tmp_path)
    recipe("baskets", shop, columns=["item=StockCode"], out=tmp_path, overwrite=True)
    assert not (tmp_path / "verdict.json").exists()


# --- lists and priors -----------------------------------------------------------------------------


def test_a_longer_list_holds_the_shorter_one() -> None:
    chance, weight = rng.random(200).round(2), rng.uniform(0.5, 2, 200)
    before = np.zeros(200, bool)
    for size in (0.01, 0.1, 0.35, 0.7, 1.0):
        listed = longest(chance, weight, size)
        assert (listed | before == listed).all()
        assert listed.sum() == 1 or weight[listed].sum() <= size * weight.sum() + 1e-9
        assert chance[listed].min() >= chance[~listed].max(initial=0)
        before = listed
    assert before.all()


def test_another_prior_moves_chances_and_not_their_order() -> None:
    chance = rng.random(500)
    moved = shifted(chance, 0.3, 0.01)
    assert (np.argsort(moved) == np.argsort(chance)).all()
    assert (moved < chance).all()
    assert shifted(moved, 0.01, 0.3) == pytest.approx(chance)
    assert shifted(chance, 0.3, 0.3) == pytest.approx(chance)


def test_chances_that_are_right_stay_right_under_another_prior() -> None:
    # x says how likely a case is; the same x in a world with another share of cases
    truth = rng.random(200_000) < 0.2
    x = rng.normal(size=len(truth)) + 1.5 * truth
    odds = 0.2 / 0.8 * np.exp(1.5 * x - 1.5**2 / 2)
    moved = shifted(odds / (1 + odds), 0.2, 0.02)
    weight = np.where(truth, 0.02 / 0.2, 0.98 / 0.8)
    high = moved > np.quantile(moved, 0.9)
    came = np.average(truth[high], weights=weight[high])
    assert np.average(moved[high], weights=weight[high]) == pytest.approx(came, rel=0.05)


# --- whole recipes --------------------------------------------------------------------------------


@pytest.mark.slow
def test_churn_on_a_company_of_its_own(tidemill: Tidemill, company: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    done = tidemill(
        "recipe",
        "churn",
        company,
        "--target",
        "left us?",
        "--rounds",
        0,
        "--assume",
        "list=0.3",
        "--assume",
        "lever=Vertrag=yearly",
        "--out",
        out,
    )
    assert done.code == 0, done.err
    assert "Calling the 30 %" in done.out
    page = (out / "report.html").read_text().replace("\N{NO-BREAK SPACE}", " ")
    for part in (
        "Who leaves?",
        "Whom to call first?",
        "Would a campaign pay?",
        "If Vertrag were yearly",
        "This is association, not proof",
        "left us?",
    ):
        assert part in page
    figures = json.loads((out / "figures.json").read_text())
    assert figures["auc"] > 0.7
    assert figures["reached_low"] <= figures["reached"] <= figures["reached_high"]
    assert figures["reached"] > 1.3 * figures["list"]
    scored = pl.read_csv(out / "scored.csv")
    assert scored["chance"].is_sorted(descending=True)
    assert scored["rank"].to_list() == list(range(1, scored.height + 1))
    assert json.loads((out / "verdict.json").read_text())["helps"] is False
    assert Report.load(out).title == "Who leaves, and whom to call first"
    assert "NEW.csv --out list.csv" in done.out
    ranked = tidemill("score", out, company, "--out", tmp_path / "list.csv")
    assert ranked.code == 0, ranked.err
    assert "higher in" in ranked.out
    assert pl.read_csv(tmp_path / "list.csv")["chance"].is_sorted(descending=True)


@pytest.mark.slow
def test_the_first_page_stands_while_rounds_go_on_and_the_loop_goes_on_from_it(
    company: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    heard: list[str] = []

    def stop(event: Event) -> None:
        if (event.kind, event.stage) == ("note", "recipe"):
            heard.append(event.text)
            run.cancel()

    run = Run(listener=stop)
    with pytest.raises(Cancelled):
        recipe("churn", company, target="left us?", out=out, currency="EUR", run=run)
    assert "Call Calling the 20 %" in " ".join(heard[0].split())
    assert str(out / "report.html") in heard[0]
    page = (out / "report.html").read_text()
    assert "Generated rows are being tried" in page
    assert " EUR per 1,000 customers" in page
    assert (out / "scored.csv").exists()
    assert not (out / "verdict.json").exists()

    again = recipe("churn", company, target="left us?", out=out, currency="EUR")
    assert "Generated rows are being tried" not in again.report.html()
    assert json.loads((out / "verdict.json").read_text())["helps"] is not None
    with pytest.raises(OutputError, match="results already"):
        recipe("churn", company, target="left us?", out=out)


def test_quick_and_rounds_contradict_each_other(company: Path) -> None:
    with pytest.raises(OptionError, match="makes no round"):
        recipe("churn", company, target="left us?", quick=True, rounds=1)


@pytest.mark.parametrize(
    ("currency", "amount", "said"),
    [
        ("", 1234.5, "1,234"),
        ("EUR", -1234.5, "-1,234 EUR"),
        ("$", -0.25, "-$0.25"),
        ("€", 3.0, "€3"),
        ("CHF", -0.001, "0.00 CHF"),
    ],
)
def test_amounts_are_in_the_currency_that_was_given(
    currency: str, amount: float, said: str
) -> None:
    assert in_currency(amount, currency) == said


@pytest.mark.slow
def test_a_what_if_that_cannot_be_answered_is_refused(company: Path) -> None:
    told = recipe(
        "churn", company, target="left us?", rounds=0, assume={"lever": "Vertrag=for ever"}
    )
    assert "Vertrag were for ever" in told.refused[0].what
    assert "Whom to call first?" in told.report.html()


@pytest.mark.slow
def test_a_realistic_prior_moves_money_and_alarms(company: Path) -> None:
    told = {
        prior: recipe(
            "fraud",
            company,
            target="left us?",
            positive="yes",
            rounds=0,
            cost={"fp": 1, "fn": 9},
            assume={"prior": prior} if prior else {},
        )
        for prior in (0, 0.02)
    }
    assert told[0.02].figures["share"] == pytest.approx(0.02)
    assert told[0.02].figures["cost_without"] == pytest.approx(1000 * 0.02 * 9)
    assert told[0.02].figures["alarms_per_1000"] < told[0].figures["alarms_per_1000"]
    assert told[0.02].figures["cost_with"] <= told[0.02].figures["cost_without"] * 1.2
    assert "Give the real share" in told[0].report.html()
    assert "as you said" in told[0.02].report.html()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "path", "target", "rows", "assume"),
    [
        ("churn", "telco_churn/telco_churn.parquet", "Churn", 1000, {}),
        (
            "fraud",
            "creditcard_fraud/creditcard_fraud_original_precision.parquet",
            "Class",
            2000,
            {"prior": 0.00173},
        ),
    ],
)
def test_recipes_on_real_sets(
    real: Path,
    tmp_path: Path,
    name: str,
    path: str,
    target: str,
    rows: int,
    assume: dict[str, float],
) -> None:
    table = pl.read_parquet(real / path).sample(rows, seed=0)
    found = recipe(name, table, target=target, assume=assume, out=tmp_path / "out")
    page = (tmp_path / "out" / "report.html").read_text()
    assert "What this page cannot say" in page
    assert "generated rows" in page
    assert (tmp_path / "out" / "loop" / "report.html").exists()
    assert found.looped is not None
    assert found.looped.turns[1].generated > 0
    if name == "fraud":
        assert found.figures["saving"] > 0
    else:
        assert found.figures["auc"] > 0.75
