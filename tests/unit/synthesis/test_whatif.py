"""What-if on tables whose answer is known."""

from __future__ import annotations

from functools import cache
from pathlib import Path
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
from tidemill.synthesis.outcome import OutcomeModel, OutcomeShift
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
    assert found.data["region"].to_list() == rows["region"].to_list()
    assert found.data["after: bought = yes"].mean() == pytest.approx(bought.after)
    assert "not proof" in str(found)
    assert "causal" in (tm.what_if.__doc__ or "")
    assert found._repr_html_().startswith("<p>")
    assert found.to_state()["shifts"][0]["outcome"] == "bought = yes"


def test_nothing_moves_what_has_nothing_to_do_with_it() -> None:
    found = tm.what_if(model(), sales(300), "region=n")
    assert found.shifts[0].low < 0 < found.shifts[0].high
    assert "it may be none" in str(found)
    assert found.already == (sales(300)["region"] == "n").sum()


def test_what_would_change_as_well_is_drawn() -> None:
    rows = sales(200).filter(pl.col("offer") == "none")
    found = tm.what_if(model(), rows, {"offer": "discount"}, draws=5, redraw=["price"])
    assert found.draws == 5
    assert "Drawn anew, 5 times: price" in str(found)
    assert found.shifts[0].low < 0.4 < found.shifts[0].high


def test_rows_without_their_like_have_no_answer() -> None:
    run = Run()
    dear = sales(200).filter(pl.col("offer") == "none")
    untied = tm.fit(tm.read(sales(), target="bought"), no_rules=True)
    found = tm.what_if(untied, dear, {"price": 15}, run=run)
    assert found.refused == len(dear)
    assert found.shifts == ()
    assert "No answer" in str(found)
    assert any("no answer" in warning for warning in run.warnings)


def test_what_the_set_column_decides_goes_with_it() -> None:
    dear = sales(200).filter(pl.col("offer") == "none")
    found = tm.what_if(model(), dear, {"price": 15})
    assert "offer" in found.redrawn
    assert "Drawn anew, 20 times: offer, bought" in str(found)


def trial(kind: str, rows: int, seed: int) -> tuple[pl.DataFrame, np.ndarray, np.ndarray]:
    """A table whose effect is known, who is treated, and each row's effect."""
    rng = np.random.default_rng(seed)
    x1, x2, x3, hidden = rng.normal(size=(4, rows))
    group = rng.choice(["a", "b", "c"], rows)
    chance = {"confounded": 1.5 * x1, "uneven": 1.5 * x1, "hidden": 2 * hidden, "none": 2 * hidden}
    chance |= {"curved": 1.5 * (x1**2 - 1), "crossed": 1.5 * x1 * x2}
    treated = rng.random(rows) < 1 / (1 + np.exp(-chance.get(kind, np.zeros(rows))))
    if kind == "apart":
        treated = x1 > 0.3
    effect = np.ones(rows)
    if kind == "uneven":
        effect = 1 + x2
    if kind == "none":
        effect = np.zeros(rows)
    base = 2 * x1 + 0.5 * x3 + 0.5 * (group == "a")
    base = base + {"hidden": 1.5, "none": 1.5}.get(kind, 0) * hidden
    base = base + {"curved": 2}.get(kind, 0) * x1**2 + {"crossed": 1.5}.get(kind, 0) * x1 * x2
    y = base + effect * treated + rng.normal(0, 0.5, rows)
    frame = pl.DataFrame(
        {
            "x1": x1.round(2),
            "x2": x2.round(2),
            "x3": x3.round(2),
            "g": group,
            "treated": np.where(treated, "yes", "no"),
            "y": y.round(2),
        }
    )
    if kind == "yes-no":
        untreated, with_it = (1 / (1 + np.exp(-base - more)) for more in (0, 1))
        bought = rng.random(rows) < np.where(treated, with_it, untreated)
        frame = frame.with_columns(y=pl.Series(np.where(bought, "yes", "no")))
        effect = with_it - untreated
    return frame, treated, effect


KNOWN = ("chance", "confounded", "uneven", "yes-no", "curved", "crossed")


def asked_both_ways(
    kind: str, rows: int, seed: int
) -> tuple[OutcomeShift, OutcomeShift, float, float]:
    """From untreated to treated, from as they are to treated, and both truths; of 200 rows."""
    frame, treated, effect = trial(kind, rows, seed)
    data = tm.read(frame, target="y")
    expected = OutcomeModel.of_column(data, data.schema["y"], Run(seed))
    assert expected is not None
    some = np.sort(np.random.default_rng(seed).choice(rows, 200, replace=False))
    own = data.rows(some)
    no, yes = (
        own.with_frame(own.frame.with_columns(treated=pl.lit(value))) for value in ("no", "yes")
    )
    place = 0 if expected.classes is None else expected.classes.index("yes")
    both = expected.contrast(no, yes, place), expected.contrast(own, yes, place)
    return *both, float(effect[some].mean()), float((effect * ~treated)[some].mean())


@pytest.mark.parametrize("kind", KNOWN)
def test_known_effects_are_found(kind: str) -> None:
    all_rows, _, truth, _ = asked_both_ways(kind, 2000, 1)
    shift = all_rows.after - all_rows.before
    assert abs(shift - truth) < 2.6 * all_rows.error
    if kind != "yes-no":  # there chance alone is worth more than a tenth
        assert shift == pytest.approx(truth, rel=0.1)
        assert all_rows.error < 0.06


@pytest.mark.slow
@pytest.mark.parametrize("kind", KNOWN)
def test_the_truth_is_in_the_interval(kind: str) -> None:
    held = np.zeros(2, int)
    for seed in range(100):
        one, other, truth, part = asked_both_ways(kind, 2000, seed)
        for at, (contrast, true) in enumerate([(one, truth), (other, part)]):
            shift = contrast.after - contrast.before
            held[at] += abs(shift - true) < 1.96 * contrast.error
    assert held.min() >= 90


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["chance", "confounded", "uneven"])
def test_many_rows_tell_an_effect_more_surely(kind: str) -> None:
    one, _, truth, _ = asked_both_ways(kind, 10_000, 3)
    assert one.after - one.before == pytest.approx(truth, rel=0.1)
    assert one.error < 0.03


@cache
def learned(kind: str, **options: Any) -> tuple[tm.Synthesizer, pl.DataFrame, np.ndarray]:
    frame, treated, _ = trial(kind, 2000, 0)
    data = tm.read(frame, **options)
    return tm.fit(data, options={"effort": "plain"}), frame, treated


def test_an_experiment_is_an_effect() -> None:
    fitted, frame, treated = learned("chance", target="y")
    rows = frame.head(200)
    found = tm.what_if(fitted, rows, "treated=yes", randomised=True)
    assert "the effect of setting it" in found.closing
    [shift] = found.shifts
    assert shift.low < (~treated[:200]).mean() < shift.high
    assert shift.raw == pytest.approx((~treated[:200]).mean(), abs=0.2)
    assert shift.plain is not None
    back = tm.what_if(fitted, rows, "treated=no").shifts[0]
    assert shift.after - back.after == pytest.approx(1, rel=0.1)


def test_an_experiment_that_is_none_is_doubted() -> None:
    fitted, frame, _ = learned("confounded", target="y")
    found = tm.what_if(fitted, frame.head(400), "treated=yes", randomised=True)
    assert found.told is not None
    assert found.told[1] > 0.7
    assert "does not look so" in found.closing


def test_adjusted_for_the_columns_that_decided() -> None:
    fitted, frame, treated = learned("confounded", target="y")
    found = tm.what_if(fitted, frame, "treated=yes", because=["x1"])
    [shift] = found.shifts
    assert found.kept == ("x1",)
    assert found.learned_from == "the rows given"
    assert shift.low < (~treated).mean() < shift.high
    assert shift.robustness is not None
    assert 0.1 < shift.robustness < 0.9
    assert "hidden cause" in found.closing


def test_where_all_or_none_are_treated_few_rows_have_an_answer() -> None:
    fitted, frame, treated = learned("apart", target="y")
    found = tm.what_if(fitted, frame, "treated=yes")
    assert found.refused == pytest.approx((~treated).sum(), rel=0.1)
    assert f"{found.refused:,} rows of 2,000 left out" in str(found)


def test_an_outcome_that_is_no_target_is_learned_from_made_rows() -> None:
    fitted, frame, _ = learned("chance")
    rows = frame.head(200)
    yes, no = (tm.what_if(fitted, rows, f"treated={v}", "y") for v in ("yes", "no"))
    assert yes.learned_from == "generated rows"
    assert "somewhat too small" in str(yes)
    assert 0.8 < yes.shifts[0].after - no.shifts[0].after < 1.1
    enough = tm.what_if(fitted, frame, "treated=yes", "y")
    assert enough.learned_from == "the rows given"


def test_the_answer_in_other_words_is_left_out() -> None:
    frame, _, _ = trial("chance", 2000, 0)
    frame = frame.with_columns(doubled=pl.col("y") * 2 + 1)
    fitted = tm.fit(tm.read(frame, target="y"), options={"effort": "plain"})
    found = tm.what_if(fitted, frame, "treated=yes")
    assert found.left_out == ("doubled",)
    assert found.shifts[0].low < (frame["treated"] == "no").mean() < found.shifts[0].high


@pytest.fixture(scope="module")
def towns() -> tuple[tm.Synthesizer, pl.DataFrame]:
    """Of 25 towns none has a tenth of the rows; an offer doubles the share of the first one."""
    rng = np.random.default_rng(4)
    offer = rng.random(4000) < 0.5
    town = np.where(rng.random(4000) < np.where(offer, 0.08, 0.04), 0, rng.integers(1, 25, 4000))
    frame = pl.DataFrame(
        {
            "offer": np.where(offer, "yes", "no"),
            "age": rng.integers(18, 80, 4000),
            "town": [f"town {number:02d}" for number in town],
        }
    )
    return tm.fit(tm.read(frame, target="town"), options={"effort": "plain"}), frame


def test_the_share_of_a_level_is_one_of_all_rows(
    towns: tuple[tm.Synthesizer, pl.DataFrame],
) -> None:
    fitted, frame = towns
    [shift] = tm.what_if(fitted, frame, "offer=yes", "town=town 00").shifts
    assert shift.observed == pytest.approx((frame["town"] == "town 00").mean())
    assert shift.before == pytest.approx(shift.observed, abs=0.01)
    assert shift.after == pytest.approx(0.08, abs=0.015)
    told = tm.what_if(fitted, frame, "offer=yes", "town")
    assert sum(one.before for one in told.shifts) < 0.6  # the others live elsewhere


def test_rarer_levels_stay_within_the_chances(
    towns: tuple[tm.Synthesizer, pl.DataFrame], tmp_path: Path
) -> None:
    fitted, frame = towns
    scored = tm.score(fitted, frame.head(300)).data.frame
    chances = scored.select(pl.col("^chance of .*$"))
    assert "chance of any other level" in chances.columns
    assert np.allclose(chances.sum_horizontal(), 1, atol=0.01)
    again = tm.Synthesizer.load(fitted.save(tmp_path / "m.tidemill"))
    assert tm.score(again, frame.head(300)).data.frame.equals(scored)


@pytest.mark.parametrize("name", ["age", "missing age"])
def test_what_a_row_does_not_say_is_no_no(name: str) -> None:
    frame, _, _ = trial("chance", 2000, 0)
    rng = np.random.default_rng(1)
    age = pl.Series(name, rng.integers(18, 80, 2000))
    frame = frame.with_columns(age.set(pl.Series(rng.random(2000) < 0.4), None))
    fitted = tm.fit(frame, options={"effort": "plain"})
    asked = [f"{name}>=50", f"{name} missing"]
    old, gone = tm.what_if(fitted, frame, "treated=yes", asked).shifts
    known = frame[name].drop_nulls()
    assert old.before == pytest.approx((known >= 50).mean(), abs=0.04)
    assert gone.before == pytest.approx(0.4, abs=0.04)


def test_a_number_of_zeros_and_ones_is_a_number(tmp_path: Path) -> None:
    frame, treated, _ = trial("yes-no", 2000, 0)
    frame = frame.with_columns(y=(pl.col("y") == "yes").cast(pl.Int64))
    schema = tmp_path / "schema.toml"
    schema.write_text('[columns.y]\nkind = "number"\n')
    data = tm.read(frame, target="y", schema=schema)
    fitted = tm.fit(data, options={"effort": "plain"})
    stored = tm.Synthesizer.load(fitted.save(tmp_path / "m.tidemill"))
    [shift] = tm.what_if(stored, frame, "treated=yes").shifts
    y = frame["y"].to_numpy()
    raw = (y[treated].mean() - y[~treated].mean()) * (~treated).mean()
    assert shift.unit == "mean"
    assert shift.raw == pytest.approx(raw, abs=0.01)
    assert shift.shift == pytest.approx(raw, abs=0.04)


@pytest.mark.parametrize("beyond", ["x1=50", "x1=-50"])
def test_what_lies_beyond_all_rows_has_no_answer(beyond: str) -> None:
    fitted, frame, _ = learned("chance", target="y")
    found = tm.what_if(fitted, frame.head(200), beyond)
    assert found.shifts == ()
    assert found.refused == 200
    assert "No answer" in str(found)


def test_a_stored_model_answers_the_same(tmp_path: Path) -> None:
    fitted, frame, _ = learned("yes-no", target="y")
    stored = tm.Synthesizer.load(fitted.save(tmp_path / "m.tidemill"))
    one, other = (tm.what_if(m, frame.head(50), "treated=yes") for m in (fitted, stored))
    assert one.shifts == other.shifts


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
        ({"set": "plan=team", "because": ["age"], "randomised": True}, OptionError, "not both"),
        ({"set": "plan=team", "because": ["churn"]}, OptionError, "cannot be a cause"),
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
