"""Plans of how many rows of each sort are drawn: with given shares of levels, or with equal rates
in all groups."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import polars as pl

from tidemill.core.balance import Side, divided
from tidemill.core.condition import Condition, Test
from tidemill.core.errors import ConditionError
from tidemill.core.fairness import Evening, evened, groups_of
from tidemill.core.run import Run
from tidemill.synthesis.sampling import SampledModel, SampleJob, SamplePlan, known_of

POOL = 10_000
"""Rows that show what goes together, for shares to be fitted to."""

Groups = Sequence[tuple[tuple[Test, ...], ...]]
"""For each axis its groups, and for each of these its tests."""


def balanced(
    model: SampledModel, n: int, condition: Condition, sides: Sequence[Side], run: Run
) -> SamplePlan:
    """A plan in which the named groups have their shares; the rows stand in random order.

    Raises:
        ConditionError: A group never occurs under the condition.
    """
    groups = [side.groups for side in sides]
    met = _met(_pool(model, condition, run), groups)
    return _plan(n, condition, groups, met, divided(n, met, sides), run)


def fair(
    model: SampledModel, n: int, condition: Condition, evening: Evening, run: Run
) -> SamplePlan:
    """A plan in which each outcome has the same rate in all groups, or is moved towards that by the
    strength.

    Groups and outcomes keep the shares that they have under the condition; all else is drawn given
    group and outcome. So the distribution is the nearest one to the model's in which the outcome
    has nothing to do with the group.

    Raises:
        ConditionError: Under the condition there is one group only, or one outcome; or a group
            never has an outcome.
    """
    pool = _pool(model, condition, run)
    schema = model.codec.schema
    groups = [
        groups_of(schema[name], pool[name], model.codec.levels(name))
        for name in (*evening.columns, evening.outcome)
    ]
    met = _met(pool, groups)
    table = met.reshape(-1, met.shape[-1])
    for names, margin in (
        (evening.columns, table.sum(axis=1)),
        ((evening.outcome,), table.sum(axis=0)),
    ):
        if np.count_nonzero(margin) < 2:
            given = f" where {condition}" if condition.tests else ""
            raise ConditionError(
                f"there is nothing to make equal: {' and '.join(map(repr, names))} "
                f"{'has' if len(names) == 1 else 'have'} one value only{given}",
                hint="leave fair out, or ask for other rows",
            )
    plan = _plan(
        n, condition, groups, met, evened(n, table, evening.strength).reshape(met.shape), run
    )
    for cell in plan.cells:
        try:
            known_of(model.codec, cell)
        except ConditionError as error:
            raise ConditionError(
                f"rates of '{evening.outcome}' cannot be made equal: {cell} can never be",
                hint="leave out the column that decides it",
            ) from error
    return plan


def _pool(model: SampledModel, condition: Condition, run: Run) -> pl.DataFrame:
    """Rows that show how often what goes together; no groups are of texts, so none are written."""
    plan = SamplePlan(POOL, (condition,), stream="balance")
    without_texts = replace(model, whole=model.generator)
    return SampleJob(without_texts, plan, run.child(quiet=True)).all().data.frame


def _met(pool: pl.DataFrame, groups: Groups) -> np.ndarray:
    """An axis for each entry of ``groups``: how often each combination is met."""
    shape = tuple(map(len, groups))
    place = np.zeros(len(pool), np.int64)
    for axis, side in enumerate(groups):
        held = np.stack([Condition(group).mask(pool).to_numpy() for group in side])
        place = place * shape[axis] + held.argmax(axis=0)
    return np.bincount(place, minlength=int(np.prod(shape))).reshape(shape)


def _plan(
    n: int, condition: Condition, groups: Groups, met: np.ndarray, counts: np.ndarray, run: Run
) -> SamplePlan:
    """So many rows of each combination, in random order."""
    used = np.flatnonzero(counts)
    cells = []
    for flat in used.tolist():
        at = np.unravel_index(flat, met.shape)
        asked = (test for group, k in zip(groups, at, strict=True) for test in group[int(k)])
        cells.append(Condition((*condition.tests, *asked)))
    order = run.rng("balance", "order").permutation(
        np.repeat(np.arange(len(used), dtype=np.int32), counts.ravel()[used])
    )
    shares = None if condition.tests else met.ravel()[used] / met.sum()
    return SamplePlan(n, tuple(cells), order, shares)
