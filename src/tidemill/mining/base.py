"""What a mining technique is."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from tidemill.core.dataset import Dataset
from tidemill.core.finding import Finding
from tidemill.core.run import Run

Technique = Callable[[Dataset, Dataset, Run], Iterable[Finding]]
"""Learns from the first dataset (train), takes every figure from the second (holdout)."""
