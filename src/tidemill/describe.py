"""The statement of a verb's options, as a surface needs it: parameters of a command, or a JSON
schema."""

from __future__ import annotations

import builtins
import inspect
import sys
import types
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from pathlib import Path
from typing import (
    Annotated,
    Any,
    Union,
    Unpack,
    get_args,
    get_origin,
    get_type_hints,
    is_typeddict,
)

import typer

from tidemill.core.errors import OptionError
from tidemill.core.options import Doc
from tidemill.core.states import schema_of

REQUIRED = inspect.Parameter.empty
_JSON = {str: "string", Path: "string", bool: "boolean", int: "integer", float: "number"}


@dataclass(frozen=True)
class Option:
    """An option of a verb or of a command.

    Attributes:
        name: Its name in Python.
        doc: What it is.
        type: The type of its value in Python.
        default: What it is where it is not given; REQUIRED where it must be.
        positional: Whether it is told by its place.
        group: The parameter that takes it with others, "" for none.
    """

    name: str
    doc: Doc
    type: Any
    default: Any = REQUIRED
    positional: bool = False
    group: str = ""

    @property
    def flag(self) -> str:
        """Its name on a command line, without dashes before it."""
        return (self.doc.flag or self.name).replace("_", "-")

    @property
    def given(self) -> Any:
        """The type in which text gives it: a number, text, path, list of texts, or a mapping."""
        if self.doc.given is not None:
            return self.doc.given
        kind = _without_none(self.type)
        origin = get_origin(kind)
        if origin is Sequence:
            return list[str]
        return dict if origin is Mapping else kind


@dataclass(frozen=True)
class Only:
    """Beside a group of options in an annotation: these of its options."""

    names: tuple[str, ...]


def options_of(function: Callable[..., Any]) -> tuple[Option, ...]:
    """The options of a function in their order, those of its groups one by one.

    A group is a ``TypedDict`` or dataclass whose fields are options, as the type of a parameter or
    unpacked to the keywords.
    """
    hints = _hints(function)
    found: list[Option] = []
    for parameter in inspect.signature(function).parameters.values():
        hint = hints.get(parameter.name)
        group, names = _group(hint)
        if group is not None:
            members = _members(group, parameter.name)
            found += [one for one in members if not names or one.name in names]
            continue
        doc = _doc(hint)
        if doc is not None:
            positional = parameter.kind is parameter.POSITIONAL_OR_KEYWORD
            kind = get_args(hint)[0]
            found.append(Option(parameter.name, doc, kind, parameter.default, positional))
    return tuple(found)


def command(
    function: Callable[..., None],
    spelled: Callable[[str], str],
    first: Callable[[Sequence[tuple[Option, Any]]], None] | None = None,
) -> Callable[..., None]:
    """The function as Typer takes it: each option a parameter of its own, groups put together
    again when it is called.

    Args:
        function: Has only options as parameters; those told by their place become arguments.
        spelled: Writes the options that a text names as a command line has them.
        first: Is given every option with its value, before the function is called.
    """
    stated = options_of(function)
    hints = _hints(function)

    def called(**values: Any) -> None:
        if first is not None:
            first([(one, values[one.name]) for one in stated])
        given: dict[str, Any] = {}
        for name, hint in hints.items():
            group, _ = _group(hint)
            if group is not None:
                members = [one for one in stated if one.group == name]
                given[name] = group(**_taken(members, values))
        given |= _taken([one for one in stated if not one.group], values)
        function(**given)

    parameters = [_parameter(one, spelled(one.doc.help)) for one in stated]
    called.__name__ = function.__name__
    called.__doc__ = function.__doc__
    called.__annotations__ = {one.name: one.annotation for one in parameters}
    called.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    return called


def pairs(texts: Sequence[str]) -> dict[str, str]:
    """What KEY=VALUE texts say.

    Raises:
        OptionError: A text has no "=".
    """
    said = {}
    for text in texts:
        key, equals, value = text.partition("=")
        if not equals:
            raise OptionError(
                f"'{text}' is no option of a model",
                hint="write KEY=VALUE, as in option 'least=30'",
            )
        said[key.strip()] = value.strip()
    return said


def schema(verb: Callable[..., Any]) -> dict[str, Any]:
    """A JSON schema of what a verb is asked."""
    stated = options_of(verb)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": verb.__name__,
        "type": "object",
        "properties": {one.name: _property(one) for one in stated},
        "required": [one.name for one in stated if one.default is REQUIRED],
        "additionalProperties": False,
    }


def result_schema(verb: Callable[..., Any]) -> dict[str, Any] | None:
    """A JSON schema of the state of what a verb gives; None where it gives data, or a file."""
    kind = _hints(verb)["return"]
    if not (isinstance(kind, type) and hasattr(kind, "to_state")):
        return None
    return schema_of(kind, title=kind.__name__)


class _Names(dict[str, Any]):
    """The names in a module's annotations; what only type checkers import stands for anything."""

    def __missing__(self, name: str) -> Any:
        return getattr(builtins, name, Any)


def _hints(of: Any) -> dict[str, Any]:
    names = _Names(vars(sys.modules[of.__module__]))
    return get_type_hints(of, localns=names, include_extras=True)


def _group(hint: Any) -> tuple[Any, tuple[str, ...]]:
    """The group of options that a parameter takes, if it does, and the names that it is kept to."""
    names: tuple[str, ...] = ()
    if get_origin(hint) is Unpack:
        [hint] = get_args(hint)
    if get_origin(hint) is Annotated:
        for extra in get_args(hint)[1:]:
            if isinstance(extra, Only):
                names = extra.names
        hint = get_args(hint)[0]
    grouped = is_typeddict(hint) or (is_dataclass(hint) and any(map(_doc, _hints(hint).values())))
    return (hint, names) if grouped else (None, ())


def _members(group: Any, name: str) -> Iterator[Option]:
    defaults = {one.name: one.default for one in fields(group)} if is_dataclass(group) else {}
    for key, hint in _hints(group).items():
        doc = _doc(hint)
        if doc is not None:
            kind = get_args(hint)[0]
            yield Option(key, doc, kind, defaults.get(key, doc.default), group=name)


def _doc(hint: Any) -> Doc | None:
    if get_origin(hint) is not Annotated:
        return None
    return next((extra for extra in get_args(hint)[1:] if isinstance(extra, Doc)), None)


def _taken(stated: Sequence[Option], values: Mapping[str, Any]) -> dict[str, Any]:
    """The values that were given, and defaults; of a group only what was given."""
    taken = {}
    for one in stated:
        value = values[one.name]
        if value is None:
            if not one.group:
                taken[one.name] = one.default
            continue
        taken[one.name] = pairs(value) if one.given is dict else value
    return taken


def _parameter(option: Option, text: str) -> inspect.Parameter:
    """An option as Typer reads it."""
    doc, given = option.doc, list[str] if option.given is dict else option.given
    default = None if option.default == () else option.default
    bounds: dict[str, Any] = {"min": doc.low, "max": doc.high}
    if option.positional:
        shown = default is not None and default is not REQUIRED
        told: Any = typer.Argument(metavar=doc.metavar, help=text, show_default=shown, **bounds)
    else:
        metavar = doc.metavar or None
        told = typer.Option(f"--{option.flag}", metavar=metavar, help=text, **bounds)
    if default is None:
        given = given | None
    return inspect.Parameter(
        option.name,
        inspect.Parameter.KEYWORD_ONLY,
        default=default,
        annotation=Annotated[given, told],
    )


def _property(option: Option) -> dict[str, Any]:
    """The schema of an option's value."""
    is_mapping = get_origin(_without_none(option.type)) is Mapping
    kind = option.type if is_mapping else option.given
    said = {**_typed(kind), "description": option.doc.help}
    if option.doc.low is not None:
        said["minimum"] = option.doc.low
    if option.doc.high is not None:
        said["maximum"] = option.doc.high
    if option.default is not REQUIRED and option.default is not None:
        said["default"] = list(option.default) if option.default == () else option.default
    return said


def _typed(kind: Any) -> dict[str, Any]:
    """The schema of a type, of those that options have."""
    kind = _without_none(kind)
    origin, parts = get_origin(kind), get_args(kind)
    if kind in _JSON:
        return {"type": _JSON[kind]}
    if origin is list:
        return {"type": "array", "items": _typed(parts[0])}
    if origin is Mapping:
        return {"type": "object", "additionalProperties": _typed(parts[1])}
    if origin in (Union, types.UnionType):
        return {"anyOf": [_typed(part) for part in parts]}
    return {}


def _without_none(kind: Any) -> Any:
    """A type without None."""
    if get_origin(kind) not in (Union, types.UnionType):
        return kind
    rest = [part for part in get_args(kind) if part is not types.NoneType]
    return rest[0] if len(rest) == 1 else Union[tuple(rest)]  # noqa: UP007
