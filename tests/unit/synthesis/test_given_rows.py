"""Raw rows, and next month's, in the eyes of a model of cleaned ones."""

from __future__ import annotations

import random
from datetime import date, timedelta
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tidemill as tm
from tests.conformance.tables import business
from tidemill.core.errors import DataError
from tidemill.core.run import Run
from tidemill.core.schema import Rule

NAMES = ("Mary Irwin", "John Smith")


def june(rows: int = 400) -> str:
    """A file as it comes: decimal commas, three ways to write a plan, markers, persons among the
    towns."""
    rng = random.Random(1)
    lines = ["customer;plan;fee;town;heat;since;left"]
    for k in range(rows):
        plan = rng.choice(["basic", "team", "basic ", "TEAM"] if k % 8 == 0 else ["basic", "team"])
        fee = f"{5 + 40 * rng.random():.2f}".rstrip("0").replace(".", ",")
        town = rng.choice(["Rome", "Oslo", "Bern"]) if k % 150 else NAMES[k % 2]
        heat = "-200" if k % 11 == 0 else str(rng.randint(-5, 30))
        day = date(2020, 1, 1) + timedelta(days=rng.randint(0, 1400))
        left = "yes" if rng.random() < (0.7 if plan.strip() == "basic" else 0.2) else "no"
        fee = "?" if k % 40 == 0 else fee
        lines.append(f"C{k:05d};{plan};{fee};{town};{heat};{day:%d.%m.%Y};{left}")
    return "\n".join(lines) + "\n"


JULY = """customer,plan,fee,town,heat,since
C90000,Basic,12.5071,Oslo,12,2024-03-31
C90001,platinum,N/A,Mary Irwin,-200,2021-04-02
C90002,team,1999,rome,N/A,2022-12-24
C90003,team ,what,,3,soon
"""


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> tm.Synthesizer:
    folder = tmp_path_factory.mktemp("raw")
    (folder / "june.csv").write_text(june())
    learned = tm.fit(tm.read(folder / "june.csv", target="left"), clean=True, model="independent")
    return tm.Synthesizer.load(learned.save(folder / "model.tidemill"))


def test_next_month_is_read_as_the_learned_rows_were(model: tm.Synthesizer, tmp_path: Path) -> None:
    (tmp_path / "july.csv").write_text(JULY)
    run = Run()
    seen = model.read_given(tm.read(tmp_path / "july.csv"), run).known
    assert seen["plan"].to_list() == ["basic", None, "team", "team"]
    assert seen["heat"].to_list() == [12, None, None, 3]
    assert seen["fee"][:2].to_list() == [12.51, None]
    assert seen["fee"][2] < 46
    assert seen["fee"][3] is None
    assert seen["town"].to_list()[::2] == ["Oslo", "Rome"]
    assert seen["since"][0] < date(2023, 11, 2)
    assert seen["since"][1:].to_list() == [date(2021, 4, 2), date(2022, 12, 24), None]
    told = "\n".join(run.warnings)
    assert "1 row of 'plan' (row 2) holds a level that the model does not know" in told
    assert "platinum" not in told
    assert "1 cell of 'fee' (row 4) cannot be read as numbers;" in told
    assert "1 row of 'fee' is above 4" in told
    assert "1 row of 'since' is above 2023" in told
    assert "town" in told
    assert "Mary" not in told


def test_what_a_user_gave_comes_back(model: tm.Synthesizer, tmp_path: Path) -> None:
    (tmp_path / "july.csv").write_text(JULY)
    filled = model.infill(tm.read(tmp_path / "july.csv"))
    assert filled["plan"].to_list() == ["Basic", "platinum", "team", "team "]
    assert filled["fee"][0] == 12.5071
    assert filled["fee"][2] == 1999
    assert filled["town"][1] == "Mary Irwin"
    assert filled["since"][0] == date(2024, 3, 31)
    assert filled["heat"].is_between(-5, 30).all()
    assert not filled["fee"].has_nulls()


def test_the_raw_file_itself_is_taken(model: tm.Synthesizer, tmp_path: Path) -> None:
    (tmp_path / "june.csv").write_text(june())
    run = Run()
    rows = tm.read(tmp_path / "june.csv")
    seen = model.read_given(rows, run).known.frame
    cleaned = tm.clean(rows).data.frame.drop("town")
    assert seen.drop("town").equals(cleaned)
    assert [told.split("'")[1] for told in run.warnings] == ["town"]
    assert len(model.sample(like=rows)) == 400
    found = tm.what_if(model, rows, {"plan": "team"}, draws=2)
    assert found.rows == 400


def test_no_rare_level_is_kept(model: tm.Synthesizer, tmp_path: Path) -> None:
    state = repr(model._raw_form.to_state())
    assert "Rome" in state
    assert not any(name in state for name in NAMES)


def test_a_level_of_one_person_is_not_told_however_many_rows_it_has(model: tm.Synthesizer) -> None:
    told = []
    for whose in ([3] * 6 + [*range(50, 90)], [*range(46)]):
        plan = ["dealing"] * 6 + ["basic"] * 40
        rows = pl.DataFrame({"person_id": [f"P{one}" for one in whose] * 2, "plan": plan * 2})
        run = Run()
        model.read_given(tm.read(rows), run)
        told.append(run.warnings[0])
    assert "('dealing')" not in told[0]
    assert "('dealing')" in told[1]


def test_totals_and_notes_are_told_and_left_as_they_are(
    model: tm.Synthesizer, tmp_path: Path
) -> None:
    rows = tm.read(pl.DataFrame({"plan": ["basic", "team"] * 30, "fee": [10.5, None] * 30}))
    total = pl.DataFrame({"plan": ["Total"], "fee": [315.0]})
    run = Run()
    seen = model.read_given(tm.read(pl.concat([rows.frame, total])), run)
    assert seen.aside is not None
    assert seen.aside.nonzero()[0].tolist() == [60]
    assert "row 61 of" in run.warnings[0]
    assert len(seen.records) == 60
    filled = model.infill(pl.concat([rows.frame, total]))
    assert filled.height == 61
    assert filled["town"][60] is None


def test_most_of_a_column_that_cannot_be_read_is_an_error(model: tm.Synthesizer) -> None:
    with pytest.raises(DataError, match="column 'heat'"):
        model.infill(pl.DataFrame({"heat": ["warm"] * 20, "plan": ["team"] * 20}))


CELL = st.one_of(st.none(), st.text(max_size=12), st.floats().map(str), st.integers().map(str))


@settings(max_examples=8, deadline=None)
@given(cells=st.lists(CELL, min_size=12, max_size=12))
def test_no_text_in_any_cell_ends_the_call(model: tm.Synthesizer, cells: list[str | None]) -> None:
    names = ["plan", "fee", "town", "heat", "since", "left"]
    rows = pl.DataFrame({name: cells[k:] + cells[:k] for k, name in enumerate(names)})
    assert len(model.infill(rows)) == 12


def test_rows_that_break_a_rule_are_filled_all_the_same() -> None:
    table = business(300)
    rules = (
        Rule("a<=b", ("age", "limit")),
        Rule("a decides b", ("plan", "code")),
    )
    table = table.with_columns(
        (pl.col("age") + 5).alias("limit"), pl.col("plan").str.len_chars().alias("code")
    )
    data = tm.read(table)
    schema = data.schema.__class__(data.schema.columns, rules)
    model = tm.fit(data.__class__(data.frame, schema), model="independent")
    plan = table["plan"].drop_nulls()[0]
    rows = pl.DataFrame({"age": [60, 30], "limit": [20, 40], "plan": [plan] * 2, "code": [99, 98]})
    run = Run()
    filled = model.infill_drawn(rows, run=run).data.frame
    assert filled.select(rows.columns).equals(rows)
    assert any("the model goes by the other values" in told for told in run.warnings)
