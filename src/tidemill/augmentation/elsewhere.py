"""Rows of another source (another year, region or shop, or a model of it) beside one's own: made
fit to stand there, and drawn the sooner the more they are like one's own.

The weights are a ratio of densities, learned as the odds of a classifier of own rows against the
others (Sugiyama, Suzuki, Kanamori: Density Ratio Estimation in Machine Learning, chapter 4). The
target is one of its columns, so where the other source answers otherwise, its rows weigh little.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tidemill.core.columns import by_name
from tidemill.core.dataset import Dataset
from tidemill.core.errors import DataError
from tidemill.core.run import Run
from tidemill.core.schema import Column
from tidemill.core.words import plural, shortlist
from tidemill.io.conforming import conform
from tidemill.supervised.arrays import Bools, Floats, features, together
from tidemill.supervised.boosting import boosted, predictions, tree_matrix
from tidemill.supervised.sampling import thinned
from tidemill.trials.problem import Problem

MOST_READ = 50_000
"""Of more rows elsewhere, so many are drawn."""
MOST_MADE = 20_000
"""Rows that a model of another source makes."""
LEAST_COLUMNS = 0.5
"""Of one's own columns to learn from, the other source has at least this share."""
PARTS = 3
LEAST_OVERLAP = 0.2
"""A column whose values overlap less says where a row is from, and nothing of how alike it is."""
FINEST = 100
"""Values by which overlap is reckoned; more are put into so many bins."""
CLIPPED = 0.99
"""Of the density ratios, those above this quantile count as that."""
CALIBRATION = 2_000
"""Rows elsewhere whose nearest others say how much two different records agree."""
ODD = 0.999
"""Two records are taken for the same where they agree more than this share of different ones do."""
BLOCK = 256


def matched(other: Dataset, own: Dataset, run: Run) -> Dataset:
    """Rows of another source with one's own columns, kinds and roles. What identifies a row or a
    person is left empty in the end, and so are free text and a column to learn from that the other
    source does not have.

    Args:
        other: Its rows.
        own: One's own, with a target.
        run: Is told what is empty.

    Raises:
        DataError: It lacks the target, or more than half of the columns to learn from.
        SchemaError: A column has values of another kind.
    """
    shared = [column for column in own.schema.modelled if column.name in other.schema]
    lacking = [column for column in own.schema.modelled if column.name not in other.schema]
    target = [column.name for column in own.schema.of_role("target")]
    inputs = len(own.schema.modelled) - len(target)
    if any(column.role == "target" for column in lacking):
        raise DataError(
            f"there is no column '{target[0]}', which is to be predicted",
            where=other.name,
            hint="rows from elsewhere must have the target: give a table or model that has it",
        )
    if len(shared) - len(target) < LEAST_COLUMNS * inputs:
        names = shortlist([column.name for column in lacking], 5)
        raise DataError(
            f"{len(lacking):,} of the {inputs:,} columns to learn from are missing ({names})",
            where=other.name,
            hint="name its columns as your own table does",
        )
    if lacking:
        names = shortlist([column.name for column in lacking], 5)
        are = "is" if len(lacking) == 1 else "are"
        run.warn(
            f"'{other.name}' does not have {plural(len(lacking), 'column')} of '{own.name}' "
            f"({names}), which {are} empty in its rows"
        )
    texts = [column.name for column in own.schema.texts if column.name in other.schema]
    if texts:
        run.warn(f"Free text of '{other.name}' is not taken along ({shortlist(texts, 5)}).")
    keys = [c.name for c in own.schema.of_role("key", "entity") if c.name in other.schema]
    wanted = [name for name in own.schema.names if name in {*keys, *(c.name for c in shared)}]
    theirs = other.select([name for name in other.schema.names if name in wanted])
    found = conform(theirs, own.select(wanted), run)
    frame, known = found.frame, own.frame
    for name in known.columns:
        if name not in wanted:
            frame = frame.with_columns(pl.lit(None, known.schema[name]).alias(name))
    return replace(own, frame=frame.select(by_name(*known.columns)), name=other.name)


def prepared(other: Dataset, train: Dataset, test: Dataset | None, run: Run) -> Dataset:
    """Matched rows of another source without those whose target one's own rows do not know, and
    those of which one knows the record.

    Args:
        other: As :func:`matched` gives them, cleaned as one's own.
        train, test: One's own rows; None where those to be tested on are not known.
        run: Is told what is left out, and how many rows stay.

    Raises:
        DataError: No row has a target that one's own rows know, or is new.
    """
    target = train.schema.of_role("target")[0]
    frame = other.frame.select(by_name(*train.frame.columns))
    data = replace(train, frame=frame, name=other.name)
    answered = data.frame[target.name].is_not_null()
    if data.frame[target.name].dtype.is_float():
        answered &= data.frame[target.name].is_finite()
    if target.kind in ("category", "boolean"):
        levels = train.frame[target.name].cast(pl.String).unique()
        answered &= data.frame[target.name].cast(pl.String).is_in(levels.implode())
    kept = data.rows(answered.to_numpy())
    if not len(kept):
        theirs = other.frame[target.name].drop_nulls().cast(pl.String).unique().sort()
        raise DataError(
            f"no row has a value of '{target.name}' that your rows have (but "
            f"{shortlist(theirs.to_list(), 3) or 'none'})",
            where=other.name,
            hint="write the target as your own table does",
        )
    kept = thinned(kept, MOST_READ, run.rng("looping", "elsewhere"))
    known = train
    if test is not None:
        known = train.with_frame(pl.concat([train.frame, test.frame]))
    same = _same_person(kept, known) | same_record(kept, known, run)
    fresh = kept.rows(~same)
    if not len(fresh):
        raise DataError(
            "all of its rows are records that your own table has, too",
            where=other.name,
            hint="give rows of another year, region or shop",
        )
    said = f"{plural(len(fresh), 'row')} of '{other.name}' may stand beside yours"
    if same.any():
        one, more = "record that your own table has", "records that your own table has"
        said += f"; {plural(int(same.sum()), one, more)}, too, are left out"
    run.emit("note", "loop", said)
    private = [name for name in fresh.frame.columns if fresh.schema[name].role in ("key", "entity")]
    return fresh.with_frame(
        fresh.frame.with_columns(
            pl.lit(None, fresh.frame.schema[name]).alias(name) for name in private
        )
    )


def same_record(rows: Dataset, known: Dataset, run: Run) -> Bools:
    """(n,) which rows are, to all appearance, a record of the known ones: they agree in values so
    rare, or so many, as different records hardly ever do. A row to be tested on must not be learned
    from under another roof.

    A pair's agreement is the information in the values that are equal, in bits; the target has no
    part in it, so that what is left out does not depend on it. A row that is equal throughout is
    the same record where by chance less than one row would be. Else it is where the two agree more
    than different records of the other source do, and than any pair would by chance.
    """
    columns = [
        column.name
        for column in rows.schema.modelled
        if column.role != "target"
        and not rows.frame[column.name].dtype.is_nested()
        and rows.frame[column.name].count()
    ]
    if not columns or not len(known):
        return np.zeros(len(rows), bool)
    codes, bits = _coded(rows, known, columns)
    theirs, ours = codes[: len(rows)], np.unique(codes[len(rows) :], axis=0)
    most = np.zeros(len(theirs))
    whole = np.zeros(len(theirs), bool)
    with run.stage("loop", "looking for records of both tables", total=len(theirs)) as stage:
        for start in range(0, len(theirs), BLOCK):
            block = slice(start, start + BLOCK)
            most[block], whole[block] = _agreement(theirs[block], ours, bits)
            stage.advance(units=len(most[block]))
    drawn = run.rng("looping", "elsewhere", "records").permutation(len(theirs))
    judges, others = theirs[drawn[:CALIBRATION]], theirs[drawn[CALIBRATION:]][: len(ours)]
    usual = np.inf
    if len(others):
        usual = float(np.quantile(_usual(judges, np.unique(others, axis=0), bits), ODD))
    by_chance = np.log2(len(theirs))
    return (whole & (most > by_chance)) | ((most > usual) & (most > by_chance + np.log2(len(ours))))


def _usual(judges: NDArray[np.int32], others: NDArray[np.int32], bits: Sequence[Floats]) -> Floats:
    """The most that each row agrees with one that is not its double."""
    most = np.zeros(len(judges))
    for start in range(0, len(judges), BLOCK):
        block = slice(start, start + BLOCK)
        most[block] = _agreement(judges[block], others, bits, doubles=False)[0]
    return most


def _agreement(
    rows: NDArray[np.int32],
    known: NDArray[np.int32],
    bits: Sequence[Floats],
    *,
    doubles: bool = True,
) -> tuple[Floats, Bools]:
    """Of each row the most bits in which it agrees with one of the known, and whether it is equal
    to one throughout."""
    total = np.zeros((len(rows), len(known)), np.float32)
    equal = np.ones((len(rows), len(known)), bool)
    for j, worth in enumerate(bits):
        same = rows[:, j, None] == known[None, :, j]
        equal &= same
        total += same * worth[rows[:, j], None].astype(np.float32)
    if not doubles:
        total[equal] = 0
    return total.max(axis=1).astype(float), np.asarray(equal.any(axis=1))


def _coded(
    rows: Dataset, known: Dataset, columns: Sequence[str]
) -> tuple[NDArray[np.int32], list[Floats]]:
    """Values as codes, those of ``rows`` first, and of each code the bits in its being equal; a
    missing value says nothing."""
    codes, bits = [], []
    for name in columns:
        both = pl.concat([rows.frame[name].cast(pl.String), known.frame[name].cast(pl.String)])
        code = both.rank("dense").fill_null(0).to_numpy().astype(np.int32)
        share = np.bincount(code) / len(code)
        worth = -np.log2(np.maximum(share, 1 / len(code)))
        worth[0] = 0
        codes.append(code)
        bits.append(worth)
    return np.column_stack(codes), bits


def _same_person(rows: Dataset, known: Dataset) -> Bools:
    """(n,) which rows have an id or an entity of the known ones."""
    same = np.zeros(len(rows), bool)
    for column in rows.schema.of_role("key", "entity"):
        theirs = known.frame[column.name].drop_nulls().cast(pl.String).unique().implode()
        found = rows.frame[column.name].cast(pl.String).is_in(theirs)
        same |= found.fill_null(value=False).to_numpy()
    return same


def in_order(other: Dataset, own: Dataset, problem: Problem, run: Run) -> NDArray[np.int64]:
    """Positions of all rows elsewhere in the order in which to take them: the first m are, for any
    m, a sample without replacement weighted by the density ratio (Efraimidis and Spirakis, 2006).

    Args:
        other: Prepared rows of another source.
        own: One's own rows, to be like.
        problem: The target.
        run: Its seed.
    """
    ratio = density_ratio(other, own, [*problem.inputs, problem.target], run)
    weight = np.minimum(ratio, np.quantile(ratio, CLIPPED))
    drawn = 1 - run.rng("looping", "elsewhere", "drawn").random(len(other))
    return np.argsort(-np.log(drawn) / np.maximum(weight, 1e-12), kind="stable")


def density_ratio(other: Dataset, own: Dataset, columns: Sequence[Column], run: Run) -> Floats:
    """(n,) how much more often a row is met here than elsewhere, by models that have not learned
    it. A column that tells the sources apart has no part in it, unless it is the target."""
    columns = [
        column
        for column in columns
        if column.kind != "text"
        and other.frame[column.name].count()
        and (column.role == "target" or _overlap(other, own, column.name) >= LEAST_OVERLAP)
    ]
    layout, (ours, theirs) = features((own, other), columns)
    rows = tree_matrix(together(ours, theirs))
    label = np.repeat([1.0, 0.0], [len(own), len(other)])
    weight = np.where(label == 1, len(other) / len(own), 1.0)
    part = run.rng("looping", "elsewhere", "parts").permutation(len(label)) % PARTS
    chance = np.zeros(len(label))
    for k in range(PARTS):
        learned = part != k
        model = boosted(
            layout,
            rows[learned],
            label[learned],
            run,
            weight=weight[learned],
            trees=100,
            num_leaves=4,  # one's own rows are few
        )
        chance[~learned] = predictions(model, rows[~learned])
    chance = chance[len(own) :]
    return chance / np.maximum(1 - chance, 1e-9)


def _overlap(other: Dataset, own: Dataset, name: str) -> float:
    """The area that the distributions of a column's values here and elsewhere share."""
    both = pl.concat([own.frame[name], other.frame[name]])
    code = both.rank("dense").fill_null(0).to_numpy().astype(np.int64)
    if code.max() > FINEST:
        code = (both.rank() / both.count() * FINEST).fill_null(0).ceil().to_numpy().astype(np.int64)
    here, there = (
        np.bincount(part, minlength=code.max() + 1) / len(part)
        for part in (code[: len(own)], code[len(own) :])
    )
    return float(np.minimum(here, there).sum())
