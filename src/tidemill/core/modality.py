"""What sort of data a dataset is, and the one sentence by which a part refuses a sort that it does
not look at."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tidemill.core.schema import Schema

Modality = str
"""One of :data:`MODALITIES`."""


@dataclass(frozen=True)
class Shape:
    """How data of a modality are known, and what they are called.

    Attributes:
        holds: Whether a dataset of this schema is one of them.
        plural: What datasets of it are called.
    """

    holds: Callable[[Schema], bool]
    plural: str


def _shows_images(schema: Schema) -> bool:
    return schema.image is not None


def _holds_sounds(schema: Schema) -> bool:
    return schema.sound is not None


def _holds_tiles(schema: Schema) -> bool:
    return schema.tiles is not None


def _holds_scores(schema: Schema) -> bool:
    return schema.score is not None


def _follows_entities(schema: Schema) -> bool:
    return bool(schema.of_role("entity") and schema.of_role("time"))


MODALITIES: dict[Modality, Shape] = {
    "images": Shape(_shows_images, "images"),
    "sounds": Shape(_holds_sounds, "sounds"),
    "levels": Shape(_holds_tiles, "levels"),
    "music": Shape(_holds_scores, "music"),
    "series": Shape(_follows_entities, "series"),
    "rows": Shape(lambda schema: True, "tables"),
}
"""An image, a sound, a level or a piece of music a row, rows that are the steps of series, rows
that stand for themselves: the first that holds."""

TABLES: tuple[Modality, ...] = ("rows", "series")
"""For parts that look at rows one by one, as they may also where these are the steps of series."""

TEXTUAL: tuple[Modality, ...] = (*TABLES, "levels")
"""For formats in which every value is a text."""

EVERY: tuple[Modality, ...] = tuple(MODALITIES)
"""For parts that look at single columns, whatever stands beside them."""


def modality_of(schema: Schema) -> Modality:
    """The modality of a dataset with this schema."""
    for name, shape in MODALITIES.items():
        if name != "rows" and shape.holds(schema):
            return name
    return "rows"


def unsuited(what: str, modality: Modality) -> str:
    """The sentence by which a part refuses data of a modality.

    Example:
        >>> unsuited("the learner 'mirrored'", "rows")
        "the learner 'mirrored' is not for tables"
    """
    return f"{what} is not for {MODALITIES[modality].plural}"
