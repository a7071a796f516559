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
    happened = held[known] == 1
    oddness = oddness[known]
    if happened.sum() < FEWEST:
        return
    p_value = rank_p(oddness[happened], oddness[~happened])
    if p_value > ALPHA:
        return
    ranked = happened[np.argsort(-oddness, kind="stable")]
    interval = bootstrap(
        lambda weight: average_precision(ranked, weight),
        len(ranked),
        run.rng("mining/anomalies/bootstrap"),
    )
    yield _finding(outcome, ranked, interval, p_value)


def _finding(
    outcome: Outcome, ranked: NDArray[np.bool_], interval: tuple[float, float], p_value: float
) -> Finding:
    """How often the event happened in held-out rows, ordered from the oddest."""
    rows, event = len(ranked), outcome.event()
    base = float(ranked.mean())
    value = average_precision(ranked, np.ones(rows))
    depth = min(100, int(ranked.sum()))
    precision = int(ranked[:depth].sum()) / depth
    table = _depths_table(event, ranked)
    depths = tuple(row[0] for row in table.rows)
    precisions = tuple(row[2] for row in table.rows)
    sentence = (
        f"Odd rows are often {event}, which the detectors were not told: {percent(precision)} of "
        f"the {depth} oddest held-out rows are, against {percent(base)} of all {rows:,} (average "
        f"precision {number(value)}, 95 % interval {number(interval[0])} to "
        f"{number(interval[1])}; picking rows at random gives {number(base)})."
    )
    return Finding(
        technique="anomalies",
        name="known anomalies",
        sentence=sentence,
        strength=value,
        measure="average precision",
        support=rows,
        interval=interval,
        p_value=p_value,
        columns=(outcome.column,),
        table=table,
        picture=Picture(
            "lines",
            f"{event} among the oddest rows",
            depths,
            (("precision", precisions), ("by chance", (round(base, 4),) * len(depths))),
            "oddest rows looked at",
            "share",
        ),
        figures={"base_rate": base, "precision_at": precision, "depth": depth},
    )


def _depths_table(event: str, ranked: NDArray[np.bool_]) -> Table:
    """Precision and recall among so many of the oddest rows."""
    happened = int(ranked.sum())
    rows = []
    for depth in sorted({*DEPTHS, happened}):
        if depth <= len(ranked) / 2:
            hits = int(ranked[:depth].sum())
            rows.append((depth, hits, round(hits / depth, 4), round(hits / happened, 4)))
    return Table(
        ("oddest rows", event, "precision", "share of all found"),
        tuple(rows),
        f"{event} among the oddest held-out rows",
    )


def average_precision(happened: NDArray[np.bool_], weight: Floats) -> float:
    """Mean precision at each hit, of weighted rows ordered from the oddest.

    Example:
        >>> round(average_precision(np.array([True, False, True]), np.ones(3)), 3)
        0.833
    """
    hits = np.cumsum(weight * happened)
    if not hits[-1]:
        return float("nan")
    precision = hits / np.maximum(np.cumsum(weight), 1e-12)
    return float((precision * weight * happened).sum() / hits[-1])
