"""Campaigns and treatments whose truth is known, from the command line to the page."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from tests.e2e.conftest import Tidemill
from tidemill.core.errors import DataError, OptionError
from tidemill.recipes.run import recipe

FEW = {"rehearsals": 3}


def campaign_table(path: Path, rows: int = 3000, *, moved: float = 0.3) -> Path:
    """A campaign drawn by lot that moves customers of one plan only; what they spent is written
    beside who bought."""
    rng = np.random.default_rng(5)
    plan = rng.choice(["basic", "premium"], rows, p=[0.7, 0.3])
    age = rng.integers(18, 80, rows)
    mailed = rng.random(rows) < 0.5
    chance = 0.15 + 0.002 * (age - 18) + moved * (plan == "premium") * mailed
    bought = rng.random(rows) < chance
    pl.DataFrame(
        {
            "mail": np.where(mailed, "letter", "none"),
            "plan": plan,
            "age": age,
            "spent": np.where(bought, rng.integers(5, 90, rows), 0),
            "bought": np.where(bought, "yes", "no"),
        }
    ).write_csv(path)
    return path


def clinic_table(
    path: Path, rows: int = 2000, *, effect: float = 1.0, chosen: float = 1.0, hidden: float = 0.0
) -> Path:
    """Patients of whom the worse are treated more often."""
    rng = np.random.default_rng(6)
    severity, age, unseen = rng.normal(size=(3, rows))
    treated = rng.random(rows) < 1 / (1 + np.exp(-chosen * severity - hidden * unseen))
    score = 5 + severity + 0.3 * age + effect * treated + hidden * unseen + rng.normal(size=rows)
    pl.DataFrame(
        {
            "severity": severity.round(3),
            "age": (60 + 10 * age).round(),
            "site": rng.choice(["north", "south"], rows),
            "drug": np.where(treated, "yes", "no"),
            "score": score.round(3),
        }
    ).write_csv(path)
    return path


def figures(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "figures.json").read_text(encoding="utf-8"))
    return found


# --- campaign -------------------------------------------------------------------------------------


def test_a_campaign_page_tells_what_it_brought_and_whom_to_contact(
    tidemill: Tidemill, tmp_path: Path
) -> None:
    table, out = campaign_table(tmp_path / "mails.csv"), tmp_path / "page"
    done = tidemill(
        *("recipe", "campaign", table, "--target", "bought", "--column", "treatment=mail"),
        *("--positive", "yes", "--assume", "rehearsals=9", "--out", out),
    )
    assert done.code == 0, done.err
    found = figures(out)
    assert found["effect_low"] < 300 * 0.3 < found["effect_high"]  # 30 % are moved by .3
    assert found["list_is_better"] == 1
    assert found["more_than_chance_low"] > 0
    assert found["qini_low"] > 0
    assert found["rehearsals"] == 9
    assert found["rehearsals_held"] >= 7
    page = (out / "report.html").read_text(encoding="utf-8")
    assert "mail = letter brought" in page
    assert "plan is &#39;premium&#39;" in page or "plan is 'premium'" in page
    assert "spent: it tells the outcome almost alone" in page
    listed = pl.read_csv(out / "customers.csv")
    assert listed["rank"].to_list() == list(range(1, len(listed) + 1))
    first = (listed.head(500)["plan"] == "premium").sum()
    assert first > 450


def test_prices_turn_outcomes_into_money(tmp_path: Path) -> None:
    table = campaign_table(tmp_path / "mails.csv")
    page = recipe(
        "campaign",
        table,
        target="bought",
        columns={"treatment": "mail"},
        assume={"value": 40, "cost": 5, "control": "none", "rehearsals": 3},
        currency="EUR",
    )
    assert page.figures["list"] == pytest.approx(0.3, abs=0.12)
    # 30 % of customers, each for 40 x .3 - 5
    assert page.figures["gain_low"] < 1000 * 0.3 * 7 < page.figures["gain_high"]
    assert "EUR" in str(page)


def test_where_a_campaign_did_nothing_nothing_is_claimed(tmp_path: Path) -> None:
    table = campaign_table(tmp_path / "mails.csv", moved=0.0)
    page = recipe("campaign", table, target="bought", columns={"treatment": "mail"}, assume=FEW)
    assert "not proven to have brought anything" in str(page)
    assert "No list is proven better" in str(page)


def test_a_campaign_that_was_not_drawn_by_lot_is_refused(
    tidemill: Tidemill, tmp_path: Path
) -> None:
    table = clinic_table(tmp_path / "chosen.csv", chosen=1.0)
    done = tidemill(
        *("recipe", "campaign", table, "--target", "score", "--column", "treatment=drug"),
        *("--out", tmp_path / "page"),
    )
    assert done.code == 0, done.err
    [refused] = figures(tmp_path / "page")["refused"]
    assert "cannot be said" in refused["what"]
    assert "drawn by lot" in refused["needs"]
    assert "brought" not in done.out.splitlines()[0]


def test_a_column_that_differs_is_never_taken_for_harmless(tmp_path: Path) -> None:
    """It may have decided who was contacted, or be known only after: the user must say."""
    table = campaign_table(tmp_path / "mails.csv", moved=0.1)
    frame = pl.read_csv(table)
    rng = np.random.default_rng(1)
    clicks = rng.poisson(np.where(frame["mail"] == "letter", 0.6, 0.2))
    others = {f"other {k}": rng.normal(size=len(frame)).round(2) for k in range(8)}
    frame.with_columns(clicks=clicks, **others).write_csv(table)
    columns = {"treatment": "mail"}
    [refused] = recipe("campaign", table, target="bought", columns=columns).refused
    assert "'clicks' differs" in refused.why
    assert "column=after=clicks" in refused.needs
    named = recipe(
        "campaign",
        table,
        target="bought",
        columns={**columns, "after": "clicks"},
        assume=FEW,
    )
    assert not named.refused


def test_outcomes_that_are_missing_in_one_arm_more_than_in_the_other_are_no_comparison(
    tmp_path: Path,
) -> None:
    """Of those who were mailed and did not buy many gave no answer: the rest look like buyers."""
    table = campaign_table(tmp_path / "mails.csv", moved=0.0)
    frame = pl.read_csv(table)
    silent = (frame["mail"] == "letter") & (frame["bought"] == "no")
    silent &= pl.Series(np.random.default_rng(3).random(len(frame)) < 0.4)
    bought = pl.when(silent).then(None).otherwise(pl.col("bought")).alias("bought")
    frame.with_columns(bought).write_csv(table)
    columns = {"treatment": "mail"}
    [refused] = recipe("campaign", table, target="bought", columns=columns).refused
    assert "is not known of" in refused.why
    assert "'letter'" in refused.why
    page = recipe("treatment", table, target="bought", columns=columns, assume=FEW)
    assert "Not settled" in str(page)
    # as many missing in both arms are nothing to doubt
    evenly = pl.Series(np.random.default_rng(4).random(len(frame)) < 0.1)
    bought = pl.when(evenly).then(None).otherwise(pl.col("bought")).alias("bought")
    frame.with_columns(bought).write_csv(table)
    assert not recipe("campaign", table, target="bought", columns=columns, assume=FEW).refused


def test_a_table_as_people_write_it(tidemill: Tidemill, tmp_path: Path) -> None:
    """Names in Chinese, blanks, amounts with their currency, a third answer that few gave, and an
    outcome in other words."""
    frame = pl.read_csv(campaign_table(tmp_path / "mails.csv", rows=1200))
    rng = np.random.default_rng(7)
    mail = np.where(frame["mail"] == "letter", "是", "否")
    mail[rng.random(len(mail)) < 0.05] = ""
    mail[:8] = "也许"
    paid = [f"¥{spent:,.2f}" for spent in frame["spent"]]
    pl.DataFrame(
        {"联系": mail, "年龄": frame["age"], "套餐": frame["plan"], "付款": paid}
    ).write_csv(tmp_path / "table.csv")
    done = tidemill(
        *("recipe", "campaign", tmp_path / "table.csv", "--target", "付款"),
        *("--column", "treatment=联系", "--assume", "rehearsals=3", "--out", tmp_path / "page"),
    )
    assert done.code == 0, done.err
    found = figures(tmp_path / "page")
    assert found["rows"] + found["rows_left_out"] == 1200
    assert found["rows_left_out"] == (mail == "").sum() + 8
    page = (tmp_path / "page" / "report.html").read_text(encoding="utf-8")
    assert "Rows that were left out" in page
    assert "也许" not in page


def test_too_little_is_refused_and_no_error(tidemill: Tidemill, tmp_path: Path) -> None:
    table = campaign_table(tmp_path / "mails.csv", rows=120)
    for name in ("campaign", "treatment"):
        done = tidemill(
            *("recipe", name, table, "--target", "bought", "--column", "treatment=mail"),
            *("--out", tmp_path / name),
        )
        assert done.code == 0, done.err
        [refused] = figures(tmp_path / name)["refused"]
        assert "100 rows" in refused["why"]
        assert "more rows" in refused["needs"]


# --- treatment ------------------------------------------------------------------------------------


def test_a_treatment_page_adjusts_for_who_was_chosen(tidemill: Tidemill, tmp_path: Path) -> None:
    table, out = clinic_table(tmp_path / "clinic.csv"), tmp_path / "page"
    done = tidemill(
        *("recipe", "treatment", table, "--target", "score", "--column", "treatment=drug"),
        *("--assume", "better=more", "--assume", "rehearsals=9", "--out", out),
    )
    assert done.code == 0, done.err
    found = figures(out)
    assert found["raw_difference"] > 1.5  # the plain difference misleads
    assert found["difference_low"] < 1.0 < found["difference_high"]
    assert found["methods_agree"] == 1
    assert found["differs"] == 0
    assert "With drug = yes, score is higher by" in done.out
    for word in ("improves", "causes", "leads to", "because of the drug"):
        assert word not in done.out


def test_no_effect_is_not_claimed_and_a_hidden_cause_is_measured(tmp_path: Path) -> None:
    columns = {"treatment": "drug"}
    nothing = recipe(
        "treatment",
        clinic_table(tmp_path / "nothing.csv", effect=0.0),
        target="score",
        columns=columns,
        assume=FEW,
    )
    assert nothing.figures["difference_low"] < 0 < nothing.figures["difference_high"]
    assert "proven" in str(nothing) or "Not settled" in str(nothing)
    fooled = recipe(
        "treatment",
        clinic_table(tmp_path / "hidden.csv", effect=0.0, hidden=1.0),
        target="score",
        columns=columns,
        assume=FEW,
    )
    assert fooled.figures["difference_low"] > 0  # nobody can see that
    assert 0.1 < fooled.figures["hidden_cause_needed"] < 0.6
    assert "A cause that no column shows would undo" in str(fooled)
    assert "would undo" not in str(nothing)
    [refused] = fooled.refused
    assert "Whom to treat" in refused.what


def test_where_a_column_decides_who_is_treated_nothing_is_said(tmp_path: Path) -> None:
    table = clinic_table(tmp_path / "decided.csv", chosen=40.0)
    page = recipe("treatment", table, target="score", columns={"treatment": "drug"})
    assert any("cannot be said" in one.what for one in page.refused)
    assert page.figures["comparable"] < 0.2
    assert "difference" not in page.figures


def test_a_mediator_hides_what_a_treatment_does_unless_it_is_named(tmp_path: Path) -> None:
    table = clinic_table(tmp_path / "clinic.csv", chosen=0.0)
    frame = pl.read_csv(table)
    rng = np.random.default_rng(2)
    pressure = 2.0 * (frame["drug"] == "yes").to_numpy() + rng.normal(size=len(frame))
    frame = frame.with_columns(
        pressure=pl.Series(pressure.round(3)), score=pl.col("score") + pl.Series(pressure.round(3))
    )
    frame.write_csv(table)
    columns = {"treatment": "drug", "after": "pressure"}
    named = recipe("treatment", table, target="score", columns=columns, assume=FEW)
    # 1 by itself and 2 by way of the pressure
    assert named.figures["difference_low"] < 3.0 < named.figures["difference_high"]


def test_what_cannot_be_compared_is_said_at_once(tmp_path: Path) -> None:
    table = clinic_table(tmp_path / "clinic.csv", rows=600)
    with pytest.raises(OptionError, match="never 'placebo'"):
        recipe(
            "treatment",
            table,
            target="score",
            columns={"treatment": "drug"},
            assume={"control": "placebo"},
        )
    with pytest.raises(OptionError, match="neither more nor less"):
        recipe(
            "treatment",
            table,
            target="score",
            columns={"treatment": "drug"},
            assume={"better": "higher"},
        )
    with pytest.raises(OptionError, match="not clear which value"):
        recipe("treatment", table, target="score", columns={"treatment": "site"})
    alike = pl.read_csv(table).filter(pl.col("drug") == "yes")
    alike.write_csv(tmp_path / "alike.csv")
    with pytest.raises(DataError, match="treated alike"):
        recipe("treatment", tmp_path / "alike.csv", target="score", columns={"treatment": "drug"})
