"""What issues quote of a table, made unreadable where it may be of a person."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tidemill.core.change import Issue
from tidemill.core.dataset import Dataset
from tidemill.core.persons import FEWEST_PERSONS, persons_of
from tidemill.core.shown import is_personal
from tidemill.core.spelling import is_missing
from tidemill.personal.masking import mask

_LONGEST_EXAMPLE = 120
_QUOTED = re.compile(r"(?<!\w)'((?:[^']|(?<=\w)'(?=\w))*)'")
"""What stands in quotes, which may hold an apostrophe within a word."""


def discreet(issues: Sequence[Issue], data: Dataset) -> tuple[Issue, ...]:
    """The issues, of which none shows what few persons' cells hold, nor any value of a column with
    personal data.

    Args:
        issues: What checks saw.
        data: The rows that they looked at.
    """
    personal = {column.name for column in data.schema if is_personal(column)}
    for issue in issues:
        if issue.severity == "personal data":
            personal.update(name for name in issue.columns if not data.schema[name].kept)
    quoting = _Quoting(data, persons_of(data), frozenset(personal))
    return tuple(_short(quoting.of(issue)) for issue in issues)


@dataclass(frozen=True, eq=False)
class _Quoting:
    """What may be quoted of a table.

    Attributes:
        data: The rows.
        persons: Whose they are.
        personal: The columns with personal data.
        known: Column name -> its texts, as far as they were looked through.
    """

    data: Dataset
    persons: NDArray[np.int64] | None
    personal: frozenset[str]
    known: dict[str, pl.DataFrame] = field(default_factory=dict)

    def of(self, issue: Issue) -> Issue:
        """The issue with what may be quoted."""
        if issue.severity == "personal data":
            return issue
        names = [name for name in issue.columns if name in self.data.schema]
        example = issue.example
        if self.personal.intersection(names):
            example = mask(example)

        def told(quoted: re.Match[str]) -> str:
            return quoted[0] if self._may_quote(quoted[1], names) else f"'{mask(quoted[1])}'"

        def said(text: str) -> str:
            return _QUOTED.sub(told, text)

        picture = issue.picture
        if picture is not None:
            strips = [replace(strip, label=said(strip.label)) for strip in picture.strips]
            picture = replace(picture, title=said(picture.title), strips=tuple(strips))
        return replace(
            issue,
            sentence=said(issue.sentence),
            example=said(example),
            action=said(issue.action),
            picture=picture,
        )

    def _may_quote(self, text: str, names: Sequence[str]) -> bool:
        """Whether a text is the name of a column, or no cell's, or enough persons'."""
        if text in self.data.schema or bool(is_missing(pl.Series([text]))[0]):
            return True
        if self.personal.intersection(names):
            return False
        return all(self._is_of_many(text, self.data[name]) for name in names)

    def _is_of_many(self, text: str, values: pl.Series) -> bool:
        """Whether no cell holds a text, in itself or as a part, or enough persons' cells do."""
        if values.dtype.is_nested() or values.dtype == pl.Object:
            return True
        said = " ".join(text.removesuffix("...").removesuffix("…").split())
        cells = self._cells(values)
        found = cells.filter(cells["text"].str.contains(said, literal=True))
        count = found["cells"].sum() if self.persons is None else found["person"].n_unique()
        return count == 0 or count >= FEWEST_PERSONS

    def _cells(self, values: pl.Series) -> pl.DataFrame:
        """Each text of a column once, with its cells, or once beside each person."""
        if values.name not in self.known:
            text = values.cast(pl.String).str.replace_all(r"\s+", " ").alias("text")
            cells = text.drop_nulls().value_counts(name="cells")
            if self.persons is not None:
                cells = pl.DataFrame([text, pl.Series("person", self.persons)])
                cells = cells.drop_nulls().unique()
            self.known[values.name] = cells
        return self.known[values.name]


def _short(issue: Issue) -> Issue:
    if len(issue.example) <= _LONGEST_EXAMPLE:
        return issue
    return replace(issue, example=issue.example[:_LONGEST_EXAMPLE] + "…")
