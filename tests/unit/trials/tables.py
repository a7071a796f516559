"""Tables whose truth is known."""

from __future__ import annotations

import numpy as np
import polars as pl

from tidemill.core.dataset import Dataset
from tidemill.core.run import Run
from tidemill.io.reading import read


def frame(rows: int = 300, classes: int = 2, seed: int = 0) -> pl.DataFrame:
    """Numbers with gaps, levels, a boolean; y depends on x and plan."""
    rng = np.random.default_rng(seed)
    x, z = rng.normal(size=rows).round(3), rng.normal(size=rows).round(3)
    plan = rng.choice(["solo", "team", "firm"], rows)
    signal = 1.5 * x + (plan == "team") + 0.5 * rng.normal(size=rows)
    frame = pl.DataFrame(
        {
            "x": x,
            "z": pl.Series(z).scatter(np.arange(0, rows, 9), None),
            "plan": plan,
            "new": rng.random(rows) < 0.4,
        }
    )
    if not classes:
        return frame.with_columns(y=pl.Series(signal.round(3)))
    edges = np.quantile(signal, np.linspace(0.7, 1, classes)[:-1])
    return frame.with_columns(y=pl.Series([f"level {k}" for k in np.searchsorted(edges, signal)]))


def dataset(rows: int = 300, classes: int = 2, seed: int = 0) -> Dataset:
    return read(frame(rows, classes, seed), Run(), target="y")
