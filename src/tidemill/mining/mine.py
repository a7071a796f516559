"""Run the registered techniques one after the other."""

from __future__ import annotations

from collections.abc import Iterable

from tidemill.core.dataset import Dataset
from tidemill.core.finding import Finding, Findings
from tidemill.core.run import Run
from tidemill.mining import TECHNIQUES


def mine(
    train: Dataset, holdout: Dataset, run: Run, techniques: Iterable[str] | None = None
) -> Findings:
    """What the techniques find in the training rows and confirm on the held-out rows.

    Args:
        train: The rows that techniques learn from.
        holdout: The rows that all figures are taken from.
        run: Seed, threads, progress.
        techniques: Registered names, in the order wished; None for all.

    Raises:
        OptionError: A technique is not registered.
    """
    names = tuple(TECHNIQUES if techniques is None else techniques)
    loaded = [(name, TECHNIQUES.load(name)) for name in names]
    found: list[Finding] = []
    for name, technique in run.track(loaded, "mine", "looking for " + ", ".join(names)):
        run.emit("note", "mine", f"looking for {name}")
        found.extend(technique(train, holdout, run))
    return Findings(found)
