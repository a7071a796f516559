"""What steps of series lack, filled in with what may have been there."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tidemill.core.dataset import Dataset
from tidemill.core.errors import OptionError
from tidemill.core.run import Run
from tidemill.core.series import layout
from tidemill.core.words import plural
from tidemill.synthesis.extending import ExtensionModel, series_of, without_gaps
from tidemill.synthesis.infilling import FRESH, GivenRows, fill, numbered, stacked

PATHS = 64
"""Ways on that are drawn into a gap."""
NEAREST = 4
"""Of these, one of those is taken that come nearest to what is known in the gap and behind it."""


def gaps_filled(
    model: ExtensionModel, given: GivenRows, draws: int, keep: Sequence[str], run: Run
) -> Dataset:
    """The rows with what their steps lack: drawn given the steps before, and so that it leads to
    those behind.

    Args:
        model: Of series.
        given: The series.
        draws: How often; with more than one, the last column counts them from 1.
        keep: Columns whose missing values stay missing.
        run: For progress and cancelling, and its random streams.

    Raises:
        DataError: A column of the model is not there, or a time is missing.
        OptionError: The model makes all entities together.
    """
    if model.codec.together:
        raise OptionError(
            "a model of series on one calendar fills no gaps",
            hint="fit with option 'model=autoregressive'",
        )
    known = series_of(given, model.codec.schema)
    order = layout(known).order
    back = np.empty(len(order), np.int64)
    back[order] = np.arange(len(order))
    names = [
        column.name
        for column in known.schema
        if column.role not in ("entity", "time") and column.kind not in FRESH
        if column.name not in keep and known[column.name].null_count()
    ]
    parts = []
    for draw in range(1, draws + 1):
        gaps = _Gaps(model, known.rows(order), names, run.child("gaps", draw, progress=True))
        made = gaps.filled().rows(back)
        whole = fill(given, made, keep)
        parts.append(numbered(whole, np.full(len(whole), draw)) if draws > 1 else whole)
    left = sum(made[name].null_count() for name in names)
    if left:
        run.warn(
            f"{plural(left, 'cell')} at the beginning of series stay missing: nothing is known "
            "before them."
        )
    return stacked(parts)


class _Gaps:
    """Gaps of series, filled one after the other in each, in all series at once.

    Args:
        model: Of series.
        known: Rows in the order of their series.
        names: The columns that have gaps.
        run: For progress and its random streams.
    """

    def __init__(
        self, model: ExtensionModel, known: Dataset, names: Sequence[str], run: Run
    ) -> None:
        self.model, self.known, self.names, self.run = model, known, list(names), run
        self.series = layout(known)
        self.frame = known.frame
        self.lacks = {name: known[name].is_null().to_numpy() for name in names}
        open_ = np.zeros(len(known), bool)
        for lacks in self.lacks.values():
            open_ |= lacks
        self.ends = self.series.start + self.series.length
        # what the first steps lack, nothing leads to
        for begin, end in zip(self.series.start.tolist(), self.ends.tolist(), strict=True):
            first = np.flatnonzero(~open_[begin:end])
            open_[begin : begin + int(first[0]) if len(first) else end] = False
        self.open = open_

    def filled(self) -> Dataset:
        """All rows."""
        rounds = 0
        with self.run.stage("infill", "filling gaps", total=max(int(self.open.sum()), 1)) as stage:
            while self.open.any():
                done = 0
                begins, ends = self._next()
                for length in np.unique(ends - begins).tolist():
                    own = np.flatnonzero(ends - begins == length)
                    self._fill(begins[own], length, self.run.child(rounds, length, quiet=True))
                    done += length * len(own)
                rounds += 1
                stage.advance(units=done)
        return self.known.with_frame(self.frame)

    def _next(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """The first gap of each series that has one: its first row, and the one behind its last."""
        begins, stops = [], []
        for begin, end in zip(self.series.start.tolist(), self.ends.tolist(), strict=True):
            at = np.flatnonzero(self.open[begin:end])
            if len(at):
                first = begin + int(at[0])
                closed = np.flatnonzero(~self.open[first:end])
                begins.append(first)
                stops.append(first + int(closed[0]) if len(closed) else end)
        return np.array(begins), np.array(stops)

    def _fill(self, begins: NDArray[np.int64], length: int, run: Run) -> None:
        """Gaps of one length, each of another series."""
        whose = np.searchsorted(self.series.start, begins, side="right") - 1
        starts = np.maximum(self.series.start[whose], begins - self.model.codec.longest)
        rows = np.concatenate(
            [np.arange(start, end) for start, end in zip(starts, begins, strict=True)]
        )
        # what the first steps lack stays missing, and is to the model as it was next
        past = without_gaps(self.known.with_frame(self.frame).rows(rows))
        made = self.model.futures(past, length + 1, PATHS, run)
        has_next = begins + length < self.ends[whose]
        behind = np.where(has_next, begins + length, begins + length - 1)
        chosen = self._nearest(made, begins, behind, length, has_next, run)
        at = begins[:, None] + np.arange(length)
        for name in self.names:
            values = made[name].to_numpy(allow_copy=True).reshape(len(begins), PATHS, length + 1)
            way = values[np.arange(len(begins)), chosen]
            if self.known[name].dtype.is_numeric():
                way = self._led(way, self.frame[name].to_numpy()[behind], has_next, name)
            lacks = self.lacks[name][at]
            own = pl.Series(way[:, :length][lacks]).cast(self.frame[name].dtype)
            self.frame = self.frame.with_columns(self.frame[name].scatter(at[lacks], own))
        self.open[at.ravel()] = False

    def _nearest(
        self,
        made: pl.DataFrame,
        begins: NDArray[np.int64],
        behind: NDArray[np.int64],
        length: int,
        has_next: NDArray[np.bool_],
        run: Run,
    ) -> NDArray[np.int64]:
        """(gaps,) which path is taken: one of those nearest to what is known."""
        far = np.zeros((len(begins), PATHS))
        at = np.minimum(begins[:, None] + np.arange(length + 1), behind[:, None])
        counts = np.ones((len(begins), length + 1), bool)
        counts[:, length] = has_next
        for column in self.known.schema:
            if column.role in ("entity", "time") or column.kind in FRESH:
                continue
            said = self.frame[column.name]
            known = said.is_not_null().to_numpy()[at] & counts
            theirs = made[column.name].to_numpy(allow_copy=True)
            theirs = theirs.reshape(len(begins), PATHS, length + 1)
            ours = said.to_numpy(allow_copy=True)[at][:, None]
            if said.dtype.is_numeric():
                spread = float(np.nanstd(said.cast(pl.Float64).to_numpy())) or 1.0
                apart = np.abs(np.where(known[:, None], theirs - ours, 0.0)) / spread
            else:
                apart = ((theirs != ours) & known[:, None]).astype(np.float64)
            far += apart.sum(axis=2)
        best = np.argsort(far, axis=1, kind="stable")[:, :NEAREST]
        picked = run.rng("paths").integers(NEAREST, size=len(begins))
        return np.asarray(best[np.arange(len(begins)), picked])

    def _led(
        self,
        way: NDArray[np.float64],
        known: NDArray[np.float64],
        has_next: NDArray[np.bool_],
        name: str,
    ) -> NDArray[np.float64]:
        """(gaps, length + 1) ways, bent so that each ends in what is known behind its gap, where
        that is known; rounded as the column is."""
        way = way.astype(np.float64)
        off = np.where(has_next, known - way[:, -1], 0.0)
        off = np.where(np.isfinite(off), off, 0.0)
        share = np.arange(1, way.shape[1] + 1) / way.shape[1]
        bent = way + off[:, None] * share
        values = self.known[name].drop_nulls().cast(pl.Float64).to_numpy()
        bent = np.clip(bent, values.min(), values.max())
        step = float(self.known.schema[name].step or 0)
        return np.asarray(np.rint(bent / step) * step if step else bent)
