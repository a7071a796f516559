"""What is told counts all rows, and what is learned does not."""

from __future__ import annotations

import numpy as np
import polars as pl

from tidemill.cleaning import plan as cleaning
from tidemill.core.run import Run
from tidemill.io.reading import read


def test_issues_are_counted_in_all_rows() -> None:
    rng = np.random.default_rng(0)
    fee = [str(x) for x in rng.gamma(3, 20, 600).round(2)]
    frame = pl.DataFrame(
        {
            "fee": ["?" if k % 50 == 0 else fee[k] for k in range(600)],
            "plan": rng.choice(["solo", "team"], 600),
            "age": rng.integers(18, 80, 600),
        }
    )
    twice = pl.concat([frame, frame.slice(1, 60)])
    data = read(twice, Run())
    train = data.rows(np.arange(len(data)) % 3 > 0)
    plan = cleaning.learn(train, Run())
    cleaned = cleaning.apply(plan, data)
    told = cleaning.recounted(cleaned, data, Run())
    assert told.plan.repairs == plan.repairs
    by_check = {issue.check: issue for issue in told.issues}
    alike = len(data) - cleaned.data.frame.unique().height
    assert by_check["duplicates"].count == alike >= 60
    assert sum(issue.count for issue in plan.issues) < sum(issue.count for issue in told.issues)
