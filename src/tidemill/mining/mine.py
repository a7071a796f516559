"""Run the registered techniques one after the other."""

from __future__ import annotations

from collections.abc import Iterable

from tidemill.core.dataset import Dataset
from tidemill.core.finding import Finding, Findings
from tidemill.core.run import Run
from tidemill.core.words import as_sentence
from tidemill.mining import TECHNIQUES


def mine(
    train: Dataset, holdout: Dataset, run: Run, techniques: Iterable[str] | None = None
) -> Findings:
    """What the techniques find in the training rows and confirm on the held-out rows.

    Args:
        train: The rows that techniques learn from.
        holdout: The rows that all figures are taken from.
        run: Seed, threads, progress.
        techniques: Registered names, in the order wished; None for all that look at such data.

    Raises:
        OptionError: A technique is not registered.
    """
    asked = None if techniques is None else tuple(techniques)
    modality = train.schema.modality
    chosen = TECHNIQUES.chosen(modality, asked)
    for sentence in TECHNIQUES.unsuited(modality, asked).values():
        run.warn(as_sentence(sentence), "mine")
    found: list[Finding] = []
    about = "looking for " + ", ".join(chosen)
    for name, technique in run.track(tuple(chosen.items()), "mine", about):
        run.emit("note", "mine", f"looking for {name}")
        found.extend(technique(train, holdout, run))
    return Findings(found)
