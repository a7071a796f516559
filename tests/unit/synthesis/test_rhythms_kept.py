"""Dates that rules compare with each other keep each its own rhythm and hours."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from functools import cache
from pathlib import Path

import numpy as np
import polars as pl
import pytest

import tidemill as tm
from tidemill.core.schema import Rule
from tidemill.synthesis.synthesizer import Synthesizer

ROWS = 600


def contracts() -> pl.DataFrame:
    rng = np.random.default_rng(3)
    month = rng.integers(0, 40, ROWS)
    signed = [date(2020 + m // 12, m % 12 + 1, 1) for m in month.tolist()]
    days = rng.integers(40, 900, ROWS).tolist()
    ended = [_last_of_month(day + timedelta(days=d)) for day, d in zip(signed, days, strict=True)]
    invoiced = [date(2023, m + 1, 15) for m in rng.integers(0, 12, ROWS).tolist()]
    terms = rng.choice([7, 21, 30], ROWS).tolist()
    opened = [
        datetime(2023, 3, 1, int(h)) + timedelta(days=int(d), minutes=int(m))
        for d, h, m in zip(
            rng.integers(0, 300, ROWS),
            rng.integers(0, 23, ROWS),
            rng.integers(0, 60, ROWS),
            strict=True,
        )
    ]
    answered = [
        (day + timedelta(days=int(d))).replace(hour=int(h))
        for day, d, h in zip(
            opened, rng.integers(1, 9, ROWS), rng.integers(9, 17, ROWS), strict=True
        )
    ]
    due = [day + timedelta(days=t) for day, t in zip(invoiced, terms, strict=True)]
    return pl.DataFrame(
        {
            "signed": signed,
            "ended": ended,
            "invoiced": invoiced,
            "due": due,
            "opened": opened,
            "answered": answered,
        }
    )


def _last_of_month(day: date) -> date:
    return (day.replace(day=1) + timedelta(days=32)).replace(day=1) - timedelta(days=1)


@cache
def fitted(name: str) -> Synthesizer:
    pairs = (("signed", "ended"), ("invoiced", "due"), ("opened", "answered"))
    data = tm.read(contracts())
    schema = tm.Schema(data.schema.columns, tuple(Rule("a<=b", pair) for pair in pairs))
    return tm.fit(tm.Dataset(data.frame, schema), model=name, seed=1)


@pytest.mark.parametrize("name", ["independent", "trees"])
def test_each_date_of_an_order_keeps_its_own_days(name: str) -> None:
    new = pl.DataFrame(fitted(name).sample(1_000, seed=2))
    assert set(new["signed"].dt.day()) == {1}
    assert set(new["ended"].dt.offset_by("1d").dt.day()) == {1}
    assert set(new["invoiced"].dt.day()) == {15}
    assert new["answered"].dt.hour().is_between(9, 16).all()
    assert new["opened"].dt.hour().n_unique() > 20
    for low, high in (("signed", "ended"), ("invoiced", "due"), ("opened", "answered")):
        assert (new[low] <= new[high]).all()
    for column in new.columns:
        real = contracts()[column]  # ends are rounded outward, by less than a month here
        assert real.min() - new[column].min() < timedelta(31)  # type: ignore[operator]
        assert new[column].max() - real.max() < timedelta(31)  # type: ignore[operator]


@pytest.mark.parametrize("name", ["independent", "trees"])
def test_such_dates_can_be_asked_for(name: str) -> None:
    asked = ["invoiced>=2023-04-02", "invoiced<=2023-06-20", "due>=2023-06-01"]
    new = pl.DataFrame(fitted(name).sample(200, where=asked, seed=3))
    assert new["invoiced"].min() >= date(2023, 4, 15)  # type: ignore[operator]
    assert new["invoiced"].max() <= date(2023, 6, 15)  # type: ignore[operator]
    assert new["due"].min() >= date(2023, 6, 1)  # type: ignore[operator]


def test_a_stored_model_keeps_them(tmp_path: Path) -> None:
    fitted("independent").save(tmp_path / "model")
    loaded = Synthesizer.load(tmp_path / "model")
    assert loaded.sample(50, seed=4).equals(fitted("independent").sample(50, seed=4))


@pytest.mark.parametrize("name", ["independent", "trees"])
def test_sizes_of_an_order_are_those_that_there_are(name: str) -> None:
    rng = np.random.default_rng(6)
    sizes = np.array([12, 16, 24, 32, 64])
    pairs = np.sort(rng.choice(sizes, (ROWS, 2)), axis=1)
    data = tm.read(pl.DataFrame({"inner": pairs[:, 0], "outer": pairs[:, 1]}))
    schema = tm.Schema(data.schema.columns, (Rule("a<=b", ("inner", "outer")),))
    model = tm.fit(tm.Dataset(data.frame, schema), model=name, seed=1)
    new = pl.DataFrame(model.sample(1_000, seed=2))
    assert set(new["inner"]) | set(new["outer"]) <= set(sizes.tolist())
    assert (new["inner"] <= new["outer"]).all()
    asked = pl.DataFrame(model.sample(50, where=["outer=24"], seed=2))
    assert set(asked["outer"]) == {24}
