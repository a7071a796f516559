"""Rare levels that look like a misspelt frequent level are reported.

Two levels are compared where they differ in one word only. Candidates come from shared deletions
(two words at distance d share a form with at most d letters deleted: the SymSpell idea of Garbe
2012), so that thousands of levels cost seconds and not hours.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Mapping
from itertools import combinations

import polars as pl

from tidemill.cleaning.base import Check, Diagnosis, considered, counted
from tidemill.core.change import Issue
from tidemill.core.dataset import Dataset
from tidemill.core.run import Run
from tidemill.core.words import plural
from tidemill.personal.judging import names_of_people

_MOST_LEVELS = 10_000
_SHORTEST = 5
_LONG = 10  # words from here on may differ in two places
_RATIO = 10
_RARE = 0.005
_PREFIXES = ("un", "in", "im", "ir", "il", "non", "dis", "a", "de", "re", "pre", "post", "sub")
_ENDINGS = frozenset("adeinorsy")
"""Letters at the end of a word that make another form of it."""
_WORD = re.compile(r"([^\W\d_]+)")


def diagnose(train: Dataset, run: Run) -> Diagnosis:
    """Look for misspelt levels in each category of text."""
    issues = []
    for column in considered(train, "category", "boolean"):
        levels = train[column.name].drop_nulls()
        if levels.dtype != pl.String:
            continue
        table = counted(levels).sort("value")
        if not 2 <= table.height <= _MOST_LEVELS or names_of_people(column, table)[0]:
            continue  # Smyth is no Smith
        counts = dict(table.iter_rows())
        pairs = misspelt(counts)
        if pairs:
            issues.append(_issue(column.name, pairs, counts))
    return Diagnosis(tuple(issues))


def misspelt(counts: Mapping[str, int]) -> dict[str, str]:
    """The rare levels that look misspelt, each with the frequent level that is probably meant.

    Args:
        counts: Level -> cells that hold it.

    Example:
        >>> misspelt({"Suburban": 900, "Surburban": 3, "Urban": 400, "Rural": 800})
        {'Surburban': 'Suburban'}
    """
    total = sum(counts.values())
    parts = {level: _WORD.split(level.casefold()) for level in counts}  # words at the odd places
    vocabulary: Counter[str] = Counter()
    groups: dict[tuple[int, tuple[str, ...]], dict[str, str]] = defaultdict(dict)
    for level, part in parts.items():
        for at in range(1, len(part), 2):
            vocabulary[part[at]] += counts[level]
            groups[at, (*part[:at], *part[at + 1 :])][part[at]] = level
    found: dict[str, str] = {}
    for group in groups.values():
        for pair in _near(list(group)):
            rare, known = sorted(pair, key=lambda word: counts[group[word]])
            few, often = counts[group[rare]], counts[group[known]]
            if often < _RATIO * few or few > max(2, _RARE * total):
                continue
            if vocabulary[known] < _RATIO * vocabulary[rare] or not _is_slip(rare, known):
                continue
            best = found.get(group[rare], "")
            if often > counts.get(best, 0):
                found[group[rare]] = group[known]
    return found


def _near(words: list[str]) -> list[tuple[str, str]]:
    """Pairs of words that may be within the allowed distance of each other, each once."""
    if len(words) < 2:
        return []
    buckets: dict[str, list[str]] = defaultdict(list)
    for word in words:
        for form in _deletions(word):
            buckets[form].append(word)
    pairs: set[tuple[str, str]] = set()
    for bucket in buckets.values():
        pairs.update(combinations(bucket, 2))
    return sorted(pairs)


def _deletions(word: str) -> set[str]:
    """The word with up to as many letters deleted as it may differ in; empty for short words."""
    if len(word) < _SHORTEST - 1:
        return set()
    forms = {word}
    for _ in range(_allowed(word)):
        for form in list(forms):
            forms.update(form[:at] + form[at + 1 :] for at in range(len(form)))
    return forms


def _allowed(word: str) -> int:
    return 2 if len(word) >= _LONG else 1


def _is_slip(rare: str, known: str) -> bool:
    """Whether one word may be a slip of the pen for the other, rather than a word of its own."""
    short, long = sorted((rare, known), key=len)
    if len(short) < _SHORTEST - 1 or len(long) < _SHORTEST or long == short + "s":
        return False
    if rare[:-1] == known or _differ_in_ending(rare, known):  # Martina, Twister and Twisted
        return False
    if long.endswith(short) and long.removesuffix(short) in _PREFIXES:
        return False
    return distance(rare, known) <= _allowed(short)


def _differ_in_ending(one: str, other: str) -> bool:
    same = len(one) == len(other) and one[:-1] == other[:-1]
    return same and _ENDINGS.issuperset((one[-1], other[-1]))


def distance(one: str, other: str) -> int:
    """Letters to insert, delete, replace or exchange with their neighbour (optimal string alignment
    distance).

    Example:
        >>> distance("recieve", "receive"), distance("colour", "color")
        (1, 1)
    """
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, a in enumerate(one, 1):
        above, before = before, row
        row = [i]
        for j, b in enumerate(other, 1):
            best = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (a != b))
            if i > 1 and j > 1 and a == other[j - 2] and one[i - 2] == b:
                best = min(best, above[j - 2] + 1)
            row.append(best)
    return row[-1]


def _issue(name: str, pairs: Mapping[str, str], counts: Mapping[str, int]) -> Issue:
    rare = sorted(pairs, key=lambda level: (-counts[pairs[level]], level))
    cells = sum(counts[level] for level in rare)
    first, meant = rare[0], pairs[rare[0]]
    one = f"'{first}' ({counts[first]:,}) beside '{meant}' ({counts[meant]:,})"
    more = f", and {plural(len(rare) - 1, 'more such level')}" if len(rare) > 1 else ""
    said = f"'{name}' may hold misspelt levels in {plural(cells, 'cell')}: {one}{more}."
    return Issue(
        "misspellings",
        said,
        (name,),
        cells,
        f"'{first}' → '{meant}'",
        action="kept; join the levels where they mean the same",
    )


CHECK = Check(diagnose)
