"""What a metric is."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from tidemill.core.run import Run
from tidemill.core.score import Evidence, Score

Metric = Callable[[Evidence, Run], Iterable[Score]]
"""Scores synthetic rows; what cannot be computed is a Score without a value that says why."""
