"""Questions that some people skip."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest

from tidemill.cleaning.rules import CHECK
from tidemill.core.run import Run

N = 1_000


@pytest.fixture
def rng():
    return np.random.default_rng(8)


def skipped(data):
    return {
        rule.columns for rule in CHECK.diagnose(data, Run()).rules if rule.kind == "b only if a"
    }


def test_the_other_question_is_only_for_some(table, rng):
    country = rng.choice(["US", "DE", "FR"], N)
    left = rng.random(N) < 0.3
    data = table(
        country=country,
        state=[str(rng.choice(["CA", "TX", "NY"])) if c == "US" else None for c in country],
        left=["yes" if gone else "no" for gone in left],
        end=[
            date(2020, 1, 1) + timedelta(days=int(rng.integers(900))) if g else None for g in left
        ],
        age=rng.integers(18, 70, N),
    )
    assert skipped(data) == {("country", "state"), ("left", "end")}
    told = [issue.sentence for issue in CHECK.diagnose(data, Run()).issues]
    assert any("'end' is known only where 'left' is 'yes'" in text for text in told)
    assert any("'state' is known only where 'country' is 'US'" in text for text in told)


def test_flags_as_numbers_and_further_gaps(table, rng):
    own = rng.integers(0, 2, N)
    size = [int(rng.integers(1, 500)) if not o and rng.random() < 0.8 else None for o in own]
    data = table(self_employed=own, size=size, age=rng.integers(18, 70, N))
    assert skipped(data) == {("self_employed", "size")}


def test_what_is_missing_together_is_told_once(table, rng):
    gone = rng.random(N) < 0.2
    values = {f"s{k}": [None if g else float(rng.normal()) for g in gone] for k in range(3)}
    found = skipped(table(**values))
    assert len(found) == 2
    assert len({pair[1] for pair in found}) == 2


def test_gaps_by_chance_are_no_skips(table, rng):
    values = {f"a{k}": rng.choice(["p", "q", "r", "s"], N) for k in range(8)}
    values |= {
        f"b{k}": [None if rng.random() < 0.3 * k else float(rng.normal()) for _ in range(N)]
        for k in range(4)
    }
    assert not skipped(table(**values))


def test_a_single_answer_where_none_should_be_is_no_rule(table, rng):
    own = rng.choice(["yes", "no"], N)
    size = [int(rng.integers(1, 500)) if o == "no" else None for o in own]
    size[int(np.flatnonzero(own == "yes")[0])] = 5
    assert not skipped(table(own=own, size=size))
