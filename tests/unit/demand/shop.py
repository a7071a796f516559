"""Sales whose truth is known."""

from __future__ import annotations

import datetime as dt

import numpy as np
import polars as pl

FIRST = dt.date(2021, 1, 4)


def shuffled_weeks(items: int, weeks: int, rng: np.random.Generator) -> np.ndarray:
    """Skewed sales of items of different sizes; a week says nothing of another one."""
    size = np.exp(rng.normal(3, 1, (items, 1)))
    return rng.poisson(size * rng.gamma(2.0, 0.5, (items, weeks))).astype(float)


def waves(items: int, weeks: int, rng: np.random.Generator) -> np.ndarray:
    """Sales that come and go every six weeks, each item's at its own time."""
    size = np.exp(rng.normal(3, 1, (items, 1)))
    phase = np.arange(weeks) / 6 + rng.random((items, 1))
    return rng.poisson(size * np.exp(0.8 * np.sin(2 * np.pi * phase))).astype(float)


def sales_lines(sold: np.ndarray, **columns: np.ndarray) -> pl.DataFrame:
    """A line for each item, and each week in which it was sold, on the Thursday."""
    item, week = np.nonzero(sold > 0)
    return pl.DataFrame(
        {
            "item": [f"item {k:03d}" for k in item],
            "time": [FIRST + dt.timedelta(days=7 * int(k) + 3) for k in week],
            "quantity": sold[item, week],
            **{name: values[item, week] for name, values in columns.items()},
        }
    )


def priced_sales(
    elasticity: float, rng: np.random.Generator, items: int = 30, weeks: int = 80
) -> tuple[np.ndarray, np.ndarray]:
    """(items, weeks) pieces and prices. Dear items sell more, and everything is dearer when more is
    sold of all; within an item and a week, pieces follow the price by the elasticity."""
    size = rng.normal(0, 1, (items, 1))
    busy = rng.normal(0, 0.3, (1, weeks))
    moved = rng.choice([-0.2, 0.0, 0.0, 0.15], size=(items, weeks))
    price = np.exp(1 + size + 0.5 * busy + moved)
    pieces = np.exp(5 + size + busy + elasticity * (moved + 0.5 * busy))
    return rng.poisson(pieces).astype(float), price
