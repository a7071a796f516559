"""Sounds that repeat another one are reported; under another label, as a warning."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from tidemill.cleaning.base import Check, Diagnosis
from tidemill.cleaning.sounds.takes import Takes, takes
from tidemill.core.change import Issue
from tidemill.core.dataset import Dataset
from tidemill.core.run import Run
from tidemill.imaging.pixels import labels

QUIET = 0.01
"""What is not louder at a sound's ends is not compared: copies may be cut in another place."""


def diagnose(train: Dataset, run: Run) -> Diagnosis:
    """Find sounds whose samples are those of an earlier one, whatever silence is around them."""
    heard = takes(train, run, "repeated_sounds")
    first = _first(heard)
    again = [at for at, other in enumerate(first) if other != at]
    if not again:
        return Diagnosis()
    action = (
        "kept; if they are mistakes, remove them: repeats make every score look better than it is"
    )
    issue = heard.issue(
        "repeated_sounds",
        again,
        "repeats an earlier one",
        "repeat an earlier one",
        action,
        "Sounds that repeat another",
    )
    issues: list[Issue] = [issue]
    said = labels(heard.data)
    if said is not None:
        other = [at for at in again if said[at] != said[first[at]]]
        if other:
            contrary = heard.issue(
                "repeated_sounds",
                other,
                "repeats one with another label",
                "repeat ones with another label",
                "kept; find out which of the labels are right",
                "The same under different labels",
            )
            issues.append(replace(contrary, severity="warning"))
    return Diagnosis(tuple(issues))


def _first(heard: Takes) -> list[int]:
    """(n,) where each sound occurs first."""
    known: dict[bytes, int] = {}
    places = []
    for at, values in enumerate(heard.values):
        loud = np.flatnonzero(np.abs(values) > QUIET)
        inner = values[loud[0] : loud[-1] + 1] if len(loud) else values
        places.append(known.setdefault(inner.tobytes(), at))
    return places


CHECK = Check(diagnose)
