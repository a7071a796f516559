"""JSON: one object a line, or a list of objects."""

from __future__ import annotations

import io
import json
import math
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import IO, Any

import polars as pl
from polars.exceptions import PolarsError

from tidemill.core.errors import InputError
from tidemill.core.run import Run
from tidemill.core.words import plural
from tidemill.io.file import File
from tidemill.io.flattening import flattened
from tidemill.io.formats.dialogues import dialogues_of, may_hold_dialogues
from tidemill.io.formats.encoding import as_utf8
from tidemill.io.formats.extended_json import MARKS, plain
from tidemill.io.names import named
from tidemill.io.source import Raw

_HALVES = re.compile(
    rb"\\(?:\\|u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"
    rb"|(u[dD][89a-fA-F][0-9a-fA-F]{2}))"
)
"""Escapes of which the last sort is half of a pair."""
_NESTED = ("a record", "a list")
_HINT = 'write each row as one object a line: {"age": 41, "plan": "team"}'


def read(file: File, run: Run) -> Raw:
    """One column for each key of any object, of records in it one for each path; a key that an
    object lacks is missing there. Objects that are dialogues give a row each, with their turns as
    one text; by ``?by=turn`` a row a turn.

    Raises:
        InputError: A line is no JSON object, there are none, or a key has values of several types.
    """
    where, by = str(file.path), file.by
    content = as_utf8(file.content(), where, run)
    if not content.strip():
        raise InputError("the file is empty", where=where, hint="give one JSON object a line")
    lines = _lines(content, file.ending, where, run)
    _warn_of_halves(lines, where, run)
    given, found = lines, None
    if may_hold_dialogues(lines):
        found = dialogues_of([row for _, row in _rows(lines, where)], by, len(lines), where, run)
    if found is not None:
        lines = _written(found.rows)
    elif by:
        raise InputError(
            f"'?by={by}' is for dialogues, and these are none",
            where=where,
            hint='a dialogue is an object with a list of turns: {"turns": [{"speaker": "user", '
            '"text": "Hello!"}]}',
        )
    try:
        frame = pl.read_ndjson(io.BytesIO(lines), infer_schema_length=None)
    except PolarsError as error:
        _check_values(_rows(given, where), where)
        raise InputError(
            f"the lines do not fit together ({str(error).splitlines()[0]})",
            where=where,
            hint="give each key one type of value",
        ) from error
    frame.columns = named(frame.columns, where, run)
    frame = flattened(frame, run)
    # polars writes records and lists among texts as text
    texts = [values for values in frame if values.dtype == pl.String]
    if any(values.str.contains(r"^[\[{]").any() for values in texts):
        _check_values(_rows(given, where), where, only=_NESTED)
    frame.columns = named(frame.columns, where, run)
    return Raw(frame, known={} if found is None else found.known)


def write(parts: Iterable[pl.DataFrame], file: IO[bytes]) -> None:
    """Write one object a line, part below part; dates as ISO text."""
    for part in parts:
        part.write_ndjson(file)


def _warn_of_halves(content: bytes, where: str, run: Run) -> None:
    """Tell of halves of a pair of escapes, which are no character."""
    halves = sum(found[1] is not None for found in _HALVES.finditer(content))
    if halves:
        run.warn(
            f"{plural(halves, 'character')} of {where} cannot be read, being half of a pair such "
            "as \\ud83d; \N{REPLACEMENT CHARACTER} stands for it.",
            "read",
        )


def _lines(content: bytes, ending: str, where: str, run: Run) -> bytes:
    """The rows, one object a line, without the marks of types that MongoDB writes.

    Raises:
        InputError: The file holds no rows.
    """
    content = content.strip()
    first = content.split(b"\n", 1)[0].strip().rstrip(b",")
    if content.startswith(b"[") or not _is_json(first) or not first.startswith(b"{"):
        rows = _whole(content, where, run)
        if rows is not None:
            return _written([plain(row) for row in rows])
    elif first == content and ending == "json":
        one = json.loads(content)
        rows = _inside(one)
        if rows is not None and not any(not isinstance(row, dict) for row in rows):
            _tell_inside(one, run)
            return _written([plain(row) for row in rows])
    if any(mark in content for mark in MARKS) or _has_commas(content):
        return _written([plain(row) for _, row in _rows(content, where)])
    return content


def _has_commas(content: bytes) -> bool:
    """Whether lines end with a comma, as where a list was cut into lines."""
    first = content.split(b"\n", 1)[0].rstrip()
    return first.endswith(b"},")


def _written(rows: Sequence[Any]) -> bytes:
    return "\n".join(json.dumps(row, ensure_ascii=False) for row in rows).encode(
        errors="backslashreplace"  # half of a pair is an escape again
    )


def _is_json(text: bytes) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def _why(error: Exception) -> str:
    """What Python says of a text that is no JSON, in words for whom it concerns."""
    if isinstance(error, RecursionError):
        return "its lists or records are nested too deeply"
    if isinstance(error, json.JSONDecodeError):
        return str(error)
    return "a number has more digits than can be read"


def _whole(content: bytes, where: str, run: Run) -> list[Any] | None:
    """The rows of a file that is one value; None where it may be lines.

    Raises:
        InputError: It is one value, and holds no rows.
    """
    try:
        value = json.loads(content)
    except (ValueError, RecursionError) as error:
        if content.startswith(b"[") and not _is_json(content.split(b"\n", 1)[0]):
            raise InputError(
                f"the file is no JSON ({_why(error)})",
                where=where,
                hint="mend it there, or cut off",
            ) from error
        return None
    rows = value if isinstance(value, list) else _inside(value)
    if rows is None or not rows or not all(isinstance(row, dict) for row in rows):
        raise InputError(
            "it is JSON, but neither a list of objects nor one object a line",
            where=where,
            hint='write each row as one object: [{"age": 41, "plan": "team"}, ...]',
        )
    if not isinstance(value, list):
        _tell_inside(value, run)
    return rows


def _inside(value: Any) -> list[Any] | None:
    """The rows that one object holds: its only list of objects, columns of equal length, or rows
    beside their names; None where it holds no such thing."""
    if not isinstance(value, dict) or not value:
        return None
    names, data = value.get("columns"), value.get("data")
    if isinstance(names, list) and isinstance(data, list) and data:
        return [dict(zip(map(str, names), row, strict=False)) for row in data]
    held = [part for part in value.values() if _is_rows(part)]
    if len(held) == 1:
        return list(held[0])
    columns = list(value.values())
    if all(isinstance(one, dict) and one for one in columns) and len(columns) > 1:
        keys = list(columns[0])
        if all(list(one) == keys for one in columns) and len(keys) > 1:
            return [{name: value[name][key] for name in value} for key in keys]
    if all(isinstance(one, list) for one in columns) and len(columns) > 1:
        lengths = {len(one) for one in columns}
        if len(lengths) == 1 and lengths != {0, 1}:
            return [dict(zip(value, row, strict=True)) for row in zip(*columns, strict=True)]
    return None


def _is_rows(part: Any) -> bool:
    return isinstance(part, list) and len(part) > 1 and all(isinstance(row, dict) for row in part)


def _tell_inside(value: Mapping[str, Any], run: Run) -> None:
    others = [name for name, part in value.items() if not isinstance(part, (list, dict))]
    text = "The file is one JSON object; the rows in it were read"
    if others:
        text += f", not what stands beside them ({', '.join(others[:5])})"
    run.warn(f"{text}.", "read")


def _rows(content: bytes, where: str) -> Iterator[tuple[int, dict[str, Any]]]:
    """The number of each line, and its object.

    Raises:
        InputError: A line is no JSON object.
    """
    for number, line in enumerate(content.split(b"\n"), start=1):
        text = line.strip().removesuffix(b",")
        if not text:
            continue
        try:
            value = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise InputError(
                f"line {number} is no JSON ({_why(error)})", where=where, hint="mend that line"
            ) from error
        if not isinstance(value, dict):
            raise InputError(f"line {number} is no JSON object", where=where, hint=_HINT)
        yield number, value


def _check_values(
    rows: Iterable[tuple[int, dict[str, Any]]], where: str, only: Collection[str] = ()
) -> None:
    """Name the line and the key of a value that is no JSON, or of another type than before.

    Args:
        rows: Line and object.
        where: The file.
        only: One of the two types must be one of these; any where there are none.

    Raises:
        InputError: There is one.
    """
    seen: dict[str, tuple[str, int]] = {}
    for number, row in rows:
        for path, value in _values(row, ""):
            if isinstance(value, float) and not math.isfinite(value):
                raise InputError(
                    f"line {number}, key '{path}': {value} is no number that JSON has",
                    where=where,
                    hint="write null where a value is missing",
                )
            kind = _kind(value)
            before, line = seen.setdefault(path, (kind, number))
            if kind != before and (not only or kind in only or before in only):
                raise InputError(
                    f"line {number}, key '{path}': {kind}, but line {line} has {before} there",
                    where=where,
                    hint="give each key one type of value, or null",
                )


def _values(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    """The values of an object with their paths, records and lists among them; no null."""
    if isinstance(value, dict):
        for name, part in value.items():
            inner = f"{path}.{name}" if path else name
            if part is not None:
                yield inner, part
                yield from _values(part, inner)
    elif isinstance(value, list):
        for part in value:
            if part is not None:
                yield f"{path}[]", part
                yield from _values(part, f"{path}[]")


def _kind(value: Any) -> str:
    if isinstance(value, bool):
        return "true or false"
    if isinstance(value, str):
        return "text"
    if isinstance(value, dict):
        return _NESTED[0]
    return _NESTED[1] if isinstance(value, list) else "a number"
