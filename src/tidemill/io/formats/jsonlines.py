"""JSON lines: one object a line."""

from __future__ import annotations

import io
import json
from collections.abc import Iterable
from typing import IO

import polars as pl
from polars.exceptions import PolarsError

from tidemill.core.errors import InputError
from tidemill.core.run import Run
from tidemill.io.file import File
from tidemill.io.formats.encoding import as_utf8
from tidemill.io.names import named
from tidemill.io.source import Raw


def read(file: File, run: Run) -> Raw:
    """One column for each key of any object; a key that an object lacks is missing there.

    Raises:
        InputError: A line is no JSON object, or there are none.
    """
    where = str(file.path)
    content = as_utf8(file.content(), where, run)
    if not content.strip():
        raise InputError("the file is empty", where=where, hint="give one JSON object a line")
    try:
        frame = pl.read_ndjson(io.BytesIO(content), infer_schema_length=None)
    except PolarsError as error:
        _check_lines(content, where)
        raise InputError(
            f"the lines do not fit together ({str(error).splitlines()[0]})",
            where=where,
            hint="give each key one type of value",
        ) from error
    frame.columns = named(frame.columns, where, run)
    return Raw(frame)


def write(parts: Iterable[pl.DataFrame], file: IO[bytes]) -> None:
    """Write one object a line, part below part; dates as ISO text."""
    for part in parts:
        part.write_ndjson(file)


def _check_lines(content: bytes, where: str) -> None:
    for number, line in enumerate(content.splitlines(), start=1):
        try:
            value = json.loads(line or b"{}")
        except (json.JSONDecodeError, RecursionError) as error:
            raise InputError(
                f"line {number} is no JSON ({error})", where=where, hint="mend that line"
            ) from error
        if not isinstance(value, dict):
            raise InputError(
                f"line {number} is no JSON object",
                where=where,
                hint='write each row as one object a line: {"age": 41, "plan": "team"}',
            )
