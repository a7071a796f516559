"""Cells of several options: found, spread into yes-no columns, and written as one cell again."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.io.opening import read
from tidemill.core.errors import SchemaError
from tidemill.core.run import Run
from tidemill.core.schema import Schema
from tidemill.io.choices import choices_in
from tidemill.io.conforming import conform
from tidemill.io.frames import to_native
from tidemill.io.writing import write
from tidemill.verbs import fit

N = 400
LANGUAGES = ["SQL", "Python", "R", "Java", "C++", "Go", "Rust"]
DISORDERS = [
    "Mood",
    "Personality Disorder (Generalized, Social, Phobia, etc)",
    "Eating, all",
    "ADHD",
    "PTSD",
    "OCD",
    "Sleep",
]
TOWNS = ["北京", "上海", "广州", "深圳", "天津", "重庆"]


def cells(options: list[str], separator: str, around: str = "", seed: int = 0) -> list[str]:
    rng = np.random.default_rng(seed)
    opening, closing = around[:1], around[1:]
    picked = rng.random((N, len(options))) < 0.35
    named = [[o for o, on in zip(options, row, strict=True) if on] for row in picked]
    return [opening + separator.join(one) + closing for one in named]


@pytest.mark.parametrize(
    ("options", "separator", "around"),
    [
        (LANGUAGES, "|", ""),
        (LANGUAGES, ";", ""),
        (LANGUAGES, "; ", ""),
        (LANGUAGES, ", ", ""),
        (LANGUAGES, ",", ""),
        (LANGUAGES, " | ", ""),
        (LANGUAGES, "\n", ""),
        (LANGUAGES, ",", "{}"),
        ([f"'{name}'" for name in LANGUAGES], ", ", "[]"),
        (TOWNS, "、", ""),
        (TOWNS, "；", ""),
        (TOWNS, "，", ""),
        (["1", "2", "3", "4", "5", "6", "7"], ";", ""),
        (DISORDERS, "|", ""),
        (["Mood (high, low)", "Fear (crowds, heights)", "Sleep", "Food", "Pain", "Loss"], ", ", ""),
    ],
)
def test_cells_of_several_options_are_spread_and_come_back(
    options: list[str], separator: str, around: str, tmp_path: Path, run: Run
) -> None:
    frame = pl.DataFrame({"q": cells(options, separator, around), "x": range(N)})
    frame.with_columns(pl.col("q").replace("", None)).write_csv(tmp_path / "t.csv")
    data = read(tmp_path / "t.csv", run)
    assert {c.choice.option for c in data.schema if c.choice} == set(options)
    assert {c.kind for c in data.schema if c.choice} == {"boolean"}
    assert f"several of {len(options)} options" in run.warnings[0]
    write(data, tmp_path / "again.csv")
    assert (tmp_path / "again.csv").read_bytes() == (tmp_path / "t.csv").read_bytes()
    of_frame = read(frame, run)
    assert to_native(of_frame).equals(frame)


def test_a_mark_behind_each_option(run: Run) -> None:
    frame = pl.DataFrame({"q": [one + ";" if one else "" for one in cells(LANGUAGES, ";")]})
    data = read(frame, run)
    assert data.schema.columns[0].choice is not None
    assert to_native(data).equals(frame)


COUNT = range(N)


@pytest.mark.parametrize(
    "values",
    [
        [f"City{k % 40}, {['France', 'USA', 'Peru'][k * 7 % 3]}" for k in COUNT],
        [f"Smith{k}, {'ABC'[k % 3]}nn" for k in COUNT],
        [f"{k % 9 + 1},{k * 7 % 10}" for k in COUNT],
        [f"{k % 9 + 1},{k * 7 % 10}" if k % 20 else "n/a" for k in COUNT],
        [f"{k % 9 + 1},{100 + k % 97}" for k in COUNT],
        [f"Jan {k % 28 + 1}, {2020 + k % 5}" for k in COUNT],
        ["|".join(["Elec", f"Phone{k % 9}", f"Case{k % 13}"][: k % 3 + 1]) for k in COUNT],
        [";".join(np.random.default_rng(k).permutation(list("ABCDE"))) for k in COUNT],
        [f"{40 + k % 10}.{k % 9}, {k % 7}.{k % 8}" for k in COUNT],
        [f"{k} Main St, Apt {k % 9}, Ulm" for k in COUNT],
        [f"sex={'mf'[k % 2]};age={k % 30};x={k % 3}" for k in COUNT],
        [["SQL;Python", "SQL", "Python;R", "R"][k % 4] for k in COUNT],
        [f"{k % 7},{k * 3 % 7},{k * 5 % 7}" for k in COUNT],
        [f"the cat, it sat {k}, on a mat" for k in COUNT],
    ],
)
def test_what_is_no_set_of_options_stays_one_column(values: list[str], run: Run) -> None:
    assert read(pl.DataFrame({"q": values}), run).schema.names == ("q",)


def test_another_order_is_told(run: Run) -> None:
    listed = cells(LANGUAGES, ";")
    at = next(k for k, cell in enumerate(listed) if cell.startswith("SQL;Python;"))
    listed[at] = listed[at].replace("SQL;Python", "Python;SQL")
    data = read(pl.DataFrame({"q": listed}), run)
    assert "In 1 row the options stand in another order" in run.warnings[0]
    assert to_native(data)["q"][at].startswith("SQL;Python;")


def test_a_missing_cell_is_missing_in_every_option(tmp_path: Path, run: Run) -> None:
    frame = pl.DataFrame({"q": [None, "", *cells(LANGUAGES, ";")]})
    data = read(frame, run)
    assert data["q: SQL"][:2].to_list() == [None, False]
    assert to_native(data).equals(frame)


def test_the_user_keeps_the_column_whole(tmp_path: Path, run: Run) -> None:
    frame = pl.DataFrame({"q": cells(LANGUAGES, ";"), "x": COUNT})
    (tmp_path / "s.toml").write_text('[columns.q]\nkind = "text"\n')
    assert read(frame, run, schema=tmp_path / "s.toml").schema.names == ("q", "x")
    assert read(frame, run, ignore=["q"]).schema.names == ("q", "x")
    target = read(frame, run, target="q: SQL").schema.target
    assert target is not None
    assert target.name == "q: SQL"
    with pytest.raises(SchemaError, match="'q: SQL' is an option of 'q'"):
        read(frame, run, target="q: SQL", ignore=["q"])
    taken = frame.with_columns(pl.lit(1).alias("q: SQL"))
    assert "q" in read(taken, run).schema


def test_few_rows_are_spread_as_the_many_were(run: Run) -> None:
    like = read(pl.DataFrame({"q": cells(LANGUAGES, ";")}), run)
    few = read(pl.DataFrame({"q": ["SQL;Perl", "R", None]}), run)
    assert few.schema.names == ("q",)
    rows = conform(few, like, run)
    assert rows.schema.names == like.schema.names
    assert rows["q: SQL"].to_list() == [True, False, None]
    assert "names 1 option of 'q' that the training rows do not have" in run.warnings[-1]
    more = read(pl.DataFrame({"q": cells([*LANGUAGES[1:], "Perl"], ";")}), run)
    assert conform(more, like, run)["q: SQL"].any() is False
    text = read(pl.DataFrame({"q": ["SQL", "R"] * 30}), run)
    assert conform(like, text, run)["q"].to_list() == to_native(like)["q"].to_list()


def test_generated_rows_hold_cells_of_the_same_options(tmp_path: Path) -> None:
    frame = pl.DataFrame({"q": cells(LANGUAGES, ";"), "x": COUNT})
    model = fit(frame, seed=1, options={"effort": "plain"})
    made = model.sample(100, seed=2, where=["q: SQL=true"])
    assert made.columns == ["q", "x"]
    assert made["q"].str.starts_with("SQL").all()
    assert made["q"].n_unique() > 10
    filled = model.sample(like=pl.DataFrame({"q": ["SQL;Go", "R"]}), seed=3)
    assert filled["q"].to_list() == ["SQL;Go", "R"]
    again = Schema.from_state(model.schema.to_state())
    assert again == model.schema


@settings(deadline=None, max_examples=25)
@given(st.lists(st.sets(st.sampled_from(LANGUAGES)), min_size=20, max_size=60))
def test_any_sets_come_back(sets: list[set[str]]) -> None:
    listed = [";".join(sorted(one)) for one in sets]
    run = Run()
    data = read(pl.DataFrame({"q": listed}), run)
    back = to_native(data)["q"].to_list()
    told = any("another order" in warning for warning in run.warnings)
    assert back == listed or told
    assert [set(cell.split(";")) for cell in back] == [set(cell.split(";")) for cell in listed]


def test_too_many_options_are_no_set() -> None:
    options = [f"o{k}" for k in range(61)]
    assert choices_in(pl.Series("q", cells(options, ";")), empty_is_missing=True) is None
