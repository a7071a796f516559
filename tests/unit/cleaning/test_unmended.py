"""What is learned as words although it reads as numbers is told."""

import polars as pl

import tidemill as tm
from tidemill.cleaning.unmended import warn_unmended
from tidemill.core.run import Run
from tidemill.io import reading


def told(**columns):
    run = Run()
    data = reading.read(pl.DataFrame(columns), Run())
    warn_unmended(data, run)
    return run.warnings


def test_numbers_that_stay_words_are_told():
    fees = [f"{i},{i % 10}{'' if i % 3 else '1'}" for i in range(60)] + ["7,10", "none"]
    [warning] = told(fee=fees, plan=["a", "b"] * 31)
    assert "of 'fee' read as numbers, but are not written alike" in warning


def test_ordinary_columns_are_not():
    names = [f"{a} {b}" for a in "abcdefgh" for b in "klmnopqr"]
    assert not told(x=list(range(64)), name=names, size=["12", "14", "16+", "n/a"] * 16)


def test_fit_tells_it():
    run = tm.Run(seed=1)
    fees = [f"{i % 50},{i % 10}{'' if i % 3 else '1'}" for i in range(98)] + ["7,10", "none"]
    tm.fit(pl.DataFrame({"fee": fees, "plan": ["a", "b"] * 50}), model="independent", run=run)
    assert any("'fee' read as numbers" in warning for warning in run.warnings)
