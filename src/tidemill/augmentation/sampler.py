"""A strategy in the form of an imbalanced-learn sampler: for its Pipeline and for scikit-learn's
cross-validation."""

from __future__ import annotations

import json
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from sklearn.base import BaseEstimator

from tidemill.augmentation.elsewhere import matched, prepared
from tidemill.augmentation.strategy import Strategy
from tidemill.augmentation.training_sets import GeneratorOptions, TrainingSets
from tidemill.core.columns import by_name
from tidemill.core.dataset import Dataset
from tidemill.core.errors import DataError, InputError, OptionError
from tidemill.core.frame_form import FrameForm
from tidemill.core.results_folder import refuse_unfinished
from tidemill.core.run import Run
from tidemill.io.frames import door_frame
from tidemill.io.pandas_frames import from_pandas, to_pandas
from tidemill.io.reading import read
from tidemill.models import MODELS
from tidemill.models.renamed import current

TARGET = "target"


class Sampler(BaseEstimator):  # type: ignore[misc]
    """Adds rows to training rows as a strategy says; learns its generator anew from the rows of
    each call.

    In a Pipeline of imbalanced-learn it is called on training rows only, so cross-validation stays
    honest. Columns whose values are few whole numbers are best given as pandas or polars
    categories, strings or booleans: what is a category is decided as :func:`tidemill.read` decides
    it. A weight below 1 is given by repeating the real rows, as the protocol knows no weights: of
    1/3 each real row stands three times; class weights are left to the classifier.

    Args:
        strategy: A :class:`~tidemill.augmentation.strategy.Strategy`, its plain state, or the path
            of a ``strategy.json``.
        model: The generator's registered name.
        options: Its options.
        seed: The same seed and rows give the same rows.
        also: The rows of another source and their target, ``(X, y)``, for a strategy that adds rows
            from elsewhere. Records that are tested on must not be among them.

    Example:
        >>> from sklearn.datasets import load_breast_cancer
        >>> from tidemill.augmentation.strategy import Step, Strategy
        >>> X, y = load_breast_cancer(return_X_y=True)
        >>> Xr, yr = Sampler(Strategy(steps=(Step("rare"),)),
        ...     options={"effort": "plain"}).fit_resample(X, y)
        >>> bool((yr == 0).mean() > (y == 0).mean())
        True
    """

    def __init__(
        self,
        strategy: Any = None,
        *,
        model: str = "trees",
        options: Mapping[str, Any] | None = None,
        seed: int = 0,
        also: tuple[Any, Any] | None = None,
    ) -> None:
        self.strategy = strategy
        self.model = model
        self.options = options
        self.seed = seed
        self.also = also

    def fit_resample(self, X: Any, y: Any) -> tuple[Any, Any]:
        """The rows with the generated ones below, in the types that came in.

        Args:
            X: (n, columns), a pandas or polars frame or an array.
            y: (n,), without gaps.

        Raises:
            DataError: The target has gaps, another length, or fewer than two values, or a column
                holds what no table can.
        """
        strategy = _strategy(self.strategy)
        run = Run(self.seed)
        frame, form = _framed(X, run)
        label = _label(y, len(frame))
        name = _free(frame.columns)
        data = read(frame.with_columns(label.cast(pl.String).alias(name)), run, target=name)
        also = None if self.also is None else _elsewhere(self.also, data, name, run)
        settings = GeneratorOptions(self.model, self.options or {}, also=also)
        workshop = TrainingSets(data, settings, run)
        made = workshop.rows(Strategy(method=strategy.method, steps=strategy.steps)).data
        self.repeats_ = max([1, *(round(1 / step.weight) for step in strategy.steps)])
        added = np.arange(len(data), len(made))
        self.sample_indices_ = np.tile(np.arange(len(data)), self.repeats_)
        if not len(added):
            _say_unchanged(label)
        rows = door_frame(made)[added].select(by_name(*frame.columns))
        return (
            _like(X, frame, form, rows, self.repeats_),
            _labels(y, label, made.frame[name][added], self.repeats_),
        )

    def fit(self, X: Any, y: Any) -> Sampler:
        """Nothing is kept between calls; it is there for scikit-learn's protocol."""
        return self

    @staticmethod
    def load(path: str | Path, also: tuple[Any, Any] | None = None) -> Sampler:
        """The winner of a loop, from the ``strategy.json`` in its folder.

        Args:
            path: The folder, or the file.
            also: The rows of another source, where the winner adds some.

        Raises:
            InputError: There is none, or it is damaged.
        """
        file = Path(path)
        if file.is_dir():
            refuse_unfinished(file)
            file = file / "strategy.json"
        try:
            state = json.loads(file.read_text(encoding="utf-8"))
            known = MODELS.load(state["model"]).parameters
            return Sampler(
                Strategy.from_state(state["strategy"]),
                model=state["model"],
                options=current(state["options"], known),
                seed=state["seed"],
                also=also,
            )
        except (InputError, OSError, ValueError, KeyError, TypeError) as error:
            raise InputError(
                "there is no strategy to be read",
                where=str(file),
                hint="give a folder that `tidemill loop` wrote",
            ) from error


def _strategy(given: Any) -> Strategy:
    if isinstance(given, Strategy):
        return given
    if given is None:
        return Strategy()
    if isinstance(given, Mapping):
        return Strategy.from_state(given)
    raise OptionError(
        f"a {type(given).__name__} is no strategy",
        hint="give a Strategy, or use Sampler.load(folder)",
    )


def _elsewhere(also: tuple[Any, Any], data: Dataset, target: str, run: Run) -> Dataset:
    frame, _ = _framed(also[0], run)
    label = _label(also[1], len(frame))
    other = read(frame.with_columns(label.cast(pl.String).alias(target)), run, target=target)
    return prepared(matched(other, data, run), data, None, run)


def _framed(X: Any, run: Run) -> tuple[pl.DataFrame, FrameForm]:
    """The columns, and the form in which rows are handed back."""
    if isinstance(X, pl.DataFrame):
        return X, FrameForm()
    if hasattr(X, "columns") and hasattr(X, "reset_index"):
        found = from_pandas(X.reset_index(drop=True), run)
        for name, why in found.refused.items():
            raise DataError(why, where=f"column '{name}'", hint="or leave the column out")
        return found.frame, found.form
    if hasattr(X, "tocsr"):
        raise DataError("the rows are a sparse matrix", hint="give X.toarray(), or a frame")
    array = np.asarray(X)
    if array.ndim != 2:
        raise DataError(
            f"the rows have {array.ndim} axes, not 2", hint="give a table: rows and columns"
        )
    return pl.DataFrame([_column(f"x{j}", array[:, j]) for j in range(array.shape[1])]), FrameForm()


def _column(name: str, values: np.ndarray) -> pl.Series:
    try:
        return pl.Series(name, values.tolist() if values.dtype == object else values)
    except (TypeError, pl.exceptions.PolarsError) as error:
        raise DataError(
            f"it holds objects of several types ({str(error).splitlines()[0]})",
            where=f"column '{name}'",
            hint="make them one type, or leave the column out",
        ) from error


def _label(y: Any, rows: int) -> pl.Series:
    """The target, one value a row."""
    if y is None:
        raise DataError("there is no target", hint="give y: one class a row")
    values = np.asarray(y)
    if values.ndim != 1 or len(values) != rows:
        shape = " x ".join(f"{size:,}" for size in values.shape)
        raise DataError(
            f"the target has the shape {shape}, and there are {rows:,} rows",
            hint="give one class a row",
        )
    label = pl.Series(TARGET, values.tolist() if values.dtype == object else values)
    if label.null_count() or (label.dtype.is_float() and label.is_nan().any()):
        raise DataError("the target has missing values", hint="leave these rows out")
    return label


def _say_unchanged(label: pl.Series) -> None:
    """Warn as scikit-learn does that nothing was generated."""
    counts = label.value_counts(sort=True)["count"]
    why = f"the rarest of {len(counts):,} classes has {counts[-1]:,} rows"
    if len(counts) > len(label) / 2:
        why = f"the target has {len(counts):,} different values, so it is no class"
    warnings.warn(f"No row was generated: {why}.", UserWarning, stacklevel=3)


def _free(names: list[str]) -> str:
    name = TARGET
    while name in names:
        name += "_"
    return name


def _like(X: Any, frame: pl.DataFrame, form: FrameForm, added: pl.DataFrame, repeats: int) -> Any:
    typed = added.select([by_name(name).cast(dtype) for name, dtype in frame.schema.items()])
    whole = pl.concat([*[frame] * repeats, typed])
    if isinstance(X, pl.DataFrame):
        return whole
    if form.library == "pandas":
        return to_pandas(whole, form)
    return whole.to_numpy().astype(np.asarray(X).dtype)


def _labels(y: Any, label: pl.Series, added: pl.Series, repeats: int) -> Any:
    values = np.unique(np.asarray(y))
    back = dict(zip(pl.Series(values).cast(pl.String).to_list(), values.tolist(), strict=True))
    made = np.array([back[text] for text in added.cast(pl.String)], dtype=np.asarray(y).dtype)
    whole = np.concatenate([np.tile(np.asarray(y), repeats), made])
    if isinstance(y, pl.Series):
        return pl.Series(y.name, whole, dtype=y.dtype)
    if hasattr(y, "iloc"):
        return type(y)(whole, name=y.name, dtype=y.dtype)
    return whole
