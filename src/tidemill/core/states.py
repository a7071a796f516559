"""Values as plain JSON and back, and the JSON schema of them, each by what their types say."""

from __future__ import annotations

import inspect
import re
import types
from collections.abc import Mapping, Sequence
from dataclasses import MISSING, fields, is_dataclass
from functools import cache
from pathlib import Path
from typing import (
    Annotated,
    Any,
    ClassVar,
    Literal,
    Union,
    get_args,
    get_origin,
    get_type_hints,
)

from tidemill.core.errors import InputError

Sorts = Mapping[str, type]
"""Dataclasses that say their name in their state, as ``sort``: where a value may be of several."""
_NONE: Sorts = {}
_SCALARS: Mapping[Any, Any] = {
    str: "string",
    Path: "string",
    bool: "boolean",
    int: "integer",
    float: ["number", "null"],  # what is not finite is written as null
    types.NoneType: "null",
}
_HINT = "give what a whole run wrote, or run again"


class HasState:
    """A dataclass that gives its state.

    Attributes:
        STATE: What its state has: names of fields and properties, a pair where the key is another;
            all fields in their order where it lists nothing.
        SORTS: Types that say their name in its state.
    """

    __slots__ = ()
    STATE: ClassVar[tuple[str | tuple[str, str], ...]] = ()
    SORTS: ClassVar[Sorts] = {}

    def to_state(self) -> dict[str, Any]:
        """What is listed, as plain JSON values."""
        return to_state(self, self.SORTS)


def to_state(value: Any, sorts: Sorts = _NONE) -> Any:
    """A value as plain JSON.

    A dataclass gives what its ``STATE`` lists, or its fields in their order.

    Example:
        >>> from tidemill.core.picture import Table
        >>> to_state(Table(("a", "b"), ((1, None),), "Two"))
        {'title': 'Two', 'columns': ['a', 'b'], 'rows': [[1, None]]}
    """
    if isinstance(value, (tuple, list)):
        return [to_state(item, sorts) for item in value]
    if isinstance(value, Mapping):
        return {key: to_state(item, sorts) for key, item in value.items()}
    if isinstance(value, Path):
        return str(value)
    if not is_dataclass(value):
        return value
    kind = type(value)
    name = sort_of(kind)
    state = {"sort": name} if name in sorts else {}
    for key, name in _keys(kind):
        state[key] = to_state(getattr(value, name), sorts)
    return state


def from_state(kind: Any, state: Any, sorts: Sorts = _NONE) -> Any:
    """The value of a type whose state :func:`to_state` gave.

    Raises:
        InputError: The state is not one of this type.

    Example:
        >>> from tidemill.core.picture import Sheet
        >>> from_state(Sheet, {"title": "A sheet", "strips": []})
        Sheet(title='A sheet', strips=())
    """
    kind = get_args(kind)[0] if get_origin(kind) is Annotated else kind
    origin, inner = get_origin(kind), get_args(kind)
    if kind is Any:
        return state
    if origin in (Union, types.UnionType):
        return _one_of(inner, state, sorts)
    if is_dataclass(kind):
        return _made(kind, state, sorts)
    if origin is tuple and isinstance(state, (list, tuple)):
        return _row(inner, state, sorts)
    if origin is Mapping and isinstance(state, Mapping):
        return {key: from_state(inner[1], item, sorts) for key, item in state.items()}
    if origin is Literal and state in inner:
        return state
    if kind is float and isinstance(state, int) and not isinstance(state, bool):
        return state
    if kind in _SCALARS and type(state) is kind:
        return state
    raise InputError(f"{state!r:.40} is no {_called(kind)}", hint=_HINT)


def schema_of(kind: Any, **about: Any) -> dict[str, Any]:
    """A JSON schema (draft 2020-12) of the states of a type.

    Args:
        kind: The type; dataclasses in it become definitions, with what their docstrings say.
        **about: What to say of the schema: its title, its description.
    """
    definitions: dict[str, Any] = {}
    said = _schema(kind, definitions, getattr(kind, "SORTS", _NONE))
    schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", **about, **said}
    return schema | ({"$defs": definitions} if definitions else {})


def sort_of(kind: type) -> str:
    """What a dataclass is called in states: what its ``SORT`` says, or else its name."""
    return str(vars(kind).get("SORT", kind.__name__))


def _one_of(kinds: Sequence[Any], state: Any, sorts: Sorts) -> Any:
    """A value of one of several types: the one that it names, or else the first that it fits."""
    if isinstance(state, Mapping):
        named = sorts.get(str(state.get("sort")))
        if named in kinds:
            return from_state(named, state, sorts)
    for kind in kinds:
        try:
            return from_state(kind, state, sorts)
        except InputError:
            continue
    expected = " or ".join(_called(kind) for kind in kinds[:3])
    raise InputError(f"{state!r:.40} is no {expected}", hint=_HINT)


def _row(kinds: tuple[Any, ...], state: Sequence[Any], sorts: Sorts) -> tuple[Any, ...]:
    if kinds[-1] is Ellipsis:
        kinds = kinds[:1] * len(state)
    if len(kinds) != len(state):
        raise InputError(f"{len(state)} values stand where {len(kinds)} belong", hint=_HINT)
    return tuple(from_state(kind, item, sorts) for kind, item in zip(kinds, state, strict=True))


def _made(kind: Any, state: Any, sorts: Sorts) -> Any:
    if not isinstance(state, Mapping):
        raise InputError(f"{state!r:.40} is no {kind.__name__}", hint=_HINT)
    given = dict(state)
    name = sort_of(kind)
    if name in sorts and given.pop("sort", None) != name:
        raise InputError(f"{state!r:.40} is no {kind.__name__}", hint=_HINT)
    hints, values = _hints(kind), {}
    for one in fields(kind):
        if one.name in given:
            values[one.name] = _value(kind, one.name, hints[one.name], given.pop(one.name), sorts)
        elif one.default is MISSING and one.default_factory is MISSING:
            raise InputError(f"a {kind.__name__} has no '{one.name}'", hint=_HINT)
    if given:
        raise InputError(f"a {kind.__name__} has no place for {sorted(given)[0]!r}", hint=_HINT)
    try:
        return kind(**values)
    except ValueError as error:
        raise InputError(f"this {kind.__name__} is not whole ({error})", hint=_HINT) from error


def _value(kind: Any, name: str, wanted: Any, state: Any, sorts: Sorts) -> Any:
    """The value of a field; an error says where it stands."""
    try:
        return from_state(wanted, state, sorts)
    except InputError as error:
        if error.where:
            raise
        raise InputError(error.what, where=f"{kind.__name__}.{name}", hint=_HINT) from error


def _schema(kind: Any, definitions: dict[str, Any], sorts: Sorts) -> dict[str, Any]:
    """The schema of a type; those of dataclasses in it are put among the definitions."""
    kind = get_args(kind)[0] if get_origin(kind) is Annotated else kind
    origin, inner = get_origin(kind), get_args(kind)
    if kind in _SCALARS:
        return {"type": _SCALARS[kind]}
    if origin is Literal:
        return {"enum": list(inner)}
    if origin in (Union, types.UnionType):
        return {"anyOf": [_schema(part, definitions, sorts) for part in inner]}
    if origin is tuple and inner[-1] is not Ellipsis:
        parts = [_schema(part, definitions, sorts) for part in inner]
        return {"type": "array", "prefixItems": parts, "items": False, "minItems": len(parts)}
    if origin in (tuple, list, Sequence):
        return {"type": "array", "items": _schema(inner[0], definitions, sorts)}
    if origin is Mapping:
        return {"type": "object", "additionalProperties": _schema(inner[1], definitions, sorts)}
    if is_dataclass(kind):
        return _reference(kind, definitions, sorts)
    if isinstance(kind, type) and issubclass(kind, tuple):
        return _schema(kind.__orig_bases__[0], definitions, sorts)  # type: ignore[attr-defined]
    return {}


def _reference(kind: Any, definitions: dict[str, Any], sorts: Sorts) -> dict[str, Any]:
    name = sort_of(kind)
    if name not in definitions:
        definitions[name] = {}  # a type may hold values of its own type
        summary, texts = _said_of(kind)
        properties: dict[str, Any] = {"sort": {"const": name}} if name in sorts else {}
        for key, attribute in _keys(kind):
            said = _schema(_type_of(kind, attribute), definitions, sorts)
            about = texts.get(attribute)
            properties[key] = {**said, "description": about} if about else said
        definitions[name] = {
            "description": summary,
            "type": "object",
            "properties": properties,
            "required": list(properties),
            "additionalProperties": False,
        }
    return {"$ref": f"#/$defs/{name}"}


def _keys(kind: Any) -> list[tuple[str, str]]:
    """(key, attribute) of what the state of a dataclass has."""
    listed = getattr(kind, "STATE", None) or [one.name for one in fields(kind)]
    return [(one, one) if isinstance(one, str) else one for one in listed]


def _type_of(kind: Any, attribute: str) -> Any:
    stated = getattr(kind, attribute, None)
    if isinstance(stated, property):
        return get_type_hints(stated.fget)["return"]
    return _hints(kind)[attribute]


@cache
def _hints(kind: Any) -> dict[str, Any]:
    return get_type_hints(kind)


def _said_of(kind: Any) -> tuple[str, dict[str, str]]:
    """What the docstring of a class says of it, and of its attributes."""
    whole = inspect.getdoc(kind) or ""
    summary = " ".join(whole.partition("\n\n")[0].split())
    listed = re.search(r"^Attributes:\n((?: +.*\n?|\n(?= ))*)", whole, re.MULTILINE)
    texts = {}
    for entry in re.split(r"\n(?=    \S)", listed[1] if listed else ""):
        names, _, text = entry.strip().partition(": ")
        for name in names.split(", "):
            texts[name] = " ".join(text.split())
    return summary, texts


def _called(kind: Any) -> str:
    return getattr(kind, "__name__", str(kind))
