"""Sounds as pictures, and a classifier of these that needs no network."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np

from tidemill.acoustics.sounds import HEARD, pictures
from tidemill.core.dataset import Dataset
from tidemill.imaging.pixels import images
from tidemill.supervised.arrays import Floats, Pixels

PENALTY = 10.0


def pictured(data: Dataset, bands: int = HEARD[0], columns: int = HEARD[1]) -> Dataset:
    """The same rows with pictures in the place of their sounds, for what looks at images."""
    column = data.schema.sound
    assert column is not None
    shown = images(column.name, pictures(data[column.name], bands, columns))
    seen = replace(column, kind="image", dtype="Array", spelling=None)
    return replace(
        data, frame=data.frame.with_columns(shown), schema=data.schema.replacing(seen), origin=None
    )


@dataclass(frozen=True)
class Hearing:
    """A support vector machine with Gaussian kernels, on standardised pictures of sounds.

    Attributes:
        classes: The labels, sorted, in the order of :meth:`chances`.
    """

    classes: np.ndarray
    _machine: Any

    @classmethod
    def learned(cls, pictures: Pixels, labels: np.ndarray, weight: Floats | None = None) -> Self:
        """Trained on labelled pictures.

        Args:
            pictures: (n, bands, columns, 1) uint8.
            labels: (n,) of two classes or more.
            weight: How much each counts, (n,); all alike by default.
        """
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import StandardScaler
        from sklearn.svm import SVC

        machine = make_pipeline(StandardScaler(), SVC(C=PENALTY, decision_function_shape="ovr"))
        machine.fit(_flat(pictures), labels, svc__sample_weight=weight)
        return cls(machine.classes_, machine)

    def said(self, pictures: Pixels) -> np.ndarray:
        """(n,) the label that each is taken for."""
        return np.asarray(self._machine.predict(_flat(pictures)))

    def chances(self, pictures: Pixels) -> Floats:
        """(n, classes) from 0 to 1, one in sum; the more, the clearer a class wins."""
        won = np.asarray(self._machine.decision_function(_flat(pictures)), dtype=float)
        if won.ndim == 1:
            won = np.column_stack([-won, won])
        raised = np.exp(2 * (won - won.max(axis=1, keepdims=True)))
        return raised / raised.sum(axis=1, keepdims=True)


def _flat(pictures: Pixels) -> Floats:
    return pictures.reshape(len(pictures), -1).astype(float)
