"""What a loop has measured so far, kept on disk so that a killed loop goes on where it stopped."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import final

from tidemill.core.artifact import write_json
from tidemill.core.errors import OutputError

NAME = "loop.journal.json"
FORMAT = 1


@final
class LoopCheckpoint:
    """Figures by name; each new one is on disk before the next is measured.

    Args:
        path: The file; None keeps nothing.
        fingerprint: Of the data and all settings: a journal of other ones is of no use.

    Raises:
        OutputError: The file is another loop's.
    """

    def __init__(self, path: Path | None, fingerprint: str) -> None:
        self._path = path
        self._fingerprint = fingerprint
        self._figures: dict[str, list[float]] = {}
        if path is not None and path.exists():
            self._figures = self._stored(path)
        self.found = len(self._figures)

    def figures(self, name: str, measured: Callable[[], list[float]]) -> list[float]:
        """The figures of this name, measured now where they are not known."""
        if name not in self._figures:
            self._figures[name] = measured()
            if self._path is not None:
                write_json(
                    self._path,
                    {"format": FORMAT, "fingerprint": self._fingerprint, "figures": self._figures},
                )
        return self._figures[name]

    def done(self) -> None:
        """The loop has ended: nothing is to be resumed."""
        if self._path is not None:
            self._path.unlink(missing_ok=True)

    def _stored(self, path: Path) -> dict[str, list[float]]:
        hint = (
            "start with the same data and options, give another folder with option 'out', or add "
            "option 'overwrite' to start anew"
        )
        try:
            state = json.loads(path.read_text(encoding="utf-8"))
            figures = {
                str(name): list(map(float, values)) for name, values in state["figures"].items()
            }
            own = (state["format"], state["fingerprint"]) == (FORMAT, self._fingerprint)
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise OutputError(
                "the journal of the unfinished loop is damaged", where=str(path), hint=hint
            ) from error
        if not own:
            raise OutputError(
                "the folder holds an unfinished loop over other data or with other options",
                where=str(path),
                hint=hint,
            )
        return figures
