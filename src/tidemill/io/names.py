"""Column names made sure of: none empty, none twice."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from tidemill.core.columns import harmless
from tidemill.core.run import Run
from tidemill.core.words import plural, shortlist


def trimmed(names: Iterable[str]) -> list[str]:
    """The names of a text or a sheet without blanks around them, and with one blank where there are
    several or a line ends.

    Example:
        >>> trimmed([" Violent  Crimes", "per\\nhead "])
        ['Violent Crimes', 'per head']
    """
    return [" ".join(name.split()) for name in names]


def named(names: Iterable[object], where: str, run: Run) -> list[str]:
    """The names as text, with a warning of each change: an empty one becomes "column_3" (counted
    from 1), one that occurs again is numbered, and one such as "^a$" gets "_" behind it.

    Example:
        >>> named(["age", "", "age"], "data", Run())
        ['age', 'column_2', 'age (2)']
    """
    given = ["" if name is None else str(name) for name in names]
    texts = [harmless(name) for name in given]
    for name, text in zip(given, texts, strict=True):
        if text != name:
            run.warn(f"the column '{name}' of {where} is called '{text}'.", "read")
    filled = list(texts)
    new = []
    for at, text in enumerate(texts):
        if not text.strip():
            filled[at] = _free(f"column_{at + 1}", texts)
            new.append(filled[at])
    if new:
        counted = plural(len(new), "column has", "columns have")
        run.warn(f"{counted} no name in {where}: called {shortlist(new, 5)}.", "read")
    return _numbered(filled, where, run)


def _numbered(names: list[str], where: str, run: Run) -> list[str]:
    """Names that occur again with a number behind them."""
    counts = Counter(names)
    if len(counts) == len(names):
        return names
    taken, met, numbered = set(names), Counter[str](), []
    for name in names:
        met[name] += 1
        number = met[name]
        if number == 1:
            numbered.append(name)
            continue
        while f"{name} ({number})" in taken:
            number += 1
        taken.add(f"{name} ({number})")
        numbered.append(f"{name} ({number})")
    twice = [f"'{name}' ({count} times)" for name, count in counts.items() if count > 1]
    first = next(new for new, old in zip(numbered, names, strict=True) if new != old)
    run.warn(
        f"column names occur more than once in {where}: {shortlist(twice, 5)}; the later ones are "
        f"numbered, as '{first}'.",
        "read",
    )
    return numbered


def _free(name: str, taken: list[str]) -> str:
    while name in taken:
        name += "_"
    return name
