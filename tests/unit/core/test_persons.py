"""Which column tells persons apart, where none is declared to."""

import numpy as np
import polars as pl
import pytest

import tidemill as tm
from tidemill.core.persons import person_column

GIVEN = ("Anna", "Ben", "Carla", "David", "Emma", "Frank", "Grace", "Henry", "Irene", "Jack")
FAMILY = ("Abbott", "Baker", "Clark", "Dunn", "Evans", "Foster", "Green", "Hughes", "Irwin")


def visits(persons: int = 150, seed: int = 3, **columns: object) -> pl.DataFrame:
    """Six visits of each patient, whose salary never changes, each with a doctor of many."""
    rng = np.random.default_rng(seed)
    whose = np.repeat(np.arange(persons), 6)
    doctors = [f"{given} {family}" for given in GIVEN for family in FAMILY]
    return pl.DataFrame(
        {
            "doctor": rng.choice(doctors, len(whose)),
            "pid": pl.Series(whose * 7 + 3).cast(pl.String).str.zfill(5).str.replace("^", "P"),
            "salary": rng.normal(50_000, 9_000, persons).round(2)[whose],
            "plan": rng.choice(["a", "b"], len(whose)),
            **columns,
        }
    )


@pytest.mark.parametrize("numbered", [True, False])
@pytest.mark.parametrize("seed", [3, 4])
def test_patients_and_not_their_doctors_are_counted(seed: int, numbered: bool) -> None:
    table = visits(seed=seed)
    if numbered:
        table = table.with_columns(pl.col("pid").str.slice(1).cast(pl.Int64).alias("patient no"))
        table = table.drop("pid")
    name = "patient no" if numbered else "pid"
    assert person_column(tm.read(table)) == name


def test_what_each_patient_has_alone_does_not_come_back() -> None:
    table = visits()
    made = tm.fit(table, seed=1).sample(2_000)
    for name in ("pid", "salary", "doctor"):
        assert not set(made[name].to_list()) & set(table[name].to_list()), name


def test_things_that_repeat_are_no_persons() -> None:
    table = visits().drop("pid", "doctor").with_columns(stock_code=pl.Series([*range(90)] * 10))
    assert person_column(tm.read(table)) is None
