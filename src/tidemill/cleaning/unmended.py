"""Columns that are numbers or dates to a reader, and words to whoever learns them without
cleaning."""

from __future__ import annotations

import polars as pl

from tidemill.cleaning.base import considered
from tidemill.core.dataset import Dataset
from tidemill.core.run import Run
from tidemill.core.spelling import mended
from tidemill.core.words import percent
from tidemill.imaging.pixels import label_column

_LEVELS = 10  # fewer are levels, also where they are numbers


def warn_unmended(data: Dataset, run: Run) -> None:
    """Say which columns are taken as words although nearly all of their values read as numbers or
    dates."""
    label = label_column(data.schema)
    for column in considered(data, "text", "category"):
        text = data[column.name]
        if column == label or text.dtype != pl.String:
            continue
        if column.kind == "category" and text.n_unique() <= _LEVELS:
            continue
        found = mended(text, conventions=data.schema.conventions)
        if found is None:
            continue
        what = "dates" if found.values.dtype.is_temporal() else "numbers"
        share = percent(found.values.count(), len(text) - text.null_count())
        run.warn(
            f"{share} of '{column.name}' read as {what}, but are not written alike, so the column "
            "is taken as words; have them read with option 'clean'.",
            "read",
        )
