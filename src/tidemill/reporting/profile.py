"""What a table holds, as plain text for a terminal: each column's kind and role, and why."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import polars as pl

from tidemill.core.dataset import Dataset
from tidemill.core.words import as_sentence, percent, plural, shorten, unprintable_removed, width

_NAME = 28


def shown(data: Dataset, about: pl.DataFrame) -> str:
    """Two lines a column: what it is and holds, and why it is read so.

    Args:
        data: The table.
        about: One row a column, as :func:`tidemill.io.profile.profile` gives it.

    Example:
        >>> from tidemill.core.schema import Column, Schema
        >>> data = Dataset(pl.DataFrame({"age": [30, 40]}), Schema((Column("age", "number"),)),
        ...     name="customers")
        >>> about = pl.DataFrame({"column": ["age"], "kind": ["number"], "role": ["feature"],
        ...     "missing": [0.5], "distinct": [2], "min": ["30"], "max": ["40"],
        ...     "reason": ["every value is a number"]})
        >>> print(shown(data, about))
        customers: 2 rows, 1 column
        <BLANKLINE>
        age  number    30 to 40; 50 % missing
             Every value is a number.
    """
    lines = [f"{data.name}: {plural(len(data), 'row')}, {plural(len(data.schema), 'column')}", ""]
    names = [shorten(" ".join(str(name).split()), _NAME) for name in about["column"]]
    room = max(map(width, names), default=0)
    for name, line in zip(names, about.iter_rows(named=True), strict=True):
        label = name + " " * (room - width(name))
        lines.append(f"{label}  {line['kind']:<8}  {'; '.join(_parts(line))}".rstrip())
        for why in dict.fromkeys((line.get("reason"), line.get("role_reason"))):
            if why:
                lines.append(f"{'':<{room}}  {as_sentence(why)}")
    return unprintable_removed("\n".join(lines))


def _parts(line: Mapping[str, Any]) -> Iterator[str]:
    if line["role"] != "feature":
        yield str(line["role"])
    if line.get("min") is not None:
        middle = f", median {line['median']}" if line.get("median") is not None else ""
        yield f"{line['min']} to {line['max']}{middle}"
    elif line.get("distinct") is not None:
        example = f", such as '{line['example']}'" if line.get("example") is not None else ""
        yield f"{plural(line['distinct'], 'value')}{example}"
    if line["missing"]:
        yield f"{percent(line['missing'])} missing"
