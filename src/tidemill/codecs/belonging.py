"""Which columns tell of the same persons: names and addresses that go together, and what never
changes beside one entity."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl

from tidemill.codecs.columns.persons import pool_of
from tidemill.codecs.columns.place_codes import names_places
from tidemill.core.dataset import Dataset
from tidemill.core.schema import MAILS, NAMES, Column, Schema
from tidemill.core.words import shortlist
from tidemill.personal.word_lists import all_folded

_FEWEST = 20
_SAMPLE = 1_000
_SHARED = 0.8
_BY_CHANCE = 0.4
_REPEATS = 1.2
"""An id stands for an entity of several rows from so many rows a value on."""


@dataclass(frozen=True)
class Belonging:
    """What of the columns made afresh belongs together.

    Attributes:
        groups: For a column of names or e-mail addresses those of the same persons, itself among
            them; the first has the most different values.
        owner: The column whose values are the entities; None where each row is its own.
        constant: The columns that never change beside one entity.
        pools: For a column of names how many persons they are drawn from; 0 for each row or entity
            its own.
    """

    groups: Mapping[str, tuple[str, ...]]
    owner: str | None
    constant: frozenset[str]
    pools: Mapping[str, int]

    @staticmethod
    def of(data: Dataset) -> Belonging:
        """What the training rows say."""
        ids = [c for c in data.schema.of_kind("id") if c.role != "ignore"]
        if not any(column.personal for column in ids):
            return Belonging({}, None, frozenset(), {})
        owner = _owner(ids, data)
        constant = _constant(ids, owner, data)
        if len(constant) == 1 and not data.schema.of_role("entity"):
            owner, constant = None, frozenset()
        named = [c.name for c in ids if c.personal in (NAMES, MAILS)]
        groups = _groups([name for name in named if data[name].dtype == pl.String], data)
        pools = {}
        for name in named:
            leader = groups.get(name, (name,))[0]
            values = data[leader].drop_nulls()
            if owner is not None and {leader, name} <= constant:
                pairs = pl.DataFrame({"owner": data[owner], "value": data[leader]}).drop_nulls()
                values = pairs.filter(pairs["owner"].is_first_distinct())["value"]
            pools[name] = pool_of(len(values), values.n_unique())
        return Belonging(groups, owner, constant, pools)


def replaced(schema: Schema) -> str:
    """What is said of the columns of personal data; nothing where there are none."""
    personal = [column for column in schema.of_kind("id") if column.personal]
    if not personal:
        return ""
    if len(personal) == 1:
        [column] = personal
        return (
            f"'{column.name}' holds {column.personal}: fresh ones are generated in their place; "
            f"option 'keep={column.name}' learns them as they are."
        )
    listed = shortlist([f"'{column.name}' ({column.personal})" for column in personal], 8)
    return (
        f"These columns hold personal data, and fresh ones are generated in their place: {listed}; "
        "option 'keep=COL' learns a column as it is."
    )


def _owner(ids: list[Column], data: Dataset) -> str | None:
    """The column of the entities: the declared one, else the id with the most values of those that
    repeat."""
    declared = [column.name for column in ids if column.role == "entity"]
    if declared:
        return declared[0]
    found = []
    for column in ids:
        if names_places(column.name):
            continue
        values = data[column.name].drop_nulls()
        different = values.n_unique()
        if different and len(values) >= _REPEATS * different:
            found.append((different, column.name))
    return max(found)[1] if found else None


def _constant(ids: list[Column], owner: str | None, data: Dataset) -> frozenset[str]:
    """The ids that have one value beside each entity, where an entity has several rows."""
    if owner is None:
        return frozenset()
    kept = {owner}
    for column in ids:
        pairs = pl.DataFrame({"owner": data[owner], "value": data[column.name]}).drop_nulls()
        entities, different = pairs["owner"].n_unique(), pairs.unique().height
        if entities and different == entities < len(pairs):
            kept.add(column.name)
    return frozenset(kept)


def _groups(names: list[str], data: Dataset) -> dict[str, tuple[str, ...]]:
    """The columns that share words with each other in most rows."""
    group = {name: {name} for name in names}
    for at, one in enumerate(names):
        for other in names[at + 1 :]:
            if other not in group[one] and _share_words(data[one], data[other]):
                both = group[one] | group[other]
                for name in both:
                    group[name] = both
    found = {}
    for name in names:
        if len(group[name]) > 1:
            order = sorted(group[name], key=lambda one: (-data[one].n_unique(), names.index(one)))
            found[name] = tuple(order)
    return found


def _share_words(one: pl.Series, other: pl.Series) -> bool:
    """Whether most rows have a word in common, and hardly any two different rows."""
    pairs = pl.DataFrame({"one": one, "other": other}).drop_nulls().unique(maintain_order=True)
    pairs = pairs.gather_every(max(1, pairs.height // _SAMPLE))
    if pairs.height < _FEWEST:
        return False
    left, right = all_folded(pairs["one"]).to_list(), all_folded(pairs["other"]).to_list()
    shared = np.mean([_meet(a, b) for a, b in zip(left, right, strict=True)])
    by_chance = np.mean([_meet(a, b) for a, b in zip(left, right[1:] + right[:1], strict=True)])
    return bool(shared >= _SHARED and by_chance <= _BY_CHANCE)


def _meet(one: str, other: str) -> bool:
    """Whether a word of one text stands in the other."""
    for text, whole in ((one, other), (other, one)):
        words = "".join(c if c.isalpha() else " " for c in text.partition("@")[0]).split()
        if any(word in whole for word in words if len(word) > 2 or not word.isascii()):
            return True
    return False
