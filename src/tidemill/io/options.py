"""What the user says about columns: a schema file in TOML, and roles by option."""

from __future__ import annotations

import datetime as dt
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from tidemill.core.errors import SchemaError
from tidemill.core.schema import KINDS, ROLES, RULE_KINDS, Kind, Role, Rule


@dataclass(frozen=True)
class ColumnOverrides:
    """Kinds and roles by column name, and rules, as the user wants them."""

    kinds: Mapping[str, Kind] = field(default_factory=dict)
    roles: Mapping[str, Role] = field(default_factory=dict)
    rules: tuple[Rule, ...] = ()


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
) -> ColumnOverrides:
    """The wishes of a schema file and of options; an option beats the file.

    Args:
        names: The columns that there are.
        schema: A TOML file with a table for each column: ``[columns.age]``, ``kind = "number"``,
            ``role = "feature"``; and one for each rule: ``[[rules]]``, ``kind = "a<=b"``, ``columns
            = ["start", "end"]``; a range has ``low`` and ``high``.
        target, time, entity: One column's name, or None.
        ignore, id, sensitive: Columns' names; one name may be given as a text.

    Raises:
        SchemaError: The file cannot be read, or there is no such column, kind, role or rule, or a
            column gets two roles.
    """
    content = {} if schema is None else _content(Path(schema))
    kinds, roles = _columns(content.get("columns", {}), str(schema), names)
    rules = tuple(
        _rule(said, f"{schema}, [[rules]] number {k}", names)
        for k, said in enumerate(content.get("rules", []), 1)
    )
    chosen: dict[str, str] = {}
    options = {
        "ignore": ignore,
        "sensitive": sensitive,
        "target": target,
        "time": time,
        "entity": entity,
    }
    for role, given in options.items():
        for name in _listed(given):
            _check_name(name, names, f"option '{role}'")
            if chosen.setdefault(name, role) != role:
                raise SchemaError(
                    f"the column '{name}' cannot be both {chosen[name]} and {role}",
                    hint="give it one role",
                )
    for name in _listed(id):
        _check_name(name, names, "option 'id'")
        kinds[name] = "id"
    return ColumnOverrides(kinds, {**roles, **chosen}, rules)  # type: ignore[dict-item]


def _listed(given: str | Iterable[str] | None) -> list[str]:
    return [] if given is None else [given] if isinstance(given, str) else list(given)


def _check_name(name: str, names: list[str], where: str) -> None:
    if name in names:
        return
    near = get_close_matches(name, names, n=3, cutoff=0.5) or [
        n for n in names if n.lower() == name.lower()
    ]
    shown = ", ".join(names[:12]) + (", ..." if len(names) > 12 else "")
    raise SchemaError(
        f"there is no column '{name}'",
        where=where,
        hint="did you mean " + " or ".join(f"'{n}'" for n in near) + "?"
        if near
        else f"the columns are: {shown}",
    )


def _columns(
    tables: Mapping[str, Any], path: str, names: list[str]
) -> tuple[dict[str, Kind], dict[str, Role]]:
    kinds: dict[str, Kind] = {}
    roles: dict[str, Role] = {}
    for name, said in tables.items():
        where = f"{path}, [columns.{name}]"
        _check_name(name, names, where)
        if not isinstance(said, dict):
            raise SchemaError(
                "this is no table of kind and role",
                where=where,
                hint='write kind = "number" below it',
            )
        for key, value in said.items():
            if key not in ("kind", "role"):
                raise SchemaError(
                    f"'{key}' is no setting of a column",
                    where=where,
                    hint="settings are kind and role",
                )
            known = KINDS if key == "kind" else ROLES
            if value not in known:
                near = "".join(
                    f"did you mean '{match}'? "
                    for match in get_close_matches(str(value), known, n=1)
                )
                raise SchemaError(
                    f"'{value}' is no {key}",
                    where=where,
                    hint=f"{near}{key}s are {', '.join(known)}",
                )
        kinds |= {name: said["kind"]} if "kind" in said else {}
        roles |= {name: said["role"]} if "role" in said else {}
    return kinds, roles


def _rule(said: Any, where: str, names: list[str]) -> Rule:
    """A rule that the user declares.

    Raises:
        SchemaError: There is no such rule or column, or an end of a range is no number and no date.
    """
    hint = 'write kind = "a<=b" and columns = ["a", "b"] below [[rules]]'
    if (
        not isinstance(said, dict)
        or not isinstance(said.get("columns"), list)
        or "kind" not in said
    ):
        raise SchemaError("this is no rule", where=where, hint=hint)
    for key in said:
        if key not in ("kind", "columns", "low", "high") or (
            key in ("low", "high") and said["kind"] != "range"
        ):
            raise SchemaError(
                f"'{key}' is no setting of a rule '{said['kind']}'", where=where, hint=hint
            )
    if said["kind"] not in RULE_KINDS:
        near = "".join(
            f"did you mean '{match}'? "
            for match in get_close_matches(str(said["kind"]), RULE_KINDS, n=1)
        )
        raise SchemaError(
            f"'{said['kind']}' is no kind of rule",
            where=where,
            hint=f"{near}kinds of rules are {', '.join(RULE_KINDS)}",
        )
    for name in said["columns"]:
        _check_name(name, names, where)
    try:
        return Rule(
            said["kind"],
            tuple(said["columns"]),
            low=_end(said.get("low")),
            high=_end(said.get("high")),
            declared=True,
        )
    except SchemaError as error:
        raise SchemaError(error.what, where=where, hint=error.hint) from error


def _end(value: Any) -> float | str | None:
    """An end of a range: a number, or a date as ISO text."""
    if isinstance(value, dt.date):
        return value.isoformat()
    if (
        value is None
        or isinstance(value, (float, str))
        or (isinstance(value, int) and not isinstance(value, bool))
    ):
        return value
    raise SchemaError(
        f"'{value}' is no end of a range", hint="write a number, or a date as 2024-12-31"
    )


def _content(path: Path) -> dict[str, Any]:
    try:
        with path.open("rb") as stream:
            content = tomllib.load(stream)
    except FileNotFoundError as error:
        raise SchemaError(
            "there is no such schema file", where=str(path), hint="check the path"
        ) from error
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SchemaError(
            f"the schema file cannot be read ({error})",
            where=str(path),
            hint='write it as TOML: [columns.age] and below it kind = "number"',
        ) from error
    unknown = [key for key in content if key not in ("columns", "rules")]
    empty = not isinstance(content.get("columns", {}), dict) or not isinstance(
        content.get("rules", []), list
    )
    if unknown or empty or not content:
        raise SchemaError(
            f"'{unknown[0]}' is unknown here"
            if unknown
            else "it has no [columns.NAME] and no [[rules]]",
            where=str(path),
            hint='write [columns.NAME] and below it kind = "..." or role = "..."',
        )
    return content
