from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator, ValidationError

from tidemill.core.errors import InputError
from tidemill.core.states import from_state, schema_of, to_state


@dataclass(frozen=True)
class Leaf:
    """A leaf of a tree.

    Attributes:
        colour: Of its upper side,
            as the eye sees it.
        width, length: In cm.
    """

    colour: Literal["green", "red"]
    width: float = 1.0
    length: float | None = None


@dataclass(frozen=True)
class Twig:
    """A twig."""

    leaves: tuple[Leaf, ...]
    marks: Mapping[str, int] = field(default_factory=dict)
    twigs: tuple[Twig | Leaf, ...] = ()
    ends: tuple[str, bool] = ("", False)


@dataclass(frozen=True)
class Branch:
    """A branch that shows less than it has."""

    STATE: ClassVar = ("size", ("first", "name"))

    name: str
    twigs: tuple[Twig, ...] = ()

    @property
    def size(self) -> int:
        """How many twigs."""
        return len(self.twigs)


numbers = st.floats(0, 9)
leaves = st.builds(Leaf, st.sampled_from(["green", "red"]), numbers, st.none() | numbers)
rows = st.lists(leaves, max_size=3).map(tuple)
bare = st.builds(Twig, rows)
marks = st.dictionaries(st.text(max_size=3), st.integers(), max_size=3)
ends = st.tuples(st.text(max_size=3), st.booleans())
twigs = st.builds(Twig, rows, marks, st.lists(bare | leaves, max_size=3).map(tuple), ends)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(twigs)
def test_a_value_comes_back_from_its_state(twig: Twig) -> None:
    state = json.loads(json.dumps(to_state(twig)))
    assert from_state(Twig, state) == twig
    Draft202012Validator(schema_of(Twig)).validate(state)


@pytest.mark.parametrize(
    ("state", "where"),
    [
        ([], ""),
        ({}, ""),
        ({"leaves": [{"colour": "blue"}]}, "Leaf.colour"),
        ({"leaves": [{"colour": "red", "width": "1"}]}, "Leaf.width"),
        ({"leaves": [{"colour": "red", "width": True}]}, "Leaf.width"),
        ({"leaves": [], "marks": {"a": 1.5}}, "Twig.marks"),
        ({"leaves": [], "ends": ["", False, 1]}, "Twig.ends"),
        ({"leaves": [], "bark": 1}, ""),
    ],
)
def test_what_is_not_whole_is_refused(state: Any, where: str) -> None:
    with pytest.raises(InputError) as refused:
        from_state(Twig, state)
    assert (refused.value.where or "") == where
    with pytest.raises(ValidationError):
        Draft202012Validator(schema_of(Twig)).validate(state)


def test_a_state_has_what_is_listed() -> None:
    assert to_state(Branch("low", (Twig(()),))) == {"size": 1, "first": "low"}
    assert schema_of(Branch)["$defs"]["Branch"]["properties"] == {
        "size": {"type": "integer"},
        "first": {"type": "string"},
    }


def test_a_value_of_several_types_can_say_its_own() -> None:
    sorts = {"Leaf": Leaf, "Twig": Twig}
    state = to_state(Leaf("red"), sorts)
    assert state == {"sort": "Leaf", "colour": "red", "width": 1.0, "length": None}
    assert from_state(Twig | Leaf, state, sorts) == Leaf("red")
    with pytest.raises(InputError):
        from_state(Twig | Leaf, {**state, "sort": "Bark"}, sorts)


def test_a_schema_says_what_docstrings_say() -> None:
    leaf = schema_of(Leaf)["$defs"]["Leaf"]
    assert leaf["description"] == "A leaf of a tree."
    assert leaf["properties"]["colour"]["description"] == "Of its upper side, as the eye sees it."
    assert leaf["properties"]["length"]["description"] == "In cm."
