"""Texts that repeat an earlier one, or nearly so, are reported."""

from __future__ import annotations

import numpy as np

from tidemill.cleaning.base import Check, Diagnosis
from tidemill.cleaning.texts.columns import text_columns
from tidemill.core.change import Issue
from tidemill.core.dataset import Dataset
from tidemill.core.near_texts import near_groups
from tidemill.core.run import Run


def diagnose(train: Dataset, run: Run) -> Diagnosis:
    """Find texts that share four fifths of their runs of words with an earlier one."""
    issues = []
    for column in text_columns(train, run, "near_duplicates"):
        group = near_groups(column.texts, run.rng("clean/near_duplicates", column.name))
        again = np.flatnonzero(group != np.arange(len(group)))
        if not len(again):
            continue
        exact = sum(column.texts[at] == column.texts[group[at]] for at in again)
        largest = int(np.bincount(group).max())
        one = len(again) == 1
        said = "repeats an earlier one or differs" if one else "repeat an earlier one or differ"
        issues.append(
            Issue(
                "near_duplicates",
                f"{column.share(len(again))} of '{column.name}' {said} from it in a few words only "
                f"({exact:,} to the letter); the largest group has {largest:,} texts.",
                (column.name,),
                len(again),
                action="kept; if they are copies, leave them out: they make scores look better "
                "than they are where one is in the holdout",
                figures={"exact": float(exact), "largest_group": float(largest)},
            )
        )
    return Diagnosis(tuple(issues))


CHECK = Check(diagnose)
