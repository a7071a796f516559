"""The columns of free text that checks look at, and how a text is written anew in all of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import polars as pl

from tidemill.cleaning import changes
from tidemill.cleaning.base import Diagnosis, Repaired, sampled
from tidemill.core.change import Issue
from tidemill.core.dataset import Dataset
from tidemill.core.run import Run
from tidemill.core.words import percent, plural

MOST_TEXTS = 20_000
"""Rows whose texts are looked at; of more, so many drawn at random."""


@dataclass(frozen=True, eq=False)
class TextColumn:
    """The texts of one column.

    Attributes:
        name: Of the column.
        texts: (n,) Those that are not missing.
        rows: (n,) Where they stand in ``data``.
        data: The rows that were drawn.
        note: A clause on how they were drawn; "" where they are all rows.
    """

    name: str
    texts: list[str]
    rows: list[int]
    data: Dataset
    note: str

    def share(self, texts: int) -> str:
        """So many of its texts in words: "12 texts (1.2 %)"."""
        return f"{plural(texts, 'text')} ({percent(texts, len(self.texts))}{self.note})"


def text_columns(train: Dataset, run: Run, check: str) -> Iterator[TextColumn]:
    """The columns of free text that models learn, with their texts."""
    named = [c.name for c in train.schema.texts if train[c.name].dtype == pl.String]
    if not named:
        return
    rows, note = sampled(train, MOST_TEXTS, run, f"clean/{check}")
    for name in named:
        values = rows[name]
        known = values.is_not_null().arg_true()
        texts = values.gather(known).to_list()
        if texts:
            yield TextColumn(name, texts, known.to_list(), rows, note)


def rewritten(
    train: Dataset, run: Run, check: str, mend: Callable[[str], str], said: tuple[str, str]
) -> Diagnosis:
    """What a check says that writes texts anew.

    Args:
        train: The training rows.
        run: Draws rows where there are many.
        check: Its registered name.
        mend: A text as it should be; the same text where nothing is wrong with it.
        said: What the texts hold, and what is done about it.
    """
    issues, columns = [], []
    for column in text_columns(train, run, check):
        wrong = [text for text in column.texts if mend(text) != text]
        if not wrong:
            continue
        columns.append(column.name)
        what, action = said
        verb = "holds" if len(wrong) == 1 else "hold"
        sentence = f"{column.share(len(wrong))} of '{column.name}' {verb} {what}."
        issues.append(
            Issue(check, sentence, (column.name,), len(wrong), applied=True, action=action)
        )
    return Diagnosis(tuple(issues), {"columns": columns} if columns else {})


def rewrite(
    data: Dataset, learned: Mapping[str, Any], mend: Callable[[str], str], reason: str
) -> Repaired:
    """Write the texts of the learned columns anew, and log each that changes."""
    new, log = [], []
    for name in learned["columns"]:
        before = data[name]
        if before.dtype != pl.String:
            continue
        texts = before.drop_nulls().unique()
        better = {text: mended for text in texts if (mended := mend(text)) != text}
        if not better:
            continue
        after = before.replace(list(better), list(better.values()))
        new.append(after)
        log.append(changes.cells(before, after, before.ne_missing(after), reason))
    return Repaired(replace(data, frame=data.frame.with_columns(new)), changes.joined(log))
