"""What a privacy attack on synthetic rows found: how much leaks, how sure that is, and a traffic
light."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from tidemill.core.light import Light
from tidemill.core.score import Score
from tidemill.core.states import HasState


def _nobody() -> NDArray[np.int64]:
    return np.zeros(0, np.int64)


@dataclass(frozen=True)
class Leak(HasState):
    """One attack's figure, and what it means.

    Attributes:
        attack: The registered attack.
        score: Its value is the leak: 0 where training rows are exposed no more than rows that the
            generator never saw, 1 where they are exposed as if they had been published themselves.
            Its floor is the same for rows of the ``independent`` model; its ceiling is 1.
        light: What the leak means; "not known" where the attack could not have seen a leak that
            matters.
        reason: Why the light is so, in plain words.
        limit: A leak of this size or more is red.
        exposed: Positions of the training rows that the attack exposed. Only for the data's owner:
            they are in no state and no report.
        why: How these rows were exposed, in words.
    """

    STATE = ("attack", "light", "reason", "limit", "score")

    attack: str
    score: Score
    light: Light
    reason: str
    limit: float
    exposed: NDArray[np.int64] = field(default_factory=_nobody, repr=False, compare=False)
    why: str = ""

    def __str__(self) -> str:
        return (
            f"{self.light}: {self.score.name}. {self.score.sentence or self.score.why} "
            f"{self.reason}".strip()
        )
