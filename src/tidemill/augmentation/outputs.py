"""A loop's output folder: verdict, winning strategy, the rows it adds, the report, and the journal
while it runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import polars as pl

from tidemill.augmentation import checkpoint as journal
from tidemill.augmentation.checkpoint import LoopCheckpoint
from tidemill.augmentation.loop import LoopOptions, LoopResult, fingerprint
from tidemill.core.artifact import write_json
from tidemill.core.dataset import Dataset
from tidemill.core.run import Run
from tidemill.io.writing import write_frame

OUTPUTS = ("verdict.json", "strategy.json", "generated.parquet", "report.json", "report.html")
FILES = (*OUTPUTS, journal.NAME)
"""All that is written to the folder, at the end or on the way."""


def opened(
    path: Path, data: Dataset, run: Run, asked: LoopOptions, *, overwrite: bool = False
) -> LoopCheckpoint:
    """The journal of a folder: that of an unfinished loop over the same data with the same settings
    is gone on with.

    Raises:
        OutputError: The unfinished loop is another one.
    """
    said = fingerprint(data, run, asked)
    if overwrite:
        (path / journal.NAME).unlink(missing_ok=True)
    found = LoopCheckpoint(path / journal.NAME, said)
    if found.found:
        run.emit(
            "note",
            "loop",
            f"going on with an unfinished loop: {found.found:,} figures are known already",
        )
    return found


def written(path: Path, looped: LoopResult, run: Run) -> None:
    """Write what the loop gave to a folder that holds nothing of another one."""
    write_json(path / "verdict.json", {**looped.verdict.to_state(), "stopped": looped.stopped})
    write_json(path / "strategy.json", strategy_state(looped, run))
    if looped.generated is not None:
        write_frame(
            marked(looped.generated, looped.origins), path / "generated.parquet", overwrite=True
        )
    if looped.report is not None:
        write_json(path / "report.json", looped.report.to_state())
        looped.report.save(path / "report.html", overwrite=True)


def strategy_state(looped: LoopResult, run: Run) -> Mapping[str, Any]:
    """What :meth:`tidemill.augmentation.sampler.Sampler.load` reads."""
    settings = looped.settings
    return {
        "strategy": looped.strategy.to_state(),
        "words": str(looped.strategy),
        "model": settings.model,
        "options": dict(settings.options),
        "learner": settings.learner,
        "seed": run.seed,
    }


def marked(generated: Dataset, origins: Sequence[str]) -> pl.DataFrame:
    """The generated rows, with their round and what they were made for in two further columns."""
    frame = generated.frame
    marks = {
        "generated in round": generated.origin,
        "generated for": pl.Series(origins, dtype=pl.String),
    }
    names = [name if name not in frame.columns else f"{name} (Tidemill)" for name in marks]
    return frame.with_columns(**dict(zip(names, marks.values(), strict=True)))
