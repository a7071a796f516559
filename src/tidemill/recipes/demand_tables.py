"""Tables of demand that are written beside the page."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl

from tidemill.demand.backtest import AS_BEFORE, DemandBacktest
from tidemill.demand.futures import BandCoverage, DemandFutures
from tidemill.demand.weeks import ItemWeeks
from tidemill.supervised.arrays import Bools

CELLS = 50_000
"""Rows of the table of futures, about."""


def coming_table(
    past: ItemWeeks,
    seen: DemandBacktest,
    alive: Bools,
    futures: DemandFutures,
    covered: BandCoverage,
) -> pl.DataFrame:
    """A row for each item and coming week: as often more is sold than the middle as less; the mean
    is what many items or weeks add up to."""
    items, horizon = futures.said.shape
    low, high = futures.band(covered.widened)
    names = [past.items[k] for k in seen.places[alive]]
    end = len(past.weeks)
    return pl.DataFrame(
        {
            "item": np.repeat(np.array(names, dtype=object), horizon).tolist(),
            "week": [past.monday(end + k) for k in range(horizon)] * items,
            "forecast": futures.said.ravel().round(2),
            "mean": futures.sold.mean(axis=0).ravel().round(2),
            "low": low.ravel().round(2),
            "high": high.ravel().round(2),
        }
    )


def items_table(
    past: ItemWeeks, seen: DemandBacktest, better: Bools, forecastable: Bools
) -> pl.DataFrame:
    """A row for each item: how it was forecast, or why not."""
    before, rival = seen.by_item[AS_BEFORE], seen.by_item[seen.rival]
    rows: list[dict[str, object]] = []
    at = {int(place): k for k, place in enumerate(seen.places)}
    for place, name in enumerate(past.items):
        row: dict[str, object] = {"item": name, "left out": seen.why_not.get(place, "")}
        row["sold a week"] = round(float(np.nanmean(past.sold[place])), 3)
        if place in at:
            k = at[place]
            for words, ratios in (("as before", before), (seen.rival, rival)):
                one = ratios.ratios[k]
                for end, value in (("", one.value), (" low", one.low), (" high", one.high)):
                    known = np.isfinite(value)
                    row[f"error / {words}{end}"] = round(float(value), 4) if known else None
            row["better than before"] = bool(better[k])
            row["forecastable"] = bool(forecastable[k])
        rows.append(row)
    return pl.DataFrame(rows, infer_schema_length=None)


def futures_table(past: ItemWeeks, names: Sequence[str], futures: DemandFutures) -> pl.DataFrame:
    """A row for each future, item and week; as many futures as a table of a moderate size holds."""
    _, items, horizon = futures.sold.shape
    paths = min(len(futures.sold), max(CELLS // max(items * horizon, 1), 5))
    made = futures.sold[:paths]
    end = len(past.weeks)
    weeks = [past.monday(end + k) for k in range(horizon)]
    return pl.DataFrame(
        {
            "future": np.repeat(np.arange(1, paths + 1), items * horizon),
            "item": [name for name in names for _ in weeks] * paths,
            "week": weeks * (paths * items),
            "sold": made.ravel().round(2),
        }
    )
