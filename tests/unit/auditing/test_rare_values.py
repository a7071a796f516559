"""Rare exact values that come back are red, whatever the column; rows that cannot leak are not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from tests.unit.auditing.leaky import people
from tidemill.auditing.attacking import attack
from tidemill.auditing.audit import audit
from tidemill.auditing.rare_values import ReturnedValues, kept_columns, returned_values
from tidemill.core.dataset import Dataset
from tidemill.core.privacy import privacy_of
from tidemill.core.run import Run
from tidemill.core.score import Evidence
from tidemill.core.split import split
from tidemill.io.reading import read

FIRST = ("anna", "bert", "carl", "dora", "emil", "frida", "gustav", "hanna", "ivan", "jana")
LAST = ("keller", "maurer", "vogt", "winter", "sommer", "lang", "kurz", "berg", "thal", "stein")


def register(rows: int, seed: int = 0) -> pl.DataFrame:
    """People with a name, a number of their own, a salary to the cent, a remark and a birth
    date."""
    rng = np.random.default_rng(seed)
    middle = rng.integers(10_000, 99_999, rows)
    names = [
        f"{FIRST[a]} {LAST[b]}-{m}"
        for a, b, m in zip(
            rng.integers(0, len(FIRST), rows), rng.integers(0, len(LAST), rows), middle, strict=True
        )
    ]
    born = pl.Series(np.datetime64("1930-01-01") + rng.integers(0, 25_000, rows))
    return people(rows, seed).with_columns(
        pl.Series("holder", names),
        pl.Series("account", rng.choice(90_000_000, rows, replace=False) + 10_000_000),
        pl.Series("salary", (rng.lognormal(10, 1, rows)).round(2)),
        pl.Series("remark", [f"spoke with {name} about case {k}" for k, name in enumerate(names)]),
        born.cast(pl.Date).alias("born"),
    )


def sets(rows: int = 2000, seed: int = 0) -> Evidence:
    """Training and unseen rows, and other rows of the same sort as the generated ones."""
    train, holdout = split(read(register(rows, seed), Run()), Run(seed))
    made = read(register(len(train), seed + 10_000), Run())
    made = train.with_frame(made.frame.select(train.schema.names))
    return Evidence(train, holdout, made, made)


def planted(found: Evidence, column: str, share: float, write: str = "") -> Evidence:
    """The same, where such a share of the rows has a value of a training row."""
    made = found.synthetic
    values = made.frame[column].to_list()
    real = found.train.frame[column].to_list()
    for at in range(round(share * len(made))):
        values[at] = getattr(real[at], write)() + " " if write else real[at]
    column_now = pl.Series(column, values, dtype=made.frame.schema[column])
    return replace(found, synthetic=made.with_frame(made.frame.with_columns(column_now)))


def returned(found: Evidence, column: str) -> ReturnedValues:
    one = returned_values(found, found.train.schema[column], Run(), len(found.train.schema))
    assert one is not None
    return one


@pytest.mark.parametrize("column", ["holder", "account", "salary", "remark"])
@pytest.mark.parametrize("rows", [2000, 6000])
def test_one_row_in_a_hundred_with_a_rare_value_is_red(column: str, rows: int) -> None:
    found = sets(rows)
    assert returned(found, column).light == "green"
    one = returned(planted(found, column, 0.01), column)
    assert one.light == "red"
    assert 0.005 < one.excess < 0.012
    assert set(one.exposed) >= set(range(round(0.01 * len(found.synthetic))))


def test_other_case_and_blanks_hide_nothing() -> None:
    assert returned(planted(sets(), "holder", 0.01, "upper"), "holder").light == "red"


def test_what_chance_gives_is_not_called_a_leak() -> None:
    """Dates of birth and rounded numbers of other people are often alike."""
    for seed in range(4):
        found = sets(1200, seed)
        for column in found.train.schema:
            one = returned_values(found, column, Run(), len(found.train.schema))
            assert one is None or one.light in ("green", "not known"), (seed, column.name)


def with_column(found: Evidence, name: str, draw: Callable[[int, int], pl.Series]) -> Evidence:
    """The same with one more column, whose values are drawn by (rows, seed) for each table."""

    def more(data: Dataset, seed: int) -> pl.DataFrame:
        return data.frame.with_columns(draw(len(data), seed).alias(name))

    train = read(more(found.train, 1), Run())
    others = (found.holdout, found.synthetic, found.floor)
    return Evidence(train, *(train.with_frame(more(data, k + 2)) for k, data in enumerate(others)))


def days(rows: int, seed: int) -> pl.Series:
    """Days of which most that are rare are hit by chance."""
    return pl.Series(np.random.default_rng(seed).integers(0, 4000, rows))


def test_values_that_mostly_come_back_by_chance_are_named_as_not_seen() -> None:
    found = with_column(sets(4000), "day", days)
    leaky = planted(found, "day", 0.01)
    for one in (returned(found, "day"), returned(leaky, "day")):
        assert one.hidden
        assert one.light == "green"
        assert one.by_chance > 0.5
        assert one.high < one.red_from
    [score] = [one for one in attack(leaky, Run()) if one.metric == "rare-values"]
    assert "'day' chance alone gives most of such values" in score.sentence
    assert "would not be seen" in score.sentence


def beats(rows: int, seed: int) -> pl.Series:
    """Numbers in the tail of which single rows stand alone, some of which come back by chance."""
    return pl.Series(np.random.default_rng(seed).normal(100, 18, rows).round().astype(int))


def test_rare_values_beside_few_unseen_ones_are_not_known() -> None:
    found = with_column(sets(4000), "pulse", beats)
    assert returned(found, "pulse").light == "green"
    frame = found.train.frame
    counts = frame["pulse"].value_counts(name="rows")
    rare = counts.filter(counts["rows"] < 3)["pulse"].sort().to_list()
    values = found.synthetic.frame["pulse"].to_list()
    values[:28] = [rare[k % len(rare)] for k in range(28)]
    made = found.synthetic.frame.with_columns(pl.Series("pulse", values))
    leaky = replace(found, synthetic=found.synthetic.with_frame(made))
    assert returned(leaky, "pulse").light == "not known"


def amounts(rows: int, seed: int) -> pl.Series:
    """Whole numbers, a few of which were written with decimals."""
    rng = np.random.default_rng(seed)
    whole = rng.integers(0, 9_000_000, rows) * 1.0
    return pl.Series(np.where(rng.random(rows) < 0.005, whole + 0.109999, whole))


def test_a_few_decimals_hide_no_whole_numbers() -> None:
    found = with_column(sets(4000), "amount", amounts)
    assert returned(found, "amount").light == "green"
    assert returned(planted(found, "amount", 0.01), "amount").light == "red"


def test_a_floor_that_leaks_excuses_nothing() -> None:
    leaky = planted(with_column(sets(4000), "amount", amounts), "amount", 0.02)
    assert returned(replace(leaky, floor=leaky.synthetic), "amount").light == "red"


def test_what_independent_columns_give_as_well_is_not_red() -> None:
    """Of a dozen rare values of unseen rows none comes back, of those of training rows a third."""
    rng = np.random.default_rng(0)
    values = rng.choice(100_000, 72, replace=False).tolist()
    ours, unseen = values[:60], values[60:]
    train = read(pl.DataFrame({"rate": [1000] * 640 + ours}), Run())
    holdout, made, floor = (
        train.with_frame(pl.DataFrame({"rate": [1000] * (700 - len(rare)) + rare}))
        for rare in (unseen, ours[:20], ours[20:40])
    )
    common = train.with_frame(pl.DataFrame({"rate": [1000] * 700}))
    assert returned(Evidence(train, holdout, made, common), "rate").light == "red"
    assert returned(Evidence(train, holdout, made, floor), "rate").light != "red"


def test_few_rows_are_not_known() -> None:
    few = sets(160)
    assert returned(planted(few, "holder", 0.02), "holder").light == "not known"


def test_values_of_one_person_are_rare_however_many_rows_she_has() -> None:
    frame = register(300).select("holder", "salary", "work")
    frame = pl.concat([frame.with_columns(pl.lit(k).alias("visit")) for k in range(6)])
    train, holdout = split(read(frame, Run(), entity=["holder"]), Run())
    made = train.with_frame(train.frame.with_columns(train.frame["salary"].shuffle(seed=1)))
    assert returned(Evidence(train, holdout, made, made), "salary").light == "red"


def told(found: Evidence) -> tuple[str, str]:
    privacy = privacy_of(list(attack(found, Run())))
    assert privacy is not None
    return privacy.light, str(privacy)


def test_the_light_of_a_release_with_one_rare_value_in_a_hundred_is_red() -> None:
    found = planted(sets(2400), "account", 0.01)
    light, words = told(found)
    assert light == "red"
    assert "'account'" in words
    again = audit(None, found.train, found.holdout, Run(), synthetic=found.synthetic)
    assert again.light == "red"
    assert "option 'ignore=account'" in again.advice
    assert not [name for name in found.train.frame["holder"] if name in str(again)]


def test_real_values_of_a_personal_column_are_red_without_a_control() -> None:
    found = planted(sets(), "holder", 1.0)
    names = replace(found.train.schema["holder"], personal="names of people", kind="id")
    schema = found.train.schema.replacing(names)
    train, holdout, made = (
        replace(part, schema=schema) for part in (found.train, found.holdout, found.synthetic)
    )
    uncontrolled = Evidence(train, train, made, made)
    light, words = told(uncontrolled)
    assert light == "red"
    assert "no control" in words
    assert "real value of 'holder' (names of people)" in words
    assert told(Evidence(train, train, found.floor, found.floor))[0] == "not known"
    assert told(Evidence(train, holdout, made, made))[0] == "red"


def with_kept(data: Dataset, name: str, **what: object) -> Dataset:
    column = replace(data.schema[name], kept=True, **what)
    return replace(data, schema=data.schema.replacing(column))


def test_columns_that_are_kept_are_never_green() -> None:
    found = sets(2000)
    train = with_kept(found.train, "work", personal="names of people")
    [leak] = kept_columns(train)
    assert leak.light == "amber"
    assert "'work' (names of people)" in leak.score.why
    light, words = told(replace(found, train=train))
    assert light == "amber"
    assert "option 'keep'" in words
    assert not list(kept_columns(with_kept(found.train, "work")))
    [rare] = kept_columns(with_kept(found.train, "holder", kind="category"))
    assert "mostly rare values" in rare.score.why
