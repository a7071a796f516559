"""The state of a training on disk, so that one that was killed goes on where it was."""

from __future__ import annotations

import time
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tidemill.core import artifact
from tidemill.core.run import Run

if TYPE_CHECKING:
    from tidemill.models.deep.training import Trainer

LEAST = 2.0
"""Seconds between two checkpoints, at least."""
SHARE = 0.04
"""Of the time, writing them may take so much."""


class Checkpoint:
    """A file beside the model that is being learned.

    Args:
        path: The file.
        identity: What the training is of: a state of anything else is not gone on from.
        run: Told when a training goes on.
    """

    def __init__(self, path: Path, identity: dict[str, Any], run: Run) -> None:
        self.path, self.identity, self.run = path, identity, run
        self.due = time.monotonic() + LEAST

    def restore(self, trainer: Trainer) -> None:
        """Take the state that is on disk, if there is one and it is of this training.

        Raises:
            ArtifactError: The file is damaged.
        """
        if not self.path.exists():
            return
        manifest, documents, arrays = artifact.load(self.path)
        if manifest.get("identity") != self.identity:
            self.run.warn(
                f"{self.path} is of another training (other data, options or seed); this one "
                "begins anew",
                "learn",
            )
            return
        with artifact.trusted_shape(self.path):
            trainer.from_arrays(arrays)
            trainer.progress = type(trainer.progress)(**documents["progress"])
            if documents["unscored"]:
                trainer.progress.best = float("inf")
        self.run.emit(
            "note", "learn", f"going on after step {trainer.progress.step:,}, from {self.path}"
        )

    def maybe_keep(self, trainer: Trainer) -> None:
        """Keep the state if it is time."""
        if time.monotonic() >= self.due:
            self.keep(trainer)

    def keep(self, trainer: Trainer) -> None:
        """Keep the state now."""
        began = time.monotonic()
        unscored = trainer.progress.best == float("inf")
        progress = {**asdict(trainer.progress), **({"best": 0.0} if unscored else {})}
        artifact.save(
            self.path,
            {"identity": self.identity},
            {"progress": progress, "unscored": unscored},
            trainer.to_arrays(),
        )
        now = time.monotonic()
        self.due = now + max(LEAST, (now - began) / SHARE)
