"""Laws of conditions, completion and shares, for every registered generator."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import polars as pl
import pytest

from tests.conformance.quick import COMPLETING, CONDITIONED, completes, quick
from tests.conformance.tables import business, dataset
from tidemill.core.dataset import Dataset
from tidemill.core.drawn import Odds
from tidemill.core.errors import ConditionError, OptionError
from tidemill.core.run import Run
from tidemill.core.schema import Rule
from tidemill.synthesis import sampling as drawing
from tidemill.synthesis.synthesizer import Synthesizer
from tidemill.synthesis.whatif import what_if

DATA = dataset(business(1500), target="churn")
CONDITIONS: list[list[str]] = [
    ["plan=team"],
    ["plan!=team"],
    ["plan in team,solo"],
    ["plan not in team,solo"],
    ["active=true", "churn=yes"],
    ["age=44"],
    ["age!=44"],
    ["age<30"],
    ["age<=30"],
    ["age>60"],
    ["age>=60"],
    ["age in 20,30,40"],
    ["age between 30 and 32"],
    ["fee missing"],
    ["fee present"],
    ["fee>40.5", "fee<=80"],
    ["since>=2020-01-01"],
    ["since=2018-06-05"],
    ["last_seen>=2024-01-05T06:00", "last_seen<2024-01-07T18:00"],
    ["churn=Yes", "age>=60", "plan=enterprise", "fee>30", "active=false"],
    ["customer_id present", "note present"],
]


# what is held to is the model's own distribution, however little it has learned
SMALL = {"sampling_steps": 4, "blocks": 1, "state": 32}


@cache
def fitted(name: str) -> Synthesizer:
    return Synthesizer.fit(DATA, Run(3), name, quick(name, steps=200, **SMALL))


@pytest.mark.parametrize("where", CONDITIONS, ids=" and ".join)
@pytest.mark.parametrize("name", CONDITIONED)
def test_conditions_hold_in_every_row(name: str, where: list[str]) -> None:
    if where == ["since=2018-06-05"] and not completes(name):
        pytest.skip("one row in 3,000, which takes a minute to be drawn until enough pass")
    model = fitted(name)
    drawn = model.draw(400, where, run=Run(1))
    assert len(drawn.data) == 400
    assert model.condition(where).mask(drawn.data.frame).all()
    [odds] = drawn.odds
    assert 0 < (odds.chance or 0) <= 1
    assert 0 < odds.effective <= 400


@pytest.mark.parametrize("name", CONDITIONED)
def test_the_same_seed_gives_the_same_rows_whatever_the_threads(name: str) -> None:
    where, rows = ["age>=50", "plan in team,solo"], DATA.frame.select("age", "plan").head(300)
    one, other = (fitted(name).draw(300, where, run=Run(5, threads=threads)) for threads in (1, 4))
    assert one.data.frame.equals(other.data.frame)
    assert one.odds == other.odds
    if completes(name):
        filled = [fitted(name).infill(rows, run=Run(5, threads=threads)) for threads in (1, 4)]
        assert filled[0].equals(filled[1])


@pytest.mark.parametrize("name", CONDITIONED)
@pytest.mark.parametrize(
    "where",
    [
        ["age>200"],
        ["fee<0"],
        ["plan=gold"],
        ["plan in team,gold"],
        ["since>2100-01-01"],
        ["age missing"],
        ["age>40", "age<30"],
        ["plan=team", "plan=solo"],
    ],
    ids=" and ".join,
)
def test_what_never_occurs_is_refused(name: str, where: list[str]) -> None:
    with pytest.raises(ConditionError):
        fitted(name).sample(10, where)


@pytest.mark.parametrize("name", COMPLETING)
def test_a_combination_of_one_in_a_hundred_thousand_comes_back_and_is_told(name: str) -> None:
    run = Run(2)
    where = [
        "age=33",
        "plan=enterprise",
        "churn=No",
        "active=true",
        "since between 2016-03-01 and 2016-03-20",
    ]
    drawn = fitted(name).draw(200, where, run=run)
    assert fitted(name).condition(where).mask(drawn.data.frame).all()
    [odds] = drawn.odds
    assert odds.chance is not None
    assert 0 < odds.chance < 1e-3
    assert any("hardly any training row is like this" in warning for warning in run.warnings)


@pytest.mark.parametrize("name", ["flow"])
def test_models_that_draw_whole_rows_say_so(name: str) -> None:
    with pytest.raises(OptionError, match="makes whole rows and cannot complete given ones"):
        fitted(name).infill(DATA.frame.select("age", "plan").head(3))
    with pytest.raises(
        ConditionError, match="too rare for a model that draws until enough rows pass"
    ):
        fitted(name).sample(
            10,
            [
                "age=33",
                "plan=enterprise",
                "churn=No",
                "active=true",
                "since between 2016-03-01 and 2016-03-03",
                "last_seen>=2024-01-27",
            ],
        )


# --- against brute force --------------------------------------------------------------------------


def small(rows: int = 3000) -> Dataset:
    """Four columns of few values each, all of which hang together; one may be missing."""
    rng = np.random.default_rng(11)
    visits = rng.poisson(2, rows).clip(0, 6)
    plan = np.array(["a", "b", "c"])[(visits > 1).astype(int) + (rng.random(rows) < 0.3)]
    paid = np.round(rng.integers(0, 5, rows) * (1 + (plan == "c")) * 0.5, 1)
    gone = rng.random(rows) < np.where(plan == "a", 0.6, 0.2) * np.where(visits > 2, 0.5, 1)
    return dataset(
        pl.DataFrame(
            {
                "visits": visits,
                "plan": plan,
                "gone": gone,
                "paid": pl.Series(paid).scatter(
                    np.flatnonzero(rng.random(rows) < 0.25 * gone), None
                ),
            }
        )
    )


@cache
def many(name: str) -> tuple[Synthesizer, pl.DataFrame]:
    """A model of the small table and 400,000 of its rows, which stand for its joint
    distribution."""
    model = Synthesizer.fit(small(), Run(0), name, quick(name))
    return model, model.sample_dataset(400_000, run=Run(99)).frame


def agree(made: pl.DataFrame, wanted: pl.DataFrame, effective: float) -> None:
    """The joint distribution of all columns is the same within sampling error."""
    names = wanted.columns
    counted = [frame.group_by(names).len() for frame in (made, wanted)]
    both = (
        counted[0]
        .join(counted[1], on=names, how="full", coalesce=True, nulls_equal=True)
        .fill_null(0)
    )
    p, q = both["len"].to_numpy() / len(made), both["len_right"].to_numpy() / len(wanted)
    spread = np.sqrt(np.maximum(p, q) * (1 / effective + 1 / len(wanted)))
    assert (np.abs(p - q) <= 5 * spread + 2 / effective).all(), both.with_columns(
        pl.Series("off", (p - q) / spread)
    )
    assert np.abs(p - q).sum() / 2 < 3 * np.sqrt(len(both) / effective)


BRUTE = [
    ["plan=b"],
    ["visits>=3"],
    ["gone=true", "paid missing"],
    ["paid between 0.5 and 1.5", "plan!=a"],
    ["visits in 0,5"],
    ["plan=a", "gone=true", "visits<=1", "paid>=1"],
    ["plan=b", "visits=4"],
]


@pytest.mark.parametrize("where", BRUTE, ids=" and ".join)
@pytest.mark.parametrize("name", COMPLETING)
def test_conditional_rows_agree_with_brute_force(name: str, where: list[str]) -> None:
    model, joint = many(name)
    held = joint.filter(model.condition(where).mask(joint))
    drawn = model.draw(20_000, where, run=Run(4))
    [odds] = drawn.odds
    assert odds.chance == pytest.approx(
        len(held) / len(joint), rel=0.1, abs=5 * np.sqrt(len(held) + 1) / len(joint)
    )
    assert odds.effective > 2000
    agree(drawn.data.frame, held, odds.effective)


@pytest.mark.parametrize(
    "given",
    [{"plan": "b"}, {"visits": 3, "gone": True}, {"paid": 1.0, "plan": "c"}, {"visits": 5}],
    ids=str,
)
@pytest.mark.parametrize("name", COMPLETING)
def test_completed_rows_agree_with_brute_force(name: str, given: dict[str, object]) -> None:
    model, joint = many(name)
    rows = 5000
    filled = model.infill_drawn(
        pl.DataFrame({name: [value] * rows for name, value in given.items()}), run=Run(6)
    )
    held = joint.filter(*(pl.col(name) == value for name, value in given.items()))
    agree(filled.data.frame.select(joint.columns), held, max(filled.odds[0].effective, 500))
    assert filled.chance is not None
    assert filled.chance.mean() == pytest.approx(len(held) / len(joint), rel=0.1)


# --- completion -----------------------------------------------------------------------------------


def holed(rows: int = 70) -> pl.DataFrame:
    """Rows with holes, without two of the columns, and with one that the model does not know."""
    rng = np.random.default_rng(1)
    frame = (
        business(rows, seed=9)
        .drop("active", "since")
        .with_columns(extra=pl.Series([f"x{k}" for k in range(rows)]))
    )
    return frame.with_columns(
        frame[name].scatter(np.flatnonzero(rng.random(rows) < 0.3), None)
        for name in ("age", "plan", "fee", "last_seen", "churn")
    )


@pytest.mark.parametrize("draws", [1, 3])
@pytest.mark.parametrize("name", COMPLETING)
def test_infill_keeps_what_is_given_and_fills_the_rest(name: str, draws: int) -> None:
    rows = holed()
    filled = fitted(name).infill(rows, draws, seed=2)
    assert filled.columns == [*rows.columns, "since", "active", *(["draw"] if draws > 1 else [])]
    assert len(filled) == draws * len(rows)
    assert not any(filled.null_count().row(0))
    repeated = pl.concat([rows] * draws)
    for column in rows.columns:
        given = repeated[column].is_not_null()
        assert filled[column].filter(given).equals(repeated[column].filter(given)), column
        assert filled.schema[column] == rows.schema[column]
    if draws > 1:
        assert filled["draw"].to_list() == [
            k for k in range(1, draws + 1) for _ in range(len(rows))
        ]


@pytest.mark.parametrize("name", COMPLETING)
def test_missing_values_that_are_facts_stay_missing(name: str) -> None:
    rows = holed()
    filled = fitted(name).infill(rows, keep=["fee"])
    assert filled["fee"].equals(rows["fee"])
    assert not filled["age"].null_count()


@pytest.mark.parametrize("name", COMPLETING)
def test_rows_like_others(name: str) -> None:
    like = pl.DataFrame({"plan": ["team", "solo", None], "age": [30, 40, 50]})
    made = fitted(name).sample(7, "churn=No", like=like)
    assert made.columns == list(DATA.schema.names)
    assert made["age"].to_list() == [30, 40, 50, 30, 40, 50, 30]
    assert made["plan"][[0, 1, 3, 4, 6]].to_list() == ["team", "solo", "team", "solo", "team"]
    assert (made["churn"] == "No").all()
    assert made["customer_id"].n_unique() == 7


@pytest.mark.parametrize("name", COMPLETING)
def test_what_some_of_the_rows_lack_is_drawn_as_if_they_were_alone(name: str) -> None:
    """Rows that have a plan stand beside rows that lack it."""
    ages = [20 + k % 40 for k in range(400)]
    lacking = pl.DataFrame({"plan": pl.Series([None] * 400, dtype=pl.String), "age": ages})
    mixed = pl.concat([lacking, pl.DataFrame({"plan": ["team"] * 400, "age": ages})])
    alone = fitted(name).sample(400, "churn=No", like=lacking)["plan"].value_counts(normalize=True)
    beside = fitted(name).sample(800, "churn=No", like=mixed)["plan"].head(400)
    shares = beside.value_counts(normalize=True).join(alone, on="plan", how="full")
    difference = shares["proportion"].fill_null(0) - shares["proportion_right"].fill_null(0)
    assert difference.abs().max() < 0.15


@pytest.mark.parametrize("name", COMPLETING)
def test_values_beyond_what_was_learned_are_kept(name: str) -> None:
    run = Run()
    rows = pl.DataFrame({"age": [200, 30, None], "fee": [-5.0, 1e6, 40.0]})
    filled = fitted(name).infill_drawn(rows, run=run)
    assert filled.data["age"].to_list()[:2] == [200, 30]
    assert filled.data["fee"].to_list() == rows["fee"].to_list()
    assert not any(filled.data.frame.null_count().row(0))
    for told in ("'age' is above", "'fee' is above", "'fee' is below"):
        assert any(f"1 row of {told}" in warning for warning in run.warnings)


# --- shares and parts -----------------------------------------------------------------------------


@pytest.mark.parametrize("name", CONDITIONED)
def test_shares_are_met_exactly(name: str) -> None:
    model = fitted(name)
    made = model.sample(1001, balance={"churn": {"Yes": 0.5}})
    assert (made["churn"] == "Yes").sum() in (500, 501)
    made = model.sample(1000, "age>=30", balance={"churn": {"Yes": 0.2}, "plan": "equal"})
    assert (made["churn"] == "Yes").sum() == 200
    assert sorted(made["plan"].value_counts()["count"]) == [333, 333, 334]
    assert (made["age"] >= 30).all()
    assert made["churn"].head(500).n_unique() == 2  # in random order


@pytest.mark.parametrize("name", CONDITIONED)
def test_values_without_a_share_keep_theirs_among_each_other(name: str) -> None:
    before, after = (
        frame["city"].value_counts(normalize=True).sort("city")
        for frame in (
            lawful_rows(name),
            lawful(name).sample(20_000, balance={"city": {"Rome": 0.6}}),
        )
    )
    kept = before.filter(pl.col("city") != "Rome")["proportion"]
    assert np.allclose(
        after.filter(pl.col("city") != "Rome")["proportion"], 0.4 * kept / kept.sum(), atol=0.02
    )


@pytest.mark.parametrize("name", CONDITIONED)
def test_parts_are_one_draw(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    balance = {"churn": {"Yes": 0.3}}
    monkeypatch.setattr(drawing, "PART", 500)
    assert (fitted(name).sample(1000, balance=balance)["churn"] == "Yes").sum() == 300
    monkeypatch.setattr(drawing, "PART", 60)
    parts = list(fitted(name).parts(200, ["plan=team"], run=Run(1)))
    assert [len(part) for part in parts] == [60, 60, 60, 20]
    frame = pl.concat([part.frame for part in parts])
    assert frame["customer_id"].n_unique() == 200
    assert frame.equals(fitted(name).sample_dataset(200, ["plan=team"], run=Run(1)).frame)
    if not completes(name):
        return
    filled = fitted(name).infill(holed(), 3, seed=2)
    assert filled["extra"].to_list() == [f"x{k}" for k in range(70)] * 3


def test_odds_in_words() -> None:
    odds = Odds("plan = team", 1000, 8e-7, 12.0, 24_421)
    assert "1 in 1,200,000" in str(odds)
    assert odds.warning == (
        "plan = team: no or hardly any training row is like this: the model expects 0.02 among "
        "24,421; the rows are "
        "extrapolated; the 1,000 rows are worth about 12 independent ones and resemble each other"
    )
    assert not Odds("plan = team", 1000, 0.2, 900.0, 24_421).warning


# --- rules ----------------------------------------------------------------------------------------


def orders(rows: int = 900) -> pl.DataFrame:
    """Columns that follow from others: net + tax = gross, ordered <= shipped, and the city decides
    the country."""
    rng = np.random.default_rng(2)
    city = rng.choice(["Rome", "Bari", "Oslo", "Lima"], rows)
    net, tax = rng.integers(10, 60, rows), rng.integers(0, 9, rows)
    ordered = rng.integers(0, 300, rows)
    return pl.DataFrame(
        {
            "city": city,
            "net": net,
            "tax": tax,
            "gross": net + tax,
            "ordered": ordered,
            "shipped": ordered + rng.poisson(3, rows) * (city != "Rome"),
        }
    ).with_columns(
        country=pl.col("city").replace(
            {"Rome": "Italy", "Bari": "Italy", "Oslo": "Norway", "Lima": "Peru"}
        )
    )


RULES = (
    Rule("a+b=c", ("net", "tax", "gross")),
    Rule("a<=b", ("ordered", "shipped")),
    Rule("a decides b", ("city", "country")),
)


@cache
def lawful(name: str) -> Synthesizer:
    data = dataset(orders())
    return Synthesizer.fit(
        replace(data, schema=replace(data.schema, rules=RULES)), Run(1), name, quick(name, **SMALL)
    )


@cache
def lawful_rows(name: str) -> pl.DataFrame:
    return lawful(name).sample_dataset(100_000, run=Run(4)).frame


def keeps_rules(frame: pl.DataFrame) -> bool:
    kept = (frame["net"] + frame["tax"] == frame["gross"]) & (frame["ordered"] <= frame["shipped"])
    return bool(kept.all()) and frame.select("city", "country").n_unique() <= 4


@pytest.mark.parametrize(
    "where",
    [
        ["gross between 40 and 42"],
        ["country=Italy", "gross>60", "shipped<100"],
        ["country!=Italy", "net<20", "gross>25"],
        ["shipped=150"],
    ],
    ids=" and ".join,
)
@pytest.mark.parametrize("name", CONDITIONED)
def test_conditions_on_columns_that_follow_from_others(name: str, where: list[str]) -> None:
    drawn = lawful(name).draw(500, where, run=Run(3))
    assert lawful(name).condition(where).mask(drawn.data.frame).all()
    assert keeps_rules(drawn.data.frame)
    every = lawful_rows(name)
    share = lawful(name).condition(where).mask(every).mean()
    assert drawn.odds[0].chance == pytest.approx(share, rel=0.15, abs=5e-4)


@pytest.mark.parametrize("name", COMPLETING)
def test_completed_rows_keep_rules(name: str) -> None:
    rng = np.random.default_rng(8)
    whole = orders(150)
    rows = whole.with_columns(
        whole[column].scatter(np.flatnonzero(rng.random(150) < 0.4), None)
        for column in whole.columns
    )
    filled = lawful(name).infill(rows)
    assert keeps_rules(filled)
    for column in rows.columns:
        given = rows[column].is_not_null()
        assert filled[column].filter(given).equals(rows[column].filter(given)), column


@pytest.mark.parametrize("name", COMPLETING)
def test_what_if_keeps_rules(name: str) -> None:
    found = what_if(
        lawful(name), orders(60), {"tax": 8, "city": "Lima"}, "net<30", draws=2, run=Run(0)
    )
    assert set(found.redrawn) == {"net", "gross", "country"}
    assert keeps_rules(found.data.frame)
    assert set(found.data["country"]) == {"Peru"}


# --- equal rates ----------------------------------------------------------------------------------


def rates_of(
    frame: pl.DataFrame, groups: list[str], outcome: pl.Expr
) -> dict[tuple[object, ...], tuple[int, float]]:
    """Group -> rows and the share for which the outcome holds."""
    found = frame.group_by(groups).agg(pl.len(), outcome.mean().alias("rate"))
    return {tuple(row[:-2]): (row[-2], row[-1]) for row in found.rows()}


@pytest.mark.parametrize(
    "fair", [{"plan": "churn"}, {"active": "churn"}, {"plan": "churn", "active": "churn"}], ids=str
)
@pytest.mark.parametrize("name", CONDITIONED)
def test_rates_are_equal_in_all_groups(name: str, fair: dict[str, str]) -> None:
    made = fitted(name).sample(3001, fair=fair, seed=4)
    left = pl.col("churn") == "Yes"
    whole = (made["churn"] == "Yes").mean()
    for rows, rate in rates_of(made, list(fair), left).values():
        assert abs(rate - whole) * rows < 2
    assert made["churn"].head(500).n_unique() == 2  # in random order


@pytest.mark.parametrize("name", COMPLETING)
def test_groups_and_outcomes_keep_their_shares_and_rates_move_along_a_line(name: str) -> None:
    model, joint = many(name)
    gone = pl.col("gone")
    before = rates_of(joint, ["plan"], gone)
    whole = joint["gone"].mean()
    for strength in (0.0, 0.5, 1.0):
        made = model.sample(20_000, fair="plan=gone", fair_strength=strength)
        assert made["gone"].mean() == pytest.approx(whole, abs=0.02)
        for group, (rows, rate) in rates_of(made, ["plan"], gone).items():
            was, learned = before[group]
            assert rows / len(made) == pytest.approx(was / len(joint), abs=0.02)
            assert rate == pytest.approx((1 - strength) * learned + strength * whole, abs=0.03)


@pytest.mark.parametrize("name", COMPLETING)
def test_all_else_is_as_learned_given_group_and_outcome(name: str) -> None:
    model, joint = many(name)
    made = model.sample(20_000, fair={"plan": "gone"})
    for plan, gone in (("a", True), ("b", False), ("c", True)):
        mine, theirs = (
            frame.filter(plan=plan, gone=gone).select("visits", "paid") for frame in (made, joint)
        )
        agree(mine, theirs, len(mine) / 2)


@pytest.mark.parametrize("name", CONDITIONED)
def test_no_strength_changes_nothing(name: str) -> None:
    assert (
        fitted(name)
        .sample(300, fair={"plan": "churn"}, fair_strength=0)
        .equals(fitted(name).sample(300))
    )


@pytest.mark.parametrize("name", CONDITIONED)
def test_numbers_and_missing_values_are_groups(name: str) -> None:
    made = fitted(name).sample(4000, fair={"fee": "churn"})
    ends = [made["fee"].quantile(q, "higher") for q in (0.25, 0.5, 0.75)]
    quarter = pl.sum_horizontal([(pl.col("fee") > end).cast(pl.Int8) for end in ends])
    parts = made.with_columns(quarter=pl.when(pl.col("fee").is_null()).then(-1).otherwise(quarter))
    whole = (made["churn"] == "Yes").mean()
    for rows, rate in rates_of(parts, ["quarter"], pl.col("churn") == "Yes").values():
        assert rate == pytest.approx(
            whole, abs=0.05
        )  # the quarters are those of other rows of the model
        assert rows > 50


@pytest.mark.parametrize("name", CONDITIONED)
def test_rates_are_equal_among_the_rows_that_are_asked_for(name: str) -> None:
    made = fitted(name).sample(1000, ["age>=50"], fair={"plan": "churn"})
    assert (made["age"] >= 50).all()
    whole = (made["churn"] == "Yes").mean()
    assert all(
        abs(rate - whole) * rows < 2
        for rows, rate in rates_of(made, ["plan"], pl.col("churn") == "Yes").values()
    )
    with pytest.raises(
        ConditionError, match="nothing to make equal: 'plan' has one value only where plan = team"
    ):
        fitted(name).sample(100, ["plan=team"], fair={"plan": "churn"})


def test_fair_goes_with_neither_balance_nor_like() -> None:
    model = fitted("independent")
    for others in ({"balance": {"churn": "equal"}}, {"like": pl.DataFrame({"age": [30]})}):
        with pytest.raises(OptionError, match="not both at once"):
            model.sample(10, fair={"plan": "churn"}, **others)


@pytest.mark.parametrize("name", CONDITIONED)
def test_fair_rows_keep_rules_and_come_in_parts(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert keeps_rules(lawful(name).sample(500, fair={"net": "country"}))
    with pytest.raises(
        ConditionError, match=r"cannot be made equal: city = .* and country = .* can never be"
    ):
        lawful(name).sample(100, fair={"city": "country"})
    monkeypatch.setattr(drawing, "PART", 500)
    parts = list(fitted(name).parts(1040, fair={"plan": "churn"}, run=Run(1)))
    assert [len(part) for part in parts] == [500, 500, 40]
    whole = fitted(name).draw(1040, fair={"plan": "churn"}, run=Run(1)).data.frame
    assert pl.concat([part.frame for part in parts]).equals(whole)
