"""Named things that can be listed without importing them: one dict literal per room."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import lru_cache
from importlib.metadata import EntryPoint, distributions
from typing import Any

from tidemill.core.errors import MissingExtra, OptionError
from tidemill.core.modality import MODALITIES, TABLES, Modality, unsuited


@lru_cache(maxsize=1)
def _plug_ins(path: tuple[str, ...]) -> dict[str, list[EntryPoint]]:
    """What packages on this path register, by group; to look through all takes 10 ms and more."""
    found: dict[str, list[EntryPoint]] = {}
    for package in distributions():
        for point in package.entry_points:
            if point.group.startswith("tidemill."):
                found.setdefault(point.group, []).append(point)
    return found


@dataclass(frozen=True, slots=True)
class Entry:
    """Where a registered thing is, and what is said of it.

    Attributes:
        target: "module:attribute".
        line: One line on it.
        extra: The extra that it needs.
        sees: The modalities that it looks at; it is run on no others.
        also: Other names that it may be asked for by.
    """

    target: str
    line: str
    extra: str | None = None
    sees: tuple[Modality, ...] = ("rows",)
    also: tuple[str, ...] = ()


class Registry(Mapping[str, Entry]):
    """Names of one sort of thing; third parties add theirs by entry points.

    What looks at tables is in the group ``tidemill.<sort>``; what looks at one modality only, or at
    another one, in ``tidemill.<sort>.<modality>``.
    """

    def __init__(self, sort: str, entries: Mapping[str, Entry]) -> None:
        self.sort = sort
        self._own = dict(entries)

    def _entries(self) -> dict[str, Entry]:
        points = _plug_ins(tuple(sys.path))
        groups: dict[str, tuple[Modality, ...]] = {f"tidemill.{self.sort}": TABLES}
        for modality in MODALITIES:
            groups[f"tidemill.{self.sort}.{modality}"] = (modality,)
        found: dict[str, Entry] = {}
        for group, sees in groups.items():
            for point in points.get(group, []):
                origin = point.dist.name if point.dist else "a plug-in"
                earlier = found[point.name].sees if point.name in found else ()
                found[point.name] = Entry(point.value, f"from {origin}", sees=(*earlier, *sees))
        return {**found, **self._own}

    def __getitem__(self, name: str) -> Entry:
        if name in self._own:
            return self._own[name]
        return self._entries()[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries())

    def __len__(self) -> int:
        return len(self._entries())

    def for_modality(self, modality: Modality) -> tuple[str, ...]:
        """The names of what looks at data of this modality, in order."""
        return tuple(name for name, entry in self._entries().items() if modality in entry.sees)

    def chosen(self, modality: Modality, asked: Iterable[str] | None = None) -> dict[str, Any]:
        """Name -> what looks at data of this modality, imported now: of what is asked for, in the
        order asked, else all.

        Raises:
            OptionError: No such name.
            MissingExtra: It needs a package that is not installed.
        """
        seeing = self.for_modality(modality)
        if asked is None:
            return {name: self.load(name) for name in seeing}
        loaded = {self._registered(name): self.load(name) for name in asked}
        return {name: thing for name, thing in loaded.items() if name in seeing}

    def unsuited(self, modality: Modality, asked: Iterable[str] | None) -> dict[str, str]:
        """Name -> the sentence that refuses it, for what is asked for and does not look at data
        of this modality."""
        seeing = self.for_modality(modality)
        noun = self.sort.rstrip("s")
        return {
            name: unsuited(f"the {noun} '{name}'", modality)
            for name in map(self._registered, asked or ())
            if name not in seeing
        }

    def load(self, name: str) -> Any:
        """The registered thing itself, imported now.

        Raises:
            OptionError: No such name.
            MissingExtra: It needs a package that is not installed.
        """
        name = self._registered(name)
        if name not in self:
            entries = self._entries()
            near = get_close_matches(name, entries, n=1)
            hint = f"choose one of {', '.join(entries)}"
            if near:
                hint = f"did you mean '{near[0]}'?"
            raise OptionError(f"there is no {self.sort.rstrip('s')} called '{name}'", hint=hint)
        entry = self[name]
        module, _, attribute = entry.target.partition(":")
        try:
            return getattr(importlib.import_module(module), attribute)
        except ModuleNotFoundError as error:
            if entry.extra is None or (error.name or "").startswith("tidemill"):
                raise
            raise MissingExtra(
                f"'{name}' needs the package '{error.name}'",
                hint=f"pip install 'tidemill[{entry.extra}]'",
            ) from error

    def _registered(self, name: str) -> str:
        """The name under which a thing is registered that is asked for by another one."""
        for own, entry in self._own.items():
            if name in entry.also:
                return own
        return name
