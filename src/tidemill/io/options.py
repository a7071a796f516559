"""What the user says about columns: a schema file in TOML, and roles by option."""

from __future__ import annotations

import datetime as dt
import tomllib
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from tidemill.core.errors import SchemaError
from tidemill.core.schema import KINDS, ROLES, RULE_KINDS, Kind, Role, Rule
from tidemill.core.words import shortlist
from tidemill.io.bounds import MAX_SETTINGS

_YES_NO = ("true", "false")
_SETTINGS = {"kind": KINDS, "role": ROLES, "personal": _YES_NO, "keep": _YES_NO}
SINGLE_ROLES: tuple[Role, ...] = ("target", "time")
"""Roles that one column can have."""


@dataclass(frozen=True)
class ColumnOverrides:
    """What the user wants of columns.

    Attributes:
        kinds, roles: By column name.
        rules: What must always hold.
        personal: Column name -> whether it holds personal data, where the user says so.
        kept: Columns whose values are to be learned as they are, be they personal or rare.
    """

    kinds: Mapping[str, Kind] = field(default_factory=dict)
    roles: Mapping[str, Role] = field(default_factory=dict)
    rules: tuple[Rule, ...] = ()
    personal: Mapping[str, bool] = field(default_factory=dict)
    kept: frozenset[str] = frozenset()


def column_overrides(
    names: list[str],
    schema: str | Path | None,
    *,
    target: str | None = None,
    ignore: Iterable[str] = (),
    id: Iterable[str] = (),
    sensitive: Iterable[str] = (),
    time: str | None = None,
    entity: str | None = None,
    keep: Iterable[str] = (),
) -> ColumnOverrides:
    """What a schema file and options say of columns; an option beats the file.

    Args:
        names: The columns that there are.
        schema: A TOML file with a table for each column: ``[columns.age]``, ``kind = "number"``,
            ``role = "feature"``; and one for each rule: ``[[rules]]``, ``kind = "a<=b"``, ``columns
            = ["start", "end"]``; a range has ``low`` and ``high``. A column may also have
            ``personal = true`` or ``false``, and ``keep = true``.
        target, time, entity: One column's name, or None.
        ignore, id, sensitive, keep: Columns' names; one name may be given as a text.

    Raises:
        SchemaError: The file cannot be read, or there is no such column, kind, role or rule, or a
            column gets two roles.
    """
    content = {} if schema is None else _content(Path(schema))
    said = _columns(content.get("columns", {}), str(schema), names)
    kinds: dict[str, Kind] = _settings(said, "kind")
    roles: dict[str, Role] = _settings(said, "role")
    rules = []
    for number, table in enumerate(content.get("rules", []), 1):
        rules.append(_rule(table, f"{schema}, [[rules]] number {number}", names))
    chosen: dict[str, Role] = {}
    options: dict[Role, str | Iterable[str] | None] = {
        "ignore": ignore,
        "sensitive": sensitive,
        "target": target,
        "time": time,
        "entity": entity,
    }
    for role, given in options.items():
        for wish in _as_list(given):
            name = _name_of(wish, names, f"option '{role}'")
            if chosen.setdefault(name, role) != role:
                raise SchemaError(
                    f"the column '{name}' cannot be both {chosen[name]} and {role}",
                    hint="give it one role",
                )
    for single in SINGLE_ROLES:
        if single in chosen.values():  # an option beats the file
            roles = {name: role for name, role in roles.items() if role != single}
        named = [name for name, role in roles.items() if role == single]
        if len(named) > 1:
            columns = " and ".join(f"'{name}'" for name in named[:4])
            raise SchemaError(
                f'only one column can have role = "{single}", and {columns} have it',
                where=str(schema),
                hint="take the role from the others",
            )
    for wish in _as_list(id):
        kinds[_name_of(wish, names, "option 'id'")] = "id"
    kept = {name for name, wanted in _settings(said, "keep").items() if wanted}
    kept.update(_name_of(wish, names, "option 'keep'") for wish in _as_list(keep))
    return ColumnOverrides(
        kinds, {**roles, **chosen}, tuple(rules), _settings(said, "personal"), frozenset(kept)
    )


def _as_list(given: str | Iterable[str] | None) -> list[str]:
    if given is None:
        return []
    if isinstance(given, str):
        return [given]
    return list(given)


def _name_of(name: str, names: list[str], where: str) -> str:
    """The column that is meant: the very name, else the only one that differs in case, blanks or
    the way its accents are stored.

    Raises:
        SchemaError: There is none.
    """
    if name in names:
        return name
    alike = [other for other in names if _folded(other) == _folded(name)]
    if len(alike) == 1:
        return alike[0]
    near = get_close_matches(name, names, n=3, cutoff=0.5)
    if not near:
        near = alike
    hint = f"the columns are: {shortlist(names, 12)}"
    if near:
        hint = "did you mean " + " or ".join(f"'{other}'" for other in near) + "?"
    raise SchemaError(f"there is no column '{name}'", where=where, hint=hint)


def _folded(name: str) -> str:
    return " ".join(unicodedata.normalize("NFC", name).split()).casefold()


def _columns(
    tables: Mapping[str, Any], path: str, names: list[str]
) -> dict[str, Mapping[str, Any]]:
    """Column name -> its settings, each of a known value."""
    said: dict[str, Mapping[str, Any]] = {}
    for wish, settings in tables.items():
        where = f"{path}, [columns.{wish}]"
        name = _name_of(wish, names, where)
        if not isinstance(settings, dict):
            raise SchemaError(
                "this is no table of kind and role",
                where=where,
                hint='write kind = "number" below it',
            )
        for key, value in settings.items():
            if key not in _SETTINGS:
                raise SchemaError(
                    f"'{key}' is no setting of a column",
                    where=where,
                    hint="settings are kind, role, personal and keep",
                )
            if isinstance(value, bool) != (_SETTINGS[key] == _YES_NO):
                raise SchemaError(
                    f"'{value}' is no {key}",
                    where=where,
                    hint=f"write {key} = {_SETTINGS[key][0]}",
                )
            if not isinstance(value, bool) and value not in _SETTINGS[key]:
                known = _SETTINGS[key]
                raise SchemaError(
                    f"'{value}' is no {key}",
                    where=where,
                    hint=f"{_nearest(value, known)}{key}s are {', '.join(known)}",
                )
        said[name] = settings
    return said


def _settings(said: Mapping[str, Mapping[str, Any]], key: str) -> dict[str, Any]:
    """What is said under one key, by column name."""
    return {name: settings[key] for name, settings in said.items() if key in settings}


def _nearest(value: object, known: Sequence[str]) -> str:
    """A question for the known word that a value comes nearest to; empty where there is none."""
    near = get_close_matches(str(value), known, n=1)
    return f"did you mean '{near[0]}'? " if near else ""


_OF_RULES: Mapping[str, Sequence[str]] = {
    "range": ("low", "high"),
    "b=k*a+m": ("factor", "offset"),
    "a+b=c": ("factor", "signs"),
    "one date": ("parts",),
}
"""What may be said of a rule besides its columns."""


def _rule(table: Any, where: str, names: list[str]) -> Rule:
    """A rule that the user declares.

    Raises:
        SchemaError: There is no such rule or column, or an end of a range is no number and no date.
    """
    hint = 'write kind = "a<=b" and columns = ["a", "b"] below [[rules]]'
    if not isinstance(table, dict) or "kind" not in table:
        raise SchemaError("this is no rule", where=where, hint=hint)
    kind, columns = table["kind"], table.get("columns")
    if not isinstance(columns, list):
        raise SchemaError("this is no rule", where=where, hint=hint)
    for key in table:
        if key not in ("kind", "columns", *_OF_RULES.get(kind, ())):
            raise SchemaError(f"'{key}' is no setting of a rule '{kind}'", where=where, hint=hint)
    if kind not in RULE_KINDS:
        raise SchemaError(
            f"'{kind}' is no kind of rule",
            where=where,
            hint=f"{_nearest(kind, RULE_KINDS)}kinds of rules are {', '.join(RULE_KINDS)}",
        )
    columns = [_name_of(name, names, where) for name in columns]
    low, high = table.get("low"), table.get("high")
    factor, offset = str(table.get("factor", 1)), str(table.get("offset", 0))
    signs, parts = table.get("signs", []), table.get("parts", [])
    try:
        return Rule(
            kind,
            tuple(columns),
            low=_end(low),
            high=_end(high),
            declared=True,
            factor=factor,
            offset=offset,
            signs=tuple(signs) if isinstance(signs, list) else (0,),
            parts=tuple(parts) if isinstance(parts, list) else (),
        )
    except SchemaError as error:
        raise SchemaError(error.what, where=where, hint=error.hint) from error


def _end(value: Any) -> float | str | None:
    """An end of a range: a number, or a date as ISO text."""
    if isinstance(value, dt.date):
        return value.isoformat()
    if value is None:
        return None
    if isinstance(value, (int, float, str)) and not isinstance(value, bool):
        return value
    raise SchemaError(
        f"'{value}' is no end of a range", hint="write a number, or a date as 2024-12-31"
    )


def _content(path: Path) -> dict[str, Any]:
    if not path.exists():
        raise SchemaError("there is no such schema file", where=str(path), hint="check the path")
    if not path.is_file() or path.stat().st_size > MAX_SETTINGS:
        raise SchemaError(
            f"this is no schema file (no file, or one of more than {MAX_SETTINGS >> 20} MB)",
            where=str(path),
            hint='write it as TOML: [columns.age] and below it kind = "number"',
        )
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except RecursionError as error:
        raise SchemaError(
            "the schema file is nested too deeply",
            where=str(path),
            hint='write it as TOML: [columns.age] and below it kind = "number"',
        ) from error
    except (OSError, ValueError) as error:
        raise SchemaError(
            f"the schema file cannot be read ({error})",
            where=str(path),
            hint='write it as TOML: [columns.age] and below it kind = "number"',
        ) from error
    hint = 'write [columns.NAME] and below it kind = "..." or role = "..."'
    for key in content:
        if key not in ("columns", "rules"):
            raise SchemaError(f"'{key}' is unknown here", where=str(path), hint=hint)
    columns, rules = content.get("columns", {}), content.get("rules", [])
    if not content or not isinstance(columns, dict) or not isinstance(rules, list):
        raise SchemaError("it has no [columns.NAME] and no [[rules]]", where=str(path), hint=hint)
    return content
