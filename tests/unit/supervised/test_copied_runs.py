from __future__ import annotations

import polars as pl
import pytest

from tidemill.core.dataset import Dataset
from tidemill.core.schema import Column, Schema
from tidemill.supervised.copied_runs import common_phrases, copied_parts


@pytest.mark.parametrize(
    ("text", "whole", "longest"),
    [
        ("a b c d", True, 1.0),
        ("a b c e", False, 0.75),
        ("e b c f a b", False, 1 / 3),  # "b c" of one text, "a b" of it, and never across texts
        ("d x", False, 0.5),
        ("q r", False, 0.0),
        ("a b c d a b c d", False, 0.5),
    ],
)
def test_the_longest_run(text: str, whole: bool, longest: float) -> None:
    found = copied_parts([tuple(text.split())], [tuple("abcd"), tuple("xyz")])
    assert bool(found.whole[0]) is whole
    assert float(found.longest[0]) == pytest.approx(longest)


def test_a_phrase_of_one_person_is_not_common() -> None:
    frame = pl.DataFrame(
        {"user": [*["u1"] * 9, *"abcdef"], "note": [*["My secret"] * 9, *["No comment."] * 6]}
    )
    data = Dataset(frame, Schema((Column("user", "id", "entity"), Column("note", "text"))))
    assert common_phrases(data, ["note"]) == {("no", "comment")}
