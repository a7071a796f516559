"""What sort of data a schema speaks of."""

from __future__ import annotations

import pytest

from tidemill.core.modality import Modality
from tidemill.core.schema import Column, Schema

AMOUNT = Column("amount", "number")
PERSON = Column("person", "id", role="entity")
DAY = Column("day", "datetime", role="time")
PHOTO = Column("photo", "image")


@pytest.mark.parametrize(
    ("columns", "modality"),
    [
        ((), "rows"),
        ((AMOUNT,), "rows"),
        ((AMOUNT, DAY), "rows"),
        ((AMOUNT, PERSON), "rows"),
        ((AMOUNT, PERSON, DAY), "series"),
        ((AMOUNT, PHOTO), "images"),
        ((PERSON, DAY, PHOTO), "images"),
        ((AMOUNT, Column("photo", "image", role="ignore")), "rows"),
    ],
)
def test_a_modality_follows_from_kinds_and_roles(
    columns: tuple[Column, ...], modality: Modality
) -> None:
    assert Schema(columns).modality == modality


def test_the_image_is_the_one_that_is_not_ignored() -> None:
    assert Schema((Column("old", "image", role="ignore"), AMOUNT, PHOTO)).image == PHOTO
    assert Schema((AMOUNT,)).image is None
