"""The sounds that the checks of sounds look at, and how they show some of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tidemill.acoustics.sounds import floats, pictures
from tidemill.cleaning.base import sampled
from tidemill.core.change import Issue
from tidemill.core.dataset import Dataset
from tidemill.core.picture import Sheet
from tidemill.core.run import Run
from tidemill.core.words import percent, plural
from tidemill.imaging.sheet import strip

MOST = 20_000
"""Sounds that are looked at; of more, so many drawn at random."""
SHOWN = 12


@dataclass(frozen=True)
class Takes:
    """Sounds of training rows.

    Attributes:
        data: The rows that are looked at.
        column: The name of the column of sounds.
        values: The samples of each, from -1 to 1.
        note: A clause that says where not all were looked at.
    """

    data: Dataset
    column: str
    values: list[np.ndarray]
    note: str

    def __len__(self) -> int:
        return len(self.values)

    def issue(
        self, check: str, at: Sequence[int], one: str, more: str, action: str, title: str
    ) -> Issue:
        """What is found in the sounds at these positions, with pictures of some.

        Args:
            check: The check's name.
            at: Positions.
            one, more: What is said of one sound, and of several ("is silent", "are silent").
            action: What becomes of them.
            title: Of the pictures.
        """
        who = plural(len(at), f"sound {one}", f"sounds {more}")
        seen = pictures(self.data[self.column][list(at[:SHOWN])])
        return Issue(
            check,
            f"{who} ({percent(len(at), len(self))}{self.note}).",
            (self.column,),
            len(at),
            action=action,
            picture=Sheet(title, (strip("", seen[..., None], SHOWN),)),
        )


def takes(train: Dataset, run: Run, check: str) -> Takes:
    """The sounds of the training rows, in order."""
    few, note = sampled(train, MOST, run, "cleaning", check)
    column = train.schema.sound
    assert column is not None
    return Takes(few, column.name, floats(few[column.name]), note)


def loudness(values: np.ndarray) -> float:
    """The root of the mean square of a sound's samples."""
    return float(np.sqrt(np.mean(values**2)))
