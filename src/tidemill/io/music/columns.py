"""Columns of a table that hold tunes in ABC notation."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl

from tidemill.core.errors import InputError
from tidemill.core.run import Run
from tidemill.core.words import plural
from tidemill.io.music.abc import is_abc, read_tune
from tidemill.io.music.steps import Losses
from tidemill.io.options import ColumnOverrides
from tidemill.io.source import Raw
from tidemill.music.scores import scores

PROBED = 20


def with_scores(raw: Raw, wishes: ColumnOverrides, where: str, run: Run) -> Raw:
    """The columns with pieces in the place of tunes; rows whose tune cannot be read are left out.

    Args:
        raw: The columns at the door.
        wishes: A column that is ignored, or of another kind, stays as it is.
        where: Where the table is, for messages.
        run: Takes the warnings.

    Raises:
        InputError: No tune can be read.
    """
    frame = raw.frame
    for name in raw.frame.columns:
        values = frame[name]
        if wishes.roles.get(name) == "ignore" or wishes.kinds.get(name, "score") != "score":
            continue
        if not _is_abc(values):
            continue
        losses, pieces, kept = Losses(), [], []
        lost: list[str] = []
        tunes = run.track(values.to_list(), "read", f"reading the tunes of {where}")
        for number, text in enumerate(tunes):
            try:
                pieces.append(read_tune(text or "", f"row {number + 1}", losses).piece)
                kept.append(number)
            except InputError as error:
                lost.append(str(error).splitlines()[0])
        if not kept:
            raise InputError(
                f"no tune of the column '{name}' can be read ({lost[0]})",
                where=where,
                hint="leave the column out with option 'ignore'",
            )
        if lost:
            run.warn(
                f"{plural(len(lost), 'tune')} of '{name}' cannot be read and left out: "
                f"{'; '.join(lost[:3])}",
                "read",
            )
        for said in losses.told():
            run.emit("note", "read", f"Of '{name}': {said}.")
        frame = frame[np.array(kept)].with_columns(scores(name, pieces))
    return replace(raw, frame=frame)


def _is_abc(values: pl.Series) -> bool:
    if values.dtype != pl.String:
        return False
    known = values.drop_nulls().head(PROBED).to_list()
    return bool(known) and all(is_abc(value) for value in known)
