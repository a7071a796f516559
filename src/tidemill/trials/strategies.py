"""Generated rows as a strategy: a table that is at hand, or a sampler that makes them anew in each
fold."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, replace
from typing import Any, Protocol, runtime_checkable

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tidemill.core.columns import by_name
from tidemill.core.dataset import Dataset
from tidemill.core.errors import DataError, TidemillError
from tidemill.core.frame_form import FrameLibrary
from tidemill.core.run import Run
from tidemill.io.frames import to_native
from tidemill.supervised.arrays import Features, features
from tidemill.supervised.points import Points, learn_embedding, nearest
from tidemill.trials.problem import Problem
from tidemill.trials.trial import Arm, TrialRows


@runtime_checkable
class Resampler(Protocol):
    """What imbalanced-learn calls a sampler."""

    def fit_resample(self, X: Any, y: Any) -> tuple[Any, Any]:
        """The rows to learn from, made from real ones."""


def table(train: Dataset, synthetic: Dataset, problem: Problem, run: Run) -> Arm:
    """Real rows and those rows of a table whose nearest real row is among them.

    Whoever made the table may have seen all real rows, also those that a fold is tested on; in the
    extreme the table is a copy of them. So each generated row belongs to its nearest real row, and
    is learned from only where that one is. Of real rows that are equal, each is given its part of
    what is nearest to them.

    Args:
        train: All real rows; folds are made of these.
        synthetic: The generated rows, with the same columns.
        problem: What is predicted.
        run: Its stream decides on ties.
    """
    homes = _homes(train, synthetic, problem, run)
    plain = _plain(synthetic, train, homes.all)

    def make(data: Dataset, own: Run) -> TrialRows:
        real = _plain(data, train, homes.all)
        generated = plain.frame.filter(homes.among(data))
        return TrialRows(replace(real, frame=pl.concat([real.frame, generated])))

    return Arm("generated rows", "generated", once(make))


def sampler(model: Resampler, problem: Problem, name: str = "") -> Arm:
    """What a sampler makes of the real rows of each fold, which is all that it sees.

    It is copied for each fold; where its ``random_state`` is None, it is given one, so that results
    can be repeated. It is handed the columns to learn from and the target: pandas where the real
    rows came so, or where it is one of imbalanced-learn's own, which know no other frames; else
    polars.

    Raises:
        DataError: It fails, or gives back something else than rows.
    """
    pandas_only = type(model).__module__.partition(".")[0] == "imblearn"

    def make(data: Dataset, run: Run) -> TrialRows:
        library: FrameLibrary = "pandas" if pandas_only else "polars"
        if data.frame_library == "pandas":
            library = "pandas"
        columns, target = native(data, problem, library)
        try:
            made = fresh(model, run).fit_resample(columns, target)
        except TidemillError:
            raise
        except Exception as error:  # of somebody else's code: anything
            raise DataError(
                f"the sampler {type(model).__name__} failed: {error}",
                where=data.name,
                hint="try it on the columns to learn from and the target by itself",
            ) from error
        return TrialRows(returned(made, data, problem))

    return Arm(name or type(model).__name__, "generated", once(make))


def once(make: Callable[[Dataset, Run], TrialRows]) -> Callable[[Dataset, Run], TrialRows]:
    """The same, but asked again for the same rows at once it gives what it gave; its control asks
    for the counts of it."""
    last: list[tuple[Dataset, int, TrialRows]] = []

    def remembering(data: Dataset, run: Run) -> TrialRows:
        if not last or last[0][0] is not data or last[0][1] != run.seed:
            last[:] = [(data, run.seed, make(data, run))]
        return last[0][2]

    return remembering


def native(
    data: Dataset, problem: Problem, frame_library: FrameLibrary = "polars"
) -> tuple[Any, Any]:
    """The columns to learn from and the target of rows that have one, for a sampler."""
    names = [column.name for column in problem.inputs]
    known = data.frame.filter(by_name(problem.target.name).is_not_null())
    frame = to_native(known.select(by_name(*names, problem.target.name)), frame_library)
    return frame[names], frame[problem.target.name]


def fresh(model: Resampler, run: Run) -> Resampler:
    """A copy of a sampler that has learned nothing, with a random state of its own where it had
    none."""
    if not hasattr(model, "get_params"):
        return deepcopy(model)
    from sklearn.base import clone

    copy = clone(model)
    if "random_state" in copy.get_params() and copy.get_params()["random_state"] is None:
        copy.set_params(random_state=run.seed_of("sampler"))
    return copy


def returned(made: tuple[Any, Any], data: Dataset, problem: Problem) -> Dataset:
    """What a sampler gave back, as rows of the real ones' columns.

    Raises:
        DataError: It gave something else.
    """
    names = [column.name for column in problem.inputs]
    try:
        rows, target = made
        series = [_series(name, rows[name]) for name in names]
        frame = pl.DataFrame([*series, _series(problem.target.name, target)])
    except (TypeError, ValueError, KeyError, IndexError, pl.exceptions.PolarsError) as error:
        raise DataError(
            f"the sampler gave back no rows of the columns that it was given ({error})",
            where=data.name,
            hint="fit_resample(X, y) must return a frame with the columns of X, "
            "and as many targets",
        ) from error
    shaped = data.select([*names, problem.target.name])
    return _plain(replace(shaped, frame=frame, origin=None), data, [problem.target.name, *names])


def _series(name: str, values: Any) -> pl.Series:
    if type(values).__module__.partition(".")[0] == "pandas":
        column: Any = pl.from_pandas(values)  # knows pandas' several ways of saying "missing"
        return column.alias(name)
    if not isinstance(values, pl.Series):
        values = np.asarray(values)
    return pl.Series(name, values, strict=False)


def _plain(rows: Dataset, like: Dataset, names: list[str]) -> Dataset:
    """The columns of these names in types that hold every value: a sampler's means of whole numbers
    are no whole numbers."""

    def shaped(name: str) -> pl.Expr:
        dtype = like.frame[name].dtype
        if dtype.is_numeric():
            return by_name(name).cast(pl.Float64).fill_nan(None)
        if dtype.is_nested():  # images or sounds
            return by_name(name).cast(dtype)
        return by_name(name).cast(dtype if dtype.is_temporal() else pl.String)

    try:
        frame = rows.frame.select(map(shaped, names))
    except pl.exceptions.PolarsError as error:
        raise DataError(
            f"generated rows have values of another kind than the real ones ({error})",
            where=rows.name,
            hint="give rows with the columns and kinds of the training rows",
        ) from error
    return replace(rows, frame=frame, schema=rows.schema.select(names), origin=None)


@dataclass(frozen=True)
class _Homes:
    """To which real rows generated ones belong.

    Attributes:
        key: For each generated row the hash of the real row, (m,).
        place: Which of the real rows of that hash it is, counted from 0, (m,).
        inputs, all: Names of the columns to learn from, and the same with the target.
    """

    key: NDArray[np.uint64]
    place: NDArray[np.int64]
    inputs: list[str]
    all: list[str]

    def among(self, data: Dataset) -> NDArray[np.bool_]:
        """(m,) whether the real row is one of these."""
        counts = _counts(data, self.inputs, self.all)
        return self.place < _looked_up(self.key, counts).fill_null(0).to_numpy()


def _homes(train: Dataset, synthetic: Dataset, problem: Problem, run: Run) -> _Homes:
    """The nearest real row of each generated one by the columns to learn from.

    The target has no part in the distance: else a generated row that says otherwise than the tested
    row beside it would belong to another one and stay, while one that says the same would be left
    out, and all would look worse than they are. Where several real rows are equal but for the
    target, it belongs to one with the same target, if there is such.
    """
    inputs = [column.name for column in problem.inputs]
    both = [*inputs, problem.target.name]
    layout, (real, made) = features((train, synthetic), problem.inputs)
    # so that of rows equally near any may be found
    order = run.rng("proof", "ties").permutation(len(train))
    embed = learn_embedding(layout, real, run) if real.pixels is None else _flat
    positions, _ = nearest(embed(made), embed(real.rows(order)), run)
    at = train.frame[order[positions]]
    target = train.frame[problem.target.name]
    says = synthetic.frame[problem.target.name].cast(target.dtype, strict=False)
    by_inputs = _hashes(at, inputs)
    by_all = _hashes(at.with_columns(says), both)
    counts = _counts(train, inputs, both)
    key = np.where(np.isin(by_all, counts["key"].to_numpy()), by_all, by_inputs)
    rows = _looked_up(key, counts).to_numpy()
    return _Homes(key, run.rng("proof", "homes").integers(rows), inputs, both)


def _flat(rows: Features) -> Points:
    """(n, values of an image) from 0 to 1: images are near each other where their pixels are,
    sounds where their pictures are."""
    assert rows.pixels is not None
    return np.divide(rows.pixels.reshape(len(rows), -1), 255, dtype=np.float32)


def _counts(data: Dataset, inputs: list[str], both: list[str]) -> pl.DataFrame:
    """Hashes of real rows, with and without the target, and how many rows have them."""
    hashes = np.concatenate([_hashes(data.frame, inputs), _hashes(data.frame, both)])
    return pl.Series("key", hashes).value_counts(name="rows")


def _looked_up(key: NDArray[np.uint64], counts: pl.DataFrame) -> pl.Series:
    """(n,) the number of rows of each key, null for a key that has none."""
    keys = pl.DataFrame({"key": key})
    return keys.join(counts, on="key", how="left", maintain_order="left")["rows"]


def _hashes(frame: pl.DataFrame, names: list[str]) -> NDArray[np.uint64]:
    return frame.select(by_name(*names)).hash_rows().to_numpy()
