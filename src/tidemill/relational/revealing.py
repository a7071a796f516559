"""Whether a made database gives away persons, or else rows of its first table, with all that is
theirs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import sqrt
from typing import NamedTuple

import numpy as np

from tidemill.core.database import Database, Link
from tidemill.core.dataset import Dataset
from tidemill.core.light import Light
from tidemill.core.run import Run
from tidemill.core.schema import Schema
from tidemill.core.score import Score
from tidemill.core.words import percent, plural
from tidemill.metrics.light import FEW_LIMIT, LIMIT, MeasuredLeak, measured
from tidemill.metrics.nearest import MOST_ROWS
from tidemill.metrics.relations import common_levels, led, with_aggregates
from tidemill.relational.plan import TablePlan
from tidemill.supervised.arrays import features, together
from tidemill.supervised.excess import Excess, of_hits
from tidemill.supervised.points import Points, learn_embedding, nearest

METRIC = "revealing"
FEWEST = 20
"""Rows of the first table, on each side, that are needed to compare distances."""
_SAME = 1e-9
Sides = tuple[Database, Database, Database]


class Placed(NamedTuple):
    """Rows of three databases as points of one space, and the entity that each real one belongs to.

    Attributes:
        train, holdout, made: The points.
        learned, unseen: (rows,) the entities of those of the first two.
    """

    train: Points
    holdout: Points
    made: Points
    learned: np.ndarray
    unseen: np.ndarray


def revealed(sides: Sides, plan: TablePlan, own: Sequence[str], run: Run) -> tuple[Score, ...]:
    """Attacks on entities: the rows of the first table, each with all that is theirs.

    As many training as held-out entities are looked at, so that what has nothing to do with either
    is as often nearer to the one as to the other.

    Args:
        sides: Training part, held-out part, made database.
        plan: The plan.
        own: The first table, and those that are made for its rows.
        run: Draws the entities.
    """
    root = own[0]
    entities = [len(side[root]) for side in sides]
    if min(entities) < FEWEST:
        why = f"there are {plural(min(entities), 'row')} of '{root}'; {FEWEST} are needed"
        return (Score(METRIC, _name(root), None, better="low", why=why, light="not known"),)
    paths = {name: _path(name, root, plan) for name in own[1:]}
    chosen = _chosen(entities, run)
    found = []
    whole = _whole(sides, root, list(paths.values()))
    placed = _placed(whole, [np.arange(len(one)) for one in whole], chosen, run)
    if placed is not None:
        found += [_closeness(placed, _name(root), root, run, always=True)]
        found += [_copies(placed, root, run)]
    for name, path in paths.items():
        run.check()
        rows = [_telling(side, name) for side in sides]
        of = [led(side, path) for side in sides]
        placed = _placed(rows, of, chosen, run)
        if placed is not None:
            found.append(_closeness(placed, f"rows of '{name}' near learned ones", name, run))
    return tuple(found)


def _name(root: str) -> str:
    return f"rows of '{root}', with all that is theirs, near learned ones"


def _path(name: str, root: str, plan: TablePlan) -> list[Link]:
    path = [plan.main[name]]
    while path[-1].parent != root:
        path.append(plan.main[path[-1].parent])
    return path


def _chosen(entities: Sequence[int], run: Run) -> tuple[np.ndarray, np.ndarray]:
    """As many training as held-out entities."""
    size = min(*entities[:2], MOST_ROWS)
    rng = run.rng("entities")
    drawn = [np.sort(rng.permutation(rows)[:size]) for rows in entities[:2]]
    return drawn[0], drawn[1]


def _whole(sides: Sides, root: str, paths: Sequence[Sequence[Link]]) -> list[Dataset]:
    """Each entity as one row: its own columns, and what is told of all rows below it."""
    levels = common_levels(sides[0], paths)
    found = [with_aggregates(side, root, paths, levels) for side in sides]
    names = [name for name in found[0].schema.names if all(name in one.schema for one in found)]
    return [_plain(one.select(names), found[0].schema.select(names)) for one in found]


def _telling(side: Database, name: str) -> Dataset:
    columns = side.telling(name)
    data = side[name].select([column.name for column in columns])
    return _plain(data, data.schema)


def _plain(data: Dataset, schema: Schema) -> Dataset:
    return Dataset(data.frame, Schema(schema.columns), name=data.name)


def _placed(
    rows: Sequence[Dataset],
    of: Sequence[np.ndarray],
    chosen: tuple[np.ndarray, np.ndarray],
    run: Run,
) -> Placed | None:
    """The rows of the chosen entities, and of some made ones, as points; None where there is
    nothing to compare."""
    if not rows[0].schema.modelled:
        return None
    kept = [np.flatnonzero(np.isin(whose, who)) for whose, who in zip(of, chosen, strict=False)]
    order = run.rng("released").permutation(len(rows[2]))
    kept.append(np.sort(order[:MOST_ROWS]))
    most = 2 * MOST_ROWS
    if any(not FEWEST <= len(places) <= most for places in kept):
        return None
    schema = rows[0].schema
    parts = [_plain(one.rows(at), schema) for one, at in zip(rows, kept, strict=True)]
    layout, arrays = features(parts)
    embed = learn_embedding(layout, together(arrays[0], arrays[1]), run)
    train, holdout, made = (embed(one) for one in arrays)
    learned, unseen = (one[at] for one, at in zip(of[:2], kept[:2], strict=True))
    return Placed(train, holdout, made, learned, unseen)


def _nearer(points: Points, placed: Placed, run: Run) -> tuple[float, Excess]:
    """The share of rows that are nearer to learned ones than to held-out ones (ties count half),
    and how far it is from one half, doubled.

    The standard error is that of giving the labels "learned" and "held out" to entities at random:
    the more rows have real ones of the same entity for their nearest, the more the share strays.
    """
    at_train, to_train = nearest(points, placed.train, run)
    at_holdout, to_holdout = nearest(points, placed.holdout, run)
    nearer, tied = to_train < to_holdout - _SAME, np.abs(to_train - to_holdout) <= _SAME
    share = float(nearer.mean() + tied.mean() / 2)
    first, second = placed.learned, placed.unseen
    owner = np.where(nearer, first[at_train], second[at_holdout] + first.max(initial=0) + 1)
    counts = np.unique(owner[~tied], return_counts=True)[1].astype(float)
    groups = len(np.unique(first)) + len(np.unique(second))
    variance = max(0.0, float(counts @ counts - counts.sum() ** 2 / groups)) / 4
    return share, Excess(2 * share - 1, 2 * sqrt(variance) / len(points))


def _closeness(placed: Placed, name: str, table: str, run: Run, *, always: bool = False) -> Score:
    share, mine = _nearer(placed.made, placed, run)
    published, ceiling = _nearer(placed.train, placed, run)
    low, high = (0.5 + mine.error * side for side in (-1, 1))
    found = measured(mine, ceiling, LIMIT)
    if isinstance(found, str):
        unseen: Light | None = "not known" if always else None
        return Score(METRIC, name, None, better="low", why=found, light=unseen)
    sentence = (
        f"{percent(share)} of {plural(len(placed.made), 'made row')} of '{table}' are nearer "
        f"to one that was learned than to any of as many that were held out. Chance: "
        f"{percent(max(low, 0.0))} to {percent(min(high, 1.0))}. The learned rows themselves: "
        f"{percent(published)}. {found.reason}"
    )
    return _score(name, sentence, found, found.light, {"share": share})


def _copies(placed: Placed, root: str, run: Run) -> Score:
    """Entities that a made one equals in all that is told of them."""
    name = f"rows of '{root}' copied with all that is theirs"
    sides = (placed.train, placed.holdout)
    hits = [nearest(side, placed.made, run)[1] <= _SAME for side in sides]
    whole = [np.ones(len(hits[0]), bool), nearest(placed.holdout, placed.train, run)[1] <= _SAME]
    mine, ceiling = of_hits(hits[0], hits[1]), of_hits(whole[0], whole[1])
    found = measured(mine, ceiling, FEW_LIMIT)
    if isinstance(found, str):
        return Score(METRIC, name, None, better="low", why=found)
    sentence = (
        f"{percent(float(hits[0].mean()))} of the learned rows of '{root}' are equalled by a made "
        f"one in all that is told of them and of what is theirs; of held-out ones "
        f"{percent(float(hits[1].mean()))}. {found.reason}"
    )
    light = found.light if found.light in ("amber", "red") else None
    return _score(name, sentence, found, light, {})


def _score(
    name: str,
    sentence: str,
    found: MeasuredLeak,
    light: Light | None,
    further: Mapping[str, float],
) -> Score:
    return Score(
        METRIC,
        name,
        found.value,
        0.0,
        1.0,
        "low",
        sentence,
        figures={**found.figures, **further},
        interval=(found.low, found.high),
        light=light,
    )
