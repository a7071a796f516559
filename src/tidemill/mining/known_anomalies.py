"""How well odd rows are the rows that are known to be anomalies."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from tidemill.core.finding import Finding
from tidemill.core.picture import Picture, Table
from tidemill.core.run import Run
from tidemill.core.words import number, percent
from tidemill.mining.outcome import Outcome
from tidemill.mining.significance import ALPHA, bootstrap, rank_p
from tidemill.supervised.arrays import Floats

RAREST = 0.05
FEWEST = 10
DEPTHS = (10, 50, 100, 500, 1000)


def known_finding(
    outcome: Outcome, seen: Floats, held: Floats, oddness: Floats, run: Run
) -> Iterator[Finding]:
    """Precision of the oddest rows for a rare class of the target, where there is one that oddness
    tells at all.

    Args:
        outcome: The target.
        seen, held: Its codes on training and held-out rows, NaN where missing.
        oddness: Of the held-out rows, higher is odder, (m,).
        run: Seed of the bootstrap.
    """
    if outcome.kind != "binary" or np.nanmean(seen == 1) >= RAREST:
        return
    known = ~np.isnan(held)
    happened, oddness = held[known] == 1, oddness[known]
    if happened.sum() < FEWEST:
        return
    p_value = rank_p(oddness[happened], oddness[~happened])
    if p_value > ALPHA:
        return
    order = np.argsort(-oddness, kind="stable")
    rows, base = len(order), float(happened.mean())
    value = average_precision(happened[order], np.ones(rows))
    low, high = bootstrap(
        lambda weight: average_precision(happened[order], weight),
        rows,
        run.rng("mining/anomalies/bootstrap"),
    )
    depths = [depth for depth in (*DEPTHS, int(happened.sum())) if depth <= rows / 2]
    table = tuple(
        (
            depth,
            int(happened[order[:depth]].sum()),
            round(float(happened[order[:depth]].mean()), 4),
            round(float(happened[order[:depth]].sum() / happened.sum()), 4),
        )
        for depth in sorted(set(depths))
    )
    depth = min(100, int(happened.sum()))
    hits = int(happened[order[:depth]].sum())
    sentence = (
        f"Odd rows are often {outcome.event()}, which the detectors were not told: "
        f"{percent(hits / depth)} of the {depth} oddest held-out rows are, against {percent(base)} "
        f"of all {rows:,} (average precision {number(value)}, 95 % interval {number(low)} to "
        f"{number(high)}; picking rows at random gives {number(base)})."
    )
    yield Finding(
        technique="anomalies",
        name="known anomalies",
        sentence=sentence,
        strength=value,
        measure="average precision",
        support=rows,
        interval=(low, high),
        p_value=p_value,
        columns=(outcome.column,),
        table=Table(
            ("oddest rows", outcome.event(), "precision", "share of all found"),
            table,
            f"{outcome.event()} among the oddest held-out rows",
        ),
        picture=Picture(
            "lines",
            f"{outcome.event()} among the oddest rows",
            tuple(row[0] for row in table),
            (
                ("precision", tuple(row[2] for row in table)),
                ("by chance", (round(base, 4),) * len(table)),
            ),
            "oddest rows looked at",
            "share",
        ),
        figures={"base_rate": base, "precision_at": hits / depth, "depth": depth},
    )


def average_precision(happened: NDArray[np.bool_], weight: Floats) -> float:
    """Mean precision at each hit, of weighted rows ordered from the oddest.

    Example:
        >>> round(average_precision(np.array([True, False, True]), np.ones(3)), 3)
        0.833
    """
    hits = np.cumsum(weight * happened)
    precision = hits / np.maximum(np.cumsum(weight), 1e-12)
    return float((precision * weight * happened).sum() / hits[-1]) if hits[-1] else float("nan")
