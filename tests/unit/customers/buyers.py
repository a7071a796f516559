"""Customers whose truth is known."""

from __future__ import annotations

import datetime as dt

import numpy as np
import polars as pl

from tidemill.customers.bgnbd import BgNbd

FIRST = dt.date(2022, 1, 3)
PLANTED = BgNbd(r=0.6, alpha=6.0, a=0.8, b=2.5)
"""Somewhat as the customers of CDNOW in the paper of Fader, Hardie and Lee, who buy more often."""


def buyer_lines(
    customers: int, weeks: int, rng: np.random.Generator, planted: BgNbd = PLANTED
) -> pl.DataFrame:
    """A line for each purchase of customers who come in the first half; each spends about a mean of
    their own."""
    rows = []
    for k in range(customers):
        rate = max(rng.gamma(planted.r, 1 / planted.alpha), 1e-9)
        stop = rng.beta(planted.a, planted.b)
        usual = 40 / rng.gamma(4.0, 1 / 3)
        clock, end = rng.random() * weeks / 2, False
        while clock < weeks and not end:
            day = FIRST + dt.timedelta(days=int(7 * clock))
            rows.append((f"c{k:05d}", day, round(usual * rng.gamma(5, 0.2) + 0.01, 2)))
            clock += rng.exponential(1 / rate)
            end = len(rows) > 1 and rows[-1][0] == rows[-2][0] and rng.random() < stop
    return pl.DataFrame(rows, schema=["customer", "time", "money"], orient="row")
