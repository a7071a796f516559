"""The artefact: a fitted codec and generator that make new rows, and can be stored."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from tidemill import __version__
from tidemill.codecs.table import TableCodec
from tidemill.core import artifact
from tidemill.core.condition import parse_where
from tidemill.core.dataset import Dataset, Door
from tidemill.core.errors import DataError, OptionError
from tidemill.core.run import Run
from tidemill.core.schema import Schema
from tidemill.io.frames import to_native
from tidemill.models import MODELS
from tidemill.models.base import Generator

MIN_ROWS = 20
MAX_SAMPLE = 100_000_000

Where = Mapping[str, Any] | Sequence[str] | None

PRIVACY_NOTE = (
    "The model keeps no row. It keeps: values of a numeric column that at least 5 training rows share, and bounds between "
    "values otherwise, at least 5 rows apart (a column's smallest and largest value may serve as the outermost bounds); "
    "names of categories with at least 5 rows, or all of them where most are rarer, which is then warned of; forms of ids "
    "and the largest number in them; frequent words; and trees whose questions are asked of these."
)


class Synthesizer:
    """A model of a table: :meth:`sample` makes new rows, :meth:`save` and :meth:`load` keep it.

    Made by :func:`tidemill.fit`.

    Attributes:
        schema: The columns that it makes.
        manifest: How it was made: model, seed, rows, versions, and how far learning got.
    """

    def __init__(self, codec: TableCodec, generator: Generator, manifest: Mapping[str, Any]) -> None:
        self._codec = codec
        self._generator = generator
        self.manifest: dict[str, Any] = dict(manifest)

    @property
    def schema(self) -> Schema:
        """The columns that it makes."""
        return self._codec.schema

    @property
    def complete(self) -> bool:
        """Whether learning went to its end."""
        return self._generator.steps_done == self._generator.steps_planned

    @staticmethod
    def fit(data: Dataset, run: Run, model: str = "trees") -> Synthesizer:
        """Learn a dataset as it is.

        Raises:
            DataError: There are too few rows, or no column to learn.
            OptionError: There is no such model.
        """
        generator_class = MODELS.load(model)
        if len(data) < MIN_ROWS:
            raise DataError(f"{len(data)} rows are too few to learn from", where=data.name,
                            hint=f"give at least {MIN_ROWS} rows")
        codec = TableCodec().fit(data, run)
        if not codec.spec.reals and not codec.spec.codes:
            raise DataError("no column can be learned: all are ids, free text or ignored", where=data.name,
                            hint="give a kind to a column with --schema")
        generator = generator_class().fit(codec.spec, codec.encode(data), run)
        manifest = {
            "model": model, "seed": run.seed, "rows": len(data), "name": data.name, "door": data.door,
            "versions": versions(), "schema": data.schema.fingerprint(),
            "steps_done": generator.steps_done, "steps_planned": generator.steps_planned,
        }
        return Synthesizer(codec, generator, manifest)

    def sample(self, n: int, where: Where = None, *, seed: int = 0, run: Run | None = None) -> Any:
        """New rows as the kind of frame that the model learned from (polars for a file).

        Args:
            n: How many.
            where: Values that every row shall have: ``{"plan": "team"}`` or ``["plan=team"]``.
            seed: Another seed gives other rows.
            run: For progress and cancelling; its seed takes the place of ``seed``.

        Raises:
            ConditionError: The values never occur.
            OptionError: n is negative or beyond 100,000,000.
        """
        return to_native(self.sample_dataset(n, where, run=run or Run(seed)))

    def sample_dataset(self, n: int, where: Where = None, *, run: Run, round_number: int = 1) -> Dataset:
        """New rows as a Dataset whose origin says that they were generated."""
        if not 0 <= n <= MAX_SAMPLE:
            raise OptionError(f"{n:,} rows cannot be made", hint=f"ask for 0 to {MAX_SAMPLE:,} rows")
        condition = parse_where(where, self.schema)
        known = self._codec.known(condition) if condition.tests else None
        rng = run.rng("sample", round_number)
        made = self._codec.decode(self._generator.sample(n, rng, known, run), rng, name=self.manifest["name"])
        door: Door = self.manifest["door"]
        origin = pl.repeat(round_number, n, dtype=pl.Int16, eager=True)
        return Dataset(made.frame, made.schema, origin=origin, name=made.name, door=door)

    def save(self, path: str | Path, *, overwrite: bool = False) -> Path:
        """Store the model; the same model gives the same bytes.

        Raises:
            OutputError: The file exists, or cannot be written.
        """
        document, arrays = self._generator.to_state()
        artifact.save(Path(path), self.manifest, {"codec": self._codec.to_state(), "generator": document}, arrays,
                      overwrite=overwrite)
        return Path(path)

    @staticmethod
    def load(path: str | Path) -> Synthesizer:
        """A stored model.

        Raises:
            ArtifactError: The file is damaged, hostile, or of another format.
        """
        path = Path(path)
        manifest, documents, arrays = artifact.load(path)
        with artifact.trusted_shape(path):
            if manifest["model"] not in MODELS:
                raise ValueError(f"there is no model called {manifest['model']!r}")
            if manifest["door"] not in ("polars", "pandas", "pyarrow"):
                raise ValueError("unknown kind of frame")
            codec = TableCodec.from_state(documents["codec"])
            generator = MODELS.load(manifest["model"]).from_state(codec.spec, documents["generator"], arrays)
            return Synthesizer(codec, generator, {k: v for k, v in manifest.items() if k not in ("format", "sha256")})

    def __repr__(self) -> str:
        m = self.manifest
        return f"model of {m['name']}: {m['model']}, {m['rows']:,} rows, {len(self.schema):,} columns, seed {m['seed']}"

    def _repr_html_(self) -> str:
        m = self.manifest
        part = "" if self.complete else f", stopped after {m['steps_done']:,} of {m['steps_planned']:,} steps"
        return (f"<p><b>model of {html.escape(m['name'])}</b>: {html.escape(m['model'])}, learned from {m['rows']:,} rows "
                f"and {len(self.schema):,} columns with seed {m['seed']}{part}</p>")


def versions() -> dict[str, str]:
    """The versions that decide about the bytes of a result."""
    import lightgbm
    import sklearn

    return {"tidemill": __version__, "polars": pl.__version__, "numpy": np.__version__,
            "lightgbm": lightgbm.__version__, "scikit-learn": sklearn.__version__}
