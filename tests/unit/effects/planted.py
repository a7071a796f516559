"""Studies whose truth is known."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import polars as pl

import tidemill as tm
from tidemill.effects.study import Study
from tidemill.supervised.arrays import Floats, features


def study(
    rows: int,
    seed: int,
    effect: Callable[[Floats, Floats], Floats],
    *,
    chosen: float = 0.0,
    hidden: float = 0.0,
    happens: bool = False,
) -> tuple[Study, Floats]:
    """A study of two numbers and a category, and (n,) the true effect of each row.

    Args:
        rows: How many.
        seed: Of the random stream.
        effect: Of the two numbers.
        chosen: How strongly the first number decides who is treated; 0 for a draw by lot.
        hidden: How strongly a cause that no column shows decides who is treated, and the outcome.
        happens: Whether the outcome is that something happens.
    """
    rng = np.random.default_rng(seed)
    first, second, unseen = rng.normal(size=(3, rows))
    town = rng.choice(["Ulm", "Kiel", "Jena"], rows)
    odds = chosen * first + hidden * unseen
    treated = rng.random(rows) < 1 / (1 + np.exp(-odds))
    each = effect(first, second)
    base = first + 0.5 * (town == "Ulm") + hidden * unseen
    if happens:
        chance = np.clip(0.3 + 0.05 * base + each * treated, 0.01, 0.99)
        each = np.clip(0.3 + 0.05 * base + each, 0.01, 0.99) - np.clip(
            0.3 + 0.05 * base, 0.01, 0.99
        )
        outcome = (rng.random(rows) < chance).astype(float)
    else:
        outcome = base + each * treated + rng.normal(size=rows)
    data = tm.read(pl.DataFrame({"first": first, "second": second, "town": town}))
    layout, (arrays,) = features([data], list(data.schema))
    lot = 0.5 if not chosen and not hidden else None
    return Study(layout, arrays, treated, outcome, np.arange(rows), lot), each
