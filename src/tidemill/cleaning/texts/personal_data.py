"""Personal data inside of free texts are reported with their counts, and never shown."""

from __future__ import annotations

from collections import Counter

from tidemill.cleaning.base import Check, Diagnosis
from tidemill.cleaning.texts.columns import text_columns
from tidemill.core.change import Issue
from tidemill.core.dataset import Dataset
from tidemill.core.run import Run
from tidemill.core.words import listing
from tidemill.personal.in_text import personal_spans


def diagnose(train: Dataset, run: Run) -> Diagnosis:
    """Count the texts that hold each sort of personal data."""
    issues = []
    for column in text_columns(train, run, "personal_in_texts"):
        counts: Counter[str] = Counter()
        holding = 0
        for text in column.texts:
            sorts = {span.what for span in personal_spans(text)}
            counts.update(sorts)
            holding += bool(sorts)
        if not holding:
            continue
        ordered = sorted(counts.items(), key=lambda one: (-one[1], one[0]))
        told = listing([f"{what} in {count:,}" for what, count in ordered])
        verb = "holds" if holding == 1 else "hold"
        issues.append(
            Issue(
                "personal_in_texts",
                f"{column.share(holding)} of '{column.name}' {verb} personal data: {told}.",
                (column.name,),
                holding,
                severity="personal data",
                action="kept in the table; models keep nothing of them that fewer than 5 persons "
                "share; remove them before you share the table itself",
            )
        )
    return Diagnosis(tuple(issues))


CHECK = Check(diagnose)
