"""The gates that generated rows pass on their way back to the top."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from tests.conformance.tables import business, dataset
from tidemill import verbs
from tidemill.cleaning import plan as cleaning
from tidemill.core.lawful import obeys
from tidemill.core.run import Run
from tidemill.core.schema import Rule
from tidemill.core.split import split
from tidemill.mining.mine import mine
from tidemill.pipeline import feedback
from tidemill.synthesis.synthesizer import Synthesizer


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        (Rule("a<=b", ("x", "y"), 0), [True, True, False, True]),
        (Rule("a+b=c", ("x", "y", "z"), 0), [True, False, False, True]),
        (Rule("a decides b", ("k", "x"), 0), [True, True, False, True]),
        (Rule("allowed combinations", ("k", "x")), [True, True, False, True]),
        (Rule("range", ("z",), low=1, high=4), [True, False, True, False]),
        (Rule("a*b=c", ("x", "y", "z")), [False, False, False, True]),
        (Rule("b=k*a+m", ("y", "z"), factor="1/2", offset="4"), [False, True, False, False]),
        (Rule("b only if a", ("k", "x")), [True, True, True, True]),
    ],
)
def test_rules_are_checked_row_by_row(rule: Rule, expected: list[bool]) -> None:
    reference = pl.DataFrame({"k": ["a", "b"], "x": [1, 2], "y": [2, 2], "z": [3, 4]})
    frame = pl.DataFrame(
        {"k": ["a", "b", "a", "new"], "x": [1, 2, 3, None], "y": [2, 2, 2, 2], "z": [3, 5, 1, 0]}
    )
    assert obeys(rule, frame, reference).tolist() == expected


def test_copies_are_dropped_and_fresh_rows_kept() -> None:
    train, holdout = split(dataset(business(1000), "churn"), Run())
    plan = cleaning.learn(train, Run(), holdout=holdout)
    fresh = Synthesizer.fit(train, Run()).sample_dataset(400, run=Run())
    kept, dropped = feedback.gated(fresh, train, holdout, plan, Run())
    assert len(kept) >= 0.9 * len(fresh)
    assert kept.origin is not None
    assert set(kept.origin) == {1}
    copies = train.rows(np.arange(300))
    kept, dropped = feedback.gated(copies, train, holdout, plan, Run())
    assert len(kept) == 0
    assert sum(dropped.values()) == 300


def test_a_round_tells_what_it_changed() -> None:
    train, holdout = split(dataset(business(900), "churn"), Run())
    plan = cleaning.learn(train, Run(), holdout=holdout)
    found = mine(train, holdout, Run())
    rows = Synthesizer.fit(train, Run()).sample_dataset(len(train), run=Run())
    told = feedback.once_more(2, rows, train, holdout, plan, found, Run())
    assert told.kept + sum(told.dropped.values()) == told.generated == len(rows)
    assert told.measure == "AUC"
    assert told.interval is not None
    assert told.interval[0] <= told.after - told.before <= told.interval[1]
    assert abs(told.after - told.before) < 0.05


def test_fed_back_rows_carry_their_origin() -> None:
    turned = verbs.run(business(300), target="churn", rounds=2)
    assert set(turned.synthetic.origin) == {1}
    both = feedback.joined(turned.train, turned.synthetic)
    assert both.origin.to_list() == [0] * 210 + [1] * 210
