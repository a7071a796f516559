"""Column names made sure of: none empty, none twice."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from tidemill.core.errors import SchemaError
from tidemill.core.run import Run
from tidemill.core.words import plural, shortlist


def named(names: Iterable[object], where: str, run: Run) -> list[str]:
    """The names as text; an empty one becomes "column_3" (counted from 1), with a warning.

    Raises:
        SchemaError: A name occurs more than once.

    Example:
        >>> named(["age", ""], "data", Run())
        ['age', 'column_2']
    """
    texts = ["" if name is None else str(name) for name in names]
    twice = [name for name, count in Counter(texts).items() if count > 1 and name.strip()]
    if twice:
        shown = ", ".join(f"'{name}' ({texts.count(name)} times)" for name in twice[:5])
        raise SchemaError(
            f"column names occur more than once: {shown}",
            where=where,
            hint="rename the columns so that each name occurs once",
        )
    filled = list(texts)
    new = []
    for at, text in enumerate(texts):
        if not text.strip():
            filled[at] = _free(f"column_{at + 1}", texts)
            new.append(filled[at])
    if new:
        counted = plural(len(new), "column has", "columns have")
        run.warn(f"{counted} no name in {where}: called {shortlist(new, 5)}.", "read")
    return filled


def _free(name: str, taken: list[str]) -> str:
    while name in taken:
        name += "_"
    return name
