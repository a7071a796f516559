"""The state of a training on disk, so that one that was killed goes on where it was."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from tidemill.core import artifact
from tidemill.core.run import Run

LEAST = 2.0
"""Seconds between two checkpoints, at least."""
SHARE = 0.04
"""Of the time, writing them may take so much."""


class Checkpointed(Protocol):
    """A training whose state can be kept and gone on from."""

    @property
    def step(self) -> int:
        """Steps taken."""

    def to_state(self) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
        """All that goes on changing: a document and arrays."""

    def from_state(self, document: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> None:
        """Go on from there.

        Raises:
            KeyError, TypeError, ValueError: It is not the state of such a training.
        """


class Checkpoint:
    """A file beside the model that is being learned.

    Args:
        path: The file.
        identity: What the training is of: a state of anything else is not gone on from.
        run: Told when a training goes on.
    """

    def __init__(self, path: Path, identity: dict[str, Any], run: Run) -> None:
        self.path, self.identity = path, identity
        self.run = run
        self.due = time.monotonic() + LEAST

    def restore(self, training: Checkpointed) -> None:
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
            training.from_state(documents, arrays)
        self.run.emit("note", "learn", f"going on after step {training.step:,}, from {self.path}")

    def maybe_keep(self, training: Checkpointed) -> None:
        """Keep the state if it is time."""
        if time.monotonic() >= self.due:
            self.keep(training)

    def keep(self, training: Checkpointed) -> None:
        """Keep the state now."""
        began = time.monotonic()
        document, arrays = training.to_state()
        artifact.save(self.path, {"identity": self.identity}, document, arrays)
        now = time.monotonic()
        self.due = now + max(LEAST, (now - began) / SHARE)
