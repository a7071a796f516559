"""The traffic light of privacy: its colours, and the worst of several."""

from __future__ import annotations

from typing import Literal

Light = Literal["green", "not known", "amber", "red"]
LIGHTS: tuple[Light, ...] = ("green", "not known", "amber", "red")
"""From the best to the worst."""


def worst(lights: list[Light]) -> Light:
    """The worst of several lights; "not known" where there is none.

    Example:
        >>> worst(["green", "not known"]), worst(["amber", "not known"]), worst([])
        ('not known', 'amber', 'not known')
    """
    return max(lights, key=LIGHTS.index, default="not known")
