"""A strategy in the form of an imbalanced-learn sampler: for its Pipeline and for scikit-learn's
cross-validation."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from sklearn.base import BaseEstimator

from tidemill.augmentation.strategy import Strategy
from tidemill.augmentation.training_sets import GeneratorOptions, TrainingSets
from tidemill.core.errors import DataError, InputError, OptionError
from tidemill.core.run import Run
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
    ) -> None:
        self.strategy = strategy
        self.model = model
        self.options = options
        self.seed = seed

    def fit_resample(self, X: Any, y: Any) -> tuple[Any, Any]:
        """The rows with the generated ones below, in the types that came in.

        Args:
            X: (n, columns), a pandas or polars frame or an array.
            y: (n,), without gaps.

        Raises:
            DataError: The target has gaps or fewer than two values.
        """
        strategy = _strategy(self.strategy)
        names, frame = _framed(X)
        label = pl.Series(TARGET, np.asarray(y))
        name = _free(names)
        if label.null_count() or (label.dtype.is_float() and label.is_nan().any()):
            raise DataError("the target has missing values", hint="leave these rows out")
        run = Run(self.seed)
        data = read(frame.with_columns(label.cast(pl.String).alias(name)), run, target=name)
        workshop = TrainingSets(data, GeneratorOptions(self.model, self.options or {}), run)
        made = workshop.rows(Strategy(method=strategy.method, steps=strategy.steps)).data
        self.repeats_ = max([1, *(round(1 / step.weight) for step in strategy.steps)])
        added = np.arange(len(data), len(made))
        self.sample_indices_ = np.tile(np.arange(len(data)), self.repeats_)
        return (
            _like(X, frame, made.frame[added].select(names), self.repeats_),
            _labels(y, label, made.frame[name][added], self.repeats_),
        )

    def fit(self, X: Any, y: Any) -> Sampler:
        """Nothing is kept between calls; it is there for scikit-learn's protocol."""
        return self

    @staticmethod
    def load(path: str | Path) -> Sampler:
        """The winner of a loop, from the ``strategy.json`` in its folder.

        Raises:
            InputError: There is none, or it is damaged.
        """
        file = Path(path) / "strategy.json" if Path(path).is_dir() else Path(path)
        try:
            state = json.loads(file.read_text(encoding="utf-8"))
            known = MODELS.load(state["model"]).parameters
            return Sampler(
                Strategy.from_state(state["strategy"]),
                model=state["model"],
                options=current(state["options"], known),
                seed=state["seed"],
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


def _framed(X: Any) -> tuple[list[str], pl.DataFrame]:
    if isinstance(X, pl.DataFrame):
        frame = X
    elif hasattr(X, "columns"):
        frame = pl.from_pandas(X.rename(columns=str))
    else:
        array = np.asarray(X)
        if array.ndim != 2:
            raise DataError(
                f"the rows have {array.ndim} axes, not 2", hint="give a table: rows and columns"
            )
        frame = pl.DataFrame({f"x{j}": array[:, j] for j in range(array.shape[1])}, strict=False)
    return list(frame.columns), frame


def _free(names: list[str]) -> str:
    name = TARGET
    while name in names:
        name += "_"
    return name


def _like(X: Any, frame: pl.DataFrame, added: pl.DataFrame, repeats: int) -> Any:
    typed = added.select([pl.col(name).cast(dtype) for name, dtype in frame.schema.items()])
    whole = pl.concat([*[frame] * repeats, typed])
    if isinstance(X, pl.DataFrame):
        return whole
    if hasattr(X, "columns"):
        found = whole.to_pandas()
        found.columns = X.columns
        return found.astype(X.dtypes.to_dict())
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
