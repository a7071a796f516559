"""Rows under a condition for models that cannot be asked: drawn plainly until enough of them
pass."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from tidemill.core.errors import ConditionError
from tidemill.core.grid import Batch, ConditionalSample, Constraints
from tidemill.core.run import Run

FIRST, LARGEST = 2_000, 50_000
"""Rows drawn at a time, at first and at most."""
PATIENCE = 200_000
"""Rows drawn without one that passes, after which the condition is held to be too rare."""


def rejected(
    draw: Callable[[int, np.random.Generator], Batch],
    n: int,
    known: Constraints,
    rng: np.random.Generator,
    run: Run,
    model: str,
) -> ConditionalSample:
    """n rows that keep to what is known of all rows; each is an independent draw from the
    conditional distribution.

    Args:
        draw: Makes plain rows.
        n: How many are wanted.
        known: What is known; of single rows nothing.
        rng: The random stream.
        run: For progress.
        model: What the model is called, for messages.

    Raises:
        ConditionError: Too few of the model's rows pass.
    """
    parts: list[Batch] = []
    drawn = 0
    kept = 0
    with run.stage("generate", "drawing rows until enough pass", total=max(n, 1)) as stage:
        while kept < n or not drawn:
            share = (kept + 1) / (drawn + 1)
            batch = draw(int(np.clip(1.2 * (n - kept) / share, FIRST, LARGEST)), rng)
            passing = batch.rows(np.flatnonzero(known.satisfied_by(batch)))
            drawn += len(batch)
            kept += len(passing)
            parts.append(passing)
            if drawn >= PATIENCE * (kept + 1):
                raise _too_rare(model, drawn, kept)
            stage.advance(units=min(len(passing), n - stage.done))
    rows = Batch.stacked(parts).rows(np.arange(n))
    return ConditionalSample(rows, np.full(n, kept / drawn), float(n))


def _too_rare(model: str, drawn: int, kept: int) -> ConditionError:
    verb = "is" if kept == 1 else "are"
    return ConditionError(
        f"of {drawn:,} rows that '{model}' made, {kept:,} {verb} like this: that is too rare for a "
        "model that draws until enough rows pass",
        hint="ask for less, or use the model trees or autoregressive, which draw such rows "
        "directly",
    )
