"""Training rows and the rows held out from them: no person on both sides, and the latest rows held
out."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl

from tidemill.core.columns import by_name
from tidemill.core.dataset import Dataset
from tidemill.core.errors import DataError, OptionError
from tidemill.core.run import Run
from tidemill.core.words import plural

MIN_ROWS = 20
FEWEST_ENTITIES = 20
"""Fewer entities are not held out as a whole where there is a time: one or two of them would stand
for all, and the others' own later rows can stand for what is new."""


def split(
    data: Dataset, run: Run, share: float = 0.3, *, latest: bool = True
) -> tuple[Dataset, Dataset]:
    """Training rows and holdout rows, each in the order of the data.

    Where a column has the role ``time``, the holdout is the latest rows, and equal times stay
    together. Where one has the role ``entity``, all rows of an entity are on one side; a row
    without an entity is one of its own. With both, the entities whose last row is latest are held
    out, so training sees nothing later than that; where all entities end together, some are drawn
    at random, and that is said; of fewer than FEWEST_ENTITIES, the latest rows are held out
    instead, and that is said, too. Else rows are drawn at random, and each level of a category or
    boolean target has its share on both sides.

    Args:
        data: At least 20 rows.
        run: Its stream "split" draws the rows.
        share: The holdout's share of the rows, between 0 and 1; entities and ties are not cut, so
            it is met nearly.
        latest: Whether the holdout is the latest rows where there is a time. Without, it is drawn
            at random all the same, so that both sides are alike but for chance.

    Raises:
        OptionError: The share is not between 0 and 1.
        DataError: There are too few rows, entities or times.
    """
    if not 0 < share < 1:
        raise OptionError(
            f"the holdout's share is {share:g}", hint="give a share between 0 and 1, such as 0.3"
        )
    if len(data) < MIN_ROWS:
        raise DataError(
            f"{len(data)} rows are too few to hold some out",
            where=data.name,
            hint=f"give at least {MIN_ROWS} rows",
        )
    entities = entity_numbers(data)
    times = data.schema.of_role("time") if latest else ()
    if times and entities is not None and _few(entities, data):
        held = _latest(_times(data, times[0].name, None), share)
        run.warn(
            f"There are {plural(int(entities.max()) + 1, 'entity', 'entities')} only, so the "
            f"latest rows by '{times[0].name}' are held out, of all of them; whether generated "
            "rows give entities away cannot be told.",
            "split",
        )
    elif times:
        held = _latest(_times(data, times[0].name, entities), share)
        if entities is not None and held.all() and entities.max() > 0:
            run.warn(
                "All series end together, so some were held out at random; what happened at the "
                f"same '{times[0].name}' in others was learned from.",
                "split",
            )
            held = _drawn_entities(entities, run.rng("split"), share)
    elif entities is not None:
        held = _drawn_entities(entities, run.rng("split"), share)
    else:
        held = _drawn_rows(_levels(data), run.rng("split"), share)
    if not held.any() or held.all():
        raise DataError(
            "the rows cannot be split without cutting through an entity or a moment",
            where=data.name,
            hint="give data with several entities and times, or other columns with "
            "option 'entity' and option 'time'",
        )
    return data.rows(~held), data.rows(held)


def _few(entities: np.ndarray, data: Dataset) -> bool:
    """Whether there are too few entities to hold some out, and times to go by instead."""
    time = data.schema.of_role("time")[0].name
    return int(entities.max()) + 1 < FEWEST_ENTITIES and data[time].n_unique() > 1


def entity_numbers(data: Dataset, names: Sequence[str] = ()) -> np.ndarray | None:
    """(rows,) the number of each row's entity; None where no column has that role.

    Args:
        data: The rows.
        names: The columns that tell entities apart, instead of those of that role.
    """
    columns = list(names) or [column.name for column in data.schema.of_role("entity")]
    if not columns:
        return None
    known = pl.any_horizontal(by_name(*columns).is_not_null())
    key = pl.when(known).then(pl.struct(by_name(*columns)).rank("dense")).otherwise(None)
    numbers = data.frame.select(key.alias("entity"))["entity"].cast(pl.Int64)
    alone = numbers.is_null().to_numpy()
    found: np.ndarray = numbers.fill_null(-1).to_numpy().copy()
    found[alone] = len(data) + 1 + np.arange(int(alone.sum()))
    return np.asarray(np.unique(found, return_inverse=True)[1])


def _times(data: Dataset, name: str, entities: np.ndarray | None) -> np.ndarray:
    """(rows,) the rank of each row's time, 0 where it is missing; with entities, that of the
    entity's last row."""
    ranks: np.ndarray = data[name].rank("dense").fill_null(0).to_numpy().astype(np.int64)
    if entities is None:
        return ranks
    last = np.zeros(int(entities.max()) + 1, dtype=np.int64)
    np.maximum.at(last, entities, ranks)
    return np.asarray(last[entities])


def _latest(times: np.ndarray, share: float) -> np.ndarray:
    """(rows,) True on the rows from the moment on that leaves the nearest to the share."""
    moments, counts = np.unique(times, return_counts=True)
    held = np.cumsum(counts[::-1])[::-1]  # rows at this moment or later
    return np.asarray(times >= moments[np.argmin(np.abs(held - share * len(times)))])


def _drawn_entities(entities: np.ndarray, rng: np.random.Generator, share: float) -> np.ndarray:
    """(rows,) True on the rows of entities that are drawn while they bring the holdout nearer to
    its share."""
    sizes = np.bincount(entities)
    drawn = np.zeros(len(sizes), dtype=bool)
    left = share * len(entities)
    for entity in rng.permutation(len(sizes)):
        if sizes[entity] < 2 * left:
            drawn[entity] = True
            left -= sizes[entity]
    return np.asarray(drawn[entities])


def _levels(data: Dataset) -> np.ndarray:
    """(rows,) the number of the target's level; all 0 where the target has none."""
    target = data.target
    if target is None or target.kind not in ("category", "boolean"):
        return np.zeros(len(data), dtype=np.int64)
    ranks = data[target.name].cast(pl.String).rank("dense").fill_null(0)
    return np.asarray(ranks.to_numpy().astype(np.int64))


def _drawn_rows(levels: np.ndarray, rng: np.random.Generator, share: float) -> np.ndarray:
    """(rows,) True on rows drawn so that each level has its share."""
    shuffled = rng.permutation(len(levels))
    order = shuffled[np.argsort(levels[shuffled], kind="stable")]
    # every 1/share-th of the rows ordered by level, from a random start: levels get their share to
    # within one row
    count = max(1, min(len(levels) - 1, round(share * len(levels))))
    picks = ((np.arange(count) + rng.random()) * len(levels) / count).astype(np.int64)
    held = np.zeros(len(levels), dtype=bool)
    held[order[picks]] = True
    return held
